"""Right = agent ∩ delegators ∩ user, where the file says what delegators hold: who came by way of an agent may no more than it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import interlock as il
import pytest
from cast import soon

CEILINGS = {"narrow": "[read]", "front/desk": "[read]"}
CEILINGS |= dict.fromkeys(("clerk", "chief", "bank/teller"), '[read, pay, "memory:team:desk"]')
"""What the file lets agents hold at most; of others it does not say it."""
EVERY = ("read", "pay", "fire", "memory:team:desk")
"""What the code gives every agent: only the file narrows it."""
TABLE = """routing_rules:
  - {intent: pay, agent: clerk}
  - {intent: money, agent: narrow, fallback: clerk}
"""
OPEN = il.contract(["text"], [])


class Desk:
    """Agents that do what a script says, a turn at a time, and what was let pass and what was not.

    ``try`` tries to pay and to recall, ``>clerk`` hands on, ``!clerk`` delegates, ``?pay`` states an intent, ``fail`` fails, and anything
    else is the answer.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self.paid: list[str] = []
        self.tried: list[tuple[str, str]] = []
        self.said: list[str] = []
        self.scopes: dict[str, tuple[str, ...]] = {}

    def agent(self, name: str, *acts: str, domain: str = "") -> il.Agent:
        left = list(acts)
        self.names.append(f"{domain}/{name}" if domain else name)

        async def turn(message: il.Message, ctx: il.Context) -> Any:
            self.scopes[name] = ctx.scopes
            while left:
                act = left.pop(0)
                if act == "try":
                    await self._try(name, ctx)
                    continue
                match act[0], act[1:]:
                    case ">", target:
                        return ctx.hand_off(target, "money")
                    case "!", target:
                        return ctx.delegate(target)
                    case "?", intent:
                        return il.Reply("", intent=intent)
                if act == "fail":
                    raise ValueError("no")
                return act
            return "done"

        return il.agent(turn, name=name, scopes=EVERY)

    async def _try(self, name: str, ctx: il.Context) -> None:
        for what, call in (("pay", lambda: ctx.tool("pay", whom=name)), ("recall", lambda: ctx.recall(namespaces=["team:desk"]))):
            try:
                await call()
            except il.Denied as denied:
                self.tried.append((name, f"{what} denied"))
                self.said.append(denied.message)
            else:
                self.tried.append((name, what))

    def config(self, rules: str = "", policy: str = "") -> str:
        """A file that lists every agent that there is."""
        agents = [f'    "{name}": {{scopes: {CEILINGS[name]}}}' for name in CEILINGS if name in self.names]
        policies = f"  policies:\n    - '{policy}'\n" if policy else ""
        return f"{rules}guardrails:\n  agents:\n" + "\n".join([*agents, '    "*": {}', policies])

    def opened(self, plan: Any, path: Path | None = None, **config: str) -> il.Runtime:
        @il.tool(kind="effect", scopes=["pay"])
        def pay(whom: str) -> None:
            self.paid.append(whom)

        return il.open(path, plans=[plan], tools=[pay], config=il.Config.parse(self.config(**config)))

    async def run(self, plan: Any, **config: str) -> il.Outcome:
        async with self.opened(plan, **config) as runtime:
            outcome = await soon(runtime.run(plan, "pay it", user=il.User("u-1", tenant="acme")))
            self.history = await runtime.history(outcome.run_id)
        return outcome

    def denials(self) -> list[tuple[str, str, list[str]]]:
        """Gate, resource and rules of what was recorded as denied."""
        rulings = [event.fields["ruling"] for event in self.history if event.kind == "gate_ruled"]
        return [(one["gate"], one["resource"], list(one["rules"])) for one in rulings if one["verdict"] == "denied"]


def may(name: str) -> list[tuple[str, str]]:
    return [(name, "pay"), (name, "recall")]


def may_not(name: str) -> list[tuple[str, str]]:
    return [(name, "pay denied"), (name, "recall denied")]


async def test_an_agent_may_what_the_file_lets_it() -> None:
    desk = Desk()
    assert (await desk.run(il.Sequential("plan", [desk.agent("clerk", "try")]))).status == "delivered"
    assert desk.tried == may("clerk")


