"""What an agent can reach, and the only way in which it reaches it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Protocol

from interlock.errors import UsageError
from interlock.message import HandOff

if TYPE_CHECKING:
    from interlock._core import Step
    from interlock.message import Message, User


class Turns(Protocol):
    """What a context needs of the run that it belongs to. The runtime implements it."""

    user: User | None
    thread: str | None

    @property
    def run_id(self) -> str:
        """The run's id."""
        ...

    def seconds_left(self, due: int) -> float:
        """Seconds until a moment of the engine's clock."""
        ...

    def history(self) -> list[Message]:
        """What was said so far."""
        ...

    def call_tool(self, ctx: Context, name: str, arguments: dict[str, Any]) -> Awaitable[Any]:
        """Call a tool, recorded."""
        ...


class Context:
    """One turn's view of its run. It is made anew for every attempt."""

    __slots__ = ("_call", "_passed", "_turns")

    def __init__(self, turns: Turns, call: Step) -> None:
        self._turns = turns
        self._call = call
        self._passed: HandOff | None = None

    @property
    def turn(self) -> int:
        """The turn's number in its run, from 0."""
        return self._call.turn

    @property
    def attempt(self) -> int:
        """Which attempt this is, from 1."""
        return self._call.attempt

    @property
    def intent(self) -> str | None:
        """What the routing engine found the task to be about, if it chose this agent."""
        return self._call.intent

    @property
    def feedback(self) -> str | None:
        """Why the attempt before came to nothing; ``None`` on the first."""
        return self._call.feedback

    @property
    def user(self) -> User | None:
        """For whom the run acts, if the caller said."""
        return self._turns.user

    @property
    def thread(self) -> str | None:
        """The conversation that the run belongs to, if the caller said."""
        return self._turns.thread

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self._turns.run_id

    @property
    def seconds_left(self) -> float:
        """Seconds until this turn times out."""
        return self._turns.seconds_left(self._call.due)

    @property
    def history(self) -> list[Message]:
        """Everything that was said in this run so far, the user's message first."""
        return self._turns.history()

    async def tool(self, name: str, /, **arguments: Any) -> Any:
        """Call a tool that ``il.open(tools=[…])`` was given.

        The call and its result are recorded. A retry or a fallback that makes the same call again gets the stored result.

        Args:
            name: the tool's name.
            arguments: what JSON can hold.

        Returns:
            What the tool returned, as JSON gives it back (a tuple comes back as a list).

        Raises:
            UsageError: there is no such tool, or JSON can't hold an argument or the result.
            Exception: whatever the tool raised.
        """
        return await self._turns.call_tool(self, name, arguments)

    def hand_off(self, agent: str, reason: str | None = None, text: str | None = None) -> HandOff:
        """Pass the turn to another member: ``return ctx.hand_off("billing")``.

        It ends the turn, so there is one of it in a turn.

        Args:
            agent: the member's name.
            reason: why; it is recorded.
            text: what the next one is given; by default what this relay was given.

        Raises:
            UsageError: this turn handed off already.
        """
        if self._passed is not None:
            raise UsageError(
                f"the turn was handed to {self._passed.agent!r} already, and now to {agent!r}",
                hint="return the first handoff: it ends the turn",
            )
        self._passed = HandOff(agent, reason, text)
        return self._passed

    @property
    def handed_off(self) -> HandOff | None:
        """The handoff that this turn made, if it made one."""
        return self._passed
