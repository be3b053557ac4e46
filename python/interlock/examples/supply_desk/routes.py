"""Finds the cheapest way for a load that arrives in time: a shortest path with two measures, euros and days."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lane:
    """A connection between two cities, usable in both directions."""

    ends: tuple[str, str]
    mode: str
    km: int
    days: int
    eur_per_kg: float
    minimum_eur: float

    def eur(self, kg: float) -> float:
        """What a load costs on it."""
        return max(self.minimum_eur, self.eur_per_kg * kg)


@dataclass(frozen=True, slots=True)
class Route:
    """A way that was found. Without legs: the load is there already."""

    eur: float
    days: int
    km: int
    legs: tuple[str, ...]


class NoRoute(Exception):
    """Nothing leads there, or nothing does in time."""


def cheapest(lanes: Sequence[Lane], start: str, goal: str, kg: float, days: int) -> Route:
    """The cheapest route of at most so many days; of equally cheap ones the fastest.

    Raises:
        NoRoute: there is none; the text says whether a slower one exists.
    """
    if route := _search(lanes, start, goal, kg, days):
        return route
    slower = _search(lanes, start, goal, kg, 10_000)
    if slower is None:
        raise NoRoute(f"no lane leads from {start} to {goal}")
    fastest = min(
        (route.days for limit in range(slower.days + 1) if (route := _search(lanes, start, goal, kg, limit))), default=slower.days
    )
    raise NoRoute(f"{start} to {goal} takes {fastest} days at least, and {days} are left")


def _search(lanes: Sequence[Lane], start: str, goal: str, kg: float, days: int) -> Route | None:
    waiting: list[tuple[float, int, str, int, tuple[str, ...]]] = [(0.0, 0, start, 0, ())] if days >= 0 else []
    fastest: dict[str, int] = {}  # what comes later is dearer, so it is of use only if it is faster
    while waiting:
        eur, taken, city, km, legs = heapq.heappop(waiting)
        if city == goal:
            return Route(round(eur, 2), taken, km, legs)
        if taken >= fastest.get(city, days + 1):
            continue
        fastest[city] = taken
        for lane in lanes:
            if city in lane.ends and taken + lane.days <= days:
                other = lane.ends[1] if city == lane.ends[0] else lane.ends[0]
                leg = f"{city} → {other} by {lane.mode}"
                heapq.heappush(waiting, (eur + lane.eur(kg), taken + lane.days, other, km + lane.km, (*legs, leg)))
    return None
