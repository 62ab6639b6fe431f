"""Contact sheets: all pictures by category, each with its name, as JPEG files to print or to send."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datagen_lib.folder.pictures import open_picture
from datagen_lib.folder.store import Store
from datagen_lib.models import CatalogItem
from datagen_lib.text import plain

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont, ImageFont

COLUMNS = 11
CELL, GAP, CAPTION, HEADING = 150, 12, 34, 40  # pixels
MOST = 440  # pictures on one sheet: keeps a sheet's side below what any format and viewer takes
MOST_SHEETS = 10
INK, SOFT, PAPER = "#1d1d1f", "#6b6b70", "#ffffff"
QUALITY = 85  # of JPEG


def write_sheets(folder: Path) -> list[Path]:
    """Write contact-sheet.jpg (contact-sheet-2.jpg ... where one is not enough) into the folder; returns their paths.

    A folder without a picture gets none; one with very many gets the first MOST_SHEETS sheets.

    Raises:
        InvalidCatalogue: a stored file breaks the contract.
        DiskError: a sheet can't be written.
    """
    store = Store.peek(folder)
    if not any(store.image_path(item).is_file() for item in store.items):
        return []
    paths = []
    for number, data in enumerate(islice(sheets(store), MOST_SHEETS), start=1):
        name = "contact-sheet.jpg" if number == 1 else f"contact-sheet-{number}.jpg"
        store.write(name, data)
        paths.append(folder / name)
    return paths


def sheets(store: Store) -> Iterator[bytes]:
    """The sheets as JPEG, one after the other."""
    by_category: dict[str, list[CatalogItem]] = {category.name: [] for category in store.categories}
    for item in store.items:
        by_category.setdefault(item.category, []).append(item)
    rows: list[tuple[str, list[CatalogItem]]] = []
    for name, items in by_category.items():
        for start in range(0, len(items), COLUMNS):
            title = f"{name} ({len(items):,})" if start == 0 else ""
            rows.append((title, items[start : start + COLUMNS]))
    page: list[tuple[str, list[CatalogItem]]] = []
    for row in rows:
        if sum(len(items) for _, items in page) + len(row[1]) > MOST:
            yield _drawn(store, page)
            page = []
        page.append(row)
    if page:
        yield _drawn(store, page)


def _drawn(store: Store, rows: Sequence[tuple[str, list[CatalogItem]]]) -> bytes:
    from PIL import Image, ImageDraw, ImageFont

    height = GAP + sum((HEADING if title else 0) + CELL + CAPTION + GAP for title, _ in rows)
    sheet = Image.new("RGB", (GAP + COLUMNS * (CELL + GAP), height), PAPER)
    draw = ImageDraw.Draw(sheet)
    heading, caption = ImageFont.load_default(20), ImageFont.load_default(12)
    top = GAP
    for title, items in rows:
        if title:
            draw.text((GAP, top + 8), plain(title), fill=INK, font=heading)
            top += HEADING
        for column, item in enumerate(items):
            left = GAP + column * (CELL + GAP)
            picture = _thumbnail(store, item)
            if picture is None:
                draw.rectangle((left, top, left + CELL - 1, top + CELL - 1), outline=SOFT)
                draw.text((left + 8, top + 8), "no picture", fill=SOFT, font=caption)
            else:
                sheet.paste(picture, (left, top))
            for number, line in enumerate(_wrapped(draw, plain(item.name), caption)):
                draw.text((left, top + CELL + 3 + 14 * number), line, fill=INK, font=caption)
        top += CELL + CAPTION + GAP
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def _thumbnail(store: Store, item: CatalogItem) -> Image | None:
    from PIL import Image

    for path in (store.root / f"thumbnails/256/{item.product_id}.webp", store.image_path(item)):
        try:
            with open_picture(path) as image:
                return image.convert("RGB").resize((CELL, CELL), Image.Resampling.LANCZOS, reducing_gap=2.0)
        except (OSError, SyntaxError, ValueError):
            continue
    return None


def _wrapped(draw: Any, text: str, font: ImageFont | FreeTypeFont) -> list[str]:
    """The text in at most two lines of a cell's width, the second cut where it must be."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if draw.textlength(longer, font=font) <= CELL or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    kept = [_shortened(draw, line, font) for line in lines[:2]]
    if len(lines) > 2:
        kept[1] = f"{kept[1].removesuffix('…')}…"
    return kept


def _shortened(draw: Any, line: str, font: ImageFont | FreeTypeFont) -> str:
    """The line cut to a cell's width."""
    if draw.textlength(line, font=font) <= CELL:
        return line
    while draw.textlength(f"{line}…", font=font) > CELL and len(line) > 1:
        line = line[:-1]
    return f"{line}…"
