"""Conversations: what is stored is what the customer saw, and an agent is shown it as it stood when its run began."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import interlock as il
import pytest
from cast import fails, never, says, soon, turns_of_the_loop
from test_verify import command

Short = tuple[str, bool, str]


@pytest.fixture(params=["memory", "durable"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return None if request.param == "memory" else tmp_path / "runs.db"


def short(messages: list[il.Said] | tuple[il.Said, ...]) -> list[Short]:
    return [(one.text, one.is_answer, one.status) for one in messages]


class Reader:
    """A plan whose agent notes the conversation that it is shown, and answers with the number of messages in it."""

    def __init__(self) -> None:
        self.seen: dict[str, list[il.Said]] = {}

        async def read(message: il.Message, ctx: il.Context) -> il.Reply:
            self.seen[message.text] = ctx.conversation
            return il.Reply(f"{len(ctx.conversation)} before {message.text}", data={"n": len(ctx.conversation)})

        self.agent = il.agent(read, name="reader")
        self.plan = il.Sequential("reader", [self.agent])


async def test_each_run_is_shown_what_was_said_before_it(place: Path | None) -> None:
    reader = Reader()
    async with il.open(place, plans=[reader.plan]) as runtime:
        for text in "abc":
            await runtime.run(reader.plan, text, thread="t")
            await runtime.run(reader.plan, f"{text} elsewhere", thread="other")
            await runtime.run(reader.plan, f"{text} nowhere")
        stored = await runtime.thread("t")
        assert short(stored.messages) == [
            ("a", False, "delivered"), ("0 before a", True, "delivered"), ("b", False, "delivered"), ("2 before b", True, "delivered"),
            ("c", False, "delivered"), ("4 before c", True, "delivered"),
        ]  # fmt: skip
        assert [reader.seen[text] for text in "abc"] == [list(stored.messages[:count]) for count in (0, 2, 4)]
        assert reader.seen["c nowhere"] == []
        assert [one.data for one in stored.messages] == [None, {"n": 0}, None, {"n": 2}, None, {"n": 4}]
        assert {one.sender for one in stored.messages if one.is_answer} == {"reader"}
        assert (len(stored.runs), stored.runs[0], stored.id) == (3, stored.messages[0].run_id, "t")
        times = [one.at_us for one in stored.messages]
        assert times == sorted(times)


@pytest.mark.parametrize("most", [0, 1, 3])
async def test_only_the_newest_messages_are_shown(most: int) -> None:
    reader = Reader()
    async with il.open(plans=[reader.plan], config=il.Config.parse(f"threads: {{history: {most}}}")) as runtime:
        for text in "abc":
            await runtime.run(reader.plan, text, thread="t")
        assert reader.seen["c"] == list((await runtime.thread("t")).messages[:4][4 - most :])


async def test_the_answer_of_a_reviewer_is_stored_and_the_draft_is_not(place: Path | None) -> None:
    reader = Reader()
    letter = il.Sequential("letter", [says("a draft", "writer")]).approved_by(il.Approve())
    async with il.open(place, plans=[letter, reader.plan]) as runtime:
        asked = await runtime.run(letter, "write", thread="t")
        assert short((await runtime.thread("t")).messages) == [("write", False, "pending")]
        await runtime.run(reader.plan, "meanwhile", thread="t")
        assert short(reader.seen["meanwhile"]) == [("write", False, "pending")]
        await runtime.resume(asked.run_id, answer="as it should be", by="ada")
        await runtime.run(reader.plan, "after", thread="t")
        told = [
            ("write", False, "delivered"), ("meanwhile", False, "delivered"), ("1 before meanwhile", True, "delivered"),
            ("as it should be", True, "delivered"),
        ]  # fmt: skip
        assert short(reader.seen["after"]) == told
        stored = await runtime.thread("t")
        assert short(stored.messages)[:4] == told
        assert stored.messages[3].run_id == asked.run_id


async def test_a_draft_that_a_checker_sent_back_is_not_stored(place: Path | None) -> None:
    verdicts = [il.revise("too long"), il.accept()]
    drafts = ["first draft", "second draft"]

    async def make(message: il.Message, ctx: il.Context) -> str:
        return drafts.pop(0)

    async def check(message: il.Message, ctx: il.Context) -> il.Reply:
        return verdicts.pop(0)

    pair = il.MakerChecker("pair", maker=make, checker=check)
    async with il.open(place, plans=[pair]) as runtime:
        outcome = await runtime.run(pair, "write", thread="t")
        assert short((await runtime.thread("t")).messages) == [("write", False, "delivered"), ("second draft", True, "delivered")]
        assert outcome.text == "second draft"


async def test_a_run_without_an_answer_leaves_the_message_and_says_why(place: Path | None) -> None:
    reader = Reader()
    stuck = il.Sequential("stuck", [fails("stuck")])
    slow = il.Sequential("slow", [never])
    async with il.open(place, plans=[stuck, slow, reader.plan]) as runtime:
        asked = await runtime.run(stuck, "one", thread="t")
        await runtime.resume(asked.run_id, reject="not ours")
        run = await runtime.start(slow, "two", thread="t")
        await turns_of_the_loop()
        assert short((await runtime.thread("t")).messages)[-1] == ("two", False, "pending")
        run.cancel()
        await soon(run)
        await runtime.run(reader.plan, "three", thread="t")
        assert short(reader.seen["three"]) == [("one", False, "failed"), ("two", False, "cancelled")]


async def test_what_came_later_is_never_shown(place: Path | None) -> None:
    gate = asyncio.Event()
    seen: list[list[Short]] = []

    async def wait(message: il.Message, ctx: il.Context) -> str:
        await gate.wait()
        seen.append(short(ctx.conversation))
        return "at last"

    slow = il.Sequential("slow", [wait])
    letter = il.Sequential("letter", [says("a draft", "writer")]).approved_by(il.Approve())
    async with il.open(place, plans=[slow, letter]) as runtime:
        asked = await runtime.run(letter, "write", thread="t")
        run = await runtime.start(slow, "hello", thread="t")
        await turns_of_the_loop()
        await runtime.resume(asked.run_id, answer="decided while the other was under way")
        gate.set()
        await soon(run)
        assert seen == [[("write", False, "pending")]]


async def test_a_run_that_goes_on_after_a_restart_is_shown_the_same(tmp_path: Path) -> None:
    reader = Reader()
    slow = il.Sequential("reader", [il.agent(never, name="reader")])
    async with il.open(tmp_path / "runs.db", plans=[reader.plan]) as runtime:
        await runtime.run(reader.plan, "a", thread="t")
    async with il.open(tmp_path / "runs.db", plans=[slow]) as runtime:
        run = await runtime.start(slow, "b", thread="t")
        await turns_of_the_loop()
    async with il.open(tmp_path / "runs.db", plans=[reader.plan]) as runtime:
        outcome = await soon(runtime.resume(run.run_id))
        assert outcome.text == "2 before b"
        assert short(reader.seen["b"]) == [("a", False, "delivered"), ("0 before a", True, "delivered")]


async def test_behind_a_wall_the_conversation_is_seen_where_the_user_is() -> None:
    for fields, count in ((["text"], 0), (["text", "user"], 2)):
        reader = Reader()
        domain = il.Domain("bank", reader.agent, imports=il.contract(fields), exports=il.contract(["text"]))
        plan = il.Federation("f", [domain])
        async with il.open(plans=[plan]) as runtime:
            await runtime.run(plan, "a", thread="t", user="u")
            await runtime.run(plan, "b", thread="t", user="u")
        assert len(reader.seen["b"]) == count


async def test_erased_runs_are_left_out(place: Path | None) -> None:
    reader = Reader()
    async with il.open(place, plans=[reader.plan]) as runtime:
        await runtime.run(reader.plan, "mine", thread="t", user="ada")
        await runtime.run(reader.plan, "yours", thread="t", user="bob")
        await runtime.erase(user="ada")
        stored = await runtime.thread("t")
        assert [one.text for one in stored.messages] == ["yours", "2 before yours"]
        assert len(stored.runs) == 1


async def test_pruned_messages_are_gone_and_the_runs_are_listed() -> None:
    reader = Reader()
    async with il.open(plans=[reader.plan]) as runtime:
        await runtime.run(reader.plan, "a", thread="t")
        await runtime.prune(older_than=0)
        stored = await runtime.thread("t")
        assert (stored.messages, len(stored.runs)) == ((), 1)


async def test_a_fork_is_no_part_of_the_conversation(place: Path | None) -> None:
    reader = Reader()
    async with il.open(place, plans=[reader.plan]) as runtime:
        await runtime.run(reader.plan, "a", thread="t")
        second = await runtime.run(reader.plan, "b", thread="t")
        before = await runtime.thread("t")
        first = next(event.seq for event in await runtime.history(second.run_id) if event.kind == "turn_started")
        forked = await soon(await runtime.fork(second.run_id, at=first))
        assert forked.status == "delivered"
        assert await runtime.thread("t") == before


async def test_the_command_line_shows_what_the_customer_saw(tmp_path: Path) -> None:
    reader, file = Reader(), tmp_path / "runs.db"
    stuck = il.Sequential("stuck", [fails("stuck")])
    async with il.open(file, plans=[reader.plan, stuck]) as runtime:
        await runtime.run(reader.plan, "[bold]hello[/]\nyou", thread="t-1", user="ada")
        await runtime.run(stuck, "hard", thread="t-1", user="ada")
        await runtime.run(reader.plan, "a", thread="t-2")
        await runtime.run(reader.plan, "no thread")
        stored = await runtime.thread("t-1")
    listed = command("threads", "list", "--db", file, "--json")
    rows = [json.loads(line) for line in listed.stdout.splitlines()]
    assert [(row["thread"], row["runs"], row["answered"], row["pending"], row["users"]) for row in rows] == [
        ("t-2", 1, 1, 0, []), ("t-1", 2, 1, 1, ["ada"]),
    ]  # fmt: skip
    shown = command("threads", "show", "t-1", "--db", file, "--json")
    assert [il.Said(**json.loads(line)) for line in shown.stdout.splitlines()] == list(stored.messages)
    table, text = command("threads", "list", "--db", file).stdout, command("threads", "show", "t-1", "--db", file).stdout
    assert all(word in table for word in ("t-1", "t-2", "ada"))
    assert all(word in text for word in ("customer", "[bold]hello[/]", "0 before", "no answer yet", '{"n":0}'))
    missing = command("threads", "show", "nobody", "--db", file)
    assert (missing.returncode, "interlock threads list" in missing.stderr) == (1, True)


async def test_a_thread_is_read_as_its_customer_saw_it(tmp_path: Path) -> None:
    async def repeat(message: il.Message, ctx: il.Context) -> il.Reply:
        assert "ada@example.com" not in message.text
        return il.Reply(f"We write to {message.text}", data={"to": message.text})

    plan = il.Sequential("repeat", [repeat])
    async with il.open(tmp_path / "runs.db", plans=[plan]) as runtime:
        await runtime.run(plan, "ada@example.com", user="ada", thread="t")
    async with il.open(tmp_path / "runs.db", plans=[plan]) as runtime:
        asked, answered = (await runtime.thread("t")).messages
    assert (asked.text, answered.text) == ("ada@example.com", "We write to ada@example.com")
    assert answered.data == {"to": "ada@example.com"}
