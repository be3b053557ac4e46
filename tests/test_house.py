"""The house's own rules, as far as a test can read them."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import interlock
import pytest
from interlock.events import BY_KIND

ROOT = Path(__file__).resolve().parent.parent
HARD, SOFT = 600, 400
LONG: dict[str, str] = {
    "python/interlock/_core.pyi": "the stubs of one extension module are one file",
    "rust/journal/tests/common/mod.rs": "one of each kind of event is one list, and the tests of frames share it",
    "rust/bindings/src/engine.rs": "PyO3 wants the methods of a class in one block",
}
"""Files over 400 lines, each with its reason."""
MARKS = re.compile("|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]))
TESTS = re.compile(r"^#\[cfg\(test\)\]\n(?:pub(?:\(crate\))? )?mod \w+(?:;| \{.*?^\})", re.MULTILINE | re.DOTALL)
SWALLOWED = re.compile(r"except (?:Base)?Exception:\s*pass\b")


def tracked() -> list[Path]:
    """Source files that are tracked, without data and goldens."""
    command = ["git", "ls-files", "rust", "python", "tests", "benches", "scripts"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if names.returncode != 0:
        pytest.skip("this is no checkout")
    files = [ROOT / name for name in names.stdout.splitlines() if name.endswith((".rs", ".py", ".pyi"))]
    return [file for file in files if file.is_file() and not {"data", "golden", "goldens"} & set(file.parts)]


def name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def outside_tests(text: str) -> str:
    """Rust source without its `#[cfg(test)]` modules and without comments."""
    return "\n".join(line for line in TESTS.sub("", text).splitlines() if not line.lstrip().startswith("//"))


def test_files_are_short() -> None:
    lengths = {name(file): len(file.read_text(encoding="utf-8").splitlines()) for file in tracked()}
    assert len(lengths) > 50
    assert {file: length for file, length in lengths.items() if length > HARD} == {}
    assert {file: length for file, length in lengths.items() if length > SOFT and file not in LONG} == {}
    assert {file for file in LONG if lengths.get(file, 0) <= SOFT} == set(), "the exception is no longer needed"


def test_the_change_log_has_this_version() -> None:
    assert f"## [{interlock.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_nothing_is_left_for_later_and_no_error_is_swallowed() -> None:
    found = [name(file) for file in tracked() if MARKS.search(file.read_text(encoding="utf-8"))]
    assert found == []
    assert [name(file) for file in tracked() if file.suffix == ".py" and SWALLOWED.search(file.read_text(encoding="utf-8"))] == []


def test_the_core_never_unwraps_outside_tests() -> None:
    sources = [file for file in tracked() if re.match(r"rust/(?!testkit/)[a-z]+/src/", name(file)) and "tests" not in name(file)]
    assert len(sources) > 40
    assert [name(file) for file in sources if ".unwrap()" in outside_tests(file.read_text(encoding="utf-8"))] == []


def test_every_module_says_what_it_is() -> None:
    modules = [file for file in tracked() if file.suffix == ".py" and name(file).startswith("python/")]
    assert len(modules) > 20
    assert [name(file) for file in modules if not ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))] == []


def test_python_and_the_kernel_know_the_same_events() -> None:
    source = (ROOT / "rust/kernel/src/event.rs").read_text(encoding="utf-8")
    kernel = {re.sub(r"(?<!^)(?=[A-Z])", "_", word).lower() for word in re.findall(r"\b[A-Z][A-Za-z]+\b", source)}
    assert set(BY_KIND) - kernel == set()
    variants = re.search(r"pub enum Event \{(.*?)\n\}", source, re.DOTALL)
    assert variants is not None
    said = {re.sub(r"(?<!^)(?=[A-Z])", "_", word).lower() for word in re.findall(r"^    ([A-Z]\w+)", variants[1], re.MULTILINE)}
    assert said == set(BY_KIND)
