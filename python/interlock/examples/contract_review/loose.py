"""What is tried when the strict rules find too little: the text with its print errors mended, and then looser rules that may guess."""

from __future__ import annotations

import re

from interlock.examples.contract_review.rules import OPENING, WEIGHTS, Extraction, extract, is_whole, parties, sentences
from interlock.examples.contract_review.words import PLACE, Day, first_day, place_of

GUESSED = 0.6
"""How much a field that only a loose rule found adds to the confidence, where a strict one adds 1."""
ABSENT = 0.4
"""How much a field adds that is not there, now that everything was searched for it."""

_SPLIT_ORDINAL = re.compile(r"\b(\d{1,2})(s|n|r|t)\s(t|d|h)\b")
_RULE = re.compile(r"-{3,}")
_BORN_UNDER = re.compile(r"organi[sz]ed|existing|incorporated|corporation\s+under|qualified", re.IGNORECASE)
_DISPUTE = re.compile(r"\bgovern|\bdispute|\barbitra|\bjurisdiction\b|\bvenue\b", re.IGNORECASE)
_ANY_PLACE = re.compile(
    rf"\b(?:laws?\s+of|courts?\s+(?:of|in)|submitted\s+to|arbitration\s+in)\b[^.;]{{0,60}}?"
    rf"\b(?P<place>{PLACE})\b",
    re.IGNORECASE,
)
_COMPANY = re.compile(
    r"(?<!\ba )(?<!\ban )(?:[A-Z][\w&.'’-]*,?\s+){1,5}?(?:\([A-Z][\w ]+\)\s+)?"
    r"(?:INC|Inc|LLC|L\.L\.C|LTD|Ltd|Limited|LIMITED|CORP|Corp|CORPORATION|Corporation|AG|Company|COMPANY)\b\.?"
)
_ENDS = re.compile(r"\b(?:until|through|expir\w+|terminat\w+|ending|ends)\b(?P<after>.{0,60})", re.IGNORECASE | re.DOTALL)
_SIGNED = re.compile(r"\bdate[d:]?\s*:?\s*(?P<after>.{0,40})", re.IGNORECASE | re.DOTALL)


def mend(text: str) -> str:
    """The text as it was meant: ordinals that the print split are whole, rules of dashes are gone, a line may break anywhere."""
    whole = _SPLIT_ORDINAL.sub(r"\1\2\3", _RULE.sub(" ", text))
    paragraphs = (" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", whole))
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def extract_loosely(text: str) -> Extraction:
    """The strict rules on the mended text first; whatever they leave open is guessed, and counts less."""
    text = mend(text)
    found = extract(text)
    found.searched = "everything"
    guesses = {
        "governing_law": _law(text) if found.governing_law is None else None,
        "parties": _companies(text) if not found.parties else None,
        "agreement_date": _date(text) if found.agreement_date is None else None,
        "expiration": _end(text, found.agreement_date) if found.expiration is None else None,
    }
    for name, guess in guesses.items():
        if guess is not None:
            value, found.quotes[name] = guess
            setattr(found, name, value)
    worth = (GUESSED if guesses[name] else 1.0 if is_whole(found, name) else ABSENT for name in WEIGHTS)
    found.confidence = round(sum(share * weight for share, weight in zip(worth, WEIGHTS.values(), strict=True)), 3)
    return found


def _law(text: str) -> tuple[str, str] | None:
    """A place in a sentence about disputes, unless it is where a party was founded."""
    for sentence in sentences(text):
        if _DISPUTE.search(sentence) and not _BORN_UNDER.search(sentence) and (match := _ANY_PLACE.search(sentence)):
            return place_of(match["place"]), match[0]
    return None


def _companies(text: str) -> tuple[list[str], str] | None:
    """The first two companies of the opening that are named again later."""
    if named := parties(text.replace("hereinafter ", "(hereinafter ")):
        return named
    names: list[str] = []
    for match in _COMPANY.finditer(text[:OPENING]):
        name = " ".join(match[0].split()).strip(" ,")
        known = any(name in other or other in name for other in names)
        if not known and text.count(name.split()[0]) > 2:
            names.append(name)
    return (names[:2], " … ".join(names[:2])) if len(names) > 1 else None


def _date(text: str) -> tuple[str, str] | None:
    """A date beside the word in the opening, or else beside the last signature."""
    for part in (text[:OPENING], text[-OPENING:]):
        for match in _SIGNED.finditer(part):
            if found := first_day(match["after"]):
                return str(found[0]), found[1]
    found = first_day(text[:600])
    return None if found is None else (str(found[0]), found[1])


def _end(text: str, signed: str | None) -> tuple[str, str] | None:
    """The last whole date after a word of ending in a sentence about a term or period; never one before the agreement."""
    ends: list[tuple[Day, str]] = []
    for sentence in sentences(text):
        if re.search(r"\bterm\b|\bperiod\b", sentence, re.IGNORECASE):
            found = (first_day(match["after"]) for match in _ENDS.finditer(sentence))
            ends.extend(one for one in found if one and one[0].whole and str(one[0]) > (signed or ""))
    return (str(ends[0][0]), ends[0][1]) if ends else None
