"""A plan as a Mermaid flowchart, and a finished run drawn over it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from interlock.patterns.concurrent import Concurrent
from interlock.patterns.explain import at_limit, policy
from interlock.patterns.federation import Domain, Federation
from interlock.patterns.forum import Forum, MakerChecker
from interlock.patterns.pattern import Node, Pattern
from interlock.patterns.relay import Handoff, Sequential
from interlock.patterns.step import Step
from interlock.patterns.told import Told, told

if TYPE_CHECKING:
    from interlock.events import Event

_STYLES = [
    "classDef ran stroke-width:3px",
    "classDef idle stroke-dasharray:4 3,opacity:0.6",
    "classDef failed stroke:#c0392b,stroke-width:3px",
]


def mermaid(pattern: Pattern, events: Sequence[Event] | None = None) -> str:
    """The flowchart's text."""
    picture = _Picture(None if events is None else told(events))
    picture.node(pattern, 1)
    lines = ["flowchart TD", *picture.lines]
    if events is not None:
        lines += [f"  end_({_quoted(_end(events))})", *(f"  {style}" for style in _STYLES)]
    return "\n".join(lines)


def _end(events: Sequence[Event]) -> str:
    return events[-1].kind.replace("_", " ") if events else "nothing happened"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', "#quot;").replace("\n", " ") + '"'


class _Picture:
    """Collects lines; nodes get the core's numbers."""

    def __init__(self, run: dict[int, Told] | None) -> None:
        self.lines: list[str] = []
        self.run = run
        self.count = 0

    def line(self, depth: int, text: str) -> None:
        self.lines.append("  " * depth + text)

    def node(self, node: Node, depth: int) -> str:
        """Draw a node; returns its id."""
        number = self.count
        self.count += 1
        own = f"n{number}"
        part = None if self.run is None else self.run.get(number)
        if isinstance(node, Step):
            label = node.name if part is None else f"{node.name}<br/>{part}"
            mark = "" if self.run is None else ":::idle" if part is None else ":::failed" if part.failed else ":::ran"
            self.line(depth, f"{own}[{_quoted(label)}]{mark}")
            return own
        kind = type(node).__name__
        title = f"{node.name} · {kind}" if part is None else f"{node.name} · {kind} · {part}"
        self.line(depth, f"subgraph {own} [{_quoted(title)}]")
        below = [(role, self.node(child, depth + 1), child) for role, child in node.children()]
        self.edges(node, own, below, depth + 1)
        self.line(depth, "end")
        return own

    def edges(self, node: Pattern, own: str, below: list[tuple[str, str, Node]], depth: int) -> None:
        ids = [child for _, child, _ in below]
        match node:
            case Sequential():
                for before, after in pairwise(ids):
                    self.line(depth, f"{before} --> {after}")
            case Handoff() | Federation():
                self.relay(own, below, depth)
            case Concurrent():
                self.parallel(node, own, below, depth)
            case MakerChecker():
                self.line(depth, f"{ids[0]} -->|draft| {ids[1]}")
                self.line(depth, f"{ids[1]} -->|revise| {ids[0]}")
                self.line(depth, f"{ids[1]} -->|accept| {own}a([{_quoted('the draft stands')}])")
                self.line(depth, f"{ids[1]} -.->|{node.max_rounds} rounds| {own}l{{{{{_quoted(at_limit(node))}}}}}")
            case Forum():
                self.forum(node, own, below, depth)
            case Domain():
                pass

    def relay(self, own: str, below: list[tuple[str, str, Node]], depth: int) -> None:
        first = next((child for role, child, _ in below if role == "entry"), None)
        if first is None:
            first = f"{own}r"
            self.line(depth, f"{first}{{{{{_quoted('routing rules')}}}}}")
        for role, child, _ in below:
            if role == "router":
                self.line(depth, f"{first} -.->|no intent found| {child}")
            elif child != first:
                self.line(depth, f"{first} -->|hands off| {child}")

    def parallel(self, node: Concurrent, own: str, below: list[tuple[str, str, Node]], depth: int) -> None:
        how = policy(node.reconcile) if node.reconcile else "all answers"
        self.line(depth, f"{own}f(( ))")
        self.line(depth, f"{own}j{{{{{_quoted(how)}}}}}")
        for role, child, _ in below:
            if role == "synthesis":
                self.line(depth, f"{own}j --> {child}")
            else:
                self.line(depth, f"{own}f --> {child} --> {own}j")

    def forum(self, node: Forum, own: str, below: list[tuple[str, str, Node]], depth: int) -> None:
        members = [child for role, child, _ in below if role == "member"]
        lead = next((child for role, child, _ in below if role == "lead"), None)
        if lead is None and node.rules is not None:
            lead = f"{own}r"
            self.line(depth, f"{lead}{{{{{_quoted('rules')}}}}}")
        if lead is not None:
            for member in members:
                self.line(depth, f"{lead} --> {member}")
                self.line(depth, f"{member} -.-> {lead}")
        else:
            for before, after in zip(members, members[1:] + members[:1], strict=True):
                self.line(depth, f"{before} --> {after}")
        last = next((child for role, child, _ in below if role == "at the limit"), None)
        stop = last or f"{own}l"
        if last is None:
            self.line(depth, f"{stop}{{{{{_quoted(at_limit(node))}}}}}")
        self.line(depth, f"{members[-1]} -.->|limit| {stop}")
