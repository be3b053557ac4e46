"""Who may decide a review: whose roles give ``review.decide``, where some role does, of the run's tenant, and whom no policy forbids."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import interlock as il
import pytest

ROLES = """
guardrails:
  roles:
    customer: {scopes: [refund.request]}
    lead: {extends: [customer], scopes: [review.decide]}
"""
Say = Callable[[il.Runtime, str], Awaitable[Any]]


@il.agent
async def asks(message: il.Message, ctx: il.Context) -> str:
    return "a reply that nobody is sure of"


PLAN = il.Sequential("desk", [asks]).approved_by(il.Approve())


async def held(runtime: il.Runtime, user: il.User | None = None) -> str:
    outcome = await runtime.run(PLAN, "hello", user=user)
    assert outcome.status == "in_review"
    return outcome.run_id


def opened(config: str, path: Path | None = None) -> il.Runtime:
    return il.open(path, plans=[PLAN], config=il.Config.parse(config) if config else None)


async def denials(runtime: il.Runtime, run_id: str) -> list[tuple[str, str]]:
    ruled = [event.fields["ruling"] for event in await runtime.history(run_id) if event.kind == "gate_ruled"]
    return [(one["gate"], one["resource"]) for one in ruled if one["verdict"] == "denied"]


async def test_a_lead_decides() -> None:
    async with opened(ROLES) as runtime:
        outcome = await runtime.reviews.approve(await held(runtime), by="ada", roles=["lead"])
    assert outcome.status == "delivered"


@pytest.mark.parametrize(
    "say",
    [
        lambda runtime, run: runtime.reviews.approve(run, by="eve", roles=["customer"]),
        lambda runtime, run: runtime.reviews.reject(run, by="eve", roles=["customer"]),
        lambda runtime, run: runtime.reviews.answer(run, by="eve", roles=[], text="mine"),
        lambda runtime, run: runtime.reviews.edit(run, by="eve", roles=["nobody"], text="mine"),
        lambda runtime, run: runtime.reviews.claim(run, by="eve", roles=["customer"]),
        lambda runtime, run: runtime.reviews.reassign(run, by="eve", roles=["customer"], role="customer"),
        lambda runtime, run: runtime.resume(run, answer="mine", by="eve", roles=["customer"]),
    ],
)
async def test_a_customer_may_not_say_anything_of_a_review(say: Say) -> None:
    async with opened(ROLES) as runtime:
        run_id = await held(runtime)
        with pytest.raises(il.ReviewError, match='"eve" may not decide') as denied:
            await say(runtime, run_id)
        assert denied.value.code == "review.denied"
        assert denied.value.run_id == run_id
        assert await denials(runtime, run_id) == [("G8", "desk")]
        [review] = await runtime.reviews.list()
        assert review.claimed_by is None
        outcome = await runtime.reviews.approve(run_id, by="ada", roles=["lead"])
        assert outcome.status == "delivered"


async def test_a_refusal_is_kept_and_the_review_stays_open(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with opened(ROLES, path) as runtime:
        run_id = await held(runtime)
    async with opened(ROLES, path) as runtime:
        with pytest.raises(il.ReviewError):
            await runtime.reviews.approve(run_id, by="eve", roles=["customer"])
    async with opened(ROLES, path) as runtime:
        assert await denials(runtime, run_id) == [("G8", "desk")]
        assert (await runtime.reviews.approve(run_id, by="ada", roles=["lead"])).status == "delivered"


@pytest.mark.parametrize("config", ["", "guardrails: {roles: {customer: {scopes: [refund.request]}}}"])
async def test_everybody_may_where_no_role_gives_the_scope(config: str) -> None:
    async with opened(config) as runtime:
        assert (await runtime.reviews.approve(await held(runtime), by="eve")).status == "delivered"


async def test_a_policy_by_hand_forbids_one_person(tmp_path: Path) -> None:
    (tmp_path / "extra.cedar").write_text('forbid(principal == User::"eve", action == Action::"DecideReview", resource);')
    config = il.Config.parse("guardrails: {policies: [extra.cedar]}", folder=tmp_path)
    async with il.open(plans=[PLAN], config=config) as runtime:
        run_id = await held(runtime)
        with pytest.raises(il.ReviewError, match=r"extra\.cedar"):
            await runtime.reviews.approve(run_id, by="eve")
        assert (await runtime.reviews.approve(run_id, by="ada")).status == "delivered"


ANN = il.User("ann", tenant="acme")


@pytest.mark.parametrize("config", ["", ROLES])
@pytest.mark.parametrize(
    "say",
    [
        lambda runtime, run: runtime.reviews.approve(run, by="lea", roles=["lead"], tenant="evil"),
        lambda runtime, run: runtime.reviews.reject(run, by="lea", roles=["lead"], tenant="evil"),
        lambda runtime, run: runtime.reviews.answer(run, by="lea", roles=["lead"], tenant="evil", text="mine"),
        lambda runtime, run: runtime.reviews.edit(run, by="lea", roles=["lead"], tenant="evil", text="mine"),
        lambda runtime, run: runtime.reviews.claim(run, by="lea", roles=["lead"], tenant="evil"),
        lambda runtime, run: runtime.reviews.reassign(run, by="lea", roles=["lead"], tenant="evil", role="lead"),
        lambda runtime, run: runtime.resume(run, answer="mine", by="lea", roles=["lead"], tenant="evil"),
    ],
)
async def test_a_lead_of_another_tenant_may_not_say_anything_of_a_review(say: Say, config: str) -> None:
    async with opened(config) as runtime:
        run_id = await held(runtime, ANN)
        with pytest.raises(il.ReviewError, match='they are of tenant "evil", and the run is another tenant') as denied:
            await say(runtime, run_id)
        assert denied.value.code == "review.denied"
        assert await denials(runtime, run_id) == [("G8", "desk")]
        [review] = await runtime.reviews.list()
        assert review.claimed_by is None
        assert (await runtime.reviews.approve(run_id, by="lea", roles=["lead"], tenant="acme")).status == "delivered"


@pytest.mark.parametrize(
    ("user", "tenant"),
    [(ANN, None), (ANN, "acme"), (None, "acme"), (il.User("bob"), "acme"), (None, None)],
    ids=["the service's own", "the run's", "of a run without a user", "of a user without a tenant", "nobody's at all"],
)
async def test_a_tenant_that_nothing_differs_from_may_decide(user: il.User | None, tenant: str | None) -> None:
    async with opened(ROLES) as runtime:
        outcome = await runtime.reviews.approve(await held(runtime, user), by="lea", roles=["lead"], tenant=tenant)
    assert outcome.status == "delivered"


async def test_the_tenant_counts_after_a_restart_and_nothing_of_it_is_kept_as_a_decision(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    async with opened("", path) as runtime:
        run_id = await held(runtime, ANN)
    async with opened("", path) as runtime:
        with pytest.raises(il.ReviewError, match="another tenant"):
            await runtime.reviews.approve(run_id, by="lea", tenant="evil")
        assert (await runtime.reviews.get(run_id)).closed is None


async def test_another_tenants_review_is_not_shown_to_who_names_a_tenant() -> None:
    async with opened("") as runtime:
        run_id = await held(runtime, ANN)
        for unmask in (False, True):
            with pytest.raises(il.ReviewError, match="is another tenant's than 'evil'") as denied:
                await runtime.reviews.get(run_id, tenant="evil", unmask=unmask)
            assert denied.value.code == "review.not-yours"
            assert (await runtime.reviews.get(run_id, tenant="acme", unmask=unmask)).about is not None


async def test_a_policy_by_hand_asks_for_the_tenant_of_whoever_decides(tmp_path: Path) -> None:
    """Where the service has no people of its own, nobody without a tenant decides."""
    policy = 'forbid(principal, action == Action::"DecideReview", resource) unless { principal has tenant && resource has tenant };'
    (tmp_path / "extra.cedar").write_text(policy)
    config = il.Config.parse("guardrails: {policies: [extra.cedar]}", folder=tmp_path)
    async with il.open(plans=[PLAN], config=config) as runtime:
        run_id = await held(runtime, ANN)
        with pytest.raises(il.ReviewError, match=r"extra\.cedar"):
            await runtime.reviews.approve(run_id, by="ada")
        assert (await runtime.reviews.approve(run_id, by="ada", tenant="acme")).status == "delivered"


async def test_a_tenant_is_a_name() -> None:
    async with opened("") as runtime:
        run_id = await held(runtime, ANN)
        with pytest.raises(il.UsageError, match="tenant is 7"):
            await runtime.reviews.approve(run_id, by="ada", tenant=7)  # type: ignore[arg-type]
