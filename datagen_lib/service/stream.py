"""From an answer's bytes to its JSON values, whatever the content type says: events of a stream, or one whole body.

    bytes ── sniff ─┬─ "{", "["   one JSON body, or several values in a row
                    ├─ "<"        a web page: not an answer
                    └─ else       server-sent events; each event's data is JSON

Everything is linear in the answer's length, and nothing is kept beyond the event or the body under way. What the rules
of the format leave to chance is taken: all three line ends, a missing blank line, a byte-order mark, blanks, comments,
heartbeats, `[DONE]` glued to what it ends.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, suppress
from typing import Any

import httpx2
import pydantic_core

from datagen_lib.errors import MalformedAnswer, TransientError
from datagen_lib.text import opening

LARGEST_VALUE = 2 * 2**20  # bytes of one event, or of a whole text answer: as values it is about 30 times that
MOST_VALUES = 10_000  # in one event or body
BLANKS = b" \t\r\n"
MARK = b"\xef\xbb\xbf"  # the byte-order mark
BODIES = {b"{", b"[", b"<", b"\xff", b"\xfe"}  # what one whole body opens with; the last two are marks of UTF-16
DONE = b"[DONE]"
SHOWN_FROM = 4096  # bytes: enough to mask a secret before the cut
LONGEST_NUMBER = 25  # characters
ANSWERS = {"choices", "error"}  # the keys that make an object a part of a text answer
DRAIN_SECONDS = 0.1

Mask = Callable[[str], str]


async def chunks(response: httpx2.Response, *, mask: Mask = str) -> AsyncGenerator[dict[str, Any], None]:
    """The JSON objects of a text answer as they come in; a server that does not stream gives one.

    Raises:
        MalformedAnswer: nothing in the answer is a chat completion, or one event is too large.
        TransientError: an event or the body was cut in its middle.
    """
    reader, found = ValueReader(mask=mask), False
    pieces = response.aiter_bytes()
    async with aclosing(pieces):
        async for piece in pieces:
            for value in reader.feed(piece):
                found = found or not value.keys().isdisjoint(ANSWERS)
                yield value
            if reader.done:
                await _drain(pieces)
                break
    for value in reader.end():
        found = found or not value.keys().isdisjoint(ANSWERS)
        yield value
    if not found:
        raise MalformedAnswer(f"the answer is not the JSON that was asked for; {reader.began}")


async def _drain(pieces: AsyncGenerator[bytes, None]) -> None:
    """Read the end of a finished stream, which mostly is there already: its connection can then be used again."""
    with suppress(TimeoutError, httpx2.HTTPError, MalformedAnswer):
        async with asyncio.timeout(DRAIN_SECONDS):
            async for _ in pieces:
                pass


class ValueReader:
    """Finds the JSON objects in an answer's bytes, whatever pieces they come in.

    Args:
        most: the most bytes that one event or a whole body may have.
        mask: hides secrets in the messages of errors.

    Attributes:
        done: the answer said that it ends; what follows is not read.
    """

    def __init__(self, *, most: int = LARGEST_VALUE, mask: Mask = str) -> None:
        self.done = False
        self._mask = mask
        self._head = self._start = b""
        self._body = _Body(most)
        self._events = _Events(most)
        self._source: _Body | _Events | None = None

    def feed(self, piece: bytes) -> Iterator[dict[str, Any]]:
        """The objects that `piece` completes."""
        if len(self._start) < SHOWN_FROM:
            self._start += piece[: SHOWN_FROM - len(self._start)]
        if self._source is None:
            piece = self._sniff(piece)
        if self._source is not None:
            yield from self._read(self._source.feed(piece))

    def end(self) -> Iterator[dict[str, Any]]:
        """The objects that the answer's end completes."""
        if self._source is not None:
            yield from self._read(self._source.end())

    @property
    def began(self) -> str:
        """What came, and how it began, for a message."""
        text = self._start.removeprefix(MARK).decode("utf-8", "replace").lstrip()
        if text.startswith("<"):
            title = re.search(r"<title[^>]{0,80}>([^<]{1,200})", text, re.IGNORECASE)
            return f"it is a web page: {opening(title[1] if title else text, mask=self._mask)}"
        return f"it begins: {opening(text, mask=self._mask)}" if text else "it is empty"

    def _sniff(self, piece: bytes) -> bytes:
        """What to read of the answer so far, once its first character has told what it is."""
        head = self._head + piece
        if MARK.startswith(head):  # a byte-order mark, or a part of it
            self._head = head
            return b""
        head = head.removeprefix(MARK).lstrip(BLANKS)
        self._head = b""
        if head:
            self._source = self._body if head[:1] in BODIES else self._events
        return head

    def _read(self, found: Iterator[tuple[bytes, bytes]]) -> Iterator[dict[str, Any]]:
        for event, data in found:
            if self.done:
                return
            said = True
            for value in self._values(data):
                said = False
                yield value if event != b"error" or "error" in value else {"error": value}
            if said and event == b"error":  # in plain words
                yield {"error": {"message": data.decode("utf-8", "replace")}}

    def _values(self, data: bytes) -> Iterator[dict[str, Any]]:
        if data.lstrip(BLANKS).startswith(DONE):
            self.done = True
            return
        for value in values(data):
            if value is DONE:
                self.done = True
            elif value is TORN:
                raise TransientError(f"the answer's body is broken; {self.began}")
            else:
                yield from (one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict))


