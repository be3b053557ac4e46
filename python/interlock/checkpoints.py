"""Checkpoints that are signed while a runtime works: who signs, where they go, how often."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from interlock._core import Signer
from interlock.errors import CheckpointError, UsageError

LOG = logging.getLogger("interlock.audit")
KEY_VARIABLE = "INTERLOCK_AUDIT_KEY"
"""The environment variable that may hold the signer key's text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoints:
    """Sign what the journal has committed, and give the notes away: ``il.open(…, checkpoints=il.Checkpoints(…))``.

    A checkpoint is due ``every`` seconds, or as soon as ``frames`` frames were committed since the last one, and once more
    when the runtime closes; only if the journal has grown.

    Args:
        to: a file, to which one note after another is appended and synced, or a function that is given each note's text. A
            plain function is called in a thread of its own, a coroutine function is awaited. An error of either is logged and
            counted, and stops no run.
        key: the file of the signer key that ``interlock audit keygen`` wrote. Without it the environment variable
            ``INTERLOCK_AUDIT_KEY`` holds the key.
        every: seconds, above 0.
        frames: at least 1.
        origin: what the journal is called in its checkpoints; by default as the key is.

    Raises:
        UsageError: ``to``, ``every`` or ``frames`` can't mean anything.
    """

    to: str | Path | Callable[[str], Awaitable[object] | object]
    key: str | Path | None = None
    every: float = 1.0
    frames: int = 1000
    origin: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.to, str | Path) and not callable(self.to):
            raise UsageError(f"checkpoints can't go to {self.to!r}", hint="give a path, or a function that takes the note's text")
        if isinstance(self.every, bool) or not isinstance(self.every, int | float) or not 0 < self.every < float("inf"):
            raise UsageError(f"every is {self.every!r}", hint="give seconds above 0")
        if isinstance(self.frames, bool) or not isinstance(self.frames, int) or self.frames < 1:
            raise UsageError(f"frames is {self.frames!r}", hint="give a whole number from 1")

    def signer(self) -> Signer:
        """The key, read now.

        Raises:
            CheckpointError: there is no key, or it is none.
        """
        return read_signer(self.key)


def read_signer(key: str | Path | None) -> Signer:
    """A signer key from its file, or from the environment if no file is named. Says so in the log if others can read the file.

    Raises:
        CheckpointError: there is no key, or it is none; the message names the file or the variable.
    """
    if key is None:
        text, source = os.environ.get(KEY_VARIABLE), KEY_VARIABLE
        if text is None:
            hint = f"name the file that `interlock audit keygen` wrote, or put the key into {KEY_VARIABLE}"
            raise CheckpointError("there is no key to sign checkpoints with", hint=hint, code="checkpoint.key")
    else:
        path, source = Path(key), str(key)
        try:
            text = path.read_text(encoding="utf-8")
            mode = stat.S_IMODE(path.stat().st_mode)
        except (OSError, UnicodeDecodeError) as error:
            what = error.strerror if isinstance(error, OSError) else "it is no text"
            hint = "give the file that `interlock audit keygen` wrote"
            raise CheckpointError(f"the signer key {source} can't be read: {what}", hint=hint, code="checkpoint.key") from error
        if mode & 0o077:
            LOG.warning("the signer key %s can be read or written by others (mode %04o): chmod 600 %s", source, mode, source)
    try:
        return Signer(text)
    except CheckpointError as error:
        raise CheckpointError(f"{source}: {error.message}", hint=error.hint, code=error.code) from None
