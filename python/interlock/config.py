"""The one YAML file: read strictly, with the path and the line of whatever is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import orjson

from interlock.checkpoints import Checkpoints
from interlock.errors import ConfigError
from interlock.keys import Keys

if TYPE_CHECKING:
    from interlock.budgets import Budget
    from interlock.guardrails import Guardrails
    from interlock.reviews import Terms
    from interlock.webhook import Webhook
    from interlock.yaml_reader import Place
    from interlock.yaml_reviews import WebhookConfig

RULE_KEYS = ("intent", "agent", "when", "priority", "fallback", "escalation_after", "on_tie")
SEMANTIC_KEYS = ("embedder", "examples", "k", "threshold", "margin")
LIMIT_KEYS = ("max_runs", "max_turns", "max_queued_bytes", "retain")
AGENT_KEYS = ("max_concurrency", "rate", "queue", "breaker")
ENCRYPTION_KEYS = ("env", "file")
AUDIT_KEYS = ("key", "checkpoints", "every", "frames", "origin")
THREAD_KEYS = ("on_busy", "history", "max_waiting")
TOP_KEYS = (
    "routing_rules",
    "semantic",
    "min_confidence",
    "claims_on_tie",
    "agents",
    "limits",
    "audit",
    "reviews",
    "threads",
    "encryption",
    "guardrails",
)

OnBusy = Literal["queue", "merge", "interrupt", "reject"]
ON_BUSY: tuple[OnBusy, ...] = get_args(OnBusy)


@dataclass(frozen=True, slots=True)
class ThreadRules:
    """How conversations go on."""

    on_busy: OnBusy = "queue"
    """What becomes of a message while a run of its thread is under way."""
    history: int = 20
    """How many earlier messages ``ctx.conversation`` shows at most."""
    max_waiting: int = 100
    """How many messages of one thread may wait. With 0 none does, and what can't begin at once is refused."""


@dataclass(frozen=True, slots=True)
class SemanticConfig:
    """How messages are routed by meaning. Shares and similarities lie between 0 and 1."""

    examples: Path
    embedder: str
    k: int
    threshold: float
    margin: float
    line: int


@dataclass(frozen=True, slots=True)
class Breaker:
    """When calls to an agent stop for a while: too many of the last ones failed, or were too slow."""

    errors: float
    """The share of failed calls, above 0 and at most 1, that opens it."""
    latency: float | None = None
    """Seconds; a call that takes longer counts as failed."""
    window: int = 20
    """How many of the last calls count."""
    min_calls: int = 10
    """Before so many calls it stays closed."""
    open_for: float = 30.0
    """Seconds until one call may try again."""


