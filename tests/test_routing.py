"""Routing: the table decides where an intent goes, who stands in, and when a person is called; the event says why."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import interlock as il
import numpy as np
import pytest
from cast import kinds_of, never, says, soon, turns_of_the_loop, waits_for
from numpy.typing import NDArray

DESK = il.Handoff("desk", to=[says("paid", "billing"), says("fixed", "tech"), says("by a senior", "senior")])
NO_MARGIN = {"k": 3, "threshold": 0.9, "margin": 0.5}


@il.agent
async def states(message: il.Message, ctx: il.Context) -> il.Reply:
    """It says the first word as the intent, and what it is sure of as the confidence."""
    return il.Reply("", intent=message.text.split()[0], confidence=0.6)


@il.agent(name="tech")
async def broken(message: il.Message, ctx: il.Context) -> str:
    raise ValueError("out of order")


SUPPORT = il.Handoff("support", entry=states, to=[says("paid", "billing"), says("fixed", "tech"), says("by a senior", "senior")])
FRAGILE = il.Handoff("fragile", to=[broken, says("by a senior", "senior")])


class Words:
    """An embedder that counts three words."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([[text.count(word) + 0.01 for word in ("card", "loan", "rate")] for text in texts], dtype=np.float32)


def rules(*lines: str) -> il.Config:
    return il.Config.parse("routing_rules:\n" + "".join(f"  - {{{line}}}\n" for line in lines))


def by_meaning(folder: Path, *lines: str, name: str = "examples.csv", **options: float) -> il.Config:
    """Rules and a semantic part over five examples."""
    (folder / name).write_text("text,intent\ncard,card\ncard card,card\nloan,loan\nloan loan,loan\nrate,rate\n", encoding="utf-8")
    listed = "".join(f"  - {{{line}}}\n" for line in lines)
    values = ", ".join(f"{key}: {value}" for key, value in (NO_MARGIN | options).items())
    return il.Config.parse(f"routing_rules:\n{listed}semantic: {{examples: {name}, {values}}}\n", folder=folder)


async def decisions(runtime: il.Runtime, outcome: il.Outcome) -> list[dict[str, Any]]:
    """What the routing engine chose, with the evidence."""
    return [event.decision for event in await runtime.history(outcome.run_id) if event.kind == "route_chosen"]


async def ask(plan: il.Handoff, config: il.Config, text: str = "hello", **options: Any) -> tuple[il.Outcome, dict[str, Any]]:
    async with il.open(plans=[plan], config=config, embedder=Words()) as runtime:
        outcome = await soon(runtime.run(plan, text, **options))
        return outcome, (await decisions(runtime, outcome))[0]


async def test_an_intent_is_routed_by_the_table_with_its_evidence() -> None:
    outcome, decision = await ask(SUPPORT, rules("intent: refund, agent: billing, priority: high"), "refund please")
    assert (outcome.text, decision["intent"], decision["priority"], decision["stage"]) == ("paid", "refund", "high", "rules")
    assert decision["target"] == {"agent": "billing"}
    assert decision["evidence"]["rule"] == [0, 2], "its number and its line"
    assert decision["evidence"]["considered"] == [{"rule": 0, "outcome": "matched"}]
    assert len(decision["evidence"]["table"]) == 64


async def test_a_condition_sees_data_and_user_and_is_tried_before_a_rule_without_one() -> None:
    config = rules("intent: refund, agent: billing", "intent: refund, when: \"data.amount > 500 && user.tier == 'gold'\", agent: senior")
    gold = il.User("u-1", attributes={"tier": "gold"})
    much, decision = await ask(SUPPORT, config, "refund", data={"amount": 501}, user=gold)
    assert (much.text, decision["evidence"]["rule"]) == ("by a senior", [1, 3])
    little, decision = await ask(SUPPORT, config, "refund", data={"amount": 500}, user=gold)
    assert little.text == "paid"
    assert [one["outcome"] for one in decision["evidence"]["considered"]] == ["not_matched", "matched"]
    nobody, decision = await ask(SUPPORT, config, "refund")
    assert nobody.text == "paid"
    assert "erred" in str(decision["evidence"]["considered"][0]["outcome"]), "why there was no answer is recorded"


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (
            ["intent: a, when: 'true', agent: tech, priority: low", "intent: a, when: '1 < 2', agent: senior, priority: critical"],
            "by a senior",
        ),
        (["intent: a, when: 'true', agent: tech", "intent: a, when: '1 < 2', agent: senior"], "fixed"),
        (["intent: a, agent: tech, priority: critical", "intent: a, when: 'true', agent: senior, priority: low"], "by a senior"),
    ],
    ids=["priority", "file order", "condition before priority"],
)
async def test_of_two_rules_the_more_specific_wins_then_priority_then_the_order(lines: list[str], text: str) -> None:
    assert (await ask(SUPPORT, rules(*lines), "a"))[0].text == text


