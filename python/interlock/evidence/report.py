"""A report: for each function or risk of a framework what the journal shows, and what it can't."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from interlock.evidence import tables as t


@dataclass(frozen=True, slots=True)
class Item:
    """A function or a risk: what it asks for, which evidence answers, and what no journal can show."""

    code: str
    title: str
    asks: str
    evidence: Sequence[t.Evidence]
    cannot: Sequence[str]


@dataclass(frozen=True, slots=True)
class Framework:
    """A framework, by the name that the command line has for it."""

    name: str
    title: str
    source: str
    items: Sequence[Item]


def assemble(framework: Framework, seen: t.Seen, journal: str) -> dict[str, Any]:
    """The report as JSON has it; what is missing from this very journal is said beside what no journal can show."""
    facts = seen.facts
    sections = []
    for item in framework.items:
        built = [evidence(seen) for evidence in item.evidence]
        empty = [table.title for table in built if not table.rows]
        sections.append(
            {
                "code": item.code,
                "title": item.title,
                "asks": item.asks,
                "evidence": [{"title": one.title, "columns": one.columns, "rows": one.rows} for one in built if one.rows],
                "nothing_recorded": empty,
                "cannot_be_shown": list(item.cannot),
            }
        )
    return {
        "format": "interlock-evidence/1",
        "framework": framework.name,
        "title": framework.title,
        "source": framework.source,
        "journal": journal,
        "frames": facts.frames,
        "from": t.when(facts.first_us),
        "to": t.when(facts.last_us) if facts.frames else None,
        "whole": seen.integrity["whole"],
        "warnings": _warnings(seen),
        "sections": sections,
    }


def _warnings(seen: t.Seen) -> list[str]:
    facts, found = seen.facts, []
    if not seen.integrity["whole"]:
        found.append(f"The journal is damaged ({seen.integrity['error']}): counts end there, and nothing here is proved.")
    if facts.passages and all(policy == 0 for _, policy, _ in facts.passages):
        found.append(
            "Every decision was made under the open policy, by a version without guards: the gates recorded passages, and refused nothing."
        )
    if seen.integrity["whole"] and not seen.integrity.get("checkpoints"):
        found.append("No signed checkpoint was given: the file is whole in itself, which does not show that it was not rewritten or cut.")
    if facts.unknown:
        found.append("The journal has events of kinds that this version only counts: a later version shows more.")
    return found


def as_markdown(report: dict[str, Any]) -> str:
    """The report to be read."""
    lines = [f"# {report['title']}: evidence from a journal", ""]
    lines += [
        f"Journal `{report['journal']}`, {report['frames']:,} frames, {report['from']} to {report['to']}. Framework: {report['source']}.",
        "",
    ]
    lines += ["This is evidence from a runtime. It does not make an organisation compliant.", ""]
    lines += [f"- **{warning}**" for warning in report["warnings"]] + ([""] if report["warnings"] else [])
    for section in report["sections"]:
        lines += [f"## {section['code']}: {section['title']}", "", section["asks"], ""]
        for table in section["evidence"]:
            lines += [f"### {table['title']}", "", *_table(table["columns"], table["rows"]), ""]
        if section["nothing_recorded"]:
            lines += [f"Nothing recorded: {', '.join(section['nothing_recorded'])}.", ""]
        lines += ["### Cannot be shown from the journal", "", *(f"- {one}" for one in section["cannot_be_shown"]), ""]
    return "\n".join(lines)


def _table(columns: Sequence[str], rows: Sequence[Sequence[t.Cell]]) -> list[str]:
    numeric = [all(isinstance(row[place], int | float | None) for row in rows) for place in range(len(columns))]
    rule = ["--:" if right else "---" for right in numeric]
    return [_row(columns), _row(rule), *(_row([_cell(cell) for cell in row]) for row in rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: t.Cell) -> str:
    """A cell that breaks no table and starts no markup of its own: names come from whoever wrote the plans."""
    if cell is None:
        return ""
    if isinstance(cell, int | float):
        return f"{cell:,}"
    text = " ".join(cell.split())
    for sign in "\\|<>`*_[]":
        text = text.replace(sign, f"\\{sign}")
    return text
