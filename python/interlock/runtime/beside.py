"""Turns at once: each in a task of its own, beside the task that drives the run. Its answer is fed as soon as it is there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from interlock._core import Step
from interlock.context import Context
from interlock.message import Message, seen
from interlock.runtime.answers import in_words
from interlock.runtime.compare import agreement, comparator_at

if TYPE_CHECKING:
    from interlock.runtime.drive import Drive

CALL, EMBED, COMPARE, NOTHING, SETTLED = Step.CALL, Step.EMBED, Step.COMPARE, Step.NOTHING, Step.SETTLED
WORK = (CALL, EMBED, COMPARE)
ASKING = -1
"""In place of a turn's number: the run's own task waits for a vector, which is no turn that could be dropped."""


class _Nothing:
    """Stands for a step that owes the run's own task nothing: it parks."""

    kind = NOTHING
    plain = True
    more = dropped = granted = upset = wake = None


NOTHING_OWED: Step = cast("Step", _Nothing())


class Beside:
    """The turns and questions of one run that are worked on at once."""

    __slots__ = ("_drive", "_tasks")

    def __init__(self, drive: Drive) -> None:
        self._drive = drive
        self._tasks: dict[int, asyncio.Task[None]] = {}
        """By turn; questions by their number below zero."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing goes on beside the run's own task."""
        return not self._tasks

    def take_in(self, step: Step) -> Step:
        """Take a step in: start what is to be worked on at once, stop what nobody waits for.

        Returns what is left for the run's own task: its end, a lone turn when nothing else goes on, or nothing.
        """
        drive = self._drive
        owed: list[Step] = [step, *(step.more or ())]
        end = next((one for one in owed if one.kind == SETTLED), None)
        for turn in step.dropped or ():
            if turn == drive.lone:
                continue  # the run's own task is told with the step that it gets, or below
            if drive.upset is not None and drive.upset.kind == CALL and drive.upset.turn == turn:
                drive.upset = NOTHING_OWED  # it had not begun
            self._stop(turn)
        if end is not None:
            return end
        work = [one for one in owed if one.kind in WORK]
        if len(work) == 1 and work[0].kind == CALL and not self._tasks and self._is_free(step):
            return work[0]
        self.start_all(work)
        if step.dropped is not None and drive.lone is not None and drive.lone in step.dropped:
            drive.interrupt(NOTHING_OWED)
        return NOTHING_OWED

    def _is_free(self, step: Step) -> bool:
        """Whether the run's own task has no turn, is about to be given none, or has one that nobody waits for any more."""
        drive = self._drive
        if (drive.upset is not None and drive.upset.kind in WORK) or (drive.task is None and step.dropped is None):
            return False  # it has another one already
        return drive.lone is None or (step.dropped is not None and drive.lone in step.dropped)

    def start_all(self, work: list[Step]) -> Step:
        """A task for each turn and each question."""
        create_task = self._drive.runtime.loop.create_task
        for step in work:
            if step.kind == CALL:
                self._tasks[step.turn] = create_task(self._turn(step))
            else:
                self._tasks[-1 - step.ask] = create_task(self._question(step))
        return NOTHING_OWED

    def stop_all(self) -> None:
        """The run is over, or the runtime closes."""
        for number in list(self._tasks):
            self._stop(number)

    def _stop(self, number: int) -> None:
        """Nobody waits for it any more. What it does about that is its own affair, until the runtime closes."""
        if (task := self._tasks.pop(number, None)) is not None and not task.done():
            task.cancel()
            self._drive.runtime.leave(task)

    async def _turn(self, call: Step) -> None:
        drive = self._drive
        turn = call.turn
        ctx = Context(drive, call)
        message = Message(call.text, data=call.data, sender=call.sender, labels=call.labels or ())
        answer: Any = None
        raised: BaseException | None = None
        try:
            answer = await drive.runtime.transport.begin(call.agent, message, ctx)
        except asyncio.CancelledError as error:
            if turn not in self._tasks:
                return  # nobody waits for it
            raised = error  # one that the agent raised by itself
        except Exception as error:  # an input like any other: the kernel decides what follows
            raised = error
        except BaseException as error:  # it would end the process, or a test: the run ends with it, as one with a lone turn does
            if self._tasks.pop(turn, None) is not None:
                drive.fail(error)
                if not isinstance(error, KeyboardInterrupt | SystemExit):
                    return
            raise
        is_wanted = self._tasks.pop(turn, None) is not None
        if not drive.is_heard:
            return
        try:
            step = drive.hear(ctx, answer, raised)
        except Exception as error:
            drive.fail(error)
            return
        # When it is not wanted, what it says is late, and was counted. Most answers lead to nothing yet: the others are waited for.
        if is_wanted and not (step.plain and step.kind == NOTHING and not drive.watching):
            self._drive.hand_in(step)

    async def _question(self, step: Step) -> None:
        drive, ask = self._drive, step.ask
        runtime = drive.runtime
        try:
            if step.kind == EMBED:
                vector = await runtime.embeddings.embed(step.text)
                answered = drive.engine.embedded(drive.number, ask, vector)
            else:
                answered = await self._compare(step)
        except asyncio.CancelledError:
            return  # nobody waits for it
        except BaseException as error:
            if self._tasks.pop(-1 - ask, None) is not None:
                drive.fail(error)
                if not isinstance(error, KeyboardInterrupt | SystemExit):
                    return
            raise
        self._tasks.pop(-1 - ask, None)
        self._drive.hand_in(answered)

    async def _compare(self, step: Step) -> Step:
        """Ask the comparator; when it can't say, that is what the core is told, and a person decides."""
        drive = self._drive
        engine = drive.engine
        plan = drive.plan
        try:
            comparator = comparator_at(plan, step.node) if plan is not None else None
            if comparator is None:
                return engine.fact_failed(drive.number, step.ask, "the run's plan is not at hand")
            answers = [seen(shown) for shown in step.shown]
            pairs = await agreement(comparator, answers, drive.runtime.embeddings)
        except asyncio.CancelledError as error:
            if -1 - step.ask not in self._tasks:
                raise
            raised: BaseException = error  # one that the judge raised by itself
        except Exception as error:  # the judge's, and an input like any other
            raised = error
        else:
            return engine.compared(drive.number, step.ask, pairs)
        drive.error = raised
        return engine.fact_failed(drive.number, step.ask, in_words(raised))
