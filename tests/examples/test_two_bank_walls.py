"""Two banks end to end: how each case ends, and that nothing private of either bank is seen by the other's agents."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import interlock as il
import orjson
import pytest
from interlock.examples.two_bank_federation import TwoBanks, build, desks
from interlock.examples.two_bank_federation.__main__ import settle
from interlock.examples.two_bank_federation.books import DATA, rows
from interlock.examples.two_bank_federation.plan import ANSWERED, ASKED, SEALED, SHAREABLE

CASES = rows(DATA / "cases.csv")
BANK_A = {"a_intake", "fraud_desk", "payments_desk", "decide"}
Seen = dict[str, list[str]]


@pytest.fixture
def banks() -> TwoBanks:
    return build()


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    """All that the agents of each bank are shown, and say, written down as they are called."""
    shown: Seen = defaultdict(list)
    for agent in (value for value in vars(desks).values() if isinstance(value, il.Agent)):
        bank = "a" if agent.name in BANK_A else "b"
        monkeypatch.setattr(agent, "function", watched(agent, shown[bank], shown[f"said by {bank}"]))
    return shown


def watched(agent: il.Agent, shown: list[str], said_by: list[str]) -> Any:
    function = agent.function

    async def watch(message: il.Message, ctx: il.Context) -> Any:
        said = [message, ctx.task, *ctx.view, *ctx.history]
        shown.extend(orjson.dumps([one.text, one.data, one.sender, list(one.labels)]).decode() for one in said)
        shown.append(repr((ctx.user, ctx.feedback, ctx.intent, ctx.thread)))
        answer = await function(message, ctx)
        said_by.append(orjson.dumps([answer.text, answer.data]).decode())
        return answer

    return watch


def secrets_of_a() -> set[str]:
    customers, payments = rows(DATA / "bank_a/customers.csv"), rows(DATA / "bank_a/payments.csv")
    words = {row[key] for row in customers for key in ("name", "iban", "customer")} | {row["payee"] for row in payments}
    stories = {phrase for case in CASES for phrase in case["text"].split(". ")}
    return words | stories | {row["iban_to"] for row in payments}


def secrets_of_b() -> set[str]:
    paid = {row["iban_to"] for row in rows(DATA / "bank_a/payments.csv")}
    accounts = rows(DATA / "bank_b/accounts.csv")
    own = {row["holder"] for row in accounts} | {row["iban"] for row in accounts} - paid
    return own | {row["reference"] for row in rows(DATA / "bank_b/movements.csv") if row["reference"].startswith("R-")} | {'"account"'}


def found(secrets: set[str], shown: list[str]) -> set[str]:
    return {secret for secret in secrets if any(secret in text for text in shown)}


async def test_every_case_ends_as_its_file_says(banks: TwoBanks) -> None:
    settled = await settle(banks, CASES)
    assert [(one.case["customer"], one.outcome.status) for one in settled] == [(case["customer"], case["ends"]) for case in CASES]
    assert banks.a.recalled == ["C-2602-0001", "C-2602-0002"]
    assert len(banks.b.watched) == 2


async def test_nothing_private_of_bank_a_is_seen_in_bank_b(banks: TwoBanks, seen: Seen) -> None:
    await settle(banks, CASES)
    assert len(seen["b"]) > 20
    assert found(secrets_of_a(), seen["b"]) == set()
    assert len(found(secrets_of_a(), seen["said by a"])) > 10, "the agents did say it; it is the wall that kept it in"


async def test_nothing_private_of_bank_b_is_seen_in_bank_a(banks: TwoBanks, seen: Seen) -> None:
    await settle(banks, CASES)
    assert found(secrets_of_b(), seen["a"]) == set()
    assert found(secrets_of_b(), seen["said by b"]) == {'"account"'}, "the agents did say it; it is the wall that kept it in"


async def test_only_the_fields_of_the_contract_cross(banks: TwoBanks, seen: Seen) -> None:
    await settle(banks, CASES[:1])
    asked = orjson.loads(seen["b"][0])
    assert set(asked[1]) == set(ASKED)
    assert asked[0] == ""
    came_back = [
        data for text, data, *_ in map(orjson.loads, (text for text in seen["a"] if text.startswith("["))) if data and "risk_band" in data
    ]
    assert came_back
    assert all(set(data) <= set(ANSWERED) for data in came_back)


async def test_the_answer_is_about_what_bank_b_said(banks: TwoBanks) -> None:
    (settled,) = await settle(banks, CASES[:1])
    assert settled.outcome.text == (
        "We have asked for your payment of 4,800.00 EUR to Cityflats Berlin back. Please report it to the police."
    )
    assert settled.outcome.data == {"case_id": "C-2602-0001", "verdict": "recall"}
    assert settled.crossings == 6, "in and out of bank A, in and out of bank B, in and out of bank A again"


async def test_a_sealed_case_does_not_leave_bank_a(banks: TwoBanks, seen: Seen) -> None:
    (case,) = [case for case in CASES if case["label"] == SEALED]
    (settled,) = await settle(banks, [case])
    assert settled.outcome.status == "in_review"
    assert settled.outcome.reason == 'the message carries a label that the domain\'s contract does not let through (the label is "sealed")'
    assert seen["b"] == []


async def test_the_same_case_crosses_when_it_may_be_shared(banks: TwoBanks, seen: Seen) -> None:
    (case,) = [case for case in CASES if case["label"] == SEALED]
    (settled,) = await settle(banks, [{**case, "label": SHAREABLE}])
    assert settled.outcome.status == "delivered"
    assert seen["b"]


async def test_what_bank_a_can_answer_alone_never_crosses(banks: TwoBanks, seen: Seen) -> None:
    (settled,) = await settle(banks, [CASES[6]])
    assert "still pending here" in settled.outcome.text
    assert seen["b"] == []


async def test_banks_that_differ_leave_it_to_a_person(banks: TwoBanks) -> None:
    (settled,) = await settle(banks, [CASES[3]])
    assert settled.outcome.status == "in_review"
    assert "confidence 0.450000 is below 0.600000" in (settled.outcome.reason or "")
