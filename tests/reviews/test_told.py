"""Whoever wants to know is told what happens to reviews: a function, or a service over HTTP. Runs never wait for it."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import interlock as il
import pytest
from asked import BRIEF, EFFECT, RUN, Shop, delivery, until
from cast import soon
from interlock.webhook import DELIVERY, SIGNATURE, sign

SECRET = "between us"  # noqa: S105


class Desk:
    """A service that is told, on a real socket. It fails as often as it is asked to."""

    def __init__(self) -> None:
        self.failures: list[int] = []
        self.received: list[tuple[dict[str, str], bytes]] = []
        desk = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                desk.received.append((dict(self.headers), body))
                self.send_response(desk.failures.pop(0) if desk.failures else 204)
                self.end_headers()

            def log_message(self, format: str, *given: Any) -> None:
                """Quietly."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/reviews?from=tests"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    async def told(self, count: int) -> list[dict[str, Any]]:
        await until(lambda: len(self.received) >= count)
        return [json.loads(body) for _, body in self.received]


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.close()


@pytest.mark.parametrize("is_async", [True, False])
async def test_a_function_is_told_in_order(is_async: bool, tmp_path: Path) -> None:
    told: list[tuple[str, il.Review]] = []

    async def hear(review: il.Review, what: str) -> None:
        told.append((what, review))

    def note(review: il.Review, what: str) -> None:
        told.append((what, review))

    plan = delivery(il.Approve(role="editor", approvals=2))
    async with il.open(tmp_path / "runs.db", plans=[plan], on_review=hear if is_async else note) as runtime:
        held = await runtime.run(plan, "write to Ada")
        desk, who = runtime.reviews, {"roles": ["editor", "chief"]}
        await desk.claim(held.run_id, by="ada", **who)
        await desk.reassign(held.run_id, by="ada", role="chief", **who)
        await desk.approve(held.run_id, by="ada", **who)
        await desk.approve(held.run_id, by="bob", **who)
        await until(lambda: len(told) >= 5)
    assert [what for what, _ in told] == ["opened", "claimed", "reassigned", "signed", "decided"]
    assert {review.run_id for _, review in told} == {held.run_id}
    closed = told[-1][1].closed
    assert closed is not None
    assert (closed.verdict, closed.by) == ("approve", "bob")
    assert told[0][1].about is not None


async def test_the_end_of_the_time_and_of_the_run_are_told_too() -> None:
    told: list[str] = []
    gate = asyncio.Event()

    async def waits(message: il.Message, ctx: il.Context) -> str:
        await ctx.tool("refund", order="A-7", amount=1)
        return "paid"

    async def other(message: il.Message, ctx: il.Context) -> str:
        await gate.wait()
        return "done"

    pair = il.Concurrent("pair", [il.agent(waits, name="waits"), il.agent(other, name="other")], reconcile=il.highest_confidence())
    late = delivery(il.Approve(role="editor", due=BRIEF, on_expiry=il.escalate("chief")))
    rejected = il.Sequential("other letter", [il.agent(other, name="late")]).approved_by(il.Approve(due=BRIEF))
    gate.set()
    shop = Shop()
    async with il.open(
        plans=[pair, late, rejected], tools=[shop.tool(il.Approve())], on_review=lambda review, what: told.append(f"{review.plan} {what}")
    ) as runtime:
        await soon(runtime.run(late, "write"))
        await soon(runtime.run(rejected, "write"))
        gate.clear()
        run = await runtime.start(pair, "pay")
        await until(lambda: runtime.reviews.list(run_id=run.run_id))
        run.cancel()
        await soon(run)
        await until(lambda: len(told) >= 6)
    assert sorted(told) == sorted([
        "letter opened", "letter escalated", "other letter opened", "other letter expired", "pair opened", "pair withdrawn",
    ])  # fmt: skip


async def test_a_hook_that_raises_stops_no_run_and_is_not_silent() -> None:
    reported: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))

    def breaks(review: il.Review, what: str) -> None:
        raise RuntimeError("the pager is broken")

    async with il.open(plans=[RUN], on_review=breaks) as runtime:
        asked = await runtime.run(RUN, "hello")
        assert (await runtime.reviews.answer(asked.run_id, by="ada", text="fine")).status == "delivered"
        await until(lambda: len(reported) >= 2)
    assert all("raised at review 0 of run" in report["message"] for report in reported)


