"""LangGraph's durable flows: a graph of one node; `AsyncSqliteSaver`, which turns its file to WAL, and `durability="sync"`.

The tool is a `task`, which is what LangGraph's documentation has for a call that a resumed node must not make again. Its result
is written when it is there; nothing is written before it is called.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypedDict
from uuid import uuid4

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.func import task
from langgraph.graph import END, START, StateGraph

from peers.durable_flows import Flow, Flows, reply, stamp


class Sheet(TypedDict):
    """The state that nodes read and write."""

    text: str


async def answering(sheet: Sheet) -> Sheet:
    """The node that answers."""
    return {"text": await reply(sheet["text"])}


async def acting(sheet: Sheet) -> Sheet:
    """The node that calls the tool."""
    return {"text": await task(stamp)(sheet["text"])}


async def open_flows(folder: Path | None, stack: AsyncExitStack) -> Flows:
    """Compile both graphs, with a saver over a file in the folder or without any."""
    saver: AsyncSqliteSaver | None = None
    if folder:
        saver = await stack.enter_async_context(AsyncSqliteSaver.from_conn_string(str(folder / "langgraph.db")))

    def compiled(node: Any) -> Flow:
        graph = StateGraph(Sheet).add_node("work", node).add_edge(START, "work").add_edge("work", END).compile(checkpointer=saver)

        async def run(text: str) -> str:
            if saver is None:
                return str((await graph.ainvoke({"text": text}))["text"])
            config: Any = {"configurable": {"thread_id": uuid4().hex}}
            return str((await graph.ainvoke({"text": text}, config, durability="sync"))["text"])

        return run

    return Flows(compiled(answering), compiled(acting))
