"""Kill switches: stop an agent, a tool or a tenant at once, also in runs that are under way."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, Literal, get_args

import orjson

from interlock.errors import UsageError
from interlock.runtime.reading import Reading

Stoppable = Literal["agent", "tool", "tenant"]
STOPPABLE: tuple[Stoppable, ...] = get_args(Stoppable)


@dataclass(frozen=True, slots=True)
class Kill:
    """A switch that is thrown."""

    what: Stoppable
    name: str
    reason: str
    by: str
    at_us: int
    """Microseconds since 1970."""


class Stopping(Reading):
    """The part of a runtime that stops agents, tools and tenants."""

    @abstractmethod
    def look_again(self, number: int) -> None:
        """Take what a run owes after something came from outside its turns."""

    def kill(self, *, agent: str | None = None, tool: str | None = None, tenant: str | None = None, reason: str, by: str) -> int:
        """Stop an agent, a tool or a tenant from now on.

        A turn that the agent has fails where it is, and the plan's cures follow (a fallback, or a person); it is given no other turn. A
        tool is refused to whoever calls it. Runs of the tenant end, and new ones fail. Each of these stands in the run's journal.
        The switch is this runtime's: throw it again after a restart.

        Args:
            agent: the agent's name; give exactly one of the three.
            tool: the tool's name.
            tenant: the tenant's name.
            reason: why. It is recorded with every run that it stops.
            by: who says so.

        Returns:
            How many runs under way were stopped, or lost a turn.

        Raises:
            UsageError: not exactly one is named, or a text is missing.
        """
        self._check_open()
        what, name = _one(agent=agent, tool=tool, tenant=tenant)
        for word, given in (("reason", reason), ("by", by)):
            if not isinstance(given, str) or not given:
                raise UsageError(f"{word} is {given!r}", hint=f"give {word} as a text")
        moved = self.engine.kill(what, name, reason, by)
        for number in moved:
            self.look_again(number)
        return len(moved)

    def revive(self, *, agent: str | None = None, tool: str | None = None, tenant: str | None = None) -> bool:
        """Let an agent, a tool or a tenant go on. Returns whether it was stopped."""
        self._check_open()
        return self.engine.revive(*_one(agent=agent, tool=tool, tenant=tenant))

    def killed(self) -> list[Kill]:
        """The switches that are thrown: agents, then tools, then tenants, by name."""
        self._check_open()
        return [_kill(one) for one in orjson.loads(self.engine.kills())]


def _one(**given: str | None) -> tuple[str, str]:
    named = [(what, name) for what, name in given.items() if name is not None]
    if len(named) != 1 or not isinstance(named[0][1], str) or not named[0][1]:
        raise UsageError(f"{len(named)} of {', '.join(STOPPABLE)} are named", hint='name exactly one, such as kill(agent="billing", …)')
    return named[0]


def _kill(one: dict[str, Any]) -> Kill:
    (what, name) = next(iter(one["target"].items()))
    return Kill(what, name, one["reason"], one["by"], one["at"])
