"""The items of a catalogue in memory: packed as the lines that the file holds, and read again when asked for.

An item takes some 200 bytes here, as an object it takes ten times as much. Lines that are wanted as they are (a
catalogue is written anew, say) are never read at all.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import overload

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError

from datagen_lib.models import UNCHECKED, CatalogItem

try:
    from isal import isal_zlib as codec
except ImportError:  # where it has no build: the same, slower
    import zlib as codec  # type: ignore[no-redef]

BLOCK = 256  # lines that are packed together
_FAST = 1  # of the packer's levels: the others take longer and save little


class Items(Sequence[CatalogItem]):
    """Items in order. Threads may read while another appends.

    Attributes:
        blocks: the packed lines, BLOCK of them in each.

    Args:
        items: the first ones.
        like: the blocks of items that are the same for the most part: what is the same is in memory once.
    """

    def __init__(self, items: Iterable[CatalogItem] = (), *, like: Sequence[bytes] = ()) -> None:
        self._like = like
        self.blocks: list[bytes] = []
        self._loose: list[bytes] = []  # the lines after them
        self._count = 0
        self._changing = threading.Lock()
        for item in items:
            self.append(entry_bytes(item))

    def append(self, line: bytes) -> None:
        """Add an item by its line, as `entry_bytes` gives it."""
        with self._changing:
            self._loose.append(line)
            if len(self._loose) == BLOCK:
                self._pack(b"\n".join(self._loose) + b"\n")
                self._loose = []
            self._count += 1

    def extend(self, lines: bytes, count: int) -> None:
        """Add `count` lines, each ended by a line feed."""
        if count != BLOCK or self._loose:
            for line in lines.split(b"\n")[:-1]:
                self.append(line)
            return
        with self._changing:
            self._pack(lines)
            self._count += count

    def _pack(self, lines: bytes) -> None:
        packed: bytes = codec.compress(lines, _FAST)
        at = len(self.blocks)
        same = at < len(self._like) and self._like[at] == packed
        self.blocks.append(self._like[at] if same else packed)

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> CatalogItem: ...
    @overload
    def __getitem__(self, at: slice) -> list[CatalogItem]: ...
    def __getitem__(self, at: int | slice) -> CatalogItem | list[CatalogItem]:
        if isinstance(at, slice):
            start, stop, step = at.indices(len(self))
            if step > 0:
                return [item_of(line) for line in self.lines(start, stop)][::step]
            return [self[place] for place in range(start, stop, step)]
        place = range(len(self))[at]  # raises IndexError
        return item_of(next(self.lines(place, place + 1)))

    def __iter__(self) -> Iterator[CatalogItem]:
        return map(item_of, self.lines())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str | bytes):
            return NotImplemented
        return len(self) == len(other) and all(one == two for one, two in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]  # it grows

    def __repr__(self) -> str:
        return f"<{len(self)} items>"

    def lines(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The lines of the items from `start` to before `stop`, unread."""
        with self._changing:
            packed, loose = self.blocks[start // BLOCK :], list(self._loose)
            stop = self._count if stop is None else min(stop, self._count)
        first = start // BLOCK * BLOCK
        for block in (*packed, None):
            if first >= stop:
                return
            lines = loose if block is None else codec.decompress(block).split(b"\n")[:-1]
            yield from lines[max(0, start - first) : stop - first]
            first += len(lines)

    def ids(self) -> Iterator[str]:
        """The items' ids, in order; their lines are not read for it."""
        return (line[14:50].decode() for line in self.lines())

    def filenames(self, start: int = 0, stop: int | None = None) -> Iterator[str]:
        """The names of their pictures, in order; their lines are not read for it."""
        for line in self.lines(start, stop):
            at = line.index(b'"filename":"') + 12  # within a text each quote has a backslash before it
            yield line[at : at + 40].decode()

    def pieces(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """A JSON array of these items, one a line, in pieces of a bounded size."""
        before = b"[\n"
        lines = self.lines(start, stop)
        while block := b",\n".join(islice(lines, BLOCK)):
            yield before + block
            before = b",\n"
        yield b"\n]\n" if before == b",\n" else b"[\n\n]\n"


def entry_bytes(entry: BaseModel) -> bytes:
    """One entry of a stored array, on one line."""
    try:
        return entry.model_dump_json(by_alias=True).encode()
    except PydanticSerializationError:  # a lone surrogate, taken with --no-validate
        values = entry.model_dump(by_alias=True)
        text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "backslashreplace")


def item_of(line: bytes) -> CatalogItem:
    """The item of a line that was checked when it came."""
    try:
        return CatalogItem.model_validate_json(line, context=UNCHECKED)
    except ValidationError:  # a lone surrogate
        return CatalogItem.model_validate(json.loads(line), context=UNCHECKED)
