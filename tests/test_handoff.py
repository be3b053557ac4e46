"""Handoff: the speaker names the next, who must exist, be another, be new, and fit the limit."""

from __future__ import annotations

import interlock as il
import pytest
from cast import echo, kinds_of, passes, run_once, says

RULES = il.Config.parse("""
routing_rules:
  - {intent: refund, agent: billing, priority: high}
  - {intent: outage, agent: tech}
  - {intent: complaint, agent: human_review}
""")


def script(name: str, *targets: str, then: str = "done", told: list[str | None] | None = None) -> il.Agent:
    """An agent that hands off to each of the targets in turn, and then answers."""
    left = list(targets)

    async def turn(message: il.Message, ctx: il.Context) -> str | il.HandOff:
        if told is not None:
            told.append(ctx.feedback)
        return ctx.hand_off(left.pop(0)) if left else then

    return il.agent(turn, name=name)


def states(intent: str, name: str = "triage", text: str = "") -> il.Agent:
    """An agent that says what the task is about."""

    async def turn(message: il.Message, ctx: il.Context) -> il.Reply:
        return il.Reply(text, intent=intent)

    return il.agent(turn, name=name)


async def refusals(runtime: il.Runtime, outcome: il.Outcome) -> list[tuple[str, str]]:
    """The handoffs that were refused, and why."""
    return [(event.target, event.why) for event in await runtime.history(outcome.run_id) if event.kind == "hand_off_refused"]


async def routed(plan: il.Handoff | il.Sequential, text: str = "hello") -> il.Outcome:
    async with il.open(plans=[plan], config=RULES) as runtime:
        return await runtime.run(plan, text)


async def test_a_handoff_with_a_reason_only_passes_the_original_message_on() -> None:
    plan = il.Handoff("support", entry=passes("billing", "triage", reason="it is about money"), to=[echo, il.agent(echo, name="billing")])
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "I was charged twice", data={"account": 7})
        said = [event for event in await runtime.history(outcome.run_id) if event.kind == "turn_replied"]
        assert said[0].hand_off == "billing"
        assert "run_delivered" in await kinds_of(runtime, outcome)
    assert (outcome.status, outcome.text, outcome.usage.handoffs) == ("delivered", "I was charged twice", 1)


async def test_a_handoff_with_a_text_passes_that_text_on() -> None:
    heard: list[tuple[str, str | None]] = []

    async def billing(message: il.Message, ctx: il.Context) -> str:
        heard.append((message.text, message.sender))
        return "refunded"

    plan = il.Handoff("support", entry=passes("billing", "triage", "money", "charged twice in May"), to=[billing])
    assert (await run_once(plan, "please help")).text == "refunded"
    assert heard == [("charged twice in May", "triage")]


async def test_the_next_one_may_read_everything_that_was_said() -> None:
    async def billing(message: il.Message, ctx: il.Context) -> str:
        return " | ".join(f"{said.sender or 'user'}: {said.text}" for said in ctx.history if said.text)

    plan = il.Handoff("support", entry=passes("billing", "triage", "money", "see below"), to=[billing])
    assert (await run_once(plan, "please help")).text == "user: please help | triage: see below"


async def test_an_invented_target_is_tried_again_with_the_reason() -> None:
    told: list[str | None] = []
    plan = il.Handoff("support", entry=script("triage", "wizard", "tech", told=told), to=[says("fixed", "tech")])
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "hello")
        assert (outcome.text, outcome.turns) == ("fixed", 3)
        assert await refusals(runtime, outcome) == [("wizard", "unknown_target")]
    assert told[0] is None
    assert "names no member" in (told[1] or "")


async def test_a_target_that_is_invented_twice_goes_to_a_person() -> None:
    plan = il.Handoff("support", entry=passes("wizard", "triage"), to=[says("fixed", "tech")])
    outcome = await run_once(plan)
    assert (outcome.status, outcome.turns) == ("in_review", 2)
    assert outcome.reason == 'no further handoff was allowed: agent "triage": its handoff names no member of the plan'


