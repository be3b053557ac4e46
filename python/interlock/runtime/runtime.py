"""The runtime: opened once in an event loop, shared by every request that the service serves."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter_ns
from types import TracebackType
from typing import TYPE_CHECKING, Self

from interlock._core import Engine, Started, Step
from interlock.agent import Agent
from interlock.config import Config, OnBusy
from interlock.errors import JournalError, UsageError
from interlock.message import Outcome
from interlock.patterns import Pattern, agents_of, plan_text
from interlock.reviews import Mask
from interlock.runtime.asking import Asking
from interlock.runtime.commits import Commits
from interlock.runtime.deciding import Deciding
from interlock.runtime.declared import check, outside
from interlock.runtime.drive import Drive
from interlock.runtime.embeddings import Embeddings
from interlock.runtime.entrance import Entrances
from interlock.runtime.fork import OPEN
from interlock.runtime.memories import FORGETFUL, Memories, Remembers
from interlock.runtime.notices import Hook, Notices
from interlock.runtime.outside import Outside, Screening
from interlock.runtime.recovery import Recovery
from interlock.runtime.remembering import Remembering
from interlock.runtime.requests import circumstances
from interlock.runtime.review_desk import Reviews
from interlock.runtime.setup import Setup
from interlock.runtime.spending import Paid, Prices, Spends
from interlock.runtime.stopping import Stopping
from interlock.runtime.tasks import Tasks
from interlock.runtime.threads import Threads
from interlock.runtime.timer import Timer
from interlock.runtime.transport import InProcess, TurnTransport
from interlock.runtime.upkeep import Upkeep
from interlock.tools import Tool
from interlock.webhook import Webhook

if TYPE_CHECKING:
    from interlock.keys import Keys
    from interlock.models.embedding import Embedder
    from interlock.privacy import Ner
    from interlock.runtime.witness import Witness
    from interlock.safety import Screen


class Runtime(Remembering, Upkeep, Stopping, Spends, Asking, Deciding, Tasks):
    """Runs plans. Made by ``il.open``, used inside ``async with``, in one event loop."""

    def __init__(
        self,
        path: str | Path | None,
        plans: Sequence[Pattern],
        config: Config | None,
        tools: dict[str, Tool],
        embedder: Embedder | None,
        transport: TurnTransport | None = None,
        wait_for_lock: float = 0.0,
        witness: Witness | None = None,
        mask: Mask | None = None,
        hooks: tuple[Hook | Webhook, ...] = (),
        on_busy: OnBusy | None = None,
        remembers: Remembers = FORGETFUL,
        keys: Keys | None = None,
        screens: tuple[Screen, ...] = (),
        ner: Ner | None = None,
    ) -> None:
        super().__init__()
        self._setup = Setup(None if path is None else Path(path), config, keys)
        self._wait_for_lock = wait_for_lock
        self.recovery = Recovery(self, self._setup.path, self._setup.again)
        self._given = tuple(plans)
        self._config = config
        self._embedder = embedder
        self._plans: dict[int, tuple[Pattern, int]] = {}
        self._state = "new"
        self.agents: dict[str, Agent] = {}
        self._given_transport = transport
        self._carries: TurnTransport = transport or InProcess(self.agents)
        self.transport: TurnTransport = self._carries
        self.prices = Prices()
        self.tools = tools
        self._witness = witness
        self._given_outside = (screens, ner)
        self.drives: dict[int, Drive] = {}
        self._entrances = Entrances()
        self.threads = Threads(self, self._let_in, self._spawn, self._cancel, on_busy)
        self.running: Drive | None = None
        """The run that had the loop last."""
        self.engine: Engine
        self.loop: asyncio.AbstractEventLoop
        self.commits: Commits
        self.timer: Timer
        self.embeddings: Embeddings
        self.reviews = Reviews(self, mask)
        """What waits for people."""
        self.notices = Notices(self, hooks)
        self.memories = Memories(self, None if path is None else Path(path), remembers)

    async def __aenter__(self) -> Self:
        """Open the journal, compile plans and rules, and take up the runs that a crash left unfinished."""
        if self._state != "new":
            raise UsageError(f"this runtime is {self._state}", hint="call il.open(…) again for another one")
        self.loop = asyncio.get_running_loop()
        self._state = "opening"
        try:
            self.engine = await self._setup.first(self._wait_for_lock)
        except BaseException:
            self._state = "closed"
            raise
        try:
            for pattern in self._given:
                self._add_plan(pattern)
            self.embeddings = Embeddings(self.loop, self._embedder)
            if self._config is not None:
                self._setup.limit_agents(self.engine, self._config, self.agents)
                self._apply(self._config)
            elif any(self._given_outside):
                self._look(outside(None, *self._given_outside, self._embedder, None))
            OPEN.add(self)
            await self.memories.open()
            self.go_on(self.engine)
            if self._witness is not None:
                self._witness.start(self.engine, self.commits, self.loop)
        except BaseException:
            self._state = "closed"
            self.engine.close()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close."""
        await self.close()

    async def close(self) -> None:
        """Stop. Runs under way stop where they are, unrecorded; at level durable the next opening resumes them."""
        if self._state not in ("open", "recovering"):
            return
        self._state = "closed"
        OPEN.discard(self)
        self.threads.close()
        await self.recovery.close()
        for drive in list(self.drives.values()):
            drive.abandon()
        if self._background:
            await asyncio.gather(*self._background, return_exceptions=True)
        await self._let_go()
        await self.notices.close()
        try:
            await self.memories.close()
        finally:
            await self._close_engine()

    async def _close_engine(self) -> None:
        self.timer.close()
        self.commits.close()
        try:
            self.engine.close()
        finally:
            if self._witness is not None:
                await self._witness.close()

    def add_plan(self, pattern: Pattern) -> None:
        """Compile a plan and make its agents known.

        Raises:
            ConfigError: the core found something wrong; the message names the node's path.
            UsageError: two different agents share a name.
        """
        self._check_open()
        self._add_plan(pattern)

    def _add_plan(self, pattern: Pattern) -> None:
        if not isinstance(pattern, Pattern):
            raise UsageError(f"{pattern!r} is not a plan", hint="wrap agents in a pattern, such as il.Sequential")
        text = plan_text(pattern)
        known = dict(self.agents)
        for agent in agents_of(pattern):
            if known.setdefault(agent.name, agent).function is not agent.function:
                raise UsageError(f"two agents are called {agent.name!r}", hint="give one of them another name: il.agent(function, name=…)")
        self._plans[id(pattern)] = (pattern, self._setup.add_plan(self.engine, text))
        self.agents = known
        self.engine.have_agents(list(known))
        if self._given_transport is None:
            self._carries = InProcess(known)
        self._carry()

    def apply_config(self, config: Config) -> None:
        """Use a configuration for every run that starts from now on; runs under way keep the rules they started with.

        Limits, and the webhook that is told of reviews, are those that the runtime was opened with.

        Raises:
            ConfigError: something is wrong; the message names the key's path and line, and the old configuration stays.
        """
        self._check_open()
        self._apply(config)

    def _apply(self, config: Config) -> None:
        check(config, self.tools, self.agents)
        built: list[Outside | None] = []

        def look_outside(embedder: Embedder | None) -> None:
            built.append(outside(config, *self._given_outside, embedder, self.outside))

        embedder = self._setup.configure(self.engine, config, self._embedder, look_outside)
        self._look(*built)
        if embedder is not None:
            self.embeddings = Embeddings(self.loop, embedder)
        self.threads.apply(config.threads)
        self._config = config
        self.prices = Prices(config.budget())
        self._carry()

    def _look(self, beyond: Outside | None) -> None:
        self.outside = beyond
        self._carry()

    def _carry(self) -> None:
        outside = self.outside
        carries = self._carries if outside is None or not outside.looks_at_replies else Screening(self._carries, outside)
        self.transport = Paid(carries) if self.prices.budget.limits and self._setup.path is not None else carries

    def pause(self) -> None:
        """The journal failed: take on nothing until it is open again."""
        self._state = "recovering"

    def abandon(self) -> None:
        """Stop every run where it is, unrecorded, tell who waits, and let go of what belongs to the engine."""
        self.threads.give_up(lambda _: self.recovery.told())
        for drive in list(self.drives.values()):
            drive.abandon()
        self.drives.clear()
        self.timer.close()
        self.commits.close()

    def go_on(self, engine: Engine) -> int:
        """Use this engine, and drive the runs that its journal left unfinished. Returns how many there are."""
        self.engine = engine
        self.timer = Timer(engine, self.loop, self._expired)
        self.commits = Commits(engine, self.loop, self.recovery.notice)
        self.notices.listen(engine)
        if self._witness is not None:
            self._witness.follow(engine, self.commits)
        try:
            unfinished = engine.resume_all(list(self.agents))
            for started in unfinished:
                self._go_on(started)
            if (wake := engine.next_wake()) is not None:
                self.timer.arm(wake)  # runs that rest may be due
        except BaseException:
            self.abandon()
            raise
        self._state = "open"
        return len(unfinished)

    def _go_on(self, started: Started) -> None:
        """Drive a run that goes on after a restart, a decision, or the end of a review's time."""
        self.notices.collect()
        step = started.step
        if step is None:
            return
        self.attend(step)
        drive = self.drives.get(started.run)
        if drive is not None and drive.settled is None:  # it goes on beside the review, or waits for the end of what acts
            if step.kind != Step.NOTHING or step.dropped is not None:
                drive.take_in(step)
            return
        if step.kind == Step.SETTLED:
            self.memories.ended()
            return
        history = self.engine.history(started.run)
        user, thread = circumstances(history)
        plan = next((pattern for pattern, _ in self._plans.values() if pattern.name == started.plan), None)
        drive = Drive(self, started, user, thread, plan)
        drive.recall_scratch(history)
        if self.outside is not None:
            self.outside.recall(drive, history)
        self.threads.holds_again(drive)
        self._spawn(drive, step)

    def _spawn(self, drive: Drive, step: Step) -> None:
        self.drives[drive.number] = drive
        self.spawn(drive.drive(step, perf_counter_ns()), f"interlock {drive.run_id}")

    def _follow(self, drive: Drive) -> asyncio.Future[Outcome]:
        """A future for a run that another task drives."""
        future: asyncio.Future[Outcome] = self.loop.create_future()
        drive.follow(future)
        return future

    def _cancel(self, drive: Drive, reason: str) -> bool:
        if self.drives.get(drive.number) is not drive:
            return False
        with self.recovery.naming(self.engine):
            return self._upset(drive, self.engine.cancel(drive.number, reason))

    def _expired(self) -> None:
        try:
            steps, woken, failed = self.engine.expire()
            for number, step in steps:
                self._upset(self.drives.get(number), step)
            for started in woken:
                self._go_on(started)
            if failed is not None:
                raise failed
        except JournalError:
            if self.recovery.notice(self.engine) is None:
                raise

    def _upset(self, drive: Drive | None, step: Step) -> bool:
        """A run got a step from outside its turn. What the step brings for others is attended to at once."""
        self.attend(step)
        if drive is None:
            return False
        if step.kind == Step.NOTHING and step.dropped is None:
            drive.notice()
            return False
        drive.take_in(step)
        return True

    def look_again(self, number: int) -> None:
        """Take what a run owes after something came from outside its turns."""
        self._upset(self.drives.get(number), self.engine.look(number))

    def attend(self, step: Step) -> None:
        """What a step brings besides the work that its run owes: a limit to watch, slots for others."""
        if step.wake is not None:
            self.timer.arm(step.wake)
        if step.told:
            self.notices.collect()
        if step.granted is not None:
            for number, turn in step.granted:
                self._upset(self.drives.get(number), self.engine.take(number, turn))
        if step.upset is not None:
            for number in step.upset:
                self._upset(self.drives.get(number), self.engine.look(number))

    def check_loop(self) -> None:
        """Do nothing in the loop that this runtime belongs to; raise ``UsageError`` elsewhere, or when it is not open."""
        self._check_open()
        if asyncio.get_running_loop() is not self.loop:
            raise UsageError("this runtime belongs to another event loop", hint="open one in each loop that uses it")

    def forked(self) -> None:
        """The process was forked: the child owns neither the loop nor the journal."""
        self._state = "forked"
