"""The command line, a module of this package for each command.

With ``--json`` a command prints JSON and nothing else.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from interlock._core import __version__
from interlock.cli import (
    audit,
    config,
    counterfactual,
    demo,
    keys,
    memory,
    privacy,
    reliability,
    review,
    route,
    runs,
    screen,
    threads,
)
from interlock.errors import InterlockError

COMMANDS = (demo, runs, threads, review, route, config, privacy, screen, counterfactual, memory, audit, keys, reliability)


def parser() -> argparse.ArgumentParser:
    """The parser with all commands."""
    top = argparse.ArgumentParser(prog="interlock", description="A governed, low-latency runtime for multi-agent orchestration.")
    top.add_argument("--version", action="version", version=f"interlock {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add_parser(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 when it went well, 1 when it found something wrong, 2 when it was called wrongly."""
    given = parser().parse_args(arguments)
    try:
        return int(given.run(given))
    except InterlockError as error:
        print(f"interlock: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader, like `head`, has seen enough
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130
