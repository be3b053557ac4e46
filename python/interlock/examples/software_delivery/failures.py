"""Failures as one line of text, which is what agents pass on, and back: what failed, with which error, in which statement."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BUILD = re.compile(r"build: line (?P<line>\d+): (?P<message>.+)", re.DOTALL)
_TEST = re.compile(r"(?P<test>\w+): (?P<error>[\w.]+)(?:: (?P<message>.*?))?(?:; in (?P<statement>.*))?", re.DOTALL)
_BLOCK = re.compile(r"^={70}\n(?:FAIL|ERROR): (\w+) .*?\n-{70}\n(.*?)(?=^={70}\n|^-{70}\nRan )", re.MULTILINE | re.DOTALL)
_ERROR = re.compile(r"^([A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Warning))(?:: (.*))?$", re.MULTILINE)
_STATEMENT = re.compile(r'^\s*File "[^"]*test_\w+\.py", line \d+, in test_\w+\n\s*(.+)$', re.MULTILINE)
_RAN = re.compile(r"^Ran (\d+) tests? in ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure. A build's has a line; a test's has a test, an error and, unless the import failed, a statement."""

    message: str
    line: int | None = None
    test: str | None = None
    error: str | None = None
    statement: str | None = None

    def __str__(self) -> str:
        if self.line is not None:
            return f"build: line {self.line}: {self.message}"
        where = f"; in {self.statement}" if self.statement else ""
        said = f": {self.message}" if self.message else ""
        return f"{self.test}: {self.error}{said}{where}"

    @classmethod
    def parse(cls, text: str) -> Failure:
        """The failure that ``str`` wrote.

        >>> Failure.parse("build: line 3: expected ':'").line
        3
        >>> Failure.parse("test_sum: TypeError: bad operand; in total(1)").statement
        'total(1)'

        Raises:
            ValueError: the text is no failure.
        """
        if build := _BUILD.fullmatch(text):
            return cls(build["message"], line=int(build["line"]))
        if test := _TEST.fullmatch(text):
            return cls(test["message"] or "", test=test["test"], error=test["error"], statement=test["statement"])
        raise ValueError(f"this is no failure: {text!r}")


def read_report(report: str) -> tuple[int, list[Failure]]:
    """How many tests ``unittest`` ran, and those that failed, in order. Paths and times of the report are left out.

    Raises:
        ValueError: it is no report of ``unittest``.
    """
    ran = _RAN.search(report)
    if ran is None:
        raise ValueError(f"the tests did not run: {report.strip()[-200:]}")
    return int(ran[1]), [_failure(test, block) for test, block in _BLOCK.findall(report)]


def _failure(test: str, block: str) -> Failure:
    statements = _STATEMENT.findall(block)
    errors = _ERROR.findall(block)  # the last one: a failed import quotes the error that it failed with after its own
    error, message = errors[-1] if errors else ("Error", block.strip().splitlines()[-1])
    return Failure(message, test=test, error=error, statement=statements[-1] if statements else None)