async def test_who_got_the_turn_from_an_agent_may_no_more_than_that_agent_and_is_told_so() -> None:
    desk = Desk()
    await desk.run(il.Handoff("plan", entry=desk.agent("narrow", ">clerk"), to=[desk.agent("clerk", "try")]))
    assert (desk.tried, desk.paid) == (may_not("clerk"), [])
    assert desk.scopes == {"narrow": ("read",), "clerk": ("read",)}
    assert desk.said[0] == (
        'tool \'pay\' was refused: it needs scope "pay", and agent "narrow", by way of which the turn came, may not hold it'
    )
    assert desk.denials() == [("G3", "pay", ["code:scopes", "scope:pay", "via:narrow"])]


Parts = Callable[[Desk], Any]
NARROWED: dict[str, Parts] = {
    "through two, of whom the first may not": lambda d: il.Handoff(
        "plan", entry=d.agent("narrow", ">chief"), to=[d.agent("chief", ">clerk"), d.agent("clerk", "try")]
    ),
    "through two, of whom the second may not": lambda d: il.Handoff(
        "plan", entry=d.agent("chief", ">narrow"), to=[d.agent("narrow", ">clerk"), d.agent("clerk", "try")]
    ),
    "by an intent that the table sends on": lambda d: il.Handoff("plan", entry=d.agent("narrow", "?pay"), to=[d.agent("clerk", "try")]),
    "from the end of a member": lambda d: il.Handoff(
        "plan", entry=il.Sequential("row", [d.agent("chief"), d.agent("narrow", ">clerk")]), to=[d.agent("clerk", "try")]
    ),
    "out of a handoff inside": lambda d: il.Handoff(
        "plan",
        entry=il.Handoff("inner", entry=d.agent("narrow", ">chief"), to=[d.agent("chief", ">clerk")]),
        to=[d.agent("clerk", "try")],
    ),
    "into a member's inner handoff": lambda d: il.Handoff(
        "plan",
        entry=d.agent("narrow", ">inner"),
        to=[il.Handoff("inner", entry=d.agent("chief", ">clerk"), to=[d.agent("clerk", "try")])],
    ),
    "from a supervisor": lambda d: il.Hierarchy("plan", supervisor=d.agent("narrow", "!clerk"), teams=[d.agent("clerk", "try")]),
    "from a supervisor's supervisor": lambda d: il.Hierarchy(
        "plan",
        supervisor=d.agent("narrow", "!team"),
        teams=[il.Hierarchy("team", supervisor=d.agent("chief", "!clerk"), teams=[d.agent("clerk", "try")])],
    ),
    "from a supervisor inside a team": lambda d: il.Hierarchy(
        "plan",
        supervisor=d.agent("chief", "!team"),
        teams=[il.Hierarchy("team", supervisor=d.agent("narrow", "!clerk"), teams=[d.agent("clerk", "try")])],
    ),
    "from a supervisor that got the turn itself": lambda d: il.Hierarchy(
        "plan",
        supervisor=il.Handoff("heads", entry=d.agent("narrow", ">chief"), to=[d.agent("chief", "!clerk")]),
        teams=[d.agent("clerk", "try")],
    ),
    "inside a team that hands on": lambda d: il.Hierarchy(
        "plan",
        supervisor=d.agent("narrow", "!team"),
        teams=[il.Handoff("team", entry=d.agent("chief", ">clerk"), to=[d.agent("clerk", "try")])],
    ),
    "to a hierarchy": lambda d: il.Handoff(
        "plan",
        entry=d.agent("narrow", ">firm"),
        to=[il.Hierarchy("firm", supervisor=d.agent("chief", "!clerk"), teams=[d.agent("clerk", "try")])],
    ),
    "to branches": lambda d: il.Handoff(
        "plan",
        entry=d.agent("narrow", ">both"),
        to=[il.Concurrent("both", [d.agent("clerk", "try"), d.agent("chief")], reconcile=il.vote())],
    ),
    "from a chat's manager": lambda d: il.GroupChat("plan", [d.agent("clerk", "try")], speaker=d.agent("narrow", ">clerk", "fin")),
    "from a chat's manager to a member that hands on": lambda d: il.GroupChat(
        "plan",
        [il.Handoff("desk", entry=d.agent("chief", ">clerk"), to=[d.agent("clerk", "try")])],
        speaker=d.agent("narrow", ">desk", "fin"),
    ),
    "from a chat's manager that got the turn itself": lambda d: il.GroupChat(
        "plan",
        [d.agent("clerk", "try")],
        speaker=il.Handoff("heads", entry=d.agent("narrow", ">chief"), to=[d.agent("chief", ">clerk", "fin")]),
    ),
    "from a chat's manager, out of the chat": lambda d: il.Handoff(
        "plan",
        entry=il.GroupChat("chat", [d.agent("chief", ">clerk")], speaker=d.agent("narrow", ">chief", "fin")),
        to=[d.agent("clerk", "try")],
    ),
    "from a chat's manager, to one who hears a summary first": lambda d: il.GroupChat(
        "plan",
        [d.agent("chief", "one", "two", "three"), d.agent("clerk", "try")],
        speaker=d.agent("narrow", ">chief", ">chief", ">clerk", "fin"),
        window=1,
        summariser=d.agent("summary", "short"),
    ),
    "to a fallback of the member": lambda d: il.Handoff(
        "plan",
        entry=d.agent("narrow", ">first"),
        to=[il.step(d.agent("first", "fail"), fallback=d.agent("clerk", "try"))],
    ),
}


