"""Who may ask the offline server, and how much it reads: what a web page or a stranger sends comes to nothing."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from fakes.callers import CHAT, HTTP, MESSAGES, VERSION, chat, settled
from hypothesis import given, settings
from hypothesis import strategies as st

from offline_model import Server
from offline_model.server import record
from offline_model.server.wire import http
from offline_model.server.wire.guard import MAX_DEPTH


def port(server: Server) -> int:
    return int(server.url.rsplit(":", 1)[1])


def ask(server: Server, **headers: str) -> Any:
    """A good chat completion, but for these headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    given = {"api-key": server.key, "content-type": "application/json", **named}
    body = json.dumps({"messages": MESSAGES}).encode()
    return HTTP.post(server.url + CHAT, content=body, params={"api-version": VERSION}, headers=given)


def raw(server: Server, *parts: bytes) -> bytes:
    """What the server sends back for these bytes, until it closes the connection."""
    with closing(socket.create_connection(("127.0.0.1", port(server)), timeout=10)) as stream:
        try:
            for part in parts:
                stream.sendall(part)
        except OSError:  # it has heard enough
            pass
        got = b""
        try:
            while data := stream.recv(65_536):
                got += data
        except ConnectionError:
            pass
        return got


def head(server: Server, *lines: str) -> bytes:
    first = [f"POST {CHAT}?api-version={VERSION} HTTP/1.1", f"Host: 127.0.0.1:{port(server)}"]
    return "\r\n".join([*first, *lines, "", ""]).encode()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
def test_the_loopback_names_are_answered(shared: Server, host: str) -> None:
    """With the server's port, in any case of letters."""
    assert ask(shared, host=f"{host}:{port(shared)}").status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example:{port}", "localhost.:{port}", ""],
)
def test_a_name_that_was_pointed_here_is_refused(shared: Server, host: str) -> None:
    """DNS rebinding: the browser says the attacker's name in Host, even with the right key."""
    answer = ask(shared, host=host.format(port=port(shared)))

    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "Forbidden"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
        ({"origin": "http://127.0.0.1.evil.example"}, 403),
        ({"origin": "http://localhost@evil.example"}, 403),
        ({"origin": "file://"}, 403),
        ({"origin": "http://localhost:99999999"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"origin": "http://localhost:8888"}, 200),
        ({"sec_fetch_site": "none"}, 200),
    ],
)
def test_a_foreign_page_is_refused(shared: Server, headers: dict[str, str], status: int) -> None:
    """By its Origin or by what its browser says of it; a page of this machine needs the key as everyone does."""
    answer = ask(shared, **headers)

    assert answer.status_code == status
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_preflight_gets_no_leave(shared: Server) -> None:
    """OPTIONS is refused and names no header that a browser could take for a yes."""
    origin = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    answers = [HTTP.options(shared.url + CHAT, headers=origin), HTTP.options(shared.url + CHAT)]

    assert [answer.status_code for answer in answers] == [403, 404]
    assert not [name for answer in answers for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "json"])
def test_only_json_is_read(server: Server, kind: str) -> None:
    """What a page may send without a preflight is no JSON by its type: 415, and the body is not read."""
    answer = ask(server, content_type=kind)

    assert answer.status_code == 415
    assert server.calls[0].body is None


def test_json_may_say_its_charset(shared: Server) -> None:
    """Parameters of the type, and its letters' case, make no difference."""
    assert ask(shared, content_type="Application/JSON; charset=utf-8").status_code == 200


def test_a_stranger_is_refused_before_the_body_is_sent(server: Server) -> None:
    """The 401 comes on the head alone, however large the body is said to be; nothing of it is kept."""
    answer = raw(server, head(server, "api-key: wrong", "Content-Type: application/json", "Content-Length: 99999999"))
    [call] = settled(server)

    assert answer.startswith(b"HTTP/1.1 401")
    assert (call.key_ok, call.body, call.headers, call.query, call.status) == (False, None, {}, {}, 401)


