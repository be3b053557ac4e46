"""``reviews:`` in the YAML file: on which terms people are asked, and where it is told.

::

    reviews: {role: support_lead, approvals: 1, due: 4h, on_expiry: {escalate: manager},
              webhook: {url: "https://desk.example/hook", secret_env: DESK_SECRET}}
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from interlock.errors import ConfigError, UsageError
from interlock.reviews import Escalate, Terms
from interlock.webhook import Webhook

if TYPE_CHECKING:
    from interlock.yaml_reader import Place

KEYS = ("role", "approvals", "due", "on_expiry", "webhook")
WEBHOOK_KEYS = ("url", "secret_env", "timeout", "retries")
ENDS = ("reject", "approve")


@dataclass(frozen=True, slots=True)
class WebhookConfig:
    """A webhook whose secret is in the environment, so that the file holds none."""

    url: str
    secret_env: str | None
    timeout: float
    retries: int
    line: int

    def open(self, source: str) -> Webhook:
        """The webhook with its secret, or ``ConfigError``."""
        secret = None if self.secret_env is None else os.environ.get(self.secret_env)
        if self.secret_env is not None and not secret:
            path = "reviews.webhook.secret_env"
            message = f"{source}: {path} (line {self.line}): the environment has no variable {self.secret_env!r}"
            raise ConfigError(message, hint="set it before the service starts", path=path, line=self.line)
        return Webhook(self.url, secret=secret, timeout=self.timeout, retries=self.retries)


def read_reviews(place: Place) -> tuple[Terms, WebhookConfig | None]:
    """The terms, and the webhook if there is one.

    Raises:
        ConfigError: a key is unknown, or its value can't mean anything.
    """
    entries = place.reader.mapping(place.node, place.path, KEYS)
    given: dict[str, Any] = {}
    if "role" in entries:
        given["role"] = entries["role"].text()
    if "approvals" in entries:
        given["approvals"] = _checked(entries["approvals"], approvals=entries["approvals"].whole())
    if "due" in entries:
        given["due"] = _checked(entries["due"], due=entries["due"].seconds())
    if "on_expiry" in entries:
        given["on_expiry"] = _expiry(entries["on_expiry"])
    return Terms(**given), _webhook(entries["webhook"]) if "webhook" in entries else None


def _checked(place: Place, **term: Any) -> Any:
    """A value that `Terms` takes, too."""
    try:
        Terms(**term)
    except UsageError as error:
        raise place.error(f"can't be: {error.message}", error.hint) from None
    (value,) = term.values()
    return value


def _expiry(place: Place) -> str | Escalate:
    if place.node.id != "mapping":
        value = place.scalar()
        if value not in ENDS:
            raise place.error(f"is {value!r}, and reject, approve or {{escalate: ROLE}} is expected", "write one of them")
        return str(value)
    entries = place.reader.mapping(place.node, place.path, ("escalate",))
    if "escalate" not in entries:
        raise place.error("names no role", "write {escalate: ROLE}")
    return Escalate(entries["escalate"].text())


def _webhook(place: Place) -> WebhookConfig:
    entries = place.reader.mapping(place.node, place.path, WEBHOOK_KEYS)
    if "url" not in entries:
        raise place.error("has no `url`", "write {url: …, secret_env: NAME}")
    url = entries["url"].text()
    secret = entries["secret_env"].text() if "secret_env" in entries else None
    timeout = entries["timeout"].seconds() if "timeout" in entries else 5.0
    retries = entries["retries"].whole(0) if "retries" in entries else 5
    for key, given in (("url", {}), ("timeout", {"timeout": timeout}), ("retries", {"retries": retries})):
        try:
            Webhook(url, **given)
        except UsageError as error:
            raise entries[key].error(f"can't be: {error.message}", error.hint) from None
    return WebhookConfig(url, secret, timeout, retries, entries["secret_env"].line if secret else place.line)
