"""Effects of a turn: recorded with their arguments and results, and never run twice where that would matter.

What acts has a task of its own, so that a turn which is stopped does not stop what it has begun: the end is recorded, and whoever
makes the same call again gets it. Two things stop it: the end of the run, and a turn that took too long, if it can be begun anew.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from interlock._core import Effect
from interlock.errors import AgentError, Denied, InterlockError, UsageError
from interlock.runtime.answers import in_words
from interlock.tools import KEY, KINDS, check_name, takes_key

if TYPE_CHECKING:
    from interlock.runtime.turns import Turns
    from interlock.tools import Tool


class Wanted(NamedTuple):
    """A call that a turn wants to make."""

    name: str
    called: str
    """How messages call it."""
    kind: str
    arguments: bytes
    approve: str | None
    run: Callable[[Any, str], Awaitable[Any]]
    """Runs it, given the arguments (as JSON gave them back) and the key."""
    scopes: tuple[str, ...] = ()
    """What the turn must have."""


async def call_tool(drive: Turns, turn: int, tool: Tool, arguments: dict[str, Any]) -> Any:
    """Call a tool on behalf of a turn. See ``run``."""
    recorded = as_json(arguments, f"the arguments of tool {tool.name!r}")
    approve = None if tool.approve is None else tool.approve.of_tool(arguments)
    return await run(drive, turn, Wanted(tool.name, f"tool {tool.name!r}", tool.kind, recorded, approve, tool.call, tool.scopes))


async def call_effect(
    drive: Turns, turn: int, what: tuple[str, str, Callable[..., Any]], arguments: tuple[Any, ...], named: dict[str, Any]
) -> Any:
    """Call a function as an effect of a turn. See ``run``."""
    name, kind, function = what
    if kind not in KINDS:
        raise UsageError(f"the kind of effect {name!r} is {kind!r}", hint=f"give one of {', '.join(KINDS)}")
    check_name(name, "effect")
    takes, is_async = takes_key(function), inspect.iscoroutinefunction(function)

    by_name = _bound(function, arguments, named)

    async def call(given: dict[str, Any], key: str) -> Any:
        listed, by_name_given = ((), given) if by_name is not None else (given["arguments"], given["named"])
        more = {**by_name_given, KEY: key} if takes else by_name_given
        if is_async:
            return await function(*listed, **more)
        return await asyncio.to_thread(function, *listed, **more)

    asked = {"arguments": arguments, "named": named} if by_name is None else by_name
    recorded = as_json(asked, f"the arguments of effect {name!r}")
    return await run(drive, turn, Wanted(name, f"effect {name!r}", kind, recorded, None, call))


def _bound(function: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any] | None:
    """The arguments by the names of the function's parameters, so that limits find them; ``None`` where it has no such names."""
    try:
        signature = inspect.signature(function)
        given = signature.bind_partial(*arguments, **named).arguments
    except (TypeError, ValueError):  # a builtin has no signature, and the call itself says what does not fit
        return None
    by_name = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return dict(given) if all(signature.parameters[one].kind in by_name for one in given) else None


async def run(drive: Turns, turn: int, wanted: Wanted) -> Any:
    """Run an effect, unless its end is known: what it gave, as JSON gives it back.

    Raises:
        UsageError: JSON can't hold the result.
        Denied: a gate or a person refused it, its result was kept out, or its agent is pure and it acts.
        AgentError: the turn is over, so nothing may be done in its name any more; or it may be tried once only, and raised.
        Exception: whatever it raised.
    """
    begun = drive.engine.effect_begun(drive.number, turn, wanted.name, wanted.kind, wanted.arguments, wanted.approve, list(wanted.scopes))
    if begun.what == Effect.STORED and begun.stored is not None:
        return orjson.loads(begun.stored)
    if begun.what == Effect.PAUSED and begun.step is not None:
        drive.hand_in(begun.step)  # stops this turn: it is taken again when a person has decided
        await asyncio.sleep(0)  # here the cancellation comes, unless the call is in a task that the agent does not wait for any more
        raise asyncio.CancelledError
    key = begun.key
    if key is None:
        raise _refusal(begun, wanted.called)
    drive.notice()
    if wanted.kind == "pure":
        return orjson.loads(await _run(drive, turn, key, wanted, begun.arguments))
    if begun.what != Effect.UNDER_WAY:
        drive.acts(key, drive.runtime.loop.create_task(_act(drive, turn, key, begun, wanted)))
    task = drive.acting[key]
    try:
        return orjson.loads(await asyncio.shield(task))
    except asyncio.CancelledError:
        if drive.is_heard and not task.done() and drive.engine.is_cut_off(drive.number, key):
            drive.acted(key)
            task.cancel()  # a retry begins it anew, under the same key
            drive.runtime.leave(task)
        raise


