"""A service with a tenant's limit and many runs at once is killed -9 again and again: never over the limit, and no orphan afterwards."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from budgets.budgeted import TENANT_TOKENS, TENANT_TURNS, USER_TOKENS

SCRIPT = Path(__file__).with_name("budgeted.py")


def command(folder: Path, life: int, runs: int) -> list[str]:
    return [sys.executable, str(SCRIPT), str(folder / "journal.db"), str(folder / "provider"), str(life), str(runs)]


def life(folder: Path, number: int, size: int) -> tuple[int, int]:
    """Start it, let it spend for a while, kill it: how many runs it took up again, and what was held back when those were through."""
    provider = folder / "provider"
    with subprocess.Popen(command(folder, number, 150), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        taken_up, held_back = map(int, process.stdout.readline().split())
        before = provider.stat().st_size
        until = time.monotonic() + 3
        while provider.stat().st_size < before + size and time.monotonic() < until:
            assert process.poll() is None, "it died by itself"
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    return taken_up, held_back


def seen(provider: Path) -> tuple[Counter[str], int]:
    """Tokens by user that the provider gave, at least; and turns. What was sent and never came may have cost all of it."""
    tokens: Counter[str] = Counter()
    turns = 0
    for line in provider.read_text().splitlines():
        match line.split():
            case ["turn", _]:
                turns += 1
            case ["came", user, used]:
                tokens[user] += int(used)
            case _:
                pass
    return tokens, turns


def kill_again_and_again(folder: Path, lives: int, draw: random.Random) -> int:
    taken_up = 0
    for number in range(lives):
        found, held_back = life(folder, number, draw.randrange(2_000, 12_000))
        taken_up += found
        assert held_back == 0, "an orphan was left"
        tokens, turns = seen(folder / "provider")
        assert tokens.total() <= TENANT_TOKENS
        assert max(tokens.values()) <= USER_TOKENS
        assert turns <= TENANT_TURNS
    said = subprocess.run(command(folder, lives, 0), stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    assert said[0].split()[1] == "0"
    tokens, turns = seen(folder / "provider")
    spent = {(per, owner, what): (int(spent), int(reserved)) for per, owner, what, spent, reserved in map(str.split, said[1:])}
    assert all(reserved == 0 for _, reserved in spent.values())
    assert tokens.total() <= spent["tenant", "acme", "tokens"][0] <= TENANT_TOKENS
    assert turns <= spent["tenant", "acme", "turns"][0] <= TENANT_TURNS
    for user, used in tokens.items():
        assert used <= spent["user", user, "tokens"][0] <= USER_TOKENS
    return taken_up


@pytest.mark.timeout(120)
def test_five_kills_of_a_service_never_pass_a_limit(tmp_path: Path) -> None:
    assert kill_again_and_again(tmp_path, 5, random.Random(3)) > 0, "runs were under way when it was killed"


@pytest.mark.heavy
@pytest.mark.timeout(3_600)
def test_a_hundred_kills_of_ten_services(tmp_path: Path) -> None:
    for number in range(10):
        folder = tmp_path / str(number)
        folder.mkdir()
        kill_again_and_again(folder, 10, random.Random(number))
