"""What each member of a panel counts in a vote, learnt from the labels that they gave, and kept in a file with its revision.

The arithmetic is the core's: Dawid–Skene (1979), and a cross-validation that needs no gold and keeps the majority unless
Dawid–Skene explains labels better that it has not seen.

>>> rows = [(worker, f"t{task}", "yes" if task % 2 else "no") for worker in ("ada", "bob", "eve") for task in range(20)]
>>> kept = Reliability.fit(rows)
>>> kept.chosen, kept.weights
('majority', {'ada': 1000, 'bob': 1000, 'eve': 1000})
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import orjson

from interlock._core import fit_reliability
from interlock.errors import ConfigError, UsageError

FORMAT = 1
EQUAL = 1_000
"""Everyone's weight when the majority is kept."""
AGAIN = "fit the weights again with `interlock reliability fit LABELS.csv --out FILE`"

Method = Literal["majority", "dawid_skene", "feedback"]


@dataclass(frozen=True, slots=True)
class Reliability:
    """Whole-number weights by worker, and the evidence for them. All are equal when the majority was chosen.

    ``scores`` are the cross-validation's; ``revision`` is the SHA-256 of all the rest, so that a decision can name the weights
    that it used.
    """

    weights: dict[str, int]
    chosen: Method = "dawid_skene"
    scores: dict[str, float] = field(default_factory=dict)
    revision: str = field(init=False)

    def __post_init__(self) -> None:
        if not self.weights:
            raise UsageError("there are no weights", hint="give a weight for each worker")
        for worker, weight in self.weights.items():
            if type(weight) is not int or not 0 <= weight < 1 << 32:
                raise UsageError(f"the weight of {worker!r} is {weight!r}, which is no whole number from 0", hint="below 2 to the 32nd")
        if self.chosen not in ("majority", "dawid_skene", "feedback"):
            raise UsageError(f"{self.chosen!r} is no method", hint="majority, dawid_skene or feedback")
        object.__setattr__(self, "revision", sha256(orjson.dumps(self._content(), option=orjson.OPT_SORT_KEYS)).hexdigest())

    def _content(self) -> dict[str, Any]:
        return {"format": FORMAT, "chosen": self.chosen, "scores": self.scores, "weights": self.weights}

    @classmethod
    def fit(cls, rows: Iterable[tuple[str, str, str]], *, folds: int = 5) -> Reliability:
        """Learn weights from rows of worker, task and label.

        Raises:
            UsageError: there is too little to learn from, or a worker labels one task in two ways.
        """
        return Fit.of(rows, folds=folds).reliability

    def save(self, path: str | Path) -> None:
        """Write the weights as JSON, over what was there.

        Raises:
            UsageError: the file can't be written.
        """
        content = {**self._content(), "revision": self.revision}
        try:
            Path(path).write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE))
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}", hint="give a file in a folder that you may write to") from error

    @classmethod
    def load(cls, path: str | Path) -> Reliability:
        """Read what ``save`` wrote.

        Raises:
            ConfigError: the file is missing, is not such a file, or was changed since.
        """
        try:
            read = orjson.loads(Path(path).read_bytes())
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror}", hint=AGAIN, path=str(path)) from error
        except orjson.JSONDecodeError as error:
            message = f"{path}: line {error.lineno}, column {error.colno}: {error.msg}"
            raise ConfigError(message, hint=AGAIN, path=str(path), line=error.lineno) from None
        if not isinstance(read, dict) or read.get("format") != FORMAT:
            raise ConfigError(f"{path} holds no reliability weights of format {FORMAT}", hint=AGAIN, path=str(path))
        if not isinstance(read.get("weights"), dict) or not isinstance(read.get("scores"), dict):
            raise ConfigError(f"{path} lacks weights or scores", hint=AGAIN, path=str(path))
        try:
            found = cls(read["weights"], read.get("chosen", ""), read["scores"])
        except UsageError as error:
            raise ConfigError(f"{path}: {error.message}", hint=AGAIN, path=str(path)) from None
        if found.revision != read.get("revision"):
            message = f"{path} was changed: its content has the revision {found.revision}, and it says {read.get('revision')}"
            raise ConfigError(message, hint=AGAIN, path=str(path))
        return found


@dataclass(frozen=True, slots=True)
class Fit:
    """All that a fit found: the weights to keep, and what each method makes of each task."""

    reliability: Reliability
    majority: dict[str, str]
    dawid_skene: dict[str, str]
    weighted: dict[str, str]
    """A vote with Dawid–Skene's weights, whether or not they were chosen."""
    posteriors: dict[str, dict[str, float]]
    confusion: dict[str, dict[str, dict[str, float]]]
    """By worker, true class and label."""
    labels: int
    iterations: int
    converged: bool

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, str]], *, folds: int = 5) -> Fit:
        """Fit both methods, and choose.

        Raises:
            UsageError: there is too little to learn from, or a worker labels one task in two ways.
        """
        if type(folds) is not int or not 2 <= folds <= 100:
            raise UsageError(f"{folds!r} folds are not possible", hint="2 to 100 are; 5 is usual")
        said: tuple[list[str], list[str], list[str]] = ([], [], [])
        for number, row in enumerate(rows):
            if len(row) != 3 or not all(isinstance(value, str) for value in row):
                raise UsageError(f"row {number} is not a worker, a task and a label", hint="give three texts a row")
            for column, value in zip(said, row, strict=True):
                column.append(value)
        found: dict[str, Any] = orjson.loads(fit_reliability(*said, folds))
        tasks, classes, workers, chosen = found["tasks"], found["classes"], found["workers"], found["chosen"]
        weights = found["weights"] if chosen == "dawid_skene" else [EQUAL] * len(workers)

        def by_task(method: str) -> dict[str, str]:
            return {task: classes[number] for task, number in zip(tasks, found[method], strict=True)}

        def by_class(row: list[float]) -> dict[str, float]:
            return dict(zip(classes, row, strict=True))

        return cls(
            reliability=Reliability(dict(zip(workers, weights, strict=True)), chosen, found["cross_validation"]),
            majority=by_task("majority"),
            dawid_skene=by_task("dawid_skene"),
            weighted=by_task("weighted"),
            posteriors={task: by_class(row) for task, row in zip(tasks, found["posteriors"], strict=True)},
            confusion={
                worker: {truth: by_class(row) for truth, row in zip(classes, matrix, strict=True)}
                for worker, matrix in zip(workers, found["confusion"], strict=True)
            },
            labels=found["labels"],
            iterations=found["iterations"],
            converged=found["converged"],
        )

    @property
    def classes(self) -> list[str]:
        """The classes, in the order that breaks ties."""
        return list(next(iter(self.posteriors.values())))
