"""A sheet of the meshes without light transport: to judge a shape before it is traced."""

from __future__ import annotations

import numpy as np
from PIL import Image

from offline_model.figure.parts import PARTS, Part

from .camera import Eye
from .jobs import BODY, STAGE, mesh_of

_COLOURS = {
    "skin": "#f6c22c", "hair": "#6a3a1c", "top": "#c8443a", "bottom": "#2a4a80", "shoes": "#3a2a1c", "glove": "#f6c22c",
    "hat": "#3a9a6a", "trim": "#f4c81e", "accent": "#e05a9a", "back": "#5a3a9a", "item": "#2a9ab0", "prop": "#e8843a",
    "base": "#b8bcc2",
}  # fmt: skip


def _rgb(paint: str) -> tuple[int, ...]:
    h = _COLOURS.get(paint, paint)
    return tuple(int(h[i : i + 2], 16) for i in (1, 3, 5))


def draw(part: Part, size: int) -> Image.Image:
    """The part on the figure; glass is left out."""
    keys = [*BODY, part.key if part.slot == "base" else STAGE, "arm.R-hold", "arm.L-down"]
    if part.slot == "arm":
        keys = [k for k in keys if not k.startswith(f"arm.{part.name[0]}")]
    if part.slot not in ("base", "core"):
        keys.append(part.key)
    shown = [(z, f"{k}.{z.name}") for k in keys for z in PARTS[k].zones if z.finish != "glass"]
    eye = Eye([mesh_of(n) for _, n in shown])
    return Image.fromarray(eye.sketch(np.array([_rgb(z.paint) for z, _ in shown], float), size))


def sheet(only: list[str], cell: int = 260, columns: int = 8) -> Image.Image:
    parts = [p for p in PARTS.values() if not only or any(o in p.key for o in only)]
    rows = -(-len(parts) // columns)
    out = Image.new("RGB", (columns * cell, rows * cell), "white")
    for i, part in enumerate(parts):
        out.paste(draw(part, cell), (i % columns * cell, i // columns * cell))
    return out
