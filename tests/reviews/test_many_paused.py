"""Many runs that wait for people: what they cost while they wait, that none is lost, and that of two who decide one wins."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import interlock as il
import pytest
from asked import RUN, decided, delivery
from paused_child import LETTER

HERE = Path(__file__).parent
WHO = {"by": "ada", "roles": ["editor"]}
DUE = 0.05
"""Seconds after which nobody needs to decide any more."""


def opened_apart(path: Path) -> dict[str, float]:
    """What a fresh process says that opens the file."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent)])}
    command = [sys.executable, str(HERE / "paused_child.py"), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
    found: dict[str, float] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=[pytest.mark.heavy, pytest.mark.timeout(900)])])
async def test_runs_that_wait_survive_a_restart_take_next_to_no_memory_and_are_all_decided(count: int, tmp_path: Path) -> None:
    path, empty = tmp_path / "runs.db", tmp_path / "empty.db"
    async with il.open(empty, plans=[LETTER]):
        pass
    ids: list[str] = []
    async with il.open(path, plans=[LETTER]) as runtime:
        for first in range(0, count, 500):
            batch = range(first, min(first + 500, count))
            held = await asyncio.gather(*(runtime.run(LETTER, f"write letter {number}", key=f"letter-{number}") for number in batch))
            ids += [one.run_id for one in held]
        assert runtime.stats()["live"] == 0
    bare, full = opened_apart(empty), opened_apart(path)
    each = (full["resident"] - bare["resident"]) / count
    since = time.perf_counter()
    async with il.open(path, plans=[LETTER]) as runtime:
        opening = time.perf_counter() - since
        listed: list[str] = []
        last: il.Review | None = None
        while page := await runtime.reviews.list(limit=1_000, after=last):
            listed += [row.run_id for row in page]
            last = page[-1]
        assert sorted(listed) == sorted(ids)
        since = time.perf_counter()
        for first in range(0, count, 500):
            outcomes = await asyncio.gather(*(runtime.reviews.approve(run_id, **WHO) for run_id in listed[first : first + 500]))
            assert {one.status for one in outcomes} == {"delivered"}
        deciding = time.perf_counter() - since
        assert await runtime.reviews.list() == []
        assert len({(await runtime.run(LETTER, "again", key=f"letter-{number}")).run_id for number in range(count)} & set(ids)) == count
    print(
        f"\n{count:,} runs in review: opened in {opening:.2f} s ({full['took']:.2f} s in a fresh process, {bare['took']:.2f} s when empty),"
        f" {each:,.0f} bytes resident each, all decided in {deciding:.1f} s ({deciding / count * 1e6:,.0f} µs each), 0 lost"
    )
    if count >= 10_000:
        assert opening < 10.0
        assert each <= 1_024


async def one_wins(runtime: il.Runtime, run: il.Outcome, results: list[object]) -> None:
    winners = [one for one in results if isinstance(one, il.Outcome)]
    losers = [one for one in results if isinstance(one, il.ReviewError)]
    assert (len(winners), len(losers)) == (1, len(results) - 1), results
    (decision,) = await decided(runtime, run)
    assert all(f"by {decision['by']}" in loser.message and loser.code == "review.closed" for loser in losers)


@pytest.mark.parametrize("count", [40, pytest.param(1_000, marks=pytest.mark.heavy)])
async def test_of_two_reviewers_exactly_one_decides(count: int, tmp_path: Path) -> None:
    """Half of the races are between two tasks, half between a task and the end of the time."""
    plan = RUN
    brief = delivery(il.Approve(due=DUE, on_expiry="approve"))
    won = {"ada": 0, "bob": 0, "time": 0}
    async with il.open(tmp_path / "runs.db", plans=[plan, brief]) as runtime:
        for number in range(count // 2):
            asked = await runtime.run(plan, "hello")
            words = [runtime.reviews.answer(asked.run_id, by="ada", text="yes"), runtime.reviews.reject(asked.run_id, by="bob")]
            results = await asyncio.gather(*(words if number % 2 else words[::-1]), return_exceptions=True)
            await one_wins(runtime, asked, results)
            won[(await decided(runtime, asked))[0]["by"]] += 1

        async def against_time(number: int) -> None:
            held = await runtime.run(brief, "hello")
            await asyncio.sleep(DUE * (0.9 + number % 20 / 100))
            (said,) = await asyncio.gather(runtime.reviews.reject(held.run_id, by="bob", reason="no"), return_exceptions=True)
            assert isinstance(said, il.Outcome) or (isinstance(said, il.ReviewError) and said.code == "review.closed"), said
            outcome = await runtime.resume(held.run_id)
            (decision,) = await decided(runtime, held)
            assert outcome.status == ("failed" if decision["by"] == "bob" else "delivered")
            won[decision["by"] or "time"] += 1

        for first in range(0, count // 2, 20):
            await asyncio.gather(*(against_time(number) for number in range(first, min(first + 20, count // 2))))
    print(f"\n{count:,} races: {won}, one decision frame each")
    assert sum(won.values()) == count // 2 * 2