def _refusal(begun: Effect, called: str) -> InterlockError:
    """Why an effect is not run."""
    match begun.what:
        case Effect.DENIED:
            return Denied(
                f"{called} was refused: {begun.text}", hint="answer without it, hand off, or give the agent and its user the right to it"
            )
        case Effect.RAISED:
            message = f"{called} may be tried once only, and raised {begun.text}"
            return AgentError(message, hint="find out what became of it before you ask for another one", code="agent.effect-once")
        case Effect.NOT_PURE:
            return Denied(f"agent promises to be pure, and {called} acts", hint="use what only reads, or drop pure=True")
        case _:
            return AgentError(f"{called} was called after its turn was over", hint="await effects in the turn", code="agent.late-tool")


async def _act(drive: Turns, turn: int, key: bytes, begun: Effect, wanted: Wanted) -> bytes:
    if begun.after:
        await drive.commits.wait(begun.after)  # the intent is durable before anything happens
        if drive.stopping:
            raise asyncio.CancelledError  # the run was called off meanwhile
    return await _run(drive, turn, key, wanted, begun.arguments)


async def _run(drive: Turns, turn: int, key: bytes, wanted: Wanted, changed: bytes | None) -> bytes:
    try:
        given = orjson.loads(wanted.arguments if changed is None else changed)
        result = as_json(await wanted.run(given, key.hex()), f"the result of {wanted.called}")
        outside = drive.runtime.outside
        seen = None if outside is None else await outside.returned(wanted.name, result)
    except asyncio.CancelledError as error:
        if wanted.kind != "pure" and drive.acting.get(key) is asyncio.current_task() and not drive.stopping:
            _ended(drive, key, False, in_words(error).encode())  # it cancelled itself
        raise
    except Exception as error:
        _ended(drive, key, False, in_words(error).encode())
        error.args = tuple(drive.as_shown(turn, part) if isinstance(part, str) else part for part in error.args)
        raise
    left, withheld = _ended(drive, key, True, result, seen)
    if withheld is not None:
        raise Denied(withheld, hint="it is in quarantine: `interlock runs show RUN` tells what said so", code="agent.withheld")
    given_back = result if left is None else left
    if outside is not None:
        outside.heard(drive, wanted.name, given_back)
    return given_back


def _ended(drive: Turns, key: bytes, returned: bool, result: bytes, seen: bytes | None = None) -> tuple[bytes | None, str | None]:
    """What the turn is given in place of the result, if it is not what was returned, and why that was kept out, if it was."""
    if not drive.is_heard:
        return None, None  # the next opening asks what became of it
    if key in drive.acting and drive.acting[key] is not asyncio.current_task():
        return None, None  # it was cut off, and has been begun anew
    step, left, withheld = drive.engine.effect_ended(drive.number, key, returned, result, seen)
    drive.acted(key)
    if step.plain and step.kind == step.NOTHING:
        drive.notice()
    else:
        drive.hand_in(step)
    return left, withheld


def as_json(value: Any, what: str) -> bytes:
    """The value's JSON, with sorted keys.

    Raises:
        UsageError: JSON can't hold it.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{what} can't be recorded: {error}", hint="use what JSON can hold") from None
