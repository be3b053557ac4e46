"""Tools that ask for scopes: whoever lacks one is denied before anything happens, and below a supervisor scopes only narrow."""

from __future__ import annotations

from typing import Any

import interlock as il
import pytest
from cast import kinds_of, soon

REFUSED = "tool 'pay' was refused: it needs scope \"pay\", and this turn has "


class Desk:
    """A tool that acts and needs scopes, and what was done with it."""

    def __init__(self, *scopes: str) -> None:
        self.paid: list[str] = []
        self.scopes = scopes

    async def pay(self, whom: str) -> str:
        self.paid.append(whom)
        return f"paid {whom}"

    async def run(self, plan: Any) -> tuple[il.Outcome, list[str]]:
        """Run a plan with the tool; the outcome and what happened."""
        tool = il.tool(self.pay, kind="effect", scopes=self.scopes)
        async with il.open(plans=[plan], tools=[tool]) as runtime:
            outcome = await soon(runtime.run(plan, "pay"))
            return outcome, await kinds_of(runtime, outcome)


def payer(name: str, *scopes: str, caught: list[il.Denied] | None = None) -> il.Agent:
    """An agent that pays, and either notes that it was denied or fails of it."""

    async def work(message: il.Message, ctx: il.Context) -> str:
        try:
            return str(await ctx.tool("pay", whom=name))
        except il.Denied as denied:
            if caught is None:
                raise
            caught.append(denied)
            return f"{name} was denied"

    return il.agent(work, name=name, scopes=scopes)


def boss(name: str, to: str, *scopes: str) -> il.Agent:
    """A supervisor that sets one team to work and reports what it said."""

    async def lead(message: il.Message, ctx: il.Context) -> Any:
        return ctx.view[-1].text if ctx.view else ctx.delegate(to)

    return il.agent(lead, name=name, scopes=scopes)


def alone(agent: il.Agent) -> il.Sequential:
    return il.Sequential("plan", [il.step(agent, on_failure=il.fail())])


@pytest.mark.parametrize(
    ("needs", "has", "missing"),
    [
        ([], [], None),
        ([], ["read"], None),
        (["pay"], ["pay"], None),
        (["pay", "read"], ["read", "fire", "pay"], None),
        (["pay"], [], "pay"),
        (["pay"], ["read", "payments", "PAY"], "pay"),
        (["pay", "read"], ["pay"], "read"),
    ],
)
async def test_a_turn_needs_every_scope_of_the_tool(needs: list[str], has: list[str], missing: str | None) -> None:
    desk = Desk(*needs)
    outcome, told = await desk.run(alone(payer("clerk", *has)))
    if missing is None:
        assert (outcome.text, desk.paid) == ("paid clerk", ["clerk"])
        return
    assert (outcome.status, desk.paid) == ("failed", [])
    assert isinstance(outcome.error, il.Denied)
    assert outcome.error.code == "denied"
    said = f"tool 'pay' was refused: it needs scope \"{missing}\", and this turn has {', '.join(has) or 'none'}"
    assert outcome.error.message == said
    assert "the right to it" in outcome.error.hint
    assert "effect_intended" not in told
    assert "effect_completed" not in told


async def test_a_delegate_is_denied_what_its_supervisor_lacks_although_its_own_agent_has_it() -> None:
    for scopes, said, paid in ((("read", "pay"), "paid clerk", ["clerk"]), (("read",), "clerk was denied", [])):
        desk, caught = Desk("pay"), list[il.Denied]()
        plan = il.Hierarchy("firm", supervisor=boss("boss", "clerk", *scopes), teams=[payer("clerk", "pay", "read", caught=caught)])
        outcome, told = await desk.run(plan)
        assert (outcome.text, desk.paid) == (said, paid)
        assert [denied.message for denied in caught] == ([] if paid else [REFUSED + "read"])
        assert told.count("effect_intended") == len(paid)


@pytest.mark.parametrize(
    ("outer", "inner", "said"),
    [(("pay",), ("pay",), "paid clerk"), (("pay",), ("read",), "clerk was denied"), (("read",), ("pay",), "clerk was denied")],
    ids=["both may", "the inner one may not", "the outer one may not"],
)
async def test_every_supervisor_above_must_have_the_scope(outer: tuple[str, ...], inner: tuple[str, ...], said: str) -> None:
    desk = Desk("pay")
    team = il.Hierarchy("team", supervisor=boss("head", "row", *inner), teams=[il.Sequential("row", [payer("clerk", "pay", caught=[])])])
    outcome, _ = await desk.run(il.Hierarchy("firm", supervisor=boss("chief", "team", *outer), teams=[team]))
    assert (outcome.text, desk.paid) == (said, ["clerk"] if "paid" in said else [])


async def test_a_delegate_that_does_not_cope_is_a_lost_report_with_the_reason() -> None:
    desk = Desk("pay")
    plan = il.Hierarchy("firm", supervisor=boss("boss", "clerk"), teams=[payer("clerk", "pay")])
    outcome, _ = await desk.run(plan)
    assert f"Denied: {REFUSED}none" in outcome.text
    assert desk.paid == []


async def test_a_supervisor_may_do_itself_what_its_scopes_allow() -> None:
    desk = Desk("pay")
    outcome, _ = await desk.run(il.Hierarchy("firm", supervisor=payer("boss", "pay"), teams=[payer("clerk")]))
    assert (outcome.text, desk.paid) == ("paid boss", ["boss"])


async def test_a_stand_in_has_its_own_scopes_and_does_not_get_a_stored_result_without_them() -> None:
    async def pays_and_fails(message: il.Message, ctx: il.Context) -> str:
        await ctx.tool("pay", whom="stand-in")
        raise ValueError("after it paid")

    desk = Desk("pay")
    step = il.step(il.agent(pays_and_fails, scopes=["pay"]), fallback=payer("stand-in", "read", caught=[]))
    outcome, _ = await desk.run(il.Sequential("plan", [step]))
    assert (outcome.text, desk.paid) == ("stand-in was denied", ["stand-in"])


async def test_a_turn_that_is_over_has_no_scopes_any_more() -> None:
    kept: list[il.Context] = []

    async def keeps(message: il.Message, ctx: il.Context) -> str:
        kept.append(ctx)
        return "done"

    @il.tool(scopes=["pay"])
    async def pay() -> None: ...

    plan = il.Sequential("plan", [il.agent(keeps, scopes=["pay"])])
    async with il.open(plans=[plan], tools=[pay]) as runtime:
        await runtime.run(plan, "q")
        with pytest.raises((il.Denied, il.AgentError)):
            await kept[0].tool("pay")


def test_scopes_are_a_list() -> None:
    with pytest.raises(il.UsageError, match="scopes of tool 'pay' are a text") as caught:
        il.tool(Desk().pay, scopes="pay")
    assert caught.value.hint == "write scopes=['pay']"
