"""``il.open``: what it is given, checked, before a runtime is made of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interlock.agent import Agent
from interlock.checkpoints import Checkpoints
from interlock.config import Config, OnBusy
from interlock.errors import UsageError
from interlock.keys import Keys
from interlock.patterns import Pattern
from interlock.reviews import Mask
from interlock.runtime.memories import Remembers
from interlock.runtime.notices import Hook
from interlock.runtime.projection import Consolidate
from interlock.runtime.remembering import checked_consolidate
from interlock.runtime.runtime import Runtime
from interlock.safety import Screen
from interlock.store import Store
from interlock.tools import Tool
from interlock.webhook import Webhook

if TYPE_CHECKING:
    from interlock.models.embedding import Embedder
    from interlock.privacy import Ner
    from interlock.runtime.transport import TurnTransport
    from interlock.runtime.witness import Witness


def open_runtime(
    path: str | Path | None = None,
    *,
    plans: Sequence[Pattern] = (),
    config: Config | str | Path | None = None,
    tools: Iterable[Any] = (),
    embedder: Embedder | None = None,
    transport: TurnTransport | None = None,
    wait_for_lock: float = 0.0,
    checkpoints: Checkpoints | None = None,
    on_review: Hook | Webhook | None = None,
    mask: Mask | None = None,
    on_busy: OnBusy | None = None,
    store: Store | None = None,
    episodes: bool = False,
    consolidate: Consolidate | None = None,
    keys: Keys | None = None,
    screens: Sequence[Screen] = (),
    ner: Ner | None = None,
) -> Runtime:
    """Open a runtime: ``async with il.open("support.db", plans=[…], config="interlock.yaml") as runtime:``.

    Args:
        path: the journal's file, which this process then owns. No path means a journal in memory.
        plans: the plans whose runs it takes up again, and those that will be asked for.
        config: a ``Config``, or the path of a YAML file.
        tools: what agents reach through ``ctx.tool``.
        embedder: for the semantic stage and for ``il.similar``, instead of the one that the configuration names.
        transport: how turns reach their agents; by default they are called in this process.
        wait_for_lock: seconds to wait for a file that another process still has; then, and at once by default, ``JournalLocked``.
        checkpoints: who signs what the journal has committed, and where the checkpoints go, instead of what the configuration
            says under ``audit``.
        on_review: told what happens to reviews: a callable (async or not, which runs in a thread) that is given the ``il.Review`` and
            what happened (``opened``, ``claimed``, ``reassigned``, ``escalated``, ``signed``, ``decided``, ``expired``, ``withdrawn``), or
            an ``il.Webhook``. The configuration may name a webhook besides. Runs never wait for it.
        mask: hides in a text what whoever decides need not see; ``runtime.reviews`` and hooks show texts through it.
        on_busy: what becomes of a message while a run of its thread is under way: ``"queue"``, ``"merge"``, ``"interrupt"`` or
            ``"reject"`` (see ``runtime.run``), instead of what the configuration says under ``threads``; ``"queue"`` if nobody says.

        store: the store that agents remember in, instead of a file beside the journal (``support.db.store``); the service closes it.
        episodes: make an episode of every run as soon as it has ended. Otherwise that happens when somebody asks for episodes.
        consolidate: an async function that is told of every finished run, ``consolidate(episode, memory)``, to remember what should be;
            it is told at least once, runs never wait for it, and what it raises goes to the loop's handler.
        keys: the key that protects the vault beside the journal; what is said is then encrypted under a key for each person. Otherwise
            what the configuration says under ``encryption``.
        screens: the service's own screens of what comes in, of what tools return, and of answers (``il.Screen``).
        ner: finds names and places, which are masked then: a callable from a text to ``il.privacy.Span``s, in a thread unless it is async.
            Otherwise what the configuration says under ``guardrails.privacy.ner``.

    Raises:
        ConfigError: the file can't be read, or something in it is wrong.
        VaultError: the key that protects the vault can't be read, or is another one.
        CheckpointError: the key can't be read, or the checkpoints can't go where they should.
        UsageError: a tool, a screen, a hook or a mask is none, or there is no such ``on_busy``.
    """
    if isinstance(config, (str, Path)):
        config = Config.load(config)
    if isinstance(wait_for_lock, bool) or not isinstance(wait_for_lock, int | float) or not 0 <= wait_for_lock < float("inf"):
        raise UsageError(f"wait_for_lock is {wait_for_lock!r}", hint="give seconds, 0 for not waiting at all")
    if checkpoints is None and config is not None:
        checkpoints = config.audit
    keys = _keys(path, keys, config)
    hooks = (on_review, config.webhook() if config is not None else None)
    told = tuple(_hook(hook) for hook in hooks if hook is not None)
    if mask is not None and not callable(mask):
        raise UsageError(f"mask is {mask!r}", hint="give a function that takes a text and gives one")
    if store is not None and not isinstance(store, Store):
        raise UsageError(f"the store is {store!r}", hint="give an il.Store(path)")
    remembers = Remembers(store, checked_consolidate(consolidate), episodes)
    witness = _witness(path, checkpoints)
    tools = _tools(tools)
    return Runtime(
        path,
        tuple(plans),
        config,
        tools,
        embedder,
        transport,
        float(wait_for_lock),
        witness,
        mask,
        told,
        on_busy,
        remembers,
        keys,
        _screens(screens),
        _ner(ner),
    )


def _keys(path: str | Path | None, keys: Keys | None, config: Config | None) -> Keys | None:
    if keys is not None and not isinstance(keys, Keys):
        raise UsageError(f"the keys are {type(keys).__name__}", hint="give il.Keys(env=…), and never the key itself")
    if path is None and keys is not None:
        raise UsageError("keys for a journal in memory: nothing is kept that they could protect", hint="open a file, or leave keys out")
    return keys if keys is not None or config is None else config.encryption


def _screens(given: Sequence[Screen]) -> tuple[Screen, ...]:
    screens = tuple(given)
    for screen in screens:
        if not isinstance(screen, Screen):
            raise UsageError(f"{screen!r} is no screen", hint="give il.Screen(name, function), or what il.screens makes")
        if sum(other.name == screen.name for other in screens) > 1:
            raise UsageError(f"two screens are called {screen.name!r}", hint="give one of them another name: rulings tell them by it")
    return screens


def _ner(given: Ner | None) -> Ner | None:
    if given is not None and not callable(given):
        raise UsageError(f"ner is {given!r}", hint="give a callable from a text to il.privacy.Spans")
    return given


def _witness(path: str | Path | None, checkpoints: Checkpoints | None) -> Witness | None:
    if checkpoints is None:
        return None
    if path is None:
        hint = "open a file, or leave checkpoints out"
        raise UsageError("checkpoints of a journal in memory: nothing would be left to hold against them", hint=hint)
    from interlock.runtime.witness import Witness  # a service without checkpoints needs neither keys nor threads

    return Witness(checkpoints)


def _hook(given: Any) -> Hook | Webhook:
    if not isinstance(given, Webhook) and not callable(given):
        raise UsageError(f"on_review is {given!r}", hint="give a callable, or il.Webhook(url, secret=…)")
    hook: Hook | Webhook = given
    return hook


def _tools(given: Iterable[Any]) -> dict[str, Tool]:
    tools: dict[str, Tool] = {}
    for value in given:
        if isinstance(value, Agent):
            raise UsageError(f"agent {value.name!r} is given as a tool", hint="agents stand in plans; tools are functions")
        tool = value if isinstance(value, Tool) else Tool(value)
        if tools.setdefault(tool.name, tool) is not tool:
            raise UsageError(f"two tools are called {tool.name!r}", hint="give one of them another name: il.tool(function, name=…)")
    return tools
