"""What the file and the code say of the same things: they must agree, and each must speak of what is there."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from interlock.errors import ConfigError, UsageError
from interlock.runtime.outside import Outside
from interlock.safety import Screen

if TYPE_CHECKING:
    from interlock.config import Config
    from interlock.guardrails import Guardrails
    from interlock.models.embedding import Embedder
    from interlock.privacy import Ner
    from interlock.runtime.turns import Turns
    from interlock.tools import Tool

OTHERS = "*"
DEFAULT = {"ingress": ("topics",), "tool_results": (), "egress": ("topics",)}
"""Where topics are looked for unless the file says it."""
PLACE = {"ingress": "ingress", "tool_results": "tool_result", "egress": "egress"}


def check(config: Config, tools: Mapping[str, Tool], agents: Collection[str]) -> None:
    """Hold ``guardrails.tools`` and ``guardrails.agents`` against the code.

    A tool that nobody brought may come later, or be an effect: it is warned of only where its name looks like a slip.

    Raises:
        ConfigError: a tool acts otherwise than its code says, or there is no such agent in the plans.
    """
    guardrails = config.guardrails
    if guardrails is None:
        return
    for name, part in guardrails.parts.get("tools", {}).items():
        tool, said = tools.get(name), (part or {}).get("effect")
        if tool is not None and said is not None and said != tool.kind:
            message = f"says that tool {name!r} is {said!r}, and its code says {tool.kind!r}"
            raise _wrong(guardrails, f"tools.{name}.effect", message, f"write effect: {tool.kind}, or give @il.tool(kind={said!r})")
        if tool is None and name != OTHERS and (near := get_close_matches(name, tools, 1)):
            place = f"{guardrails.source}: guardrails.tools.{name} (line {guardrails.line(f'tools.{name}')})"
            warnings.warn(f"{place} is no tool of this runtime; is {near[0]!r} meant?", RuntimeWarning, stacklevel=2)
    for name in guardrails.parts.get("agents", {}):
        if agents and name not in agents and name != OTHERS:
            near = get_close_matches(name, agents, 3) or sorted(agents)
            raise _wrong(guardrails, f"agents.{name}", f"is no agent of the plans (they have {', '.join(near)})", "correct the name")


def _wrong(guardrails: Guardrails, path: str, message: str, hint: str) -> ConfigError:
    line, full = guardrails.line(path), f"guardrails.{path}"
    return ConfigError(f"{guardrails.source}: {full} (line {line}): {message}", hint=hint, path=full, line=line)


def outside(
    config: Config | None, screens: Sequence[Screen], ner: Ner | None, embedder: Embedder | None, before: Outside | None
) -> Outside | None:
    """What is looked at outside of the core, as the code and the file say; ``None`` if that is nothing.

    Raises:
        ConfigError: topics have examples and nothing can embed them, or the model for names is not installed.
    """
    guardrails = None if config is None else config.guardrails
    parts: Mapping[str, Any] = {} if guardrails is None else guardrails.parts
    safety, privacy = parts.get("safety", {}), parts.get("privacy", {})
    if guardrails is not None:
        screens = (*screens, *_topics(guardrails, safety, embedder))
        if ner is None and privacy.get("ner") == "spacy":
            from interlock.privacy_spacy import SpacyNer  # brings spaCy

            try:
                ner = SpacyNer()
            except UsageError as error:
                raise _wrong(guardrails, "privacy.ner", error.message, error.hint) from None
    if not screens and ner is None:
        return None
    drives: WeakValueDictionary[str, Turns] = WeakValueDictionary() if before is None else before.drives
    return Outside(screens, ner, privacy, safety.get("on_error", "block"), drives)


def _topics(guardrails: Guardrails, safety: Mapping[str, Any], embedder: Embedder | None) -> list[Screen]:
    """A screen for each topic with examples, and for each thing that a finding of it means."""
    found = []
    for index, topic in enumerate(safety.get("topics", ())):
        if not topic.get("like"):
            continue
        if embedder is None:
            path, hint = f"safety.topics[{index}].like", "name an embedder in the `semantic` part, or give il.open(embedder=…)"
            raise _wrong(guardrails, path, "is compared by meaning, and there is no embedder", hint)
        from interlock.screens import topics  # brings numpy, which not every service needs

        on = safety.get("on", {}).get("topics", "block")
        where = [place for place in PLACE if "topics" in safety.get(place, DEFAULT[place])]
        for meaning in ("flag", "block"):
            places = tuple(PLACE[place] for place in where if (on if isinstance(on, str) else on.get(place, "block")) == meaning)
            if places:
                threshold = topic.get("threshold", 0.8)
                found.append(topics(topic["name"], like=topic["like"], embedder=embedder, threshold=threshold, places=places, on=meaning))  # type: ignore[arg-type]
    return found
