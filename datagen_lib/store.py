"""Everything on disk: atomic, resumable, locked.

`catalog.partial.json` grows in place, one item a line, in O(1) an item; whatever a kill does to its last line is put
right on the next load. Every other file is written beside its place, flushed to the disk and renamed. Temporary files
lie in the output folder's root, so that `images/` never holds anything but whole PNGs.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import json
import os
import struct
import sys
import time
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self

from filelock import FileLock, Timeout
from pydantic import ValidationError

from .errors import DiskError, FolderBusy, FolderError, InvalidCatalogue, TransientError
from .models import CatalogItem, Category, stored_schema
from .rules import fold, unique_slug

ImageState = Literal["current", "stale", "missing"]

_TEMPORARY = ".writing-"
_END = b"\n]\n"


class Store:
    """The output folder of one run. Open it with `Store.open`, which holds the folder's lock until `close`.

    Attributes:
        root: the folder.
        categories: those on disk, in order.
        items: all accepted items, those of `catalog.json` first.
        complete: how many of them are in `catalog.json`.
        provider: who made the items, as the last run said; "" where no run did.
    """

    def __init__(self, root: Path, *, validate: bool = True) -> None:
        self.root = root
        self.images = root / "images"
        self.categories: list[Category] = []
        self.items: list[CatalogItem] = []
        self.complete = 0
        self.provider = ""
        self._validate = validate
        self._names: set[str] = set()
        self._ids: set[str] = set()
        self._lock: FileLock | None = None
        self._partial: io.FileIO | None = None
        self._tail = 0

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
            if store.items and store.provider not in {"", provider}:
                raise FolderError(
                    f"{root} holds items made by the provider {store.provider}, and this run uses {provider}",
                    hint="Choose another folder with --output-dir (or OUTPUT_DIR): demo and paid work never mix.",
                )
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

    def close(self) -> None:
        """Flush, and let the folder go. May be called twice."""
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
            raise InvalidCatalogue(
                f"item {item.name!r} ({item.product_id}) in {self.root} is of category {item.category!r}, "
                "which categories.json does not list",
                hint="Put the category back into categories.json, or mend the item.",
            )

    def _remember(self, item: CatalogItem) -> None:
        self.items.append(item)
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
        self.write(f"images/{item.filename}", marked_png(picture, marks))

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

    def end_failures(self) -> None:
        """Remove failed_images.log where nothing failed."""
        path = self.root / "failed_images.log"
        with self._disk(path.name):
            if path.exists() and path.stat().st_size == 0:
                path.unlink()

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

    def write(self, name: str, content: bytes) -> None:
        """Replace the file `name` as a whole: written beside it, flushed, renamed."""
        target = self.root / name
        temporary = self.root / f"{_TEMPORARY}{os.getpid()}-{target.name}"
        with self._disk(name):
            try:
                with temporary.open("wb") as file:
                    file.write(content)
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


# -- reading ---------------------------------------------------------------------------------------------------------


def read_json(path: Path, *, default: Any, strict: bool = True) -> Any:
    """The JSON in `path`, or `default` where there is no such file (or, not `strict`, where it holds none).

    Raises:
        InvalidCatalogue: it holds no JSON; names the line.
    """
    try:
        return json.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        return default
    except UnicodeDecodeError as error:
        if not strict:
            return default
        raise InvalidCatalogue(f"{path} is not UTF-8 text", hint="Save it as UTF-8.") from error
    except json.JSONDecodeError as error:
        if not strict:
            return default
        raise InvalidCatalogue(
            f"{path}, line {error.lineno}, column {error.colno}: {error.msg}; it is not valid JSON",
            hint="Mend that line, or put a backup back in its place.",
        ) from error


def read_categories(path: Path) -> list[Category]:
    """The categories in `path`; a list of plain names from an older generator is taken too, slugs derived.

    Raises:
        InvalidCatalogue: the file breaks the contract; names the line.
    """
    entries = read_json(path, default=[])
    if isinstance(entries, dict):
        entries = entries.get("categories", entries)
    if not isinstance(entries, list):
        raise InvalidCatalogue(f"{path}, line 1: holds no JSON array of categories")
    categories: list[Category] = []
    for index, entry in enumerate(entries):
        try:
            given = {"name": entry} if isinstance(entry, str) else dict(entry)
            taken = [category.slug for category in categories]
            if not given.get("slug"):
                given["slug"] = unique_slug("", str(given["name"]), taken)
            category = Category.model_validate(given)
            if category.slug in taken or any(fold(category.name) == fold(other.name) for other in categories):
                raise ValueError(f"{category.name!r} is there twice")
        except (ValidationError, ValueError, TypeError, KeyError) as error:
            raise _invalid(path, index, entry, error) from error
        categories.append(category)
    return categories


def read_items(path: Path, *, validate: bool = True) -> list[CatalogItem]:
    """The items in `path`; none where there is no such file.

    Raises:
        InvalidCatalogue: the file breaks the contract; names the line.
    """
    entries = read_json(path, default=[])
    if not isinstance(entries, list):
        raise InvalidCatalogue(f"{path}, line 1: holds no JSON array of items")
    items: list[CatalogItem] = []
    names: set[str] = set()
    ids: set[str] = set()
    for index, entry in enumerate(entries):
        try:
            item = _item(entry, validate=validate)
            if item.product_id in ids:
                raise ValueError(f"the productId {item.product_id} is there twice")
            if fold(item.name) in names:
                raise ValueError(f"the name {item.name!r} is there twice")
        except (ValidationError, ValueError, TypeError) as error:
            raise _invalid(path, index, entry, error) from error
        names.add(fold(item.name))
        ids.add(item.product_id)
        items.append(item)
    return items


def read_partial(path: Path, *, validate: bool = True) -> tuple[list[CatalogItem], int]:
    """The items in a catalogue that is still growing, and the length in bytes of the part that holds them.

    A last line that a kill has torn is left out.

    Raises:
        InvalidCatalogue: a line before the last is broken, which no kill does; names it.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return [], 0
    lines = content.split(b"\n")
    items: list[CatalogItem] = []
    position = good = len(lines[0])
    if lines[0].strip() != b"[":
        return items, 0
    for number, raw in enumerate(lines[1:], start=2):
        line = raw.rstrip(b"\r").rstrip(b",")
        start, position = position + 1, position + 1 + len(raw)
        if line.strip() in {b"", b"]"}:
            continue
        try:
            items.append(_item(json.loads(line), validate=validate))
        except (ValueError, TypeError) as error:
            if any(later.strip() not in {b"", b"]"} for later in lines[number:]):
                raise InvalidCatalogue(
                    f"{path}, line {number}: {_reason(error)}", hint="Mend or delete that line, then run again."
                ) from error
            break
        good = start + len(line)
    return items, good


