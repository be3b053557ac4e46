"""A process that writes to a store and says what was acknowledged, until it is killed: ``python writing_child.py FILE [early]``.

Each line says a key, its version, and the number of the write, which is in the value. It is printed once the store has said that the
file has it; with ``early`` as soon as the store has it in memory, which is what a broken store would do.
"""

from __future__ import annotations

import sys
from threading import Lock, Thread

import interlock as il

THREADS = 4
KEYS = 50
"""Of each thread."""


def value(thread: int, number: int) -> bytes:
    return f"{thread}:{number}:".encode() + b"v" * 300


def write(store: il.Store, thread: int, printing: Lock, is_early: bool) -> None:
    number = 0
    while True:
        number += 1
        key = f"{thread}-{number % KEYS}"
        version = store.put("n", key, value(thread, number), durable=not is_early)
        with printing:
            sys.stdout.write(f"{key} {version} {number}\n")
            sys.stdout.flush()


def main() -> None:
    store, printing = il.Store(sys.argv[1]), Lock()
    threads = [Thread(target=write, args=(store, thread, printing, sys.argv[2:] == ["early"]), daemon=True) for thread in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
