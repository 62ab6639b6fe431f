"""Addresses of services as people paste them, brought to the form that a call needs.

    what is pasted                                                       azure            openai
    https://NAME/openai/deployments/D/chat/completions?api-version=V     https://NAME     https://NAME/openai/v1
    https://NAME/openai/v1/, https://NAME/openai/responses               https://NAME     https://NAME/openai/v1
    https://NAME/api/projects/P, https://NAME/models                     https://NAME     https://NAME/openai/v1
    http://localhost:8000/v1/chat/completions, .../v1/models             -                http://localhost:8000/v1
    "https://NAME", https://NAME?x=y, https://NAME#z, a blank at the end  https://NAME     https://NAME

A user and password (https://USER:PASSWORD@NAME) are taken out, to be sent but never shown.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit, urlunsplit

QUOTES = {'"', "'"}
INVISIBLE = "\u200b\u200e\u200f\u2060\ufeff\u00a0"

# A route of the service: what a portal or an example shows behind the address itself.
_ROUTE = re.compile(
    r"/(?:chat/completions|completions|responses|images/generations|images/edits|embeddings|models)(?:/.*)?$",
    re.IGNORECASE,
)
_AZURE_ROUTE = re.compile(r"/(?:openai|models|api/projects)(?:/.*)?$", re.IGNORECASE)
_AZURE_ONLY = re.compile(r"/(?:openai/(?:deployments|responses)|api/projects)(?:/.*)?$", re.IGNORECASE)


def unquoted(text: str) -> str:
    """The text without blanks, unseen characters and a pair of quotes around it, which docker's --env-file keeps."""
    text = text.strip().strip(INVISIBLE).strip()
    while len(text) > 1 and text[0] in QUOTES and text[0] == text[-1]:
        text = text[1:-1].strip()
    return text


def split_login(address: str) -> tuple[str, str]:
    """The address without its user and password, and these as "user:password", or ""."""
    start, found, rest = address.partition("://")
    end = next((at for at, char in enumerate(rest) if char in "/?#"), len(rest))
    login, at, host = rest[:end].rpartition("@")
    if not found or not at:
        return address, ""
    return f"{start}://{host}{rest[end:]}", unquote(login)


def resource(address: str) -> str:
    """An Azure resource's address: what comes before /openai."""
    return _ROUTE.sub("", _AZURE_ROUTE.sub("", _bare(address))).rstrip("/")


def base(address: str) -> str:
    """An OpenAI-compatible server's address: what comes before /chat/completions."""
    found = _bare(address)
    if _AZURE_ONLY.search(found):
        return _AZURE_ONLY.sub("", found) + "/openai/v1"
    found = _ROUTE.sub("", found).rstrip("/")
    parts = urlsplit(found)
    is_resource = (parts.hostname or "").endswith(".azure.com") and parts.path in {"", "/openai"}
    return f"{parts.scheme}://{parts.netloc}/openai/v1" if is_resource else found


def _bare(address: str) -> str:
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc, re.sub(r"/+$", "", parts.path), "", ""))
