"""The tools of the delivery: they read the modules, run their tests in a process of their own, and keep the change log."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from interlock.examples.software_delivery.failures import read_report
from interlock.tools import Tool, tool

DATA = Path(__file__).parent / "data"
SECONDS = 20.0
"""How long the tests of one module may take."""


def requests() -> dict[str, str]:
    """What is asked for, by module."""
    with (DATA / "requests.csv").open(encoding="utf-8", newline="") as file:
        return {row["module"]: row["request"] for row in csv.DictReader(file)}


class Workshop:
    """The tools over a folder with modules and a folder in which the change log is kept."""

    def __init__(self, folder: Path, modules: Path = DATA) -> None:
        self._modules = modules
        self.changes = folder / "CHANGES.md"

    def tools(self) -> list[Tool]:
        """What agents may call. Running tests changes nothing that stays; writing the change log does."""
        return [tool(self.read_module), tool(self.run_tests), tool(self.write_change, kind="effect")]

    def read_module(self, module: str) -> str | None:
        """A module's source; nothing if there is no such module."""
        file = self._modules / f"{module}.py.txt"
        return file.read_text(encoding="utf-8") if module.isidentifier() and file.is_file() else None

    def run_tests(self, module: str, source: str) -> dict[str, Any]:
        """Run a module's unit tests against a source: how many ran, and the failures in words."""
        with tempfile.TemporaryDirectory(prefix="interlock-delivery-") as folder:
            place = Path(folder)
            (place / f"{module}.py").write_text(source, encoding="utf-8")
            tests = (self._modules / f"test_{module}.py.txt").read_text(encoding="utf-8")
            (place / f"test_{module}.py").write_text(tests, encoding="utf-8")
            try:
                done = subprocess.run(  # noqa: S603 - our own interpreter, on files that were just written
                    [sys.executable, "-E", "-s", "-B", "-m", "unittest", f"test_{module}"],
                    cwd=place, capture_output=True, text=True, timeout=SECONDS, check=False,
                    env=os.environ | {"NO_COLOR": "1"},  # newer versions colour what is read here
                )  # fmt: skip
            except subprocess.TimeoutExpired:
                return {"ran": 0, "failures": [f"test_{module}: TimeoutError: the tests took more than {SECONDS:.0f} s"]}
        ran, failures = read_report(done.stderr)
        return {"ran": ran, "failures": [str(failure) for failure in failures]}

    def write_change(self, line: str) -> int:
        """Add a line to the change log, and say how many it has."""
        with self.changes.open("a", encoding="utf-8") as file:
            file.write(f"- {line}\n")
        return len(self.changes.read_text(encoding="utf-8").splitlines())
