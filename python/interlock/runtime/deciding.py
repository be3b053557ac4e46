"""Going on with runs that wait for people: decide, claim, reassign; and starting a run from another one's middle."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from interlock._core import Engine, Started, Step
from interlock.errors import UsageError
from interlock.message import Outcome
from interlock.runtime.commits import Commits
from interlock.runtime.drive import Drive
from interlock.runtime.recovery import Recovery
from interlock.runtime.requests import unreadable
from interlock.runtime.started import Run


class Speaker(NamedTuple):
    """Who says something of a review, and why."""

    by: str
    roles: Sequence[str] = ()
    tenant: str | None = None
    reason: str = ""


class Deciding:
    """The part of a runtime through which people speak."""

    engine: Engine
    commits: Commits
    recovery: Recovery
    drives: dict[int, Drive]
    loop: asyncio.AbstractEventLoop

    @abstractmethod
    def look_up(self, run_id: str) -> Started:
        """A run by its id."""

    @abstractmethod
    def check_loop(self) -> None:
        """Whether this is the loop that the runtime belongs to."""

    @abstractmethod
    def _go_on(self, started: Started) -> None: ...

    @abstractmethod
    def _follow(self, drive: Drive) -> asyncio.Future[Outcome]: ...

    @abstractmethod
    def _cancel(self, drive: Drive, reason: str) -> bool: ...

    async def resume(
        self,
        run_id: str,
        *,
        answer: str | None = None,
        reject: str | None = None,
        by: str = "operator",
        roles: Sequence[str] = (),
        tenant: str | None = None,
        review: int | None = None,
    ) -> Outcome:
        """Go on with a run: wait for one that is under way, or decide one that is in review.

        Args:
            run_id: the run.
            answer: for a run in review: deliver this text; for a review of an effect, take it as what that gave.
            reject: for a run in review: end it as failed, for this reason; for a review of an effect, refuse it.
            by: who decides.
            roles: what they are.
            tenant: whose people they are; one of another tenant than the run's does not decide.
            review: which of the run's reviews, when several are open.

        Returns:
            The outcome as it stands; a run whose plan or agent is absent is ``waiting``, and ``reason`` says for what.

        Raises:
            UsageError: there is no such run, or it is not in review and a decision was given.
            ReviewError: somebody else was faster, or it is not theirs to decide.
        """
        self.check_loop()
        if answer is not None and reject is not None:
            raise UsageError("a review is answered or rejected, not both", hint="give answer=… or reject=…")
        found = self.look_up(run_id)
        if answer is None and reject is None:
            if found.step is None:
                return await asyncio.shield(self._follow(self.drives[found.run]))
            return Outcome(found, found.step)
        says: dict[str, Any] = {"verdict": "rejected"} if answer is None else {"verdict": "answered", "text": answer}
        return await self.say(found.run, review, Speaker(by, roles, tenant, reject or ""), {"decides": says})

    async def say(self, run: int, review: int | None, who: Speaker, says: dict[str, Any], *, wait: bool = True) -> Outcome:
        """A person's word, and how the run stands when what follows from it has settled.

        Without ``wait``, how it stands when the word is durable.
        """
        try:
            word = orjson.dumps({**who._asdict(), "roles": list(who.roles), "says": says})
            with self.recovery.naming(self.engine):
                started = self.engine.review(run, review, word)
        except (TypeError, UnicodeEncodeError) as error:
            raise unreadable("the decision", error) from None
        step = started.step
        self._go_on(started)
        if step is not None and step.kind == Step.SETTLED:
            await self.commits.wait(step.ticket)
            return Outcome(started, step)
        if not wait:
            stands = self.engine.stand(started.run)
            await self.commits.wait(stands.ticket)
            return Outcome(started, stands)
        return await asyncio.shield(self._follow(self.drives[started.run]))

    async def fork(self, run_id: str, *, at: int, text: str | None = None, data: Any = None, rules: bool = True) -> Run:
        """Start a new run as a copy of another one's first frames, and go on from there with what this runtime has now.

        What happened up to there has happened: the answers stand, and an effect that the new run asks for with the same arguments at the
        same place is the same effect, under the same key.

        Args:
            run_id: the run.
            at: the number of the last event that is copied (``event.seq``, from 0).
            text: in place of the message that was given there; the same message, if there is none.
            data: JSON beside the text.
            rules: route by the rules that are in force now, and not by those that the run was started under.

        Raises:
            UsageError: there is no such run or event, or data without a text.
            RunError: the run was over there, or takes no message there.
        """
        self.check_loop()
        if isinstance(at, bool) or not isinstance(at, int) or not 0 <= at < 2**32:
            raise UsageError(f"at is {at!r}", hint="give the number of an event, from 0: `await runtime.history(run_id)` shows them")
        if data is not None and text is None:
            raise UsageError("data is given without a text", hint="give text=… too, if only an empty one")
        found = self.look_up(run_id)
        try:
            with self.recovery.naming(self.engine):
                started = self.engine.derive(found.run, at, text, None if data is None else orjson.dumps(data), rules)
        except (TypeError, UnicodeEncodeError) as error:
            raise unreadable("the fork", error) from None
        step = started.step
        self._go_on(started)
        if step is not None and step.kind == Step.SETTLED:
            await self.commits.wait(step.ticket)
            outcome: asyncio.Future[Outcome] = self.loop.create_future()
            outcome.set_result(Outcome(started, step))
            return Run(started.id, outcome, lambda _: False)
        drive = self.drives[started.run]
        return Run(started.id, self._follow(drive), lambda reason: self._cancel(drive, reason))
