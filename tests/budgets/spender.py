"""A process that spends from many threads and keeps its lines in a file, until it is killed.

`python spender.py LOG PROVIDER LIFE`: LOG has the ledger's lines; PROVIDER is what the provider saw, and is never read to decide.
Each life has customers of its own, so that it can spend again what the last one used up.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from pathlib import Path

from interlock.budgets import Budget, Estimate, Ledger, Limit
from interlock.errors import BudgetExceeded

TENANT, USER, RUN = 400_000, 30_000, 4_000
LIMITS = [Limit(per="tenant", tokens=TENANT), Limit(per="user", tokens=USER), Limit(per="run", tokens=RUN)]
AT = 1_780_000_000_000_000
THREADS = 16


IN_ORDER = threading.Lock()
"""Lines are kept in the order in which the ledger gives them, as a journal does. Calls are made beside each other."""


def lines_of(file: Path) -> list[str]:
    """The whole lines; a torn last one was acknowledged to nobody."""
    content = file.read_bytes() if file.exists() else b""
    return content[: content.rfind(b"\n") + 1].decode().splitlines()


def opened(file: Path) -> int:
    """The file, to append to; what a kill left of a torn line is cut off."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    os.ftruncate(descriptor, file.read_bytes().rfind(b"\n") + 1)
    return descriptor


def spend(book: Ledger, log: int, provider: int, seed: int, life: str) -> None:
    """Reserve many at a time, keep the line, send, and settle most: forever."""
    draw, tag = random.Random(seed), os.urandom(8)
    while True:
        held = []
        for _ in range(draw.randrange(1, 60)):
            user, most = draw.randrange(20), draw.randrange(1, 60)
            who = {"run": f"r{life}-{user}-{draw.randrange(8)}", "agent": "a", "user": f"u{life}-{user}", "tenant": f"t{life}"}
            try:
                with IN_ORDER:
                    one = book.reserve(AT, estimate=Estimate(output_tokens=most), **who)
                    os.write(log, one.line.encode() + b"\n")
            except BudgetExceeded:
                continue
            held.append((one.number, who, most))
        for number, who, most in held:
            fate = draw.random()
            if fate < 0.3:
                with IN_ORDER:
                    os.write(log, (book.release(number) or "").encode() + b"\n")
                continue
            used = draw.randrange(1, most + 1) if fate < 0.9 else most
            os.write(provider, f"{number} {who['run']} {who['user']} {who['tenant']} {used}\n".encode())
            with IN_ORDER:
                line = book.settle(number, key=tag + number.to_bytes(8, "big"), at=AT, used=Estimate(output_tokens=used))
                os.write(log, (line or "").encode() + b"\n")
        time.sleep(0)


def main(log_file: Path, provider_file: Path, life: str) -> None:
    """Recover, say what was open and how much CPU that took, and go on spending."""
    began = time.process_time()
    book = Ledger(Budget(LIMITS))
    log, provider = opened(log_file), opened(provider_file)
    open_ones = book.restore(lines_of(log_file))
    for line in book.reconcile(AT):
        os.write(log, line.encode() + b"\n")
    left = len(book.core.orphans())
    print(len(open_ones), left, time.process_time() - began, flush=True)
    for seed in range(THREADS):
        arguments = (book, log, provider, seed + os.getpid() * THREADS, life)
        threading.Thread(target=spend, args=arguments, daemon=True).start()
    threading.Event().wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
