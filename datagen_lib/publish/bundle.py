"""The bundle: catalogue, pictures, thumbnails, database and manifest in one new folder, there whole or not at all."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from datagen_lib.errors import DiskError, FolderError, SetupError
from datagen_lib.folder.reviews import Reviews
from datagen_lib.folder.store import Store
from datagen_lib.models import CatalogItem, Category
from datagen_lib.text import counted

from .csharp import records
from .database import tsql, write_database
from .shop import REGISTER, Figure, Ids, Register, check_limits

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
THUMBNAILS = "thumbnails"
COPIED = ("categories.json", "catalog.schema.json", "categories.schema.json")


@dataclass(frozen=True)
class Bundle:
    """What was published.

    Attributes:
        folder: where it lies.
        figures: in the order of the catalogue.
        dropped: items left out because their picture is missing.
        waiting: items left out because they are not approved.
    """

    folder: Path
    figures: tuple[Figure, ...]
    dropped: tuple[CatalogItem, ...]
    waiting: tuple[CatalogItem, ...]


def publish(
    source: Path,
    target: Path,
    *,
    approved: frozenset[str],
    ids: Ids = "uuid",
    approved_only: bool = False,
    drop_missing: bool = False,
) -> Bundle:
    """Write the import bundle of the output folder `source` to `target`, replacing an older bundle as a whole.

    Args:
        source: the output folder.
        target: the bundle's folder; it may exist only where it is a bundle itself.
        approved: productIds that a review has approved as they are now.
        ids: whether the shop's ids are the UUIDs, or LF-0001 and so on with the UUID as external id.
        approved_only: leave out what is not approved, instead of refusing.
        drop_missing: leave out items without a picture, instead of refusing.

    Raises:
        SetupError: something is not approved, has no picture, or is more than the shop takes.
        InvalidCatalogue: a stored file breaks the contract.
        DiskError: the disk is full or refuses to be written.
    """
    if ids not in get_args(Ids):
        raise SetupError(f"there are no ids of the kind {ids!r}", hint=f"Choose {' or '.join(get_args(Ids))}.")
    store = Store.peek(source)
    if not store.items or store.complete < len(store.items):
        raise FolderError(f"{source} holds no finished catalogue", hint="Run the generator until it says Complete.")
    _check_target(target)
    items, waiting = _approved(store, approved, only=approved_only)
    items, dropped = _pictured(store, items, drop=drop_missing)
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    register = Register.load(source)
    register.number_all(store.items, now=now)
    figures = register.figures(items, ids=ids, now=now)
    if problems := check_limits(figures, store.categories):
        listed = "\n".join(f"  - {problem}" for problem in problems[:20])
        raise SetupError(f"the shop would refuse {counted(len(problems), 'thing')}:\n{listed}", hint="Edit them first.")
    # The numbers are on disk before any bundle shows them.
    store.write(REGISTER, _json(register.document()))
    try:
        _write(store, figures, target, ids, now)
    except OSError as error:
        raise DiskError(f"the bundle {target} can't be written: {error.strerror or error}") from error
    return Bundle(target, tuple(figures), tuple(dropped), tuple(waiting))


def approved(source: Path) -> frozenset[str]:
    """The productIds that the folder's reviews approve as the items are now."""
    store = Store.peek(source)
    states = Reviews.load(store.disk).states(store)
    return frozenset(product_id for product_id, state in states.items() if state == "approved")


def _check_target(target: Path) -> None:
    if target.exists() and not (target / MANIFEST).is_file() and (not target.is_dir() or any(target.iterdir())):
        raise FolderError(f"{target} exists and is not a bundle", hint="Name another folder with --to.")


def _approved(store: Store, approved: frozenset[str], *, only: bool) -> tuple[list[CatalogItem], list[CatalogItem]]:
    items = [item for item in store.items if item.product_id in approved]
    waiting = [item for item in store.items if item.product_id not in approved]
    if waiting and not (only and items):
        raise SetupError(
            f"{counted(len(waiting), 'item')} of {len(store.items)} not approved, such as {waiting[0].name!r}",
            hint=f"Review them (python -m datagen_lib.review {store.root}), or publish with --approved-only.",
        )
    return items, waiting


def _pictured(store: Store, items: Sequence[CatalogItem], *, drop: bool) -> tuple[list[CatalogItem], list[CatalogItem]]:
    missing = [item for item in items if store.image_state(item) != "current"]
    if missing and not drop:
        raise SetupError(
            f"{counted(len(missing), 'item')} without a current picture, such as {missing[0].name!r}",
            hint="Run the generator with --resume to make them, or publish with --drop-missing.",
        )
    left = {item.product_id for item in missing}
    return [item for item in items if item.product_id not in left], missing


def _write(store: Store, figures: Sequence[Figure], target: Path, ids: Ids, now: str) -> None:
    """Write everything into a folder beside the target, and rename that."""
    new = target.with_name(f".{target.name}.writing")
    old = target.with_name(f".{target.name}.old")
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        used = {figure.category for figure in figures}
        categories = [category for category in store.categories if category.name in used]
        _fill(store, figures, categories, new)
        (new / MANIFEST).write_bytes(_json(_manifest(new, figures, categories, ids, now)))
        if target.exists():
            target.rename(old)
        new.rename(target)
    finally:
        for leftover in (new, old):
            shutil.rmtree(leftover, ignore_errors=True)


def _fill(store: Store, figures: Sequence[Figure], categories: Sequence[Category], new: Path) -> None:
    (new / "catalog.json").write_bytes(_json([figure.row() for figure in figures]))
    (new / "CatalogItem.cs").write_text(records(), encoding="utf-8", newline="\n")
    (new / "catalog.sql").write_text(tsql(figures, categories), encoding="utf-8", newline="\n")
    write_database(new / "catalog.db", figures, categories)
    for name in COPIED:
        if (store.root / name).is_file():
            shutil.copyfile(store.root / name, new / name)
    (new / "images").mkdir()
    for figure in figures:
        shutil.copyfile(store.images / figure.image_file, new / "images" / figure.image_file)
        for thumbnail in (store.root / THUMBNAILS).glob(f"*/{figure.external_id}.webp"):
            place = new / THUMBNAILS / thumbnail.parent.name / thumbnail.name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(thumbnail, place)


def _manifest(
    folder: Path, figures: Sequence[Figure], categories: Sequence[Category], ids: Ids, now: str
) -> dict[str, Any]:
    return {
        "schemaVersion": SCHEMA_VERSION,
        "publishedUtc": now,
        "ids": ids,
        "counts": {"categories": len(categories), "figures": len(figures)},
        "sha256": {path.relative_to(folder).as_posix(): _digest(path) for path in _files(folder)},
    }


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.is_file())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()
