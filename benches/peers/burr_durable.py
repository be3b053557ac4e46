"""Burr's durable flows: a graph of one action, an application for each run, and its asynchronous SQLite persister.

The persister leaves SQLite's journal as it is, which is two or three syncs a commit; here the file is turned to WAL, which is one.
Burr writes the state after an action; nothing is written before the tool is called.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

from burr.core import ApplicationBuilder, State, action
from burr.core.graph import GraphBuilder
from burr.integrations.persisters.b_aiosqlite import AsyncSQLitePersister

from peers.durable_flows import Flow, Flows, reply, stamp


@action(reads=["text"], writes=["text"])
async def answering(state: State) -> State:
    """The action that answers."""
    return state.update(text=await reply(state["text"]))


@action(reads=["text"], writes=["text"])
async def acting(state: State) -> State:
    """The action that calls the tool."""
    return state.update(text=await stamp(state["text"]))


async def open_flows(folder: Path | None, stack: AsyncExitStack) -> Flows:
    """Build both graphs, with a persister over a file in the folder or without any."""
    persister: AsyncSQLitePersister | None = None
    if folder:
        persister = await stack.enter_async_context(AsyncSQLitePersister.from_values(db_path=str(folder / "burr.db")))
        await persister.connection.execute("PRAGMA journal_mode=WAL")
        await persister.initialize()

    def built(work: Any) -> Flow:
        graph = GraphBuilder().with_actions(work=work).build()

        async def run(text: str) -> str:
            builder = ApplicationBuilder().with_graph(graph).with_entrypoint("work").with_state(text=text)
            if persister is not None:
                builder = builder.with_identifiers(app_id=uuid4().hex).with_state_persister(persister)
            application = await builder.abuild()
            _, _, state = await application.arun(halt_after=["work"])
            return str(state["text"])

        return run

    return Flows(built(answering), built(acting))
