"""What routing means, as sentences: each case is a table, a task, and who had it in the end, through the public door.

A table: ``intent -> agent | when CEL | high | fallback a, b | after 2_attempts | tie review``, rules parted by ``;`` (the first stands
in line 2), and ``!key value`` for what else there is. A task: ``intent | sure 0.3 | text … | data JSON | user JSON | labels a, b | claims
who: CEL | router intent sure``, with ``-`` where nobody states one. What comes of it: ``stage: first > second > person (why) [priority]``;
that the rules decided at last is not said, and for a table that is refused there is its line.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import interlock as il
import numpy as np
import pytest
from cast import ever_longer, fails, gives, happened, never, says, soon, turns_of_the_loop, waits_for
from desk import until
from numpy.typing import NDArray

Case = tuple[str, str, str, str]


async def _busy(message: il.Message, ctx: il.Context) -> str:
    return await never(message, ctx) if message.text == "hold" else "busy"


BUSY, TRIPPED = il.agent(_busy, name="busy"), fails("tripped")
MEMBERS: list[Any] = [*(says(name, name) for name in ("billing", "tech", "senior", "cashier")), BUSY, TRIPPED, fails("broken")]
"""Members that answer, and members that come to nothing, each in its way."""
MEMBERS += [il.step(il.agent(never, name="slow"), timeout=0.01), il.agent(never, name="hung"), il.step(fails("stubborn"), retries=5)]
MEMBERS += [il.step(fails("shaky"), fallback=says("spare", "spare")), il.step(gives("unsure", confidence=0.1), min_confidence=0.5)]
LIMITS = "agents: {busy: {max_concurrency: 1, queue: 0}, tripped: {breaker: {errors: 1, window: 1, min_calls: 1, open_for: 1h}}}"
HOLD, TRIP = il.Sequential("hold", [BUSY]), il.Sequential("trip", [TRIPPED])


class Words:
    """An embedder that counts three words."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([[text.count(word) + 0.01 for word in ("card", "loan", "rate")] for text in texts], dtype=np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("examples")
    (folder / "e.csv").write_text("text,intent\ncard,card\ncard card,card\nloan,loan\nloan loan,loan\nrate,rate\n", encoding="utf-8")
    return folder


def parted(text: str) -> dict[str, str]:
    """``key value | key value``; a word alone is a priority."""
    parts = (part.strip().partition(" ") for part in text.split(" | "))
    return {key if value else "priority": value or key for key, _, value in parts}


def yaml(text: str) -> str:
    """The YAML file that a table stands for."""
    lines, rest = ["routing_rules:"], []
    for part in (part.strip() for part in text.split(";") if part.strip()):
        if part.startswith("!semantic"):
            k, threshold, margin = part.split()[1:] or ("3", "0.9", "0.5")
            rest.append(f"semantic: {{examples: e.csv, k: {k}, threshold: {threshold}, margin: {margin}}}")
        elif part.startswith("!"):
            rest.append(part[1:].replace(" ", ": ", 1))
        else:
            head, _, more = part.partition(" | ")
            intent, agent = head.split(" -> ")
            rule: dict[str, Any] = {"intent": intent, "agent": agent}
            for key, value in parted(more).items() if more else ():
                name = {"after": "escalation_after", "tie": "on_tie"}.get(key, key)
                rule[name] = value.split(", ") if "," in value and key == "fallback" else value
            lines.append(f"  - {json.dumps(rule)}")
    return "\n".join([*(lines if len(lines) > 1 else []), *rest, ""])


def config(text: str, folder: Path | None = None, more: str = "") -> il.Config:
    return il.Config.parse(yaml(text) + more, folder=folder)


def stating(intent: str, name: str, sure: str | None = None) -> il.Agent:
    return gives(name, intent=intent, confidence=None if sure is None else float(sure))


