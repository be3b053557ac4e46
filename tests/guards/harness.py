"""Plays adversarial cases through a real runtime: its agents obey the attacker, and everything that matters is written down."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import interlock as il
import orjson
from interlock.errors import InterlockError
from interlock.memory import of_team, of_user
from obedient import Obedient

CASES = Path(__file__).parent / "adversarial"
AGENTS = ("triage", "support", "billing", "clerk", "teller", "courier", "admin", "stranger")
SCOPES = ("orders.read", "refund.request", "refund.any", "mail.send", "transfer.any", "review.decide", "memory:team:billing")
"""What the code gives every agent: only the policy narrows it."""
TOOLS = {"describe": "pure", "search": "pure", "orders": "pure", "ledger": "pure"}
TOOLS |= {"refund": "effect_once", "transfer": "effect_once", "send_mail": "effect"}
PLACEHOLDER = re.compile("⟦[^⟦⟧]*⟧")
FOREIGN = re.compile(r"\{placeholder:(\w+):[A-Z_]+:(.*)\}$")
EXPIRY = 0.05
"""Seconds until a review that is to run out has run out."""


def cases() -> list[dict[str, Any]]:
    """All of them, in the order of their gates."""
    return [orjson.loads(line) for file in sorted(CASES.glob("g?.jsonl")) for line in file.read_bytes().splitlines()]


@dataclass
class Played:
    """What became of a case."""

    prompts: list[str] = field(default_factory=list)
    """Everything that an agent was shown, by which it could have been persuaded."""
    models: list[str] = field(default_factory=list)
    turns: list[str] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    reviews: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    tokens: int = 0


class Stage:
    """One runtime under the cases' policy, in which case after case is played. Each case has users of its own."""

    def __init__(self, path: Path | None, *, due: float | None = None) -> None:
        agents = {name: il.step(il.agent(self._speaker(name), name=name, scopes=SCOPES), retries=1) for name in AGENTS}
        self.plans = {
            name: il.Handoff(
                f"from_{name}", entry=agent, to=[other for other in agents.values() if other is not agent], max_handoffs=100, revisit=True
            )
            for name, agent in agents.items()
        }
        self.path, self.played = path, Played()
        text = (CASES / "policy.yaml").read_text(encoding="utf-8")
        config = il.Config.parse(text if due is None else f"{text}reviews: {{due: {due}s}}\n")
        self.runtime = il.open(path, plans=list(self.plans.values()), tools=[self._tool(name) for name in TOOLS], config=config)
        self._case: dict[str, Any] = {}
        self.foreign = ""
        """The placeholder that somebody else's run has for a value, if the case's answer names one."""
        self._obedient = Obedient(self)

    def _speaker(self, name: str) -> Any:
        async def speak(message: il.Message, ctx: il.Context) -> il.Reply | il.HandOff:
            return await self._obedient.turn(name, message, ctx)

        return speak

    def _tool(self, name: str) -> il.Tool:
        async def call(**arguments: Any) -> Any:
            self.played.calls.append((name, arguments))
            if name in self._obedient.raises:
                raise ValueError(self._obedient.raises[name])
            return self._obedient.filled(self._obedient.returns.get(name, {"done": True}))

        return il.Tool(call, name=name, kind=TOOLS[name])  # type: ignore[arg-type]

    def user(self, given: Mapping[str, Any]) -> il.User:
        """The case's own user of this name."""
        return il.User(f"{given['id']}-{self._case['id']}", tenant=given["tenant"], roles=given["roles"])

    def namespace(self, name: str) -> str:
        """The runtime's name of a namespace of the case."""
        kind, _, rest = name.partition(":")
        who = self.user({"id": rest, "tenant": "evil", "roles": ()}) if kind == "user" and rest else self.user(self._case["user"])
        return {"user": of_user(who.id, who.tenant), "team": of_team(rest or "?"), "tenant": f"episodes:{rest}"}.get(kind, name)

    async def play(self, case: dict[str, Any]) -> Played:
        """Play one case to its end."""
        self.played, self._case = Played(), case
        self._obedient.begin()
        await self._ask_for_foreign()
        asked = ""
        for step in case["steps"]:
            if not {"say", "say_repeated", "new_run", "review"}.isdisjoint(step):
                await self._ask(asked)  # what was said before comes to its end first
            if "say" in step or "say_repeated" in step:
                asked = step["say"] if "say" in step else step["say_repeated"][0] * step["say_repeated"][1]
            elif "review" in step:
                await self._review(step["review"])
            else:
                await self._prepare(step)
        await self._ask(asked)
        return self.played

    async def _prepare(self, step: dict[str, Any]) -> None:
        """What is so from here on."""
        if "turn" in step:
            self._obedient.learn(step)
        elif "returns" in step:
            self._obedient.returns[step["returns"]] = step["value"]
        elif "tool_description" in step:
            self._obedient.returns["describe"] = step["text"]
        elif "raises" in step:
            self._obedient.raises[step["raises"]] = step["text"]
        elif "plant" in step:
            where = self.namespace(step["plant"])
            await self.runtime.memory.remember(step["text"], namespace=where, key=step["key"], labels=["untrusted"], durable=False)
        elif "placeholder_of" in step:
            self._obedient.placeholder = await self._issued(step)

    async def _ask(self, text: str) -> None:
        """Runs until nobody's turn is left. One that no handoff brings begins a run of its own."""
        while (entry := self._obedient.entry) is not None:
            before = len(self.played.turns)
            try:
                thread = self._case["id"] if self._case.get("thread") else None
                outcome = await self.runtime.run(self.plans[entry], text, user=self.user(self._case["user"]), thread=thread)
            except InterlockError as error:
                self.played.refused.append(str(error))
            else:
                self.played.runs.append(outcome.run_id)
                if outcome.status == "delivered":
                    self.played.answers += [outcome.text, "" if outcome.data is None else orjson.dumps(outcome.data).decode()]
                else:
                    self.played.refused.append(f"{outcome.status}: {outcome.reason}")
            self._obedient.over(heard=len(self.played.turns) > before)

    async def _ask_for_foreign(self) -> None:
        """What an answer says of somebody else's value, issued before the case begins."""
        for act in (act for step in self._case["steps"] for act in step.get("does", ())):
            if (asked := FOREIGN.match(act.get("answer", ""))) is not None:
                self.foreign = await self.placeholder(asked[2], self.user({"id": asked[1], "tenant": "evil", "roles": ["customer"]}))

    async def _issued(self, step: Mapping[str, Any]) -> str:
        """The placeholder that another run has for a value."""
        who = self.user(self._case["user"] if step["placeholder_of"] == "another_run" else step["user"])
        found = await self.placeholder(step["value"], who)
        if step["placeholder_of"] == "erased":
            await self.runtime.erase(user=who.id)
        return found

    async def placeholder(self, value: str, who: il.User) -> str:
        """The placeholder that a run of this user has for a value, or the value where nothing masks it."""
        with self._obedient.listening() as heard:
            await self.runtime.run(self.plans["support"], f"Take {value}", user=who)
        found = PLACEHOLDER.search(heard[0]) if heard else None
        return value if found is None else found.group()

    async def _review(self, what: Mapping[str, Any]) -> None:
        """A person looks at the open review of the case's last run, or decides it."""
        reviews = [(run, review.number) for run in self.played.runs for review in await self.runtime.reviews.list(run_id=run)]
        if what.get("after") == "expiry":  # which may have come already
            events = [(run, event) for run in self.played.runs for event in await self.runtime.history(run)]
            reviews = [(run, event.fields["review"]) for run, event in events if event.kind == "review_opened"]
        if not reviews:
            return
        run_id, number = reviews[-1]
        if what.get("show"):
            self.played.reviews.append(repr(await self.runtime.reviews.get(run_id, number)))
            return
        if what.get("after") == "expiry":
            await self._obedient.wait(EXPIRY * 2)
        number += {"forged": 900, "of_another_review": 1}.get(str(what.get("nonce")), 0)
        decisions = [what] + ([what["then"]] if "then" in what else [])
        for decision in decisions:
            with suppress(InterlockError):
                decide = self.runtime.reviews.approve if decision["decide"] == "approve" else self.runtime.reviews.reject
                by = decision["by"]
                await decide(run_id, by=by["id"], roles=by["roles"], tenant=by["tenant"], review=number)

    def history(self, run_id: str) -> str:
        """A run as the journal has it, with all its payloads."""
        return self.runtime.engine.history(self.runtime.look_up(run_id).run)

    def remembered(self, namespace: str) -> list[str]:
        """The texts of a namespace's records, as they are stored."""
        stored = self.runtime.store.scan(f"memory/{self.namespace(namespace)}")
        return [str(value) for _, value in stored]
