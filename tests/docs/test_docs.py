"""What the documents show runs as it stands there."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import interlock
import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WITH_BLOCKS = [page for page in PAGES if BLOCK.search(page.read_text(encoding="utf-8"))]
NEEDS_WORDLLAMA = ("interlock.models.fitted", "interlock.examples")
"""Their examples need the package wordllama, which is an extra."""


def modules() -> list[str]:
    """Every module of the package that can be imported without consequences."""
    found = [module.name for module in pkgutil.walk_packages(interlock.__path__, "interlock.")]
    return ["interlock", *(name for name in found if not name.startswith(NEEDS_WORDLLAMA) and not name.endswith("__main__"))]


KEYS = ("INTERLOCK_KEY", "INTERLOCK_KEY_FILE")
"""What pages set in the environment."""


@pytest.mark.parametrize("page", WITH_BLOCKS, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_python_of_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = page.read_text(encoding="utf-8")
    shared: dict[str, object] = {"__name__": page.stem}
    for name in KEYS:
        monkeypatch.setenv(name, "")  # so that it is put back as it was, whatever the page sets
        monkeypatch.delenv(name)
    for block in BLOCK.finditer(text):
        above = text[: block.start(1)].count("\n")  # so that a traceback names the page's own line
        exec(compile("\n" * above + block[1], str(page), "exec"), shared)  # noqa: S102 - these are our own pages


def test_there_are_pages_with_python() -> None:
    assert ROOT / "README.md" in WITH_BLOCKS


@pytest.mark.parametrize("module", modules())
def test_the_examples_of_a_module_are_true(module: str) -> None:
    result = doctest.testmod(importlib.import_module(module), optionflags=doctest.ELLIPSIS)
    assert result.failed == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []
