"""The runtime: opened once in an event loop, shared by every request that the service serves."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Sequence
from pathlib import Path
from time import perf_counter_ns
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from interlock._core import Engine, Started, Step
from interlock.agent import Agent
from interlock.config import Config, OnBusy
from interlock.errors import ConfigError, UsageError
from interlock.message import Outcome
from interlock.patterns import Pattern, agents_of, plan_text
from interlock.runtime.asking import Asking
from interlock.runtime.commits import Commits
from interlock.runtime.deciding import Deciding
from interlock.runtime.drive import Drive
from interlock.runtime.embeddings import Embeddings
from interlock.runtime.fork import OPEN
from interlock.runtime.threads import Threads
from interlock.runtime.timer import Timer
from interlock.runtime.transport import InProcess, TurnTransport
from interlock.runtime.upkeep import Upkeep
from interlock.tools import Tool

if TYPE_CHECKING:
    from interlock.models.embedding import Embedder
    from interlock.runtime.witness import Witness

GRACE = 0.1
"""Seconds that agents which were told to stop have for cleaning up when the runtime closes, before they are told again."""


class Runtime(Upkeep, Asking, Deciding):
    """Runs plans. Made by ``il.open``, used inside ``async with``, in one event loop."""

    def __init__(
        self,
        path: str | Path | None,
        plans: Sequence[Pattern],
        config: Config | None,
        tools: dict[str, Tool],
        embedder: Embedder | None,
        transport: TurnTransport | None = None,
        witness: Witness | None = None,
        on_busy: OnBusy | None = None,
    ) -> None:
        self._path = None if path is None else Path(path)
        self._given = tuple(plans)
        self._config = config
        self._embedder = embedder
        self._plans: dict[int, tuple[Pattern, int]] = {}
        self._state = "new"
        self._background: set[asyncio.Task[Any]] = set()
        self._strays: set[asyncio.Task[Any]] = set()
        self.agents: dict[str, Agent] = {}
        self._given_transport = transport
        self.transport: TurnTransport = transport or InProcess(self.agents)
        self.tools = tools
        self._witness = witness
        self.drives: dict[int, Drive] = {}
        self.threads = Threads(self, self._let_in, self._spawn, self._cancel, on_busy)
        self.running: Drive | None = None
        """The run that had the loop last."""
        self.engine: Engine
        self.loop: asyncio.AbstractEventLoop
        self.commits: Commits
        self.timer: Timer
        self.embeddings: Embeddings

    async def __aenter__(self) -> Self:
        """Open the journal, compile plans and rules, and take up the runs that a crash left unfinished."""
        if self._state != "new":
            raise UsageError(f"this runtime is {self._state}", hint="call il.open(…) again for another one")
        self.loop = asyncio.get_running_loop()
        limits = self._config.limits if self._config else {}
        self.engine = Engine(None if self._path is None else os.fspath(self._path), **limits)
        try:
            for pattern in self._given:
                self._add_plan(pattern)
            self.embeddings = Embeddings(self.loop, self._embedder)
            if self._config is not None:
                self._limit_agents(self._config)
                self._apply(self._config)
            self.timer = Timer(self.engine, self.loop, self._expired)
            self.commits = Commits(self.engine, self.loop)
            self._state = "open"
            OPEN.add(self)
            self._take_up()
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
        if self._state != "open":
            return
        self._state = "closed"
        OPEN.discard(self)
        self.threads.close()
        for drive in list(self.drives.values()):
            drive.abandon()
        if self._background:
            await asyncio.gather(*self._background, return_exceptions=True)
        await self._let_go()
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
        self._plans[id(pattern)] = (pattern, self.engine.add_plan(text))
        self.agents = known
        if self._given_transport is None:
            self.transport = InProcess(known)

    def apply_config(self, config: Config) -> None:
        """Use a configuration for every run that starts from now on; runs under way keep the rules they started with.

        Limits are those that the runtime was opened with.

        Raises:
            ConfigError: something is wrong; the message names the key's path and line, and the old configuration stays.
        """
        self._check_open()
        self._apply(config)

    def _apply(self, config: Config) -> None:
        examples = None
        if config.semantic is not None:
            from interlock.runtime.semantic import Examples  # brings numpy, which not every service needs

            examples = Examples.load(config.semantic, self._embedder)
        try:
            self.engine.set_rules(config.table_text())
        except ConfigError as error:
            message = f"{config.source}: {error.message}"
            raise ConfigError(message, hint=error.hint, code=error.code, path=error.path, line=error.line) from None
        if examples is not None:
            examples.give_to(self.engine)
            self.embeddings = Embeddings(self.loop, examples.embedder)
        self.threads.apply(config.threads)
        self._config = config

    def _limit_agents(self, config: Config) -> None:
        """Give agents their limits, which hold as long as the runtime is open."""
        strangers = [name for name in config.agents if self.agents and name not in self.agents]
        if strangers:
            known = ", ".join(sorted(self.agents))
            message = f"{config.source}: agents.{strangers[0]} is no agent of the plans (they have {known})"
            line = config.agents[strangers[0]].line
            raise ConfigError(message, hint="correct the name", path=f"agents.{strangers[0]}", line=line)
        if config.agents:
            self.engine.limit_agents(config.limits_text())

    def _take_up(self) -> None:
        """Drive the runs that the journal left unfinished."""
        for started in self.engine.resume_all(list(self.agents)):
            self._go_on(started)

    def _go_on(self, started: Started) -> None:
        """Drive a run that goes on after a restart, a decision, or the end of a review's time."""
        step = started.step
        if step is None:
            return
        self.attend(step)
        if step.kind == Step.SETTLED:
            return
        drive = self.drives.get(started.run)
        if drive is not None:
            drive.take_in(step)
            return
        user, thread = self._circumstances(started.run)
        plan = next((pattern for pattern, _ in self._plans.values() if pattern.name == started.plan), None)
        drive = Drive(self, started, user, thread, plan)
        self.threads.holds_again(drive)
        self._spawn(drive, step)

    def _spawn(self, drive: Drive, step: Step) -> None:
        self.drives[drive.number] = drive
        self.spawn(drive.drive(step, perf_counter_ns()), f"interlock {drive.run_id}")

    def spawn(self, work: Coroutine[Any, Any, Any], name: str) -> None:
        """Do something in a task that closing waits for."""
        task = self.loop.create_task(work, name=name)
        self._background.add(task)
        task.add_done_callback(self._finished)

    def leave_behind(self, work: Coroutine[Any, Any, None]) -> None:
        """Let an agent that would not stop go on in a task that nobody waits for."""
        self.leave(self.loop.create_task(work, name="interlock: an agent that would not stop"))

    def leave(self, task: asyncio.Task[Any]) -> None:
        """Keep a task that was told to stop until it does; nobody waits for it before the runtime closes."""
        self._strays.add(task)
        task.add_done_callback(self._strays.discard)

    async def _let_go(self) -> None:
        """Give agents that were told to stop a moment to clean up, and tell those that go on once more."""
        for _ in range(2):
            if self._strays:
                _, left = await asyncio.wait(self._strays, timeout=GRACE)
                for stray in left:
                    stray.cancel()

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._background.discard(task)
        if self._state == "open" and not task.cancelled() and (error := task.exception()) is not None:
            # The followers were given it; without any, the loop's handler reports it, so that it is never silent.
            self.loop.call_exception_handler({"message": f"{task.get_name()} stopped", "exception": error, "task": task})

    def _follow(self, drive: Drive) -> asyncio.Future[Outcome]:
        """A future for a run that another task drives."""
        future: asyncio.Future[Outcome] = self.loop.create_future()
        drive.follow(future)
        return future

    def _cancel(self, drive: Drive, reason: str) -> bool:
        if self.drives.get(drive.number) is not drive:
            return False
        return self._upset(drive, self.engine.cancel(drive.number, reason))

    def _expired(self) -> None:
        steps, woken = self.engine.expire()
        for number, step in steps:
            self._upset(self.drives.get(number), step)
        for started in woken:
            self._go_on(started)

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

    def attend(self, step: Step) -> None:
        """What a step brings besides the work that its run owes: a limit to watch, slots for others."""
        if step.wake is not None:
            self.timer.arm(step.wake)
        if step.granted is not None:
            for number, turn in step.granted:
                self._upset(self.drives.get(number), self.engine.take(number, turn))
        if step.upset is not None:
            for number in step.upset:
                self._upset(self.drives.get(number), self.engine.look(number))

    def _check_loop(self) -> None:
        self._check_open()
        if asyncio.get_running_loop() is not self.loop:
            raise UsageError("this runtime belongs to another event loop", hint="open one in each loop that uses it")

    def forked(self) -> None:
        """The process was forked: the child owns neither the loop nor the journal."""
        self._state = "forked"
