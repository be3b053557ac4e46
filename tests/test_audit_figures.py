"""Whatever somebody without the key does to a journal is found by holding it against its checkpoints: counted, and told by what."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import interlock as il
import pytest
from audited import Audited, Forger, events_of, forged, fresh_copy, with_checksum, write
from interlock._core import verify, verify_checkpoints

FLIPS, SWAPS, CUTS = 2_000, 200, 200
COUNTS = pytest.mark.parametrize("share", [10, pytest.param(1, marks=pytest.mark.heavy)], ids=["a tenth", "all"])


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """In memory where there is such a place: the disk is not what is tested here."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


@pytest.fixture(scope="module")
def audited(folder: Path) -> Audited:
    """240 runs with their checkpoints."""
    return write(folder, 60)


def found_by(audited: Audited, victim: Path) -> str:
    """What tells that the file was changed."""
    with pytest.raises(il.JournalCorrupt) as caught:
        verify_checkpoints(victim, audited.notes, audited.vkey)
    told = caught.value.message
    words = {
        "the checkpoint of": "a checkpoint",
        "committed": "the committed roots",
        "checksum": "a checksum",
        "its header": "the frame's length",
    }
    return next((by for word, by in words.items() if word in told), "the frames themselves")


def say(what: str, found: Counter[str]) -> None:
    print(f"\n{found.total()} of {found.total()} {what} found: " + ", ".join(f"{count} by {by}" for by, count in found.most_common()))


def test_the_untouched_journal_agrees_with_its_checkpoints(audited: Audited) -> None:
    report = verify_checkpoints(audited.journal, audited.notes, audited.vkey)
    assert '"runs":240' in report
    assert audited.notes.count("—") >= 2


@COUNTS
def test_every_flipped_bit_of_a_frame_is_found(audited: Audited, folder: Path, share: int) -> None:
    dice, found = random.Random(6962), Counter[str]()
    victim = fresh_copy(audited.journal, folder)
    with forged(victim) as forger:
        for number in range(FLIPS // share):
            position, run, seq, frame = row = dice.choice(forger.rows)
            cleverness = number % 4  # half only flip; of the others half also compute the committed roots anew
            bit = dice.randrange((len(frame) - (4 if cleverness > 1 else 0)) * 8)
            changed = bytearray(frame)
            changed[bit // 8] ^= 1 << bit % 8
            content = with_checksum(bytes(changed)) if cleverness > 1 else bytes(changed)
            forger.write([(position, run, seq, content)], roots=cleverness == 3)
            found[found_by(audited, victim)] += 1
            forger.write([row], roots=cleverness == 3)
    say("flipped bits", found)
    assert found.total() == FLIPS // share
    verify_checkpoints(victim, audited.notes, audited.vkey)


@COUNTS
def test_every_exchange_of_two_frames_is_found(audited: Audited, folder: Path, share: int) -> None:
    dice, found, whole_without = random.Random(9162), Counter[str](), 0
    victim = fresh_copy(audited.journal, folder)
    with forged(victim) as forger:
        for number in range(SWAPS // share):
            one, other = exchange(forger, dice, clever=number % 2 == 1)
            first, second = forger.rows[one], forger.rows[other]
            apart = [(*first[:3], second[3]), (*second[:3], first[3])]
            in_order = [(one, *second[1:]), (other, *first[1:])]  # each stands at the run and the number that it says
            forger.write(in_order if number % 2 else apart, roots=number % 2 == 1)
            if number % 2:
                verify(victim)  # without checkpoints the forgery is perfect
                whole_without += 1
            found[found_by(audited, victim)] += 1
            forger.write([first, second], roots=number % 2 == 1)
    say(f"exchanged pairs ({whole_without} of them with everything else put right)", found)
    assert found.total() == SWAPS // share
    verify_checkpoints(victim, audited.notes, audited.vkey)


def exchange(forger: Forger, dice: random.Random, *, clever: bool) -> tuple[int, int]:
    """Two positions. Cleverly chosen ones are neighbours of different runs, so that each run keeps its order."""
    while True:
        one = dice.randrange(len(forger.rows) - 1)
        other = one + 1 if clever else dice.randrange(len(forger.rows))
        if one != other and (not clever or forger.rows[one][1] != forger.rows[other][1]):
            return one, other


@COUNTS
def test_every_truncation_below_a_checkpoint_is_found_and_the_checkpoint_is_named(audited: Audited, folder: Path, share: int) -> None:
    dice, events = random.Random(8032), events_of(audited.journal)
    size = len(events)
    first = 1 + max(frame["position"] for frame in events if frame["run"] == 0)  # the journal's own records stand before all runs
    for _ in range(CUTS // share):
        kept = dice.randrange(first, size)
        victim = fresh_copy(audited.journal, folder)
        with forged(victim) as forger:
            forger.cut(kept, events)
        verify(victim)  # without checkpoints nothing is missing
        with pytest.raises(il.JournalCorrupt, match=f"has {kept} frames, and the checkpoint of .* over {size} frames was signed") as caught:
            verify_checkpoints(victim, audited.notes, audited.vkey)
        assert caught.value.frame == kept
    print(f"\n{CUTS // share} of {CUTS // share} truncations found, each of them perfect without checkpoints")
