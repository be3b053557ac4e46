"""Reconciling: one answer out of several, with everything that was counted in the journal, or a person who sees all of them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import interlock as il
import numpy as np
import pytest
from cast import fails, gives, happened, run_once, says, soon, the_only


def panel(policy: Any, *branches: Any, **options: Any) -> il.Concurrent:
    return il.Concurrent("panel", list(branches), reconcile=policy, **options)


def decides(**decisions: Any) -> list[il.Agent]:
    """Agents that state a decision in their data; with None they state nothing."""
    return [gives(name, f"I say {value}", data={"decision": value}) for name, value in decisions.items()]


async def verdict(plan: il.Concurrent, **options: Any) -> tuple[il.Outcome, dict[str, Any]]:
    """The outcome, and the event that says how it came about."""
    async with il.open(plans=[plan], **options) as runtime:
        outcome = await runtime.run(plan, "question", data={"amount": 5})
        return outcome, (await the_only(runtime, outcome, "reconciled")).fields


@pytest.mark.parametrize(
    ("key", "answers", "winner"),
    [
        (None, [("Yes.", None), ("no", None), ("  yes. ", None)], "Yes."),
        ("decision", [("a", {"decision": "x"}), ("b", {"decision": "y"}), ("c", {"decision": "y"})], "b"),
        ("a.b", [("a", {"a": {"b": 1}}), ("b", {"a": {"b": 2}}), ("c", {"a": {"b": 2}})], "b"),
        (il.normalised("d"), [("a", {"d": "Reject "}), ("b", {"d": "ok"}), ("c", {"d": "reject"})], "a"),
        (il.normalised("d", "number"), [("a", {"d": 5}), ("b", {"d": "1,200.50 EUR"}), ("c", {"d": 1200.5})], "b"),
        (il.normalised("d", "exact"), [("a", {"d": "X"}), ("b", {"d": "x"}), ("c", {"d": "x"})], "b"),
    ],
    ids=["text", "field", "dotted field", "casefold", "number", "exact"],
)
async def test_the_majority_wins_and_its_first_answer_stands(key: Any, answers: list[tuple[str, Any]], winner: str) -> None:
    branches = [gives(name, text, data=data) for name, (text, data) in zip("pqr", answers, strict=True)]
    outcome, fields = await verdict(panel(il.vote(key), *branches))
    assert (outcome.status, outcome.text) == ("delivered", winner)
    assert sorted(fields["tried"][0]["tally"]) == [1_000, 2_000]


async def test_of_those_who_voted_alike_the_surest_answer_stands() -> None:
    branches = [gives(name, name, data={"d": 1}, confidence=sure) for name, sure in (("a", 0.5), ("b", 0.9), ("c", None))]
    outcome, fields = await verdict(panel(il.vote("d"), *branches))
    assert outcome.text == "b"
    assert fields["verdict"] == {"chosen": 1}


async def test_an_answer_that_is_no_ballot_is_spoiled_recorded_and_explained() -> None:
    branches = [says("just text", "a"), gives("b", data=[1, 2]), gives("c", "fine", data={"d": "x"})]
    outcome, fields = await verdict(panel(il.vote("d"), *branches))
    assert outcome.text == "fine"
    spoiled = dict(fields["tried"][0]["spoiled"])
    assert spoiled.keys() == {0, 1}
    assert all(spoiled.values())
    assert fields["tried"][0]["votes"] == [None, None, 0]


async def test_who_states_nothing_abstains() -> None:
    _, fields = await verdict(panel(il.vote("decision", quorum=2), *decides(a="x", b=None, c=None)))
    assert fields["tried"][0]["votes"] == [0, None, None]
    assert fields["tried"][0]["spoiled"] == []
    assert fields["tried"][0]["outcome"] == "no_quorum"


@pytest.mark.parametrize(
    ("quorum", "outcome"), [(2, "delivered"), (3, "in_review"), (0.5, "delivered"), (0.51, "in_review"), (1.0, "in_review")]
)
async def test_a_quorum_is_a_count_of_votes_or_a_share_of_the_whole_panel(quorum: float, outcome: str) -> None:
    done, fields = await verdict(panel(il.vote("decision", quorum=quorum), *decides(a="x", b="x", c="y", d=None)))
    assert done.status == outcome, fields


async def test_weights_count_and_who_is_not_named_weighs_one() -> None:
    outcome, fields = await verdict(panel(il.vote("decision", weights={"c": 2.5}), *decides(a="x", b="x", c="y")))
    assert outcome.text == "I say y"
    assert fields["tried"][0]["tally"] == [2_000, 2_500]


async def test_fitted_reliability_weights_count(tmp_path: Path) -> None:
    il.Reliability({"a": 400, "b": 300, "c": 2_000}).save(tmp_path / "weights.json")
    weights = il.Reliability.load(tmp_path / "weights.json")
    outcome, fields = await verdict(panel(il.vote("decision", weights=weights), *decides(a="x", b="x", c="y")))
    assert (outcome.text, fields["tried"][0]["tally"]) == ("I say y", [700, 2_000])


async def test_reliability_weights_that_were_not_chosen_count_alike() -> None:
    weights = il.Reliability({"a": 1, "b": 1, "c": 9}, chosen="majority")
    outcome, fields = await verdict(panel(il.vote("decision", weights=weights), *decides(a="x", b="x", c="y")))
    assert (outcome.text, fields["tried"][0]["tally"]) == ("I say x", [2_000, 1_000])


@pytest.mark.parametrize(
    ("on_tie", "status", "tried"), [("next", "in_review", "tied"), ("first", "delivered", {"won": 0}), ("review", "in_review", "review")]
)
async def test_on_a_tie_the_policy_says_what_follows(on_tie: Any, status: str, tried: Any) -> None:
    outcome, fields = await verdict(panel(il.vote("decision", on_tie=on_tie), *decides(a="x", b="y")))
    assert (outcome.status, fields["tried"][0]["outcome"]) == (status, tried)
    if status == "in_review":
        assert outcome.reason == "the answers conflict, and no method decides between them"


async def test_what_nothing_decides_goes_to_a_person_with_all_answers_their_senders_and_confidences() -> None:
    desk = il.Sequential("desk", [says("draft", "drafter"), gives("writer", "no", data={"n": 2}, confidence=0.25)])
    outcome = await run_once(panel(il.vote(), gives("a", "yes", confidence=0.75), desk, fails("lost")), "question")
    assert outcome.status == "in_review"
    told = [(one.sender, one.text, one.data, one.confidence) for one in outcome.attached]
    lost = ("lost", "a step failed: it raised ValueError: no", None, None)
    assert told == [("a", "yes", None, 0.75), ("desk", "no", {"n": 2}, 0.25), lost]


async def test_the_attached_answers_are_still_there_after_reopening(tmp_path: Path) -> None:
    plan = panel(il.vote(), gives("a", "yes", confidence=0.75), gives("b", "no", confidence=0.25))
    async with il.open(tmp_path / "runs.db", plans=[plan]) as runtime:
        run_id = (await runtime.run(plan, "q")).run_id
    async with il.open(tmp_path / "runs.db", plans=[plan]) as runtime:
        again = await runtime.resume(run_id)
        assert [(one.sender, one.text, one.confidence) for one in again.attached] == [("a", "yes", 0.75), ("b", "no", 0.25)]
        assert (await runtime.resume(run_id, answer="yes, then", by="ada")).text == "yes, then"


async def test_the_chain_may_end_the_run() -> None:
    outcome = await run_once(panel(il.vote().then(il.fail()), says("x", "a"), says("y", "b")))
    assert (outcome.status, outcome.reason) == ("failed", "no one answer came of the branches")


@pytest.mark.parametrize(
    ("margin", "confidences", "winner", "tried"),
    [
        (0.0, (0.6, 0.7), "b", {"won": 1}),
        (0.1, (0.6, 0.7), "b", {"won": 1}),
        (0.11, (0.6, 0.7), "", "within_margin"),
        (0.0, (0.7, 0.7), "", "tied"),
        (0.0, (None, 0.1), "b", {"won": 1}),
        (0.0, (None, None), "", "no_ballots"),
    ],
)
async def test_the_surest_answer_wins_if_it_is_far_enough_ahead(margin: float, confidences: Any, winner: str, tried: Any) -> None:
    branches = [gives(name, name, confidence=sure) for name, sure in zip("ab", confidences, strict=True)]
    outcome, fields = await verdict(panel(il.highest_confidence(margin), *branches))
    assert (outcome.text, fields["tried"][0]["outcome"]) == (winner, tried)


async def test_methods_are_tried_in_order_and_all_are_recorded() -> None:
    branches = [gives(name, name, data={"d": name}, confidence=sure) for name, sure in (("a", 0.4), ("b", 0.8))]
    chain = il.overrides([("ballots.a.data.d == 'z'", "a")]).then(il.vote("d")).then(il.highest_confidence(0.2)).then(il.review())
    outcome, fields = await verdict(panel(chain, *branches))
    assert outcome.text == "b"
    assert [tried["outcome"] for tried in fields["tried"]] == ["no_override", "tied", {"won": 1}]


@pytest.mark.parametrize(
    ("condition", "status", "text"),
    [
        ("ballots.legal.data.decision == 'reject'", "delivered", "I say reject"),
        ("ballots.sales.text == 'I say accept' && text == 'question'", "delivered", "I say reject"),
        ("data.amount > 100", "delivered", "I say accept"),
        ("!has(ballots.lost)", "delivered", "I say reject"),
    ],
)
async def test_an_override_takes_a_branch_before_any_vote(condition: str, status: str, text: str) -> None:
    chain = il.overrides([(condition, "legal")]).then(il.vote("decision"))
    outcome, _ = await verdict(panel(chain, *decides(sales="accept", finance="accept", legal="reject"), fails("lost")))
    assert (outcome.status, outcome.text) == (status, text)


async def test_an_override_may_ask_a_person() -> None:
    chain = il.overrides([("data.amount == 5", il.review())]).then(il.vote())
    outcome, fields = await verdict(panel(chain, says("x", "a"), says("x", "b")))
    assert (outcome.status, outcome.reason) == ("in_review", "a condition over the answers asks for a person")
    assert fields["verdict"] == {"open": "overridden"}
    assert [one.text for one in outcome.attached] == ["x", "x"]


async def test_an_override_that_divides_by_zero_is_recorded_and_decides_nothing() -> None:
    chain = il.overrides([("1 / (data.amount - 5) > 0", "a"), ("ballots.nobody.text == ''", "a")]).then(il.vote())
    outcome, fields = await verdict(panel(chain, says("y", "a"), says("x", "b"), says("x", "c")))
    assert outcome.text == "x"
    considered = fields["tried"][0]["considered"]
    assert ["erred" in one["outcome"] for one in considered] == [True, True], considered
    assert "zero" in considered[0]["outcome"]["erred"].lower()


async def test_an_override_for_a_branch_without_an_answer_is_passed_over() -> None:
    chain = il.overrides([("true", "lost"), ("true", "b")]).then(il.vote())
    assert (await run_once(panel(chain, fails("lost"), says("x", "b"), says("y", "c"), says("y", "d")))).text == "x"


class Letters:
    """Embeds a text as the counts of its vowels."""

    def embed(self, texts: Any) -> Any:
        return np.array([[text.count(vowel) for vowel in "aeiou"] for text in texts], dtype=np.float32)


async def test_free_texts_that_are_similar_count_as_one_answer() -> None:
    branches = [says("aaae", "p"), says("uuuu", "q"), says("aaa", "r")]
    outcome, fields = await verdict(panel(il.vote(il.similar(0.9)), *branches), embedder=Letters())
    assert outcome.text == "aaae"
    assert [pair > 900_000 for pair in fields["agreement"]] == [False, True, False]
    assert fields["tried"][0]["votes"] == [0, 1, 0]


async def test_without_an_embedder_similar_answers_can_not_be_found_and_a_person_is_asked() -> None:
    plan = panel(il.vote(il.similar()), says("a", "p"), says("b", "q"))
    async with il.open(plans=[plan]) as runtime:
        outcome = await runtime.run(plan, "q")
        assert outcome.status == "in_review"
        assert [one.text for one in outcome.attached] == ["a", "b"]
        assert len(await happened(runtime, outcome, "fact_failed")) == 1
    assert isinstance(outcome.error, il.ConfigError)


@pytest.mark.parametrize("error", [RuntimeError("no model"), asyncio.CancelledError()], ids=["raises", "is stopped"])
async def test_an_embedder_that_fails_leaves_it_to_a_person(error: BaseException) -> None:
    class Broken:
        def embed(self, texts: Any) -> Any:
            raise error

    plan = panel(il.vote(il.similar()), says("a", "p"), says("b", "q"))
    async with il.open(plans=[plan], embedder=Broken()) as runtime:
        outcome = await soon(runtime.run(plan, "q"))
        assert (outcome.status, len(outcome.attached)) == ("in_review", 2)
        assert outcome.error is not None


async def test_a_judge_is_asked_once_for_each_pair_and_its_answers_are_recorded() -> None:
    asked: list[tuple[str | None, str | None]] = []

    async def judge(a: il.Message, b: il.Message) -> float:
        asked.append((a.sender, b.sender))
        return 0.9 if {a.sender, b.sender} == {"p", "r"} else 0.1

    outcome, fields = await verdict(panel(il.vote(il.judged(judge)), says("one", "p"), says("two", "q"), says("uno", "r")))
    assert (outcome.text, asked) == ("one", [("p", "q"), ("p", "r"), ("q", "r")])
    assert fields["agreement"] == [100_000, 900_000, 100_000]


@pytest.mark.parametrize(("share", "texts"), [(True, "p"), (False, "")])
async def test_a_judge_may_say_yes_or_no(share: bool, texts: str) -> None:
    async def judge(a: il.Message, b: il.Message) -> bool:
        return share

    outcome, _ = await verdict(panel(il.vote(il.judged(judge)), says("p", "p"), says("q", "q")))
    assert outcome.text == texts


async def test_one_answer_alone_is_compared_with_nothing() -> None:
    async def judge(a: il.Message, b: il.Message) -> bool:
        raise AssertionError

    outcome, _ = await verdict(panel(il.vote(il.judged(judge)), says("p", "p"), fails("q")))
    assert outcome.text == "p"


async def test_a_synthesis_agent_sees_the_task_every_answer_and_who_contradicts_whom() -> None:
    seen: dict[str, Any] = {}

    async def conclude(message: il.Message, ctx: il.Context) -> il.Reply:
        seen.update(task=(ctx.task.text, ctx.task.data), said=message.text, contradictions=ctx.contradictions)
        seen["view"] = [(one.sender, one.text, one.confidence, one.is_lost) for one in ctx.view]
        return il.Reply("concluded", data={"n": 1})

    branches = [
        gives("a", "I", data={"d": 1}, confidence=0.5),
        gives("b", "II", data={"d": 2}),
        gives("c", "III", data={"d": 1}),
        fails("e"),
    ]
    plan = panel(il.vote("d"), *branches, synthesis=conclude)
    outcome, fields = await verdict(plan)
    assert (outcome.text, outcome.data, outcome.turns) == ("concluded", {"n": 1}, 5)
    assert seen["task"] == ("question", {"amount": 5})
    assert seen["contradictions"] == [("a", "b"), ("b", "c")]
    assert seen["view"][:3] == [("a", "I", 0.5, False), ("b", "II", None, False), ("c", "III", None, False)]
    assert (seen["view"][3][0], seen["view"][3][3]) == ("e", True)
    assert fields["verdict"] == "synthesis"


async def test_a_synthesis_agent_without_a_policy_has_no_contradictions_to_look_at() -> None:
    async def conclude(message: il.Message, ctx: il.Context) -> str:
        return f"{len(ctx.view)} answers, {ctx.contradictions}"

    assert (await run_once(panel(None, says("x", "a"), says("y", "b"), synthesis=conclude))).text == "2 answers, []"


async def test_a_synthesis_agent_has_retries_and_a_fallback_like_any_other() -> None:
    plan = panel(None, says("x", "a"), says("y", "b"), synthesis=il.step(fails("c"), retries=1, fallback=says("done", "d")))
    outcome = await run_once(plan)
    assert (outcome.text, outcome.turns) == ("done", 5)


async def test_no_answer_needs_no_synthesis() -> None:
    outcome = await run_once(panel(None, fails("a"), fails("b"), synthesis=says("made up", "c")))
    assert (outcome.status, outcome.turns) == ("in_review", 2)
