"""Whose memory it is: the names of namespaces, made so that no two people, agents or tenants can share one by accident.

>>> of_user("u-42", "acme"), of_user("u/42"), of_agent("billing"), of_team("support")
('user:acme/u-42', 'user:u%2F42', 'agent:billing', 'team:support')
>>> inside(["bank_a", "desk"], of_agent("clerk"))
'in:bank_a%2Fdesk/agent:clerk'
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from interlock.errors import UsageError

SHARED = "shared"
"""What every agent with the scope ``memory:shared`` may read and write."""
KINDS = ("user", "agent", "team", "episodes")
RECORDS, VECTORS = "memory/", "vector/"
"""How the store's namespaces begin that hold records and their embeddings. Agents reach them through the memory only."""
FEEDBACK, OWNERS, UNTOLD, EPISODES, INDEX = "feedback", "episode-owners", "episode-untold", "episode-state", "memory-index"
"""The store's namespaces of what was said of runs, of whose runs they were, of those of which nobody was told yet, of how far they are
projected, and of the saved index."""
_INSIDE = "in:"


def is_internal(namespace: str) -> bool:
    """Whether the store's namespace is the memory's own, under whatever domain."""
    plain = outside(namespace)
    return plain.startswith((RECORDS, VECTORS, "thread:", "episode-", "memory-")) or plain == FEEDBACK


def of_user(user: str, tenant: str | None = None) -> str:
    """A user's memory. The same id under two tenants is two users."""
    return f"user:{_owner(user, tenant)}"


def of_agent(agent: str) -> str:
    """An agent's own memory."""
    return f"agent:{_quoted(agent, 'an agent')}"


def of_team(team: str) -> str:
    """The memory of a team: of all agents with the scope ``memory:team:NAME``."""
    return f"team:{_quoted(team, 'a team')}"


def of_thread(thread: str, user: str | None = None, tenant: str | None = None) -> str:
    """What runs of a conversation leave for the next ones. Of each of its users apart, should it have several."""
    owner = "" if user is None else _owner(user, tenant)
    return f"thread:{quote(thread, safe='')}/{owner}"


def of_episodes(tenant: str | None = None) -> str:
    """The finished runs of a tenant, or of those who have none."""
    return "episodes:" if tenant is None else f"episodes:{_quoted(tenant, 'a tenant')}"


def inside(domains: Sequence[str], namespace: str) -> str:
    """The namespace as it is inside these walls, the outermost first: what is remembered there stays there."""
    return f"{_INSIDE}{quote('/'.join(domains), safe='')}/{namespace}" if domains else namespace


def outside(namespace: str) -> str:
    """The namespace without the domain that it lies in."""
    return namespace[len(_INSIDE) :].partition("/")[2] if namespace.startswith(_INSIDE) else namespace


def is_of_user(namespace: str, user: str) -> bool:
    """Whether it is a user's memory, or what a conversation of theirs left, under any tenant and inside any domain."""
    kind, _, name = outside(namespace).partition(":")
    owner = name.partition("/")[2] if kind == "thread" else name
    return kind in ("user", "thread") and owner.rpartition("/")[2] == _quoted(user, "a user")


def checked(namespace: object) -> str:
    """The name of a namespace.

    Raises:
        UsageError: it is none.
    """
    if not isinstance(namespace, str):
        raise UsageError(f"the namespace is {namespace!r}", hint="give its name, such as il.memory.of_user('u-42')")
    plain = outside(namespace)
    kind, colon, rest = plain.partition(":")
    if plain != SHARED and not (colon and kind in KINDS and (rest or kind == "episodes")):
        hint = f"known are {SHARED} and {', '.join(f'{kind}:…' for kind in KINDS)}"
        raise UsageError(f"there is no namespace {namespace!r}", hint=hint, code="store.unknown_namespace")
    return namespace


def _owner(user: str, tenant: str | None) -> str:
    return _quoted(user, "a user") if tenant is None else f"{_quoted(tenant, 'a tenant')}/{_quoted(user, 'a user')}"


def _quoted(word: str, whose: str) -> str:
    if not isinstance(word, str) or not word:
        raise UsageError(f"the name of {whose} is {word!r}", hint="give a text that is not empty")
    return quote(word, safe="")
