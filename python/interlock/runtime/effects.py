"""Effects of a turn: recorded with their arguments and results, and never run twice where that would matter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import orjson

from interlock.errors import AgentError, Denied, UsageError
from interlock.runtime.answers import in_words
from interlock.tools import Tool

if TYPE_CHECKING:
    from interlock.runtime.drive import Drive


async def call_tool(drive: Drive, turn: int, tool: Tool, arguments: dict[str, Any]) -> Any:
    """Call a tool on behalf of a turn.

    Raises:
        UsageError: JSON can't hold the arguments or the result.
        Denied: the turn lacks a scope that the tool needs, or its agent is pure and the tool acts.
        AgentError: the turn is over, so nothing may be done in its name any more.
        Exception: whatever the tool raised.
    """
    engine, run = drive.engine, drive.number
    _check_scopes(tool, drive.scopes(turn) if tool.scopes else ())
    effect = engine.effect_begun(run, turn, tool.name, tool.acts, _json(arguments, f"the arguments of tool {tool.name!r}"))
    if effect.stored is not None:
        return orjson.loads(effect.stored)
    if effect.not_pure:
        raise Denied(f"agent promises to be pure, and tool {tool.name!r} acts", hint="use a tool that only reads, or drop pure=True")
    if effect.key is None:
        message = f"tool {tool.name!r} was called after its turn was over"
        raise AgentError(message, hint="await tools inside the turn", code="agent.late-tool")
    drive.notice()
    if effect.after:
        await drive.commits.wait(effect.after)  # the intent is durable before anything happens
    try:
        result = _json(await tool.call(arguments), f"the result of tool {tool.name!r}")
    except Exception as error:
        engine.effect_ended(run, effect.key, False, in_words(error).encode())
        drive.notice()
        raise
    engine.effect_ended(run, effect.key, True, result)
    drive.notice()
    return orjson.loads(result)


def _check_scopes(tool: Tool, has: Sequence[str]) -> None:
    for scope in tool.scopes:
        if scope not in has:
            message = f"tool {tool.name!r} needs scope {scope!r}, and this turn has {', '.join(has) or 'none'}"
            raise Denied(message, hint=f"give scope {scope!r} to the agent and to every supervisor above it")


def _json(value: Any, what: str) -> bytes:
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{what} can't be recorded: {error}", hint="use what JSON can hold") from None