async def test_a_handoff_to_itself_is_refused() -> None:
    plan = il.Handoff("support", entry=script("triage", "triage", then="my own answer"), to=[says("fixed", "tech")])
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "hello")
        assert outcome.text == "my own answer"
        assert await refusals(runtime, outcome) == [("triage", "itself")]


async def test_a_to_b_to_a_is_refused_with_the_reason() -> None:
    told: list[str | None] = []
    plan = il.Handoff("support", entry=script("a", "b"), to=[script("b", "a", then="then I do it", told=told)])
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "hello")
        assert outcome.text == "then I do it"
        assert await refusals(runtime, outcome) == [("a", "visited")]
    assert "had the turn before" in (told[1] or "")


async def test_a_loop_that_insists_goes_to_a_person() -> None:
    plan = il.Handoff("support", entry=passes("b", "a"), to=[passes("a", "b")])
    outcome = await run_once(plan)
    assert (outcome.status, outcome.turns) == ("in_review", 3)
    assert '"b"' in (outcome.reason or "")


async def test_who_had_the_turn_may_have_it_again_if_the_plan_says_so() -> None:
    plan = il.Handoff("support", entry=script("a", "b"), to=[passes("a", "b")], revisit=True)
    assert (await run_once(plan)).text == "done"


async def test_a_loop_that_is_allowed_still_ends_at_the_limit() -> None:
    plan = il.Handoff("support", entry=passes("b", "a"), to=[passes("a", "b")], revisit=True)
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "hello")
        assert (outcome.status, outcome.usage.handoffs) == ("in_review", 3), "two members + 1"
        assert await refusals(runtime, outcome) == [("a", "limit_reached")]


@pytest.mark.parametrize(("limit", "status", "handoffs"), [(1, "in_review", 1), (2, "delivered", 2)])
async def test_the_limit_is_the_number_of_handoffs(limit: int, status: str, handoffs: int) -> None:
    plan = il.Handoff("support", entry=passes("b", "a"), to=[passes("c", "b"), says("done", "c")], max_handoffs=limit)
    outcome = await run_once(plan)
    assert (outcome.status, outcome.usage.handoffs) == (status, handoffs)


async def test_a_limit_of_zero_is_refused_with_its_path() -> None:
    with pytest.raises(il.ConfigError, match="max_handoffs of 0") as caught:
        await run_once(il.Handoff("support", entry=passes("b", "a"), to=[says("done", "b")], max_handoffs=0))
    assert caught.value.path == "support"


async def test_the_plan_may_fail_at_the_limit_and_the_culprit_is_named() -> None:
    plan = il.Handoff("support", entry=passes("b", "a"), to=[passes("c", "b"), echo], max_handoffs=1, on_limit=il.fail())
    outcome = await run_once(plan)
    assert outcome.status == "failed"
    assert "no further handoff was allowed" in (outcome.reason or "")
    assert '"b"' in (outcome.reason or ""), "as a review does"


@pytest.mark.parametrize("returned", ["first", "second"])
async def test_a_second_handoff_in_one_turn_is_a_usage_error_that_ends_as_a_named_failure(returned: str) -> None:
    async def twice(message: il.Message, ctx: il.Context) -> il.HandOff:
        first = ctx.hand_off("billing")
        second = ctx.hand_off("tech")
        return first if returned == "first" else second

    entry = il.step(il.agent(twice, name="triage"), on_failure=il.fail())
    outcome = await run_once(il.Handoff("support", entry=entry, to=[says("b", "billing"), says("t", "tech")]))
    assert outcome.status == "failed"
    assert "handed to 'billing' already, and now to 'tech'" in (outcome.reason or "")
    assert isinstance(outcome.error, il.UsageError)
    assert outcome.error.hint


async def test_a_second_handoff_that_is_swallowed_leaves_the_first() -> None:
    async def careless(message: il.Message, ctx: il.Context) -> il.HandOff:
        first = ctx.hand_off("billing")
        with pytest.raises(il.UsageError):
            ctx.hand_off("tech")
        return first

    plan = il.Handoff("support", entry=careless, to=[says("b", "billing"), says("t", "tech")])
    assert (await run_once(plan)).text == "b"


