"""What all patterns are: named nodes with children, in the order in which the core numbers them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from copy import copy
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from interlock.agent import Agent
from interlock.errors import ConfigError
from interlock.patterns.step import Step, step

if TYPE_CHECKING:
    from interlock.events import Event
    from interlock.reviews import Approve, Terms


class Pattern(ABC):
    """A workflow, or a part of one. Immutable; the core checks and compiles it."""

    __slots__ = ("approval", "name", "terms")

    name: str
    approval: Approve
    terms: Terms

    @abstractmethod
    def children(self) -> list[tuple[str, Node]]:
        """The nodes below, each with its role, in the order of the core's numbers."""

    def approved_by(self, approve: Approve) -> Self:
        """The same plan, whose answers need a person's yes before they are delivered.

        >>> import interlock as il
        >>> async def write(message, ctx): return message.text
        >>> letter = il.Sequential("letter", [write]).approved_by(il.Approve(role="editor", when="confidence < 0.8"))
        """
        if callable(approve.when):
            raise ConfigError(
                f"the approval of plan {self.name!r} has a function as its condition", hint="write a CEL expression", path="approve.when"
            )
        plan = copy(self)
        plan.approval = approve
        return plan

    def reviewed_by(self, terms: Terms) -> Self:
        """The same plan, whose reviews (for whatever reason it opens one) are on these terms."""
        plan = copy(self)
        plan.terms = terms
        return plan

    @property
    def agents(self) -> tuple[str, ...]:
        """The names of all agents below, in order, once."""
        check_tree(self)
        return tuple(dict.fromkeys(agent.name for agent in agents_of(self)))

    def mermaid(self, events: Sequence[Event] | None = None) -> str:
        """The plan as a Mermaid flowchart.

        Args:
            events: of a finished run (``await runtime.history(run_id)``), drawn over the plan: what was visited is thick, with how
                often and how long; what was not is dashed.
        """
        from interlock.patterns.draw import mermaid

        check_tree(self)
        return mermaid(self, events)

    def explain(self, events: Sequence[Event] | None = None) -> str:
        """The plan in words, one line a node, with its limits and cures; with a run's events, what became of each node."""
        from interlock.patterns.explain import explain

        check_tree(self)
        return explain(self, events)

    @recursive_repr("…")
    def __repr__(self) -> str:
        below = ", ".join(f"{role}={child!r}" if role else repr(child) for role, child in self.children())
        return f"{type(self).__name__}({self.name!r}, {below})"


Node: TypeAlias = Step | Pattern


def as_node(value: Any) -> Node:
    """A pattern or a step as it is; an agent as a step without checks."""
    return value if isinstance(value, (Step, Pattern)) else step(value)


def as_nodes(values: Sequence[Any], kind: str, owner: str, what: str) -> tuple[Node, ...]:
    """Several nodes; at least one.

    Raises:
        ConfigError: there are none.
    """
    made = tuple(as_node(value) for value in values)
    if not made:
        raise ConfigError(f"{kind} {owner!r} has no agent", hint=f"give at least one node in `{what}`", path=owner)
    return made


def agents_of(node: Node, domain: str = "") -> list[Agent]:
    """Every agent below a node, stand-ins included, in order. Inside a domain an agent is called ``domain/agent``."""
    if isinstance(node, Step):
        return [within(agent, domain) for agent in (node.agent, node.fallback) if agent is not None]
    inside = node.inside(domain) if isinstance(node, Wall) else domain
    return [agent for _, child in node.children() for agent in agents_of(child, inside)]


def within(agent: Agent, domain: str) -> Agent:
    """The agent as the domain's own."""
    return agent.renamed(f"{domain}/{agent.name}") if domain else agent


class Wall(Pattern):
    """A pattern inside which agents are a domain's own."""

    __slots__ = ()

    def inside(self, domain: str) -> str:
        """How the domain is called that lies in this one."""
        return f"{domain}/{self.name}" if domain else self.name


def check_tree(node: Node, above: tuple[Node, ...] = ()) -> None:
    """Do nothing, if no pattern contains itself.

    Raises:
        ConfigError: one does; the message names the way from it to itself.
    """
    if not isinstance(node, Pattern):
        return
    path = (*above, node)
    if any(node is other for other in above):
        way = " → ".join(other.name for other in path)
        raise ConfigError(f"pattern {node.name!r} contains itself: {way}", hint="a plan is a tree; to go back, hand off", path=node.name)
    for _, child in node.children():
        check_tree(child, path)


def walk(node: Node, role: str = "", depth: int = 0) -> Iterator[tuple[int, str, Node]]:
    """The node and everything below it, in the core's order: depth, role, node."""
    yield depth, role, node
    if isinstance(node, Pattern):
        for below, child in node.children():
            yield from walk(child, below, depth + 1)
