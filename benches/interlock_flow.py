"""Interlock in the shipped configuration, as the peers' worker measures it: every gate asked, every frame journalled.

The number of frames and of gate decisions of a run is asserted, so that no fast path can skip them.
"""

from __future__ import annotations

from pathlib import Path

import interlock as il
from peers.workloads import Agent, Run, Workload

# A run starts and is delivered (2 frames); each turn starts and is answered (2); a handoff is one more.
FRAMES = {"sequence": 2 + 3 * 2, "triage": 2 + 2 * 2 + 1}
# G1 at ingress, G5 and G2 before each turn, G9 and G7 at egress.
GATE_DECISIONS = {"sequence": 1 + 3 * 2 + 2, "triage": 1 + 2 * 2 + 2}
_OPEN: list[tuple[il.Runtime, Workload]] = []


class CountsDiffer(Exception):
    """A run left other frames or decisions than it must: what was measured is not what is shipped."""


def _stage(name: str, function: Agent) -> il.Agent:
    async def stage(message: il.Message, ctx: il.Context) -> str:
        return await function(message.text)

    return il.agent(stage, name=name)


def plan_of(workload: Workload) -> il.Sequential | il.Handoff:
    """The workload as a plan: the same agents, behind the two patterns."""
    if workload.shape != "triage":
        return il.Sequential("sequence", [_stage(name, agent) for name, agent in workload.stages().items()])
    choose = workload.triage()

    async def triage(message: il.Message, ctx: il.Context) -> il.HandOff:
        return ctx.hand_off(await choose(message.text))

    return il.Handoff("triage", entry=triage, to=[_stage(name, agent) for name, agent in workload.specialists().items()])


def check_counts(runtime: il.Runtime, workload: Workload) -> None:
    """Hold what was recorded against what must have been.

    Raises:
        CountsDiffer: they are not the same.
    """
    stats = runtime.stats()
    found = (stats["frames"], stats["gate_decisions"])
    wanted = (FRAMES[workload.shape] * stats["settled"], GATE_DECISIONS[workload.shape] * stats["settled"])
    if found != wanted or not stats["settled"]:
        raise CountsDiffer(f"{workload.name}: {found} frames and gate decisions of {stats['settled']} runs, and {wanted} are right")


async def open_for(workload: Workload, path: Path | None) -> Run:
    """Open a runtime for the workload and give back the function that runs it."""
    plan = plan_of(workload)
    runtime = await il.open(path, plans=[plan]).__aenter__()
    _OPEN.append((runtime, workload))
    await runtime.run(plan, workload.messages(200)[0])
    check_counts(runtime, workload)

    async def run(text: str) -> str:
        return (await runtime.run(plan, text)).text

    return run


async def build(workload: Workload) -> Run:
    """The workload at level memory."""
    return await open_for(workload, None)


async def close() -> None:
    """Check the counts once more and close every runtime that was opened."""
    while _OPEN:
        runtime, workload = _OPEN.pop()
        check_counts(runtime, workload)
        await runtime.close()
