"""Masking: places, tokens, what is masked already, disguises, bad input."""

from __future__ import annotations

import re
import time

import interlock as il
import made_cases
import pytest
from interlock._core import Privacy
from interlock.privacy import Span

PLACEHOLDER = re.compile("⟦([A-Z_]+):([0-9]+)⟧")


def found(text: str, **options: object) -> list[tuple[str, str]]:
    return [(span.type, text[span.start : span.end]) for span in il.privacy.scan(text, **options)]


def test_the_same_value_has_the_same_token_and_another_has_another() -> None:
    masked = il.privacy.mask("a@x.com, b@x.com, a@x.com")
    assert masked.text == "⟦EMAIL_ADDRESS:1⟧, ⟦EMAIL_ADDRESS:2⟧, ⟦EMAIL_ADDRESS:1⟧"


def test_spans_are_code_points_of_the_text_that_was_given() -> None:
    text = "🙂 Zoë: zoë@example.com"
    assert il.privacy.mask(text).spans == (Span("EMAIL_ADDRESS", 7, 22),)
    assert text[7:22] == "zoë@example.com"


@pytest.mark.parametrize("kind", made_cases.KINDS)
def test_values_put_back_give_the_text_and_masking_twice_changes_nothing(kind: str) -> None:
    texts = [case.text for case in made_cases.positives(kind, 300, seed=5)] + list(made_cases.near_misses(kind, 300, seed=5))
    texts += [" ".join(texts[at : at + 7]) for at in range(0, len(texts), 7)]
    for text in texts:
        masked = il.privacy.mask(text)
        last = 0
        values = []
        for span in masked.spans:
            assert last <= span.start < span.end
            last = span.end
            values.append(text[span.start : span.end])
        rest = iter(values)
        assert PLACEHOLDER.sub(lambda _: next(rest), masked.text) == text  # noqa: B023 - used at once
        assert il.privacy.mask(masked.text) == il.privacy.Masked(masked.text, ())


def test_a_number_does_not_hide_between_brackets_of_a_placeholder() -> None:
    assert found("⟦CREDIT_CARD:4111111111111111⟧") == [("CREDIT_CARD", "4111111111111111")]
    assert found("⟦NOTE: call ada@example.com⟧") == [("EMAIL_ADDRESS", "ada@example.com")]


def test_new_tokens_count_on_behind_those_that_are_there() -> None:
    assert il.privacy.mask("⟦EMAIL_ADDRESS:4⟧ and a@x.com").text == "⟦EMAIL_ADDRESS:4⟧ and ⟦EMAIL_ADDRESS:5⟧"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("4111\u200b1111\u200b1111\u200b1111", "CREDIT_CARD"),
        ("４１１１１１１１１１１１１１１１", "CREDIT_CARD"),
        ("4111‑1111‑1111‑1111", "CREDIT_CARD"),
        ("4111\u00a01111\u00a01111\u00a01111", "CREDIT_CARD"),
        ("john＠example.com", "EMAIL_ADDRESS"),
        ("jo\u00adhn@exam\u200bple.com", "EMAIL_ADDRESS"),
        ("john [at] example [dot] com", "EMAIL_ADDRESS"),
        ("john(at)example.com", "EMAIL_ADDRESS"),
        ("john at example dot com", "EMAIL_ADDRESS"),
        ("john%40example.com", "EMAIL_ADDRESS"),
        ("SSN ١٢٣-٤٥-٦٧٨٩", "US_SSN"),
        ("192。168。10。20", "IP_ADDRESS"),
        ("DE89\u20093704\u20090044\u20090532\u20090130\u200900", "IBAN_CODE"),
    ],
)
def test_a_disguised_value_is_found_as_a_whole(text: str, kind: str) -> None:
    assert [span.type for span in il.privacy.scan(text)] == [kind]
    assert PLACEHOLDER.fullmatch(il.privacy.mask(text).text.removeprefix("SSN "))


def test_half_a_pair_of_surrogates_is_refused_by_its_place() -> None:
    with pytest.raises(il.UsageError, match="offset 5"):
        il.privacy.mask("hello\ud800")


def test_an_unknown_kind_is_named_and_one_that_needs_a_model_says_so() -> None:
    with pytest.raises(il.UsageError, match="no kind 'EMAIL'"):
        il.privacy.scan("x", kinds=["EMAIL"])
    with pytest.raises(il.UsageError, match=r"PERSON .* needs a model"):
        il.privacy.scan("x", kinds=["PERSON"])
    with pytest.raises(il.UsageError, match="kinds is a text"):
        il.privacy.scan("x", kinds="PERSON")


