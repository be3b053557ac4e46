"""``interlock review``: what waits for people, and their decisions, where no service has the journal open."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from interlock._core import Reader
from interlock.cli.moments import ahead
from interlock.cli.pick import run_by_prefix
from interlock.config import Config
from interlock.errors import JournalLocked, UsageError
from interlock.keys import Keys, beside_service, command_key
from interlock.message import Outcome, Seen
from interlock.privacy import Span
from interlock.reviews import Escalate, Review, review_of
from interlock.runtime import Runtime, open_runtime
from interlock.runtime.review_desk import filter_text

EXAMPLES = """examples:
  interlock review list --db support.db --role finance
  interlock review show 01m838qb --db support.db
  interlock review approve 01m838qb --by ada --role finance --reason "the invoice is there"
  interlock review edit 01m838qb 1 --by ada --role finance --arguments '{"order": "A-7", "amount": 40}'
  interlock review answer 01m838qb --by ada --text "You get it back on Monday."
  interlock review approve 01m838qb --by ada --role lead --tenant acme --config support.yaml
  interlock review reassign 01m838qb --by ada --to-role legal --reason "a contract is at stake"

A decision is written into the journal, which a running service owns: then only the service can decide, and exit status 2 says so.
The configuration says here as in the service who may decide: without --config the one in interlock.yaml, if it is in this folder. What
else stands in it is the service's, and need not work here."""

CONFIG = Path("interlock.yaml")
"""The configuration that is read where none is named."""


def add_parser(commands: Any) -> None:
    """Add ``review`` to the command line."""
    shape = argparse.RawDescriptionHelpFormatter
    review = commands.add_parser("review", help="list, show and decide what waits for people", epilog=EXAMPLES, formatter_class=shape)
    actions = review.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="open reviews, oldest first; a service may have the journal open")
    listing.add_argument("--role", help="only those that this role may decide")
    listing.add_argument("--person", help="only those that were given to this person")
    listing.add_argument("--tenant", metavar="NAME", help="only those of runs of this tenant, or of none")
    listing.add_argument("--plan", help="only those of runs of this plan")
    listing.add_argument("--due-before", type=ahead, metavar="WHEN", help="only those due before: 2026-11-01T08:30, or 4h from now")
    listing.add_argument("--limit", type=int, default=50, metavar="N", help="at most N (50)")
    listing.set_defaults(run=list_reviews)
    show = _action(actions, "show", "one review with everything that whoever decides should see", show_review)
    show.set_defaults(by=None)
    claim = _spoken(actions, "claim", "say that you are at it: nobody else decides for a while", _claim)
    claim.add_argument("--for", dest="seconds", type=float, default=300.0, metavar="S", help="for so many seconds (300)")
    _spoken(actions, "approve", "let it happen, or sign what others have proposed", _approve)
    _spoken(actions, "reject", "refuse it", _reject)
    edit = _spoken(actions, "edit", "let something else happen in its place", _edit)
    answer = _spoken(actions, "answer", "say it yourself; for an effect: what it gave", _answer)
    for action in (edit, answer):
        action.add_argument("--text", help="the text in its place")
        action.add_argument("--data", type=_json, metavar="JSON", help="the data beside it, or in its place")
    edit.add_argument("--arguments", type=_json, metavar="JSON", help="the effect's arguments, all of them")
    reassign = _spoken(actions, "reassign", "ask others", _reassign)
    reassign.add_argument("--to-role", metavar="ROLE", help="those who have this role")
    reassign.add_argument("--to-person", metavar="NAME", help="this person")
    for action in actions.choices.values():
        action.add_argument("--db", default=os.environ.get("INTERLOCK_DB"), metavar="FILE", help="the journal (or set INTERLOCK_DB)")
        action.add_argument("--json", action="store_true", help="print JSON: a line for each review, or one object")


def _action(actions: Any, name: str, what: str, run: Callable[[argparse.Namespace], int]) -> Any:
    action = actions.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
    action.add_argument("run_id", metavar="RUN", help="the run's id, or its first letters")
    action.add_argument("review", metavar="REVIEW", type=int, nargs="?", help="the review's number, when several are open")
    action.set_defaults(run=run)
    return action


