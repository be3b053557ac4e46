"""Telling a hook, or a webhook, what happens to reviews, beside the runs: whatever becomes of it, no run waits for it or fails by it.

What is told is durable before it is told. It is told at least once as long as the process lives; what was not told when it ends is not
made up for, so whoever must not miss anything also lists the open reviews now and then.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import orjson

from interlock._core import Engine
from interlock.reviews import Review
from interlock.webhook import TRY_AGAIN, Webhook

if TYPE_CHECKING:
    from interlock.runtime.runtime import Runtime

Happened: TypeAlias = Literal["opened", "claimed", "reassigned", "escalated", "signed", "decided", "expired", "withdrawn"]
Hook: TypeAlias = Callable[[Review, Happened], Awaitable[None] | None]

LANES = 8
"""So many runs are told about at a time; of one run, everything in order."""
GRACE = 1.0
"""Seconds that are left for telling what is on its way when the runtime closes."""


class Notice(NamedTuple):
    """Something that is to be told."""

    run: int
    review: int
    seq: int
    what: Happened
    ticket: int


class Notices:
    """What is still to be told."""

    def __init__(self, runtime: Runtime, hooks: tuple[Hook | Webhook, ...]) -> None:
        self._runtime = runtime
        self._hooks = hooks
        self._lanes: list[deque[Notice]] = [deque() for _ in range(LANES)]
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._closing = asyncio.Event()
        self._threads: ThreadPoolExecutor | None = None

    def listen(self, engine: Engine) -> None:
        """This engine tells of reviews from now on. What one before it told and could not commit did not happen."""
        if self._hooks:
            engine.tell_of_reviews()

    def collect(self) -> None:
        """Something happened to reviews."""
        if not self._hooks:
            return
        for told in self._runtime.engine.review_news():
            notice = Notice(*told)  # type: ignore[arg-type]  # the core's words are ours
            lane = notice.run % LANES
            self._lanes[lane].append(notice)
            if lane not in self._tasks:
                self._tasks[lane] = self._runtime.loop.create_task(self._work(lane), name="interlock: telling of reviews")

    async def close(self) -> None:
        """Tell what is left, once each and not for long."""
        self._closing.set()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks.values(), timeout=GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        left = sum(len(lane) for lane in self._lanes)
        if left:
            self._report(f"the runtime was closed before its hook was told {left} things about reviews", None)
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def _work(self, lane: int) -> None:
        waiting = self._lanes[lane]
        try:
            while waiting:
                await self._tell(waiting[0])
                waiting.popleft()
        finally:
            del self._tasks[lane]

    async def _tell(self, notice: Notice) -> None:
        try:
            await self._runtime.commits.wait(notice.ticket)
            review = await self._in_thread(self._runtime.reviews.shown, notice.run, notice.review)
        except Exception as error:  # a journal that stopped, a run that is not kept any more, or a mask that raises
            self._report(f"a hook can't be told that review {notice.review} of run number {notice.run} was {notice.what}", error)
            return
        for hook in self._hooks:
            try:
                if isinstance(hook, Webhook):
                    await self._post(hook, review, notice)
                elif inspect.iscoroutinefunction(hook):
                    await hook(review, notice.what)
                else:
                    await self._in_thread(hook, review, notice.what)
            except Exception as error:
                self._report(f"the hook that is told of reviews raised at review {review.number} of run {review.run_id}", error)

    async def _post(self, hook: Webhook, review: Review, notice: Notice) -> None:
        delivery = f"{review.run_id}-{review.number}-{notice.seq}"
        body = orjson.dumps({"id": delivery, "event": notice.what, "review": review.to_json()})
        failure: BaseException | None = None
        for attempt in range(hook.retries + 1):
            if attempt and await self._is_closing_within(hook.backoff * 2 ** (attempt - 1)):
                break
            try:
                status = await self._in_thread(hook.post, body, delivery)
            except Exception as error:  # nobody answers, or not as HTTP is spoken
                failure = error
                continue
            if status < 300:
                return
            failure = ConnectionError(f"it answered {status}")
            if status < 500 and status not in TRY_AGAIN:
                break
        self._report(f"webhook {hook.url} was not told that review {review.number} of run {review.run_id} was {notice.what}", failure)

    async def _is_closing_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def _in_thread(self, function: Callable[..., Any], *given: Any) -> Any:
        """In threads of its own, so that an endpoint that hangs takes none from tools."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(LANES, thread_name_prefix="interlock-notices")
        return await self._runtime.loop.run_in_executor(self._threads, function, *given)

    def _report(self, message: str, error: BaseException | None) -> None:
        """Never silent: the loop's handler says it."""
        context: dict[str, Any] = {"message": message}
        if error is not None:
            context["exception"] = error
        self._runtime.loop.call_exception_handler(context)
