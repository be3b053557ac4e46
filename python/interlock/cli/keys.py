"""``interlock keys``: make a key, put another one in its place, see what a journal's keys are protected by."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

import orjson

from interlock._core import is_encrypted, new_vault_key, rotate_vault, vault_protection, vault_subjects
from interlock.errors import UsageError
from interlock.keys import Keys, command_key


def add_parser(commands: Any) -> None:
    """Add ``keys`` to the command line."""
    keys = commands.add_parser("keys", help="make and change the key that protects what a journal keeps")
    actions = keys.add_subparsers(dest="action", required=True, metavar="ACTION")
    new = actions.add_parser(
        "new",
        help="print a fresh key",
        description="Print 32 random bytes as hex: for an environment variable, a file or a secret store.",
    )
    new.add_argument("--out", metavar="FILE", help="write it to a file that only its owner can read instead; an existing file is kept")
    new.set_defaults(run=make)
    show = actions.add_parser("show", help="what protects a journal's keys", description="Say what protects a journal's keys.")
    show.add_argument("--json", action="store_true", help="print one JSON object")
    show.set_defaults(run=tell)
    rotate = actions.add_parser(
        "rotate",
        help="protect a journal's keys by another key",
        description="Wrap the keys of all persons anew, in one transaction. The old key (INTERLOCK_KEY, or the file of INTERLOCK_KEY_FILE) "
        "is then of no use. Nothing that was said is encrypted anew. Nobody may have the journal open.",
    )
    rotate.add_argument("--to-env", metavar="NAME", help="the environment variable that holds the new key")
    rotate.add_argument("--to-file", metavar="FILE", help="the file that holds the new key")
    rotate.set_defaults(run=change)
    for command in (show, rotate):
        command.add_argument("--db", default=os.environ.get("INTERLOCK_DB"), metavar="FILE", help="the journal (or set INTERLOCK_DB)")


def make(given: argparse.Namespace) -> int:
    """Make a key."""
    key = new_vault_key()
    if given.out is None:
        print(key)
        return 0
    try:
        file = os.open(given.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UsageError(f"{given.out} exists, and a key is never overwritten", hint="name another file") from None
    except OSError as error:
        raise UsageError(f"{given.out}: {error.strerror}", hint="name a file in a folder that can be written") from None
    with os.fdopen(file, "w") as out:
        out.write(key + "\n")
    return 0


def tell(given: argparse.Namespace) -> int:
    """Say what protects a journal's keys."""
    path = _journal(given)
    protection, key = vault_protection(path), command_key(path)
    state = "outside" if isinstance(protection, bytes) else protection or "none"
    readable = state == "inside" or key is not None
    subjects = len(vault_subjects(path, key)) if readable else None
    found = {"file": str(path), "protection": state, "encrypted": is_encrypted(path), "subjects": subjects}
    if given.json:
        print(orjson.dumps({**found, "key_id": None if key is None else key.id}).decode())
        return 0
    if state == "none":
        lost = "payloads are encrypted, and nobody can read them without it"
        plain = "payloads are not encrypted, and what placeholders stand for is not to be had"
        print(f"{path} has no vault: {lost if found['encrypted'] else plain}")
        return 0
    if state == "inside":
        print(f"{path}.vault is not protected by an outside key: whoever has the file can read all of it")
    else:
        print(f"{path}.vault is protected by a key from outside" + ("" if key is None or key.id is None else f" (it fits {key.id})"))
    print("payloads are encrypted" if found["encrypted"] else "payloads are not encrypted")
    if subjects is not None:
        print(f"{subjects:,} subjects have keys")
    return 0


def change(given: argparse.Namespace) -> int:
    """Put another key in the place of the present one."""
    path = _journal(given)
    if (given.to_env is None) == (given.to_file is None):
        raise UsageError("the new key needs one place", hint="give --to-env NAME or --to-file FILE")
    new = Keys(env=given.to_env, file=given.to_file).fresh()
    count = rotate_vault(path, command_key(path), new)
    print(f"the keys of {count:,} subjects are protected by the new key" + ("" if new.id is None else f" ({new.id})"))
    return 0


def _journal(given: argparse.Namespace) -> Path:
    if not given.db:
        raise UsageError("no journal was named", hint="add --db FILE, or set INTERLOCK_DB")
    path = Path(given.db)
    if not path.exists():
        raise UsageError(f"there is no {path}", hint="name the journal's file")
    return path
