"""What finding and masking costs: MB/s on texts of 10 KB, p99 a KiB, beside Python's `re` with the same kinds, and Presidio."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import interlock as il
import orjson
from interlock.privacy import Span
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "privacy"))
import scored

SIZE = 10_240
PASSES = 40
KINDS = {
    "EMAIL_ADDRESS": r"[\w.+'%-]+@[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}",
    "URL_CREDENTIALS": r"\b[a-z][a-z0-9+.-]*://[^\s:/@]+:[^\s@/]+@\S+",
    "IBAN_CODE": r"\b[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]{2,4}){3,8}\b",
    "CREDIT_CARD": r"\b(?:\d[ -]?){12,19}\b",
    "IP_ADDRESS": r"\b(?:\d{1,3}\.){3}\d{1,3}\b|\b(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{1,4}\b",
    "US_SSN": r"\b\d{3}-\d{2}-\d{4}\b",
    "PHONE_NUMBER": r"(?:\+\d{1,3}[ .-]?)?(?:\(\d{1,4}\)[ .-]?)?\d{2,5}(?:[ ./-]\d{2,5}){1,4}(?: ?x\d{1,5})?\b",
    "CRYPTO": r"\b(?:[13][1-9A-HJ-NP-Za-km-z]{25,34}|bc1[0-9a-z]{11,71}|0x[0-9a-fA-F]{40})\b",
    "SECRET": r"\b(?:AKIA[A-Z2-7]{16}|gh[pousr]_\w{30,}|sk-[\w-]{20,}|xox[abprs]-[\w-]{10,}|AIza[\w-]{35}|eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+)",
    "DATE_OF_BIRTH": r"(?i:\bborn|\bdob|birth)\D{0,20}\d{1,4}[./-]\d{1,2}[./-]\d{1,4}",
    "US_BANK_ROUTING": r"(?i:routing|\baba\b)\D{0,20}\d{9}\b",
    "US_PASSPORT": r"(?i:passport)\D{0,20}[A-Z]?\d{8,9}\b",
    "US_DRIVER_LICENSE": r"(?i:driver)\D{0,40}[A-Z]{0,2}[\d-]{6,14}\b",
}
PATTERNS = {kind: re.compile(pattern) for kind, pattern in KINDS.items()}


def by_re(text: str) -> str:
    """The baseline: one pattern after the other, each match replaced."""
    for kind, pattern in PATTERNS.items():
        text = pattern.sub(f"⟦{kind}:1⟧", text)
    return text


def scan_by_re(text: str) -> list[Span]:
    return [Span(kind, match.start(), match.end()) for kind, pattern in PATTERNS.items() for match in pattern.finditer(text)]


def texts_of(size: int) -> list[str]:
    """The set's texts, joined to texts of about this many bytes."""
    whole = "\n".join(row["text"] for row in scored.rows())
    return [whole[at : at + size] for at in range(0, len(whole) - size + 1, size)]


def megabytes_a_second(mask: Callable[[str], object], texts: list[str], passes: int) -> float:
    """The best of the passes."""
    size = sum(len(text.encode()) for text in texts)

    def seconds() -> Iterator[float]:
        for _ in range(passes):
            started = time.perf_counter()
            for text in texts:
                mask(text)
            yield time.perf_counter() - started

    return size / min(seconds()) / 1e6


def p99_us(mask: Callable[[str], object], passes: int) -> float:
    """Of texts of 1 KiB, in microseconds."""
    taken = []
    for text in texts_of(1_024) * passes:
        started = time.perf_counter_ns()
        mask(text)
        taken.append(time.perf_counter_ns() - started)
    return sorted(taken)[len(taken) * 99 // 100] / 1_000


def presidio(python: str, texts: list[str]) -> tuple[float, list[list[Span]]]:
    """Seconds, and what it found."""
    peer = Path(__file__).parent / "peers" / "presidio_peer.py"
    lines = b"".join(orjson.dumps({"text": text}, option=orjson.OPT_APPEND_NEWLINE) for text in texts)
    ran = subprocess.run([python, str(peer)], input=lines, capture_output=True, check=True)
    *found, last = [orjson.loads(line) for line in ran.stdout.splitlines() if line[:1] in (b"[", b"{")]
    return last["seconds"], [[Span(*span) for span in spans] for spans in found]


def row(name: str, speed: float, base: float, p99: float | None, scores: scored.Scores) -> tuple[str, ...]:
    shown = "" if p99 is None else f"{p99:,.0f}"
    return (
        name,
        f"{speed:,.2f}",
        f"{speed / base:,.1f}",
        shown,
        f"{scores.together:.3f}",
        f"{scores.recall['PHONE_NUMBER']:.3f}",
        f"{scores.precision:.3f}",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer-python", help="a Python with presidio-analyzer")
    given = parser.parse_args()
    texts = texts_of(SIZE)
    base = megabytes_a_second(by_re, texts, 5)
    table = Table(
        "engine", "MB/s at 10 KB", "x re", "p99 µs/KiB", "recall", "of phones", "precision", title="detect + mask, structured kinds"
    )
    ours = megabytes_a_second(il.privacy.mask, texts, PASSES)
    table.add_row(*row("interlock", ours, base, p99_us(il.privacy.mask, 20), scored.score(il.privacy.scan)))
    table.add_row(*row("re, one pattern a kind", base, base, p99_us(by_re, 2), scored.score(scan_by_re)))
    if given.peer_python:
        seconds, _ = presidio(given.peer_python, texts)
        speed = sum(len(text.encode()) for text in texts) / seconds / 1e6
        rows = [one["text"] for one in scored.rows()]
        found = dict(zip(rows, presidio(given.peer_python, rows)[1], strict=True))
        table.add_row(*row("presidio (its detection only)", speed, base, None, scored.score(found.__getitem__)))
    Console().print(table)


if __name__ == "__main__":
    main()
