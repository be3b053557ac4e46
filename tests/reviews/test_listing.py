"""The list of what waits: filters, order and pages; kept in the file, checked by verify, and made for files of format 1."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import interlock as il
import pytest
from asked import EFFECT, RUN, Shop, delivery, world
from cast import soon
from interlock import _core


async def test_reviews_are_listed_oldest_first_by_role_person_plan_run_and_time(place: Path | None) -> None:
    letter, shop = delivery(il.Approve(role="editor", due=3_600)), Shop()
    async with world(place, plans=[RUN, EFFECT, letter], tools=[shop.tool(il.Approve(role="finance"))]) as here:
        ids = [(await soon(here.runtime.run(plan, "hello"))).run_id for plan in (RUN, letter, EFFECT, letter)]
        desk = (await here.restart()).reviews
        await desk.reassign(ids[0], by="ada", person="carl")
        everything = await desk.list()
        assert [row.run_id for row in everything] == ids
        assert [row.subject for row in everything] == ["run", "delivery", "effect", "delivery"]
        assert [row.plan for row in everything] == ["lost", "letter", "refunding", "letter"]
        assert [row.tool for row in everything] == [None, None, "refund", None]
        assert all(row.opened.tzinfo is UTC for row in everything)
        assert sorted(row.opened for row in everything) == [row.opened for row in everything]
        assert [row.run_id for row in await desk.list(role="editor")] == [ids[1], ids[3]]
        assert [row.run_id for row in await desk.list(person="carl")] == ids[:1]
        assert [row.run_id for row in await desk.list(plan="refunding")] == [ids[2]]
        assert [row.run_id for row in await desk.list(run_id=ids[3])] == [ids[3]]
        now = datetime.now(UTC)
        assert await desk.list(due_before=now + timedelta(minutes=59)) == []
        assert [row.run_id for row in await desk.list(due_before=now + timedelta(hours=2))] == [ids[1], ids[3]]


async def test_pages_follow_one_another(place: Path | None) -> None:
    async with world(place, plans=[RUN]) as here:
        ids = [(await here.runtime.run(RUN, "hello")).run_id for _ in range(7)]
        seen: list[str] = []
        last: il.Review | None = None
        while page := await here.runtime.reviews.list(limit=3, after=last):
            seen += [row.run_id for row in page]
            last = page[-1]
        assert seen == ids


async def test_a_tenants_people_are_listed_what_is_theirs_and_what_is_nobodys_page_by_page(place: Path | None) -> None:
    async with world(place, plans=[RUN]) as here:
        users = [il.User("ann", tenant="acme"), il.User("eve", tenant="evil"), None, il.User("bob")] * 3
        ids = [(await here.runtime.run(RUN, "hello", user=user)).run_id for user in users]
        theirs = [run_id for run_id, user in zip(ids, users, strict=True) if user is None or user.tenant in (None, "acme")]
        desk = (await here.restart()).reviews
        assert [row.run_id for row in await desk.list(tenant="acme")] == theirs
        seen: list[str] = []
        last: il.Review | None = None
        while page := await desk.list(tenant="acme", limit=2, after=last):
            assert len(page) == min(2, len(theirs) - len(seen))
            seen += [row.run_id for row in page]
            last = page[-1]
        assert seen == theirs
        nobodys = [run_id for run_id, user in zip(ids, users, strict=True) if user is None or user.tenant is None]
        assert [row.run_id for row in await desk.list(tenant="other")] == nobodys
        assert [row.run_id for row in await desk.list()] == ids


async def test_a_tenants_list_looks_past_many_reviews_of_others(place: Path | None) -> None:
    async with world(place, plans=[RUN]) as here:
        for _ in range(300):
            await here.runtime.run(RUN, "hello", user=il.User("eve", tenant="evil"))
        mine = (await here.runtime.run(RUN, "hello", user=il.User("ann", tenant="acme"))).run_id
        assert [row.run_id for row in await here.runtime.reviews.list(tenant="acme", limit=1)] == [mine]
        assert await here.runtime.reviews.list(tenant="acme", limit=0) == []


@pytest.mark.parametrize(
    "asked", [{"due_before": datetime(2026, 1, 1)}, {"limit": -1}, {"role": object()}, {"run_id": "nonsense"}, {"tenant": 7}]
)
async def test_a_list_that_can_not_be_meant_is_refused(asked: dict[str, object]) -> None:
    async with world(None, plans=[RUN]) as here:
        with pytest.raises(ValueError, match=r".+"):
            await here.runtime.reviews.list(**asked)  # type: ignore[arg-type]


async def test_a_review_shows_the_conversation_the_user_and_the_terms(place: Path | None) -> None:
    plan = delivery(il.Approve(role="editor", approvals=2, due=60, on_expiry=il.escalate("chief")))
    async with world(place, plans=[plan]) as here:
        held = await here.runtime.run(plan, "write to Ada", user=il.User("u-1", tenant="acme"))
        review = await (await here.restart()).reviews.get(held.run_id)
        assert [(one.sender, one.text) for one in review.said] == [(None, "write to Ada"), ("writer", "Dear Ada")]
        assert review.user is not None
        assert (review.user.id, review.user.tenant) == ("u-1", "acme")
        assert (review.approvals, review.on_expiry) == (2, il.escalate("chief"))
        assert review.due is not None
        assert review.due - review.opened == timedelta(seconds=60)
        assert review.is_open
        told = review.to_json()
        assert told["opened"].endswith("Z")
        assert told["on_expiry"] == {"escalate": "chief"}


def hide(text: str) -> str:
    return text.replace("Ada", "⟦NAME⟧")


async def test_texts_are_masked_for_all_but_those_who_may_see_them() -> None:
    plan = delivery(il.Approve(role="editor"))
    async with il.open(plans=[plan], mask=hide) as runtime:
        held = await runtime.run(plan, "write to Ada", user="u-1")
        review = await runtime.reviews.get(held.run_id)
        assert review.masked
        assert review.about is not None
        assert review.about.text == "Dear ⟦NAME⟧"
        assert review.said[0].text == "write to ⟦NAME⟧"
        with pytest.raises(il.ReviewError) as caught:
            await runtime.reviews.get(held.run_id, unmask=True, by="bob", roles=["clerk"])
        assert caught.value.code == "review.not-yours"
        shown = await runtime.reviews.get(held.run_id, unmask=True, by="bob", roles=["editor"])
        assert shown.about is not None
        assert (shown.about.text, shown.masked) == ("Dear Ada", False)
        edited = await runtime.reviews.edit(held.run_id, by="bob", roles=["editor"], data={"draft": 2})
        assert edited.text == "Dear Ada"  # what was hidden from whoever decides is not lost by it


async def test_verify_compares_the_list_with_the_frames(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    async with il.open(path, plans=[RUN]) as runtime:
        await runtime.run(RUN, "hello")
    _core.verify(path)
    for change in (
        "UPDATE reviews SET role = 'nobody'",
        "DELETE FROM reviews",
        "INSERT INTO reviews SELECT 99, review, id, plan, opened,"
        " due, why, subject, tool, role, person, approvals, signed, proposal, claimed_by, claimed_until FROM reviews",
    ):
        copy = tmp_path / "changed.db"
        shutil.copy(path, copy)
        with sqlite3.connect(copy) as file:
            file.execute(change)
        file.close()
        with pytest.raises(il.JournalCorrupt, match="review"):
            _core.verify(copy)


async def test_the_list_is_made_for_a_file_of_format_1(tmp_path: Path) -> None:
    """What the list says is what the frames say, so it can be made of them."""
    path = tmp_path / "runs.db"
    async with il.open(path, plans=[RUN]) as runtime:
        ids = [(await runtime.run(RUN, "hello")).run_id for _ in range(3)]
        await runtime.reviews.claim(ids[1], by="ada", for_=600)
        await runtime.reviews.answer(ids[2], by="ada", text="done")
        before = await runtime.reviews.list()
    with sqlite3.connect(path) as file:
        for table in ("reviews", "contents", "snapshots"):
            file.execute(f"DROP TABLE {table}")
        for index in ("runs_by_user", "runs_by_thread", "payloads_by_content"):
            file.execute(f"DROP INDEX {index}")
        for column in ("user", "thread", "removed"):
            file.execute(f"ALTER TABLE runs DROP COLUMN {column}")
        file.execute("ALTER TABLE payloads DROP COLUMN content")
        file.execute("UPDATE meta SET value = '1' WHERE key = 'format'")
        file.execute("PRAGMA user_version = 1")
    file.close()
    asked = b'{"role":null,"person":null,"plan":null,"run_id":null,"due_before_us":null,"after":null,"limit":null}'
    assert _core.Reader(path).open_reviews(asked).count('"run_id"') == 2
    async with il.open(path, plans=[RUN]) as runtime:
        assert await runtime.reviews.list() == before
        assert [row.claimed_by for row in before] == [None, "ada"]
    _core.verify(path)
