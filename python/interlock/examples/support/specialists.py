"""The teams as agents: find the entry that fits the words, look up the facts, answer, or pass on to the team that must act.

An agent here reaches the world through ``ctx`` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from interlock.context import Context
from interlock.examples.support.knowledge import Entry, Words
from interlock.message import HandOff, Message, Reply

TOOLS = {
    "card": "card_of",
    "payment": "recent_payments",
    "withdrawal": "recent_withdrawals",
    "transfer": "recent_transfers",
    "top_up": "recent_top_ups",
}
Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pass:
    """When what a team looked up is another team's matter."""

    to: str
    applies: Callable[[Facts], bool]


PASSES = {
    "card_delivery": Pass("identity_security", lambda card: card["card_status"] == "blocked"),
    "card_services": Pass("identity_security", lambda card: card["card_status"] == "blocked"),
    "payments": Pass("cash_atm", lambda charge: charge["kind"] == "withdrawal"),
    "transfers": Pass("top_ups", lambda transfer: transfer["waits_for"] == "top_up"),
    "cash_atm": Pass("identity_security", lambda withdrawal: withdrawal["waits_for"] == "identity"),
    "top_ups": Pass("identity_security", lambda top_up: top_up["waits_for"] == "source_of_funds"),
}
"""Who passes to whom. Followed from team to team it never comes back, so no customer is sent in a circle."""


class Specialist:
    """One team."""

    def __init__(self, team: str, entries: Sequence[Entry], words: Words) -> None:
        self._entries = {entry.intent: entry for entry in entries}
        self._words = words
        self._pass = PASSES.get(team)

    async def __call__(self, message: Message, ctx: Context) -> Reply | HandOff:
        """Answer, or pass on."""
        # What the routing engine found, or, after a handoff, the entry of this team that fits the words best.
        intents = [ctx.intent] if ctx.intent in self._entries else self._entries
        intent, confidence = self._words.nearest(_matter(message), intents)
        entry = self._entries[intent]
        facts, sources = await _look_up(entry, ctx)
        if facts is None:
            text = "We found nothing about this under your name. Please sign in, and ask again."
            return Reply(text, confidence=0.0, data={"intent": intent, "sources": sources})
        if entry.passes_as and self._pass and self._pass.applies(facts) and ctx.feedback is None:  # feedback: passing on was refused
            return ctx.hand_off(self._pass.to, reason=entry.passes_as, text=message.text)
        return Reply(entry.answer.format_map(facts), confidence=confidence, data={"intent": intent, "sources": sources})


def _matter(message: Message) -> str:
    """The customer's words, or what another team made of them when it passed them on."""
    reason = message.data.get("reason") if isinstance(message.data, dict) else None
    return str(reason) if reason else message.text


async def _look_up(entry: Entry, ctx: Context) -> tuple[Facts | None, list[str]]:
    """The facts that an answer needs and where they came from; no facts if the bank does not know the customer."""
    sources = ["knowledge", "lookup_customer"]
    user = ctx.user.id if ctx.user else ""
    customer: Facts | None = await ctx.tool("lookup_customer", user=user)
    if customer is None or entry.look is None:
        return customer, sources
    tool = TOOLS[entry.look]
    found: list[Facts] = await ctx.tool(tool, user=user)
    chosen = next((one for one in found if one.get("status") == entry.prefer), found[0]) if found else None
    return None if chosen is None else customer | chosen, [*sources, tool]
