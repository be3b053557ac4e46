"""Sequential: each gets what the one before said, and what is wrong does not travel on."""

from __future__ import annotations

import interlock as il
import pytest
from cast import echo, ever_longer, kinds_of, never, run_once, says, soon

SCHEMA = {"type": "object", "required": ["total"], "properties": {"total": {"type": "integer"}}}
CHECKED = ["turn_started", "turn_replied", "reply_checked"]
FAILED = ["turn_started", "turn_failed"]


class Scripted:
    """An agent that gives its answers one after another, and remembers what it was given. Errors are raised."""

    def __init__(self, name: str, *answers: str | il.Reply | Exception) -> None:
        self.answers = list(answers)
        self.heard: list[str] = []
        self.told: list[str | None] = []
        self.attempts: list[int] = []
        self.agent = il.agent(self._turn, name=name)

    async def _turn(self, message: il.Message, ctx: il.Context) -> str | il.Reply:
        self.heard.append(message.text)
        self.told.append(ctx.feedback)
        self.attempts.append(ctx.attempt)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def one(agent: Scripted | il.Agent, **cures: object) -> il.Sequential:
    """A sequence of one step with cures."""
    return il.Sequential("plan", [il.step(agent.agent if isinstance(agent, Scripted) else agent, **cures)])  # type: ignore[arg-type]


async def test_each_gets_what_the_one_before_said() -> None:
    finder, writer, editor = Scripted("finder", "facts"), Scripted("writer", "draft"), Scripted("editor", "article")
    outcome = await run_once(il.Sequential("report", [finder.agent, writer.agent, editor.agent]), "question")
    assert (outcome.status, outcome.text, outcome.turns) == ("delivered", "article", 3)
    assert [finder.heard, writer.heard, editor.heard] == [["question"], ["facts"], ["draft"]]


async def test_data_and_the_sender_travel_with_the_text() -> None:
    seen: list[tuple[object, str | None]] = []

    async def add(message: il.Message, ctx: il.Context) -> il.Reply:
        seen.append((message.data, message.sender))
        return il.Reply(message.text, data={"count": message.data["count"] + 1})

    plan = il.Sequential("plan", [il.agent(add, name="first"), il.agent(add, name="second")])
    outcome = await run_once(plan, "hello", data={"count": 1})
    assert outcome.data == {"count": 3}
    assert seen == [({"count": 1}, None), ({"count": 2}, "first")]


async def test_everybody_may_read_what_was_said_before() -> None:
    async def look(message: il.Message, ctx: il.Context) -> str:
        return " | ".join(f"{said.sender or 'user'}: {said.text}" for said in ctx.history)

    outcome = await run_once(il.Sequential("plan", [says("facts", "finder"), says("draft", "writer"), look]), "question")
    assert outcome.text == "user: question | finder: facts | writer: draft"


@pytest.mark.parametrize(
    ("cures", "bad", "good", "why"),
    [
        ({"schema": SCHEMA}, il.Reply("a", data={"total": "x"}), il.Reply("b", data={"total": 1}), "total"),
        ({"schema": SCHEMA}, "no data at all", il.Reply("b", data={"total": 1}), "no data was given"),
        ({"min_confidence": 0.8}, il.Reply("a", confidence=0.79), il.Reply("b", confidence=0.8), "0.79"),
        ({"min_confidence": 0.8}, "unsure", il.Reply("b", confidence=1.0), "no confidence was given, 0.8 is required"),
        ({"expression": "size(text) > 3"}, "no", il.Reply("bank"), "`size(text) > 3` is false"),
        ({"expression": "data.sum > 3"}, "no data", il.Reply("b", data={"sum": 4}), "data.sum > 3"),
        ({"expression": "intent == 'refund' && confidence > 0.5"}, "a", il.Reply("b", intent="refund", confidence=0.6), "intent"),
    ],
)
async def test_a_reply_that_fails_a_check_is_tried_again_with_the_reason(
    cures: dict[str, object], bad: str | il.Reply, good: il.Reply, why: str
) -> None:
    writer, editor = Scripted("writer", bad, good), Scripted("editor", "done")
    plan = il.Sequential("plan", [il.step(writer.agent, retries=1, **cures), editor.agent])  # type: ignore[arg-type]
    outcome = await run_once(plan, "question")
    assert outcome.status == "delivered"
    assert writer.attempts == [1, 2]
    assert writer.heard == ["question", "question"]
    assert writer.told[0] is None
    assert why in (writer.told[1] or "")
    assert editor.heard == [good.text], "what failed its check does not travel on"


