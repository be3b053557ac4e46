"""A service's own screens in a run: what comes in, what tools return, what answers say, and what an error of theirs means."""

from __future__ import annotations

import asyncio
import warnings
from typing import Any

import interlock as il
import numpy as np
import pytest
from cast import soon, turns_of_the_loop
from desk import until
from interlock.safety import Passing


def shouting(text: str, _: Passing) -> str | None:
    return "shouting" if "SHOUT" in text else None


async def broken(text: str, _: Passing) -> str | None:
    raise ValueError(text)


async def slow(text: str, _: Passing) -> str | None:
    await asyncio.sleep(5)
    return None


@il.agent
async def echo(message: il.Message, ctx: il.Context) -> str:
    return f"heard: {message.text}"


ECHO = il.Sequential("echo", [echo])


def screen(look: Any = shouting, name: str = "manners", **given: Any) -> il.Screen:
    return il.Screen(name, look, **given)


async def rulings(runtime: il.Runtime, run_id: str) -> list[tuple[str, str, list[str]]]:
    events = await runtime.history(run_id)
    ruled = [event.fields["ruling"] for event in events if event.kind == "gate_ruled"]
    return [(one["gate"], one["verdict"], one["rules"]) for one in ruled]


async def ask(text: str, *screens: il.Screen, plan: il.Sequential = ECHO, config: str = "", **given: Any) -> tuple[il.Outcome, list[Any]]:
    given["config"] = il.Config.parse(config) if config else None
    async with il.open(plans=[plan], screens=screens, **given) as runtime:
        outcome = await runtime.run(plan, text)
        return outcome, await rulings(runtime, outcome.run_id)


async def test_what_a_screen_blocks_never_comes_in() -> None:
    outcome, ruled = await ask("SHOUT", screen(places=("ingress",)))
    assert outcome.status == "failed"
    assert outcome.text == ""
    assert ruled == [("G1", "blocked", ["manners"])]


async def test_what_a_screen_flags_goes_on_and_is_recorded() -> None:
    outcome, ruled = await ask("SHOUT", screen(places=("ingress",), on="flag"))
    assert outcome.text == "heard: SHOUT"
    assert ruled == [("G1", "flagged", ["manners"])]


async def test_a_text_in_which_nothing_is_seen_leaves_no_trace() -> None:
    outcome, ruled = await ask("hello", screen(places=("ingress", "egress", "tool_result")))
    assert (outcome.text, ruled) == ("heard: hello", [])


async def test_data_is_looked_at_too() -> None:
    async with il.open(plans=[ECHO], screens=[screen(places=("ingress",))]) as runtime:
        outcome = await runtime.run(ECHO, "hello", data={"note": "SHOUT"})
    assert outcome.status == "failed"


@pytest.mark.parametrize("look", [broken, slow])
async def test_a_screen_that_errs_or_takes_too_long_blocks_a_text_unless_it_says_otherwise(look: Any) -> None:
    outcome, ruled = await ask("hello", screen(look, places=("ingress",), timeout=0.05))
    assert outcome.status == "failed"
    assert ruled == [("G1", "blocked", ["manners:error"])]
    outcome, ruled = await ask("hello", screen(look, places=("ingress",), timeout=0.05, on_error="pass"))
    assert outcome.text == "heard: hello"
    assert ruled == [("G1", "flagged", ["manners:error"])]


async def test_the_file_says_what_an_error_means_where_the_screen_does_not() -> None:
    config = "guardrails: {safety: {on_error: pass}}"
    outcome, _ = await ask("hello", screen(broken, places=("ingress",)), config=config)
    assert outcome.status == "delivered"


@il.tool
async def lookup(what: str) -> str:
    return "SHOUT at them" if what == "loud" else f"about {what}"


@il.agent
async def reader(message: il.Message, ctx: il.Context) -> str:
    try:
        return f"read: {await ctx.tool('lookup', what=message.text)}"
    except il.Denied as denied:
        return f"refused: {denied.code}"


READ = il.Sequential("read", [reader])


async def test_a_result_that_a_screen_blocks_is_withheld_from_the_agent() -> None:
    outcome, ruled = await ask("loud", screen(places=("tool_result",)), plan=READ, tools=[lookup])
    assert outcome.text == "refused: agent.withheld"
    assert ruled == [("G4", "blocked", ["manners"])]


async def test_a_screen_of_results_that_errs_is_closed_whatever_it_says() -> None:
    outcome, ruled = await ask("stock", screen(broken, places=("tool_result",), on_error="pass"), plan=READ, tools=[lookup])
    assert outcome.text == "refused: agent.withheld"
    assert ruled == [("G4", "blocked", ["manners:error"])]


