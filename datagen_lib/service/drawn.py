"""Reads a picture's answer: base64 in all its spellings, or an address, in whichever entry it stands.

Where none of the usual places has one, the whole answer is searched for what looks like a picture: it is paid for.
"""

from __future__ import annotations

import binascii
import builtins
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

import pybase64

from datagen_lib.errors import ContentFiltered, Fault, TransientError, UnusablePicture
from datagen_lib.text import opening

from .answers import answered_error, as_dict, as_number
from .stream import Mask, ValueReader
from .transport import LARGEST_PICTURE

Fetch = Callable[[str], Awaitable[bytes]]

FIELDS = ("b64_json", "b64", "url", "image", "image_url")  # where services put a picture, the usual one first
SAYS = {"finish_reason", "status", "state", "reason", "code", "type", "message", "detail"}  # where a filter speaks
MOST_COMMAS = 200_000
MOST_PUT_ASIDE = 8 * 2**20  # bytes of an answer that holds no picture, as far as is known here
DEEPEST = 8  # levels of an answer that are searched
MOST_AROUND = 16  # characters around base64, such as quotes

_OPENINGS = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"RIFF")  # of a picture that comes as it is, without JSON around it
_WEB_ADDRESS = re.compile(r"\s*https?://", re.IGNORECASE)
_DATA_ADDRESS = re.compile(r"\s*data:([^,]{0,200}),", re.IGNORECASE)
# A path opens with a slash, and so does a JPEG, but in one way only.
_BASE64 = re.compile(r"\s*+(?!/(?!9j/))[A-Za-z0-9+/_=\s-]{64,}\Z")
_RUN = re.compile(r"[A-Za-z0-9+/_=\s-]{64,}+")
# How base64 of a PNG, JPEG, RIFF (WebP), GIF and AVIF opens.
_PICTURE = re.compile(r"\s*(?:iVBORw0K|/9j/|UklGR|R0lGOD|AAAA[A-Za-z0-9+/]{2,8}Z0eX)")
_NO_ADDRESS = re.compile(r"\s*(?:b?[\"'`])?(?:iVBORw0K|UklGR|R0lGOD)")  # base64 with something around or in it
_PICTURE_ADDRESS = re.compile(r"\s*https?://[^?#\s]+\.(?:png|jpe?g|webp|gif|avif)(?:[?#]|\s*\Z)", re.IGNORECASE)
_VERDICT = re.compile(r"content.?filter|content.?policy|moderation|safety|nsfw", re.IGNORECASE)
_VERDICT_FIELD = re.compile(r"(?:block|filter|refus)[a-z]*_?reason", re.IGNORECASE)


@dataclass(frozen=True)
class Drawn:
    """A picture as a service answers it.

    Attributes:
        b64: its base64, or a `data:` address; None where there is none.
        url: the address to fetch it from; None where there is none.
        input_tokens: the tokens of the prompt; 0 where they are not told.
        output_tokens: the tokens of the picture; 0 where they are not told.
    """

    b64: str | None
    url: str | None
    fetcher: Fetch
    input_tokens: int = 0
    output_tokens: int = 0

    async def bytes(self) -> builtins.bytes:
        """The encoded picture. Costs no call, so it needs no turn.

        Raises:
            UnusablePicture: its base64 is none, or its address can't be fetched.
        """
        return self.decode() if self.b64 else await self.fetch()

    def decode(self) -> builtins.bytes:
        """The picture out of its base64: for a thread, since it is megabytes."""
        return decoded(self.b64 or "")

    async def fetch(self) -> builtins.bytes:
        """The picture from its address."""
        return await self.fetcher(self.url or "")


