"""What an agent can reach, and the only way in which it reaches it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from interlock.context_memory import MemoryContext
from interlock.errors import AgentError, UsageError
from interlock.message import Delegation, HandOff, Message, Seen

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from interlock._core import Step
    from interlock.conversation import Said
    from interlock.labels import Endorsed, Form
    from interlock.message import User
    from interlock.runtime.scratch import Scratch
    from interlock.runtime.spending import Spend, TurnBudget
    from interlock.runtime.turn_memory import TurnMemory
    from interlock.runtime.turn_store import TurnStore
    from interlock.tools import Kind


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

    def history(self, turn: int) -> list[Message]:
        """What a turn may know of what was said so far."""
        ...

    def conversation_of(self, turn: int) -> list[Said]:
        """What was said in the thread before this run began, as one of its turns is shown it."""
        ...

    def view(self, turn: int) -> list[Seen]:
        """What a turn may see of the pattern around it, the pattern's task first."""
        ...

    def scopes(self, turn: int) -> tuple[str, ...]:
        """What a turn's agent may reach."""
        ...

    def memory_of(self, ctx: Context, agent: str, shows_user: bool) -> TurnMemory:
        """What a turn may reach of the memory."""
        ...

    def scratch_of(self, memory: TurnMemory, agent: str) -> Scratch:
        """What earlier turns left for this one."""
        ...

    def store_of(self, memory: TurnMemory, ctx: Context) -> TurnStore:
        """What a turn may use of the store."""
        ...

    def call_tool(self, ctx: Context, name: str, arguments: dict[str, Any]) -> Awaitable[Any]:
        """Call a tool, recorded."""
        ...

    def endorsed(self, turn: int, text: str, by: str) -> bool:
        """A turn's code vouches for a value. Whether the turn has the floor still."""
        ...

    def call_effect(
        self, ctx: Context, name: str, kind: str, function: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> Awaitable[Any]:
        """Call a function, recorded as an effect."""
        ...

    def spend_of(self, turn: int, model: str, input_tokens: int, max_output_tokens: int) -> Spend:
        """A call of a model."""
        ...

    def budget_of(self, turn: int) -> TurnBudget:
        """What a turn may still spend."""
        ...


class Context(MemoryContext):
    """One turn's view of its run. It is made anew for every attempt."""

    __slots__ = ("_call", "_passed", "_remembered", "_scratched", "_seen", "_stored", "_turns")

    def __init__(self, turns: Turns, call: Step) -> None:
        self._turns = turns
        self._call = call
        self._passed: HandOff | Delegation | None = None
        self._seen: list[Seen] | None = None
        self._remembered: TurnMemory | None = None
        self._scratched: Scratch | None = None
        self._stored: TurnStore | None = None

    @property
    def turn(self) -> int:
        """The turn's number in its run, from 0."""
        return self._call.turn

    @property
    def attempt(self) -> int:
        """Which attempt this is, from 1."""
        return self._call.attempt

    @property
    def agent(self) -> str:
        """The name of the agent whose turn it is."""
        return self._call.agent

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
        """For whom the run acts, if the caller said. Inside a domain it is known only if every wall around imports ``"user"``."""
        return self._turns.user if self._call.shows_user else None

    @property
    def thread(self) -> str | None:
        """The conversation that the run belongs to, if the caller said."""
        return self._turns.thread

    @property
    def conversation(self) -> list[Said]:
        """What was said in the thread before this run began, newest last; at most as many messages as ``threads.history`` says.

        The answers are those that were delivered by then. It is read from the journal when it is first asked for.
        Inside a domain it is empty, unless every wall around imports ``"user"``.
        """
        return self._turns.conversation_of(self._call.turn) if self._call.shows_user else []

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
        """What was said in this run so far, the user's message first. Inside a domain: what was said or came in there."""
        return self._turns.history(self._call.turn)

    @property
    def view(self) -> list[Seen]:
        """What this turn may see of the pattern around it, and it does not change while the turn lasts.

        In a chat the thread, as far as the window goes; for a supervisor the reports so far; for a synthesis agent the branches' answers.
        """
        return self._look()[1:]

    @property
    def task(self) -> Message:
        """What the pattern around this turn was given; the turn's own message where there is none."""
        around = self._look()
        if around:
            return around[0]
        call = self._call
        return Message(call.text, data=call.data, sender=call.sender, labels=call.labels or ())

    @property
    def contradictions(self) -> list[tuple[str, str]]:
        """For a synthesis agent: the pairs of branches whose answers the policy's vote told apart."""
        voted = [(one.sender or "", one.option) for one in self.view if one.option is not None]
        return [(a, b) for place, (a, first) in enumerate(voted) for b, second in voted[place + 1 :] if first != second]

    @property
    def scopes(self) -> tuple[str, ...]:
        """What this turn's agent may reach: its own scopes, and no more than every supervisor above it has.

        Nor is it more than the configuration lets the agent hold, and those by way of whom it has the turn.
        """
        return self._turns.scopes(self._call.turn)

    @property
    def budget(self) -> TurnBudget:
        """What may still be spent: the limits of the run, the agent, the user and the tenant, and what one that is short asks for."""
        return self._turns.budget_of(self._call.turn)

    def spend(self, model: str, *, input_tokens: int, max_output_tokens: int) -> Spend:
        """Hold back a call of a model before it is sent: ``async with ctx.spend("gpt-4o", …) as spend``.

        Ask ``spend.model`` for at most ``spend.max_output_tokens``, then ``await spend.settle(…)`` with what the response used.

        Raises:
            UsageError: a count is no whole number, or a cost is limited and no price is known for the model.
            BudgetExceeded: on entering, it does not fit.
        """
        return self._turns.spend_of(self._call.turn, model, input_tokens, max_output_tokens)

    def _memory(self) -> TurnMemory:
        if self._remembered is None:
            self._remembered = self._turns.memory_of(self, self._call.agent, self._call.shows_user)
        return self._remembered

    @property
    def scratch(self) -> Scratch:
        """What earlier turns of the run, of this agent, or of the thread left for this one: ``get``, ``put`` and ``keys``.

        ``scope`` is ``run`` (by default), ``agent`` or ``thread``; see ``Scratch``.
        """
        if self._scratched is None:
            self._scratched = self._turns.scratch_of(self._memory(), self._call.agent)
        return self._scratched

    @property
    def store(self) -> TurnStore:
        """The store, as far as scopes open it (``store:prices``): ``get``, ``get_versioned``, ``scan``, ``await put``, ``await delete``."""
        if self._stored is None:
            self._stored = self._turns.store_of(self._memory(), self)
        return self._stored

    def _look(self) -> list[Seen]:
        if self._seen is None:
            self._seen = self._turns.view(self._call.turn)
        return self._seen

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
            Denied: the tool needs a scope that this turn lacks, it acts and the agent promises to be pure, or a person refused it.
            AgentError: the turn is over; or it is an ``effect_once`` that raised before, and is not tried again.
            Exception: whatever the tool raised.
        """
        return await self._turns.call_tool(self, name, arguments)

    async def effect(self, name: str, function: Callable[..., Any], /, *arguments: Any, kind: Kind = "effect", **named: Any) -> Any:
        """Call any function as an effect: ``await ctx.effect("charge", charge, order.id, 30, kind="effect_once")``.

        Args:
            name: what it is called in the journal. Together with the arguments it makes the key that attempts of the same call share.
            function: async or not (then it runs in a thread); given ``idempotency_key`` if it has such a parameter.
            arguments: what JSON can hold.
            named: likewise, by name.
            kind: ``pure``, ``effect`` or ``effect_once``; see ``il.tool``.

        Returns:
            What the function returned, as JSON gives it back. A retry, a fallback or a resumed run that makes the same call gets the same.

        Raises:
            UsageError: JSON can't hold an argument or the result, or there is no such kind.
            Denied: the agent promises to be pure, and the effect is not.
            AgentError: the turn is over; or it is an ``effect_once`` that raised before, and is not tried again.
            Exception: whatever the function raised.
        """
        return await self._turns.call_effect(self, name, kind, function, arguments, named)

    async def endorse(
        self, text: str, *, one_of: Sequence[str] | None = None, form: Form | None = None, validator: str | None = None
    ) -> Endorsed[str] | Endorsed[Decimal] | Endorsed[date]:
        """Vouch for a value out of a stranger's text: ``order = await ctx.endorse(found, validator="order_id")``.

        As ``il.endorse``, and from then on the value may stand in this run's calls where the user's own would. It is recorded who vouched.
        It shows nobody's wish to call anything. A run that goes on after a restart keeps it.

        Raises:
            NotEndorsed: it has not the form, or its validator does not know it.
            UsageError: not one way to endorse is given, or there is no such validator.
            AgentError: the turn is over.
        """
        from interlock.labels import endorse_by

        found = await endorse_by(text, one_of, form, validator)
        if not self._turns.endorsed(self._call.turn, text.strip(), found.by):
            raise AgentError("a value was endorsed after its turn was over", hint="await it in the turn", code="agent.late-tool")
        return found

    def hand_off(self, agent: str, reason: str | None = None, text: str | None = None, data: Any = None) -> HandOff:
        """Pass the turn to another member: ``return ctx.hand_off("billing")``.

        It ends the turn, so there is one of it in a turn.

        Args:
            agent: the member's name.
            reason: why; it is recorded.
            text: what the next one is given; by default what this relay was given.
            data: JSON beside it.

        Raises:
            UsageError: this turn handed off already.
        """
        if self._passed is not None:
            self._once(f"to {agent!r}")
        self._passed = HandOff(agent, reason, text, data)
        return self._passed

    def delegate(self, to: str | Sequence[str] | Mapping[str, str | None], text: str | None = None) -> Delegation:
        """Set teams of the hierarchy to work: ``return ctx.delegate({"stock": "how many?", "finance": "may we?"})``.

        It ends the turn. Teams that are named together work at once; their reports come back in ``ctx.view``.

        Args:
            to: one team, several, or each with what it is to do.
            text: what those are given that have no text of their own; by default what the hierarchy was given.

        Raises:
            UsageError: this turn handed off or delegated already, or no team is named.
        """
        if isinstance(to, str):
            tasks: dict[str, str | None] = {to: None}
        else:
            tasks = dict(to) if isinstance(to, Mapping) else dict.fromkeys(to)
        if not tasks:
            raise UsageError("no team is named", hint="name one, or return an answer")
        if self._passed is not None:
            self._once(f"to {', '.join(tasks)}")
        self._passed = Delegation({name: text if task is None else task for name, task in tasks.items()})
        return self._passed

    def _once(self, whom: str) -> None:
        if isinstance(self._passed, HandOff):
            raise UsageError(
                f"the turn was handed to {self._passed.agent!r} already, and now {whom}", hint="return the first handoff: it ends the turn"
            )
        if self._passed is not None:
            raise UsageError(f"the turn delegated already, and now {whom}", hint="return the first delegation: it ends the turn")

    @property
    def handed_off(self) -> HandOff | Delegation | None:
        """The handoff or the delegation that this turn made, if it made one."""
        return self._passed
