"""Everything on disk: atomic, resumable, locked.

`catalog.partial.json` grows in place, one item a line, in O(1) an item; whatever a kill does to its last line is put
right on the next load. Every other file is written beside its place, flushed to the disk and renamed. Temporary files
lie in the output folder's root, so that `images/` never holds anything but whole PNGs.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import io
import itertools
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

from filelock import FileLock, Timeout

from datagen_lib.errors import DiskError, FolderBusy, FolderError, InvalidCatalogue
from datagen_lib.models import CatalogItem, Category, stored_schema
from datagen_lib.rules import fold, unique_slug

from .pictures import ImageState, checked_png, image_state, marked_png, prompt_hash
from .reading import line_of_item, read_categories, read_items, read_json, read_partial

T = TypeVar("T")

WRITERS = 4  # threads; zlib, the decoder and the disk all let the interpreter go meanwhile
_TEMPORARY = ".writing-"
_END = b"\n]\n"


class Store:
    """The output folder of one run. Open it with `Store.open`, which holds the folder's lock until `close`.

    Attributes:
        root: the folder.
        categories: those on disk, in order.
        items: all accepted items, those of `catalog.json` first.
        by_category: how many of them each category has.
        complete: how many of them are in `catalog.json`.
        provider: who made the items, as the last run said; "" where no run did.
    """

    def __init__(self, root: Path, *, validate: bool = True) -> None:
        self.root = root
        self.images = root / "images"
        self.categories: list[Category] = []
        self.items: list[CatalogItem] = []
        self.by_category: Counter[str] = Counter()
        self.complete = 0
        self.provider = ""
        self._validate = validate
        self._names: set[str] = set()
        self._ids: set[str] = set()
        self._lock: FileLock | None = None
        self._partial: io.FileIO | None = None
        self._tail = 0
        self._numbers = itertools.count()
        self._pool: ThreadPoolExecutor | None = None

    async def in_thread(self, work: Callable[..., T], *args: Any, **options: Any) -> T:
        """Run disk or picture work in a thread of the store; `drain` and `close` wait for it, even if cancelled."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(max_workers=WRITERS, thread_name_prefix="store")
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(work, *args, **options))

    def drain(self) -> None:
        """Wait until all that was handed to `in_thread` is done: a picture under way reaches its place."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)
            self._pool = None

    # -- opening and closing -------------------------------------------------------------------------------------

    @classmethod
    def open(cls, root: Path, *, provider: str, validate: bool = True) -> Self:
        """Lock the folder, make it where it is missing, and load what is there.

        Raises:
            FolderError: it is no usable folder, or another provider made its items.
            FolderBusy: another run holds it.
            InvalidCatalogue: a stored file breaks the contract.
        """
        store = cls(root, validate=validate)
        store._make_folders()
        store._take_lock()
        try:
            for leftover in root.glob(f"{_TEMPORARY}*"):
                leftover.unlink(missing_ok=True)
            store._load(repair=True)
            if refused := store.refusal(provider):
                raise refused
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def peek(cls, root: Path, *, validate: bool = True) -> Self:
        """What is in the folder now, read without the lock and without changing anything."""
        store = cls(root, validate=validate)
        store._load(repair=False)
        return store

    def refusal(self, provider: str) -> FolderError | None:
        """Why `provider` may not work in this folder, or None where it may."""
        if self.items and self.provider not in {"", provider}:
            return FolderError(
                f"{self.root} holds items made by the provider {self.provider}, and this run uses {provider}",
                hint="Choose another folder with --output-dir (or OUTPUT_DIR): demo and paid work never mix.",
            )
        return None

    def unwritten(self) -> list[str]:
        """The files whose content is known here and that are not on disk."""
        known = bool(self.categories) and not (self.root / "categories.json").exists()
        return ["categories.json"] if known else []

    def close(self) -> None:
        """Flush, and let the folder go. May be called twice."""
        self.drain()
        if self._partial is not None:
            self.sync()
            self._partial.close()
            self._partial = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _make_folders(self) -> None:
        try:
            self.images.mkdir(parents=True, exist_ok=True)
            probe = self.root / f"{_TEMPORARY}probe-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise FolderError(
                f"the output folder {self.root} can't be used: {error.strerror or error}",
                hint="Choose a folder that can be written, with --output-dir or OUTPUT_DIR.",
            ) from error

    def _take_lock(self) -> None:
        path = self.root / ".lock"
        self._lock = FileLock(path, timeout=0)
        try:
            self._lock.acquire()
        except Timeout as error:
            self._lock = None
            raise FolderBusy(
                f"another run{_owner(path)} is at work in {self.root}",
                hint="Wait for it, stop it, or choose another folder with --output-dir.",
            ) from error
        with contextlib.suppress(OSError), path.open("r+b", buffering=0) as file:
            # The first byte is left alone: Windows locks it, and a locked byte can't be read by whoever asks.
            file.seek(1)
            file.write(f"pid {os.getpid()}\n".encode())
            file.truncate()

    # -- loading ---------------------------------------------------------------------------------------------------

    def _load(self, *, repair: bool) -> None:
        report = read_json(self.root / "run_report.json", default={}, strict=False)
        self.provider = str(report.get("provider", "")) if isinstance(report, dict) else ""
        self.categories = read_categories(self.root / "categories.json")
        final = read_items(self.root / "catalog.json", validate=self._validate)
        for item in final:
            self._remember(item)
        self.complete = len(self.items)
        partial, size = read_partial(self.root / "catalog.partial.json", validate=self._validate)
        for item in partial:
            # A kill between writing catalog.json and removing the partial file leaves its items in both.
            if item.product_id not in self._ids and fold(item.name) not in self._names:
                self._remember(item)
        if repair and len(self.items) > self.complete:
            if size is None:
                content = array_bytes(self.items[self.complete :])
                self.write("catalog.partial.json", content)
                size = len(content) - len(_END)
            self._open_partial(size)
        elif repair and partial:
            (self.root / "catalog.partial.json").unlink()
        self._check_categories()

    def _check_categories(self) -> None:
        """Each item's category must exist; a lost categories.json is derived from the items."""
        used = list(dict.fromkeys(item.category for item in self.items))
        if not self.categories:
            for name in used:
                slug = unique_slug("", name, [category.slug for category in self.categories])
                self.categories.append(Category(name=name, slug=slug))
        elif self._validate and (unknown := set(used) - {category.name for category in self.categories}):
            item = next(item for item in self.items if item.category in unknown)
            places = (self.root / "catalog.json", self.root / "catalog.partial.json")
            lines = [f"{path}, line {line}: " for path in places if (line := line_of_item(path, item.product_id))]
            raise InvalidCatalogue(
                f"{''.join(lines[:1])}item {item.name!r} ({item.product_id}) is of category {item.category!r}, "
                "which categories.json does not list",
                hint="Put the category back into categories.json, or mend the item.",
            )

    def _remember(self, item: CatalogItem) -> None:
        self.items.append(item)
        self.by_category[item.category] += 1
        self._names.add(fold(item.name))
        self._ids.add(item.product_id)

    # -- categories ------------------------------------------------------------------------------------------------

    def save_categories(self, categories: Iterable[Category]) -> None:
        """Replace categories.json."""
        self.categories = list(categories)
        self.write("categories.json", array_bytes(self.categories))

    # -- items -----------------------------------------------------------------------------------------------------

    def has_name(self, name: str) -> bool:
        """Whether an accepted item has this name, folded."""
        return fold(name) in self._names

    def add(self, item: CatalogItem) -> None:
        """Append one accepted item to catalog.partial.json; it survives a kill from here on.

        Raises:
            DiskError: when the disk refuses; the file is put back as it was.
        """
        if self._partial is None:
            self._open_partial(0)
        assert self._partial is not None
        empty = self._tail == 1
        line = (b"\n" if empty else b",\n") + item.model_dump_json(by_alias=True).encode()
        with self._disk("catalog.partial.json"):
            try:
                self._partial.seek(self._tail)
                _write_all(self._partial, line + _END)
            except OSError:
                with contextlib.suppress(OSError):
                    self._partial.seek(self._tail)
                    self._partial.truncate()
                    _write_all(self._partial, _END)
                raise
        self._tail += len(line)
        self._remember(item)

    def sync(self) -> None:
        """Flush catalog.partial.json to the disk: after each batch, so that a power cut loses no more than one."""
        if self._partial is not None:
            with self._disk("catalog.partial.json"):
                os.fsync(self._partial.fileno())

    def _open_partial(self, size: int) -> None:
        """Open the partial file for appending after its first `size` bytes; 0 starts it anew."""
        path = self.root / "catalog.partial.json"
        with self._disk(path.name):
            if size == 0:
                path.write_bytes(b"[" + _END)
                size = 1
            self._partial = path.open("r+b", buffering=0)
            self._tail = size
            self._partial.seek(size)
            if self._partial.read() != _END:
                self._partial.seek(size)
                _write_all(self._partial, _END)
                self._partial.truncate()

    def finish_items(self) -> None:
        """Write catalog.json with all items, in order of acceptance, and let the partial file go."""
        path = self.root / "catalog.json"
        if path.exists():
            self.write("catalog.json.bak", path.read_bytes())
        self.write("catalog.json", array_bytes(self.items))
        if self._partial is not None:
            self._partial.close()
            self._partial = None
        with self._disk("catalog.partial.json"):
            (self.root / "catalog.partial.json").unlink(missing_ok=True)
        self.complete = len(self.items)

    # -- images ----------------------------------------------------------------------------------------------------

    def image_path(self, item: CatalogItem) -> Path:
        return self.images / item.filename

    def image_state(self, item: CatalogItem) -> ImageState:
        """Whether the item's picture is whole and was made from the prompt that the item has now."""
        return image_state(self.image_path(item), item.image_prompt)

    def save_image(self, item: CatalogItem, data: bytes, *, size: int) -> None:
        """Check the picture, mark it with its item's id and its prompt's hash, and put it in its place.

        Raises:
            TransientError: the bytes are no whole picture of the right size; the same call may bring a better one.
            DiskError: the disk refuses.
        """
        picture = checked_png(data, size=size)
        marks = {"productId": item.product_id, "promptHash": prompt_hash(item.image_prompt)}
        self.write(f"images/{item.filename}", *marked_png(picture, marks))

    def start_failures(self) -> None:
        """Begin this run's failed_images.log."""
        self.write("failed_images.log", b"")

    def log_failure(self, item: CatalogItem, *, reason: str, attempts: int) -> None:
        self._append(
            "failed_images.log",
            {
                "productId": item.product_id,
                "name": item.name,
                "prompt": item.image_prompt,
                "reason": reason,
                "attempts": attempts,
                "when": _now(),
            },
        )

    def forget_failures(self) -> None:
        """Remove failed_images.log: every picture is there."""
        path = self.root / "failed_images.log"
        with self._disk(path.name):
            path.unlink(missing_ok=True)

    def end_failures(self) -> None:
        """Remove failed_images.log where nothing failed."""
        path = self.root / "failed_images.log"
        if path.exists() and path.stat().st_size == 0:
            self.forget_failures()

    # -- the rest --------------------------------------------------------------------------------------------------

    def log_rejection(self, item: dict[str, Any], *, rules: list[str], reasons: list[str]) -> None:
        """Add a refused item to rejected_items.jsonl."""
        self._append("rejected_items.jsonl", {"when": _now(), "rules": rules, "reasons": reasons, "item": item})

    def write_schemas(self) -> None:
        """Write the JSON Schema of the two contracts, where it is not there already."""
        for name, model in (("categories.schema.json", Category), ("catalog.schema.json", CatalogItem)):
            content = json_bytes(stored_schema(model))
            path = self.root / name
            if not path.exists() or path.read_bytes() != content:
                self.write(name, content)

    def write(self, name: str, *content: bytes | memoryview) -> None:
        """Replace the file `name` as a whole: written beside it, flushed, renamed."""
        target = self.root / name
        temporary = self.root / f"{_TEMPORARY}{os.getpid()}-{next(self._numbers)}-{target.name}"
        with self._disk(name):
            try:
                with temporary.open("wb") as file:
                    file.writelines(content)
                    file.flush()
                    os.fsync(file.fileno())
                _replace(temporary, target)
            except OSError:
                with contextlib.suppress(OSError):
                    temporary.unlink(missing_ok=True)
                raise

    def _append(self, name: str, record: dict[str, Any]) -> None:
        with self._disk(name), (self.root / name).open("ab") as file:
            file.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")

    @contextlib.contextmanager
    def _disk(self, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            full = error.errno in {errno.ENOSPC, errno.EDQUOT}
            what = "the disk is full" if full else f"the disk refused: {error.strerror or error}"
            raise DiskError(
                f"{what} (while writing {name} in {self.root})",
                hint="Everything accepted before is kept. Make room (or mend the folder), then run again to go on.",
            ) from error


# -- writing ---------------------------------------------------------------------------------------------------------


def json_bytes(value: Any) -> bytes:
    """`value` as indented JSON: UTF-8, with line feeds as line ends on every system."""
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def array_bytes(entries: Iterable[CatalogItem | Category]) -> bytes:
    """A JSON array, one entry a line, so that a diff shows what changed and an error can name the line."""
    lines = ",\n".join(entry.model_dump_json(by_alias=True) for entry in entries)
    return f"[\n{lines}\n]\n".encode()


def _write_all(file: io.FileIO, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[file.write(view) or 0 :]


def _replace(temporary: Path, target: Path) -> None:
    """Rename over `target`, and make the rename itself durable where the system can."""
    for attempt in range(10):
        try:
            temporary.replace(target)
            break
        except PermissionError:
            # Windows: a virus scanner or a viewer has the target open for a moment.
            if sys.platform != "win32" or attempt == 9:
                raise
            time.sleep(0.1)
    if sys.platform != "win32":
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _owner(lock: Path) -> str:
    try:
        with lock.open("rb", buffering=0) as file:
            file.seek(1)
            text = (file.read(40) or b"").decode(errors="replace").strip()
    except OSError:
        return ""
    return f" ({text})" if text.startswith("pid ") else ""


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
