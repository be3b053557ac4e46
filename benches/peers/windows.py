"""The parent's end of a worker: one process for each engine, one window for each question."""

import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from peers.engines import Seat
from peers.workloads import WORKLOADS

WORKER = Path(__file__).with_name("worker.py")
HUNG_S = 120  # far beyond the slowest window
WINDOW_S = 0.2
# A stray tracing key in the shell would send every LangGraph step to a server.
STRAY = ("LANGSMITH_", "LANGCHAIN_", "AGNO_", "BURR_")


class WorkerDied(Exception):
    """A worker ended before its answer; the message names the engine and its last words."""


@dataclass(frozen=True)
class Figures:
    """One window, as its worker measured it."""

    runs: int
    cpu_us_per_step: float
    wall_s: float
    rss_mib: float


class LineWorker:
    """A process that answers each line of JSON with one; a context manager, so that none outlives the table."""

    def __init__(self, name: str, line: Sequence[str]) -> None:
        self.name = name
        self.line = line
        self.stderr = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115
        self.process = subprocess.Popen(
            line,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.stderr,
            text=True,
            env=quiet_environment(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        watchdog = threading.Timer(HUNG_S, self.process.kill)
        watchdog.start()
        self.process.communicate()  # ends its stdin, and so the worker
        watchdog.cancel()
        self.stderr.close()

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Send one command and wait for its answer."""
        assert self.process.stdin
        assert self.process.stdout
        watchdog = threading.Timer(HUNG_S, self.process.kill)
        watchdog.start()
        try:
            print(json.dumps(question), file=self.process.stdin, flush=True)
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        finally:
            watchdog.cancel()
        if not answer:
            raise self.death(json.dumps(question))
        figures: dict[str, Any] = json.loads(answer)
        return figures

    def death(self, during: str) -> WorkerDied:
        """Why there was no answer."""
        code = self.process.wait()
        self.stderr.seek(0)
        tail = "".join(self.stderr.readlines()[-15:]).rstrip() or "(nothing)"
        return WorkerDied(
            f"engine {self.name!r} ended with code {code} during {during} under {self.line[0]}; its stderr ends with:\n{tail}"
        )


class Worker(LineWorker):
    """A worker for the workloads."""

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat.engine.name, command(seat))
        self.seat = seat
        self.runs: dict[tuple[str, int], int] = {}

    def calibrate(self, workload: str, size: int) -> None:
        """Choose how many runs make a window of about `WINDOW_S`; builds and warms up as well."""
        at_once = WORKLOADS[workload].at_once
        runs = max(50, at_once)
        while (figures := self.measure(workload, size, runs)) is not None and figures.wall_s < WINDOW_S / 4:
            runs *= 4
        if figures is not None:
            crowds = round(WINDOW_S / figures.wall_s * runs / at_once)
            self.runs[workload, size] = max(crowds, 1) * at_once

    def window(self, workload: str, size: int) -> Figures | None:
        """Measure one window of the calibrated length; nothing if the engine has no form of the workload."""
        runs = self.runs.get((workload, size))
        return None if runs is None else self.measure(workload, size, runs)

    def measure(self, workload: str, size: int, runs: int) -> Figures | None:
        """Ask for one window."""
        figures = self.ask({"workload": workload, "size": size, "runs": runs})
        return Figures(**{name: figures[name] for name in Figures.__dataclass_fields__}) if figures else None


def command(seat: Seat) -> list[str]:
    """The command line of a worker."""
    engine = seat.engine
    line = [seat.python, str(WORKER), engine.name, "--module", engine.module]
    return [*line, "--hide", engine.hide] if engine.hide else line


def quiet_environment() -> dict[str, str]:
    """Our environment without the switches of the frameworks."""
    return {name: value for name, value in os.environ.items() if not name.startswith(STRAY)}
