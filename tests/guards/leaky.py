"""A plan whose agents, tools and reviewers let personal data through wherever they can, and write down what agents are shown."""

from __future__ import annotations

from typing import Any

import interlock as il
import orjson
from canaries import Canaries

SCOPES = ("store:notes", "memory:shared")


class Leaky:
    """Two agents that hand on to each other, with tools, memory, scratch, store, and a review."""

    def __init__(self, canaries: Canaries) -> None:
        self.canaries = canaries
        self.shown: list[str] = []
        """All that agents saw: what a prompt would be made of."""
        first = il.agent(self._first, name="first", scopes=SCOPES)
        last = il.agent(self._last, name="last", scopes=SCOPES)
        self.plan = il.Handoff("leaky", entry=first, to=[last])
        self.tools = [
            il.tool(self._look_up, name="look_up"),
            il.tool(self._stumble, name="stumble"),
            il.tool(self._echo, name="echo"),
            il.tool(self._pay, name="pay", kind="effect", approve=il.Approve()),
        ]
        self.got: list[str] = []
        """What tools were given."""

    async def _look_up(self, what: str) -> dict[str, Any]:
        self.got.append(what)
        return {"found": self.canaries.all("result"), "rows": [{self.canaries.one("result key", "EMAIL_ADDRESS"): 1}]}

    async def _stumble(self) -> None:
        raise ValueError(f"cannot parse {self.canaries.all('error')}")

    async def _echo(self, text: str) -> str:
        return text

    async def _pay(self, to: str) -> dict[str, Any]:
        self.got.append(to)
        return {"paid": self.canaries.all("paid")}

    def _sees(self, *values: Any) -> None:
        self.shown += [value if isinstance(value, str) else orjson.dumps(value, default=repr).decode() for value in values]

    def _sees_turn(self, message: il.Message, ctx: il.Context) -> None:
        self._sees(message.text, message.data, ctx.feedback, ctx.task.text)
        self._sees(*(one for said in ctx.history for one in (said.text, said.data)), *(one.text for one in ctx.view))
        self._sees(*(said.text for said in ctx.conversation))

    async def _first(self, message: il.Message, ctx: il.Context) -> il.HandOff:
        self._sees_turn(message, ctx)
        self._sees(await ctx.tool("look_up", what=f"{message.text} {self.canaries.all('argument')}"))
        same = await ctx.tool("echo", text=message.text)
        self._sees(same)
        assert same == message.text, "what is unmasked for a tool and comes back is masked as it was"
        try:
            await ctx.tool("stumble")
        except ValueError as error:
            self._sees(str(error), repr(error))
        await ctx.effect("noted", self._noted, self.canaries.all("effect argument"), kind="pure")
        await ctx.remember(self.canaries.all("memory"), key="k", data={"more": self.canaries.all("memory data")})
        await ctx.remember(message.text, key="own")
        await ctx.remember(self.canaries.all("shared memory"), key=f"k{ctx.run_id}", namespace="shared")
        for scope in ("run", "agent", *(("thread",) if ctx.thread else ())):
            ctx.scratch.put("kept", {"text": self.canaries.all(f"scratch {scope}")}, scope=scope)
        await ctx.store.put("notes", ctx.run_id, {"text": self.canaries.all("store")})
        return ctx.hand_off(
            "last", self.canaries.all("reason"), self.canaries.all("handed"), data={"more": self.canaries.all("handed data")}
        )

    async def _summary(self, text: str) -> str:
        self._sees(text)
        return self.canaries.all("summary")

    async def _noted(self, text: str) -> str:
        return self.canaries.all("effect")

    async def _last(self, message: il.Message, ctx: il.Context) -> il.Reply:
        self._sees_turn(message, ctx)
        self._sees(*((one.record.text, one.record.data) for one in await ctx.recall(k=20)))
        self._sees(ctx.scratch.get("kept"), ctx.store.get("notes", ctx.run_id))
        self._sees([value for _, value in ctx.store.scan("notes", ctx.run_id)])
        window = await ctx.recent(turns=1, summarise=self._summary)
        self._sees(window.summary, *(one.text for one in window.messages))
        self._sees(await ctx.tool("pay", to=ctx.history[0].text))
        return il.Reply(ctx.history[0].text, data={"more": self.canaries.all("answer")}, labels=["done"])
