"""``runtime.reviews``: what waits for people, and what they say about it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from interlock.errors import ReviewError, UsageError
from interlock.message import Outcome
from interlock.reviews import Mask, Review, Verdict, microseconds, review_of, word_of
from interlock.runtime.deciding import Speaker

if TYPE_CHECKING:
    from interlock.runtime.runtime import Runtime


class Reviews:
    """The reviews of one runtime.

    Whoever speaks gives ``by``, their name, ``roles``, what they are, and ``tenant``, whose people they are: check them before you
    pass them on. Who names a tenant has no part in the reviews of another tenant's runs; who names none is the service's own.

    What can't be taken raises ``ReviewError`` with one of these codes: ``review.closed`` (somebody was faster; the message says who),
    ``review.claimed``, ``review.not-yours``, ``review.denied``, ``review.signed-already``, ``review.not-possible`` and ``review.unknown``.
    """

    def __init__(self, runtime: Runtime, mask: Mask | None) -> None:
        self._runtime = runtime
        self._mask = mask

    async def list(
        self,
        *,
        role: str | None = None,
        person: str | None = None,
        plan: str | None = None,
        run_id: str | None = None,
        tenant: str | None = None,
        due_before: datetime | None = None,
        limit: int = 100,
        after: Review | None = None,
    ) -> list[Review]:
        """Open reviews, oldest first, without what was said in their runs.

        Args:
            role: only those that this role may decide.
            person: only those that were given to this person.
            plan: only those of runs of this plan.
            run_id: only those of this run.
            tenant: only those of runs whose user is of this tenant, and of runs without a tenant.
            due_before: only those that are due before this moment.
            limit: at most so many.
            after: the last one of the page before.

        Raises:
            UsageError: an argument can't mean anything.
        """
        self._runtime.check_loop()
        names = {"role": role, "person": person, "plan": plan, "run_id": run_id, "tenant": tenant}
        asked = filter_text(**names, due_before=due_before, limit=limit, after=after)
        found = await asyncio.to_thread(self._runtime.engine.open_reviews, asked)
        return [review_of(row, self._mask) for row in orjson.loads(found)]

    async def get(
        self,
        run_id: str,
        review: int | None = None,
        *,
        unmask: bool = False,
        by: str | None = None,
        roles: Sequence[str] = (),
        tenant: str | None = None,
    ) -> Review:
        """A review with all that whoever decides should see; also one that is closed.

        Args:
            run_id: the run.
            review: which of its reviews; may be left out when one is open.
            unmask: the texts as they were said, for who has the role, or is the person, that its terms name.
            by: who asks, for ``unmask``.
            roles: what they are.
            tenant: whose people they are; a review of another tenant's run is not shown, not even masked.

        Raises:
            UsageError: there is no such run, no open review, or several and none was named.
            ReviewError: there is no such review, or it or the texts are not theirs to see.
        """
        return self.shown(self._number(run_id), review, unmask=unmask, by=by, roles=roles, tenant=tenant)

    def shown(
        self,
        run: int,
        review: int | None,
        *,
        unmask: bool = False,
        by: str | None = None,
        roles: Sequence[str] = (),
        tenant: str | None = None,
    ) -> Review:
        """As ``get``, for the run with this number in the journal."""
        told = orjson.loads(self._runtime.engine.show_review(run, review))
        theirs = (told["user"] or {}).get("tenant")
        if tenant is not None and theirs is not None and tenant != theirs:
            message = f"review {told['review']} of run {told['run_id']} is another tenant's than {tenant!r}"
            hint = "ask with the tenant of the run's user"
            raise ReviewError(message, hint=hint, code="review.not-yours", run_id=told["run_id"])
        if not unmask:
            return review_of(told, self._mask)
        role, person = told["role"], told["person"]
        if (role is not None and role not in roles) or (person is not None and person != by):
            who = " in ".join(part for part in (person and f"{person!r}", role and f"role {role!r}") if part)
            message = f"review {told['review']} of run {told['run_id']} is shown unmasked to {who}, and {by or 'whoever asks'!r} is not"
            raise ReviewError(message, hint="look at it masked, or reassign it", code="review.not-yours", run_id=told["run_id"])
        return review_of(told)

    async def claim(
        self,
        run_id: str,
        *,
        by: str,
        roles: Sequence[str] = (),
        tenant: str | None = None,
        review: int | None = None,
        for_: float = 300.0,
    ) -> Review:
        """Say that you are at it: nobody else decides for so many seconds. Claiming it again prolongs that.

        Raises:
            ReviewError: somebody else is at it, or it is not theirs to decide, or closed.
        """
        if isinstance(for_, bool) or not isinstance(for_, int | float) or not 0.001 <= for_ <= 86_400:
            raise UsageError(f"for_ is {for_!r} s", hint="give at least 0.001 s, and at most a day")
        return await self._talk(run_id, review, Speaker(by, roles, tenant), {"claims": {"for_ms": max(1, round(for_ * 1_000))}})

    async def reassign(
        self,
        run_id: str,
        *,
        by: str,
        role: str | None = None,
        person: str | None = None,
        roles: Sequence[str] = (),
        tenant: str | None = None,
        reason: str = "",
        review: int | None = None,
    ) -> Review:
        """Ask others: those with a role, one person, or one person in a role. A claim, and what was signed, is void then.

        Raises:
            UsageError: nobody is named.
            ReviewError: it is not theirs to decide, or closed, or needs several people and would be given to one.
        """
        if not role and not person:
            raise UsageError("nobody is named to whom the review goes", hint="give role=… or person=…")
        return await self._talk(run_id, review, Speaker(by, roles, tenant, reason), {"reassigns": {"role": role, "person": person}})

    async def approve(
        self,
        run_id: str,
        *,
        by: str,
        roles: Sequence[str] = (),
        tenant: str | None = None,
        reason: str = "",
        review: int | None = None,
        wait: bool = True,
    ) -> Outcome:
        """Let happen what was asked about. Where several must agree, a yes signs what the others have proposed.

        Args:
            run_id: the run.
            by: who decides. The journal keeps this name for ever.
            roles: what they are.
            tenant: whose people they are; one of another tenant than the run's does not decide. None: the service's own.
            reason: why, in their words.
            review: which of the run's reviews; may be left out when one is open.
            wait: for what follows; otherwise the outcome says how the run stands when the decision is durable.

        Raises:
            UsageError: there is no such run, no open review, or several and none was named.
            ReviewError: it can't be said by them, or of this review, or any more.
        """
        return await self._decide(run_id, review, Speaker(by, roles, tenant, reason), wait, "approve")

    async def reject(
        self,
        run_id: str,
        *,
        by: str,
        roles: Sequence[str] = (),
        tenant: str | None = None,
        reason: str = "",
        review: int | None = None,
        wait: bool = True,
    ) -> Outcome:
        """Refuse it: a run, or its answer, then fails; an effect does not happen, and its agent gets ``il.Denied``. One no is enough."""
        return await self._decide(run_id, review, Speaker(by, roles, tenant, reason), wait, "reject")

    async def edit(
        self,
        run_id: str,
        *,
        by: str,
        text: str | None = None,
        data: Any = None,
        arguments: Mapping[str, Any] | None = None,
        roles: Sequence[str] = (),
        tenant: str | None = None,
        reason: str = "",
        review: int | None = None,
        wait: bool = True,
    ) -> Outcome:
        """Let something else happen in its place: an answer with another ``text`` or ``data``, an effect with other ``arguments``.

        Of an answer, what is left out stays as it is; the arguments of an effect are given in full.
        """
        number = self._number(run_id)
        told = orjson.loads(self._runtime.engine.show_review(number, review))
        if told["subject"] == "effect":
            if not isinstance(arguments, Mapping) or text is not None or data is not None:
                raise UsageError("an effect is edited by its arguments", hint="give arguments={…}, all of them")
            content: dict[str, Any] = {"data": as_text(dict(arguments))}
        else:
            if arguments is not None or (text is None and data is None):
                raise UsageError("an answer is edited by its text or its data", hint="give text=… or data=…")
            about = told["about"]
            kept = about["data"] if data is None else data
            content = {"text": about["text"] if text is None else text, "data": None if kept is None else as_text(kept)}
        return await self._decide(run_id, told["review"], Speaker(by, roles, tenant, reason), wait, "edit", content)

    async def answer(
        self,
        run_id: str,
        *,
        by: str,
        text: str | None = None,
        data: Any = None,
        roles: Sequence[str] = (),
        tenant: str | None = None,
        reason: str = "",
        review: int | None = None,
        wait: bool = True,
    ) -> Outcome:
        """Say it yourself: the run is delivered with this answer.

        Of an effect, ``data`` (or the text) is what it gave, and it is not called.
        """
        if text is None and data is None:
            raise UsageError("an answer has a text or data", hint="give text=… or data=…")
        content = {"text": text, "data": None if data is None else as_text(data)}
        return await self._decide(run_id, review, Speaker(by, roles, tenant, reason), wait, "answer", content)

    async def _decide(
        self,
        run_id: str,
        review: int | None,
        who: Speaker,
        wait: bool,
        verdict: Verdict,
        content: Mapping[str, Any] | None = None,
    ) -> Outcome:
        says = {"decides": {"verdict": word_of(verdict), **(content or {})}}
        return await self._runtime.say(self._number(run_id), review, _checked(who), says, wait=wait)

    async def _talk(self, run_id: str, review: int | None, who: Speaker, says: dict[str, Any]) -> Review:
        """Something after which the review is open still."""
        number = self._number(run_id)
        if review is None:
            review = orjson.loads(self._runtime.engine.show_review(number, None))["review"]
        await self._runtime.say(number, review, _checked(who), says, wait=False)
        return self.shown(number, review)

    def _number(self, run_id: str) -> int:
        self._runtime.check_loop()
        return self._runtime.look_up(run_id).run


def _checked(who: Speaker) -> Speaker:
    if not isinstance(who.by, str) or not who.by.strip():
        raise UsageError(f"by is {who.by!r}, and a name is expected", hint="say who decides: the journal keeps it")
    if isinstance(who.roles, str):
        raise UsageError(f"roles is the text {who.roles!r}", hint=f"write roles=[{who.roles!r}]")
    if who.tenant is not None and not isinstance(who.tenant, str):
        raise UsageError(f"tenant is {who.tenant!r}", hint="give a name, or leave it out for the service's own people")
    if not isinstance(who.reason, str):
        raise UsageError(f"reason is {who.reason!r}", hint="give a text")
    return who


def as_text(value: Any) -> str:
    """JSON as a text.

    Raises:
        UsageError: JSON can't hold it.
    """
    try:
        return orjson.dumps(value).decode()
    except TypeError as error:
        raise UsageError(f"the decision can't be recorded: {error}", hint="use what JSON can hold") from None


def filter_text(
    *,
    role: str | None = None,
    person: str | None = None,
    plan: str | None = None,
    run_id: str | None = None,
    tenant: str | None = None,
    due_before: datetime | None = None,
    limit: int | None = None,
    after: Review | None = None,
) -> bytes:
    """Which reviews to list, as the core reads it.

    Raises:
        UsageError: an argument can't mean anything.
    """
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 0):
        raise UsageError(f"limit is {limit!r}", hint="give a whole number")
    asked = {
        "role": role,
        "person": person,
        "plan": plan,
        "run_id": run_id,
        "tenant": tenant,
        "due_before_us": None if due_before is None else microseconds(due_before),
        "after": None if after is None else (microseconds(after.opened), after.run_id, after.number),
        "limit": limit,
    }
    try:
        return orjson.dumps(asked)
    except TypeError as error:
        raise UsageError(f"the reviews can't be listed: {error}", hint="give names as texts") from None
