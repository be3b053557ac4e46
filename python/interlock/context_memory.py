"""What an agent can reach of the memory: the part of ``ctx`` that remembers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interlock.memory import Episode, Recalled, Record, Scoring, Window
    from interlock.memory.short_term import Summariser
    from interlock.runtime.turn_memory import TurnMemory


class MemoryContext(ABC):
    """Short-term, long-term and episodic memory, within what the turn may see. Each access is recorded, and passes gate G6."""

    __slots__ = ()

    @abstractmethod
    def _memory(self) -> TurnMemory:
        """What the turn may reach of the memory."""

    @property
    def episodes(self) -> EpisodeView:
        """Finished runs: ``await ctx.episodes.similar("charged twice", outcome="delivered")``."""
        return EpisodeView(self._memory())

    @property
    def memories(self) -> list[str]:
        """The namespaces that this turn may see: its user's, its agent's, and those that its scopes open (``memory:team:support``)."""
        return self._memory().namespaces()

    async def remember(
        self,
        text: str,
        *,
        key: str | None = None,
        namespace: str | None = None,
        data: Any = None,
        labels: Sequence[str] = (),
        ttl: float | None = None,
        embedding: Any = None,
    ) -> Record:
        """Remember a text for later runs. It is an effect: a retry that remembers the same again does it once.

        Args:
            text: what is recalled by meaning.
            key: its name; what stands there is replaced. By default a new one is made.
            namespace: ``"user"`` (the default where the turn may know the user), ``"agent"``, or what a scope opens: ``"team:support"``.
            data: JSON beside the text.
            labels: as messages carry them.
            ttl: seconds to live; for ever by default.
            embedding: a one-dimensional float32 array instead of the embedder's.

        Raises:
            Denied: the namespace is not open to this turn, or the agent promises to be pure.
            StoreFull: there is no room.
            UsageError: an argument can't mean anything.
        """
        return await self._memory().remember(text, key, namespace, data, labels, ttl, embedding)

    async def recall(
        self,
        query: str | None = None,
        *,
        k: int = 5,
        namespaces: Sequence[str] | None = None,
        where: Mapping[str, Any] | None = None,
        labels: Sequence[str] = (),
        min_similarity: float | None = None,
        scoring: Scoring | None = None,
        embedding: Any = None,
    ) -> list[Recalled]:
        """What fits best of what this turn may see, best first, with the parts of each score.

        Args:
            query: what to look for by meaning; without it, the newest.
            k: how many at most.
            namespaces: only these; by default all that ``ctx.memories`` lists.
            where: fields that the data must have, with their values.
            labels: labels that a record must carry.
            min_similarity: the least cosine.
            scoring: how similarity and age are weighed.
            embedding: the query's, instead of the embedder's.

        Raises:
            Denied: a namespace is not open to this turn.
            ConfigError: there is a query and no embedder.
            UsageError: ``k`` is less than 1.
        """
        return await self._memory().recall(query, k, namespaces, where, labels, min_similarity, scoring, embedding)

    async def forget(self, key: str, *, namespace: str | None = None) -> bool:
        """Forget a record: from the store, the embeddings and the index. False if it was not there.

        Raises:
            Denied: the namespace is not open to this turn, or the agent promises to be pure.
        """
        return await self._memory().forget(key, namespace)

    async def recent(self, *, turns: int | None = None, tokens: int | None = None, summarise: Summariser | None = None) -> Window:
        """The newest of what was said in the thread and in this run, oldest first.

        Args:
            turns: how many messages at most.
            tokens: how many tokens at most, reckoned at four bytes each; the newest message always fits.
            summarise: an agent, or an async function of a text, that makes a summary of what does not fit. It is kept with the thread,
                and the next one is made of it and of what came since.
        """
        return await self._memory().recent(turns, tokens, summarise)


class EpisodeView:
    """Finished runs, as a turn may see them."""

    __slots__ = ("_memory",)

    def __init__(self, memory: TurnMemory) -> None:
        self._memory = memory

    async def similar(
        self,
        situation: str | None = None,
        *,
        k: int = 5,
        outcome: str | None = None,
        plan: str | None = None,
        agent: str | None = None,
        intent: str | None = None,
        mine: bool = False,
        min_similarity: float | None = None,
        scoring: Scoring | None = None,
    ) -> list[Episode]:
        """The finished runs of the user's tenant that were most alike and went best, best first.

        Situation and answer of other users' runs are ``None``, unless the turn has the scope ``memory:episodes``. Inside a domain there
        are none: an episode tells of the whole run.

        Args:
            situation: what it is about; without it, the newest and best.
            k: how many at most.
            outcome: ``delivered``, ``failed`` or ``cancelled``.
            plan: only those of this plan.
            agent: only those in which this agent gave the answer.
            intent: only those of this intent.
            mine: only those of the run's own user.
            min_similarity: the least cosine.
            scoring: how likeness, age and scores are weighed.

        Raises:
            ConfigError: there is a situation and no embedder.
            UsageError: there is no such outcome, or ``k`` is less than 1.
        """
        asked = {
            "k": k,
            "outcome": outcome,
            "plan": plan,
            "agent": agent,
            "intent": intent,
            "min_similarity": min_similarity,
            "scoring": scoring,
        }
        return await self._memory.similar(situation, mine, asked)
