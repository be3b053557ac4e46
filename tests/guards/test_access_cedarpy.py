"""Decisions are those of ``cedarpy``, another build of Cedar, on random policies, entities and requests; sliced or not."""

from __future__ import annotations

import random
from typing import Any

import orjson
import pytest
from interlock._core import CedarSet

cedarpy = pytest.importorskip("cedarpy")

REQUESTS = 100
"""Requests to each set of policies."""

KINDS = ("User", "Team", "Doc", "Folder")
ACTIONS = ("read", "write", "share", "drop")
CONDITIONS = (
    "context.n > 2",
    "context has n && context.n <= 3",
    'context has tag && ["a", "b"].contains(context.tag)',
    'context has tag && context.tag like "a*"',
    "principal has level && principal.level >= 2",
    "resource.owner == principal",
    "resource in principal.home",
    'context has n && decimal("1.5").lessThan(decimal("2.0")) && context.n != 0',
    'context.tags.containsAny(["a", "c"])',
    "principal.level + context.n > 9223372036854775806",
    'if context has n then context.n == 1 else context.tag == "b"',
)


def uid(chance: random.Random, kinds: tuple[str, ...] = KINDS) -> str:
    return f'{chance.choice(kinds)}::"{chance.randrange(5)}"'


def scope(chance: random.Random, name: str) -> str:
    match chance.randrange(6):
        case 0:
            return name
        case 1 | 2:
            return f"{name} == {uid(chance)}"
        case 3:
            return f"{name} in {uid(chance)}"
        case 4:
            return f"{name} is {chance.choice(KINDS)}"
        case _:
            return f"{name} is {chance.choice(KINDS)} in {uid(chance)}"


def policy(chance: random.Random) -> str:
    actions = [f'Action::"{one}"' for one in chance.sample(ACTIONS, chance.randint(1, 2))]
    action = chance.choice(["action", f"action == {actions[0]}", f"action in [{', '.join(actions)}]", 'action in Action::"all"'])
    conditions = "".join(
        f" {chance.choice(['when', 'when', 'unless'])} {{ {chance.choice(CONDITIONS)} }}" for _ in range(chance.choice([0, 1, 1, 2]))
    )
    effect = chance.choice(["permit", "permit", "permit", "forbid"])
    return f"{effect}({scope(chance, 'principal')}, {action}, {scope(chance, 'resource')}){conditions};"


def entities(chance: random.Random) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for kind in KINDS:
        for number in range(5):
            above = [{"type": kind, "id": str(parent)} for parent in range(number) if chance.random() < 0.3]
            if kind in ("User", "Doc") and chance.random() < 0.5:
                above.append({"type": {"User": "Team", "Doc": "Folder"}[kind], "id": str(chance.randrange(5))})
            attributes: dict[str, Any] = {"level": chance.randrange(4)} if chance.random() < 0.7 else {}
            if kind == "Doc":
                attributes["owner"] = {"__entity": {"type": "User", "id": str(chance.randrange(5))}}
            if kind == "User":
                attributes["home"] = {"__entity": {"type": "Folder", "id": str(chance.randrange(5))}}
            found.append({"uid": {"type": kind, "id": str(number)}, "attrs": attributes, "parents": above})
    groups = [{"uid": {"type": "Action", "id": one}, "attrs": {}, "parents": [{"type": "Action", "id": "all"}]} for one in ACTIONS[:2]]
    return [*found, *groups, {"uid": {"type": "Action", "id": "all"}, "attrs": {}, "parents": []}]


def context(chance: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if chance.random() < 0.7:
        found["n"] = chance.randrange(5)
    if chance.random() < 0.7:
        found["tag"] = chance.choice(["a", "ab", "b", "*"])
    if chance.random() < 0.5:
        found["tags"] = chance.sample(["a", "b", "c"], chance.randrange(3))
    return found


def compare(seed: int, requests: int) -> tuple[int, int]:
    """Ask both; how many were allowed, and how many policies slicing left out."""
    chance = random.Random(seed)
    text = "\n".join(policy(chance) for _ in range(chance.randint(1, 40)))
    known = orjson.dumps(entities(chance)).decode()
    ours, theirs, held = CedarSet(text, known), cedarpy.PolicySet.from_str(text), cedarpy.Entities.from_json_str(known)
    allowed = spared = 0
    for _ in range(requests):
        asked = {
            "principal": uid(chance),
            "action": f'Action::"{chance.choice(ACTIONS)}"',
            "resource": uid(chance),
            "context": context(chance),
        }
        more = orjson.dumps(asked["context"]).decode()
        sliced = ours.decide(asked["principal"], asked["action"], asked["resource"], more, True)
        whole = ours.decide(asked["principal"], asked["action"], asked["resource"], more, False)
        result = cedarpy.is_authorized(asked, theirs, held)
        told = (seed, text, asked)
        assert sliced[:3] == whole[:3], told
        assert sliced[0] == result.allowed, told
        assert sorted(sliced[1]) == sorted(result.diagnostics.reasons), told
        assert len(sliced[2]) == len(result.diagnostics.errors), told
        allowed += sliced[0]
        spared += whole[3] - sliced[3]
    return allowed, spared


@pytest.mark.parametrize("seed", range(20))
def test_two_thousand_random_requests_are_decided_alike(seed: int) -> None:
    compare(seed, REQUESTS)


@pytest.mark.heavy
@pytest.mark.timeout(3_600)
def test_a_hundred_thousand_random_requests_are_decided_alike() -> None:
    results = [compare(seed, REQUESTS) for seed in range(1_000, 2_000)]
    allowed, spared = (sum(one) for one in zip(*results, strict=True))
    assert 10_000 < allowed < 90_000, "both answers are frequent"
    assert spared > 500_000, "slicing leaves out most"
