"""Each test that names `place` runs in memory and in a file."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(params=["memory", "durable"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return None if request.param == "memory" else tmp_path / "runs.db"
