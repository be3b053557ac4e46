"""What a rule decides, the facts that it decides from, and what the guidelines call the oracle: whether the company made the mistake."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Facts = Mapping[str, Any]
"""A customer's fields, their order's under ``order``, and what the customer gave under ``given``, ``reason`` and ``amount``."""

TRUSTED = ("silver", "gold")
WEEK = 7


@dataclass(frozen=True, slots=True)
class Decision:
    """What may be done (action and value, in this order), and what the customer is told. ``manager``: a person must take over."""

    text: str
    acts: dict[str, str] = field(default_factory=dict)
    manager: bool = False


Rule = Callable[[Facts], Decision]


def oracle(subflow: str, facts: Facts) -> bool:
    """Whether the company made the mistake that the customer complains of; for ``status``, whether the order is as expected."""
    order = facts["order"] or {}
    match subflow:
        case "status_service_added":
            return bool(extra_services(facts))
        case "status_service_removed":
            return bool(lost_services(facts))
        case "status_shipping_question":
            return bool(facts["membership_level"] == "gold")
        case "status_credit_missing":
            return bool(facts["credit"] < facts["credit_due"])
        case "status_mystery_fee":
            return bool(order["fee"]) and not order["fee_reason"]
        case "status_delivery_time":
            return bool(order["promised_slot"] != order["planned_slot"])
        case "status_quantity":
            return bool(order["billed_quantity"] > order["quantity"])
        case "status":
            return bool(order["days_waiting"] <= WEEK)
        case "manage_dispute_bill":
            return bool(facts["paid_amount"] == 2 * facts["plan_price"])
    raise KeyError(subflow)


def extra_services(facts: Facts) -> list[str]:
    """What is active and was never ordered."""
    return sorted({*facts["active_services"].split("|")} - {*facts["ordered_services"].split("|")})


def lost_services(facts: Facts) -> list[str]:
    """What was ordered and is not active."""
    return sorted({*facts["ordered_services"].split("|")} - {*facts["active_services"].split("|")})
