"""CUAD's labels, and how an extraction compares with them. Lawyers wrote the labels; nothing here is tuned on the shipped contracts."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interlock.examples.contract_review.terms import WORDS
from interlock.examples.contract_review.words import Day, full_year

FOLDER = Path(__file__).parent / "data"
FIELDS = ("parties", "governing_law", "agreement_date", "expiration")
SAME_LAW = {"PRC": "People's Republic of China", "Ontario, Canada": "Ontario"}
_GROUP = re.compile(r"individually|collectively|sometimes", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Labels:
    """What CUAD's lawyers wrote about one contract; ``None`` where they found nothing."""

    file: str
    title: str
    parties: frozenset[str]
    governing_law: str | None
    agreement_date: str | None
    expiration: str | None
    kinds: frozenset[str]
    """The Yes/No kinds of clause that the contract has."""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """One field: contracts that are right, contracts that have a label, and values that were given where there is none."""

    right: int
    labelled: int
    invented: int
    contracts: int


def read_labels(path: Path = FOLDER / "clauses.csv") -> dict[str, Labels]:
    """The labels by file name."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["file"]: _labels(row) for row in csv.DictReader(file)}


def read_contract(file: str, folder: Path = FOLDER) -> str:
    """The raw text."""
    return (folder / file).read_text(encoding="utf-8")


def is_right(field: str, found: dict[str, Any], labels: Labels) -> bool:
    """Whether a field says exactly what the label says; a party counts by the letters and digits of its name."""
    if field == "parties":
        return {plain(name) for name in found["parties"]} == {plain(name) for name in labels.parties}
    value, label = found[field], getattr(labels, field)
    if field == "governing_law":
        return bool(SAME_LAW.get(value, value) == SAME_LAW.get(label, label))
    return bool(value == label)


def accuracy(field: str, pairs: Iterable[tuple[dict[str, Any], Labels]]) -> Accuracy:
    """How often a field was right."""
    right = labelled = invented = contracts = 0
    for found, labels in pairs:
        contracts += 1
        has_label = bool(getattr(labels, field))
        labelled += has_label
        right += is_right(field, found, labels)
        invented += not has_label and bool(found[field])
    return Accuracy(right, labelled, invented, contracts)


@dataclass(frozen=True, slots=True)
class KindAccuracy:
    """The kinds of clause that were found: how many of them the labels have, and how many of the labels' were found."""

    precision: float
    recall: float
    labelled: int


def kind_accuracy(pairs: Iterable[tuple[dict[str, Any], Labels]]) -> KindAccuracy:
    """Over all kinds that are looked for."""
    both = found = labelled = 0
    for data, labels in pairs:
        its = labels.kinds & WORDS.keys()
        both, found, labelled = both + len(its & data["terms"].keys()), found + len(data["terms"]), labelled + len(its)
    return KindAccuracy(both / max(found, 1), both / max(labelled, 1), labelled)


def plain(name: str) -> str:
    """A name without what people write differently: case, points, spaces."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def label_date(text: str) -> str | None:
    """CUAD's month/day/year, each part possibly blank, as ``words.Day`` writes it; a date without even a year is none."""
    text = text.strip()
    if not text or text == "[]/[]/[]":
        return None
    if text.lower() == "perpetual":
        return "perpetual"
    month, day, year = text.split("/")
    if not re.fullmatch(r"\d+", year):
        return None
    return str(Day(full_year(year), _part(month), _part(day)))


def _part(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def _party(text: str) -> str:
    """A party of the label without the short forms that it goes by."""
    return re.sub(r"\([^()]*[\"“].*$|, solely for .*$", "", text.strip().removeprefix("(")).strip(" ,\n")


def _labels(row: dict[str, str]) -> Labels:
    parts = re.sub(r"\[[^\]]*\]", "", row["Parties-Answer"]).split(";")
    parties = frozenset(name for part in parts if not _GROUP.search(part) and len(name := _party(part)) > 2)
    kinds = frozenset(name.removesuffix("-Answer").strip() for name, value in row.items() if name.endswith("-Answer") and value == "Yes")
    title = " ".join(row["Document Name-Answer"].split())
    law = row["Governing Law-Answer"].strip() or None
    dates = label_date(row["Agreement Date-Answer"]), label_date(row["Expiration Date-Answer"])
    return Labels(row["file"], title, parties, law, *dates, kinds)
