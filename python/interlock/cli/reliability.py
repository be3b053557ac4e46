"""``interlock reliability fit LABELS.csv``: whether a panel's members should count differently, and how much each.

``interlock reliability export FILE.db`` makes such labels of recorded ballots (``ballots``).
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from interlock.cli import ballots
from interlock.errors import ConfigError, UsageError
from interlock.reliability import Fit

LONG = 100_000
"""Labels from which a fit takes seconds, so that a terminal shows that it is at work."""


def add_parser(commands: Any) -> None:
    """Add ``reliability`` to the command line."""
    reliability = commands.add_parser("reliability", help="learn how much each member of a panel counts")
    actions = reliability.add_subparsers(dest="action", required=True, metavar="ACTION")
    fit = actions.add_parser(
        "fit",
        help="fit weights to labels, and say whether they are worth using",
        description="Fit Dawid–Skene to labels, and choose between it and the majority by cross-validation, which uses no gold.",
    )
    fit.add_argument("labels", type=Path, metavar="LABELS.csv", help="columns worker, task, label")
    fit.add_argument("--gold", type=Path, metavar="GOLD.csv", help="columns task, label: only to print how often each method is right")
    fit.add_argument("--out", type=Path, metavar="FILE", help="keep the weights with their revision, for il.Reliability.load")
    fit.add_argument("--folds", type=_folds, default=5, metavar="K", help="parts of the cross-validation, from 2 to 100 (5)")
    fit.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    fit.set_defaults(run=run)
    export = actions.add_parser(
        "export",
        help="recorded ballots as the labels that a fit reads",
        description="Write what the agents of recorded panels answered as CSV: worker (the agent), task (the run), label (the answer).",
    )
    export.add_argument("file", metavar="FILE.db", help="the journal, which may be in use")
    what = export.add_mutually_exclusive_group(required=True)
    what.add_argument("--key", type=_field, metavar="FIELD", help="the label is this field of the answer's data, dotted inside another")
    what.add_argument("--text", action="store_true", help="the label is the answer's text, with letter case and spaces folded")
    export.add_argument("--plan", metavar="NAME", help="only runs of this plan")
    export.add_argument("--out", type=Path, metavar="LABELS.csv", help="write to this file, not to the standard output")
    export.set_defaults(run=ballots.run)


def run(given: argparse.Namespace) -> int:
    """Fit, compare, print, keep."""
    rows = _labels(given.labels)
    gold = _gold(given.gold, given.labels, rows) if given.gold else None
    console = Console(stderr=True)
    shown = console.is_terminal and not given.json and len(rows) >= LONG
    try:
        with console.status(f"fitting {len(rows):,} labels") if shown else nullcontext():
            fit = Fit.of(rows, folds=given.folds)
    except UsageError as error:
        raise ConfigError(f"{given.labels}: {error.message}", hint=error.hint, path=str(given.labels)) from error
    if given.out:
        fit.reliability.save(given.out)
    report = _report(fit, gold, given.out)
    if given.json:
        print(orjson.dumps(report).decode())
    else:
        _print(Console(), fit, report)
    return 0


def _report(fit: Fit, gold: dict[str, str] | None, out: Path | None) -> dict[str, Any]:
    kept = fit.reliability
    return {
        "labels": fit.labels,
        "workers": len(kept.weights),
        "tasks": len(fit.majority),
        "classes": fit.classes,
        "gold_tasks": None if gold is None else len(gold),
        "majority_accuracy": _accuracy(fit.majority, gold),
        "dawid_skene_accuracy": _accuracy(fit.dawid_skene, gold),
        "weighted_vote_accuracy": _accuracy(fit.weighted, gold),
        "chosen": kept.chosen,
        "cross_validation": kept.scores,
        "iterations": fit.iterations,
        "converged": fit.converged,
        "weights": kept.weights,
        "revision": kept.revision,
        "out": None if out is None else str(out),
    }


def _print(console: Console, fit: Fit, report: dict[str, Any]) -> None:
    """Both methods side by side, the choice, and the weights."""
    scores, kept = fit.reliability.scores, fit.reliability
    sizes = f"{report['labels']:,} labels, {report['workers']:,} workers, {report['tasks']:,} tasks, {len(report['classes']):,} classes"
    table = Table("", title=sizes, title_justify="left")
    for column in ("majority", "Dawid–Skene"):
        table.add_column(column, justify="right")
    table.add_row("mean ln p of held-out labels", f"{scores['majority']:.4f}", f"{scores['dawid_skene']:.4f}")
    if report["gold_tasks"]:
        table.add_row(
            f"right in {report['gold_tasks']:,} gold tasks", f"{report['majority_accuracy']:.2%}", f"{report['dawid_skene_accuracy']:.2%}"
        )
        table.add_row("the same, in a vote with its weights", "", f"{report['weighted_vote_accuracy']:.2%}")
    console.print(table)
    gain = f"{scores['advantage']:+.4f} ± {scores['standard_error']:.4f} a label over {scores['folds']} folds, without gold"
    if kept.chosen == "majority":
        console.print(f"chosen: majority ({gain}). The majority is kept: all weights are equal.", highlight=False)
    else:
        console.print(f"chosen: dawid_skene ({gain})", highlight=False)
        weights = Table("worker")
        weights.add_column("weight (log-odds × 1000)", justify="right")
        for worker, weight in sorted(kept.weights.items(), key=lambda item: (-item[1], item[0])):
            weights.add_row(escape(worker), f"{weight:,}")
        console.print(weights)
    if not fit.converged:
        console.print(f"the fit still moved after {fit.iterations:,} rounds: its figures are rough", highlight=False)
    stored = f" in {report['out']}" if report["out"] else ""
    console.print(f"revision {kept.revision}{stored}", soft_wrap=True, highlight=False, markup=False)


def _labels(path: Path) -> list[tuple[str, str, str]]:
    seen: dict[tuple[str, str], tuple[str, int]] = {}
    rows = []
    for line, (worker, task, label) in _read(path, ("worker", "task", "label")):
        before, where = seen.setdefault((worker, task), (label, line))
        if before != label:
            message = f"worker {worker!r} labels task {task!r} as {label!r}, and as {before!r} in line {where}"
            raise _wrong(path, line, "label", message, "keep one label of a worker for a task")
        rows.append((worker, task, label))
    return rows


def _gold(path: Path, labels: Path, rows: Sequence[tuple[str, str, str]]) -> dict[str, str]:
    """The truth of the tasks that have labels."""
    tasks, classes = {task for _, task, _ in rows}, {label for _, _, label in rows}
    gold: dict[str, str] = {}
    for line, (task, label) in _read(path, ("task", "label")):
        if gold.setdefault(task, label) != label:
            message = f"task {task!r} is {label!r}, and was {gold[task]!r} before"
            raise _wrong(path, line, "label", message, "keep one label for a task")
    known = {task: label for task, label in gold.items() if task in tasks}
    if not known or classes.isdisjoint(known.values()):
        what = "task" if not known else "label"
        raise ConfigError(f"{path} and {labels} have no {what} in common", hint=f"name each {what} alike in both files", path=str(path))
    return known


def _read(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The wanted columns of a CSV file with their lines, without spaces around values."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            missing = [name for name in columns if name not in header]
            if missing:
                message = f"{path}: line 1: there is no column {missing[0]!r} (there are: {', '.join(header) or 'none'})"
                raise ConfigError(message, hint=f"the first line must name the columns {', '.join(columns)}", path=str(path), line=1)
            places = [header.index(name) for name in columns]
            for row in reader:
                if not row:
                    continue
                if len(row) > len(header):
                    message = f"{len(row)} values in {len(header)} columns"
                    raise _wrong(path, reader.line_num, header[-1], message, "put quotes around a value that holds a comma")
                values = tuple(row[place].strip() if place < len(row) else "" for place in places)
                if "" in values:
                    raise _wrong(path, reader.line_num, columns[values.index("")], "it is empty", "leave out the row of a missing label")
                yield reader.line_num, values
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", hint="give the path of a CSV file", path=str(path)) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8: {error}", hint="save it as UTF-8", path=str(path)) from error
    except csv.Error as error:
        raise ConfigError(
            f"{path}: line {reader.line_num}: {error}", hint="correct the CSV", path=str(path), line=reader.line_num
        ) from None


def _wrong(path: Path, line: int, column: str, what: str, hint: str) -> ConfigError:
    return ConfigError(f"{path}: line {line}, column {column!r}: {what}", hint=hint, path=str(path), line=line)


def _accuracy(found: dict[str, str], gold: dict[str, str] | None) -> float | None:
    if gold is None:
        return None
    return sum(found[task] == label for task, label in gold.items()) / len(gold)


def _folds(text: str) -> int:
    if not text.isdecimal() or not 2 <= int(text) <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 2 to 100")
    return int(text)


def _field(text: str) -> str:
    if not all(text.split(".")):
        raise argparse.ArgumentTypeError(f"{text!r} names no field, like decision or a.b")
    return text