@dataclass(frozen=True, slots=True)
class AgentLimits:
    """What one agent may be asked at a time. None is no limit."""

    max_concurrency: int | None = None
    rate: float | None = None
    """Calls a second."""
    queue: int | None = None
    """How many calls may wait; with 0 none does, and what can't be called at once is refused."""
    breaker: Breaker | None = None
    line: int | None = field(default=None, compare=False)
    """Where it stands in the file."""


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration that was read. ``Config.load`` reads a file, ``Config.parse`` a text."""

    rules: tuple[dict[str, Any], ...] = ()
    semantic: SemanticConfig | None = None
    min_confidence: float | None = None
    limits: dict[str, int] = field(default_factory=dict)
    source: str = "<text>"
    claims_on_tie: str | None = None
    agents: dict[str, AgentLimits] = field(default_factory=dict)
    audit: Checkpoints | None = None
    reviews: Terms | None = None
    """On which terms people are asked, where a plan does not say it."""
    hook: WebhookConfig | None = None
    threads: ThreadRules = ThreadRules()
    encryption: Keys | None = None
    """Where the key is that protects what is kept."""
    guardrails: Guardrails | None = None
    """What agents may reach, and on which terms."""

    @classmethod
    def load(cls, path: str | Path) -> Config:
        """Read a YAML file; relative paths in it count from its folder.

        Raises:
            ConfigError: the file is missing, is not YAML, or a key is unknown or has the wrong type.
        """
        path = Path(path)
        return cls.parse(_text(path), source=str(path), folder=path.parent)

    @classmethod
    def deciding(cls, path: str | Path, *, key: bool = False) -> Config:
        """Of a YAML file what concerns who may decide reviews, so that what only a service needs may be absent.

        That is ``guardrails`` without what only counts while agents work, the terms of ``reviews``, and with ``key`` the ``encryption``.
        Of the other parts nothing but the names is looked at.

        Raises:
            ConfigError: as for ``load``.
        """
        path = Path(path)
        top = _top(_text(path), str(path))
        guardrails = _guardrails(top["guardrails"], path.parent, deciding=True) if "guardrails" in top else None
        terms = None
        if "reviews" in top:
            from interlock.yaml_reviews import read_reviews

            terms, _ = read_reviews(top["reviews"])
        keys = Keys(**top["encryption"].encryption(ENCRYPTION_KEYS, path.parent)) if key and "encryption" in top else None
        return cls(source=str(path), reviews=terms, encryption=keys, guardrails=guardrails)

    @classmethod
    def parse(cls, text: str, *, source: str = "<text>", folder: Path | None = None) -> Config:
        """Read YAML text."""
        top = _top(text, source)
        if not top:
            return cls(source=source)
        from interlock.yaml_reader import ON_TIE
        from interlock.yaml_reviews import read_reviews

        rules = tuple(top["routing_rules"].rules(RULE_KEYS)) if "routing_rules" in top else ()
        semantic = top["semantic"].semantic(SEMANTIC_KEYS, folder or Path()) if "semantic" in top else None
        confidence = top["min_confidence"].share() if "min_confidence" in top else None
        limits = top["limits"].whole_numbers(LIMIT_KEYS) if "limits" in top else {}
        on_tie = top["claims_on_tie"].one_of(ON_TIE) if "claims_on_tie" in top else None
        agents = dict(_agents(top["agents"])) if "agents" in top else {}
        audit = Checkpoints(**top["audit"].audit(AUDIT_KEYS, folder or Path())) if "audit" in top else None
        threads = ThreadRules(**top["threads"].threads(THREAD_KEYS, ON_BUSY)) if "threads" in top else ThreadRules()
        reviews, hook = read_reviews(top["reviews"]) if "reviews" in top else (None, None)
        keys = Keys(**top["encryption"].encryption(ENCRYPTION_KEYS, folder or Path())) if "encryption" in top else None
        meaning = SemanticConfig(**semantic) if semantic else None
        guardrails = _guardrails(top["guardrails"], folder or Path()) if "guardrails" in top else None
        return cls(rules, meaning, confidence, limits, source, on_tie, agents, audit, reviews, hook, threads, keys, guardrails)

    def webhook(self) -> Webhook | None:
        """Where to tell what happens to reviews, with the secret that the environment holds.

        Raises:
            ConfigError: the environment has no such variable.
        """
        return None if self.hook is None else self.hook.open(self.source)

    def limits_text(self) -> str:
        """The limits of agents as the core reads them."""
        return orjson.dumps([_limited(name, limits) for name, limits in self.agents.items()]).decode()

    def guards_text(self) -> str:
        """The guards as the core reads them and the journal keeps them."""
        return "{}" if self.guardrails is None else self.guardrails.text()

    def budget(self) -> Budget:
        """What may be spent, and by which prices."""
        from interlock.budgets import Budget

        return Budget() if self.guardrails is None else self.guardrails.budget()

    def table_text(self) -> str:
        """The routing table as the core reads it and the journal keeps it."""
        semantic = None
        if self.semantic is not None:
            semantic = {
                "k": self.semantic.k,
                "threshold_ppm": round(self.semantic.threshold * 1_000_000),
                "margin_ppm": round(self.semantic.margin * 1_000_000),
                "line": self.semantic.line,
            }
        ppm = None if self.min_confidence is None else round(self.min_confidence * 1_000_000)
        table: dict[str, Any] = {"rules": self.rules, "semantic": semantic, "min_confidence_ppm": ppm}
        if self.claims_on_tie is not None:  # a table that does not say it keeps the digest that it had before there was this key
            table["claims_on_tie"] = self.claims_on_tie
        return orjson.dumps(table, option=orjson.OPT_SORT_KEYS).decode()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", hint="give the path of a YAML file", path=str(path)) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8: {error}", hint="save it as UTF-8", path=str(path)) from error


def _top(text: str, source: str) -> dict[str, Place]:
    """The parts of a YAML text by name; none of one that holds nothing."""
    import yaml

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        message = f"{source}: line {line}: {error.problem}"
        raise ConfigError(message, hint="correct the YAML", path=source, line=line) from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{source}: {error}", hint="remove what is no text", path=source) from None
    from interlock.yaml_reader import Reader

    return {} if root is None else Reader(source, yaml).mapping(root, "", TOP_KEYS)


def _guardrails(place: Place, folder: Path, *, deciding: bool = False) -> Guardrails:
    from interlock.guardrails import read_guardrails

    found = read_guardrails(place, folder)
    if deciding:
        found = found.deciding()
    found.access()  # what can't be compiled is refused here, before anything is replaced
    found.budget()
    return found


def _agents(place: Place) -> Iterator[tuple[str, AgentLimits]]:
    for name, limits in place.agents(AGENT_KEYS):
        breaker = Breaker(**limits.pop("breaker")) if "breaker" in limits else None
        yield name, AgentLimits(**limits, breaker=breaker)


def _limited(name: str, limits: AgentLimits) -> dict[str, Any]:
    """Rates in thousandths of a call a second, shares in parts per million, times in microseconds."""
    breaker = limits.breaker
    return {
        "agent": name,
        "max_concurrency": limits.max_concurrency,
        "per_second_milli": None if limits.rate is None else max(1, round(limits.rate * 1_000)),
        "burst": None if limits.rate is None else max(1, round(limits.rate)),
        "queue": limits.queue,
        "breaker": None
        if breaker is None
        else {
            "window": breaker.window,
            "min_calls": breaker.min_calls,
            "error_ppm": round(breaker.errors * 1_000_000),
            "latency_us": None if breaker.latency is None else round(breaker.latency * 1_000_000),
            "slow_ppm": round(breaker.errors * 1_000_000),
            "open_for_us": round(breaker.open_for * 1_000_000),
        },
    }
