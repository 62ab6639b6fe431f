"""Finds the values of a list in a JSON text that comes in pieces; hands each over with its last bracket.

    head ──► root ──► list ──► root ──► done
      ╰───────┴─────────┴───────┴─────► torn

`head` is what stands before the JSON; `root` the outer object; `list` the list under the key that is looked for. Only
marks are looked at: quotes, brackets, commas, colons. A value is parsed once, when it is whole, so that the work is
linear and nothing is nested here. One that is too long or too deep is not kept: a text says so in its place.
"""

from __future__ import annotations

import re
from typing import Any

from .stream import DECODER

LONGEST_VALUE = 64 * 1024  # characters; an item has about 600
DEEPEST_VALUE = 32  # levels; an item has one
LONGEST_START = 4096  # characters, to say how a text began
LONGEST_KEY = 200  # characters
LONGEST_TAG = 16  # characters: the longest of what ends the head

_MARK = re.compile(r'["{}\[\],:]')
_IN_TEXT = re.compile(r'["\\]')
_THOUGHTS = re.compile(r"<(?:think|thinking|thought|reasoning)>")
_AFTER_THOUGHTS = re.compile(r"</(?:think|thinking|thought|reasoning)>")
_FENCE = re.compile(r"```[A-Za-z0-9]*\s")
_HALF = re.compile(r"\\u[dD][89a-fA-F]")  # the escape of half a surrogate pair
_BLANKS = " \t\r\n\ufeff"


class Scanner:
    """Feed it the text piece by piece.

    Args:
        key: the name of the list.
        lenient: take thoughts and a code fence before the JSON, text after it, and the list without its object.

    Attributes:
        start: how the text began; "" while there is none.
        torn: what is wrong with the text, where it is no JSON of the kind.
        opened: whether the JSON has begun.
        whole: whether the JSON is complete.
    """

    def __init__(self, key: str, *, lenient: bool = False) -> None:
        self.opened = self.whole = False
        self.start = self.torn = ""
        self._key = key
        self._head = _Head(lenient=lenient)
        self._lenient = lenient
        self._half = ""  # the first half of a surrogate pair
        self._depth = 0
        self._list: int | None = None  # the depth within the list, while in it
        self._quoted = self._escaped = False
        self._name = self._named = ""  # the last text in the root, and the last one that a colon followed
        self._kept: list[str] = []  # the value or the key under way
        self._size = self._deepest = 0
        self._ended = False  # a value has ended: only a comma or the list's end may follow

    def joined(self, piece: str) -> str:
        """The piece with what the one before held back: halves of a surrogate pair make one, a lone half goes."""
        piece, self._half = self._half + piece, ""
        if "\ud800" <= piece[-1:] <= "\udbff":
            piece, self._half = piece[:-1], piece[-1]
        return mended(piece)

    def feed(self, piece: str) -> list[Any]:
        """The values that `piece` completes."""
        if len(self.start) < LONGEST_START:
            self.start += piece[:LONGEST_START]
        if not self.opened and not self.torn:
            piece = self._head.skip(piece)
            self.opened, self.torn = bool(piece), self._head.torn
        found: list[Any] = []
        at = 0
        while at < len(piece) and not (self.torn or self.whole):
            at = self._step(piece, at, found)
        if self.whole and not self._lenient and piece[at:].strip(_BLANKS):
            self.torn = "text follows its end"
        return found

    def _step(self, piece: str, at: int, found: list[Any]) -> int:
        """Read on from `at` to behind the next mark; says where that is."""
        if self._escaped:
            self._escaped = False
            self._keep(piece[at])
            return at + 1
        match = (_IN_TEXT if self._quoted else _MARK).search(piece, at)
        if match is None:
            self._keep(piece[at:])
            return len(piece)
        self._keep(piece[at : match.start()])
        mark = match[0]
        if mark == "\\":
            self._escaped = True
            self._keep(mark)
        elif mark == '"':
            self._quote()
        elif mark in "{[":
            self._enter(mark)
        elif mark in "}]":
            self._leave(mark, found)
        elif self._depth == self._list and mark == ",":
            self._separate(found)
        elif self._list is not None:
            self._keep(mark)
        elif self._depth == 1:
            self._named = self._name if mark == ":" else ""
        return match.end()

    def _keep(self, text: str) -> None:
        """Keep what belongs to a value of the list, or to a key of the root."""
        if self._list is not None:
            if not self._size:
                text = text.lstrip(_BLANKS)
            self._size += len(text)
            if text and self._size <= LONGEST_VALUE:
                self._kept.append(text)
        elif self._quoted and self._depth == 1 and self._size < LONGEST_KEY:
            self._size += len(text)
            self._kept.append(text)

    def _quote(self) -> None:
        if self._list is not None:
            self._keep('"')
        elif self._quoted and self._depth == 1:
            self._name = self._taken()
        self._quoted = not self._quoted

    def _enter(self, mark: str) -> None:
        self._depth += 1
        if self._list is not None:
            if self._depth == self._list + 1 and self._ended:
                self._taken()
            self._keep(mark)
            self._deepest = max(self._deepest, self._depth - self._list)
        elif mark == "[" and (self._depth == 1 or (self._depth == 2 and self._named == self._key)):
            self._list = self._depth
            self._taken()

    def _leave(self, mark: str, found: list[Any]) -> None:
        if self._depth == self._list:
            self._separate(found)
            self._list = None
        self._depth -= 1
        if self._list is not None:
            self._keep(mark)
            if self._depth == self._list:
                self._hand_over(found)
                self._ended = True
        elif self._depth == 0:
            self.whole = True

    def _separate(self, found: list[Any]) -> None:
        """Between two values: a plain one ends here, and after a bracket nothing may stand."""
        if self._ended and self._size:
            self.torn = "text stands between its values"
        elif self._size:
            self._hand_over(found)
        self._taken()

    def _hand_over(self, found: list[Any]) -> None:
        size, deepest, text = self._size, self._deepest, self._taken()
        if size > LONGEST_VALUE or deepest > DEEPEST_VALUE:
            found.append(f"a value of {size:,} characters and {deepest} levels, which is no {self._key} entry")
            return
        try:
            value = DECODER.decode(text)
        except (ValueError, RecursionError) as error:
            self.torn = str(error)
            return
        found.append(_mended_value(value) if _HALF.search(text) else value)

    def _taken(self) -> str:
        """What was kept, which is then forgotten."""
        text = "".join(self._kept)
        self._kept.clear()
        self._size = self._deepest = 0
        self._ended = False
        return text


