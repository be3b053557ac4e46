"""The patterns: frozen classes that describe a workflow as data. Nothing runs here; the core checks and compiles them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from interlock.agent import Agent, as_agent
from interlock.errors import ConfigError, UsageError


@dataclass(frozen=True, slots=True)
class OnFailure:
    """What happens when no cure helps: made by ``il.review()`` and ``il.fail()``."""

    kind: str


def review() -> OnFailure:
    """Ask a person. The run waits, and nothing is lost."""
    return OnFailure("review")


def fail() -> OnFailure:
    """End the run as failed."""
    return OnFailure("fail")


@dataclass(frozen=True, slots=True)
class Step:
    """One agent in a plan with the cures around it. Made by ``il.step``."""

    agent: Agent
    schema: Mapping[str, Any] | None
    min_confidence: float | None
    expression: str | None
    retries: int
    fallback: Agent | None
    timeout: float | None
    on_failure: OnFailure


def step(
    agent: Any,
    *,
    schema: Mapping[str, Any] | None = None,
    min_confidence: float | None = None,
    expression: str | None = None,
    retries: int = 0,
    fallback: Any = None,
    timeout: float | None = None,
    on_failure: OnFailure | None = None,
) -> Step:
    """An agent with checks on its reply and cures for its failures.

    Args:
        agent: an agent, or an async function.
        schema: a JSON schema that the reply's ``data`` must fit.
        min_confidence: between 0 and 1; a reply below it, or without a confidence, does not pass.
        expression: a CEL expression over ``text``, ``data``, ``confidence``, ``intent`` and ``user`` that must be true.
        retries: further attempts after one that raised, timed out or failed a check; the agent reads why in ``ctx.feedback``.
        fallback: the agent that takes over when the attempts are used up.
        timeout: seconds for one attempt, 30 by default.
        on_failure: ``il.review()`` (the default) or ``il.fail()``.
    """
    if min_confidence is not None and not 0 <= min_confidence <= 1:
        raise UsageError(f"min_confidence is {min_confidence}", hint="give a number between 0 and 1")
    if timeout is not None and timeout < 0.001:
        raise UsageError(f"timeout is {timeout} s, so the agent could never answer", hint="give at least 0.001 s")
    if not 0 <= retries <= 100:
        raise UsageError(f"retries is {retries}", hint="give 0 to 100")
    stand_in = None if fallback is None else as_agent(fallback)
    return Step(as_agent(agent), schema, min_confidence, expression, retries, stand_in, timeout, on_failure or review())


class Sequential:
    """The nodes one after another; each gets what the one before said.

    >>> import interlock as il
    >>> async def draft(message, ctx): return f"draft of {message.text}"
    >>> async def edit(message, ctx): return message.text.upper()
    >>> il.Sequential("letter", [draft, edit]).agents
    ('draft', 'edit')
    """

    __slots__ = ("name", "nodes")

    def __init__(self, name: str, nodes: Sequence[Any]) -> None:
        self.name = name
        self.nodes = tuple(as_node(node) for node in nodes)
        if not self.nodes:
            raise ConfigError(f"sequence {name!r} has no agent", hint="give at least one node", path=name)

    @property
    def agents(self) -> tuple[str, ...]:
        """The names of all agents below, in order, once."""
        return tuple(dict.fromkeys(agent.name for agent in agents_of(self)))

    def __repr__(self) -> str:
        return f"Sequential({self.name!r}, {list(self.nodes)!r})"


class Handoff:
    """Members that pass the turn on with the full context, until one of them answers.

    Args:
        name: the plan's or the node's name.
        entry: the member that opens. Without one, the routing engine reads the message and chooses.
        to: the other members, which the speaker may name or the routing table may choose.
        max_handoffs: members + 1 by default.
        revisit: whether a member may get the turn twice. Off, so that A → B → A ends in a retry with the reason.
        returns: whether a member's answer goes back to the entry; off means that the answer is the relay's.
        on_limit: ``il.review()`` (the default) or ``il.fail()``.
    """

    __slots__ = ("entry", "max_handoffs", "name", "on_limit", "returns", "revisit", "to")

    def __init__(
        self,
        name: str,
        *,
        entry: Any = None,
        to: Sequence[Any] = (),
        max_handoffs: int | None = None,
        revisit: bool = False,
        returns: bool = False,
        on_limit: OnFailure | None = None,
    ) -> None:
        self.name = name
        self.entry = None if entry is None else as_node(entry)
        self.to = tuple(as_node(node) for node in to)
        if self.entry is None and not self.to:
            raise ConfigError(f"handoff {name!r} has no agent", hint="give an entry, or members in `to`", path=name)
        if max_handoffs is not None and not 0 <= max_handoffs <= 65_535:
            raise UsageError(f"max_handoffs is {max_handoffs}", hint="give 0 to 65535")
        self.max_handoffs = max_handoffs
        self.revisit = revisit
        self.returns = returns
        self.on_limit = on_limit or review()

    @property
    def agents(self) -> tuple[str, ...]:
        """The names of all agents below, in order, once."""
        return tuple(dict.fromkeys(agent.name for agent in agents_of(self)))

    def __repr__(self) -> str:
        return f"Handoff({self.name!r}, entry={self.entry!r}, to={list(self.to)!r})"


Pattern: TypeAlias = Sequential | Handoff
Node: TypeAlias = Step | Sequential | Handoff


def as_node(value: Any) -> Node:
    """A pattern or a step as it is; an agent as a step without checks."""
    return value if isinstance(value, (Step, Sequential, Handoff)) else step(value)


def agents_of(node: Node) -> list[Agent]:
    """Every agent below a node, stand-ins included, in order."""
    match node:
        case Step():
            return [node.agent, *([node.fallback] if node.fallback else [])]
        case Sequential():
            return [agent for child in node.nodes for agent in agents_of(child)]
        case Handoff():
            children = ([node.entry] if node.entry else []) + list(node.to)
            return [agent for child in children for agent in agents_of(child)]


def plan_text(pattern: Pattern) -> str:
    """The plan as the core reads it and the journal keeps it: JSON with sorted keys, so equal plans have equal digests.

    Raises:
        ConfigError: a schema holds what JSON can't.
    """
    writer = _Writer()
    root = writer.node(pattern)
    spec = {"name": pattern.name, "root": root, "schemas": writer.schemas, "expressions": writer.expressions}
    return orjson.dumps(spec, option=orjson.OPT_SORT_KEYS).decode()


class _Writer:
    """Collects the texts that checks refer to by number."""

    def __init__(self) -> None:
        self.schemas: list[str] = []
        self.expressions: list[str] = []

    def node(self, node: Node) -> dict[str, Any]:
        match node:
            case Step():
                return self.step(node)
            case Sequential():
                return {"kind": "sequence", "name": node.name, "nodes": [self.node(child) for child in node.nodes]}
            case Handoff():
                return {
                    "kind": "relay",
                    "name": node.name,
                    "entry": self.node(node.entry) if node.entry else None,
                    "members": [self.node(child) for child in node.to],
                    "max_handoffs": node.max_handoffs,
                    "revisit": node.revisit,
                    "returns": node.returns,
                    "on_limit": node.on_limit.kind,
                }

    def step(self, step: Step) -> dict[str, Any]:
        checks: list[dict[str, Any]] = []
        if step.schema is not None:
            try:
                self.schemas.append(orjson.dumps(step.schema, option=orjson.OPT_SORT_KEYS).decode())
            except (TypeError, ValueError) as error:
                message = f"the schema of agent {step.agent.name!r} is no JSON: {error}"
                raise ConfigError(message, hint="write the schema with what JSON can hold", path=step.agent.name) from None
            checks.append({"kind": "schema", "number": len(self.schemas) - 1})
        if step.min_confidence is not None:
            checks.append({"kind": "min_confidence", "ppm": round(step.min_confidence * 1_000_000)})
        if step.expression is not None:
            self.expressions.append(step.expression)
            checks.append({"kind": "expression", "number": len(self.expressions) - 1})
        return {
            "kind": "step",
            "agent": step.agent.name,
            "checks": checks,
            "retries": step.retries,
            "fallback": step.fallback.name if step.fallback else None,
            "timeout_ms": None if step.timeout is None else round(step.timeout * 1_000),
            "on_failure": step.on_failure.kind,
        }
