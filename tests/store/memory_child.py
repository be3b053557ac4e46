"""What a store takes in memory: ``python memory_child.py ENTRIES BYTES [FILE]``, as JSON.

A fresh process, so that nothing else is counted.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import perf_counter

import interlock as il

KEY = 16


def resident() -> int:
    """Bytes of this process that are in memory and no file's."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


def main() -> None:
    entries, size = int(sys.argv[1]), int(sys.argv[2])
    value = b"v" * size
    store = il.Store(sys.argv[3] if len(sys.argv) > 3 else None)
    store.put("n", "k", value, durable=True)
    before = resident()
    for number in range(entries):
        store.put("n", f"key{number:013}", value)
    store.flush()
    over = (resident() - before) / entries - KEY - size
    counted = store.stats().bytes / (entries + 1) - KEY - size
    begun = perf_counter()
    store.close()
    print(json.dumps({"over": over, "counted": counted, "close": perf_counter() - begun}))


if __name__ == "__main__":
    main()
