"""What an engine is set up with. It is kept, so that another engine can be set up the same way when a journal comes back."""

from __future__ import annotations

import asyncio
import os
import warnings
from collections.abc import Callable, Collection
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import orjson

from interlock._core import Engine
from interlock.config import Config
from interlock.errors import ConfigError, JournalLocked
from interlock.keys import Keys

if TYPE_CHECKING:
    from interlock.models.embedding import Embedder
    from interlock.runtime.semantic import Examples

OFF = "INTERLOCK_TEST_GUARDS_OFF"
LOCK_POLL = 0.05
"""Seconds between two looks at a file that another process has."""


class Setup:
    """A journal's path, and everything that an engine over it was given since."""

    def __init__(self, path: Path | None, config: Config | None, keys: Keys | None = None) -> None:
        self.path = path
        self._keys = keys
        self._limits = config.limits if config else {}
        self._plans: list[str] = []
        self._agents: str | None = None
        self._rules: str | None = None
        self._terms = "null"
        self._examples: Examples | None = None
        self._guards: str | None = None

    async def first(self, wait_for_lock: float) -> Engine:
        """The first engine, without plans and rules. Waits up to so many seconds for a file that is owned elsewhere.

        Raises:
            JournalLocked: it still is.
            JournalError: the file can't be opened.
        """
        until = perf_counter() + wait_for_lock
        while True:
            try:
                return self._engine()
            except JournalLocked:
                left = until - perf_counter()
                if left <= 0:
                    raise
                await asyncio.sleep(min(left, LOCK_POLL))

    def again(self) -> Engine:
        """Another engine over the same file, which knows all that the last one was given. Blocks: for a thread of its own."""
        engine = self._engine()
        try:
            for text in self._plans:
                engine.add_plan(text)
            if self._agents is not None:
                engine.limit_agents(self._agents)
            if self._rules is not None:
                engine.set_rules(self._rules)
            engine.set_review_terms(self._terms)
            if self._guards is not None:
                engine.set_guards(self._guards, switched_off())
            if self._examples is not None:
                self._examples.give_to(engine)
        except BaseException:
            engine.close()
            raise
        return engine

    def _engine(self) -> Engine:
        if self.path is None:
            engine = Engine(None, None, **self._limits)
        else:
            engine = Engine(os.fspath(self.path), None if self._keys is None else self._keys.open(self.path), **self._limits)
        if OFF in os.environ:
            engine.set_guards("{}", switched_off())
        return engine

    def add_plan(self, engine: Engine, text: str) -> int:
        """Give the engine a plan. Another one, given the same plans in the same order, calls it by the same number."""
        number = engine.add_plan(text)
        self._plans.append(text)
        return number

    def limit_agents(self, engine: Engine, config: Config, known: Collection[str]) -> None:
        """Give agents their limits, which hold as long as the runtime is open."""
        strangers = [name for name in config.agents if known and name not in known]
        if strangers:
            message = f"{config.source}: agents.{strangers[0]} is no agent of the plans (they have {', '.join(sorted(known))})"
            line = config.agents[strangers[0]].line
            raise ConfigError(message, hint="correct the name", path=f"agents.{strangers[0]}", line=line)
        if config.agents:
            text = config.limits_text()
            engine.limit_agents(text)
            self._agents = text

    def configure(
        self,
        engine: Engine,
        config: Config,
        given: Embedder | None,
        look_outside: Callable[[Embedder | None], None],
    ) -> Embedder | None:
        """Use a configuration's rules and examples for every run that starts from now on.

        ``look_outside`` is told the embedder before anything is replaced, and may refuse what it finds.

        Returns:
            The embedder of its examples, if it has any.
        """
        examples = None
        if config.semantic is not None:
            from interlock.runtime.semantic import Examples  # brings numpy, which not every service needs

            examples = Examples.load(config.semantic, given)
        text, guards = config.table_text(), config.guards_text()
        look_outside(given if examples is None else examples.embedder)
        try:
            engine.set_guards(guards, switched_off())
        except ConfigError as error:
            raise _named(config.source, error) if config.guardrails is None else config.guardrails.placed(error) from None
        try:
            engine.set_rules(text)
        except ConfigError as error:
            engine.set_guards(self._guards or "{}", switched_off())  # neither half of a configuration that is refused is in force
            raise _named(config.source, error) from None
        self._rules, self._guards = text, guards
        self._terms = "null" if config.reviews is None else config.reviews.text()
        engine.set_review_terms(self._terms)
        if examples is None:
            return None
        examples.give_to(engine)
        self._examples = examples
        return examples.embedder


def _named(source: str, error: ConfigError) -> ConfigError:
    """The error with the name of its file."""
    return ConfigError(f"{source}: {error.message}", hint=error.hint, code=error.code, path=error.path, line=error.line)


def switched_off() -> str:
    """Guards and gates that a test, or a measurement, has switched off in the environment, as the core reads it.

    A comma-separated list of ``access``, ``labels``, ``privacy``, ``safety``, ``budgets`` and ``G1`` to ``G9``.
    """
    names = [name.strip() for name in os.environ.get(OFF, "").split(",") if name.strip()]
    off: dict[str, Any] = {"gates": [f"G{gate}" in names for gate in range(1, 10)]}
    for name in names:
        if name in ("access", "labels", "privacy", "safety", "budgets"):
            off[name] = True
        elif name not in {f"G{gate}" for gate in range(1, 10)}:
            raise ConfigError(f"{OFF} names {name!r}", hint="name guards (access, labels, privacy, safety, budgets) or gates (G1 to G9)")
    if names:
        warnings.warn(f"guards are switched off on purpose: {OFF} is set", RuntimeWarning, stacklevel=2)
    return orjson.dumps(off).decode()
