"""A run as people read it: one line for each event, and under it the evidence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.markup import escape

_SHORT = 300


class Payloads(dict[int, dict[str, Any]]):
    """A run's payloads by number, and in one word why they are gone, if they are."""

    gone: str | None = None


def print_timeline(console: Console, row: dict[str, Any], history: dict[str, Any]) -> None:
    """Print a run's events with the texts that they refer to."""
    payloads = Payloads((payload["number"], payload) for payload in history["payloads"])
    payloads.gone = row["removed"]
    about = "".join(f"  {what} {escape(row[what])}" for what in ("key", "user", "thread") if row[what])
    console.print(f"[bold]run {row['id']}[/]  plan {escape(row['plan'])}  [bold]{row['status']}[/]{about}", soft_wrap=True)
    start = row["started_us"]
    for event in history["events"]:
        headline = escape(_HEADLINES[event["kind"]](event, payloads))
        console.print(
            f"[dim]{(event['at_us'] - start) / 1000:9.3f} ms[/]  [cyan]{event['kind']}[/]  {headline}",
            highlight=False,
        )
        for line in _evidence(event, payloads):
            console.print(f"{'':14}{escape(line)}", style="dim", highlight=False)


def _said(payloads: Payloads, reference: dict[str, Any] | None) -> str:
    """What a payload says, shortened."""
    payload = payloads.get(reference["number"]) if reference else None
    if payload is None:
        return f"({payloads.gone or 'not in the journal'})" if reference else ""
    text = payload.get("text")
    text = str(payload.get("data", "")) if text is None else repr(text)
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}…"


def _turn_started(event: dict[str, Any]) -> str:
    again = f", attempt {event['attempt']}" if event["attempt"] > 1 else ""
    return f"{event['agent']} (turn {event['turn']}{again}{', stand-in' if event['fallback'] else ''})"


def _route_chosen(event: dict[str, Any]) -> str:
    decision = event["decision"]
    target = _target(decision["target"])
    return f"intent {decision['intent']} → {target} (found by: {decision['stage']}, priority {decision['priority']})"


def _opened(event: dict[str, Any], payloads: Payloads) -> str:
    subject = event["subject"]
    about = f"tool {subject['effect']['tool']}" if isinstance(subject, dict) else f"the {subject}"
    return f"number {event['review']} about {about}, {event['why']}: {_said(payloads, event['about'])}"


def _ruled(event: dict[str, Any]) -> str:
    ruling = event["ruling"]
    whom = " ".join(name for name in (event["agent"], ruling["resource"]) if name)
    return f"{ruling['gate']} {ruling['verdict']}{': ' + whom if whom else ''} by {', '.join(ruling['rules']) or 'the policy'}"


def _reassigned(event: dict[str, Any], payloads: Payloads) -> str:
    to = " in ".join(part for part in (event["person"], event["role"] and f"role {event['role']}") if part)
    why = f": {_said(payloads, event['decision'])}" if event["decision"] else ""
    return f"number {event['review']} to {to} by {event['by'] or 'the end of its time'}{why}"


