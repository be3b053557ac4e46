"""What the context of a turn asks its run, and what is answered without changing anything."""

from __future__ import annotations

from interlock._core import Engine
from interlock.message import Message, Seen, seen


class Asked:
    """The part of a run under way that only reads."""

    engine: Engine
    number: int

    def seconds_left(self, due: int) -> float:
        """Seconds until a moment of the engine's clock."""
        return max(0.0, (due - self.engine.now()) / 1_000_000)

    def history(self, turn: int) -> list[Message]:
        """What a turn may know of what was said in the run so far."""
        said = self.engine.messages(self.number, turn)
        return [Message(text, data=data, sender=sender) for sender, text, data in said]

    def view(self, turn: int) -> list[Seen]:
        """What a turn may see of the pattern around it, the pattern's task first."""
        return [seen(shown) for shown in self.engine.view(self.number, turn)]

    def scopes(self, turn: int) -> tuple[str, ...]:
        """What a turn's agent may reach."""
        return tuple(self.engine.scopes(self.number, turn))
