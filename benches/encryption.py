"""What encrypted payloads cost: durable runs in the clear, of a known user, and of nobody (so that each run has a key of its own)."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import NamedTuple

import interlock as il

RUNS = 500
ALONE = 100
ROUNDS = 9
TEXT = "x" * 1_000


class Case(NamedTuple):
    """How runs are made."""

    name: str
    runtime: il.Runtime
    user: il.User | None


@il.tool
async def stamp(text: str) -> str:
    """The recorded effect."""
    return text[::-1]


async def work(message: il.Message, ctx: il.Context) -> str:
    """An agent that makes one effect."""
    return await ctx.tool("stamp", text=message.text)


async def window(case: Case, plan: il.Sequential) -> tuple[float, float, list[float]]:
    """Runs a second and CPU microseconds a run of many at once; then milliseconds of each of some that go one after another."""
    before, cpu = perf_counter(), process_time()
    await asyncio.gather(*(case.runtime.run(plan, TEXT, user=case.user) for _ in range(RUNS)))
    took, cpu = perf_counter() - before, process_time() - cpu
    alone = []
    for _ in range(ALONE):
        before = perf_counter()
        await case.runtime.run(plan, TEXT, user=case.user)
        alone.append((perf_counter() - before) * 1_000)
    return RUNS / took, cpu / RUNS * 1e6, alone


async def compare() -> None:
    """Interleaved windows of all cases, and a table of the best windows."""
    plan = il.Sequential("stamped", [work])
    os.environ["INTERLOCK_BENCH_KEY"] = os.urandom(32).hex()
    keys, ada = il.Keys(env="INTERLOCK_BENCH_KEY"), il.User("ada", tenant="acme")
    with tempfile.TemporaryDirectory(prefix="interlock-bench-") as folder:
        plain, sealed, nobody = (Path(folder) / name for name in ("plain.db", "sealed.db", "nobody.db"))
        async with (
            il.open(plain, plans=[plan], tools=[stamp]) as one,
            il.open(sealed, plans=[plan], tools=[stamp], keys=keys) as two,
            il.open(nobody, plans=[plan], tools=[stamp], keys=keys) as three,
        ):
            cases = (Case("in the clear", one, ada), Case("encrypted", two, ada), Case("encrypted, no user", three, None))
            found: dict[str, list[tuple[float, float, list[float]]]] = {case.name: [] for case in cases}
            for _ in range(ROUNDS + 1):
                for case in cases:
                    found[case.name].append(await window(case, plan))
        print("| payloads | runs/s | CPU µs a run | a run alone, ms p50 | p90 | bytes a run |")
        print("| -------- | -----: | -----------: | ------------------: | --: | ----------: |")
        for name, file in zip(found, (plain, sealed, nobody), strict=True):
            windows = found[name][1:]  # the first warms up
            size = sum(part.stat().st_size for part in (file, Path(f"{file}.vault")) if part.exists()) / ((RUNS + ALONE) * (ROUNDS + 1))
            rate, cpu = max(rate for rate, _, _ in windows), min(cpu for _, cpu, _ in windows)  # the best: others may be at work
            alone = min((sorted(many) for _, _, many in windows), key=median)
            print(f"| {name} | {rate:,.0f} | {cpu:.0f} | {median(alone):.2f} | {alone[len(alone) * 9 // 10]:.2f} | {size:,.0f} |")


if __name__ == "__main__":
    asyncio.run(compare())