def _item(entry: Any, *, validate: bool) -> CatalogItem:
    if validate or not isinstance(entry, dict):
        return CatalogItem.model_validate(entry)
    missing = {"productId", "name", "description", "category", "filename"} - entry.keys()
    if missing:
        raise ValueError(f"lacks {', '.join(sorted(missing))}")
    return CatalogItem.model_construct(**{"imagePrompt": "", **entry})


def _invalid(path: Path, index: int, entry: Any, error: Exception) -> InvalidCatalogue:
    named = f" ({entry['name']!r})" if isinstance(entry, dict) and isinstance(entry.get("name"), str) else ""
    return InvalidCatalogue(
        f"{path}, line {_line_of(path, index)}: entry {index + 1}{named}: {_reason(error)}",
        hint="Mend that entry by hand, or put a backup back in its place, then run again.",
    )


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        details = error.errors(include_url=False)
        return "; ".join(
            f"{'.'.join(str(part) for part in detail['loc']) or 'entry'}: {detail['msg'].removeprefix('Value error, ')}"
            for detail in details
        )
    return f"lacks {error}" if isinstance(error, KeyError) else str(error)


def _line_of(path: Path, index: int) -> int:
    """The line on which entry `index` of the JSON array in `path` starts."""
    text = path.read_bytes().decode("utf-8-sig")
    decoder = json.JSONDecoder()
    position = text.index("[") + 1
    for _ in range(index):
        position = decoder.raw_decode(text, _skip(text, position))[1]
    return text.count("\n", 0, _skip(text, position)) + 1


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n,":
        position += 1
    return position


# -- pictures --------------------------------------------------------------------------------------------------------


def prompt_hash(prompt: str) -> str:
    """What a PNG remembers of the prompt that made it."""
    return hashlib.sha256(prompt.encode()).hexdigest()[:32]


def image_state(path: Path, prompt: str) -> ImageState:
    """Whether `path` is a whole PNG, and one that was made from `prompt`; one without a mark counts as current."""
    from PIL import Image  # noqa: PLC0415 - keeps `--help` quick

    try:
        with Image.open(path, formats=["PNG"]) as image:
            made_from = image.info.get("promptHash", "")
            image.verify()  # every chunk's checksum, to the end of the file
    except (OSError, SyntaxError, ValueError):
        return "missing"
    return "current" if made_from in {"", prompt_hash(prompt)} else "stale"


def checked_png(data: bytes, *, size: int) -> bytes:
    """The bytes of a whole PNG of `size` x `size` pixels, scaled down or converted where the picture needs it.

    Raises:
        TransientError: the bytes are cut, no picture, not square, or too small.
    """
    from PIL import Image  # noqa: PLC0415

    try:
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            width, height = image.size
            if width != height or width < size:
                raise TransientError(f"the picture has {width}x{height} pixels, not {size}x{size}")
            if (image.format, width) == ("PNG", size):
                return data
            scaled = image if width == size else image.resize((size, size), Image.Resampling.LANCZOS)
            buffer = io.BytesIO()
            scaled.save(buffer, "PNG", compress_level=6)
            return buffer.getvalue()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise TransientError(f"the picture's bytes are broken ({error})") from error


def marked_png(png: bytes, marks: dict[str, str]) -> bytes:
    """`png` with text chunks after its header, without encoding it again. Source: PNG specification, 11.3.4."""
    header = 8 + 25  # the signature, and the IHDR chunk, which is always the first and 25 bytes long
    chunks = b""
    for key, value in marks.items():
        body = b"tEXt" + key.encode("latin-1") + b"\0" + value.encode("latin-1")
        chunks += struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:header] + chunks + png[header:]


# -- writing ---------------------------------------------------------------------------------------------------------


def json_bytes(value: Any) -> bytes:
    """`value` as indented JSON, UTF-8, with "\\n" line ends everywhere."""
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
            if sys.platform != "win32" or attempt == 9:  # noqa: PLR2004
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
