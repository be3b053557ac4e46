"""The desk for customers who come back: it knows them, recalls what they asked, and routes by what was learnt from feedback."""

from __future__ import annotations

from pathlib import Path

import interlock as il
import pytest
from interlock.examples.support import seed
from interlock.examples.support.returning import ReturningDesk, build_returning
from interlock.models.embedding import WordLlamaEmbedder

QUESTION, LIKE_IT = "Where is my card?", "Where is my card? I still wait for it"


@pytest.fixture
def desk(tmp_path: Path) -> ReturningDesk:
    return build_returning(seed(tmp_path / "accounts.db"))


async def asked(runtime: il.Runtime, desk: ReturningDesk, text: str, user: str) -> tuple[il.Outcome, list[str]]:
    """What came of a question, and who spoke."""
    outcome = await runtime.run(desk.plan, text, user=user)
    assert outcome.status == "delivered"
    return outcome, [event.agent for event in await runtime.history(outcome.run_id) if event.kind == "turn_started"]


async def test_a_customer_who_comes_back_is_greeted_and_a_new_one_is_not(desk: ReturningDesk, tmp_path: Path) -> None:
    for visit, greeted in ((1, False), (2, True)):  # the service was restarted in between
        async with il.open(tmp_path / "runs.db", plans=[desk.plan], tools=desk.tools, embedder=WordLlamaEmbedder()) as runtime:
            outcome, _ = await asked(runtime, desk, QUESTION, "customer-3")
            assert (outcome.text or "").startswith("Good to see you again.") is greeted, visit
            assert outcome.data["before"] == ([QUESTION] if greeted else [])
            if greeted:
                other, _ = await asked(runtime, desk, QUESTION, "customer-4")
                assert other.data["before"] == []


async def test_what_was_learnt_from_feedback_changes_where_the_next_question_goes(desk: ReturningDesk) -> None:
    async with il.open(plans=[desk.plan], tools=desk.tools, embedder=WordLlamaEmbedder()) as runtime:
        first, spoke = await asked(runtime, desk, QUESTION, "customer-3")
        assert (first.data["chosen_by"], spoke) == ("the words", ["concierge", "card_services", "greet"])
        await runtime.feedback(first, 0.1, label="card_delivery", by="quality")
        second, spoke = await asked(runtime, desk, LIKE_IT, "customer-4")
        assert (second.data["chosen_by"], spoke) == ("earlier runs", ["concierge", "card_delivery", "greet"])
        await runtime.feedback(second, 1.0)
        third, spoke = await asked(runtime, desk, LIKE_IT, "customer-5")
        assert (third.data["chosen_by"], spoke[1]) == ("earlier runs", "card_delivery")
