"""What the tests of the memory share."""

from __future__ import annotations

import pytest
from bags import WordBags


@pytest.fixture
def words() -> WordBags:
    return WordBags()
