"""`index.html`: the gallery, one page beside the pictures that needs no network and no server."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from markupsafe import Markup, escape

from datagen_lib.folder.store import Store
from datagen_lib.text import counted

from .chunks import CHUNK, FOLDER, Chunks, javascript

SHEET = "contact-sheet.jpg"
POLICY = (
    "default-src 'none'; img-src 'self' data: file:; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'self' file:"
)


def write_gallery(folder: Path) -> Path:
    """Write `index.html` into the output folder, from what is there; returns its path.

    The page holds the first CHUNK items. The others lie in files beside it, `gallery/N.js`, which it loads one after
    the other; of those only the ones that change are written.

    Raises:
        InvalidCatalogue: a stored file breaks the contract.
        DiskError: the page can't be written.
    """
    store = Store.peek(folder)
    chunks = Chunks(store)
    rest = [chunks.write(start) for start in range(chunks.first + CHUNK, len(store.items), CHUNK)]
    store.write("index.html", _page(store, chunks, chunks.first + CHUNK, rest, {}).encode("utf-8", "replace"))
    for name in store.disk.names(FOLDER):
        if f"{FOLDER}/{name}" not in rest:
            store.disk.remove(f"{FOLDER}/{name}")
    return folder / "index.html"


def gallery_page(store: Store, *, extra: Mapping[str, str] | None = None) -> str:
    """The page as text, with all items in itself.

    Args:
        store: the folder, peeked at.
        extra: more for a page of the same look: `style`, `script`, `markup` (in the details), `policy`.
    """
    return _page(store, Chunks(store), len(store.items), (), extra or {})


def _page(store: Store, chunks: Chunks, stop: int, rest: Sequence[str], more: Mapping[str, str]) -> str:
    facts = f"{counted(len(store.items), 'item')} in {counted(len(store.categories), 'category', 'categories')}, "
    facts += counted(chunks.pictures, "picture")
    left_out = chunks.first
    parts = {
        "title": escape("LEGO-style catalogue"),
        "sheet": _sheet_link(store),
        "facts": escape(facts + (f"; the first {left_out:,} are left out here" if left_out > 0 else "")),
        "policy": escape(more.get("policy", POLICY)),
        "style": Markup(_source("page.css") + more.get("style", "")),  # noqa: S704 - our own files
        "script": Markup(more.get("script", "") + _source("page.js")),  # noqa: S704
        "extra": Markup(more.get("markup", "")),  # noqa: S704
        "rest": Markup(json.dumps(list(rest))),  # noqa: S704 - our own names
        "data": Markup(javascript(list(chunks.entries(chunks.first, stop)))),  # noqa: S704 - it ends no script element
    }
    page = _source("page.html")
    head, *pieces = page.split("{{ ")
    return head + "".join(str(parts[name]) + text for name, text in (piece.split(" }}", 1) for piece in pieces))


def _sheet_link(store: Store) -> Markup:
    there = store.disk.exists(SHEET)
    return Markup('<a href="{}">Contact sheet</a>').format(SHEET) if there else Markup("")


def _source(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
