"""The native core. Bytes hold JSON unless a docstring says otherwise; times are microseconds since 1970."""

from collections.abc import Sequence
from os import PathLike
from typing import Final, final

from interlock.message import Shown, Status

__version__: Final[str]

__all__ = [
    "Counterfactual",
    "Effect",
    "Engine",
    "Ledger",
    "Progress",
    "Reader",
    "RouteTable",
    "Signer",
    "Started",
    "Step",
    "__version__",
    "ballot",
    "fit_reliability",
    "prove_run",
    "read_checkpoints",
    "replay",
    "state_at",
    "tree_head",
    "verify",
    "verify_checkpoints",
]

@final
class Step:
    """What a run owes after a feed. ``kind`` says which of the fields hold something."""

    CALL: Final = 0
    EMBED: Final = 1
    QUEUED: Final = 2
    NOTHING: Final = 3
    SETTLED: Final = 4
    COMPARE: Final = 5
    @property
    def kind(self) -> int: ...
    @property
    def plain(self) -> bool: ...
    @property
    def more(self) -> list[Step] | None: ...
    @property
    def dropped(self) -> list[int] | None: ...
    @property
    def upset(self) -> list[int] | None: ...
    @property
    def node(self) -> int: ...
    @property
    def shows_user(self) -> bool: ...
    @property
    def labels(self) -> list[str] | None: ...
    @property
    def shown(self) -> list[Shown]: ...
    @property
    def tokens(self) -> int: ...
    @property
    def reviews(self) -> list[int]: ...
    @property
    def wake(self) -> int | None: ...
    @property
    def granted(self) -> list[tuple[int, int]] | None: ...
    @property
    def turn(self) -> int: ...
    @property
    def ask(self) -> int: ...
    @property
    def agent(self) -> str: ...
    @property
    def attempt(self) -> int: ...
    @property
    def sender(self) -> str | None: ...
    @property
    def intent(self) -> str | None: ...
    @property
    def feedback(self) -> str | None: ...
    @property
    def due(self) -> int: ...
    @property
    def text(self) -> str: ...
    @property
    def data(self) -> bytes | None: ...
    @property
    def ticket(self) -> int: ...
    @property
    def status(self) -> Status: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def turns(self) -> int: ...
    @property
    def handoffs(self) -> int: ...
    @property
    def effects(self) -> int: ...
    @property
    def state_hash(self) -> str: ...

@final
class Started:
    """What became of a request to start a run."""

    @property
    def run(self) -> int: ...
    @property
    def id(self) -> str: ...
    @property
    def step(self) -> Step | None: ...
    @property
    def is_new(self) -> bool: ...
    @property
    def plan(self) -> str | None: ...

