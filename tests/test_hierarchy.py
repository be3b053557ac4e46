"""Hierarchy: a supervisor sets teams to work, sees their reports only, and its limits hold."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import interlock as il
import pytest
from cast import Hung, echo, fails, gives, happened, kinds_of, never, run_once, says, soon, turns_of_the_loop

Said = Callable[[il.Context], Any]


def boss(*moves: Said, name: str = "boss", seen: list[Any] | None = None, **options: Any) -> il.Agent:
    """A supervisor that makes these moves in turn, and notes what it sees; a move that fails is made again."""
    made: list[int] = []

    async def turn(message: il.Message, ctx: il.Context) -> Any:
        if seen is not None:
            seen.append([(one.sender, one.text, one.is_lost) for one in ctx.view])
        if ctx.attempt == 1:
            made.append(1)
        return moves[min(len(made), len(moves)) - 1](ctx)

    return il.agent(turn, name=name, **options)


def delegate(*args: Any, **options: Any) -> Said:
    return lambda ctx: ctx.delegate(*args, **options)


def answer(text: Any = "done") -> Said:
    return lambda ctx: text


def summed_up(ctx: il.Context) -> str:
    return " | ".join(f"{one.sender}: {one.text}" for one in ctx.view)


def staff(supervisor: Any, *teams: Any, **options: Any) -> il.Hierarchy:
    return il.Hierarchy("firm", supervisor=supervisor, teams=list(teams), **options)


def hears(name: str, heard: list[tuple[str, str, Any, str | None]]) -> il.Agent:
    """A team that notes what it is given."""

    async def work(message: il.Message, ctx: il.Context) -> str:
        heard.append((name, message.text, message.data, message.sender))
        return f"{name} did it"

    return il.agent(work, name=name)


@pytest.mark.parametrize(
    ("move", "given"),
    [
        (delegate("a"), [("a", "task", {"n": 1}, None)]),
        (delegate("a", text="do this"), [("a", "do this", None, "boss")]),
        (delegate(["a", "b"]), [("a", "task", {"n": 1}, None), ("b", "task", {"n": 1}, None)]),
        (delegate(["a", "b"], text="both"), [("a", "both", None, "boss"), ("b", "both", None, "boss")]),
        (delegate({"b": "second", "a": "first"}), [("a", "first", None, "boss"), ("b", "second", None, "boss")]),
        (delegate({"a": None, "b": "own"}, text="shared"), [("a", "shared", None, "boss"), ("b", "own", None, "boss")]),
    ],
    ids=["one", "one with a text", "several", "several with one text", "each its own", "some their own"],
)
async def test_a_team_is_given_what_the_supervisor_wrote_or_the_task(move: Said, given: list[Any]) -> None:
    heard: list[tuple[str, str, Any, str | None]] = []
    plan = staff(boss(move, summed_up), hears("a", heard), hears("b", heard))
    outcome = await run_once(plan, "task", data={"n": 1})
    assert sorted(heard) == given
    assert sorted((outcome.text or "").split(" | ")) == sorted(f"{name}: {name} did it" for name, *_ in given)


async def test_teams_that_are_named_together_work_at_once_and_report_together() -> None:
    together = asyncio.Barrier(2)

    async def meet(message: il.Message, ctx: il.Context) -> str:
        await together.wait()
        return "met"

    seen: list[Any] = []
    plan = staff(boss(delegate(["a", "b"]), answer(), seen=seen), il.agent(meet, name="a"), il.agent(meet, name="b"))
    async with il.open(plans=[plan]) as runtime:
        outcome = await soon(runtime.run(plan, "task"))
        assert outcome.text == "done"
        assert seen == [[], [("a", "met", False), ("b", "met", False)]]
        assert (await kinds_of(runtime, outcome)).count("forked") == 1


async def test_a_team_sees_neither_the_reports_nor_the_other_teams() -> None:
    seen: list[Any] = []

    async def look(message: il.Message, ctx: il.Context) -> str:
        seen.append(([one.text for one in ctx.view], ctx.task.text))
        return "looked"

    plan = staff(boss(delegate("a"), delegate("b", text="look"), answer()), says("secret", "a"), il.agent(look, name="b"))
    await run_once(plan, "task")
    assert seen == [([], "look")]


async def test_a_team_that_fails_is_reported_with_the_reason() -> None:
    seen: list[Any] = []
    plan = staff(boss(delegate(["a", "b"]), answer("without a"), seen=seen), fails("a", "no paper"), says("fine", "b"))
    assert (await run_once(plan)).text == "without a"
    (sender, text, is_lost), fine = seen[1]
    assert (sender, is_lost, "ValueError: no paper" in text) == ("a", True, True)
    assert fine == ("b", "fine", False)


async def test_all_teams_may_fail_and_the_supervisor_still_concludes() -> None:
    plan = staff(boss(delegate(["a", "b"]), summed_up), fails("a"), il.step(never, name="b", timeout=0.02))
    assert "it did not answer within 20 ms" in (await run_once(plan)).text


async def test_an_unknown_team_is_refused_with_the_reason_and_then_a_person_is_asked() -> None:
    told: list[str | None] = []

    async def chief(message: il.Message, ctx: il.Context) -> Any:
        told.append(ctx.feedback)
        return ctx.delegate("wizards")

    plan = staff(chief, echo)
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "task")
        assert (outcome.status, outcome.turns) == ("in_review", 2)
        assert told == [None, "its handoff names no member of the plan"]
        refused = await happened(runtime, outcome, "hand_off_refused")
        assert [(event.target, event.why) for event in refused] == [("wizards", "unknown_target")] * 2


@pytest.mark.parametrize(
    ("move", "options", "why"),
    [
        (delegate(["a", "b", "c"]), {"fan_out": 2}, "fan_out"),
        (delegate("firm"), {}, "unknown_target"),
    ],
    ids=["fan-out", "itself"],
)
async def test_more_than_the_hierarchy_allows_is_refused(move: Said, options: dict[str, Any], why: str) -> None:
    plan = staff(boss(move, answer("after all")), *(says(name, name) for name in "abc"), **options)
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "task")
        refused = await happened(runtime, outcome, "hand_off_refused")
        assert (refused[0].why, outcome.status) == (why, "in_review")


async def test_more_delegations_at_once_than_are_left_reach_the_limit_and_none_starts() -> None:
    outcome = await run_once(staff(boss(delegate(["a", "b", "c"])), *(says(name, name) for name in "abc"), max_delegations=2))
    assert (outcome.status, outcome.turns) == ("in_review", 1)


async def test_a_team_named_twice_works_once() -> None:
    heard: list[Any] = []
    outcome = await run_once(staff(boss(delegate(["a", "a"]), answer()), hears("a", heard)))
    assert (outcome.text, len(heard)) == ("done", 1)


async def test_a_supervisor_may_delegate_again_and_again_up_to_the_limit() -> None:
    seen: list[Any] = []
    plan = staff(boss(*[delegate("a")] * 3, seen=seen), says("report", "a"), max_delegations=2)
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "task")
        assert outcome.status == "in_review"
        assert [one.text for one in outcome.attached] == ["report", "report"]
        assert [len(view) for view in seen][:3] == [0, 1, 2]


@pytest.mark.parametrize(
    ("on_limit", "expected"),
    [
        (il.review(), ("in_review", "")),
        (il.fail(), ("failed", "")),
        (il.highest_confidence(), ("delivered", "report")),
        (says("I end this", "auditor"), ("delivered", "I end this")),
    ],
    ids=["review", "fail", "surest", "supervisor"],
)
async def test_at_the_limit_the_plan_says_what_follows(on_limit: Any, expected: tuple[str, str]) -> None:
    plan = staff(boss(delegate("a")), gives("a", "report", confidence=0.5), max_delegations=1, on_limit=on_limit)
    outcome = await run_once(plan)
    assert (outcome.status, outcome.text) == expected, outcome.reason


async def test_tokens_are_counted_below_the_supervisor_and_end_the_delegations() -> None:
    plan = staff(boss(delegate("a"), delegate("a"), delegate("a")), gives("a", "r", tokens=60), max_tokens=100, max_delegations=9)
    outcome = await run_once(plan)
    assert outcome.status == "in_review"
    assert 100 <= outcome.usage.tokens < 200


async def test_what_the_agents_state_as_tokens_is_the_usage() -> None:
    async def chief(message: il.Message, ctx: il.Context) -> Any:
        return il.Reply("done", tokens=7) if ctx.view else ctx.delegate(["a", "b"])

    outcome = await run_once(staff(chief, gives("a", tokens=11), gives("b", tokens=13)))
    assert outcome.usage.tokens >= 31


async def test_rules_delegate_and_the_last_report_is_the_answer() -> None:
    rules = il.rules([("turns == 0", ["a", "b"]), ("turns == 2 && speaker == 'b'", "c")])
    outcome = await run_once(staff(rules, says("A", "a"), says("B", "b"), says("C", "c")))
    assert (outcome.text, outcome.turns) == ("C", 3)


async def test_rules_of_which_none_opens_leave_the_task_to_a_person() -> None:
    outcome = await run_once(staff(il.rules([("text == 'never'", "a")]), says("A", "a")))
    assert (outcome.status, outcome.turns) == ("in_review", 0)


async def test_a_rule_that_divides_by_zero_is_recorded_and_passed_over() -> None:
    plan = staff(il.rules([("1 / turns > 0", "a"), ("turns == 0", "b")]), says("A", "a"), says("B", "b"))
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "task")
        first = (await happened(runtime, outcome, "floor_passed"))[0]
        assert "erred" in first.considered[0]["outcome"]
        assert outcome.turns >= 1


async def test_a_hierarchy_may_be_a_team_of_another_and_reports_as_one() -> None:
    inner = il.Hierarchy("stock", supervisor=boss(delegate(["x", "y"]), summed_up, name="head"), teams=[says("1", "x"), says("2", "y")])
    seen: list[Any] = []
    plan = staff(boss(delegate("stock", text="count"), summed_up, seen=seen), inner, says("z", "z"))
    assert (await run_once(plan)).text == "stock: x: 1 | y: 2"


def nested(depth: int, **options: Any) -> il.Hierarchy:
    """Hierarchies inside each other."""
    inner: Any = says("leaf", "leaf")
    for level in range(depth, 0, -1):
        name = "leaf" if level == depth else f"h{level + 1}"
        inner = il.Hierarchy(f"h{level}", supervisor=boss(delegate(name), summed_up, name=f"boss{level}"), teams=[inner], **options)
    return inner


async def test_hierarchies_four_deep_work_and_five_deep_are_refused_by_name() -> None:
    assert (await run_once(nested(4))).text == "h2: h3: h4: leaf: leaf"
    with pytest.raises(il.ConfigError, match="hierarchies 5 deep, and its max_depth is 4") as caught:
        await run_once(nested(5))
    assert caught.value.path == "h1"
    assert (await run_once(nested(5, max_depth=5))).status == "delivered"


async def test_a_team_may_reach_no_more_than_its_supervisors() -> None:
    found: dict[str, tuple[str, ...]] = {}

    def worker(name: str, *scopes: str) -> il.Agent:
        async def work(message: il.Message, ctx: il.Context) -> str:
            found[name] = ctx.scopes
            return name

        return il.agent(work, name=name, scopes=scopes)

    inner = il.Hierarchy(
        "desk", supervisor=boss(delegate("w"), answer(), name="head", scopes=["read", "pay"]), teams=[worker("w", "pay", "read", "fire")]
    )
    chief = boss(delegate(["desk", "v", "none"]), answer(), scopes=["read", "write"])
    await run_once(staff(chief, inner, worker("v", "write", "fire"), worker("none")))
    assert found == {"w": ("read",), "v": ("write",), "none": ()}


async def test_an_answer_beside_a_delegation_is_no_answer() -> None:
    async def chief(message: il.Message, ctx: il.Context) -> Any:
        ctx.delegate("a")
        return "done"

    outcome = await run_once(staff(il.step(chief, on_failure=il.fail()), echo_named("a")))
    assert (outcome.status, "did not return" in (outcome.reason or "")) == ("failed", True)


def echo_named(name: str) -> il.Agent:
    return il.agent(echo, name=name)


@pytest.mark.parametrize("given", [[], {}, ()])
async def test_no_team_is_no_delegation(given: Any) -> None:
    outcome = await run_once(staff(il.step(boss(delegate(given)), on_failure=il.fail()), echo_named("a")))
    assert isinstance(outcome.error, il.UsageError)


async def test_a_delegation_outside_of_a_hierarchy_is_refused_by_name() -> None:
    outcome = await run_once(il.Sequential("plan", [boss(delegate("a"))]))
    assert (outcome.status, outcome.turns) == ("in_review", 2)
    assert "names no member" in (outcome.reason or "")


async def test_a_cancelled_hierarchy_stops_all_its_teams() -> None:
    hung = Hung()
    plan = staff(boss(delegate(list("abc"))), *(hung.agent(name) for name in "abc"))
    async with il.open(plans=[plan]) as runtime:
        run = await runtime.start(plan, "task")
        await turns_of_the_loop()
        assert sorted(hung.at_work) == ["a", "b", "c"]
        run.cancel("enough")
        assert (await soon(run)).status == "cancelled"
        await turns_of_the_loop()
        assert sorted(hung.left) == ["a", "b", "c"]
