"""What people are asked, on which terms: who may decide, how many must agree, until when, and what follows if nobody does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

import orjson

from interlock.errors import UsageError

LONGEST = 31_536_000.0
"""A year, in seconds."""


@dataclass(frozen=True, slots=True)
class Escalate:
    """When nobody decided in time, ask those with another role. Made by ``il.escalate``."""

    role: str


def escalate(role: str) -> Escalate:
    """When nobody decided in time, ask those with this role, who then have all the time they need."""
    return Escalate(role)


@dataclass(frozen=True, slots=True)
class Terms:
    """Who may decide, and until when.

    Args:
        role: only who has this role; anybody, if there is none.
        approvals: how many different people must say the same; 2 is the four-eyes principle.
        due: seconds until nobody may decide any more; no limit, if there is none.
        on_expiry: ``"reject"``, ``"approve"``, or ``il.escalate(role)``.

    Raises:
        UsageError: one of them can't mean anything.
    """

    _: KW_ONLY
    role: str | None = None
    approvals: int = 1
    due: float | None = None
    on_expiry: str | Escalate = "reject"

    def __post_init__(self) -> None:
        if isinstance(self.approvals, bool) or not isinstance(self.approvals, int) or not 1 <= self.approvals <= 100:
            raise UsageError(f"approvals is {self.approvals!r}", hint="give a whole number from 1 to 100")
        if self.due is not None and (
            isinstance(self.due, bool) or not isinstance(self.due, int | float) or not 0.001 <= self.due <= LONGEST
        ):
            raise UsageError(f"due is {self.due!r} s", hint="give at least 0.001 s, and at most a year")
        if not isinstance(self.on_expiry, Escalate) and self.on_expiry not in ("reject", "approve"):
            raise UsageError(f"on_expiry is {self.on_expiry!r}", hint='give "reject", "approve" or il.escalate(role)')

    def spec(self) -> dict[str, Any]:
        """The terms as the core reads them."""
        expiry = {"reassign": self.on_expiry.role} if isinstance(self.on_expiry, Escalate) else self.on_expiry
        due = None if self.due is None else max(1, round(self.due * 1_000))
        return {"role": self.role, "approvals": self.approvals, "due_ms": due, "on_expiry": expiry}

    def text(self) -> str:
        """The terms as JSON."""
        return orjson.dumps(self.spec()).decode()


@dataclass(frozen=True, slots=True)
class Approve(Terms):
    """A person's yes is needed first: before a tool acts, or before an answer is delivered.

    ``when`` says for which: for a tool a function of its arguments (a mapping by name), for an answer a CEL expression over
    ``text``, ``data``, ``labels``, ``confidence``, ``speaker`` and ``user``. Without it, for all.

    >>> import interlock as il
    >>> il.Approve(role="finance", approvals=2, due=3600, when=lambda arguments: arguments["amount"] > 100).approvals
    2
    """

    _: KW_ONLY
    when: Callable[[Mapping[str, Any]], bool] | str | None = None

    def of_tool(self, arguments: Mapping[str, Any]) -> str | None:
        """The terms for a call with these arguments, if it needs a yes."""
        if callable(self.when) and not self.when(arguments):
            return None
        return self.text()
