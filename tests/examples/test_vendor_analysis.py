"""Vendor analysis: the arithmetic over the price list, and how each tender is settled."""

from typing import Any

import interlock as il
import pytest
from interlock.examples.vendor_analysis import analysts, build, build_synthesis
from interlock.examples.vendor_analysis.catalogue import (
    Tender,
    bare,
    lifetime,
    monthly_cost,
    read_catalogue,
    read_tenders,
    sellers,
    substitutes,
)
from interlock.examples.vendor_analysis.plan import settled_by

CATALOGUE = read_catalogue()
PANEL = analysts.analysts(CATALOGUE)
TENDERS: dict[str, dict[str, Any]] = {tender["name"]: tender for tender in read_tenders()}
SETTLED = {
    "chat_assistant": ("claude-haiku-5-5", "vote, 4 of 4"),
    "annual_reports": ("claude-sonnet-5", "only one model can do the task"),
    "code_review": ("claude-sonnet-5", "highest confidence"),
    "ticket_labels": (None, "nothing: no quorum, and nobody is clearly surer"),
    "research_agent": (None, "much money"),
    "voice_notes": (None, "nobody keeps within the budget"),
}
"""What is delivered, if something is, and what settled it."""


def verdicts(tender: str) -> dict[str, analysts.Verdict]:
    return {name: analysts.judge(criterion, Tender.from_data(TENDERS[tender]), CATALOGUE) for name, criterion in analysts.CRITERIA.items()}


def test_every_bidder_is_in_the_price_list() -> None:
    assert {name for tender in TENDERS.values() for name in tender["candidates"]} <= CATALOGUE.keys()


def test_a_workload_costs_what_its_tokens_cost() -> None:
    tender = Tender.from_data({**TENDERS["chat_assistant"], "requests": 1_000, "input_tokens": 1_000, "output_tokens": 100})
    model = CATALOGUE["gpt-4o-mini"]
    uncached = 1_000 * (1_000 * model.input_price + 100 * model.output_price)
    half_cached = uncached - 1_000 * 500 * (model.input_price - model.cached_price)
    assert monthly_cost(model, tender) == pytest.approx(half_cached)
    assert 0 < half_cached < uncached


def test_a_model_lives_until_it_is_withdrawn() -> None:
    tender = Tender.from_data(TENDERS["chat_assistant"])
    assert lifetime(CATALOGUE["claude-haiku-5-5"], tender) == 1.0
    assert lifetime(CATALOGUE["gpt-5-mini"], tender) == pytest.approx(10 / 365)
    assert lifetime(CATALOGUE["gpt-3.5-turbo"], tender) == 0.0


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"),
        ("claude-haiku-4-5", "claude-haiku-4-5"),
        ("gemini/gemini-2.5-pro", "gemini-2.5-pro"),
        ("gpt-4o-2024-08-06", "gpt-4o"),
    ],
)
def test_one_model_is_known_under_all_its_names(name: str, what: str) -> None:
    assert bare(name) == what


def test_sellers_and_substitutes_are_counted() -> None:
    tender = Tender.from_data(TENDERS["code_review"])
    assert sellers(CATALOGUE["claude-sonnet-5"], CATALOGUE) == ["anthropic", "bedrock_converse"]
    beside = substitutes(CATALOGUE["claude-sonnet-5"], tender, CATALOGUE)
    assert "claude-haiku-4-5" in beside
    assert "claude-sonnet-5" not in beside


def test_an_analyst_is_as_sure_as_its_choice_is_ahead() -> None:
    found = verdicts("code_review")
    assert (found["price"].choice, found["supply"].choice) == ("deepseek/deepseek-v3.2", "claude-sonnet-5")
    assert found["terms"].confidence == 0.5
    assert found["supply"].confidence == pytest.approx(0.725)
    assert verdicts("voice_notes")["price"].choice == analysts.NOBODY


def test_what_one_analyst_rules_out_stays_out_of_the_ranking() -> None:
    ranking = analysts.rank({name: {"scores": verdict.scores} for name, verdict in verdicts("annual_reports").items()})
    assert ranking[0][0] == "claude-sonnet-5"
    assert {score for _, score in ranking[1:]} == {0.0}


@pytest.mark.parametrize("name", TENDERS)
async def test_each_tender_is_settled_as_the_readme_says(name: str) -> None:
    plan = build(PANEL)
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, TENDERS[name]["question"], data=TENDERS[name])
        why = settled_by(await runtime.history(outcome.run_id))
    choice, method = SETTLED[name]
    assert outcome.status == ("delivered" if choice else "in_review")
    assert (outcome.data["choice"] if choice else None) == choice
    assert why == method


async def test_a_person_is_given_the_conflicting_outputs() -> None:
    plan = build(PANEL)
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, TENDERS["ticket_labels"]["question"], data=TENDERS["ticket_labels"])
    assert outcome.status == "in_review"
    choices = {output.sender: output.data["choice"] for output in outcome.attached}
    assert choices == {name: verdict.choice for name, verdict in verdicts("ticket_labels").items()}
    assert len(set(choices.values())) == 3


async def test_the_synthesis_sees_every_analyst() -> None:
    plan = build_synthesis(PANEL)
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, TENDERS["ticket_labels"]["question"], data=TENDERS["ticket_labels"])
    assert outcome.status == "delivered"
    assert outcome.data["choice"] == "mistral/ministral-3b-2512"
    assert all(f"{name}: " in outcome.text for name in analysts.CRITERIA)
