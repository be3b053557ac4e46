"""``reviews:`` in the YAML file: terms for plans that state none, a webhook, and what is wrong with either, by path and line."""

from __future__ import annotations

import asyncio

import interlock as il
import pytest
from asked import BRIEF, RUN, delivery, until_settled
from cast import soon

WHOLE = """
reviews:
  role: support_lead
  approvals: 2
  due: 4h
  on_expiry: {escalate: manager}
  webhook: {url: "https://desk.example/hook", secret_env: DESK_SECRET, timeout: 2s, retries: 0}
"""


def test_terms_and_webhook_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    config = il.Config.parse(WHOLE)
    assert config.reviews == il.Terms(role="support_lead", approvals=2, due=14_400.0, on_expiry=il.escalate("manager"))
    monkeypatch.setenv("DESK_SECRET", "between us")
    assert config.webhook() == il.Webhook("https://desk.example/hook", secret="between us", timeout=2.0, retries=0)  # noqa: S106


def test_a_file_without_reviews_says_nothing_of_them() -> None:
    assert il.Config.parse("limits: {max_runs: 3}").reviews is None
    assert il.Config.parse("limits: {max_runs: 3}").webhook() is None


def test_a_secret_that_the_environment_lacks_is_a_configuration_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DESK_SECRET", raising=False)
    with pytest.raises(il.ConfigError, match="no variable 'DESK_SECRET'") as caught:
        il.open(config=il.Config.parse(WHOLE))
    assert (caught.value.path, caught.value.line) == ("reviews.webhook.secret_env", 7)


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("reviews: 7", "reviews", "keys with values"),
        ("reviews: {roles: [a]}", "reviews.roles", "not a known key"),
        ("reviews: {approvals: 0}", "reviews.approvals", "whole number from 1"),
        ("reviews: {approvals: 101}", "reviews.approvals", "approvals is 101"),
        ("reviews: {due: soon}", "reviews.due", "a time above 0"),
        ("reviews: {due: 9000h}", "reviews.due", "can't be"),
        ("reviews: {on_expiry: shrug}", "reviews.on_expiry", "reject, approve"),
        ("reviews: {on_expiry: {ask: x}}", "reviews.on_expiry.ask", "not a known key"),
        ("reviews: {on_expiry: {}}", "reviews.on_expiry", "names no role"),
        ("reviews: {webhook: {secret_env: X}}", "reviews.webhook", "no `url`"),
        ("reviews: {webhook: {url: desk}}", "reviews.webhook.url", "no address"),
        ("reviews: {webhook: {url: 'https://desk.example', retries: 99}}", "reviews.webhook.retries", "retries is 99"),
        ("reviews: {webhook: {url: 'https://desk.example', timeout: 3h}}", "reviews.webhook.timeout", "timeout is"),
    ],
)
def test_what_is_wrong_is_named_by_path_and_line(text: str, path: str, words: str) -> None:
    with pytest.raises(il.ConfigError, match=words) as caught:
        il.Config.parse(f"# a comment\n{text}")
    assert (caught.value.path, caught.value.line) == (path, 2)
    assert caught.value.hint


async def test_the_terms_hold_for_plans_that_state_none() -> None:
    config = il.Config.parse("reviews: {role: support_lead}")
    own = RUN.reviewed_by(il.Terms(role="chief"))
    async with il.open(plans=[RUN, own], config=config) as runtime:
        general, special = await runtime.run(RUN, "hello"), await runtime.run(own, "hello")
        assert (await runtime.reviews.get(general.run_id)).role == "support_lead"
        assert (await runtime.reviews.get(special.run_id)).role == "chief"
        with pytest.raises(il.ReviewError):
            await runtime.resume(general.run_id, answer="mine", by="bob")
        assert (await runtime.resume(general.run_id, answer="mine", by="bob", roles=["support_lead"])).status == "delivered"
        runtime.apply_config(il.Config.parse("limits: {max_runs: 3}"))
        assert (await runtime.reviews.get((await runtime.run(RUN, "hello")).run_id)).role is None


async def test_the_time_that_the_file_gives_runs_out() -> None:
    config = il.Config.parse(f"reviews: {{due: {int(BRIEF * 1000)}ms}}")
    async with il.open(plans=[RUN], config=config) as runtime:
        asked = await runtime.run(RUN, "hello")
        assert (await until_settled(runtime, asked)).status == "failed"


@pytest.mark.parametrize("when", ["confidence < 0.8", "data.draft == 1", "text.contains('Ada')"])
async def test_an_answer_is_held_when_the_condition_holds(when: str) -> None:
    held, free = delivery(il.Approve(role="editor", when=when)), delivery(il.Approve(when=f"!({when})"), "other")
    async with il.open(plans=[held, free]) as runtime:
        assert (await soon(runtime.run(held, "write"))).status == "in_review"
        assert (await soon(runtime.run(free, "write"))).status == "delivered"
        await asyncio.sleep(0)
        assert len(await runtime.reviews.list()) == 1
