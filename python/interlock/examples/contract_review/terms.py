"""Clauses that a reviewer wants to know of, found by their usual words, and how usual each is among other contracts."""

from __future__ import annotations

import csv
import re
from pathlib import Path

FOLDER = Path(__file__).parent / "data"
UNUSUAL = 0.15
"""A clause that fewer of the reference contracts have is worth a flag."""

_WORDS = {
    "Anti-Assignment": r"\bassign(?:ed|able|ment)?\b.{0,200}?\b(?:without|prior\s+(?:written\s+)?consent)\b"
    r"|\b(?:not|neither|no)\b[^.]{0,90}\bassign\b",
    "Audit Rights": r"\b(?:right|entitled|permit\w*|allow\w*|may)\b[^.]{0,120}"
    r"\b(?:audit|inspect|examin\w+)\b[^.]{0,120}\b(?:books|records|accounts|facilit\w+)",
    "Cap On Liability": r"\bliab\w+\b[^.]{0,160}\b(?:exceed|limited\s+to)\b"
    r"|\bin\s+no\s+event\b[^.]{0,160}\b(?:consequential|indirect|incidental)",
    "Change Of Control": r"\bchange\s+(?:of|in)\s+control\b|\bcontrol\s+of\s+either\s+party\b",
    "Exclusivity": r"(?<!non-)(?<!non)\bexclusiv(?:e|ely|ity)\b[^.]{0,60}"
    r"\b(?:right\s+to|agent|distributor|supplier|provider|sponsor\w*|partner)\b",
    "Insurance": r"\b(?:maintain|carry|obtain|procure|provide)\b[^.]{0,80}\binsurance\b",
    "Liquidated Damages": r"\bliquidated\s+damages\b|\btermination\s+fee\b",
    "No-Solicit Of Employees": r"\b(?:solicit|hire|employ)\b[^.]{0,100}\b(?:employees?|contractors?|personnel)\b"
    r"[^.]{0,100}\b(?:leave|terminat|of\s+the\s+other|period)",
    "Non-Compete": r"\b(?:shall|will|agrees?)\s+not\b[^.]{0,200}\bcompet(?:e|es|ing|itive|itors?)\b|\bnon-?competition\b",
    "Non-Disparagement": r"\bdisparag\w+|\bdisrepute\b|\bridicule\b",
    "Termination For Convenience": r"\bterminat\w+\b[^.]{0,120}"
    r"\b(?:without\s+cause|for\s+any\s+reason|at\s+any\s+time|for\s+convenience|with(?:out)?\s+or\s+without)",
}
WORDS = {kind: re.compile(words, re.IGNORECASE | re.DOTALL) for kind, words in _WORDS.items()}
RENEWS = re.compile(
    r"\brenew(?:s|ed|al)?\b[^.]{0,60}\bautomatic"
    r"|\bautomatic\w*\b[^.]{0,40}\b(?:renew|extend|continu)|\bsuccessive\b",
    re.IGNORECASE,
)


def read_rates(path: Path = FOLDER / "rates.csv") -> dict[str, float]:
    """The share of the reference contracts that has each kind of clause."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["kind"]: int(row["yes"]) / int(row["contracts"]) for row in csv.DictReader(file)}


def find_terms(text: str) -> dict[str, str]:
    """The kinds of clause that a text has, each with the words that gave it away."""
    found = ((kind, words.search(text)) for kind, words in WORDS.items())
    return {kind: " ".join(match[0].split()) for kind, match in found if match}


def unusual(kinds: dict[str, str], rates: dict[str, float]) -> list[str]:
    """Those that few contracts have, the rarest first."""
    return sorted((kind for kind in kinds if rates[kind] < UNUSUAL), key=lambda kind: (rates[kind], kind))
