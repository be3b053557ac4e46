"""What each guard costs a turn: all of them on, one switched off at a time, and none, beside the least a careful program does.

    python benches/guards.py [--rounds 9] [--json FILE]

One process; the windows of all variants are interleaved, in an order that rotates, and the middle of the rounds counts. The workload is
three agents in sequence at level memory. Its messages are prose, once without personal data and once with an e-mail address and a phone
number, which are masked, kept in the vault, and given back in the answer.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import warnings
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from time import process_time

sys.path.insert(0, str(Path(__file__).resolve().parent))  # so that `peers` is a package

import interlock as il
from interlock_flow import plan_of
from peers import bare, bare_logged
from peers.workloads import WORKLOADS

SIZES = (200, 1024)
RUNS = 400
BOUNDS = {200: 1.5, 1024: 2.5}
"""How many times the careful program a turn may cost, by the message's characters."""
OFF = "INTERLOCK_TEST_GUARDS_OFF"
GUARDS = ("access", "labels", "privacy", "safety", "budgets")
PROSE = (
    "I was charged twice for the same order last week and would like to know when the second payment comes back to my account. "
    "The app shows both, one of them as pending, and the help page says that it takes five working days, which have passed by now. "
)
PERSONAL = "You can reach me at jane.doe@example.com or under +44 20 7946 0958. "

Run = Callable[[str], Awaitable[str]]


def message(size: int, is_personal: bool) -> str:
    """A message of that many characters."""
    return ((PERSONAL if is_personal else "") + PROSE * (size // len(PROSE) + 1))[:size]


async def opened(stack: AsyncExitStack, off: str) -> Run:
    """The workload under the runtime, with some guards switched off."""
    plan = plan_of(WORKLOADS["sequence"])
    os.environ[OFF] = off
    if not off:
        del os.environ[OFF]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # it says that guards are off, which is meant
        runtime = await stack.enter_async_context(il.open(plans=[plan]))
    os.environ.pop(OFF, None)

    async def run(text: str) -> str:
        outcome = await runtime.run(plan, text)
        assert outcome.status == "delivered", outcome
        return outcome.text

    return run


async def window(run: Run, text: str) -> float:
    """CPU microseconds a turn."""
    before = process_time()
    for _ in range(RUNS):
        await run(text)
    return (process_time() - before) / RUNS / WORKLOADS["sequence"].steps_per_run * 1e6


Case = tuple[bool, int]
"""Whether it has personal data, and its characters."""


async def measure(rounds: int) -> dict[Case, dict[str, float]]:
    """The middle of the rounds, by message and variant."""
    workload = WORKLOADS["sequence"]
    async with AsyncExitStack() as stack:
        variants: dict[str, Run] = {"bare": bare.build(workload), "careful": bare_logged.build(workload)}
        variants["all on"] = await opened(stack, "")
        for guard in GUARDS:
            variants[f"{guard} off"] = await opened(stack, guard)
        variants["all off"] = await opened(stack, ",".join(GUARDS))
        cases: list[Case] = [(is_personal, size) for is_personal in (False, True) for size in SIZES]
        found: dict[Case, dict[str, list[float]]] = {case: defaultdict(list) for case in cases}
        names = list(variants)
        for number in range(rounds + 1):
            for is_personal, size in cases:
                for name in [*names[number % len(names) :], *names[: number % len(names)]]:
                    found[is_personal, size][name].append(await window(variants[name], message(size, is_personal)))
    return {case: {name: median(windows[1:]) for name, windows in by_name.items()} for case, by_name in found.items()}


def main() -> None:
    """Print the table and whether the bounds are kept."""
    parser = argparse.ArgumentParser(description="What each guard costs.")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    given = parser.parse_args()
    found = asyncio.run(measure(given.rounds))
    for is_personal in (False, True):
        print(f"\nCPU µs a turn, messages with{'' if is_personal else 'out'} personal data\n")
        print("|               | 200 characters | of careful | 1 KiB | of careful |")
        print("| ------------- | -------------: | ---------: | ----: | ---------: |")
        for name in found[is_personal, SIZES[0]]:
            cells = [f"{(row := found[is_personal, size])[name]:.1f} | {row[name] / row['careful']:.2f}" for size in SIZES]
            print(f"| {name:13} | {' | '.join(cells)} |")
        for size, bound in BOUNDS.items():
            row = found[is_personal, size]
            ratio = row["all on"] / row["careful"]
            print(f"{size} characters: {ratio:.2f} times the careful program (bound {bound}): {'kept' if ratio <= bound else 'missed'}")
    if given.json:
        given.json.write_text(
            json.dumps([{"personal": case[0], "size": case[1], **row} for case, row in found.items()], indent=1) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
