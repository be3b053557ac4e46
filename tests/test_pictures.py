"""A plan as a picture and in words, alone and with a run drawn over it. Its numbers are the core's."""

from __future__ import annotations

import asyncio
import itertools
import re
from typing import Any

import interlock as il
import pytest
from cast import fails, gives, never, passes, says, soon
from interlock.patterns import Pattern, walk
from interlock.patterns.step import Step

THROUGH = il.contract(["text"])


async def lead(message: il.Message, ctx: il.Context) -> Any:
    return "all done" if ctx.view else ctx.delegate(["x", "row"])


async def manage(message: il.Message, ctx: il.Context) -> Any:
    return "enough" if len(ctx.view) > 1 else ctx.hand_off("b")


def plans() -> dict[str, Pattern]:
    row = il.Sequential("row", [says("1", "one"), says("2", "two")])
    return {
        "sequence": il.Sequential("plan", [says("a", "a"), il.step(says("b", "b"), retries=2, fallback=says("c", "c"))]),
        "handoff": il.Handoff("plan", entry=passes("row", "front"), to=[says("a", "a"), row]),
        "routed": il.Handoff("plan", to=[says("a", "a"), row], router=gives("asks", intent="unknown")),
        "parallel": il.Concurrent("plan", [says("yes", "a"), fails("b"), row, says("yes", "d")], reconcile=il.vote()),
        "open": il.Concurrent("plan", [says("yes", "a"), says("no", "b")], reconcile=il.vote("d", quorum=0.5, weights={"a": 2})),
        "synthesis": il.Concurrent("plan", [says("yes", "a"), row], reconcile=il.vote(), synthesis=says("so", "s")),
        "fork of forks": il.Concurrent(
            "plan", [il.Concurrent("in", [says("y", "a"), row], reconcile=il.vote(on_tie="first"))], synthesis=says("s", "s")
        ),
        "chat": il.GroupChat("plan", [says("a", "a"), row], until="turns >= 3"),
        "ruled chat": il.GroupChat("plan", [says("a", "a"), says("b", "b")], speaker=il.rules([("turns == 1", "b")]), max_turns=2),
        "managed chat": il.GroupChat(
            "plan", [says("a", "a"), says("b", "b")], speaker=manage, summariser=says("s", "s"), on_limit=says("x", "x")
        ),
        "pair": il.MakerChecker("plan", maker=row, checker=says("no", "check"), max_rounds=2, on_limit=il.highest_confidence()),
        "hierarchy": il.Hierarchy("plan", supervisor=lead, teams=[says("x", "x"), row], max_tokens=1_000, on_limit=says("end", "auditor")),
        "ruled hierarchy": il.Hierarchy("plan", supervisor=il.rules([("turns == 0", ["x", "row"])]), teams=[says("x", "x"), row]),
        "federation": il.Federation(
            "plan",
            [
                il.Domain("a", passes("b", "clerk", text="over to you"), imports=THROUGH, exports=THROUGH),
                il.Domain("b", row, imports=THROUGH, exports=il.contract(["text", "score"]), max_turns=5, deadline=9),
                il.Domain("c", says("never", "idle")),
            ],
        ),
        "odd names": il.Sequential('a "quoted" [plan]', [says("x", 'agent "one" (really)'), says("y", "end"), says("z", "a|b;c\nd")]),
    }


NODE = re.compile(r'^(\w+)(\[|\(\[|\(\(|\(|\{\{)"?(.*?)"?(\]|\]\)|\)\)|\)|\}\})(:::\w+)?$', re.DOTALL)
SUBGRAPH = re.compile(r'^subgraph (\w+) \["(.*)"\]$')
ARROW = re.compile(r" (?:-->|-\.->)(?:\|[^|]*\|)? ")
END = re.compile(r"^(\w+)(?:(?:\[|\(\[|\(|\{\{).*)?$")


class Picture:
    """A Mermaid flowchart, taken apart: every line must be one that this knows."""

    def __init__(self, text: str) -> None:
        first, *lines = text.split("\n")
        assert first == "flowchart TD"
        self.groups: dict[str, str] = {}
        self.nodes: dict[str, tuple[str, str]] = {}
        self.edges: list[tuple[str, str]] = []
        self.styles: set[str] = set()
        depth = 0
        for line in map(str.strip, lines):
            if found := SUBGRAPH.match(line):
                assert found[1] not in self.groups
                self.groups[found[1]] = found[2]
                depth += 1
            elif line == "end":
                depth -= 1
                assert depth >= 0
            elif line.startswith("classDef "):
                self.styles.add(line.split()[1])
            elif ARROW.search(line):
                ends = ARROW.split(line)
                for end in ends:
                    made = END.match(end)
                    assert made, line
                    if made[0] != made[1]:
                        self.nodes[made[1]] = (end, "")
                names = [str(END.match(end)[1]) for end in ends]  # type: ignore[index]
                self.edges += itertools.pairwise(names)
            else:
                found = NODE.match(line)
                assert found, line
                assert '"' not in found[3], line
                self.nodes[found[1]] = (found[3], (found[5] or "").removeprefix(":::"))
        assert depth == 0
        known = self.nodes.keys() | self.groups.keys()
        assert {name for edge in self.edges for name in edge} <= known, "every edge's ends are drawn"
        assert not known & {"end", "graph", "subgraph"}, "words that Mermaid keeps for itself"

    def numbered(self) -> set[int]:
        """The numbers of the nodes that stand for nodes of the plan."""
        return {int(name[1:]) for name in [*self.nodes, *self.groups] if re.fullmatch(r"n\d+", name)}


