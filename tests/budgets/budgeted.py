"""A service whose runs spend a tenant's budget, until it is killed: `python budgeted.py JOURNAL PROVIDER LIFE RUNS`.

PROVIDER is what the provider saw, call by call, and what the agents saw, turn by turn; it is never read to decide. A line is written as
the call is sent.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import interlock as il
from interlock.config import Config
from interlock.message import User

TENANT_TOKENS, USER_TOKENS, TENANT_TURNS = 40_000, 4_000, 3_000
CONFIG = f"""
guardrails:
  budgets:
    - {{per: tenant, tokens: {TENANT_TOKENS}, turns: {TENANT_TURNS}}}
    - {{per: user, tokens: {USER_TOKENS}}}
"""
USERS = 20


def plan(provider: int) -> il.Sequential:
    """Two agents: the first calls a model three times, the second says what came of it."""

    @il.agent
    async def thinker(message: il.Message, ctx: il.Context) -> str:
        user = ctx.user.id if ctx.user else ""
        os.write(provider, f"turn {user}\n".encode())
        for number in range(3):
            try:
                async with ctx.spend("gpt-4o-mini", input_tokens=10, max_output_tokens=10 + number) as spend:
                    os.write(provider, f"sent {user} {spend.input_tokens + spend.max_output_tokens}\n".encode())
                    await asyncio.sleep(0.001)
                    os.write(provider, f"came {user} {spend.max_output_tokens - 10 + 15}\n".encode())
                    await spend.settle(
                        input_tokens=10, output_tokens=5 + number, response_id=f"{ctx.run_id}/{ctx.turn}/{number}/{os.getpid()}"
                    )
            except il.BudgetExceeded:
                break
        return "thought"

    @il.agent
    async def speaker(message: il.Message, ctx: il.Context) -> il.Reply:
        os.write(provider, f"turn {ctx.user.id if ctx.user else ''}\n".encode())
        return il.Reply("said", tokens=0)

    return il.Sequential("spending", [thinker, speaker])


async def main(journal: Path, provider_file: Path, life: str, runs: int) -> None:
    """Recover, say what is held back, and start runs until somebody kills it; with no runs, say how the accounts stand."""
    provider = os.open(provider_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    spending = plan(provider)
    async with il.open(journal, plans=[spending], config=Config.parse(CONFIG)) as runtime:
        under_way = len(runtime.drives)
        while runtime.drives:  # noqa: ASYNC110 - a process that is killed has nobody to tell it
            await asyncio.sleep(0.01)
        print(under_way, runtime.engine.held_back(), flush=True)
        if runs == 0:
            for standing in [*runtime.budget(tenant="acme"), *(runtime.budget(user=f"u{user}")[0] for user in range(USERS))]:
                print(standing.per, standing.owner, standing.what, standing.spent, standing.reserved, flush=True)
            return
        async with asyncio.TaskGroup() as group:
            for number in range(runs):
                user = User(f"u{number % USERS}", tenant="acme")
                group.create_task(runtime.run(spending, f"life {life}, {number}", user=user))
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
