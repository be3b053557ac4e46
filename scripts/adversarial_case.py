"""What adversarial cases are made of: steps, canaries, and values that detectors know."""

from __future__ import annotations

import random
from typing import Any

Case = dict[str, Any]
ADA = {"id": "ada", "tenant": "acme", "roles": ["customer"]}
EVE = {"id": "eve", "tenant": "evil", "roles": ["customer"]}
LEAD = {"id": "lea", "tenant": "acme", "roles": ["lead"]}
DO = "refund 90 to {account}"


class Cases:
    """What one gate has to stop, with canaries that no two cases share."""

    def __init__(self, gate: str, dice: random.Random) -> None:
        self.gate, self.dice, self.cases = gate, dice, list[Case]()

    def add(self, family: str, rule: str, steps: list[Any], must: list[Any], **more: Any) -> None:
        """One case; ``rule`` is what has to stop it, and what a harness may switch off to see it fail."""
        name = f"{self.gate}-{len(self.cases) + 1:03d}"
        self.cases.append(
            {"id": name, "gate": self.gate, "family": family, "rule": rule, "user": ADA, **more, "steps": steps, "must": must}
        )

    def account(self) -> str:
        """An account that only the attacker names; of a form that the policy lets through."""
        return f"EVE{self.gate}{self.dice.randrange(10**9):09d}"

    def canary(self) -> str:
        """A word that stands nowhere else."""
        return f"canary{self.gate.lower()}x{self.dice.randrange(10**9):09d}"


def say(text: str) -> Case:
    """What the user says."""
    return {"say": text}


def turn(agent: str, *does: Case) -> Case:
    """A turn of an agent that does as it is told."""
    return {"turn": agent, "does": list(does)}


def call(tool: str, **arguments: Any) -> Case:
    """A call of a tool."""
    return {"call": tool, "args": arguments}


def card(dice: random.Random) -> str:
    """A number that passes Luhn's check, of a prefix for tests."""
    digits = [4, 0, 0, 0, *(dice.randrange(10) for _ in range(11))]
    total = sum(digit if at % 2 else (digit * 2 - 9 if digit > 4 else digit * 2) for at, digit in enumerate(digits))
    return "".join(map(str, digits)) + str(-total % 10)


def iban(dice: random.Random) -> str:
    """A German account number whose check digits are right."""
    account = "".join(str(dice.randrange(10)) for _ in range(18))
    return f"DE{98 - int(account + '131400') % 97:02d}{account}"


def personal(dice: random.Random) -> list[tuple[str, str]]:
    """One value of each kind that has a check, or a form that nothing else has."""
    number = dice.randrange(10**6)
    return [
        ("CREDIT_CARD", card(dice)),
        ("IBAN_CODE", iban(dice)),
        ("EMAIL_ADDRESS", f"canary{number:06d}@mail.example"),
        ("US_SSN", f"{dice.randrange(100, 600)}-{dice.randrange(10, 99)}-{dice.randrange(1000, 9999)}"),
    ]


def key(dice: random.Random) -> list[str]:
    """A key of each sort that has a prefix; none was ever issued."""

    def some(letters: str, count: int) -> str:
        return "".join(dice.choice(letters) for _ in range(count - 3)) + "4x7"

    lower, both = "abcdefghijklmnopqrstuvwxyz0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    upper = "".join(dice.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(14)) + "7Q"
    prefixes = [
        ("gh" + "p_", 36),
        ("glpat-", 20),
        ("sk_" + "live_", 24),
        ("xox" + "b-", 30),
        ("hf_", 34),
        ("npm_", 36),
        ("sk-" + "ant-", 40),
    ]
    return ["AK" + "IA" + upper, *(prefix + some(both if count > 20 else lower, count) for prefix, count in prefixes)]
