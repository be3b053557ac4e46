"""Agno: one Workflow of function steps for all runs; no database, no telemetry.

Triage is a step of its own, so that the run records both answers, and a Router follows it. An async
selector that asks the triage agent itself is about a fifth cheaper but records only one of them.
"""

from collections.abc import Awaitable, Callable

from agno.workflow import Router, Step, StepInput, Workflow

from peers import workloads
from peers.workloads import Agent, Run


def build(workload: workloads.Workload) -> Run:
    """Make the workflow once; a run is one `arun`."""
    steps = triage(workload) if workload.shape == "triage" else sequence(workload)
    workflow = Workflow(name=workload.name, steps=list(steps), telemetry=False)

    async def run(text: str) -> str:
        output = await workflow.arun(text)
        return str(output.content)

    return run


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
