"""Contract review, put together: extract, check, summarise. A contract that the checks do not let pass goes to a person."""

from __future__ import annotations

import interlock as il
from interlock.examples.contract_review.agents import ENOUGH, SCHEMA, SEARCHED, checker, extractor, loose_extractor, summariser


def build() -> il.Sequential:
    """The plan. The run's text is the contract."""
    extraction = il.step(
        extractor, schema=SCHEMA, expression=SEARCHED, min_confidence=ENOUGH, retries=1, fallback=loose_extractor, on_failure=il.review()
    )
    check = il.step(checker, expression="size(data.problems) == 0", on_failure=il.review())
    return il.Sequential("contract_review", [extraction, check, summariser])
