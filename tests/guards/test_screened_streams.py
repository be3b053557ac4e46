"""A model's stream that a service gives out itself: nothing that is blocked leaves, however it is cut."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import interlock as il
import pytest
from interlock.safety import Safety, screened

KEY = "AKIAIOSFODNN7EXAMPLE"


class Model:
    """Streams a text in pieces, and knows whether it was closed."""

    def __init__(self, text: str, size: int) -> None:
        self.text, self.size, self.closed, self.given = text, size, False, 0

    async def stream(self) -> AsyncGenerator[str, None]:
        try:
            for at in range(0, len(self.text), self.size):
                self.given += 1
                yield self.text[at : at + self.size]
        finally:
            self.closed = True


async def take(stream: AsyncGenerator[str, None], given: list[str]) -> None:
    async for piece in stream:
        given.append(piece)  # noqa: PERF401 - what was given before an error counts


@pytest.mark.parametrize("size", [1, 2, 3, 7, 19, 64, 1_000])
async def test_a_key_never_leaves_however_the_stream_is_cut(size: int) -> None:
    model = Model(f"Of course. {'Well, ' * 60}the key is {KEY}, and there is more. " + "so on " * 100, size)
    given: list[str] = []
    with pytest.raises(il.Denied, match="AWS access key") as denied:
        await take(screened(model.stream()), given)
    out = "".join(given)
    assert denied.value.code == "safety.blocked"
    assert model.text.startswith(out)
    assert "AKIA" not in out
    assert model.closed


@pytest.mark.parametrize("size", [1, 5, 1_000])
async def test_a_sound_stream_goes_out_whole(size: int) -> None:
    model = Model("Your parcel is on its way. " * 40, size)
    assert "".join([piece async for piece in screened(model.stream())]) == model.text


async def test_what_comes_behind_the_block_is_not_asked_for() -> None:
    model = Model(f"{KEY} " + "so on " * 10_000, 8)
    with pytest.raises(il.Denied):
        _ = [piece async for piece in screened(model.stream())]
    assert model.given < 200


async def test_the_services_own_screens_are_used() -> None:
    safety = Safety({"topics": [{"name": "bluebird", "patterns": ["bluebird"]}], "egress": ["topics"], "window": 16})
    with pytest.raises(il.Denied, match="topics"):
        _ = [piece async for piece in screened(Model("about Bluebird", 3).stream(), safety=safety)]


async def test_a_stream_that_is_left_closes_the_model() -> None:
    model = Model("Your parcel is on its way. " * 100, 9)
    out = screened(model.stream())
    async for _ in out:
        break
    await out.aclose()
    assert model.closed
