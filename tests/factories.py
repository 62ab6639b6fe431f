"""What the tests make again and again: categories, items as a model answers them, and a model that knows only these."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from datagen_lib.models import CATEGORY_COUNT, OPENINGS

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
