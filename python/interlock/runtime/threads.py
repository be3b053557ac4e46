"""One writer at a time in a conversation: what becomes of a message that comes while a run of its thread is under way.

A run holds its thread while it is driven: not while it waits for a person. Whoever waits here started nothing yet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson

from interlock._core import Engine, Started, Step
from interlock.config import ON_BUSY, OnBusy, ThreadRules
from interlock.conversation import Said, Thread, said
from interlock.errors import JournalError, Overloaded, RunCancelled, UsageError
from interlock.message import Outcome, User
from interlock.runtime.outside import joined_facts
from interlock.runtime.projection import EVERY
from interlock.runtime.requests import Request, circumstances, unreadable
from interlock.runtime.watch import Watch

if TYPE_CHECKING:
    from interlock.patterns import Pattern
    from interlock.runtime.drive import Drive
    from interlock.runtime.runtime import Runtime

INTERRUPTED = "interrupted by a newer message"
Begun: TypeAlias = "Outcome | tuple[Drive, Step | None]"
"""A run that is over, or its drive; with the step that it owes, if it is new and nobody drives it yet."""


class Caller:
    """Somebody who waits until a run begins."""

    __slots__ = ("asked", "begun", "followed", "streams", "waiting", "watch")

    def __init__(self, asked: Request, waiting: Waiting, streams: bool) -> None:
        self.asked = asked
        self.waiting = waiting
        self.streams = streams
        self.watch = Watch()
        self.begun: asyncio.Future[Outcome | Drive] = waiting.threads.runtime.loop.create_future()
        self.followed: asyncio.Future[Outcome] = waiting.threads.runtime.loop.create_future()

    async def turn(self) -> Outcome | Drive:
        """Wait until the run begins. Who is cancelled here leaves, and starts nothing."""
        try:
            return await self.begun
        except asyncio.CancelledError:
            self.leave("the caller was cancelled")
            raise

    async def outcome(self) -> Outcome:
        """Wait until the run is settled. When everybody who waited for it is gone, it is called off."""
        begun = await self.turn()
        if isinstance(begun, Outcome):
            return begun
        try:
            return await asyncio.shield(self.followed)
        except asyncio.CancelledError:
            self.leave("the caller was cancelled")
            raise

    def leave(self, reason: str) -> None:
        """Wait no more."""
        if self in self.waiting.callers:
            self.waiting.callers.remove(self)
            if not self.waiting.callers:
                self.waiting.drop(reason)


class Line:
    """One thread: the runs that hold it, and those that wait for it, in order."""

    __slots__ = ("going", "waiting")

    def __init__(self) -> None:
        self.going: dict[Drive, None] = {}
        self.waiting: list[Waiting] = []


class Waiting:
    """A run that begins when its thread is free, and those who wait for it."""

    __slots__ = ("callers", "drive", "key", "line", "on_busy", "plan", "threads")

    def __init__(self, threads: Threads, line: Line, plan: Pattern, key: str | None, on_busy: str) -> None:
        self.threads = threads
        self.line = line
        self.plan = plan
        self.key = key
        self.on_busy = on_busy
        self.callers: list[Caller] = []
        self.drive: Drive | None = None

    def join(self, asked: Request, watch: bool) -> Caller:
        """One more who waits for it."""
        caller = Caller(asked, self, watch)
        self.callers.append(caller)
        return caller

    def takes(self, plan: Pattern, asked: Request, on_busy: str) -> bool:
        """Whether a message may be joined to what waits here: both are to be merged, and differ in text and labels only."""
        first = self.callers[0].asked
        return (
            on_busy == self.on_busy == "merge"
            and plan is self.plan
            and not any((self.key, asked.key, first.data, asked.data))
            and (first.user_json, first.deadline_ms) == (asked.user_json, asked.deadline_ms)
        )

    def request(self) -> Request:
        """What is asked for in the end."""
        first = self.callers[0].asked
        if len(self.callers) == 1 or self.key is not None:
            return first
        text = "\n\n".join(caller.asked.text for caller in self.callers if caller.asked.text)
        labels = dict.fromkeys(label for caller in self.callers for label in caller.asked.labels or ())
        outside = joined_facts(caller.asked.outside for caller in self.callers)
        return first._replace(text=text, labels=list(labels) or None, outside=outside)

    def alone(self, caller: Caller) -> Waiting:
        """A run of its own for one of them."""
        waiting = Waiting(self.threads, self.line, self.plan, None, self.on_busy)
        waiting.callers, caller.waiting = [caller], waiting
        return waiting

    def drop(self, reason: str) -> None:
        """Nobody waits for it any more."""
        if self.drive is None:
            self.threads.withdraw(self)
        elif self.threads.runtime.is_open:  # when the runtime closes, the run stops as it stands, and goes on later
            self.threads.cancel(self.drive, reason)


class Threads:
    """The threads in which something goes on."""

    def __init__(
        self,
        runtime: Runtime,
        begin: Callable[[Pattern, Request, bool], Begun],
        spawn: Callable[[Drive, Step], None],
        cancel: Callable[[Drive, str], bool],
        on_busy: OnBusy | None,
    ) -> None:
        self.runtime = runtime
        self.begin, self.spawn, self.cancel = begin, spawn, cancel
        self._declared = None if on_busy is None else _known(on_busy)
        self._rules: ThreadRules
        self.apply(ThreadRules())
        self._lines: dict[str, Line] = {}
        self._keys: dict[str, Waiting] = {}

    def apply(self, rules: ThreadRules) -> None:
        """Use these rules for what comes from now on. What ``il.open`` was told goes before them."""
        self._rules = rules if self._declared is None else replace(rules, on_busy=self._declared)

    def is_busy(self, thread: str) -> bool:
        """Whether a run of the thread is under way."""
        return thread in self._lines

    def before(self, engine: Engine, number: int, thread: str, user: User | None) -> list[Said]:
        """What had been said in the thread when this run of it began."""
        rows = orjson.loads(engine.runs(None, EVERY, thread=thread))
        began = next((row["started_us"] for row in rows if row["run"] == number), None)
        if began is None:  # a fork has its origin's thread, and is no part of it
            began = orjson.loads(engine.history(number))["events"][0]["at_us"]
        histories: dict[str, str] = {}
        numbers = {row["run"]: row["id"] for row in rows}

        def history(run: int) -> dict[str, Any]:
            text = engine.history(run)
            histories[numbers[run]] = text
            told: dict[str, Any] = orjson.loads(text)
            return told

        found = said(rows, history, before=began, most=self._rules.history)
        return [self._here(engine, number, one, histories[one.run_id], user) for one in found]

    @staticmethod
    def _as_seen(engine: Engine, one: Said) -> Said:
        data = one.data
        if data is not None:
            data = orjson.loads(engine.as_seen(one.run_id, orjson.dumps(data).decode(), True))
        return replace(one, text=engine.as_seen(one.run_id, one.text, False), data=data)

    @staticmethod
    def _here(engine: Engine, number: int, one: Said, history: str, user: User | None) -> Said:
        """A message of another run, with its user's own placeholders carried over."""
        theirs, _ = circumstances(history)
        if (theirs and (theirs.id, theirs.tenant)) != (user and (user.id, user.tenant)):
            return one
        data = one.data
        if data is not None:
            data = orjson.loads(engine.carried_over(number, one.run_id, orjson.dumps(data).decode()))
        return replace(one, text=engine.carried_over(number, one.run_id, one.text), data=data)

    def read(self, thread: str) -> Thread:
        """The thread as it stands in the journal."""
        engine = self.runtime.engine
        rows = orjson.loads(engine.runs(None, EVERY, thread=thread))
        found = said(rows, lambda run: orjson.loads(engine.history(run)))
        messages = tuple(self._as_seen(engine, one) for one in found)
        return Thread(thread, messages, tuple(row["id"] for row in reversed(rows)), self.is_busy(thread))

    def place(self, plan: Pattern, asked: Request, on_busy: OnBusy | None, watch: bool) -> Caller | Started | None:
        """A place for a message that can't begin now, or the run that its key names. ``None``: nothing is in its way.

        Raises:
            Overloaded: the thread is busy and the message is not to wait, or too many wait; nothing was started.
            UsageError: there is no such policy, there is no thread, or the message can't be recorded.
        """
        if on_busy is not None and asked.thread is None:
            raise UsageError(f"on_busy is {on_busy!r}, and there is no thread that could be busy", hint="give thread=… too")
        policy = self._rules.on_busy if on_busy is None else _known(on_busy)
        if asked.key is not None and (same := self._keys.get(asked.key)) is not None:
            return same.join(asked, watch)
        line = None if asked.thread is None else self._lines.get(asked.thread)
        if line is None:
            return None
        _check_readable(asked)
        if asked.key is not None and (found := self.runtime.engine.keyed(asked.key)) is not None:
            return found
        self._check_room(line, asked.thread, policy)
        if line.waiting and line.waiting[-1].takes(plan, asked, policy):
            return line.waiting[-1].join(asked, watch)
        waiting = Waiting(self, line, plan, asked.key, policy)
        caller = waiting.join(asked, watch)
        if asked.key is not None:
            self._keys[asked.key] = waiting
        if policy == "interrupt":
            line.waiting.insert(sum(one.on_busy == "interrupt" for one in line.waiting), waiting)
            self._interrupt(line)
        else:
            line.waiting.append(waiting)
        return caller

    def _check_room(self, line: Line, thread: str | None, policy: str) -> None:
        if policy == "reject":
            going = next(iter(line.going)).run_id
            hint = f'wait for run {going}, or give on_busy="queue", "merge" or "interrupt"'
            raise Overloaded(f"thread {thread!r} is busy: run {going} is under way", hint=hint, code="thread.busy")
        count, most = sum(len(waiting.callers) for waiting in line.waiting), self._rules.max_waiting
        if count >= most:
            hint = "try again later, or raise threads.max_waiting in the configuration"
            raise Overloaded(f"thread {thread!r} is full: {count} messages wait, and {most} may", hint=hint, code="thread.full")

    def holds(self, drive: Drive) -> None:
        """A run of a thread is under way."""
        if drive.thread is not None:
            self._lines.setdefault(drive.thread, Line()).going[drive] = None

    def holds_again(self, drive: Drive) -> None:
        """A run goes on after a restart or a decision. It does not wait: what was decided takes effect at once."""
        if drive.thread is not None:
            open_runs = orjson.loads(self.runtime.engine.runs("open", EVERY, thread=drive.thread))
            if any(row["run"] == drive.number for row in open_runs):  # not so for a fork, which is no part of the conversation
                self.holds(drive)

    def lets_go(self, drive: Drive) -> None:
        """A run is over, or waits for a person: what waited for its thread begins."""
        line = None if drive.thread is None else self._lines.get(drive.thread)
        if line is None or drive not in line.going:
            return
        del line.going[drive]
        while line.waiting and not line.going:
            self._start(line, line.waiting[0])
            if any(waiting.on_busy == "interrupt" for waiting in line.waiting):
                self._interrupt(line)
        if not line.going and drive.thread is not None:
            del self._lines[drive.thread]

    def _interrupt(self, line: Line) -> None:
        for drive in list(line.going):
            try:
                self.cancel(drive, INTERRUPTED)
            except JournalError:  # the runtime has taken notice, and tells whoever waits
                return

    def _start(self, line: Line, waiting: Waiting) -> None:
        """What waited longest begins, unless nobody waits for it any more. What went wrong is told to its callers."""
        self.withdraw(waiting)
        waiting.callers = callers = [caller for caller in waiting.callers if not caller.begun.done()]
        if not callers:
            return
        try:
            begun = self.begin(waiting.plan, waiting.request(), any(caller.streams for caller in callers))
        except UsageError as error:
            if len(callers) == 1 or waiting.key is not None:
                _tell(callers, error)
            else:  # together they are too long, or one of them is wrong: each for itself
                line.waiting[:0] = [waiting.alone(caller) for caller in callers]
        except Exception as error:  # noqa: BLE001 - theirs, whatever it is: it must not end the run that let the thread go
            _tell(callers, error)
        else:
            self._begun(waiting, begun)

    def _begun(self, waiting: Waiting, begun: Begun) -> None:
        if isinstance(begun, Outcome):
            _tell(waiting.callers, begun)
            return
        drive, step = begun
        for caller in waiting.callers:
            drive.follow(caller.followed)
        watches = [caller.watch for caller in waiting.callers if caller.streams]
        if watches:
            drive.show(*watches)
        if step is not None:
            waiting.drive = drive
            self.spawn(drive, step)
        _tell(waiting.callers, drive)

    def withdraw(self, waiting: Waiting) -> None:
        """It waits no more."""
        if waiting in waiting.line.waiting:
            waiting.line.waiting.remove(waiting)
        if waiting.key is not None:
            self._keys.pop(waiting.key, None)

    def close(self) -> None:
        """The runtime closes: what waits begins no more."""
        self.give_up(_closed)

    def give_up(self, why: Callable[[str], Exception]) -> None:
        """Tell everybody who waits why nothing was started, by thread; each gets an error of its own. What goes on is let go of."""
        lines, self._lines = self._lines, {}
        self._keys.clear()
        for thread, line in lines.items():
            for caller in [caller for waiting in line.waiting for caller in waiting.callers]:
                _tell([caller], why(thread))


def _closed(thread: str) -> RunCancelled:
    message = f"the runtime was closed while a message of thread {thread!r} waited; nothing was started"
    return RunCancelled(message, hint="send it again when the runtime is open")


def _tell(callers: Iterable[Caller], news: Outcome | Drive | Exception) -> None:
    for caller in callers:
        if caller.begun.done():  # it was cancelled, and leaves
            continue
        if isinstance(news, Exception):
            caller.begun.set_exception(news)
            caller.begun.exception()  # seen: whoever awaits it gets it, and nobody is warned if nobody does
        else:
            caller.begun.set_result(news)


def _known(on_busy: OnBusy) -> OnBusy:
    if on_busy not in ON_BUSY:
        raise UsageError(f"on_busy is {on_busy!r}", hint=f"give one of {', '.join(ON_BUSY)}")
    return on_busy


def _check_readable(asked: Request) -> None:
    """A message that can't be recorded is refused before it waits."""
    try:
        for text in (asked.text, asked.thread or "", asked.key or "", *(asked.labels or ())):
            text.encode()
    except UnicodeEncodeError as error:
        raise unreadable("the request", error) from None
