"""No engine, but the least a careful program does: each message crosses JSON and is logged.

Never persists: the records are formatted in full and then dropped.
"""

import io
import logging

import orjson

from peers.workloads import Run, Workload


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
