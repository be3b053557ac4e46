"""The program that `test_upkeep.py` kills while it prunes.

Usage: python prune_child.py FILE
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import interlock as il
from cast import echo

RUNS = 6_000
ECHO = il.Sequential("echo", [il.agent(echo, name="echo")])


async def main(file: Path) -> None:
    async with il.open(file, plans=[ECHO]) as runtime:
        for _ in range(0, RUNS, 500):
            await asyncio.gather(*(runtime.run(ECHO, f"canary {file.stem}") for _ in range(500)))
        print("pruning", flush=True)
        await runtime.prune(older_than=0)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
