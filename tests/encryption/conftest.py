"""A file with a key."""

from __future__ import annotations

from pathlib import Path

import pytest
from keyed import KEY


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A file with a key."""
    file = tmp_path / "keys" / "interlock.key"
    file.parent.mkdir()
    file.write_text(KEY)
    return file
