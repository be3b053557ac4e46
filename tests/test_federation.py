"""Federation: what crosses a domain's wall is what both contracts name, and inside nothing else can be seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import interlock as il
import orjson
import pytest
from cast import Hung, fails, gives, happened, run_once, says, soon, turns_of_the_loop

OPEN = il.contract(["text", "case_id", "score"], ["shareable"])


class Spy:
    """Agents that note everything that they can see."""

    def __init__(self) -> None:
        self.seen: dict[str, Any] = {}

    def agent(self, name: str, answer: Any = "done") -> il.Agent:
        async def look(message: il.Message, ctx: il.Context) -> Any:
            self.seen[name] = {
                "message": (message.text, message.data, message.labels),
                "task": (ctx.task.text, ctx.task.data),
                "view": [(one.text, one.data) for one in ctx.view],
                "history": [(one.text, one.data) for one in ctx.history],
            }
            return answer(ctx) if callable(answer) else answer

        return il.agent(look, name=name)


def to(target: str, text: str | None = None) -> Any:
    return lambda ctx: ctx.hand_off(target, "a secret reason", text)


def alone(inside: Any, imports: Any = OPEN, exports: Any = OPEN, **options: Any) -> il.Federation:
    return il.Federation("f", [il.Domain("a", inside, imports=imports, exports=exports, **options)])


@pytest.mark.parametrize(
    ("fields", "text", "data"),
    [
        ([], "", {}),
        (["text"], "hello", {}),
        (["case_id"], "", {"case_id": 7}),
        (["text", "case_id", "unknown"], "hello", {"case_id": 7}),
        (["person"], "", {"person": {"name": "Ada"}}),
    ],
)
async def test_only_what_the_import_contract_names_comes_in(fields: list[str], text: str, data: Any) -> None:
    spy = Spy()
    plan = alone(spy.agent("clerk"), imports=il.contract(fields))
    await run_once(plan, "hello", data={"case_id": 7, "person": {"name": "Ada"}})
    seen = spy.seen["clerk"]
    assert seen["message"] == (text, data, ())
    assert seen["task"] == (text, data)
    assert (seen["view"], seen["history"]) == ([], [(text, data)])


@pytest.mark.parametrize("data", [None, [1, 2], "text", 5])
async def test_data_that_has_no_fields_does_not_cross(data: Any) -> None:
    spy = Spy()
    await run_once(alone(spy.agent("clerk")), "hello", data=data)
    assert spy.seen["clerk"]["message"] == ("hello", None, ())


@pytest.mark.parametrize(
    ("fields", "text", "data"), [([], "", {}), (["text"], "answer", {}), (["score"], "", {"score": 5}), (["case_id"], "", {})]
)
async def test_only_what_the_export_contract_names_goes_out(fields: list[str], text: str, data: Any) -> None:
    plan = alone(gives("clerk", "answer", data={"score": 5, "notes": "private"}), exports=il.contract(fields))
    outcome = await run_once(plan, "q")
    assert (outcome.status, outcome.text, outcome.data) == ("delivered", text, data)


@pytest.mark.parametrize(("labels", "status"), [((), "delivered"), (("shareable",), "delivered"), (("shareable", "secret"), "in_review")])
async def test_a_message_with_a_label_that_the_contract_does_not_name_does_not_come_in(labels: Any, status: str) -> None:
    plan = alone(says("done", "clerk"))
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "q", labels=labels)
        assert (outcome.status, outcome.turns) == (status, int(status == "delivered"))
        if status == "in_review":
            assert "label" in (outcome.reason or "")
            assert (await happened(runtime, outcome, "crossed"))[0].outcome == {"refused": {"label": "secret"}}


@pytest.mark.parametrize("where", ["its own", "of its message", "of an earlier step"])
async def test_a_label_sticks_to_what_is_said_about_a_message_and_keeps_it_inside(where: str) -> None:
    marked = gives("clerk", "done", labels=["secret"])
    plans = {
        "its own": alone(marked),
        "of its message": alone(says("done", "clerk"), imports=il.contract(["text"], ["secret"])),
        "of an earlier step": alone(il.Sequential("row", [marked, says("rewritten", "writer")])),
    }
    outcome = await run_once(plans[where], "q", labels=["secret"] if where == "of its message" else [])
    assert (outcome.status, outcome.text) == ("in_review", "")


async def test_a_handoff_from_domain_to_domain_passes_both_walls() -> None:
    spy = Spy()
    first = spy.agent("clerk", lambda ctx: il.Reply("hand it over"))
    entry = il.Sequential(
        "desk",
        [first, gives("sums up", "case seven", data={"case_id": 7, "person": "Ada", "score": 3}), spy.agent("x", to("bank_b", "in short"))],
    )
    bank_a = il.Domain("bank_a", entry, imports=OPEN, exports=il.contract(["text", "case_id"]))
    bank_b = il.Domain("bank_b", spy.agent("judge", "clear"), imports=il.contract(["case_id", "score"]), exports=il.contract(["text"]))
    plan = il.Federation("f", [bank_a, bank_b])
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "the question", data={"person": "Ada"})
        assert (outcome.status, outcome.text, outcome.usage.handoffs) == ("delivered", "clear", 1)
        crossed = [(event.way, event.outcome) for event in await happened(runtime, outcome, "crossed")]
        assert [way for way, _ in crossed] == ["import", "export", "import", "export"]
    everything = orjson.dumps(spy.seen["judge"]).decode()
    for secret in ("Ada", "the question", "hand it over", "case seven", "secret", "in short"):
        assert secret not in everything


async def test_a_text_that_a_handoff_carries_crosses_only_where_texts_may() -> None:
    for fields, text in ((["text"], "for you"), ([], "")):
        spy = Spy()
        bank_a = il.Domain("bank_a", spy.agent("clerk", to("bank_b", "for you")), imports=OPEN, exports=il.contract(["text"]))
        bank_b = il.Domain("bank_b", spy.agent("judge"), imports=il.contract(fields), exports=OPEN)
        await run_once(il.Federation("f", [bank_a, bank_b]), "q")
        assert spy.seen["judge"]["message"][0] == text


async def test_a_domain_that_has_the_task_again_sees_what_it_said_before_and_nothing_of_the_others() -> None:
    spy = Spy()

    def asks_first(ctx: il.Context) -> Any:
        return "my answer" if ctx.history[1:] else ctx.hand_off("b", text="asking b")

    a = il.Domain("a", spy.agent("clerk", asks_first), imports=il.contract(["text"]), exports=il.contract(["text"]))
    b = il.Domain(
        "b", il.Sequential("row", [says("b's private notes", "n"), spy.agent("judge", to("a", "b says no"))]), imports=OPEN, exports=OPEN
    )
    outcome = await run_once(il.Federation("f", [a, b]), "question")
    assert outcome.text == "my answer"
    history = [text for text, _ in spy.seen["clerk"]["history"]]
    assert "b says no" in history
    assert "b's private notes" not in str(spy.seen["clerk"])


async def test_an_agent_outside_sees_nothing_of_what_was_said_inside() -> None:
    spy = Spy()
    inner = alone(il.Sequential("row", [says("private", "one"), says("public", "two")]))
    await run_once(il.Sequential("plan", [inner, spy.agent("outside")]), "q")
    assert [text for text, _ in spy.seen["outside"]["history"]] == ["q", "public"]


async def test_the_thread_of_a_chat_around_a_wall_is_not_seen_inside() -> None:
    spy = Spy()
    desk = alone(spy.agent("clerk"), imports=il.contract(["text"]))
    plan = il.GroupChat("chat", [says("the thread", "x"), says("last words", "y"), desk], until="turns >= 3")
    await run_once(plan, "task")
    seen = spy.seen["clerk"]
    assert (seen["message"][0], seen["view"], seen["task"][0]) == ("last words", [], "last words")
    assert [text for text, _ in seen["history"]] == ["last words"]


async def test_the_error_of_an_agent_inside_does_not_leave_the_domain_with_a_lost_branch() -> None:
    spy = Spy()
    plan = il.Concurrent("p", [alone(fails("clerk", "account 4711")), says("x", "b")], synthesis=spy.agent("s"))
    await run_once(plan, "q")
    assert len(spy.seen["s"]["view"]) == 2
    assert "4711" not in str(spy.seen["s"])


async def test_agents_of_two_domains_may_share_a_name_and_are_called_by_their_domain() -> None:
    def domain(name: str, answer: Any) -> il.Domain:
        return il.Domain(name, il.agent(answer, name="clerk"), imports=OPEN, exports=OPEN)

    async def first(message: il.Message, ctx: il.Context) -> Any:
        return ctx.hand_off("b")

    async def second(message: il.Message, ctx: il.Context) -> str:
        return "from b"

    plan = il.Federation("f", [domain("a", first), domain("b", second)])
    assert plan.agents == ("a/clerk", "b/clerk")
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "q")
        assert outcome.text == "from b"
        assert [event.agent for event in await happened(runtime, outcome, "turn_started")] == ["a/clerk", "b/clerk"]


async def test_no_agent_inside_is_reached_from_outside() -> None:
    told: list[str | None] = []

    async def clerk(message: il.Message, ctx: il.Context) -> Any:
        told.append(ctx.feedback)
        return ctx.hand_off(["judge", "b/judge"][len(told) % 2])

    a = il.Domain("a", clerk, imports=OPEN, exports=OPEN)
    b = il.Domain("b", il.Handoff("desk", entry=says("x", "front"), to=[says("y", "judge")]), imports=OPEN, exports=OPEN)
    outcome = await run_once(il.Federation("f", [a, b]), "q")
    assert (outcome.status, len(told)) == ("in_review", 2)
    assert "names no member" in (told[1] or "")


async def test_a_domain_has_turns_and_time_of_its_own() -> None:
    chat = il.GroupChat("chat", [gives("x", "1"), says("2", "y")], until="turns >= 4")
    outcome = await run_once(alone(chat, max_turns=2), "q")
    assert (outcome.status, outcome.turns, outcome.reason) == ("in_review", 2, "the domain's turns or time are used up")
    hung = Hung()
    plan = alone(hung.agent("clerk"), deadline=0.02)
    async with il.open(plans=[plan]) as runtime:
        outcome = await soon(runtime.run(plan, "q"))
        await turns_of_the_loop()
        assert (outcome.status, outcome.reason, hung.left) == ("in_review", "the domain's turns or time are used up", ["clerk"])


async def test_a_domain_at_its_limit_in_a_branch_is_a_lost_branch() -> None:
    hung = Hung()
    plan = il.Concurrent("p", [alone(hung.agent("clerk"), deadline=0.02), says("x", "b")], reconcile=il.vote())
    assert (await run_once(plan, "q")).text == "x"


def routed(agent: str) -> il.Config:
    return il.Config.parse(f"routing_rules: [{{intent: unknown, agent: {agent}}}]")


async def test_each_domain_routes_by_its_own_table() -> None:
    def domain(name: str, rules: il.Config | None) -> il.Domain:
        inside = il.Handoff(f"desk {name}", to=[says(f"{name} x", "x"), says(f"{name} y", "y")])
        return il.Domain(name, inside, imports=OPEN, exports=OPEN, rules=rules)

    def plan(name: str, rules: il.Config | None) -> il.Federation:
        return il.Federation(name, [domain(name, rules)])

    own, other, none = plan("a", routed("x")), plan("b", routed("y")), plan("c", None)
    async with il.open(plans=[own, other, none], config=routed("y")) as runtime:
        assert [(await runtime.run(one, "q")).text for one in (own, other, none)] == ["a x", "b y", "c y"]


@pytest.mark.parametrize(("limit", "revisit", "status"), [(1, True, "in_review"), (None, False, "in_review"), (3, True, "in_review")])
async def test_domains_that_pass_a_task_to_and_fro_are_stopped(limit: int | None, revisit: bool, status: str) -> None:
    domains = [il.Domain(a, Spy().agent("clerk" + a, to(b)), imports=OPEN, exports=OPEN) for a, b in ("ab", "ba")]
    outcome = await run_once(il.Federation("f", domains, max_handoffs=limit, revisit=revisit), "q")
    assert outcome.status == status
    assert outcome.usage.handoffs <= (limit or 3)


async def test_a_task_that_waits_behind_a_wall_goes_on_after_reopening(tmp_path: Path) -> None:
    def plan(last: Any) -> il.Federation:
        inside = il.Sequential("row", [says("noted", "one"), il.agent(last.function, name="two")])
        return alone(inside, imports=il.contract(["text"]), exports=il.contract(["text"]))

    async with il.open(tmp_path / "runs.db", plans=[given := plan(Hung().agent("two"))]) as runtime:
        run = await runtime.start(given, "q", data={"secret": 1})
        await turns_of_the_loop()
    spy = Spy()
    async with il.open(tmp_path / "runs.db", plans=[plan(spy.agent("two"))]) as runtime:
        assert (await soon(runtime.resume(run.run_id))).text == "done"
    assert spy.seen["two"]["history"] == [("q", {}), ("noted", None)]


async def test_the_data_of_a_handoff_crosses_both_walls_field_by_field() -> None:
    spy = Spy()

    async def clerk(message: il.Message, ctx: il.Context) -> Any:
        return ctx.hand_off("bank_b", text="case seven", data={"case_id": 7, "score": 3, "person": "Ada"})

    bank_a = il.Domain("bank_a", clerk, imports=OPEN, exports=il.contract(["case_id", "person"]))
    bank_b = il.Domain("bank_b", spy.agent("judge"), imports=il.contract(["case_id", "score", "text"]), exports=OPEN)
    await run_once(il.Federation("f", [bank_a, bank_b]), "question")
    assert spy.seen["judge"]["message"] == ("", {"case_id": 7}, ())
    assert spy.seen["judge"]["history"] == [("", {"case_id": 7})]
