"""Random programs of joins, model calls, tools, memories and handoffs: the core lets nothing pass that plain Python forbids."""

from __future__ import annotations

import json

import pytest
from interlock._core import Labels
from labels_reference import Program, byte, emitted, permitted

STEPS = 14


def run(seed: int) -> tuple[int, int]:
    """Calls and passes of one program. Both readings must agree on each, not only where the reference forbids."""
    program = Program(seed, "strict" if seed % 4 == 0 else "arguments")
    labels = Labels(program.spec())
    calls = passes = 0
    for _ in range(STEPS):
        made = program.step()
        if made is None:
            continue
        tool, acts, values, context = made
        arguments = json.dumps(values).encode()
        sources = [(byte(label), text, None) for label, text in context.sources]
        verdict = labels.check(tool.name, acts, arguments, byte(context.label), sources)
        may = permitted(program.mode, tool, acts, values, context)
        assert may or verdict is not None, f"a forbidden flow in program {seed}: {tool}, {values}, {context}"
        assert not may or verdict is None, f"program {seed}: {verdict} of an allowed call: {tool}, {values}, {context}"
        if verdict is not None and verdict[6] is not None:
            text = sources[verdict[6]][1].encode()
            assert text[verdict[4] : verdict[5]].decode() == verdict[3]
        calls, passes = calls + 1, passes + (verdict is None)
        got, _ = labels.emit(tool.name, acts, arguments, byte(context.label), sources)
        want = emitted(tool, values, context)
        assert got == byte(want), f"program {seed}: result of {tool} {values} in {context}"
        if verdict is None:
            context.read(want, program.words[0])
    for one, other, joined in program.joins:
        assert Labels.join(byte(one), byte(other)) == byte(joined)
    return calls, passes


def many(first: int, count: int) -> None:
    results = [run(seed) for seed in range(first, first + count)]
    calls, passes = (sum(column) for column in zip(*results, strict=True))
    assert calls > 3 * count
    assert 0.1 < passes / calls < 0.9, "programs in which nothing, or everything, passes would show nothing"


def test_two_thousand_programs_have_no_forbidden_flow() -> None:
    many(0, 2_000)


@pytest.mark.heavy
@pytest.mark.timeout(1_800)
def test_a_hundred_thousand_programs_have_no_forbidden_flow() -> None:
    many(0, 100_000)
