"""LangGraph: one compiled StateGraph for all runs; no checkpointer, no tracing.

Triage hands over with `Command(goto=...)`: measured against a conditional edge it costs the same
or less, and needs no second state channel. A routing function that is not async would be worse
still: LangGraph calls it in a thread.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from operator import add
from typing import Annotated, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import Command

from peers.workloads import CHAT_TURNS, Agent, Run, Workload


class Sheet(TypedDict):
    """The state that nodes read and write."""

    text: str


class Thread(Sheet):
    """The same, with what was said in the order in which it was: a panel's answers, a chat's thread, a supervisor's reports."""

    said: Annotated[list[str], add]


def build(workload: Workload) -> Run:
    """Compile the graph once; a run is one `ainvoke`."""
    shapes = {"sequence": sequence, "triage": triage, "fan_out": fan_out, "chat": chat, "hierarchy": hierarchy}
    compiled = shapes[workload.shape](workload).compile()
    begin = {} if workload.shape in ("sequence", "triage") else {"said": []}

    async def run(text: str) -> str:
        sheet = await compiled.ainvoke({"text": text, **begin})
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


def fan_out(workload: Workload) -> StateGraph[Thread]:
    """An edge to each branch, a reducer over their answers, and a node that waits for all and votes."""

    async def vote(thread: Thread) -> Sheet:
        return {"text": Counter(thread["said"]).most_common(1)[0][0]}

    graph = StateGraph(Thread)
    panel = workload.panel()
    for name, agent in panel.items():
        graph.add_node(name, saying(agent))
        graph.add_edge(START, name)
    graph.add_node("vote", vote)
    graph.add_edge(list(panel), "vote")
    graph.add_edge("vote", END)
    return graph


def chat(workload: Workload) -> StateGraph[Thread]:
    """A ring of participants, each of which goes on or ends it."""
    graph = StateGraph(Thread)
    speakers = workload.speakers()
    following = dict(zip(speakers, [*list(speakers)[1:], next(iter(speakers))], strict=True))
    graph.add_edge(START, next(iter(speakers)))
    for name, agent in speakers.items():
        graph.add_node(name, in_turn(agent, following[name]), destinations=(following[name], END))
    return graph


def in_turn(agent: Agent, following: str) -> Callable[[Thread], Awaitable[Command[str]]]:
    """A participant: answers what was said last, and names who is next."""

    async def speak(thread: Thread) -> Command[str]:
        text = await agent(thread["text"])
        is_last = len(thread["said"]) + 1 == CHAT_TURNS
        return Command(goto=END if is_last else following, update={"text": text, "said": [text]})

    return speak


def hierarchy(workload: Workload) -> StateGraph[Thread]:
    """A supervisor that names a team, and an edge back from each."""
    supervise, teams = workload.supervisor(), workload.teams()

    async def decide(thread: Thread) -> Command[str]:
        name, answer = await supervise(thread["said"])
        return Command(goto=name) if name else Command(goto=END, update={"text": answer})

    graph = StateGraph(Thread)
    graph.add_node("supervisor", decide, destinations=(*teams, END))
    graph.add_edge(START, "supervisor")
    for name, agent in teams.items():
        graph.add_node(name, saying(agent))
        graph.add_edge(name, "supervisor")
    return graph


def saying(agent: Agent) -> Callable[[Thread], Awaitable[dict[str, list[str]]]]:
    """The agent as a node that adds to what was said."""

    async def answer(thread: Thread) -> dict[str, list[str]]:
        return {"said": [await agent(thread["text"])]}

    return answer
