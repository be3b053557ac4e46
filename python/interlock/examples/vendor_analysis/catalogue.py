"""The price list and the tenders, and what follows by arithmetic: what a workload costs, how long a model is sold, who else sells it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "data"
LONG_PROMPT = 200_000
"""Above so many tokens some models cost more."""
MILLION = 1_000_000

_WRAPPING = re.compile(r"^(?:[a-z]+/)+|^(?:[a-z]{2,6}\.)?(?:[a-z0-9]+\.)|(?:-v\d+)?(?::\d+)?$")
_MOVING = re.compile(r"latest|preview|\bexp\b|experimental")


@dataclass(frozen=True, slots=True)
class Model:
    """One line of the price list. Prices are US dollars a token."""

    name: str
    provider: str
    input_limit: int
    output_limit: int
    input_price: float
    output_price: float
    long_input_price: float
    cached_price: float
    functions: bool
    caching: bool
    withdrawn: date | None
    what: str
    """The model without what a seller puts around its name."""

    @property
    def pinned(self) -> bool:
        """Whether the name stands for one version, and not for whatever is newest."""
        return not _MOVING.search(self.name)


@dataclass(frozen=True, slots=True)
class Tender:
    """What is to be bought: a workload a month, a budget in dollars, a period, and who may be chosen."""

    name: str
    question: str
    requests: int
    input_tokens: int
    output_tokens: int
    cached_share: float
    needs_functions: bool
    budget: float
    start: date
    end: date
    candidates: tuple[str, ...]

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Tender:
        """The tender as the data of a message holds it."""
        days = {field: date.fromisoformat(str(data[field])) for field in ("start", "end")}
        return cls(**{**data, **days, "candidates": tuple(data["candidates"])})


def read_catalogue(path: Path = FOLDER / "prices.json") -> dict[str, Model]:
    """The chat models that have a price and a limit."""
    rows: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    needed = ("max_input_tokens", "max_output_tokens", "input_cost_per_token", "output_cost_per_token")
    return {name: _model(name, row) for name, row in rows.items() if row["mode"] == "chat" and all(row.get(field) for field in needed)}


def read_tenders(path: Path = FOLDER / "tenders.yaml") -> list[dict[str, Any]]:
    """The tenders, as data for messages."""
    found: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["tenders"]
    return [{**tender, "start": str(tender["start"]), "end": str(tender["end"])} for tender in found]


def monthly_cost(model: Model, tender: Tender) -> float:
    """Dollars a month for the workload; cached input at its own price where the model has one."""
    price = model.long_input_price if tender.input_tokens > LONG_PROMPT else model.input_price
    cached = tender.cached_share if model.caching else 0.0
    each = tender.input_tokens * (cached * model.cached_price + (1 - cached) * price) + tender.output_tokens * model.output_price
    return tender.requests * each


def fits(model: Model, tender: Tender) -> bool:
    """Whether a request fits the model's limits."""
    return model.input_limit >= tender.input_tokens and model.output_limit >= tender.output_tokens


def lifetime(model: Model, tender: Tender) -> float:
    """The share of the period in which the model is still sold."""
    if model.withdrawn is None:
        return 1.0
    return min(1.0, max(0.0, (model.withdrawn - tender.start) / (tender.end - tender.start)))


def sellers(model: Model, catalogue: Mapping[str, Model]) -> list[str]:
    """The providers that sell the same model."""
    return sorted({other.provider for other in catalogue.values() if other.what == model.what})


def substitutes(model: Model, tender: Tender, catalogue: Mapping[str, Model]) -> list[str]:
    """Other models of the same provider that could take over: they fit, live through the period, and keep within the budget."""
    others = (other for other in catalogue.values() if other.provider == model.provider and other.what != model.what and other.pinned)
    alive = (other for other in others if fits(other, tender) and lifetime(other, tender) == 1.0)
    return sorted({other.what for other in alive if monthly_cost(other, tender) <= tender.budget})


def bare(name: str) -> str:
    """The name of a model without provider, region and revision, and without the date of a version."""
    while (shorter := _WRAPPING.sub("", name, count=1)) != name:
        name = shorter
    return re.sub(r"-20\d{2}-?\d{2}-?\d{2}$", "", name)


def _model(name: str, row: Mapping[str, Any]) -> Model:
    price, withdrawn = row["input_cost_per_token"], row.get("deprecation_date")
    return Model(
        name,
        row["litellm_provider"],
        row["max_input_tokens"],
        row["max_output_tokens"],
        price,
        row["output_cost_per_token"],
        row.get("input_cost_per_token_above_200k_tokens") or price,
        row.get("cache_read_input_token_cost") or price,
        bool(row.get("supports_function_calling")),
        bool(row.get("supports_prompt_caching")),
        date.fromisoformat(withdrawn) if withdrawn else None,
        bare(name),
    )
