"""What the tests make again and again: categories, items as a model answers them, folders as another program left them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from conftest import png

from datagen_lib.models import CATEGORY_COUNT, OPENINGS, CatalogItem

THEMES = [{"name": f"Theme {chr(65 + n)} Folk", "slug": f"theme-{n}"} for n in range(CATEGORY_COUNT)]


def figure(name: str, **changes: Any) -> dict[str, Any]:
    """An item on the wire that breaks no hard rule, but for the changes."""
    return {
        "name": name,
        "description": "A fine figure of a sailor. It stands on a small plate.",
        "category": THEMES[0]["name"],
        "imagePrompt": f"{OPENINGS[0]}, sailor, clean background",
    } | changes


def answering(items: list[Any]) -> Callable[..., dict[str, Any]]:
    """The writer of a stand-in that knows these items and THEMES only, and gives all whatever it is asked."""

    def write(messages: Any, schema: Any, *, seed: int) -> dict[str, Any]:
        return {"categories": THEMES} if "categories" in schema["properties"] else {"items": items}

    return write


# -- on disk ----

STORED_THEMES = [f"Theme {chr(65 + n)}" for n in range(20)]


def entry(number: int, **changes: Any) -> dict[str, Any]:
    """An item as catalog.json holds it."""
    product_id = str(uuid.UUID(int=number + 2**100, version=4))
    return {
        "productId": product_id,
        "name": f"Item Number {number}",
        "description": "A fine figure of a sailor. It stands on a small plate.",
        "category": STORED_THEMES[number % 20],
        "filename": f"{product_id}.png",
        "imagePrompt": f"Photorealistic LEGO-style minifigure, sailor {number}",
        **changes,
    }


def item(number: int, **changes: Any) -> CatalogItem:
    return CatalogItem.model_validate(entry(number, **changes))


def write_catalogue(root: Path, entries: Any, *, categories: Any = None) -> None:
    """catalog.json and categories.json, as an older generator or a person would leave them."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "catalog.json").write_text(json.dumps(entries, indent=2), encoding="utf-8")
    listed = [{"name": name, "slug": name.lower().replace(" ", "-")} for name in STORED_THEMES]
    (root / "categories.json").write_text(json.dumps(categories or listed, indent=2), encoding="utf-8")


def write_pictures(root: Path, entries: Sequence[dict[str, Any]]) -> None:
    """A whole picture without marks for each of the entries."""
    (root / "images").mkdir(exist_ok=True)
    for found in entries:
        (root / "images" / found["filename"]).write_bytes(png(found["filename"]))
