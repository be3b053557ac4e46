"""How fast texts are screened: ``python benches/safety.py [--texts FILE]``, a text a line; banking77's customers where nothing is given."""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

from interlock.safety import Safety

BANKING = Path(__file__).resolve().parents[2] / "shared" / "data" / "banking77" / "train.csv"
ROUNDS = 15


def texts(file: Path | None) -> list[str]:
    if file is not None:
        return file.read_text(encoding="utf-8").splitlines()
    with BANKING.open(newline="", encoding="utf-8") as rows:
        return [row["text"].replace("\n", " ") for row in csv.DictReader(rows)]


def best(safety: Safety, given: list[str]) -> float:
    """Seconds for all of them, at best."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for text in given:
            safety.screen(text)
        times.append(time.perf_counter() - began)
    return min(times)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--texts", type=Path)
    given, safety = texts(arguments.parse_args().texts), Safety()
    flagged = [text for text in given if safety.screen(text).verdict != "pass"]
    print(f"{len(given):,} texts, {len(flagged)} not passed ({len(flagged) / len(given):.3%})")
    print(f"one by one: {best(safety, given) / len(given) * 1e6:.2f} µs a text of {sum(map(len, given)) / len(given):.0f} characters")
    clean = "\n".join(text for text in given if text.isascii() and text not in set(flagged))
    for size in (200, 1_024, 10_240):
        pieces = [clean[at : at + size] for at in range(0, len(clean) - size, size)]
        seconds = best(safety, pieces)
        print(f"clean ASCII, {size:,} characters: {seconds / len(pieces) * 1e6:.2f} µs, {size * len(pieces) / seconds / 1e6:.0f} MB/s")


if __name__ == "__main__":
    main()
