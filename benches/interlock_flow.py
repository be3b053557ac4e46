"""Interlock in the shipped configuration, as the peers' worker measures it: every gate asked, every frame journalled.

The number of frames and of gate decisions of a run is asserted, so that no fast path can skip them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import interlock as il
from peers.workloads import CHAT_TURNS, Agent, Run, Workload

_OPEN: list[tuple[il.Runtime, Workload]] = []


class CountsDiffer(Exception):
    """A run left other frames or decisions than it must: what was measured is not what is shipped."""


def _stage(name: str, function: Agent) -> il.Agent:
    async def stage(message: il.Message, ctx: il.Context) -> str:
        return await function(message.text)

    return il.agent(stage, name=name)


def plan_of(workload: Workload) -> il.Pattern:
    """The workload as a plan: the same agents, behind the patterns."""

    def stages(agents: Mapping[str, Agent]) -> list[il.Agent]:
        return [_stage(name, agent) for name, agent in agents.items()]

    match workload.shape:
        case "sequence":
            return il.Sequential("sequence", stages(workload.stages()))
        case "triage":
            choose = workload.triage()

            async def triage(message: il.Message, ctx: il.Context) -> il.HandOff:
                return ctx.hand_off(await choose(message.text))

            return il.Handoff("triage", entry=triage, to=stages(workload.specialists()))
        case "fan_out":
            return il.Concurrent("fan_out", stages(workload.panel()), reconcile=il.vote())
        case "chat":
            return il.GroupChat("chat", stages(workload.speakers()), max_turns=CHAT_TURNS + 1, until=f"turns >= {CHAT_TURNS}")
        case "hierarchy":
            supervise = workload.supervisor()

            async def supervisor(message: il.Message, ctx: il.Context) -> il.Delegation | str:
                name, answer = await supervise([report.text for report in ctx.view])
                return ctx.delegate(name) if name else answer

            return il.Hierarchy("hierarchy", supervisor=supervisor, teams=stages(workload.teams()))


def frames(workload: Workload) -> int:
    """What a run leaves: its start and its delivery, two frames a turn, and what the pattern adds."""
    turns, own = workload.steps_per_run, 0
    match workload.shape:
        case "triage":
            own = 1  # the handoff
        case "fan_out":
            own = 1 + turns + 1  # the fork, the end of each branch, and what the answers come to
        case "chat":
            own = turns  # the floor passes
        case "hierarchy":
            own = 4 + 3 * (1 + 1 + 1)  # the floor passes; a fork, its branch's end and its report for each delegation
    return 2 + 2 * turns + own


def gate_decisions(workload: Workload) -> int:
    """G1 at ingress, G5 and G2 before each turn, G9 and G7 at egress."""
    return 1 + 2 * workload.steps_per_run + 2


def check_counts(runtime: il.Runtime, workload: Workload) -> None:
    """Hold what was recorded against what must have been.

    Raises:
        CountsDiffer: they are not the same.
    """
    stats = runtime.stats()
    found = (stats["frames"], stats["gate_decisions"])
    wanted = (frames(workload) * stats["settled"], gate_decisions(workload) * stats["settled"])
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