def desk(intent: str, given: dict[str, str]) -> il.Handoff:
    """The relay that a task needs: with an entry that states the intent, or open, with claims and a router."""
    if intent != "-":
        return il.Handoff("desk", entry=stating(intent, "triage", given.get("sure")), to=MEMBERS)
    claims = dict(one.split(": ", 1) for one in given["claims"].split(", ")) if "claims" in given else {}
    members = [il.agent(one.function, name=one.name, claims=claims[one.name]) if one.name in claims else one for one in MEMBERS]
    stated, _, sure = given.get("router", "").partition(" ")
    return il.Handoff("desk", to=members, router=stating(stated, "router", sure or None) if stated else None)


async def told(runtime: il.Runtime, outcome: il.Outcome) -> str:
    """How a run was routed: ``stage: who > who > person (why)``, its priority, and the conditions that erred."""
    events = await runtime.history(outcome.run_id)
    decisions = [event.decision for event in events if event.kind == "route_chosen"]
    who = [event.agent for event in events if event.kind == "turn_started" and not event.agent.endswith(("triage", "router", "second"))]
    who += [f"person ({event.why})" for event in events if event.kind == "review_opened"]
    priority, evidence = decisions[-1]["priority"], decisions[-1]["evidence"]
    outcomes = [one["outcome"] for one in evidence["considered"]] + [outcome for _, outcome in evidence["claims"]]
    erred = sum("erred" in str(outcome) for outcome in outcomes)
    marks = ([priority] if priority != "medium" else []) + ([f"{erred} erred"] if erred else [])
    stages = [one["stage"] for one in decisions]
    prefix = ", ".join(stages[:-1] if stages[-1] == "rules" else stages)
    return (f"{prefix}: " if prefix else "") + " > ".join(who) + (f" [{', '.join(marks)}]" if marks else "")


async def outcome_of(rules: str, ask: str, folder: Path) -> str:
    intent, _, more = ask.partition(" | ")
    given = parted(more) if more else {}
    plan = desk(intent, given)
    try:
        async with il.open(plans=[plan, HOLD, TRIP], config=config(rules, folder, LIMITS), embedder=Words()) as runtime:
            if "busy" in rules:
                await runtime.start(HOLD, "hold")
                await turns_of_the_loop()
            if "tripped" in rules:
                await runtime.run(TRIP, "trip")
            user = il.User("u-1", attributes=json.loads(given["user"])) if "user" in given else None
            labels = given["labels"].split(", ") if "labels" in given else ()
            data = json.loads(given.get("data", "null"))
            return await told(runtime, await soon(runtime.run(plan, given.get("text", "hello"), data=data, user=user, labels=labels)))
    except il.ConfigError as error:
        return f"line {error.line}: {re.sub(r'^.*?line [0-9]+[)]:? ', '', error.message)}"


