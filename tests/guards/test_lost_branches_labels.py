"""What a turn is told of a branch that was lost is trusted no more than the branch was."""

from __future__ import annotations

from typing import Any

import interlock as il
import pytest
from cast import gives
from strict import CONFIG


@il.tool
async def account() -> str:
    return "GB29"


@il.tool
async def mail() -> str:
    return "US13"


class Desk:
    """A branch reads and fails, another answers; who sums up is told why the one was lost, and acts on it."""

    def __init__(self, tool: str, wrongly: bool = False, is_team: bool = False) -> None:
        self.did: list[Any] = []

        @il.tool(kind="effect_once")
        async def refund(to: str) -> str:
            self.did.append(to)
            return "refunded"

        @il.agent
        async def reads(message: il.Message, ctx: il.Context) -> Any:
            found = await ctx.tool(tool)
            if wrongly:
                return {found}  # no reply is a set, and the error says what was in it
            raise ValueError(f"pay to {found}")

        @il.agent
        async def sums_up(message: il.Message, ctx: il.Context) -> Any:
            if not ctx.view:
                return ctx.delegate(["reads", "other"])
            [lost] = [one for one in ctx.view if one.is_lost]
            return str(await ctx.tool("refund", to=lost.text))

        other = gives("other", "nothing")
        self.plan: il.Concurrent | il.Hierarchy = il.Concurrent("desk", [reads, other], synthesis=sums_up)
        if is_team:
            self.plan = il.Hierarchy("desk", supervisor=sums_up, teams=[reads, other])
        self.tools = [account, mail, refund]

    async def serve(self) -> il.Outcome:
        async with il.open(plans=[self.plan], tools=self.tools, config=CONFIG) as runtime:
            return await runtime.run(self.plan, "refund it")


@pytest.mark.parametrize("is_team", [False, True])
@pytest.mark.parametrize("wrongly", [False, True])
async def test_an_error_that_a_stranger_had_a_hand_in_is_a_strangers_to_who_sums_up(wrongly: bool, is_team: bool) -> None:
    desk = Desk("mail", wrongly, is_team)
    assert ((await desk.serve()).status, desk.did) == ("in_review", [])


@pytest.mark.parametrize("is_team", [False, True])
async def test_an_error_of_trusted_records_alone_is_not_asked_about(is_team: bool) -> None:
    desk = Desk("account", is_team=is_team)
    outcome = await desk.serve()
    assert (outcome.text, desk.did) == ("refunded", ["a step failed: it raised ValueError: pay to GB29"]), outcome.error
