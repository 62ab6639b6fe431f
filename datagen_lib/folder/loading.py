"""Loads the stored items: line by line where the files are laid out as this library writes them, else as a whole."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from datagen_lib.models import CatalogItem
from datagen_lib.spelling import fold

from .disk import opened
from .items import BLOCK, Items, entry_bytes
from .proof import Known, Proof
from .reading import entry_of, parse_json, read_items, read_partial


class _OtherLayoutError(Exception):
    """The file is laid out otherwise, torn or broken: whoever reads it as a whole knows what to say."""


class Loader:
    """Reads catalog.json, then catalog.partial.json.

    Args:
        validate: whether items must keep the limits.
        like: the blocks of what is likely to be found, which then shares its memory.

    Attributes:
        items: those found, in order.
        known: their ids, names and categories.
        proof: what this reading proved of catalog.json; None where it is to be read again next time.
    """

    def __init__(self, *, validate: bool, like: Sequence[bytes] = ()) -> None:
        self._validate, self._like = validate, like
        self._forget()

    def _forget(self) -> None:
        self.items, self.known = Items(like=self._like), Known()
        self.proof: Proof | None = None
        self._read = 0  # items that the sets below are of
        self._ids: set[str] = set()
        self._names: set[str] = set()

    def finished(self, path: Path, proof: Proof | None) -> None:
        """Read catalog.json, of which `proof` may spare a part.

        Raises:
            InvalidCatalogue: the file breaks the contract; names the line.
            FolderError: it can't be read.
        """
        for believed in (proof, None):
            try:
                with opened(path) as file:
                    if file is not None:
                        self._finished(file, believed)
                return
            except (_OtherLayoutError, ValueError, TypeError):
                self._forget()
        for item in read_items(path, validate=self._validate):
            self._keep(item)

    def _finished(self, file: BinaryIO, proof: Proof | None) -> None:
        if file.readline() != b"[\n":
            raise _OtherLayoutError
        digest, size, more, as_written = hashlib.sha256(), 0, True, True
        if proof is not None:
            if os.fstat(file.fileno()).st_size < proof.size:
                raise _OtherLayoutError
            size = proof.size
            for lines, count, follow in _batches(file, proof.items):
                digest.update(lines)
                self.items.extend(lines, count)
                more = follow
            if digest.hexdigest() != proof.digest:
                raise _OtherLayoutError
            self.known = proof.known
        for line in _lines(file, more=more):
            item = entry_of(parse_json(line), validate=self._validate)
            if self.known.may_have(item):
                raise _OtherLayoutError
            digest.update(line + b"\n")
            size += len(line) + 1
            as_written &= self._keep(item) == line
        if self._validate and as_written:
            self.proof = Proof(len(self.items), size, digest.hexdigest(), self.known)

    def growing(self, path: Path) -> int | None:
        """Read catalog.partial.json; returns how many bytes to keep of it, as `read_partial` does.

        A kill between writing catalog.json and removing the partial file leaves its items in both: they come once.

        Raises:
            InvalidCatalogue: something is broken that no kill breaks; names the line.
            FolderError: it can't be read.
        """
        with suppress(_OtherLayoutError, ValueError, TypeError), opened(path) as file:
            return 0 if file is None else self._growing(file)
        items, sound = read_partial(path, validate=self._validate)
        for item in items:
            if not self._has(item):
                self._keep(item)
        return sound

    def _growing(self, file: BinaryIO) -> int:
        sound = 0  # two bytes before the first line, and two between each and the next
        if file.readline() != b"[\n":
            raise _OtherLayoutError
        own = Known()
        for line in _lines(file, more=True):
            item = entry_of(parse_json(line), validate=self._validate)
            if not own.add(item):
                raise _OtherLayoutError
            sound += len(line) + 2
            if not self._has(item):
                self._keep(item)
        return sound

    def _keep(self, item: CatalogItem) -> bytes:
        """Take the item in, and return its line."""
        self.known.add(item)
        line = entry_bytes(item)
        self.items.append(line)
        return line

    def _has(self, item: CatalogItem) -> bool:
        """Whether there is an item with its id or its name; all are read where a hash says that there may be."""
        if not self.known.may_have(item):
            return False
        if len(self.items) != self._read:
            self._ids = {product_id.lower() for product_id in self.items.ids()}
            self._names = {fold(one.name) for one in self.items}
            self._read = len(self.items)
        return item.product_id.lower() in self._ids or fold(item.name) in self._names


def _batches(file: BinaryIO, count: int) -> Iterator[tuple[bytes, int, bool]]:
    """The next `count` lines in batches: the lines without their commas, how many, and whether more are to follow."""
    while count > 0:
        batch = list(islice(file, min(BLOCK, count)))
        count -= len(batch)
        lines = b"".join(batch)
        commas, last = lines.count(b",\n"), not batch or not batch[-1].endswith(b",\n")
        if not batch or commas < len(batch) - last or (last and count):
            raise _OtherLayoutError
        yield lines.replace(b",\n", b"\n"), len(batch), not last


def _lines(file: BinaryIO, *, more: bool) -> Iterator[bytes]:
    """The entries up to the array's end, without their commas; `more` says that at least one is to come."""
    for line in file:
        if not more:
            if line != b"]\n" or file.read(1):
                break
            return
        more = line.endswith(b",\n")
        if not line.startswith(b"{") or not line.endswith(b"\n"):
            break
        yield line[: -2 if more else -1]
    raise _OtherLayoutError
