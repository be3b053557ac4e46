"""Every rule that recovery rests on is needed: with any of them switched off, a crash test fails."""

from __future__ import annotations

import asyncio
import os
import warnings
from multiprocessing.connection import Connection
from pathlib import Path

import edges
import interlock as il
import pytest
from cast import says, soon
from interlock import _core
from ledger import PROCESSES, ledger

SCENARIOS: list[tuple[str, str, edges.Kind]] = [
    ("intent_before_effect", "it happened, before the answer", "effect_once"),
    ("intent_before_effect", "answered, before the result", "effect"),
    ("key_reuse", "it happened, before the answer", "effect"),
    ("key_reuse", "the result is journalled, before the reply", "effect_once"),
    ("fold_order", "the result is journalled, before the reply", "effect"),
    ("fold_order", "in the tool, before it asks", "effect_once"),
]


def scenario(file: Path, edge: str, kind: edges.Kind, broken: str) -> None:
    """A crash and what must hold after it, both under the same rules."""
    with ledger() as book:
        before = edges.crash(file, book, kind, edge, broken)
        edges.hold(before, asyncio.run(edges.recover(file, book, kind, soon)))


@pytest.mark.parametrize(("broken", "edge", "kind"), SCENARIOS, ids=[f"{one[0]}-{one[2]}" for one in SCENARIOS])
def test_a_crash_is_survived_by_the_rule_and_not_without_it(
    tmp_path: Path, broken: str, edge: str, kind: edges.Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario(tmp_path / "whole.db", edge, kind, "")
    monkeypatch.setenv("INTERLOCK_TEST_BREAK", broken)
    with pytest.warns(RuntimeWarning, match="broken on purpose"), pytest.raises((AssertionError, il.InterlockError)) as seen:
        scenario(tmp_path / "broken.db", edge, kind, broken)
    print(f"\nwithout {broken}: {str(seen.value).splitlines()[0]}")


PLAN = il.Sequential("plan", [says("done", "worker")])


def own(pipe: Connection, file: Path, broken: str) -> None:
    """A process that opens a file, waits until the other one has tried to, and works on it."""
    os.environ["INTERLOCK_TEST_BREAK"] = broken
    warnings.simplefilter("ignore", RuntimeWarning)

    async def main() -> None:
        try:
            async with il.open(file, plans=[PLAN]) as runtime:
                pipe.send("open")
                pipe.recv()
                for number in range(20):
                    await runtime.run(PLAN, "task", key=f"{os.getpid()} {number}")
            pipe.send("done")
        except il.InterlockError as error:
            pipe.send(error.code)

    asyncio.run(main())


def two_owners(file: Path, broken: str) -> None:
    """Two processes open one file at once: the second is refused, and what the first one writes is whole."""
    pipes, processes = [], []
    for _ in range(2):
        ours, theirs = PROCESSES.Pipe()
        process = PROCESSES.Process(target=own, args=(theirs, file, broken))
        process.start()
        theirs.close()
        pipes.append(ours)
        processes.append(process)
        pipes[-1].poll(20)
        if len(pipes) == 1:
            assert ours.recv() == "open"
    second = pipes[1].recv()
    said = []
    for pipe in pipes if second == "open" else pipes[:1]:
        pipe.send("go")
    said = [pipe.recv() for pipe in (pipes if second == "open" else pipes[:1])]
    for process, pipe in zip(processes, pipes, strict=True):
        process.join()
        pipe.close()
    assert (second, said) == ("journal.locked", ["done"])
    assert '"runs":20' in _core.verify(file)


def test_two_owners_of_one_file_are_prevented_by_the_lock_and_not_without_it(tmp_path: Path) -> None:
    two_owners(tmp_path / "whole.db", "")
    with pytest.raises(AssertionError) as seen:
        two_owners(tmp_path / "broken.db", "ownership_lock")
    print(f"\nwithout ownership_lock: {str(seen.value).splitlines()[0]}")


def test_a_name_that_is_no_rule_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def opens() -> None:
        async with il.open(plans=[PLAN]):
            pass

    monkeypatch.setenv("INTERLOCK_TEST_BREAK", "fold_odor")
    with pytest.raises(il.InterlockError, match='INTERLOCK_TEST_BREAK names "fold_odor"'):
        asyncio.run(opens())
