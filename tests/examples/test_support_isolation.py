"""The example's agents reach files, sockets and databases through the tools of the runtime only."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PROBE = Path(__file__).parent / "isolation_probe.py"


def probe(folder: Path, which: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, PROBE, folder, which], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_no_agent_reaches_around_its_context(tmp_path: Path) -> None:
    found = probe(tmp_path, "support")
    assert found["effects"] > 400, "the tools were used, and through the runtime"
    assert found["seen"] == []


def test_an_agent_that_opens_a_file_is_caught(tmp_path: Path) -> None:
    found = probe(tmp_path, "control")
    assert found["statuses"] == ["delivered"]
    assert found["seen"] == [f"open '{PROBE}'"]
