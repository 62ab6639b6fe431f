"""Secrets out of what is shown or stored. Mask first and cut after: half a key is a secret too."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from urllib.parse import quote

HIDDEN = "***"
LONG = 8  # letters: from here on a key is hidden wherever it stands
WORD = 4  # letters: below, it is hidden only where a key is named; "a" is a word of its own

_LOGIN = re.compile(r"(?<=://)[^/\s?#'\"<>]*@")
_ADDRESS = re.compile(r"https?://[^\s'\"<>]+", re.IGNORECASE)
_PAIR = re.compile(r"(?<=[?&;])([^=&?#\s]+)=([^&#\s'\"<>]+)")
_SIGNED = re.compile(
    r"(?<=[?&])((?:[\w-]*(?:sig|signature|key|code|token|secret|password|pwd|credential|auth))=)([^&#\s'\"<>]+)",
    re.IGNORECASE,
)
_CREDENTIAL = re.compile(r"\b(Bearer|Basic)(\s+)[\w.~+/=-]{8,}", re.IGNORECASE)
_SHOWN_PAIRS = {"api-version"}


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without what lets somebody in.

    Hidden are the secrets, the user and password in an address, and what follows "Bearer". So are the values of an
    address's query: they may sign it or hold a key. A short secret is hidden only where it stands alone.

    Args:
        text: anything; a service's message, an address.
        secrets: the keys, as the settings hold them.
    """
    for secret in sorted({secret for secret in secrets if secret}, key=len, reverse=True):
        text = _without(text, secret)
    text = _LOGIN.sub(f"{HIDDEN}@", text)
    text = _ADDRESS.sub(lambda found: _PAIR.sub(_hide_value, found[0]), text)
    text = _SIGNED.sub(lambda found: f"{found[1]}{HIDDEN}", text)
    return _CREDENTIAL.sub(lambda found: f"{found[1]}{found[2]}{HIDDEN}", text)


def _without(text: str, secret: str) -> str:
    if len(secret) >= LONG:
        for form in {secret, quote(secret, safe=""), html.escape(secret), json.dumps(secret)[1:-1]}:
            text = text.replace(form, HIDDEN)
        return text
    alone = rf"(?<![\w-]){re.escape(secret)}(?![\w-])"
    if len(secret) >= WORD:
        return re.sub(alone, HIDDEN, text)
    return re.sub(rf"([:='\"]\s*|\b(?:Bearer|Basic|key)\s+){alone}", rf"\1{HIDDEN}", text)


def _hide_value(found: re.Match[str]) -> str:
    return found[0] if found[1].lower() in _SHOWN_PAIRS else f"{found[1]}={HIDDEN}"
