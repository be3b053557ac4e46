"""Write the adversarial cases of tests/guards/adversarial: the same bytes each time.

    python scripts/adversarial.py [DIRECTORY]

The format, and what counts as a bypass, is described in tests/guards/adversarial/README.md.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from adversarial_case import Cases
from adversarial_in import g1, g2, g3, g4
from adversarial_out import g5, g6, g7, g8, g9

SEED = 6
DIRECTORY = Path(__file__).resolve().parent.parent / "tests" / "guards" / "adversarial"

GATES = {"G1": g1, "G2": g2, "G3": g3, "G4": g4, "G5": g5, "G6": g6, "G7": g7, "G8": g8, "G9": g9}


def generate() -> Iterator[tuple[str, str]]:
    """File names and their texts."""
    for gate, build in GATES.items():
        cases = Cases(gate, random.Random(f"{SEED}-{gate}"))  # noqa: S311 - the same cases each time
        build(cases)
        yield f"{gate.lower()}.jsonl", "".join(json.dumps(case, ensure_ascii=True, sort_keys=False) + "\n" for case in cases.cases)


def main() -> None:
    """Write the files, and say how many cases each has."""
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else DIRECTORY
    directory.mkdir(parents=True, exist_ok=True)
    counts: Counter[str] = Counter()
    for name, text in generate():
        (directory / name).write_text(text, encoding="utf-8")
        counts[name] = text.count("\n")
    print(f"{counts.total():,} cases: {', '.join(f'{name} {count}' for name, count in counts.items())}")


if __name__ == "__main__":
    main()
