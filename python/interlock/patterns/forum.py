"""One thread, or one desk of reports: ``GroupChat``, ``MakerChecker`` and ``Hierarchy``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from interlock.agent import Agent
from interlock.errors import UsageError
from interlock.patterns.pattern import Node, Pattern, as_node, as_nodes
from interlock.patterns.reconcile import Confidence, Policy, as_pairs
from interlock.patterns.step import OnFailure, review

ACCEPTED = (
    "(type(data) == map && has(data.verdict) && data.verdict in ['accept', 'accepted', 'approve', 'approved'])"
    " || (type(data) == map && has(data.accept) && data.accept == true)"
    " || (type(data) == map && has(data.accepted) && data.accepted == true)"
    " || (type(data) == map && has(data.approved) && data.approved == true)"
    " || text.matches('^(?i)\\\\s*(accept|accepted|approve|approved)\\\\s*[.!]?\\\\s*$')"
)
"""A checker's yes: ``il.accept()``, ``data.verdict``, a true ``data.accept``, ``accepted`` or ``approved``, or the bare word."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Who is next, by the first condition that holds. Made by ``il.rules``."""

    rules: tuple[tuple[str, tuple[str, ...]], ...]


def rules(pairs: Sequence[tuple[str, str | Sequence[str]]]) -> Rules:
    """Conditions that choose a chat's next speaker, or a hierarchy's next team.

    Args:
        pairs: of a CEL expression over what was said last (``text``, ``data``, ``confidence``, ``speaker``, ``turns``, ``labels``,
            ``user``) and the name of who is next; in a hierarchy it may be several names, who then work at once. In a chat the next in
            turn speaks when none holds; in a hierarchy the last report is then the answer.
    """
    made: list[tuple[str, tuple[str, ...]]] = []
    for condition, names in as_pairs(pairs, "a condition and a name"):
        to = (names,) if isinstance(names, str) else tuple(names)
        if not to:
            raise UsageError(f"the rule {condition!r} names nobody", hint="name somebody, or leave it out")
        made.append((condition, to))
    if not made:
        raise UsageError("there is no rule", hint="give at least one pair of a condition and a name")
    return Rules(tuple(made))


OnLimit = OnFailure | Policy | Agent | Node
"""What happens at a limit: a person, the end, the surest contribution, or a supervisor who answers."""


def _on_limit(given: Any) -> OnFailure | Confidence | Node:
    if given is None:
        return review()
    if isinstance(given, OnFailure):
        return given
    if isinstance(given, Policy):
        if len(given.methods) == 1 and isinstance(given.methods[0], Confidence):
            return given.methods[0]
        raise UsageError("of the policies only il.highest_confidence() can end a chat", hint="give that, il.review(), or an agent")
    return as_node(given)


