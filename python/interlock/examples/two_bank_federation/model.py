"""Bank B's model: a logistic regression over what an account does with money, fitted on the accounts that the bank has judged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
FEATURES = ("young", "passed_on", "crowded", "fast")
DAY, WEEK = 24, 168


@dataclass(frozen=True, slots=True)
class Movement:
    """Money in or out, so many hours ago."""

    reference: str
    hour: int
    incoming: bool
    cents: int


def features(age_days: int, movements: Sequence[Movement]) -> list[float]:
    """An account in numbers: how young it is, which share it passes on, how crowded its busiest week is, how soon money leaves.

    >>> features(30, [Movement("R-1", 100, True, 1000), Movement("R-2", 95, False, 900)])[1]
    0.9
    """
    came = [movement for movement in movements if movement.incoming]
    left = [movement for movement in movements if not movement.incoming]
    total = sum(movement.cents for movement in came) or 1
    soon = sum(out.cents for out in left if any(0 <= come.hour - out.hour <= DAY for come in came))
    busiest = max((sum(0 <= start.hour - other.hour < WEEK for other in came) for start in came), default=0)
    return [1 / math.log(2 + age_days), sum(out.cents for out in left) / total, float(busiest), soon / total]


class Risk:
    """The fitted model: the probability that an account passes stolen money on."""

    def __init__(self, rows: Sequence[Sequence[float]], labels: Sequence[bool], ridge: float = 1.0) -> None:
        table = np.asarray(rows, dtype=np.float64)
        self._mean, self._spread = table.mean(axis=0), table.std(axis=0) + 1e-9
        self._weights = _fit(self._scaled(table), np.asarray(labels, dtype=np.float64), ridge)

    def __call__(self, row: Sequence[float]) -> float:
        """The probability for one account."""
        scaled = self._scaled(np.asarray([row], dtype=np.float64))
        return float(_sigmoid(scaled @ self._weights)[0])

    def signals(self, row: Sequence[float]) -> list[str]:
        """The features that speak most against the account, by name, strongest first."""
        pull = (self._scaled(np.asarray([row], dtype=np.float64))[0] * self._weights)[:-1]
        return [FEATURES[place] for place in np.argsort(-pull) if pull[place] > 0.5]

    def _scaled(self, table: Vector) -> Vector:
        return np.hstack([(table - self._mean) / self._spread, np.ones((len(table), 1))])


def _fit(table: Vector, labels: Vector, ridge: float) -> Vector:
    """Newton's method; a dozen steps are plenty for four features. The last weight, the constant, is not penalised."""
    weights = np.zeros(table.shape[1])
    penalty = np.diag([ridge] * (table.shape[1] - 1) + [0.0])
    for _ in range(12):
        likely = _sigmoid(table @ weights)
        slope = table.T @ (likely - labels) + penalty @ weights
        bend = (table.T * (likely * (1 - likely))) @ table + penalty
        weights = weights - np.linalg.solve(bend, slope)
    return weights


def _sigmoid(values: Vector) -> Vector:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -30, 30))), dtype=np.float64)


def band(probability: float) -> str:
    """``low``, ``medium`` or ``high``: all that another bank is told."""
    return "high" if probability >= 0.75 else "medium" if probability >= 0.3 else "low"