def test_a_client_that_waits_for_leave_gets_it_only_with_the_key(server: Server) -> None:
    """Expect: 100-continue is answered with 100 for a known client, and with the refusal for a stranger."""
    body = json.dumps({"messages": MESSAGES}).encode()
    lines = ("Content-Type: application/json", f"Content-Length: {len(body)}", "Expect: 100-continue")
    known = raw(server, head(server, f"api-key: {server.key}", "Connection: close", *lines), body)
    stranger = raw(server, head(server, *lines))

    assert known.startswith(b"HTTP/1.1 100")
    assert b"HTTP/1.1 200" in known
    assert stranger.startswith(b"HTTP/1.1 401")


def test_strangers_have_a_small_share_of_the_record(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many come, and however long their paths: the owner's calls stay on record."""
    monkeypatch.setattr(record, "MAX_STRANGERS", 3)
    server = serve(keep_calls=10)
    chat(server)
    for _ in range(20):
        HTTP.post(server.url + "/" + "x" * 5000, json={})

    assert [call.key_ok for call in server.calls] == [True, False, False, False]
    assert {len(call.path) for call in server.calls[1:]} == {200}


def test_old_bodies_go_when_they_are_many(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    """The record keeps the newest bodies within its bound."""
    monkeypatch.setattr(record, "MAX_BODIES", 500)
    server = serve()
    for _ in range(8):
        chat(server)
    kept = [call.body is not None for call in server.calls]

    assert kept == sorted(kept)
    assert 0 < sum(kept) < 8


def test_a_body_is_read_up_to_a_bound(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """413, for a body that says how long it is and for one that doesn't; the server goes on."""
    monkeypatch.setattr(http, "MAX_BODY", 10_000)
    monkeypatch.setattr("offline_model.server.app.MAX_BODY", 10_000)
    known = (f"api-key: {server.key}", "Content-Type: application/json")
    told = raw(server, head(server, *known, "Content-Length: 10001"))
    chunk = b"1000\r\n" + b" " * 4096 + b"\r\n"
    untold = raw(server, head(server, *known, "Transfer-Encoding: chunked"), *[chunk] * 10)

    assert told.startswith(b"HTTP/1.1 413")
    assert untold.startswith(b"HTTP/1.1 413")
    assert chat(server).status_code == 200


def test_a_head_is_read_up_to_a_bound(server: Server) -> None:
    """431 in the service's error form for endless headers; bytes that are no HTTP get a 400."""
    large = raw(server, head(server, *[f"X-{n}: {'y' * 1000}" for n in range(200)]))
    other = raw(server, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")

    assert large.startswith(b"HTTP/1.1 431")
    assert other.startswith(b"HTTP/1.1 400")
    assert json.loads(other.split(b"\r\n\r\n", 1)[1])["error"]["message"]
    assert server.calls == []


def test_a_dribbled_request_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A head that never ends is closed, a body that never ends is a 408."""
    monkeypatch.setattr(http, "HEAD_SECONDS", 0.05)
    monkeypatch.setattr(http, "BODY_SECONDS", 0.05)
    known = (f"api-key: {server.key}", "Content-Type: application/json", "Content-Length: 100")

    assert raw(server, head(server)[:-4]) == b""
    assert raw(server, head(server, *known), b"{").startswith(b"HTTP/1.1 408")
    assert settled(server)[0].status == 408


def test_too_many_connections_are_closed_unheard(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Idle ones can't use up the process's files."""
    monkeypatch.setattr("offline_model.server.wire.thread.MAX_CONNECTIONS", 1)
    with closing(socket.create_connection(("127.0.0.1", port(server)), timeout=10)) as first:
        first.sendall(b"POST")
        assert raw(server, head(server)) == b""

    monkeypatch.undo()
    assert chat(server).status_code == 200


@pytest.mark.parametrize("mark", ["[", '{"a":'])
def test_a_deep_body_is_refused(shared: Server, mark: str) -> None:
    """400, not a server that fails; what stands in a string is no nesting."""
    given = {"api-key": shared.key, "content-type": "application/json"}
    deep = b'{"messages": ' + mark.encode() * 200_000
    answer = HTTP.post(shared.url + CHAT, content=deep, params={"api-version": VERSION}, headers=given)
    quoted = chat(shared, messages=[{"role": "user", "content": mark * (MAX_DEPTH + 50) + '\\"'}])

    assert answer.status_code == 400
    assert str(MAX_DEPTH) in answer.json()["error"]["message"]
    assert quoted.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b'{"messages": [{"role": "user", "content": "Return JSON. \\ud800"}]}',
        b'{"messages": [{"role": "user", "content": "x"}], "n": 1' + b"0" * 5000 + b"}",
        b'{"messages": [{"role": "user", "content": "x"}], "metadata": "' + b'\\"' * 300_000,
        b"\xef\xbb\xbf{}",
    ],
)
def test_odd_bodies_are_answered(server: Server, body: bytes) -> None:
    """Lone surrogates, endless numbers, unclosed strings and byte-order marks: an answer, and no failure of its own."""
    given = {"api-key": server.key, "content-type": "application/json"}
    answer = HTTP.post(server.url + CHAT, content=body, params={"api-version": VERSION}, headers=given)

    assert answer.status_code in (200, 400)
    assert server.calls[0].error == ""


def test_one_connection_brings_many_requests(server: Server) -> None:
    """Pipelined or one by one, good and refused ones, in their order; HTTP/1.0 is closed after one."""
    body = json.dumps({"messages": MESSAGES}).encode()
    known = (f"api-key: {server.key}", "Content-Type: application/json", f"Content-Length: {len(body)}")
    listed = f"GET /openai/v1/models HTTP/1.1\r\nHost: 127.0.0.1:{port(server)}\r\n"
    last = f"{listed}api-key: {server.key}\r\nConnection: close\r\n\r\n".encode()
    many = raw(server, head(server, *known) + body + f"{listed}\r\n".encode() + last)
    old = raw(server, f"GET /openai/v1/models HTTP/1.0\r\nHost: localhost:{port(server)}\r\n\r\n".encode())

    assert [part[1:4] for part in many.split(b"HTTP/1.1")[1:]] == [b"200", b"401", b"200"]
    assert old.startswith(b"HTTP/1.1 401")


LINES = st.sampled_from(
    [
        b"POST /openai/v1/chat/completions HTTP/1.1",
        b"GET / HTTP/1.0",
        b"GET http://evil.example/ HTTP/1.1",
        b"Host: localhost",
        b"Content-Length: 5",
        b"Content-Length: -1",
        b"Transfer-Encoding: chunked",
        b"Expect: 100-continue",
        b"Upgrade: websocket",
        b"Connection: close",
        b"\xff\xfe: \x00",
        b"",
        b"0",
        b"{}",
    ]
)


@given(st.lists(LINES | st.binary(max_size=40), max_size=12))
@settings(max_examples=100, deadline=None)
def test_whatever_bytes_come_the_server_goes_on(lines: list[bytes]) -> None:
    """No request of any shape makes it fail; the next one is answered."""
    with closing(socket.create_connection(("127.0.0.1", port(FUZZED[0])), timeout=10)) as stream:
        stream.sendall(b"\r\n".join(lines) + b"\r\n\r\n")
        stream.shutdown(socket.SHUT_WR)
        while stream.recv(65_536):
            pass

    assert [call.error for call in FUZZED[0].calls if call.error] == []
    assert HTTP.get(FUZZED[0].url + "/openai/v1/models", headers={"api-key": FUZZED[0].key}).status_code == 200


FUZZED: list[Server] = []


@pytest.fixture(scope="module", autouse=True)
def _fuzzed(shared: Server) -> Iterator[None]:
    FUZZED.append(shared)
    yield
    FUZZED.clear()
