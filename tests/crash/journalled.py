"""What a journal says after a crash, as the crash tests read it: from the file alone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from interlock import _core


@dataclass
class Journalled:
    """One run."""

    row: dict[str, Any]
    kinds: Counter[str] = field(default_factory=Counter)
    intended: Counter[str] = field(default_factory=Counter)
    """How often each key's intent was written down."""
    ended: Counter[str] = field(default_factory=Counter)
    approved: Counter[str] = field(default_factory=Counter)
    """How often a person said of an effect that it may happen."""
    whys: list[str] = field(default_factory=list)
    """Why people were asked, in order."""

    @property
    def unknown(self) -> list[str]:
        """Keys of effects that were begun, and have no end."""
        return [key for key in self.intended if not self.ended[key]]


def rows(file: Path, status: str | None = None) -> list[dict[str, Any]]:
    if not file.exists():  # nothing was ever opened
        return []
    found: list[dict[str, Any]] = json.loads(_core.Reader(file).runs(status, 1_000_000))
    return found


def journalled(file: Path, *statuses: str) -> Iterator[Journalled]:
    """The runs with these statuses, or all."""
    found = rows(file)
    reader = _core.Reader(file) if found else None
    for row in found:
        if reader is None or (statuses and row["status"] not in statuses):
            continue
        run = Journalled(row)
        subjects: dict[int, str] = {}
        events = json.loads(reader.history(row["run"]))["events"]
        assert [event["seq"] for event in events] == list(range(len(events)))
        for event in events:
            run.kinds[event["kind"]] += 1
            if event["kind"] == "effect_intended":
                run.intended[event["key"]] += 1
            elif event["kind"] == "effect_completed":
                run.ended[event["key"]] += 1
            elif event["kind"] == "review_opened":
                run.whys.append(event["why"])
                if isinstance(event["subject"], dict):
                    subjects[event["review"]] = event["subject"]["effect"]["key"]
            elif event["kind"] == "review_decided" and event["verdict"] == "approved" and event["review"] in subjects:
                run.approved[subjects[event["review"]]] += 1
        yield run
