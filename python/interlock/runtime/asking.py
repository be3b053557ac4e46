"""Asking for runs: what callers may ask of a runtime, and where a message goes that has to wait for its thread."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from functools import partial
from time import perf_counter_ns
from typing import Any

from interlock import events
from interlock._core import Started, Step
from interlock.config import OnBusy
from interlock.conversation import Thread
from interlock.errors import JournalError
from interlock.message import Outcome, User
from interlock.patterns import Pattern
from interlock.runtime.drive import Drive
from interlock.runtime.entrance import Entrances
from interlock.runtime.outside import Outside
from interlock.runtime.reading import Reading
from interlock.runtime.recovery import Recovery
from interlock.runtime.requests import Request, checked, options, unreadable
from interlock.runtime.started import Run
from interlock.runtime.threads import Begun, Caller, Threads
from interlock.runtime.watch import Watch


class Asking(Reading):
    """The part of a runtime that lets requests in."""

    loop: asyncio.AbstractEventLoop
    drives: dict[int, Drive]
    threads: Threads
    recovery: Recovery
    outside: Outside | None = None
    """The service's own screens, and the model that finds names, if there are any."""
    _plans: dict[int, tuple[Pattern, int]]
    _entrances: Entrances

    @abstractmethod
    def check_loop(self) -> None:
        """Whether this is the loop that the runtime belongs to."""

    @abstractmethod
    def _add_plan(self, pattern: Pattern) -> None: ...

    @abstractmethod
    def _spawn(self, drive: Drive, step: Step) -> None: ...

    @abstractmethod
    def _follow(self, drive: Drive) -> asyncio.Future[Outcome]: ...

    @abstractmethod
    def _cancel(self, drive: Drive, reason: str) -> bool: ...

    async def run(
        self,
        plan: Pattern,
        text: str,
        *,
        data: Any = None,
        user: User | str | None = None,
        deadline: float | None = None,
        thread: str | None = None,
        key: str | None = None,
        labels: Sequence[str] = (),
        on_busy: OnBusy | None = None,
    ) -> Outcome:
        """Run a plan on a message and wait for its outcome, which is durable when this returns.

        Args:
            plan: one of the plans that the runtime was opened with, or a new one. Build plans once: the runtime keeps each.
            text: the user's message.
            data: JSON beside it.
            user: for whom; an id or an ``il.User``.
            deadline: seconds for the whole run, 120 by default. A review stops it.
            thread: the conversation that the run belongs to.
            key: the same key gives the same run, however often it is asked for.
            labels: what the message is marked with; conditions and contracts see it.
            on_busy: what becomes of the message while a run of its thread is under way, instead of what ``il.open`` or the configuration
                says: ``"queue"`` (it waits), ``"merge"`` (it waits, and is joined with the others that do), ``"interrupt"`` (that run is
                called off first) or ``"reject"``. The deadline counts from when the run begins.

        Raises:
            Overloaded: the runtime is full, or the thread is (``code`` is ``thread.busy`` or ``thread.full``); nothing was started.
            RunCancelled: the runtime was closed.
            UsageError: the arguments can't mean anything.
            JournalError: the journal failed; nothing was acknowledged, and ``retry_after`` says when to ask again with the same key.
        """
        since = perf_counter_ns()
        seen = await self._seen(text, data, thread) if self._is_looked_at() else None
        begun = self._begin(plan, text, data, user, deadline, thread, key, labels, on_busy, seen=seen)
        if isinstance(begun, Outcome):
            return begun
        if isinstance(begun, Caller):
            return await begun.outcome()
        drive, step = begun
        if step is None:
            return await asyncio.shield(self._follow(drive))
        return await drive.drive(step, since)

    async def start(self, plan: Pattern, text: str, **given: Any) -> Run:
        """Start a run and return with a handle: at once, or when it begins if its thread is busy. The options are those of ``run``."""
        asked = options(given)
        seen = await self._seen(text, asked["data"], asked["thread"]) if self._is_looked_at() else None
        begun = self._begin(plan, text, **asked, seen=seen)
        if isinstance(begun, Caller):
            turn = await begun.turn()
            if isinstance(turn, Drive):
                return self._handle(turn, begun.followed)
            begun = turn
        if isinstance(begun, Outcome):
            done: asyncio.Future[Outcome] = self.loop.create_future()
            done.set_result(begun)
            return Run(begun.run_id, done, lambda _: False)
        drive, step = begun
        outcome = self._follow(drive)
        if step is not None:
            self._spawn(drive, step)
        return self._handle(drive, outcome)

    def _handle(self, drive: Drive, outcome: asyncio.Future[Outcome]) -> Run:
        return Run(drive.run_id, outcome, lambda reason: self._cancel(drive, reason))

    async def stream(self, plan: Pattern, text: str, **given: Any) -> AsyncGenerator[events.Event, None]:
        """Run a plan and yield its events as they happen; what settles the run comes when the journal has it.

        Leaving the loop early cancels the run, if this stream started it and nobody else waits for it. The options are those of ``run``.
        """
        asked = options(given)
        seen = await self._seen(text, asked["data"], asked["thread"]) if self._is_looked_at() else None
        begun = self._begin(plan, text, **asked, watch=True, seen=seen)
        leave: Callable[[str], object] | None = None
        turn = await begun.turn() if isinstance(begun, Caller) else begun
        if isinstance(turn, Outcome):
            for event in await self.history(turn.run_id):
                yield event
            return
        if isinstance(begun, Caller) and isinstance(turn, Drive):
            drive, watch, outcome, leave = turn, begun.watch, begun.followed, begun.leave
        elif isinstance(turn, tuple):
            drive, step = turn
            watch, outcome = Watch(), self._follow(drive)
            drive.show(watch)
            if step is not None:  # a run that somebody else started is theirs
                self._spawn(drive, step)
                leave = partial(self._cancel, drive)
        try:
            async with aclosing(watch.events(outcome)) as told:
                async for event in told:
                    yield event
            await outcome
        finally:
            drive.unwatch(watch)
            if leave is not None and self.is_open:
                leave("the stream was left")

    async def thread(self, id: str) -> Thread:
        """A conversation as the customer saw it: their messages, and the answers that were delivered. Empty if there is none of this name.

        Raises:
            UsageError: the runtime is not open.
            JournalError: the journal can't be read.
        """
        self.check_loop()
        return await asyncio.to_thread(self.threads.read, id)  # a long one must not stop the others

    def _is_looked_at(self) -> bool:
        return self.outside is not None or self._entrances.is_busy

    async def _seen(self, text: Any, data: Any, thread: Any) -> bytes | None:
        """What is seen of a request outside of the core, by what is configured when it comes in.

        Messages of a thread are looked at beside each other and come in one after another: a slow look lets no later one past.
        """
        self.check_loop()
        with self._entrances.place(thread) as place:
            while True:
                outside = self.outside
                seen = None if outside is None else await outside.comes_in(text, data)
                await place.is_first()
                if outside is self.outside:
                    return seen

    def _begin(
        self,
        plan: Pattern,
        text: Any,
        data: Any,
        user: Any,
        deadline: Any,
        thread: Any,
        key: Any,
        labels: Any,
        on_busy: Any,
        watch: bool = False,
        seen: bytes | None = None,
    ) -> Begun | Caller:
        self.check_loop()
        if id(plan) not in self._plans:
            self._add_plan(plan)
        asked = checked(text, data, user, deadline, thread, key, labels)
        if seen is not None:
            asked = asked._replace(outside=seen)
        if asked.thread is not None or asked.key is not None or on_busy is not None:
            with self.recovery.naming(self.engine):
                placed = self.threads.place(plan, asked, on_busy, watch)
            if isinstance(placed, Caller):
                return placed
            if placed is not None:
                return self._known(placed)
        return self._let_in(plan, asked, watch)

    def _let_in(self, plan: Pattern, asked: Request, watch: bool) -> Begun:
        """Start a run now, or find the one that the same key started."""
        number = self._plans[id(plan)][1]
        try:
            started = self.engine.start(
                number,
                asked.text,
                asked.data,
                asked.user_json,
                asked.key,
                asked.thread,
                asked.deadline_ms,
                watch,
                asked.labels,
                asked.outside,
            )
        except UnicodeEncodeError as error:
            raise unreadable("the request", error) from None
        except JournalError:
            if (told := self.recovery.notice(self.engine)) is not None:
                raise told from None
            raise
        if not started.is_new:
            return self._known(started)
        drive = Drive(self.threads.runtime, started, asked.user, asked.thread, plan)
        self.threads.holds(drive)
        return drive, started.step

    def _known(self, started: Started) -> Begun:
        """A run that was started before."""
        return (self.drives[started.run], None) if started.step is None else Outcome(started, started.step)
