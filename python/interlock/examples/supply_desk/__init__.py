"""A supply desk: a supervisor, or a table of rules, delegates an order to four teams and reads their reports."""

from interlock.examples.supply_desk.plan import SupplyDesk, build

__all__ = ["SupplyDesk", "build"]