ALIKE = "nothing decides between this rule and the one in line 2: same intent, condition and priority"
NOBODY = 'names "nobody", which is no agent of the plans desk, hold, trip'
TWICE = '"tech" is the rule\'s agent too, so nobody is left when it fails'
AFTER = '"billing" comes after human_review, and a person is where a chain ends'
CASES: list[Case] = [
    # specificity, priority, order
    ("a rule with a condition goes before one without", "a -> tech; a -> billing | when true", "a", "billing"),
    ("a condition that does not hold leaves the task to the plain rule", "a -> tech; a -> billing | when false", "a", "tech"),
    ("a condition goes before the highest priority", "a -> tech | critical; a -> billing | when true | low", "a", "billing [low]"),
    ("of two conditions the higher priority goes first", "a -> tech | when true; a -> billing | when 1 < 2 | high", "a", "billing [high]"),
    ("of two conditions of one rank the first in the file stands", "a -> tech | when true; a -> billing | when 1 < 2", "a", "tech"),
    ("intents are told apart by letter case", "A -> tech; a -> billing", "a", "billing"),
    ("a rule may send the task to a person", "a -> human_review", "a", "person (routed)"),
    ("a condition may ask for a person", "a -> human_review | when data.n > 9; a -> tech", 'a | data {"n": 10}', "person (routed)"),
    # any
    ("a rule for any takes a task whose intent nobody stated", "any -> tech", "-", "tech"),
    ("a rule for any takes an intent that no rule names", "any -> tech; b -> billing", "a", "tech"),
    ("a named intent goes before any", "any -> tech | when true | critical; a -> billing | low", "a", "billing [low]"),
    ("any goes before unknown", "unknown -> billing | critical; any -> tech", "a", "tech"),
    ("unknown gets what the condition of any leaves", "any -> tech | when false; unknown -> billing", "a", "unknown: billing"),
    ("any goes before the members' claims", "any -> tech", "- | claims billing: true", "tech"),
    ("any goes before the meaning", "!semantic; any -> tech; card -> billing", "- | text card", "tech"),
    # ties
    ("two rules alike are refused with both lines", "a -> tech; a -> billing", "a", "line 3: " + ALIKE),
    ("two rules alike for any are refused", "any -> tech; any -> billing", "-", "line 3: " + ALIKE),
    ("rules alike in all but the priority are no tie", "a -> tech; a -> billing | low", "a", "tech"),
    ("first lets the first take it", "a -> tech | tie first; a -> billing", "a", "tech"),
    ("review asks a person", "a -> tech | tie review; a -> billing", "a", "person (tied)"),
    ("first and review ask a person", "a -> tech | tie first; a -> billing | tie review", "a", "person (tied)"),
    ("review sees that two conditions hold", "a -> tech | when true; a -> billing | when 1 < 2 | tie review", "a", "person (tied)"),
    ("review is no matter where one holds", "a -> tech | when true; a -> billing | when 1 > 2 | tie review", "a", "tech"),
    ("review is no matter between ranks", "a -> tech | when true | high; a -> billing | when 1 < 2 | tie review", "a", "tech [high]"),
    ("two rules for one agent are no tie", "a -> tech | when true; a -> tech | when 1 < 2 | tie review", "a", "tech"),
    ("review holds for unknown", "unknown -> tech | tie review; unknown -> billing", "a", "unknown: person (tied)"),
    # what is refused
    ("an agent must be there", "a -> nobody", "a", "line 2: " + NOBODY),
    ("a fallback must be there", "b -> tech; a -> tech | fallback billing, nobody", "a", "line 3: " + NOBODY),
    ("nobody stands in for themselves", "a -> tech | fallback billing, tech", "a", "line 2: " + TWICE),
    ("a person ends a chain", "a -> tech | fallback human_review, billing", "a", "line 2: " + AFTER),
    # claims
    ("one who claims the task gets it", "unknown -> tech", "- | claims billing: true", "claims: billing"),
    ("a claim looks at the task", "unknown -> tech", "- | claims billing: 'card' in labels, senior: text == 'hello'", "claims: senior"),
    ("a claim that does not hold is none", "unknown -> tech", "- | claims billing: false", "unknown: tech"),
    ("two claims are a person's matter", "unknown -> tech", "- | claims billing: true, senior: true", "claims: person (tied)"),
    ("first gives it to the first member", "!claims_on_tie first", "- | claims senior: true, billing: true", "claims: billing"),
    ("a claim that errs is none, and is kept", "unknown -> tech", "- | claims billing: data.n > 1", "unknown: tech [1 erred]"),
    ("another claim stands then", "unknown -> tech", "- | claims billing: data.n > 1, senior: true", "claims: senior [1 erred]"),
    ("a claim goes before the meaning", "!semantic; card -> tech", "- | text card | claims billing: true", "claims: billing"),
    # confidence, unknown
    ("an intent that is sure enough counts", "!min_confidence 0.5; a -> tech; unknown -> billing", "a | sure 0.5", "tech"),
    ("one that is not counts as not stated", "!min_confidence 0.5; a -> tech; unknown -> billing", "a | sure 0.49", "unknown: billing"),
    ("any takes it then", "!min_confidence 0.5; a -> tech; any -> senior", "a | sure 0.1", "senior"),
    ("an intent without a confidence is believed", "!min_confidence 0.5; a -> tech; unknown -> billing", "a", "tech"),
    ("unknown takes an intent that no rule names", "a -> tech; unknown -> billing", "b", "unknown: billing"),
    ("without unknown a person is asked", "a -> tech", "b", "unknown: person (no_route)"),
    ("without a table a person is asked", "", "a", "unknown: person (no_route)"),
    ("unknown may have conditions", "unknown -> tech | when 'vip' in labels; unknown -> billing", "b | labels vip", "unknown: tech"),
    # router
    ("the router is asked where nobody stated an intent", "a -> tech", "- | router a", "router: tech"),
    ("a router that no rule follows leaves a person", "a -> tech", "- | router b", "router, unknown: person (no_route)"),
    ("a router must be sure enough", "!min_confidence 0.5; a -> tech; unknown -> senior", "- | router a 0.4", "router, unknown: senior"),
    ("the meaning goes before the router", "!semantic; card -> billing; a -> tech", "- | text card | router a", "semantic: billing"),
    ("an unsure meaning leaves it to the router", "!semantic; card -> billing; a -> tech", "- | text card loan | router a", "router: tech"),
    # meaning
    ("the nearest examples vote", "!semantic; card -> billing; loan -> tech", "- | text a loan", "semantic: tech"),
    ("too far from each example is unknown", "!semantic; card -> billing; unknown -> senior", "- | text none of it", "unknown: senior"),
    ("two too close are unknown", "!semantic 3 0.0 0.5; card -> billing; unknown -> senior", "- | text card loan", "unknown: senior"),
    ("without a margin the nearest wins", "!semantic 1 0.5 0.0; card -> billing", "- | text card card loan", "semantic: billing"),
    ("a meaning without a rule is unknown", "!semantic 1 0.9 0.5; card -> billing; unknown -> senior", "- | text rate", "unknown: senior"),
    ("conditions hold for a meaning too", "!semantic; card -> tech | when text != ''; card -> billing", "- | text card", "semantic: tech"),
    ("a meaning has stand-ins", "!semantic; card -> broken | fallback tech | high", "- | text card", "semantic: broken > tech [high]"),
    # conditions
    ("a condition sees the data", "a -> tech | when data.n > 500; a -> billing", 'a | data {"n": 501}', "tech"),
    ("a condition sees inside", "a -> tech | when data.a.b[1] == 'x'; a -> billing", 'a | data {"a": {"b": [1, "x"]}}', "tech"),
    ("a condition sees the user", "a -> tech | when user.tier == 'gold'; a -> billing", 'a | user {"tier": "gold"}', "tech"),
    ("a condition sees the labels", "a -> tech | when 'vip' in labels; a -> billing", "a | labels new, vip", "tech"),
    ("a condition sees the text", "any -> tech | when text.contains('error'); any -> billing", "- | text an error", "tech"),
    ("a condition sees the intent", "any -> tech | when intent == 'a'; any -> billing", "a", "tech"),
    ("a condition sees the confidence", "a -> tech | when confidence < 0.5; a -> billing", "a | sure 0.3", "tech"),
    ("a missing field errs and does not match", "a -> tech | when data.n > 1; a -> billing", 'a | data {"m": 1}', "billing [1 erred]"),
    ("no user errs too", "a -> tech | when user.tier == 'gold'; a -> billing", "a", "billing [1 erred]"),
    ("a text is no number", "a -> tech | when data.n > 1; a -> billing", 'a | data {"n": "2"}', "billing [1 erred]"),
    ("a condition that is no truth errs", "a -> tech | when data.n; a -> billing", 'a | data {"n": 1}', "billing [1 erred]"),
    ("each that errs is kept", "a -> tech | when data.n > 1; a -> senior | when data.m > 1; a -> billing", "a", "billing [2 erred]"),
    ("or may pass over what errs", "a -> tech | when data.n > 1 || true; a -> billing", "a", "tech"),
    ("has() asks before", "a -> tech | when !has(data.n); a -> billing", 'a | data {"m": 1}', "tech"),
    # fallbacks
    ("a stand-in takes over from one who fails", "a -> broken | fallback tech", "a", "broken > tech"),
    ("from one who times out", "a -> slow | fallback tech", "a", "slow > tech"),
    ("from one for whom too many wait", "a -> busy | fallback tech", "a", "busy > tech"),
    ("from one whose breaker is open", "a -> tripped | fallback tech", "a", "tripped > tech"),
    ("from one whose answer fails its checks", "a -> unsure | fallback tech", "a", "unsure > tech"),
    ("from one who used up all attempts", "a -> stubborn | fallback tech", "a", "" + "stubborn > " * 6 + "tech"),
    ("but not from one who answers", "a -> billing | fallback tech", "a", "billing"),
    ("the step's own stand-in comes first", "a -> shaky | fallback tech", "a", "shaky > spare"),
    ("a chain is tried in its order", "a -> broken | fallback slow, tech, billing", "a", "broken > slow > tech"),
    ("a chain may be long", "a -> broken | fallback slow, busy, tripped, tech", "a", "broken > slow > busy > tripped > tech"),
    ("after a chain comes a person", "a -> broken | fallback slow, unsure", "a", "broken > slow > unsure > person (step_failed)"),
    ("a person may be named last", "a -> broken | fallback slow, human_review", "a", "broken > slow > person (fallback)"),
    ("one who claimed has none", "unknown -> tech | fallback senior", "- | claims broken: true", "claims: broken > person (step_failed)"),
    # escalation
    ("after so many attempts a person is called", "a -> stubborn | after 2_attempts", "a", "stubborn > stubborn > person (escalated)"),
    ("one attempt is enough if the rule says so", "a -> stubborn | after 1_attempts", "a", "stubborn > person (escalated)"),
    ("a stand-in's attempts count", "a -> broken | after 2_attempts | fallback slow, tech", "a", "broken > slow > person (escalated)"),
    ("a call that is not made counts", "a -> busy | after 2_attempts | fallback tripped, tech", "a", "busy > tripped > person (escalated)"),
    ("the rule that decides counts", "a -> stubborn | when true | after 1_attempts; a -> stubborn", "a", "stubborn > person (escalated)"),
    ("after a time a person is called", "a -> hung | after 15ms", "a", "hung > person (escalated)"),
    ("the time goes before the stand-in", "a -> hung | after 15ms | fallback tech", "a", "hung > person (escalated)"),
    ("a time that is not reached calls nobody", "a -> slow | after 5_minutes | fallback tech", "a", "slow > tech"),
]


