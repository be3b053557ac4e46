"""What is looked at outside of the core: a service's own screens, and the model that finds names.

They are asked beside it, and what they saw goes to the core with the text, as facts: there it counts like what the core saw itself, is
recorded, and decides. Nothing here is built, and nothing waits, where a service has neither.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast
from weakref import WeakValueDictionary

import orjson

from interlock._core import Privacy
from interlock.errors import Denied
from interlock.message import Delegation, HandOff, Reply
from interlock.privacy import NAMED, Ner, Span, joined
from interlock.safety import PLACES, Passing, Place, Screen
from interlock.tools.function import MEMORY, MODEL

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from interlock.context import Context
    from interlock.message import Message
    from interlock.runtime.transport import TurnTransport
    from interlock.runtime.turns import Turns

NAMES = frozenset({"PERSON", "STREET_ADDRESS", "GPE"})
"""Kinds that are masked where ``guardrails.privacy.kinds`` says nothing: names and places."""
PATIENCE = 10.0
"""Seconds that the model for names may take for one text."""
NER_FAILED = "ner:error"
WITHHELD = "interlock.withheld"
"""The one field of what stands in the place of a result that was kept out."""


class Looked(NamedTuple):
    """An answer, and what was seen of it."""

    answer: Any
    facts: bytes | None


class Outside:
    """The screens and the model of one configuration."""

    def __init__(
        self,
        screens: Sequence[Screen],
        ner: Ner | None,
        privacy: Mapping[str, Any],
        on_error: Literal["block", "pass"],
        drives: WeakValueDictionary[str, Turns],
    ) -> None:
        kinds = privacy.get("kinds")
        self._kinds = NAMES if kinds is None else frozenset(kinds) & frozenset(NAMED)
        self._ner = ner if self._kinds else None
        self._privacy = Privacy(orjson.dumps(dict(privacy)))
        self._at = {place: tuple(screen for screen in screens if place in screen.places) for place in PLACES}
        self._on_error = on_error
        self.drives = drives
        """Runs in which tools returned something, by id."""

    @property
    def looks_at_replies(self) -> bool:
        """Whether answers are looked at."""
        return self._ner is not None or bool(self._at["egress"])

    async def comes_in(self, text: Any, data: Any) -> bytes | None:
        """What is seen of a request; nothing of one that can't mean anything, which is refused later."""
        if not isinstance(text, str):
            return None
        try:
            beside = None if data is None else orjson.dumps(data)
        except TypeError:
            return None
        return await self._look("ingress", text, beside)

    async def returned(self, tool: str, result: bytes) -> bytes | None:
        """What is seen of a tool's result. A screen that errs keeps it out."""
        if tool.startswith(MEMORY):
            return None
        return await self._look("tool_result", "", result, effect=True)

    def heard(self, drive: Turns, tool: str, result: bytes) -> None:
        """A turn was given this result of a tool: answers of its run may rest on it."""
        if self._at["egress"] and not tool.startswith((MEMORY, MODEL)):
            drive.sources = (*drive.sources, _read(result))
            self.drives[drive.run_id] = drive

    def recall(self, drive: Turns, history: str) -> None:
        """The run goes on in this process."""
        if self._at["egress"]:
            told = orjson.loads(history)
            results = {payload["number"]: payload.get("data") for payload in told["payloads"] if payload["kind"] == "result"}
            for event in told["events"]:
                returned = event["outcome"].get("returned") if event["kind"] == "effect_completed" else None
                if returned is not None and returned["number"] in results:
                    result = results[returned["number"]]
                    if not _is_withheld(result):
                        self.heard(drive, event["tool"], orjson.dumps(result))

    async def answered(self, answer: Any, run_id: str) -> Any:
        """An answer with what is seen of it.

        Raises:
            Denied: its names can't be masked.
        """
        place: Place | None = "egress"
        match answer:
            case str():
                text, data = answer, None
            case Reply(text=str() as text, data=data):
                pass
            case HandOff():
                place, text, data = None, answer.text or "", answer.reason if answer.data is None else answer.data
            case Delegation():
                place, text, data = None, "\n".join(task for task in answer.tasks.values() if isinstance(task, str)), None
            case _:
                return answer
        try:
            beside = None if data is None else orjson.dumps(data)
        except TypeError:
            return answer  # it can't be recorded, and that is what its agent is told
        drive = self.drives.get(run_id)
        facts = await self._look(place, text, beside, sources=() if drive is None else drive.sources)
        if facts is not None and any(one["screen"] == NER_FAILED and one["verdict"] == "block" for one in orjson.loads(facts)["findings"]):
            raise Denied("the answer's names can't be masked: the model for names failed", hint="look at it, or set safety.on_error: pass")
        return answer if facts is None else Looked(answer, facts)

    async def _look(
        self, place: Place | None, text: str, data: bytes | None, *, sources: tuple[str, ...] = (), effect: bool = False
    ) -> bytes | None:
        """What is seen of a text and the JSON beside it, as the core reads it; nothing if nothing is."""
        screens = () if place is None else self._at[place]
        if (not screens and self._ner is None) or not _is_unicode(text):
            return None
        shown = text if data is None else "\n".join(part for part in (text, _read(data)) if part)
        names, findings = await self._names(text, data, effect)
        if screens and place is not None:
            shown, passing = self._masked(shown, names), Passing(place, sources)
            for screen in screens:
                found = await screen.run(shown, passing, effect=effect, on_error=self._on_error)
                if found.failed:
                    findings.append({"screen": f"{screen.name}:error", "verdict": "block" if found.verdict == "block" else "flag"})
                else:
                    seen = (one for one in found.findings if one.verdict != "pass")
                    findings.extend({"screen": one.screen, "verdict": one.verdict} for one in seen)
                if found.verdict == "block":
                    break
        if not names and not findings:
            return None
        return orjson.dumps({"findings": findings, "names": [{"type": kind, "text": name} for kind, name in names]})

    async def _names(self, text: str, data: bytes | None, effect: bool) -> tuple[list[tuple[str, str]], list[dict[str, str]]]:
        """Names in a text and in the strings of the JSON, or that they could not be looked for."""
        ner = self._ner
        if ner is None:
            return [], []
        whole = "\n".join((text, *(() if data is None else _strings(orjson.loads(data)))))
        try:
            async with asyncio.timeout(PATIENCE):
                if inspect.iscoroutinefunction(ner) or inspect.iscoroutinefunction(type(ner).__call__):
                    spans: Sequence[Span] = await cast("Any", ner)(whole)
                else:
                    spans = await asyncio.to_thread(ner, whole)
            taken = self._privacy.scan(whole)
            found = {
                (span.type, part.strip())
                for span in spans
                if span.type in self._kinds and 0 <= span.start < span.end <= len(whole)
                for part in _left(whole, span, taken).split("\n")
                if part.strip()
            }
        except Exception:  # noqa: BLE001 - a model may raise anything, and all of it means that names were not looked for
            return [], [{"screen": NER_FAILED, "verdict": "block" if effect or self._on_error == "block" else "flag"}]
        return sorted(found), []

    def _masked(self, text: str, names: Iterable[tuple[str, str]]) -> str:
        """What screens are shown: they may ask a service, which is to know no more than agents."""
        spans = [Span(*one) for one in self._privacy.scan(text)]
        named = [Span(kind, at, at + len(name)) for kind, name in names for at in _places(text, name)]
        places = [(span.type, span.start, span.end) for span in joined(text, spans, named)]
        return Privacy.mask_places(text, places) if places else text