async def test_an_answer_that_a_screen_blocks_waits_for_a_person() -> None:
    outcome, ruled = await ask("SHOUT", screen(places=("egress",)))
    assert outcome.status == "in_review"
    assert outcome.text == ""
    assert ("G7", "reviewed", ["manners"]) in ruled
    assert "SHOUT" not in str(outcome.attached)


async def test_a_reply_keeps_what_was_seen_of_it_through_a_restart(tmp_path: Any) -> None:
    path = tmp_path / "held.db"

    @il.agent
    async def first(message: il.Message, ctx: il.Context) -> str:
        return "SHOUT"

    plan = il.Sequential("one", [first])
    async with il.open(path, plans=[plan], screens=[screen(places=("egress",))]) as runtime:
        outcome = await runtime.run(plan, "go")
        assert outcome.status == "in_review"
    async with il.open(path, plans=[plan]) as runtime:
        [review] = await runtime.reviews.list()
        answered = await runtime.reviews.edit(review.run_id, by="ada", text="calm")
        assert (answered.status, answered.text) == ("delivered", "calm")


async def test_a_stream_never_shows_an_answer_that_was_held_back() -> None:
    async with il.open(plans=[ECHO], screens=[screen(places=("egress",))]) as runtime:
        events = [event async for event in runtime.stream(ECHO, "SHOUT loudly")]
    assert "review_opened" in [event.kind for event in events]
    assert "run_delivered" not in [event.kind for event in events]
    assert "heard: SHOUT" not in str([event.fields for event in events])


async def test_an_answer_is_held_against_what_tools_returned() -> None:
    seen: list[tuple[str, ...]] = []

    async def grounded(text: str, passing: Passing) -> str | None:
        seen.append(passing.sources)
        return None if any(source in text for source in passing.sources) else "made up"

    outcome, _ = await ask("stock", screen(grounded, places=("egress",)), plan=READ, tools=[lookup])
    assert outcome.text == "read: about stock"
    assert seen == [("about stock",)]


async def test_screens_see_what_agents_see_and_no_more() -> None:
    seen: list[str] = []

    async def look(text: str, _: Passing) -> None:
        seen.append(text)

    await ask("write to ada@example.com", screen(look, places=("ingress",)))
    assert seen == ["write to ⟦EMAIL_ADDRESS:1⟧"]


async def test_what_waits_for_its_thread_is_looked_at_before_it_is_merged() -> None:
    gate, began, looked_at = asyncio.Event(), asyncio.Event(), list[str]()

    @il.agent
    async def waits(message: il.Message, ctx: il.Context) -> str:
        began.set()
        await gate.wait()
        return message.text

    def look(text: str, passing: Passing) -> str | None:
        looked_at.append(text)
        return shouting(text, passing)

    plan = il.Sequential("waits", [waits])
    async with il.open(plans=[plan], screens=[screen(look, places=("ingress",))], on_busy="merge") as runtime:
        first = asyncio.create_task(runtime.run(plan, "one", thread="t"))
        await soon(began.wait())
        rest = [asyncio.create_task(runtime.run(plan, text, thread="t")) for text in ("two", "SHOUT")]
        await soon(until(lambda: looked_at == ["one", "two", "SHOUT"]))
        await turns_of_the_loop()
        gate.set()
        outcomes = [await task for task in (first, *rest)]
    assert [outcome.status for outcome in outcomes] == ["delivered", "failed", "failed"]


