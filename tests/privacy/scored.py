"""The rule that the anchors of the PII set use: a value counts as found when findings of any type cover more than half of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from interlock.privacy import Span

SET = Path(__file__).parents[1] / "data" / "pii_synth" / "spans.jsonl"
STRUCTURED = ("CREDIT_CARD", "EMAIL_ADDRESS", "IBAN_CODE", "IP_ADDRESS", "PHONE_NUMBER", "US_DRIVER_LICENSE", "US_SSN")


class Scores(NamedTuple):
    """Recall by type, recall of all structured types together, and how much of what was found is a value at all."""

    recall: dict[str, float]
    together: float
    precision: float


def rows() -> list[dict[str, Any]]:
    """The 754 texts. All their cards pass the Luhn sum."""
    return [orjson.loads(line) for line in SET.read_bytes().splitlines()]


def covered(start: int, end: int, by: Iterable[tuple[int, int]]) -> bool:
    """More than half of it."""
    return sum(max(0, min(end, to) - max(start, at)) for at, to in by) * 2 > end - start


def score(find: Callable[[str], Sequence[Span]], types: Sequence[str] = STRUCTURED) -> Scores:
    """Both directions over the whole set."""
    found: Counter[str] = Counter()
    all_values: Counter[str] = Counter()
    sound = spans = 0
    for row in rows():
        findings = find(row["text"])
        places = [(span.start, span.end) for span in findings]
        for value in row["spans"]:
            if value["type"] in types:
                all_values[value["type"]] += 1
                found[value["type"]] += covered(value["start"], value["end"], places)
        truth = [(value["start"], value["end"]) for value in row["spans"]]
        spans += len(places)
        sound += sum(covered(start, end, truth) for start, end in places)
    recall = {kind: found[kind] / count for kind, count in all_values.items()}
    return Scores(recall, found.total() / all_values.total(), sound / spans)