@pytest.mark.parametrize(("sentence", "rules", "ask", "expected"), CASES)
async def test_it_holds_that(sentence: str, rules: str, ask: str, expected: str, folder: Path) -> None:
    assert await outcome_of(rules, ask, folder) == expected, sentence


NESTED: list[Case] = [
    ("a rule may name a relay, whose own member states what it finds", "a -> inner; b -> tech", "a b", "rules: tech"),
    ("what no rule names inside is unknown inside", "a -> inner; unknown -> billing", "a b", "rules, unknown: billing"),
    ("inside, the outer rule's chain is over", "a -> inner | fallback senior; b -> broken", "a b", "rules: broken > person (step_failed)"),
    ("the outer rule's stand-in is for an inner entry that fails", "a -> inner | fallback senior", "a !", "senior"),
    ("a relay may stand in for an agent", "a -> fragile | fallback inner; b -> tech", "a b", "rules: fragile > tech"),
    ("a member of the relay around is a target inside too", "a -> inner; b -> senior", "a b", "rules: senior"),
    ("a member inside is no target outside", "a -> tech", "a b", "rules: person (hand_off_limit)"),
    ("the inner rule's priority is its own", "a -> inner | low; b -> tech | high", "a b", "rules: tech [high]"),
    ("outer attempts count", "a -> inner | after 1_attempts; b -> broken | fallback tech", "a b", "rules: broken > person (escalated)"),
    ("the outer time counts", "a -> inner | after BRIEF; b -> hung | fallback tech", "a b", "rules: hung > person (escalated)"),
]


