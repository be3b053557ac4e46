"""Reliability weights: right on real labels, equal to a reference in plain Python, and kept only when they are worth it."""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import interlock as il
import pytest
import reference_dawid_skene as reference
from interlock.cli import main
from interlock.reliability import Fit

DATA = Path(__file__).parent / "data" / "crowd_bluebirds"
LABELS, GOLD = DATA / "labels.csv", DATA / "gold.csv"
MATRICES = 200
Row = tuple[str, str, str]


def bluebirds() -> list[Row]:
    with LABELS.open(encoding="utf-8", newline="") as file:
        return [(row["worker"], row["task"], row["label"]) for row in csv.DictReader(file)]


def panel(dice: random.Random, accuracies: list[float], tasks: int, classes: int, missing: float = 0.0) -> list[Row]:
    """Labels of workers whose accuracy is known. Two workers have labelled two tasks, and two classes occur."""
    rows = {("w0", "t0"): "c0", ("w1", "t1"): "c1"}
    for task in range(tasks):
        truth = dice.randrange(classes)
        for worker, accuracy in enumerate(accuracies):
            if dice.random() >= missing:
                label = truth if dice.random() < accuracy else dice.randrange(classes)
                rows.setdefault((f"w{worker}", f"t{task}"), f"c{label}")
    return [(*key, label) for key, label in rows.items()]


def drawn(seed: int) -> list[Row]:
    """A random label matrix: 2 to 5 classes, 2 to 8 workers of any skill, up to half of the labels missing."""
    dice = random.Random(seed)
    classes, workers, tasks = dice.randint(2, 5), dice.randint(2, 8), dice.randint(2, 40)
    rows = panel(dice, [dice.random() for _ in range(workers)], tasks, classes, missing=dice.uniform(0, 0.5))
    dice.shuffle(rows)
    return rows


