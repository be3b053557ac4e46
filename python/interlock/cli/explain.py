"""``interlock config explain``: may an agent do something for a user, which policy says so, and what is missing."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from interlock.config import Config
from interlock.errors import ConfigError, UsageError
from interlock.guardrails import Guardrails

USAGE = 2
"""Exit code where there is no answer, so that a mistake is never read as a denial."""

BUILT_IN = {
    "code:scopes": "the scopes that the code asks for must be held",
    "code:review": "the scopes that the code asks for must be held by whoever decides",
    "default:agents": "without `agents:` every agent of a plan may speak",
    "default:tools": "without `tools:` every tool may be called",
    "default:data": "no entry of `data:` speaks of it",
    "default:person": "handing to a person is always allowed",
    "default:unmask": "the scopes for it are held",
    "default:egress": "an answer to the user may be unmasked",
    "default:review": "people decide reviews",
    "default:tenant": "people of one tenant do not decide reviews of another's runs",
}


def add_parser(actions: Any) -> None:
    """Add ``explain`` to ``interlock config``."""
    one = actions.add_parser(
        "explain",
        help="may an agent do something, and which rule says so",
        description="Exit 0: allowed. Exit 1: denied, or a person is asked. Exit 2: there is no answer, because something is wrong.",
    )
    one.add_argument("file", nargs="?", default="interlock.yaml", help="the YAML file (interlock.yaml)")
    one.add_argument("--agent", required=True, help="who acts")
    what = one.add_mutually_exclusive_group(required=True)
    what.add_argument("--tool", help="the tool that it would call")
    what.add_argument("--memory", metavar="NAMESPACE", help="the namespace that it would read")
    what.add_argument("--hand-to", metavar="AGENT", help="the agent that it would hand to")
    what.add_argument("--model", help="the model that it would call")
    one.add_argument("--write", action="store_true", help="with --memory: it would write")
    one.add_argument("--args", metavar="JSON", help="the tool's arguments, a JSON object")
    one.add_argument("--user", help="on whose behalf: an id, or a JSON object with id, tenant and roles")
    one.add_argument("--roles", metavar="ROLE,…", help="the user's roles")
    one.add_argument("--tenant", help="the user's tenant")
    one.add_argument("--via", metavar="AGENT,…", help="the agents by way of which it has the turn: each of them narrows what it may")
    one.add_argument("--scopes", metavar="SCOPE,…", help="what the agent's code holds; without it: what the file lets it hold")
    one.add_argument("--required", metavar="SCOPE,…", help="what the tool's code asks for beside the file")
    one.add_argument("--domain", help="the domain inside whose walls it acts")
    one.add_argument("--json", action="store_true", help="print one JSON object")
    one.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Answer one question."""
    try:
        answer = explain(given)
    except (ConfigError, UsageError) as error:
        if given.json:
            path, line = getattr(error, "path", None), getattr(error, "line", None)
            print(orjson.dumps({"verdict": None, "error": error.message, "hint": error.hint, "path": path, "line": line}).decode())
        else:
            print(f"interlock: {error.message}\nhint: {error.hint}", file=sys.stderr)
        return USAGE
    print(orjson.dumps(answer.as_json()).decode() if given.json else "\n".join(answer.lines()))
    return 0 if answer.verdict == "allowed" else 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked, what is decided, and by what."""

    question: str
    verdict: str
    policies: list[dict[str, Any]]
    missing: list[dict[str, Any]]
    reasons: list[str]
    revision: int

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "question": self.question,
            "verdict": self.verdict,
            "policies": self.policies,
            "missing": self.missing,
            "reasons": self.reasons,
            "revision": f"{self.revision:08x}",
        }

    def lines(self) -> list[str]:
        """For people."""
        found = [f"{self.verdict.replace('_', ' ')}: {self.question}"]
        for one in self.policies:
            place = f"{one['file']}:{one['line']}" if one["line"] else one["says"]
            found.append(f"  {'permitted' if self.verdict == 'allowed' else 'forbidden'} by {one['id']} ({place})")
        return [*found, *(f"  {reason}" for reason in self.reasons)]


def explain(given: argparse.Namespace) -> Answer:
    """Ask the core.

    Raises:
        ConfigError: the file can't be used.
        UsageError: the question can't be understood.
    """
    guardrails = Config.load(given.file).guardrails or Guardrails({}, given.file)
    access = guardrails.access()
    request, question = _request(given)
    via = {name: access.scopes_of(name) for name in _via(given, guardrails)}
    if "scopes" not in request:
        request["scopes"] = access.scopes_of(given.agent) or []
    request["scopes"] = [scope for scope in request["scopes"] if all(most is None or scope in most for most in via.values())]
    found = orjson.loads(access.decide(orjson.dumps(request).decode()))
    places = {name: at for name, at, _ in access.policies()}
    policies = [_policy(name, places.get(name, ""), guardrails) for name in found["policies"]]
    verdict = "allowed" if found["allowed"] else "needs_review" if found["review"] else "denied"
    why = found["why"] or {"missing": [], "erred": [], "unreadable": False, "by_default": False}
    reasons = [_missing(one, request.get("user")) for one in why["missing"]]
    if any(not one["agent_holds"] for one in why["missing"]):
        reasons.append(_scopes(given, guardrails))
        lacking = {one["scope"] for one in why["missing"] if not one["agent_holds"]}
        reasons += [_delegator(name, most, guardrails) for name, most in via.items() if most is not None and lacking - {*most}]
    reasons += [f"{one['policy']} can't be evaluated: {one['cause']}" for one in why["erred"]]
    if why["unreadable"]:
        reasons.append("the arguments can't be read")
    if why["by_default"] and not why["missing"]:
        reasons.append(_by_default(given, guardrails))
    return Answer(question, verdict, policies, why["missing"], reasons, access.revision)


def _request(given: argparse.Namespace) -> tuple[dict[str, Any], str]:
    if given.args is not None and given.tool is None:
        raise UsageError("--args are a tool's", hint="give --tool, too")
    request: dict[str, Any] = {"agent": given.agent}
    if given.tool is not None:
        request |= {"action": "CallTool", "resource": given.tool, "arguments": _object(given.args or "{}", "--args")}
        question = f"{given.agent} calls {given.tool}"
    elif given.memory is not None:
        request |= {"action": "WriteMemory" if given.write else "ReadMemory", "resource": given.memory}
        question = f"{given.agent} {'writes' if given.write else 'reads'} {given.memory}"
    elif given.hand_to is not None:
        request |= {"action": "HandTo", "resource": given.hand_to}
        question = f"{given.agent} hands to {given.hand_to}"
    else:
        request |= {"action": "CallModel", "resource": given.model}
        question = f"{given.agent} asks {given.model}"
    user = _user(given)
    if user is not None:
        request["user"] = user
        question += f" for {user['id']}"
    if given.via:
        question += f", by way of {', '.join(_listed(given.via))}"
    for name in ("scopes", "required"):
        if getattr(given, name) is not None:
            request[name] = _listed(getattr(given, name))
    if given.domain is not None:
        request["domain"] = given.domain
    return request, question


def _user(given: argparse.Namespace) -> dict[str, Any] | None:
    if given.user is None:
        if given.roles is not None or given.tenant is not None:
            raise UsageError("--roles and --tenant are a user's", hint="give --user, too")
        return None
    user: dict[str, Any] = {"id": given.user}
    if given.user.lstrip().startswith("{"):
        user = _object(given.user, "--user")
        roles = user.get("roles", [])
        wrong = set(user) - {"id", "tenant", "roles"} or not isinstance(user.get("id"), str)
        if wrong or not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
            raise UsageError("--user is no user", hint='write an id, or {"id": …, "tenant": …, "roles": […]}')
    if given.roles is not None:
        user["roles"] = _listed(given.roles)
    if given.tenant is not None:
        user["tenant"] = given.tenant
    return user


def _object(text: str, option: str) -> dict[str, Any]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{option} is no JSON: {error}", hint="write a JSON object, in single quotes for the shell") from None
    if not isinstance(found, dict):
        raise UsageError(f"{option} is no JSON object", hint="write {…}, in single quotes for the shell")
    return found


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _policy(name: str, at: str, guardrails: Guardrails) -> dict[str, Any]:
    """Where a policy stands. One that was written by hand is called by its file and line."""
    if at.startswith("policies["):
        file, _, line = name.rstrip("+").rpartition(":")
        folder = Path(guardrails.source).parent
        file = guardrails.source if file == Path(guardrails.source).name else str(folder / file)
        return {"id": name, "path": f"guardrails.{at}", "file": file, "line": int(line), "says": None}
    if not at:
        return {"id": name, "path": None, "file": None, "line": None, "says": BUILT_IN.get(name, "always holds")}
    return {"id": name, "path": f"guardrails.{at}", "file": guardrails.source, "line": guardrails.line(at), "says": None}


def _missing(one: dict[str, Any], user: dict[str, Any] | None) -> str:
    """Who lacks a scope."""
    scope, held = one["scope"], one["agent_holds"]
    agent = f"scope {scope} is {'held' if held else 'not held'} by the agent"
    if one["user_holds"] is None:
        return agent
    roles = ", ".join(user.get("roles", ())) if user else ""
    if user is None:
        return f"{agent}, and there is no user who could hold it"
    if one["user_holds"]:
        return f"{agent}, but by the user's roles ({', '.join(one['user_roles'])})"
    return f"{agent} {'but not' if held else 'nor'} by the user's roles ({roles or 'none'})"


def _scopes(given: argparse.Namespace, guardrails: Guardrails) -> str:
    """What the agent was taken to hold."""
    known = guardrails.parts.get("agents", {}).get(given.agent, {}).get("scopes")
    if given.scopes is not None:
        return f"--scopes are {given.scopes or 'none'}" + (
            "" if known is None else f", and the file lets the agent hold {', '.join(known) or 'none'}"
        )
    if known is None:
        return "the file doesn't say what the agent holds; --scopes says what its code declares"
    return f"the file lets the agent hold {', '.join(known) or 'none'} (line {guardrails.line(f'agents.{given.agent}.scopes')})"


def _via(given: argparse.Namespace, guardrails: Guardrails) -> list[str]:
    """The agents by way of which the turn comes; a slip would look as if nobody narrowed it."""
    named, agents = _listed(given.via or ""), guardrails.parts.get("agents", {"*": {}})
    if "*" not in agents and (strangers := [name for name in named if name not in agents]):
        raise UsageError(f"--via names {strangers[0]}, which is not listed under agents", hint=f"the agents are {', '.join(agents)}")
    return named


def _delegator(name: str, most: list[str], guardrails: Guardrails) -> str:
    """What the file lets an agent hold, and so whoever has the turn by way of it."""
    return f"and {name}, by way of which it has the turn, {', '.join(most) or 'none'} (line {guardrails.line(f'agents.{name}.scopes')})"


def _by_default(given: argparse.Namespace, guardrails: Guardrails) -> str:
    """Why nothing permits it."""
    agents = guardrails.parts.get("agents")
    if agents is not None and given.agent not in agents and "*" not in agents:
        return f"agent {given.agent} is not listed under agents (line {guardrails.line('agents')})"
    if given.tool is not None:
        return f"tool {given.tool} is not listed under tools (line {guardrails.line('tools')})"
    if given.hand_to is not None:
        return f"{given.agent} may not hand to {given.hand_to} (line {guardrails.line(f'agents.{given.agent}')})"
    return "no entry of data lets it, or no policy permits it"