@pytest.mark.parametrize(("sentence", "rules", "ask", "expected"), NESTED)
async def test_of_relays_in_relays_it_holds_that(sentence: str, rules: str, ask: str, expected: str) -> None:
    first, second = ask.split()
    entry = fails("second") if second == "!" else stating(second, "second")
    inner = il.Handoff("inner", entry=entry, to=[one for one in MEMBERS if one.name != "senior"])
    plan = il.Handoff("outer", entry=stating(first, "triage"), to=[inner, says("senior", "senior"), fails("fragile")])
    for brief in ever_longer(0.005):
        async with il.open(plans=[plan], config=config(rules.replace("BRIEF", f"{brief * 1000:.0f}ms"))) as runtime:
            found = await told(runtime, await soon(runtime.run(plan, "hello")))
        if "BRIEF" not in rules or "hung" in found:  # otherwise it was over before anybody inside had the turn
            break
    assert found == expected, sentence


DOMAINS: list[Case] = [
    ("a domain routes by its own table", "a -> tech", "a -> billing", "bank/billing"),
    ("a table outside is none inside", "unknown -> tech", "b -> billing", "unknown: person (no_route)"),
    ("without one of its own a domain has the table around it", "a -> tech", "", "bank/tech"),
    ("a domain has its own stand-ins", "a -> tech", "a -> broken | fallback billing", "bank/broken > bank/billing"),
    ("a domain believes as it likes", "a -> tech", "!min_confidence 0.9; a -> billing; unknown -> cashier", "unknown: bank/cashier"),
    ("what stayed outside errs", "a -> tech", "a -> billing | when data.secret == 1; a -> cashier", "bank/cashier [1 erred]"),
    ("what came in can be looked at", "a -> tech", "a -> billing | when data.n == 1; a -> cashier", "bank/billing"),
]


