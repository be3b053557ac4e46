"""Branches at once, and one answer out of many: ``Concurrent``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from interlock.errors import ConfigError, UsageError
from interlock.patterns.pattern import Node, Pattern, as_node, as_nodes
from interlock.patterns.reconcile import Policy
from interlock.patterns.step import OnFailure, as_end
from interlock.seconds import as_seconds

MODES = ("wait_all", "first_k", "fail_fast")


class Concurrent(Pattern):
    """The branches work at once on the same message; a policy or a synthesis agent makes one answer of theirs.

    Args:
        name: the plan's or the node's name.
        branches: nodes, told apart by their names.
        reconcile: ``il.vote(…)``, ``il.highest_confidence(…)`` or ``il.overrides(…)``, chained with ``.then(…)``. What no method decides
            goes to a person, with all answers attached.
        synthesis: an agent that reads every answer in ``ctx.view`` and says what comes of them. With a policy beside it,
            ``ctx.contradictions`` names the branches that disagree.
        mode: ``wait_all`` for every branch; ``first_k`` answers are enough, the others are called off; ``fail_fast`` stops them all
            at the first that fails.
        k: how many answers ``first_k`` waits for.
        branch_deadline: seconds for each branch. One that takes longer is lost, and the others decide.
        on_failure: what happens when there is no answer at all.

    Raises:
        ConfigError: there is neither a policy nor a synthesis agent: contradictions would be passed over in silence.
    """

    __slots__ = ("branch_deadline", "branches", "k", "mode", "on_failure", "reconcile", "synthesis")

    def __init__(
        self,
        name: str,
        branches: Sequence[Any],
        *,
        reconcile: Policy | None = None,
        synthesis: Any = None,
        mode: Literal["wait_all", "first_k", "fail_fast"] = "wait_all",
        k: int | None = None,
        branch_deadline: float | None = None,
        on_failure: OnFailure | None = None,
    ) -> None:
        self.name = name
        self.branches = as_nodes(branches, "concurrent", name, "branches")
        self.synthesis = None if synthesis is None else as_node(synthesis)
        if reconcile is None and synthesis is None:
            raise ConfigError(
                f"concurrent {name!r} has neither a reconcile policy nor a synthesis agent, so several answers could never become one",
                hint="give reconcile=il.vote(…) or synthesis=agent",
                path=name,
            )
        if reconcile is not None and not isinstance(reconcile, Policy):
            raise UsageError(f"reconcile is {reconcile!r}", hint="give il.vote(…), il.highest_confidence(…) or il.overrides(…)")
        if mode not in MODES:
            raise UsageError(f"mode is {mode!r}", hint=f"give one of {', '.join(MODES)}")
        if (mode == "first_k") != (k is not None):
            raise UsageError(f"mode is {mode!r} and k is {k}", hint="k goes with mode='first_k', and that needs it")
        self.reconcile = reconcile
        self.mode = mode
        self.k = k
        self.branch_deadline = as_seconds(branch_deadline, "branch_deadline")
        self.on_failure = as_end(on_failure, "on_failure")

    def children(self) -> list[tuple[str, Node]]:
        """The branches and the synthesis agent."""
        last = [("synthesis", self.synthesis)] if self.synthesis is not None else []
        return [*(("branch", node) for node in self.branches), *last]
