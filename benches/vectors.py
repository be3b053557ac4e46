"""Nearest neighbours beside hnswlib, usearch and faiss: `python vectors.py [--peer-python PATH]`, all in one process, turn by turn.

Rows and queries of 384 numbers lie around centres of 50 rows each (uniform noise has no neighbours worth finding). Each engine's knob
is turned until it reaches the recall; then all are timed in rounds, one query a call through Python, and the medians compared. A machine
that others use is another one a minute later, so only figures of one round are set against each other.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a query has one processor, whoever answers it

import argparse
import gc
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from peers.vector_engines import ENGINES, Engine, K, Rows, Search

DIM = 384
QUERIES = 500
RECALLS = (0.95, 0.99)
EXACT_UP_TO = 10_000  # rows for which numpy is timed as well


@dataclass
class Line:
    """An engine at a number of rows and a recall."""

    rows: int
    wanted: float
    engine: str
    knob: float
    recall: float
    us: float
    build_s: float
    mib: float


def clustered(rows: int, queries: int) -> tuple[Rows, Rows]:
    """Unit vectors."""
    dice = np.random.default_rng(20)
    centres = dice.standard_normal((max(rows // 50, 1), DIM), dtype=np.float32)

    def draw(count: int) -> Rows:
        drawn = dice.standard_normal((count, DIM), dtype=np.float32) + centres[dice.integers(len(centres), size=count)]
        drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
        return drawn

    return draw(rows), draw(queries)


def nearest(rows: Rows, queries: Rows) -> list[set[int]]:
    """The truth, by numpy."""
    return [set(np.argpartition(-(rows @ query), K)[:K].tolist()) for query in queries]


def recall(search: Search, queries: Rows, truth: Sequence[set[int]]) -> float:
    """The share of the truly nearest that a search finds."""
    return sum(len(best & set(search(query).tolist())) for query, best in zip(queries, truth, strict=True)) / len(truth) / K


def tuned(engine: Engine, queries: Rows, truth: Sequence[set[int]], wanted: float) -> tuple[float, float] | None:
    """The first setting that reaches the recall, and what it reaches."""
    for knob in engine.knobs:
        reached = recall(engine.at(knob), queries, truth)
        if reached >= wanted:
            return knob, reached
    return None


def resident() -> float:
    """MiB of this process."""
    return int(re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="utf-8"))[1]) / 1024  # type: ignore[index]


def time_us(search: Search, queries: Rows) -> float:
    """Mean time of a query."""
    begun = perf_counter()
    for query in queries:
        search(query)
    return (perf_counter() - begun) / len(queries) * 1e6


def measure(count: int, names: Sequence[str], rounds: int) -> list[Line]:
    """Build all engines for so many rows, tune them, and time them in turns."""
    say(f"{count:,} rows")
    rows, queries = clustered(count, QUERIES)
    truth = nearest(rows, queries)
    lines, engines = [], []
    for name in names:
        gc.collect()
        before, begun = resident(), perf_counter()
        engine = ENGINES[name](rows)
        build, mib = perf_counter() - begun, resident() - before
        engines.append(engine)
        say(f"  {name}: built in {build:.1f} s, {mib:.0f} MiB")
        for wanted in RECALLS:
            found = tuned(engine, queries, truth, wanted)
            if found:
                lines.append((engine, Line(count, wanted, name, *found, 0.0, build, mib)))
    times: list[list[float]] = [[] for _ in lines]
    for number in range(rounds):
        say(f"  round {number + 1} of {rounds}")
        for place in range(len(lines)):
            turn = (place + number) % len(lines)
            engine, line = lines[turn]
            times[turn].append(time_us(engine.at(line.knob), queries))
    for (_, line), taken in zip(lines, times, strict=True):
        line.us = median(taken)
    filtered(engines, rows, queries)
    return [line for _, line in lines]


def filtered(engines: Sequence[Engine], rows: Rows, queries: Rows) -> None:
    """How long a search among few allowed rows takes, and what it finds."""
    ours = next((engine.index for engine in engines if engine.name == "interlock f32"), None)
    if ours is None or len(rows) < 100_000:
        return
    print(f"\n| of {len(rows):,} rows allowed | how | recall | µs |\n|---:|---|---:|---:|")
    dice = np.random.default_rng(3)
    for share in (0.01, 0.1, 0.5):
        allowed = np.sort(dice.permutation(len(rows))[: int(len(rows) * share)])
        label = f"{share:.0%}"
        ours.add(allowed, rows[allowed], labels=label, replace=True)
        truth = [{int(allowed[at]) for at in best} for best in nearest(rows[allowed], queries)]
        subset = ours.subset(allowed)
        ways = {
            "array of ids": lambda query, allowed=allowed: ours.search(query, K, allowed=allowed)[0],
            "subset": lambda query, subset=subset: ours.search(query, K, allowed=subset)[0],
            "label": lambda query, label=label: ours.search(query, K, labels=label)[0],
        }
        for way, search in ways.items():
            taken = median(time_us(search, queries) for _ in range(3))
            print(f"| {label} | {way} | {recall(search, queries, truth):.3f} | {taken:.0f} |", flush=True)


def report(lines: Sequence[Line]) -> str:
    """One table; the last column is queries a second over those of the fastest at the same rows and recall."""
    text = "| rows | recall | engine | knob | reached | µs | queries/s | of the fastest peer | build, s | MiB |\n"
    text += "|---:|---:|---|---:|---:|---:|---:|---:|---:|---:|\n"
    for line in lines:
        same = [other.us for other in lines if (other.rows, other.wanted) == (line.rows, line.wanted) and "interlock" not in other.engine]
        ratio = f"{min(same) / line.us:.2f}" if same else "-"
        text += (
            f"| {line.rows:,} | {line.wanted} | {line.engine} | {line.knob:g} | {line.recall:.3f} | {line.us:.0f} | {1e6 / line.us:,.0f} | "
        )
        text += f"{ratio} | {line.build_s:.1f} | {line.mib:.0f} |\n"
    return text


def say(what: str) -> None:
    """Progress, beside the tables."""
    print(what, file=sys.stderr, flush=True)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer-python", help="the Python of the peers' environment, of the same version; its packages are imported here")
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--million", action="store_true", help="1,000,000 rows as well: needs 12 GB and half an hour")
    parser.add_argument("--engines", nargs="+", default=list(ENGINES), choices=list(ENGINES))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, help="also write every line here")
    return parser.parse_args()


def main() -> None:
    """Measure, then print."""
    args = arguments()
    if args.peer_python:
        where = "import sysconfig; print(sysconfig.get_path('purelib'))"
        sys.path.append(subprocess.run([args.peer_python, "-c", where], capture_output=True, text=True, check=True).stdout.strip())
    lines = []
    for count in [*args.rows, *([1_000_000] if args.million else [])]:
        names = [name for name in args.engines if name != "numpy exact" or count <= EXACT_UP_TO]
        lines += measure(count, names, args.rounds)
    print("\n" + report(sorted(lines, key=lambda line: (line.rows, line.wanted))))
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors", file=sys.stderr)
    if args.json:
        args.json.write_text(json.dumps([asdict(line) for line in lines], indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
