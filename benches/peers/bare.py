"""No engine: the agents awaited by hand. The floor under every other column."""

import asyncio
from collections import Counter

from peers.workloads import CHAT_TURNS, Run, Workload


def build(workload: Workload) -> Run:
    """The workload as anyone would write it without a framework."""
    match workload.shape:
        case "fan_out":
            return fan_out(workload)
        case "chat":
            return chat(workload)
        case "hierarchy":
            return hierarchy(workload)
    if workload.shape == "triage":
        triage, specialists = workload.triage(), workload.specialists()

        async def choose(text: str) -> str:
            return await specialists[await triage(text)](text)

        return choose

    first, second, third = workload.stages().values()

    async def pass_on(text: str) -> str:
        return await third(await second(await first(text)))

    return pass_on


def fan_out(workload: Workload) -> Run:
    """All at once, and what most of them say."""
    panel = list(workload.panel().values())

    async def ask_all(text: str) -> str:
        answers = await asyncio.gather(*(agent(text) for agent in panel))
        return Counter(answers).most_common(1)[0][0]

    return ask_all


def chat(workload: Workload) -> Run:
    """A thread, and one after another."""
    speakers = list(workload.speakers().values())

    async def talk(text: str) -> str:
        thread = [text]
        for turn in range(CHAT_TURNS):
            thread.append(await speakers[turn % len(speakers)](thread[-1]))
        return thread[-1]

    return talk


def hierarchy(workload: Workload) -> Run:
    """Delegate until the supervisor has an answer."""
    supervise, teams = workload.supervisor(), workload.teams()

    async def manage(text: str) -> str:
        reports: list[str] = []
        while True:
            name, answer = await supervise(reports)
            if not name:
                return answer
            reports.append(await teams[name](text))

    return manage
