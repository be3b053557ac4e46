"""``interlock audit verify FILE``: whether a journal is whole."""

from __future__ import annotations

import argparse
from typing import Any

import orjson

from interlock._core import verify
from interlock.errors import JournalCorrupt


def add_parser(commands: Any) -> None:
    """Add ``audit`` to the command line."""
    audit = commands.add_parser("audit", help="check what a journal proves")
    actions = audit.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser(
        "verify",
        help="check every frame, payload and Merkle root",
        description="Recompute every checksum, commitment and Merkle root. Exit 0: whole. Exit 1: it names the run and the frame.",
    )
    check.add_argument("file", help="the journal")
    check.add_argument("--json", action="store_true", help="print one JSON object")
    check.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Verify a file."""
    try:
        report: dict[str, Any] = orjson.loads(verify(given.file))
    except JournalCorrupt as damage:
        if given.json:
            found = {
                "whole": False,
                "file": given.file,
                "code": damage.code,
                "run": damage.run,
                "frame": damage.frame,
                "error": damage.message,
            }
            print(orjson.dumps(found).decode())
            return 1
        raise
    if given.json:
        print(orjson.dumps({"whole": True, "file": given.file, **report}).decode())
    else:
        print(f"{given.file} is whole: {report['frames']:,} frames of {report['runs']:,} runs, {report['payloads']:,} payloads")
        for why in ("erased", "pruned"):
            if report[why]:
                print(f"{report[why]:,} payloads were {why}, and frames of the journal say so")
        print(f"Merkle root {report['root']}")
    return 0
