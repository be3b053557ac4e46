"""``interlock screen IN.jsonl``: what the built-in screens see in texts, a JSON object a line."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, cast

import orjson
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from interlock.errors import ConfigError, UsageError
from interlock.safety import PLACES, Place, Safety, Screened

SHOWN = 60
"""Characters of a finding that are shown."""


def add_parser(commands: Any) -> None:
    """Add ``screen`` to the command line."""
    screen = commands.add_parser(
        "screen",
        help="what the safety screens see in texts",
        description="Each line of IN is a JSON object with text, and place where it is not --place. "
        "Exit 0: every line was read, whatever the screens say; 1: a line can't be read, and it is named.",
    )
    screen.add_argument("file", metavar="IN.jsonl", help="texts, a JSON object a line; - is the standard input")
    screen.add_argument("--place", choices=PLACES, default="ingress", help="where the texts pass (ingress)")
    screen.add_argument("--config", type=Path, metavar="FILE", help="a YAML file with guardrails.safety")
    screen.add_argument("--json", action="store_true", help="print one JSON object a line")
    screen.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Screen every line."""
    safety = Safety(_section(given.config))
    verdicts: Counter[str] = Counter()
    for number, line in _lines(given.file, shown=not given.json):
        if not line.strip():
            continue
        text, screened = _screen(safety, given, number, line)
        verdicts[screened.verdict] += 1
        if given.json:
            screens = [
                {"screen": one.screen, "verdict": one.verdict, "start": one.start, "end": one.end, "why": one.why}
                for one in screened.findings
            ]
            sys.stdout.write(orjson.dumps({"verdict": screened.verdict, "screens": screens}).decode() + "\n")
            continue
        for one in screened.findings:
            sys.stdout.write(f"line {number}: {one.verdict}, {one.screen}: {one.why}: {_shown(text[one.start : one.end])}\n")
    if not given.json:
        total = verdicts.total()
        sys.stdout.write(f"{total:,} texts: {verdicts['pass']:,} pass, {verdicts['flag']:,} flagged, {verdicts['block']:,} blocked\n")
    return 0


def _screen(safety: Safety, given: argparse.Namespace, number: int, line: bytes) -> tuple[str, Screened]:
    where = f"{given.file}, line {number}"
    try:
        message = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{where} is no JSON: {error}", hint="give a JSON object a line, nested at most 1,024 deep") from error
    if not isinstance(message, dict) or not isinstance(message.get("text"), str):
        raise UsageError(f"{where} has no text", hint='give {"text": "…"}')
    place = message.get("place", given.place)
    if place not in PLACES:
        raise UsageError(f"{where} passes {place!r}", hint=f"place is one of {', '.join(PLACES)}")
    return message["text"], safety.screen(message["text"], place=cast("Place", place))


def _shown(text: str) -> str:
    """As one line that no terminal obeys."""
    quoted = ascii(text) if any(not character.isprintable() for character in text) else repr(text)
    return quoted if len(quoted) <= SHOWN else f"{quoted[: SHOWN - 1]}…"


def _section(path: Path | None) -> dict[str, Any] | None:
    """``guardrails.safety`` of a YAML file; the whole file, where it is that section alone."""
    if path is None:
        return None
    import yaml

    try:
        read = yaml.safe_load(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", hint="give a YAML file") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise ConfigError(f"{path} is no YAML: {error}", path=str(path), line=mark.line + 1 if mark else None) from error
    if not isinstance(read, dict):
        raise ConfigError(f"{path} has no keys", path=str(path), hint="give guardrails: {safety: {…}}")
    guardrails = read.get("guardrails", {})
    section = guardrails.get("safety") if isinstance(guardrails, dict) and "guardrails" in read else None
    if section is None:
        raise ConfigError(f"{path} has no guardrails.safety", path="guardrails.safety", hint="leave --config out for the defaults")
    if not isinstance(section, dict):
        raise ConfigError(f"{path}: guardrails.safety is no mapping", path="guardrails.safety", hint="give its keys")
    return section


def _lines(name: str, *, shown: bool) -> Iterator[tuple[int, bytes]]:
    console = Console(stderr=True)
    with ExitStack() as stack:
        if name == "-":
            file: BinaryIO = sys.stdin.buffer
            size = None
        else:
            try:
                size, file = Path(name).stat().st_size, stack.enter_context(Path(name).open("rb"))
            except OSError as error:
                raise UsageError(f"{name}: {error.strerror}", hint="give a file with a JSON object a line, or -") from error
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
        progress = stack.enter_context(Progress(*columns, console=console, transient=True, disable=not (shown and console.is_terminal)))
        task = progress.add_task("screening", total=size)
        for number, line in enumerate(file, 1):
            yield number, line
            progress.advance(task, len(line))
