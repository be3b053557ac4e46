"""The patterns: frozen classes that describe a workflow as data. Nothing runs here; the core checks and compiles them."""

from interlock.patterns.concurrent import Concurrent
from interlock.patterns.federation import Contract, Domain, Federation, contract
from interlock.patterns.forum import GroupChat, Hierarchy, MakerChecker, Rules, rules
from interlock.patterns.pattern import Node, Pattern, agents_of, as_node, walk
from interlock.patterns.reconcile import Comparator, Policy, highest_confidence, judged, normalised, overrides, similar, vote
from interlock.patterns.relay import Handoff, Sequential
from interlock.patterns.step import OnFailure, Step, fail, review, step
from interlock.patterns.text import plan_text

__all__ = [
    "Comparator",
    "Concurrent",
    "Contract",
    "Domain",
    "Federation",
    "GroupChat",
    "Handoff",
    "Hierarchy",
    "MakerChecker",
    "Node",
    "OnFailure",
    "Pattern",
    "Policy",
    "Rules",
    "Sequential",
    "Step",
    "agents_of",
    "as_node",
    "contract",
    "fail",
    "highest_confidence",
    "judged",
    "normalised",
    "overrides",
    "plan_text",
    "review",
    "rules",
    "similar",
    "step",
    "vote",
    "walk",
]