def test_only_the_kinds_that_were_asked_for_are_found() -> None:
    assert found("a@x.com 10.0.0.1", kinds=["IP_ADDRESS"]) == [("IP_ADDRESS", "10.0.0.1")]


def test_names_of_a_model_stand_beside_structured_kinds_and_yield_to_them() -> None:
    text = "Ada (ada@example.com) and ⟦PERSON:1⟧ and Bob"

    def ner(text: str) -> list[Span]:
        return [Span("PERSON", 0, 3), Span("PERSON", 5, 8), Span("PERSON", 26, 36), Span("PERSON", len(text) - 3, len(text))]

    masked = il.privacy.mask(text, ner=ner)
    assert masked.text == "⟦PERSON:2⟧ (⟦EMAIL_ADDRESS:1⟧) and ⟦PERSON:1⟧ and ⟦PERSON:3⟧"


PIECES = [
    "1",
    "1 ",
    "@",
    "a@",
    ":",
    "⟦",
    "（１",
    "a:b=",
    "(at)",
    "1-2.3/4(",
    "eyJ.eyJ",
    '"@',
    "://@",
    "GB00",
    "password=",
    "a_",
    "%40",
    " dot ",
]


@pytest.mark.parametrize("piece", [*PIECES, "-----BEGIN PRIVATE KEY-----", "a@b.co+", "4111111111111111 "])
def test_ten_megabytes_of_anything_take_bounded_time(piece: str) -> None:
    text = piece * (10_000_000 // len(piece.encode()))
    started = time.process_time()
    il.privacy.mask(text)
    assert time.process_time() - started < 15


def test_json_is_masked_inside_strings_keys_and_numbers_and_its_rest_stays() -> None:
    detectors = Privacy(b"{}")
    json = b'{"mail": "a\\u0040x.com", "card": 4111111111111111, "b@x.com": [1, 2.50, true], "phoneNumber": "4155550123", "n": 4155550123}'
    masked = detectors.mask_json(json)
    assert masked is not None
    shown = masked.decode()
    assert shown == (
        '{"mail": "⟦EMAIL_ADDRESS:1⟧", "card": "⟦CREDIT_CARD:1⟧", "⟦EMAIL_ADDRESS:2⟧": [1, 2.50, true], '
        '"phoneNumber": "⟦PHONE_NUMBER:1⟧", "n": 4155550123}'
    )
    assert detectors.mask_json(masked) is None


def test_json_as_deep_as_can_be_takes_bounded_time() -> None:
    json = b'{"a":[' * 10_000 + b'"a@x.com"' + b"]}" * 10_000
    started = time.process_time()
    masked = Privacy(b"{}").mask_json(json)
    assert masked is not None
    assert masked.count("⟦EMAIL_ADDRESS:1⟧".encode()) == 1
    assert time.process_time() - started < 5


def test_own_patterns_and_words_are_kinds_of_their_own() -> None:
    patterns = b'[{"name": "ORDER_NO", "pattern": "ORD-\\\\d{4}", "context": ["order"]}]'
    detectors = Privacy(b'{"patterns": ' + patterns + b', "deny": [{"name": "PROJECT", "words": ["Bluebird"]}]}')
    assert [kind for kind, _, _ in detectors.scan("my order ORD-1234 for BLUEBIRD, not bluebirds; j@bluebird.com")] == [
        "ORDER_NO",
        "PROJECT",
        "EMAIL_ADDRESS",
    ]
    assert detectors.scan("ORD-1234") == []


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (b'{"patterns": [{"name": "A", "pattern": "(a"}]}', "patterns.0.pattern"),
        (b'{"patterns": [{"name": "A", "pattern": "(?=a)"}]}', "look-around"),
        (b'{"patterns": [{"name": "A", "pattern": "a*"}]}', "empty text"),
        (b'{"patterns": [{"name": "a b", "pattern": "a"}]}', "patterns.0.name"),
        (b'{"deny": [{"name": "EMAIL_ADDRESS", "words": ["a"]}]}', "built in"),
        (b'{"kinds": ["NOPE"]}', "kinds.0"),
        (b'{"knids": []}', "unknown field"),
    ],
)
def test_a_wrong_configuration_is_refused_by_its_place(spec: bytes, message: str) -> None:
    with pytest.raises(il.UsageError, match=message):
        Privacy(spec)
