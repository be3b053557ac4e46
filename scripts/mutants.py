"""Does every rule of the kernel have a test? Breaks one line at a time, in a copy, and runs the tests of its crate.

The lists (`mutants_*.toml`) say what each mutant breaks: `name = [what is written, what is written instead, what that breaks]`. A mutant
that no test notices survives, and the exit code is 1; one that does not compile, or whose fragment is not there once, is an error of
the list (2). The table tests go first, for they are quick; the laws only see what those let pass, each with 300 cases and one seed, so
that the same mutants die in every run. The checkout itself is never changed.

    python scripts/mutants.py                    # all of them, some 20 minutes on two quiet cores
    python scripts/mutants.py --only 'quorum*'   # these
    python scripts/mutants.py --list
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from queue import Queue

ROOT = Path(__file__).resolve().parent.parent
LISTS = sorted(Path(__file__).parent.glob("mutants_*.toml"))
SLOW = "laws"  # property tests, after everything else
# A mutant that loops for ever is noticed by its time, or by its memory before it takes the machine's.
HUNG_S = 180
MOST_KIB = 4 << 20
LIMITED = ("sh", "-c", f'ulimit -v {MOST_KIB}; exec "$@"', "sh")
# Without optimisation a mutant is compiled three times as fast, and arithmetic that overflows panics as in a release build.
SETTINGS = {
    "CARGO_INCREMENTAL": "1",
    "CARGO_PROFILE_DEV_DEBUG": "0",
    "CARGO_TERM_COLOR": "never",
    "PROPTEST_CASES": os.environ.get("PROPTEST_CASES", "300"),
    "PROPTEST_MAX_SHRINK_ITERS": "0",
    "PROPTEST_RNG_SEED": "1",
    "RUSTFLAGS": "-Awarnings",
}
FAILED = re.compile(r"test (\S+)(?: - should panic)? \.\.\. FAILED$")


@dataclass(frozen=True)
class Mutant:
    """One line, and what is written there instead."""

    name: str
    file: str
    fragment: str
    replacement: str
    breaks: str

    @property
    def crate(self) -> str:
        """The crate whose tests must notice."""
        return self.file.split("/")[1]


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant."""

    name: str
    became: str  # "killed" | "survived" | "does not compile" | "not found once"
    by: str  # the test that noticed
    seconds: float


def mutants(lists: Sequence[Path] = LISTS) -> list[Mutant]:
    """Every mutant of the lists, in order."""
    found = []
    for path in lists:
        for file, entries in tomllib.loads(path.read_text(encoding="utf-8")).items():
            found += [Mutant(name, file, *entry) for name, entry in entries.items()]
    return found


def faults(listed: Sequence[Mutant], root: Path = ROOT) -> list[str]:
    """What is wrong with the lists themselves."""
    texts = {mutant.file: (root / mutant.file).read_text(encoding="utf-8") for mutant in listed}
    wrong = [f"{name}: the name is taken" for name, times in Counter(mutant.name for mutant in listed).items() if times > 1]
    for mutant in listed:
        times = texts[mutant.file].count(mutant.fragment)
        if times != 1:
            wrong.append(f"{mutant.name}: {mutant.fragment!r} occurs {times} times in {mutant.file}")
        if "\n" in mutant.fragment + mutant.replacement or mutant.fragment == mutant.replacement:
            wrong.append(f"{mutant.name}: a mutant changes one line")
    return wrong