@pytest.mark.parametrize("way", NARROWED)
async def test_every_way_from_an_agent_narrows(way: str) -> None:
    desk = Desk()
    await desk.run(NARROWED[way](desk), rules=TABLE if "table" in way else "")
    assert (desk.tried, desk.paid) == (may_not("clerk"), [])


OTHERWISE: dict[str, Parts] = {
    "who handed on may it, too": lambda d: il.Handoff("plan", entry=d.agent("chief", ">clerk"), to=[d.agent("clerk", "try")]),
    "the file says nothing of the other one": lambda d: il.Handoff("plan", entry=d.agent("free", ">clerk"), to=[d.agent("clerk", "try")]),
    "the plan goes on": lambda d: il.Sequential("plan", [d.agent("narrow"), d.agent("clerk", "try")]),
    "a fallback stands in": lambda d: il.Sequential("plan", [il.step(d.agent("narrow", "fail"), fallback=d.agent("clerk", "try"))]),
    "a chat goes on": lambda d: il.GroupChat("plan", [d.agent("narrow"), d.agent("clerk", "try")], until="turns >= 2"),
    "a chat's manager has the floor back": lambda d: il.GroupChat("plan", [d.agent("narrow")], speaker=d.agent("clerk", ">narrow", "try")),
    "a chat's manager that may it, too, gives the floor": lambda d: il.GroupChat(
        "plan", [d.agent("clerk", "try")], speaker=d.agent("chief", ">clerk", "fin")
    ),
    "a chat goes on by rules": lambda d: il.GroupChat(
        "plan", [d.agent("narrow"), d.agent("clerk", "try")], speaker=il.rules([("turns == 1", "clerk")]), until="turns >= 2"
    ),
    "a supervisor hears a report": lambda d: il.Hierarchy("plan", supervisor=d.agent("clerk", "!narrow", "try"), teams=[d.agent("narrow")]),
    "the turn returns to the entry": lambda d: il.Handoff(
        "plan", entry=d.agent("clerk", ">narrow", "try"), to=[d.agent("narrow", "look")], returns=True
    ),
    "a fallback of the table takes over": lambda d: il.Handoff(
        "plan", to=[il.step(d.agent("narrow", "fail")), d.agent("clerk", "try")], router=d.agent("router", "?money")
    ),
}


@pytest.mark.parametrize("way", OTHERWISE)
async def test_nothing_narrows_where(way: str) -> None:
    desk = Desk()
    await desk.run(OTHERWISE[way](desk), rules=TABLE if "table" in way else "")
    assert desk.tried == may("clerk")