@pytest.mark.parametrize(("sentence", "around", "inside", "expected"), DOMAINS)
async def test_of_domains_it_holds_that(sentence: str, around: str, inside: str, expected: str) -> None:
    desk = il.Handoff("desk", entry=stating("a", "triage", "0.5"), to=MEMBERS)
    through = il.contract(["text", "n"])
    plan = il.Federation("f", [il.Domain("bank", desk, imports=through, exports=through, rules=config(inside) if inside else None)])
    async with il.open(plans=[plan], config=config(around)) as runtime:
        outcome = await soon(runtime.run(plan, "hello", data={"n": 1, "secret": 1}))
        assert await told(runtime, outcome) == expected, sentence


REPLACED: list[Case] = [
    ("a run keeps its rules and the next has the new ones", "a -> tech", "a -> billing", "tech / billing"),
    ("a rule that is new serves nobody who was there", "b -> tech", "a -> billing", "unknown: person (no_route) / billing"),
    ("an empty table leaves no rule", "a -> tech", "", "tech / unknown: person (no_route)"),
    ("a new stand-in is for new runs", "a -> broken", "a -> broken | fallback tech", "broken > person (step_failed) / broken > tech"),
    ("new doubts are for new runs", "a -> tech", "!min_confidence 0.9; a -> tech; unknown -> billing", "tech / unknown: billing"),
    ("a table that is refused changes nothing", "a -> tech", "a -> nobody", "tech / tech"),
]


@pytest.mark.parametrize(("sentence", "before", "after", "expected"), REPLACED)
async def test_of_a_table_that_is_replaced_while_runs_wait_it_holds_that(sentence: str, before: str, after: str, expected: str) -> None:
    gate = asyncio.Event()
    desk = il.Handoff("desk", entry=stating("a", "triage", "0.5"), to=MEMBERS)
    plan = il.Sequential("late", [waits_for(gate, "second"), desk])
    async with il.open(plans=[plan], config=config(before)) as runtime:
        early = await runtime.start(plan, "hello")
        await turns_of_the_loop()
        with pytest.raises(il.ConfigError) if "nobody" in after else nullcontext():
            runtime.apply_config(config(after))
        late = await runtime.start(plan, "hello")
        gate.set()
        assert " / ".join([await told(runtime, await soon(run)) for run in (early, late)]) == expected, sentence


