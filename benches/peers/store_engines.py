"""What is read in `store.py`: a dict, our store in memory and with a file, LMDB, redis over a Unix socket, LangGraph's InMemoryStore.

Each holds the same keys and values of its own. A client is opened once and used from two threads, as each engine allows it.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

Item = tuple[str, bytes]
BATCH = 10_000


@dataclass(frozen=True)
class Engine:
    """The few things that are measured, and what is done first."""

    get: Callable[[str], Any]
    put: Callable[[str, bytes], Any]
    fill: Callable[[Iterable[Item]], None]


def _one_by_one(put: Callable[[str, bytes], Any]) -> Callable[[Iterable[Item]], None]:
    def fill(items: Iterable[Item]) -> None:
        for key, value in items:
            put(key, value)

    return fill


def open_dict(folder: Path, stack: ExitStack) -> Engine:
    """The floor: it keeps nothing, counts nothing, and gives references."""
    held: dict[str, bytes] = {}
    return Engine(held.get, held.__setitem__, held.update)


def open_memory(folder: Path, stack: ExitStack) -> Engine:
    """Our store without a file."""
    return _ours(None, stack)


def open_file(folder: Path, stack: ExitStack) -> Engine:
    """Our store with a file."""
    return _ours(folder / "store.db", stack)


def _ours(path: Path | None, stack: ExitStack) -> Engine:
    import interlock

    store = stack.enter_context(interlock.Store(path))

    put = partial(store.put, "bench")
    return Engine(partial(store.get, "bench"), put, _one_by_one(put))


def open_lmdb(folder: Path, stack: ExitStack) -> Engine:
    """LMDB: a transaction a read; writes are not synced, as ours that nobody waits for are not."""
    import lmdb

    environment = stack.enter_context(lmdb.open(str(folder / "lmdb"), map_size=16 << 30, sync=False, writemap=True))

    def get(key: str) -> Any:
        with environment.begin() as reading:
            return reading.get(key.encode())

    def put(key: str, value: bytes) -> None:
        with environment.begin(write=True) as writing:
            writing.put(key.encode(), value)

    def fill(items: Iterable[Item]) -> None:
        with environment.begin(write=True) as writing:
            for key, value in items:
                writing.put(key.encode(), value)

    return Engine(get, put, fill)


def open_redis(folder: Path, stack: ExitStack) -> Engine:
    """redis in a process of its own, over a Unix socket, nothing saved; the synchronous client with hiredis."""
    import redis

    socket = folder.resolve() / "redis.sock"
    line = ["redis-server", "--port", "0", "--unixsocket", str(socket), "--save", "", "--appendonly", "no", "--dir", str(folder.resolve())]
    server = stack.enter_context(subprocess.Popen(line, stdout=subprocess.DEVNULL))
    stack.callback(server.terminate)
    while not socket.exists():
        time.sleep(0.01)
    reading, writing = (redis.Redis(unix_socket_path=str(socket)) for _ in range(2))

    def fill(items: Iterable[Item]) -> None:
        pipeline = writing.pipeline(transaction=False)
        for number, (key, value) in enumerate(items, 1):
            pipeline.set(key, value)
            if number % BATCH == 0:
                pipeline.execute()
        pipeline.execute()

    return Engine(reading.get, writing.set, fill)


def open_langgraph(folder: Path, stack: ExitStack) -> Engine:
    """LangGraph's store in memory, which holds dicts."""
    from langgraph.store.memory import InMemoryStore

    store = InMemoryStore()

    def get(key: str) -> Any:
        item = store.get(("bench",), key)
        return item and item.value["value"]

    def put(key: str, value: bytes) -> None:
        store.put(("bench",), key, {"value": value})

    return Engine(get, put, _one_by_one(put))


ENGINES = {
    "dict": open_dict,
    "interlock": open_memory,
    "interlock with a file": open_file,
    "lmdb": open_lmdb,
    "redis": open_redis,
    "langgraph InMemoryStore": open_langgraph,
}
