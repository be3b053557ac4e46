"""Personal data that goes in anywhere stands nowhere: no file, no command's output, no log and no prompt has it; its owner gets it back."""

from __future__ import annotations

import contextlib
import csv
import io
import logging
import random
from collections.abc import Iterator
from pathlib import Path

import interlock as il
import pytest
from canaries import PHRASES, Canaries
from interlock._core import vault_subjects
from interlock.cli import main
from interlock.examples import support
from interlock.examples.support.plan import TEST
from leaky import Leaky

Leaks = list[tuple[str, str, str]]

GIVES_BACK = il.Config.parse("guardrails: {safety: {on: {secrets: flag}}}")
"""Keys among the canaries would keep an answer back: here they are given to whose they are."""


@contextlib.contextmanager
def logged() -> Iterator[io.StringIO]:
    """Everything that is logged meanwhile."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield stream
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def said(*arguments: str | Path) -> str:
    """What a command prints."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        main([str(argument) for argument in arguments])
    return out.getvalue() + err.getvalue()


def in_files(canaries: Canaries, folder: Path) -> Leaks:
    files = [file for file in folder.iterdir() if file.is_file()]
    assert any(file.name.endswith(".db") and file.stat().st_size for file in files)
    return [leak for file in files for leak in canaries.leaked(file.name, file.read_bytes())]


def in_commands(canaries: Canaries, journal: Path, runs: list[str]) -> Leaks:
    told = {"audit export": said("audit", "export", journal), "audit export csv": said("audit", "export", journal, "--format", "csv")}
    for run in runs:
        told[f"runs show {run}"] = said("runs", "show", run, "--db", journal) + said("runs", "show", run, "--db", journal, "--json")
    assert all(len(text) > 200 for text in told.values()), {name: text[:200] for name, text in told.items()}
    return [leak for name, text in told.items() for leak in canaries.leaked(name, text)]


def test_every_canary_is_one_that_the_detectors_know() -> None:
    canaries = Canaries(random.Random(6))
    for kind in PHRASES:
        for _ in range(200):
            phrase = canaries.one("scan", kind)
            value = list(canaries.planted)[-1]
            masked = il.privacy.mask(phrase).text
            assert value not in masked, (kind, phrase, masked)
            assert canaries.leaked("", f"x {phrase} y"), "and the search finds it"


async def leaky_runs(folder: Path, count: int) -> tuple[Canaries, Leaks]:
    canaries = Canaries(random.Random(count))
    leaky = Leaky(canaries)
    journal = folder / "leaky.db"
    runs: list[str] = []
    found: Leaks = []
    with logged() as log:
        async with il.open(journal, plans=[leaky.plan], tools=leaky.tools, config=GIVES_BACK) as runtime:
            for number in range(count):
                user = il.User(f"user{number % 7}", tenant="acme")
                text = canaries.all("message")
                asked = await runtime.run(
                    leaky.plan, text, data={"more": canaries.all("data")}, user=user, thread=f"t{number // 70}-{number % 7}"
                )
                assert asked.status == "in_review", asked
                runs.append(asked.run_id)
                (review,) = await runtime.reviews.list(run_id=asked.run_id)
                shown = await runtime.reviews.get(asked.run_id, review.number)
                found += canaries.leaked("review", repr(shown))
                found += in_reviews(canaries, journal, asked.run_id) if number < 3 else []
                answered = number % 3 == 1
                if answered:
                    data = {"paid": canaries.all("review data")}
                    outcome = await runtime.reviews.answer(asked.run_id, by="lea", data=data, reason=canaries.all("review reason"))
                else:
                    outcome = await runtime.reviews.approve(asked.run_id, by="lea", reason=canaries.all("review reason"))
                assert outcome.status == "delivered", outcome
                assert outcome.text == text, "its owner gets back what he said"
                assert answered or leaky.got[-1] == text, "and a tool is given it"
                found += canaries.leaked("events", repr(await runtime.history(asked.run_id))) if number < 20 else []
            await runtime.episodes()
        found += canaries.leaked("log", log.getvalue())
    found += canaries.leaked("prompt", "\n".join(leaky.shown))
    found += in_files(canaries, folder)
    found += in_commands(canaries, journal, runs[:5])
    return canaries, found


def in_reviews(canaries: Canaries, journal: Path, run: str) -> Leaks:
    told = said("review", "show", run, "--db", journal, "--json")
    assert len(told) > 200
    return canaries.leaked("review show", told)