async def test_an_expression_may_ask_about_the_user() -> None:
    plan = one(says("here", "clerk"), expression="user.tier == 'gold' && user.id == 'u-1' && 'admin' in user.roles")
    gold = il.User("u-1", roles=["admin"], attributes={"tier": "gold"})
    assert (await run_once(plan, user=gold)).status == "delivered"
    assert (await run_once(plan, user="u-1")).status == "in_review"
    assert (await run_once(plan)).status == "in_review"


async def test_an_agent_that_raises_is_told_what_it_raised() -> None:
    writer = Scripted("writer", ValueError("no ink"), "done")
    outcome = await run_once(one(writer, retries=1))
    assert (outcome.status, outcome.text) == ("delivered", "done")
    assert "ValueError: no ink" in (writer.told[1] or "")


async def test_every_retry_and_then_the_fallback_is_tried() -> None:
    writer = Scripted("writer", ValueError("1"), ValueError("2"), ValueError("3"))
    senior = Scripted("senior", "done")
    outcome = await run_once(one(writer, retries=2, fallback=senior.agent), "question")
    assert (outcome.text, outcome.turns) == ("done", 4)
    assert writer.attempts == [1, 2, 3]
    assert senior.heard == ["question"]
    assert "ValueError: 3" in (senior.told[0] or "")


async def test_the_fallback_must_pass_the_checks_too() -> None:
    plan = one(Scripted("writer", il.Reply("a", confidence=0.1)), min_confidence=0.5, fallback=says("unsure", "senior"))
    outcome = await run_once(plan)
    assert outcome.status == "in_review"
    assert '"senior"' in (outcome.reason or "")


async def test_an_agent_that_takes_too_long_is_interrupted_and_the_next_attempt_knows() -> None:
    for timeout in ever_longer(0.01):
        writer = Scripted("writer", "in time")
        outcome = await soon(run_once(one(il.agent(never, name="never"), timeout=timeout, fallback=writer.agent)))
        if not writer.told:
            continue  # its own time was over before it began
        assert outcome.text == "in time"
        assert f"{timeout * 1000:.0f} ms" in (writer.told[0] or "")
        break


async def test_what_no_cure_helps_goes_to_a_person_with_culprit_and_reason() -> None:
    plan = one(says("short", "writer"), expression="size(text) > 9", retries=1)
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "hello")
        assert await kinds_of(runtime, outcome) == ["run_started", *CHECKED, *CHECKED, "review_opened"]
    assert outcome.status == "in_review"
    assert outcome.reason == 'a step failed: agent "writer": its reply failed a check: `size(text) > 9` is false'
    assert outcome.raise_if_failed() is outcome


async def test_a_step_may_fail_the_run_instead_and_the_cause_is_chained() -> None:
    plan = one(Scripted("writer", ValueError("no ink")), on_failure=il.fail())
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "hello")
        assert await kinds_of(runtime, outcome) == ["run_started", *FAILED, "run_failed"]
    assert outcome.status == "failed"
    assert "ValueError: no ink" in (outcome.reason or "")
    with pytest.raises(il.RunFailed, match="no ink") as caught:
        outcome.raise_if_failed()
    assert isinstance(caught.value.__cause__, ValueError)
    assert caught.value.run_id == outcome.run_id
    assert caught.value.hint


@pytest.mark.parametrize(
    ("agent", "cures", "why"),
    [
        (says("short", "writer"), {"expression": "size(text) > 9"}, "size(text) > 9"),
        (says("short", "writer"), {"min_confidence": 0.5}, "no confidence was given"),
        (il.agent(never, name="writer"), {"timeout": 0.01}, "10 ms"),
    ],
    ids=["expression", "confidence", "timeout"],
)
async def test_a_run_that_fails_names_culprit_and_reason_as_a_review_does(agent: il.Agent, cures: dict[str, object], why: str) -> None:
    outcome = await soon(run_once(one(agent, on_failure=il.fail(), **cures)))
    assert outcome.status == "failed"
    assert "writer" in (outcome.reason or "")
    assert why in (outcome.reason or "")


async def test_what_fails_stops_the_steps_after_it() -> None:
    editor = Scripted("editor", "never asked")
    plan = il.Sequential("plan", [il.step(says("", "writer"), expression="text != ''", on_failure=il.fail()), editor.agent])
    assert (await run_once(plan)).status == "failed"
    assert editor.heard == []


async def test_a_sequence_may_stand_in_a_sequence() -> None:
    inner = il.Sequential("inner", [says("draft", "writer"), echo])
    outcome = await run_once(il.Sequential("outer", [says("facts", "finder"), inner, says("final", "editor")]))
    assert (outcome.text, outcome.turns) == ("final", 4)
