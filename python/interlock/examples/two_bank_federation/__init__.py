"""Two banks settle a disputed payment: each behind a wall, with its own agents, rules and books, and a contract for what crosses."""

from interlock.examples.two_bank_federation.plan import TwoBanks, build

__all__ = ["TwoBanks", "build"]
