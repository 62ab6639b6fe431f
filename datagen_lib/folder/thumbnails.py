"""Thumbnails: small WebP copies of the pictures, `thumbnails/SIZE/ID.webp`, made anew when a picture is.

A thumbnail is current while it is not older than its picture. It can be made again at any time, for nothing.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from datagen_lib.errors import DatagenError
from datagen_lib.models import CatalogItem

from .album import Album
from .pictures import open_picture

if TYPE_CHECKING:
    from PIL.Image import Image

log = logging.getLogger(__name__)

THUMBNAILS = "thumbnails"
QUALITY = 80  # of WebP: 256 pixels are about 8 KB
_ENDING = ".webp"


def thumbnail_path(root: Path, item: CatalogItem, size: int) -> Path:
    """Where the item's thumbnail is, or would be."""
    return root / _name(item, size)


def make_thumbnails(root: Path, sizes: Sequence[int]) -> int:
    """Make the thumbnails that a folder lacks, and remove those of pictures that are gone.

    For a folder whose pictures were made before thumbnails were, or elsewhere. It takes no lock and may run beside a
    run: thumbnails are written whole.

    Args:
        root: the output folder.
        sizes: pixels, square; thumbnails of other sizes are removed.

    Returns:
        How many thumbnails were made.

    Raises:
        InvalidCatalogue: a stored file breaks the contract.
        DiskError: the disk refuses.
    """
    album = Album(root)
    album.load()
    wanted = {item.product_id: item for item in album.items if album.image_path(item).is_file()}
    for name, stem in _there(album):
        if stem not in wanted or name.split("/")[1] not in {str(size) for size in sizes}:
            album.disk.remove(name)
    return sum(renew(album, item, sizes) for item in wanted.values())


def renew(album: Album, item: CatalogItem, sizes: Iterable[int]) -> int:
    """Make those of the item's thumbnails that are missing or older than its picture; returns how many.

    Raises:
        DiskError: the disk refuses.
    """
    missing = [size for size in sizes if not _is_current(album, item, size)]
    if not missing:
        return 0
    try:
        picture = open_picture(album.image_path(item))
    except (OSError, ValueError) as error:
        log.warning("no thumbnail of %s: %s", item.name, error)
        return 0
    picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    album.disk.make_folders(*(f"{THUMBNAILS}/{size}" for size in missing))
    for size in missing:
        album.disk.write(_name(item, size), _webp(picture, size))
    return len(missing)


def replace(album: Album, item: CatalogItem, sizes: Iterable[int]) -> None:
    """A new picture is in its place: make its thumbnails, and remove the old one's in sizes that are not made now.

    What goes wrong is said and ends no run: the picture is what was paid for.
    """
    try:
        chosen = set(sizes)
        for folder in album.disk.names(THUMBNAILS):
            if folder not in {str(size) for size in chosen}:
                album.disk.remove(f"{THUMBNAILS}/{folder}/{item.product_id}{_ENDING}")
        renew(album, item, chosen)
    except DatagenError as error:
        log.warning("no thumbnail of %s: %s", item.name, error.what)


def _name(item: CatalogItem, size: int) -> str:
    return f"{THUMBNAILS}/{size}/{item.product_id}{_ENDING}"


def _there(album: Album) -> Iterator[tuple[str, str]]:
    """Every thumbnail in the folder: its name, and the product id in it."""
    for folder in album.disk.names(THUMBNAILS):
        if folder.isdigit():
            for file in album.disk.names(f"{THUMBNAILS}/{folder}"):
                if file.endswith(_ENDING):
                    yield f"{THUMBNAILS}/{folder}/{file}", file.removesuffix(_ENDING)


def _is_current(album: Album, item: CatalogItem, size: int) -> bool:
    with suppress(OSError):
        made = thumbnail_path(album.root, item, size).stat()
        return made.st_size > 0 and made.st_mtime_ns >= album.image_path(item).stat().st_mtime_ns
    return False


def _webp(picture: Image, size: int) -> bytes:
    from PIL import Image

    small = picture.copy()
    small.thumbnail((size, size), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=QUALITY, method=4)
    return buffer.getvalue()
