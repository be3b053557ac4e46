"""Bank A's head: which payment a customer means, what the matter is, what speaks for fraud here, and what follows from an opinion."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

BANK_B = "9999999"
"""The bank code by which bank A knows that an account is at bank B."""

_AMOUNT = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d\d))? ?(?:EUR|euros?)")
_FRAUD = re.compile(
    r"\b(scam\w*|fraud\w*|fake|tricked|pretend\w*|never (?:existed|saw)|safe account|was not me|blocked my number)\b", re.IGNORECASE
)
_MISSING = re.compile(
    r"\b(not (?:yet )?(?:arrived|received|there)|has(?:n't| not) (?:arrived|come)|still waiting|where is)\b", re.IGNORECASE
)
_PRESSURE = re.compile(r"\b(safe account|pretend\w*|urgent\w*|at once|called me|deposit|blocked my number)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment as bank A booked it."""

    case_id: str
    customer: str
    iban_to: str
    """The account. Agents see a placeholder that stands for it."""
    bank_to: str
    """The bank of that account."""
    payee: str
    cents: int
    status: str

    @property
    def is_at_bank_b(self) -> bool:
        """Whether the money went there."""
        return self.bank_to == BANK_B

    @property
    def money(self) -> str:
        """The amount as customers read it."""
        return f"{self.cents / 100:,.2f} EUR"


def amount_in(text: str) -> int | None:
    """The first amount of a text, in cents.

    >>> amount_in("I paid 4,800.00 EUR on Friday"), amount_in("620 euros"), amount_in("money")
    (480000, 62000, None)
    """
    found = _AMOUNT.search(text)
    return None if found is None else int(found[1].replace(",", "")) * 100 + int(found[2] or 0)


def meant(text: str, payments: Sequence[Payment]) -> Payment | None:
    """The payment that a customer's words are about: the newest with the amount that they name."""
    cents = amount_in(text)
    return next((payment for payment in payments if payment.cents == cents), None)


def matter(text: str) -> str:
    """``fraud``, ``missing`` or ``unknown``: an intent of bank A's routing table."""
    if _FRAUD.search(text):
        return "fraud"
    return "missing" if _MISSING.search(text) else "unknown"


def suspicion(text: str, payment: Payment, payments: Sequence[Payment]) -> float:
    """What bank A itself can say, from 0 to 1: pressure in the story, an unusual amount, a payee who was never paid before."""
    others = [other for other in payments if other.case_id != payment.case_id]
    unusual = bool(others) and payment.cents > 5 * median(other.cents for other in others)
    unknown = all(other.iban_to != payment.iban_to for other in others)
    return 0.4 * bool(_PRESSURE.search(text)) + 0.4 * unusual + 0.2 * unknown


def verdict(band: str, own: float) -> tuple[str, float]:
    """What to do, and how sure that is: ``recall`` or ``explain``. Where the two banks' views differ, nobody is sure.

    >>> verdict("high", 0.8), verdict("low", 0.2), verdict("medium", 0.2)
    (('recall', 0.95), ('explain', 0.9), ('recall', 0.45))
    """
    likely = {"low": 0.1, "medium": 0.5, "high": 0.95}[band]
    if band == "high":
        return "recall", 0.95 if own >= 0.4 else 0.7
    if band == "low" and own < 0.6:
        return "explain", 0.9
    return ("recall" if own + likely > 0.6 else "explain"), 0.45
