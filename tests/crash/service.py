"""The service that is killed: nondeterministic agents, tools that talk to a ledger, hundreds of runs in flight for ever.

``live`` is the process. It tells its parent what was acknowledged, line by line: a kill cuts no line.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from collections.abc import Callable, Coroutine, Iterable
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import interlock as il
import ledger
from interlock.patterns import Pattern
from journalled import rows

IN_FLIGHT = 50
THROUGH = il.contract(["text"])
Told = tuple[str, str, str, str]
"""An acknowledgement: the key, the run's id, its status, its text."""


class World:
    """The plans and the tools of one life."""

    def __init__(self, dice: random.Random, port: int) -> None:
        self.dice = dice
        self.port = port
        self.under_way: set[asyncio.Task[Any]] = set()
        self.plans = self._plans()
        self.tools = [
            il.tool(self._async_tool("pure"), name="look"),
            il.tool(self._async_tool("effect"), name="charge", kind="effect"),
            il.tool(self._sync_tool("effect"), name="post", kind="effect"),
            il.tool(self._async_tool("effect_once"), name="ship", kind="effect_once"),
            il.tool(self._sync_tool("effect_once"), name="wire", kind="effect_once"),
        ]

    def plan_of(self, key: str) -> Pattern:
        """The same plan for the same key, in every life."""
        return self.plans[int(hashlib.sha256(key.encode()).hexdigest(), 16) % len(self.plans)]

    def _async_tool(self, kind: str) -> Callable[..., Any]:
        async def act(operation: str, idempotency_key: str) -> int:
            self._falter("the line is busy")
            receipt = await ledger.ask_soon(self.port, self._request(idempotency_key, operation, kind))
            self._falter("the line broke after it was done")
            return receipt

        return act

    def _sync_tool(self, kind: str) -> Callable[..., Any]:
        def act(operation: str, idempotency_key: str) -> int:
            self._falter("the line is busy")
            receipt = ledger.ask(self.port, self._request(idempotency_key, operation, kind))
            self._falter("the line broke after it was done")
            return receipt

        return act

    def _request(self, key: str, operation: str, kind: str) -> ledger.Request:
        return ledger.Request(key, operation, kind, self.dice.uniform(0.001, 0.015))

    def _falter(self, why: str) -> None:
        if self.dice.random() < 0.05:
            raise ConnectionError(why)

    async def pause(self) -> None:
        """Take some time, or none."""
        if self.dice.random() < 0.5:
            await asyncio.sleep(self.dice.uniform(0, 0.005))

    def faithful(self, name: str, *tools: str, role: str | None = None) -> il.Agent:
        """It answers differently each time, and always asks its tools for the same."""

        async def work(message: il.Message, ctx: il.Context) -> il.Reply:
            told = f"{ctx.run_id} {role or name} {message.text} {len(ctx.view)}"
            visit = f"faithful {hashlib.sha256(told.encode()).hexdigest()[:16]}"
            await self.pause()
            receipts = await self.together(self.call(ctx, tool, f"{visit} {number}") for number, tool in enumerate(tools))
            await self.pause()
            self._doubt(0.1)
            return self._reply(f"{name} {receipts}")

        return il.agent(work, name=name)

    async def together(self, calls: Iterable[Coroutine[Any, Any, Any]]) -> list[Any]:
        """All at once. If one raises the others go on, and must be held: a loop knows its tasks only weakly."""
        tasks = [asyncio.ensure_future(call) for call in calls]
        self.under_way.update(tasks)
        for task in tasks:
            task.add_done_callback(self.under_way.discard)
        return await asyncio.gather(*tasks)

    async def call(self, ctx: il.Context, tool: str, operation: str) -> Any:
        """A tool by its name, or the same as an effect of the agent's own."""
        if tool.startswith("own "):
            kind: Any = tool.removeprefix("own ")
            return await ctx.effect("own", self._async_tool(kind), operation, kind=kind)
        return await ctx.tool(tool, operation=operation)

    def loose(self, name: str) -> il.Agent:
        """It asks for something else each time that it is asked."""

        async def work(message: il.Message, ctx: il.Context) -> il.Reply:
            wanted = self.dice.choices(
                ["look", "charge", "post", "ship", "wire", "own effect", "own effect_once"], k=self.dice.randrange(3)
            )
            await self.together(self.call(ctx, tool, f"loose {self.dice.getrandbits(64)}") for tool in wanted)
            self._doubt(0.1)
            return self._reply(f"{name} {self.dice.getrandbits(32)}")

        return il.agent(work, name=name)

    def thinker(self, name: str, *, pure: bool = False) -> il.Agent:
        """It says something new each time."""

        async def work(message: il.Message, ctx: il.Context) -> il.Reply:
            await self.pause()
            return self._reply(f"{name} {self.dice.getrandbits(32)}")

        return il.agent(work, name=name, pure=pure)

    async def judge(self, a: il.Message, b: il.Message) -> float:
        """Agreement by chance."""
        await self.pause()
        return self.dice.random()

    def passer(self, name: str, tool: str, *to: str) -> il.Agent:
        """It acts, and hands off to anybody, or answers."""

        async def work(message: il.Message, ctx: il.Context) -> Any:
            receipt = await self.call(ctx, tool, f"faithful {ctx.run_id} {name}")
            whom = self.dice.choice([*to, None])
            return self._reply(f"{name} {receipt}") if whom is None else ctx.hand_off(whom, "by chance", f"{name} {receipt}")

        return il.agent(work, name=name)

    def _doubt(self, share: float) -> None:
        if self.dice.random() < share:
            raise ValueError("I am not sure")

    def _reply(self, text: str) -> il.Reply:
        return il.Reply(text, data={"vote": self.dice.choice(["yes", "no"])}, confidence=self.dice.random())

    def _plans(self) -> list[Pattern]:
        async def lead(message: il.Message, ctx: il.Context) -> Any:
            await self.pause()
            done = len(ctx.view)
            if done > 2:
                return f"after {done} reports"
            return ctx.delegate(["stock", "finance"] if self.dice.random() < 0.7 else "stock", f"round {done} {self.dice.getrandbits(32)}")

        def panel(name: str, policy: Any, **options: Any) -> il.Concurrent:
            actors = [self.faithful(f"{name} one", "ship", "own effect"), self.faithful(f"{name} two", "post"), self.loose(f"{name} three")]
            return il.Concurrent(name, [il.step(actor, retries=1) for actor in actors], reconcile=policy, **options)

        voted = il.vote("vote").then(il.highest_confidence())
        first = il.step(
            self.faithful("first", "charge", "look", "ship"), retries=2, fallback=self.faithful("second", "charge", "look", role="first")
        )
        hasty = il.step(self.faithful("hasty", "charge", "post"), timeout=0.02, retries=2, fallback=self.thinker("patient"))
        slow = il.step(self.faithful("slow", "own effect_once"), timeout=0.02, retries=2)
        desk = il.Domain("desk", il.Sequential("rows", [self.faithful("a", "charge"), self.thinker("b")]), imports=THROUGH, exports=THROUGH)
        hedged = il.step(self.thinker("quick", pure=True), fallback=self.thinker("stand-in", pure=True), hedge=0.002)
        return [
            il.Sequential("row", [first, il.step(self.loose("free"), retries=2), self.thinker("third")]),
            panel("all", voted),
            panel("race", voted, mode="first_k", k=2),
            panel("judged", il.vote(il.judged(self.judge))),
            il.Handoff(
                "till",
                entry=self.passer("entry", "charge", "clerk", "cashier"),
                to=[self.passer("clerk", "wire", "cashier"), self.loose("cashier")],
            ),
            il.GroupChat("chat", [self.faithful("ann", "post"), panel("board", voted)], max_turns=4, on_limit=self.thinker("end")),
            il.Hierarchy("firm", supervisor=lead, teams=[self.faithful("stock", "charge", "own pure"), panel("finance", voted)]),
            il.Concurrent("mixed", [il.Federation("banks", [desk]), hedged], reconcile=None, synthesis=self.thinker("sum")),
            il.Sequential("times", [hasty, slow]),
        ]


