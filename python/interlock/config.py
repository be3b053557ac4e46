"""The one YAML file: read strictly, with the path and the line of whatever is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from interlock.errors import ConfigError

RULE_KEYS = ("intent", "agent", "when", "priority", "fallback", "escalation_after")
SEMANTIC_KEYS = ("embedder", "examples", "k", "threshold", "margin")
LIMIT_KEYS = ("max_runs", "max_turns", "max_queued_bytes", "retain")
TOP_KEYS = ("routing_rules", "semantic", "min_confidence", "limits")


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
class Config:
    """A configuration that was read. ``Config.load`` reads a file, ``Config.parse`` a text."""

    rules: tuple[dict[str, Any], ...] = ()
    semantic: SemanticConfig | None = None
    min_confidence: float | None = None
    limits: dict[str, int] = field(default_factory=dict)
    source: str = "<text>"

    @classmethod
    def load(cls, path: str | Path) -> Config:
        """Read a YAML file; relative paths in it count from its folder.

        Raises:
            ConfigError: the file is missing, is not YAML, or a key is unknown or has the wrong type.
        """
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror}", hint="give the path of a YAML file", path=str(path)) from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path} is not UTF-8: {error}", hint="save it as UTF-8", path=str(path)) from error
        return cls.parse(text, source=str(path), folder=path.parent)

    @classmethod
    def parse(cls, text: str, *, source: str = "<text>", folder: Path | None = None) -> Config:
        """Read YAML text."""
        import yaml

        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else None
            message = f"{source}: line {line}: {error.problem}"
            raise ConfigError(message, hint="correct the YAML", path=source, line=line) from None
        except yaml.YAMLError as error:
            raise ConfigError(f"{source}: {error}", hint="remove what is no text", path=source) from None
        if root is None:
            return cls(source=source)
        from interlock.yaml_reader import Reader

        top = Reader(source, yaml).mapping(root, "", TOP_KEYS)
        rules = tuple(top["routing_rules"].rules(RULE_KEYS)) if "routing_rules" in top else ()
        semantic = top["semantic"].semantic(SEMANTIC_KEYS, folder or Path()) if "semantic" in top else None
        confidence = top["min_confidence"].share() if "min_confidence" in top else None
        limits = top["limits"].whole_numbers(LIMIT_KEYS) if "limits" in top else {}
        return cls(rules, SemanticConfig(**semantic) if semantic else None, confidence, limits, source)

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
        table = {"rules": self.rules, "semantic": semantic, "min_confidence_ppm": ppm}
        return orjson.dumps(table, option=orjson.OPT_SORT_KEYS).decode()
