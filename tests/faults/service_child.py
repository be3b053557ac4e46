"""The program whose disk fails in `test_disk.py`: a service that keeps runs in flight and asks again when it is told to.

Usage: python service_child.py FILE SEED. It prints a JSON list a line: what was acknowledged, what was refused. When its input
ends it takes on nothing new, waits for everything that is under way, prints the runtime's counts and closes.
"""

from __future__ import annotations

import asyncio
import logging
import random
import sys
import time
from contextlib import suppress
from itertools import count
from typing import TypeAlias

import interlock as il
from plain_plans import plans, say, tools

IN_FLIGHT = 60
Plan: TypeAlias = il.Sequential | il.Handoff


async def ask(runtime: il.Runtime, plan: Plan, key: str, dice: random.Random) -> None:
    """Ask for one run until it is acknowledged."""
    asked_at = time.monotonic()
    while True:
        try:
            outcome = await runtime.run(plan, f"what {key} says", key=key)
        except il.JournalError as error:
            say(["refused", error.code, error.hint, error.retry_after])
            await asyncio.sleep((error.retry_after or 0.0) * dice.random())
        else:
            say(["acknowledged", outcome.run_id, outcome.status, outcome.text, key, asked_at, time.monotonic()])
            return


async def leave(runtime: il.Runtime, plan: Plan) -> None:
    """Start a run that nobody waits for."""
    with suppress(il.JournalError):
        await runtime.start(plan, "nobody waits for this")


async def main(file: str, seed: int) -> None:
    dice = random.Random(seed)
    given, numbers, ended = plans(dice), count(), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(0, lambda: (loop.remove_reader(0), ended.set()))
    async with il.open(file, plans=given, tools=tools(dice)) as runtime:
        say(["open"])

        async def work() -> None:
            while not ended.is_set():
                if dice.random() < 0.2:
                    await leave(runtime, dice.choice(given))
                await ask(runtime, dice.choice(given), f"key {next(numbers)}", dice)

        async with asyncio.TaskGroup() as group:
            for _ in range(IN_FLIGHT):
                group.create_task(work())
        while runtime.stats()["live"]:  # noqa: ASYNC110 - runs that nobody waits for, and nothing tells of their end
            await asyncio.sleep(0.01)
        say(["ended", runtime.stats()])


if __name__ == "__main__":
    logging.basicConfig(stream=sys.stderr, format="%(name)s %(levelname)s %(message)s")
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
