"""What one turn may reach of the memory, each access recorded.

The journal has where it looked and what it found, in which version; never a record's text, so that what is forgotten is not kept there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import orjson

from interlock._core import Effect
from interlock.errors import AgentError, Denied, UsageError
from interlock.memory import SHARED, Episode, Recalled, Record, Scoring, of_agent, of_team, of_user
from interlock.memory.long_term import as_vector
from interlock.memory.names import checked, inside
from interlock.memory.records import checked_data, checked_labels, checked_text
from interlock.message import Message
from interlock.runtime.effects import Wanted, as_json, run
from interlock.runtime.texts_within import each_text

if TYPE_CHECKING:
    from interlock.context import Context
    from interlock.memory.short_term import Summariser, Window
    from interlock.runtime.memories import Memories
    from interlock.runtime.turns import Turns

SCOPE = "memory:"
"""How a scope begins that opens a namespace: ``memory:team:support``, ``memory:shared``."""
TEAM = "team:"
UNTRUSTED = "untrusted"
"""The label of a record that was made where untrusted content had been seen. Whoever recalls it is trusted no more than that."""
ALL_EPISODES = "memory:episodes"
"""The scope that shows the texts of other users' episodes."""


class TurnMemory:
    """A turn's access to the memory. Its own agent's and, if it may know them, its user's namespace are open; others by scope."""

    def __init__(self, turns: Turns, ctx: Context, agent: str, shows_user: bool) -> None:
        self._turns = turns
        self._turn = ctx.turn
        self._ctx = ctx
        self._agent = agent
        self._shows_user = shows_user
        self.domains: tuple[str, ...] = tuple(turns.engine.domains(turns.number, ctx.turn))
        """The domains inside whose walls the turn is taken, the outermost first."""
        self._names: list[str] | None = None
        self._opened_by: dict[str, str] = {}
        """The scope that opened a namespace, where one did."""
        self._reached: set[tuple[str, bool]] = set()

    @property
    def _memories(self) -> Memories:
        return self._turns.runtime.memories

    def namespaces(self) -> list[str]:
        """What it may see: the user's first, if it may know them."""
        return [inside(self.domains, name) for name in self._open()]

    def _open(self) -> list[str]:
        if self._names is not None:
            return self._names  # a turn's scopes are those that it began with
        found = [of_agent(self._agent)]
        if (user := self._user()) is not None:
            found.insert(0, user)
        for scope in self._turns.scopes(self._turn):
            name = scope.removeprefix(SCOPE)
            if name != scope and name == SHARED:
                found.append(SHARED)
            elif name != scope and name.startswith(TEAM):
                found.append(of_team(name.removeprefix(TEAM)))
            else:
                continue
            self._opened_by[found[-1]] = scope
        self._names = found
        return found

    def _user(self) -> str | None:
        user = self._turns.user if self._shows_user else None
        return None if user is None else of_user(user.id, user.tenant)

    def _one(self, namespace: str | None, writes: bool = False) -> str:
        """The namespace that is meant, if it is open to the turn."""
        names = self._open()
        if namespace is None:
            self._may_reach(inside(self.domains, names[0]), names[0], writes)
            return inside(self.domains, names[0])
        if isinstance(namespace, str) and (team := namespace.removeprefix(TEAM)) != namespace and of_team(team or "?") in names:
            namespace = of_team(team)  # the scope's own spelling
        if namespace == "agent":
            wanted = of_agent(self._agent)
        elif namespace == "user":
            if self._user() is None:
                raise UsageError("the run acts for no user that this turn may know", hint='name another namespace, such as "agent"')
            wanted = names[0]
        else:
            wanted = checked(namespace)
        if wanted not in names:
            message = f"agent {self._agent!r} may not reach the memory {wanted!r} (it may reach {', '.join(names)})"
            who = "the agent, to every supervisor above it, and in the file to those who handed on to it"
            raise Denied(message, hint=f"give scope {SCOPE + wanted!r} to {who}")
        self._may_reach(inside(self.domains, wanted), wanted, writes)
        return inside(self.domains, wanted)

    def _may_reach(self, place: str, name: str, writes: bool) -> None:
        """Ask the memory's gate, once a turn for each namespace and way."""
        asked = (place, writes)
        if asked in self._reached:
            return
        self.ask_gate(f"memory:{place}", writes, [scope for scope in (self._opened_by.get(name),) if scope is not None])
        self._reached.add(asked)

    def ask_gate(self, resource: str, writes: bool, required: Sequence[str]) -> None:
        """Pass gate G6.

        Raises:
            Denied: the turn may not reach it; it is recorded.
        """
        refused = self._turns.engine.may_reach(self._turns.number, self._turn, resource, writes, list(required))
        if refused is not None:
            self._turns.notice()
            raise Denied(f"agent {self._agent!r} may not reach {resource!r}: {refused}", hint="give it, and its user, the right to it")

    @property
    def is_untrusted(self) -> bool:
        """Whether the turn has seen untrusted content: what it leaves is marked."""
        return self._turns.engine.is_untrusted(self._turns.number, self._turn)

    def sees(self, untrusted: bool) -> None:
        """Whoever reads what was left where untrusted content had been seen is trusted no more than who left it."""
        if untrusted:
            self.enters("", untrusted=True)

    def leaves(self, text: str) -> str:
        """A text on its way into the memory: its placeholders mean the same there."""
        return self._turns.engine.to_memory(self._turns.number, text)

    def enters(self, text: str, untrusted: bool = False) -> str:
        """A text of the memory as this run may have it."""
        return self._turns.engine.recalled(self._turns.number, self._turn, text, untrusted)

    def leaving(self, value: Any) -> Any:
        """As ``leaves``, for what JSON can hold."""
        return each_text(value, self.leaves)

    def entering(self, value: Any, untrusted: bool = False) -> Any:
        """As ``enters``, for what JSON can hold."""
        return each_text(value, lambda text: self.enters(text, untrusted))

    def staying(self, value: Any) -> Any:
        """What JSON can hold as it may stay in the run, for other turns: masked."""
        return each_text(value, lambda text: self._turns.as_shown(self._turn, text))

    def _shown_here(self, record: Record) -> Record:
        untrusted = UNTRUSTED in record.labels
        return replace(record, text=self.enters(record.text, untrusted), data=self.entering(record.data, untrusted))

    async def remember(
        self,
        text: str,
        key: str | None,
        namespace: str | None,
        data: Any,
        labels: Sequence[str],
        ttl: float | None,
        embedding: Any,
    ) -> Record:
        """Keep a text. A retry that keeps the same text again keeps it once."""
        where, labels = self._one(namespace, writes=True), checked_labels(labels)
        checked_text(text, "the text")
        text, data = self.leaves(text), self.leaving(checked_data(data))
        if UNTRUSTED not in labels and self.is_untrusted:
            labels = (*labels, UNTRUSTED)
        told: list[Record] = []

        async def call(given: dict[str, Any], effect: str) -> dict[str, Any]:
            named = effect[:16] if key is None else key
            record = await self._memories.memory.remember(
                text, namespace=where, key=named, data=data, labels=labels, owner=self._agent, ttl=ttl, embedding=embedding
            )
            told.append(record)
            return {"wrote": [self._place_of(record)], "index": self._memories.memory.index_revision}

        digest = self._digest(text, as_json(data, "the data"), embedding)
        arguments = {"namespace": where, "key": key, "digest": digest, "labels": list(labels), "ttl": ttl}
        recorded = await self.effect("remember", "effect", arguments, call)
        if told:
            return self._shown_here(told[0])
        place = recorded["wrote"][0]
        found = self._at(place)
        if found is None:
            message = f"{place['namespace']}/{place['key']} was remembered before and is forgotten by now"
            raise AgentError(message, hint="it was forgotten on purpose: don't remember it again", code="agent.forgotten")
        return self._shown_here(found)

    async def recall(
        self,
        query: str | None,
        k: int,
        namespaces: Sequence[str] | None,
        where: Mapping[str, Any] | None,
        labels: Sequence[str],
        min_similarity: float | None,
        scoring: Scoring | None,
        embedding: Any,
    ) -> list[Recalled]:
        """What fits best of what the turn may see."""
        if isinstance(namespaces, str):
            raise UsageError(f"the namespaces are a text: {namespaces!r}", hint=f"write [{namespaces!r}]")
        names = [self._one(name) for name in (self._open() if namespaces is None else namespaces)]
        labels = checked_labels(labels)
        where = None if where is None else self.leaving(dict(where))
        query = None if query is None else self.leaves(query)
        told: list[list[Recalled]] = []

        async def call(given: dict[str, Any], effect: str) -> dict[str, Any]:
            found = await self._memories.memory.recall(
                query,
                namespaces=names,
                k=k,
                where=where,
                labels=labels,
                min_similarity=min_similarity,
                scoring=scoring,
                embedding=embedding,
            )
            told.append(found)
            return {"read": [self._found(one) for one in found], "index": self._memories.memory.index_revision}

        arguments = {"query": query, "namespaces": names, "k": k, "where": where, "labels": list(labels), "min_similarity": min_similarity}
        if scoring is not None:
            arguments["scoring"] = asdict(scoring)
        if embedding is not None:
            arguments["embedding"] = self._digest("", b"", embedding)
        recorded = await self.effect("recall", "pure", arguments, call)
        found = told[0] if told else self._again(recorded["read"])
        return [replace(one, record=self._shown_here(one.record)) for one in found]

    def _again(self, read: Sequence[Mapping[str, Any]]) -> list[Recalled]:
        """What an earlier attempt found, as it stands now; what was forgotten since is gone."""
        again = []
        for one in read:
            record = self._at(one)
            if record is not None:
                again.append(Recalled(record, one["score"], one["similarity"], one["recency"], one["feedback"]))
        return again

    def _at(self, place: Mapping[str, Any]) -> Record | None:
        """The record at a place that the journal has, if it is there still."""
        number = place["id"]
        if isinstance(number, str):
            number = self._turns.engine.unsealed(self._turns.number, number)
        return None if number is None else self._memories.memory.by_number(place["namespace"], number)

    async def forget(self, key: str, namespace: str | None) -> bool:
        """Forget a record."""
        where = self._one(namespace, writes=True)

        async def call(given: dict[str, Any], effect: str) -> dict[str, Any]:
            return {"forgot": await self._memories.memory.forget(where, key)}

        recorded = await self.effect("forget", "effect", {"namespace": where, "key": key}, call)
        return bool(recorded["forgot"])

    async def similar(self, situation: str | None, mine: bool, asked: Mapping[str, Any]) -> list[Episode]:
        """Finished runs that were alike. Other users' texts are left out, unless a scope shows them."""
        if self.domains:
            return []  # an episode tells of the whole run, also of what lies outside the walls
        user = self._turns.user if self._shows_user else None
        if mine and user is None:
            raise UsageError("the run acts for no user that this turn may know", hint="leave mine out")
        told: list[list[Episode]] = []
        tenant = None if self._turns.user is None else self._turns.user.tenant
        narrowed = {**asked, "user": user.id if mine and user is not None else None}

        async def call(given: dict[str, Any], effect: str) -> dict[str, Any]:
            episodes = await self._memories.up_to_date()
            found = await episodes.similar(situation, tenant=tenant, **narrowed)
            told.append(found)
            read = [self._found(one.match) for one in found if one.match is not None]
            return {"read": read, "index": self._memories.memory.index_revision}

        scoring = narrowed["scoring"]
        arguments = {**narrowed, "query": situation, "tenant": tenant, "scoring": None if scoring is None else asdict(scoring)}
        recorded = await self.effect("episodes", "pure", arguments, call)
        if told:
            found = told[0]
        else:
            from interlock.memory.episodes import episode

            found = [episode(one.record, one) for one in self._again(recorded["read"])]
        return [self._shown(one) for one in found]

    def _shown(self, one: Episode) -> Episode:
        user = self._turns.user if self._shows_user else None
        is_theirs = user is not None and one.user == user.id
        self.sees(one.intent is not None)  # an agent may have worded it
        one = replace(one, label=None if one.label is None else self.enters(one.label, untrusted=True))
        if not is_theirs and ALL_EPISODES not in self._turns.scopes(self._turn):
            return replace(one, situation=None, answer=None, user=None, match=None)

        def shown(text: str | None) -> str | None:
            """Nobody knows any more what the run had read. Placeholders of the same user mean the same here."""
            if text is not None and is_theirs:
                text = self._turns.engine.carried_over(self._turns.number, one.origin or one.run_id, text)
            return None if text is None else self.enters(text, untrusted=True)

        situation, answer, match = shown(one.situation), shown(one.answer), one.match
        if match is not None:
            record = replace(match.record, text=situation or "", data={**match.record.data, "answer": answer})
            match = replace(match, record=record)
        return replace(one, situation=situation, answer=answer, match=match)

    async def recent(self, turns: int | None, tokens: int | None, summarise: Summariser | None) -> Window:
        """The newest of what was said, and a summary of the rest."""
        from interlock.memory import short_term

        before = self._turns.conversation() if self._shows_user else []
        messages = short_term.together(before, self._turns.history(self._turn))
        first = short_term.cut(messages, turns, tokens)
        self._turns.shows(self._turn, before if summarise is not None else before[first:])
        summary = None
        if first and summarise is not None:
            summary = await self._summary(messages[:first], summarise)
        return short_term.Window(tuple(messages[first:]), summary, first)

    async def _summary(self, messages: Sequence[Message], summarise: Summariser) -> str:
        """What a summariser makes of messages. With a thread it is kept there, and the next one only adds what came since."""
        from interlock.agent import Agent
        from interlock.memory import short_term

        name = summarise.name if isinstance(summarise, Agent) else getattr(summarise, "__name__", "summary")
        kept: dict[str, Any] = {}
        if self._turns.thread is not None:
            kept = self._ctx.scratch.get(f"summary:{name}", {}, scope="thread")
        upto = kept.get("messages", 0)
        if upto > len(messages) or short_term.digest(messages[:upto]) != kept.get("digest"):
            upto = 0
        if upto == len(messages) > 0:
            return str(kept["text"])
        text = short_term.to_summarise(kept["text"] if upto else None, messages[upto:])

        async def call(given: dict[str, Any], effect: str) -> str:
            if isinstance(summarise, Agent):
                answer = await summarise.function(Message(text), self._ctx)
                return str(self.staying(answer if isinstance(answer, str) else str(answer.text)))
            return str(self.staying(await summarise(text)))

        arguments = {"by": name, "messages": len(messages), "digest": short_term.digest(messages)}
        summary = str(await self.effect("summary", "pure", arguments, call))
        if self._turns.thread is not None:
            kept = {"messages": len(messages), "digest": short_term.digest(messages), "text": summary}
            self._ctx.scratch.put(f"summary:{name}", kept, scope="thread")
        return summary

    def note(self, what: str, arguments: Any, result: Any, *, acts: bool = False) -> None:
        """Record something that is done at once.

        Raises:
            AgentError: the turn is over.
            Denied: it acts, and the agent promises to be pure.
        """
        given, gave = as_json(arguments, what), as_json(result, what)
        noted = self._turns.engine.effect_noted(self._turns.number, self._turn, f"memory.{what}", acts, given, gave)
        if noted == Effect.TOO_LATE:
            message = f"the memory was reached ({what}) after its turn was over"
            raise AgentError(message, hint="use it in the turn", code="agent.late-tool")
        if noted == Effect.NOT_PURE:
            message = f"agent {self._agent!r} promises to be pure, and {what} writes"
            raise Denied(message, hint="use what only reads, or drop pure=True")
        self._turns.notice()

    async def effect(self, what: str, kind: str, arguments: Any, call: Callable[[Any, str], Awaitable[Any]]) -> Any:
        """Do something recorded: what it gave, or what an earlier attempt at the same gave."""
        await self._memories.ready()
        recorded = as_json(arguments, f"what {what} was asked")
        return await run(self._turns, self._turn, Wanted(f"memory.{what}", f"ctx.{what}", kind, recorded, None, call))

    def _digest(self, text: str, data: bytes, embedding: Any) -> str:
        """What was given, without telling it: another run's digest of the same text is another one."""
        hashed = blake2b(digest_size=16, key=self._turns.run_id.encode()[:64])
        hashed.update(orjson.dumps([text]) + data)
        if embedding is not None:
            hashed.update(as_vector(embedding).tobytes())
        return hashed.hexdigest()

    def _place_of(self, record: Record) -> dict[str, Any]:
        """Where a record is, as the journal has it. Its key is masked as texts are, and then so is its number, which is made of the key."""
        key, number = self.staying(record.key), record.id
        sealed = number if key == record.key else self._turns.engine.sealed(self._turns.number, number)
        return {"namespace": record.namespace, "key": key, "version": record.version, "id": sealed}

    def _found(self, one: Recalled) -> dict[str, Any]:
        parts = {"score": one.score, "similarity": one.similarity, "recency": one.recency, "feedback": one.feedback}
        return {**self._place_of(one.record), **parts}
