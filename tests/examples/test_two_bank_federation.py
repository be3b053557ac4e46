"""The two banks' books, bank A's judgement and bank B's model. What crosses the walls is tested in test_two_bank_walls.py."""

from __future__ import annotations

import pytest
from interlock.examples.two_bank_federation import seed
from interlock.examples.two_bank_federation.books import DATA, BankA, BankB, rows
from interlock.examples.two_bank_federation.case import Payment, amount_in, matter, meant, suspicion, verdict
from interlock.examples.two_bank_federation.model import Movement, Risk, band, features

CASES = rows(DATA / "cases.csv")
PAID = Payment("C-1", "a-0", "DE80999999900000491981", "9999999", "Cityflats", 480_000, "completed")


@pytest.fixture(scope="module")
def bank() -> BankB:
    return BankB()


@pytest.mark.parametrize("name", ["bank_a/customers", "bank_a/payments", "bank_b/accounts", "bank_b/movements"])
def test_the_books_are_those_that_the_seed_makes(name: str) -> None:
    assert (DATA / f"{name}.csv").read_text(encoding="utf-8") == seed.text(seed.books()[name])


def test_account_numbers_have_right_check_digits_and_are_used_once() -> None:
    found = [row["iban"] for name in ("bank_a/customers", "bank_b/accounts") for row in rows(DATA / f"{name}.csv")]
    assert len(found) == len(set(found))
    for number in found:
        digits = "".join(str(int(letter, 36)) for letter in number[4:] + number[:4])
        assert int(digits) % 97 == 1, number


@pytest.mark.parametrize(
    ("text", "cents"),
    [("4,800.00 EUR", 480_000), ("I paid 349 EUR", 34_900), ("1,234,567.89 EUR", 123_456_789), ("12 euros", 1_200), ("some money", None)],
)
def test_an_amount_is_read(text: str, cents: int | None) -> None:
    assert amount_in(text) == cents


async def test_every_case_is_about_the_right_matter_and_payment() -> None:
    bank = BankA()
    found = []
    for case in CASES:
        payments = [Payment(**payment) for payment in await bank.a_payments(case["customer"])]
        payment = meant(case["text"], payments)
        found.append((matter(case["text"]), payment and payment.case_id))
    assert found == [
        *[("fraud", f"C-2602-000{number}") for number in (1, 2, 3, 4)],
        ("missing", "C-2602-0005"),
        ("fraud", "C-2602-0006"),
        ("missing", "C-2602-0007"),
        ("unknown", None),
    ]


def test_pressure_an_unusual_amount_and_a_new_payee_add_up() -> None:
    small = [Payment(f"C-{n}", "a-0", "AT0", "9999200", "shop", 1_000, "completed") for n in range(2, 6)]
    assert suspicion("he called me", PAID, [PAID, *small]) == pytest.approx(1.0)
    assert suspicion("hello", PAID, [PAID, *small]) == pytest.approx(0.6)
    assert suspicion("hello", small[0], small) == 0.0
    assert PAID.is_at_bank_b
    assert not small[0].is_at_bank_b


def test_banks_that_differ_leave_it_to_a_person() -> None:
    assert verdict("high", 0.0) == ("recall", 0.7)
    assert verdict("low", 1.0) == ("recall", 0.45)
    assert verdict("medium", 0.0)[1] < 0.6


def test_an_account_in_numbers() -> None:
    moves = [
        Movement("R-1", 100, True, 1_000),
        Movement("R-2", 90, False, 500),
        Movement("R-3", 40, False, 300),
        Movement("R-4", 300, True, 600),
    ]
    young, passed_on, crowded, fast = features(30, moves)
    assert (passed_on, crowded, fast) == (0.5, 1.0, 500 / 1_600)
    assert young > features(3_000, moves)[0]
    assert features(30, [])[1:] == [0.0, 0.0, 0.0]


def test_the_model_is_the_same_every_time_and_knows_what_it_was_told(bank: BankB) -> None:
    again = BankB()
    assert [bank.risk(row) for row in bank.known.values()] == [again.risk(row) for row in again.known.values()]
    mules = [bank.risk(row) for row, is_mule in bank.labelled if is_mule]
    others = [bank.risk(row) for row, is_mule in bank.labelled if not is_mule]
    assert sum(mules) / len(mules) > 0.7 > 0.3 > sum(others) / len(others)


def test_an_account_that_the_model_has_not_seen_is_mostly_rated_right(bank: BankB) -> None:
    right = 0
    for place, (row, is_mule) in enumerate(bank.labelled):
        rest = bank.labelled[:place] + bank.labelled[place + 1 :]
        right += (Risk([known for known, _ in rest], [label for _, label in rest])(row) > 0.5) == is_mule
    assert (right, len(bank.labelled)) == (58, 62)


@pytest.mark.parametrize(
    ("case_id", "expected"), [("1", "high"), ("2", "high"), ("3", "low"), ("4", "medium"), ("5", "low"), ("6", "high")]
)
async def test_the_disputed_accounts_are_rated(bank: BankB, case_id: str, expected: str) -> None:
    account = await bank.b_credited(f"C-2602-000{case_id}")
    assert account is not None
    opinion = await bank.b_opinion(account)
    assert opinion["risk_band"] == expected
    assert opinion["signals"] or expected == "low"


async def test_what_never_came_is_not_credited(bank: BankB) -> None:
    assert await bank.b_credited("C-2602-0007") is None


def test_bands_have_edges() -> None:
    assert [band(probability) for probability in (0.0, 0.29, 0.3, 0.74, 0.75, 1.0)] == ["low", "low", "medium", "medium", "high", "high"]
