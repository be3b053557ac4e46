"""A telecom operator's desk: triage by the handbook's own words, four specialists that carry it out, and a person (ABCD's flows)."""

from interlock.examples.telecom_crm.plan import Desk, build, read_requests

__all__ = ["Desk", "build", "read_requests"]
