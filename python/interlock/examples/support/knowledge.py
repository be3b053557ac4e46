"""What the teams know: an answer for each intent, and which one a customer's words are nearest to. Read once, when the plan is built."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

import yaml

from interlock.errors import ConfigError

_WORD = re.compile(r"[a-z0-9]+")
_CUSTOMER = {"name", "country", "verification", "currency", "balance", "top_up_limit", "withdrawal_limit"}
_CARD = {"card_last4", "card_brand", "card_status", "expiry", "delivery_date"}
_MOVEMENT = {"amount", "fee", "counterparty", "status", "day"}
FIELDS: dict[str | None, set[str]] = {None: _CUSTOMER, "card": _CUSTOMER | _CARD}
FIELDS |= dict.fromkeys(("payment", "withdrawal", "transfer", "top_up"), _CUSTOMER | _MOVEMENT)
"""What an answer may mention, by what is looked up for it."""

Weights = dict[str, float]


@dataclass(frozen=True, slots=True)
class Entry:
    """What to say about one intent."""

    intent: str
    answer: str
    look: str | None = None
    """What to look up beside the customer."""
    prefer: str | None = None
    """Of several movements, the newest with this status."""
    passes_as: str | None = None
    """What the matter is to another team, when it turns out to be that team's."""


def read_entries(path: Path) -> dict[str, Entry]:
    """The entries of a knowledge file, by intent.

    Raises:
        ConfigError: an entry looks up what nobody knows, or mentions a field that its look-up does not give.
    """
    entries = {intent: Entry(intent, **parts) for intent, parts in yaml.safe_load(path.read_text(encoding="utf-8"))["intents"].items()}
    for entry in entries.values():
        if entry.look not in FIELDS:
            raise ConfigError(f"{path}: {entry.intent} looks up {entry.look!r}", hint=f"known are {', '.join(filter(None, FIELDS))}")
        unknown = {field for _, field, _, _ in Formatter().parse(entry.answer) if field} - FIELDS[entry.look]
        if unknown:
            raise ConfigError(f"{path}: {entry.intent} mentions {', '.join(sorted(unknown))}", hint="use a field of what it looks up")
    return entries


class Words:
    """Intents as weighted words (tf-idf): a text is near to an intent when they share the words that few intents use."""

    def __init__(self, examples: Iterable[tuple[str, str]]) -> None:
        counts: dict[str, Counter[str]] = {}
        documents: Counter[str] = Counter()
        total = 0
        for text, intent in examples:
            words = set(_WORD.findall(text.lower()))
            counts.setdefault(intent, Counter()).update(words)
            documents.update(words)
            total += 1
        self._rarity = {word: math.log(total / count) for word, count in documents.items()}
        self._intents = {intent: self._weigh(words) for intent, words in counts.items()}

    def nearest(self, text: str, intents: Iterable[str]) -> tuple[str, float]:
        """The intent that a text is nearest to, and how near, from 0 (no word in common) to 1."""
        words = self._weigh(Counter(_WORD.findall(text.lower())))
        scores = {intent: sum(weight * self._intents[intent].get(word, 0.0) for word, weight in words.items()) for intent in intents}
        best = max(scores, key=scores.__getitem__)
        return best, min(1.0, scores[best])

    def _weigh(self, counts: Mapping[str, int]) -> Weights:
        """Rare and frequent here counts; the length is one."""
        weights = {word: count * self._rarity[word] for word, count in counts.items() if word in self._rarity}
        length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        return {word: weight / length for word, weight in weights.items()}
