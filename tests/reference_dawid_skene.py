"""Dawid–Skene, the majority and the cross-validation between them in plain Python, written from the paper for the tests to compare with.

A. P. Dawid and A. M. Skene (1979), Applied Statistics 28 (1), 20-28. Dictionaries and names in place of the core's indexes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from math import exp, log, sqrt
from statistics import fmean, variance

Row = tuple[str, str, str]
"""Worker, task, label."""
Shares = dict[str, float]
SMOOTHING, TOLERANCE, ROUNDS, TIED = 0.1, 1e-10, 1_000, 1e-9


class Fitted:
    """A model of labels: posteriors by task, and by worker and truth how probable each label is."""

    def __init__(self, rows: Sequence[Row], seen: Sequence[Row], *, alike: bool) -> None:
        self.workers = sorted({worker for worker, _, _ in rows})
        self.tasks = sorted({task for _, task, _ in rows})
        self.classes = sorted({label for _, _, label in rows})
        self.seen = sorted(seen, key=lambda row: (row[1], row[0]))
        self.of_task: dict[str, list[Row]] = {task: [] for task in self.tasks}
        for row in self.seen:
            self.of_task[row[1]].append(row)
        self.posteriors = {task: self._shares(task) for task in self.tasks}
        self.prior: Shares = {}
        self.confusion: dict[str, dict[str, Shares]] = {}
        self.iterations = 0
        moved = 1.0
        while moved > TOLERANCE and self.iterations < ROUNDS:
            if alike:
                self._maximise_together()
            else:
                self._maximise()
            after = {task: self._expect(task) for task in self.tasks}
            moved = max(abs(after[task][name] - self.posteriors[task][name]) for task in self.tasks for name in self.classes)
            self.posteriors = after
            self.iterations += 1

    def _shares(self, task: str) -> Shares:
        votes = [label for _, _, label in self.of_task[task]]
        if not votes:
            return dict.fromkeys(self.classes, 1 / len(self.classes))
        return {name: votes.count(name) / len(votes) for name in self.classes}

    def _maximise(self) -> None:
        labelled = [self.posteriors[task] for task in self.tasks if self.of_task[task]]
        self.prior = scaled({name: SMOOTHING + sum(posterior[name] for posterior in labelled) for name in self.classes})
        counts = {worker: {truth: dict.fromkeys(self.classes, SMOOTHING) for truth in self.classes} for worker in self.workers}
        for worker, task, label in self.seen:
            for truth in self.classes:
                counts[worker][truth][label] += self.posteriors[task][truth]
        self.confusion = {worker: {truth: scaled(row) for truth, row in matrix.items()} for worker, matrix in counts.items()}

    def _maximise_together(self) -> None:
        number = len(self.classes)
        right = SMOOTHING + sum(self.posteriors[task][label] for _, task, label in self.seen)
        right /= len(self.seen) + SMOOTHING * number
        self.prior = dict.fromkeys(self.classes, 1 / number)
        row = {truth: {label: right if label == truth else (1 - right) / (number - 1) for label in self.classes} for truth in self.classes}
        self.confusion = dict.fromkeys(self.workers, row)

    def _expect(self, task: str) -> Shares:
        logs = {name: log(self.prior[name]) for name in self.classes}
        for worker, _, label in self.of_task[task]:
            for truth in self.classes:
                logs[truth] += log(self.confusion[worker][truth][label])
        most = max(logs.values())
        return scaled({name: exp(value - most) for name, value in logs.items()})

    def label(self, task: str) -> str:
        best = self.classes[0]
        for name in self.classes:
            if self.posteriors[task][name] > self.posteriors[task][best] + TIED:
                best = name
        return best

    def weight(self, worker: str) -> int:
        rows = [row for row in self.seen if row[0] == worker]
        right = SMOOTHING + sum(self.posteriors[task][label] for _, task, label in rows)
        accuracy = right / (len(rows) + SMOOTHING * len(self.classes))
        return min(6_907, max(0, round(1_000 * log(accuracy * (len(self.classes) - 1) / (1 - accuracy)))))

    def probability(self, row: Row) -> float:
        worker, task, label = row
        return sum(self.posteriors[task][truth] * self.confusion[worker][truth][label] for truth in self.classes)


def scaled(values: Shares) -> Shares:
    total = sum(values.values())
    return {name: value / total for name, value in values.items()}


def dawid_skene(rows: Sequence[Row]) -> Fitted:
    return Fitted(rows, rows, alike=False)


def majority(rows: Sequence[Row]) -> dict[str, str]:
    """The most frequent label of each task; of equals, the first in the alphabet."""
    votes: dict[str, list[str]] = {}
    for _, task, label in rows:
        votes.setdefault(task, []).append(label)
    return {task: min(labels, key=lambda name: (-labels.count(name), name)) for task, labels in votes.items()}


def cross_validate(rows: Sequence[Row], folds: int) -> dict[str, float]:
    """Mean log probability of held-out labels under both models, and the advantage with its standard error over tasks."""
    dealt: list[tuple[Row, int]] = []
    for number, (_, group) in enumerate(groupby(sorted(rows, key=lambda row: (row[1], row[0])), key=lambda row: row[1])):
        dealt += [(row, (number + rank) % folds) for rank, row in enumerate(group)]
    alike, own, advantages = 0.0, 0.0, dict.fromkeys((task for _, task, _ in rows), 0.0)
    for fold in range(folds):
        held, seen = [row for row, its in dealt if its == fold], [row for row, its in dealt if its != fold]
        if not held:
            continue
        models = Fitted(rows, seen, alike=True), Fitted(rows, seen, alike=False)
        for row in held:
            majority_says, dawid_skene_says = (log(model.probability(row)) for model in models)
            alike, own = alike + majority_says, own + dawid_skene_says
            advantages[row[1]] += dawid_skene_says - majority_says
    each, tasks, labels = list(advantages.values()), len(advantages), len(rows)
    return {
        "majority": alike / labels,
        "dawid_skene": own / labels,
        "advantage": fmean(each) * tasks / labels,
        "standard_error": sqrt(variance(each) / tasks) * tasks / labels,
    }
