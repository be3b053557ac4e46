"""A plan in words: one line a node, with its limits and cures, and with a run's part in it where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from interlock.patterns.concurrent import Concurrent
from interlock.patterns.federation import Contract, Domain, Federation
from interlock.patterns.forum import Forum, GroupChat, Hierarchy, MakerChecker
from interlock.patterns.pattern import Node, Pattern, walk
from interlock.patterns.reconcile import Comparator, Confidence, Method, Normalised, Overrides, Policy, Vote
from interlock.patterns.relay import Handoff, Sequential
from interlock.patterns.step import OnFailure, Step
from interlock.patterns.told import told

if TYPE_CHECKING:
    from interlock.events import Event

_ENDS = {"review": "a person decides", "fail": "the run fails"}


def explain(pattern: Pattern, events: Sequence[Event] | None = None) -> str:
    """The plan in words."""
    seen = told(events) if events is not None else {}
    lines = []
    for number, (depth, role, node) in enumerate(walk(pattern)):
        called = f"{role} {node.name}" if role else node.name
        line = f"{'  ' * depth}{number}. {called}: {words(node)}"
        if events is not None:
            line += f" — {seen[number]}" if number in seen else " — not visited"
        lines.append(line)
    if events:
        lines.append(f"ended: {events[-1].kind}")
    return "\n".join(lines)


def words(node: Node) -> str:
    """What a node is and what holds there."""
    match node:
        case Step():
            return _step(node)
        case Sequential():
            return f"sequence of {len(node.nodes)}"
        case Handoff():
            opens = f"{node.entry.name} opens" if node.entry else "the routing rules choose who opens"
            asked = f", {node.router.name} is asked where they find nothing" if node.router else ""
            most = node.max_handoffs if node.max_handoffs is not None else len(node.to) + (node.entry is not None) + 1
            again = ", a member may come twice" if node.revisit else ", no member twice"
            back = ", answers go back to the entry" if node.returns else ""
            return f"handoff; {opens}{asked}; at most {most} handoffs{again}{back}; then {_ENDS[node.on_limit.kind]}"
        case Federation():
            return f"federation of {len(node.domains)}; {node.entry.name} opens; then {_ENDS[node.on_limit.kind]} at the limit"
        case Domain():
            limits = "".join(
                [f"; at most {node.max_turns} turns" if node.max_turns else "", f"; {node.deadline:g} s" if node.deadline else ""]
            )
            return f"domain; in: {_contract(node.imports)}; out: {_contract(node.exports)}{limits}"
        case Concurrent():
            when = {"wait_all": "all are waited for", "first_k": f"the first {node.k} are enough", "fail_fast": "one failure ends them all"}
            how = f"; {policy(node.reconcile)}" if node.reconcile else ""
            last = f"; {node.synthesis.name} makes one answer of them" if node.synthesis else ""
            return f"{len(node.branches)} at once; {when[node.mode]}{how}{last}"
        case Forum():
            return f"{_forum(node)}; at the limit {at_limit(node)}"
    return type(node).__name__


def at_limit(node: Forum) -> str:
    """What follows when nobody may go on."""
    match node.on_limit:
        case OnFailure(kind=kind):
            return _ENDS[kind]
        case Confidence():
            return "the surest contribution stands"
        case supervisor:
            return f"{supervisor.name} answers"


def _forum(node: Forum) -> str:
    match node:
        case GroupChat():
            who = f"{node.lead.name} names the next" if node.lead else "rules choose the next" if node.rules else "in turn"
            end = f", until {node.until}" if node.until else ""
            return f"chat of {len(node.members)}, {who}; at most {node.max_turns} contributions{end}"
        case MakerChecker():
            return f"{node.maker.name} proposes, {node.checker.name} accepts or says what to revise; at most {node.max_rounds} rounds"
        case Hierarchy():
            who = node.lead.name if node.lead else "rules"
            spend = f", {node.max_tokens} tokens" if node.max_tokens else ""
            return f"{who} delegates to {len(node.teams)} teams, {node.fan_out} at once, {node.max_delegations} in all{spend}"
    return type(node).__name__


def _step(step: Step) -> str:
    parts = ["agent" if step.name == step.agent.name else f"agent {step.agent.name}"]
    if step.schema is not None:
        parts.append("its data must fit a schema")
    if step.min_confidence is not None:
        parts.append(f"confidence of at least {step.min_confidence:g}")
    if step.expression is not None:
        parts.append(f"must be true: {step.expression}")
    if step.retries:
        parts.append(f"{step.retries} retries")
    if step.fallback is not None:
        parts.append(f"then {step.fallback.name}" + (f", beside it after {step.hedge:g} s" if step.hedge else ""))
    parts.append(f"then {_ENDS[step.on_failure.kind]}")
    return "; ".join(parts)


def policy(chain: Policy) -> str:
    """A chain of methods in words."""
    return ", then ".join([*(_method(method) for method in chain.methods), _ENDS[chain.end.kind]])


def _method(method: Method) -> str:
    match method:
        case Overrides():
            return f"{len(method.rules)} override{'s' if len(method.rules) > 1 else ''}"
        case Confidence():
            return f"the surest answer, {method.margin:g} ahead" if method.margin else "the surest answer"
        case Vote():
            on = _key(method.key)
            need = (
                ""
                if method.quorum is None
                else f" with {method.quorum} votes"
                if isinstance(method.quorum, int)
                else f" with {method.quorum:.0%}"
            )
            return f"a{' weighted' if method.weights else ''} vote{on}{need}"


def _key(key: str | Normalised | Comparator | None) -> str:
    match key:
        case None:
            return ""
        case str():
            return f" on {key}"
        case Normalised(field=field):
            return f" on {field}"
        case Comparator(least=least):
            return f" on what agrees ({least:g})"


def _contract(contract: Contract) -> str:
    return ", ".join([*contract.fields, *(["text"] if contract.text else [])]) or "nothing"
