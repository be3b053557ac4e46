"""``interlock audit``: whether a journal is whole, and what it proves to somebody else."""

from __future__ import annotations

import argparse
import os
from typing import Any

import orjson

from interlock._core import Signer, tree_head, verify_checkpoints
from interlock.checkpoints import read_signer
from interlock.cli import audit_export, audit_prove, audit_report
from interlock.cli.waiting import with_bar
from interlock.errors import CheckpointError, InterlockError, JournalCorrupt, UsageError
from interlock.keys import command_key

LIMITS = "Without checkpoints this can't show that the file was rewritten as a whole, or that its tail was cut off."


def add_parser(commands: Any) -> None:
    """Add ``audit`` to the command line."""
    audit = commands.add_parser("audit", help="check what a journal proves, sign it, and list who did what")
    actions = audit.add_subparsers(dest="action", required=True, metavar="ACTION")
    keygen = actions.add_parser(
        "keygen",
        help="make a key that signs checkpoints",
        description="Write a new signer key to a file that only its owner can read, and print the verifier key for everybody else.",
    )
    keygen.add_argument("--name", required=True, metavar="ORIGIN", help="what the journal is called, like example.com/support")
    keygen.add_argument("--out", required=True, metavar="FILE", help="where the signer key is written; an existing file is kept")
    keygen.set_defaults(run=make_key)
    sign = actions.add_parser(
        "checkpoint",
        help="sign a journal as it is now",
        description="Print a signed checkpoint of the file's size and Merkle root. The file is only read, also while it is in use.",
    )
    sign.add_argument("file", help="the journal")
    sign.add_argument("--key", metavar="FILE", help="the signer key's file (or put the key into INTERLOCK_AUDIT_KEY)")
    sign.add_argument("--origin", help="what the journal is called in the checkpoint (the key's name)")
    sign.set_defaults(run=checkpoint)
    check = actions.add_parser(
        "verify",
        help="check every frame, payload and Merkle root",
        description="Recompute every checksum, commitment and Merkle root, and hold the file against signed checkpoints. "
        "Exit 0: whole. Exit 1: it names the run and the frame, or the checkpoint. "
        "What is encrypted is looked into with the key of INTERLOCK_KEY, or of the file that INTERLOCK_KEY_FILE names.",
    )
    check.add_argument("file", help="the journal")
    check.add_argument("--checkpoints", metavar="FILE", help="signed checkpoints, kept where the journal's owner can't change them")
    check.add_argument("--public-key", metavar="VKEY", help="the verifier key that keygen printed, or a file that holds it")
    check.add_argument("--json", action="store_true", help="print one JSON object")
    check.set_defaults(run=verify)
    audit_prove.add_parser(actions)
    audit_export.add_parser(actions)
    audit_report.add_parser(actions)


def make_key(given: argparse.Namespace) -> int:
    """Make a key."""
    key = Signer.generate(given.name)
    try:
        file = os.open(given.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UsageError(f"{given.out} exists, and a key is never overwritten", hint="name another file") from None
    except OSError as error:
        raise UsageError(f"{given.out}: {error.strerror}", hint="name a file in a folder that can be written") from None
    with os.fdopen(file, "w") as out:
        out.write(key.secret_text() + "\n")
    print(key.verifier)
    return 0


def checkpoint(given: argparse.Namespace) -> int:
    """Sign a file as it is now."""
    key = read_signer(given.key)
    size, root = with_bar("reading every frame", lambda _: tree_head(given.file))
    print(key.sign(size, root, given.origin), end="")
    return 0


def verify(given: argparse.Namespace) -> int:
    """Verify a file, and hold it against checkpoints."""
    if (given.checkpoints is None) != (given.public_key is None):
        raise UsageError("--checkpoints and --public-key belong together", hint="give both, or neither")
    try:
        notes = None if given.checkpoints is None else audit_prove.notes_text(given.checkpoints)
        key = None if given.public_key is None else audit_prove.key_text(given.public_key)
        vault_key = command_key(given.file)
        report: dict[str, Any] = orjson.loads(
            with_bar("checking", lambda progress: verify_checkpoints(given.file, notes, key, progress, vault_key), quiet=given.json)
        )
    except (JournalCorrupt, CheckpointError) as damage:
        if given.json:
            print(orjson.dumps({"whole": False, "file": given.file, **_damage(damage)}).decode())
            return 1
        raise
    if given.json:
        print(orjson.dumps({"whole": True, "file": given.file, **report}).decode())
        return 0
    print(f"{given.file} is whole: {report['frames']:,} frames of {report['runs']:,} runs, {report['payloads']:,} payloads")
    for why in ("erased", "pruned"):
        if report[why]:
            print(f"{report[why]:,} payloads were {why}, and frames of the journal say so")
    print(_encryption(report))
    print(f"Merkle root {report['root']}")
    if notes is None:
        print(LIMITS)
    else:
        covered = f"{report['newest_checkpoint']:,} of the {report['frames']:,} frames"
        print(f"It agrees with all {report['checkpoints']:,} signed checkpoints; the newest covers {covered}")
    return 0


def _encryption(report: dict[str, Any]) -> str:
    encrypted, plain = report["encrypted"], report["payloads"] - report["encrypted"]
    if not encrypted:
        return "Payloads are not encrypted: whoever has the file reads them."
    said = f"{encrypted:,} payloads are encrypted"
    said += f", and {plain:,} are not" if plain else ""
    if report["unread"]:
        said += "; without INTERLOCK_KEY they were counted and not looked into"
    if report["unreadable"]:
        said += f"; {report['unreadable']:,} of them nobody can read any more, because the keys of whom they belonged to were deleted"
    return said


def _damage(damage: InterlockError) -> dict[str, Any]:
    place = {"run": damage.run, "frame": damage.frame} if isinstance(damage, JournalCorrupt) else {"run": None, "frame": None}
    return {"code": damage.code, **place, "error": damage.message}