ADMITTED: list[Case] = [
    ("of one priority the oldest is served first", "a -> desk", "1a 2a 3a 4a", "1 2 3 4"),
    ("the urgent goes before the ordinary", "a -> desk; b -> desk | critical", "1a 2a 3b", "1 3 2"),
    ("nobody is sent away who is being served", "a -> desk | low; b -> desk | critical", "1a 2b", "1 2"),
    ("critical, high, medium, low", "a -> desk | low; b -> desk; c -> desk | high; d -> desk | critical", "1a 2a 3b 4c 5d", "1 5 4 3 2"),
    ("unknown has its rule's priority", "a -> desk; unknown -> desk | high", "1a 2a 3x", "1 3 2"),
    ("the priority is the rule's, whatever its place", "b -> desk | when true | low; b -> desk | high; a -> desk", "1a 2b 3a", "1 3 2"),
]


@pytest.mark.parametrize(("sentence", "rules", "asks", "expected"), ADMITTED)
async def test_of_a_busy_agent_it_holds_that(sentence: str, rules: str, asks: str, expected: str) -> None:
    served, gate = list[str](), asyncio.Event()

    async def serve(message: il.Message, ctx: il.Context) -> str:
        served.append(message.text[0])
        await gate.wait()
        return "done"

    async def triage(message: il.Message, ctx: il.Context) -> il.Reply:
        return il.Reply("", intent=message.text[1])

    plan = il.Handoff("front", entry=triage, to=[il.agent(serve, name="desk")])
    async with il.open(plans=[plan], config=config(rules, None, "agents: {desk: {max_concurrency: 1}}")) as runtime:
        runs: list[il.Run] = []
        for ask in asks.split():
            runs.append(await runtime.start(plan, ask))
            await soon(until(lambda: len(served) + runtime.stats()["queued_turns"] == len(runs)))
        gate.set()
        await soon(asyncio.gather(*runs))
        assert " ".join(served) == expected, sentence


HEDGED: list[Case] = [
    ("one who is quick has nobody beside them", "answers", "answers", "slow = slow"),
    ("the stand-in may answer first", "hangs", "answers", "slow > quick = quick, slow dropped"),
    ("the agent may answer first", "waits", "hangs", "slow > quick = slow, quick dropped"),
    ("a stand-in whose answer fails the check does not win", "waits", "errs", "slow > quick = slow"),
    ("an agent that fails late leaves it to the stand-in", "fails later", "answers later", "slow > quick = quick"),
    ("both may fail, and then the rule's stand-in tries", "fails later", "fails", "slow > quick > tech = tech"),
    ("one who hangs beside one who fails is timed out", "hangs", "fails", "slow > quick > tech = tech"),
]


@pytest.mark.parametrize(("sentence", "primary", "stand_in", "expected"), HEDGED)
async def test_of_an_agent_with_another_beside_it_it_holds_that(sentence: str, primary: str, stand_in: str, expected: str) -> None:
    begun, over = asyncio.Event(), asyncio.Event()

    def plays(name: str, part: str) -> il.Agent:
        async def turn(message: il.Message, ctx: il.Context) -> str:
            if name == "quick":
                begun.set()
            try:
                match part:
                    case "hangs":
                        await asyncio.Event().wait()
                    case "waits" | "fails later":
                        await begun.wait()
                    case "answers later":
                        await over.wait()
                if part.startswith("fails"):
                    raise ValueError(part)
                return "wrong" if part == "errs" else name
            finally:
                asyncio.get_running_loop().call_soon(over.set)

        return il.agent(turn, name=name, pure=True)

    timeout = 0.03 if stand_in == "fails" else 5
    step = il.step(plays("slow", primary), fallback=plays("quick", stand_in), hedge=0.01, timeout=timeout, expression="text != 'wrong'")
    plan = il.Handoff("desk", entry=stating("a", "triage"), to=[step, says("tech", "tech")])
    async with il.open(plans=[plan], config=config("a -> slow | fallback tech")) as runtime:
        outcome = await soon(runtime.run(plan, "hello"))
        started = {event.turn: event.agent for event in await happened(runtime, outcome, "turn_started") if event.agent != "triage"}
        dropped = [f", {started[event.turn]} dropped" for event in await happened(runtime, outcome, "turn_dropped")]
        assert f"{' > '.join(started.values())} = {outcome.text}{''.join(dropped)}" == expected, sentence
