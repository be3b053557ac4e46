"""AgentDojo through the runtime: real runs, whose tools return what was recorded, and an agent that obeys every injection.

`agentdojo.py` asks the labels directly; here a call has to pass every gate of `il.open`, with texts masked and screened on their way.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
from collections.abc import Iterator
from typing import Any, Literal

import interlock as il
import yaml
from agentdojo import LURE, SUITES, Agent, Call, Suite, Task, attacked, benign, load, same
from interlock.errors import Denied
from interlock.runtime.texts_within import each_text

Verdict = Literal["passed", "review", "denied"]
PLACEHOLDER = re.compile("⟦[^⟦⟧]*⟧")
WHO = il.User("emma", tenant="acme")


class Played:
    """One suite's runtime, and the script of the run that is under way."""

    def __init__(self, suite: Suite, mode: str) -> None:
        self.suite = suite
        policy = {"guardrails": {**suite.policy, "labels": {"mode": mode}}}
        tools = [self._tool(name) for name in suite.policy["tools"]]
        self.plan = il.Sequential(suite.name, [il.agent(self._obey, name="agent")])
        self.runtime = il.open(plans=[self.plan], tools=tools, config=il.Config.parse(yaml.safe_dump(policy)))
        self.verdicts: list[Verdict | None] = []
        self._asked = ""
        self._script: list[Call] = []
        self._lures: list[str] = []
        self._at = 0

    def _tool(self, name: str) -> il.Tool:
        async def call(**arguments: Any) -> Any:
            self.verdicts[self._at] = self.verdicts[self._at] or "passed"
            return self._answer(self._at)

        return il.Tool(call, name=name, kind=self.suite.policy["tools"][name]["effect"])

    def _answer(self, at: int) -> Any:
        """What was recorded, with the injection where a stranger has a hand in it."""
        result, lure = self._script[at]["result"], self._lures[at]
        if not lure:
            return result
        if isinstance(result, dict):
            return {**result, "information": lure}
        return [*result, lure] if isinstance(result, list) else f"{result}\n{lure}"

    async def _obey(self, message: il.Message, ctx: il.Context) -> str:
        shown = stand_ins(self._asked, message.text)
        for at, call in enumerate(self._script):
            self._at = at
            try:
                await ctx.tool(call["tool"], **each_text(call["args"], lambda text: as_shown(text, shown)))
            except Denied:
                self.verdicts[at] = self.verdicts[at] or "denied"
        return "done"

    async def play(self, text: str, calls: list[Call], lures: list[str], approved: int) -> list[Verdict | None]:
        """What becomes of each call. A person lets the first ones happen; of the others he says what they would have given."""
        self._asked, self._script, self._lures, self.verdicts = text, calls, lures, [None] * len(calls)
        outcome = await self.runtime.run(self.plan, text, user=WHO)
        while outcome.status == "in_review" and outcome.reviews:
            at, review = self._at, outcome.reviews[-1]
            if self.verdicts[at] is not None or (await self.runtime.reviews.get(outcome.run_id, review)).subject != "effect":
                break
            self.verdicts[at] = "review"
            if at < approved:
                outcome = await self.runtime.reviews.approve(outcome.run_id, by="lea", review=review)
            else:
                outcome = await self.runtime.reviews.answer(outcome.run_id, by="lea", review=review, data={"result": self._answer(at)})
        return self.verdicts


def stand_ins(text: str, masked: str) -> dict[str, str]:
    """The values that an agent is not shown, with what it is shown in their place."""
    found = re.fullmatch("(.*?)".join(map(re.escape, PLACEHOLDER.split(masked))), text, re.DOTALL)
    return {} if found is None else dict(zip(found.groups(), PLACEHOLDER.findall(masked), strict=True))


def as_shown(text: str, shown: dict[str, str]) -> str:
    """An argument as an agent writes it that never saw the values."""
    for value, placeholder in shown.items():
        text = text.replace(value, placeholder)
    return text


