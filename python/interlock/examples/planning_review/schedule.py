"""A project plan and what follows from it: working days, earliest starts, slack, the critical path, who is overloaded when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from interlock.errors import ConfigError

FOLDER = Path(__file__).parent / "data"
WEEK = 5

Days = dict[str, int]


@dataclass(frozen=True, slots=True)
class Task:
    """A piece of work. ``start`` counts working days from the plan's first."""

    id: str
    days: int
    start: int
    owner: str | None = None
    needs: tuple[str, ...] = ()
    load: float = 1.0
    risk: str = "low"
    kind: str = "work"
    """``work``, ``release`` or ``buffer``."""

    @property
    def end(self) -> int:
        """The first working day after it."""
        return self.start + self.days


@dataclass(frozen=True, slots=True)
class Owner:
    """A person: how much of a day they have, and the working days on which they are away."""

    capacity: float
    away: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan at one point of its discussion. It is never changed, only replaced."""

    name: str
    first_day: str
    deadline: int
    """The last working day on which something may still happen."""
    frozen: tuple[int, ...]
    owners: dict[str, Owner]
    tasks: dict[str, Task] = field(default_factory=dict)

    @property
    def end(self) -> int:
        """The last working day on which something happens."""
        return max(task.end for task in self.tasks.values()) - 1

    def moved(self, starts: Mapping[str, int]) -> Plan:
        """The plan with other starts."""
        return replace(self, tasks={name: replace(task, start=starts.get(name, task.start)) for name, task in self.tasks.items()})

    def day(self, number: int) -> date:
        """The date of a working day."""
        weeks, rest = divmod(number, WEEK)
        return date.fromisoformat(self.first_day) + timedelta(days=7 * weeks + rest)

    def to_data(self) -> dict[str, Any]:
        """As the data of a message."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Plan:
        """The plan that ``to_data`` wrote, JSON in between."""
        owners = {name: Owner(owner["capacity"], tuple(owner["away"])) for name, owner in data["owners"].items()}
        tasks = {name: Task(**{**task, "needs": tuple(task["needs"])}) for name, task in data["tasks"].items()}
        return cls(data["name"], data["first_day"], data["deadline"], tuple(data["frozen"]), owners, tasks)


def read_plan(path: Path) -> Plan:
    """A plan from a YAML file, whose days are dates.

    Raises:
        ConfigError: it does not start on a Monday, or a task needs or belongs to what is not there.
    """
    given = yaml.safe_load(path.read_text(encoding="utf-8"))
    first: date = given["start"]
    if first.weekday() != 0:
        raise ConfigError(f"{path}: {first} is no Monday", hint="begin the plan with a week")
    owners = {
        name: Owner(owner["capacity"], tuple(day for span in owner.get("away", []) for day in _days(first, span)))
        for name, owner in given["owners"].items()
    }
    tasks = {
        task["id"]: Task(**{**task, "start": _number(first, task["start"]), "needs": tuple(task.get("needs", ()))})
        for task in given["tasks"]
    }
    for task in tasks.values():
        if unknown := {*task.needs} - tasks.keys() or {task.owner} - owners.keys():
            raise ConfigError(f"{path}: {task.id} refers to {', '.join(map(str, unknown))}", hint="name a task or an owner of the file")
    frozen = tuple(day for span in given["freezes"] for day in _days(first, span))
    return Plan(given["name"], first.isoformat(), _number(first, given["deadline"]), frozen, owners, tasks)


def in_order(plan: Plan) -> list[Task]:
    """The tasks, each after those that it needs.

    Raises:
        ConfigError: tasks need each other in a circle.
    """
    left, order = dict(plan.tasks), list[Task]()
    while left:
        ready = [task for task in left.values() if not left.keys() & {*task.needs}]
        if not ready:
            raise ConfigError(f"{plan.name}: {', '.join(left)} need each other", hint="break the circle")
        order += ready
        left = {name: task for name, task in left.items() if task not in ready}
    return order


def earliest(plan: Plan) -> Days:
    """The earliest start of each task: not before its planned one, and after everything that it needs."""
    starts: Days = {}
    for task in in_order(plan):
        starts[task.id] = max([task.start, *(starts[need] + plan.tasks[need].days for need in task.needs)])
    return starts


def slack(plan: Plan) -> Days:
    """By how many working days each task may slip before the end of the plan does."""
    latest_end = dict.fromkeys(plan.tasks, plan.end + 1)
    for task in reversed(in_order(plan)):
        for need in task.needs:
            latest_end[need] = min(latest_end[need], latest_end[task.id] - task.days)
    return {name: latest_end[name] - task.end for name, task in plan.tasks.items()}


def critical_path(plan: Plan) -> list[str]:
    """The tasks without slack, by their start."""
    free = slack(plan)
    return [task.id for task in sorted(plan.tasks.values(), key=lambda task: task.start) if free[task.id] <= 0]


def overload(plan: Plan) -> tuple[int, str, list[Task]] | None:
    """The first day on which someone has more to do than they can, and with what."""
    for day in range(plan.end + 1):
        for name, owner in plan.owners.items():
            its = [task for task in plan.tasks.values() if task.owner == name and task.start <= day < task.end]
            if its and (day in owner.away or sum(task.load for task in its) > owner.capacity):
                return day, name, its
    return None


def _number(first: date, day: date) -> int:
    """The working day that a date is, from 0; a weekend counts as the Friday before it."""
    weeks, rest = divmod((day - first).days, 7)
    return weeks * WEEK + min(rest, WEEK - 1)


def _days(first: date, span: tuple[date, date]) -> range:
    return range(_number(first, span[0]), _number(first, span[1]) + 1)
