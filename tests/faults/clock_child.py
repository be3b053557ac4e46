"""The program whose clock jumps in `test_clock.py`.

Usage: python clock_child.py FILE leave SECONDS|finish SECONDS RUN|timed. A run escalates after SECONDS. Each prints JSON, one object a
line.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import interlock as il
from cast import echo, never, turns_of_the_loop
from plain_plans import say

TIMEOUT = 0.6
BEGUN = time.monotonic()
SLOW = il.Handoff("slow", to=[il.agent(never, name="desk")])
TIMED = il.Sequential("timed", [il.step(il.agent(never, name="timed_agent"), timeout=TIMEOUT)])
ECHO = il.Sequential("echo", [echo])


async def story(runtime: il.Runtime, run_id: str) -> list[list[Any]]:
    """What happened and when, by the journal's clock (microseconds)."""
    return [[event.kind, event.seq, event.at_us] for event in await runtime.history(run_id)]


async def leave(runtime: il.Runtime) -> None:
    """Start a run that is not answered, one that is, and wait to be killed."""
    answered = await runtime.run(ECHO, "hello")
    await asyncio.sleep(0.005)  # ids are in the order of their milliseconds
    run = await runtime.start(SLOW, "hello")
    await turns_of_the_loop()
    say({"answered": answered.run_id, "left": run.run_id, "told": await story(runtime, run.run_id)})
    await asyncio.Event().wait()


async def finish(runtime: il.Runtime) -> None:
    """Wait for the run that was left; start another one."""
    run_id = sys.argv[4]
    outcome = await runtime.resume(run_id)
    took = time.monotonic() - BEGUN
    await asyncio.sleep(0.005)
    later = await runtime.run(ECHO, "later")
    told = [await story(runtime, one) for one in (run_id, later.run_id)]
    say({"took": took, "status": outcome.status, "reason": outcome.reason, "told": told, "later": later.run_id})


async def timed(runtime: il.Runtime) -> None:
    """Let a turn pass its time, and a few runs be answered meanwhile."""
    begun = time.monotonic()
    run = await runtime.start(TIMED, "hello")
    say("begun")
    answered = []
    while time.monotonic() - begun < TIMEOUT / 2:
        answered.append((await runtime.run(ECHO, "hello")).run_id)
        await asyncio.sleep(0.02)
    outcome = await run
    took = time.monotonic() - begun
    told = [await story(runtime, one) for one in (*answered, run.run_id)]
    say({"took": took, "status": outcome.status, "reason": outcome.reason, "told": told, "ids": answered})


async def main(file: str, mode: str, escalates_after: float = 1.5) -> None:
    rules = f"routing_rules: [{{intent: unknown, agent: desk, escalation_after: {escalates_after * 1000:.0f}ms}}]"
    async with il.open(file, plans=[SLOW, TIMED, ECHO], config=il.Config.parse(rules)) as runtime:
        await {"leave": leave, "finish": finish, "timed": timed}[mode](runtime)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], *map(float, sys.argv[3:4])))
