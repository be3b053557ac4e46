"""LangGraph: one compiled StateGraph for all runs; no checkpointer, no tracing.

Triage hands over with `Command(goto=...)`: measured against a conditional edge it costs the same
or less, and needs no second state channel. A routing function that is not async would be worse
still: LangGraph calls it in a thread.
"""

from collections.abc import Awaitable, Callable
from typing import TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import Command

from peers.workloads import Agent, Run, Workload


class Sheet(TypedDict):
    """The state that nodes read and write."""

    text: str


def build(workload: Workload) -> Run:
    """Compile the graph once; a run is one `ainvoke`."""
    graph = triage(workload) if workload.shape == "triage" else sequence(workload)
    compiled = graph.compile()

    async def run(text: str) -> str:
        sheet = await compiled.ainvoke({"text": text})
        return str(sheet["text"])

    return run


def sequence(workload: Workload) -> StateGraph[Sheet]:
    """A node for each agent, in a line."""
    graph = StateGraph(Sheet)
    last = START
    for name, agent in workload.stages().items():
        graph.add_node(name, node(agent))
        graph.add_edge(last, name)
        last = name
    graph.add_edge(last, END)
    return graph


def triage(workload: Workload) -> StateGraph[Sheet]:
    """A node that names the next one, and the three it may name."""
    chooser, specialists = workload.triage(), workload.specialists()

    async def choose(sheet: Sheet) -> Command[str]:
        return Command(goto=await chooser(sheet["text"]))

    graph = StateGraph(Sheet)
    graph.add_node("triage", choose, destinations=tuple(specialists))
    graph.add_edge(START, "triage")
    for name, agent in specialists.items():
        graph.add_node(name, node(agent))
        graph.add_edge(name, END)
    return graph


def node(agent: Agent) -> Callable[[Sheet], Awaitable[Sheet]]:
    """The agent as a node."""

    async def answer(sheet: Sheet) -> Sheet:
        return {"text": await agent(sheet["text"])}

    return answer
