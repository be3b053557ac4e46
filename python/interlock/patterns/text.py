"""A plan as the core reads it and the journal keeps it: JSON with sorted keys, so equal plans have equal digests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from interlock.agent import Agent
from interlock.errors import ConfigError
from interlock.patterns.concurrent import Concurrent
from interlock.patterns.federation import Contract, Domain, Federation
from interlock.patterns.forum import ACCEPTED, Forum, GroupChat, Hierarchy, MakerChecker
from interlock.patterns.pattern import Node, Pattern, check_tree, within
from interlock.patterns.reconcile import Comparator, Confidence, Method, Normalised, Overrides, Vote
from interlock.patterns.relay import Handoff, Sequential
from interlock.patterns.step import OnFailure, Step


def plan_text(pattern: Pattern) -> str:
    """The plan's text.

    Raises:
        ConfigError: a schema holds what JSON can't, or a pattern contains itself.
    """
    check_tree(pattern)
    writer = _Writer()
    root = writer.node(pattern)
    spec = {"name": pattern.name, "root": root, "schemas": writer.schemas, "expressions": writer.expressions, "tables": writer.tables}
    # Left out where there are none, so that plans without them keep their digests.
    if (terms := getattr(pattern, "terms", None)) is not None:
        spec["review"] = terms.spec()
    if (approve := getattr(pattern, "approval", None)) is not None:
        when = None if approve.when is None else writer.expression(approve.when)
        spec["approve"] = {"when": when, "terms": approve.spec()}
    return orjson.dumps(spec, option=orjson.OPT_SORT_KEYS).decode()


class _Writer:
    """Collects the texts that nodes refer to by number."""

    def __init__(self) -> None:
        self.schemas: list[str] = []
        self.expressions: list[str] = []
        self.tables: list[str] = []
        self._domain = ""

    def node(self, node: Node) -> dict[str, Any]:
        if isinstance(node, Step):
            return self.step(node)
        return self.pattern(node)

    def pattern(self, node: Pattern) -> dict[str, Any]:
        match node:
            case Sequential():
                return {"kind": "sequence", "name": node.name, "nodes": [self.node(child) for child in node.nodes]}
            case Handoff():
                return self.relay(node, node.entry, list(node.to)) | {
                    "returns": node.returns,
                    "router": self.node(node.router) if node.router else None,
                }
            case Federation():
                others: list[Node] = [domain for domain in node.domains if domain is not node.entry]
                return self.relay(node, node.entry, others)
            case Concurrent():
                return self.parallel(node)
            case Forum():
                return self.forum(node)
            case Domain():
                return self.domain(node)
        raise ConfigError(f"{node!r} is no pattern that the core knows", hint="use interlock's own pattern classes", path=node.name)

    def relay(self, node: Handoff | Federation, entry: Node | None, members: list[Node]) -> dict[str, Any]:
        return {
            "kind": "relay",
            "name": node.name,
            "entry": self.node(entry) if entry else None,
            "members": [self.node(child) for child in members],
            "max_handoffs": node.max_handoffs,
            "revisit": node.revisit,
            "on_limit": node.on_limit.kind,
        }

    def parallel(self, node: Concurrent) -> dict[str, Any]:
        policy = node.reconcile
        return {
            "kind": "parallel",
            "name": node.name,
            "branches": [self.node(child) for child in node.branches],
            "mode": {"first_k": node.k} if node.mode == "first_k" else node.mode,
            "branch_deadline_ms": _ms(node.branch_deadline),
            "reconcile": None
            if policy is None
            else {"methods": [self.method(method) for method in policy.methods], "on_unresolved": policy.end.kind},
            "synthesis": self.node(node.synthesis) if node.synthesis else None,
            "on_failure": node.on_failure.kind,
        }

    def method(self, method: Method) -> dict[str, Any]:
        match method:
            case Overrides():
                rules = [{"expression": self.expression(condition), "take": take} for condition, take in method.rules]
                return {"kind": "overrides", "rules": rules}
            case Confidence():
                return {"kind": "confidence", "margin_ppm": round(method.margin * 1_000_000)}
            case Vote():
                quorum: dict[str, int] | None = None
                if method.quorum is not None:
                    is_share = isinstance(method.quorum, float)
                    quorum = {"share": round(method.quorum * 1_000_000)} if is_share else {"count": int(method.quorum)}
                weights = sorted(method.weights.items())
                return {"kind": "vote", "key": _key(method.key), "quorum": quorum, "weights": weights, "on_tie": method.on_tie}

    def forum(self, node: Forum) -> dict[str, Any]:
        limit: Any
        match node.on_limit:
            case OnFailure(kind=kind):
                limit = kind
            case Confidence():
                limit = "confidence"
            case supervisor:
                limit = {"supervisor": supervisor}
        lead = self.node(node.lead) if node.lead else None
        members = [self.node(child) for child in node.members]
        summariser = self.node(node.summariser) if node.summariser else None
        if isinstance(limit, dict):
            limit = {"supervisor": self.node(limit["supervisor"])}
        spec: dict[str, Any] = {"kind": "forum", "name": node.name, "members": members, "lead": lead, "on_limit": limit}
        rules = node.rules.rules if node.rules else ()
        spec["rules"] = [{"expression": self.expression(condition), "to": list(names)} for condition, names in rules]
        spec["summariser"] = summariser
        match node:
            case GroupChat():
                until = None if node.until is None else self.expression(node.until)
                return spec | {"max_turns": node.max_turns, "window": node.window, "until": until}
            case MakerChecker():
                return spec | {"max_turns": min(2 * node.max_rounds, 65_535), "window": 65_535, "accept": self.expression(ACCEPTED)}
            case Hierarchy():
                return spec | {
                    "delegates": True,
                    "max_turns": node.max_delegations,
                    "window": 65_535,
                    "fan_out": node.fan_out,
                    "max_depth": node.max_depth,
                    "max_tokens": node.max_tokens,
                }
        raise ConfigError(f"{node!r} is no pattern that the core knows", hint="use interlock's own pattern classes", path=node.name)

    def domain(self, node: Domain) -> dict[str, Any]:
        table = None
        if node.rules is not None:
            self.tables.append(node.rules.table_text())
            table = len(self.tables) - 1
        outside, self._domain = self._domain, node.inside(self._domain)
        try:
            inside = self.node(node.node)
        finally:
            self._domain = outside
        return {
            "kind": "domain",
            "name": node.name,
            "node": inside,
            "imports": _contract(node.imports),
            "exports": _contract(node.exports),
            "table": table,
            "max_turns": node.max_turns,
            "deadline_ms": _ms(node.deadline),
            "policy": node.policy,
        }

    def step(self, step: Step) -> dict[str, Any]:
        agent, fallback = self.own(step.agent), None if step.fallback is None else self.own(step.fallback)
        spec: dict[str, Any] = {
            "kind": "step",
            "agent": agent.name,
            "checks": self.checks(step),
            "retries": step.retries,
            "fallback": fallback.name if fallback else None,
            "timeout_ms": _ms(step.timeout),
            "on_failure": step.on_failure.kind,
        }
        if step.name != agent.name:
            spec["name"] = step.name
        if step.hedge is not None:
            spec["hedge_ms"] = _ms(step.hedge)
        if agent.claims is not None:
            spec["claims"] = self.expression(agent.claims)
        for owner, prefix in ((agent, ""), (fallback, "fallback_")):
            if owner is not None and owner.pure:
                spec[f"{prefix}pure"] = True
            if owner is not None and owner.scopes:
                spec[f"{prefix}scopes"] = list(owner.scopes)
        return spec

    def own(self, agent: Agent) -> Agent:
        return within(agent, self._domain)

    def checks(self, step: Step) -> list[dict[str, Any]]:
        checks: list[dict[str, Any]] = []
        if step.schema is not None:
            checks.append({"kind": "schema", "number": self.schema(step.schema, step.agent.name)})
        if step.min_confidence is not None:
            checks.append({"kind": "min_confidence", "ppm": round(step.min_confidence * 1_000_000)})
        if step.expression is not None:
            checks.append({"kind": "expression", "number": self.expression(step.expression)})
        return checks

    def schema(self, schema: Mapping[str, Any], agent: str) -> int:
        try:
            self.schemas.append(orjson.dumps(schema, option=orjson.OPT_SORT_KEYS).decode())
        except (TypeError, ValueError) as error:
            message = f"the schema of agent {agent!r} is no JSON: {error}"
            raise ConfigError(message, hint="write the schema with what JSON can hold", path=agent) from None
        return len(self.schemas) - 1

    def expression(self, text: str) -> int:
        self.expressions.append(text)
        return len(self.expressions) - 1


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1_000)


def _contract(contract: Contract) -> dict[str, Any]:
    return {"fields": list(contract.fields), "text": contract.text, "user": contract.user, "labels": list(contract.labels)}


def _key(key: str | Normalised | Comparator | None) -> dict[str, Any]:
    match key:
        case None:
            return {"by": "text"}
        case Normalised(field=field, fold=fold):
            return {"by": "field", "path": field, "fold": fold}
        case Comparator(least=least):
            return {"by": "agreement", "least_ppm": round(least * 1_000_000)}
        case str():
            return {"by": "field", "path": key, "fold": "exact"}
