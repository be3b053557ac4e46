"""How a turn reaches its agent: in this process now, and over a wire where a domain lies elsewhere.

A transport only carries: what the agent is given was decided, filtered and recorded before, and what it answers is fed to the engine
as if it had been said here. Correctness never rests on it: a lost or repeated answer is a timeout or a duplicate like any other.
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import Any, Protocol

from interlock.agent import Agent
from interlock.context import Context
from interlock.message import Message


class TurnTransport(Protocol):
    """Carries turns to agents."""

    def begin(self, agent: str, message: Message, ctx: Context) -> Coroutine[Any, Any, Any]:
        """The turn as a coroutine that ends with the agent's answer, and that stops the agent when it is cancelled.

        Args:
            agent: the agent's name in the plan; inside a domain ``domain/agent``.
            message: what it is given.
            ctx: what it may reach; a transport that leaves the process serves it on the other side.
        """
        ...


class InProcess:
    """Agents of this process: calls the function."""

    __slots__ = ("_agents",)

    def __init__(self, agents: Mapping[str, Agent]) -> None:
        self._agents = agents

    def begin(self, agent: str, message: Message, ctx: Context) -> Coroutine[Any, Any, Any]:
        """The agent's own coroutine."""
        return self._agents[agent].function(message, ctx)  # type: ignore[return-value]  # an async function gives a coroutine
