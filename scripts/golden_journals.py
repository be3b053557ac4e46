"""Make the golden journals: one file with every kind of event and every pattern, and what each of its runs folds to.

    python scripts/golden_journals.py [FOLDER]        (tests/journals/v1 by default; what is there is replaced)

The folder then holds `runs.db` and `expected.json`. Ids, salts and times differ from one making to the next, so the file itself is what
is kept: `tests/test_golden_journals.py` opens it read-only, for ever. A kind of event that no run here brings about is an error.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import interlock as il
import numpy as np
from interlock import _core
from interlock.events import BY_KIND
from interlock.patterns import Pattern
from numpy.typing import NDArray

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "journals" / "v1"
RULES = """\
routing_rules:
  - {intent: card, agent: cards, priority: high, fallback: human_review, escalation_after: 3_attempts}
  - {intent: loan, agent: human_review}
  - {intent: any, when: "text == 'vip'", agent: loans, priority: critical}
  - {intent: unknown, agent: loans, priority: low}
semantic: {examples: examples.csv, k: 3, threshold: 0.7, margin: 0.3}
"""
EXAMPLES = "text,intent\ncard,card\ncard card,card\nloan,loan\nloan loan,loan\n"
MOST_BYTES = 300 * 1024


class Words:
    """An embedder that counts three words."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row a text."""
        return np.array([[text.count(word) + 0.01 for word in ("card", "loan", "rate")] for text in texts], dtype=np.float32)


def says(text: str, name: str, **reply: Any) -> il.Agent:
    """An agent that always says the same."""

    async def speak(message: il.Message, ctx: il.Context) -> il.Reply:
        return il.Reply(text, **reply)

    return il.agent(speak, name=name, pure=True)


def passes(to: str, name: str, *, then: str | None = None) -> il.Agent:
    """An agent that hands off; when that was refused, it answers."""

    async def pass_on(message: il.Message, ctx: il.Context) -> Any:
        return then if then is not None and ctx.feedback else ctx.hand_off(to, "it is theirs")

    return il.agent(pass_on, name=name)


def fails(name: str) -> il.Agent:
    """An agent that raises."""

    async def stumble(message: il.Message, ctx: il.Context) -> str:
        raise ValueError("out of order")

    return il.agent(stumble, name=name)


def hangs(name: str) -> il.Agent:
    """An agent that never answers."""

    async def hang(message: il.Message, ctx: il.Context) -> str:
        await asyncio.Event().wait()
        return ""

    return il.agent(hang, name=name, pure=True)


@il.tool
async def look_up(account: str) -> dict[str, Any]:
    """Reads."""
    return {"account": account, "balance": 42}


@il.tool(kind="effect")
async def refund(account: str, amount: int) -> str:
    """Acts."""
    if amount > 1_000:
        raise ValueError("too much")
    return f"refunded {amount} to {account}"


@il.tool(kind="effect_once", approve=il.Approve(role="finance", approvals=2))
async def wire(amount: int) -> str:
    """Acts once, and only when two people say so."""
    return f"wired {amount}"


async def _treasurer(message: il.Message, ctx: il.Context) -> str:
    return str(await ctx.tool("wire", amount=9))


async def _cashier(message: il.Message, ctx: il.Context) -> il.Reply:
    account = await ctx.tool("look_up", account="a-1")
    paid = await ctx.tool("refund", account=account["account"], amount=5)
    try:
        await ctx.tool("refund", account="a-1", amount=5_000)
    except ValueError as error:
        return il.Reply(f"{paid}, and then {error}", data={"paid": 5}, confidence=0.9, labels=["receipt"], tokens=77)
    return il.Reply(paid)


async def _unsure(message: il.Message, ctx: il.Context) -> il.Reply:
    return il.Reply("I think so", confidence=0.2 if ctx.attempt == 1 else 0.9)


async def _leader(message: il.Message, ctx: il.Context) -> Any:
    reports = [one for one in ctx.view if one.sender in ("north", "south")]
    return il.Reply(f"{len(reports)} reports") if reports else ctx.delegate({"north": "count the north", "south": None})


async def _manager(message: il.Message, ctx: il.Context) -> Any:
    return ctx.hand_off("writer") if len(ctx.view) < 3 else il.Reply("that will do")


async def _undecided(message: il.Message, ctx: il.Context) -> il.Reply:
    return il.Reply("", intent="loan", confidence=0.8)


async def _no_judge(first: il.Message, second: il.Message) -> bool:
    raise ValueError("the judge is away")