async def test_what_was_erased_is_nobodys_to_read(tmp_path: Path) -> None:
    canaries = Canaries(random.Random(8))

    async def keeps(message: il.Message, ctx: il.Context) -> str:
        if message.text.startswith("keep"):
            await ctx.remember(message.text, key=f"of {ctx.user.id}" if ctx.user else "", namespace="shared")
        return "\n".join(sorted(one.record.text for one in await ctx.recall(namespaces=["shared"])))

    plan = il.Sequential("plan", [il.agent(keeps, name="keeper", scopes=["memory:shared"])])
    ada, bob = il.User("ada", tenant="acme"), il.User("bob", tenant="acme")
    async with il.open(tmp_path / "erased.db", plans=[plan], config=GIVES_BACK) as runtime:
        said_by_ada, said_by_bob = "keep " + canaries.all("ada"), "keep " + canaries.all("bob")
        assert (await runtime.run(plan, said_by_ada, user=ada)).text == said_by_ada
        first = (await runtime.run(plan, said_by_bob, user=bob)).text
        assert said_by_bob in first
        assert "ada" not in {place.partition(":")[0] for _, place, _ in canaries.leaked("bob's answer", first)}
        assert said_by_ada in (await runtime.run(plan, "say", user=ada)).text, "in another run of hers, too"
        await runtime.erase(user="ada")
        answers = [(await runtime.run(plan, "say", user=who)).text for who in (ada, bob)]
        assert "ada" not in {place.partition(":")[0] for _, place, _ in canaries.leaked("answer", "".join(answers))}
        assert said_by_bob in answers[1]
    assert [subject for subject in vault_subjects(tmp_path / "erased.db") if "bob" in subject]
    assert places(in_files(canaries, tmp_path)) == []


async def support_runs(folder: Path, count: int) -> Leaks:
    canaries = Canaries(random.Random(count))
    desk = support.build(support.seed(folder.parent / "accounts.db"))
    with support_questions() as rows:
        questions = [row["text"] for row in rows][:count]
    journal, runs = folder / "support.db", []
    found: Leaks = []
    with logged() as log:
        async with il.open(journal, plans=[desk.plan], tools=desk.tools, config=desk.config) as runtime:
            for number, question in enumerate(questions):
                text = f"{question} {canaries.all('message')}"
                outcome = await runtime.run(desk.plan, text, user=il.User(f"C{number % 50:04}"), thread=f"t{number}")
                runs.append(outcome.run_id)
                found += canaries.leaked("history", runtime.engine.history(runtime.look_up(outcome.run_id).run))
        found += canaries.leaked("log", log.getvalue())
    desk.close()
    return found + in_files(canaries, folder) + in_commands(canaries, journal, runs[:5])


@contextlib.contextmanager
def support_questions() -> Iterator[csv.DictReader[str]]:
    with TEST.open(encoding="utf-8", newline="") as file:
        yield csv.DictReader(file)


@pytest.mark.parametrize("count", [pytest.param(60), pytest.param(1_000, marks=[pytest.mark.heavy, pytest.mark.timeout(3_600)])])
async def test_nothing_that_customers_of_the_support_desk_say_is_kept_raw(tmp_path: Path, count: int) -> None:
    folder = tmp_path / "journal"
    folder.mkdir()
    assert places(await support_runs(folder, count)) == []


async def test_numbers_line_ends_and_keys_hide_nothing_from_memory_scratch_and_store(tmp_path: Path) -> None:
    canaries = Canaries(random.Random(7))
    card = canaries.one("number", "CREDIT_CARD").removeprefix("card ")
    value = {
        "number": int(card),
        "lines": "first\n" + canaries.one("line", "EMAIL_ADDRESS").removeprefix("write to "),
        canaries.one("key", "IBAN_CODE"): ["\t" + canaries.one("tab", "URL_CREDENTIALS").removeprefix("see ")],
        "plain": [1, 2.5, True, None, "é"],
    }
    seen: list[object] = []

    async def writes(message: il.Message, ctx: il.Context) -> str:
        await ctx.remember("data", key="k", data=value)
        await ctx.store.put("notes", "k", value)
        ctx.scratch.put("k", value)
        ctx.scratch.put("k", value, scope="thread")
        return "written"

    async def reads(message: il.Message, ctx: il.Context) -> str:
        seen.extend([(await ctx.recall())[0].record.data, ctx.store.get("notes", "k"), ctx.scratch.get("k")])
        seen.append(ctx.scratch.get("k", scope="thread"))
        return str(seen[0]["lines"])  # type: ignore[index]

    scopes = ["store:notes"]
    plan = il.Sequential("plan", [il.agent(writes, name="one", scopes=scopes), il.agent(reads, name="two", scopes=scopes)])
    async with il.open(tmp_path / "numbers.db", plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "hello", user=il.User("ada"), thread="t")
        assert outcome.text == value["lines"]
    assert all(one == seen[0] for one in seen)
    assert seen[0]["plain"] == value["plain"]  # type: ignore[index]
    assert places([leak for one in seen for leak in canaries.leaked("prompt", repr(one))]) == []
    assert places(in_files(canaries, tmp_path)) == []


def places(found: Leaks) -> list[tuple[str, str]]:
    return sorted({(where.split(" 0")[0], place) for where, place, _ in found})


@pytest.mark.parametrize("count", [pytest.param(60), pytest.param(1_000, marks=[pytest.mark.heavy, pytest.mark.timeout(3_600)])])
async def test_nothing_of_a_plan_with_tools_memory_and_reviews_is_kept_raw(tmp_path: Path, count: int) -> None:
    canaries, found = await leaky_runs(tmp_path, count)
    assert len(canaries.planted) > count * 13 * 10
    assert places(found) == []
