"""The HTTP client of every call: one deadline for the whole of it, and a bound on every answer's size.

The deadline covers redirects, interim answers, headers and body, whatever arrives meanwhile. A body is unpacked here,
piece by piece, and counted as it grows. So nobody above can be handed more than the bound allows. The body of an error
ends quietly at its bound, and at whatever breaks it off: its status says what matters.
"""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import httpx2

from datagen_lib.errors import CallFailed, MalformedAnswer, UnusablePicture

CONNECT_TIMEOUT = 20.0  # s
MOST_REDIRECTS = 10
LIMITS = httpx2.Limits(max_connections=1000, max_keepalive_connections=100)  # the pace keeper sets the real ones

MIB = 2**20  # bytes
LARGEST_TEXT = 32 * MIB  # a stream says a token in 300 bytes or so; 100 items are 48,000 tokens at most
LARGEST_PICTURE = 24 * MIB  # in base64, which a 2048 x 2048 PNG of noise just fits; four may be under way at once
LARGEST_DOWNLOAD = 24 * MIB
LARGEST_ERROR = 256 * 1024  # bytes
ERROR_SECONDS = 10.0  # for the body of an error, once its status is known
PIECE = 64 * 1024  # bytes unpacked at a time


@dataclass(frozen=True)
class Bound:
    """The most bytes that an answer may have, and the error for one that has more."""

    most: int
    error: Callable[[str], CallFailed]


def _no_picture(what: str) -> CallFailed:
    return UnusablePicture(what, fault="kind")


TEXT = Bound(LARGEST_TEXT, MalformedAnswer)
PICTURE = Bound(LARGEST_PICTURE, _no_picture)


def of_download(_: httpx2.Request) -> Bound:
    """The bound of what lies behind a picture's address."""
    return Bound(LARGEST_DOWNLOAD, _no_picture)


def by_route(request: httpx2.Request) -> Bound:
    """The bound of a call to the service: pictures are larger than texts."""
    return PICTURE if "/images/" in request.url.path else TEXT


class Heard(Protocol):
    """Listens to the body of one answer. Its methods neither wait nor raise."""

    def piece(self, data: bytes) -> None: ...

    def end(self, how: Literal["whole", "closed", "broken"]) -> None: ...


Hear = Callable[[str, bytes, int], Heard | None]
"""`hear(path, content, status)`: what listens to the answer to a request, or None."""


def http_client(
    *,
    seconds: float,
    trust_env: bool = True,
    bound: Callable[[httpx2.Request], Bound] = by_route,
    verify: ssl.SSLContext | bool = True,
    hear: Hear | None = None,
) -> BoundedClient:
    """A client whose calls end within `seconds` (REQUEST_TIMEOUT) and whose answers are bounded.

    Args:
        seconds: from the start of a call to the last byte of its answer.
        trust_env: whether the environment's proxies and certificates count.
        bound: the bound for the answer to a request.
        verify: which certificates count, where that differs.
        hear: is asked of each answer who listens to its body too.
    """
    return BoundedClient(
        seconds,
        bound,
        hear,
        trust_env=trust_env,
        verify=verify,
        follow_redirects=True,
        limits=LIMITS,
        timeout=httpx2.Timeout(seconds, connect=min(CONNECT_TIMEOUT, seconds)),
        headers={"Accept-Encoding": "identity"},  # base64 and short chunks pack badly, and bombs are packed
    )


class BoundedClient(httpx2.AsyncClient):
    """An httpx2 client with a deadline and a bound. Made by `http_client`."""

    def __init__(
        self, seconds: float, bound: Callable[[httpx2.Request], Bound], hear: Hear | None, **options: Any
    ) -> None:
        super().__init__(**options)
        self._seconds = seconds
        self._bound = bound
        self._hear = hear

    async def send(
        self, request: httpx2.Request, *, stream: bool = False, follow_redirects: Any = None, **options: Any
    ) -> httpx2.Response:
        """Send the request and follow where it is redirected to.

        Raises:
            httpx2.TimeoutException: the deadline has passed.
            httpx2.HTTPError: the connection failed, or the answer can't be unpacked.
            CallFailed: the answer is larger than its bound.
        """
        deadline = asyncio.get_running_loop().time() + self._seconds
        follow = follow_redirects if isinstance(follow_redirects, bool) else self.follow_redirects
        response = await self._follow(request, deadline, follow=follow, **options)
        heard = self._hear and self._hear(request.url.path, request.content, response.status_code)
        response.stream = _Body(response, deadline, self._bound(request), heard)
        response.headers.pop("content-encoding", None)
        if not stream:
            try:
                await response.aread()
            except BaseException:
                await response.aclose()
                raise
        return response

    async def _follow(
        self, request: httpx2.Request, deadline: float, *, follow: bool, **options: Any
    ) -> httpx2.Response:
        history: list[httpx2.Response] = []
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    response = await super().send(request, stream=True, follow_redirects=False, **options)
            except TimeoutError as error:
                raise _late(request) from error
            response.history = list(history)
            if not follow or response.next_request is None:
                return response
            await response.aclose()  # nobody needs a redirect's body, so it is not read
            history.append(response)
            if len(history) > MOST_REDIRECTS:
                raise httpx2.TooManyRedirects(f"more than {MOST_REDIRECTS} redirects", request=request)
            request = response.next_request


