"""The same desk for customers who come back: it knows them, recalls what they asked, and learns from how earlier runs went.

A concierge in front looks the customer up in the memory, and chooses the team: the one that was right for questions like this one, where
somebody has said so of earlier runs, and otherwise the one that the words point to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import interlock as il
from interlock.examples.support.knowledge import Words
from interlock.examples.support.plan import TRAIN, build
from interlock.runtime.semantic import read_examples

ALIKE = 0.6
"""The least cosine at which an earlier question counts as the same matter."""


@dataclass(frozen=True, slots=True)
class ReturningDesk:
    """What ``il.open`` needs for the example."""

    plan: il.Sequential
    tools: list[il.Tool]


class Concierge:
    """Who meets the customer."""

    def __init__(self, words: Words, team_of: Mapping[str, str]) -> None:
        self._words = words
        self._team_of = team_of

    async def __call__(self, message: il.Message, ctx: il.Context) -> il.HandOff:
        """Recall, remember, and pass on."""
        before = await ctx.recall(message.text, k=3)
        ctx.scratch.put("before", [one.text for one in before])
        await ctx.remember(message.text, data={"run": ctx.run_id})
        team, reason = await self._team(message.text, ctx)
        ctx.scratch.put("why", reason)
        return ctx.hand_off(team, text=message.text)

    async def _team(self, text: str, ctx: il.Context) -> tuple[str, str]:
        """The team that was right before, or the one that the words point to."""
        teams, votes = set(self._team_of.values()), Counter[str]()
        for episode in await ctx.episodes.similar(text, k=5, plan="returning", min_similarity=ALIKE):
            if episode.label is not None:
                votes[episode.label] += 1
            elif episode.score is not None and episode.score > 0.5:
                votes.update(name for name in (action.removeprefix("agent:") for action in episode.actions) if name in teams)
        learnt = next((team for team, _ in votes.most_common() if team in teams), None)
        if learnt is not None:
            return learnt, "earlier runs"
        intent, _ = self._words.nearest(text, self._team_of)
        return self._team_of[intent], "the words"


async def greet(message: il.Message, ctx: il.Context) -> il.Reply:
    """Say that the customer is known, if they are."""
    before = ctx.scratch.get("before", [])
    data = {**(message.data or {}), "before": before, "chosen_by": ctx.scratch.get("why")}
    text = f"Good to see you again. {message.text}" if before else message.text
    return il.Reply(text, data=data)


def build_returning(database: Path | None = None) -> ReturningDesk:
    """Put the desk together; open it with an embedder, so that it can recall.

    Args:
        database: the accounts, made by ``seed``. Without it they are made in a fresh temporary folder, which stays.
    """
    desk = build(database)
    words = Words(zip(*read_examples(TRAIN), strict=True))
    concierge = il.agent(Concierge(words, desk.team_of), name="concierge")
    inner = il.Handoff("desk", entry=concierge, to=list(desk.plan.to), max_handoffs=4)
    return ReturningDesk(il.Sequential("returning", [inner, il.agent(greet)]), desk.tools)
