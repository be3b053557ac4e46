"""The support desk's parts: every intent has a team and an answer, and nobody is sent in a circle."""

import json
from collections.abc import Iterator
from pathlib import Path

import interlock as il
import pytest
from interlock.errors import ConfigError
from interlock.examples.support import SupportDesk, build, seed
from interlock.examples.support.accounts import Accounts
from interlock.examples.support.knowledge import Words, read_entries
from interlock.examples.support.plan import FOLDER, KNOWLEDGE, TRAIN
from interlock.examples.support.specialists import PASSES
from interlock.runtime.semantic import read_examples


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SupportDesk]:
    built = build(seed(tmp_path_factory.mktemp("desk") / "accounts.db"))
    yield built
    built.close()


@pytest.fixture(scope="module")
def words() -> Words:
    return Words(zip(*read_examples(TRAIN), strict=True))


def test_every_intent_of_the_data_set_has_one_team_and_one_answer(desk: SupportDesk) -> None:
    intents = set(json.loads((FOLDER / "data" / "categories.json").read_text()))
    assert set(desk.team_of) == intents
    assert set(read_entries(KNOWLEDGE)) == intents
    assert len(desk.plan.agents) == 8


def test_passing_on_never_comes_back() -> None:
    for team in PASSES:
        path = [team]
        while path[-1] in PASSES:
            path.append(PASSES[path[-1]].to)
        assert len(path) == len(set(path)) <= 4, path


@pytest.mark.parametrize(
    ("intent", "understood"),
    [
        ("card_not_working", "unable_to_verify_identity"),
        ("card_payment_not_recognised", "cash_withdrawal_not_recognised"),
        ("declined_card_payment", "declined_cash_withdrawal"),
        ("pending_card_payment", "pending_cash_withdrawal"),
        ("card_payment_fee_charged", "cash_withdrawal_charge"),
        ("pending_transfer", "pending_top_up"),
        ("pending_top_up", "verify_source_of_funds"),
    ],
)
def test_the_next_team_understands_why_it_was_asked(desk: SupportDesk, words: Words, intent: str, understood: str) -> None:
    entry, to = read_entries(KNOWLEDGE)[intent], PASSES[desk.team_of[intent]].to
    assert entry.passes_as is not None
    assert words.nearest(entry.passes_as, [its for its, team in desk.team_of.items() if team == to])[0] == understood


def test_an_answer_that_mentions_what_nobody_looks_up_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "knowledge.yaml"
    file.write_text("intents: {age_limit: {answer: 'Your card ending in {card_last4} …'}}")
    with pytest.raises(ConfigError, match="age_limit mentions card_last4"):
        read_entries(file)


async def test_the_accounts_are_the_same_every_time_they_are_made(tmp_path: Path) -> None:
    banks = [Accounts(seed(tmp_path / name, customers=20)) for name in ("one.db", "other.db")]
    for number in range(20):
        user = f"customer-{number}"
        for look in ("lookup_customer", "card_of", "recent_payments", "recent_withdrawals", "recent_transfers", "recent_top_ups"):
            one, other = [await getattr(bank, look)(user) for bank in banks]
            assert one == other
            assert one
    for bank in banks:
        bank.close()


async def test_a_stranger_is_told_so_and_nothing_is_made_up(desk: SupportDesk) -> None:
    async with il.open(plans=[desk.plan], config=desk.config, tools=desk.tools) as runtime:
        outcome = await runtime.run(desk.plan, "Where is my new card? It has not arrived.", user="nobody")
    assert outcome.status == "delivered"
    assert "found nothing about this under your name" in outcome.text


async def test_what_has_nothing_to_do_with_a_bank_goes_to_a_person(desk: SupportDesk) -> None:
    async with il.open(plans=[desk.plan], config=desk.config, tools=desk.tools) as runtime:
        outcome = await runtime.run(desk.plan, "Which mushrooms grow under birches?", user="customer-1")
    assert outcome.status == "in_review"
    assert outcome.turns == 0