async def test_who_gets_the_turn_back_from_another_is_narrowed_by_it() -> None:
    desk = Desk()
    clerk = desk.agent("clerk", "try", ">narrow", "try")
    await desk.run(il.Handoff("plan", entry=clerk, to=[desk.agent("narrow", ">clerk")], revisit=True, max_handoffs=4))
    assert desk.tried == [*may("clerk"), *may_not("clerk")]


async def test_an_entry_that_got_the_turn_returned_hands_on_its_own_rights() -> None:
    desk = Desk()
    chief = desk.agent("chief", ">narrow", ">clerk", "done")
    others = [desk.agent("narrow", "look"), desk.agent("clerk", "try")]
    await desk.run(il.Handoff("plan", entry=chief, to=others, returns=True, max_handoffs=6))
    assert desk.tried == may("clerk")


async def test_a_second_delegation_is_not_narrowed_by_who_made_the_first() -> None:
    """The head that delegates first may not pay; the other head, which follows it, may."""
    desk = Desk()
    heads = il.Handoff("heads", entry=desk.agent("chief", "!clerk", ">narrow"), to=[desk.agent("narrow", "!clerk")])
    await desk.run(il.Hierarchy("plan", supervisor=heads, teams=[desk.agent("clerk", "try", "done", "try")]))
    assert desk.tried == [*may("clerk"), *may_not("clerk")]


async def test_a_manager_narrows_only_those_whom_it_gives_the_floor_itself() -> None:
    """The head that gives the floor first may pay; the other head, which follows it, may not."""
    desk = Desk()
    heads = il.Handoff("heads", entry=desk.agent("chief", ">clerk", ">narrow"), to=[desk.agent("narrow", ">clerk", "fin")])
    await desk.run(il.GroupChat("plan", [desk.agent("clerk", "try", "once", "try", "twice")], speaker=heads))
    assert desk.tried == [*may("clerk"), *may_not("clerk")]


async def test_a_domain_is_narrowed_by_the_one_that_handed_to_it() -> None:
    desk = Desk()
    front = il.Domain("front", desk.agent("desk", ">bank", domain="front"), imports=OPEN, exports=OPEN)
    bank = il.Domain("bank", desk.agent("teller", "try", domain="bank"), imports=OPEN, exports=OPEN)
    await desk.run(il.Federation("plan", [front, bank]))
    assert desk.tried == may_not("teller")


async def test_a_domain_that_nobody_handed_to_may_what_the_file_lets_it() -> None:
    desk = Desk()
    bank = il.Domain("bank", desk.agent("teller", "try", domain="bank"), imports=OPEN, exports=OPEN)
    await desk.run(il.Federation("plan", [bank]))
    assert desk.tried[0] == ("teller", "pay")


async def test_who_handed_on_is_known_after_a_restart(tmp_path: Path) -> None:
    desk, begun = Desk(), asyncio.Event()

    async def hangs(message: il.Message, ctx: il.Context) -> str:
        begun.set()
        await asyncio.Event().wait()
        return "never"

    def plan(clerk: il.Agent) -> il.Handoff:
        return il.Handoff("plan", entry=desk.agent("narrow", ">clerk"), to=[clerk])

    first = plan(il.agent(hangs, name="clerk", scopes=EVERY))
    async with desk.opened(first, tmp_path / "runs.db") as runtime:
        run = await runtime.start(first, "pay it")
        await soon(begun.wait())
    with suppress(il.RunCancelled, asyncio.CancelledError):
        await run
    again = plan(desk.agent("clerk", "try"))
    async with desk.opened(again, tmp_path / "runs.db") as runtime:
        await soon(runtime.resume(run.run_id))
    assert desk.tried == may_not("clerk")


@pytest.mark.parametrize(("entry", "status"), [("chief", "delivered"), ("narrow", "in_review")])
async def test_a_policy_by_hand_sees_what_is_left_of_the_scopes(entry: str, status: str) -> None:
    desk = Desk()
    policy = 'forbid(principal == Agent::"clerk", action == Action::"CallModel", resource) unless { context.scopes.contains("pay") };'
    plan = il.Handoff("plan", entry=desk.agent(entry, ">clerk"), to=[desk.agent("clerk")])
    assert (await desk.run(plan, policy=policy)).status == status
