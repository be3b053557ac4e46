"""Embedding for the semantic stage, in batches: what arrives within one turn of the loop is embedded together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from interlock.errors import ConfigError, ProviderError

if TYPE_CHECKING:
    from interlock.models.embedding import Embedder

BATCH = 16
"""Texts a batch: about 2 ms of a static embedder, after which the loop gets its turn."""


class Embeddings:
    """Texts that wait for their vectors."""

    def __init__(self, loop: asyncio.AbstractEventLoop, embedder: Embedder | None) -> None:
        self._loop = loop
        self._embedder = embedder
        self._waiting: list[tuple[str, asyncio.Future[bytes]]] = []

    @property
    def can_embed(self) -> bool:
        """Whether there is an embedder."""
        return self._embedder is not None

    async def embed(self, text: str) -> bytes:
        """The text's vector as little-endian float32."""
        if not self._waiting:
            self._loop.call_soon(self._flush)
        future: asyncio.Future[bytes] = self._loop.create_future()
        self._waiting.append((text, future))
        return await future

    def _flush(self) -> None:
        batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
        if self._waiting:
            self._loop.call_soon(self._flush)
        try:
            if self._embedder is None:
                raise ConfigError(
                    "texts are to be compared by meaning, and there is no embedder",
                    hint="name one in the `semantic` part, or give il.open(embedder=…)",
                )
            from interlock.models.embedding import as_rows

            rows = as_rows(self._embedder.embed([text for text, _ in batch]), len(batch))
        except BaseException as error:  # given to every run that waits for this batch
            told = error if isinstance(error, Exception) else ProviderError(f"the embedder was stopped: {type(error).__name__}")
            for _, future in batch:
                if not future.done():
                    future.set_exception(told)
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            return
        for (_, future), row in zip(batch, rows, strict=True):
            if not future.done():
                future.set_result(row.tobytes())
