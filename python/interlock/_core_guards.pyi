"""The guards' part of the native core, and the vault's. ``interlock._core`` gives all of it under its own name."""

from collections.abc import Sequence
from os import PathLike
from typing import final

@final
class Access:
    """What a configuration decides about access. Requests and answers are JSON objects."""

    def __new__(cls, text: str) -> Access: ...
    @property
    def revision(self) -> int: ...
    def decide(self, request: str) -> str: ...
    def filter(self, of: str, request: str, result: bytes) -> bytes | None: ...
    def policies(self) -> list[tuple[str, str, str]]: ...
    def warnings(self) -> list[tuple[str, str]]: ...
    def scopes_of(self, agent: str) -> list[str] | None: ...

@final
class CedarSet:
    """Cedar as it is, with and without slicing: whether it is allowed, who decided, who erred, and how many were evaluated."""

    def __new__(cls, policies: str, entities: str) -> CedarSet: ...
    def decide(self, principal: str, action: str, resource: str, context: str, sliced: bool) -> tuple[bool, list[str], list[str], int]: ...

@final
class Labels:
    """The labels' policy without a runtime, from the JSON form of ``guardrails:``.

    A label is one byte, as ``Label.encode`` gives it; a source is its label, its text and its structured part as JSON.
    """

    def __new__(cls, spec: bytes) -> Labels: ...
    @staticmethod
    def join(left: int, right: int) -> int: ...
    def check(
        self,
        tool: str,
        acts: bool,
        arguments: bytes,
        context: int,
        sources: list[tuple[int, str, bytes | None]],
    ) -> tuple[str, str, str, str, int, int, int | None] | None:
        """None if the call passes.

        Otherwise the argument's path (empty: the call itself), ``deny`` or ``review``, the reason, the untrusted piece, its first byte,
        the byte after its last, and its source's number.
        """

    def emit(
        self,
        tool: str,
        acts: bool,
        arguments: bytes,
        context: int,
        sources: list[tuple[int, str, bytes | None]],
        result: bytes | None = None,
    ) -> tuple[int, tuple[int, str] | None]:
        """The result's label, and what of it is a source of its own."""

    def emits(self, tool: str) -> int: ...

@final
class BudgetLedger:
    """What may be spent, has been spent and is promised; and the switches that stop agents, tools and tenants. Lines are JSON.

    Raises:
        ConfigError: the ``budgets:`` part (JSON) is wrong; ``path`` says where.
    """

    def __new__(cls, spec: bytes) -> BudgetLedger: ...
    def reserve(
        self,
        now: int,
        who: tuple[str, str, str | None, str | None],
        *,
        input_tokens: int = 0,
        output_tokens: int = 0,
        cost_micro: int = 0,
        time_us: int = 0,
        turns: int = 0,
        tool_calls: int = 0,
        depth: int = 0,
        fan_out: int = 0,
    ) -> tuple[
        int | None,
        str | None,
        tuple[str, str, str, str, int, int, int, int, str, str | None, int | None] | None,
    ]: ...
    def settle(
        self,
        number: int,
        key: bytes,
        at: int,
        *,
        input_tokens: int = 0,
        output_tokens: int = 0,
        cost_micro: int = 0,
        time_us: int = 0,
        turns: int = 0,
        tool_calls: int = 0,
    ) -> str | None: ...
    def settle_unknown(self, number: int, at: int) -> str | None: ...
    def release(self, number: int) -> str | None: ...
    def pause(self, run: str, at: int) -> str | None: ...
    def end(self, run: str, at: int) -> list[str]: ...
    def entries(self) -> list[str]: ...
    def restore(self, lines: list[str]) -> list[int]: ...
    def orphans(self) -> list[int]: ...
    def standing(
        self, now: int, per: str, owner: str, every: str
    ) -> tuple[tuple[int, int, int, int, int], tuple[int, int, int, int, int]]: ...
    def kill(self, kind: str, name: str, reason: str, by: str, at: int) -> bool: ...
    def lift(self, kind: str, name: str) -> bool: ...
    def killed(self, agent: str, tool: str | None = None, tenant: str | None = None) -> tuple[str, str, str, str, int] | None: ...
    def kills(self) -> list[tuple[str, str, str, str, int]]: ...

class Safety:
    """Screens of texts; ``spec`` is the JSON form of ``guardrails.safety``. Offsets are characters. Raises ``ConfigError`` by path."""

    def __new__(cls, spec: str | None = None) -> Safety: ...
    def screen(self, place: str, text: str) -> tuple[str, list[tuple[str, str, int, int, str]]]:
        """The hardest verdict, and of every finding its screen, verdict, first character, character after the last, and why."""
    @property
    def window(self) -> int: ...
    @property
    def on_error(self) -> str: ...

@final
class Holdback:
    """A stream that is screened as it comes: what may go out, or None and what blocks it."""

    def __new__(cls, safety: Safety, place: str = "egress", window: int | None = None) -> Holdback: ...
    def push(self, piece: str) -> tuple[str | None, tuple[str, str, int, int, str] | None]: ...
    def finish(self) -> tuple[str | None, tuple[str, str, int, int, str] | None]: ...
    @property
    def findings(self) -> list[tuple[str, str, int, int, str]]: ...

@final
class Privacy:
    """Detectors of personal data. Findings are (kind, start, end), in code points."""

    def __new__(cls, spec: bytes) -> Privacy: ...
    @staticmethod
    def kinds() -> tuple[list[str], list[str]]: ...
    def scan(self, text: str) -> list[tuple[str, int, int]]: ...
    def mask(self, text: str) -> tuple[str | None, list[tuple[str, int, int]]]: ...
    @staticmethod
    def mask_places(text: str, places: Sequence[tuple[str, int, int]]) -> str: ...
    @staticmethod
    def placeholders(text: str) -> list[tuple[int, int]]: ...
    def mask_json(self, json: bytes) -> bytes | None: ...

class VaultKey:
    """A key that protects a journal's vault. It never shows itself."""

    @staticmethod
    def from_env(variable: str) -> VaultKey: ...
    @staticmethod
    def from_file(path: str | PathLike[str]) -> VaultKey: ...
    @staticmethod
    def handed(root: bytes, wrapped: bytes) -> VaultKey: ...
    @property
    def id(self) -> str | None: ...

def new_vault_key() -> str:
    """A fresh key: 32 random bytes as hex."""

def vault_protection(path: str | PathLike[str]) -> str | bytes | None:
    """How the vault beside a journal protects its keys: ``None`` without a vault, ``"inside"``, or the wrapped root key."""

def rotate_vault(path: str | PathLike[str], old: VaultKey | None, new: VaultKey) -> int:
    """Protect the vault beside a journal by another key. Gives how many subjects' keys were wrapped anew.

    Raises:
        VaultError: the old key is another one.
        JournalLocked: somebody has the vault open.
    """

def vault_subjects(path: str | PathLike[str], key: VaultKey | None = None) -> list[str]:
    """The subjects that have keys in the vault beside a journal."""

def is_encrypted(path: str | PathLike[str]) -> bool:
    """Whether payloads of a journal are encrypted."""
