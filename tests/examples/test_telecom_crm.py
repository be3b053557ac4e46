"""The operator's desk: the handbook is read right, checks hold, rules follow the guidelines, and requests end where they should."""

from typing import Any

import interlock as il
import pytest
from interlock.examples.telecom_crm import Desk, build, read_requests
from interlock.examples.telecom_crm.classify import Guide, words
from interlock.examples.telecom_crm.crm import Crm
from interlock.examples.telecom_crm.decisions import oracle
from interlock.examples.telecom_crm.flows import TEAMS, read_subflows, team_of
from interlock.examples.telecom_crm.plan import CONFIG
from interlock.examples.telecom_crm.policy import RULES
from interlock.examples.telecom_crm.specialists import ACTS, check

SUBFLOWS = read_subflows()
REQUESTS = read_requests()


async def facts(account: str, **given: str) -> dict[str, Any]:
    crm = Crm()
    customer, order = await crm.pull_up_account(account), await crm.pull_up_order(account)
    assert customer is not None
    return {**customer, "order": order, "given": given, "reason": "", "amount": 0}


async def ask(text: str, account: str, desk: Desk, **data: Any) -> tuple[il.Outcome, list[str]]:
    given = {"given": {}, "reason": "", "amount": 0} | data
    async with il.open(plans=[desk.plan], config=desk.config, tools=desk.crm.tools()) as runtime:
        outcome = await runtime.run(desk.plan, text, data=given, user=account)
        return outcome, [event.agent for event in await runtime.history(outcome.run_id) if event.kind == "turn_started"]


def test_every_subflow_has_a_rule_in_the_table_and_in_the_policy() -> None:
    table = {rule["intent"]: rule["agent"] for rule in il.Config.load(CONFIG).rules if "when" not in rule}
    assert len(SUBFLOWS) == 33
    assert table == {name: team_of(subflow) for name, subflow in SUBFLOWS.items()} | {"unknown": "human_review"}
    assert set(RULES) == set(SUBFLOWS)
    assert {team_of(subflow) for subflow in SUBFLOWS.values()} == set(TEAMS)


def test_the_handbook_says_how_much_must_be_proven() -> None:
    change, fee = SUBFLOWS["manage_change_address"].proof, SUBFLOWS["status_mystery_fee"].proof
    assert change is not None
    assert fee is not None
    assert (change.needed, len(change.fields)) == (3, 6)
    assert (fee.needed, fee.fields) == (3, ("customer_name", "account_id", "order_id"))


def test_actions_stand_in_the_order_of_the_data() -> None:
    assert SUBFLOWS["cost"].actions == ("pull-up-account", "validate-purchase", "shipping-status", "update-order", "offer-refund")


async def test_rules_do_only_what_the_handbook_lists() -> None:
    for account in ("T-1001", "T-1002", "T-1003", "T-1004", "T-1006", "T-1007", "T-1008"):
        for name, subflow in SUBFLOWS.items():
            decision = RULES[name](await facts(account))
            allowed = ACTS & {*subflow.actions} | ({"notify-team"} if decision.manager else set())
            assert set(decision.acts) <= allowed, (account, name)


@pytest.mark.parametrize(
    ("subflow", "account", "yes"),
    [
        ("status_service_added", "T-1002", True),
        ("status_service_added", "T-1001", False),
        ("status_service_removed", "T-1003", True),
        ("status_credit_missing", "T-1007", True),
        ("status_mystery_fee", "T-1002", True),
        ("status_mystery_fee", "T-1006", False),
        ("manage_dispute_bill", "T-1008", True),
        ("manage_dispute_bill", "T-1001", False),
    ],
)
async def test_the_oracle_asks_the_facts(subflow: str, account: str, yes: bool) -> None:
    assert oracle(subflow, await facts(account)) is yes


async def test_levels_decide_where_the_guidelines_say_so() -> None:
    assert RULES["status_mystery_fee"](await facts("T-1007")).acts == {"update-order": "waive fee"}, "gold"
    assert RULES["status_mystery_fee"](await facts("T-1006")).acts == {}, "bronze, and the fee has a reason"
    assert RULES["manage_extension"](await facts("T-1005")).acts == {"update-account": "extend subscription"}, "silver, one day late"
    assert RULES["manage_extension"](await facts("T-1006")).manager


async def test_one_wrong_answer_is_no_proof() -> None:
    change = SUBFLOWS["manage_change_phone"]
    assert check("verify-identity", change, await facts("T-1010", zip_code="44135", pin_number="3378", username="wjonas1")) is None
    assert check("verify-identity", change, await facts("T-1010", zip_code="44135", pin_number="3378")) is not None
    wrong = await facts("T-1010", zip_code="44135", pin_number="3378", username="wjonas1", phone="1")
    assert check("verify-identity", change, wrong) is not None


def test_the_text_model_knows_the_handbook() -> None:
    assert words("The payments were invalidated") == ["pay", "wer", "invalidat"]
    guide = Guide(SUBFLOWS)
    assert guide.classify("upgrade to overnight shipping")[0] == "manage_upgrade"
    assert guide.classify("xyzzy")[1] == 0.0
    right = sum(guide.classify(request.text)[0] == request.subflow for request in REQUESTS)
    assert (right, len(REQUESTS)) == (31, 41)


async def test_requests_end_as_the_readme_says() -> None:
    desk = build()
    async with il.open(plans=[desk.plan], config=desk.config, tools=desk.crm.tools()) as runtime:
        outcomes = [await runtime.run(desk.plan, request.text, data=request.data, user=request.account) for request in REQUESTS]
    statuses = [outcome.status for outcome in outcomes]
    assert (statuses.count("delivered"), statuses.count("in_review")) == (29, 12)
    wrong = [
        request.subflow
        for request, outcome in zip(REQUESTS, outcomes, strict=True)
        if outcome.status == "delivered" and outcome.data["subflow"] != request.subflow
    ]
    assert wrong == ["status_due_amount", "manage_dispute_bill"]


async def test_what_is_a_colleagues_is_handed_off() -> None:
    given = {"customer_name": "Samir Fendt", "order_id": "90210066", "username": "sfendt1", "email": "samir@mail.example"}
    outcome, agents = await ask("My package should be shipped to a different address", "T-1006", build(), given=given)
    assert agents == ["triage", "account", "orders"]
    assert outcome.data["subflow"] == "manage"


async def test_a_forgotten_username_is_recovered_first() -> None:
    given = {"customer_name": "Ugo Heller", "order_id": "90210088", "email": "ugo@mail.example", "zip_code": "28195"}
    outcome, agents = await ask("Shipping was far too expensive. I want the shipping cost back", "T-1008", build(), given=given)
    assert agents == ["triage", "orders", "account"]
    assert "Your username is uheller1." in outcome.text


async def test_nothing_is_done_before_everything_is_checked() -> None:
    desk = build()
    given = {"zip_code": "44135", "pin_number": "0000", "phone": "(555) 010-1010"}
    asked = "Please change the contact phone number I have with you"
    outcome, _ = await ask(asked, "T-1010", desk, given=given, reason="(555) 010-1010")
    assert outcome.status == "in_review"
    assert desk.crm.done == []


async def test_much_money_and_strangers_go_to_a_person() -> None:
    asked = "I was billed twice for my subscription and I dispute the bill"
    much, agents = await ask(asked, "T-1009", build(), amount=120)
    assert (much.status, agents) == ("in_review", ["triage"])
    stranger, agents = await ask("What is the amount due for my subscription?", "T-9999", build())
    assert (stranger.status, agents) == ("in_review", ["triage", "subscriptions"])
