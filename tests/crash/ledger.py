"""A ledger in a process of its own: it does what tools ask, once for each key, notes everything, and kills the service when it is told to.

It is what a bank is to a service: nothing that happens to the service takes anything back here.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Literal, NamedTuple

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["interlock.runtime"])  # so that a process is there in milliseconds
Moment = Literal["asked", "executing", "executed"]


class Request(NamedTuple):
    """What a tool asks for."""

    key: str
    operation: str
    """What is to happen in the world, however often and under whatever key it is asked for."""
    kind: str
    seconds: float


class Entry(NamedTuple):
    """A line of the ledger."""

    what: Literal["asked", "executed"]
    key: str
    operation: str
    kind: str
    at: float


class Trap(NamedTuple):
    """Whom to kill, and when."""

    pid: int
    moment: Moment
    countdown: int
    delay: float


class Book:
    """What the ledger's process holds."""

    def __init__(self, parent: Connection) -> None:
        self.parent = parent
        self.entries: list[Entry] = []
        self.tasks: dict[str, asyncio.Task[int]] = {}
        self.receipts = 0
        self.trap: Trap | None = None
        self.over = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, one receipt; none, if it came too late for whoever asked."""
        line = await reader.readline()
        if line:
            request = Request(*json.loads(line))
            self.note("asked", request)
            if self.springs("asked"):
                writer.close()  # before anything happened
                return
            receipt = await asyncio.shield(self.task(request))
            writer.write(b"%d\n" % receipt)
        writer.close()

    def task(self, request: Request) -> asyncio.Task[int]:
        """What was begun under this key already, or a new execution. What only reads is repeated freely."""
        key = request.key if request.kind != "pure" else f"{request.key} {len(self.entries)}"
        if key not in self.tasks:
            self.tasks[key] = asyncio.create_task(self.execute(request))
        return self.tasks[key]

    async def execute(self, request: Request) -> int:
        """Do it, which takes its time."""
        self.springs("executing")
        await asyncio.sleep(request.seconds)
        self.note("executed", request)
        self.receipts += 1
        receipt = self.receipts
        if self.springs("executed"):
            await asyncio.sleep(0.01)  # whoever asked is dead before the answer is sent
        return receipt

    def note(self, what: Literal["asked", "executed"], request: Request) -> None:
        self.entries.append(Entry(what, request.key, request.operation, request.kind, time.time()))

    def springs(self, moment: Moment) -> bool:
        """Whether somebody is killed at this moment."""
        trap = self.trap
        if trap is None or trap.moment != moment:
            return False
        self.trap = trap._replace(countdown=trap.countdown - 1) if trap.countdown > 1 else None
        if self.trap is not None:
            return False
        if trap.delay:
            asyncio.get_running_loop().call_later(trap.delay, os.kill, trap.pid, signal.SIGKILL)
        else:
            os.kill(trap.pid, signal.SIGKILL)
        return True

    def told(self) -> None:
        """The parent's word: a trap, none, everything that was noted, or the end."""
        try:
            word = self.parent.recv()
        except EOFError:
            word = "close"
        if word == "report":
            self.parent.send(self.entries)
        elif word == "close":
            self.over.set()
        else:
            self.trap = word
            self.parent.send("set")


def keep(parent: Connection) -> None:
    """The ledger's process."""

    async def main() -> None:
        book = Book(parent)
        asyncio.get_running_loop().add_reader(parent.fileno(), book.told)
        async with await asyncio.start_server(book.serve, "127.0.0.1", 0) as server:
            parent.send(server.sockets[0].getsockname()[1])
            await book.over.wait()

    asyncio.run(main())


class Ledger:
    """The parent's end of it."""

    def __init__(self, pipe: Connection, process: BaseProcess) -> None:
        self._pipe = pipe
        self._process = process
        self.port: int = pipe.recv()

    def kill(self, pid: int, moment: Moment, countdown: int = 1, delay: float = 0.0) -> None:
        """Kill a process when this moment has come so many times, after a delay (s)."""
        self._say(Trap(pid, moment, countdown, delay))

    def spare(self) -> None:
        """Kill nobody."""
        self._say(None)

    def _say(self, trap: Trap | None) -> None:
        self._pipe.send(trap)
        assert self._pipe.recv() == "set"

    def entries(self) -> list[Entry]:
        """Everything that was asked and executed, in order."""
        self._pipe.send("report")
        found: list[Entry] = self._pipe.recv()
        return found

    def close(self) -> None:
        self._pipe.send("close")
        self._process.join()
        self._pipe.close()


@contextmanager
def ledger() -> Iterator[Ledger]:
    """A ledger, as long as the block lasts."""
    ours, theirs = PROCESSES.Pipe()
    process = PROCESSES.Process(target=keep, args=(theirs,))
    process.start()
    theirs.close()
    book = Ledger(ours, process)
    try:
        yield book
    finally:
        book.close()


def ask(port: int, request: Request) -> int:
    """Ask from a thread."""
    with socket.create_connection(("127.0.0.1", port)) as line, line.makefile("rwb") as stream:
        stream.write(json.dumps(request).encode() + b"\n")
        stream.flush()
        return _receipt(stream.readline())


async def ask_soon(port: int, request: Request) -> int:
    """Ask from an event loop."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(json.dumps(request).encode() + b"\n")
        return _receipt(await reader.readline())
    finally:
        writer.close()


def _receipt(line: bytes) -> int:
    if not line:
        raise ConnectionError("the ledger hung up")
    return int(line)


def times(
    entries: list[Entry], what: str, by: Literal["key", "operation"], kinds: tuple[str, ...] = ("effect", "effect_once")
) -> Counter[str]:
    """How often each key, or each operation, was asked for or executed."""
    return Counter(getattr(entry, by) for entry in entries if entry.what == what and entry.kind in kinds)
