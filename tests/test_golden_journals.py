"""Journals that earlier versions wrote fold to what they folded to then, for ever."""

from __future__ import annotations

import json
import shutil
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from interlock import _core
from interlock.cli import main
from interlock.events import BY_KIND

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
import golden_journals as golden  # noqa: E402 - a script, not a package

VERSIONS = sorted(path.parent for path in (ROOT / "tests" / "journals").glob("v*/expected.json"))


def kept(folder: Path, into: Path) -> tuple[Path, dict[str, Any]]:
    """A copy of a version's file that nobody can write, and what it must fold to."""
    file = Path(shutil.copy(folder / "runs.db", into / "runs.db"))
    file.chmod(stat.S_IRUSR)
    expected: dict[str, Any] = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    return file, expected


def holds(stored: Any, found: Any) -> bool:
    """Whether everything that was stored is found; a later version may tell more."""
    if isinstance(stored, dict):
        return isinstance(found, dict) and all(key in found and holds(value, found[key]) for key, value in stored.items())
    if isinstance(stored, list):
        return isinstance(found, list) and len(stored) == len(found) and all(map(holds, stored, found))
    return bool(stored == found)


def test_the_first_version_is_kept() -> None:
    assert golden.FOLDER in VERSIONS


@pytest.mark.parametrize("folder", VERSIONS, ids=lambda folder: folder.name)
def test_a_kept_journal_folds_to_what_it_folded_to(folder: Path, tmp_path: Path) -> None:
    file, expected = kept(folder, tmp_path)
    before = file.read_bytes()
    assert json.loads(_core.verify(file))["runs"] == len(expected["runs"])
    found = golden.expected(file)
    comparable = found["state_shape"] == expected["state_shape"]
    told = {run["id"]: run for run in found["runs"]}
    steps = 0
    for run in expected["runs"]:
        for stored, now in zip(run["steps"], told[run["id"]]["steps"], strict=True):
            was = stored.pop("state_hash")
            assert holds(stored, now), (run["id"], stored, now)
            what = f"the state after step {stored['seq']} of run {run['id']} is written otherwise: raise STATE_SHAPE in told.rs"
            assert not comparable or was == now["state_hash"], what
            steps += 1
        del run["steps"]
        assert holds(run, told[run["id"]])
    assert steps > 200
    assert file.read_bytes() == before


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Golden journals made by this version. Making them fails when a kind of event is missing."""
    folder = tmp_path_factory.mktemp("golden")
    golden.make(folder)
    return folder


def test_they_can_be_made_anew_and_then_hold_every_kind_of_event(fresh: Path, tmp_path: Path) -> None:
    file, expected = kept(fresh, tmp_path)
    assert {step["event"] for run in expected["runs"] for step in run["steps"]} == set(BY_KIND)
    assert golden.expected(file) == expected
    assert sum(path.stat().st_size for path in fresh.iterdir()) <= golden.MOST_BYTES


def test_every_pattern_goes_the_same_way_again_under_the_same_rules(
    fresh: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "examples.csv").write_text(golden.EXAMPLES, encoding="utf-8")
    (tmp_path / "rules.yaml").write_text(golden.RULES, encoding="utf-8")
    assert main(["replay", "--config", str(tmp_path / "rules.yaml"), "--on", str(fresh / "runs.db"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    runs = len(json.loads((fresh / "expected.json").read_text(encoding="utf-8"))["runs"])
    assert (found["runs"], found["same"], found["ran_out"], found["ends_differ"], found["other_answer"]) == (runs, runs, 0, 0, 0), found
    assert found["cost"]["all"]["recorded_turns"] == found["cost"]["all"]["redecided_turns"]
    assert found["cost"]["all"]["recorded_tokens"] == found["cost"]["all"]["redecided_tokens"]