def write(path: Path, rows: list[Row], header: str = "worker,task,label") -> Path:
    path.write_text("\n".join([header, *(",".join(row) for row in rows)]) + "\n", encoding="utf-8")
    return path


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """What the command line prints."""
    code = main(["reliability", "fit", *map(str, arguments)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_on_real_labels_dawid_skene_is_right_more_often_and_is_chosen_without_gold() -> None:
    words = [sys.executable, "-m", "interlock.cli", "reliability", "fit", str(LABELS), "--json"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    blind = json.loads(done.stdout)
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 1)
    assert (blind["majority_accuracy"], blind["dawid_skene_accuracy"], blind["gold_tasks"]) == (None, None, None)
    assert blind["chosen"] == "dawid_skene"
    seen = json.loads(subprocess.run([*words, "--gold", str(GOLD)], capture_output=True, text=True, timeout=60).stdout)
    assert seen["majority_accuracy"] == 82 / 108
    assert seen["dawid_skene_accuracy"] >= 97 / 108
    assert seen["weighted_vote_accuracy"] >= 93 / 108
    same = ("chosen", "cross_validation", "weights", "revision", "iterations")
    assert [seen[key] for key in same] == [blind[key] for key in same]
    assert (seen["labels"], seen["workers"], seen["tasks"], seen["classes"]) == (4212, 39, 108, ["0", "1"])


def test_on_real_labels_everything_agrees_with_the_reference() -> None:
    rows = bluebirds()
    fit, expected = Fit.of(rows), reference.dawid_skene(rows)
    agrees(fit, expected, rows)
    for name, value in reference.cross_validate(rows, 5).items():
        assert fit.reliability.scores[name] == pytest.approx(value, abs=1e-9)
    assert fit.reliability.weights == {worker: expected.weight(worker) for worker in expected.workers}


@pytest.mark.parametrize("seed", range(MATRICES))
def test_any_labels_give_what_the_reference_gives(seed: int) -> None:
    rows = drawn(seed)
    fit = Fit.of(rows, folds=3)
    agrees(fit, reference.dawid_skene(rows), rows)
    for name, value in reference.cross_validate(rows, 3).items():
        assert fit.reliability.scores[name] == pytest.approx(value, abs=1e-7), name


def agrees(fit: Fit, expected: reference.Fitted, rows: list[Row]) -> None:
    for task in expected.tasks:
        assert fit.posteriors[task] == pytest.approx(expected.posteriors[task], abs=1e-9), task
        assert fit.dawid_skene[task] == expected.label(task)
    for worker in expected.workers:
        for truth in expected.classes:
            assert fit.confusion[worker][truth] == pytest.approx(expected.confusion[worker][truth], abs=1e-9)
    assert fit.majority == reference.majority(rows)
    assert fit.classes == expected.classes


def test_the_order_of_rows_makes_no_difference() -> None:
    rows = bluebirds()
    before = Fit.of(rows)
    for seed in range(3):
        random.Random(seed).shuffle(rows)
        assert Fit.of(rows) == before


@pytest.mark.parametrize("seed", range(10))
def test_the_majority_is_kept_where_everyone_is_equally_reliable(seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "labels.csv", panel(random.Random(seed), [0.6] * 7, 80, 2))
    code, said, _ = told(capsys, file, "--out", tmp_path / "weights.json")
    assert code == 0
    assert "chosen: majority" in said
    assert "all weights are equal" in " ".join(said.split())
    kept = il.Reliability.load(tmp_path / "weights.json")
    assert (kept.chosen, set(kept.weights.values())) == ("majority", {1000})


def test_weights_are_kept_with_their_revision(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "weights.json"
    code, said, _ = told(capsys, LABELS, "--gold", GOLD, "--out", file)
    kept = il.Reliability.load(file)
    assert code == 0
    for part in ("75.93%", "89.81%", "chosen: dawid_skene", kept.revision):
        assert part in said
    assert kept == il.Reliability.fit(bluebirds())
    assert len(kept.revision) == 64
    assert len(set(kept.weights.values())) > 20
    assert all(0 <= weight <= 6907 for weight in kept.weights.values())


def test_a_file_that_was_changed_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "weights.json"
    il.Reliability({"ada": 1200, "bob": 300}).save(file)
    good = file.read_text(encoding="utf-8")
    assert il.Reliability.load(file).weights == {"ada": 1200, "bob": 300}
    spoilt = {
        good.replace("300", "900"): "was changed",
        good.replace("300", "-3"): "no whole number",
        good.replace('"format": 1', '"format": 9'): "of format 1",
        good.replace("dawid_skene", "guess"): "no method",
        good.replace('"scores"', '"marks"'): "lacks weights or scores",
        good[:40]: "line ",
        "[]": "holds no reliability weights",
    }
    for text, why in spoilt.items():
        file.write_text(text, encoding="utf-8")
        with pytest.raises(il.ConfigError, match=why) as caught:
            il.Reliability.load(file)
        assert caught.value.path == str(file)
        assert "interlock reliability fit" in caught.value.hint
    with pytest.raises(il.ConfigError, match="No such file"):
        il.Reliability.load(tmp_path / "nothing.json")


def test_the_revision_follows_the_content_and_nothing_else() -> None:
    one = il.Reliability({"ada": 1, "bob": 2})
    assert one.revision == il.Reliability({"bob": 2, "ada": 1}).revision
    for other in (il.Reliability({"ada": 1, "bob": 3}), il.Reliability({"ada": 1, "bob": 2}, "majority")):
        assert one.revision != other.revision


GOOD = [("a", "1", "x"), ("b", "1", "y"), ("a", "2", "x"), ("b", "2", "x")]
REFUSED: dict[str, tuple[list[Any], str]] = {
    "nothing": ([], "there are no labels"),
    "one class": ([("a", "1", "x"), ("b", "2", "x")], "one class says nothing"),
    "one worker": ([("a", "1", "x"), ("a", "2", "y")], "all labels come from worker"),
    "one task": ([("a", "1", "x"), ("b", "1", "y")], "all labels are about task"),
    "two labels for one task": ([*GOOD, ("a", "1", "y")], 'worker "a" labels task "1" as "x" and as "y"'),
    "an empty name": ([*GOOD, ("", "1", "y")], "row 4 has an empty worker"),
    "two columns": ([*GOOD, ("a", "1")], "row 4 is not a worker, a task and a label"),
    "numbers": ([("a", 1, 0)], "row 0 is not a worker, a task and a label"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_rows_that_say_nothing_are_refused_with_the_way_out(case: str) -> None:
    rows, why = REFUSED[case]
    with pytest.raises(il.UsageError, match=why) as caught:
        il.Reliability.fit(rows)
    assert caught.value.hint


@pytest.mark.parametrize("folds", [-1, 0, 1, 101, 1 << 70])
def test_folds_must_be_two_to_a_hundred(folds: int, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(il.UsageError, match="folds"):
        il.Reliability.fit(GOOD, folds=folds)
    with pytest.raises(SystemExit) as caught:
        told(capsys, LABELS, f"--folds={folds}")
    assert caught.value.code == 2
    assert "is not a number from 2 to 100" in capsys.readouterr().err


WRONG: dict[str, tuple[str, str]] = {
    "": ("line 1: there is no column 'worker' (there are: none)", "the first line must name the columns worker, task, label"),
    "worker,item,label\na,1,x\n": ("line 1: there is no column 'task' (there are: worker, item, label)", "worker, task, label"),
    "worker,task,label\n": ("there are no labels", "two workers"),
    "worker,task,label\na,1,x\n\nb,,x\n": ("line 4, column 'task': it is empty", "leave out the row"),
    "worker,task,label\na,1\n": ("line 2, column 'label': it is empty", "leave out the row"),
    "worker,task,label\na,1,x,y\n": ("line 2, column 'label': 4 values in 3 columns", "quotes"),
    "worker,task,label\na,1,x\na,1,y\n": ("line 3, column 'label': worker 'a' labels task '1' as 'y', and as 'x' in line 2", "keep one"),
    "worker,task,label\na,1,x\na,2,y\n": ("all labels come from worker", "at least two workers"),
    'worker,task,label\na,1,"x\n': ("line 2: unexpected end of data", "correct the CSV"),
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_file_is_named_with_line_and_column(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "labels.csv"
    file.write_text(text, encoding="utf-8")
    what, hint = WRONG[text]
    code, said, error = told(capsys, file, "--json")
    assert (code, said) == (1, "")
    assert f"{file}: {what}" in error
    assert hint in error.partition("hint: ")[2]


def test_a_file_that_cannot_be_read_or_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "latin.csv").write_bytes(b"worker,task,label\nJos\xe9,1,x\n")
    assert "labels.csv: No such file" in told(capsys, tmp_path / "labels.csv")[2]
    assert "latin.csv is not UTF-8" in told(capsys, tmp_path / "latin.csv")[2]
    assert "weights.json: No such file" in told(capsys, LABELS, "--out", tmp_path / "no" / "weights.json")[2]


def test_gold_must_speak_of_the_same_tasks_and_classes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels, gold = write(tmp_path / "labels.csv", GOOD), tmp_path / "gold.csv"
    for text, why in {
        "task,label\n7,x\n": "have no task in common",
        "task,label\n1,yes\n": "have no label in common",
        "task,label\n1,x\n1,y\n": "line 3, column 'label': task '1' is 'y', and was 'x' before",
    }.items():
        gold.write_text(text, encoding="utf-8")
        code, _, error = told(capsys, labels, "--gold", gold)
        assert (code, why in error) == (1, True), error
    gold.write_text("\ufefflabel, task\nx, 1\nx, 7\n", encoding="utf-8")
    report = json.loads(told(capsys, labels, "--gold", gold, "--json")[1])
    assert (report["gold_tasks"], report["majority_accuracy"]) == (1, 1.0)


def test_a_worker_called_like_markup_is_shown_as_they_are_called(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [("[red]" + worker, task, label) for worker, task, label in bluebirds()]
    assert "[red]1730" in told(capsys, write(tmp_path / "labels.csv", rows))[1]
