"""Finding personal data and secrets in texts, and masking them, without a runtime.

>>> import interlock as il
>>> il.privacy.mask("Write to ada@example.com or ring +49 30 2345678.").text
'Write to ⟦EMAIL_ADDRESS:1⟧ or ring ⟦PHONE_NUMBER:1⟧.'

Here a token is a number that counts up for each kind within one text, from behind those that the text has already; the same value has the
same token. In a run the vault makes tokens instead, which nobody can guess or link.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar, runtime_checkable

import orjson

from interlock._core import Privacy
from interlock.errors import UsageError

T = TypeVar("T")

STRUCTURED: tuple[str, ...] = tuple(Privacy.kinds()[0])
"""Kinds that are found by their structure, in Rust: `EMAIL_ADDRESS`, `CREDIT_CARD`, …"""
NAMED: tuple[str, ...] = tuple(Privacy.kinds()[1])
"""Kinds that need a model: `PERSON`, `STREET_ADDRESS`, …"""


@dataclass(frozen=True, slots=True)
class Span:
    """Something found: `type` names its kind, `start` and `end` (exclusive) are code points of the text."""

    type: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Masked:
    """A text with placeholders, and what they stand for, in code points of the text that was given."""

    text: str
    spans: tuple[Span, ...]


@runtime_checkable
class Ner(Protocol):
    """What finds names and places: a callable from a text to spans with types of `NAMED`."""

    def __call__(self, text: str, /) -> Sequence[Span]:
        """The spans, in any order; they may overlap."""
        ...


def scan(text: str, kinds: Iterable[str] | None = None, *, ner: Ner | None = None) -> tuple[Span, ...]:
    """What is found in a text, in order, without overlaps.

    ``kinds`` are names of `STRUCTURED` (all of them by default) and, with a model as ``ner``, of `NAMED`. Raises `UsageError` for a kind
    that does not exist or that needs a model, and for a text with half a pair of surrogates.
    """
    structured, named = _chosen(kinds, ner)
    found = _sound(_detectors(structured).scan, text)
    spans = tuple(Span(*one) for one in found)
    return spans if ner is None else joined(text, spans, [span for span in ner(text) if span.type in named])


def mask(text: str, kinds: Iterable[str] | None = None, *, ner: Ner | None = None) -> Masked:
    """The text with a placeholder ``⟦KIND:token⟧`` for each value that is found; the same value has the same token.

    Takes and raises what `scan` does. What is masked already stays as it is.
    """
    if ner is None:
        masked, found = _sound(_detectors(_chosen(kinds, None)[0]).mask, text)
        return Masked(text if masked is None else masked, tuple(Span(*one) for one in found))
    spans = scan(text, kinds, ner=ner)
    places = [(span.type, span.start, span.end) for span in spans]
    return Masked(Privacy.mask_places(text, places), spans)


def joined(text: str, spans: Sequence[Span], named: Sequence[Span]) -> tuple[Span, ...]:
    """Structure wins over names where they overlap, and the longer name over the shorter; none lies in a placeholder."""
    taken = [(span.start, span.end) for span in spans] + Privacy.placeholders(text)
    joined = list(spans)
    for span in sorted(named, key=lambda span: (span.start - span.end, span.start)):
        sound = 0 <= span.start < span.end <= len(text)
        if sound and not any(span.start < end and start < span.end for start, end in taken):
            taken.append((span.start, span.end))
            joined.append(span)
    return tuple(sorted(joined, key=lambda span: span.start))


def _chosen(kinds: Iterable[str] | None, ner: Ner | None) -> tuple[tuple[str, ...] | None, frozenset[str]]:
    if kinds is None:
        return None, frozenset(NAMED)
    if isinstance(kinds, str):
        raise UsageError(f"kinds is a text, {kinds!r}", hint=f"give a list: kinds=[{kinds!r}]")
    asked = tuple(dict.fromkeys(kinds))
    for kind in asked:
        if kind in NAMED and ner is None:
            hint = "pip install 'interlock[ner]' and give ner=interlock.privacy_spacy.SpacyNer()"
            raise UsageError(f"{kind} has no structure to go by: it needs a model", hint=hint)
        if kind not in NAMED and kind not in STRUCTURED:
            raise UsageError(f"there is no kind {kind!r}", hint=f"known: {', '.join((*STRUCTURED, *NAMED))}")
    return tuple(kind for kind in asked if kind in STRUCTURED), frozenset(kind for kind in asked if kind in NAMED)


@functools.lru_cache(maxsize=64)
def _detectors(kinds: tuple[str, ...] | None) -> Privacy:
    return Privacy(orjson.dumps({} if kinds is None else {"kinds": kinds}))


def _sound(find: Callable[[str], T], text: str) -> T:
    """Refuse a text that is no Unicode, by the place where it is not."""
    try:
        return find(text)
    except UnicodeEncodeError as error:
        message = f"the text has half a pair of surrogates at offset {error.start}"
        raise UsageError(message, hint="decode bytes with errors='replace', or JSON with whole pairs") from error