def _late(request: httpx2.Request) -> httpx2.ReadTimeout:
    return httpx2.ReadTimeout("the answer was not whole within the time allowed", request=request)


class _Body(httpx2.AsyncByteStream):
    """An answer's body: unpacked, counted, and ended at the deadline. Iterated over once."""

    def __init__(self, response: httpx2.Response, deadline: float, bound: Bound, heard: Heard | None = None) -> None:
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        self._raw, self._heard = response.stream, heard
        self._pieces = aiter(response.stream)
        self._request = response.request
        self._coding = response.headers.get("content-encoding", "").strip().lower()
        self._unpack: Unpack | None = None
        self._parts: Iterator[bytes] = iter(())
        self._packed = self._size = 0  # bytes so far
        self._is_error = response.is_error
        self._first = self._last = b""  # the first and the last byte that is no blank
        now = asyncio.get_running_loop().time()
        self._deadline = min(deadline, now + ERROR_SECONDS) if self._is_error else deadline
        self._bound = Bound(LARGEST_ERROR, bound.error) if self._is_error else bound

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._heard is None:
            return await self._next()
        try:
            part = await self._next()
        except StopAsyncIteration:
            self._heard.end("whole")
            raise
        except BaseException:
            self._heard.end("broken")
            raise
        self._heard.piece(part)
        return part

    async def _next(self) -> bytes:
        try:
            return await self._part()
        except httpx2.TransportError:
            if self._is_error or self._may_be_whole:
                raise StopAsyncIteration from None
            raise
        except CallFailed:
            if self._is_error:
                raise StopAsyncIteration from None
            raise

    @property
    def _may_be_whole(self) -> bool:
        """Whether what came looks like a whole JSON body: it is paid for, though its end was not said, or wrongly."""
        return (self._first, self._last) in {(b"{", b"}"), (b"[", b"]")}

    async def aclose(self) -> None:
        if self._heard is not None:
            self._heard.end("closed")
        if isinstance(self._pieces, AsyncGenerator):
            await self._pieces.aclose()
        await self._raw.aclose()

    async def _part(self) -> bytes:
        """The next unpacked part that holds something."""
        while True:
            for part in self._parts:
                self._size += len(part)
                self._check(self._size)
                if part:
                    self._first = self._first or part.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
                    self._last = part.rstrip()[-1:] or self._last
                    return part
            piece = await self._piece()
            self._packed += len(piece)
            self._check(self._packed)  # packed bytes that unpack to nothing are bounded too
            if self._unpack is None:
                self._unpack = _unpacker(self._coding, piece, self._request)
            self._parts = self._unpack(piece)

    async def _piece(self) -> bytes:
        """The next piece as it comes off the wire."""
        try:
            async with asyncio.timeout_at(self._deadline):
                piece = await anext(self._pieces)
        except TimeoutError as error:
            raise _late(self._request) from error
        if asyncio.get_running_loop().time() > self._deadline:  # a flood never lets the timer in
            raise _late(self._request)
        return piece

    def _check(self, size: int) -> None:
        if size > self._bound.most:
            raise self._bound.error(f"the answer is larger than {self._bound.most // MIB} MiB")


Unpack = Callable[[bytes], Iterator[bytes]]


def _unpacker(coding: str, start: bytes, request: httpx2.Request) -> Unpack:
    """What undoes the coding of a body that opens with `start`; one that only says it is packed is taken as it is."""
    if coding in {"", "identity"}:
        return _as_it_is
    if coding in {"gzip", "x-gzip"} and start.startswith(b"\x1f\x8b"[: len(start)]):
        return _inflater(zlib.MAX_WBITS | 16, request)
    if coding == "deflate" and start[:1] == b"\x78" and int.from_bytes(start[:2]) % 31 == 0:
        return _inflater(zlib.MAX_WBITS, request)
    if _is_text(start):
        return _as_it_is
    if coding == "deflate":
        return _inflater(-zlib.MAX_WBITS, request)
    raise httpx2.ReadError(f"the answer is packed as {coding[:40]}, which was not asked for", request=request)


def _is_text(start: bytes) -> bool:
    """Whether these bytes open JSON, a page or a stream of events, and no packed body."""
    head = start.removeprefix(b"\xef\xbb\xbf").lstrip()[:4]
    return head.isascii() and head.decode("ascii").isprintable()


def _as_it_is(piece: bytes) -> Iterator[bytes]:
    yield piece


def _inflater(window: int, request: httpx2.Request) -> Unpack:
    """Unpacks deflate data, PIECE bytes at a time; what follows its end is left."""
    inflater = zlib.decompressobj(window)

    def unpack(piece: bytes) -> Iterator[bytes]:
        while not inflater.eof:
            try:
                part = inflater.decompress(piece, PIECE)
            except zlib.error as error:
                raise httpx2.ReadError(f"the answer does not unpack ({error})", request=request) from error
            yield part
            piece = inflater.unconsumed_tail
            if not piece and len(part) < PIECE:
                return

    return unpack
