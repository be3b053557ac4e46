"""The desk's handbook, read from ABCD's files: flows, subflows, the order of actions, and how much a customer must prove."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "data"
TEAMS = {
    "account": ("account_access", "manage_account"),
    "orders": ("order_issue", "shipping_issue"),
    "subscriptions": ("subscription_inquiry",),
    "site": ("troubleshoot_site",),
}
"""Which of the data's flows each specialist carries out. The other flows are about clothes, and nobody's here."""

_OUT_OF = re.compile(r"(\d) out of (\d)")
_FIELDS = {
    "full name": "customer_name",
    "account id": "account_id",
    "order id": "order_id",
    "zip code": "zip_code",
    "telephone number": "phone",
    "phone number": "phone",
    "pin number": "pin_number",
    "username": "username",
    "email address": "email",
}
"""What the guidelines call the fields of a customer. They also know a password, which no customer file should hold."""


@dataclass(frozen=True, slots=True)
class Proof:
    """How many of which fields a customer must give."""

    needed: int
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subflow:
    """One kind of problem: what to do about it, in order, and what the guidelines say of it."""

    name: str
    flow: str
    title: str
    actions: tuple[str, ...]
    proof: Proof | None
    about: str
    """What the customer wants."""
    steps: str
    """What is done for them, which is often said in words that a customer uses too."""


def read_subflows(folder: Path = FOLDER) -> dict[str, Subflow]:
    """The subflows of the teams' flows, by name. The three files list flows and subflows in the same order, which ties them together."""
    guidelines, kb, ontology = (_json(folder / name) for name in ("guidelines.json", "kb.json", "ontology.json"))
    ours = {flow for flows in TEAMS.values() for flow in flows}
    subflows: dict[str, Subflow] = {}
    for title, flow in guidelines.items():
        name = title.lower().replace(" ", "_")
        if name in ours:
            names = ontology["intents"]["subflows"][name]
            for key, (heading, subflow) in zip(names, flow["subflows"].items(), strict=True):
                about = " ".join([heading, flow["description"], *subflow["instructions"]])
                subflows[key] = Subflow(key, name, heading, tuple(kb[key]), _proof(subflow), about, _steps(subflow))
    return subflows


def team_of(subflow: Subflow) -> str:
    """The specialist whose flow it is."""
    return next(team for team, flows in TEAMS.items() if subflow.flow in flows)


def _proof(subflow: dict[str, Any]) -> Proof | None:
    """What "Verify Identity" asks for; all of it, unless the text says how many."""
    for action in subflow["actions"]:
        if action["button"] == "Verify Identity":
            asked = [line.lower() for line in action["subtext"]]
            fields = tuple(field for words, field in _FIELDS.items() if any(line.startswith(words) for line in asked))
            count = _OUT_OF.search(action["text"])
            return Proof(int(count[1]) if count else len(fields), tuple(dict.fromkeys(fields)))
    return None


def _steps(subflow: dict[str, Any]) -> str:
    return " ".join(f"{action['text']} {' '.join(action['subtext'])}" for action in subflow["actions"])


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