def decoded(text: str) -> bytes:
    """The bytes of base64 in any spelling: in lines, with `-_`, without padding, as a `data:` address.

    Raises:
        UnusablePicture: it is no base64 at all; carries the text.
    """
    try:
        return pybase64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        pass
    body = text
    if prefix := _DATA_ADDRESS.match(text):
        body = text[prefix.end() :]
        if not prefix[1].lower().replace(" ", "").endswith(";base64"):
            return unquote_to_bytes(body)
    body = body.replace("\\r", "").replace("\\n", "").replace("\\/", "/")
    body = _bare(unquote(body) if "%" in body else body)
    body = "".join(body.split()).translate(_STANDARD).rstrip("=")
    try:
        return pybase64.b64decode(body + "=" * (-len(body) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnusablePicture(
            f"the picture's base64 is broken ({error})", fault="encoding", paid=text.encode("utf-8", "replace")
        ) from error


_STANDARD = str.maketrans("-_", "+/")


def _bare(text: str) -> str:
    """Base64 without what stands around it: quotes, a `b` before them, a mark."""
    longest = max(_RUN.findall(text), key=len, default="")
    return longest if longest and len(longest) >= len(text) - MOST_AROUND else text


def read_picture(body: bytes, *, fetcher: Fetch, mask: Mask = str) -> Drawn:
    """The picture in the body of an image answer: in the first entry that has one, or the body itself.

    Args:
        body: the answer's body, whatever its content type.
        fetcher: brings the bytes behind an address.
        mask: hides secrets in the messages of errors.

    Raises:
        AnsweredError: an error object came instead.
        ContentFiltered: a filter's verdict came instead.
        UnusablePicture: the answer is whole and holds no picture; carries it.
        TransientError: the answer is cut or empty.
    """
    if body.startswith(_OPENINGS):
        return Drawn(pybase64.b64encode_as_string(body), None, fetcher)
    reader = ValueReader(most=LARGEST_PICTURE, mask=mask)
    if body.count(b",") > MOST_COMMAS:  # each value takes a hundred times its bytes in memory
        raise UnusablePicture("the answer holds far more than a picture", fault="kind", paid=body[:MOST_PUT_ASIDE])
    answers = [*reader.feed(body), *reader.end()]
    entries = [entry for answer in answers for entry in _entries(answer)]
    found = ([place for entry in _entries(answer) for place in _places(entry)] for answer in reversed(answers))
    places = next((each for each in found if each), [])  # of a stream, the last one is the whole picture
    if not places:
        _check_words(entries)
        places = [place for answer in reversed(answers) for place in _hidden(answer)]
    if places:
        b64, url = next((place for place in places if _is_likely(*place)), places[0])
        usage = next((as_dict(answer["usage"]) for answer in reversed(answers) if answer.get("usage")), {})
        return Drawn(b64, url, fetcher, as_number(usage.get("input_tokens")), as_number(usage.get("output_tokens")))
    if not body.strip():
        raise TransientError("the answer holds no picture; it is empty")
    fault: Fault = "none" if answers else "kind"
    raise UnusablePicture(f"the answer holds no picture; {reader.began}", fault=fault, paid=body[:MOST_PUT_ASIDE])


def _check_words(entries: list[dict[str, Any]]) -> None:
    """What is said where no picture is.

    Raises:
        AnsweredError: it is an error.
        ContentFiltered: it is a filter's verdict.
    """
    for entry in entries:
        if error := answered_error(entry):
            raise error
        if verdict := _verdict(entry):
            raise ContentFiltered(f"the service's filter kept the picture back ({verdict})", paid=True)


def _entries(answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What may hold the picture: the entries of its list, or the answer itself."""
    for name in ("data", "images", "output"):
        value = answer.get(name)
        for entry in value if isinstance(value, list) else [value]:
            if isinstance(entry, dict):
                yield entry
            elif isinstance(entry, str):
                yield {"url": entry}
    yield {name: value for name, value in answer.items() if name != "data"}


Place = tuple[str | None, str | None]


def _places(entry: dict[str, Any]) -> Iterator[Place]:
    """The base64 or the address in an entry, told apart by how it looks, not by its field."""
    for name in FIELDS:
        value = entry.get(name)
        text = value.get("url") if isinstance(value, dict) else value
        if not isinstance(text, str) or not text.strip():
            continue
        is_address = _WEB_ADDRESS.match(text) or not (
            name.startswith("b64") or any(pattern.match(text) for pattern in (_DATA_ADDRESS, _BASE64, _NO_ADDRESS))
        )
        yield (None, text.strip()) if is_address else (text, None)


def _hidden(value: Any, depth: int = DEEPEST) -> Iterator[Place]:
    """What looks like a picture, or a picture's address, wherever it stands in an answer."""
    if isinstance(value, str):
        if _DATA_ADDRESS.match(value) or (_PICTURE.match(value) and _BASE64.match(value)):
            yield value, None
        elif _PICTURE_ADDRESS.match(value):
            yield None, value.strip()
    elif depth:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        for one in inner:
            yield from _hidden(one, depth - 1)


def _is_likely(b64: str | None, url: str | None) -> bool:
    return bool(url or _DATA_ADDRESS.match(b64 or "") or _BASE64.match(b64 or ""))


def _verdict(value: Any, depth: int = 4) -> str:
    """What a filter says in an entry that has no picture; "" where none does."""
    if isinstance(value, list):
        return next((found for one in value[:20] if (found := _verdict(one, depth))), "")
    if not isinstance(value, dict) or not depth:
        return ""
    if value.get("filtered") is True or value.get("flagged") is True:
        return "filtered"
    for name, inner in value.items():
        if isinstance(inner, str) and name in SAYS and (match := _VERDICT.search(inner[:200])):
            return match[0]
        if isinstance(inner, str) and inner.strip() and _VERDICT_FIELD.search(name):
            return opening(inner)
        if found := _verdict(inner, depth - 1):
            return name if found == "filtered" else found
    return ""
