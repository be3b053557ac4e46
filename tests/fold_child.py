"""The program with which `test_runs_replay.py` folds runs in another process: it prints the hash of each run's last step.

Usage: python fold_child.py FILE < IDS
"""

from __future__ import annotations

import json
import sys

from interlock import _core


def folded(reader: _core.Reader, run_id: str) -> str:
    """The hash of the last step, as ``interlock runs replay RUN --json`` prints it."""
    (row,) = json.loads(reader.find(run_id))
    return str(json.loads(_core.replay(reader, row["run"]))[-1]["state_hash"])


if __name__ == "__main__":
    opened = _core.Reader(sys.argv[1])
    for line in sys.stdin:
        print(folded(opened, line.strip()))
