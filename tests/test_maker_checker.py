"""MakerChecker: drafts and reasons go back and forth, until the checker accepts or the rounds are used up."""

from __future__ import annotations

from typing import Any

import interlock as il
import pytest
from cast import gives, happened, run_once, says


class Pair:
    """A maker that numbers its drafts, and a checker that answers what it is told to."""

    def __init__(self, *verdicts: Any) -> None:
        self.verdicts = list(verdicts)
        self.made: list[tuple[str, str | None, list[str]]] = []
        self.checked: list[tuple[str, str | None, str]] = []

    def plan(self, **options: Any) -> il.MakerChecker:
        async def make(message: il.Message, ctx: il.Context) -> il.Reply:
            self.made.append((message.text, message.sender, [one.text for one in ctx.view]))
            assert ctx.task.text == "task"
            return il.Reply(f"draft {len(self.made)}", data={"n": len(self.made)}, confidence=min(1, len(self.made) / 10))

        async def check(message: il.Message, ctx: il.Context) -> Any:
            self.checked.append((message.text, message.sender, ctx.task.text))
            return self.verdicts.pop(0) if len(self.verdicts) > 1 else self.verdicts[0]

        return il.MakerChecker("pair", maker=make, checker=check, **options)


@pytest.mark.parametrize(
    "yes",
    [
        il.accept(),
        il.accept("well done"),
        "accept",
        "Accepted.",
        " APPROVED! ",
        il.Reply("", data={"verdict": "approve"}),
        il.Reply("any text", data={"accept": True}),
    ],
    ids=repr,
)
async def test_a_clear_yes_makes_the_draft_the_answer(yes: Any) -> None:
    outcome = await run_once(Pair(yes).plan(), "task")
    assert (outcome.status, outcome.text, outcome.data, outcome.turns) == ("delivered", "draft 1", {"n": 1}, 2)


@pytest.mark.parametrize(
    "no",
    [
        il.revise("too long"),
        "I can not accept this",
        "accept, but shorter",
        "",
        il.Reply("accept it?", data={"verdict": "revise"}),
        il.Reply("no", data={"accept": False}),
        il.Reply("no", data={"accept": "yes"}),
        il.Reply("no", data=["accept"]),
        il.Reply("no", data={"verdict": None}),
    ],
    ids=repr,
)
async def test_anything_else_is_a_no(no: Any) -> None:
    outcome = await run_once(Pair(no, il.accept()).plan(), "task")
    assert (outcome.text, outcome.turns) == ("draft 2", 4)


async def test_the_maker_gets_the_reasons_and_sees_its_drafts_and_the_checker_gets_the_draft() -> None:
    pair = Pair(il.revise("too long"), il.revise("too short"), il.accept())
    assert (await run_once(pair.plan(), "task")).text == "draft 3"
    assert pair.made[0] == ("task", None, [])
    assert pair.made[1] == ("too long", "check", ["draft 1", "too long"])
    assert pair.made[2] == ("too short", "check", ["draft 1", "too long", "draft 2", "too short"])
    assert pair.checked == [(f"draft {number}", "make", "task") for number in (1, 2, 3)]


@pytest.mark.parametrize("rounds", [1, 2, 5])
async def test_the_rounds_are_drafts(rounds: int) -> None:
    reasons = iter(range(100))
    pair = Pair("x")
    pair.verdicts = [il.revise(f"reason {next(reasons)}") for _ in range(50)]
    outcome = await run_once(pair.plan(max_rounds=rounds), "task")
    assert (outcome.status, len(pair.made), len(pair.checked)) == ("in_review", rounds, rounds)
    assert len(outcome.attached) == 2 * rounds
    assert [(one.sender, one.confidence) for one in outcome.attached[:2]] == [("make", 0.1), ("check", None)]


@pytest.mark.parametrize(
    ("on_limit", "expected"),
    [
        (il.fail(), ("failed", "")),
        (il.highest_confidence(), ("delivered", "draft 2")),
        (says("mine", "editor"), ("delivered", "mine")),
    ],
    ids=["fail", "surest", "supervisor"],
)
async def test_at_the_limit_the_plan_says_what_follows(on_limit: Any, expected: tuple[str, str]) -> None:
    outcome = await run_once(Pair(il.revise("a"), il.revise("b")).plan(max_rounds=2, on_limit=on_limit), "task")
    assert (outcome.status, outcome.text) == expected


async def test_the_surest_draft_stands_and_never_the_checkers_confident_no() -> None:
    pair = Pair(il.revise("a", confidence=0.99), il.revise("b", confidence=0.99))
    outcome = await run_once(pair.plan(max_rounds=2, on_limit=il.highest_confidence()), "task")
    assert outcome.text == "draft 2"


async def test_a_pair_that_goes_in_circles_is_stopped() -> None:
    plan = il.MakerChecker("pair", maker=says("same", "m"), checker=gives("c", "no", data={"verdict": "revise"}), max_rounds=50)
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "task")
        assert (outcome.reason, outcome.turns) == ("nobody says anything new", 4)
        assert (await happened(runtime, outcome, "floor_passed"))[-1].stalled


async def test_maker_and_checker_may_be_patterns() -> None:
    maker = il.Sequential("desk", [says("notes", "notes"), says("draft", "writer")])
    checker = il.Concurrent("board", [says("accept", "x"), says("Accept", "y"), says("no", "z")], reconcile=il.vote())
    assert (await run_once(il.MakerChecker("pair", maker=maker, checker=checker), "task")).text == "draft"


async def test_a_pair_of_the_same_agent_is_told_apart_by_its_steps_names() -> None:
    async def both(message: il.Message, ctx: il.Context) -> str:
        return "accept"

    with pytest.raises(il.ConfigError, match="two members are called"):
        await run_once(il.MakerChecker("pair", maker=both, checker=both), "task")
    plan = il.MakerChecker("pair", maker=il.step(both, name="m"), checker=il.step(both, name="c"))
    assert (await run_once(plan, "task")).text == "accept"
