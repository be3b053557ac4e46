"""Forgetting a person, or old runs: in every namespace that may hold something of them, to the last byte of the files."""

from __future__ import annotations

from collections.abc import Sequence

from interlock.memory.episodes import Episodes
from interlock.memory.long_term import Memory
from interlock.memory.names import is_of_user


async def forget_user(memory: Memory, user: str, run_ids: Sequence[str]) -> int:
    """Forget what is remembered of a user, under every tenant and inside every domain. Gives how many records there were.

    The episodes of their runs go too, and what their conversations left in the scratch.

    Args:
        memory: the memory.
        user: the user's id.
        run_ids: runs that acted for them, besides those that the episodes say so of.
    """
    count = 0
    for namespace in memory.namespaces():
        if is_of_user(namespace, user):
            count += await memory.forget_all(namespace)
    episodes = Episodes(memory)
    count += await episodes.forget(sorted({*run_ids, *episodes.runs_of(user)}))
    for namespace in memory.store.namespaces():
        if is_of_user(namespace, user):
            for key, _ in memory.store.versions(namespace):
                memory.store.delete(namespace, key)
    await memory.vacuum()
    return count


async def forget_runs(memory: Memory, before_us: int, outcomes: Sequence[str]) -> int:
    """Forget the episodes of runs that ended before a moment (microseconds since 1970) and ended so. Gives how many there were."""
    episodes = Episodes(memory)
    count = await episodes.forget(episodes.ended_before(before_us, outcomes))
    if count:
        await memory.vacuum()
    return count