class Copy:
    """A copy of the workspace with a target folder of its own, kept between mutants so that little is built anew."""

    def __init__(self, folder: Path) -> None:
        self.root, self.target = folder / "workspace", folder / "target"
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(ROOT / "rust", self.root / "rust")
        for name in ("Cargo.toml", "Cargo.lock"):
            shutil.copy(ROOT / name, self.root / name)
        self.environment = os.environ | SETTINGS | {"CARGO_TARGET_DIR": str(self.target)}

    def stages(self, crate: str) -> Iterator[list[str]]:
        """The arguments of the test runs, the quick ones first."""
        tests = self.root / "rust" / crate / "tests"
        names = sorted({path.stem for path in tests.iterdir() if path.suffix == ".rs" or (path / "main.rs").is_file()})
        yield [word for name in names if name != SLOW for word in ("--test", name)]
        if SLOW in names:
            yield ["--test", SLOW]

    def judge(self, mutant: Mutant) -> Verdict:
        """Apply a mutant, run the tests, take it back."""
        path, since = self.root / mutant.file, time.monotonic()
        text = path.read_text(encoding="utf-8")
        if text.count(mutant.fragment) != 1:
            return Verdict(mutant.name, "not found once", "", 0.0)
        seeds = set(self.root.rglob("*.txt"))
        path.write_text(text.replace(mutant.fragment, mutant.replacement), encoding="utf-8")
        try:
            became, by = self.tested(mutant.crate)
        finally:
            path.write_text(text, encoding="utf-8")
            for seed in set(self.root.rglob("*.txt")) - seeds:
                seed.unlink()  # or the next mutant would be tried with what killed this one
        return Verdict(mutant.name, became, by, round(time.monotonic() - since, 1))

    def tested(self, crate: str) -> tuple[str, str]:
        """What the tests say of the copy as it stands."""
        for arguments in self.stages(crate):
            package = ["--package", f"interlock-{crate}", *arguments]
            if error := self.build(package):
                return ("does not compile", error)
            if failed := self.failure(package):
                return ("killed", failed)
        return ("survived", "")

    def build(self, package: Sequence[str]) -> str | None:
        """Compile the tests; the compiler's first error, if there is one."""
        command = ["cargo", "test", "--offline", "--no-run", *package]
        done = subprocess.run(command, check=False, cwd=self.root, env=self.environment, capture_output=True, text=True)
        errors = [line for line in done.stderr.splitlines() if line.startswith("error")]
        return next(iter(errors), f"cargo ended with {done.returncode}") if done.returncode else None

    def failure(self, package: Sequence[str]) -> str | None:
        """Run the tests up to the first that fails; its name, if there is one."""
        failed = None
        with subprocess.Popen(
            [*LIMITED, "cargo", "test", "--offline", *package],
            cwd=self.root,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as tests:
            watch = threading.Timer(HUNG_S, lambda: os.killpg(tests.pid, signal.SIGKILL))
            watch.start()
            for line in tests.stdout or ():
                if not failed and (found := FAILED.match(line.strip())):
                    failed = found[1]
                    os.killpg(tests.pid, signal.SIGKILL)
            code = tests.wait()
            watch.cancel()
        return failed or (f"no end, or an end with {code}" if code else None)


def run(chosen: Sequence[Mutant], jobs: int, folder: Path) -> Iterator[Verdict]:
    """Judge them all, so many at once, each worker in a copy of its own."""
    free: Queue[Copy] = Queue()
    for number in range(jobs):
        free.put(Copy(folder / str(number)))

    def judged(mutant: Mutant) -> Verdict:
        copy = free.get()
        try:
            return copy.judge(mutant)
        finally:
            free.put(copy)

    with ThreadPoolExecutor(jobs) as pool:
        for done in as_completed([pool.submit(judged, mutant) for mutant in chosen]):
            yield done.result()


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", help="mutants whose name or file matches, with * and ?; may be given again")
    parser.add_argument("--list", action="store_true", help="say what there is, and run nothing")
    parser.add_argument("--jobs", type=int, default=1, help="mutants at once, each in a copy of its own")
    parser.add_argument("--json", type=Path, help="also write the verdicts here")
    parser.add_argument("--folder", type=Path, help="where the copies go, kept afterwards; a temporary one if not given")
    return parser.parse_args()


def say(words: str) -> None:
    """A line, at once."""
    print(words, flush=True)


def report(verdicts: Sequence[Verdict], listed: Sequence[Mutant]) -> int:
    """The survivors, the sums and the exit code."""
    breaks = {mutant.name: f"{mutant.file}: {mutant.breaks}" for mutant in listed}
    counts = Counter(verdict.became for verdict in verdicts)
    bad = [verdict for verdict in verdicts if verdict.became != "killed"]
    for verdict in bad:
        say(f"{verdict.became.upper()}: {verdict.name} ({breaks[verdict.name]}) {verdict.by}")
    say(f"{len(verdicts)} mutants: " + ", ".join(f"{number} {became}" for became, number in counts.most_common()))
    if any(verdict.became != "survived" for verdict in bad):
        return 2
    return 1 if bad else 0


def main() -> int:
    """Judge the chosen mutants."""
    args = arguments()
    listed = mutants()
    if wrong := faults(listed):
        say("\n".join(wrong))
        return 2
    patterns = args.only or ["*"]
    chosen = [one for one in listed if any(fnmatchcase(one.name, what) or fnmatchcase(one.file, what) for what in patterns)]
    if args.list:
        say("\n".join(f"{mutant.name:34} {mutant.file}: {mutant.breaks}" for mutant in chosen))
        return 0
    verdicts: list[Verdict] = []
    with tempfile.TemporaryDirectory(prefix="interlock-mutants-") as temporary:
        for verdict in run(chosen, args.jobs, args.folder or Path(temporary)):
            verdicts.append(verdict)
            by = f" by {verdict.by}" if verdict.by else ""
            say(f"[{len(verdicts)}/{len(chosen)}] {verdict.name}: {verdict.became}{by} ({verdict.seconds} s)")
            if args.json:
                args.json.write_text(json.dumps([asdict(one) for one in verdicts], indent=1) + "\n", encoding="utf-8")
    return report(verdicts, chosen)


if __name__ == "__main__":
    sys.exit(main())
