"""One after another, and handing on: ``Sequential`` and ``Handoff``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from interlock.errors import ConfigError, UsageError
from interlock.patterns.pattern import Node, Pattern, as_node, as_nodes
from interlock.patterns.step import OnFailure, as_end


class Sequential(Pattern):
    """The nodes one after another; each gets what the one before said.

    >>> import interlock as il
    >>> async def draft(message, ctx): return f"draft of {message.text}"
    >>> async def edit(message, ctx): return message.text.upper()
    >>> il.Sequential("letter", [draft, edit]).agents
    ('draft', 'edit')
    """

    __slots__ = ("nodes",)

    def __init__(self, name: str, nodes: Sequence[Any]) -> None:
        self.name = name
        self.nodes = as_nodes(nodes, "sequence", name, "nodes")

    def children(self) -> list[tuple[str, Node]]:
        """The nodes in their order."""
        return [("", node) for node in self.nodes]


class Handoff(Pattern):
    """Members that pass the turn on with the full context, until one of them answers.

    Args:
        name: the plan's or the node's name.
        entry: the member that opens. Without one, the routing engine reads the message and chooses.
        to: the other members, which the speaker may name or the routing table may choose.
        router: without an entry, the agent that is asked for the intent when neither rules, claims nor examples find one.
        max_handoffs: members + 1 by default.
        revisit: whether a member may get the turn twice. Off, so that A → B → A ends in a retry with the reason.
        returns: whether a member's answer goes back to the entry; off means that the answer is the relay's.
        on_limit: ``il.review()`` (the default) or ``il.fail()``.
    """

    __slots__ = ("entry", "max_handoffs", "on_limit", "returns", "revisit", "router", "to")

    def __init__(
        self,
        name: str,
        *,
        entry: Any = None,
        to: Sequence[Any] = (),
        router: Any = None,
        max_handoffs: int | None = None,
        revisit: bool = False,
        returns: bool = False,
        on_limit: OnFailure | None = None,
    ) -> None:
        self.name = name
        self.entry = None if entry is None else as_node(entry)
        self.to = tuple(as_node(node) for node in to)
        self.router = None if router is None else as_node(router)
        if self.entry is None and not self.to:
            raise ConfigError(f"handoff {name!r} has no agent", hint="give an entry, or members in `to`", path=name)
        if self.entry is not None and self.router is not None:
            raise ConfigError(f"handoff {name!r} has an entry and a router", hint="the entry states the intent itself", path=name)
        if max_handoffs is not None and not 0 <= max_handoffs <= 65_535:
            raise UsageError(f"max_handoffs is {max_handoffs}", hint="give 1 to 65535")
        self.max_handoffs = max_handoffs
        self.revisit = revisit
        self.returns = returns
        self.on_limit = as_end(on_limit, "on_limit")

    def children(self) -> list[tuple[str, Node]]:
        """The entry, the members, the router."""
        first = [("entry", self.entry)] if self.entry is not None else []
        last = [("router", self.router)] if self.router is not None else []
        return [*first, *(("", node) for node in self.to), *last]
