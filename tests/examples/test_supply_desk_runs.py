"""The supply desk end to end: every order ends as its file says, and what a team, a limit or a rule did can be seen."""

from __future__ import annotations

import asyncio

import interlock as il
import pytest
from interlock.examples.supply_desk import SupplyDesk, build
from interlock.examples.supply_desk.__main__ import AT_THE_COUNTER, delegations, orders, work
from interlock.examples.supply_desk.plan import MAX_DELEGATIONS
from interlock.examples.supply_desk.tables import Tables


@pytest.fixture
def desk() -> SupplyDesk:
    return build()


async def run(desk: SupplyDesk, text: str) -> tuple[il.Outcome, list[str]]:
    """An order alone in a runtime of its own."""
    async with il.open(plans=[desk.plan, desk.counter], tools=desk.tools) as runtime:
        return await work(runtime, desk.plan if text.startswith("order") else desk.counter, text)


def order(number: int) -> str:
    return orders()[number - 1]["order"]


async def test_every_order_ends_as_its_file_says(desk: SupplyDesk) -> None:
    async with il.open(plans=[desk.plan], tools=desk.tools) as runtime:
        ends = {}
        for row in orders():
            outcome = await runtime.run(desk.plan, row["order"])
            ends[row["order"]] = outcome.data["status"] if outcome.status == "delivered" else outcome.status
    assert ends == {row["order"]: row["ends"] for row in orders()}


async def test_what_lies_there_takes_one_delegation(desk: SupplyDesk) -> None:
    outcome, teams = await run(desk, order(1))
    assert teams == ["inventory"]
    assert outcome.data["arrives"] == "2026-03-02"
    assert {held[1] for held in desk.stockroom.held} == {"Graz"}


async def test_suppliers_and_logistics_work_at_the_same_time(desk: SupplyDesk) -> None:
    async with il.open(plans=[desk.plan], tools=desk.tools) as runtime:
        outcome = await runtime.run(desk.plan, order(4))
        events = await runtime.history(outcome.run_id)
    forked = [len(event.branches) for event in events if event.kind == "forked"]
    assert 2 in forked, "two teams at once"
    assert 3 in forked, "three quotes at once"
    assert outcome.data["bought"] == {"alpina": {"VLV-40": 21}, "nordvik": {"BRG-6204": 599}}
    assert set(outcome.data["routes"]) == {"Linz", "Vienna"}


async def test_what_is_over_the_budget_is_split(desk: SupplyDesk) -> None:
    outcome, teams = await run(desk, order(5))
    assert [team for team in teams if team != "logistics"] == ["inventory", "suppliers", "finance", "suppliers", "finance"]
    assert len(outcome.data["bought"]) == 2
    assert outcome.data["total_eur"] <= 7_700


async def test_a_team_that_fails_reports_why_and_the_supervisor_goes_on(desk: SupplyDesk) -> None:
    outcome, _ = await run(desk, order(6))
    assert (outcome.status, outcome.data["days_late"]) == ("delivered", 3)
    refused, teams = await run(build(), order(8))
    assert (refused.data["status"], teams) == ("refused", ["inventory"])
    assert refused.text == "O-1008: refused, there is no part PMP-300 in the catalogue"


async def test_an_order_that_goes_on_and_on_ends_with_a_person_who_sees_all_reports(desk: SupplyDesk) -> None:
    outcome, teams = await run(desk, order(10))
    assert outcome.status == "in_review"
    assert len(teams) == MAX_DELEGATIONS
    reports = [said.text for said in outcome.attached]
    assert len(reports) == MAX_DELEGATIONS
    assert reports[0].startswith("held: ")
    assert any("too little" in report for report in reports)


async def test_an_order_that_cannot_be_read_goes_to_a_person(desk: SupplyDesk) -> None:
    outcome, teams = await run(desk, "order everything, please")
    assert (outcome.status, teams) == ("in_review", [])
    assert "asks for nothing that the desk knows" in (outcome.reason or "")


@pytest.mark.parametrize(
    ("text", "teams"),
    [(AT_THE_COUNTER[0], ["logistics"]), (AT_THE_COUNTER[1], ["suppliers"]), (AT_THE_COUNTER[2], ["suppliers", "finance"])],
    ids=["route", "cheap", "dear"],
)
async def test_rules_choose_the_team_and_a_dear_offer_goes_on_to_finance(desk: SupplyDesk, text: str, teams: list[str]) -> None:
    outcome, worked = await run(desk, text)
    assert (outcome.status, worked) == ("delivered", teams)


async def test_what_no_rule_takes_goes_to_a_person(desk: SupplyDesk) -> None:
    outcome, worked = await run(desk, "send flowers")
    assert (outcome.status, worked) == ("in_review", [])


async def test_orders_at_the_same_time_never_hold_more_than_there_is(desk: SupplyDesk) -> None:
    async with il.open(plans=[desk.plan], tools=desk.tools) as runtime:
        outcomes = await asyncio.gather(*(runtime.run(desk.plan, order(number)) for number in (3, 4, 7, 10) for _ in range(4)))
    assert "failed" not in {outcome.status for outcome in outcomes}
    tables = Tables.load()
    for part, depots in tables.stock.items():
        for depot, on_hand in depots.items():
            assert sum(lot[3] for lot in desk.stockroom.held if lot[1:3] == (depot, part)) <= on_hand


async def test_the_teams_are_found_in_the_history(desk: SupplyDesk) -> None:
    async with il.open(plans=[desk.plan], tools=desk.tools) as runtime:
        outcome = await runtime.run(desk.plan, order(3))
        assert delegations(await runtime.history(outcome.run_id)) == ["inventory", "suppliers", "finance"]