@final
class Effect:
    """What to do about an effect; ``what`` says which of the other fields hold something."""

    RUN: Final = 0
    UNDER_WAY: Final = 1
    STORED: Final = 2
    RAISED: Final = 3
    DENIED: Final = 4
    PAUSED: Final = 5
    TOO_LATE: Final = 6
    NOT_PURE: Final = 7
    @property
    def what(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def after(self) -> int: ...
    @property
    def arguments(self) -> bytes | None: ...
    @property
    def stored(self) -> bytes | None: ...
    @property
    def text(self) -> str | None: ...
    @property
    def step(self) -> Step | None: ...

@final
class Engine:
    """The native half of one runtime."""

    def __new__(
        cls,
        path: str | PathLike[str] | None = None,
        *,
        max_runs: int | None = None,
        max_turns: int | None = None,
        max_queued_bytes: int | None = None,
        retain: int | None = None,
    ) -> Engine: ...
    def add_plan(self, text: str) -> int: ...
    def set_rules(self, text: str) -> str: ...
    def limit_agents(self, text: str) -> None: ...
    def set_semantic(self, dim: int, vectors: bytes, labels: bytes, intents: list[str], k: int) -> int: ...
    def start(
        self,
        plan: int,
        text: str,
        data: bytes | None = None,
        user: bytes | None = None,
        key: str | None = None,
        thread: str | None = None,
        deadline_ms: int | None = None,
        watch: bool = False,
        labels: list[str] | None = None,
    ) -> Started: ...
    def replied(
        self,
        run: int,
        turn: int,
        text: str,
        data: bytes | None = None,
        confidence: float | None = None,
        intent: str | None = None,
        hand_off: str | None = None,
        labels: list[str] | None = None,
        tokens: int | None = None,
        delegated: list[tuple[str, str | None, bytes | None]] | None = None,
        writes: bool = False,
    ) -> Step: ...
    def raised(self, run: int, turn: int, text: str) -> Step: ...
    def answered_wrongly(self, run: int, turn: int, text: str) -> Step: ...
    def embedded(self, run: int, ask: int, vector: bytes) -> Step: ...
    def compared(self, run: int, ask: int, pairs: list[float]) -> Step: ...
    def fact_failed(self, run: int, ask: int, text: str) -> Step: ...
    def cancel(self, run: int, reason: str | None = None) -> Step: ...
    def expire(self) -> tuple[list[tuple[int, Step]], list[Started]]: ...
    def next_wake(self) -> int | None: ...
    def now(self) -> int: ...
    def take(self, run: int, turn: int) -> Step: ...
    def look(self, run: int) -> Step: ...
    def view(self, run: int, turn: int) -> list[Shown]: ...
    def scopes(self, run: int, turn: int) -> list[str]: ...
    def effect_begun(self, run: int, turn: int, tool: str, kind: str, arguments: bytes, approve: str | None = None) -> Effect: ...
    def is_cut_off(self, run: int, key: bytes) -> bool: ...
    def effect_ended(self, run: int, key: bytes, returned: bool, result: bytes) -> tuple[int | None, Step]: ...
    def set_review_terms(self, text: str) -> None: ...
    def review(self, run: int, number: int | None, word: bytes) -> Started: ...
    def reviews(self, run: int) -> str: ...
    def derive(self, run: int, seq: int, text: str | None = None, data: bytes | None = None, new_rules: bool = False) -> Started: ...
    def resume_all(self, agents: list[str]) -> list[Started]: ...
    def waiting(self) -> list[tuple[int, str, str]]: ...
    def look_up(self, id: str) -> Started: ...
    def keyed(self, key: str) -> Started | None: ...
    def messages(self, run: int, turn: int) -> list[tuple[str | None, str, bytes | None]]: ...
    def watch(self, run: int) -> None: ...
    def unwatch(self, run: int) -> None: ...
    def seen(self, run: int) -> list[str]: ...
    def history(self, run: int) -> str: ...
    def runs(
        self,
        status: str | None = None,
        limit: int = 100,
        *,
        user: str | None = None,
        thread: str | None = None,
        since: int | None = None,
        until: int | None = None,
    ) -> str: ...
    def erase(self, user: str, by: str) -> tuple[int, int, int]: ...
    def prune(self, before: int, statuses: Sequence[str], by: str) -> tuple[int, int, int]: ...
    def compact(self) -> None: ...
    def committed(self) -> int: ...
    def checkpoint(self) -> tuple[int, bytes]: ...
    def want_wake(self, ticket: int) -> None: ...
    def wake_fd(self) -> int | None: ...
    def drain_wake(self) -> None: ...
    def check_journal(self) -> None: ...
    def stats(self) -> str: ...
    def close(self) -> None: ...

@final
class RouteTable:
    """A routing table without a runtime, from the text that ``Config.table_text()`` gives."""

    def __new__(cls, text: str) -> RouteTable: ...
    def decide(
        self,
        text: str = "",
        data: bytes | None = None,
        user: bytes | None = None,
        intent: str | None = None,
        confidence: float | None = None,
        labels: list[str] = ...,
    ) -> str: ...
    def decide_many(self, messages: bytes, first: int = 1) -> list[tuple[str | None, int | None]]: ...
    def problems(self) -> str: ...
    def agents(self) -> list[tuple[str, str, int]]: ...

@final
class Reader:
    """A journal that is only read, even while another process owns it."""

    def __new__(cls, path: str | PathLike[str]) -> Reader: ...
    def runs(
        self,
        status: str | None = None,
        limit: int = 100,
        *,
        user: str | None = None,
        thread: str | None = None,
        since: int | None = None,
        until: int | None = None,
    ) -> str: ...
    def would_erase(self, user: str) -> tuple[int, int, int]: ...
    def would_prune(self, before: int, statuses: Sequence[str]) -> tuple[int, int, int]: ...
    def find(self, prefix: str, limit: int = 100) -> str: ...
    def history(self, run: int) -> str: ...

@final
class Counterfactual:
    """Recorded runs decided anew under another table (the text that ``Config.table_text()`` gives), some at a time.

    Raises:
        ConfigError: the table is wrong, or names an agent that no plan of the journal has.
        JournalError: the file can't be read.
    """

    def __new__(
        cls, path: str | PathLike[str], table: str, plan: str | None = None, limit: int | None = None, shown: int = 3
    ) -> Counterfactual: ...
    @property
    def left(self) -> int: ...
    def go_on(self, runs: int) -> None: ...
    def report(self) -> str: ...

def replay(reader: Reader, run: int) -> str:
    """How a run stood after each of its events, as a JSON list.

    Raises:
        UsageError: no run has this number.
        JournalCorrupt: the file is damaged, or the events don't follow from each other.
    """

def state_at(reader: Reader, run: int, seq: int) -> str | None:
    """One step with the whole state and the thread so far, as a JSON object; ``None`` for a step that the run does not have.

    Raises:
        UsageError, JournalCorrupt: as ``replay``.
    """

@final
class Ledger:
    """What an auditor lists: a journal's frames in commit order, and who is behind them."""

    def __new__(cls, path: str | PathLike[str]) -> Ledger: ...
    def size(self) -> int: ...
    def frames(self, first: int, count: int) -> str: ...
    def frames_of(self, run: int) -> str: ...
    def kinds_of(self, run: int) -> list[tuple[int, str]]: ...
    def user_of(self, run: int) -> str | None: ...
    def sender_of(self, run: int, number: int) -> str | None: ...

@final
class Signer:
    """The key that signs checkpoints: a signed note's signer key, as Go's ``note`` package writes it.

    Raises:
        CheckpointError: the text is no such key; the message says why.
    """

    def __new__(cls, text: str) -> Signer: ...
    @staticmethod
    def generate(name: str) -> Signer: ...
    @property
    def name(self) -> str: ...
    @property
    def verifier(self) -> str: ...
    def secret_text(self) -> str: ...
    def sign(self, size: int, root: bytes, origin: str | None = None) -> str: ...

@final
class Progress:
    """How far long work has come: ``seen()`` gives steps done, and steps in all (0 while that is not known)."""

    def __new__(cls) -> Progress: ...
    def seen(self) -> tuple[int, int]: ...

def read_checkpoints(notes: str, key: str) -> list[tuple[int, str, str, str]]:
    """The checkpoints of a text with one note after another: size, root (hex), origin and note of each.

    Raises:
        CheckpointError: a note is not whole or not signed by the key; the message names its line.
    """

def verify_checkpoints(
    path: str | PathLike[str], notes: str | None = None, key: str | None = None, progress: Progress | None = None
) -> str:
    """As ``verify``, and hold the file against the checkpoints of a text. Counts as JSON.

    Raises:
        JournalCorrupt: the first damage found, or a checkpoint that the file contradicts; the message names its size.
        CheckpointError: a note is not whole or not signed by the key.
    """

def tree_head(path: str | PathLike[str]) -> tuple[int, bytes]:
    """A journal's size in frames and its Merkle root, after frames and commits were found whole.

    Raises:
        JournalCorrupt: they were not.
    """

def prove_run(
    path: str | PathLike[str], run: int, newest: str, older: str | None, key: str
) -> tuple[list[tuple[int, bytes, list[bytes]]], list[bytes] | None]:
    """A run's frames with leaf, bytes and inclusion proof each, and the consistency proof from the older note.

    Raises:
        JournalCorrupt: the file contradicts a checkpoint.
        CheckpointError: a note is not signed by the key, or the run goes on beyond the newest one.
    """

def fit_reliability(workers: list[str], tasks: list[str], labels: list[str], folds: int = 5) -> str:
    """Fit Dawid–Skene to three columns of labels, choose between it and the majority, and return what was found as JSON.

    Raises:
        UsageError: labels that can't be fitted (code ``usage.reliability``); the message names worker, task or row.
    """

def verify(path: str | PathLike[str]) -> str:
    """Check every frame, payload and root of a journal, and return counts as JSON.

    Raises:
        JournalCorrupt: the first damage found; the message names run and frame.
    """

def ballot(text: str, data: bytes | None = None, path: str | None = None) -> str | None:
    """What a vote would count: the folded text, or the JSON of the field at a dotted path. ``None`` is an abstention.

    Raises:
        ValueError: the ballot is spoiled.
    """
