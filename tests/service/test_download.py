"""A picture's address: fetched from where a picture may lie, and never from inside."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from conftest import png
from fakes.raw import OK, Raw, body
from fakes.service import Answer, Request, Service

from datagen_lib.errors import UnusablePicture
from datagen_lib.service import retry
from datagen_lib.service.download import Fetcher, kind_of

PICTURE = png("a", 64)
OUTSIDE = "93.184.216.34"
Names = dict[str, list[str]]


def fetch(address: str, endpoint: str, *, seconds: float = 30) -> bytes:
    async def work() -> bytes:
        fetcher = Fetcher(endpoint, seconds=seconds, trust_env=False)
        try:
            return await fetcher(address)
        finally:
            await fetcher.aclose()

    with retry.testing():
        return asyncio.run(work())


def fails(address: str, endpoint: str, **options: Any) -> str:
    """What is said of an address that can't be fetched."""
    with pytest.raises(UnusablePicture) as raised:
        fetch(address, endpoint, **options)
    assert raised.value.fault == "address"
    return raised.value.what


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """The names that the resolver knows; each look-up uses up one of a name's addresses, but for the last."""
    known: Names = {}
    real = socket.getaddrinfo

    def look_up(host: Any, *rest: Any, **options: Any) -> Any:
        host = host.decode() if isinstance(host, bytes) else host
        if host in known:
            found = known[host]
            host = found.pop(0) if len(found) > 1 else found[0]
        elif not host[:1].isdigit() and ":" not in host and host != "localhost":
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return real(host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known


INSIDE = {
    "127.0.0.1": "loopback", "127.9.9.9": "loopback", "0.0.0.0": "loopback", "::1": "loopback", "::": "loopback",
    "169.254.169.254": "link-local", "fe80::1": "link-local",
    "10.1.2.3": "private", "172.16.0.1": "private", "192.168.1.1": "private", "fd00::1": "private", "fec0::1": "private",
    "100.64.0.1": "shared",
    "224.0.0.1": "multicast", "ff02::1": "multicast",
    "240.0.0.1": "private", "255.255.255.255": "private",
    "::ffff:127.0.0.1": "loopback", "::ffff:169.254.169.254": "link-local", "::127.0.0.1": "loopback",
    "64:ff9b::a00:1": "private", "2002:7f00:1::": "loopback", "2002:a9fe:a9fe::1": "link-local",
}  # fmt: skip


@pytest.mark.parametrize(("address", "kind"), INSIDE.items())
def test_special_addresses_are_known(address: str, kind: str) -> None:
    """Loopback, link-local, private, shared and multicast addresses are known, within IPv6 as well."""
    assert kind_of(ipaddress.ip_address(address)) == kind


@pytest.mark.parametrize("address", [OUTSIDE, "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::808:808"])
def test_the_open_internet_is_open(address: str) -> None:
    """Addresses of the open internet are none of those."""
    assert kind_of(ipaddress.ip_address(address)) == ""


@pytest.mark.parametrize("inside", sorted(INSIDE))
def test_no_address_leads_inside(names: Names, inside: str) -> None:
    """A name, or the bare number, of a place inside is refused where the endpoint is outside; nothing is asked there."""
    names.update({"api.example": [OUTSIDE], "files.example": [inside]})
    number = f"[{inside}]" if ":" in inside else inside

    assert "leads to a" in fails("http://files.example/a.png", "https://api.example/v1")
    assert "leads to a" in fails(f"http://{number}/a.png", "https://api.example/v1")


@pytest.mark.parametrize(
    "spelling", ["http://2130706433/", "http://0x7f000001/", "http://127.1/", "http://user@127.1/"]
)
def test_no_spelling_of_an_address_leads_inside(names: Names, spelling: str) -> None:
    """Numbers that a resolver takes for an address are looked at as what they are."""
    names["api.example"] = [OUTSIDE]
    names.update({host: ["127.0.0.1"] for host in ("2130706433", "0x7f000001", "127.1")})

    assert "leads to a loopback" in fails(spelling, "https://api.example/v1")


@pytest.mark.parametrize("inside", ["10.1.2.3", "169.254.169.254", "[::ffff:10.1.2.3]"])
def test_an_endpoint_inside_opens_its_own_kind_alone(inside: str) -> None:
    """An endpoint on this machine may point to this machine, and to nothing else inside."""
    assert "leads to a" in fails(f"http://{inside}/a.png", "http://127.0.0.1:9/v1")


@pytest.mark.parametrize(
    "location", ["http://10.1.2.3/a.png", "//169.254.169.254/latest/meta-data", "ftp://127.0.0.1/a"]
)
def test_no_redirect_leads_inside(location: str) -> None:
    """Each hop of a redirect is looked at as the first address was."""
    with Service([Answer(status=302, headers={"Location": location})]) as service:
        said = fails(f"{service.url}/a.png", service.url)

    assert "leads to a" in said or "not http" in said
    assert len(service.requests) == 1


def test_the_address_that_was_looked_at_is_the_one_that_is_asked(names: Names) -> None:
    """A name that turns to another address after it was looked at changes nothing; the server hears the name."""
    names["files.example"] = ["127.0.0.1", "10.1.2.3"]

    with Service([Answer(PICTURE)]) as service:
        address = service.url.replace("127.0.0.1", "files.example")
        assert fetch(f"{address}/a.png", service.url) == PICTURE

    assert service.requests[0].headers["host"] == address.removeprefix("http://")
    assert names["files.example"] == ["10.1.2.3"]


def test_a_name_s_next_address_is_tried(names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the first of a name's addresses does not answer, the next one is asked."""
    real = socket.getaddrinfo

    def both(host: Any, port: Any, *rest: Any, **options: Any) -> Any:
        if host == "files.example":
            return [*real("::1", port, *rest, **options), *real("127.0.0.1", port, *rest, **options)]
        return real(host, port, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with Service([Answer(PICTURE)]) as service:
        assert fetch(service.url.replace("127.0.0.1", "files.example") + "/a.png", service.url) == PICTURE


def test_no_credentials_are_sent() -> None:
    """No key, no cookie and no other host's password goes to where a picture lies."""

    def script(request: Request) -> Answer:
        if request.path == "/first":
            return Answer(status=307, headers={"Location": f"http://localhost:{port}/second", "Set-Cookie": "a=b"})
        return Answer(PICTURE)

    with Service(script) as service:
        port = service.url.rpartition(":")[2]
        assert fetch(f"http://me:secret@127.0.0.1:{port}/first", service.url) == PICTURE

    assert "authorization" in service.requests[0].headers
    assert not {"authorization", "cookie", "api-key"} & service.requests[1].headers.keys()


@pytest.mark.parametrize("address", ["/made/1.png", "made/1.png", "//127.0.0.1:{port}/made/1.png"])
def test_a_relative_address_counts_from_the_endpoint(address: str) -> None:
    """A relative address is one of the endpoint's own."""
    with Service([Answer(PICTURE)]) as service:
        assert fetch(address.format(port=service.url.rpartition(":")[2]), f"{service.url}/v1/") == PICTURE

    assert service.requests[0].path in {"/made/1.png", "/v1/made/1.png"}


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ([Answer(status=404)], 1),
        ([Answer(status=403)], 1),
        ([Answer(status=503)], 3),
        ([Answer(status=429)], 3),
        ([Answer(PICTURE, cut=True)], 3),
    ],
)
def test_a_dead_address_is_tried_and_left(answers: list[Answer], asked: int) -> None:
    """What may pass is tried three times, what will not pass once; the address is shown without its signature."""
    with Service(answers) as service:
        said = fails(f"{service.url}/a.png?sig=5ecret#x", service.url)

    assert len(service.requests) == asked
    assert "/a.png)" in said
    assert "5ecret" not in said


@pytest.mark.parametrize(
    "address", ["http://me:5ecret@127.0.0.1:9/a", "http://me:5ecret@[", "x://me:5ecret@127.0.0.1/a"]
)
def test_a_password_in_an_address_is_not_shown(address: str) -> None:
    """What stands before the host of an address that fails is left out of the message."""
    assert "5ecret" not in fails(address, "http://127.0.0.1:9/v1")


SLOW: dict[str, Callable[[Raw], Iterable[bytes]]] = {
    "never a header": lambda server: server.dribble(b"", b""),
    "headers for ever": lambda server: server.dribble(b"X: 1\r\n", OK),
    "a picture for ever": lambda server: server.dribble(b"\x89", OK + b"\r\n"),
}


@pytest.mark.parametrize("kind", SLOW)
def test_a_download_has_a_deadline(kind: str) -> None:
    """All tries of a download together end at the deadline, whatever arrives."""
    with Raw(lambda _: SLOW[kind](server)) as server:
        assert "took longer than" in fails(f"{server.url}/a.png", server.url, seconds=0.3)


def test_redirects_in_a_ring_end() -> None:
    """An address that redirects for ever is left after five hops."""
    with Raw(lambda _: [body(b"", b"Location: /a.png", status=b"HTTP/1.1 302 On\r\n")]) as server:
        assert "more than 5 times" in fails(f"{server.url}/a.png", server.url)

    assert len(server.paths) == 6
