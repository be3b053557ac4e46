"""The strict extractor: what a contract says in the words that lawyers use for it. What it finds, it can quote; it never guesses."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import Any

from interlock.examples.contract_review.words import NUMBER, PLACE, Day, first_day, later, number, place_of

OPENING = 3_500
"""Parties and date stand within so many characters of the opening."""
WEIGHTS = {"parties": 0.3, "governing_law": 0.3, "agreement_date": 0.2, "expiration": 0.2}
"""What each field adds to the confidence."""

_LAW_OF = rf"laws?\s+of\s+(?:the\s+)?(?:United\s+States\s+and\s+)?(?:(?:State|Commonwealth|Province)\s+of\s+)?(?P<place>{PLACE})\b"
_LAW = (
    re.compile(rf"\b(?:governed|construed|interpreted|enforced)\b[^.;]{{0,220}}?\b{_LAW_OF}", re.IGNORECASE),
    re.compile(rf"\b{_LAW_OF}[^.;]{{0,60}}?\b(?:shall|will|to)\s+(?:govern|apply|control)", re.IGNORECASE),
)
_BETWEEN = re.compile(r"\b(?:between|among)\b\s*:?|\bis\s+entered\s+into\s+by\b|\bunder\s+which\b", re.IGNORECASE)
_CALLED = re.compile(
    r"(?:\(|referred\s+to\s+(?:\w+\s+){0,4}as\s)\s*(?:the\s+|each,?\s+an?\s+|herein(?:after)?\s+|to\s+be\s+|(?:referred\s+to\s+(?:herein\s+)?as|called)\s+)*"
    r"[\"“”'‘]+(?P<called>[^\"“”'’)]{1,60})[^)]{0,90}?(?:\)|(?<=[\"”’']),)",
    re.IGNORECASE,
)
_TAKES_IN_ALL = re.compile(r"^(?:the\s+)?(?:party|parties|agreement|effective date|amendment|execution date)\b", re.IGNORECASE)
_LINK = re.compile(
    r"^(?:\s*(?:,|;|:|[Aa][Nn][Dd]\b|&|by\b|the\b|\(?\d\)|-+|of\s+(?:one|the\s+other)\s+part\b"
    r"|authorizes\b|[Pp]arty\s+[AB]\s*:)\s*)+"
)
_SUFFIX = r"(?:Inc|LLC|L\.L\.C|L\.P|LP|Ltd|Limited|Corp|Corporation|Co|Company|AG|AB|A/S|Bank|Funds?|Trust)\b"
_NAMED = re.compile(rf"\b{_SUFFIX}", re.IGNORECASE)
_NEXT = re.compile(rf",?\s+and\s+|;\s*|,\s+(?=[A-Z])(?!{_SUFFIX})", re.IGNORECASE)
_DESCRIPTION = r"(?:an?|with|whose|having|located|organized|existing|individually|incorporated|duly|doing|acting|address|a/k/a|d/b/a)\s"
_DESCRIBED = re.compile(
    rf",?\s*\(?\b(?:{_DESCRIPTION}|(?:of|at)\s+(?:[A-Z]\w+\s+)?\d)"
    r"|,?\s+(?:Suite|Room|Unit)\s|\s{2,}\d|,?\s+\d+(?:st|nd|rd|th)?\s|\s\((?![A-Z][\w ]+\)\s[A-Z])"
)
_DATED = re.compile(
    r"(?<!Agreement )\b(?:dated|made|entered\s+into|effective)\b(?=(?P<far>.{0,70}))|\bthis\s+(?:the\s+)?(?=(?P<near>[\d_\[].{0,35}))",
    re.IGNORECASE | re.DOTALL,
)
_UNTIL = re.compile(
    r"\b(?:until|through|terminat(?:e|es|ing)\s+on|ending\s+on|ends?\s+on|expir(?:e|es|ing)(?:\s+on)?|extended\s+to)\s+(?:to\s+)?(?=.{0,28}\d)",
    re.IGNORECASE,
)
_LONG = rf"(?:an?\s+)?(?:initial\s+)?(?:(?:term|period)\s+of\s+)?(?:approximately\s+)?{NUMBER}\s*-?\s*(?P<unit>year|month)s?\b"
_SPANS = (
    re.compile(rf"\bterm\s+(?:of\s+(?:the|this)\s+\w+(?:\s+\w+)?\s+)?(?:shall\s+be|is|will\s+be)\s+(?:for\s+)?{_LONG}", re.IGNORECASE),
    re.compile(rf"\bagreement\s+(?:shall|will|is|has)\b[^.;]{{0,60}}?\bfor\s+{_LONG}", re.IGNORECASE),
    re.compile(rf"\bcontinu\w+\s+(?:in\s+(?:full\s+force\s+and\s+)?effect\s+)?(?:\w+\s+){{0,6}}?for\s+{_LONG}", re.IGNORECASE),
    re.compile(rf"\bterm\s*:\s*{_LONG}", re.IGNORECASE),
)
_TERM = re.compile(r"\bterm\b|\bperiod\b|\bcontinue\b|\bexpire\b", re.IGNORECASE)
_FOREVER = re.compile(r"\bperpetu(?:al|ity)\b|\bindefinite\s+(?:term|period)|\bindefinitely\b", re.IGNORECASE)
_FOR_EVER = re.compile(r"(?:agreement|this license)[^.;]{0,80}\b(?:term|effect|force|valid)\b", re.IGNORECASE)
_STARTS = re.compile(r"\b(?:effective\s+(?:as\s+of|date)|commenc(?:e|es|ing)(?:\s+(?:on|as\s+of))?)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[a-z\")\]])[.;]\s+(?=[A-Z(\d])|\n\s*\n")


@dataclass(slots=True)
class Extraction:
    """What an extractor found. ``quotes`` holds the words of the contract that each field rests on."""

    parties: list[str] = field(default_factory=list)
    governing_law: str | None = None
    agreement_date: str | None = None
    expiration: str | None = None
    quotes: dict[str, str] = field(default_factory=dict)
    searched: str = "rules"
    confidence: float = 0.0

    def to_data(self) -> dict[str, Any]:
        """As the data of a reply."""
        return asdict(self)


def sentences(text: str) -> list[str]:
    """The text in pieces that a clause does not cross."""
    return [piece for piece in _SENTENCE.split(text) if piece.strip()]


def governing_law(text: str) -> tuple[str, str] | None:
    """The place whose law governs, and the words."""
    for form in _LAW:
        if match := form.search(text):
            return place_of(match["place"]), match[0]
    return None


def parties(text: str) -> tuple[list[str], str] | None:
    """The names before each ("Called") of the opening, and the words."""
    opening = text[:OPENING]
    for between in _BETWEEN.finditer(opening):
        names: list[str] = []
        at = between.end()
        for called in _CALLED.finditer(opening, between.end(), min(len(opening), between.end() + 1_400)):
            segment, at = opening[at : called.start()], called.end()
            name = party_name(segment)
            if name and not _TAKES_IN_ALL.match(called["called"].strip()) and name not in names:
                names.append(name)
            elif names:
                break
        if len(names) > 1:
            return names, opening[between.start() : at]
    return None


def party_name(segment: str) -> str:
    """The name in a stretch of the opening that ends where the name is given a short form; empty if nothing looks like one."""
    words = _LINK.sub("", segment)
    if re.match(_DESCRIPTION, words):  # what describes the party before: the name comes after it
        pieces = [piece for piece in _NEXT.split(words) if piece[:1].isupper()]
        words = next((piece for piece in pieces if _NAMED.search(piece)), pieces[-1] if pieces else "")
    if cut := _DESCRIBED.search(words):
        words = words[: cut.start()]
    name = " ".join(words.split()).strip(" ,;:-")
    return name if re.match(r"[a-z]?[A-Z]", name) and len(name) < 70 and len(name.split()) < 9 else ""


def agreement_date(text: str) -> tuple[Day, str] | None:
    """The date in the opening after words like "made this" or "dated as of"."""
    for dated in _DATED.finditer(text[:OPENING]):
        if found := first_day(dated["far"] or dated["near"]):
            return found
    return None


def start_date(text: str) -> Day | None:
    """The date on which the term begins, where the opening says so."""
    for starts in _STARTS.finditer(text[: 2 * OPENING]):
        if found := first_day(text[starts.start() : starts.end() + 40]):
            return found[0]
    return None


def expiration(text: str, start: Day | None) -> tuple[str, str] | None:
    """When the first term ends: a date that is named, a span from the start, or never."""
    for sentence in sentences(text):
        if not _TERM.search(sentence):
            continue
        for until in _UNTIL.finditer(sentence):
            if found := first_day(sentence[until.end() : until.end() + 32]):
                return str(found[0]), sentence[until.start() : until.end() + 32].strip()
    for sentence in sentences(text):
        if _FOR_EVER.search(sentence) and (match := _FOREVER.search(sentence)):
            return "perpetual", match[0]
        for form in _SPANS:
            if start and (match := form.search(sentence)) and (count := number(match)):
                return str(later(start, count * (12 if match["unit"].lower() == "year" else 1))), match[0]
    return None


def extract(text: str) -> Extraction:
    """All four fields by the strict rules."""
    found = Extraction()
    if law := governing_law(text):
        found.governing_law, found.quotes["governing_law"] = law
    if named := parties(text):
        found.parties, found.quotes["parties"] = named
    if signed := agreement_date(text):
        found.agreement_date, found.quotes["agreement_date"] = str(signed[0]), signed[1]
    if ends := expiration(text, start_date(text) or (signed[0] if signed else None)):
        found.expiration, found.quotes["expiration"] = ends
    found.confidence = round(sum(weight for name, weight in WEIGHTS.items() if is_whole(found, name)), 3)
    return found


def is_whole(found: Extraction, name: str) -> bool:
    """Whether a field was found, with no part of a date blank."""
    value = getattr(found, name)
    return bool(value) and "?" not in value
