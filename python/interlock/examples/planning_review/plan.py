"""The planning review, put together: a discussion until all agree with one plan, then an announcement that is checked."""

from __future__ import annotations

import interlock as il
from interlock.examples.planning_review.announcement import drafter, editor
from interlock.examples.planning_review.reviewers import REVIEWS, reviewers
from interlock.examples.planning_review.schedule import Plan

MOST_TURNS = 16
WINDOW = 3
"""How many messages a participant sees of the discussion, however long it became before their first turn."""


def build() -> il.Sequential:
    """The plan. The task's data is a project plan under ``plan``."""
    chat = il.GroupChat(
        "discussion",
        reviewers(),
        speaker="round_robin",
        max_turns=MOST_TURNS,
        until=f"size(data.agreed) == {len(REVIEWS)}",
        on_limit=il.review(),
        window=WINDOW,
    )
    announcement = il.MakerChecker("announcement", maker=drafter, checker=editor, max_rounds=3, on_limit=il.review())
    return il.Sequential("planning_review", [chat, announcement])


def task_of(plan: Plan) -> tuple[str, dict[str, object]]:
    """What a run is given: words, and the project plan as data."""
    return f"Can {plan.name} go as planned?", {"plan": plan.to_data()}