def _positive(value: Any, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 65_535:
        raise UsageError(f"{what} is {value!r}", hint="give 1 to 65535")
    return value


class Forum(Pattern):
    """What chats and hierarchies share."""

    __slots__ = ("lead", "members", "on_limit", "rules", "summariser")

    lead: Node | None
    members: tuple[Node, ...]
    rules: Rules | None
    summariser: Node | None
    on_limit: OnFailure | Confidence | Node

    def children(self) -> list[tuple[str, Node]]:
        """The lead, the members, the summariser, and who answers at the limit."""
        from interlock.patterns.step import Step

        all_: list[tuple[str, Node]] = []
        if self.lead is not None:
            all_.append(("lead", self.lead))
        all_ += [("member", node) for node in self.members]
        if self.summariser is not None:
            all_.append(("summariser", self.summariser))
        if isinstance(self.on_limit, (Step, Pattern)):
            all_.append(("at the limit", self.on_limit))
        return all_


class GroupChat(Forum):
    """Participants share one thread: each gets what was said last, and sees the thread in ``ctx.view``.

    Args:
        name: the plan's or the node's name.
        participants: nodes, told apart by their names.
        speaker: who is next: ``"round_robin"``, ``il.rules([…])``, or a manager: an agent that names the next with
            ``ctx.hand_off(name)``, or ends the chat by answering.
        max_turns: contributions, at most.
        until: a CEL expression over the last contribution; when it holds, that contribution is the answer.
        on_limit: at ``max_turns``, or when nobody says anything new: ``il.review()`` (with the whole thread attached), ``il.fail()``,
            ``il.highest_confidence()``, or an agent that reads the thread and answers.
        window: how much of the thread a participant sees.
        summariser: an agent that sums the thread up for whoever joins when it is longer than the window.
    """

    __slots__ = ("max_turns", "until", "window")

    def __init__(
        self,
        name: str,
        participants: Sequence[Any],
        *,
        speaker: Literal["round_robin"] | Rules | Any = "round_robin",
        max_turns: int = 10,
        until: str | None = None,
        on_limit: Any = None,
        window: int = 20,
        summariser: Any = None,
    ) -> None:
        self.name = name
        self.members = as_nodes(participants, "group chat", name, "participants")
        self.rules = speaker if isinstance(speaker, Rules) else None
        self.lead = None if isinstance(speaker, Rules) or speaker == "round_robin" else _manager(speaker)
        self.max_turns = _positive(max_turns, "max_turns")
        self.until = until
        self.on_limit = _on_limit(on_limit)
        self.window = _positive(window, "window")
        self.summariser = None if summariser is None else as_node(summariser)


def _manager(speaker: Any) -> Node:
    if isinstance(speaker, str):
        raise UsageError(f"speaker is {speaker!r}", hint="give 'round_robin', il.rules([…]) or a manager agent")
    return as_node(speaker)


class MakerChecker(Forum):
    """One proposes, the other accepts or says what to revise.

    The maker gets the task, and on a revision the checker's reasons, with the task and all drafts in ``ctx.view``. The checker gets the
    draft. It answers with ``il.accept()`` or ``il.revise(reasons)``; anything else that is no clear yes is a no, with its text as reasons.

    Args:
        name: the plan's or the node's name.
        maker: a node.
        checker: a node.
        max_rounds: drafts, at most.
        on_limit: as for ``GroupChat``.
    """

    __slots__ = ("checker", "maker", "max_rounds")

    def __init__(self, name: str, *, maker: Any, checker: Any, max_rounds: int = 3, on_limit: Any = None) -> None:
        self.name = name
        self.maker = as_node(maker)
        self.checker = as_node(checker)
        self.members = (self.maker, self.checker)
        self.lead = self.rules = self.summariser = None
        self.max_rounds = _positive(max_rounds, "max_rounds")
        self.on_limit = _on_limit(on_limit)


class Hierarchy(Forum):
    """A supervisor delegates to teams, sees their reports, and delegates again or answers.

    Teams work apart: each gets only what the supervisor wrote for it (or the task), and only its report comes back. A team that fails is
    reported too, with the reason. What a team may reach is never more than what the supervisor may.

    Args:
        name: the plan's or the node's name.
        supervisor: an agent that returns ``ctx.delegate(…)`` or an answer; or ``il.rules([…])``.
        teams: nodes, told apart by their names.
        max_delegations: teams set to work in one run, at most; twice the number of teams by default.
        fan_out: teams at work at once, at most.
        max_depth: hierarchies inside each other, this one included.
        max_tokens: tokens of everything below, after which nobody is set to work any more.
        on_limit: as for ``GroupChat``, with the reports attached.
    """

    __slots__ = ("fan_out", "max_delegations", "max_depth", "max_tokens", "teams")

    def __init__(
        self,
        name: str,
        *,
        supervisor: Any,
        teams: Sequence[Any],
        max_delegations: int | None = None,
        fan_out: int = 4,
        max_depth: int = 4,
        max_tokens: int | None = None,
        on_limit: Any = None,
    ) -> None:
        self.name = name
        self.teams = self.members = as_nodes(teams, "hierarchy", name, "teams")
        self.rules = supervisor if isinstance(supervisor, Rules) else None
        self.lead = None if isinstance(supervisor, Rules) else as_node(supervisor)
        self.summariser = None
        self.max_delegations = _positive(2 * len(self.teams) if max_delegations is None else max_delegations, "max_delegations")
        self.fan_out = _positive(fan_out, "fan_out")
        self.max_depth = _positive(max_depth, "max_depth")
        self.max_tokens = max_tokens
        if max_tokens is not None and (isinstance(max_tokens, bool) or not isinstance(max_tokens, int) or max_tokens < 1):
            raise UsageError(f"max_tokens is {max_tokens!r}", hint="give at least 1")
        self.on_limit = _on_limit(on_limit)
