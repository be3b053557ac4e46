"""The tables of what keeping costs: windows in, Markdown out. Measures nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from peers.report import aligned

FLOWS = ("answer", "act")
ALONE, CROWD = "alone", "crowd"
AT_ONCE = 100
OURS = "interlock"
COMMITS = {"answer": 1, "act": 2}
"""Commits that one of our runs waits for: its acknowledgement, and before it the intent of a tool that acts."""
ALONE_BOUND, CROWD_BOUND = 1.5, 10.0
BAR = 40  # characters


@dataclass(frozen=True)
class Pair:
    """A window with the store, one without, and the bare loop around the former."""

    syncs: dict[str, float]
    kept: dict[str, float]
    unkept: dict[str, float]

    def added_syncs(self, figure: str) -> float:
        """What keeping adds to a run, in syncs."""
        return (self.kept[f"{figure}_us"] - self.unkept[f"{figure}_us"]) / self.syncs[f"{figure}_us"]

    @property
    def times_bare(self) -> float:
        """How often the bare loop's records a second ours are."""
        return self.kept["records_per_s"] * self.syncs["mean_us"] / 1e6


@dataclass(frozen=True)
class Cell:
    """One engine, one flow, one run at a time or many."""

    engine: str
    flow: str
    mode: str
    pairs: list[Pair]

    def middle(self, of: Callable[[Pair], float]) -> float:
        """The median over the rounds."""
        return median(of(pair) for pair in self.pairs)


def report(cells: Sequence[Cell], where: str) -> str:
    """Both tables, and how ours stand to their bounds."""
    parts = [alone([cell for cell in cells if cell.mode == ALONE]), crowd([cell for cell in cells if cell.mode == CROWD])]
    return "\n\n".join([f"On {where}; medians of {len(cells[0].pairs)} rounds.", *parts, bounds(cells), bars(cells)])


def alone(cells: Sequence[Cell]) -> str:
    """One run at a time."""
    lines = [["one at a time", "a sync", "memory", "kept", "kept, p99", "added", "added, in syncs", "by means", "a commit waited for"]]
    for cell in cells:
        syncs, by_mean = cell.middle(lambda pair: pair.added_syncs("p50")), cell.middle(lambda pair: pair.added_syncs("mean"))
        times = [
            cell.middle(lambda pair: pair.syncs["p50_us"]),
            cell.middle(lambda pair: pair.unkept["p50_us"]),
            cell.middle(lambda pair: pair.kept["p50_us"]),
            cell.middle(lambda pair: pair.kept["p99_us"]),
            cell.middle(lambda pair: pair.kept["p50_us"] - pair.unkept["p50_us"]),
        ]
        each = f"{syncs / COMMITS[cell.flow]:.2f}" if cell.engine == OURS else "-"
        lines.append([f"{cell.engine}, {cell.flow}", *(f"{time:,.0f} µs" for time in times), f"{syncs:.2f}", f"{by_mean:.2f}", each])
    return aligned(lines)


def crowd(cells: Sequence[Cell]) -> str:
    """Many runs at a time."""
    lines = [[f"{AT_ONCE} at a time", "steps/s, memory", "steps/s, kept", "records/s, kept", "bare records/s", "times the bare loop"]]
    for cell in cells:
        rates = [
            cell.middle(lambda pair: pair.unkept["runs_per_s"]),
            cell.middle(lambda pair: pair.kept["runs_per_s"]),
            cell.middle(lambda pair: pair.kept["records_per_s"]),
            cell.middle(lambda pair: 1e6 / pair.syncs["mean_us"]),
        ]
        shown = [f"{rate:,.0f}" if rate else "-" for rate in rates]
        lines.append([f"{cell.engine}, {cell.flow}", *shown, f"{cell.middle(lambda pair: pair.times_bare):.1f}" if rates[2] else "-"])
    return aligned(lines)


def bounds(cells: Sequence[Cell]) -> str:
    """Whether ours are kept."""
    lines = []
    for cell in cells:
        if cell.engine != OURS:
            continue
        if cell.mode == ALONE:
            found = cell.middle(lambda pair: pair.added_syncs("p50")) / COMMITS[cell.flow]
            is_kept, what = found <= ALONE_BOUND, f"{found:.2f} syncs for each commit waited for, at most {ALONE_BOUND}"
        else:
            found = cell.middle(lambda pair: pair.times_bare)
            is_kept, what = found >= CROWD_BOUND, f"{found:.1f} times the bare loop's records a second, at least {CROWD_BOUND:.0f}"
        lines.append(f"{'kept' if is_kept else 'MISSED'}: {cell.flow}, {cell.mode}: {what}")
    return "\n".join(lines)


def bars(cells: Sequence[Cell]) -> str:
    """Steps a second that are kept, as lengths."""
    rates = {f"{cell.engine}, {cell.flow}": cell.middle(lambda pair: pair.kept["runs_per_s"]) for cell in cells if cell.mode == CROWD}
    longest = max(rates.values())
    lines = [f"{name:18} {'#' * max(1, round(rate / longest * BAR)):{BAR}} {rate:>8,.0f}" for name, rate in rates.items()]
    return "\n".join([f"steps a second that are kept, {AT_ONCE} runs at a time", *lines])