class Letters:
    """Embeds a text by its letters."""

    def embed(self, texts: Any) -> Any:
        return np.array([[text.lower().count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in texts], dtype=np.float32)


TOPICS = "guardrails: {safety: {topics: [{name: elections, like: [who should win the election], threshold: 0.95}]}}"


async def test_topics_with_examples_are_found_by_the_runtimes_embedder() -> None:
    outcome, ruled = await ask("who should win the election?", config=TOPICS, embedder=Letters())
    assert outcome.status == "failed"
    assert ruled == [("G1", "blocked", ["topics.elections"])]
    outcome, _ = await ask("my parcel is late", config=TOPICS, embedder=Letters())
    assert outcome.status == "delivered"


async def test_topics_with_examples_and_no_embedder_are_refused_by_line() -> None:
    with pytest.raises(il.ConfigError, match=r"safety.topics\[0\].like \(line 1\): .*no embedder"):
        await ask("hello", config=TOPICS)


async def test_screens_are_screens_and_have_names_of_their_own() -> None:
    with pytest.raises(il.UsageError, match="is no screen"):
        il.open(screens=[shouting])  # type: ignore[list-item]
    with pytest.raises(il.UsageError, match="two screens"):
        il.open(screens=[screen(), screen()])


async def test_the_file_and_the_code_agree_on_what_a_tool_does() -> None:
    with pytest.raises(il.ConfigError, match=r"guardrails.tools.lookup.effect .*'effect_once'.*'pure'"):
        await ask("x", plan=READ, tools=[lookup], config="guardrails: {tools: {lookup: {effect: effect_once}}}")


async def test_a_slip_in_a_tools_name_is_warned_of_and_one_in_an_agents_is_refused() -> None:
    with pytest.warns(RuntimeWarning, match="is 'lookup' meant"):
        await ask("x", plan=READ, tools=[lookup], config="guardrails: {tools: {lokup: {}, lookup: {}}}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        await ask("x", plan=READ, tools=[lookup], config="guardrails: {tools: {something_later: {}, lookup: {}}}")
    with pytest.raises(il.ConfigError, match=r"guardrails.agents.raeder .*they have reader"):
        await ask("x", plan=READ, tools=[lookup], config="guardrails: {agents: {raeder: {}}}")


async def test_the_file_narrows_what_an_agents_code_holds() -> None:
    @il.agent(scopes=["orders.read", "orders.write"])
    async def clerk(message: il.Message, ctx: il.Context) -> str:
        return ", ".join(ctx.scopes)

    plan = il.Sequential("clerk", [clerk])
    outcome, _ = await ask("x", plan=plan, config="guardrails: {agents: {clerk: {scopes: [orders.read, refund.any]}}}")
    assert outcome.text == "orders.read"


async def test_what_tools_returned_is_known_after_a_restart(tmp_path: Any) -> None:
    seen: list[tuple[str, ...]] = []

    async def grounded(text: str, passing: Passing) -> str | None:
        seen.append(passing.sources)
        return None

    @il.tool(kind="effect", approve=il.Approve())
    async def pay() -> str:
        return "paid"

    @il.agent
    async def clerk(message: il.Message, ctx: il.Context) -> str:
        return f"{await ctx.tool('lookup', what='stock')}, {await ctx.tool('pay')}"

    plan = il.Sequential("clerk", [clerk])
    given: dict[str, Any] = {"plans": [plan], "tools": [lookup, pay], "screens": [screen(grounded, places=("egress",))]}
    async with il.open(tmp_path / "a.db", **given) as runtime:
        assert (await runtime.run(plan, "go")).status == "in_review"
    async with il.open(tmp_path / "a.db", **given) as runtime:
        [review] = await runtime.reviews.list()
        assert (await runtime.reviews.approve(review.run_id, by="ada")).text == "about stock, paid"
    assert seen == [("about stock", "paid")]


@il.agent
async def loud(message: il.Message, ctx: il.Context) -> str:
    return "SHOUT"


@il.agent
async def loud_too(message: il.Message, ctx: il.Context) -> str:
    return "SHOUT"


async def test_the_answer_of_branches_is_held_by_what_was_seen_of_each() -> None:
    plan = il.Concurrent("both", [loud, loud_too], reconcile=il.vote())
    outcome, ruled = await ask("go", screen(places=("egress",)), plan=plan)  # type: ignore[arg-type]
    assert (outcome.status, outcome.text) == ("in_review", "")
    assert ("G7", "reviewed", ["manners"]) in ruled


async def test_what_was_seen_of_a_reply_crosses_a_wall_with_it() -> None:
    team = il.Domain("team", il.Sequential("inside", [loud]), imports=il.contract(["text"]), exports=il.contract(["text"]))
    plan = il.Federation("all", [team])
    outcome, ruled = await ask("go", screen(places=("egress",)), plan=plan)  # type: ignore[arg-type]
    assert (outcome.status, outcome.text) == ("in_review", "")
    assert ("G7", "reviewed", ["manners"]) in ruled


async def test_a_file_that_is_refused_leaves_the_screens_as_they_were() -> None:
    async with il.open(plans=[ECHO], screens=[screen(places=("ingress",))]) as runtime:
        with pytest.raises(il.ConfigError):
            runtime.apply_config(il.Config.parse(TOPICS))
        assert (await runtime.run(ECHO, "SHOUT")).status == "failed"
        assert (await runtime.run(ECHO, "hello")).status == "delivered"
