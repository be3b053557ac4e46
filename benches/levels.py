"""Throughput of level durable beside level memory: 1,000 concurrent runs, `sleep(0)`, one recorded effect each."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import interlock as il

RUNS = 1_000
ROUNDS = 7


@il.tool
async def stamp(text: str) -> str:
    """The recorded effect."""
    return text[::-1]


async def work(message: il.Message, ctx: il.Context) -> str:
    """An agent that gives way once and makes one effect."""
    await asyncio.sleep(0)
    return await ctx.tool("stamp", text=message.text)


async def window(runtime: il.Runtime, plan: il.Sequential) -> tuple[float, float]:
    """Runs a second and CPU microseconds a run (all threads), of one window."""
    before, cpu = perf_counter(), process_time()
    outcomes = await asyncio.gather(*(runtime.run(plan, "x" * 200) for _ in range(RUNS)))
    took, cpu = perf_counter() - before, process_time() - cpu
    assert all(outcome.status == "delivered" for outcome in outcomes)
    return RUNS / took, cpu / RUNS * 1e6


async def compare() -> dict[str, list[tuple[float, float]]]:
    """Interleaved windows of both levels."""
    plan = il.Sequential("stamped", [work])
    with tempfile.TemporaryDirectory(prefix="interlock-bench-") as folder:
        async with (
            il.open(plans=[plan], tools=[stamp]) as memory,
            il.open(Path(folder) / "levels.db", plans=[plan], tools=[stamp]) as durable,
        ):
            found: dict[str, list[tuple[float, float]]] = {"memory": [], "durable": []}
            for _ in range(ROUNDS + 1):
                for name, runtime in (("memory", memory), ("durable", durable)):
                    found[name].append(await window(runtime, plan))
            for runtime in (memory, durable):
                stats = runtime.stats()
                # RunStarted, TurnStarted, EffectCompleted, TurnReplied, RunDelivered; G1, G5, G2, G3, G4, G9, G7.
                assert stats["frames"] == 5 * stats["settled"]
                assert stats["gate_decisions"] == 7 * stats["settled"]
    return {name: windows[1:] for name, windows in found.items()}  # the first of each warms up


def main() -> None:
    """Print the medians and the ratio."""
    try:
        import uvloop

        runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    except ImportError:
        runner = asyncio.Runner()
    with runner:
        found = runner.run(compare())
    rates = {name: median(rate for rate, _ in windows) for name, windows in found.items()}
    print("| level   | runs/s | CPU µs a run, all threads |")
    print("| ------- | -----: | ------------------------: |")
    for name, windows in found.items():
        print(f"| {name:7} | {rates[name]:6,.0f} | {median(cpu for _, cpu in windows):25.1f} |")
    print(f"\nlevel durable reaches {rates['durable'] / rates['memory']:.2f} of the throughput of level memory (a third is the bound)")


if __name__ == "__main__":
    main()
