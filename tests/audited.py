"""A journal of a few hundred runs with signed checkpoints, and somebody who changes it cleverly but has no key."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import interlock as il
from cast import passes, says
from interlock._core import Ledger, Signer

ORIGIN = "example.com/support"
Row = tuple[int, int, int, bytes]
"""Position, run, number in the run, bytes."""


@il.tool
async def look_up(account: str) -> dict[str, Any]:
    return {"account": account, "balance": 42}


@il.tool(kind="effect")
async def refund(account: str) -> str:
    return f"refunded {account}"


@il.agent
async def billing(message: il.Message, ctx: il.Context) -> str:
    found = await ctx.tool("look_up", account=message.text)
    await ctx.tool("refund", account=message.text)
    return f"balance {found['balance']}"


@il.agent
async def stumbles(message: il.Message, ctx: il.Context) -> str:
    raise ValueError("no such account")


SUPPORT = il.Handoff("support", entry=passes("billing", "triage", "it is about money"), to=[billing, says("fixed", "tech")])
LETTER = il.Sequential("letter", [says("draft", "draft"), il.step(says("final", "edit"), expression="text != ''")])
STUCK = il.Sequential("stuck", [stumbles])
LOST = il.Sequential("lost", [il.step(stumbles, on_failure=il.fail())])
PLANS = [SUPPORT, LETTER, STUCK, LOST]


@dataclass(frozen=True)
class Audited:
    """A closed journal, its checkpoints, and the keys."""

    journal: Path
    checkpoints: Path
    signer: Signer
    key: Path

    @property
    def notes(self) -> str:
        return self.checkpoints.read_text()

    @property
    def vkey(self) -> str:
        return self.signer.verifier


def write(folder: Path, rounds: int) -> Audited:
    """Four runs a round: delivered with tools, delivered, failed, and in review or decided by a person."""
    signer, key = Signer.generate(ORIGIN), folder / "audit.key"
    key.touch(mode=0o600)
    key.write_text(signer.secret_text())
    journal, checkpoints = folder / "runs.db", folder / "runs.checkpoints"

    async def one(runtime: il.Runtime, number: int) -> None:
        await runtime.run(SUPPORT, f"account {number}", user=f"u-{number % 7}", key=f"support-{number}")
        await runtime.run(LETTER, f"letter {number}", data={"number": number})
        await runtime.run(LOST, f"lost {number}")
        asked = await runtime.run(STUCK, f"stuck {number}")
        if number % 3 == 0:
            await runtime.resume(asked.run_id, answer="by hand", by="ada")
        elif number % 3 == 1:
            await runtime.resume(asked.run_id, reject="not ours", by="bob")

    async def fill() -> None:
        given = il.Checkpoints(key=key, to=checkpoints, every=0.05, frames=200)
        async with il.open(journal, plans=PLANS, tools=[look_up, refund], checkpoints=given) as runtime:
            await one(runtime, 0)
            while runtime.stats()["checkpoints"] == 0:  # noqa: ASYNC110 - the exporter works in a thread
                await asyncio.sleep(0.001)
            await asyncio.gather(*(one(runtime, number) for number in range(1, rounds)))

    asyncio.run(fill())
    return Audited(journal, checkpoints, signer, key)


def frontier_roots(frames: list[bytes], sizes: set[int]) -> dict[int, bytes]:
    """The Merkle roots over the first so many frames: RFC 6962, section 2.1."""
    peaks: list[bytes] = []
    roots: dict[int, bytes] = {}
    for number, frame in enumerate(frames):
        made, rest = hashlib.sha256(b"\0" + frame).digest(), number
        while rest & 1:
            made, rest = hashlib.sha256(b"\1" + peaks.pop() + made).digest(), rest >> 1
        peaks.append(made)
        if number + 1 in sizes:
            root = peaks[-1]
            for left in reversed(peaks[:-1]):
                root = hashlib.sha256(b"\1" + left + root).digest()
            roots[number + 1] = root
    return roots


def with_checksum(frame: bytes) -> bytes:
    return frame[:-4] + zlib.crc32(frame[:-4]).to_bytes(4, "little")


class Forger:
    """Changes a journal's rows, and makes the file agree with itself again."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.rows: list[Row] = connection.execute("SELECT pos, run, seq, bytes FROM frames ORDER BY pos").fetchall()

    def write(self, rows: list[Row], *, roots: bool) -> None:
        """Put these rows in the place of those at their positions, and compute the roots anew if that is wanted."""
        for row in rows:
            self._connection.execute("DELETE FROM frames WHERE pos = ?", row[:1])
        self._connection.executemany("INSERT INTO frames VALUES(?, ?, ?, ?)", rows)
        if roots:
            frames = {row[0]: row[3] for row in [*self.rows, *rows]}
            self._sign_commits([frames[position] for position in sorted(frames)])
        self._connection.commit()

    def _sign_commits(self, frames: list[bytes]) -> None:
        sizes = {size for (size,) in self._connection.execute("SELECT size FROM commits")}
        roots = frontier_roots(frames, sizes)
        self._connection.executemany("UPDATE commits SET root = ? WHERE size = ?", [(root, size) for size, root in roots.items()])

    def cut(self, size: int, events: list[dict[str, Any]]) -> None:
        """Remove all frames from this one on, and whatever tells of them."""
        do = self._connection.execute
        commits = {count for (count,) in do("SELECT size FROM commits WHERE size <= ?", (size,))} | {size}
        do("DELETE FROM frames WHERE pos >= ?", (size,))
        do("DELETE FROM commits")
        roots = frontier_roots([row[3] for row in self.rows[:size]], commits)
        self._connection.executemany("INSERT INTO commits VALUES(?, ?)", roots.items())
        left: dict[int, list[dict[str, Any]]] = {}
        for frame in events[:size]:
            left.setdefault(frame["run"], []).append(frame)
        torn = {frame["run"] for frame in events[size:]}
        for (run,) in do("SELECT run FROM runs").fetchall():
            if run not in left or run in torn:
                do("DELETE FROM reviews WHERE run = ?", (run,))
                for opened in asked(left.get(run, [])):
                    do(
                        "INSERT INTO reviews SELECT run, ?, id, plan, ?, ?, ?, ?, NULL, ?, ?, ?, 0, NULL, NULL, NULL FROM runs"
                        " WHERE run = ?",
                        (*opened, run),
                    )
            if run not in left:
                do("DELETE FROM runs WHERE run = ?", (run,))
                do("DELETE FROM payloads WHERE run = ?", (run,))
            elif run in torn:
                status, ended = standing(left[run])
                do("UPDATE runs SET status = ?, ended = ?, frames = ? WHERE run = ?", (status, ended, len(left[run]), run))
                wanted = {number for frame in left[run] for number in numbers(frame["event"])}
                for (number,) in do("SELECT number FROM payloads WHERE run = ?", (run,)).fetchall():
                    if number not in wanted:
                        do("DELETE FROM payloads WHERE run = ? AND number = ?", (run, number))
        self._connection.commit()