def plans(slow: il.Agent | None = None) -> dict[str, Pattern]:
    """Every pattern, by name; with somebody who answers in place of the agent that hangs."""
    wall = il.contract(["text", "case"], ["receipt"])
    inside = il.Handoff("inside", entry=passes("desk", "door"), to=[says("from inside", "desk", data={"case": 7, "secret": 1})])
    weak, slow, spare, quick = fails("weak"), slow or hangs("slow"), says("I stand in", "spare"), says("here", "quick")
    panel = [says("yes", "ann", confidence=0.6), says("no", "bob", confidence=0.7), says("Yes", "cyd", confidence=0.8)]
    treasurer = il.agent(_treasurer, name="treasurer")
    cards, loans = says("your card", "cards"), says("your loan", "loans")
    patterns: list[Pattern] = [
        il.Sequential(
            "row", [il.agent(_cashier, name="cashier"), il.step(il.agent(_unsure, name="unsure"), min_confidence=0.5, retries=1)]
        ),
        il.Sequential("cured", [il.step(weak, retries=1, fallback=spare)]),
        il.Sequential("lost", [il.step(weak, on_failure=il.fail())]),
        il.Sequential("asked", [weak]),
        il.Sequential("hedged", [il.step(slow, fallback=spare, hedge=0.01)]),
        il.Sequential("hung", [slow]),
        il.Sequential("timed", [il.step(slow, timeout=0.02, fallback=spare)]),
        il.Sequential("signed", [treasurer]),
        il.Sequential("letter", [quick]).approved_by(il.Approve(role="editor")),
        il.Concurrent("withdrawn", [treasurer, quick, spare], reconcile=il.vote(), mode="first_k", k=2, on_failure=il.fail()),
        il.Handoff("desk", to=[cards, loans]),
        il.Handoff("routed", entry=il.agent(_undecided, name="undecided"), to=[cards, loans]),
        il.Handoff("refused", entry=passes("nobody", "lost", then="I do it myself"), to=[cards, loans]),
        il.Concurrent("panel", panel, reconcile=il.overrides([("ballots.ann.text == 'never'", "ann")]).then(il.vote(quorum=2))),
        il.Concurrent("first", [quick, slow], reconcile=il.vote(), mode="first_k", k=1),
        il.Concurrent("strict", [weak, slow], reconcile=il.vote(), mode="fail_fast", on_failure=il.fail()),
        il.Concurrent("split", panel[:2], reconcile=il.vote()),
        il.Concurrent("alike", panel, reconcile=il.vote(il.similar(0.9)).then(il.highest_confidence())),
        il.Concurrent("unjudged", panel, reconcile=il.vote(il.judged(_no_judge))),
        il.Concurrent("summed", panel, synthesis=says("on balance, yes", "editor")),
        il.GroupChat("chat", panel[:2], max_turns=3, on_limit=il.highest_confidence()),
        il.GroupChat("led", [says("a draft", "writer")], speaker=il.agent(_manager, name="manager"), max_turns=4),
        il.MakerChecker("checked", maker=says("made", "maker"), checker=says("accept", "checker")),
        il.Hierarchy("tree", supervisor=il.agent(_leader, name="leader"), teams=[says("3", "north"), says("4", "south")], fan_out=2),
        il.Federation("union", [il.Domain("west", inside, imports=wall, exports=wall, max_turns=5)]),
    ]
    return {pattern.name: pattern for pattern in patterns}


REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("row", "pay me back", {"user": il.User("u-1", tenant="t", roles=["customer"]), "key": "ticket-1", "thread": "th-1"}),
    ("row", "pay me back", {"data": {"case": 7}, "labels": ["receipt"]}),
    *(
        (name, "a question", {})
        for name in ("cured", "lost", "hedged", "timed", "routed", "refused", "panel", "first", "strict", "split", "withdrawn")
    ),
    *((name, "a question", {}) for name in ("alike", "unjudged", "summed", "chat", "led", "checked", "tree")),
    *(("desk", text, {}) for text in ("card", "loan", "vip", "card loan")),
    ("union", "over the wall", {"data": {"case": 7, "secret": 1}}),
    ("union", "not over the wall", {"labels": ["private"]}),
    ("hung", "too long", {"deadline": 0.05}),
    ("cured", "write to ada@example.com", {}),  # the address is masked, and the gate says so
]
"""Plan, text and options of the runs that go by themselves."""


