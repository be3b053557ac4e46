"""The key that protects what a journal keeps: from the environment, from a file, or held by a key service."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from interlock._core import VaultKey, vault_protection
from interlock.errors import UsageError, VaultError

VARIABLE = "INTERLOCK_KEY"
"""The environment variable in which commands look for the key."""
FILE_VARIABLE = "INTERLOCK_KEY_FILE"
"""The environment variable that may name the key's file instead."""
ROOT = 32
"""Bytes of a root key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Encrypt what is said under a key for each person: ``il.open("support.db", keys=il.Keys(env="INTERLOCK_KEY"))``.

    The key given here protects the vault beside the journal (``support.db.vault``), and the vault has a key for each person. A key
    is 32 bytes, as base64 or hex; ``interlock keys new`` prints one. Exactly one of the three must be given.

    Args:
        env: the environment variable that holds the key.
        file: the file that holds the key.
        wrap: a function of a key service that encrypts 32 bytes, ``wrap(key) -> bytes``. It is called once, when the vault is made.
        unwrap: its counterpart, ``unwrap(wrapped) -> bytes``. It is called once each time that the vault is opened.

    Raises:
        UsageError: none or several of them are given, or ``wrap`` without ``unwrap``.
    """

    env: str | None = None
    file: str | Path | None = None
    wrap: Callable[[bytes], bytes] | None = None
    unwrap: Callable[[bytes], bytes] | None = None

    def __post_init__(self) -> None:
        if (self.wrap is None) != (self.unwrap is None):
            raise UsageError("wrap and unwrap belong together", hint="give both functions of the key service")
        if sum(one is not None for one in (self.env, self.file, self.wrap)) != 1:
            raise UsageError("il.Keys needs one place of the key", hint="give env=…, file=…, or wrap=… with unwrap=…")
        if self.env is not None and (not isinstance(self.env, str) or not self.env):
            raise UsageError(f"env is {self.env!r}", hint="name an environment variable, not the key itself")
        if self.wrap is not None and not (callable(self.wrap) and callable(self.unwrap)):
            raise UsageError("wrap and unwrap are to be functions", hint="give functions from bytes to bytes")

    def open(self, journal: str | Path) -> VaultKey:
        """The key for a journal's vault, read now; a key service is asked now.

        Raises:
            VaultError: there is no key where it should be, or the key service failed.
        """
        if self.env is not None:
            return VaultKey.from_env(self.env)
        if self.file is not None:
            return VaultKey.from_file(self.file)
        protection = vault_protection(journal)
        return _asked(self.wrap, self.unwrap, protection if isinstance(protection, bytes) else None)

    def fresh(self) -> VaultKey:
        """The key for a vault that is to be protected by it from now on.

        Raises:
            VaultError: as for ``open``.
        """
        return self.open("") if self.wrap is None else _asked(self.wrap, self.unwrap, None)


_Function = Callable[[bytes], bytes] | None
_HINT = "look at the key service; the vault was left as it is"


def _asked(wrap: _Function, unwrap: _Function, wrapped: bytes | None) -> VaultKey:
    """A new root key that the key service wrapped, or the one that it unwraps."""
    root = os.urandom(ROOT) if wrapped is None else _call("unwrap", unwrap, wrapped)
    if len(root) != ROOT:
        raise VaultError(f"unwrap gave {len(root)} bytes, and a key has {ROOT}", hint=_HINT, code="vault.key_service")
    return VaultKey.handed(root, _call("wrap", wrap, root) if wrapped is None else wrapped)


def _call(name: str, function: _Function, given: bytes) -> bytes:
    if function is None:
        raise UsageError(f"there is no {name}", hint="give both functions of the key service")
    try:
        answer = function(given)
    except Exception as error:
        raise VaultError(f"{name} raised {type(error).__name__}: {error}", hint=_HINT, code="vault.key_service") from error
    if not isinstance(answer, bytes) or not answer:
        raise VaultError(f"{name} gave {type(answer).__name__}, and bytes are expected", hint=_HINT, code="vault.key_service")
    return answer


def from_environment() -> Keys | None:
    """The key that commands use: of ``INTERLOCK_KEY``, or of the file that ``INTERLOCK_KEY_FILE`` names."""
    if os.environ.get(VARIABLE):
        return Keys(env=VARIABLE)
    file = os.environ.get(FILE_VARIABLE)
    return Keys(file=file) if file else None


def command_keys(journal: str | Path) -> Keys | None:
    """The key that a command gives ``il.open``: none where the journal's vault needs none, or the environment has none."""
    return beside_service(journal, lambda: None)


def beside_service(journal: str | Path, said: Callable[[], Keys | None]) -> Keys | None:
    """The key that a command gives ``il.open`` beside a service's file: that of the environment, else the one that the file names.

    None where the vault has no key: opening it with one would protect it, and the service that has none could open it no more.
    """
    return (from_environment() or said()) if isinstance(vault_protection(journal), bytes) else None


def command_key(journal: str | Path) -> VaultKey | None:
    """The key with which a command opens a journal's vault.

    Raises:
        VaultError: the environment names a key that can't be read.
    """
    keys = command_keys(journal)
    return None if keys is None else keys.open(journal)
