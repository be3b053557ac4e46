"""The columns of the table: what each engine is made of, and where it is measured."""

from collections.abc import Sequence
from dataclasses import dataclass

FLOOR = "bare"
OURS = "interlock"
DURABLE = "interlock_durable"
CAREFUL = "bare_logged"


@dataclass(frozen=True)
class Engine:
    """A column of the table, and what it takes to measure it."""

    name: str
    module: str  # has `build`
    imports: str  # what a program that uses it imports
    distribution: str  # whose version is shown
    peer: bool = False  # lives in the peers' environment, not in the project's
    hide: str = ""  # a neighbour there that it would load, though it does not need it


@dataclass(frozen=True)
class Seat:
    """An engine and the Python that runs it."""

    engine: Engine
    python: str


ENGINES = {
    engine.name: engine
    for engine in (
        Engine(FLOOR, "peers.bare", "asyncio", "uvloop"),
        Engine(CAREFUL, "peers.bare_logged", "asyncio, logging, orjson", "orjson"),
        Engine(OURS, "interlock_flow", "interlock.runtime", "interlock"),
        Engine(DURABLE, "interlock_durable_flow", "interlock.runtime", "interlock"),
        Engine("langgraph", "peers.langgraph_peer", "langgraph.graph", "langgraph", peer=True),
        Engine("agno", "peers.agno_peer", "agno.workflow", "agno", peer=True),
        # Burr loads langchain_core wherever it finds it: 13 MiB that are LangGraph's.
        Engine("burr", "peers.burr_peer", "burr.core", "apache-burr", peer=True, hide="langchain_core"),
    )
}


def seats(names: Sequence[str], own: str, peer: str | None) -> list[Seat]:
    """The engines asked for, each with its Python; the floor is always among them."""
    if unknown := sorted(set(names) - set(ENGINES)):
        raise ValueError(f"no engine {unknown[0]!r}; hint: the engines are {', '.join(ENGINES)}")
    chosen = [engine for engine in ENGINES.values() if engine.name in {FLOOR, *names}]
    if peer is None and any(engine.peer for engine in chosen):
        first = next(engine.name for engine in chosen if engine.peer)
        raise ValueError(f"engine {first!r} needs --peer-python; hint: see requirements.txt")
    return [Seat(engine, peer if engine.peer and peer else own) for engine in chosen]