async def test_an_answer_returns_to_the_entry_if_the_plan_says_so() -> None:
    heard: list[tuple[str, str | None]] = []

    async def triage(message: il.Message, ctx: il.Context) -> str | il.HandOff:
        heard.append((message.text, message.sender))
        return ctx.hand_off("billing") if message.sender is None else f"{message.text}, says billing"

    plan = il.Handoff("support", entry=triage, to=[says("refunded", "billing")], returns=True)
    outcome = await run_once(plan, "question")
    assert (outcome.text, outcome.turns) == ("refunded, says billing", 3)
    assert heard == [("question", None), ("refunded", "billing")]


async def test_a_stated_intent_goes_through_the_routing_table() -> None:
    async def billing(message: il.Message, ctx: il.Context) -> str:
        return f"{ctx.intent}: {message.text}"

    plan = il.Handoff("support", entry=states("refund"), to=[billing, says("t", "tech")])
    assert (await routed(plan, "charged twice")).text == "refund: charged twice"


async def test_only_who_was_chosen_by_the_table_has_an_intent() -> None:
    seen: list[str | None] = []

    async def look(message: il.Message, ctx: il.Context) -> str:
        seen.append(ctx.intent)
        return "done"

    await routed(il.Handoff("support", entry=passes("tech", "triage"), to=[il.agent(look, name="tech"), echo, says("b", "billing")]))
    assert seen == [None]


async def test_a_speaker_that_the_table_confirms_has_answered() -> None:
    plan = il.Handoff("support", entry=states("refund", "billing", "paid on Monday"), to=[says("t", "tech")])
    outcome = await routed(plan)
    assert (outcome.text, outcome.turns, outcome.usage.handoffs) == ("paid on Monday", 1, 0)


@pytest.mark.parametrize(
    ("intent", "why"), [("complaint", "the routing rule asks for a person"), ("weather", "no rule took the task")], ids=["rule", "none"]
)
async def test_an_intent_may_lead_to_a_person(intent: str, why: str) -> None:
    outcome = await routed(il.Handoff("support", entry=states(intent), to=[says("b", "billing"), says("t", "tech")]))
    assert (outcome.status, outcome.reason) == ("in_review", why)


async def test_a_relay_in_a_sequence_in_a_relay_is_entered_and_left() -> None:
    desk = il.Handoff("desk", entry=passes("boss", "clerk"), to=[says("granted", "boss")])
    refunds = il.Sequential("refunds", [says("eligible", "checker"), desk])
    plan = il.Handoff("support", entry=passes("refunds", "triage"), to=[refunds, says("fixed", "tech")])
    outcome = await run_once(plan)
    assert (outcome.text, outcome.turns, outcome.usage.handoffs) == ("granted", 4, 2)


async def test_an_inner_agent_may_hand_off_to_an_outer_member_but_not_the_other_way_round() -> None:
    desk = il.Handoff("desk", entry=passes("tech", "clerk"), to=[says("granted", "boss")])
    out = il.Handoff("support", entry=passes("desk", "triage"), to=[desk, says("fixed", "tech")])
    assert (await run_once(out)).text == "fixed"
    into = il.Handoff("support", entry=script("triage", "boss", then="myself"), to=[desk, says("fixed", "tech")])
    assert (await run_once(into)).text == "myself"


async def test_an_inner_intent_may_lead_outside() -> None:
    refunds = il.Sequential("refunds", [states("outage", "checker"), says("never reached", "billing")])
    plan = il.Handoff("support", entry=passes("refunds", "triage"), to=[refunds, says("fixed", "tech")])
    assert (await routed(plan)).text == "fixed"


async def test_a_relay_may_stand_between_two_steps() -> None:
    desk = il.Handoff("desk", entry=passes("boss", "clerk"), to=[says("granted", "boss")])
    outcome = await run_once(il.Sequential("plan", [says("facts", "finder"), desk, echo]))
    assert (outcome.text, outcome.turns) == ("granted", 4)


async def test_a_handoff_outside_of_any_relay_leads_nowhere() -> None:
    outcome = await run_once(il.Sequential("plan", [passes("writer", "finder"), says("draft", "writer")]))
    assert outcome.status == "in_review"
    assert "names no member" in (outcome.reason or "")
