"""The desk as plans: four teams below a supervisor that decides by its reports, and the same teams below a table of rules."""

from __future__ import annotations

from dataclasses import dataclass

import interlock as il
from interlock.examples.supply_desk import teams
from interlock.examples.supply_desk.asks import Ask
from interlock.examples.supply_desk.moves import Delegate, Report, next_move
from interlock.examples.supply_desk.stockroom import Stockroom
from interlock.examples.supply_desk.tables import Tables

MAX_DELEGATIONS = 10
ASK_FINANCE_FROM = 1_000.0
TEAMS = ("inventory", "suppliers", "logistics", "finance")


@dataclass(frozen=True, slots=True)
class SupplyDesk:
    """What ``il.open`` needs for the example."""

    plan: il.Hierarchy
    """Orders, with a supervisor."""
    counter: il.Hierarchy
    """Single asks, like ``quote O-1 to Graz by …``, with rules."""
    tools: list[il.Tool]
    stockroom: Stockroom


@il.agent
async def supervisor(message: il.Message, ctx: il.Context) -> il.Reply | il.Delegation:
    """Reads the reports and delegates, or finishes."""
    reports = [Report(said.sender or "", said.text, None if said.is_lost else said.data) for said in ctx.view]
    move = next_move(Ask.parse(ctx.task.text), reports)
    return ctx.delegate(move.asks) if isinstance(move, Delegate) else il.Reply(move.text, data=move.data)


RULES = [
    ("turns == 0 && text.startsWith('reserve ')", "inventory"),
    ("turns == 0 && (text.startsWith('quote ') || text.startsWith('split '))", "suppliers"),
    ("turns == 0 && text.startsWith('route ')", "logistics"),
    ("turns == 0 && text.startsWith('check ')", "finance"),
    (f"speaker == 'suppliers' && data.landed_eur > {ASK_FINANCE_FROM}", "finance"),
]
"""Who does what at the counter. Each rule sees what was said last; when none holds, that is the answer."""


def build() -> SupplyDesk:
    """Put the desk together, reading every table that its teams need."""
    tables = Tables.load()
    stockroom = Stockroom(tables)
    below = _teams(tables)
    plan = il.Hierarchy("orders", supervisor=supervisor, teams=below, max_delegations=MAX_DELEGATIONS, on_limit=il.review())
    counter = il.Hierarchy("counter", supervisor=il.rules(RULES), teams=below, max_delegations=2)
    return SupplyDesk(plan, counter, stockroom.tools(), stockroom)


def _teams(tables: Tables) -> list[object]:
    """A sequence, a panel and two agents. One that fails reports why, instead of holding everything up."""
    quoting = [il.agent(teams.Quoting(tables, name), name=name) for name in tables.suppliers]
    cheapest = il.step(il.agent(teams.Cheapest(tables), name="cheapest"), on_failure=il.fail())
    reserve = il.agent(teams.Reserve(tables), name="reserve")
    logistics = il.agent(teams.Logistics(tables), name="logistics")
    return [
        il.Sequential("inventory", [_or_fail(teams.check_stock), _or_fail(reserve)]),
        il.Concurrent("suppliers", quoting, synthesis=cheapest, on_failure=il.fail()),
        _or_fail(logistics),
        _or_fail(teams.finance),
    ]


def _or_fail(agent: il.Agent) -> object:
    return il.step(agent, on_failure=il.fail())
