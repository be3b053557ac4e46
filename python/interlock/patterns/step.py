"""One agent in a plan, with the cures around it, and what happens when none of them helps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from interlock.agent import Agent, as_agent
from interlock.errors import UsageError
from interlock.seconds import as_seconds


@dataclass(frozen=True, slots=True)
class OnFailure:
    """What happens when no cure helps: made by ``il.review()`` and ``il.fail()``."""

    kind: str


def review() -> OnFailure:
    """Ask a person. The run waits, and nothing is lost."""
    return OnFailure("review")


def fail() -> OnFailure:
    """End the run as failed."""
    return OnFailure("fail")


def as_end(value: Any, what: str) -> OnFailure:
    """What follows when nothing helps; a person, if nothing is said.

    Raises:
        UsageError: it is neither of the two ends.
    """
    if value is None:
        return review()
    if not isinstance(value, OnFailure):
        raise UsageError(f"{what} is {value!r}", hint="give il.review() or il.fail()")
    return value


@dataclass(frozen=True, slots=True)
class Step:
    """One agent in a plan with the cures around it. Made by ``il.step``."""

    agent: Agent
    schema: Mapping[str, Any] | None
    min_confidence: float | None
    expression: str | None
    retries: int
    fallback: Agent | None
    timeout: float | None
    on_failure: OnFailure
    hedge: float | None = None
    called: str | None = None

    @property
    def name(self) -> str:
        """How members and rules call it."""
        return self.called or self.agent.name


def step(
    agent: Any,
    *,
    name: str | None = None,
    schema: Mapping[str, Any] | None = None,
    min_confidence: float | None = None,
    expression: str | None = None,
    retries: int = 0,
    fallback: Any = None,
    timeout: float | None = None,
    hedge: float | None = None,
    on_failure: OnFailure | None = None,
) -> Step:
    """An agent with checks on its reply and cures for its failures.

    Args:
        agent: an agent, or an async function.
        name: how members and rules call it here; the agent's own name by default. The same agent may stand in several places.
        schema: a JSON schema that the reply's ``data`` must fit.
        min_confidence: between 0 and 1; a reply below it, or without a confidence, does not pass.
        expression: a CEL expression over ``text``, ``data``, ``confidence``, ``intent``, ``labels`` and ``user`` that must be true.
        retries: further attempts after one that raised, timed out or failed a check; the agent reads why in ``ctx.feedback``.
        fallback: the agent that takes over when the attempts are used up.
        timeout: seconds for one attempt, 30 by default.
        hedge: start the fallback beside the agent when it has not answered after so many seconds; the first answer that passes its
            checks wins, the other one is cancelled and what it took is booked. Both agents must be ``pure``.
        on_failure: ``il.review()`` (the default) or ``il.fail()``.
    """
    if min_confidence is not None and not 0 <= min_confidence <= 1:
        raise UsageError(f"min_confidence is {min_confidence}", hint="give a number between 0 and 1")
    timeout = as_seconds(timeout, "timeout", ", so the agent could never answer")
    hedge = as_seconds(hedge, "hedge", ", so the fallback would always be started", "; to start both at once, use a Concurrent")
    if not 0 <= retries <= 100:
        raise UsageError(f"retries is {retries}", hint="give 0 to 100")
    stand_in = None if fallback is None else as_agent(fallback)
    how = as_end(on_failure, "on_failure")
    return Step(as_agent(agent), schema, min_confidence, expression, retries, stand_in, timeout, how, hedge, name)
