"""Who may ask: decided on a request's head alone, before its body is read.

The server listens on the loopback address, but a web page that the user opens can send requests there too. None comes
through: a page has no key; its browser names the page in Origin, or says cross-site; a name that an attacker points at
127.0.0.1 shows in Host; and what a page can send without asking first is never typed as JSON. No answer carries a CORS
header, so a page could not read one either.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from offline_model.server.api.refusals import Refused, invalid, wrong_key

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
MAX_DEPTH = 100
"""Of lists and objects in one another, in a request's body."""


def check_visitor(headers: Mapping[str, str], port: int) -> None:
    """Raise `Refused` unless Host is this server, and no foreign page has sent the request."""
    host = headers.get("host", "").lower()
    names = [f"[{name}]" if ":" in name else name for name in _LOOPBACK]
    if host not in {f"{name}:{port}" for name in names} | (set(names) if port == 80 else set()):
        raise Refused(403, "Forbidden", f"This server answers to 127.0.0.1:{port} and localhost:{port} only.")
    origin = headers.get("origin")
    if origin is not None and not _is_loopback(origin):
        raise Refused(403, "Forbidden", "This server takes no requests from web pages.")
    if origin is None and headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise Refused(403, "Forbidden", "This server takes no requests from web pages.")


def _is_loopback(origin: str) -> bool:
    try:
        parts = urlsplit(origin.strip())
        parts.port  # noqa: B018 - raises where it is no number
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.hostname in _LOOPBACK


def key_is_right(headers: Mapping[str, str], key: str) -> bool:
    """Whether `api-key`, or a bearer token, is the server's key."""
    bearer = headers.get("authorization", "")
    given = headers.get("api-key") or (bearer[7:] if bearer.lower().startswith("bearer ") else "")
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), key.encode())


def check_key(headers: Mapping[str, str], key: str) -> None:
    """Raise the service's 401 unless the key is right."""
    if not key_is_right(headers, key):
        raise wrong_key()


def check_length(headers: Mapping[str, str], most: int) -> None:
    """Raise a 413 for a body that says of itself that it is too large."""
    length = headers.get("content-length", "0")
    if length.isdigit() and int(length[:18]) > most:
        raise Refused(413, "RequestTooLarge", f"The request's body is larger than {most // 1024**2} MiB.")


def check_type(headers: Mapping[str, str]) -> None:
    """Raise a 415 unless the body is said to be JSON."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(415, "UnsupportedMediaType", "The request's content-type must be application/json.")


_STRUCTURE = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)


def parse(raw: bytes) -> dict[str, Any]:
    """The JSON object of a body.

    Raises:
        Refused: it is none, or nested too deeply to be read.
    """
    try:
        if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and _depth(raw) > MAX_DEPTH:
            raise invalid(f"We could not parse the JSON body of your request: more than {MAX_DEPTH} levels.")
        body = json.loads(raw)
    except (ValueError, RecursionError) as exc:
        raise invalid("We could not parse the JSON body of your request: it is no valid JSON.") from exc
    if not isinstance(body, dict):
        raise invalid("We could not parse the JSON body of your request: an object is expected.")
    return body


def _depth(raw: bytes) -> int:
    """How deeply lists and objects are nested; what stands in strings does not count."""
    depth = deepest = 0
    for match in _STRUCTURE.finditer(raw):
        mark = match[0]
        if mark in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif mark in b"]}":
            depth -= 1
        if deepest > MAX_DEPTH:
            break
    return deepest