def _spoken(actions: Any, name: str, what: str, says: Callable[[Runtime, argparse.Namespace], Awaitable[Outcome | Review]]) -> Any:
    action = _action(actions, name, what, decide)
    action.set_defaults(says=says)
    action.add_argument("--by", metavar="NAME", help="who decides; the journal keeps it (the system's user)")
    action.add_argument("--role", dest="roles", action="append", default=[], metavar="ROLE", help="what they are; may be repeated")
    action.add_argument("--tenant", metavar="NAME", help="whose people they are; without it they are the service's own")
    action.add_argument("--reason", default="", metavar="TEXT", help="why")
    which = action.add_mutually_exclusive_group()
    which.add_argument("--config", type=Path, metavar="FILE", help="the YAML file that says who may decide (interlock.yaml, if it is here)")
    which.add_argument("--no-config", action="store_true", help="ask no file, also if interlock.yaml is here")
    return action


def list_reviews(given: argparse.Namespace) -> int:
    """Open reviews."""
    names = {"role": given.role, "person": given.person, "plan": given.plan, "tenant": given.tenant}
    asked = filter_text(**names, due_before=given.due_before, limit=given.limit)
    found = [review_of(row) for row in orjson.loads(_reader(given).open_reviews(asked))]
    if given.json:
        for review in found:
            print(orjson.dumps(review.to_json()).decode())
        return 0
    table = Table(*(Column(name, no_wrap=True) for name in ("run", "#", "opened (UTC)", "due")), "plan", "why", "who", "claimed by")
    for review in found:
        why = f"{review.why} ({review.tool})" if review.tool else review.why
        signed = f", {review.signed} of {review.approvals} signed" if review.approvals > 1 else ""
        row = (review.plan, why, _who(review) + signed, review.claimed_by or "")
        table.add_row(review.run_id, str(review.number), _time(review.opened), _time(review.due), *map(escape, row))
    Console().print(table if found else "nothing waits for people")
    return 0


def show_review(given: argparse.Namespace) -> int:
    """One review."""
    reader = _reader(given)
    run = run_by_prefix(reader, given.run_id)
    review = review_of(orjson.loads(reader.show_review(run["run"], given.review)))
    if given.json:
        print(orjson.dumps(review.to_json()).decode())
        return 0
    console = Console()
    for line in _told(review):
        console.print(line, soft_wrap=True, highlight=False)
    return 0


def decide(given: argparse.Namespace) -> int:
    """Somebody's word. A service that has the journal open must take it itself."""
    given.run_id, given.by = run_by_prefix(_reader(given), given.run_id)["id"], given.by or getpass.getuser()
    try:
        came_of_it = asyncio.run(_say(given))
    except JournalLocked as locked:
        print(f"interlock: {locked.message}: the service that owns it must decide", file=sys.stderr)
        print(f"hint: use its own page or API (await runtime.reviews.{given.action}(…)), or stop it first", file=sys.stderr)
        return 2
    if given.json:
        print(orjson.dumps(_as_json(came_of_it)).decode())
    else:
        print(_follows(given, came_of_it))
    return 0


async def _say(given: argparse.Namespace) -> Outcome | Review:
    config = _config(given)
    keys = beside_service(given.db, lambda: _key_named(given))
    async with open_runtime(given.db, config=config, keys=keys, ner=_no_names) as runtime:
        came_of_it: Outcome | Review = await given.says(runtime, given)
        return came_of_it


def _config(given: argparse.Namespace) -> Config | None:
    """What the service's configuration says of who may decide."""
    named = _file(given)
    if named is None:
        why = "--no-config" if given.no_config else f"no {CONFIG} is here and --config names no other"
        print(f"interlock: {why}: no role is asked for beside those of the review's own terms", file=sys.stderr)
        return None
    return Config.deciding(named)


def _key_named(given: argparse.Namespace) -> Keys | None:
    named = _file(given)
    return None if named is None else Config.deciding(named, key=True).encryption


def _file(given: argparse.Namespace) -> Path | None:
    if given.no_config:
        return None
    named: Path | None = given.config
    return named or (CONFIG if CONFIG.is_file() else None)


def _no_names(text: str) -> list[Span]:
    """In place of the model for names, which a service asks about what agents say: here none says anything."""
    return []


async def _claim(runtime: Runtime, given: argparse.Namespace) -> Review:
    return await runtime.reviews.claim(given.run_id, **_speaker(given), for_=given.seconds)


async def _approve(runtime: Runtime, given: argparse.Namespace) -> Outcome:
    return await runtime.reviews.approve(given.run_id, **_who_says(given))


async def _reject(runtime: Runtime, given: argparse.Namespace) -> Outcome:
    return await runtime.reviews.reject(given.run_id, **_who_says(given))


async def _edit(runtime: Runtime, given: argparse.Namespace) -> Outcome:
    content = {"text": given.text, "data": given.data, "arguments": given.arguments}
    return await runtime.reviews.edit(given.run_id, **_who_says(given), **content)


