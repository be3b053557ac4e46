"""A bank's support desk: eight teams, a routing table, a made-up account database, and real questions (BANKING77)."""

from interlock.examples.support.plan import SupportDesk, build
from interlock.examples.support.seed import seed

__all__ = ["SupportDesk", "build", "seed"]