async def record(file: Path, folder: Path) -> None:
    """Make the runs. The second opening finds one that a stopped process left."""
    (folder / "examples.csv").write_text(EXAMPLES, encoding="utf-8")
    config, known = il.Config.parse(RULES, folder=folder), plans()

    def opened(patterns: dict[str, Pattern]) -> Any:
        return il.open(file, plans=list(patterns.values()), config=config, embedder=Words(), tools=[look_up, refund, wire])

    async with opened(known) as runtime:
        for plan, text, options in REQUESTS:
            await runtime.run(known[plan], text, **options)
        answered, rejected, _ = [await runtime.run(known["asked"], text) for text in ("please", "no", "still open")]
        await runtime.resume(answered.run_id, answer="a person says yes", by="ann")
        await runtime.resume(rejected.run_id, reject="not today", by="bob")
        await people(runtime, known)
        called_off = await runtime.start(known["hung"], "never mind")
        called_off.cancel("the customer left")
        await called_off
        left = await runtime.start(known["hung"], "left behind")
        await runtime.run(known["cured"], "after it")  # so that the one before is in the file
    async with opened(plans(says("back again", "slow"))) as runtime:
        await runtime.resume(left.run_id)


async def people(runtime: Any, known: dict[str, Pattern]) -> None:
    """Several people about one effect, one about an answer, and a run that goes on from another one's middle."""
    signed = await runtime.run(known["signed"], "pay the supplier")
    desk, finance = runtime.reviews, {"roles": ["finance"]}
    await desk.claim(signed.run_id, by="ann", for_=60.0, **finance)
    await desk.reassign(signed.run_id, by="ann", role="finance", reason="not my supplier", **finance)
    for name in ("kim", "lee"):
        await desk.approve(signed.run_id, by=name, reason="seen", **finance)
    letter = await runtime.run(known["letter"], "write to them")
    await desk.approve(letter.run_id, by="eve", roles=["editor"])
    row = await runtime.run(known["cured"], "once more")
    await (await runtime.fork(row.run_id, at=1, text="once more, with feeling"))


def expected(file: Path) -> dict[str, Any]:
    """What each run folds to."""
    reader = _core.Reader(file)
    runs = []
    for row in reversed(json.loads(reader.runs(None, 10_000))):
        history = json.loads(reader.history(row["run"]))
        texts = {payload["number"]: payload.get("text") for payload in history["payloads"]}
        answers = [texts[event["message"]["number"]] for event in history["events"] if event["kind"] == "run_delivered"]
        steps = json.loads(_core.replay(reader, row["run"]))
        kept = {key: row[key] for key in ("run", "id", "plan", "status", "key")}
        runs.append({**kept, "text": answers[0] if answers else None, "steps": [_step(step) for step in steps]})
    shapes = {step["state_shape"] for run in runs for step in run["steps"]}
    for run in runs:
        for step in run["steps"]:
            del step["state_shape"]
    return {"written_by": f"interlock {il.__version__}", "state_shape": shapes.pop(), "runs": runs}


def _step(step: dict[str, Any]) -> dict[str, Any]:
    """A step without what may be said in other words one day."""
    owed = [{key: value for key, value in one.items() if key != "words" and value is not None} for one in step["owed"]]
    strands = [
        {key: line[key] for key in ("strand", "agent", "turn", "attempt", "beside") if line[key] is not None} for line in step["strands"]
    ]
    return {**{key: value for key, value in step.items() if key not in ("at_us", "state")}, "owed": owed, "strands": strands}


def make(folder: Path) -> None:
    """Replace what the folder holds.

    Raises:
        SystemExit: a kind of event is missing, or the files have become too large to be kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "runs.db"
    for old in (*folder.glob("runs.db*"), folder / "expected.json"):
        old.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="golden-") as scratch:
        asyncio.run(record(file, Path(scratch)))
    found = expected(file)
    if (folder / "runs.db-wal").stat().st_size:
        raise SystemExit("the journal was closed and has still something in its log")
    missing = set(BY_KIND) - {step["event"] for run in found["runs"] for step in run["steps"]}
    if missing:
        raise SystemExit(f"no run here brings about {', '.join(sorted(missing))}: add one to {Path(__file__).name}")
    lines = ",\n".join(json.dumps(run, separators=(",", ":")) for run in found.pop("runs"))
    (folder / "expected.json").write_text(f'{json.dumps(found)[:-1]}, "runs": [\n{lines}\n]}}\n', encoding="utf-8")
    for beside in ("runs.db-wal", "runs.db-shm", "runs.db.lock"):  # left by reading; the log is empty after a close
        (folder / beside).unlink(missing_ok=True)
    files = sorted(path for path in folder.iterdir() if path.is_file())
    size = sum(path.stat().st_size for path in files)
    if size > MOST_BYTES:
        raise SystemExit(f"{size:,} bytes are more than are kept ({MOST_BYTES:,})")
    print(f"{', '.join(path.name for path in files)}: {size:,} bytes")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make the golden journals.")
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help=f"where to ({FOLDER.name} of the tests by default)")
    make(parser.parse_args().folder)
