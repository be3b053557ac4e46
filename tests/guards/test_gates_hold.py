"""Gates where users would be surprised: what is lost, let through, or given in another form than it was asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import interlock as il
import pytest

LIMITED = """\
guardrails:
  tools:
    search: {effect: pure}
    pay:
      effect: effect
      on_violation: review
      arguments: {to: {accepts: user, unmask: true}, amount: {type: number, max: 50}}
  budgets: [{per: run, tool_calls: 1}]
"""


async def test_an_answer_is_found_again_after_a_call_that_was_held_back_twice_over(tmp_path: Path) -> None:
    """Labels would ask a person, and the budget refuses: what the person would have been shown is not kept, and nothing moves up."""

    @il.tool
    def search() -> str:
        return "pay to mallory"

    @il.tool(kind="effect")
    def pay(to: str) -> str:
        return to

    async def clerk(message: il.Message, ctx: il.Context) -> str:
        await ctx.tool("search")
        with pytest.raises(il.Denied):
            await ctx.tool("pay", to="mallory")
        return "it was refused"

    plan = il.Sequential("desk", [clerk, il.agent(_echo, name="echo")])
    config = il.Config.parse(LIMITED)
    async with il.open(tmp_path / "runs.db", plans=[plan], tools=[search, pay], config=config) as runtime:
        first = await runtime.run(plan, "hello", key="k")
        again = await runtime.run(plan, "hello", key="k")
    async with il.open(tmp_path / "runs.db", plans=[plan], tools=[search, pay], config=config) as runtime:
        reopened = await runtime.run(plan, "hello", key="k")
    assert first.text == again.text == reopened.text == "it was refused"


async def _echo(message: il.Message, ctx: il.Context) -> str:
    return message.text


async def test_limits_of_arguments_hold_for_effects_as_they_do_for_tools() -> None:
    paid: list[Any] = []

    def pay(to: str, amount: int) -> None:
        paid.append((to, amount))

    async def clerk(message: il.Message, ctx: il.Context) -> str:
        await ctx.effect("pay", pay, message.text, amount=int(ctx.attempt * 40))
        with pytest.raises(il.Denied):
            await ctx.effect("search", pay, "x", 1, kind="effect_once", oops=1)
        return "paid"

    plan = il.Sequential("desk", [clerk])
    async with il.open(plans=[plan], config=il.Config.parse(LIMITED.replace("tool_calls: 1", "tool_calls: 5"))) as runtime:
        outcome = await runtime.run(plan, "ada@example.com")
        assert paid == [("ada@example.com", 40)], outcome


async def test_a_number_that_looks_like_a_card_reaches_a_tool_as_the_number_that_it_is() -> None:
    got: list[Any] = []

    @il.tool(kind="effect")
    def note(number: int) -> None:
        got.append(number)

    async def clerk(message: il.Message, ctx: il.Context) -> str:
        await ctx.tool("note", number=4111111111111111)
        return "noted"

    plan = il.Sequential("desk", [clerk])
    async with il.open(plans=[plan], tools=[note]) as runtime:
        assert (await runtime.run(plan, "hello")).status == "delivered"
        assert "4111111111111111" not in runtime.engine.history(1)
    assert got == [4111111111111111]


async def test_a_fallback_has_its_own_scopes_when_it_is_given_the_turn() -> None:
    policy = 'forbid(principal, action == Action::"CallModel", resource) unless { context.scopes.contains("model.use") };'
    config = il.Config.parse(f"guardrails:\n  policies:\n    - '{policy}'\n")

    async def fails(message: il.Message, ctx: il.Context) -> str:
        raise ValueError("no")

    main = il.agent(fails, name="main", scopes=["model.use"])
    for scopes, status in (((), "in_review"), (("model.use",), "delivered")):
        stand_in = il.agent(_echo, name="stand_in", scopes=scopes)
        plan = il.Sequential("desk", [il.step(main, fallback=stand_in)])
        async with il.open(plans=[plan], config=config) as runtime:
            assert (await runtime.run(plan, "hello")).status == status


async def test_a_stopped_tenants_new_runs_fail_and_its_switch_is_named_without_its_reason() -> None:
    plan = il.Sequential("desk", [il.agent(_echo, name="echo")])
    async with il.open(plans=[plan]) as runtime:
        runtime.kill(tenant="acme", reason="fraud of ada@example.com", by="ops")
        outcome = await runtime.run(plan, "hello", user=il.User("u", tenant="acme"))
        assert (outcome.status, outcome.reason) == ("failed", "a gate did not let it go on")
        history = runtime.engine.history(1)
        assert "tenant:acme" in history
        assert "fraud" not in history
        assert (await runtime.run(plan, "hello", user=il.User("u", tenant="other"))).status == "delivered"


async def test_budgets_are_remembered_over_a_configuration_without_any(tmp_path: Path) -> None:
    limited, free = il.Config.parse("guardrails: {budgets: [{per: tenant, turns: 2, every: day}]}"), il.Config.parse("")
    plan = il.Sequential("desk", [il.agent(_echo, name="echo")])
    user = il.User("u", tenant="acme")
    async with il.open(tmp_path / "runs.db", plans=[plan], config=limited) as runtime:
        statuses = [(await runtime.run(plan, "hello", user=user)).status for _ in range(3)]
        runtime.apply_config(free)
        runtime.apply_config(limited)
        statuses.append((await runtime.run(plan, "hello", user=user)).status)
    assert statuses == ["delivered", "delivered", "in_review", "in_review"]


async def test_what_was_remembered_is_found_by_the_personal_data_in_it() -> None:
    found: list[int] = []

    async def clerk(message: il.Message, ctx: il.Context) -> str:
        if message.text.startswith("keep"):
            await ctx.remember("likes tea", data={"email": message.text.split()[1]})
        else:
            found.append(len(await ctx.recall(where={"email": message.text.split()[1]})))
        return "done"

    plan = il.Sequential("desk", [clerk])
    async with il.open(plans=[plan]) as runtime:
        await runtime.run(plan, "keep ada@example.com", user="ada")
        await runtime.run(plan, "find ada@example.com", user="ada")
    assert found == [1]


async def test_the_scratch_is_found_by_a_key_with_personal_data_also_after_a_restart(tmp_path: Path) -> None:
    found: list[Any] = []

    async def keep(message: il.Message, ctx: il.Context) -> str:
        ctx.scratch.put("ada@example.com", 1, scope="thread")
        ctx.scratch.put("ada@example.com", 2)
        found.append((ctx.scratch.get("ada@example.com", scope="thread"), ctx.scratch.get("ada@example.com")))
        return "kept"

    plan = il.Sequential("desk", [keep])
    async with il.open(tmp_path / "runs.db", plans=[plan]) as runtime:
        await runtime.run(plan, "hello", user="ada@example.com", thread="t")
        assert found == [(1, 2)]
