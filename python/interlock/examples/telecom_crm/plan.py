"""The operator's desk, put together: triage, four specialists behind a routing table, and a person for what they can't or may not do."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import interlock as il
from interlock.examples.telecom_crm.crm import Crm
from interlock.examples.telecom_crm.flows import FOLDER, TEAMS, Subflow, read_subflows
from interlock.examples.telecom_crm.specialists import Specialist, triage_of

SETTLED = "!has(data.needs_person) || !data.needs_person"
"""What passes: an answer that needs no person, and a handoff, which says nothing of it."""
CONFIG = Path(__file__).parent / "routing.yaml"


@dataclass(frozen=True, slots=True)
class Desk:
    """What ``il.open`` needs for the example."""

    plan: il.Handoff
    crm: Crm
    config: Path
    subflows: dict[str, Subflow]


@dataclass(frozen=True, slots=True)
class Request:
    """What a customer wrote, who they are, and what a person says it is about."""

    account: str
    text: str
    subflow: str
    data: dict[str, Any]
    """What they gave to prove who they are, the reason they named, and the amount in question."""


def build() -> Desk:
    """Put the desk together, reading the handbook and the customers."""
    subflows, crm = read_subflows(), Crm()
    specialists = [il.step(il.agent(Specialist(team, subflows), name=team), expression=SETTLED, on_failure=il.review()) for team in TEAMS]
    plan = il.Handoff("telecom_crm", entry=triage_of(subflows), to=specialists, max_handoffs=3, on_limit=il.review())
    return Desk(plan, crm, CONFIG, subflows)


def read_requests(path: Path = FOLDER / "requests.csv") -> list[Request]:
    """The requests. A field that a customer gives without a value is given as the files have it."""
    customers = {row["account_id"]: row for row in _rows(FOLDER / "customers.csv")}
    orders = {row["account_id"]: row for row in _rows(FOLDER / "orders.csv")}
    requests = []
    for row in _rows(path):
        account = row["account_id"]
        known = {**orders.get(account, {}), **customers.get(account, {}), "account_id": account}
        given = {}
        for part in _parts(row["gives"]):
            name, _, value = part.partition("=")
            given[name] = value or known[name]
        data = {"given": given, "reason": row["reason"], "amount": int(row["amount"])}
        requests.append(Request(account, row["text"], row["subflow"], data))
    return requests


def _parts(text: str) -> list[str]:
    """``name`` or ``name=value``, separated by ``;``."""
    return [part.strip() for part in text.split(";") if part.strip()]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
