"""The scripted agents of the adversarial cases: each does what the attacker asks of it, and goes on after a refusal."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import interlock as il
import orjson
from interlock.errors import InterlockError

if TYPE_CHECKING:
    from harness import Stage

FOREIGN = "{placeholder:"
ISSUED = re.compile("⟦[^⟦⟧]*⟧")


class Obedient:
    """What is left of a case's script, and what its agents have seen."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._left: list[dict[str, Any]] = []
        self._stopped: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self._brought: set[str] = set()
        self._listens: list[str] | None = None
        self.returns: dict[str, Any] = {}
        self.raises: dict[str, str] = {}
        self.placeholder = ""
        self.said = self.result = self.recalled = ""

    def begin(self) -> None:
        """Forget the case before."""
        self._left, self._stopped, self._brought = [], {}, set()
        self.returns, self.raises = {}, {}
        self.placeholder = self.said = self.result = self.recalled = ""

    def learn(self, step: dict[str, Any]) -> None:
        """Another turn of the script."""
        self._left.append(step)
        self._brought |= {act["hand_to"] for act in step["does"] if "hand_to" in act}

    @property
    def entry(self) -> str | None:
        """Who begins, if there is a turn left."""
        return self._left[0]["turn"] if self._left else None

    def over(self, *, heard: bool) -> None:
        """The run is over. Whose turn a handoff was to bring never begins a run."""
        if not heard:
            del self._left[0]
        self._left = [step for step in self._left if step["turn"] not in self._brought]

    @contextmanager
    def listening(self) -> Iterator[list[str]]:
        """A run of somebody else, in which agents only listen."""
        self._listens = []
        try:
            yield self._listens
        finally:
            self._listens = None

    @staticmethod
    async def wait(seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)

    async def turn(self, name: str, message: il.Message, ctx: il.Context) -> il.Reply | il.HandOff:
        """One turn of an agent."""
        if self._listens is not None:
            self._listens.append(message.text)
            return il.Reply("noted")
        played = self._stage.played
        played.turns.append(name)
        script = self._stopped.pop((ctx.run_id, name), None)  # taken again, it does the same again
        if script is None:
            fits = next((at for at, step in enumerate(self._left) if step["turn"] == name), None)
            script = [] if fits is None else self._left.pop(fits)["does"]
            del self._left[: fits or 0]
        self.said = message.text
        played.prompts += [message.text, *(one.text for one in ctx.history), ctx.feedback or ""]
        played.prompts += [one.text for one in ctx.conversation]
        played.prompts += [orjson.dumps(one.data).decode() for one in (message, *ctx.history) if one.data is not None]
        before = [{"call": "describe", "args": {}}] if "describe" in self.returns else []  # what tools say they do comes from outside
        for act in [*before, *script]:
            if "fail" in act:
                raise RuntimeError(act["fail"])
            try:
                answer = await self._act(name, act, ctx)
            except (InterlockError, ValueError) as error:
                played.refused.append(str(error))
                played.prompts.append(str(error))
                continue
            except asyncio.CancelledError:
                self._stopped[ctx.run_id, name] = script
                raise
            if answer is not None:
                return answer
        return il.Reply("done")

    async def _act(self, name: str, act: Mapping[str, Any], ctx: il.Context) -> il.Reply | il.HandOff | None:
        played = self._stage.played
        if "model" in act:
            await self._ask_model(name, act, ctx)
        elif "call" in act:
            arguments = {key: self._filled(value) if isinstance(value, str) else value for key, value in act["args"].items()}
            self.result = orjson.dumps(await ctx.tool(act["call"], **arguments)).decode()
            played.prompts.append(self.result)
        elif "recall" in act:
            found = await ctx.recall(k=50, namespaces=[self._namespace(act["recall"])])
            self.recalled = "\n".join(one.record.text for one in found)
            played.prompts.append(self.recalled)
        elif "remember" in act:
            await ctx.remember(self._filled(act["text"]), key=act["key"], namespace=self._namespace(act["remember"]))
        elif "decide_review" in act:
            await self._decide(name)
        elif "hand_to" in act:
            text = self._filled(act["text"]) if "text" in act else None
            return ctx.hand_off(act["hand_to"], act.get("reason"), text, data=act.get("data"))
        elif "answer" in act or "stream" in act:
            text = act["answer"] if "answer" in act else "".join(act["stream"])
            return il.Reply(self._stage.foreign if text.startswith(FOREIGN) else self._filled(text))
        return None

    async def _ask_model(self, name: str, act: Mapping[str, Any], ctx: il.Context) -> None:
        played, tokens = self._stage.played, act.get("tokens", 0)
        if tokens and (spend := getattr(ctx, "spend", None)) is not None:
            async with spend("gpt-4o", input_tokens=tokens - 1, max_output_tokens=1) as call:
                await call.settle(input_tokens=tokens - 1, output_tokens=1)
        played.models.append(name)
        played.prompts.append(self._filled(act["model"]))
        played.tokens += tokens

    async def _decide(self, name: str) -> None:
        """An agent decides what its case's runs wait for, under its own name."""
        reviews = self._stage.runtime.reviews
        for run in self._stage.played.runs:
            for review in await reviews.list(run_id=run):
                await reviews.approve(run, by=name, review=review.number, wait=False)

    def _namespace(self, name: str) -> str:
        return name if name == "user" else self._stage.namespace(name)

    def filled(self, value: Any) -> Any:
        """What a tool returns, with the texts that stand for others filled in."""
        return orjson.loads(self._filled(orjson.dumps(value).decode())) if self.placeholder else value

    def _filled(self, text: str) -> str:
        issued = ISSUED.search(self.said)
        values = {
            "$said": self.said,
            "$result": self.result,
            "$recalled": self.recalled,
            "$placeholder": self.placeholder or (issued.group() if issued else self.said),
        }
        for name, value in values.items():
            text = text.replace(name, value)
        return text