class _Head:
    """What stands before the JSON."""

    def __init__(self, *, lenient: bool) -> None:
        self.torn = ""
        self._lenient = lenient
        self._held = ""
        self._thinks = False
        self._talks = False  # the JSON comes after a fence or after the thoughts, if at all

    def skip(self, piece: str) -> str:
        """The JSON's first piece, or "" before it."""
        text = self._held + piece
        while True:
            text = text.lstrip(_BLANKS)
            if not self._talks and text[:1] in ({"{", "["} if self._lenient else {"{"}):
                return text
            if text and not self._lenient:
                self.torn = "it does not open as an object"
                return ""
            self._thinks = self._thinks or (not self._talks and _THOUGHTS.match(text) is not None)
            after = _AFTER_THOUGHTS.search(text) or (None if self._thinks else _FENCE.search(text))
            if after is None:
                break
            text, self._thinks, self._talks = text[after.end() :], False, False
        # The beginning of a tag may still become one; all other words are talk.
        self._talks = self._talks or len(text) >= LONGEST_TAG or text[:1] not in {"", "<", "`"}
        self._held = text[-LONGEST_TAG:]
        return ""


def mended(text: str) -> str:
    """The text without lone halves of surrogate pairs, which nothing could write; whole pairs become one."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    return text


def _mended_value(value: Any) -> Any:
    if isinstance(value, str):
        return mended(value)
    if isinstance(value, list):
        return [_mended_value(one) for one in value]
    if isinstance(value, dict):
        return {mended(key): _mended_value(one) for key, one in value.items()}
    return value