async def decide(runtime: il.Runtime, run_id: str, dice: random.Random) -> il.Outcome:
    """A person says what they like about the first review that is open."""
    number = runtime.engine.look_up(run_id).run
    review = json.loads(runtime.engine.reviews(number))[0]
    verdict = dice.choice([verdict for verdict in review["can"] if verdict != "edited"])
    text = json.dumps(f"as a person knows it: {dice.getrandbits(16)}") if verdict == "answered" else None
    return await runtime._say(number, review["review"], "ann", (), "by chance", {"decides": {"verdict": verdict, "text": text}})


async def serve(pipe: Connection, file: Path, port: int, seed: int, life: int) -> None:
    """Keep runs in flight, ask again for some that were there before, and decide about some that wait."""
    dice = random.Random(seed)
    world, numbers = World(dice, port), count()

    def key() -> str:
        earlier = life > 0 and dice.random() < 0.1
        return f"{dice.randrange(life)} {dice.randrange(30)}" if earlier else f"{life} {next(numbers)}"

    asyncio.get_running_loop().set_exception_handler(lambda _, context: pipe.send(f"trouble: {context}"))
    left = [row for row in rows(file) if row["status"] in ("open", "in_review")]
    async with il.open(file, plans=world.plans, tools=world.tools) as runtime:
        pipe.send("open")

        async def attend(asked: str, outcome: il.Outcome) -> None:
            pipe.send((asked, outcome.run_id, outcome.status, outcome.text))
            while outcome.status == "in_review" and dice.random() < 0.7:
                await world.pause()
                try:
                    outcome = await decide(runtime, outcome.run_id, dice)
                except (il.ReviewError, il.UsageError, IndexError):
                    return  # somebody else asked for the same run, and was faster
                pipe.send((asked, outcome.run_id, outcome.status, outcome.text))

        async def take_up(row: dict[str, Any]) -> None:
            await attend(row["key"], await runtime.resume(row["id"]))

        async def work() -> None:
            while True:
                asked = key()
                await attend(asked, await runtime.run(world.plan_of(asked), f"number {asked}", key=asked))

        async with asyncio.TaskGroup() as group:
            for row in left:
                group.create_task(take_up(row))
            for _ in range(IN_FLIGHT):
                group.create_task(work())


def live(pipe: Connection, file: Path, port: int, seed: int, life: int) -> None:
    """The process that is killed."""
    asyncio.run(serve(pipe, file, port, seed, life))
