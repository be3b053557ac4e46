"""Domains behind walls: ``Federation``, ``Domain`` and the contract that says what crosses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from interlock.errors import ConfigError, UsageError
from interlock.patterns.pattern import Node, Pattern, Wall, as_node
from interlock.patterns.step import OnFailure, as_end
from interlock.seconds import as_seconds


class Table(Protocol):
    """A routing table: an ``il.Config`` is one."""

    def table_text(self) -> str:
        """The table as the core reads it."""
        ...


@dataclass(frozen=True, slots=True)
class Contract:
    """What may cross a wall in one direction. Made by ``il.contract``."""

    fields: tuple[str, ...]
    text: bool
    user: bool
    labels: tuple[str, ...]


def contract(fields: Sequence[str] = (), labels: Sequence[str] = ()) -> Contract:
    """What may cross a domain's wall. Nothing that is not named here does.

    Args:
        fields: keys of the data; ``"text"`` lets the message's text cross, and on the way in ``"user"`` lets it be known for whom the run
            acts. The user's own request and the last answer pass the wall of the domain that opens, like everything else.
        labels: a message that carries any other label does not cross at all.
    """
    if isinstance(fields, str) or isinstance(labels, str):
        raise UsageError("fields and labels are lists of names", hint='write fields=["case_id"]')
    keys = tuple(name for name in fields if name not in ("text", "user"))
    return Contract(keys, "text" in fields, "user" in fields, tuple(labels))


class Domain(Wall):
    """A node behind a wall: its agents are its own, and see only what is said inside, or came in by the contract.

    Args:
        name: how the others call it, and the first part of its agents' names (``bank_a/clerk``).
        node: what works inside.
        imports: what comes in. By default nothing but an empty message does.
        exports: what goes out. By default nothing but an empty message does.
        rules: the routing table inside: an ``il.Config`` whose routing rules are taken.
        max_turns: turns for one visit, at most.
        deadline: seconds for one visit.
        policy: the name of the policy under which the guards decide inside.
    """

    __slots__ = ("deadline", "exports", "imports", "max_turns", "node", "policy", "rules")

    def __init__(
        self,
        name: str,
        node: Any,
        *,
        imports: Contract | None = None,
        exports: Contract | None = None,
        rules: Table | None = None,
        max_turns: int | None = None,
        deadline: float | None = None,
        policy: str | None = None,
    ) -> None:
        if "/" in name:
            raise UsageError(f"domain {name!r} has a slash in its name", hint="a slash stands between a domain and its agents")
        self.name = name
        self.node = as_node(node)
        for what, given in (("imports", imports), ("exports", exports)):
            if given is not None and not isinstance(given, Contract):
                raise UsageError(f"{what} of domain {name!r} is {given!r}", hint="give il.contract([…])")
        self.imports = imports or contract()
        self.exports = exports or contract()
        if rules is not None and not hasattr(rules, "table_text"):
            raise UsageError(
                f"rules of domain {name!r} are a {type(rules).__name__}", hint="give il.Config.load(path) or il.Config.parse(text)"
            )
        self.rules = rules
        if max_turns is not None and max_turns < 1:
            raise UsageError(f"max_turns is {max_turns}", hint="give at least 1")
        self.max_turns = max_turns
        self.deadline = as_seconds(deadline, "deadline")
        self.policy = policy

    def children(self) -> list[tuple[str, Node]]:
        """What works inside."""
        return [("inside", self.node)]


class Federation(Pattern):
    """Domains that hand tasks to each other, through both walls each time.

    Args:
        name: the plan's or the node's name.
        domains: ``il.Domain(…)``s.
        entry: the domain that gets the task first, by name; the first by default.
        max_handoffs: domains + 1 by default.
        revisit: whether a domain may get the task twice, as one that asks another and then answers itself does. On.
        on_limit: ``il.review()`` (the default) or ``il.fail()``.
    """

    __slots__ = ("domains", "entry", "max_handoffs", "on_limit", "revisit")

    def __init__(
        self,
        name: str,
        domains: Sequence[Domain],
        *,
        entry: str | Domain | None = None,
        max_handoffs: int | None = None,
        revisit: bool = True,
        on_limit: OnFailure | None = None,
    ) -> None:
        self.name = name
        self.domains = tuple(domains)
        if not self.domains:
            raise ConfigError(f"federation {name!r} has no domain", hint="give at least one il.Domain(…)", path=name)
        for domain in self.domains:
            if not isinstance(domain, Domain):
                raise UsageError(f"{domain!r} is no domain", hint="wrap it: il.Domain(name, node, imports=…, exports=…)")
        first = entry.name if isinstance(entry, Domain) else entry or self.domains[0].name
        found = [domain for domain in self.domains if domain.name == first]
        if not found:
            raise ConfigError(f"federation {name!r} has no domain {first!r}", hint="name one of its domains as entry", path=name)
        self.entry = found[0]
        self.max_handoffs = max_handoffs
        self.revisit = revisit
        self.on_limit = as_end(on_limit, "on_limit")

    def children(self) -> list[tuple[str, Node]]:
        """The entry first, then the others."""
        return [("entry", self.entry), *(("", domain) for domain in self.domains if domain is not self.entry)]
