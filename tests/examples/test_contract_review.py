"""Contract review: what the rules read, what the checks let pass, and what goes to a person."""

import interlock as il
import pytest
from interlock.examples.contract_review import build
from interlock.examples.contract_review.agents import find_flags, find_problems
from interlock.examples.contract_review.loose import extract_loosely, mend
from interlock.examples.contract_review.rules import extract
from interlock.examples.contract_review.score import FIELDS, accuracy, kind_accuracy, label_date, read_contract, read_labels
from interlock.examples.contract_review.terms import RENEWS, find_terms, read_rates, unusual
from interlock.examples.contract_review.words import Day, first_day, later

DEAL = """SUPPLY AGREEMENT

This Agreement is made this 3rd day of March, 2021 by and between Alpha Mills, Inc., a Delaware corporation ("Seller"), and Beta Foods LLC,
a limited liability company located at 5 High Street ("Buyer").

1. Term. The term of this Agreement shall be two (2) years. It shall renew automatically.

2. Law. This Agreement shall be governed by and construed in accordance with the laws of the State of New York."""


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("January 13, 2005", "2005-01-13"),
        ("15th day of January 2018", "2018-01-15"),
        ("JULY 15, 2005", "2005-07-15"),
        ("April. 1st 2019", "2019-04-01"),
        ("5/17/12", "2012-05-17"),
        ("April ____, 2003", "2003-04-??"),
        ("[___], 2020", "2020-??-??"),
    ],
)
def test_dates_are_read_in_every_form(text: str, day: str) -> None:
    found = first_day(text)
    assert found is not None
    assert str(found[0]) == day


def test_a_day_that_does_not_exist_is_none() -> None:
    assert first_day("February 30, 2020") is None


def test_a_term_is_counted_from_its_start() -> None:
    assert later(Day(2019, 11, 30), 3) == Day(2020, 2, 30)
    assert str(later(Day(2020), 24)) == "2022-??-??"


def test_the_strict_rules_read_a_plain_contract() -> None:
    found = extract(DEAL)
    assert found.parties == ["Alpha Mills, Inc.", "Beta Foods LLC"]
    assert (found.governing_law, found.agreement_date, found.expiration) == ("New York", "2021-03-03", "2023-03-03")
    assert found.confidence == 1.0
    assert find_problems(found.to_data(), DEAL) == []
    assert find_flags(found.to_data(), DEAL, {}) == ["renews by itself"]
    assert RENEWS.search(DEAL)


def test_print_errors_are_mended() -> None:
    assert mend("the 15t h day\nof May ------ here\n\n\nnext") == "the 15th day of May here\n\nnext"


def test_a_quote_that_is_not_in_the_contract_is_found_out() -> None:
    found = extract(DEAL).to_data()
    found["quotes"]["governing_law"] = "governed by the laws of Utah"
    found["expiration"] = "2020-01-01"
    assert len(find_problems(found, DEAL)) == 2


def test_a_missing_law_is_flagged_once_everything_was_searched() -> None:
    lawless = DEAL[: DEAL.index("2. Law")].replace("two (2) years", "agreed later")
    found = extract_loosely(lawless)
    assert found.governing_law is None
    assert found.confidence == 0.7
    assert find_flags(found.to_data(), lawless, {})[:2] == ["governing law is missing", "expiry is unclear"]


def test_rare_clauses_are_unusual() -> None:
    terms = find_terms("Either Party may audit the books. Neither party may assign it. Liquidated damages of $5 are due.")
    assert "Anti-Assignment" in terms
    assert unusual(terms, read_rates()) == ["Liquidated Damages"]


def test_labels_are_read_as_the_lawyers_wrote_them() -> None:
    labels = read_labels()
    assert len(labels) == 12
    assert labels["contract_14.txt"].parties == {"Florida Chemical Company, LLC", "Flotek Chemistry LLC"}
    dates = ("[]/[]/2020", "perpetual", "[]/[]/[]", "1/8/05")
    assert [label_date(text) for text in dates] == ["2020-??-??", "perpetual", None, "2005-01-08"]


async def test_twelve_contracts_come_out_as_the_readme_says() -> None:
    plan, labels = build(), read_labels()
    async with il.open(plans=[plan]) as runtime:
        outcomes = {file: await runtime.run(plan, read_contract(file)) for file in labels}
    delivered = {file: outcome for file, outcome in outcomes.items() if outcome.status == "delivered"}
    assert len(delivered) == 8
    assert {outcomes[file].status for file in outcomes.keys() - delivered.keys()} == {"in_review"}
    pairs = [(outcome.data, labels[file]) for file, outcome in delivered.items()]
    assert [accuracy(field, pairs).right for field in FIELDS] == [6, 8, 7, 6]
    kinds = kind_accuracy(pairs)
    assert (round(kinds.precision, 2), round(kinds.recall, 2)) == (0.86, 0.46)
    assert "never expires" in delivered["contract_21.txt"].data["flags"]
    assert "Governing law: Delaware." in delivered["contract_14.txt"].text


async def test_the_stand_in_takes_over_and_a_person_when_it_fails() -> None:
    plan = build()
    async with il.open(plans=[plan]) as runtime:
        guessed = await runtime.run(plan, read_contract("contract_19.txt"))
        given_up = await runtime.run(plan, read_contract("contract_01.txt"))
        agents = [event.agent for event in await runtime.history(guessed.run_id) if event.kind == "turn_started"]
    assert agents == ["extractor", "extractor", "loose_extractor", "checker", "summariser"]
    assert guessed.data["searched"] == "everything"
    assert given_up.status == "in_review"
    assert "value has less than 2 items" in (given_up.reason or "")
