"""Ready-made screens that ask something outside of the core: a moderation service, an embedder, the sources of an answer.

Each is an ``il.Screen``.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol
from urllib.parse import urlsplit

import orjson

from interlock.errors import ProviderError, UsageError
from interlock.safety import Finding, Passing, Place, Screen

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LARGEST = 1 << 20
"""Bytes of an answer of a moderation service that are read."""
SENTENCES = 64
"""Sentences of a text that are compared one by one with a topic's examples."""


class Embedder(Protocol):
    """One row of floats for each text, always of the same length."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """A float32 array of shape (len(texts), dimensions)."""
        ...


def topics(
    name: str,
    *,
    like: Sequence[str],
    embedder: Embedder,
    threshold: float = 0.8,
    places: tuple[Place, ...] = ("ingress", "egress"),
    on: Literal["flag", "block"] = "block",
) -> Screen:
    """A topic that is not talked of, by meaning: blocked is what is like one of the examples.

    Args:
        name: the topic.
        like: examples; twenty are better than three.
        embedder: makes vectors of texts; the examples are embedded when the screen is first asked.
        threshold: cosine from which on a sentence is of the topic, 0 to 1.
        places: where it looks.
        on: ``flag`` or ``block``.
    """
    if not like or not 0 <= threshold <= 1:
        raise UsageError(f"topic {name!r} has {len(like)} examples and the threshold {threshold!r}", hint="give examples, and 0 to 1")
    rows: list[NDArray[np.float32]] = []

    def look(text: str, _: Passing) -> Finding | None:
        import numpy as np

        def units(texts: Sequence[str]) -> NDArray[np.float32]:
            found = np.asarray(embedder.embed(texts), dtype=np.float32)
            length = np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)
            unit: NDArray[np.float32] = np.divide(found, length, dtype=np.float32)
            return unit

        if not rows:
            rows.append(units(list(like)))
        pieces = [(match.start(), match.end()) for match in re.finditer(r"[^.!?\n]+[.!?]*", text)][:SENTENCES]
        spans = [(0, len(text)), *pieces] if len(pieces) > 1 else [(0, len(text))]
        scores = (units([text[start:end] for start, end in spans]) @ rows[0].T).max(axis=1)
        best = int(scores.argmax())
        if scores[best] < threshold:
            return None
        return Finding(f"topics.{name}", on, *spans[best], f"like the topic {name!r} ({scores[best]:.2f})")

    return Screen(f"topics.{name}", look, places=places, on=on)


@dataclass(frozen=True, slots=True)
class Support:
    """How much of an answer its sources support."""

    share: float
    """Of its content words and numbers, 0 to 1."""
    missing: tuple[str, ...]
    """Words and numbers that no source has, in their order."""


_WORD = re.compile(r"\d[\d.,:/-]*\d|\d|[^\W\d_]{2,}", re.UNICODE)
_LITTLE_WORDS = """
    the and for are was were has have had with you your our their his her its this that these those from not but can will would
    could should all any may might been being about into than then there here what when which who how please thank thanks yes
    hello dear also just we is it in on of to as at by be or if so do does did an my me us he she they them let know help glad
    sorry