TORN = object()
"""Stands where a value begins and has no end."""


def _number(text: str) -> float | str:
    """A number that Python and JSON can both write again, else its first digits as a text."""
    number = float(text) if len(text) <= LONGEST_NUMBER else math.inf
    return number if math.isfinite(number) else text[:LONGEST_NUMBER]


def _integer(text: str) -> float | str:
    return int(text) if len(text) <= LONGEST_NUMBER else _number(text)


DECODER = json.JSONDecoder(strict=False, parse_int=_integer, parse_float=_number, parse_constant=str)
"""Takes raw control characters in texts, and half surrogates; numbers out of bounds become texts."""


def values(data: bytes) -> Iterator[Any]:
    """The JSON values in a row in `data`; DONE where it says so, TORN where a value is cut or broken.

    A first try in Rust takes what is well-formed; the rest is read with more patience: half surrogates, raw control
    characters, several values, another encoding. Both refuse deep nesting and numbers of thousands of digits.
    """
    try:
        yield pydantic_core.from_json(data)
        return
    except ValueError:
        text = data.decode(json.detect_encoding(data), "replace")
    at = 0
    for _ in range(MOST_VALUES):
        at = _skip(text, at)
        if text.startswith(DONE.decode(), at):
            yield DONE
            return
        if text[at : at + 1] not in {"{", "["}:  # the end, or a heartbeat's words
            return
        try:
            value, at = DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            yield TORN
            return
        yield value


def _skip(text: str, at: int) -> int:
    match = _BETWEEN.match(text, at)
    return match.end() if match else at


_BETWEEN = re.compile(r"(?:[\s\ufeff]+|data:)*")


class _Body:
    """A body that is read whole."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, piece: bytes) -> Iterator[tuple[bytes, bytes]]:
        self._size += len(piece)
        _check(self._size, self._most)
        self._pieces.append(piece)
        return iter(())

    def end(self) -> Iterator[tuple[bytes, bytes]]:
        body = b"".join(self._pieces)
        self._pieces.clear()
        yield b"", body


class _Events:
    """Server-sent events: each one's name and data. Source: the HTML standard, 9.2.6."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._line: list[bytes] = []  # what has come of the line under way
        self._data: list[bytes] = []
        self._size = 0  # of the event under way
        self._name = b""
        self._after_return = False  # the last piece ended in CR: a LF that follows belongs to it

    def feed(self, piece: bytes) -> Iterator[tuple[bytes, bytes]]:
        if self._after_return and piece:
            piece = piece.removeprefix(b"\n")
            self._after_return = False
        if b"\r" in piece:
            self._after_return = piece.endswith(b"\r")
            piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, rest = piece.split(b"\n")
        for line in lines:
            self._grow(line)
            whole = b"".join(self._line)
            self._line.clear()
            yield from self._take(whole)
        if rest:
            self._grow(rest)

    def end(self) -> Iterator[tuple[bytes, bytes]]:
        yield from self.feed(b"\n\n")  # the last event counts, whether or not a blank line ends it

    def _grow(self, part: bytes) -> None:
        self._size += len(part)
        _check(self._size, self._most)
        self._line.append(part)

    def _take(self, line: bytes) -> Iterator[tuple[bytes, bytes]]:
        field, _, value = line.partition(b":")
        if not line:
            if self._data:
                yield self._name, b"\n".join(self._data)
            self._data.clear()
            self._name, self._size = b"", 0
        elif field == b"data":
            self._data.append(value.removeprefix(b" "))
        elif field == b"event":
            self._name = value.strip()
        elif not self._data:  # comments, retry, id, and whatever else
            self._size = 0


def _check(size: int, most: int) -> None:
    if size > most:
        raise MalformedAnswer(f"one piece of the answer is larger than {most // 2**20} MiB")
