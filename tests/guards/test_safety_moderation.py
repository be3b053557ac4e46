"""The moderation adapter, against a server that speaks the protocol of OpenAI's /v1/moderations."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from interlock.errors import ProviderError, UsageError
from interlock.safety import Passing
from interlock.screens import OpenAIModeration

CATEGORIES = ("hate", "violence", "self-harm", "harassment/threatening")
PASSING = Passing("ingress")


class Service(BaseHTTPRequestHandler):
    """Flags violence in texts that speak of it; refuses other paths, keys and forms as the real one does."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path != "/v1/moderations":
            return self._send(404, {"error": {"message": f"Invalid URL (POST {self.path})", "type": "invalid_request_error"}})
        if self.headers["Authorization"] != "Bearer right":
            return self._send(401, {"error": {"message": "Incorrect API key provided.", "type": "invalid_request_error"}})
        asked = json.loads(body)
        if asked["input"] == "busy":
            return self._send(429, {"error": {"message": "Rate limit reached", "type": "requests"}})
        if asked["input"] == "strange":
            return self._send(200, {"hello": "world"})
        violent = "attack" in asked["input"]
        scores = {name: (0.9 if violent and name == "violence" else 0.3 if name == "hate" else 0.001) for name in CATEGORIES}
        result = {"flagged": violent, "categories": {name: score > 0.5 for name, score in scores.items()}, "category_scores": scores}
        return self._send(200, {"id": "modr-1", "model": asked["model"], "results": [result]})

    def _send(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("MODERATION_KEY", "right")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


async def test_what_the_service_flags_is_a_finding_and_what_it_passes_is_none(url: str) -> None:
    screen = OpenAIModeration(url, api_key_env="MODERATION_KEY").screen()
    found = await screen.run("I will attack you", PASSING)
    assert (found.verdict, found.findings[0].why) == ("block", "moderation: violence")
    assert (await screen.run("Where is my card?", PASSING)).verdict == "pass"


async def test_thresholds_and_categories_are_ours(url: str) -> None:
    strict = OpenAIModeration(url, api_key_env="MODERATION_KEY", thresholds={"hate": 0.2}).screen()
    assert (await strict.run("hello", PASSING)).findings[0].why == "moderation: hate"
    mild = OpenAIModeration(url, api_key_env="MODERATION_KEY", thresholds={"violence": 0.95}).screen()
    assert (await mild.run("attack", PASSING)).verdict == "pass"
    other = OpenAIModeration(url, api_key_env="MODERATION_KEY", categories=["hate"]).screen()
    assert (await other.run("attack", PASSING)).verdict == "pass"


@pytest.mark.parametrize(("text", "retryable", "says"), [("busy", True, "429"), ("strange", False, "no results")])
async def test_refusals_and_strange_answers_are_named(url: str, text: str, retryable: bool, says: str) -> None:
    moderation = OpenAIModeration(url, api_key_env="MODERATION_KEY")
    with pytest.raises(ProviderError, match=says) as caught:
        await moderation(text, PASSING)
    assert caught.value.retryable is retryable
    assert (await moderation.screen().run(text, PASSING)).verdict == "block"
    assert (await moderation.screen(on_error="pass").run(text, PASSING)).verdict == "pass"
    assert (await moderation.screen(on_error="pass").run(text, PASSING, effect=True)).verdict == "block"


async def test_a_wrong_key_a_wrong_path_and_an_unknown_category_fail_closed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WRONG", "wrong")
    with pytest.raises(ProviderError, match="401"):
        await OpenAIModeration(url, api_key_env="WRONG")("x", PASSING)
    with pytest.raises(ProviderError, match="no NOT_SET"):
        await OpenAIModeration(url, api_key_env="NOT_SET")("x", PASSING)
    with pytest.raises(ProviderError, match="404"):
        await OpenAIModeration(url.removesuffix("/v1"), api_key_env="MODERATION_KEY")("x", PASSING)
    with pytest.raises(ProviderError, match="no results"):
        await OpenAIModeration(url, api_key_env="MODERATION_KEY", thresholds={"rudeness": 0.5})("x", PASSING)


async def test_nobody_there_is_an_error_that_may_be_tried_again() -> None:
    with pytest.raises(ProviderError, match="can't be reached") as caught:
        await OpenAIModeration("http://127.0.0.1:9/v1", api_key_env="")("x", PASSING)
    assert caught.value.retryable


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(UsageError):
        OpenAIModeration("ftp://x")
    with pytest.raises(UsageError):
        OpenAIModeration(thresholds={"hate": 3})
