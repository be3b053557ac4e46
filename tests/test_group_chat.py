"""GroupChat: who speaks next, what each one sees, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import interlock as il
import pytest
from cast import gives, happened, kinds_of, run_once, says, the_only


class Room:
    """Participants that say who they are and how often they spoke, and what they heard."""

    def __init__(self) -> None:
        self.spoke: list[str] = []
        self.heard: list[tuple[str, str | None]] = []
        self.views: list[list[tuple[str | None, str]]] = []
        self.tasks: list[str] = []

    def talker(self, name: str, **reply: Any) -> il.Agent:
        async def talk(message: il.Message, ctx: il.Context) -> il.Reply:
            self.spoke.append(name)
            self.heard.append((message.text, message.sender))
            self.views.append([(one.sender, one.text) for one in ctx.view])
            self.tasks.append(ctx.task.text)
            return il.Reply(f"{name}{self.spoke.count(name)}", **reply)

        return il.agent(talk, name=name)

    def manager(self, *moves: str, then: str | None = None, seen: list[Any] | None = None) -> il.Agent:
        """A manager that names these in turn, and then answers."""
        left = list(moves)

        async def manage(message: il.Message, ctx: il.Context) -> Any:
            if seen is not None:
                seen.append((message.text, [one.text for one in ctx.view], ctx.feedback))
            return ctx.hand_off(left.pop(0)) if left else then

        return il.agent(manage, name="manager")


async def test_they_speak_in_turn_and_each_is_given_what_was_said_last() -> None:
    room = Room()
    plan = il.GroupChat("chat", [room.talker(name) for name in "abc"], until="turns >= 5")
    outcome = await run_once(plan, "task")
    assert (outcome.text, outcome.turns, room.spoke) == ("b2", 5, list("abcab"))
    assert room.heard == [("task", None), ("a1", "a"), ("b1", "b"), ("c1", "c"), ("a2", "a")]
    assert room.views[3] == [("a", "a1"), ("b", "b1"), ("c", "c1")]
    assert set(room.tasks) == {"task"}


@pytest.mark.parametrize(
    ("rules", "spoke"),
    [
        ([("speaker == 'a'", "c"), ("speaker == 'c'", "b")], "acb"),
        ([("turns == 0", "c"), ("true", "a")], "caa"),
        ([("text == 'task'", "b"), ("has(data.next) && data.next == 'x'", "a")], "bca"),
        ([("speaker == 'nobody'", "c")], "abc"),
        ([("confidence > 0.5", "a"), ("labels.exists(l, l == 'hot')", "c")], "abc"),
    ],
    ids=["speaker", "turns", "text", "none holds", "confidence and labels"],
)
async def test_rules_choose_the_next_and_where_none_holds_the_next_in_turn_speaks(rules: Any, spoke: str) -> None:
    room = Room()
    plan = il.GroupChat("chat", [room.talker(name) for name in "abc"], speaker=il.rules(rules), until="turns >= 3")
    assert (await run_once(plan, "task")).status == "delivered"
    assert "".join(room.spoke) == spoke


async def test_a_rule_that_divides_by_zero_is_recorded_and_passed_over() -> None:
    plan = il.GroupChat("chat", [says("x", "a"), says("y", "b")], speaker=il.rules([("1 / turns > 0", "b")]), until="turns >= 2")
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "task")
        first = (await happened(runtime, outcome, "floor_passed"))[0]
        assert "zero" in first.considered[0]["outcome"]["erred"].lower()


async def test_a_condition_that_divides_by_zero_ends_nothing_and_is_recorded() -> None:
    room = Room()
    plan = il.GroupChat("chat", [room.talker(name) for name in "ab"], until="1 / (turns - turns) == 1", max_turns=2)
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "task")
        assert outcome.status == "in_review"
        assert all("zero" in event.erred.lower() for event in await happened(runtime, outcome, "floor_passed"))


async def test_a_manager_names_the_next_and_ends_the_chat_by_answering() -> None:
    room, seen = Room(), []
    plan = il.GroupChat("chat", [room.talker(name) for name in "ab"], speaker=room.manager("b", "b", "a", then="enough", seen=seen))
    outcome = await run_once(plan, "task")
    assert (outcome.text, room.spoke) == ("enough", ["b", "b", "a"])
    assert seen[0] == ("task", [], None)
    assert seen[3][1] == ["b1", "b2", "a1"]
    assert room.heard[0] == ("task", None)


async def test_a_manager_that_names_a_stranger_is_told_so_and_tried_again() -> None:
    room, seen = Room(), []
    plan = il.GroupChat("chat", [room.talker("a")], speaker=room.manager("wizard", "a", then="done", seen=seen))
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "task")
        assert (outcome.text, room.spoke) == ("done", ["a"])
        assert "names no member" in seen[1][2]
        assert (await the_only(runtime, outcome, "hand_off_refused")).target == "wizard"


async def test_a_manager_that_insists_on_a_stranger_leaves_it_to_a_person() -> None:
    room = Room()
    outcome = await run_once(il.GroupChat("chat", [room.talker("a")], speaker=room.manager("a", "wizard", "wizard", "wizard")))
    assert (outcome.status, outcome.turns) == ("in_review", 4)
    assert "names no member" in (outcome.reason or "")
    assert [one.text for one in outcome.attached] == ["a1"]


Limit = Callable[[Room], Any]


@pytest.mark.parametrize(
    ("on_limit", "expected"),
    [
        (il.review(), ("in_review", "", 4)),
        (il.fail(), ("failed", "", 4)),
        (il.highest_confidence(), ("delivered", "a1", 4)),
        (says("I decide", "boss"), ("delivered", "I decide", 5)),
    ],
    ids=["review", "fail", "surest", "supervisor"],
)
async def test_at_the_limit_the_plan_says_what_follows(on_limit: Any, expected: Any) -> None:
    room = Room()
    plan = il.GroupChat("chat", [room.talker("a", confidence=0.8), room.talker("b")], max_turns=4, on_limit=on_limit)
    outcome = await run_once(plan, "task")
    assert (outcome.status, outcome.text, outcome.turns) == expected
    if expected[0] == "in_review":
        assert outcome.reason == "the turns, delegations or tokens are used up without an answer"
        assert [(one.sender, one.text, one.confidence) for one in outcome.attached] == [
            ("a", "a1", 0.8),
            ("b", "b1", None),
            ("a", "a2", 0.8),
            ("b", "b2", None),
        ]


async def test_the_surest_contribution_needs_that_somebody_is_sure() -> None:
    room = Room()
    outcome = await run_once(il.GroupChat("chat", [room.talker("a")], max_turns=2, on_limit=il.highest_confidence()))
    assert outcome.status == "in_review"


async def test_a_supervisor_at_the_limit_reads_the_thread() -> None:
    room, seen = Room(), []

    async def boss(message: il.Message, ctx: il.Context) -> str:
        seen.append((message.text, ctx.task.text, [one.text for one in ctx.view]))
        return "decided"

    await run_once(il.GroupChat("chat", [room.talker("a"), room.talker("b")], max_turns=3, on_limit=boss), "task")
    assert seen == [("task", "task", ["a1", "b1", "a2"])]


async def test_a_chat_in_which_nobody_says_anything_new_is_stopped() -> None:
    plan = il.GroupChat("chat", [says("Yes.", "a"), says("  yes. ", "b")], max_turns=100)
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "task")
        assert (outcome.status, outcome.reason, outcome.turns) == ("in_review", "nobody says anything new", 4)
        assert (await happened(runtime, outcome, "floor_passed"))[-1].stalled
    assert [one.text for one in outcome.attached] == ["Yes.", "  yes. "] * 2


async def test_one_who_says_something_new_keeps_the_chat_going() -> None:
    room = Room()
    outcome = await run_once(il.GroupChat("chat", [says("same", "a"), room.talker("b")], max_turns=7))
    assert (outcome.turns, outcome.reason) == (7, "the turns, delegations or tokens are used up without an answer")


async def test_other_data_beside_the_same_text_is_something_new() -> None:
    count = iter(range(100))

    async def counts(message: il.Message, ctx: il.Context) -> il.Reply:
        return il.Reply("same", data={"n": next(count)})

    assert (await run_once(il.GroupChat("chat", [counts], max_turns=5))).turns == 5


async def test_only_as_much_of_the_thread_is_seen_as_the_window_holds() -> None:
    room = Room()
    await run_once(il.GroupChat("chat", [room.talker(name) for name in "ab"], window=2, max_turns=5), "task")
    assert room.views[4] == [("a", "a2"), ("b", "b2")]
    assert room.tasks[4] == "task"


async def test_who_joins_late_hears_a_summary_of_what_lies_before_the_window() -> None:
    room, summed = Room(), []

    async def sum_up(message: il.Message, ctx: il.Context) -> str:
        summed.append([one.text for one in ctx.view])
        return "in short: a lot"

    rules = il.rules([("turns >= 4", "late"), ("speaker == 'a'", "b"), ("true", "a")])
    plan = il.GroupChat(
        "chat", [room.talker(name) for name in ("a", "b", "late")], speaker=rules, window=2, summariser=sum_up, until="speaker == 'late'"
    )
    outcome = await run_once(plan, "task")
    assert (outcome.text, summed) == ("late1", [["a1", "b1", "a2", "b2"]])
    assert [text for _, text in room.views[-1]] == ["in short: a lot", "a2", "b2"]
    assert room.heard[-1] == ("b2", "b")


async def test_a_participant_that_fails_leaves_the_thread_to_a_person() -> None:
    async def breaks(message: il.Message, ctx: il.Context) -> str:
        raise ValueError("mute")

    outcome = await run_once(il.GroupChat("chat", [gives("a", "first", confidence=0.5), breaks]))
    assert (outcome.status, [one.text for one in outcome.attached]) == ("in_review", ["first"])
    assert "ValueError: mute" in (outcome.reason or "")


async def test_a_participant_may_be_a_pattern_and_speaks_with_its_name() -> None:
    room = Room()
    desk = il.Sequential("desk", [says("draft", "x"), says("ready", "y")])
    plan = il.GroupChat("chat", [desk, room.talker("a")], until="speaker == 'a'")
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "task")
        assert room.views == [[("desk", "ready")]]
        assert "floor_passed" in await kinds_of(runtime, outcome)


@pytest.mark.parametrize("speaker", ["manager", "", 5, None])
def test_a_speaker_that_is_none_is_refused(speaker: Any) -> None:
    with pytest.raises(il.UsageError):
        il.GroupChat("chat", [says("x", "a")], speaker=speaker)
