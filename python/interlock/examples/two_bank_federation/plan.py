"""Two banks as a federation: a domain each, with its own agents, rules and books, and a contract for either direction."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import interlock as il
from interlock.examples.two_bank_federation import desks
from interlock.examples.two_bank_federation.books import BankA, BankB

FOLDER = Path(__file__).parent
ASKED = ("case_id", "question")
ANSWERED = ("case_id", "risk_band", "signals", "credited")
"""All that one bank tells the other: there, and back."""

CUSTOMER = "customer"
"""Who the customer is comes in to bank A, and does not leave it."""

TEXT = "text"
"""Bank A's wall lets texts through, since customers write to it and read its answers. Bank B's lets none in and none out."""

SHAREABLE, SEALED = "shareable", "sealed"
"""A sealed case comes in to bank A, and does not leave it."""


@dataclass(frozen=True, slots=True)
class TwoBanks:
    """What ``il.open`` needs for the example."""

    plan: il.Federation
    tools: list[il.Tool]
    a: BankA
    b: BankB


def build() -> TwoBanks:
    """Put both banks together; bank B fits its model."""
    a, b = BankA(), BankB()
    inside_a = il.Handoff(
        "a_desks",
        entry=desks.a_intake,
        to=[desks.fraud_desk, desks.payments_desk, il.step(desks.decide, min_confidence=0.6)],
        max_handoffs=2,
    )
    inside_b = il.Handoff("b_desks", entry=desks.b_intake, to=[desks.risk_desk, desks.tracing_desk], max_handoffs=1)
    bank_a = il.Domain(
        "bank_a",
        inside_a,
        imports=il.contract(fields=(CUSTOMER, TEXT, *ANSWERED), labels=(SHAREABLE, SEALED)),
        exports=il.contract(fields=(TEXT, *ASKED, "verdict"), labels=(SHAREABLE,)),
        rules=il.Config.load(FOLDER / "bank_a.yaml"),
        max_turns=8,
    )
    bank_b = il.Domain(
        "bank_b",
        inside_b,
        imports=il.contract(fields=ASKED, labels=(SHAREABLE,)),
        exports=il.contract(fields=ANSWERED, labels=(SHAREABLE,)),
        rules=il.Config.load(FOLDER / "bank_b.yaml"),
        max_turns=4,
        deadline=10.0,
    )
    plan = il.Federation("dispute", [bank_a, bank_b], entry="bank_a", max_handoffs=2)
    return TwoBanks(plan, [*a.tools(), *b.tools()], a, b)
