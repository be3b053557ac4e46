"""No engine: the agents awaited by hand. The floor under every other column."""

from peers.workloads import Run, Workload


def build(workload: Workload) -> Run:
    """The workload as anyone would write it without a framework."""
    if workload.shape == "triage":
        triage, specialists = workload.triage(), workload.specialists()

        async def choose(text: str) -> str:
            return await specialists[await triage(text)](text)

        return choose

    first, second, third = workload.stages().values()

    async def pass_on(text: str) -> str:
        return await third(await second(await first(text)))

    return pass_on
