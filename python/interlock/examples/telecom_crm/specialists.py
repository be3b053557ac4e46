"""Triage and the specialists: who is asked about what, and a subflow's actions carried out in their order, each with its check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import interlock as il
from interlock.examples.telecom_crm.classify import Guide
from interlock.examples.telecom_crm.decisions import Facts, oracle
from interlock.examples.telecom_crm.flows import Proof, Subflow, team_of
from interlock.examples.telecom_crm.policy import RULES

ACTS = frozenset(
    ["update-account", "update-order", "offer-refund", "promo-code", "make-purchase", "make-password", "send-link", "notify-team"]
)
"""The actions that change something, and go through the tool ``act``."""
PURCHASE = ("username", "email", "order_id")
"""What "Validate Purchase" asks for."""
SURE = 0.4
"""How sure a specialist must be of what the request is to a colleague, to pass it on."""
CURRENT = {
    "manage_change_address": "street_address",
    "manage_change_name": "customer_name",
    "manage_change_phone": "phone",
    "manage_payment_method": "payment_method",
}
"""To change one of these, a customer must name the present one; it is the reason that is recorded."""


@dataclass(slots=True)
class Work:
    """What was done of a subflow so far. ``stopped`` says which check ended it."""

    steps: list[str] = field(default_factory=list)
    stopped: str | None = None


def is_proven(proof: Proof, facts: Facts, given: Mapping[str, str]) -> bool:
    """Whether enough of what the customer gave is right, and nothing of it wrong."""
    known = {**facts, "order_id": (facts["order"] or {}).get("order_id")}
    named = {name: value for name, value in given.items() if name in proof.fields}
    return len(named) >= proof.needed and all(known[name] == value for name, value in named.items())


def check(action: str, subflow: Subflow, facts: Facts) -> str | None:
    """Why an action can't be carried out, or nothing if it can."""
    given, order = facts["given"], facts["order"]
    match action:
        case "verify-identity" if subflow.proof and not is_proven(subflow.proof, facts, given):
            return f"{subflow.proof.needed} of {', '.join(subflow.proof.fields)} must be right"
        case "validate-purchase":
            known = {"username": facts["username"], "email": facts["email"], "order_id": order and order["order_id"]}
            if lacking := [name for name in PURCHASE if given.get(name) != known[name]]:
                return f"the purchase is not valid without {', '.join(lacking)}"
        case "record-reason" if subflow.name in CURRENT and facts["reason"] != facts[CURRENT[subflow.name]]:
            return f"the present {CURRENT[subflow.name]} was not named"
        case "make-password" if given.get("pin_number") != facts["pin_number"]:
            return "the PIN is not right"
        case "shipping-status" if order is None:
            return "there is no order"
    return None


def note(action: str, subflow: Subflow, facts: Facts) -> str:
    """What an action that changes nothing found out."""
    match action:
        case "shipping-status":
            return str(facts["order"]["shipping_status"])
        case "membership":
            return str(facts["membership_level"])
        case "ask-the-oracle":
            return "yes" if oracle(subflow.name, facts) else "no"
        case "record-reason":
            return str(facts["reason"] or "not said")
    return "done"


class Specialist:
    """One team. It answers, passes on what turns out to be another team's, or asks for a person."""

    def __init__(self, team: str, subflows: Mapping[str, Subflow]) -> None:
        self._team = team
        self._subflows = {name: subflow for name, subflow in subflows.items() if team_of(subflow) == team}
        self._others = {other: Guide(_of(other, subflows)) for other in ("account", "orders") if other != team}

    async def __call__(self, message: il.Message, ctx: il.Context) -> il.Reply | il.HandOff:
        """Carry out the subflow that triage or a colleague named."""
        request: dict[str, Any] = ctx.history[0].data
        subflow = self._subflows[str(ctx.intent or message.data["reason"])]
        account = ctx.user.id if ctx.user else ""
        if "pull-up-account" not in subflow.actions:
            return await self._carry_out(subflow, {"given": {}, "reason": "", "order": None}, account, ctx)
        customer = await ctx.tool("pull_up_account", account=account)
        if customer is None:
            return _reply("We found no such account.", subflow, Work(stopped="pull-up-account: no such account"))
        facts = {**customer, "order": await ctx.tool("pull_up_order", account=account), **request}
        if (other := self._whose(subflow, facts)) and ctx.feedback is None:  # feedback: passing on was refused
            forgot = other == "account" and "order_id" in facts["given"]
            reason, sure = ("recover_username", 1.0) if forgot else self._others[other].classify(message.text)
            if sure >= SURE:
                return ctx.hand_off(other, reason=reason, text=message.text)
        return await self._carry_out(subflow, facts, account, ctx)

    def _whose(self, subflow: Subflow, facts: Facts) -> str | None:
        """Another team, if what the customer gave shows that it is theirs."""
        given = facts["given"]
        match self._team:
            case "account" if "record-reason" in subflow.actions and check("record-reason", subflow, facts) and "order_id" in given:
                return "orders"  # they named an order, and not what they want changed in the account
            case "orders" if "order_id" not in given:
                return "account"
            case "orders" if "validate-purchase" in subflow.actions and "username" not in given:
                return "account"  # the guidelines: recover the username first
        return None

    async def _carry_out(self, subflow: Subflow, facts: Facts, account: str, ctx: il.Context) -> il.Reply:
        work = Work()
        for action in subflow.actions:
            if action in ACTS:
                continue  # after everything was checked
            if problem := check(action, subflow, facts):
                work.stopped = f"{action}: {problem}"
                return _reply("We can't do this without a person.", subflow, work)
            work.steps.append(f"{action}: {note(action, subflow, facts)}")
        for action in (action for action in subflow.actions if action in ACTS):
            if problem := check(action, subflow, facts):
                work.stopped = f"{action}: {problem}"
                return _reply("We can't do this without a person.", subflow, work)
        decision = RULES[subflow.name](facts)
        for action, value in decision.acts.items():
            number = await ctx.tool("act", account=account, action=action, value=value)
            work.steps.append(f"{action}: {value} ({number})")
        if decision.manager:
            work.stopped = "a manager is asked"
        return _reply(decision.text, subflow, work)


def triage_of(subflows: Mapping[str, Subflow]) -> il.Agent:
    """The agent that says what a request is about. The routing table says who takes it."""
    guide = Guide(subflows)

    @il.agent
    async def triage(message: il.Message, ctx: il.Context) -> il.Reply:
        subflow, confidence = guide.classify(message.text)
        return il.Reply("", intent=subflow, confidence=confidence)

    return triage


def _of(team: str, subflows: Mapping[str, Subflow]) -> dict[str, Subflow]:
    return {name: subflow for name, subflow in subflows.items() if team_of(subflow) == team}


def _reply(text: str, subflow: Subflow, work: Work) -> il.Reply:
    data = {"subflow": subflow.name, "steps": work.steps, "needs_person": work.stopped is not None, "stopped": work.stopped}
    return il.Reply(text, data=data, confidence=0.0 if work.stopped else 1.0)