async def test_what_no_rule_claims_is_unknown_and_goes_where_the_table_sends_it() -> None:
    outcome, decision = await ask(SUPPORT, rules("intent: refund, agent: billing", "intent: unknown, agent: tech"), "weather")
    assert (outcome.text, decision["intent"], decision["stage"]) == ("fixed", "unknown", "unknown")


async def test_without_a_rule_for_the_unknown_a_person_is_asked() -> None:
    for config in (rules("intent: refund, agent: billing"), il.Config()):
        outcome, decision = await ask(SUPPORT, config, "weather")
        assert (outcome.status, outcome.reason, decision["target"]) == ("in_review", "no rule took the task", "review")


async def test_an_intent_that_is_stated_with_too_little_confidence_is_unknown() -> None:
    text = "min_confidence: 0.61\nrouting_rules: [{intent: refund, agent: billing}, {intent: unknown, agent: tech}]"
    assert (await ask(SUPPORT, il.Config.parse(text), "refund"))[0].text == "fixed"
    assert (await ask(SUPPORT, il.Config.parse(text.replace("0.61", "0.6")), "refund"))[0].text == "paid"


async def test_the_fallback_of_a_rule_takes_over() -> None:
    outcome, decision = await ask(FRAGILE, rules("intent: unknown, agent: tech, fallback: senior"))
    assert (outcome.text, outcome.usage.handoffs, decision["fallback"]) == ("by a senior", 1, [{"agent": "senior"}])


async def test_the_fallback_may_be_a_person_who_is_told_why() -> None:
    outcome, _ = await ask(FRAGILE, rules("intent: unknown, agent: tech, fallback: human_review"))
    assert outcome.status == "in_review"
    assert "fallback is a person" in (outcome.reason or "")
    assert "ValueError: out of order" in (outcome.reason or "")


async def test_a_task_escalates_after_so_many_attempts() -> None:
    plan = il.Handoff("fragile", to=[il.step(broken, retries=5), says("by a senior", "senior")])
    outcome, decision = await ask(plan, rules("intent: unknown, agent: tech, escalation_after: 2_attempts"))
    assert (outcome.status, outcome.turns, decision["escalation"]) == ("in_review", 2, {"attempts": 2})


async def test_a_task_escalates_after_a_time() -> None:
    plan = il.Handoff("slow", to=[il.agent(never, name="tech")])
    async with il.open(plans=[plan], config=rules("intent: unknown, agent: tech, escalation_after: 20ms")) as runtime:
        outcome = await soon(runtime.run(plan, "hello"))
        opened = (await runtime.history(outcome.run_id))[-1]
        assert (outcome.status, opened.kind, opened.why) == ("in_review", "review_opened", "escalated")


async def test_a_run_keeps_the_rules_that_it_started_with_and_new_runs_get_the_new_ones() -> None:
    gate = asyncio.Event()
    late = il.Sequential("late", [waits_for(gate, "first"), DESK])
    async with il.open(plans=[late], config=rules("intent: unknown, agent: billing")) as runtime:
        early = await runtime.start(late, "hello")
        await turns_of_the_loop()
        runtime.apply_config(rules("intent: unknown, agent: tech"))
        after = await runtime.start(late, "hello")
        gate.set()
        old, new = await soon(early), await soon(after)
        assert (old.text, new.text) == ("paid", "fixed")
        revisions = [(await decisions(runtime, outcome))[0]["evidence"]["table"] for outcome in (old, new)]
        assert revisions[0] != revisions[1]


