"""The task that signs what the journal has committed and gives the notes away. Whatever goes wrong there stops no run."""

from __future__ import annotations

import asyncio
import errno
import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from interlock._core import Engine, Signer, read_checkpoints
from interlock.checkpoints import LOG, Checkpoints
from interlock.errors import CheckpointError
from interlock.runtime.commits import Commits

PATIENCE = 5.0
"""Seconds that closing waits for an exporter that does not come back."""
TAIL = 64 * 1024
"""Bytes of an existing file of checkpoints that are looked at before it is appended to."""
DASH = "\u2014 ".encode()


class Witness:
    """Signs the last commit, at most so often, and once at the end."""

    def __init__(self, given: Checkpoints) -> None:
        self._given = given
        self._signer = given.signer()
        self._origin = given.origin or self._signer.name
        self._export: Callable[[str], Any] = given.to if callable(given.to) else File(Path(given.to), self._signer, self._origin)
        self._signer.sign(0, bytes(32), self._origin)  # an origin that can't be signed is refused before anything runs
        self._last = 0
        self._signed = 0
        self._failed = 0
        self._task: asyncio.Task[None]
        self._engine: Engine
        self._commits: Commits

    def start(self, engine: Engine, commits: Commits, loop: asyncio.AbstractEventLoop) -> None:
        """Begin."""
        self._engine, self._commits = engine, commits
        self._leave = asyncio.Event()
        self._task = loop.create_task(self._watch(), name="interlock: checkpoints")

    def follow(self, engine: Engine, commits: Commits) -> None:
        """Go on with another engine over the same file: the journal failed, and was opened again."""
        self._engine, self._commits = engine, commits

    def counts(self) -> dict[str, int]:
        """Checkpoints that were given away, and attempts that came to nothing."""
        return {"checkpoints": self._signed, "checkpoints_failed": self._failed}

    async def close(self) -> None:
        """Sign what the journal has at the end, and stop. Call it when the journal is closed: then nothing can follow."""
        self._leave.set()
        done, _ = await asyncio.wait({self._task}, timeout=PATIENCE)
        if not done:
            self._failed += 1
            LOG.error("the last checkpoint was not given away: the exporter did not come back in %g s", PATIENCE)
            self._task.cancel()

    async def _watch(self) -> None:
        leaving: asyncio.Future[Any] = asyncio.ensure_future(self._leave.wait())
        full: asyncio.Future[Any] | None = None
        try:
            while not self._leave.is_set():
                if full is None:
                    full = asyncio.ensure_future(self._commits.wait(self._last + self._given.frames))
                await asyncio.wait({leaving, full}, timeout=self._given.every, return_when=asyncio.FIRST_COMPLETED)
                stopped = False
                if full.done():
                    stopped, full = full.exception() is not None, None  # the journal stopped writing, which the runs are told
                if not self._leave.is_set() and (not await self._sign() or stopped):
                    await asyncio.wait({leaving}, timeout=self._given.every)  # not at once again
            await self._sign()
        finally:
            for future in (leaving, full):
                if future is not None:
                    future.cancel()

    async def _sign(self) -> bool:
        """Sign the last commit, unless it was signed. Whether all is well."""
        size, root = self._engine.checkpoint()
        if size == self._last:
            return True
        try:
            note = self._signer.sign(size, root, self._origin)
            if inspect.iscoroutinefunction(self._export):
                await self._export(note)
            else:
                result = await asyncio.to_thread(self._export, note)
                if inspect.isawaitable(result):
                    await result
        except Exception:
            self._failed += 1
            LOG.exception("the checkpoint over %d frames was not given away; the next attempt is due in %g s", size, self._given.every)
            return False
        self._last = size
        self._signed += 1
        return True


class File:
    """A file of one note after another. A note is in it whole and synced, or not at all."""

    def __init__(self, path: Path, signer: Signer, origin: str) -> None:
        self._path = path
        try:
            self._check(signer, origin)
        except OSError as error:
            hint = "give a file that can be written, in a folder that exists"
            raise CheckpointError(f"checkpoints can't go to {path}: {error.strerror}", hint=hint, code="checkpoint.file") from error

    def _check(self, signer: Signer, origin: str) -> None:
        """Refuse a file that holds anything else, and cut off a note that a crash left unfinished."""
        with os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644), "r+b") as file:
            _sync_folder(self._path)
            size = file.seek(0, os.SEEK_END)
            start = file.seek(max(0, size - TAIL))
            lines = file.read().splitlines(keepends=True)
            if start:  # what comes before the first signature may be the rest of a note
                lines = lines[next((number + 1 for number, line in enumerate(lines) if line.startswith(DASH)), 0) :]
            end = max((number + 1 for number, line in enumerate(lines) if line.startswith(DASH) and line.endswith(b"\n")), default=0)
            whole, rest = b"".join(lines[:end]), b"".join(lines[end:])
            beginning = origin.encode() + b"\n"
            if whole:
                self._check_notes(whole, signer, origin)
            if rest and not (rest.startswith(beginning) or beginning.startswith(rest)):
                hint = "give it a file of its own; this one was left as it is"
                raise CheckpointError(f"{self._path} holds something else than checkpoints of {origin}", hint=hint, code="checkpoint.file")
            if rest:
                LOG.warning("%s ended in the middle of a checkpoint, which was cut off: %d bytes", self._path, len(rest))
                file.truncate(size - len(rest))
                os.fsync(file.fileno())

    def _check_notes(self, whole: bytes, signer: Signer, origin: str) -> None:
        try:
            theirs = read_checkpoints(whole.decode(errors="replace"), signer.verifier)[-1][2]
        except CheckpointError as error:
            message = f"{self._path} can't be continued with the key {signer.verifier}: {error.message}"
            raise CheckpointError(message, hint="give each key a file of its own", code=error.code) from None
        if theirs != origin:
            message = f"{self._path} holds checkpoints of {theirs}, and these would be of {origin}"
            raise CheckpointError(message, hint="give each journal a file of its own", code="checkpoint.origin")

    def __call__(self, note: str) -> None:
        """Append a note."""
        content = note.encode()
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            before = os.fstat(file).st_size
            try:
                if os.write(file, content) != len(content):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))
                os.fsync(file)
            except OSError:
                os.ftruncate(file, before)
                raise
        finally:
            os.close(file)


def _sync_folder(path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
