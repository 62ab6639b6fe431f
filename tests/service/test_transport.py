"""The transport: one deadline for a whole call, a bound on every answer, and nothing unpacked beyond it."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from collections.abc import Iterable

import httpx2
import pytest
from fakes.raw import OK, Raw, body

from datagen_lib.errors import CallFailed, MalformedAnswer, UnusablePicture
from datagen_lib.service import transport
from datagen_lib.service.transport import http_client, of_download

SECONDS = 0.3
STREAM = OK + b"Connection: close\r\n\r\n"


def fetch(server: Raw, path: str = "/chat/completions", *, seconds: float = 30, stream: bool = False) -> bytes:
    """The body of one answer."""

    async def work() -> bytes:
        async with http_client(seconds=seconds, trust_env=False) as client:
            request = client.build_request("POST", server.url + path, content=b"{}")
            response = await client.send(request, stream=stream)
            try:
                return await response.aread()
            finally:
                await response.aclose()

    return asyncio.run(work())


DRIBBLES: dict[str, tuple[bytes, bytes]] = {
    "a header line at a time": (OK, b"X-Wait: 1\r\n"),
    "interim answers": (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "comments of a stream": (STREAM, b": keep-alive\n\n"),
    "blanks": (STREAM, b" "),
    "chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n.\r\n"),
    "nothing at all": (STREAM, b""),
    "an error's headers": (b"HTTP/1.1 500 No\r\n", b"X-Wait: 1\r\n"),
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", DRIBBLES)
def test_one_deadline_ends_the_call_whatever_arrives(kind: str, stream: bool) -> None:
    """Headers, interim answers, comments and blanks that never stop do not put the deadline off; the client leaves."""
    start, piece = DRIBBLES[kind]

    with Raw(lambda _: server.dribble(piece, start)) as server:
        with pytest.raises(httpx2.TimeoutException):
            fetch(server, seconds=SECONDS, stream=stream)

        assert not piece or server.gone.wait(10)


def test_redirects_share_the_deadline() -> None:
    """Each hop counts against the one deadline, and there are at most ten."""
    again = OK.replace(b"200 OK", b"307 Again") + b"Location: /images/more\r\nContent-Length: 0\r\n\r\n"

    with Raw(lambda _: [again]) as server, pytest.raises(httpx2.TooManyRedirects):
        fetch(server)
    assert len(server.paths) == 11

    def slow(_: str) -> Iterable[bytes]:
        server.ending.wait(SECONDS / 3)
        return [again]

    with Raw(slow) as server, pytest.raises(httpx2.TimeoutException):
        fetch(server, seconds=SECONDS)
    assert len(server.paths) < 5


def test_a_redirect_s_body_is_not_read() -> None:
    """A redirect with an endless body is followed at once."""
    away = b"HTTP/1.1 307 Away\r\nLocation: /there\r\n\r\n"

    def script(path: str) -> Iterable[bytes]:
        return [body(b"here")] if path == "/there" else server.flood(b"x" * 1000, away)

    with Raw(script) as server:
        assert fetch(server) == b"here"


@pytest.mark.parametrize("content", [b'{"a": [1]}', b"\n[1]\n", b'\xef\xbb\xbf{"a": 1}'])
@pytest.mark.parametrize("length", [b"Content-Length: 99", b"Transfer-Encoding: chunked"])
def test_a_whole_answer_whose_end_is_not_said_is_taken(content: bytes, length: bytes) -> None:
    """A body that ends as JSON does is taken, though its length is wrong or its last chunk is missing: it is paid for."""
    sent = b"%x\r\n%s\r\n" % (len(content), content) if b"chunked" in length else content

    with Raw(lambda _: [OK + length + b"\r\n\r\n" + sent]) as server:
        assert fetch(server) == content


PACKED = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "GZIP": gzip.compress,
    "deflate": zlib.compress,
    "deflate ": lambda content: zlib.compress(content, wbits=-15),
    "identity": bytes,
}


@pytest.mark.parametrize("coding", PACKED)
def test_a_packed_answer_is_unpacked(coding: str) -> None:
    """gzip and deflate in all their forms are unpacked, although nobody asked for them."""
    content = json.dumps(list(range(100_000))).encode()
    answer = body(PACKED[coding](content), b"Content-Encoding: " + coding.encode())

    with Raw(lambda _: [answer]) as server:
        assert fetch(server) == content


@pytest.mark.parametrize("coding", [b"gzip", b"deflate", b"br", b"zstd", b"gzip, gzip", b"no such"])
@pytest.mark.parametrize("content", [b'{"a": 1}', b"data: {}\n\n", b"\xef\xbb\xbf[1]", b"\n\n  {}", b"<html>", b"{"])
def test_an_answer_that_only_says_it_is_packed_is_taken(coding: bytes, content: bytes) -> None:
    """A gateway that unpacked the answer and left the header does no harm."""
    with Raw(lambda _: [body(content, b"Content-Encoding: " + coding)]) as server:
        assert fetch(server) == content


@pytest.mark.parametrize(
    ("coding", "content"),
    [
        (b"zstd", b"\x28\xb5\x2f\xfdjunk"),
        (b"br", b"\x8b\x00\x80\x03"),
        (b"gzip, gzip", gzip.compress(gzip.compress(b"{}", mtime=0), mtime=0)),
        (b"gzip", gzip.compress(b"{}" * 100, mtime=0)[:12] + b"junk junk junk"),
    ],
    ids=["zstd", "br", "twice", "broken"],  # what is packed could differ from one worker to the next
)
def test_what_does_not_unpack_is_a_broken_answer(coding: bytes, content: bytes) -> None:
    """A coding that was not asked for, codings upon codings and broken data end as a failed connection does."""
    with (
        Raw(lambda _: [body(content, b"Content-Encoding: " + coding)]) as server,
        pytest.raises(httpx2.TransportError, match="pack"),
    ):
        fetch(server)


def bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join([*(packer.compress(bytes(2**20)) for _ in range(size >> 20)), packer.flush()])


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("path", "kind"), [("/chat/completions", MalformedAnswer), ("/images/generations", UnusablePicture)]
)
def test_a_body_is_left_at_its_bound(
    monkeypatch: pytest.MonkeyPatch, path: str, kind: type[CallFailed], packed: bool
) -> None:
    """A body that never ends, or unpacks to far more than it is, is one of our errors; the client leaves."""
    monkeypatch.setattr(transport, "TEXT", transport.Bound(2**20, MalformedAnswer))
    small = bomb(64 * 2**20)

    def script(_: str) -> Iterable[bytes]:
        return [body(small, b"Content-Encoding: gzip")] if packed else server.flood(b"x" * 1000, STREAM)

    with Raw(script) as server, pytest.raises(kind, match="larger than"):
        fetch(server, path)


def test_packed_bytes_that_unpack_to_nothing_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A packed body of empty blocks grows no answer, and is left at the bound all the same."""
    monkeypatch.setattr(transport, "TEXT", transport.Bound(2**20, MalformedAnswer))
    packer = zlib.compressobj(9, wbits=31)
    start = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    empty = b"\x00\x00\x00\xff\xff" * 1000

    with (
        Raw(lambda _: server.flood(empty, STREAM[:-2] + b"Content-Encoding: gzip\r\n\r\n" + start)) as server,
        pytest.raises(MalformedAnswer),
    ):
        fetch(server)


