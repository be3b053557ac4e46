"""Driving one run: give the agents their turns, feed what they answer, and stop when the engine says so.

A lone turn is awaited in the run's own task. Where several agents work at once, each has a task of its own (``beside``).
"""

from __future__ import annotations

import asyncio
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from interlock._core import Started, Step
from interlock.context import Context
from interlock.errors import InterlockError, JournalError, RunCancelled
from interlock.message import Message, Outcome, User
from interlock.runtime.answers import in_words, record, recordable
from interlock.runtime.beside import ASKING, NOTHING_OWED, WORK, Beside
from interlock.runtime.suspend import Rest, WentOn
from interlock.runtime.turns import Turns
from interlock.runtime.watch import Watch

if TYPE_CHECKING:
    from interlock.patterns import Pattern
    from interlock.runtime.runtime import Runtime

CALL, EMBED, QUEUED, NOTHING, SETTLED = Step.CALL, Step.EMBED, Step.QUEUED, Step.NOTHING, Step.SETTLED
_CLOSED_HINT = "open the same file again with the same plans: the run goes on"
SLICE_NS = 1_000_000
"""A run gives the loop back after this long without a suspension, so that one run never starves the others."""


class Drive(Turns):
    """One run that goes on in this process. What few runs need is a class attribute until they do."""

    task: asyncio.Task[Any] | None = None
    cancels = 0
    """Cancellations of the task that were there before the run."""
    upset: Step | None = None
    """A step that came from outside the turn: a limit passed, a cancel, a slot."""
    lone: int | None = None
    """The turn that is awaited in the run's own task."""
    interrupting = False
    settled: Step | None = None
    parked: asyncio.Future[None] | None = None
    watching: tuple[Watch, ...] = ()
    error: BaseException | None = None
    failure: BaseException | None = None
    """What stopped the runtime itself in a turn beside."""
    followers: tuple[asyncio.Future[Outcome], ...] = ()
    beside: Beside | None = None
    slice = 0
    """When the run last came back from the loop (ns)."""
    spent = 0
    """Nanoseconds that the runtime itself took, without searching."""
    searched = 0
    """Nanoseconds that the search among the examples took."""

    def __init__(self, runtime: Runtime, started: Started, user: User | None, thread: str | None, plan: Pattern | None) -> None:
        self.runtime = runtime
        self.engine, self.commits = runtime.engine, runtime.commits
        self.number = started.run
        self._started = started
        self.user = user
        self.thread = thread
        self.plan = plan

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self._started.id

    async def drive(self, step: Step, since: int) -> Outcome:
        """Run until it is settled and the journal has it. ``since`` is when the runtime began to work on it (ns)."""
        runtime, engine = self.runtime, self.engine
        self.task = asyncio.current_task()
        if self.task is not None:
            self.cancels = self.task.cancelling()
        if not self.abandoned:
            runtime.drives[self.number] = self
        runtime.running, self.slice = self, since
        try:
            if self.abandoned:
                raise asyncio.CancelledError
            step = self.fed(step)
            while True:
                if self.watching:
                    self.notice()
                if self.failure is not None:
                    raise self.failure
                if self.upset is not None:
                    step, self.upset = self.upset, None
                kind = step.kind
                if kind == CALL:
                    ctx = Context(self, step)
                    message = Message(step.text, data=step.data, sender=step.sender, labels=step.labels or ())
                    now = perf_counter_ns()
                    self.spent += now - since
                    self.lone = step.turn
                    if (runtime.running is not self or now - self.slice > SLICE_NS) and await self._give_way(now):
                        since, step = perf_counter_ns(), self._take_upset() or step
                        continue
                    answer: Any = None
                    raised: BaseException | None = None
                    try:
                        coroutine: Any = runtime.transport.begin(step.agent, message, ctx)
                        try:
                            yielded = coroutine.send(None)
                        except StopIteration as stop:
                            answer = stop.value
                        else:
                            answer = await Rest(coroutine, yielded, self)
                    except asyncio.CancelledError as error:
                        if not self._was_us() and (self.abandoned or self._was_caller()):
                            raise
                        raised = error  # ours, or one that the agent raised by itself
                    except WentOn as news:
                        runtime.leave_behind(self._finish(news.rest, ctx))
                        raised = news
                        if self.abandoned:
                            raise asyncio.CancelledError from None
                    except Exception as error:  # an input like any other: the kernel decides what follows
                        raised = error
                    since = perf_counter_ns()
                    self.lone = None
                    if self.upset is None and not self.interrupting:
                        step = self.fed(self.hear(ctx, answer, raised))
                    else:
                        step = self._feed(ctx, answer, raised)
                elif kind == SETTLED:
                    self.stop_acting()
                    self.settled = step
                    self.spent += perf_counter_ns() - since
                    if engine.committed() < step.ticket or self.written is not None:
                        await self.kept(step.ticket)
                    return self._outcome(step)
                elif kind == EMBED:
                    self.spent += perf_counter_ns() - since
                    self.lone = ASKING
                    vector = await self._outside(runtime.embeddings.embed(step.text))
                    since, self.lone = perf_counter_ns(), None
                    step = self._take_upset() or self.fed(engine.embedded(self.number, step.ask, vector))
                    self.searched += perf_counter_ns() - since
                    since = perf_counter_ns()
                elif kind == Step.COMPARE:
                    step = self._together().start_all([step])
                else:  # QUEUED for a slot, or NOTHING because another step is on its way
                    self.spent += perf_counter_ns() - since
                    step = await self._park()
                    since = perf_counter_ns()
        except asyncio.CancelledError:
            if self.failure is not None:
                raise self._give_up(self.failure) from None
            if self.abandoned:
                raise self._closed() from None
            try:
                self._record_cancel("the caller was cancelled")
            except JournalError as error:
                self._give_up(error)
            raise
        except BaseException as error:
            if (given := self._give_up(error)) is not error:
                raise given from error
            raise
        finally:
            self.stop_acting()
            if self.beside is not None:
                self.beside.stop_all()
            if runtime.drives.get(self.number) is self:  # a person may have decided before this one was told that they are asked
                del runtime.drives[self.number]
            runtime.threads.lets_go(self)
            self.lets_go(is_over=self.settled is not None)

    async def _give_way(self, now: int) -> bool:
        """Begin a new slice; give the loop back first, unless another run had it since and this one must have suspended.

        Returns whether an upset came meanwhile.
        """
        if self.runtime.running is self:
            await self._outside(asyncio.sleep(0))
            now = perf_counter_ns()
        self.runtime.running, self.slice = self, now
        return self.upset is not None

    def _together(self) -> Beside:
        if self.beside is None:
            self.beside = Beside(self)
        return self.beside

    def notice(self) -> None:
        """Tell the streams what happened since they were told last."""
        if self.watching:
            seen_ = self.engine.seen(self.number)
            for watch in self.watching:
                watch.tell(seen_)

    def is_told_to_stop(self) -> bool:
        """Whether the agent that has the turn was cancelled on the run's behalf."""
        return self.interrupting or self.abandoned

    def _was_us(self) -> bool:
        """Whether a cancellation that arrived is the one that an upset sent, and nobody else's."""
        if not self.interrupting or self.task is None:
            return False
        self.interrupting = False
        return self.task.uncancel() <= self.cancels

    def _was_caller(self) -> bool:
        """Whether somebody cancelled the task in which the run is driven."""
        return self.task is not None and self.task.cancelling() > self.cancels

    def _feed(self, ctx: Context, answer: Any, raised: BaseException | None) -> Step:
        """Tell the engine of an attempt that was upset: what it says is late and absorbed, and the upset stands."""
        if self.interrupting and self.task is not None:
            # The agent answered, or went on, in spite of the cancellation: it was swallowed, or not delivered yet.
            self.interrupting = False
            self.task.uncancel()
        upset = self._take_upset()
        if upset is not None and isinstance(raised, asyncio.CancelledError | WentOn):
            return upset  # the agent gave way, or will be heard later
        step = self.fed(self.hear(ctx, answer, raised))
        return upset or step

    def fed(self, step: Step) -> Step:
        """A step that a feed of this run gave: what it brings besides is attended to; what is left is for the run's own task.

        One that came as an upset was attended to when it came, and not again.
        """
        is_alone = self.beside is None or self.beside.is_idle
        if step.plain and is_alone:
            return step
        if not step.plain:
            self.runtime.attend(step)
        if step.more is None and step.dropped is None and is_alone:
            return step
        return self._together().take_in(step)

    def hand_in(self, step: Step) -> None:
        """What an answer, or the end of an effect, led to."""
        try:
            if not step.plain:
                self.runtime.attend(step)
            self.notice()
            self.take_in(step)
        except Exception as error:
            self.fail(error)

    def take_in(self, step: Step) -> None:
        """A step from outside the turn: a limit passed, a cancel, a slot, or what a turn beside led to."""
        if step.kind == SETTLED:
            self.settled = step  # whatever a person says from now on is another drive's
            self.stop_acting()
        is_free = self.lone is None or (step.dropped is not None and self.lone in step.dropped)
        # Two slots, or two people's decisions, may come at once, also before the run's own task has begun with the first.
        awaits_its_turn = (self.upset is not None and self.upset.kind in WORK) or (self.task is None and step.dropped is None)
        is_alone = self.beside is None and step.more is None and is_free and not awaits_its_turn
        own = step if is_alone else self._together().take_in(step)
        if is_alone or own.kind != NOTHING:
            self.interrupt(own)
        else:
            self.notice()  # the run's own task has nothing to do, and so would not

    def hear(self, ctx: Context, answer: Any, raised: BaseException | None) -> Step:
        """Tell the engine what came of a turn."""
        engine = self.engine
        if raised is not None:
            self.error = raised
            return engine.raised(self.number, ctx.turn, in_words(raised))
        try:
            return record(engine, self.number, ctx, answer)
        except (TypeError, ValueError) as error:  # what JSON or UTF-8 can't hold, or a confidence that is none
            self.error = error
            return engine.answered_wrongly(self.number, ctx.turn, f"its reply can't be recorded: {recordable(str(error))}")

    async def _finish(self, rest: Rest, ctx: Context) -> None:
        """An agent that went on after its cancellation, on its own: what it says at last is late, and is counted."""
        try:
            answer, raised = await rest, None
        except Exception as error:
            answer, raised = None, error
        if self.is_heard:
            self.hear(ctx, answer, raised)

    def _take_upset(self) -> Step | None:
        upset, self.upset = self.upset, None
        return upset

    def interrupt(self, step: Step) -> None:
        """A step for the run's own task: stop what goes on there, and take it."""
        self.upset = step
        if self.parked is not None:
            if not self.parked.done():
                self.parked.set_result(None)
        elif self.task is not None and not self.interrupting:
            self.interrupting = True
            self.task.cancel()

    def fail(self, error: BaseException) -> None:
        """The runtime itself could not go on in a turn beside: the run's own task says so."""
        self.failure = error
        self.interrupt(NOTHING_OWED)

    async def _park(self) -> Step:
        """Wait for a step from outside."""
        while self.upset is None and self.failure is None:
            self.parked = self.runtime.loop.create_future()
            try:
                await self.parked
            finally:
                self.parked = None
        return self._take_upset() or NOTHING_OWED

    async def _outside(self, awaitable: Any) -> Any:
        """Await something of the runtime's own that an upset may stop."""
        try:
            return await awaitable
        except asyncio.CancelledError:
            if self.abandoned or not self._was_us():
                raise
            return b""

    def abandon(self) -> None:
        """The runtime closes: stop, and record nothing, so that a durable run goes on at the next opening."""
        self.abandoned = True
        self.stop_acting()
        if self.beside is not None:
            self.beside.stop_all()
        if self.task is not None:
            self.task.cancel()

    def _closed(self) -> InterlockError:
        if self.task is not None:
            self.task.uncancel()
        error: InterlockError | None = self.runtime.recovery.notice(self.engine)
        if error is None:
            message = f"the runtime was closed while run {self.run_id} was under way"
            error = RunCancelled(message, hint=_CLOSED_HINT, run_id=self.run_id)
        self._fail_followers(error)
        return error

    def _give_up(self, error: BaseException) -> BaseException:
        """The runtime itself could not go on: unless its journal failed, the run is called off. Returns what to raise."""
        told = self.runtime.recovery.notice(self.engine) if isinstance(error, JournalError) else None
        try:
            if told is None:
                self._record_cancel(f"the runtime stopped it: {in_words(error)}")
        except InterlockError as second:
            error.add_note(f"and it could not be recorded: {second.message}")
        self._fail_followers(told or error)
        return told or error

    def _fail_followers(self, error: BaseException) -> None:
        for follower in self.followers:
            if not follower.done():
                follower.set_exception(error)
                follower.exception()  # seen: whoever awaits it gets it, and nobody is warned if nobody does

    def _record_cancel(self, reason: str) -> None:
        """The run is called off, as an event; the writer commits it whether or not anybody waits."""
        if self.settled is None:
            step = self.engine.cancel(self.number, reason)
            self.stop_acting()
            self.runtime.attend(step)
            self.settled = step if step.kind == SETTLED else self._take_upset()
        self.notice()
        if self.followers and self.settled is not None:
            self.runtime.spawn(self._acknowledge(self.settled), f"interlock {self.run_id} acknowledgement")

    async def _acknowledge(self, settled: Step) -> None:
        """Tell the others who wait for the run, when the journal has it."""
        try:
            if settled.kind == SETTLED:
                await self.kept(settled.ticket)
                self._outcome(settled)
        except Exception as error:
            self._fail_followers(error)

    def _outcome(self, step: Step) -> Outcome:
        error = self.error if self.error is not None and step.status in ("failed", "in_review") else None
        runtime_us, search_us = self.spent / 1_000, self.searched / 1_000
        outcome = Outcome(self._started, step, runtime_us=runtime_us, search_us=search_us, error=error)
        for follower in self.followers:
            if not follower.done():
                follower.set_result(outcome)
        return outcome

    def follow(self, future: asyncio.Future[Outcome]) -> None:
        """Settle this future too, when the run is settled."""
        self.followers = (*self.followers, future)

    def show(self, *watches: Watch) -> None:
        """Begin to tell these streams about this run."""
        self.engine.watch(self.number)
        self.watching = (*self.watching, *watches)
        self.notice()

    def unwatch(self, watch: Watch) -> None:
        """The stream is gone."""
        self.watching = tuple(other for other in self.watching if other is not watch)
        if not self.watching and self.runtime.is_open:
            self.engine.unwatch(self.number)
