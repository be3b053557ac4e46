"""How soon a service serves reads again: `python restart.py [--keys N] [--vectors N]`.

A child makes the files and is killed, another opens them. It is killed in the midst of writing, so the second opening has the log to read
and the vector index to catch up with; then it is closed in order and opened once more.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import interlock as il
import numpy as np

DIM, VALUE = 384, bytes(1_024)
ADA = il.memory.of_user("ada")


@il.agent
async def reads(message: il.Message, ctx: il.Context) -> str:
    """Reads a value, and recalls."""
    found = await ctx.recall("query", k=10, embedding=rows(1)[0])
    return f"{len(ctx.store.get('state', message.text) or b'')} {len(found)}"


PLAN = il.Sequential("plan", [il.agent(reads.function, name="reads", scopes=["store:state"])])


def rows(count: int) -> np.ndarray:
    """Clustered unit vectors, the same every time."""
    chance = np.random.default_rng(11)
    centres = chance.normal(size=(2_000, DIM)).astype(np.float32)
    noise = chance.normal(size=(count, DIM)).astype(np.float32)
    found = centres[np.arange(count) % 2_000] + 0.35 * noise
    return found / np.linalg.norm(found, axis=1, keepdims=True)


async def fill(path: str, keys: int, vectors: int) -> None:
    """Make the files, then write on until killed."""
    async with il.open(path, plans=[PLAN]) as runtime:
        for number in range(keys):
            runtime.store.put("state", str(number), VALUE)
            if number % 100_000 == 0:
                print(f"  {number:,} of {keys:,} keys", file=sys.stderr)
        for number, row in enumerate(rows(vectors)):
            await runtime.memory.remember(f"fact {number}", namespace=ADA, key=str(number), embedding=row, durable=False)
            if number % 10_000 == 0:
                print(f"  {number:,} of {vectors:,} vectors", file=sys.stderr)
        await asyncio.to_thread(runtime.memory.save)
        await runtime.memory.committed()
        print("ready", flush=True)
        number = 0
        while True:
            number += 1
            await runtime.memory.remember("late", namespace=ADA, key=f"late-{number}", embedding=rows(1)[0] + number * 1e-3, durable=False)
            runtime.store.put("state", f"late-{number}", VALUE)
            await asyncio.sleep(0)


async def serve(path: str) -> None:
    """Open, and answer one run that reads and recalls."""
    began = perf_counter()
    async with il.open(path, plans=[PLAN]) as runtime:
        opened = perf_counter() - began
        outcome = await runtime.run(PLAN, "77", user="ada")
        answered = perf_counter() - began
        stats = runtime.store.stats()
        said = {"opened_s": opened, "first_answer_s": answered, "said": outcome.text, "entries": stats.entries, "bytes": stats.bytes}
        print(json.dumps(said))


def child(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, __file__, *words], stdout=subprocess.PIPE, text=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=1_000_000, help="values of 1 KiB (1,000,000)")
    parser.add_argument("--vectors", type=int, default=100_000, help="records with 384 dimensions (100,000)")
    parser.add_argument("--fill", metavar="FILE", help=argparse.SUPPRESS)
    parser.add_argument("--serve", metavar="FILE", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.fill:
        asyncio.run(fill(given.fill, given.keys, given.vectors))
    elif given.serve:
        asyncio.run(serve(given.serve))
    else:
        measure(given.keys, given.vectors)


def measure(keys: int, vectors: int) -> None:
    with tempfile.TemporaryDirectory(prefix="interlock-restart-") as folder:
        path = str(Path(folder) / "runs.db")
        filling = child("--fill", path, "--keys", str(keys), "--vectors", str(vectors))
        assert filling.stdout is not None
        assert filling.stdout.readline().strip() == "ready"
        try:
            filling.wait(timeout=1)
        except subprocess.TimeoutExpired:
            os.kill(filling.pid, signal.SIGKILL)
        filling.wait()
        print("| opening | served reads after | first answer after | entries |\n|---|---|---|---|")
        for what in ("after kill -9", "after a close", "after a close"):
            done = json.loads(child("--serve", path).communicate()[0])
            assert done["said"] == f"{len(VALUE)} 10"
            print(f"| {what} | {done['opened_s']:.2f} s | {done['first_answer_s']:.2f} s | {done['entries']:,} |", flush=True)


if __name__ == "__main__":
    main()
