"""Interlock in the shipped configuration, as the peers' worker measures it: memory level, every gate recorded."""

from __future__ import annotations

import interlock as il
from peers.workloads import Run, Workload

_OPEN: list[il.Runtime] = []


def _stage(name: str, function: object) -> il.Agent:
    async def stage(message: il.Message, ctx: il.Context) -> str:
        return await function(message.text)  # type: ignore[operator, no-any-return]

    return il.agent(stage, name=name)


def plan_of(workload: Workload) -> il.Sequential | il.Handoff:
    """The workload as a plan: the same agents, behind the two patterns."""
    if workload.shape != "triage":
        return il.Sequential("sequence", [_stage(name, agent) for name, agent in workload.stages().items()])
    choose = workload.triage()

    async def triage(message: il.Message, ctx: il.Context) -> il.HandOff:
        return ctx.hand_off(await choose(message.text))

    return il.Handoff("triage", entry=triage, to=[_stage(name, agent) for name, agent in workload.specialists().items()])


async def build(workload: Workload) -> Run:
    """Open a runtime for the workload and give back the function that runs it."""
    plan = plan_of(workload)
    runtime = await il.open(plans=[plan]).__aenter__()
    _OPEN.append(runtime)

    async def run(text: str) -> str:
        return (await runtime.run(plan, text)).text

    return run


async def close() -> None:
    """Close every runtime that was opened."""
    while _OPEN:
        await _OPEN.pop().close()
