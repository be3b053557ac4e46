"""``interlock audit prove FILE RUN``: a run's frames with all that a stranger needs to check them against a checkpoint."""

from __future__ import annotations

import argparse
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from interlock._core import Reader, prove_run, read_checkpoints
from interlock.cli.pick import run_by_prefix
from interlock.cli.waiting import with_bar
from interlock.errors import CheckpointError, UsageError

FORMAT = "interlock-proof/1"


def add_parser(actions: Any) -> None:
    """Add ``audit prove``."""
    prove = actions.add_parser(
        "prove",
        help="prove to a stranger what a run did",
        description="Write the run's frames with an inclusion proof for each, and the checkpoint that they are proved against. "
        "docs/verify_proof.py checks the result with the verifier key alone.",
    )
    prove.add_argument("file", help="the journal")
    prove.add_argument("run_id", metavar="RUN", help="the run's id, or its first letters")
    prove.add_argument(
        "--checkpoint",
        action="append",
        required=True,
        metavar="NOTE-FILE",
        help="a signed checkpoint; of several in a file the newest. Given twice, the older one is proved to be the newer one's beginning",
    )
    prove.add_argument("--public-key", required=True, metavar="VKEY", help="the verifier key, or a file that holds it")
    prove.add_argument("--out", metavar="FILE", help="where the proof is written (standard output)")
    prove.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Write a proof."""
    key = key_text(given.public_key)
    newest, older = _chosen([notes_text(file) for file in given.checkpoint], key)
    row = run_by_prefix(Reader(given.file), given.run_id)
    frames, consistency = with_bar("hashing every frame", lambda _: prove_run(given.file, row["run"], newest, older, key))
    bundle = {
        "format": FORMAT,
        "run": row["id"],
        "checkpoint": newest,
        "older": older,
        "consistency": None if consistency is None else _texts(consistency),
        "frames": [{"leaf": leaf, "bytes": _text(frame), "path": _texts(path)} for leaf, frame, path in frames],
    }
    content = orjson.dumps(bundle, option=orjson.OPT_INDENT_2).decode()
    if given.out is None:
        print(content)
        return 0
    try:
        Path(given.out).write_text(content + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{given.out}: {error.strerror}", hint="name a file that can be written") from None
    print(f"{given.out}: {len(frames)} frames of run {row['id']}")
    return 0


def _chosen(texts: Sequence[str], key: str) -> tuple[str, str | None]:
    """The newest note of each file; of these the newest, and the oldest if there is another."""
    best = [max(read_checkpoints(text, key), key=lambda one: one[0]) for text in texts]
    best.sort(key=lambda one: one[0])
    if best[0][2] != best[-1][2]:
        message = f"one checkpoint is of {best[0][2]}, the other of {best[-1][2]}"
        raise CheckpointError(message, hint="give checkpoints of one journal", code="checkpoint.origin")
    return best[-1][3], best[0][3] if len(best) > 1 else None


def _text(content: bytes) -> str:
    return b64encode(content).decode()


def _texts(contents: Sequence[bytes]) -> list[str]:
    return [_text(content) for content in contents]


def notes_text(file: str) -> str:
    """A file of checkpoints."""
    try:
        return Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}", hint="give a file of signed checkpoints") from None
    except UnicodeDecodeError:
        raise CheckpointError(f"{file} is no text", hint="give a file of signed checkpoints", code="checkpoint.note") from None


def key_text(given: str) -> str:
    """A verifier key, which may lie in a file."""
    return given if "+" in given or not Path(given).is_file() else Path(given).read_text(encoding="utf-8", errors="replace")
