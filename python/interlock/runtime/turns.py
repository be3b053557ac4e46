"""What turns reach of their run, and the effects that they have under way."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import orjson

from interlock._core import Engine, Step
from interlock.context import Context
from interlock.errors import UsageError
from interlock.message import Message, Seen, User, seen
from interlock.runtime.effects import call_effect, call_tool

if TYPE_CHECKING:
    from interlock.conversation import Said
    from interlock.runtime.commits import Commits
    from interlock.runtime.runtime import Runtime
    from interlock.runtime.scratch import Own, Scratch, Scratches
    from interlock.runtime.spending import Spend, TurnBudget
    from interlock.runtime.turn_memory import TurnMemory
    from interlock.runtime.turn_store import TurnStore
    from interlock.store import Hold


class Turns(ABC):
    """The side of a run that its turns see. What few runs need is a class attribute until they do."""

    runtime: Runtime
    engine: Engine
    """The one that the run began with: after a failure of the journal the runtime has another, where its number may be another run's."""
    commits: Commits
    number: int
    user: User | None
    thread: str | None
    acting: Mapping[bytes, asyncio.Task[bytes]] = MappingProxyType({})
    """Effects that act and are under way, by key."""
    abandoned = False
    """The runtime closes, or its journal failed: nothing more is recorded."""
    stopping = False
    """The run is over, or the runtime closes: what acts is stopped."""
    sources: tuple[str, ...] = ()
    """What tools returned so far, if a screen looks at it."""
    _scratches: Scratches | None = None
    _own: Own | None = None
    written: int | None = None
    """The newest version in the store that the run wrote and that its end must wait for."""
    held: Mapping[str, Hold] = MappingProxyType({})
    """Namespaces that may not be evicted while it goes on."""
    said_before: list[Said] | None = None
    """What was said in the thread before this run began, if a turn asked."""

    @property
    @abstractmethod
    def run_id(self) -> str:
        """The run's id."""

    @property
    def is_heard(self) -> bool:
        """Whether what an agent says is still fed: not once the runtime is closed, or has given the run up with its engine."""
        return self.runtime.is_open and not self.abandoned

    @abstractmethod
    def notice(self) -> None:
        """Tell the streams what happened since they were told last."""

    @abstractmethod
    def hand_in(self, step: Step) -> None:
        """What an answer, or the end of an effect, led to."""

    def acts(self, key: bytes, task: asyncio.Task[bytes]) -> None:
        """An effect that acts is under way."""
        if not isinstance(self.acting, dict):
            self.acting = {}
        self.acting[key] = task
        task.add_done_callback(_retrieved)

    def acted(self, key: bytes) -> None:
        """It has ended."""
        if isinstance(self.acting, dict):
            self.acting.pop(key, None)

    def stop_acting(self) -> None:
        """Nothing may begin, or go on, in the run's name any more."""
        self.stopping = True
        for task in self.acting.values():
            if not task.done():
                task.cancel()
                self.runtime.leave(task)

    def seconds_left(self, due: int) -> float:
        """Seconds until a moment of the engine's clock."""
        return max(0.0, (due - self.engine.now()) / 1_000_000)

    def history(self, turn: int) -> list[Message]:
        """What a turn may know of what was said in the run so far."""
        said = self.engine.messages(self.number, turn)
        return [Message(text, data=data, sender=sender) for sender, text, data in said]

    def conversation(self) -> list[Said]:
        """What was said in the thread before this run began. It is read when it is first asked for."""
        if self.thread is None:
            return []
        if self.said_before is None:
            self.said_before = self.runtime.threads.before(self.engine, self.number, self.thread, self.user)
        return list(self.said_before)

    def conversation_of(self, turn: int) -> list[Said]:
        """The same, for one turn."""
        found = self.conversation()
        self.shows(turn, found)
        return found

    def shows(self, turn: int, said: Sequence[Said]) -> None:
        """A turn is shown this of earlier runs: their answers make it trusted no more than anybody is."""
        if any(one.is_answer for one in said):
            self.engine.saw_answers(self.number, turn)

    def view(self, turn: int) -> list[Seen]:
        """What a turn may see of the pattern around it, the pattern's task first."""
        return [seen(shown) for shown in self.engine.view(self.number, turn)]

    def as_shown(self, turn: int, text: str) -> str:
        """A text that came from outside as a turn may see it: masked."""
        return self.engine.recalled(self.number, turn, self.engine.to_memory(self.number, text), False) if self.is_heard else text

    def scopes(self, turn: int) -> tuple[str, ...]:
        """What a turn's agent may reach."""
        return tuple(self.engine.scopes(self.number, turn))

    def memory_of(self, ctx: Context, agent: str, shows_user: bool) -> TurnMemory:
        """What a turn may reach of the memory."""
        from interlock.runtime.turn_memory import TurnMemory  # few runs need it

        return TurnMemory(self, ctx, agent, shows_user)

    def scratch_of(self, memory: TurnMemory, agent: str) -> Scratch:
        """What earlier turns left for one."""
        from interlock.runtime.scratch import Scratch

        return Scratch(self, memory, agent)

    def store_of(self, memory: TurnMemory, ctx: Context) -> TurnStore:
        """What a turn may use of the store."""
        from interlock.runtime.turn_store import TurnStore

        return TurnStore(self, memory, ctx.turn, ctx.agent)

    @property
    def own(self) -> Own:
        """What this run put for its thread."""
        if self._own is None:
            self._own = {}
        return self._own

    @property
    def scratches(self) -> Scratches:
        """What turns of this run left."""
        if self._scratches is None:
            self._scratches = {}
        return self._scratches

    def recall_scratch(self, history: str) -> None:
        """The run goes on: what its turns left is read from the journal, and what they left for the thread is put once more."""
        if "memory.scratch.put" not in history:
            return
        from interlock.runtime.scratch import replayed

        self._scratches, thread = replayed(orjson.loads(history))
        for (place, key), (value, untrusted) in thread.items():
            self.holds(place)
            self.leaves(place, key, value, untrusted)

    def leaves(self, place: str, key: str, value: Any, untrusted: bool) -> None:
        """The run leaves a value for its thread; ``None`` takes the key away."""
        store = self.runtime.memories.store
        if value is None:
            store.delete(place, key)
            self.own.pop((place, key), None)
            self.wrote(store.stats().revision)
        else:
            version = store.put(place, key, value)
            self.own[place, key] = version, untrusted
            self.wrote(version)

    def is_anybodys(self, place: str, key: str, version: int) -> bool:
        """Whether a value of the thread's scratch is trusted no more than anybody is: of what this run did not put nobody knows."""
        put, untrusted = self.own.get((place, key), (0, True))
        return untrusted or put != version

    def wrote(self, version: int) -> None:
        """The run wrote to the store, at this version."""
        self.written = version

    def holds(self, namespace: str) -> None:
        """The run uses this namespace: it is not evicted before the run has ended."""
        if namespace not in self.held:
            if not isinstance(self.held, dict):
                self.held = {}
            self.held[namespace] = self.runtime.memories.store.hold(namespace)

    async def kept(self, ticket: int) -> None:
        """Wait until the journal has come so far, and the store has what the run wrote."""
        if self.engine.committed() < ticket:
            await self.commits.wait(ticket)
        if self.written is not None:
            await self.runtime.memories.written(self.written)

    def lets_go(self, *, is_over: bool) -> None:
        """The run is not driven any more: it holds nothing, and if it is over it may become an episode."""
        for hold in self.held.values():
            hold.release()
        if is_over:
            self.runtime.memories.ended()

    def spend_of(self, turn: int, model: str, input_tokens: int, max_output_tokens: int) -> Spend:
        """A call of a model that a turn makes."""
        from interlock.runtime.spending import Spend

        return Spend(self, turn, model, input_tokens, max_output_tokens)

    def budget_of(self, turn: int) -> TurnBudget:
        """What a turn may still spend."""
        from interlock.runtime.spending import turn_budget

        return turn_budget(self.engine.budget_of(self.number, turn))

    def endorsed(self, turn: int, text: str, by: str) -> bool:
        """A turn's code vouches for a value. Whether the turn has the floor still."""
        return self.is_heard and self.engine.endorsed(self.number, turn, text, by)

    async def call_tool(self, ctx: Context, name: str, arguments: dict[str, Any]) -> Any:
        """Run a tool for a turn, recorded."""
        tool = self.runtime.tools.get(name)
        if tool is None:
            known = ", ".join(sorted(self.runtime.tools)) or "none"
            raise UsageError(f"there is no tool {name!r} (there is: {known})", hint="give it to il.open(tools=[…])")
        return await call_tool(self, ctx.turn, tool, arguments)

    async def call_effect(
        self, ctx: Context, name: str, kind: str, function: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        """Run a function for a turn, recorded."""
        return await call_effect(self, ctx.turn, (name, kind, function), arguments, named)


def _retrieved(task: asyncio.Task[bytes]) -> None:
    """What an effect raised was recorded; whoever waits for it gets it, and nobody is warned if nobody does."""
    if not task.cancelled():
        task.exception()
