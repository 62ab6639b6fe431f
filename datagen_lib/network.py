"""What the environment says of the network, checked before the first call: proxies and certificates."""

from __future__ import annotations

import importlib.util
import ipaddress
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from .masking import mask

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_SCHEMES = {"http", "https", "socks5", "socks5h"}


def is_loopback(url: str | None) -> bool:
    """Whether the address is this machine's own, to which no proxy leads."""
    try:
        host = urlsplit(url or "").hostname or ""
    except ValueError:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def network_problems(environ: Mapping[str, str]) -> list[str]:
    """What would keep every call from being made, by its variable."""
    return [*_certificates(environ), *_proxies(environ)]


def _certificates(environ: Mapping[str, str]) -> Iterator[str]:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        value = environ.get(name)
        if not value:
            continue
        path, is_file = Path(value), name == "SSL_CERT_FILE"
        try:
            there = path.is_file() if is_file else path.is_dir()
            if there and is_file:
                path.read_bytes()
        except OSError as error:
            yield f"{name}={value}: can't be read ({error.strerror})"
            continue
        if not there:
            yield f"{name}={value}: there is no such {'file' if is_file else 'folder'}"
        elif is_file and (reason := _unusable(value)):
            yield f"{name}={value}: holds no certificate that can be used ({reason})"


def _unusable(path: str) -> str:
    import ssl  # costs time that only whoever sets the variable has to pay

    try:
        ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError) as error:
        return str(error)
    return ""


def _proxies(environ: Mapping[str, str]) -> Iterator[str]:
    if "*" in [part.strip() for part in (environ.get("no_proxy") or environ.get("NO_PROXY") or "").split(",")]:
        return
    for capitals in _PROXIES:
        name = capitals.lower() if environ.get(capitals.lower()) else capitals
        value = environ.get(name)
        if value and (problem := _proxy_problem(value)):
            yield f"{name}={mask(value)}: {problem}"


def _proxy_problem(value: str) -> str:
    address = value if "://" in value else f"http://{value}"
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError as error:
        return f"is not the address of a proxy ({error})"
    if parts.scheme not in _SCHEMES:
        return f"{parts.scheme}:// is not a kind of proxy that can be used; use one of {', '.join(sorted(_SCHEMES))}"
    if not parts.hostname:
        return "is not the address of a proxy"
    if parts.scheme.startswith("socks") and importlib.util.find_spec("socksio") is None:
        return "a SOCKS proxy needs a package that is not installed: pip install socksio"
    return ""
