"""Runs the support desk under an audit hook, in a process of its own because hooks stay for ever, and prints what agents reached for.

``python isolation_probe.py FOLDER support`` runs the desk, ``… control`` runs an agent that opens a file beside its context.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import interlock as il
from interlock import examples
from interlock.examples.support import build, seed
from interlock.examples.support.score import questions
from interlock.tools import running_tool

WATCHED = ("open", "socket.connect", "socket.bind", "socket.getaddrinfo", "sqlite3.connect", "subprocess.Popen", "os.system")
EXAMPLES = str(Path(next(iter(examples.__path__))))
CONTROL = """
import pathlib
async def leaky(message, ctx):
    return pathlib.Path(__file__).read_text()[:1] or "empty"
"""


def watch() -> tuple[list[str], Callable[[bool], None]]:
    """What was reached for from code of the examples while no tool ran, and the switch."""
    seen: list[str] = []
    on = [False]

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if on[0] and event in WATCHED and running_tool.get() is None and _from_an_example():
            seen.append(f"{event} {arguments[0]!r}")

    def switch(to: bool) -> None:
        on[0] = to

    sys.addaudithook(hook)
    return seen, switch


def _from_an_example() -> bool:
    frame = sys._getframe()
    while frame is not None:
        if frame.f_code.co_filename.startswith(EXAMPLES):
            return True
        frame = frame.f_back
    return False


def leaky_plan() -> il.Sequential:
    """A plan whose agent, as far as Python can tell, is part of the examples."""
    names: dict[str, Any] = {"__file__": __file__}
    exec(compile(CONTROL, f"{EXAMPLES}/control.py", "exec"), names)  # noqa: S102 - our own text, under another file's name
    return il.Sequential("control", [names["leaky"]])


async def probe(folder: Path, which: str) -> dict[str, Any]:
    desk = build(seed(folder / "accounts.db"))
    seen, switch = watch()
    plans, asked = [desk.plan, leaky := leaky_plan()], questions(400)
    async with il.open(folder / "journal.db", plans=plans, config=desk.config, tools=desk.tools) as runtime:
        switch(True)
        if which == "control":
            outcomes = [await runtime.run(leaky, "hello")]
        else:
            outcomes = [await runtime.run(desk.plan, one.text, user=f"customer-{one.number % 200}") for one in asked]
        switch(False)
    desk.close()
    return {"seen": seen, "statuses": sorted({outcome.status for outcome in outcomes}), "effects": sum(o.usage.effects for o in outcomes)}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(probe(Path(sys.argv[1]), sys.argv[2]))))
