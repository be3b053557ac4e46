"""One engine of `store.py` in one process: `python store_worker.py NAME FOLDER KEYS`.

Reads a JSON command a line, such as {"what": "get", "count": 200000, "writes": 50000}, and answers each with one JSON line. `writes` is
how many puts a second another thread makes meanwhile; how many it came to is in the answer.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random
from threading import Event, Thread
from time import perf_counter, perf_counter_ns
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from peers.store_engines import ENGINES, Engine, Item
from peers.worker import WrongAnswer, private_stdout

SIZE = 1_024
PAUSE_S = 0.001
PAIRS = 20_000


def value(number: int) -> bytes:
    """1 KiB that no other key has."""
    return number.to_bytes(8, "little") * (SIZE // 8)


def items(keys: int) -> Iterator[Item]:
    """What every engine holds."""
    return ((f"key{number:07}", value(number)) for number in range(keys))


class Writer:
    """Another thread that puts so many values a second, as far as it gets Python's lock; each millisecond it makes what is due."""

    def __init__(self, engine: Engine, keys: int, rate: int) -> None:
        chance = Random(2)
        self.engine, self.rate = engine, rate
        self.pairs = [(f"key{number:07}", value(number)) for number in (chance.randrange(keys) for _ in range(PAIRS if rate else 0))]
        self.over, self.made, self.took = Event(), 0, 0.0
        self.thread = Thread(target=self.write)

    def write(self) -> None:
        begun = perf_counter()
        while not self.over.is_set():
            while self.made < (perf_counter() - begun) * self.rate and not self.over.is_set():
                self.engine.put(*self.pairs[self.made % PAIRS])
                self.made += 1
            time.sleep(PAUSE_S)
        self.took = perf_counter() - begun

    def __enter__(self) -> Writer:
        if self.rate:
            self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        if self.rate:
            self.thread.join()

    @property
    def reached(self) -> float:
        """Puts a second."""
        return self.made / self.took if self.took else 0.0


def timed(call: Callable[..., Any], arguments: list[tuple[Any, ...]]) -> list[int]:
    """How many nanoseconds each call took, the clock's own included."""
    times = []
    for each in arguments:
        begun = perf_counter_ns()
        call(*each)
        times.append(perf_counter_ns() - begun)
    return times


def window(engine: Engine, keys: int, what: str, count: int, writes: int, seed: int) -> dict[str, float]:
    """Measure one window: keys far from each other, whose strings are new."""
    chance = Random(seed)
    numbers = [chance.randrange(keys) for _ in range(count)]
    calls: list[tuple[Any, ...]] = [(f"key{number:07}", value(number))[: 2 if what == "put" else 1] for number in numbers]
    call = {"get": engine.get, "put": engine.put, "nothing": lambda key: None}[what]
    with Writer(engine, keys, writes) as writer:
        times = timed(call, calls)
    if bytes(engine.get(f"key{numbers[0]:07}")) != value(numbers[0]):
        raise WrongAnswer(f"key{numbers[0]:07}")
    times.sort()
    return {"p50_us": times[count // 2] / 1e3, "p99_us": times[count * 99 // 100] / 1e3, "writes": writer.reached}


def main() -> None:
    """Fill the engine, then answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=ENGINES)
    parser.add_argument("folder", type=Path)
    parser.add_argument("keys", type=int)
    args = parser.parse_args()
    answers = private_stdout()
    with ExitStack() as stack:
        engine = ENGINES[args.name](args.folder, stack)
        engine.fill(items(args.keys))
        gc.collect()
        gc.freeze()
        for line in sys.stdin:
            print(json.dumps(window(engine, args.keys, **json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
