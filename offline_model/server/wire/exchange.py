"""The answering half of one HTTP request: sending, waiting, and noticing that the client has left."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from .http import Connection, Cut, Gone

if TYPE_CHECKING:
    from offline_model.server.calls import Call

_T = TypeVar("_T")


class Exchange:
    """The answering half of one request."""

    def __init__(self, call: Call, connection: Connection) -> None:
        self.headers: dict[str, str] = {}
        self.begun = False
        self._call, self._connection = call, connection
        self._left: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Notice when the client leaves."""
        self._left = asyncio.create_task(self._connection.left())
        try:
            yield
        finally:
            self._left.cancel()
            # two can't read from one connection: the next request is read when this has ended
            await asyncio.wait([self._left])

    async def left(self) -> None:
        """Wait until the client leaves, then raise."""
        assert self._left is not None
        await asyncio.wait([self._left])
        raise Gone

    async def until(self, moment: float) -> None:
        """Sleep until a monotonic time, or raise when the client leaves first."""
        assert self._left is not None
        wait = moment - time.monotonic()
        if wait > 0:
            await asyncio.wait([self._left], timeout=wait)
        if self._left.done():
            raise Gone

    async def unless_left(self, work: Coroutine[Any, Any, _T]) -> _T:
        """The work's result; ends it and raises when the client leaves first."""
        assert self._left is not None
        task = asyncio.create_task(work)
        try:
            waiting: set[asyncio.Task[Any]] = {self._left, task}
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise Gone
            return task.result()
        finally:
            task.cancel()

    async def begin(self, status: int, kind: str, *, length: int | None = None) -> None:
        headers = {"content-type": kind, **self.headers}
        if length is not None:
            headers["content-length"] = str(length)
        self.begun, self._call.status = True, status
        await self._connection.begin(status, headers)

    async def part(self, data: bytes) -> None:
        if data:
            await self._connection.part(data)
            # with nothing to wait for, others still get their turn
            await asyncio.sleep(0)

    async def end(self, data: bytes = b"") -> None:
        # before the client can know, so that whoever has the answer finds the record complete
        self._call.ended = time.monotonic()
        await self._connection.end(data)

    async def whole(self, status: int, data: bytes, kind: str, *, stop: str = "") -> None:
        """Send an answer at once, or half of it where `stop` says how that ends."""
        await self.begin(status, kind, length=len(data))
        if stop in ("cut-body", "stall"):
            await self.part(data[: len(data) // 2])
        await self.stop(stop)
        await self.end(data)

    async def stop(self, how: str) -> None:
        """Go no further where `how` is "cut-body" or "stall"."""
        if how == "cut-body":
            raise Cut(reset=False)
        if how == "stall":
            await self.left()

    async def json(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        self.headers |= headers or {}
        await self.whole(status, json.dumps(body).encode(), "application/json")
