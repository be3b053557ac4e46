"""Forgetting a person, or old runs: in every namespace that may hold something of them, to the last byte of the files."""

from __future__ import annotations

from collections.abc import Sequence

from interlock.memory.episodes import Episodes
from interlock.memory.long_term import Memory
from interlock.memory.names import is_of_user, of_thread, outside


async def forget_user(memory: Memory, user: str, run_ids: Sequence[str], threads: Sequence[str]) -> int:
    """Forget what is remembered of a user, under every tenant and inside every domain. Gives how many records there were.

    The episodes of their runs go too, and what their conversations left in the scratch.

    Args:
        memory: the memory.
        user: the user's id.
        run_ids: runs that acted for them.
        threads: conversations of theirs.
    """
    count = 0
    for namespace in memory.namespaces():
        if is_of_user(namespace, user):
            count += await memory.forget_all(namespace)
    episodes = Episodes(memory)
    theirs = {found.key for found in memory.all_episodes() if isinstance(found.data, dict) and found.data.get("user") == user}
    count += await episodes.forget(sorted(theirs | set(run_ids)))
    conversations = {of_thread(thread) for thread in threads}
    for namespace in memory.store.namespaces():
        if outside(namespace) in conversations:
            for key, _ in memory.store.scan(namespace):
                memory.store.delete(namespace, key)
    await memory.vacuum()
    return count


async def forget_runs(memory: Memory, before_us: int, outcomes: Sequence[str]) -> int:
    """Forget the episodes of runs that ended before a moment (microseconds since 1970) and ended so. Gives how many there were."""
    old = [
        found.key
        for found in memory.all_episodes()
        if isinstance(found.data, dict) and found.data["ended_us"] < before_us and found.data["outcome"] in outcomes
    ]
    count = await Episodes(memory).forget(old)
    if count:
        await memory.vacuum()
    return count
