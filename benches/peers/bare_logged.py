"""No engine, but the least a careful program does: each message crosses JSON and is logged.

Never persists: the records are formatted in full and then dropped.
"""

import asyncio
import io
import logging
from collections import Counter
from collections.abc import Callable

import orjson

from peers.workloads import CHAT_TURNS, Run, Workload

Deliver = Callable[[str, str, int], str]


class Nowhere(io.TextIOBase):
    """A stream that costs no system call; one to the null device adds 1-3 us a record."""

    def write(self, text: str) -> int:
        """Drop it."""
        return len(text)


def build(workload: Workload) -> Run:
    """The workload by hand, with one `deliver` before each agent."""
    log = logger()

    def deliver(text: str, sender: str, step: int) -> str:
        wire = orjson.dumps({"text": text, "sender": sender, "step": step})
        message = orjson.loads(wire)
        log.info("step %d from %s, %d bytes", message["step"], message["sender"], len(wire))
        return str(message["text"])

    match workload.shape:
        case "fan_out":
            return fan_out(workload, deliver)
        case "chat":
            return chat(workload, deliver)
        case "hierarchy":
            return hierarchy(workload, deliver)
    if workload.shape == "triage":
        triage, specialists = workload.triage(), workload.specialists()

        async def choose(text: str) -> str:
            chosen = await triage(deliver(text, "user", 1))
            return await specialists[chosen](deliver(text, "triage", 2))

        return choose

    stages = list(workload.stages().items())

    async def pass_on(text: str) -> str:
        sender = "user"
        for step, (name, agent) in enumerate(stages, start=1):
            text = await agent(deliver(text, sender, step))
            sender = name
        return text

    return pass_on


def logger() -> logging.Logger:
    """A real logger with a real format, which hands nothing on to the root logger."""
    log = logging.getLogger("peers.bare_logged")
    if not log.handlers:
        handler = logging.StreamHandler(Nowhere())
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        log.addHandler(handler)
        log.setLevel(logging.INFO)
        log.propagate = False
    return log


def fan_out(workload: Workload, deliver: Deliver) -> Run:
    """All at once, and what most of them say."""
    panel = list(workload.panel().values())

    async def ask_all(text: str) -> str:
        answers = await asyncio.gather(*(agent(deliver(text, "user", step)) for step, agent in enumerate(panel, start=1)))
        return Counter(answers).most_common(1)[0][0]

    return ask_all


def chat(workload: Workload, deliver: Deliver) -> Run:
    """A thread, and one after another."""
    speakers = list(workload.speakers().items())

    async def talk(text: str) -> str:
        thread, sender = [text], "user"
        for turn in range(CHAT_TURNS):
            name, agent = speakers[turn % len(speakers)]
            thread.append(await agent(deliver(thread[-1], sender, turn + 1)))
            sender = name
        return thread[-1]

    return talk


def hierarchy(workload: Workload, deliver: Deliver) -> Run:
    """Delegate until the supervisor has an answer."""
    supervise, teams = workload.supervisor(), workload.teams()

    async def manage(text: str) -> str:
        reports: list[str] = []
        sender = "user"
        while True:
            deliver(reports[-1] if reports else text, sender, 2 * len(reports) + 1)
            name, answer = await supervise(reports)
            if not name:
                return answer
            reports.append(await teams[name](deliver(text, "supervisor", 2 * len(reports) + 2)))
            sender = name

    return manage
