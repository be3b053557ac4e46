"""The tree of errors: what the core says arrives as the class that its code stands for."""

from __future__ import annotations

import inspect

import interlock as il
import pytest
from interlock import errors

CLASSES = [
    value
    for _, value in inspect.getmembers(errors, inspect.isclass)
    if issubclass(value, errors.InterlockError) and value.__module__ == errors.__name__
]
FROM_CORE = {
    "config": il.ConfigError,
    "config.rule": il.ConfigError,
    "usage": il.UsageError,
    "usage.unknown-run": il.UsageError,
    "run": il.RunError,
    "run.anything": il.RunError,
    "run.budget": il.BudgetExceeded,
    "review": il.ReviewError,
    "review.closed": il.ReviewError,
    "journal": il.JournalError,
    "journal.disk": il.JournalError,
    "journal.corrupt": il.JournalCorrupt,
    "journal.version_unsupported": il.JournalVersionUnsupported,
    "journal.locked": il.JournalLocked,
    "store": il.StoreError,
    "store.unknown_namespace": il.StoreError,
    "store.moved": il.VersionMoved,
    "store.full": il.StoreFull,
    "store.held": il.StoreFull,
    "store.disk_full": il.StoreFull,
    "store.corrupt": il.StoreCorrupt,
    "store.version_unsupported": il.StoreVersionUnsupported,
    "store.locked": il.StoreLocked,
    "checkpoint": il.CheckpointError,
    "checkpoint.signature": il.CheckpointError,
    "vault": il.VaultError,
    "vault.wrong_key": il.VaultError,
    "vault.locked": il.JournalLocked,
    "vault.panicked": il.InternalError,
    "overloaded": il.Overloaded,
    "vector": il.UsageError,
    "vector.dimension": il.UsageError,
    "vector.file": il.StoreError,
    "vector.file_damaged": il.StoreError,
    "vector.file_foreign": il.StoreError,
    "vector.file_kind": il.StoreError,
    "vector.file_version": il.StoreError,
    "vector.broken": il.InternalError,
    "internal": il.InternalError,
    "something.new": il.InternalError,
    "": il.InternalError,
}


def test_every_class_of_the_tree_has_a_name_in_the_package() -> None:
    assert len(CLASSES) == 26
    for kind in CLASSES:
        assert kind.__name__ in il.__all__
        assert getattr(il, kind.__name__) is kind


def test_the_drawing_shows_every_class() -> None:
    assert [kind.__name__ for kind in CLASSES if kind.__name__ not in (errors.__doc__ or "")] == []


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_error_has_a_code_a_message_and_the_way_out(kind: type[il.InterlockError]) -> None:
    error = kind("it is broken", hint="mend it")
    assert error.code
    assert error.code == error.code.lower()
    assert (error.message, error.hint) == ("it is broken", "mend it")
    assert str(error) == "it is broken\nhint: mend it"
    assert str(kind("it is broken")) == "it is broken"
    assert kind("it is broken", code="usage.special").code == "usage.special"
    assert kind.__doc__


def test_codes_tell_the_classes_apart() -> None:
    codes = [kind.code for kind in CLASSES if kind is not il.InterlockError]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("kind", [il.UsageError, il.ConfigError])
def test_a_wrong_call_or_file_is_a_value_error_too(kind: type[il.InterlockError]) -> None:
    assert issubclass(kind, ValueError)


@pytest.mark.parametrize(("code", "kind"), FROM_CORE.items())
def test_a_code_of_the_core_becomes_its_class(code: str, kind: type[il.InterlockError]) -> None:
    error = errors.from_core(code, "it is broken", "mend it")
    assert type(error) is kind
    assert (error.code, error.message, error.hint) == (code, "it is broken", "mend it")


def test_every_stem_and_every_code_of_the_map_is_tried_here() -> None:
    assert set(errors._BY_STEM) | set(errors._BY_CODE) <= set(FROM_CORE)


def test_what_the_core_knows_beside_the_message_arrives_as_attributes() -> None:
    config = errors.from_core("config.rule", "m", "h", path="routing_rules[0].agent", line=3)
    assert isinstance(config, il.ConfigError)
    assert (config.path, config.line) == ("routing_rules[0].agent", 3)
    corrupt = errors.from_core("journal.corrupt", "m", "h", run="run 7", frame=12)
    assert isinstance(corrupt, il.JournalCorrupt)
    assert (corrupt.run, corrupt.frame) == ("run 7", 12)
    full = errors.from_core("overloaded", "m", "h", retry_after_ms=250)
    assert isinstance(full, il.Overloaded)
    assert full.retry_after == 0.25
    run = errors.from_core("run.failed-somehow", "m", "h", run="01m8")
    assert isinstance(run, il.RunError)
    assert run.run_id == "01m8"


def test_what_the_core_does_not_know_is_left_open() -> None:
    config = errors.from_core("config", "m", "h")
    assert isinstance(config, il.ConfigError)
    assert (config.path, config.line) == (None, None)
    corrupt = errors.from_core("journal.corrupt", "m", "")
    assert isinstance(corrupt, il.JournalCorrupt)
    assert (corrupt.run, corrupt.frame, str(corrupt)) == (None, None, "m")
