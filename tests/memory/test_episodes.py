"""Episodes: finished runs, projected from the journal, recalled by likeness and by how well they went."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import interlock as il
import pytest
from bags import WordBags
from cast import fails, gives, passes

ADA, BOB = il.User("ada", tenant="acme"), il.User("bob", tenant="acme")


def desk() -> il.Handoff:
    return il.Handoff("support", entry=passes("billing", "triage"), to=[gives("billing", "refunded")])


def lose(journal: Path) -> None:
    for beside in (".store", ".vectors"):
        Path(f"{journal}{beside}").unlink()


def bytes_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


async def test_a_finished_run_becomes_an_episode_with_what_was_done_and_what_came_of_it(words: WordBags) -> None:
    plan = desk()
    async with il.open(plans=[plan], embedder=words) as runtime:
        outcome = await runtime.run(plan, "charged twice", user=ADA)
        found = (await runtime.episodes()).get(outcome.run_id)
    assert found is not None
    assert (found.situation, found.answer, found.outcome, found.plan) == ("charged twice", "refunded", "delivered", "support")
    assert found.actions == ("agent:triage", "agent:billing")
    assert (found.agent, found.intent, found.user, found.score) == ("billing", None, "ada", None)
    assert found.tokens > 0
    assert found.seconds >= 0


async def test_runs_that_failed_are_episodes_and_those_in_review_are_not_until_they_end(words: WordBags) -> None:
    bad = il.Sequential("bad", [il.step(fails("clumsy"), on_failure=il.fail())])
    asks = il.Sequential("asks", [il.step(fails("unsure"), on_failure=il.review())])
    async with il.open(plans=[bad, asks], embedder=words) as runtime:
        failed = await runtime.run(bad, "task")
        waiting = await runtime.run(asks, "task")
        assert (failed.status, waiting.status) == ("failed", "in_review")
        episodes = await runtime.episodes()
        assert [one.run_id for one in await episodes.similar(outcome="failed")] == [failed.run_id]
        assert episodes.get(waiting.run_id) is None
        await runtime.reviews.answer(waiting.run_id, text="by hand", by="eve")
        found = (await runtime.episodes()).get(waiting.run_id)
        assert found is not None
        assert (found.outcome, found.answer, "review" in found.actions) == ("delivered", "by hand", True)


async def test_feedback_changes_which_of_two_like_episodes_comes_first(words: WordBags) -> None:
    plan = il.Sequential("plan", [gives("a", "answer")])
    async with il.open(plans=[plan], embedder=words) as runtime:
        one = await runtime.run(plan, "charged twice")
        two = await runtime.run(plan, "charged twice")
        await runtime.feedback(one, 0.1)
        await runtime.feedback(two.run_id, 0.9, by="eve")
        episodes = await runtime.episodes()
        assert [found.run_id for found in await episodes.similar("charged twice")] == [two.run_id, one.run_id]
        await runtime.feedback(one, 1.0)
        await runtime.feedback(two, 0.0, label="nothing of the kind")
        found = await episodes.similar("charged twice")
        assert [(one.run_id, one.score, one.label) for one in found] == [(one.run_id, 1.0, None), (two.run_id, 0.0, "nothing of the kind")]
        match = found[0].match
        assert match is not None
        assert match.similarity is not None
        assert match.score == pytest.approx(0.6 * match.similarity + 0.1 * match.recency + 0.3 * 1.0)


async def test_an_agent_sees_other_users_episodes_without_their_words(words: WordBags) -> None:
    async def look(message: il.Message, ctx: il.Context) -> il.Reply:
        found = await ctx.episodes.similar(message.text, outcome="delivered")
        return il.Reply("seen", data=[[one.situation, one.answer, one.user, one.agent, one.match is None] for one in found])

    plan = il.Sequential("plan", [il.agent(look)])
    known = il.Sequential("known", [il.agent(look, name="auditor", scopes=["memory:episodes"])])
    async with il.open(plans=[plan, known], embedder=words) as runtime:
        await runtime.run(plan, "charged twice", user=ADA)
        mine = await runtime.run(plan, "charged twice", user=ADA)
        others = await runtime.run(plan, "charged twice", user=BOB)
        stranger = await runtime.run(plan, "charged twice", user=il.User("ada", tenant="rival"))
        audit = await runtime.run(known, "charged twice", user=BOB)
    assert mine.data == [["charged twice", "seen", "ada", "look", False]]
    assert others.data == [[None, None, None, "look", True]] * 2
    assert stranger.data == []
    assert {tuple(row[:3]) for row in audit.data} == {("charged twice", "seen", "ada"), ("charged twice", "seen", "bob")}


async def test_what_an_agent_asked_of_episodes_is_recorded_with_what_it_found(words: WordBags) -> None:
    async def look(message: il.Message, ctx: il.Context) -> str:
        return str(len(await ctx.episodes.similar(message.text, k=1, mine=True)))

    plan = il.Sequential("plan", [il.agent(look)])
    async with il.open(plans=[plan], embedder=words) as runtime:
        first = await runtime.run(plan, "charged twice", user=ADA)
        second = await runtime.run(plan, "charged twice", user=ADA)
        completed = [event for event in await runtime.history(second.run_id) if event.kind == "effect_completed"]
        assert [event.tool for event in completed] == ["memory.episodes"]
        assert [passage["gate"] for passage in completed[0].passages] == ["G6", "G6"]
        assert (first.text, second.text) == ("0", "1")


async def test_episodes_are_projected_anew_when_the_store_is_lost_and_scores_are_kept_with_it(words: WordBags, tmp_path: Path) -> None:
    plan, file = il.Sequential("plan", [gives("a", "answer")]), tmp_path / "runs.db"
    async with il.open(file, plans=[plan], embedder=words) as runtime:
        outcome = await runtime.run(plan, "charged twice")
        await runtime.feedback(outcome, 0.9)
    async with il.open(file, plans=[plan], embedder=words) as runtime:
        found = (await runtime.episodes()).get(outcome.run_id)
        assert found is not None
        assert found.score == 0.9
    lose(file)
    async with il.open(file, plans=[plan], embedder=words) as runtime:
        found = (await runtime.episodes()).get(outcome.run_id)
        assert found is not None
        assert (found.situation, found.score) == ("charged twice", None)


async def test_whoever_consolidates_is_told_of_every_finished_run_and_makes_memories_of_it(words: WordBags) -> None:
    async def consolidate(episode: il.memory.Episode, memory: il.memory.Memory) -> None:
        if episode.user is None:
            raise ValueError("no user")
        await memory.remember(f"asked: {episode.situation}", namespace=il.memory.of_user(episode.user), owner="consolidation")

    plan = il.Sequential("plan", [gives("a", "answer")])
    raised: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: raised.append(context))
    store = il.Store()
    async with il.open(plans=[plan], embedder=words, store=store, consolidate=consolidate) as runtime:
        for text in ("one", "two"):
            await runtime.run(plan, text, user="ada")
        bad = await runtime.run(plan, "three")
        assert (await runtime.episodes()).get(bad.run_id) is not None
    assert {record.text for record in il.memory.Memory(store).records("user:ada")} == {"asked: one", "asked: two"}
    assert [context["message"] for context in raised] == [f"what is told of finished runs raised at run {bad.run_id}"]
    with pytest.raises(il.UsageError, match="consolidate is"):
        il.open(consolidate=lambda episode, memory: None)  # type: ignore[arg-type,return-value]


async def test_pruning_takes_the_episodes_of_old_runs_with_it(words: WordBags, tmp_path: Path) -> None:
    plan = il.Sequential("plan", [gives("a", "answer")])
    async with il.open(tmp_path / "runs.db", plans=[plan], embedder=words, episodes=True) as runtime:
        await runtime.run(plan, "old matter")
        await runtime.episodes()
        await runtime.prune(older_than=0)
        assert await (await runtime.episodes()).similar() == []
        assert b"old matter" not in bytes_in(tmp_path)


@pytest.mark.parametrize(
    ("score", "run", "said"),
    [(1.5, None, "score is 1.5"), (float("nan"), None, "score is nan"), (True, None, "score is True"), (0.5, "x", "not a run's id")],
)
async def test_feedback_that_can_not_mean_anything_is_refused(words: WordBags, score: float, run: str | None, said: str) -> None:
    plan = il.Sequential("plan", [gives("a", "answer")])
    async with il.open(plans=[plan], embedder=words) as runtime:
        outcome = await runtime.run(plan, "task")
        with pytest.raises(il.UsageError, match=said):
            await runtime.feedback(run or outcome, score)
        with pytest.raises(il.UsageError, match="no outcome 'won'"):
            await (await runtime.episodes()).similar(outcome="won")


async def test_weights_learnt_from_feedback_favour_who_was_right(words: WordBags) -> None:
    async def right(message: il.Message, ctx: il.Context) -> il.Reply:
        return il.Reply("", data={"kind": message.text.split()[0]})

    def wrong(name: str, every: int) -> il.Agent:
        async def answer(message: il.Message, ctx: il.Context) -> il.Reply:
            kind, number = message.text.split()
            return il.Reply("", data={"kind": "other" if int(number) % every == 0 else kind})

        return il.agent(answer, name=name)

    members = [il.agent(right, name="expert"), wrong("guess", 1), wrong("coin", 1)]
    plan = il.Concurrent("panel", members, reconcile=il.vote("kind"))
    async with il.open(plans=[plan], embedder=words) as runtime:
        with pytest.raises(il.UsageError, match="nothing says who was right"):
            await runtime.reliability(key="kind")
        for number in range(12):
            outcome = await runtime.run(plan, f"{'refund' if number % 2 else 'delay'} {number}")
            await runtime.feedback(outcome, 0.0, label="refund" if number % 2 else "delay")
        learnt = await runtime.reliability("panel", key="kind")
    assert learnt.chosen == "feedback"
    assert learnt.weights["expert"] > 2_000
    assert (learnt.weights["guess"], learnt.weights["coin"]) == (0, 0)
    weighed = il.Concurrent("weighed", members, reconcile=il.vote("kind", weights=learnt))
    async with il.open(plans=[weighed]) as runtime:
        assert (await runtime.run(weighed, "delay 13")).data == {"kind": "delay"}
    assert (learnt.scores["majority"], learnt.scores["feedback"]) == (0.0, 1.0)
