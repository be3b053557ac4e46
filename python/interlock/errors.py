"""Every error that Interlock raises, in one tree.

::

    InterlockError                    .code .hint
    ├── UsageError (ValueError)       you called it wrong; nothing was started
    ├── ConfigError (ValueError)      .path .line   a plan or a configuration file is wrong
    ├── RunError                      .run_id
    │   ├── RunFailed                 the run ended without an answer
    │   ├── RunCancelled              the run was called off
    │   ├── LimitExceeded             a limit of the plan or the runtime was passed
    │   │   └── BudgetExceeded        .per .what .limit .spent .reserved   a call does not fit what may be spent
    │   └── ReviewError               somebody's word on a review can't be taken
    ├── Denied                        a guard said no
    ├── AgentError                    an agent's own code failed; its error is the cause
    ├── ProviderError                 .retryable .retry_after
    ├── StoreError                    .namespace .key .found   the store, or the memory over it, could not do it
    │   ├── VersionMoved              the value is not at the version that was expected
    │   ├── StoreCorrupt              the file is damaged, and nothing was guessed
    │   ├── StoreVersionUnsupported   the file was written by another version
    │   ├── StoreLocked               the file belongs to another store
    │   └── StoreFull                 no room under the cap, or on the disk
    ├── JournalError                  .run .frame .retry_after
    │   ├── JournalCorrupt            the file is damaged; the message names run and frame
    │   ├── JournalVersionUnsupported the file was written by a newer version
    │   └── JournalLocked             the file belongs to another process or another runtime
    ├── CheckpointError               a key or a signed checkpoint can't be used, or is not to be believed
    ├── VaultError                    the key that protects the vault, or the vault itself, can't be used
    ├── Overloaded                    .retry_after   the runtime is full
    └── InternalError                 a bug of ours

Waiting, suspension and duplicates are values, not errors.
"""

from __future__ import annotations

from typing import Any


class InterlockError(Exception):
    """The root of the tree.

    ``code`` is stable and made for programs, ``hint`` says the way out.
    """

    code: str = "internal"

    def __init__(self, message: str, *, hint: str = "", code: str | None = None) -> None:
        super().__init__(f"{message}\nhint: {hint}" if hint else message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code


class UsageError(InterlockError, ValueError):
    """A call that can't mean anything. It was refused before anything happened."""

    code = "usage"


class ConfigError(InterlockError, ValueError):
    """A plan or a configuration file is wrong. ``path`` is the key's path, ``line`` its line."""

    code = "config"

    def __init__(self, message: str, *, hint: str = "", code: str | None = None, path: str | None = None, line: int | None = None) -> None:
        super().__init__(message, hint=hint, code=code)
        self.path = path
        self.line = line


class RunError(InterlockError):
    """Something about one run. ``run_id`` names it, where it is known."""

    code = "run"

    def __init__(self, message: str, *, hint: str = "", code: str | None = None, run_id: str | None = None) -> None:
        super().__init__(message, hint=hint, code=code)
        self.run_id = run_id


class RunFailed(RunError):
    """The run ended without an answer; the cause is the agent's error, if one raised."""

    code = "run.failed"


class RunCancelled(RunError):
    """The run was called off."""

    code = "run.cancelled"


class LimitExceeded(RunError):
    """A limit was passed."""

    code = "run.limit"


class BudgetExceeded(LimitExceeded):
    """A call does not fit what may be spent, and nothing was sent.

    ``per`` is run, agent, user or tenant, and ``owner`` its name. ``what`` is tokens, cost (in micro-dollars), seconds (in microseconds),
    turns, tool_calls, depth or fan_out; ``limit``, ``spent``, ``reserved`` and ``wanted`` are counts of it. ``when_short`` is what the
    limit asks for, with the model of ``cheaper``. ``resets_at`` is when its window is over, in microseconds since 1970.
    """

    code = "run.budget"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: str | None = None,
        run_id: str | None = None,
        per: str = "run",
        owner: str = "",
        what: str = "tokens",
        every: str = "total",
        limit: int = 0,
        spent: int = 0,
        reserved: int = 0,
        wanted: int = 0,
        when_short: str = "deny",
        cheaper: str | None = None,
        resets_at: int | None = None,
    ) -> None:
        super().__init__(message, hint=hint, code=code, run_id=run_id)
        self.per, self.owner, self.what, self.every = per, owner, what, every
        self.limit, self.spent, self.reserved, self.wanted = limit, spent, reserved, wanted
        self.when_short, self.cheaper, self.resets_at = when_short, cheaper, resets_at


class ReviewError(RunError):
    """A person's word on a review can't be taken: it is decided, claimed, somebody else's, or can't be said of this one."""

    code = "review"


class Denied(InterlockError):
    """A guard said no."""

    code = "denied"


class AgentError(InterlockError):
    """An agent's own code failed; the original error is the cause."""

    code = "agent"


