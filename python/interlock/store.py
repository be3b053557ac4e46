"""The store: versioned values under a namespace and a key, read in microseconds, kept in a file if there is a path.

::

    store = il.Store("state.db")
    version = store.put("users", "u-42", {"tier": "gold"})
    store.put("users", "u-42", {"tier": "silver"}, expect=version)  # VersionMoved if somebody else wrote it
    store.get("users", "u-42")
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

import orjson

from interlock._core import Feed as CoreFeed
from interlock._core import Hold as CoreHold
from interlock._core import Store as Core
from interlock.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Eviction = Literal["none", "lru", "ttl_first"]
"""What goes when the cap is reached: nothing; what was not used for longest; what expires soonest, then what was not used for longest."""

_JSON = 0
_UNTRUSTED = b" "
"""How JSON begins that was put as untrusted. It means nothing to a reader of JSON, and what `put` makes of a value begins otherwise."""


class Versioned(NamedTuple):
    """A value with its version."""

    value: Any
    version: int


class Change(NamedTuple):
    """One change of the feed. The value is not in it: it may be gone when the change is read."""

    version: int
    namespace: str
    key: str
    what: str
    """``put``, ``deleted``, ``expired`` or ``evicted``."""


class StoreStats(NamedTuple):
    """Counts, in entries and bytes."""

    entries: int
    namespaces: int
    bytes: int
    """Keys, values, and what entries cost besides: what counts against the cap."""
    evicted: int
    revision: int
    """The newest version."""
    committed: int
    """The version up to which the file has everything."""
    backlog: int
    """Bytes that wait for the disk."""


class Feed:
    """The changes of one namespace, or of all, since it was opened. Dropping it closes it."""

    __slots__ = ("_core",)

    def __init__(self, core: CoreFeed) -> None:
        self._core = core

    def poll(self, limit: int = 1_000) -> list[Change]:
        """Up to so many changes, oldest first; an empty list if there is nothing new.

        Raises:
            StoreError: ``store.lagged``, once, when changes were lost because nobody read them; the feed goes on after them.
        """
        return [Change(*change) for change in self._core.poll(limit)]


class Hold:
    """Keeps a namespace, or a key, from being evicted: ``with store.hold("cart", "u-42"): …``, or until ``release()``."""

    __slots__ = ("_core",)

    def __init__(self, core: CoreHold) -> None:
        self._core = core

    def release(self) -> None:
        """Let go. A second time changes nothing."""
        self._core.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()


class Store:
    """Versioned values in memory, with a file behind them if a path is given. Safe to use from many threads.

    A value is ``bytes``, ``str``, ``int`` (64 bits), a one-dimensional float32 array, or what JSON can hold besides (dicts, lists,
    floats, booleans). Every change has a version that is greater than all before it in the whole store, so a version never comes back.
    Reads give the value as it was put (a tuple comes back as a list, a vector as a read-only array), with one copy.

    With a file, a thread of the store's own writes the changes, many a commit; ``durable=True``, ``wait`` and ``flush`` wait for it.
    A change that nobody waits for is in the file some milliseconds later. Keys that begin alike are found by looking at all keys of the
    namespace, so a namespace that is scanned often should be small.

    Args:
        path: the file, made if it is missing; this store then owns it. Without a path the store ends with the process.
        cap: bytes in memory, keys, values and 100 bytes an entry; no cap by default.
        eviction: what goes when the cap is reached; by default nothing does, and the put is refused.
        max_value: bytes of one value.
        backlog: bytes that may wait for the disk; beyond, a put waits until half of that is written.
        namespaces: the namespaces that there are; by default a put makes its own.
        max_file: bytes that the file may grow to.
        read_only: see what a file holds now, whoever owns it; changes are refused.

    Raises:
        StoreLocked: another store has the file.
        StoreCorrupt: the file is cut or damaged.
        StoreVersionUnsupported: the file has another format.
        StoreError: the path is no store's file, or can't be read.
        UsageError: an option can't mean anything.
    """

    __slots__ = ("__weakref__", "_core", "_get", "path")

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        cap: int | None = None,
        eviction: Eviction = "none",
        max_value: int = 16 << 20,
        backlog: int = 256 << 20,
        namespaces: Iterable[str] | None = None,
        max_file: int | None = None,
        read_only: bool = False,
    ) -> None:
        for name, number in (("cap", cap), ("max_value", max_value), ("backlog", backlog), ("max_file", max_file)):
            if number is not None and (isinstance(number, bool) or not isinstance(number, int) or not 0 < number < 1 << 63):
                raise UsageError(f"{name} is {number!r}", hint="give a number of bytes, more than 0")
        if read_only and path is None:
            raise UsageError("a store in memory can't be opened read-only", hint="give the path of a store's file")
        known = None if namespaces is None else list(namespaces)
        self.path = None if path is None else os.fspath(path)
        self._core = Core(self.path, cap, eviction, max_value, backlog, known, max_file, read_only)
        self._get = self._core.get

    def get(self, namespace: str, key: str, /) -> Any:
        """The value, or ``None`` if there is none or it has expired.

        Raises:
            StoreError: ``store.unknown_namespace``, if the store was opened with namespaces and this is none of them.
        """
        value = self._get(namespace, key)
        return _read(value) if type(value) is tuple else value

    def get_versioned(self, namespace: str, key: str, /) -> Versioned | None:
        """The value with its version, or ``None``."""
        found = self._core.get_versioned(namespace, key)
        return None if found is None else Versioned(_read(found[0]), found[1])

    def put(
        self,
        namespace: str,
        key: str,
        value: Any,
        /,
        *,
        expect: int | None = None,
        ttl: float | None = None,
        expires: int | None = None,
        untrusted: bool = False,
        durable: bool = False,
    ) -> int:
        """Put a value; gives its version.

        Args:
            namespace: up to 512 bytes.
            key: up to 4,096 bytes.
            value: see the class.
            expect: the version that must be there, 0 for none: compare and set.
            ttl: seconds to live; by default for ever. A put without it makes a value that expires one that does not.
            expires: instead of ``ttl``, the moment in microseconds since 1970. What is put with one that is past has expired at once.
            untrusted: strangers may have had a hand in it, so an agent that reads it is trusted no more than they. For what JSON can hold;
                it reads as it was put, and an ``int`` is no counter then.
            durable: wait until the file has it. This blocks the thread: in a coroutine, ``await asyncio.to_thread(store.wait, version)``.
                If the wait fails, the value is in memory, and in the file as soon as that can be written.

        Raises:
            VersionMoved: another version is there.
            StoreFull: there is no room under the cap, or what could make room is held by live runs, or the disk is full.
            StoreError: ``store.too_large``, ``store.read_only``, ``store.closed``, …: see ``code``.
            UsageError: the value can't be stored, or a name is empty.
        """
        if expires is not None and (type(expires) is not int or not 0 < expires < 1 << 63):
            raise UsageError(f"expires is {expires!r}", hint="give microseconds since 1970, as an int")
        kind = type(value)
        if (kind is bytes or kind is str or kind is int) and not untrusted:
            version = self._core.put(namespace, key, value, expect, ttl, expires)
        elif untrusted:
            json = _json(value, (namespace, key), "what is untrusted must be what JSON can hold")
            version = self._core.put_json(namespace, key, _UNTRUSTED + json, expect, ttl, expires)
        elif isinstance(value, bytearray | memoryview):
            version = self._core.put(namespace, key, bytes(value), expect, ttl, expires)
        elif hasattr(value, "dtype") and hasattr(value, "tobytes"):
            version = self._core.put_vector(namespace, key, _floats(value, (namespace, key)), expect, ttl, expires)
        else:
            version = self._core.put_json(namespace, key, _json(value, (namespace, key)), expect, ttl, expires)
        if durable:
            self._core.wait(version)
        return version

    def delete(self, namespace: str, key: str, /, *, expect: int | None = None) -> bool:
        """Delete a key. False if it was not there.

        Raises:
            VersionMoved: another version than the expected one is there.
        """
        return self._core.delete(namespace, key, expect)

    def incr(self, namespace: str, key: str, by: int = 1, /) -> int:
        """Add to a counter, which begins at 0; gives what it is then. No addition is lost, whoever counts beside.

        Raises:
            StoreError: ``store.not_a_counter`` if the key holds something else, ``store.overflow`` beyond 64 bits.
        """
        return self._core.incr(namespace, key, by)

    def scan(self, namespace: str, prefix: str = "", /) -> list[tuple[str, Any]]:
        """The keys that begin so, with their values, by key."""
        return [(key, _read(value)) for key, value, _, _ in self._core.scan(namespace, prefix)]

    def held(self, namespace: str, key: str, /) -> tuple[Any, int, int] | None:
        """The value, its version, and when it expires (microseconds since 1970, 0 for never)."""
        found = self._core.get_versioned(namespace, key)
        return None if found is None else (_read(found[0]), found[1], found[3])

    def entries(self, namespace: str, prefix: str = "", /) -> list[tuple[str, Any, int]]:
        """As ``scan``, with each value's version."""
        return [(key, _read(value), version) for key, value, version, _ in self._core.scan(namespace, prefix)]

    def labelled(self, namespace: str, key: str, /) -> tuple[Any, int, bool] | None:
        """The value, its version, and whether it was put as untrusted."""
        found = self._core.get_versioned(namespace, key)
        return None if found is None else (_read(found[0]), found[1], _is_untrusted(found[0]))

    def all_labelled(self, namespace: str, prefix: str = "", /) -> list[tuple[str, Any, int, bool]]:
        """As ``entries``, and whether each was put as untrusted."""
        found = self._core.scan(namespace, prefix)
        return [(key, _read(value), version, _is_untrusted(value)) for key, value, version, _ in found]

    def versioned(self, namespace: str, prefix: str = "", /) -> list[tuple[Any, int, int]]:
        """The values, with their versions and when they expire, by key."""
        return [(_read(value), version, expires) for _, value, version, expires in self._core.scan(namespace, prefix)]

    def versions(self, namespace: str, prefix: str = "", /) -> list[tuple[str, int]]:
        """The keys that begin so, with the versions of their values, by key. The values are not read."""
        return [(key, version) for key, _, version, _ in self._core.scan(namespace, prefix)]

    def namespaces(self) -> dict[str, int]:
        """The namespaces that hold something, with how many entries each has."""
        return dict(self._core.namespaces())

    def feed(self, namespace: str | None = None, prefix: str = "", *, room: int = 65_536) -> Feed:
        """The changes from now on, in the order of their versions; at most ``room`` of them wait to be read."""
        return Feed(self._core.feed(namespace, prefix, room))

    def hold(self, namespace: str, key: str | None = None) -> Hold:
        """Keep a namespace, or a key, from being evicted as long as it is needed. What is there then stays: hold first, and read after."""
        return Hold(self._core.hold(namespace, key))

    def wait(self, version: int) -> None:
        """Wait until the file has every change up to a version.

        Raises:
            StoreError: the file can't be written; what was not committed is kept in memory and written when it can be.
            UsageError: there is no such version yet.
        """
        self._core.wait(version)

    def flush(self) -> None:
        """Wait until the file has every change so far."""
        self._core.flush()

    def sweep(self) -> None:
        """Take out all that has expired. Reads never give it, and changes clear it away in passing."""
        self._core.sweep()

    def vacuum(self) -> None:
        """Write the file anew, and cut its log: what was deleted or written over before is then in neither, to the last byte.

        Before that it may lie in both. Changes that are made meanwhile wait for the disk, and reads wait for nothing.

        Raises:
            StoreLocked: somebody reads the file; what they read may still lie in the log. Close them and try again.
            StoreError: it could not be done. Only this call fails; the store goes on.
        """
        self._core.vacuum()

    def snapshot(self, path: str | os.PathLike[str]) -> None:
        """Write what the store holds at this moment to a new file, which can be opened as a store.

        It has every change up to one version and none after it. Changes wait while the entries are listed (some 50 ms for a million).

        Raises:
            UsageError: there is a file already.
        """
        self._core.snapshot(os.fspath(path))

    def stats(self) -> StoreStats:
        """Counts."""
        return StoreStats(*self._core.stats())

    def close(self) -> None:
        """Write what waits, and let the file go. A second time changes nothing, and reads go on.

        Raises:
            StoreError: the file can't be written, and what waited is lost. A ``snapshot`` before closing saves it elsewhere.
        """
        self._core.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Store({self.path or 'in memory'}, {self.stats().entries} entries)"