@pytest.mark.parametrize("name", plans())
def test_a_plan_is_drawn_whole_and_in_words_line_by_line(name: str) -> None:
    plan = plans()[name]
    picture = Picture(plan.mermaid())
    nodes = list(walk(plan))
    assert picture.numbered() == set(range(len(nodes)))
    lines = plan.explain().split("\n")
    if name != "odd names":
        assert len(lines) == len(nodes)
        for number, ((depth, _, node), line) in enumerate(zip(nodes, lines, strict=True)):
            assert line.startswith(f"{'  ' * depth}{number}. ")
            assert node.name in line
    assert not picture.styles
    if len(nodes) > 2:
        assert picture.edges


@pytest.mark.parametrize("name", plans())
async def test_a_run_is_drawn_over_its_plan_by_the_numbers_of_the_core(name: str) -> None:
    plan = plans()[name]
    config = il.Config.parse("routing_rules: [{intent: unknown, agent: row}]") if name == "routed" else None
    async with il.open(plans=[plan], config=config) as runtime:
        outcome = await soon(runtime.run(plan, "task"))
        events = await runtime.history(outcome.run_id)
    nodes = [node for _, _, node in walk(plan)]
    started = [event for event in events if event.kind == "turn_started"]
    for event in started:
        node = nodes[event.node]
        assert isinstance(node, Step)
        assert event.agent.rpartition("/")[2] in (node.agent.name, node.fallback and node.fallback.name)
    picture = Picture(plan.mermaid(events))
    assert picture.numbered() == set(range(len(nodes)))
    visited = {event.node for event in started}
    failed = {event.node for event in started if any(other.kind == "turn_failed" and other.turn == event.turn for other in events)}
    for number, node in enumerate(nodes):
        if isinstance(node, Step):
            style = picture.nodes[f"n{number}"][1]
            assert style == ("failed" if number in failed else "ran" if number in visited else "idle"), (number, node.name)
    assert picture.styles == {"ran", "idle", "failed"}
    assert picture.nodes["end_"][0] == events[-1].kind.replace("_", " ")
    words = plan.explain(events)
    assert words.endswith(f"ended: {events[-1].kind}")
    if name != "odd names":
        for number, line in enumerate(words.split("\n")[:-1]):
            assert (" — not visited" in line) <= (number not in visited)


async def test_what_was_decided_is_told_at_its_node() -> None:
    async def said_of(name: str) -> str:
        plan = plans()[name]
        async with il.open(plans=[plan]) as runtime:
            return plan.explain(await runtime.history((await runtime.run(plan, "task")).run_id))

    assert "4 at once; branch 1 stands" in await said_of("parallel")
    assert "2 at once; open: unresolved" in await said_of("open")
    assert "synthesis" in await said_of("synthesis")
    assert "contribution 2 stands (finished)" in await said_of("ruled hierarchy")
    assert "handed off (named)" in await said_of("handoff")
    federation = await said_of("federation")
    assert "in; out" in federation.replace("out: ", "out ")


async def test_a_run_that_goes_on_is_drawn_as_far_as_it_came() -> None:
    plan = il.Sequential("plan", [says("a", "a"), il.Concurrent("p", [says("b", "b"), never], reconcile=il.vote()), says("z", "z")])
    async with il.open(plans=[plan]) as runtime:
        run = await runtime.start(plan, "q")
        while (events := await runtime.history(run.run_id))[-1].kind != "branch_ended":  # noqa: ASYNC110
            await asyncio.sleep(0)
        picture = Picture(plan.mermaid(events))
    assert [picture.nodes[f"n{number}"][1] for number in (1, 3, 4, 5)] == ["ran", "ran", "ran", "idle"]


def test_a_run_of_which_nothing_is_known_is_drawn_too() -> None:
    plan = plans()["parallel"]
    assert Picture(plan.mermaid([])).nodes["end_"][0] == "nothing happened"
    assert plan.explain([]).count("not visited") == len(list(walk(plan)))
