"""The announcement of an agreed plan: a maker that drafts it, and a checker that holds it against the plan."""

from __future__ import annotations

import interlock as il
from interlock.examples.planning_review.schedule import Plan, Task, critical_path

MOST_WORDS = 60
NAMED, LONG, WRONG = "it names people", "it has", "it does not say when"
"""How the checker's reasons begin; the maker reads them."""


def draft(plan: Plan, reasons: str = "") -> str:
    """Every task with its owner and dates; after reasons, without what they complain of."""
    tasks = sorted((task for task in plan.tasks.values() if task.kind != "buffer"), key=lambda task: (task.start, task.id))
    if LONG in reasons:
        tasks = milestones(plan)
    lines = [f"{plan.name} is planned from {_said(plan, 0)} to {_said(plan, plan.end)}."]
    for task in tasks:
        who = "" if NAMED in reasons else f" ({task.owner})"
        lines.append(f"{task.id}{who}: done by {_said(plan, task.end - 1)}.")
    return "\n".join(lines)


def objections(plan: Plan, text: str) -> list[str]:
    """What keeps the text from being sent: a milestone that is missing or has another date, a person's name, too many words."""
    found = [
        f"{WRONG} {task.id} is done" for task in milestones(plan) if f": done by {_said(plan, task.end - 1)}." not in _line(text, task)
    ]
    named = [owner for owner in plan.owners if owner in text.lower().replace("(", " ").replace(")", " ").split()]
    if named:
        found.append(f"{NAMED}: {', '.join(named)}")
    words = len(text.split())
    if words > MOST_WORDS:
        found.append(f"{LONG} {words} words, of {MOST_WORDS}")
    return found


def milestones(plan: Plan) -> list[Task]:
    """What the end of the plan hangs on: releases, and work on the critical path."""
    critical = critical_path(plan)
    its = (task for task in plan.tasks.values() if task.kind == "release" or (task.kind == "work" and task.id in critical))
    return sorted(its, key=lambda task: (task.start, task.id))


@il.agent
async def drafter(message: il.Message, ctx: il.Context) -> il.Reply:
    """The maker. On a revision its message is the checker's reasons, and the task is still the plan."""
    plan = Plan.from_data(ctx.task.data["plan"])
    return il.Reply(draft(plan, message.text if message.sender == editor.name else ""), data={"plan": plan.to_data()})


@il.agent
async def editor(message: il.Message, ctx: il.Context) -> il.Reply:
    """The checker: the draft is its message."""
    reasons = objections(Plan.from_data(ctx.task.data["plan"]), message.text)
    return il.revise("; ".join(reasons)) if reasons else il.accept("every milestone has its date")


def _said(plan: Plan, day: int) -> str:
    return f"{plan.day(day):%d %B %Y}"


def _line(text: str, task: Task) -> str:
    return next((line for line in text.splitlines() if line.startswith((f"{task.id}:", f"{task.id} ("))), "")