class ProviderError(InterlockError):
    """A provider of models or tools failed. ``retry_after`` is in seconds."""

    code = "provider"

    def __init__(
        self, message: str, *, hint: str = "", code: str | None = None, retryable: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.retryable = retryable
        self.retry_after = retry_after


class StoreError(InterlockError):
    """The store, or the memory over it, could not do it. Nothing was changed, unless a put was waiting for the disk: then it is in memory.

    ``namespace`` and ``key`` say where, when it is about one place. ``found`` is the version that is there instead of the expected one.
    """

    code = "store"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: str | None = None,
        namespace: str | None = None,
        key: str | None = None,
        found: int | None = None,
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.namespace = namespace
        self.key = key
        self.found = found


class VersionMoved(StoreError):
    """The value is not at the version that was expected: somebody else wrote it. ``found`` is its version, 0 if it is not there."""

    code = "store.moved"


class StoreCorrupt(StoreError):
    """The file is damaged or half written, and the damage was found; nothing was guessed."""

    code = "store.corrupt"


class StoreVersionUnsupported(StoreError):
    """The file was written by another version."""

    code = "store.version_unsupported"


class StoreLocked(StoreError):
    """The file belongs to another process, or to another store of this one."""

    code = "store.locked"


class StoreFull(StoreError):
    """There is no room: under the cap (``store.full``), beside what live runs hold (``store.held``), on the disk (``store.disk_full``)."""

    code = "store.full"


class JournalError(InterlockError):
    """The journal could not do it. ``run`` and ``frame`` say where, when the place is known.

    ``retry_after`` is in seconds, and set when the runtime is opening its journal again: nothing was acknowledged, and the same
    request with the same key can be made again then.
    """

    code = "journal"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: str | None = None,
        run: str | None = None,
        frame: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.run = run
        self.frame = frame
        self.retry_after = retry_after


class JournalCorrupt(JournalError):
    """The file is damaged, and the damage was found; nothing was guessed."""

    code = "journal.corrupt"


class JournalVersionUnsupported(JournalError):
    """The file was written by a newer version."""

    code = "journal.version_unsupported"


class JournalLocked(JournalError):
    """The file belongs to another process, or to another runtime of this one."""

    code = "journal.locked"


class CheckpointError(InterlockError):
    """A key or a signed checkpoint can't be used, or is not to be believed; the message names it."""

    code = "checkpoint"


class VaultError(InterlockError):
    """The vault's key can't be used, or the vault can't; the message names the place of the key, or the file."""

    code = "vault"


class Overloaded(InterlockError):
    """The runtime is full, and nothing was started. Try again after ``retry_after`` seconds."""

    code = "overloaded"

    def __init__(self, message: str, *, hint: str = "", code: str | None = None, retry_after: float = 0.1) -> None:
        super().__init__(message, hint=hint, code=code)
        self.retry_after = retry_after


class InternalError(InterlockError):
    """A bug of Interlock. Please report it with the version."""

    code = "internal"


_BY_CODE: dict[str, type[InterlockError]] = {
    "run.budget": BudgetExceeded,
    "journal.corrupt": JournalCorrupt,
    "journal.version_unsupported": JournalVersionUnsupported,
    "journal.locked": JournalLocked,
    "overloaded": Overloaded,
    "store.moved": VersionMoved,
    "store.corrupt": StoreCorrupt,
    "store.version_unsupported": StoreVersionUnsupported,
    "store.locked": StoreLocked,
    "store.full": StoreFull,
    "store.held": StoreFull,
    "store.disk_full": StoreFull,
    "vector.file": StoreError,
    "vector.file_damaged": StoreError,
    "vector.file_foreign": StoreError,
    "vector.file_kind": StoreError,
    "vector.file_version": StoreError,
    "vault.locked": JournalLocked,
    "vault.panicked": InternalError,
    "vector.broken": InternalError,
}
_BY_STEM: dict[str, type[InterlockError]] = {
    "config": ConfigError,
    "usage": UsageError,
    "run": RunError,
    "review": ReviewError,
    "journal": JournalError,
    "store": StoreError,
    "checkpoint": CheckpointError,
    "vault": VaultError,
    "vector": UsageError,
}


def from_core(code: str, message: str, hint: str, **fields: Any) -> InterlockError:
    """Build the error for a code of the native core; the core calls this."""
    kind = _BY_CODE.get(code) or _BY_STEM.get(code.partition(".")[0]) or InternalError
    if kind is Overloaded:
        return Overloaded(message, hint=hint, code=code, retry_after=fields.get("retry_after_ms", 100) / 1_000)
    if kind is ConfigError:
        return ConfigError(message, hint=hint, code=code, path=fields.get("path"), line=fields.get("line"))
    if issubclass(kind, RunError):
        return kind(message, hint=hint, code=code, run_id=fields.get("run"))
    if issubclass(kind, StoreError):
        where = {name: fields.get(name) for name in ("namespace", "key", "found")}
        return kind(message, hint=hint, code=code, **where)
    if issubclass(kind, JournalError):
        return kind(message, hint=hint, code=code, run=fields.get("run"), frame=fields.get("frame"))
    return kind(message, hint=hint, code=code)
