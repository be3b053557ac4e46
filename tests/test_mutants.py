"""The lists of mutants do not rot; whether each is killed is asked by `make mutants`, and by `make prove`."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "scripts" / "mutants.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mutants", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["mutants"] = module
    spec.loader.exec_module(module)
    return module


def test_every_mutant_is_still_there_once(script: ModuleType) -> None:
    assert script.faults(script.mutants()) == []


def test_the_kernel_and_the_rules_have_their_share(script: ModuleType) -> None:
    crates = [mutant.crate for mutant in script.mutants()]
    assert crates.count("kernel") + crates.count("rules") >= 60
    files = {mutant.file for mutant in script.mutants()}
    deciding = {path.relative_to(ROOT).as_posix() for path in (ROOT / "rust/kernel/src/run").glob("*.rs")}
    assert deciding - files == {
        f"rust/kernel/src/run/{name}.rs" for name in ("belongs", "mod", "state", "strand", "told")
    }  # these choose nothing


def test_a_fragment_that_is_gone_is_an_error_of_the_list(script: ModuleType) -> None:
    gone = script.Mutant("gone", "rust/kernel/src/limits.rs", "no such line", "", "nothing")
    twice = script.Mutant("gone", "rust/kernel/src/limits.rs", "pub const", "const", "nothing")
    assert len(script.faults([gone, twice])) == 3


@pytest.mark.heavy
@pytest.mark.timeout(4 * 3600)
def test_every_mutant_is_killed() -> None:
    done = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:]
