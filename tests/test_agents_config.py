"""The `agents` part of the YAML file: read strictly, with the path and the line of whatever is wrong."""

from __future__ import annotations

import pytest
from interlock.config import AgentLimits, Breaker, Config
from interlock.errors import ConfigError


def agents(text: str) -> dict[str, AgentLimits]:
    return Config.parse(f"agents:\n  {text}\n").agents


def test_every_limit_is_read() -> None:
    breaker = "{errors: 0.5, latency: 2.5, window: 50, min_calls: 20, open_for: 5s}"
    text = f"billing: {{max_concurrency: 4, rate: 600/min, queue: 100, breaker: {breaker}}}"
    expected = Breaker(errors=0.5, latency=2.5, window=50, min_calls=20, open_for=5.0)
    assert agents(text) == {"billing": AgentLimits(max_concurrency=4, rate=10.0, queue=100, breaker=expected)}


def test_what_is_left_out_is_no_limit_and_a_breaker_has_defaults() -> None:
    assert agents("a: {}") == {"a": AgentLimits()}
    assert agents("a: {breaker: {errors: 1}}")["a"].breaker == Breaker(errors=1.0, latency=None, window=20, min_calls=10, open_for=30.0)
    assert agents("a: {breaker: {errors: 0.1, window: 5}}")["a"].breaker == Breaker(errors=0.1, window=5, min_calls=5)
    assert Config.parse("").agents == {}


@pytest.mark.parametrize(
    ("rate", "a_second"), [("10", 10.0), ("0.5", 0.5), ("10/s", 10.0), ("'10 / s'", 10.0), ("90/min", 1.5), ("3600/h", 1.0), ("2.5/s", 2.5)]
)
def test_a_rate_is_a_number_a_second(rate: str, a_second: float) -> None:
    assert agents(f"a: {{rate: {rate}}}")["a"].rate == a_second


@pytest.mark.parametrize(("time", "seconds"), [("2", 2.0), ("0.25", 0.25), ("500ms", 0.5), ("30s", 30.0), ("5m", 300.0), ("1h", 3600.0)])
def test_a_time_is_seconds(time: str, seconds: float) -> None:
    breaker = agents(f"a: {{breaker: {{errors: 0.5, latency: {time}}}}}")["a"].breaker
    assert breaker is not None
    assert breaker.latency == seconds


@pytest.mark.parametrize(
    ("text", "path", "why"),
    [
        ("a: 4", "agents.a", "keys with values are expected"),
        ("7: {}", "agents.7", "is no name"),
        ("'': {}", "agents.", "is no name"),
        ("a: {}\n  a: {}", "agents.a", "stands here twice"),
        ("a: {colour: red}", "agents.a.colour", "not a known key"),
        ("a: {max_concurrency: 0}", "agents.a.max_concurrency", "a whole number from 1"),
        ("a: {max_concurrency: 2.5}", "agents.a.max_concurrency", "a whole number"),
        ("a: {queue: yes}", "agents.a.queue", "a whole number"),
        ("a: {rate: 0}", "agents.a.rate", "a rate above 0"),
        ("a: {rate: 0/s}", "agents.a.rate", "a rate above 0"),
        ("a: {rate: 10/day}", "agents.a.rate", "a rate above 0"),
        ("a: {rate: true}", "agents.a.rate", "a rate above 0"),
        ("a: {rate: .inf}", "agents.a.rate", "a rate above 0"),
        ("a: {rate: .nan}", "agents.a.rate", "a rate above 0"),
        ("a: {breaker: 0.5}", "agents.a.breaker", "keys with values are expected"),
        ("a: {breaker: {}}", "agents.a.breaker", "has no `errors`"),
        ("a: {breaker: {errors: 0}}", "agents.a.breaker.errors", "every call would open it"),
        ("a: {breaker: {errors: 1.5}}", "agents.a.breaker.errors", "a number from 0 to 1"),
        ("a: {breaker: {errors: 0.5, latency: -1}}", "agents.a.breaker.latency", "a time above 0"),
        ("a: {breaker: {errors: 0.5, latency: soon}}", "agents.a.breaker.latency", "a time above 0"),
        ("a: {breaker: {errors: 0.5, open_for: 0}}", "agents.a.breaker.open_for", "a time above 0"),
        ("a: {breaker: {errors: 0.5, window: 0}}", "agents.a.breaker.window", "a whole number from 1"),
        ("a: {breaker: {errors: 0.5, window: 5, min_calls: 6}}", "agents.a.breaker.min_calls", "more than the window of 5 calls"),
    ],
)
def test_what_is_wrong_is_named_with_path_and_line(text: str, path: str, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        agents(text)
    assert caught.value.path == path
    assert caught.value.line == 1 + text.count("\n") + 1
    assert why in str(caught.value)
    assert caught.value.hint
