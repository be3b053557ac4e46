"""Burr: one built graph for all runs and, as Burr means it, one application for each run.

An application holds the state of one run. Resetting a single one would be about a third cheaper,
but it could not serve two runs at once. No tracker, no persister.
"""

from burr.core import Action, ApplicationBuilder, State, action, when
from burr.core.graph import Graph, GraphBuilder

from peers.workloads import Agent, Run, Workload


def build(workload: Workload) -> Run:
    """Build the graph once; a run builds its application and runs it to an end."""
    shape = triage if workload.shape == "triage" else sequence
    graph, start, ends = shape(workload)

    async def run(text: str) -> str:
        builder = ApplicationBuilder().with_graph(graph).with_entrypoint(start)
        application = await builder.with_state(text=text).abuild()
        _, _, state = await application.arun(halt_after=ends)
        return str(state["text"])

    return run


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
