"""Recall and precision: on the 754 texts of Presidio's synthetic set, and on made values and near-misses of each kind."""

from __future__ import annotations

import importlib.util

import interlock as il
import made_cases
import pytest
import scored

COUNT = 1_000


@pytest.fixture(scope="module")
def figures() -> scored.Scores:
    return scored.score(il.privacy.scan)


@pytest.mark.parametrize("kind", ["EMAIL_ADDRESS", "IBAN_CODE", "IP_ADDRESS", "US_SSN", "CREDIT_CARD"])
def test_every_value_with_a_form_of_its_own_is_found(figures: scored.Scores, kind: str) -> None:
    assert figures.recall[kind] == 1.0


def test_nineteen_of_twenty_telephone_numbers_are_found(figures: scored.Scores) -> None:
    assert figures.recall["PHONE_NUMBER"] >= 0.95


def test_structured_kinds_together_are_found_and_little_else_is(figures: scored.Scores) -> None:
    assert figures.together >= 0.97
    assert figures.precision >= 0.95


@pytest.mark.parametrize("kind", made_cases.KINDS)
def test_made_values_are_found(kind: str) -> None:
    kinds = {kind, "PASSPORT"} if kind == "US_PASSPORT" else {kind}
    missed = []
    for case in made_cases.positives(kind, COUNT):
        places = [(span.start, span.end) for span in il.privacy.scan(case.text) if span.type in kinds]
        if not scored.covered(case.start, case.end, places):
            missed.append(case.text)
    assert len(missed) <= COUNT // 100, missed[:5]


@pytest.mark.parametrize("kind", made_cases.KINDS)
def test_near_misses_are_left_alone(kind: str) -> None:
    wrong = [text for text in made_cases.near_misses(kind, COUNT) if any(span.type == kind for span in il.privacy.scan(text))]
    assert len(wrong) <= COUNT // 100, wrong[:5]


@pytest.mark.skipif(importlib.util.find_spec("spacy") is None, reason="interlock[ner] is not installed")
@pytest.mark.filterwarnings("ignore")
def test_persons_are_found_with_a_model() -> None:
    from interlock.privacy_spacy import SpacyNer

    ner = SpacyNer()
    figures = scored.score(lambda text: il.privacy.scan(text, ner=ner), ("PERSON",))
    assert figures.recall["PERSON"] >= 0.85
