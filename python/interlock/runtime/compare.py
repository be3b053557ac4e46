"""Which free texts agree: asked of a judge, or of the embedder, pair by pair. The core records what comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from interlock.errors import AgentError, ConfigError
from interlock.message import Seen
from interlock.patterns import Comparator, Pattern, walk
from interlock.patterns.concurrent import Concurrent

if TYPE_CHECKING:
    from interlock.runtime.embeddings import Embeddings


def comparator_at(plan: Pattern, node: int) -> Comparator:
    """The comparator of the parallel with this number in the plan.

    Raises:
        ConfigError: the plan has none there, so it is not the plan that the run was started with.
    """
    for number, (_, _, found) in enumerate(walk(plan)):
        if number == node and isinstance(found, Concurrent) and found.reconcile is not None and found.reconcile.comparator is not None:
            return found.reconcile.comparator
    raise ConfigError(
        f"plan {plan.name!r} has no comparator at node {node}", hint="open the journal with the plan that the run was started with"
    )


async def agreement(comparator: Comparator, answers: Sequence[Seen], embeddings: Embeddings) -> list[float]:
    """How far each pair agrees, from 0 to 1: the first with all after it, then the second, and so on.

    Raises:
        AgentError: the judge answered with something that is no share.
        Exception: whatever the judge or the embedder raised.
    """
    compare = comparator.compare
    if compare is None:
        return await _by_meaning(answers, embeddings)
    asked = [asyncio.ensure_future(compare(a, b)) for a, b in combinations(answers, 2)]
    try:
        found = await asyncio.gather(*asked)
    finally:
        for one in asked:  # when one raises, or nobody waits any more, the others have nothing left to say
            one.cancel()
    for share in found:
        if not isinstance(share, int | float) or not 0 <= share <= 1:
            raise AgentError(f"the judge answered {share!r}", hint="return True, False or a number from 0 to 1")
    return [float(share) for share in found]


async def _by_meaning(answers: Sequence[Seen], embeddings: Embeddings) -> list[float]:
    import numpy as np

    vectors = await asyncio.gather(*(embeddings.embed(one.text) for one in answers))  # in one batch
    rows = [np.frombuffer(vector, dtype="<f4") for vector in vectors]
    unit = [row / norm if (norm := float(np.linalg.norm(row))) > 0 else row for row in rows]
    return [float(np.clip(a @ b, 0.0, 1.0)) for a, b in combinations(unit, 2)]