def _read(value: Any) -> Any:
    """What crossed, as what was put."""
    if type(value) is not tuple:
        return value
    kind, held = value
    return orjson.loads(held) if kind == _JSON else as_vector(held)


def _is_untrusted(value: Any) -> bool:
    return type(value) is tuple and value[0] == _JSON and value[1].startswith(_UNTRUSTED)


def has_a_number_that_is_none(value: Any) -> bool:
    """Whether an infinity or a NaN is somewhere in it."""
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, dict):
        return any(map(has_a_number_that_is_none, value.values()))
    return isinstance(value, list | tuple) and any(map(has_a_number_that_is_none, value))


def as_vector(held: bytes) -> NDArray[np.float32]:
    """Little-endian float32 bytes as a read-only array, without a copy."""
    import numpy as np  # not every store holds vectors

    return np.frombuffer(held, dtype="<f4")


def _json(value: Any, where: tuple[str, str], hint: str = "give bytes, str, int, a float32 array, or what JSON can hold") -> bytes:
    if value is None:
        raise UsageError(f"{'/'.join(where)} was to hold None, which can't be told from nothing", hint="delete the key instead")
    try:
        json = orjson.dumps(value)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{'/'.join(where)} can't hold {kind_of(value)}: {error}", hint=hint) from None
    if b"null" in json and has_a_number_that_is_none(value):  # JSON makes null of it, and nobody would notice
        raise UsageError(f"{'/'.join(where)} can't hold {value!r}", hint="JSON has no such number")
    return json


def _floats(value: Any, where: tuple[str, str]) -> bytes:
    import numpy as np

    array = np.asarray(value)
    if array.ndim != 1 or array.dtype.kind not in "fiu":
        message = f"{'/'.join(where)} can't hold an array of shape {array.shape} and type {array.dtype}"
        raise UsageError(message, hint="give a one-dimensional array of numbers")
    return np.ascontiguousarray(array, dtype="<f4").tobytes()


def kind_of(value: Any) -> str:
    """A value's type, for messages."""
    return type(value).__qualname__
