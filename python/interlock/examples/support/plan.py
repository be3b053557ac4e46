"""The support desk, put together: eight teams behind a routing table that reads the message by meaning."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import interlock as il
from interlock.examples.support.accounts import Accounts
from interlock.examples.support.knowledge import Words, read_entries
from interlock.examples.support.seed import seed
from interlock.examples.support.specialists import Specialist
from interlock.runtime.semantic import read_examples

FOLDER = Path(__file__).parent
CONFIG = FOLDER / "routing.yaml"
TRAIN = FOLDER / "data" / "train.csv"
TEST = FOLDER / "data" / "test.csv"
KNOWLEDGE = FOLDER / "data" / "knowledge.yaml"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SupportDesk:
    """What ``il.open`` needs for the example."""

    plan: il.Handoff
    tools: list[il.Tool]
    config: Path
    team_of: dict[str, str]
    """The team that the routing table names for each intent."""
    accounts: Accounts

    def close(self) -> None:
        """Close the accounts' database."""
        self.accounts.close()


def build(database: Path | None = None) -> SupportDesk:
    """Put the desk together, reading every file that its agents need.

    Args:
        database: the accounts, made by ``seed``. Without it they are made in a fresh temporary folder, which stays.
    """
    accounts = Accounts(database or seed(Path(tempfile.mkdtemp(prefix="interlock-support-")) / "accounts.db"))
    rules = il.Config.load(CONFIG).rules
    team_of = {rule["intent"]: rule["agent"] for rule in rules if rule["intent"] != UNKNOWN}
    entries, words = read_entries(KNOWLEDGE), Words(zip(*read_examples(TRAIN), strict=True))
    teams = [
        il.agent(Specialist(team, [entries[intent] for intent, agent in team_of.items() if agent == team], words), name=team)
        for team in dict.fromkeys(team_of.values())
    ]
    return SupportDesk(il.Handoff("support", to=teams, max_handoffs=3), accounts.tools(), CONFIG, team_of, accounts)
