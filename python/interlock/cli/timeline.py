"""A run as people read it: one line for each event, and under it the evidence."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape

_SHORT = 300


def print_timeline(console: Console, row: dict[str, Any], history: dict[str, Any]) -> None:
    """Print a run's events with the texts that they refer to."""
    payloads = {payload["number"]: payload for payload in history["payloads"]}
    console.print(f"[bold]run {row['id']}[/]  plan {escape(row['plan'])}  [bold]{row['status']}[/]" + (f"  key {row['key']}" if row["key"] else ""))
    start = row["started_us"]
    for event in history["events"]:
        console.print(f"[dim]{(event['at_us'] - start) / 1000:9.3f} ms[/]  [cyan]{event['kind']}[/]  {escape(_headline(event, payloads))}", highlight=False)
        for line in _evidence(event, payloads):
            console.print(f"{'':14}{escape(line)}", style="dim", highlight=False)


def _said(payloads: dict[int, dict[str, Any]], reference: dict[str, Any] | None) -> str:
    """What a payload says, shortened."""
    payload = payloads.get(reference["number"]) if reference else None
    if payload is None:
        return "(not in the journal)" if reference else ""
    text = payload.get("text")
    text = str(payload.get("data", "")) if text is None else repr(text)
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}…"


def _headline(event: dict[str, Any], payloads: dict[int, dict[str, Any]]) -> str:
    match event["kind"]:
        case "run_started":
            return _said(payloads, event["message"])
        case "turn_started":
            again = f", attempt {event['attempt']}" if event["attempt"] > 1 else ""
            return f"{event['agent']} (turn {event['turn']}{again}{', stand-in' if event['fallback'] else ''})"
        case "turn_replied":
            return f"turn {event['turn']}: {_reply(event, payloads)}"
        case "turn_failed":
            return f"turn {event['turn']}: {_failure(event['failure'], payloads)}"
        case "route_chosen":
            decision = event["decision"]
            return f"intent {decision['intent']} → {_target(decision['target'])} (found by: {decision['stage']}, priority {decision['priority']})"
        case "handed_off":
            return f"turn {event['turn']} → node {event['to']} ({event['why']})"
        case "hand_off_refused":
            return f"turn {event['turn']} → {event['target']}: {event['why']}"
        case "effect_intended" | "effect_completed":
            return f"{event['tool']} {_said(payloads, event['arguments'])}"
        case "review_opened" | "run_failed":
            return str(event.get("why") or event.get("code"))
        case "review_decided":
            return f"{event['verdict']}: {_said(payloads, event['decision'])}"
        case "run_delivered":
            return _said(payloads, event["message"])
        case "run_cancelled":
            return _said(payloads, event["reason"])
        case _:
            return ""


def _reply(event: dict[str, Any], payloads: dict[int, dict[str, Any]]) -> str:
    parts = [] if event["empty"] else [_said(payloads, event["reply"])]
    if event["hand_off"]:
        parts.append(f"hand off to {event['hand_off']}")
    if event["intent"]:
        parts.append(f"intent {event['intent']}")
    if event["confidence"] is not None:
        parts.append(f"confidence {event['confidence'] / 1_000_000:.2f}")
    return ", ".join(parts)


def _failure(failure: Any, payloads: dict[int, dict[str, Any]]) -> str:
    if isinstance(failure, dict) and len(failure) == 1:
        kind, what = next(iter(failure.items()))
        detail = _said(payloads, what) if isinstance(what, dict) and "number" in what else str(what)
        return f"{kind}: {detail}"
    return str(failure)


def _target(target: Any) -> str:
    return str(target["agent"]) if isinstance(target, dict) else "a person"


def _evidence(event: dict[str, Any], payloads: dict[int, dict[str, Any]]) -> list[str]:
    lines = []
    if event["kind"] == "route_chosen":
        evidence = event["decision"]["evidence"]
        if evidence["candidates"]:
            lines.append("votes: " + ", ".join(f"{name} {share / 1_000_000:.2f}" for name, share in evidence["candidates"][:5]))
        if evidence["neighbours"]:
            near = ", ".join(f"#{one['example']} {one['intent']} {one['score'] / 1_000_000:.3f}" for one in evidence["neighbours"])
            lines.append(f"nearest examples: {near} (index {evidence['index']:x})")
        rule = evidence["rule"]
        lines.append(f"rule: {'none' if rule is None else f'number {rule[0]}, line {rule[1]}'} (table {str(evidence['table'])[:12]})")
    if event["kind"] == "reply_checked":
        lines += [f"check {verdict['check']}: {verdict['failed'] or 'passed'}" for verdict in event["verdicts"]]
    if event["kind"] == "effect_completed":
        outcome, result = next(iter(event["outcome"].items()))
        lines.append(f"{outcome}: {_said(payloads, result)}")
    if event.get("passages"):
        gates = ", ".join(f"{one['gate']} {one['verdict']}" for one in event["passages"])
        lines.append(f"gates: {gates} (policy {event['passages'][0]['policy']})")
    return lines