class Screening:
    """Carries turns as another transport does, and looks at their answers."""

    __slots__ = ("_outside", "_transport")

    def __init__(self, transport: TurnTransport, outside: Outside) -> None:
        self._transport = transport
        self._outside = outside

    def begin(self, agent: str, message: Message, ctx: Context) -> Coroutine[Any, Any, Any]:
        """The turn, and what is seen of its answer: a part of the turn, for its limits and for whoever stops it."""
        return self._begin(agent, message, ctx)

    async def _begin(self, agent: str, message: Message, ctx: Context) -> Any:
        return await self._outside.answered(await self._transport.begin(agent, message, ctx), ctx.run_id)


def joined_facts(facts: Iterable[bytes | None]) -> bytes | None:
    """Those of several texts that become one."""
    known = [orjson.loads(one) for one in facts if one is not None]
    if not known:
        return None
    return orjson.dumps({part: [one for each in known for one in each[part]] for part in ("findings", "names")})


def _is_withheld(result: Any) -> bool:
    """Whether this stands in the place of a result that was kept out."""
    return isinstance(result, dict) and result.keys() == {WITHHELD} and isinstance(result[WITHHELD], str)


def _read(result: bytes) -> str:
    """JSON as a screen reads it: a text as it is."""
    value = orjson.loads(result)
    return value if isinstance(value, str) else result.decode()


def _strings(value: Any) -> Iterator[str]:
    """The keys and texts of JSON, however deep."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str() as text:
                yield text
            case dict() as fields:
                waiting.extend((*fields, *fields.values()))
            case list() as items:
                waiting.extend(items)


def _left(text: str, span: Span, taken: Iterable[tuple[str, int, int]]) -> str:
    """What is a name alone, line by line: what has structure is masked as that, and in the text it stands no more."""
    left, at = "", span.start
    for _, start, end in taken:
        if at < end and start < span.end:
            left += text[at : max(at, start)] + "\n"
            at = max(at, end)
    return left + text[at : span.end]


def _places(text: str, name: str) -> Iterator[int]:
    at = text.find(name)
    while at >= 0:
        yield at
        at = text.find(name, at + len(name))


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False  # it is refused
    return True
