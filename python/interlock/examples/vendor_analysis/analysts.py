"""Four analysts, each with a criterion of its own: they score the candidates of a tender, name the best, and say how far ahead it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import interlock as il
from interlock.examples.vendor_analysis.catalogue import (
    Model,
    Tender,
    fits,
    lifetime,
    monthly_cost,
    read_catalogue,
    sellers,
    substitutes,
)

NOBODY = "none of them"
ROOMY = 8.0
"""A limit so many times the need is as good as any larger one."""
MOVING = 0.6
"""What a name that stands for whatever is newest is worth beside one that stands for one version."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an analyst found. A candidate that scores 0 is out of the question by this criterion."""

    choice: str
    confidence: float
    scores: dict[str, float]
    why: dict[str, str]

    def to_reply(self) -> il.Reply:
        """As an answer: the choice in ``data.choice``, which is what the vote counts."""
        possible = [name for name, score in self.scores.items() if score > 0]
        data = {"choice": self.choice, "scores": self.scores, "why": self.why, "possible": possible}
        return il.Reply(f"{self.choice}: {self.why.get(self.choice, 'nothing fits')}", data=data, confidence=self.confidence)


Criterion = Callable[[Model, Tender, Mapping[str, Model]], tuple[float, str]]


def price(model: Model, tender: Tender, catalogue: Mapping[str, Model]) -> tuple[float, str]:
    """The share of the budget that is left over."""
    cost = monthly_cost(model, tender)
    return max(0.0, 1 - cost / tender.budget), f"${cost:,.0f} a month of ${tender.budget:,.0f}"


def terms(model: Model, tender: Tender, catalogue: Mapping[str, Model]) -> tuple[float, str]:
    """Sold until the end of the period, under a name that stands for one version, with what the task needs."""
    if tender.needs_functions and not model.functions:
        return 0.0, "no function calling"
    sold = f"sold until {model.withdrawn}" if model.withdrawn else "no end announced"
    return lifetime(model, tender) * (1.0 if model.pinned else MOVING), f"{sold}{'' if model.pinned else ', a moving name'}"


def context(model: Model, tender: Tender, catalogue: Mapping[str, Model]) -> tuple[float, str]:
    """Room above what a request needs, in and out; the tighter of the two counts."""
    room = min(model.input_limit / tender.input_tokens, model.output_limit / tender.output_tokens)
    return (min(room, ROOMY) / ROOMY if fits(model, tender) else 0.0), f"{room:.1f} times the need"


def supply(model: Model, tender: Tender, catalogue: Mapping[str, Model]) -> tuple[float, str]:
    """Who else sells the same model, and what the provider has beside it, if it fails us."""
    others, beside = len(sellers(model, catalogue)) - 1, len(substitutes(model, tender, catalogue))
    return 0.2 + 0.5 * min(others, 1) + 0.3 * min(beside, 6) / 6, f"{others} other sellers, {beside} substitutes"


CRITERIA: dict[str, Criterion] = {"price": price, "terms": terms, "context": context, "supply": supply}


def judge(criterion: Criterion, tender: Tender, catalogue: Mapping[str, Model]) -> Verdict:
    """The candidate with the highest score; among equals the cheaper one, and then there is no being sure."""
    found = {name: criterion(catalogue[name], tender, catalogue) for name in tender.candidates}
    scores = {name: round(score, 4) for name, (score, _) in found.items()}
    order = sorted(scores, key=lambda name: (-scores[name], monthly_cost(catalogue[name], tender), name))
    best, second = scores[order[0]], scores[order[1]] if len(order) > 1 else 0.0
    choice = order[0] if best > 0 else NOBODY
    lead = 1.0 if best == 0 else (best - second) / best
    return Verdict(choice, round(0.5 + 0.45 * lead, 3), scores, {name: why for name, (_, why) in found.items()})


def analysts(catalogue: Mapping[str, Model]) -> list[il.Agent]:
    """The four as agents. The tender is the data of their message."""
    return [il.agent(_Analyst(criterion, catalogue), name=name) for name, criterion in CRITERIA.items()]


class _Analyst:
    def __init__(self, criterion: Criterion, catalogue: Mapping[str, Model]) -> None:
        self._criterion = criterion
        self._catalogue = catalogue

    async def __call__(self, message: il.Message, ctx: il.Context) -> il.Reply:
        return judge(self._criterion, Tender.from_data(message.data), self._catalogue).to_reply()


def rank(verdicts: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, float]]:
    """All candidates by the product of their scores, so that what one analyst rules out stays out; the best first."""
    total: dict[str, float] = {}
    for verdict in verdicts.values():
        for name, score in verdict["scores"].items():
            total[name] = total.get(name, 1.0) * score
    return sorted(
        ((name, round(score ** (1 / max(len(verdicts), 1)), 4)) for name, score in total.items()), key=lambda one: (-one[1], one[0])
    )


@il.agent
async def writer(message: il.Message, ctx: il.Context) -> il.Reply:
    """The synthesis: it sees what every analyst said, and ranks by all of it instead of counting heads."""
    verdicts = {str(said.sender): said.data for said in ctx.view if said.sender in CRITERIA}
    ranking = rank(verdicts)
    choice = ranking[0][0] if ranking and ranking[0][1] > 0 else NOBODY
    reasons = "; ".join(f"{analyst}: {verdict['why'].get(choice, 'nothing fits')}" for analyst, verdict in verdicts.items())
    confidence = ranking[0][1] if ranking else 0.0
    return il.Reply(f"{choice} ({reasons})", data={"choice": choice, "ranking": ranking}, confidence=confidence)


__all__ = ["CRITERIA", "NOBODY", "Verdict", "analysts", "judge", "rank", "read_catalogue", "writer"]
