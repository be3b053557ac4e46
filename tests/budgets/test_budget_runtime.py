"""Budgets in running runs: turns, calls of tools and calls of models are held back on their accounts, and booked once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import interlock as il
import pytest
from interlock.config import Config
from interlock.message import User
from interlock.runtime.spending import TurnBudget

ADA, BOB = User("ada", tenant="acme"), User("bob", tenant="acme")


def limited(*limits: str, prices: str = "") -> Config:
    """A configuration with these limits."""
    rows = "".join(f"      - {{{limit}}}\n" for limit in limits)
    return Config.parse(f"guardrails:\n  budgets:\n{prices}    limits:\n{rows}")


@il.agent
async def clerk(message: il.Message, ctx: il.Context) -> il.Reply:
    return il.Reply("done", tokens=30)


@il.agent
async def other(message: il.Message, ctx: il.Context) -> str:
    return "other"


ONE = il.Sequential("one", [clerk])
TWO = il.Sequential("two", [clerk, other])


async def run(config: Config, plan: Any = ONE, *, text: str = "hello", user: User | None = ADA, tools: Any = ()) -> il.Outcome:
    async with il.open(plans=[plan], config=config, tools=tools) as runtime:
        outcome = await runtime.run(plan, text, user=user)
        assert runtime.engine.held_back() == 0
        return outcome


async def test_a_run_takes_no_more_turns_than_its_budget_has() -> None:
    assert (await run(limited("per: run, turns: 2"), TWO)).status == "delivered"
    short = await run(limited("per: run, turns: 1"), TWO)
    assert (short.status, short.turns) == ("in_review", 2)
    assert "gate" in (short.reason or "")


@pytest.mark.parametrize(("per", "spared"), [("user", True), ("tenant", False), ("agent", False)])
async def test_whose_budget_is_used_up_is_not_called_and_others_are(per: str, spared: bool) -> None:
    config = limited(f"per: {per}, turns: 2, every: day")
    async with il.open(plans=[ONE], config=config) as runtime:
        for _ in range(2):
            assert (await runtime.run(ONE, "hello", user=ADA)).status == "delivered"
        assert (await runtime.run(ONE, "hello", user=ADA)).status == "in_review"
        assert ((await runtime.run(ONE, "hello", user=BOB)).status == "delivered") is spared
        name = {"user": "ada", "tenant": "acme", "agent": "clerk"}[per]
        (standing,) = runtime.budget(**{per: name})
        assert (standing.what, standing.spent, standing.reserved, standing.left) == ("turns", 2, 0, 0)


async def test_what_a_reply_says_it_took_is_booked() -> None:
    async with il.open(plans=[ONE], config=limited("per: user, tokens: 65")) as runtime:
        for spent in (30, 60, 90):
            assert (await runtime.run(ONE, "hello", user=ADA)).status == "delivered"
            assert runtime.budget(user="ada")[0].spent == spent
        assert (await runtime.run(ONE, "hello", user=ADA)).status == "in_review"
        assert runtime.budget(user="ada")[0].spent == 90


async def test_a_shortage_is_recorded_at_its_gate() -> None:
    async with il.open(plans=[ONE], config=limited("per: tenant, turns: 0")) as runtime:
        outcome = await runtime.run(ONE, "hello", user=ADA)
        history = runtime.engine.history(runtime.engine.look_up(outcome.run_id).run)
        assert "budget:tenant:turns" in history


async def test_review_asks_a_person_even_where_failures_fail() -> None:
    strict = il.Sequential("strict", [il.step(clerk, on_failure=il.fail())])
    assert (await run(limited("per: run, turns: 0, when_short: deny"), strict)).status == "failed"
    asked = await run(limited("per: run, turns: 0, when_short: review"), strict)
    assert asked.status == "in_review"
    assert "a gate held it back" in (asked.reason or "")


async def test_the_plan_s_fallback_takes_over_from_who_is_short() -> None:
    plan = il.Sequential("cured", [il.step(clerk, fallback=other)])
    outcome = await run(limited("per: agent, turns: 0"), plan)
    assert outcome.status == "in_review"  # the stand-in is an agent too
    async with il.open(plans=[ONE, plan], config=limited("per: agent, turns: 1")) as runtime:
        await runtime.run(ONE, "hello")
        assert (await runtime.run(plan, "hello")).text == "other"


async def test_a_short_turn_goes_on_with_advice_as_long_as_anything_is_left() -> None:
    seen: list[TurnBudget] = []

    @il.agent
    async def adviser(message: il.Message, ctx: il.Context) -> il.Reply:
        seen.append(ctx.budget)
        return il.Reply("ok", tokens=10)

    plan = il.Sequential("advised", [adviser])
    async with il.open(plans=[plan], config=limited("per: user, tokens: 10, when_short: shorter")) as runtime:
        outcome = await runtime.run(plan, "x" * 100, user=ADA)
        assert outcome.status == "delivered"
        assert (seen[0].advice, seen[0].left("tokens"), seen[0].left("cost")) == ("shorter", 10, None)
        assert (await runtime.run(plan, "x", user=ADA)).status == "in_review"  # nothing is left


async def test_a_tool_is_refused_when_its_calls_are_used_up() -> None:
    calls = []

    @il.tool
    async def look(number: int) -> int:
        calls.append(number)
        return number

    @il.tool(kind="effect")
    async def pay(number: int) -> int:
        calls.append(number)
        return number

    @il.agent
    async def user(message: il.Message, ctx: il.Context) -> str:
        await ctx.tool("look", number=1)
        await ctx.tool("pay", number=2)
        try:
            await ctx.tool("look", number=3)
        except il.Denied as error:
            return error.message
        return "not refused"

    outcome = await run(limited("per: run, tool_calls: 2"), il.Sequential("tools", [user]), tools=[look, pay])
    assert "tool_calls" in outcome.text
    assert calls == [1, 2]


def spender(**asked: Any) -> tuple[Any, list[Any]]:
    """An agent that calls a model, and what it was told."""
    told: list[Any] = []

    @il.agent
    async def thinker(message: il.Message, ctx: il.Context) -> str:
        try:
            async with ctx.spend("gpt-4o", **asked) as spend:
                told.append((spend.model, spend.max_output_tokens, ctx.budget))
                await spend.settle(input_tokens=asked["input_tokens"], output_tokens=7, response_id="r-1")
                await spend.settle(input_tokens=asked["input_tokens"], output_tokens=7, response_id="r-1")
        except il.BudgetExceeded as error:
            told.append(error)
        return "thought"

    return il.Sequential("thinking", [thinker]), told


async def test_a_call_of_a_model_is_held_back_and_booked_once() -> None:
    plan, told = spender(input_tokens=90, max_output_tokens=10)
    async with il.open(plans=[plan], config=limited("per: run, tokens: 100", "per: user, tokens: 1000, cost: 1")) as runtime:
        outcome = await runtime.run(plan, "hello", user=ADA)
        assert outcome.status == "delivered"
        model, most, left = told[0]
        assert (model, most, left.left("tokens")) == ("gpt-4o", 10, 0)
        tokens, cost = runtime.budget(user="ada")
        assert (tokens.spent, cost.spent) == (97, il.prices.cost("gpt-4o", 90, 7))
        assert "model.gpt-4o" in runtime.engine.history(runtime.engine.look_up(outcome.run_id).run)
        assert runtime.engine.held_back() == 0


async def test_a_call_that_does_not_fit_is_denied() -> None:
    plan, told = spender(input_tokens=90, max_output_tokens=11)
    await run(limited("per: run, tokens: 100"), plan)
    assert (told[0].what, told[0].wanted, told[0].limit) == ("tokens", 101, 100)


async def test_a_call_is_shortened_to_what_is_left() -> None:
    plan, told = spender(input_tokens=90, max_output_tokens=500)
    await run(limited("per: run, tokens: 100, when_short: shorter"), plan)
    assert told[0][:2] == ("gpt-4o", 10)
    plan, told = spender(input_tokens=1_000, max_output_tokens=100_000)
    await run(limited("per: run, cost: 0.01, when_short: shorter"), plan)
    assert il.prices.cost("gpt-4o", 1_000, told[0][1]) <= 10_000 < il.prices.cost("gpt-4o", 1_000, told[0][1] + 1)


async def test_a_cheaper_model_is_asked_where_the_limit_says_so() -> None:
    plan, told = spender(input_tokens=10_000, max_output_tokens=1_000)
    await run(limited("per: run, cost: 0.01, when_short: cheaper, cheaper: gpt-4o-mini"), plan)
    assert told[0][0] == "gpt-4o-mini"
    plan, told = spender(input_tokens=10_000, max_output_tokens=1_000)
    await run(limited("per: run, cost: 0.0001, when_short: cheaper, cheaper: gpt-4o-mini"), plan)
    assert isinstance(told[0], il.BudgetExceeded)


async def test_a_block_that_settles_nothing_books_what_was_held_back() -> None:
    @il.agent
    async def careless(message: il.Message, ctx: il.Context) -> str:
        async with ctx.spend("gpt-4o", input_tokens=40, max_output_tokens=2):
            pass
        spend = await ctx.spend("gpt-4o", input_tokens=8, max_output_tokens=0)
        assert spend.model == "gpt-4o"
        return "never settled"

    plan = il.Sequential("careless", [careless])
    async with il.open(plans=[plan], config=limited("per: user, tokens: 1000")) as runtime:
        await runtime.run(plan, "hello", user=ADA)
        assert runtime.engine.held_back() == 0
        assert runtime.budget(user="ada")[0].spent == 50


async def test_prices_of_ones_own_are_found_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "prices.json").write_text('{"house": {"input": 1000000, "output": 0}}')
    file = tmp_path / "interlock.yaml"
    file.write_text("guardrails:\n  budgets:\n    prices: prices.json\n    limits: [{per: run, cost: 5}]\n")
    said: list[Any] = []

    @il.agent
    async def buyer(message: il.Message, ctx: il.Context) -> str:
        async with ctx.spend("house", input_tokens=5, max_output_tokens=9) as spend:
            said.append(spend.cost_micro)
        with pytest.raises(il.UsageError, match="no price"):
            async with ctx.spend("hous", input_tokens=1, max_output_tokens=1):
                pass
        return "bought"

    plan = il.Sequential("buying", [buyer])
    async with il.open(plans=[plan], config=file) as runtime:
        assert (await runtime.run(plan, "hello")).text == "bought"
    assert said == [5_000_000]
    file.write_text("guardrails:\n  budgets:\n    prices: none.json\n    limits: [{per: run, cost: 5}]\n")
    with pytest.raises(il.ConfigError, match="line 3"):
        Config.load(file)


async def test_no_more_branches_begin_at_once_than_fan_out_says() -> None:
    plan = il.Concurrent("fork", [clerk, other], reconcile=il.highest_confidence())
    assert (await run(limited("per: run, fan_out: 2"), plan)).status != "failed"
    async with il.open(plans=[plan], config=limited("per: run, fan_out: 1")) as runtime:
        outcome = await runtime.run(plan, "hello")
        assert "budget:run:fan_out" in runtime.engine.history(runtime.engine.look_up(outcome.run_id).run)


async def test_without_limits_nothing_is_kept_and_calls_are_still_recorded() -> None:
    plan, told = spender(input_tokens=90, max_output_tokens=10)
    async with il.open(plans=[plan]) as runtime:
        await runtime.run(plan, "hello", user=ADA)
        assert told[0][2] == TurnBudget()
        assert runtime.budget(user="ada") == []
        assert type(runtime.transport).__name__ == "InProcess"


async def test_many_runs_at_once_never_pass_a_limit_together() -> None:
    most = 0

    @il.agent
    async def thinker(message: il.Message, ctx: il.Context) -> str:
        nonlocal most
        async with ctx.spend("gpt-4o", input_tokens=10, max_output_tokens=10) as spend:
            standing = next(one for one in ctx.budget.limits if one.per == "tenant")
            most = max(most, standing.spent + standing.reserved)
            await asyncio.sleep(0.001)
            await spend.settle(input_tokens=10, output_tokens=5)
        return "thought"

    plan = il.Sequential("many", [thinker])
    async with il.open(plans=[plan], config=limited("per: tenant, tokens: 1000")) as runtime:
        outcomes = await asyncio.gather(*(runtime.run(plan, "hello", user=ADA) for _ in range(200)))
        (standing,) = runtime.budget(tenant="acme")
        assert most <= 1000
        assert standing.spent == 15 * sum(one.status == "delivered" for one in outcomes) <= 1000
        assert standing.reserved == 0
        assert runtime.engine.held_back() == 0


async def test_what_was_spent_is_known_after_a_restart(tmp_path: Path) -> None:
    plan, _ = spender(input_tokens=90, max_output_tokens=10)
    file, config = tmp_path / "j.db", limited("per: user, tokens: 1000, turns: 9, tool_calls: 9, every: day", "per: agent, tokens: 9999")
    async with il.open(file, plans=[plan, TWO], config=config) as runtime:
        await runtime.run(plan, "hello", user=ADA)
        await runtime.run(TWO, "hello", user=ADA)
        before = [*runtime.budget(user="ada", agent="clerk"), *runtime.budget(agent="thinker")]
        assert before[0].spent > 97
    async with il.open(file, plans=[plan, TWO], config=config) as runtime:
        assert [*runtime.budget(user="ada", agent="clerk"), *runtime.budget(agent="thinker")] == before
