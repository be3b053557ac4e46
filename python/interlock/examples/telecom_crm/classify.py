"""A small text model over the guidelines: which subflow a customer's words are about, and how sure that is. It saw no requests."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from interlock.examples.telecom_crm.flows import Subflow

_WORD = re.compile(r"[a-z0-9]+")
_ENDINGS = ("ations", "ation", "ments", "ment", "ings", "ing", "edly", "ed", "ies", "ly", "es", "s", "e", "y")
_STOP = frozenset(
    "a an the i my me you your we our us it its is are was be been to of in on at for and or that this with not do does can".split()  # noqa: SIM905
)
WANTS = 0.7
"""How much of the score comes from what the customer wants; the rest from the steps."""
SHARPNESS = 12.0
"""How much a lead in similarity counts towards the confidence."""

Floats = NDArray[np.float64]


class Weighing:
    """Documents as rows of tf-idf weights."""

    def __init__(self, documents: Sequence[str]) -> None:
        counts = [Counter(words(text)) for text in documents]
        self._columns = {word: number for number, word in enumerate(sorted({word for count in counts for word in count}))}
        seen = np.zeros(len(self._columns))
        for count in counts:
            seen[[self._columns[word] for word in count]] += 1
        self._rarity: Floats = np.log((1 + len(counts)) / (1 + seen)) + 0.1
        self._rows: Floats = np.vstack([self._weigh(count) for count in counts])

    def scores(self, text: str) -> Floats:
        """How near a text is to each document, from 0 to 1."""
        near: Floats = self._rows @ self._weigh(Counter(words(text)))
        return near

    def _weigh(self, counts: Mapping[str, int]) -> Floats:
        row: Floats = np.zeros(len(self._columns))
        for word, count in counts.items():
            if word in self._columns:
                number = self._columns[word]
                row[number] = (1 + np.log(count)) * self._rarity[number]
        return row / (np.linalg.norm(row) or 1.0)


class Guide:
    """Which subflow a text is about: near to what customers want there, and, for less, to what is done for them."""

    def __init__(self, subflows: Mapping[str, Subflow]) -> None:
        self.names = list(subflows)
        self._wants = Weighing([subflow.about for subflow in subflows.values()])
        self._steps = Weighing([subflow.steps for subflow in subflows.values()])

    def classify(self, text: str) -> tuple[str, float]:
        """The nearest subflow and how sure that is: 0 if no word is shared; less, the closer the others come."""
        scores = WANTS * self._wants.scores(text) + (1 - WANTS) * self._steps.scores(text)
        weights = np.exp(SHARPNESS * (scores - scores.max()))
        best = int(scores.argmax())
        return self.names[best], round(float(weights[best] / weights.sum()), 4) if scores.any() else 0.0


def words(text: str) -> list[str]:
    """The words that say something, without their endings."""
    return [_stem(word) for word in _WORD.findall(text.lower().replace("'", "")) if word not in _STOP]


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) > 2:
            return word.removesuffix(ending)
    return word
