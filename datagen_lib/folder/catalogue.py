"""The catalogue on disk: categories, finished items, and the growing file of those that are not finished.

`catalog.partial.json` grows in place, one item a line, in O(1) an item; whatever a kill does to its last line is put
right on the next load. An item's order: its line is written, then flushed (`durable`), then its picture is asked for.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from datagen_lib.errors import DiskError, FolderError, InvalidCatalogue
from datagen_lib.models import CatalogItem, Category
from datagen_lib.spelling import unique_slug

from .disk import Disk, GrowingFile
from .items import Items, entry_bytes
from .loading import Loader
from .proof import Known, Proof
from .reading import line_of_item, read_categories

T = TypeVar("T")

CATEGORIES = "categories.json"
FINAL = "catalog.json"
PARTIAL = "catalog.partial.json"
WRITERS = 4  # threads; zlib, the decoder and the disk all let the interpreter go meanwhile
_END = b"\n]\n"


class Catalogue:
    """Categories and items, in memory and on disk alike.

    Attributes:
        root: the folder.
        categories: those on disk, in order.
        items: all accepted items, those of `catalog.json` first.
        by_category: how many of them each category has.
        complete: how many of them are in `catalog.json`.
    """

    def __init__(self, root: Path, *, validate: bool = True) -> None:
        self.root = root
        self.disk = Disk(root)
        self.categories: list[Category] = []
        self.items = Items()
        self.complete = 0
        self.validates = validate
        self._known = Known()
        self._proof: Proof | None = None  # of what was loaded
        self._growing: GrowingFile | None = None
        self._sound: int | None = 0  # bytes of the growing file to keep; None: write it anew
        self._tail = 0  # where the next line goes
        self._flushed = 0  # how many of the items are durable
        self._flush: asyncio.Future[None] | None = None
        self._flushing = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None

    @property
    def by_category(self) -> Counter[str]:
        return self._known.by_category

    async def in_thread(self, work: Callable[..., T], *args: Any, **options: Any) -> T:
        """Run disk or picture work in a thread of the store; `drain` waits for it, even if cancelled."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(max_workers=WRITERS, thread_name_prefix="store")
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(work, *args, **options))

    def drain(self) -> None:
        """Wait until all that was handed to `in_thread` is done: a picture under way reaches its place."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)
            self._pool = None

    # -- loading -----------------------------------------------------------------------------------------------------

    def load(self) -> None:
        """Read what is there, and change nothing.

        Raises:
            InvalidCatalogue: a stored file breaks the contract; names the line.
            FolderError: a file can't be read.
        """
        self.categories = read_categories(self.disk.path(CATEGORIES))
        loader = Loader(validate=self.validates, like=self.items.blocks)
        loader.finished(self.disk.path(FINAL), Proof.read(self.disk))
        self.complete, self._proof = len(loader.items), loader.proof
        self._sound = loader.growing(self.disk.path(PARTIAL))
        self.items, self._known = loader.items, loader.known
        self._flushed = len(self.items)
        self._check_categories()

    def repair(self) -> None:
        """Put right what a kill has left of the growing file, and open it for more."""
        if len(self.items) == self.complete:
            if self.disk.exists(PARTIAL):
                self.disk.remove(PARTIAL)
        elif self._sound is None:
            self._write_partial()
        else:
            self._grow_from(self._sound)

    def _check_categories(self) -> None:
        """Each item's category must exist; a lost categories.json is derived from the items."""
        used = list(self.by_category)
        if not self.categories:
            for name in used:
                slug = unique_slug("", name, [category.slug for category in self.categories])
                self.categories.append(Category(name=name, slug=slug))
        elif self.validates and (unknown := set(used) - {category.name for category in self.categories}):
            item = next(item for item in self.items if item.category in unknown)
            places = (self.disk.path(FINAL), self.disk.path(PARTIAL))
            lines = [f"{path}, line {line}: " for path in places if (line := line_of_item(path, item.product_id))]
            raise InvalidCatalogue(
                f"{''.join(lines[:1])}item {item.name!r} ({item.product_id}) is of category {item.category!r}, "
                "which categories.json does not list",
                hint="Put the category back into categories.json, or mend the item.",
            )

    def keep_proof(self) -> None:
        """Write down that catalog.json was read and is sound, so that the next run need not; safe to lose.

        Only for a catalogue that was loaded and not changed since.
        """
        if self._proof is not None and len(self.items) == self.complete == self._proof.items > 0:
            with contextlib.suppress(DiskError, FolderError):
                self._proof.write(self.disk)

    # -- categories --------------------------------------------------------------------------------------------------

    def save_categories(self, categories: Iterable[Category]) -> None:
        """Replace categories.json."""
        self.categories = list(categories)
        self.disk.write(CATEGORIES, array_bytes(self.categories))

    # -- items -------------------------------------------------------------------------------------------------------

    def has_name(self, name: str) -> bool:
        """Whether an accepted item has this name, folded, or one that looks the same."""
        return self._known.has_name(name)

    def add(self, item: CatalogItem) -> None:
        """Append one accepted item to catalog.partial.json.

        It survives a kill from here on, and a power cut once `durable` has returned.

        Raises:
            DiskError: when the disk refuses; the file is put back as it was.
        """
        if self._growing is None:
            self._grow_from(0)
        assert self._growing is not None
        entry = entry_bytes(item)
        line = (b"\n" if self._tail == 1 else b",\n") + entry
        self._growing.write_at(self._tail, line + _END, instead=_END)
        self._tail += len(line)
        self._known.add(item)
        self.items.append(entry)

    async def durable(self) -> None:
        """Wait until every item added so far would survive a power cut. All who wait share one flush."""
        added = len(self.items)
        while self._flushed < added:
            if self._flush is None or self._flush.done():
                self._flush = asyncio.ensure_future(self.in_thread(self.sync))
                self._flush.add_done_callback(_heard)
            # Shielded: who stops waiting does not take the flush away from the others.
            await asyncio.shield(self._flush)

    def sync(self) -> None:
        """Flush catalog.partial.json: what was added before the call is durable after it."""
        with self._flushing:
            added = len(self.items)
            if self._growing is not None and self._flushed < added:
                self._growing.flush()
                self._flushed = added

    def finish_items(self) -> None:
        """Write catalog.json with all items, in order of acceptance, and let the partial file go."""
        with self._flushing:
            self.disk.copy(FINAL, f"{FINAL}.bak")
            self.disk.write_pieces(FINAL, self.items.pieces())
            self._flushed = self.complete = len(self.items)
            self._stop_growing()
            self.disk.remove(PARTIAL)

    def _write_partial(self) -> None:
        self._stop_growing()
        self.disk.write_pieces(PARTIAL, self.items.pieces(self.complete))
        self._grow_from(sum(len(line) + 2 for line in self.items.lines(self.complete)))

    def _grow_from(self, size: int) -> None:
        """Open the partial file for appending after its first `size` bytes; 0 starts it anew."""
        growing = self.disk.open_growing(PARTIAL)
        try:
            if size == 0:
                growing.end_at(0, b"[" + _END)
            elif growing.read_from(size) != _END:
                growing.end_at(size, _END)
        except BaseException:
            growing.close()
            raise
        self._growing, self._tail = growing, size or 1

    def _stop_growing(self) -> None:
        if self._growing is not None:
            growing, self._growing = self._growing, None
            with contextlib.suppress(OSError):
                growing.close()

    # -- what got lost while a run was at work -----------------------------------------------------------------------

    def unwritten(self) -> list[str]:
        """The files whose content is known here and that are not on disk."""
        known = {
            CATEGORIES: bool(self.categories),
            FINAL: self.complete > 0,
            PARTIAL: len(self.items) > self.complete,
        }
        return [name for name, expected in known.items() if expected and not self.disk.exists(name)]

    def write_back(self) -> list[str]:
        """Write the files that `unwritten` names, and return their names.

        Raises:
            DiskError: the disk refuses.
        """
        lost = self.unwritten()
        with self._flushing:
            if CATEGORIES in lost:
                self.save_categories(self.categories)
            if FINAL in lost:
                self.disk.write_pieces(FINAL, self.items.pieces(0, self.complete))
            if PARTIAL in lost:
                self._write_partial()
        return lost


def _heard(flush: asyncio.Future[None]) -> None:
    """Its error goes to all who wait; where none is left, nobody needs to know."""
    if not flush.cancelled():
        flush.exception()


def json_bytes(value: Any) -> bytes:
    """`value` as indented JSON: UTF-8, with line feeds as line ends on every system."""
    # A path that is no UTF-8 holds lone surrogates; as \udXXX they are valid JSON.
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "backslashreplace")


def array_bytes(entries: Iterable[CatalogItem | Category]) -> bytes:
    """A JSON array, one entry a line: a diff shows what changed, an error can name the line."""
    return b"[\n" + b",\n".join(entry_bytes(entry) for entry in entries) + b"\n]\n"
