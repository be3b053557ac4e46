"""Interlock: a governed, low-latency runtime for multi-agent orchestration.

>>> import interlock as il
>>> @il.agent
... async def greet(message, ctx):
...     return f"Hello, {message.text}!"
>>> hello = il.Sequential("hello", [greet])
>>> async def main():
...     async with il.open(plans=[hello]) as runtime:
...         return (await runtime.run(hello, "Ada")).text
>>> import asyncio; asyncio.run(main())
'Hello, Ada!'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from interlock._core import __version__
from interlock.agent import Agent, agent
from interlock.budgets import Budget, Limit
from interlock.checkpoints import Checkpoints
from interlock.config import Config
from interlock.context import Context
from interlock.conversation import Said, Thread
from interlock.errors import (
    AgentError,
    BudgetExceeded,
    CheckpointError,
    ConfigError,
    Denied,
    InterlockError,
    InternalError,
    JournalCorrupt,
    JournalError,
    JournalLocked,
    JournalVersionUnsupported,
    LimitExceeded,
    Overloaded,
    ProviderError,
    ReviewError,
    RunCancelled,
    RunError,
    RunFailed,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreVersionUnsupported,
    UsageError,
    VaultError,
    VersionMoved,
)
from interlock.keys import Keys
from interlock.message import Delegation, HandOff, Message, Outcome, Reply, Seen, Usage, User, accept, revise
from interlock.patterns import (
    Concurrent,
    Domain,
    Federation,
    GroupChat,
    Handoff,
    Hierarchy,
    MakerChecker,
    Sequential,
    contract,
    fail,
    highest_confidence,
    judged,
    normalised,
    overrides,
    review,
    rules,
    similar,
    step,
    vote,
)
from interlock.reliability import Reliability
from interlock.reviews import Approve, Escalate, Review, Terms, escalate
from interlock.store import Store
from interlock.tools import Tool, tool
from interlock.webhook import Webhook, verify_webhook

if TYPE_CHECKING:
    from interlock import memory, prices, privacy, screens
    from interlock.labels import Endorsed, Label, endorse, validator
    from interlock.runtime import Run, Runtime
    from interlock.runtime import open_runtime as open  # noqa: A004 - `il.open` is the documented name
    from interlock.safety import Screen
    from interlock.vector_index import VectorIndex

__all__ = [
    "Agent",
    "AgentError",
    "Approve",
    "Budget",
    "BudgetExceeded",
    "CheckpointError",
    "Checkpoints",
    "Concurrent",
    "Config",
    "ConfigError",
    "Context",
    "Delegation",
    "Denied",
    "Domain",
    "Endorsed",
    "Escalate",
    "Federation",
    "GroupChat",
    "HandOff",
    "Handoff",
    "Hierarchy",
    "InterlockError",
    "InternalError",
    "JournalCorrupt",
    "JournalError",
    "JournalLocked",
    "JournalVersionUnsupported",
    "Keys",
    "Label",
    "Limit",
    "LimitExceeded",
    "MakerChecker",
    "Message",
    "Outcome",
    "Overloaded",
    "ProviderError",
    "Reliability",
    "Reply",
    "Review",
    "ReviewError",
    "Run",
    "RunCancelled",
    "RunError",
    "RunFailed",
    "Runtime",
    "Said",
    "Screen",
    "Seen",
    "Sequential",
    "Store",
    "StoreCorrupt",
    "StoreError",
    "StoreFull",
    "StoreLocked",
    "StoreVersionUnsupported",
    "Terms",
    "Thread",
    "Tool",
    "Usage",
    "UsageError",
    "User",
    "VaultError",
    "VectorIndex",
    "VersionMoved",
    "Webhook",
    "__version__",
    "accept",
    "agent",
    "contract",
    "endorse",
    "escalate",
    "fail",
    "highest_confidence",
    "judged",
    "memory",
    "normalised",
    "open",
    "overrides",
    "prices",
    "privacy",
    "review",
    "revise",
    "rules",
    "screens",
    "similar",
    "step",
    "tool",
    "validator",
    "verify_webhook",
    "vote",
]


def __getattr__(name: str) -> Any:
    """The shell, the memory, prices and the vector index, imported when first used: describing plans needs no event loop and no numbers."""
    """What is imported when first used: describing plans needs no event loop and no numbers."""
    if name in ("Run", "Runtime", "open"):
        from interlock import runtime

        value = runtime.open_runtime if name == "open" else getattr(runtime, name)
        globals()[name] = value
        return value
    if name in ("memory", "prices"):
        return import_module(f"interlock.{name}")
    if name == "memory":
        return import_module("interlock.memory")
    if name in ("Endorsed", "Label", "endorse", "validator"):
        value = getattr(import_module("interlock.labels"), name)
        globals()[name] = value
        return value
    if name in ("memory", "privacy"):
        return import_module(f"interlock.{name}")
    if name in ("memory", "screens"):
        return import_module(f"interlock.{name}")
    if name == "Screen":
        from interlock.safety import Screen

        globals()[name] = Screen
        return Screen
    if name == "VectorIndex":
        from interlock.vector_index import VectorIndex

        globals()[name] = VectorIndex
        return VectorIndex
    raise AttributeError(f"module 'interlock' has no attribute {name!r}")
