"""Fetches a picture from its address, and only from where a picture may lie.

An address comes from outside, so it must not lead inside: every host is resolved here, each hop of a redirect too. The
connection goes to the very address that was looked at. Loopback, link-local, private and other special addresses are
refused, unless the endpoint itself is there. No key is sent.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import urllib.request
from collections.abc import Iterable

import httpx2

from datagen_lib.errors import CallFailed, UnusablePicture
from datagen_lib.text import opening

from .clock import Clock
from .transport import http_client, of_download

TRIES = 3
WAITS = (0.5, 2.0)  # s, between the tries, with jitter: the picture is paid for, so it is worth a little patience
HOPS = 5
PASSING = {408, 425, 429}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

NAT64 = ipaddress.ip_network("64:ff9b::/96")
SHARED = ipaddress.ip_network("100.64.0.0/10")  # carrier-grade NAT


class Fetcher:
    """Fetches pictures for one endpoint; close it with `aclose`.

    Args:
        endpoint: the address of the service: relative addresses count from it.
        seconds: for all tries of one picture.
        trust_env: whether the environment's proxies and certificates count.
    """

    def __init__(self, endpoint: str, *, seconds: float, trust_env: bool = True) -> None:
        self._seconds, self._trust_env, self._clock = seconds, trust_env, Clock()
        self._endpoint = httpx2.URL(endpoint.rstrip("/") + "/")
        self._kinds: set[str] | None = None  # of the endpoint's own addresses
        self._clients: dict[bool, httpx2.AsyncClient] = {}  # through a proxy, and straight

    async def aclose(self) -> None:
        for client in self._clients.values():
            await client.aclose()

    async def __call__(self, address: str) -> bytes:
        """The bytes behind the address.

        Raises:
            UnusablePicture: they can't be had from there, or are too many.
        """
        try:
            async with asyncio.timeout(self._seconds):
                return await self._fetch(address)
        except TimeoutError:
            raise _dead(address, f"it took longer than {self._seconds:.0f} s") from None

    async def _fetch(self, address: str) -> bytes:
        try:
            url = self._endpoint.join(address)
        except (httpx2.InvalidURL, ValueError) as error:
            raise _dead(address, "it is not an address") from error
        for attempt in range(TRIES):
            try:
                response = await self._follow(url)
            except httpx2.HTTPError as error:
                problem = f"{type(error).__name__}: {error}"
            else:
                if response.is_success:
                    return response.content
                problem = f"HTTP {response.status_code}"
                if response.status_code < 500 and response.status_code not in PASSING:
                    break
            if attempt < TRIES - 1:
                await self._clock.sleep(WAITS[attempt] * self._clock.uniform(0.5, 1))
        raise _dead(str(url), problem)

    async def _follow(self, url: httpx2.URL) -> httpx2.Response:
        for _ in range(HOPS + 1):
            response = await self._get(url)
            if not response.has_redirect_location:
                return response
            try:
                url = url.join(response.headers["location"])
            except (httpx2.InvalidURL, ValueError) as error:
                raise _dead(str(url), "it redirects to something that is not an address") from error
        raise _dead(str(url), f"it redirects more than {HOPS} times")

    async def _get(self, url: httpx2.URL) -> httpx2.Response:
        """One request, to one of the host's addresses that may be reached."""
        if url.scheme not in {"http", "https"} or not url.host:
            raise _dead(str(url), "it is not http(s)")
        headers = {"Host": url.netloc.decode("ascii")}
        client = self._client(proxied=self._trust_env and _is_proxied(url))
        if client is self._clients.get(
            True
        ):  # the proxy looks the name up; what can be known here is checked all the same
            await self._allowed(url, known_elsewhere=True)
            return await client.get(url, headers=headers, follow_redirects=False)
        failure: httpx2.HTTPError | None = None
        for one in await self._allowed(url):
            pinned = url.copy_with(host=str(one))
            try:
                return await client.get(
                    pinned, headers=headers, extensions={"sni_hostname": url.host}, follow_redirects=False
                )
            except httpx2.ConnectError as error:
                failure = error
        assert failure is not None  # a name has an address, or `_allowed` has raised
        raise failure

    def _client(self, *, proxied: bool) -> httpx2.AsyncClient:
        """A client that carries no credentials: most runs need none, so it is made late."""
        if proxied not in self._clients:
            self._clients[proxied] = http_client(
                seconds=self._seconds,
                trust_env=proxied,
                bound=of_download,
                verify=httpx2.create_ssl_context(),  # the environment names certificates for every address
            )
        return self._clients[proxied]

    async def _allowed(self, url: httpx2.URL, *, known_elsewhere: bool = False) -> list[Address]:
        try:
            found = await _resolve(url)
        except OSError as error:
            if known_elsewhere:
                return []
            raise httpx2.ConnectError(f"the host {url.host[:60]} is not known ({error.strerror})") from error
        if url.host != self._endpoint.host and (inside := _kinds(found) - await self._own_kinds()):
            raise _dead(str(url), f"it leads to a {', '.join(sorted(inside))} address")
        return found

    async def _own_kinds(self) -> set[str]:
        if self._kinds is None:
            try:
                self._kinds = _kinds(await _resolve(self._endpoint))
            except OSError:
                return set()
        return self._kinds


async def _resolve(url: httpx2.URL) -> list[Address]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(url.host, url.port or 443, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ipaddress.ip_address(entry[4][0]) for entry in found))


def _kinds(addresses: Iterable[Address]) -> set[str]:
    return {kind for address in addresses if (kind := kind_of(address))}


def kind_of(address: Address) -> str:
    """What kind of special address it is, those within IPv6 looked at too; "" for one of the open internet."""
    if isinstance(address, ipaddress.IPv6Address) and (inner := _within(address)):
        return kind_of(inner)
    if address.is_loopback or address.is_unspecified:  # 0.0.0.0 reaches the machine itself
        return "loopback"
    if address.is_link_local:
        return "link-local"
    if address.is_multicast:
        return "multicast"
    if address.version == 4 and address in SHARED:
        return "shared"
    if address.is_private or (isinstance(address, ipaddress.IPv6Address) and address.is_site_local):
        return "private"
    return "" if address.is_global and not address.is_reserved else "reserved"


def _within(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for: mapped, compatible, 6to4, Teredo or NAT64."""
    if address in NAT64 or (int(address) >> 32 == 0 and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def _is_proxied(url: httpx2.URL) -> bool:
    """Whether the environment puts a proxy between here and the host."""
    proxies = urllib.request.getproxies()
    return bool(proxies.get(url.scheme) or proxies.get("all")) and not urllib.request.proxy_bypass(url.host)


def _dead(address: str, why: str) -> CallFailed:
    shown = opening(address.partition("?")[0].partition("#")[0])  # what follows may be a signature
    if "@" in shown:
        shown = shown.partition("://")[0] + "://…@" + shown.rpartition("@")[2]
    return UnusablePicture(
        f"the picture can't be fetched from its address: {why} ({shown})",
        fault="address",
        hint="The service's addresses must be reachable from here; some services can answer in base64 instead.",
    )
