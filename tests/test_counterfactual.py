"""`interlock replay --config NEW --on FILE`: recorded runs decided anew, with every count worked out by hand."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import interlock as il
import orjson
import pytest
from cast import fails, happened, says, soon
from interlock.cli import main
from interlock.errors import ConfigError
from numpy import array, float32
from numpy.typing import NDArray


def table(bill: str = "billing", broken: str = "tech", fraud: str = "human_review", more: str = "") -> str:
    """Rules in lines 2 to 5: who takes what, and what else a rule says."""
    takers = {"bill": bill, "broken": broken, "fraud": fraud, "unknown": "tech"}
    rules = "".join(f"  - {{intent: {intent}, agent: {agent}}}\n" for intent, agent in takers.items())
    return f"routing_rules:\n{rules}{more}"


OLD = table()


async def _triage(message: il.Message, ctx: il.Context) -> il.Reply:
    return il.Reply("", intent=message.text.split()[0], tokens=10)


async def _billing(message: il.Message, ctx: il.Context) -> il.HandOff:
    return ctx.hand_off("tech")


async def _tech(message: il.Message, ctx: il.Context) -> il.Reply:
    return il.Reply(f"done: {message.text}", tokens=50)


def desk(billing: Any = _billing, **options: Any) -> il.Handoff:
    entry, members = il.agent(_triage, name="triage"), [il.agent(_tech, name="tech"), says("never asked", "senior")]
    first = il.agent(billing, name="billing") if inspect.isfunction(billing) else billing
    return il.Handoff("desk", entry=entry, to=[first, *members], **{"max_handoffs": 3, **options})


async def record(file: Path, plan: il.Handoff, texts: Sequence[str], rules: str = OLD) -> list[il.Outcome]:
    async with il.open(file, plans=[plan], config=il.Config.parse(rules)) as runtime:
        return [await soon(runtime.run(plan, text)) for text in texts]


def again(file: Path, rules: str, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    new = file.with_name("new.yaml")
    new.write_text(rules)
    assert main(["replay", "--config", str(new), "--on", str(file), "--json", *more]) == 0
    found: dict[str, Any] = orjson.loads(capsys.readouterr().out)
    return found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


async def test_under_the_same_rules_everything_goes_the_same_way(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = await record(file, desk(), ["bill 1", "broken 2", "fraud 3", "other 4"])
    found = again(file, OLD, capsys)
    assert (found["runs"], found["same"], found["elsewhere"], found["unknown"], found["ran_out"]) == (4, 4, 0, 0, 0)
    assert (found["moves"], found["rules"], found["ends_differ"], found["other_answer"]) == ([], [], 0, 0)
    turns, tokens = sum(one.turns for one in outcomes), sum(one.usage.tokens for one in outcomes)
    cost = {"runs": 4, "recorded_turns": turns, "recorded_tokens": tokens, "redecided_turns": turns, "redecided_tokens": tokens}
    assert found["cost"] == {"all": cost, "complete": cost}


async def test_changed_rules_are_reported_to_the_last_run(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = [f"bill {n}" for n in range(5)] + [f"broken {n}" for n in range(3)] + ["fraud 1", "fraud 2", "other 1"]
    async with il.open(file, plans=[plan := desk()], config=il.Config.parse(OLD)) as runtime:
        outcomes = [await soon(runtime.run(plan, text)) for text in texts]
        # What billing takes is reckoned from its texts, so it is read from the record.
        billing = sum([(await happened(runtime, one, "turn_replied"))[1].spent["tokens"] for one in outcomes[:5]])
    found = again(file, table("tech", "human_review", "senior"), capsys, "--show", "2")
    assert (found["runs"], found["same"], found["elsewhere"], found["unknown"], found["ran_out"]) == (11, 1, 10, 0, 2)
    a_person = "a person (the routing rule asks for a person)"
    ids = [one.run_id for one in reversed(outcomes)]  # the newest first
    assert found["moves"] == [
        {"from": "billing", "to": "tech", "count": 5, "runs": [ids[6], ids[7]]},
        {"from": "tech", "to": a_person, "count": 3, "runs": [ids[3], ids[4]]},
        {"from": a_person, "to": "senior", "count": 2, "runs": [ids[1], ids[2]]},
    ]
    assert found["rules"] == [{"old_line": n, "new_line": n, "count": count} for n, count in ((2, 5), (3, 3), (4, 2))]
    assert found["ran_out_at"] == [{"who": "senior", "why": "was not asked", "count": 2, "runs": [ids[1], ids[2]]}]
    assert found["ends"] == [
        {"recorded": "delivered", "redecided": "delivered", "count": 6},
        {"recorded": "delivered", "redecided": "in_review", "count": 3},
    ]
    assert (found["ends_differ"], found["other_answer"]) == (3, 0)
    # Recorded: triage, billing and tech five times; triage and tech four times; triage alone twice.
    recorded = {"recorded_turns": 5 * 3 + 4 * 2 + 2, "recorded_tokens": 5 * 60 + billing + 4 * 60 + 2 * 10}
    # Now: no billing; triage alone three times; and senior's turn twice, which took nothing that is known.
    assert found["cost"]["all"] == {
        "runs": 11,
        **recorded,
        "redecided_turns": 5 * 2 + 3 + 2 * 2 + 2,
        "redecided_tokens": 300 + 30 + 20 + 60,
    }
    assert found["cost"]["complete"] == {
        "runs": 9,
        "recorded_turns": 5 * 3 + 4 * 2,
        "recorded_tokens": 5 * 60 + billing + 4 * 60,
        "redecided_turns": 5 * 2 + 3 + 2,
        "redecided_tokens": 300 + 30 + 60,
    }


async def test_an_agent_that_was_asked_something_else_gives_no_answer(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def rewrites(message: il.Message, ctx: il.Context) -> il.HandOff:
        return ctx.hand_off("tech", text="in other words")

    await record(file, desk(rewrites), ["bill 1"])
    found = again(file, table("tech"), capsys)
    assert [(one["who"], one["why"]) for one in found["ran_out_at"]] == [("tech", "was asked with another message")]
    assert (found["elsewhere"], found["unknown"]) == (1, 0)


async def test_a_run_that_runs_out_on_its_recorded_way_is_of_unknown_end(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = desk(il.step(fails("billing"), retries=2))
    await record(file, plan, ["bill 1"], table("billing, escalation_after: 1_attempt"))
    found = again(file, table("billing, escalation_after: 5_attempts"), capsys)
    # Recorded: one attempt, then a person. Now a second attempt, of which nobody knows.
    assert found["ran_out_at"][0]["why"] == "was not asked this so often"
    assert [(one["from"], one["to"]) for one in found["moves"]] == [("a person (the rule's escalation_after was reached)", "billing")]


@pytest.mark.parametrize(
    ("fallback", "moves", "ran_out"),
    [
        ("human_review", [("tech", "a person (the agent came to nothing and its rule's fallback is a person)")], []),
        ("[senior, tech]", [("tech", "senior")], ["senior"]),
        ("[tech, senior]", [], []),
    ],
)
async def test_another_fallback_takes_another_way(
    file: Path, capsys: pytest.CaptureFixture[str], fallback: str, moves: list[tuple[str, str]], ran_out: list[str]
) -> None:
    await record(file, desk(fails("billing")), ["bill 1"], table("billing, fallback: tech"))
    found = again(file, table(f"billing, fallback: {fallback}"), capsys)
    assert [(one["from"], one["to"]) for one in found["moves"]] == moves
    assert [one["who"] for one in found["ran_out_at"]] == ran_out


async def test_an_escalation_in_time_counts_the_recorded_durations(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def slow(message: il.Message, ctx: il.Context) -> str:
        await asyncio.sleep(0.03)
        return "at last"

    await record(file, desk(slow), ["bill 1"])
    early = again(file, table("billing, escalation_after: 5ms"), capsys)
    assert [(one["from"], one["to"]) for one in early["moves"]] == [("delivered", "a person (the rule's escalation_after was reached)")]
    late = again(file, table("billing, escalation_after: 10m"), capsys)
    assert (late["same"], late["ran_out"]) == (1, 0)


async def test_a_person_who_decided_decides_the_same_again(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = desk()
    async with il.open(file, plans=[plan], config=il.Config.parse(OLD)) as runtime:
        for text in ("fraud 1", "fraud 2"):
            outcome = await soon(runtime.run(plan, text))
            await soon(runtime.resume(outcome.run_id, answer="all is well", by="ann"))
    found = again(file, OLD, capsys)
    assert (found["same"], found["ends"]) == (2, [{"recorded": "delivered", "redecided": "delivered", "count": 2}])
    found = again(file, table(fraud="tech"), capsys)
    assert (found["elsewhere"], found["ran_out"]) == (2, 2)


class Words:
    """An embedder that counts three words."""

    def embed(self, texts: Sequence[str]) -> NDArray[float32]:
        return array([[text.count(word) + 0.01 for word in ("bill", "broken", "fraud")] for text in texts], dtype=float32)


def semantic(**change: float) -> str:
    """The same rules for intents that are found by meaning."""
    values = {"k": 3, "threshold": 0.5, "margin": 0.1, **change}
    listed = ", ".join(f"{key}: {value}" for key, value in values.items())
    return table(fraud="tech", more=f"semantic: {{examples: examples.csv, {listed}}}\n")


@pytest.mark.parametrize(
    ("change", "same", "moves", "ran_out"),
    [
        ({}, 3, [], []),
        ({"threshold": 0.999}, 2, [("billing", "tech")], ["tech"]),  # the mixed message is unlike every example: unknown
        ({"margin": 0.9}, 2, [("billing", "tech")], ["tech"]),
        ({"k": 2}, 3, [], []),
        ({"k": 5}, 0, [], ["the nearest examples"]),
    ],
)
async def test_thresholds_margins_and_k_are_rules_too(
    file: Path, capsys: pytest.CaptureFixture[str], change: dict[str, float], same: int, moves: list[tuple[str, str]], ran_out: list[str]
) -> None:
    file.with_name("examples.csv").write_text("text,intent\nbill,bill\nbill bill,bill\nbroken,broken\nbroken broken,broken\nfraud,fraud\n")
    plan = il.Handoff("desk", to=[says("paid", "billing"), says("repaired", "tech")])
    config = il.Config.parse(semantic(), folder=file.parent)
    async with il.open(file, plans=[plan], config=config, embedder=Words()) as runtime:
        for text in ("bill", "broken", "bill bill bill broken broken"):
            await soon(runtime.run(plan, text))
    found = again(file, semantic(**change), capsys)
    assert (found["runs"], found["same"]) == (3, same)
    assert [(one["from"], one["to"]) for one in found["moves"]] == moves
    assert [one["who"] for one in found["ran_out_at"]] == ran_out


async def test_runs_that_are_still_open_are_left_out(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def never(message: il.Message, ctx: il.Context) -> str:
        await asyncio.Event().wait()
        return ""

    plan = desk(never)
    async with il.open(file, plans=[plan], config=il.Config.parse(OLD)) as runtime:
        await runtime.start(plan, "bill 1")
        await soon(runtime.run(plan, "broken 1"))
        found = again(file, OLD, capsys)  # while this process owns the file
    assert (found["runs"], found["skipped"]) == (1, {"open": 1, "erased": 0})


async def test_only_the_newest_runs_of_one_plan_if_that_is_asked_for(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await record(file, desk(), ["bill 1", "broken 2", "other 3"])
    assert again(file, OLD, capsys, "--limit", "2")["runs"] == 2
    assert again(file, OLD, capsys, "--plan", "another")["runs"] == 0


async def test_rules_that_no_plan_can_follow_are_refused_by_line(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await record(file, desk(), ["bill 1"])
    new = file.with_name("new.yaml")
    new.write_text(table("nobody"))
    assert main(["replay", "--config", str(new), "--on", str(file)]) == 1
    told = capsys.readouterr().err
    assert '(line 2) names "nobody"' in told
    with pytest.raises(ConfigError):
        il.Config.load(file.with_name("missing.yaml"))


async def test_people_read_tables(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await record(file, desk(), ["bill 1", "fraud 2"])
    new = file.with_name("new.yaml")
    new.write_text(table(fraud="senior"))
    assert main(["replay", "--config", str(new), "--on", str(file)]) == 0
    told = capsys.readouterr().out
    assert told.startswith("2 runs decided anew: 1 go the same way, 1 go elsewhere\n")
    for title in ("gone elsewhere", "how they end", "where the recorded answers ran out", "what it takes"):
        assert title in told


@pytest.mark.heavy
async def test_ten_thousand_runs_are_decided_anew_in_seconds(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan, kinds = desk(), ("bill", "broken", "fraud", "other")
    async with il.open(file, plans=[plan], config=il.Config.parse(OLD)) as runtime:
        for start in range(0, 10_000, 500):
            texts = (f"{kinds[number % 4]} {number}" for number in range(start, start + 500))
            await soon(asyncio.gather(*(runtime.run(plan, text) for text in texts)))
    since = time.process_time()
    found = again(file, table("tech", "human_review", "senior"), capsys)
    seconds = time.process_time() - since
    with capsys.disabled():
        print(f"10,000 recorded runs decided anew in {seconds:.2f} s of CPU")
    assert (found["runs"], found["same"], found["elsewhere"], found["ran_out"]) == (10_000, 2_500, 7_500, 2_500)
    assert [(one["from"], one["count"]) for one in found["moves"]] == [
        ("a person (the routing rule asks for a person)", 2_500),
        ("billing", 2_500),
        ("tech", 2_500),
    ]
    assert seconds < 30
