"""What an agent answered or raised, as the engine records it."""

from __future__ import annotations

from typing import Any

import orjson

from interlock._core import Engine, Step
from interlock.context import Context
from interlock.message import Delegation, HandOff, Reply
from interlock.runtime.outside import Looked


def recordable(text: str) -> str:
    """The text with what UTF-8 can't hold (lone surrogates) replaced."""
    return text.encode("utf-8", "replace").decode()


def in_words(error: BaseException) -> str:
    """An error's type and text; the type alone if its text can't be had."""
    try:
        return recordable(f"{type(error).__name__}: {error}")
    except Exception:  # `__str__` is the agent's code too
        return type(error).__name__


def record(engine: Engine, run: int, ctx: Context, answer: Any) -> Step:
    """Feed an answer.

    Raises:
        TypeError, ValueError: it holds something that can't be recorded.
    """
    turn = ctx.turn
    passed = ctx.handed_off
    if passed is None and type(answer) is str:
        return engine.replied(run, turn, answer)
    seen = None
    if type(answer) is Looked:
        answer, seen = answer
    if passed is not None and answer is not passed:
        whom = passed.agent if isinstance(passed, HandOff) else ", ".join(passed.tasks)
        return engine.answered_wrongly(run, turn, f"it handed off to {recordable(repr(whom))} and did not return the handoff")
    if isinstance(answer, str):
        return engine.replied(run, turn, str(answer), outside=seen)
    if isinstance(answer, Reply):
        _check(answer)
        data = None if answer.data is None else orjson.dumps(answer.data)
        if answer.labels or answer.tokens is not None:
            labels = list(answer.labels)
            return engine.replied(run, turn, answer.text, data, answer.confidence, answer.intent, None, labels, answer.tokens, outside=seen)
        return engine.replied(run, turn, answer.text, data, answer.confidence, answer.intent, outside=seen)
    if isinstance(answer, HandOff):
        if answer.data is not None:
            data = orjson.dumps(answer.data)
            return engine.replied(run, turn, answer.text or "", data, None, None, answer.agent, writes=True, outside=seen)
        data = None if answer.reason is None else orjson.dumps({"reason": answer.reason})
        return engine.replied(run, turn, answer.text or "", data, None, None, answer.agent, outside=seen)
    if isinstance(answer, Delegation):
        tasks: list[tuple[str, str | None, bytes | None]] = [(name, task, None) for name, task in answer.tasks.items()]
        return engine.replied(run, turn, "", None, None, None, None, None, None, tasks, outside=seen)
    return engine.answered_wrongly(run, turn, f"it answered with {type(answer).__name__}, not with str, il.Reply or ctx.hand_off(…)")


def _check(reply: Reply) -> None:
    """The fields' types, by name: the core would say only that one of them is wrong."""
    if not isinstance(reply.text, str):
        raise TypeError(f"text is a {type(reply.text).__name__}, and a str is expected")
    if reply.confidence is not None and not isinstance(reply.confidence, int | float):
        raise TypeError(f"confidence is a {type(reply.confidence).__name__}, and a number from 0 to 1 is expected")
    if any(not isinstance(label, str) for label in reply.labels):
        raise TypeError(f"labels are {reply.labels!r}, and a list of str is expected")
    if reply.tokens is not None and (isinstance(reply.tokens, bool) or not isinstance(reply.tokens, int) or reply.tokens < 0):
        raise TypeError(f"tokens is {reply.tokens!r}, and a whole number is expected")
    if reply.intent is not None and not isinstance(reply.intent, str):
        raise TypeError(f"intent is a {type(reply.intent).__name__}, and a str is expected")