async def test_a_run_under_way_can_still_be_routed_by_meaning_after_the_rules_stopped_doing_so(tmp_path: Path) -> None:
    gate = asyncio.Event()
    late = il.Sequential("late", [waits_for(gate, "first", "my card"), DESK])
    async with il.open(plans=[late], config=by_meaning(tmp_path, "intent: card, agent: billing"), embedder=Words()) as runtime:
        early = await runtime.start(late, "hello")
        await turns_of_the_loop()
        runtime.apply_config(rules("intent: unknown, agent: tech"))
        gate.set()
        assert (await soon(early)).text == "paid"
        assert (await runtime.run(late, "hello")).text == "fixed"


async def test_an_empty_configuration_leaves_no_rule() -> None:
    async with il.open(plans=[DESK], config=rules("intent: unknown, agent: tech")) as runtime:
        assert (await runtime.run(DESK, "hello")).text == "fixed"
        runtime.apply_config(il.Config.parse("routing_rules: []"))
        assert (await runtime.run(DESK, "hello")).status == "in_review"


async def test_a_message_is_routed_by_its_neighbours_with_the_evidence_in_the_event(tmp_path: Path) -> None:
    config = by_meaning(tmp_path, "intent: card, agent: billing", "intent: loan, agent: tech, priority: low")
    outcome, decision = await ask(DESK, config, "a loan")
    evidence = decision["evidence"]
    assert (outcome.text, outcome.turns) == ("fixed", 1)
    assert (decision["intent"], decision["stage"], decision["priority"]) == ("loan", "semantic", "low")
    assert [name for name, _ in evidence["candidates"]] == ["loan", "card"]
    assert evidence["candidates"][0][1] > 900_000
    assert [(one["example"], one["intent"]) for one in evidence["neighbours"]][:2] == [(2, "loan"), (3, "loan")]
    assert evidence["neighbours"][0]["score"] == 1_000_000
    assert (evidence["rule"], len(evidence["table"])) == ([1, 3], 64)
    assert isinstance(evidence["index"], int)


async def test_the_search_is_an_event_and_has_a_time_of_its_own(tmp_path: Path) -> None:
    async with il.open(plans=[DESK], config=by_meaning(tmp_path, "intent: card, agent: billing"), embedder=Words()) as runtime:
        outcome = await runtime.run(DESK, "card")
        assert (await kinds_of(runtime, outcome))[:4] == ["run_started", "fact_needed", "route_chosen", "turn_started"]
        assert outcome.usage.search_us > 0


@pytest.mark.parametrize(
    ("text", "options"),
    [("nothing of the kind", {"margin": 0.0}), ("card loan", {"threshold": 0.0}), ("rate", {})],
    ids=["too far from every example", "two intents too close", "an intent without a rule"],
)
async def test_what_is_not_sure_enough_is_unknown(text: str, options: dict[str, float], tmp_path: Path) -> None:
    lines = ["intent: card, agent: billing", "intent: loan, agent: tech"]
    outcome, decision = await ask(DESK, by_meaning(tmp_path, *lines, **options), text)
    assert (outcome.status, decision["intent"], decision["stage"]) == ("in_review", "unknown", "unknown")
    assert len(decision["evidence"]["neighbours"]) == 3, "what was found is recorded all the same"
    known, _ = await ask(DESK, by_meaning(tmp_path, *lines, "intent: unknown, agent: senior", **options), text)
    assert known.text == "by a senior"


async def test_an_agent_that_was_routed_by_meaning_knows_the_intent(tmp_path: Path) -> None:
    async def tell(message: il.Message, ctx: il.Context) -> str:
        return f"{ctx.intent}: {message.text}"

    plan = il.Handoff("desk", to=[il.agent(tell, name="billing")])
    assert (await ask(plan, by_meaning(tmp_path, "intent: card, agent: billing"), "card"))[0].text == "card: card"
