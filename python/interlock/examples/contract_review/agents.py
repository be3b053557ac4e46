"""The agents: two extractors, a checker that holds every quote against the contract, and a summariser that raises flags."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import interlock as il
from interlock.examples.contract_review.loose import extract_loosely, mend
from interlock.examples.contract_review.rules import Extraction, extract
from interlock.examples.contract_review.terms import RENEWS, find_terms, read_rates, unusual

RATES = read_rates()
ENOUGH = 0.7
"""The confidence below which an extraction does not pass."""

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["parties", "governing_law", "agreement_date", "expiration", "quotes", "searched"],
    "properties": {
        "parties": {"type": "array", "items": {"type": "string", "minLength": 3}, "minItems": 2},
        "governing_law": {"type": ["string", "null"]},
        "agreement_date": {"type": ["string", "null"], "pattern": r"^\d{4}-(\d\d|\?\?)-(\d\d|\?\?)$"},
        "expiration": {"type": ["string", "null"], "pattern": r"^(perpetual|\d{4}-(\d\d|\?\?)-(\d\d|\?\?))$"},
        "quotes": {"type": "object"},
    },
}
"""What an extraction must look like: two parties at least, dates that are dates."""

SEARCHED = "data.governing_law != null || data.searched == 'everything'"
"""No governing law is an answer only of an extractor that searched everything for it."""


@il.agent
async def extractor(message: il.Message, ctx: il.Context) -> il.Reply:
    """The strict rules: on the text as it is, and when that did not pass, on the text with its print errors mended."""
    return _reply(extract(mend(message.text) if ctx.feedback else message.text))


@il.agent
async def loose_extractor(message: il.Message, ctx: il.Context) -> il.Reply:
    """The stand-in: it guesses, and says so in its confidence."""
    return _reply(extract_loosely(message.text))


@il.agent
async def checker(message: il.Message, ctx: il.Context) -> il.Reply:
    """Whether what was extracted can be what the contract says; the contract is what the run began with."""
    found: dict[str, Any] = message.data
    problems = find_problems(found, ctx.history[0].text)
    return il.Reply("; ".join(problems) or "every quote is in the contract", data={**found, "problems": problems})


@il.agent
async def summariser(message: il.Message, ctx: il.Context) -> il.Reply:
    """The summary for whoever signs."""
    found: dict[str, Any] = message.data
    text = ctx.history[0].text
    terms = find_terms(text)
    flags = find_flags(found, text, terms)
    data = {name: value for name, value in found.items() if name not in ("quotes", "problems")} | {"terms": terms, "flags": flags}
    return il.Reply(summary(found, terms, flags), data=data, confidence=found["confidence"])


def find_problems(found: dict[str, Any], text: str) -> list[str]:
    """What cannot be: a quote that the contract does not have, one party twice, an end before the beginning."""
    letters = _letters(text)
    quotes = ((name, part) for name, quote in found["quotes"].items() for part in quote.split(" … "))
    problems = [f"the words for {name} are not in the contract" for name, part in quotes if _letters(part) not in letters]
    folded = [_letters(name) for name in found["parties"]]
    if len(set(folded)) < len(folded):
        problems.append("one party is named twice")
    starts, ends = found["agreement_date"] or "", found["expiration"] or ""
    if "?" not in starts + ends and starts and ends not in ("", "perpetual") and ends <= starts:
        problems.append(f"it ends on {ends}, before it is made on {starts}")
    return problems


def find_flags(found: dict[str, Any], text: str, terms: dict[str, str]) -> list[str]:
    """What a person should look at before signing."""
    flags = []
    if found["governing_law"] is None:
        flags.append("governing law is missing")
    match found["expiration"]:
        case None:
            flags.append("expiry is unclear")
        case "perpetual":
            flags.append("never expires")
        case ends if "?" in ends:
            flags.append("expiry has blanks")
    if found["agreement_date"] is None:
        flags.append("not dated")
    elif "?" in found["agreement_date"]:
        flags.append("date has blanks: a form that was not filled in")
    if RENEWS.search(text):
        flags.append("renews by itself")
    if found["searched"] == "everything":
        flags.append("some fields are guesses")
    return flags + [f"unusual term: {kind} (in {RATES[kind]:.0%} of contracts)" for kind in unusual(terms, RATES)]


def summary(found: dict[str, Any], terms: dict[str, str], flags: list[str]) -> str:
    """A few lines that stand alone."""
    law = found["governing_law"] or "not stated"
    lines = [
        f"Agreement between {' and '.join(found['parties'])}, made {_said(found['agreement_date'])}.",
        f"Governing law: {law}. Ends: {_said(found['expiration'])}.",
        f"Clauses: {', '.join(terms) or 'none of those we look for'}.",
        f"Flags: {'; '.join(flags) or 'none'}.",
    ]
    return "\n".join(lines)


def _reply(found: Extraction) -> il.Reply:
    names = ", ".join(name for name in found.quotes) or "nothing"
    return il.Reply(f"found {names}", data=found.to_data(), confidence=found.confidence)


def _letters(text: str) -> str:
    """What a text says, whatever its layout."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _said(day: str | None) -> str:
    if day is None:
        return "at an unclear date"
    return day if day == "perpetual" or "?" in day else f"{date.fromisoformat(day):%d %B %Y}"