def standing(frames: list[dict[str, Any]]) -> tuple[str, int | None]:
    """What a run's row says after these frames."""
    over = {"run_delivered": "delivered", "run_failed": "failed", "run_cancelled": "cancelled"}
    status, ended = "open", None
    for frame in frames:
        kind = frame["event"]["kind"]
        if kind in over:
            status, ended = over[kind], frame["at_us"]
        elif kind in ("review_opened", "run_paused", "review_decided"):
            status = "open" if kind == "review_decided" else "in_review"
    return status, ended


def asked(frames: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """The reviews of the run that are open after these frames, as the list of open reviews has them."""
    found: dict[int, tuple[Any, ...]] = {}
    for frame in frames:
        event = frame["event"]
        if event["kind"] == "review_opened":
            terms = event["terms"]
            who = (terms["role"], terms["person"], terms["approvals"])
            found[event["review"]] = (event["review"], frame["at_us"], terms["due"], event["why"], event["subject"], *who)
        elif event["kind"] == "review_decided":
            del found[event["review"]]
    return list(found.values())


def numbers(value: Any) -> Iterator[int]:
    """The payloads that an event refers to."""
    if isinstance(value, dict):
        if value.keys() == {"number", "commitment"}:
            yield value["number"]
        else:
            for inner in value.values():
                yield from numbers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from numbers(inner)


def events_of(journal: Path) -> list[dict[str, Any]]:
    """Every frame as an auditor reads it."""
    ledger = Ledger(journal)
    events: list[dict[str, Any]] = json.loads(ledger.frames(0, ledger.size()))
    return events


@contextmanager
def forged(victim: Path) -> Iterator[Forger]:
    """Somebody at work on the file."""
    with closing(sqlite3.connect(victim)) as connection:
        connection.execute("PRAGMA synchronous = off")
        yield Forger(connection)


def fresh_copy(journal: Path, folder: Path) -> Path:
    for suffix in ("-wal", "-shm"):
        (folder / f"victim.db{suffix}").unlink(missing_ok=True)
    return Path(shutil.copy(journal, folder / "victim.db"))
