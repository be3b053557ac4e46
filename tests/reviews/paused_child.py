"""Opens a journal and says how long that took and how much memory the process then has resident: ``FILE``."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from pathlib import Path

import interlock as il
from asked import delivery

LETTER = delivery(il.Approve(role="editor", due=86_400))


def resident() -> int:
    """Bytes, from the kernel's own count."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


async def main(file: str) -> None:
    since = time.perf_counter()
    async with il.open(file, plans=[LETTER]) as runtime:
        took = time.perf_counter() - since
        await asyncio.sleep(0.05)
        gc.collect()
        print(json.dumps({"took": took, "resident": resident(), "live": runtime.stats()["live"]}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