async def test_a_webhook_is_signed_and_says_what_happened_once_each(desk: Desk, tmp_path: Path) -> None:
    hook = il.Webhook(desk.url, secret=SECRET)
    shop = Shop()
    async with il.open(
        tmp_path / "runs.db", plans=[EFFECT], tools=[shop.tool(il.Approve(role="finance"))], on_review=hook, mask=lambda text: text.upper()
    ) as runtime:
        held = await soon(runtime.run(EFFECT, "pay it back", user="u-1"))
        await soon(runtime.reviews.approve(held.run_id, by="ada", roles=["finance"], reason="fine"))
        opened, decided = await desk.told(2)
    assert (opened["event"], decided["event"]) == ("opened", "decided")
    assert opened["id"] != decided["id"]
    assert opened["review"]["arguments"] == {"order": "A-7", "amount": 90}
    assert opened["review"]["said"][0]["text"] == "PAY IT BACK"
    assert decided["review"]["closed"]["by"] == "ada"
    for headers, body in desk.received:
        assert il.verify_webhook(body, headers[SIGNATURE], SECRET) <= time.time()
        assert headers[DELIVERY] == json.loads(body)["id"]
        assert headers["Content-Type"] == "application/json"
        with pytest.raises(il.Denied):
            il.verify_webhook(body + b" ", headers[SIGNATURE], SECRET)
        with pytest.raises(il.Denied):
            il.verify_webhook(body, headers[SIGNATURE], "another secret")


async def test_a_service_that_fails_is_told_again_under_the_same_id(desk: Desk) -> None:
    desk.failures = [500, 503, 429]
    async with il.open(plans=[RUN], on_review=il.Webhook(desk.url, secret=SECRET, backoff=0.01)) as runtime:
        await runtime.run(RUN, "hello")
        told = await desk.told(4)
    assert len({one["id"] for one in told}) == 1


async def test_a_service_that_refuses_is_not_told_again_and_somebody_hears_of_it(desk: Desk) -> None:
    reported: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    desk.failures = [401]
    async with il.open(plans=[RUN], on_review=il.Webhook(desk.url, backoff=0.01)) as runtime:
        await runtime.run(RUN, "hello")
        await until(lambda: len(reported) >= 1)
    assert len(desk.received) == 1
    assert SIGNATURE not in desk.received[0][0]
    assert "was not told that review 0 of run" in reported[0]["message"]
    assert "401" in str(reported[0]["exception"])


async def test_a_service_that_is_not_there_delays_no_run() -> None:
    reported: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    async with il.open(plans=[RUN], on_review=il.Webhook("http://127.0.0.1:9/", retries=1, backoff=0.01)) as runtime:
        asked = await runtime.run(RUN, "hello")
        assert (await runtime.reviews.answer(asked.run_id, by="ada", text="fine")).status == "delivered"
        await until(lambda: len(reported) >= 2)
    assert all(isinstance(report["exception"], OSError) for report in reported)


async def test_closing_says_what_was_not_told_any_more() -> None:
    reported: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    gate = asyncio.Event()

    async def hangs(review: il.Review, what: str) -> None:
        await gate.wait()

    async with il.open(plans=[RUN], on_review=hangs) as runtime:
        await runtime.run(RUN, "hello")
    assert [report["message"] for report in reported] == ["the runtime was closed before its hook was told 1 things about reviews"]


@pytest.mark.parametrize("header", [None, "", "t=1", "v1=00", "t=x,v1=00", "t=99999999999999999999,v1=00", "t=-1,v1=é"])
def test_a_request_without_our_signature_is_refused(header: str | None) -> None:
    with pytest.raises(il.Denied) as caught:
        il.verify_webhook(b"{}", header, SECRET)
    assert caught.value.code == "denied.signature"


def test_what_was_overheard_can_not_be_sent_again_later() -> None:
    old = sign(b"{}", SECRET, int(time.time()) - 600)
    with pytest.raises(il.Denied, match="300 s are allowed"):
        il.verify_webhook(b"{}", old, SECRET)
    assert il.verify_webhook(b"{}", old, SECRET, tolerance=3_600)


@pytest.mark.parametrize(
    "given",
    [
        {"url": "ftp://desk.example"}, {"url": "desk"}, {"url": "http://"}, {"url": "https://desk.example", "secret": ""},
        {"url": "https://desk.example", "retries": -1}, {"url": "https://desk.example", "timeout": 0},
        {"url": "https://desk.example", "backoff": True},
    ],
)  # fmt: skip
def test_a_webhook_that_can_not_work_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(il.UsageError) as caught:
        il.Webhook(**given)
    assert caught.value.hint


def test_a_secret_is_not_shown() -> None:
    assert SECRET not in repr(il.Webhook("https://desk.example", secret=SECRET))


def test_a_hook_that_is_none_is_refused() -> None:
    with pytest.raises(il.UsageError, match="on_review is 7"):
        il.open(on_review=7)  # type: ignore[arg-type]
    with pytest.raises(il.UsageError, match="mask is"):
        il.open(mask="x")  # type: ignore[arg-type]
