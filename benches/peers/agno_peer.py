"""Agno: one Workflow of function steps for all runs; no database, no telemetry.

Triage is a step of its own, so that the run records both answers, and a Router follows it. An async
selector that asks the triage agent itself is about a fifth cheaper but records only one of them.

A hierarchy has no natural form: a Team is led by a model, and a Loop's steps see the outputs of the last round, not all reports.
"""

from collections import Counter
from collections.abc import Awaitable, Callable

from agno.workflow import Loop, Parallel, Router, Step, StepInput, Workflow

from peers import workloads
from peers.workloads import CHAT_TURNS, Agent, Run

LACKS = {"hierarchy"}


def build(workload: workloads.Workload) -> Run:
    """Make the workflow once; a run is one `arun`."""
    steps = {"sequence": sequence, "triage": triage, "fan_out": fan_out, "chat": chat}[workload.shape](workload)
    workflow = Workflow(name=workload.name, steps=list(steps), telemetry=False)

    async def run(text: str) -> str:
        output = await workflow.arun(text)
        if workload.shape == "chat":
            return str(output.step_results[0].steps[-1].content)  # a loop's own content only counts its rounds
        return str(output.content)

    return run


def fan_out(workload: workloads.Workload) -> list[Parallel | Step]:
    """Branches at once, and a step that votes."""

    def vote(given: StepInput) -> str:
        answers = given.previous_step_outputs["panel"].steps
        return Counter(str(answer.content) for answer in answers).most_common(1)[0][0]

    panel = [Step(name=name, executor=on_input(agent)) for name, agent in workload.panel().items()]
    return [Parallel(*panel, name="panel"), Step(name="vote", executor=vote)]


def chat(workload: workloads.Workload) -> list[Loop]:
    """Rounds of all participants; each answers the one before."""
    speakers = workload.speakers()
    before = [list(speakers)[-1], *speakers]
    steps = [Step(name=name, executor=on_answer_of(last, agent)) for last, (name, agent) in zip(before, speakers.items(), strict=False)]
    return [Loop(name="chat", steps=steps, max_iterations=CHAT_TURNS // len(speakers), forward_iteration_output=True)]


def sequence(workload: workloads.Workload) -> list[Step]:
    """A step for each agent; all but the first take the answer before them."""
    (name, agent), *others = workload.stages().items()
    return [
        Step(name=name, executor=on_input(agent)),
        *(Step(name=name, executor=on_previous(agent)) for name, agent in others),
    ]


def triage(workload: workloads.Workload) -> list[Step | Router]:
    """A step that names a specialist, and a router that goes there."""
    choices = [Step(name=name, executor=on_input(agent)) for name, agent in workload.specialists().items()]

    def named(given: StepInput) -> str:
        return str(given.previous_step_content)

    return [
        Step(name="triage", executor=on_input(workload.triage())),
        Router(name="route", selector=named, choices=list(choices)),
    ]


def on_input(agent: Agent) -> Callable[[StepInput], Awaitable[str]]:
    """A step on the message of the run."""

    async def answer(given: StepInput) -> str:
        return await agent(str(given.input))

    return answer


def on_previous(agent: Agent) -> Callable[[StepInput], Awaitable[str]]:
    """A step on the answer of the step before."""

    async def answer(given: StepInput) -> str:
        return await agent(str(given.previous_step_content))

    return answer


def on_answer_of(before: str, agent: Agent) -> Callable[[StepInput], Awaitable[str]]:
    """A step on the last answer of another, the message of the run at first. In a second round `previous_step_content` is not that."""

    async def answer(given: StepInput) -> str:
        outputs = given.previous_step_outputs or {}
        return await agent(str(outputs[before].content if before in outputs else given.input))

    return answer