"""
_LITTLE = frozenset(_LITTLE_WORDS.split())


def supported(answer: str, sources: Sequence[str]) -> Support:
    """What share of an answer's content words and numbers stands in its sources: words by their first four letters, numbers exactly.

    A lexical measure: it finds what was made up, not what was turned round.

    >>> supported("The refund of 40 EUR takes 9 days.", ["Refunds take 5 days; 40 EUR were asked for."])
    Support(share=0.83, missing=('9',))
    """
    known = {_stem(word) for source in sources for word in _WORD.findall(source)}
    words = [word for word in _WORD.findall(answer) if word.lower() not in _LITTLE]
    missing = [word for word in words if _stem(word) not in known]
    return Support(round(1 - len(missing) / len(words), 2) if words else 1.0, tuple(dict.fromkeys(missing)))


def _stem(word: str) -> str:
    return word.replace(",", "") if word[0].isdigit() else word.lower()[:4]


def groundedness(
    check: Callable[[str, tuple[str, ...]], Awaitable[float] | float] | None = None,
    *,
    threshold: float = 0.6,
    on: Literal["flag", "block"] = "flag",
    timeout: float = 10.0,
) -> Screen:
    """Whether an answer rests on its sources. Without sources nothing is said.

    Args:
        check: gives the supported share, 0 to 1, of an answer and its sources; may be a coroutine function that asks a model.
            Without it ``supported`` counts words and numbers.
        threshold: below this share is a finding.
        on: ``flag`` or ``block``.
        timeout: seconds.
    """

    async def look(text: str, passing: Passing) -> str | None:
        if not passing.sources:
            return None
        if check is None:
            found = supported(text, passing.sources)
            missing = f"; unsupported: {', '.join(found.missing[:8])}" if found.missing else ""
            return f"its sources support {found.share:.0%} of it{missing}" if found.share < threshold else None
        share = check(text, passing.sources)
        share = share if isinstance(share, int | float) else await share
        return f"its sources support {share:.0%} of it" if share < threshold else None

    return Screen("groundedness", look, places=("egress",), on=on, timeout=timeout)


class OpenAIModeration:
    """Asks a service with OpenAI's moderation endpoint: ``POST {base_url}/moderations``. Use ``.screen()``.

    Args:
        base_url: with the version, as in ``https://api.openai.com/v1``.
        model: what the service calls it.
        api_key_env: the environment variable that holds the key; empty where none is needed.
        categories: only these count; without them, those that the service flags.
        thresholds: scores, 0 to 1, from which on a category counts, whatever the service flags.
        timeout: seconds for one request.

    Raises:
        UsageError: one of them can't mean anything.
    """

    def __init__(
        self,
        base_url: str = "https://api.openai.com/v1",
        *,
        model: str = "omni-moderation-latest",
        api_key_env: str = "OPENAI_API_KEY",
        categories: Sequence[str] = (),
        thresholds: Mapping[str, float] | None = None,
        timeout: float = 10.0,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{base_url!r} is no address of a service", hint="give https://HOST/v1")
        self._thresholds = dict(thresholds or {})
        if any(not 0 <= score <= 1 for score in self._thresholds.values()):
            raise UsageError(f"thresholds are {self._thresholds}", hint="scores lie between 0 and 1")
        self._parts, self._model, self._key, self._timeout = parts, model, api_key_env, timeout
        self._categories = frozenset(categories)

    def screen(
        self,
        *,
        places: tuple[Place, ...] = ("ingress", "egress"),
        on: Literal["flag", "block"] = "block",
        on_error: Literal["block", "pass"] | None = None,
    ) -> Screen:
        """The screen that asks it."""
        return Screen("moderation", self, places=places, on=on, on_error=on_error, timeout=self._timeout + 1)

    async def __call__(self, text: str, passing: Passing) -> str | None:
        """The categories that count, as a reason, or None.

        Raises:
            ProviderError: the service can't be reached, refuses, or answers something else.
        """
        found = await asyncio.to_thread(self._ask, text)
        return f"moderation: {', '.join(found)}" if found else None

    def _ask(self, text: str) -> list[str]:
        status, body = self._post(orjson.dumps({"model": self._model, "input": text}))
        if status != 200:
            raise ProviderError(
                f"the moderation service answered {status}", hint=_said(body), retryable=status in (408, 429) or status >= 500
            )
        try:
            results = orjson.loads(body)["results"]
            return sorted({name for result in results for name in self._counting(result)})
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise ProviderError("the moderation service's answer has no results", hint="is base_url that of /v1?") from error

    def _counting(self, result: Mapping[str, Any]) -> list[str]:
        flagged = {name for name, yes in result["categories"].items() if yes}
        if result["flagged"] and not flagged:
            flagged = {"flagged"}
        scores = result.get("category_scores") or {}
        over = {name for name, threshold in self._thresholds.items() if scores[name] >= threshold}
        kept = {name for name in flagged if name not in self._thresholds and (not self._categories or name in self._categories)}
        return [*over, *kept]

    def _post(self, body: bytes) -> tuple[int, bytes]:
        from http.client import HTTPConnection, HTTPException, HTTPSConnection

        key = os.environ.get(self._key, "") if self._key else ""
        if self._key and not key:
            raise ProviderError(f"the environment has no {self._key}", hint="set it, or give api_key_env='' where no key is needed")
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        kind = HTTPSConnection if self._parts.scheme == "https" else HTTPConnection
        line = kind(self._parts.hostname or "", self._parts.port, timeout=self._timeout)
        try:
            line.request("POST", f"{self._parts.path.rstrip('/')}/moderations", body, headers)
            answer = line.getresponse()
            return answer.status, answer.read(LARGEST)
        except (OSError, HTTPException) as error:
            raise ProviderError(f"the moderation service can't be reached: {error}", hint="see base_url", retryable=True) from error
        finally:
            line.close()


def _said(body: bytes) -> str:
    """The message of an error's body, as the service says it."""
    try:
        return str(orjson.loads(body)["error"]["message"])[:200]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""
