"""Patterns inside branches: everything in everything, and tools that are recorded branch by branch."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import product
from typing import Any

import interlock as il
import pytest
from cast import Hung, ever_longer, fails, happened, run_once, says, soon, turns_of_the_loop
from interlock.patterns import Pattern, walk

KINDS = ("sequential", "handoff", "concurrent", "chat", "maker", "hierarchy", "federation")
ALL = il.contract(["text"], ["l"])


def around(kind: str, node: Any, tag: str) -> Pattern:  # noqa: C901 - one case for each pattern
    """A pattern of a kind whose answer is the node's, and in which nobody shares a name with another pattern's agents."""

    async def lead(message: il.Message, ctx: il.Context) -> Any:
        return ctx.view[-1].text if ctx.view else ctx.delegate(node.name)

    async def pass_on(message: il.Message, ctx: il.Context) -> Any:
        return ctx.hand_off(node.name)

    async def check(message: il.Message, ctx: il.Context) -> il.Reply:
        return il.accept()

    def named(function: Any) -> il.Agent:
        return il.agent(function, name=f"{function.__name__} {tag}")

    match kind:
        case "sequential":
            return il.Sequential(tag, [says("before", f"before {tag}"), node])
        case "handoff":
            return il.Handoff(tag, entry=named(pass_on), to=[node])
        case "concurrent":
            return il.Concurrent(tag, [node, fails(f"lost {tag}")], reconcile=il.vote())
        case "chat":
            return il.GroupChat(tag, [node, says("more", f"talker {tag}")], until="turns >= 1")
        case "maker":
            return il.MakerChecker(tag, maker=node, checker=named(check))
        case "hierarchy":
            return il.Hierarchy(tag, supervisor=named(lead), teams=[node], max_depth=9)
        case _:
            return il.Federation(tag, [il.Domain(f"d {tag}", node, imports=ALL, exports=ALL)])


@pytest.mark.parametrize(("outer", "inner"), list(product(KINDS, repeat=2)))
async def test_every_pattern_works_inside_every_other_in_a_branch(outer: str, inner: str) -> None:
    def branch(tag: str) -> Pattern:
        return around(outer, around(inner, says("leaf", f"leaf {tag}"), f"{tag}i"), f"{tag}o")

    outcome = await run_once(il.Concurrent("top", [branch("x"), branch("y")], reconcile=il.vote(quorum=2)))
    assert (outcome.status, outcome.text) == ("delivered", "leaf"), outcome.reason


@pytest.mark.parametrize("shift", range(len(KINDS)))
async def test_nests_four_deep_deliver_and_every_started_node_is_one_of_the_plan(shift: int) -> None:
    def nest(tag: str) -> Any:
        node: Any = says("leaf", f"leaf {tag}")
        for level in range(4):
            node = around(KINDS[(shift + 2 * level) % len(KINDS)], node, f"{tag}{level}")
        return node

    plan = il.Concurrent("top", [nest("x"), nest("y"), nest("z")], reconcile=il.vote(quorum=3))
    nodes = [node.name for _, _, node in walk(plan)]
    async with il.open(plans=[plan]) as runtime:
        outcome = await soon(runtime.run(plan, "q"))
        assert (outcome.status, outcome.text) == ("delivered", "leaf"), outcome.reason
        for event in await happened(runtime, outcome, "turn_started"):
            assert event.agent.rpartition("/")[2] == nodes[event.node].rpartition("/")[2]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_branch_of_any_kind_is_stopped_in_the_middle(kind: str) -> None:
    for deadline in ever_longer(0.05):
        hung = Hung()
        branches = [around(kind, hung.agent("leaf"), "t"), says("yes", "slow enough")]
        assert (await run_once(il.Concurrent("top", branches, reconcile=il.vote(), branch_deadline=deadline))).text == "yes"
        await turns_of_the_loop()
        assert hung.left == hung.at_work
        if hung.at_work:
            break  # the leaf had begun in time


class Till:
    """Tools that count how often they are called."""

    def __init__(self) -> None:
        self.paid: list[str] = []
        self.looked = 0

    def tools(self) -> list[il.Tool]:
        async def pay(to: str) -> int:
            await asyncio.sleep(0)
            self.paid.append(to)
            return len(self.paid)

        async def look() -> int:
            self.looked += 1
            return self.looked

        return [il.tool(pay, kind="effect"), il.tool(look)]


async def test_each_branch_has_effects_of_its_own_and_a_retry_gets_what_is_stored() -> None:
    till = Till()

    def payer(name: str) -> Any:
        async def work(message: il.Message, ctx: il.Context) -> str:
            first = await ctx.tool("pay", to="acme")
            second = await ctx.tool("pay", to="acme")
            assert first != second
            if ctx.attempt < 3:
                raise ValueError("again")
            return "paid"

        return il.step(il.agent(work, name=name), retries=2)

    plan = il.Concurrent("panel", [payer(name) for name in "abc"], reconcile=il.vote(quorum=3))
    async with il.open(plans=[plan], tools=till.tools()) as runtime:
        outcome = await soon(runtime.run(plan, "q"))
        assert (outcome.text, till.paid) == ("paid", ["acme"] * 6), "two for each branch, however often it was tried"
        completed = await happened(runtime, outcome, "effect_completed")
        assert len({event.key for event in completed}) == 6
        assert outcome.usage.effects == 6


async def test_a_fallback_in_a_branch_gets_what_the_agent_before_it_paid_for() -> None:
    till, given = Till(), []

    async def pays(message: il.Message, ctx: il.Context) -> str:
        given.append(await ctx.tool("pay", to="acme"))
        if not ctx.attempt or len(given) == 1:
            raise ValueError("after the payment")
        return "paid"

    step = il.step(il.agent(pays, name="first"), fallback=il.agent(pays, name="second"))
    plan = il.Concurrent("panel", [step, says("paid", "other")], reconcile=il.vote(quorum=2))
    async with il.open(plans=[plan], tools=till.tools()) as runtime:
        assert (await runtime.run(plan, "q")).text == "paid"
    assert (given, till.paid) == ([1, 1], ["acme"])


async def test_the_same_step_in_several_rounds_pays_anew_each_time() -> None:
    till = Till()

    async def pays(message: il.Message, ctx: il.Context) -> str:
        return f"receipt {await ctx.tool('pay', to='acme')}"

    plan = il.GroupChat("chat", [pays], max_turns=3, on_limit=says("done", "end"))
    async with il.open(plans=[plan], tools=till.tools()) as runtime:
        assert (await runtime.run(plan, "q")).text == "done"
    assert till.paid == ["acme"] * 3


async def test_a_tool_that_is_called_after_its_branch_was_called_off_does_nothing() -> None:
    till, errors = Till(), []

    async def late(message: il.Message, ctx: il.Context) -> str:
        try:
            await asyncio.Event().wait()
        finally:
            try:
                await ctx.tool("pay", to="acme")
            except il.AgentError as error:
                errors.append(error.code)
        return ""

    plan = il.Concurrent("panel", [late, says("yes", "quick")], reconcile=il.vote(), mode="first_k", k=1)
    async with il.open(plans=[plan], tools=till.tools()) as runtime:
        assert (await runtime.run(plan, "q")).text == "yes"
        await turns_of_the_loop()
    assert (till.paid, errors) == ([], ["agent.late-tool"])


async def test_a_hundred_branches_with_tools_pay_once_each() -> None:
    till = Till()

    def payer(number: int) -> il.Agent:
        async def work(message: il.Message, ctx: il.Context) -> str:
            await ctx.tool("look")
            await ctx.tool("pay", to=str(number))
            return "paid"

        return il.agent(work, name=f"agent {number}")

    plan = il.Concurrent("panel", [payer(number) for number in range(100)], reconcile=il.vote(quorum=1.0))
    async with il.open(plans=[plan], tools=till.tools()) as runtime:
        assert (await soon(runtime.run(plan, "q"))).text == "paid"
    assert Counter(till.paid) == Counter(map(str, range(100)))
