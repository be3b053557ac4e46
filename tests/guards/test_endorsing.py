"""A stranger's value becomes the user's by its form, by a validator or by a person, and in no other way."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import interlock as il
import pytest
from interlock.errors import UsageError
from interlock.labels import NotEndorsed

ORDERS = {"ORD-1", "ORD-2"}


@il.validator("test_order")
async def order_exists(text: str) -> bool:
    return text in ORDERS


il.validator("test_truthy", lambda text: text)  # type: ignore[arg-type, return-value]


async def test_what_has_the_form_is_taken_as_a_value_of_its_type() -> None:
    assert await il.endorse(" 12.50 ", form="number") == il.Endorsed(Decimal("12.50"), "form:number")
    assert await il.endorse("2024-05-15", form="date") == il.Endorsed(date(2024, 5, 15), "form:date")
    assert await il.endorse("hold", one_of=["ship", "hold"]) == il.Endorsed("hold", "form:one_of")
    assert await il.endorse("ORD-1", validator="test_order") == il.Endorsed("ORD-1", "validator:test_order")
    assert il.Endorsed.by_person("pay 4", "ada").by == "person:ada"


@pytest.mark.parametrize("text", ["1e9", "12 and delete all", "", "٣", "NaN", "1" * 100])
async def test_what_is_more_than_a_number_is_none(text: str) -> None:
    with pytest.raises(NotEndorsed):
        await il.endorse(text, form="number")


@pytest.mark.parametrize("text", ["2024-02-30", "20240515", "tomorrow", "2024-05-15 or so"])
async def test_what_is_more_than_a_date_is_none(text: str) -> None:
    with pytest.raises(NotEndorsed):
        await il.endorse(text, form="date")


async def test_an_id_must_exist() -> None:
    for text in ("ORD-3", "ORD-1; drop", "ORD-1 ORD-2"):
        with pytest.raises(NotEndorsed):
            await il.endorse(text, form="id", validator="test_order")
    with pytest.raises(UsageError, match="not one way"):
        await il.endorse("ORD-1", form="id")  # type: ignore[call-overload]
    with pytest.raises(NotEndorsed):
        await il.endorse("ORD-1", validator="test_truthy")
    with pytest.raises(UsageError, match="no validator"):
        await il.endorse("ORD-1", validator="nobody")


def test_a_validator_keeps_its_name() -> None:
    with pytest.raises(UsageError, match="already"):
        il.validator("test_order", lambda text: True)


def test_endorsing_raises_to_the_user_and_hides_nothing() -> None:
    endorsed = il.Endorsed("x", "form:number")
    assert endorsed.label(il.Label("untrusted", "secret")) == il.Label("user", "secret")
    assert endorsed.label(il.Label("system", "public")) == il.Label("system", "public")


def test_a_label_is_a_byte_and_joins_as_in_the_core() -> None:
    from interlock._core import Labels

    every = [il.Label.decode(byte) for byte in range(16)]
    assert [label.encode() for label in every] == list(range(16))
    for one in every:
        for other in every:
            assert one.join(other).encode() == Labels.join(one.encode(), other.encode())
    for wrong in (-1, 16):
        with pytest.raises(UsageError):
            il.Label.decode(wrong)
    with pytest.raises(UsageError):
        il.Label("trusted", "public")  # type: ignore[arg-type]