_HEADLINES: dict[str, Callable[[dict[str, Any], Payloads], str]] = {
    "run_started": lambda event, payloads: _said(payloads, event["message"]),
    "run_resumed": lambda event, payloads: "the process came back",
    "turn_started": lambda event, payloads: _turn_started(event),
    "turn_replied": lambda event, payloads: f"turn {event['turn']}: {_reply(event, payloads)}",
    "turn_failed": lambda event, payloads: f"turn {event['turn']}: {_failure(event['failure'], payloads)}",
    "reply_checked": lambda event, payloads: f"turn {event['turn']}",
    "fact_needed": lambda event, payloads: str(event["fact"]),
    "route_chosen": lambda event, payloads: _route_chosen(event),
    "handed_off": lambda event, payloads: f"turn {event['turn']} → node {event['to']} ({event['why']})",
    "hand_off_refused": lambda event, payloads: f"turn {event['turn']} → {event['target']}: {event['why']}",
    "effect_intended": lambda event, payloads: f"{event['tool']} {_said(payloads, event['arguments'])}",
    "effect_completed": lambda event, payloads: f"{event['tool']} {_said(payloads, event['arguments'])}",
    "review_opened": _opened,
    "review_decided": lambda event, payloads: f"number {event['review']}: {_verdict(event, payloads)}",
    "review_claimed": lambda event, payloads: f"number {event['review']} by {event['by']}",
    "review_reassigned": _reassigned,
    "review_signed": lambda event, payloads: f"number {event['review']}: {_verdict(event, payloads)}",
    "review_withdrawn": lambda event, payloads: f"number {event['review']}: nothing hangs on it any more",
    "gate_ruled": lambda event, payloads: _ruled(event),
    "run_paused": lambda event, payloads: "nothing goes on until a person decides",
    "run_derived": lambda event, payloads: f"from run {event['from']} after frame {event['seq']}",
    "run_delivered": lambda event, payloads: _said(payloads, event["message"]),
    "run_failed": lambda event, payloads: str(event["code"]),
    "run_cancelled": lambda event, payloads: _said(payloads, event["reason"]),
    "forked": lambda event, payloads: f"at node {event['node']}: {len(event['branches'])} at once",
    "branch_ended": lambda event, payloads: f"branch {event['strand']}: {_branch_end(event['end'], payloads)}",
    "called_off": lambda event, payloads: f"the other branches of node {event['node']}",
    "reconciled": lambda event, payloads: f"node {event['node']}: {_one(event['verdict'])}",
    "floor_passed": lambda event, payloads: f"node {event['forum']}: {_floor(event['next'])}",
    "crossed": lambda event, payloads: f"{event['way']} at the wall of node {event['domain']}: {_crossing(event['outcome'], payloads)}",
    "turn_dropped": lambda event, payloads: f"turn {event['turn']}, about {event['spent']['tokens']} tokens",
    "fact_failed": lambda event, payloads: _said(payloads, event["why"]),
}


def _verdict(event: dict[str, Any], payloads: Payloads) -> str:
    """What was said about a review: the verdict, by whom, why, and what stands in place of what was asked about."""
    by = f" by {event['by']}" if event["by"] else ""
    reason = _said(payloads, event["decision"]) if event["decision"] else "nobody did in time"
    content = f" → {_said(payloads, event['content'])}" if event["content"] else ""
    return f"{event['verdict']}{by}: {reason}{content}"


def _review_terms(event: dict[str, Any]) -> list[str]:
    terms = event["terms"]
    who = " in ".join(part for part in (terms["person"], terms["role"] and f"role {terms['role']}") if part) or "anybody"
    lines = [f"who decides: {who}" + (f", {terms['approvals']} must agree" if terms["approvals"] > 1 else "")]
    if terms["due"] is not None:
        lines.append(f"due {(terms['due'] - event['at_us']) / 1_000_000:,.1f} s after it was opened, then: {_one(terms['on_expiry'])}")
    return lines


def _one(value: Any) -> str:
    """A word, or a word with what belongs to it."""
    if isinstance(value, dict) and len(value) == 1:
        word, what = next(iter(value.items()))
        return f"{word} {what}"
    return str(value)


def _branch_end(end: Any, payloads: Payloads) -> str:
    if isinstance(end, dict) and "answered" in end:
        said = end["answered"]
        sure = "" if said["confidence"] is None else f", confidence {said['confidence'] / 1_000_000:.2f}"
        return f"{said['agent']}: {_said(payloads, said['message'])}{sure}"
    if isinstance(end, dict) and "lost" in end:
        lost = end["lost"]
        return f"lost: {lost['why']}" + (f", {_failure(lost['failure'], payloads)}" if lost["failure"] else "")
    return str(end)


def _floor(following: dict[str, Any]) -> str:
    word, what = next(iter(following.items()))
    match word:
        case "member":
            return f"→ node {what['node']}"
        case "summary":
            return f"→ a summary for node {what['next']}"
        case "delegates":
            return "→ nodes " + ", ".join(str(node) for node, _ in what)
        case "answer":
            return f"contribution {what['number'] + 1} is the answer ({what['why']})"
    return f"{word}: {what}"


def _crossing(outcome: dict[str, Any], payloads: Payloads) -> str:
    if "refused" in outcome:
        return f"refused, label {outcome['refused']['label']!r}"
    passed = outcome["passed"]
    return f"{_said(payloads, passed['message'])}" + (f", {passed['dropped']} left behind" if passed["dropped"] else "")


