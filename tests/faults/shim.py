"""Faults that a test switches on and off in a process that runs under `shim.c`."""

from __future__ import annotations

import errno
import mmap
import os
import struct
import subprocess
from pathlib import Path

WRITES, SYNCS, TRUNCATES, OPENS = 1, 2, 4, 8
LAYOUT = struct.Struct("=iiiiiiq")  # the same as in shim.c
ERROR, CALLS, TORN, PASS, FAILED, SHIFT = 0, 4, 8, 12, 16, 24


def built(folder: Path) -> Path:
    """The shim, compiled."""
    library = folder / "shim.so"
    source = Path(__file__).with_suffix(".c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", str(library), str(source), "-ldl"], check=True)
    return library


class Faults:
    """What happens to one journal's files and to the wall clock in the processes that are started with `environment`."""

    def __init__(self, folder: Path, name: str) -> None:
        control = folder / "control"
        control.write_bytes(bytes(LAYOUT.size))
        with control.open("r+b") as file:
            self._page = mmap.mmap(file.fileno(), LAYOUT.size)
        self.environment = os.environ | {"LD_PRELOAD": str(built(folder)), "FAULTS_CONTROL": str(control), "FAULTS_NAME": name}

    def _set(self, offset: int, value: int, kind: str = "=i") -> None:
        struct.pack_into(kind, self._page, offset, value)

    def fail(self, error: int, calls: int, *, torn: bool = False, after: int = 0) -> None:
        """From now on these calls fail, once so many more have passed."""
        for offset, value in ((TORN, int(torn)), (PASS, after), (CALLS, calls), (ERROR, error)):  # the error last: it arms the rest
            self._set(offset, value)

    def heal(self) -> None:
        """From now on nothing fails."""
        self._set(ERROR, 0)

    @property
    def failed(self) -> int:
        """How many calls have failed so far."""
        return int(struct.unpack_from("=i", self._page, FAILED)[0])

    def shift_clock(self, seconds: float) -> None:
        """Move the wall clock by so much from what it really is."""
        self._set(SHIFT, round(seconds * 1_000_000), "=q")


FULL, READ_ONLY, IO = errno.ENOSPC, errno.EROFS, errno.EIO
