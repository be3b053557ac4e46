"""What was acknowledged survives `kill -9` under load: nothing is lost, nothing is done twice, and everything goes on."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path

import interlock as il
import pytest
from cast import soon
from interlock import _core
from journalled import Journalled, journalled, rows
from ledger import PROCESSES, Entry, Ledger, ledger, times
from service import Told, World, decide, live

FILES, LIVES = 5, 10
"""Five files that live ten times each, so 50 kills; 1,000 where counts are heavy."""
SEEDS = [*range(FILES), *(pytest.param(seed, marks=pytest.mark.heavy) for seed in range(FILES, 100))]
FINAL = ("delivered", "failed", "cancelled")
NAMED = re.compile(r'.*nobody knows what became of it.*: tool "(charge|post|ship|wire|own)"$|(?!.*nobody knows)..*')
"""What a review says: of an effect whose end is unknown, also which one."""
UNKNOWN = {"effect_unknown", "effect_forgotten"}


class Lives:
    """The lives of one file, and what holds after each."""

    def __init__(self, file: Path, book: Ledger, seed: int) -> None:
        self.file, self.book, self.dice = file, book, random.Random(seed)
        self.told: dict[str, Told] = {}
        """The last acknowledgement of each run that was told to be over, by its id."""
        self.waiting: set[str] = set()
        """Runs that were told to wait for a person."""
        self.kills = self.aimed = self.between = self.interrupted = self.acknowledged = 0

    def live_and_die(self) -> None:
        """One life: half of them end while the ledger executes something, the others at any moment."""
        ours, theirs = PROCESSES.Pipe(duplex=False)
        seed = self.dice.getrandbits(32)
        process = PROCESSES.Process(target=live, args=(theirs, self.file, self.book.port, seed, self.kills))
        process.start()
        theirs.close()
        assert process.pid is not None
        if self.dice.random() < 0.5:
            self.aimed += 1
            self.book.kill(process.pid, "executing", self.dice.randrange(1, 300), self.dice.uniform(0, 0.003))
            self.hear(ours)
        else:
            self.hear(ours, self.dice.randrange(1, 300), self.dice.uniform(0.01, 0.8))
            process.kill()
            self.hear(ours)
        process.join()
        self.book.spare()
        assert process.exitcode == -9
        process.close()
        ours.close()
        self.kills += 1
        left = list(journalled(self.file, "open"))
        self.interrupted += len(left)
        self.between += any(run.unknown for run in left)

    def hear(self, pipe: Connection, lines: int = 1_000_000, seconds: float = 60.0) -> None:
        """Listen until so much was said, so much time has passed, or there is nobody any more."""
        until = time.monotonic() + seconds
        try:
            while lines and pipe.poll(max(0.0, until - time.monotonic())):
                said = pipe.recv()
                if said == "open":
                    until = time.monotonic() + seconds
                    continue
                assert not isinstance(said, str), said
                self.take(said)
                lines -= 1
        except EOFError:
            return
        assert seconds < 60.0 or not lines, "nobody killed it"

    def take(self, said: Told) -> None:
        """What was told once is told again, and never changes."""
        self.acknowledged += 1
        _, run_id, status, _ = said
        if status == "in_review":
            self.waiting.add(run_id)  # also when somebody was quicker to decide than whoever asked was to hear of the review
        else:
            assert status in FINAL, said
            assert self.told.setdefault(run_id, said) == said

    def hold(self) -> None:
        """What holds after each kill, in the file as it lies there."""
        if not self.file.exists():
            return
        report = _core.verify(self.file)
        stands = {row["id"]: row["status"] for row in rows(self.file)}
        assert f'"runs":{len(stands)}' in report.replace(" ", "")
        assert {run_id: stands[run_id] for run_id in self.told} == {run_id: told[2] for run_id, told in self.told.items()}
        assert self.waiting <= stands.keys()


async def finish(lives: Lives) -> int:
    """Open the file once more, let everything go on, decide what people are asked, and hold it against what was told."""
    world = World(lives.dice, lives.book.port)
    interrupted = [row["id"] for row in rows(lives.file, "open")]
    waiting = [row["id"] for row in rows(lives.file, "in_review")]
    asked = 0
    async with il.open(lives.file, plans=world.plans, tools=world.tools) as runtime:
        assert runtime.waiting() == {}
        outcomes = await soon(asyncio.gather(*map(runtime.resume, interrupted)))
        outcomes += [await runtime.resume(run_id) for run_id in waiting]
        while undecided := [outcome for outcome in outcomes if outcome.status == "in_review"]:
            for outcome in undecided:
                assert NAMED.match(outcome.reason or ""), outcome
                assert outcome.reviews
            asked += len(undecided)
            outcomes = await soon(asyncio.gather(*(decide(runtime, outcome, lives.dice) for outcome in undecided)))
        for run_id, (_, _, status, text) in lives.told.items():
            outcome = await runtime.resume(run_id)
            assert (outcome.status, outcome.text) == (status, text)
        assert runtime.stats()["live"] == 0
    return asked


def faults_of(runs: list[Journalled], entries: list[Entry]) -> dict[str, list[str]]:
    """What must never be, each with those of which it is true."""
    asked, executed = times(entries, "asked", "key"), times(entries, "executed", "key")
    operations = times(entries, "executed", "operation")
    intended = sum((run.intended for run in runs), Counter[str]())
    approved = sum((run.approved for run in runs), Counter[str]())
    once = {entry.key for entry in entries if entry.kind == "effect_once"}
    return {
        "keys executed twice": [key for key, count in executed.items() if count > 1],
        "operations executed twice": [name for name, count in operations.items() if count > 1],
        "asked for without an intent": [key for key, count in asked.items() if count > intended[key]],
        "begun again without a person's yes": [key for key in once if intended[key] > 1 + approved[key]],
        "delivered other than once": [
            run.row["id"] for run in runs if run.kinds["run_delivered"] != (1 if run.row["status"] == "delivered" else 0)
        ],
        "not over": [run.row["id"] for run in runs if run.row["status"] not in FINAL],
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_a_service_that_is_killed_again_and_again_loses_nothing_and_repeats_nothing(tmp_path: Path, seed: int) -> None:
    with ledger() as book:
        lives = Lives(tmp_path / "runs.db", book, seed)
        for _ in range(LIVES):
            lives.live_and_die()
            lives.hold()
        asked = asyncio.run(finish(lives))
        lives.hold()
        runs, entries = list(journalled(lives.file)), book.entries()
    faults = faults_of(runs, entries)
    assert {fault: those for fault, those in faults.items() if those} == {}
    executions, requests = times(entries, "executed", "key"), times(entries, "asked", "key")
    unknown = sum(why in UNKNOWN for run in runs for why in run.whys)
    repeated = sum(requests.values()) - len(requests)
    print(
        f"\nkill -9, file {seed}: {lives.kills} kills, {lives.aimed} by the ledger, {lives.between} between an intent and its result;"
        f" {len(runs)} runs, {lives.interrupted} times interrupted, {lives.acknowledged} acknowledgements, 0 lost;"
        f" {len(executions)} keys executed, 0 twice, {repeated} requests repeated under their key;"
        f" {unknown} reviews of unknown ends, {asked} reviews decided at the end"
    )
    assert lives.between >= 0.3 * lives.kills