async def _answer(runtime: Runtime, given: argparse.Namespace) -> Outcome:
    return await runtime.reviews.answer(given.run_id, **_who_says(given), text=given.text, data=given.data)


async def _reassign(runtime: Runtime, given: argparse.Namespace) -> Review:
    return await runtime.reviews.reassign(given.run_id, **_who_says(given), role=given.to_role, person=given.to_person)


def _who_says(given: argparse.Namespace) -> dict[str, Any]:
    return {**_speaker(given), "reason": given.reason}


def _speaker(given: argparse.Namespace) -> dict[str, Any]:
    return {"by": given.by, "roles": given.roles, "tenant": given.tenant, "review": given.review}


def _as_json(came_of_it: Outcome | Review) -> dict[str, Any]:
    if isinstance(came_of_it, Review):
        return came_of_it.to_json()
    names = ("run_id", "status", "text", "data", "reason", "reviews")
    return {name: getattr(came_of_it, name) for name in names}


def _follows(given: argparse.Namespace, came_of_it: Outcome | Review) -> str:
    """What follows from the word, in words."""
    if isinstance(came_of_it, Review):
        until = (
            f"by {came_of_it.claimed_by} until {_time(came_of_it.claimed_until)}" if given.action == "claim" else f"to {_who(came_of_it)}"
        )
        return f"review {came_of_it.number} of run {came_of_it.run_id} is {given.action}ed {until}"
    head = f"run {came_of_it.run_id} is {came_of_it.status}"
    match came_of_it.status:
        case "waiting":
            return f"{head}: it needs {came_of_it.reason}, and goes on when the service opens {given.db}"
        case "in_review":
            return f"{head} still: {came_of_it.reason} (open: {', '.join(map(str, came_of_it.reviews))})"
        case "delivered":
            return f"{head}: {came_of_it.text}"
        case _:
            return f"{head}: {came_of_it.reason or 'no reason was given'}"


def _told(review: Review) -> list[str]:
    stands = "open" if review.closed is None else f"{review.closed.how} {_time(review.closed.at)}"
    lines = [
        f"[bold]review {review.number} of run {review.run_id}[/]  plan {escape(review.plan)}  [bold]{stands}[/]",
        f"why       {escape(review.why)}",
        f"about     {review.subject}{escape(f': {review.tool}') if review.tool else ''}",
        f"opened    {_time(review.opened)} UTC" + (f", due {_time(review.due)}, then {_end(review)}" if review.due else ""),
        f"who       {escape(_who(review))}" + (f", {review.approvals} must agree" if review.approvals > 1 else ""),
    ]
    if review.closed is not None and review.closed.verdict:
        by = f" by {review.closed.by}" if review.closed.by else ""
        lines.append(f"verdict   {escape(review.closed.verdict + by)}: {escape(review.closed.reason or '')}")
    if review.claimed_by:
        lines.append(f"claimed   {escape(f'by {review.claimed_by} until {_time(review.claimed_until)}')}")
    if review.signed_by:
        who = ", ".join(review.signed_by)
        lines.append(f"signed    {review.proposal} by {escape(who)}: {escape(_short(review.proposed))}")
    if review.user is not None:
        lines.append(f"user      {escape(review.user.id)}")
    if review.arguments is not None:
        lines.append(f"arguments {escape(_short(review.arguments))}")
    if review.about is not None:
        lines.append(f"on        {escape(_said(review.about))}")
    for title, messages in (("attached", review.attached), ("said", review.said)):
        lines += [f"{title:10}{escape(_said(one))}" for one in messages]
    lines.append(f"can       {', '.join(review.can) or 'nothing any more'}")
    return lines


def _said(said: Seen) -> str:
    data = f"  {_short(said.data)}" if said.data is not None else ""
    return f"{said.sender or 'user'}: {said.text}{data}"


def _short(value: Any) -> str:
    return "" if value is None else orjson.dumps(value).decode()


def _end(review: Review) -> str:
    return f"ask {review.on_expiry.role}" if isinstance(review.on_expiry, Escalate) else review.on_expiry


def _who(review: Review) -> str:
    return " in ".join(part for part in (review.person, review.role and f"role {review.role}") if part) or "anybody"


def _time(at: datetime | None) -> str:
    return "" if at is None else at.strftime("%m-%d %H:%M:%S")


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no JSON: {error}") from None


def _reader(given: argparse.Namespace) -> Reader:
    if not given.db:
        raise UsageError("no journal was named", hint="add --db FILE, or set INTERLOCK_DB")
    return Reader(given.db, command_key(given.db))
