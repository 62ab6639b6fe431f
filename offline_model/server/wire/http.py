"""HTTP/1.1 on one connection: a head within its limits, a body that is read only when it is asked for, an answer.

h11 knows the protocol; this adds bytes, time and the ways in which a connection can end.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote

import h11

MAX_HEAD = 32 * 1024
"""Bytes of a request's first line and headers together."""
MAX_BODY = 32 * 1024 * 1024
HEAD_SECONDS = 20.0
"""From the connection's or the request's first byte to the end of its head."""
BODY_SECONDS = 60.0
IDLE_SECONDS = 600.0
"""Between two requests: longer than any client keeps a connection, so that none is closed under a request."""

_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_CHUNK = 64 * 1024
_LINGER_SECONDS, _LINGER_BYTES = 2.0, 1024 * 1024


class Gone(Exception):
    """The client went away."""


class Cut(Exception):
    """The connection is to end here."""

    def __init__(self, *, reset: bool) -> None:
        super().__init__()
        self.reset = reset


class TooMuch(Exception):
    """The request's head or body is larger, or slower, than this server takes."""

    def __init__(self, status: int, what: str) -> None:
        super().__init__(what)
        self.status, self.what = status, what


@dataclass(frozen=True)
class Head:
    """The first line and the headers of a request; header names in lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


class Connection:
    """One client's connection.

    `head`, then `body` where it is wanted, then `begin`, `part` and `end`; and again from the start while `reusable`.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
        self._served = False
        self._bodiless = False

    # --- the request -------------------------------------------------------------------------------------------------

    async def head(self) -> Head | None:
        """The next request's head; None where the client is gone, silent for too long, or no HTTP client at all.

        Raises:
            TooMuch: the head is no HTTP, or too large.
        """
        if self._served:
            self._h11.start_next_cycle()
        try:
            if self._served and not self._h11.trailing_data[0]:
                async with asyncio.timeout(IDLE_SECONDS):
                    await self._receive()
            async with asyncio.timeout(HEAD_SECONDS):
                request = await self._next_event()
        except (TimeoutError, Gone):
            return None
        except h11.RemoteProtocolError as exc:
            raise TooMuch(exc.error_status_hint, f"Invalid HTTP request: {exc}") from exc
        self._served = True
        if not isinstance(request, h11.Request):
            return None
        raw_path, _, query = request.target.partition(b"?")
        self._bodiless = request.method == b"HEAD"
        return Head(
            method=request.method.decode("ascii"),
            path=unquote(raw_path.decode("ascii")),
            query=dict(parse_qsl(query.decode("ascii"), keep_blank_values=True)),
            headers=_joined(request.headers),
        )

    async def body(self) -> bytes:
        """The request's body, whole.

        Raises:
            Gone: the client left before it was complete.
            TooMuch: it is too large or too slow, or breaks the protocol.
        """
        raw = bytearray()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                if self._h11.they_are_waiting_for_100_continue:
                    await self._send(h11.InformationalResponse(status_code=100, headers=[]))
                while isinstance(event := await self._next_event(), h11.Data):
                    raw += event.data
                    if len(raw) > MAX_BODY:
                        raise TooMuch(413, f"The request's body is larger than {MAX_BODY // 1024**2} MiB.")
        except TimeoutError as exc:
            raise TooMuch(408, f"The request's body took longer than {BODY_SECONDS:.0f} s.") from exc
        except h11.RemoteProtocolError as exc:
            raise TooMuch(exc.error_status_hint, f"Invalid HTTP request: {exc}") from exc
        if not isinstance(event, h11.EndOfMessage):
            raise Gone
        return bytes(raw)

    async def left(self) -> None:
        """Return when the client leaves; only between the request's end and the answer's."""
        with contextlib.suppress(Gone):
            await self._receive()
            # it has sent its next request already: nobody who does that is about to leave, and no more is read
            await asyncio.get_running_loop().create_future()

    async def _next_event(self) -> h11.Event | type[h11.PAUSED]:
        while True:
            event = self._h11.next_event()
            if event is not h11.NEED_DATA:
                return event  # type: ignore[return-value]  # h11 types its sentinels as classes
            try:
                await self._receive()
            except Gone:
                return h11.ConnectionClosed()

    async def _receive(self) -> None:
        try:
            data = await self._reader.read(_CHUNK)
        except OSError as exc:
            raise Gone from exc
        if not data:
            raise Gone
        self._h11.receive_data(data)

    # --- the answer --------------------------------------------------------------------------------------------------

    async def begin(self, status: int, headers: Mapping[str, str]) -> None:
        reason = _PHRASES.get(status, "").encode()
        await self._send(h11.Response(status_code=status, reason=reason, headers=list(headers.items())))

    async def part(self, data: bytes) -> None:
        if data and not self._bodiless:
            await self._send(h11.Data(data=data))

    async def end(self, data: bytes = b"") -> None:
        await self.part(data)
        await self._send(h11.EndOfMessage())

    async def _send(self, event: h11.Event) -> None:
        try:
            if sent := self._h11.send(event):
                self._writer.write(sent)
                await self._writer.drain()
        except OSError as exc:
            raise Gone from exc

    # --- its end -----------------------------------------------------------------------------------------------------

    @property
    def reusable(self) -> bool:
        """Whether both sides are done with this exchange, and willing to have another."""
        return self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE

    def drop_rest(self) -> bool:
        """Throw away what has come of the request's body; whether that was all of it."""
        with contextlib.suppress(h11.RemoteProtocolError):
            while self._h11.their_state is h11.SEND_BODY:
                if self._h11.next_event() is h11.NEED_DATA:
                    break
        return self._h11.their_state is not h11.SEND_BODY and self._h11.their_state is not h11.ERROR

    async def linger(self) -> None:
        """Close, once the client has had time to read an answer that came before all of its request was read.

        What it still sends is thrown away: to close over unread bytes would reset the connection, and the answer
        with it.
        """
        thrown = 0
        with contextlib.suppress(OSError, TimeoutError):
            self._writer.write_eof()
            async with asyncio.timeout(_LINGER_SECONDS):
                while thrown < _LINGER_BYTES and (data := await self._reader.read(_CHUNK)):
                    thrown += len(data)
        self._writer.close()

    def cut(self, *, reset: bool) -> None:
        """End it now: with a reset, or after what was written has gone out."""
        if reset:
            linger = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
            self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.abort()
        else:
            self._writer.close()

    def abort(self) -> None:
        self._writer.transport.abort()


def _joined(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by name; of one that comes twice all values count."""
    found: dict[str, str] = {}
    for raw_name, raw in headers:
        name, value = raw_name.decode("ascii"), raw.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found
