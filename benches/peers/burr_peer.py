"""Burr: one built graph for all runs and, as Burr means it, one application for each run.

An application holds the state of one run. Resetting a single one would be about a third cheaper,
but it could not serve two runs at once. No tracker, no persister. A fan-out is `MapActions`, which
gives each branch an application of its own.
"""

from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from itertools import pairwise
from typing import Any

from burr.core import Action, ApplicationBuilder, ApplicationContext, State, action, default, expr, when
from burr.core.graph import Graph, GraphBuilder
from burr.core.parallelism import MapActions, RunnableGraph

from peers.workloads import CHAT_TURNS, Agent, Run, Workload

END = "end"


def build(workload: Workload) -> Run:
    """Build the graph once; a run builds its application and runs it to an end."""
    shapes = {"sequence": sequence, "triage": triage, "fan_out": fan_out, "chat": chat, "hierarchy": hierarchy}
    graph, start, ends = shapes[workload.shape](workload)
    halt = {"halt_before": ends} if ends == [END] else {"halt_after": ends}
    begin: dict[str, Any] = {} if workload.shape in ("sequence", "triage") else {"said": []}

    async def run(text: str) -> str:
        builder = ApplicationBuilder().with_graph(graph).with_entrypoint(start)
        application = await builder.with_state(text=text, **begin).abuild()
        _, _, state = await application.arun(**halt)
        return str(state["text"])

    return run


class Panel(MapActions):
    """The branches at once, and a vote over their answers."""

    def __init__(self, branches: list[RunnableGraph]) -> None:
        super().__init__()
        self.branches = branches

    def actions(self, state: State, context: ApplicationContext, inputs: dict[str, Any]) -> Iterator[RunnableGraph]:
        yield from self.branches

    async def reduce(self, state: State, states: AsyncGenerator[State, None]) -> State:
        votes = Counter([answered["text"] async for answered in states])
        return state.update(text=votes.most_common(1)[0][0])

    def is_async(self) -> bool:
        return True

    @property
    def reads(self) -> list[str]:
        return ["text"]

    @property
    def writes(self) -> list[str]:
        return ["text"]


def fan_out(workload: Workload) -> tuple[Graph, str, list[str]]:
    """One action that maps the branches and reduces their answers."""
    panel = Panel([RunnableGraph.create(answering(agent)) for agent in workload.panel().values()])
    return GraphBuilder().with_actions(panel=panel).build(), "panel", ["panel"]


def chat(workload: Workload) -> tuple[Graph, str, list[str]]:
    """A ring of participants, left when enough was said."""

    def speaking(agent: Agent) -> Action:
        @action(reads=["text", "said"], writes=["text", "said"])
        async def speak(state: State) -> State:
            text = await agent(state["text"])
            return state.update(text=text).append(said=text)

        return speak

    actions = {name: speaking(agent) for name, agent in workload.speakers().items()}
    names = list(actions)
    ways = [*pairwise(names), (names[-1], END, expr(f"len(said) >= {CHAT_TURNS}")), (names[-1], names[0], default)]
    return GraphBuilder().with_actions(**actions, **{END: nothing}).with_transitions(*ways).build(), names[0], [END]


def hierarchy(workload: Workload) -> tuple[Graph, str, list[str]]:
    """A supervisor that names a team, and a way back from each."""
    supervise = workload.supervisor()

    @action(reads=["said"], writes=["chosen", "text"])
    async def decide(state: State) -> State:
        name, answer = await supervise(state["said"])
        return state.update(chosen=name) if name else state.update(chosen=END, text=answer)

    def reporting(agent: Agent) -> Action:
        @action(reads=["text"], writes=["said"])
        async def report(state: State) -> State:
            return state.append(said=await agent(state["text"]))

        return report

    teams = {name: reporting(agent) for name, agent in workload.teams().items()}
    ways = [*(("supervisor", name, when(chosen=name)) for name in (*teams, END)), *((name, "supervisor") for name in teams)]
    return GraphBuilder().with_actions(supervisor=decide, **teams, **{END: nothing}).with_transitions(*ways).build(), "supervisor", [END]


@action(reads=[], writes=[])
async def nothing(state: State) -> State:
    """Where a run has ended; it is never taken."""
    return state


def sequence(workload: Workload) -> tuple[Graph, str, list[str]]:
    """An action for each agent, in a line; with its first and last."""
    actions = {name: answering(agent) for name, agent in workload.stages().items()}
    first, second, third = actions
    builder = GraphBuilder().with_actions(**actions)
    graph = builder.with_transitions((first, second), (second, third)).build()
    return graph, first, [third]


def triage(workload: Workload) -> tuple[Graph, str, list[str]]:
    """An action that names a specialist, and a condition on each way out of it."""
    chooser = workload.triage()
    actions = {name: answering(agent) for name, agent in workload.specialists().items()}

    @action(reads=["text"], writes=["chosen"])
    async def choose(state: State) -> State:
        return state.update(chosen=await chooser(state["text"]))

    builder = GraphBuilder().with_actions(triage=choose, **actions)
    ways = [("triage", name, when(chosen=name)) for name in actions]
    return builder.with_transitions(*ways).build(), "triage", list(actions)


def answering(agent: Agent) -> Action:
    """The agent as an action."""

    @action(reads=["text"], writes=["text"])
    async def answer(state: State) -> State:
        return state.update(text=await agent(state["text"]))

    return answer