@pytest.mark.parametrize("pieces", ["flood", "dribble", "cut", "bomb", "junk"])
def test_the_status_of_an_error_is_known_whatever_its_body_does(monkeypatch: pytest.MonkeyPatch, pieces: str) -> None:
    """The body of an error ends at its bound, its own deadline or a cut, and what has come of it is kept."""
    monkeypatch.setattr(transport, "ERROR_SECONDS", 0.1)
    head = b"HTTP/1.1 403 No\r\nConnection: close\r\n"
    said = b"It is blocked. "

    def script(_: str) -> Iterable[bytes]:
        match pieces:
            case "flood":
                return server.flood(said, head + b"\r\n" + said)
            case "dribble":
                return server.dribble(b" ", head + b"\r\n" + said)
            case "cut":
                return [head + b"Content-Length: 1000\r\n\r\n" + said]
            case "bomb":
                packed = zlib.compress(said * 10**6)
                return [body(packed, b"Content-Encoding: deflate", status=b"HTTP/1.1 403 No\r\n")]
            case _:
                return [head + b"Content-Encoding: gzip\r\n\r\n\x1f\x8bjunk"]

    async def work() -> httpx2.Response:
        async with http_client(seconds=30, trust_env=False) as client:
            return await client.get(server.url)

    with Raw(script) as server:
        response = asyncio.run(work())

    assert response.status_code == 403
    assert len(response.content) <= transport.LARGEST_ERROR
    assert pieces == "junk" or response.content.startswith(said)


def test_no_packing_is_asked_for() -> None:
    """Requests ask for answers as they are: what is not packed is no bomb."""

    async def work() -> httpx2.Headers:
        async with http_client(seconds=1, bound=of_download) as client:
            return client.build_request("GET", "http://localhost/").headers

    assert asyncio.run(work())["accept-encoding"] == "identity"
