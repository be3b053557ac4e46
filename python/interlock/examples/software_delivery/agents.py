"""The agents: what each passes on is the source as a text, and as the reason what it found. What was tried stands in the history."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from interlock.agent import agent
from interlock.context import Context
from interlock.examples.software_delivery.checks import findings
from interlock.examples.software_delivery.failures import Failure
from interlock.examples.software_delivery.fixes import Attempt, next_fix
from interlock.message import HandOff, Message, Reply

COMPILED = "it compiles"


@agent
async def read(message: Message, ctx: Context) -> Reply:
    """Find the module that a request is about (``Release <module>: why``) and read its source.

    Raises:
        LookupError: there is no such module.
    """
    words = message.text.partition(":")[0].split()
    module = words[-1] if words else ""
    source = await ctx.tool("read_module", module=module)
    if source is None:
        raise LookupError(f"there is no module {module!r}")
    return Reply(source, data={"module": module, "request": message.text})


@agent
async def build(message: Message, ctx: Context) -> HandOff:
    """Compile the source and look for imports that nothing uses; the tests are told the first thing that is wrong."""
    found = findings(message.text, _module(ctx.history))
    return ctx.hand_off("test", reason=f"build: {found[0]}" if found else COMPILED, text=message.text)


@agent
async def test(message: Message, ctx: Context) -> HandOff:
    """Run the unit tests of what was built. What was not built, or fails, goes to be repaired."""
    built = message.data["reason"]
    if built != COMPILED:
        return ctx.hand_off("autofix", reason=built, text=message.text)
    result = await ctx.tool("run_tests", module=_module(ctx.history), source=message.text)
    if result["failures"]:
        return ctx.hand_off("autofix", reason=result["failures"][0], text=message.text)
    return ctx.hand_off("release", reason=f"{result['ran']} tests passed", text=message.text)


@agent
async def autofix(message: Message, ctx: Context) -> HandOff:
    """Change one thing by the rules in ``fixes.py`` and have it built again."""
    fix = next_fix(message.text, Failure.parse(message.data["reason"]), attempts(ctx.history))
    return ctx.hand_off("build", reason=fix.note, text=fix.source)


@agent
async def release(message: Message, ctx: Context) -> Reply:
    """Write the line of the change log, and answer with it."""
    history = ctx.history
    module, fixes = _module(history), [said.data["reason"] for said in history if said.sender == "autofix"]
    what = f"{module}: {_plan(history)['request'].partition(': ')[2] or 'no change asked for'} ({message.data['reason']})"
    line = what + "".join(f"; fixed: {fix}" for fix in fixes)
    await ctx.tool("write_change", line=line)
    return Reply(line, data={"module": module, "fixes": fixes, "tests": message.data["reason"], "source": message.text})


def attempts(history: Sequence[Message]) -> list[Attempt]:
    """What the autofix agent did before: its own words, and what it was told just before each."""
    return [
        Attempt(Failure.parse(told.data["reason"]), told.text, said.text)
        for told, said in pairwise(history)
        if (told.sender, said.sender) == ("test", "autofix")
    ]


def _plan(history: Sequence[Message]) -> dict[str, Any]:
    """What the first agent of the sequence found out."""
    return next(dict(said.data) for said in history if said.sender == "read")


def _module(history: Sequence[Message]) -> str:
    return str(_plan(history)["module"])
