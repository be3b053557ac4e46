<<<<<<< HEAD
<<<<<<< HEAD
"""The command line: ``interlock demo | runs | threads | review | route | config | replay | memory | audit | keys | reliability``.
=======
"""The command line: ``interlock demo | runs | threads | review | route | replay | memory | privacy | audit | reliability``.
>>>>>>> faed2cebcd85dcce7a9a541bcf63eda421ebd5e1
=======
"""The command line, a module of this package for each command.
>>>>>>> 3e1d158c3387de35ac7d328f1961acb0d22424db

With ``--json`` a command prints JSON and nothing else.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from interlock._core import __version__
<<<<<<< HEAD
<<<<<<< HEAD
from interlock.cli import audit, config, counterfactual, demo, keys, memory, reliability, review, route, runs, threads
=======
from interlock.cli import audit, counterfactual, demo, memory, privacy, reliability, review, route, runs, threads
>>>>>>> faed2cebcd85dcce7a9a541bcf63eda421ebd5e1
=======
from interlock.cli import audit, counterfactual, demo, memory, reliability, review, route, runs, screen, threads
>>>>>>> 3e1d158c3387de35ac7d328f1961acb0d22424db
from interlock.errors import InterlockError


def parser() -> argparse.ArgumentParser:
    """The parser with all commands."""
    top = argparse.ArgumentParser(prog="interlock", description="A governed, low-latency runtime for multi-agent orchestration.")
    top.add_argument("--version", action="version", version=f"interlock {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
<<<<<<< HEAD
<<<<<<< HEAD
    for module in (demo, runs, threads, review, route, config, counterfactual, memory, audit, keys, reliability):
=======
    for module in (demo, runs, threads, review, route, counterfactual, memory, privacy, audit, reliability):
>>>>>>> faed2cebcd85dcce7a9a541bcf63eda421ebd5e1
=======
    for module in (demo, runs, threads, review, route, counterfactual, memory, audit, reliability, screen):
>>>>>>> 3e1d158c3387de35ac7d328f1961acb0d22424db
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
