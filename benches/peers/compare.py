"""Measure the engines side by side: `python compare.py --peer-python PATH`.

One worker process for each engine, all idle but the one being asked. Their windows are interleaved,
in an order that rotates, so that a slow minute of the machine falls on all of them alike.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that `peers` is a package

from peers.engines import ENGINES, seats
from peers.imports import ImportCost, ImportFailed, import_cost
from peers.report import Medians, Row, Table, table
from peers.windows import Figures, Worker, WorkerDied
from peers.workloads import SIZES, WORKLOADS


def measure(workers: Sequence[Worker], rows: Sequence[Row], rounds: int) -> Table:
    """The rows for all engines, `rounds` times over."""
    for worker in workers:
        say(f"calibrating {worker.seat.engine.name}")
        for row in rows:
            worker.calibrate(*row)
    windows: dict[Row, dict[str, list[Figures]]] = {row: defaultdict(list) for row in rows}
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        first = number % len(workers)
        for row in rows:
            for worker in [*workers[first:], *workers[:first]]:
                if (figures := worker.window(*row)) is not None:
                    windows[row][worker.seat.engine.name].append(figures)
    return {row: {name: medians(row, figures) for name, figures in by_engine.items()} for row, by_engine in windows.items()}


def medians(row: Row, windows: Sequence[Figures]) -> Medians:
    """The middle of the rounds, each figure for itself."""
    workload = WORKLOADS[row[0]]
    return Medians(
        cpu_us_per_step=median(window.cpu_us_per_step for window in windows),
        least_cpu_us_per_step=min(window.cpu_us_per_step for window in windows),
        over_ideal_s=median(window.wall_s / (window.runs / workload.at_once) - workload.ideal_s for window in windows),
        rss_mib=median(window.rss_mib for window in windows),
        runs=windows[0].runs,
    )


def raw(results: Table, imports: Mapping[str, ImportCost]) -> str:
    """The same as JSON."""
    rows = [
        {"workload": workload, "size": size, "engine": name, **asdict(figures)}
        for (workload, size), cells in results.items()
        for name, figures in cells.items()
    ]
    costs = {name: asdict(cost) for name, cost in imports.items()}
    return json.dumps({"windows": rows, "imports": costs}, indent=1) + "\n"


def say(words: str) -> None:
    """Progress, out of the way of the table."""
    print(words, file=sys.stderr, flush=True)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer-python", help="the Python of the peers' environment")
    parser.add_argument("--engines", default=",".join(ENGINES), help="%(default)s")
    parser.add_argument("--workloads", default=",".join(WORKLOADS), help="%(default)s")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="%(default)s")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, help="also write the medians here")
    return parser.parse_args()


def main() -> None:
    """Measure, then print."""
    args = arguments()
    try:
        chosen = seats(args.engines.split(","), sys.executable, args.peer_python)
        say("importing")
        imports = {seat.engine.name: import_cost(seat) for seat in chosen}
        with ExitStack() as stack:
            workers = [stack.enter_context(Worker(seat)) for seat in chosen]
            rows = [(WORKLOADS[name].name, int(size)) for name in args.workloads.split(",") for size in args.sizes.split(",")]
            results = measure(workers, rows, args.rounds)
    except (ValueError, KeyError, ImportFailed, WorkerDied) as error:
        sys.exit(f"{type(error).__name__}: {error}")
    if args.json:
        args.json.write_text(raw(results, imports), encoding="utf-8")
    print(table(results, imports))


if __name__ == "__main__":
    main()
