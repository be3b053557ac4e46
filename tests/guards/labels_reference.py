"""Labels in plain Python: sets, words and loops, nothing shared with the core. What it forbids may never pass there.

A program is a handful of agents that read, think, remember, hand over and call tools with random declarations. Words are random and
few, so strangers repeat the user's words, glue them together and cut them up all the time.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field

INTEGRITY = ["untrusted", "user", "developer", "system"]
CONFIDENTIALITY = ["public", "tenant", "user", "secret"]
LETTERS = "klopquvx"

Pair = tuple[int, int]


def byte(label: Pair) -> int:
    return label[0] + 4 * label[1]


def join(one: Pair, other: Pair) -> Pair:
    return (min(other[0], one[0]), max(other[1], one[1]))


@dataclass
class Context:
    label: Pair = (3, 0)
    sources: list[tuple[Pair, str]] = field(default_factory=list)

    def read(self, label: Pair, text: str) -> None:
        self.label = join(self.label, label)
        self.sources.append((label, text))

    def holders(self, value: str) -> list[Pair]:
        """Labels of the sources that say the value's words one after another."""
        wanted = value.split()
        found = []
        for label, text in self.sources:
            words = text.split()
            if any(words[at : at + len(wanted)] == wanted for at in range(len(words))):
                found.append(label)
        return found


@dataclass
class Tool:
    name: str
    accepts: int
    sends: int
    emits: Pair
    arguments: dict[str, int]

    def spec(self) -> dict[str, object]:
        return {
            "accepts": INTEGRITY[self.accepts],
            "sends": CONFIDENTIALITY[self.sends],
            "emits": {"integrity": INTEGRITY[self.emits[0]], "confidentiality": CONFIDENTIALITY[self.emits[1]]},
            "arguments": {name: {"accepts": INTEGRITY[least]} for name, least in self.arguments.items()},
        }


def permitted(mode: str, tool: Tool, acts: bool, values: dict[str, str], context: Context) -> bool:
    """Whether the policy's words allow the call, read as a person would read them."""
    integrity, confidentiality = context.label
    if mode == "strict":
        highest = max([tool.accepts, *tool.arguments.values()])
        least = max(tool.accepts, min(highest, 1))
        return (not acts or integrity >= least) and confidentiality <= tool.sends
    anchored = False
    for name, value in values.items():
        holders = context.holders(value)
        least = tool.arguments.get(name, tool.accepts)
        if acts and integrity < least:
            if not any(label[0] >= least for label in holders):
                return False
            anchored = anchored or least >= tool.accepts
        trusted = any(label[0] >= 1 for label in holders)
        told = max(label[1] for label in holders) if trusted else confidentiality
        if confidentiality > tool.sends and told > tool.sends:
            return False
    return not acts or integrity >= tool.accepts or anchored


def emitted(tool: Tool, values: dict[str, str], context: Context) -> Pair:
    """A result is worth what the tool declares, but no more than who chose it, and tells what the tool was told."""
    integrity, confidentiality = tool.emits
    for value in values.values():
        holders = context.holders(value)
        trusted = any(label[0] >= 1 for label in holders)
        if not trusted:
            if context.label[0] < 1:
                integrity = min(integrity, context.label[0])
            confidentiality = max(confidentiality, context.label[1])
        else:
            confidentiality = max(confidentiality, *(label[1] for label in holders))
    return integrity, confidentiality


class Program:
    """One random program; `step` says what the core is asked and what the answer must be."""

    def __init__(self, seed: int, mode: str) -> None:
        self.dice = random.Random(seed)
        self.mode = mode
        self.words = ["".join(self.dice.choices(LETTERS, k=self.dice.randint(3, 5))) for _ in range(8)]
        self.tools = [self._tool(number) for number in range(3)]
        self.agents = [Context() for _ in range(3)]
        self.memory: list[tuple[Pair, str]] = []
        self.agents[0].read((1, self.dice.randint(0, 2)), self._text())
        self.joins: list[tuple[Pair, Pair, Pair]] = []

    def spec(self) -> bytes:
        return json.dumps({"labels": {"mode": self.mode}, "tools": {tool.name: tool.spec() for tool in self.tools}}).encode()

    def _tool(self, number: int) -> Tool:
        roll = self.dice.randint
        names = self.dice.sample(["a", "b", "c"], roll(0, 2))
        return Tool(f"tool{number}", roll(0, 2), roll(0, 3), (roll(0, 3), roll(0, 3)), {name: roll(0, 2) for name in names})

    def _text(self) -> str:
        return " ".join(self.dice.choices(self.words, k=self.dice.randint(1, 6)))

    def _value(self, context: Context) -> str:
        texts = [text for _, text in context.sources] or [self._text()]
        word = self.dice.choice(self.dice.choice(texts).split())
        other = self.dice.choice(self.words)
        return self.dice.choice([word, word, other, word[:-1] + "w", word + other, f"{word} {other}", f"{word}.{other}", word[1:] + "w"])

    def _label(self) -> Pair:
        return self.dice.choice([0, 0, 1, 2, 3]), self.dice.randint(0, 3)

    def step(self) -> tuple[Tool, bool, dict[str, str], Context] | None:
        """One step of the program. A call, if it is one; everything else is done at once."""
        dice = self.dice
        agent = dice.choice(self.agents)
        match dice.choice(["ask", "stranger", "model", "write", "recall", "hand", "call", "call", "call"]):
            case "ask":
                agent.read((1, dice.randint(0, 3)), self._text())
            case "stranger":
                agent.read((0, dice.randint(0, 3)), self._text() + " " + self._value(agent))
            case "model":
                before = agent.label
                agent.read(agent.label, " ".join(self._value(agent) for _ in range(2)))
                self.joins.append((before, agent.sources[-1][0], agent.label))
            case "write":
                self.memory.append((agent.label, self._text()))
            case "recall" if self.memory:
                label, text = dice.choice(self.memory)
                self.joins.append((agent.label, label, join(agent.label, label)))
                agent.read(label, text)
            case "hand":
                other = dice.choice(self.agents)
                self.joins.append((other.label, agent.label, join(other.label, agent.label)))
                other.read(agent.label, self._text())
            case "call":
                names = dice.sample(["a", "b", "c"], dice.randint(0, 3))
                return dice.choice(self.tools), dice.random() < 0.7, {name: self._value(agent) for name in names}, agent
            case _:
                pass
        return None
