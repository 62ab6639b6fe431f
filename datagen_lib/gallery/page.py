"""`index.html`: the gallery, one page beside the pictures that needs no network and no server."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from datagen_lib.folder.grades import Grade, Grades
from datagen_lib.folder.store import Store
from datagen_lib.models import CatalogItem
from datagen_lib.quality.check import quality_of, violations_of
from datagen_lib.quality.score import Quality
from datagen_lib.text import counted

MOST = 20_000  # items on the page; a larger catalogue shows its newest
LOW = 60  # a score below this is a flaw
THUMBNAIL = 256
SHEET = "contact-sheet.jpg"
POLICY = "default-src 'none'; img-src 'self' data: file:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def write_gallery(folder: Path) -> Path:
    """Write `index.html` into the output folder, from what is there; returns its path.

    Raises:
        InvalidCatalogue: a stored file breaks the contract.
        DiskError: the page can't be written.
    """
    store = Store.peek(folder)
    store.write("index.html", gallery_page(store).encode("utf-8", "replace"))
    return folder / "index.html"


def gallery_page(store: Store, *, extra: Mapping[str, str] | None = None) -> str:
    """The page as text.

    Args:
        store: the folder, peeked at.
        extra: more for a page of the same look: `style`, `script`, `markup` (in the details), `policy`.
    """
    more = extra or {}
    data = json.dumps(list(entries(store)), ensure_ascii=False, separators=(",", ":"))
    pictures = sum(store.image_path(item).is_file() for item in store.items)
    facts = f"{counted(len(store.items), 'item')} in {counted(len(store.categories), 'category', 'categories')}, "
    facts += counted(pictures, "picture")
    left_out = len(store.items) - MOST
    parts = {
        "title": escape("LEGO-style catalogue"),
        "sheet": _sheet_link(store),
        "facts": escape(facts + (f"; the first {left_out:,} are left out here" if left_out > 0 else "")),
        "policy": escape(more.get("policy", POLICY)),
        "style": Markup(_source("page.css") + more.get("style", "")),  # noqa: S704 - our own files
        "script": Markup(more.get("script", "") + _source("page.js")),  # noqa: S704
        "extra": Markup(more.get("markup", "")),  # noqa: S704
        # inside a script element nothing is escaped but what could end it
        "data": Markup(data.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")),  # noqa: S704
    }
    page = _source("page.html")
    head, *rest = page.split("{{ ")
    return head + "".join(str(parts[name]) + text for name, text in (piece.split(" }}", 1) for piece in rest))


def _sheet_link(store: Store) -> Markup:
    there = store.disk.exists(SHEET)
    return Markup('<a href="{}">Contact sheet</a>').format(SHEET) if there else Markup("")


def entries(store: Store) -> Iterator[dict[str, Any]]:
    """What the page knows of each item, the oldest first."""
    shown = store.items[-MOST:]
    broken = violations_of(store, shown)
    first = len(store.items) - len(shown)
    grades = Grades(store.disk)
    for place, (item, score) in enumerate(zip(shown, quality_of(store, shown, broken), strict=True), start=first):
        reasons = [one.reason for one in broken[item.product_id]]
        yield _entry(store, item, score, reasons, place, grades.of(item))


def _entry(
    store: Store, item: CatalogItem, score: Quality, reasons: Sequence[str], place: int, grade: Grade | None
) -> dict[str, Any]:
    thumb = f"thumbnails/{THUMBNAIL}/{item.product_id}.webp"
    image = f"images/{item.filename}" if store.image_path(item).is_file() else ""
    flaws = [{"kind": "rule", "text": reason} for reason in reasons]
    flaws += [] if image else [{"kind": "no picture", "text": "There is no picture yet."}]
    flaws += [{"kind": "low quality", "text": f"The score is below {LOW}."}] if score.total < LOW else []
    return {
        "place": place,
        "id": item.product_id,
        "name": item.name,
        "category": item.category,
        "description": item.description,
        "prompt": item.image_prompt,
        "image": image,
        "thumb": thumb if image and (store.root / thumb).is_file() else image,
        "quality": score.total,
        "parts": score.parts(),
        **({"grade": grade.grade, "reason": grade.reason} if grade else {}),
        "flaws": flaws,
    }


def _source(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
