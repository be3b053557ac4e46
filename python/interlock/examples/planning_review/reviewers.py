"""The participants: each looks at the plan with one question in mind, and changes it, or agrees."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import interlock as il
from interlock.examples.planning_review.schedule import WEEK, Plan, Task, critical_path, earliest, in_order, overload, slack

FRIDAY = WEEK - 1
BUFFER = 0.25
"""A risky task on the critical path is followed by a buffer of this share of it, rounded up."""
MOST_MOVES = 200

Review = Callable[[Plan], tuple[Plan, list[str]]]


def schedule(plan: Plan) -> tuple[Plan, list[str]]:
    """Nothing begins before what it needs is done, and all of it by the deadline, if need be without buffers."""
    starts = earliest(plan)
    moved = plan.moved(starts)
    changes = [f"{name} moves to {plan.day(start):%d %b}" for name, start in starts.items() if start != plan.tasks[name].start]
    buffers = [task for task in moved.tasks.values() if task.kind == "buffer"]
    if moved.end <= plan.deadline:
        return moved, changes
    late = f"{_days(moved.end - plan.deadline)} after the deadline"
    if not buffers:
        return moved, [*changes, f"ends {late}, and there is nothing to take out"]
    return _without(moved, buffers), [*changes, f"ends {late}, so without {', '.join(buffer.id for buffer in buffers)}"]


def capacity(plan: Plan) -> tuple[Plan, list[str]]:
    """Nobody does more in a day than they can; of two tasks the one with more slack waits."""
    changes: dict[str, str] = {}
    for _ in range(MOST_MOVES):
        found = overload(plan)
        if found is None:
            break
        day, owner, tasks = found
        free = slack(plan)
        waits = max(tasks, key=lambda task: (free[task.id], task.start, task.id))
        others = [task.end for task in tasks if task is not waits and day not in plan.owners[owner].away]
        plan = plan.moved({waits.id: max([day + 1, *others[:1]])})
        changes[waits.id] = f"{waits.id} waits for {owner} until {plan.day(plan.tasks[waits.id].start):%d %b}"
    return plan, list(changes.values())


def risk(plan: Plan) -> tuple[Plan, list[str]]:
    """What is risky and on the critical path is followed by a buffer."""
    changes = []
    for name in critical_path(plan):
        task, buffer = plan.tasks[name], f"buffer after {name}"
        if task.risk == "high" and buffer not in plan.tasks:
            days = math.ceil(task.days * BUFFER)
            plan = _with(plan, task, Task(buffer, days, task.end, needs=(name,), kind="buffer"))
            changes.append(f"{_days(days)} of buffer after {name}")
    return plan, changes


def release(plan: Plan) -> tuple[Plan, list[str]]:
    """Nothing goes live on a Friday or in a freeze."""
    changes = []
    for task in plan.tasks.values():
        day = task.start
        while task.kind == "release" and (day % WEEK == FRIDAY or day in plan.frozen):
            day += 1
        if day != task.start:
            plan = plan.moved({task.id: day})
            changes.append(f"{task.id} moves to {plan.day(day):%a %d %b}")
    return plan, changes


REVIEWS: dict[str, Review] = {"scheduler": schedule, "capacity": capacity, "risk": risk, "release": release}


def reviewers() -> list[il.Agent]:
    """The participants, in the order in which they speak."""
    return [il.agent(_Reviewer(name, review), name=name) for name, review in REVIEWS.items()]


class _Reviewer:
    """One participant. Each contribution carries the whole plan and who agrees with it, so that nobody needs to have heard everything."""

    def __init__(self, name: str, review: Review) -> None:
        self._name = name
        self._review = review

    async def __call__(self, message: il.Message, ctx: il.Context) -> il.Reply:
        plan, changes = self._review(Plan.from_data(message.data["plan"]))
        agreed = [self._name] if changes else sorted({*message.data.get("agreed", ()), self._name})
        data = {"plan": plan.to_data(), "agreed": agreed, "changes": changes, "saw": len(ctx.view)}
        text = "; ".join(changes) or f"agreed: {plan.name} ends on {plan.day(plan.end):%d %b}"
        return il.Reply(text, data=data, confidence=0.5 if changes else 0.9)


def _with(plan: Plan, task: Task, buffer: Task) -> Plan:
    """A buffer between a task and whatever needs it."""
    tasks = {
        name: replace(other, needs=tuple(buffer.id if need == task.id else need for need in other.needs))
        for name, other in plan.tasks.items()
    }
    return replace(plan, tasks=tasks | {buffer.id: buffer})


def _without(plan: Plan, buffers: list[Task]) -> Plan:
    """The plan without some buffers; all that came after them starts as early as it can."""
    gone = {buffer.id: buffer.needs[0] for buffer in buffers}
    after = set(gone)
    for task in in_order(plan):
        if after & {*task.needs}:
            after.add(task.id)
    tasks = {
        name: replace(task, needs=tuple(gone.get(need, need) for need in task.needs), start=0 if name in after else task.start)
        for name, task in plan.tasks.items()
        if name not in gone
    }
    shorter = replace(plan, tasks=tasks)
    return shorter.moved(earliest(shorter))


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
