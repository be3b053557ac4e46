"""Plans that can't work are refused by name before anything runs: with the node's path, and the way out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import interlock as il
import pytest
from cast import echo, run_once, says

A, B = says("x", "a"), says("y", "b")
VOTE = il.vote()
FIRM: dict[str, Any] = {"supervisor": says("s", "s"), "teams": [A, B]}


def panel(policy: Any = VOTE, branches: Any = (A, B), **options: Any) -> il.Concurrent:
    return il.Concurrent("p", list(branches), reconcile=policy, **options)


def deep(levels: int) -> Any:
    node: Any = A
    for level in range(levels):
        node = il.Sequential(f"s{level}", [node])
    return node


REFUSED: list[tuple[str, Callable[[], Any], str, str | None]] = [
    ("no policy", lambda: panel(None), "neither a reconcile policy nor a synthesis agent", "p"),
    ("no branches", lambda: panel(branches=[]), "has no agent", "p"),
    ("two branches of one name", lambda: panel(branches=[A, A]), 'two members are called "a"', "p"),
    ("quorum above the panel", lambda: panel(il.vote(quorum=3)), "a quorum of 3, and the panel has 2", "p.reconcile[0]"),
    ("k above the panel", lambda: panel(mode="first_k", k=3), "the first 3, and the panel has 2", "p"),
    ("k of zero", lambda: panel(mode="first_k", k=0), "k of 0", "p"),
    ("weight of a stranger", lambda: panel(il.vote(weights={"c": 2})), '"c", which is not one of its members', "p.reconcile[0]"),
    ("weights of zero", lambda: panel(il.vote(weights={"a": 0, "b": 0})), "weight of 0 for every branch", "p.reconcile[0]"),
    ("override of a stranger", lambda: panel(il.overrides([("true", "c")])), '"c", which is not one of its members', "p.reconcile[0]"),
    (
        "override of a stranger, later",
        lambda: panel(il.vote().then(il.overrides([("true", "c")]))),
        '"c", which is not one of its members',
        "p.reconcile[1]",
    ),
    ("a policy in a nested plan", lambda: il.Sequential("s", [A, panel(il.vote(quorum=3))]), "a quorum of 3", "s.nodes[1].reconcile[0]"),
    (
        "a chat's rule names a stranger",
        lambda: il.GroupChat("c", [A, B], speaker=il.rules([("true", "z")])),
        '"z", which is not',
        "c.rules[0]",
    ),
    (
        "a chat's rule names two",
        lambda: il.GroupChat("c", [A, B], speaker=il.rules([("true", ["a", "b"])])),
        "so many at once: 2",
        "c.rules[0]",
    ),
    ("a chat of twins", lambda: il.GroupChat("c", [A, A]), 'two members are called "a"', "c"),
    (
        "a hierarchy's rule names a stranger",
        lambda: il.Hierarchy("h", supervisor=il.rules([("turns == 0", "a"), ("true", "z")]), teams=[A]),
        '"z"',
        "h.rules[1]",
    ),
    (
        "an unreachable team",
        lambda: il.Hierarchy("h", supervisor=il.rules([("true", "a")]), teams=[A, B]),
        'nothing leads to member "b"',
        "h",
    ),
    (
        "a rule above the fan-out",
        lambda: il.Hierarchy("h", supervisor=il.rules([("true", ["a", "b"])]), teams=[A, B], fan_out=1),
        "2",
        "h.rules[0]",
    ),
    ("a rule that names one twice", lambda: il.Hierarchy("h", supervisor=il.rules([("true", ["a", "a"])]), teams=[A]), '"a"', "h.rules[0]"),
    ("depth", lambda: il.Hierarchy("h", supervisor=A, teams=[il.Hierarchy("i", supervisor=B, teams=[echo])], max_depth=1), "2 deep", "h"),
    ("a federation without its entry", lambda: il.Federation("f", [il.Domain("a", A)], entry="b"), "no domain 'b'", "f"),
    ("a federation of nobody", lambda: il.Federation("f", []), "no domain", "f"),
    ("a federation of twins", lambda: il.Federation("f", [il.Domain("a", A), il.Domain("a", B)]), 'two members are called "a"', "f"),
    ("no handoffs", lambda: il.Federation("f", [il.Domain("a", A), il.Domain("b", B)], max_handoffs=0), "max_handoffs of 0", "f"),
    ("too deep", lambda: deep(20), "16 deep", None),
]


@pytest.mark.parametrize(("plan", "why", "path"), [pytest.param(*case[1:], id=case[0]) for case in REFUSED])
async def test_a_plan_that_can_not_work_is_refused_with_its_path_and_a_hint(plan: Callable[[], Any], why: str, path: str | None) -> None:
    with pytest.raises(il.ConfigError) as caught:
        await run_once(plan())
    assert why in caught.value.message, caught.value.message
    assert path is None or caught.value.path == path
    assert caught.value.hint


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: il.vote(quorum=0), "quorum"),
        (lambda: il.vote(quorum=0.0), "quorum"),
        (lambda: il.vote(quorum=1.5), "quorum"),
        (lambda: il.vote(quorum=float("nan")), "quorum"),
        (lambda: il.vote(quorum=True), "quorum"),
        (lambda: il.vote(on_tie="coin"), "on_tie"),
        (lambda: il.vote(weights={"a": -1}), "weights"),
        (lambda: il.vote(weights={"a": float("nan")}), "weights"),
        (lambda: il.vote(weights={"a": "many"}), "weights"),
        (lambda: il.vote(5), "key"),
        (lambda: il.vote(""), "key"),
        (lambda: il.normalised("d", "upper"), "fold"),
        (lambda: il.highest_confidence(1.5), "margin"),
        (lambda: il.highest_confidence(float("nan")), "margin"),
        (lambda: il.highest_confidence("much"), "margin"),
        (lambda: il.similar(-0.1), "threshold"),
        (lambda: il.judged(5), "judge"),
        (lambda: il.judged(lambda a, b: True), "async"),
        (lambda: il.overrides([]), "no override"),
        (lambda: il.overrides([("true", il.fail())]), "override"),
        (lambda: il.overrides([("true", 5)]), "override"),
        (lambda: il.overrides(["true"]), "pair"),
        (lambda: il.vote().then(il.review()).then(il.vote()), "closed"),
        (lambda: il.vote().then("review"), "no method"),
        (lambda: panel("vote"), "reconcile"),
        (lambda: panel(mode="all"), "mode"),
        (lambda: panel(k=1), "k"),
        (lambda: panel(mode="first_k"), "k"),
        (lambda: panel(branch_deadline=0), "branch_deadline"),
        (lambda: panel(branch_deadline=float("nan")), "branch_deadline"),
        (lambda: panel(on_failure="review"), "on_failure"),
        (lambda: il.GroupChat("c", [A], max_turns=0), "max_turns"),
        (lambda: il.GroupChat("c", [A], window=0), "window"),
        (lambda: il.GroupChat("c", [A], on_limit=il.vote()), "highest_confidence"),
        (lambda: il.GroupChat("c", [A], on_limit="review"), "neither an agent nor a pattern"),
        (lambda: il.MakerChecker("m", maker=A, checker=B, max_rounds=0), "max_rounds"),
        (lambda: il.Hierarchy("h", **FIRM, max_delegations=0), "max_delegations"),
        (lambda: il.Hierarchy("h", **FIRM, fan_out=0), "fan_out"),
        (lambda: il.Hierarchy("h", **FIRM, max_depth=0), "max_depth"),
        (lambda: il.Hierarchy("h", **FIRM, max_tokens=0), "max_tokens"),
        (lambda: il.Hierarchy("h", **FIRM, max_tokens="many"), "max_tokens"),
        (lambda: il.Domain("a", A, max_turns=0), "max_turns"),
        (lambda: il.Domain("a", A, deadline=0), "deadline"),
        (lambda: il.Domain("a/b", A), "slash"),
        (lambda: il.Domain("a", A, rules="rules.yaml"), "rules"),
        (lambda: il.Domain("a", A, imports=["text"]), "imports"),
        (lambda: il.Domain("a", A, exports="text"), "exports"),
        (lambda: il.contract("text"), "fields"),
        (lambda: il.contract([], "shareable"), "labels"),
        (lambda: il.Federation("f", [A]), "no domain"),
        (lambda: il.step(A, hedge=0), "hedge"),
        (lambda: il.rules([]), "no rule"),
        (lambda: il.rules(["true"]), "pair"),
        (lambda: il.rules([("true", [])]), "rule"),
    ],
)
def test_what_can_not_be_meant_is_refused_where_it_is_written(make: Callable[[], Any], why: str) -> None:
    with pytest.raises((il.UsageError, il.ConfigError)) as caught:
        make()
    assert why in f"{caught.value}"
    assert caught.value.hint


@pytest.mark.parametrize("kind", ["sequential", "concurrent", "chat", "hierarchy"])
async def test_a_pattern_that_contains_itself_is_refused_by_name(kind: str) -> None:
    plan: Any
    match kind:
        case "sequential":
            plan = il.Sequential("loop", [A])
            plan.nodes = (il.Sequential("inner", [plan]),)
        case "concurrent":
            plan = panel()
            plan.branches = (A, il.Sequential("inner", [plan]))
        case "chat":
            plan = il.GroupChat("chat", [A])
            plan.members = (A, plan)
        case _:
            plan = il.Hierarchy("h", supervisor=A, teams=[B])
            plan.members = (B, il.Sequential("inner", [plan]))

    async def drawn(plan: Any) -> str:
        return str(plan.mermaid())

    async def explained(plan: Any) -> str:
        return str(plan.explain())

    async def listed(plan: Any) -> str:
        return str(plan.agents)

    for ask in (run_once, drawn, explained, listed):
        with pytest.raises(il.ConfigError, match="contains itself") as caught:
            await ask(plan)
        assert plan.name in caught.value.message
        assert caught.value.hint
    assert "…" in repr(plan)


EXPRESSIONS: list[tuple[str, Callable[[str], Any]]] = [
    ("override", lambda text: panel(il.overrides([(text, "a")]))),
    ("until", lambda text: il.GroupChat("p", [A], until=text)),
    ("speaker rule", lambda text: il.GroupChat("p", [A], speaker=il.rules([(text, "a")]))),
    ("team rule", lambda text: il.Hierarchy("p", supervisor=il.rules([(text, "a")]), teams=[A])),
    ("inside a domain", lambda text: il.Federation("f", [il.Domain("d", il.GroupChat("p", [A], until=text))])),
]


@pytest.mark.parametrize("text", ["1 +", "", "nobody.knows == 1"])
@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in EXPRESSIONS])
async def test_an_expression_that_is_none_is_refused_with_the_node_s_name(make: Callable[[str], Any], text: str) -> None:
    with pytest.raises(il.ConfigError) as caught:
        await run_once(make(text))
    assert "p" in f"{caught.value.path} {caught.value.message}"
    assert caught.value.hint


@pytest.mark.parametrize("branches", ["ab", 5, None])
def test_branches_are_a_list(branches: Any) -> None:
    with pytest.raises((il.UsageError, il.ConfigError, TypeError)):
        il.Concurrent("p", branches, reconcile=VOTE)