def lured(suite: Suite, mode: str, user: Task, calls: list[Call], lure: str) -> list[str]:
    """Where the injection stands: in each result of the user's calls that strangers have a hand in."""
    agent, found = Agent(suite, suite.labels(mode), user.text), []
    for call in calls:
        before = len(agent.sources)
        agent.take_in(call)
        found.append(lure if agent.sources[before][0] & 3 == 0 else "")
    return found


def pairs(suite: Suite) -> Iterator[tuple[Task, Task]]:
    """Every user task with every injection."""
    return ((user, injection) for user in suite.of("user") for injection in suite.of("injection"))


async def compared(suite: Suite, mode: str, chosen: set[tuple[str, str]] | None) -> dict[str, Any]:
    """Consequential calls of the pairs, or of those that were chosen: what the runtime says, beside what the labels say alone."""
    direct = {(user, injection): [] for user, injection, _, _ in attacked(suite, mode)}
    for user, injection, call, verdict in attacked(suite, mode):
        direct[user, injection].append((call["tool"], verdict is not None))
    found: dict[str, Any] = {"pairs": 0, "calls": 0, "unauthorised": 0, "differ": []}
    played = Played(suite, mode)
    async with played.runtime:
        for user, injection in pairs(suite):
            if chosen is not None and (user.id, injection.id) not in chosen:
                continue
            calls = [*user.calls, *injection.calls]
            lures = lured(suite, mode, user, calls, LURE.format(goal=injection.text))
            verdicts = await played.play(user.text, calls, lures, len(user.calls))
            acts = [
                (call["tool"], verdict != "passed")
                for call, verdict in zip(injection.calls, verdicts[len(user.calls) :], strict=True)
                if suite.acts(call["tool"]) and not any(same(call, own) for own in user.calls)
            ]
            found["pairs"] += 1
            found["calls"] += len(acts)
            found["unauthorised"] += sum(not stopped for _, stopped in acts)
            if acts != direct.get((user.id, injection.id), []):
                found["differ"].append((user.id, injection.id, acts, direct.get((user.id, injection.id))))
    return found


async def tasks(suite: Suite, mode: str) -> dict[str, Any]:
    """User tasks alone: which need a person in the runtime, and which by the labels alone."""
    direct = {task for task, found in benign(suite, mode).items() if not found}
    free, denied = set(), []
    played = Played(suite, mode)
    async with played.runtime:
        for task in suite.of("user"):
            verdicts = await played.play(task.text, task.calls, [""] * len(task.calls), len(task.calls))
            if all(verdict == "passed" for verdict in verdicts):
                free.add(task.id)
            denied += [(task.id, call["tool"]) for call, verdict in zip(task.calls, verdicts, strict=True) if verdict == "denied"]
    return {"tasks": len(suite.of("user")), "free": len(free), "direct": len(direct), "differ": sorted(free ^ direct), "denied": denied}


def sample(suite: Suite, count: int) -> set[tuple[str, str]]:
    """The same pairs each time."""
    every = [(user.id, injection.id) for user, injection in pairs(suite)]
    return set(random.Random(suite.name).sample(every, count))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, help="only so many pairs of each suite")
    options = parser.parse_args()
    for mode in ("strict", "arguments"):
        for suite in map(load, SUITES):
            chosen = None if options.sample is None else sample(suite, options.sample)
            found, alone = asyncio.run(compared(suite, mode, chosen)), asyncio.run(tasks(suite, mode))
            print(
                f"{suite.name:10} {mode:10} {found['pairs']:4} pairs {found['calls']:5} calls, {found['unauthorised']} passed, "
                f"{len(found['differ'])} pairs differ; {alone['tasks']} tasks, {alone['free']} without review "
                f"({alone['direct']} by the labels alone), {len(alone['denied'])} denied"
            )
            for one in [*found["differ"][:3], *alone["differ"], *alone["denied"][:5]]:
                print("   ", one)


if __name__ == "__main__":
    main()
