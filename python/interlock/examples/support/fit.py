"""Fits the two thresholds of ``routing.yaml`` on ``train.csv``: ``python -m interlock.examples.support.fit``.

It decides how sure the vote of the nearest examples must be. It never sees ``test.csv``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from interlock.models.embedding import Rows, WordLlamaEmbedder
from interlock.models.fitted import Map, hashed_words, unit
from interlock.runtime.semantic import read_examples

TRAIN = Path(__file__).parent / "data" / "train.csv"
NEIGHBOURS, FOLDS, SEED = 5, 5, 0
MOST_REJECTED = 0.075
"""At most this share of the messages may go to a person."""
LEAST_REJECTED = 0.02
"""The threshold lies at this quantile of the similarities at least: without off-topic examples nothing else would hold it up."""
MARGINS = np.linspace(0, 1, 51)
QUANTILES = np.linspace(LEAST_REJECTED, MOST_REJECTED, 40)

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Votes:
    """What the nearest examples said of each message: who won, how near the nearest was, how far ahead the winner."""

    winner: Codes
    similarity: Floats
    margin: Floats


@dataclass(frozen=True, slots=True)
class Fit:
    """The thresholds, and what they did out of fold."""

    threshold: float
    margin: float
    accuracy: float
    rejected: float


def vote(queries: Rows, examples: Rows, codes: Codes, intents: int) -> Votes:
    """The vote as the routing engine takes it: each of the nearest examples with its similarity, negative ones with nothing."""
    similarities = queries @ examples.T
    nearest = np.argpartition(-similarities, NEIGHBOURS - 1, axis=1)[:, :NEIGHBOURS]
    weights = np.maximum(np.take_along_axis(similarities, nearest, axis=1), 0).astype(np.float64)
    rows = np.arange(len(queries))
    shares = np.zeros((len(queries), intents))
    np.add.at(shares, (rows[:, None], codes[nearest]), weights)
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1e-9)
    order = np.argsort(-shares, axis=1, kind="stable")
    first, second = order[:, 0], order[:, 1]
    return Votes(first, weights.max(axis=1), shares[rows, first] - shares[rows, second])


def folds_of(codes: Codes) -> Codes:
    """A fold for each example, stratified by intent."""
    random = np.random.default_rng(SEED)
    folds = np.empty(len(codes), dtype=np.int64)
    for code in range(int(codes.max()) + 1):
        members = np.flatnonzero(codes == code)
        folds[random.permutation(members)] = np.arange(len(members)) % FOLDS
    return folds


def out_of_fold(texts: Sequence[str], codes: Codes) -> Votes:
    """Each example's vote by a map and neighbours that were fitted without its fold."""
    base, words = unit(WordLlamaEmbedder().embed(texts)), hashed_words(texts)
    folds, intents = folds_of(codes), int(codes.max()) + 1
    votes = Votes(np.empty(len(codes), dtype=np.int64), np.empty(len(codes)), np.empty(len(codes)))
    for fold in range(FOLDS):
        inside, outside = folds != fold, folds == fold
        fitted = Map.fit(base[inside], words[inside], codes[inside])
        queries, examples = fitted.apply(base[outside], words[outside]), fitted.apply(base[inside], words[inside])
        found = vote(queries, examples, codes[inside], intents)
        votes.winner[outside], votes.similarity[outside], votes.margin[outside] = found.winner, found.similarity, found.margin
    return votes


def best_gate(votes: Votes, codes: Codes) -> Fit:
    """The threshold and margin with the highest accuracy of what passes, among those that reject few enough."""
    right = votes.winner == codes
    best = Fit(0.0, 0.0, 0.0, 1.0)
    for margin in MARGINS:
        for threshold in np.quantile(votes.similarity, QUANTILES):
            passed = (votes.similarity >= threshold) & (votes.margin >= margin)
            accuracy, rejected = float(right[passed].mean()), 1 - float(passed.mean())
            if rejected <= MOST_REJECTED and accuracy > best.accuracy:
                best = Fit(float(threshold), float(margin), accuracy, rejected)
    return best


def fit() -> Fit:
    """Cross-validate on the training messages; takes about half a minute."""
    texts, labels = read_examples(TRAIN)
    numbers = {label: number for number, label in enumerate(sorted(set(labels)))}
    codes = np.asarray([numbers[label] for label in labels], dtype=np.int64)
    return best_gate(out_of_fold(texts, codes), codes)


if __name__ == "__main__":
    found = fit()
    print(f"threshold: {found.threshold:.3f}, margin: {found.margin:.2f}")  # noqa: T201 - this is what the command is for
    print(f"out of fold: accuracy {found.accuracy:.4f} of the accepted, {found.rejected:.4f} rejected")  # noqa: T201
