"""What holds for all tests: counts marked heavy are left out unless they are asked for with `-m`."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    if not config.option.markexpr:
        config.option.markexpr = "not heavy"
