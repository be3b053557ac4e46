"""Telling another service what happens to reviews, over HTTP, signed; and how that service checks that it was us.

The signature covers the time and the body, so that what was overheard can't be sent again later: ``t=<seconds>,v1=<HMAC-SHA256 of
"t.body" in hex>``.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import KW_ONLY, dataclass, field
from urllib.parse import urlsplit

from interlock.errors import Denied, UsageError

SIGNATURE = "X-Interlock-Signature"
DELIVERY = "X-Interlock-Delivery"
"""The header with the delivery's id, the same for every attempt: who has seen it need not look at it again."""
TRY_AGAIN = (408, 425, 429)
"""Statuses below 500 after which another attempt makes sense."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where to tell what happens to reviews.

    Args:
        url: ``https://…`` or ``http://…``; a redirect is not followed.
        secret: what both sides know; without it nothing is signed.
        timeout: seconds for one attempt.
        retries: how many further attempts there are; what is refused for good (a status from 400 on) is not tried again.
        backoff: seconds before the second attempt, doubled for each further one.

    Raises:
        UsageError: one of them can't mean anything.
    """

    url: str
    _: KW_ONLY
    secret: str | bytes | None = field(default=None, repr=False)
    timeout: float = 5.0
    retries: int = 5
    backoff: float = 0.5

    def __post_init__(self) -> None:
        parts = urlsplit(self.url) if isinstance(self.url, str) else None
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{self.url!r} is no address of a webhook", hint="give https://HOST/PATH")
        if self.secret is not None and not self.secret:
            raise UsageError("the webhook's secret is empty", hint="give a text that only both sides know, or leave it out")
        if isinstance(self.retries, bool) or not isinstance(self.retries, int) or not 0 <= self.retries <= 20:
            raise UsageError(f"retries is {self.retries!r}", hint="give a whole number from 0 to 20")
        for name, seconds in (("timeout", self.timeout), ("backoff", self.backoff)):
            if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= 3_600:
                raise UsageError(f"{name} is {seconds!r} s", hint="give seconds above 0, and at most an hour")

    def post(self, body: bytes, delivery: str) -> int:
        """Make one attempt, and give the status. It blocks.

        Raises:
            OSError: nobody answered, or not in time.
            http.client.HTTPException: what was answered is no HTTP.
        """
        from http.client import HTTPConnection, HTTPSConnection  # brings ssl, which not every service needs

        parts = urlsplit(self.url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        headers = {"Content-Type": "application/json", "User-Agent": "interlock", DELIVERY: delivery}
        if self.secret is not None:
            headers[SIGNATURE] = sign(body, self.secret, int(time.time()))
        connection = kind(parts.hostname or "", parts.port, timeout=self.timeout)
        try:
            path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
            connection.request("POST", path, body, headers)
            return connection.getresponse().status
        finally:
            connection.close()


def sign(body: bytes, secret: str | bytes, at: int) -> str:
    """The header's value for a body that is sent at this second."""
    return f"t={at},v1={_digest(body, secret, at)}"


def _digest(body: bytes, secret: str | bytes, at: int) -> str:
    key = secret.encode() if isinstance(secret, str) else secret
    return hmac.new(key, b"%d." % at + body, hashlib.sha256).hexdigest()


def verify_webhook(body: bytes, header: str | None, secret: str | bytes, tolerance: float = 300.0) -> int:
    """Check that a body was signed by whoever knows the secret, and lately. Gives the second at which it was.

    >>> import time, interlock as il
    >>> from interlock.webhook import sign
    >>> now = int(time.time())
    >>> il.verify_webhook(b"{}", sign(b"{}", "a secret", now), "a secret") == now
    True

    Args:
        body: the request's body, byte by byte as it came.
        header: the value of ``X-Interlock-Signature``.
        secret: the one that was given to ``il.Webhook``.
        tolerance: seconds that the sender's clock may differ and the request may take.

    Raises:
        Denied: there is no signature, or it is another one, or too old.
    """
    at, signatures = None, []
    for part in (header or "").split(","):
        name, _, value = part.strip().partition("=")
        if name == "t" and value.isascii() and value.isdigit() and len(value) < 16:
            at = int(value)
        elif name == "v1":
            signatures.append(value)
    if at is None or not signatures:
        raise Denied(f"the request has no signature of ours in {SIGNATURE}", hint="answer 401, and do nothing", code="denied.signature")
    expected = _digest(body, secret, at).encode()
    if not any(hmac.compare_digest(expected, given.encode()) for given in signatures):
        raise Denied("the request was not signed with this secret", hint="answer 401, and do nothing", code="denied.signature")
    if abs(time.time() - at) > tolerance:
        late = f"the request was signed {time.time() - at:.0f} s ago, and {tolerance:.0f} s are allowed"
        raise Denied(late, hint="answer 401; compare the clocks", code="denied.signature")
    return at
