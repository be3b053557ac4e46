"""The table: medians in, lines out. Measures nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from peers.engines import CAREFUL, DURABLE, FLOOR, OURS
from peers.imports import ImportCost
from peers.workloads import WORKLOADS

LEGEND = """\
Cells: CPU us a step over bare (absolute), then the overhead over that of interlock; - where the engine has no form of the workload.
Of sequence: interlock's overhead a step over its own in `sequence` of the same size, level memory and then durable.
Over ideal: wall seconds of one crowd beyond what its agents sleep.
Import: CPU seconds / resident MiB. Version: of uvloop and orjson under the bare columns."""


@dataclass(frozen=True)
class Medians:
    """One engine on one workload and size, over all rounds; medians unless named otherwise."""

    cpu_us_per_step: float
    least_cpu_us_per_step: float  # the quietest window; far below the median means a busy machine
    over_ideal_s: float  # wall seconds of a crowd, or of a run, beyond what its agents sleep
    rss_mib: float
    runs: int  # in each window


Row = tuple[str, int]  # workload and size
Table = Mapping[Row, Mapping[str, Medians]]


def table(results: Table, imports: Mapping[str, ImportCost]) -> str:
    """Every row, in Markdown, with its columns aligned."""
    names = list(imports)
    ratio = [f"{OURS} / {CAREFUL}"] if {OURS, CAREFUL} <= set(names) else []
    own = [name for name in (OURS, DURABLE) if name in names]
    ratio += ["of sequence"] if own else []
    lines = [["workload", "size", *names, *ratio]]
    for (workload, size), cells in results.items():
        last = [times(overhead(cells, OURS), overhead(cells, CAREFUL))] if {OURS, CAREFUL} <= set(names) else []
        if own:
            line = results.get(("sequence", size))
            last.append(", ".join(times(overhead(cells, name), overhead(line, name)) for name in own) if line else "")
        lines.append([workload, str(size), *(cell(cells, name) for name in names), *last])
        if WORKLOADS[workload].pause:
            waits = [f"{cells[name].over_ideal_s:.3f} s" for name in names]
            lines.append(["- over ideal", str(size), *waits, *("" for _ in ratio)])
    costs = [f"{cost.cpu_s:.2f} s / {cost.rss_mib:.0f} MiB" for cost in imports.values()]
    lines.append(["import", "", *costs, *("" for _ in ratio)])
    lines.append(["version", "", *(c.version for c in imports.values()), *("" for _ in ratio)])
    return f"{aligned(lines)}\n\n{LEGEND}"


def cell(cells: Mapping[str, Medians], name: str) -> str:
    """Overhead, absolute and ratio; the floor has only the absolute."""
    if name not in cells:
        return "-"
    absolute = f"({cells[name].cpu_us_per_step:.1f})"
    if name == FLOOR:
        return absolute
    mine = overhead(cells, name)
    ratio = f" {times(mine, overhead(cells, OURS))}" if OURS in cells and name != OURS else ""
    return f"{mine:.1f} {absolute}{ratio}"


def overhead(cells: Mapping[str, Medians], name: str) -> float:
    """CPU us a step that the agents and the bare calls do not explain."""
    return cells[name].cpu_us_per_step - cells[FLOOR].cpu_us_per_step


def times(one: float, other: float) -> str:
    """A ratio, unless noise has eaten the divisor."""
    return f"{one / other:.2f}x" if other > 0 else "-"


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    padded = [
        [line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))]
        for line in (lines[0], rule, *lines[1:])
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in padded)
