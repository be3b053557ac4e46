"""``interlock audit report FILE --framework NAME``: what a journal shows to an auditor, and what it can't."""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import yaml
from rich.console import Console
from rich.progress import Progress

from interlock._core import Ledger, verify_checkpoints
from interlock.cli import audit_prove
from interlock.cli.waiting import with_bar
from interlock.errors import CheckpointError, ConfigError, JournalCorrupt, UsageError
from interlock.evidence import FRAMEWORKS, Facts, Seen, as_markdown, assemble

BATCH = 2_000
"""Frames that are read at once."""


def add_parser(actions: Any) -> None:
    """Add ``audit report``."""
    report = actions.add_parser(
        "report",
        help="assemble evidence for a framework",
        description="For each function or risk of the framework: controls in force, decisions, reviews, incidents, inventory and "
        "measurements that the journal shows, and what it can't show. No text and no user's name is in it.",
    )
    report.add_argument("file", help="the journal; it is only read, also while it is in use")
    report.add_argument("--framework", required=True, choices=tuple(FRAMEWORKS), help="whose functions or risks")
    report.add_argument("--config", metavar="FILE", help="the configuration file: its `guardrails:` are listed beside what was seen")
    report.add_argument("--checkpoints", metavar="FILE", help="signed checkpoints that the journal is held against")
    report.add_argument("--public-key", metavar="VKEY", help="the verifier key of these, or a file that holds it")
    report.add_argument("--json", action="store_true", help="JSON instead of Markdown")
    report.add_argument("--out", metavar="FILE", help="where the report is written (standard output)")
    report.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Write the report; 1 if the journal is damaged."""
    config = None if given.config is None else declared(Path(given.config))
    integrity = _integrity(given)
    facts = Facts()
    try:
        _read(given, facts)
    except JournalCorrupt as damage:
        integrity |= {"whole": False, "error": integrity.get("error") or damage.message}
    report = assemble(FRAMEWORKS[given.framework], Seen(facts, integrity, config, time.time_ns() // 1_000), given.file)
    text = orjson.dumps(report, option=orjson.OPT_INDENT_2).decode() if given.json else as_markdown(report)
    if given.out is None:
        print(text)
    else:
        try:
            Path(given.out).write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{given.out}: {error.strerror}", hint="name a file that can be written") from None
        if not given.json:
            print(f"{given.out}: {report['title']}, evidence from {report['frames']:,} frames")
    return 0 if integrity["whole"] else 1


def _integrity(given: argparse.Namespace) -> dict[str, Any]:
    """What the check of the whole file found."""
    if (given.checkpoints is None) != (given.public_key is None):
        raise UsageError("--checkpoints and --public-key belong together", hint="give both, or neither")
    notes = None if given.checkpoints is None else audit_prove.notes_text(given.checkpoints)
    key = None if given.public_key is None else audit_prove.key_text(given.public_key)
    try:
        check = with_bar("checking", lambda progress: verify_checkpoints(given.file, notes, key, progress), quiet=given.json)
    except (JournalCorrupt, CheckpointError) as damage:
        return {"whole": False, "error": damage.message}
    return {"whole": True, **orjson.loads(check)}


def _read(given: argparse.Namespace, facts: Facts) -> None:
    """All frames, some at a time, with a bar on a terminal that shows nothing else."""
    ledger = Ledger(given.file)
    size = ledger.size()
    hidden = size <= BATCH or not sys.stderr.isatty() or (given.out is None and sys.stdout.isatty())
    with Progress(console=Console(stderr=True), transient=True, disable=hidden) as bars:
        bar = bars.add_task("reading every frame", total=size)
        for first in range(0, size, BATCH):
            facts.take(orjson.loads(ledger.frames(first, min(BATCH, size - first))))
            bars.update(bar, advance=BATCH)


def declared(file: Path) -> dict[str, Any]:
    """What the ``guardrails:`` of a file declare, part by part, and the file's digest.

    Raises:
        ConfigError: it can't be read, or is no mapping; the message names the line.
    """
    try:
        content = file.read_bytes()
        whole = yaml.safe_load(content)
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}", hint="name the configuration file") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = None if mark is None else mark.line + 1
        raise ConfigError(f"{file}, line {line}: it is no YAML", hint="`interlock config check` says more", line=line) from None
    guardrails = whole.get("guardrails") if isinstance(whole, dict) else None
    if guardrails is not None and not isinstance(guardrails, dict):
        raise ConfigError(f"{file}: guardrails is no mapping", hint="see the guide", path="guardrails")
    parts = {str(part): _names(value) for part, value in (guardrails or {"guardrails": None}).items()}
    return parts | {"SHA-256 of the file": hashlib.sha256(content).hexdigest()}


def _names(value: Any) -> str:
    """The names in a part, or how many entries it has: values may be private, and are left where they are."""
    if value is None:
        return "not declared"
    if isinstance(value, dict):
        return ", ".join(str(key) for key in value) or "nothing"
    if isinstance(value, list):
        return f"{len(value)} {'entry' if len(value) == 1 else 'entries'}"
    return "declared"