def _reply(event: dict[str, Any], payloads: Payloads) -> str:
    parts = [] if event["empty"] else [_said(payloads, event["reply"])]
    if event["hand_off"]:
        parts.append(f"hand off to {event['hand_off']}")
    if event["intent"]:
        parts.append(f"intent {event['intent']}")
    if event["confidence"] is not None:
        parts.append(f"confidence {event['confidence'] / 1_000_000:.2f}")
    return ", ".join(parts)


def _failure(failure: Any, payloads: Payloads) -> str:
    if isinstance(failure, dict) and len(failure) == 1:
        kind, what = next(iter(failure.items()))
        detail = _said(payloads, what) if isinstance(what, dict) and "number" in what else str(what)
        return f"{kind}: {detail}"
    return str(failure)


def _target(target: Any) -> str:
    return str(target["agent"]) if isinstance(target, dict) else "the router" if target == "router" else "a person"


def _evidence(event: dict[str, Any], payloads: Payloads) -> list[str]:
    kind = event["kind"]
    lines = _EVIDENCE[kind](event) if kind in _EVIDENCE else []
    if kind == "effect_completed":
        outcome, result = next(iter(event["outcome"].items()))
        lines.append(f"{outcome}: {_said(payloads, result)}")
    if event.get("label"):
        lines.append(f"label: {event['label']['integrity']}, {event['label']['confidentiality']}")
    if event.get("passages"):
        gates = ", ".join(f"{one['gate']} {one['verdict']}" for one in event["passages"])
        lines.append(f"gates: {gates} (policy {event['passages'][0]['policy']})")
    return lines


def _routing(event: dict[str, Any]) -> list[str]:
    lines = []
    evidence = event["decision"]["evidence"]
    if evidence["claims"]:
        lines.append("claims: " + ", ".join(f"{name} {_one(outcome)}" for name, outcome in evidence["claims"]))
    if evidence["candidates"]:
        lines.append("votes: " + ", ".join(f"{name} {share / 1_000_000:.2f}" for name, share in evidence["candidates"][:5]))
    if evidence["neighbours"]:
        near = ", ".join(f"#{one['example']} {one['intent']} {one['score'] / 1_000_000:.3f}" for one in evidence["neighbours"])
        lines.append(f"nearest examples: {near} (index {evidence['index']:x})")
    if evidence["tied"]:
        lines.append("nothing decides between numbers " + ", ".join(str(number) for number in evidence["tied"]))
    rule = evidence["rule"]
    lines.append(f"rule: {'none' if rule is None else f'number {rule[0]}, line {rule[1]}'} (table {str(evidence['table'])[:12]})")
    return lines


def _reconciling(event: dict[str, Any]) -> list[str]:
    lines = [_tried(tried) for tried in event["tried"]]
    if event["agreement"] is not None:
        lines.append("agreement by pairs: " + ", ".join(f"{share / 1_000_000:.2f}" for share in event["agreement"]))
    return lines


def _passing(event: dict[str, Any]) -> list[str]:
    lines = [f"rule {one['rule'] + 1}: {_one(one['outcome'])}" for one in event["considered"]]
    if event["erred"]:
        lines.append(f"the condition that ends it has no answer: {event['erred']}")
    return lines


_EVIDENCE: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "route_chosen": _routing,
    "reconciled": _reconciling,
    "floor_passed": _passing,
    "review_opened": _review_terms,
    "reply_checked": lambda event: [f"check {verdict['check']}: {verdict['failed'] or 'passed'}" for verdict in event["verdicts"]],
}


def _tried(tried: dict[str, Any]) -> str:
    """One method: votes by branch (a letter for each option), the tally, and how it ended."""
    votes = " ".join("-" if vote is None else chr(ord("A") + vote) if vote < 26 else str(vote) for vote in tried["votes"])
    tally = ", ".join(
        f"{chr(ord('A') + number) if number < 26 else number} {weight / 1000:g}" for number, weight in enumerate(tried["tally"])
    )
    spoiled = "; ".join(f"branch {place + 1} spoiled: {why}" for place, why in tried["spoiled"])
    conditions = ", ".join(_one(one["outcome"]) for one in tried["considered"])
    found = "; ".join(part for part in (votes and f"votes {votes}", tally, spoiled, conditions) if part)
    return f"method {tried['method'] + 1}: {_one(tried['outcome'])}" + (f" ({found})" if found else "")
