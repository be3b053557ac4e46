"""Reading one of a million values: `python store.py [--peer-python PATH]`. Every engine in one run, each in a process of its own.

A window is 100,000 reads (or puts) of keys far from each other, each timed by itself, the clock included; the row "nothing" is the clock.
Beside a writer, another thread of the same process puts 50,000 values a second, if the engine and Python's lock let it; the column
says how many it came to. The engines take turns, and ratios are taken within each round: on a shared machine they say more than
microseconds. Cells are medians of the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from peers.windows import LineWorker

WORKER = Path(__file__).parent / "peers" / "store_worker.py"
FLOOR = "dict"
OURS = (FLOOR, "interlock", "interlock with a file")
PEERS = ("lmdb", "redis", "langgraph InMemoryStore")
WINDOWS = {"get": ("get", False), "get beside a writer": ("get", True), "put": ("put", False)}
SLOW = {"redis": 10, "langgraph InMemoryStore": 4}
"""A window of these has so many times fewer calls."""
Row = dict[str, list[dict[str, float]]]


def measure(workers: dict[str, LineWorker], rounds: int, count: int, writes: int) -> dict[str, Row]:
    """Every engine and window, so many times over; the order turns."""
    rows: dict[str, Row] = {name: {window: [] for window in WINDOWS} for name in workers}
    rows["nothing"] = {"get": []}
    for number in range(rounds + 1):
        print(f"round {number} of {rounds}" if number else "filling and warming up", file=sys.stderr, flush=True)
        first = number % len(workers)
        order = [*workers][first:] + [*workers][:first]
        for window, (what, is_beside) in WINDOWS.items():
            for name in order:
                question = {"what": what, "count": count // SLOW.get(name, 1), "writes": writes if is_beside else 0, "seed": number}
                figures = workers[name].ask(question)
                if number:
                    rows[name][window].append(figures)
        if number:
            rows["nothing"]["get"].append(workers[FLOOR].ask({"what": "nothing", "count": count, "writes": 0, "seed": number}))
    return rows


def cell(rows: dict[str, Row], name: str, window: str) -> list[str]:
    """p50 and p99 of a window, and how many times the dict's p50 that is."""
    found, floor = rows[name].get(window), rows[FLOOR][window]
    if not found:
        return ["-", "-", "-"]
    ratio = median(one["p50_us"] / two["p50_us"] for one, two in zip(found, floor, strict=True))
    return [f"{median(one['p50_us'] for one in found):.2f}", f"{median(one['p99_us'] for one in found):.1f}", f"{ratio:.1f}"]


def report(rows: dict[str, Row]) -> str:
    """One table in Markdown."""
    lines = [
        "| 1 KiB | get p50, µs | p99 | × dict | beside a writer p50 | p99 | × dict | puts/s beside | put p50 | p99 | × dict |",
        "|---|" + "---:|" * 10,
    ]
    for name in rows:
        beside = [one["writes"] for one in rows[name].get("get beside a writer", [])]
        cells = [*cell(rows, name, "get"), *cell(rows, name, "get beside a writer")]
        cells += [f"{median(beside):,.0f}" if beside else "-", *cell(rows, name, "put")]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer-python", help="the Python of the peers' environment; without it only a dict and interlock are measured")
    parser.add_argument("--folder", type=Path, default=Path(), help="on the disk that is meant (%(default)s)")
    parser.add_argument("--keys", type=int, default=1_000_000, help="a process takes 1.2 GB for a million (%(default)s)")
    parser.add_argument("--count", type=int, default=100_000, help="calls in a window (%(default)s)")
    parser.add_argument("--writes", type=int, default=50_000, help="puts a second of the thread beside (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="also write every window here")
    return parser.parse_args()


def main() -> None:
    """Measure, then print."""
    args = arguments()
    names = [*OURS, *(PEERS if args.peer_python else ())]
    if "redis" in names and shutil.which("redis-server") is None:
        print("no redis-server is installed: redis is left out", file=sys.stderr)
        names.remove("redis")
    with tempfile.TemporaryDirectory(prefix=".interlock-bench-", dir=args.folder) as folder, ExitStack() as stack:
        workers = {}
        for name in names:
            python = args.peer_python if name in PEERS else sys.executable
            workers[name] = stack.enter_context(LineWorker(name, [python, str(WORKER), name, folder, str(args.keys)]))
        rows = measure(workers, args.rounds, args.count, args.writes)
    print(report(rows))
    print(f"\n{args.keys:,} keys, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors", file=sys.stderr)
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
