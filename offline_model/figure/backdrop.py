"""What is behind a figure: a clean, photo-like view out of focus, and the light that it throws on the figure.

`draw` paints a backdrop at 256 x 256 and scales it up; `veil` lays the few flakes, bubbles or lights that float before
the figure over the finished picture. Smooth on purpose: grain would triple the size of a PNG.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from random import Random
from typing import Final

import numpy as np
from PIL import Image

from .colour import rgb
from .places import NATURE, PLACES, TOWN, WATERS, Flakes
from .places.canvas import SIDE, Canvas

BACKDROPS: Final = PLACES
"""Every backdrop by its name, "studio" among them."""


BY_DAY: Final = frozenset({**NATURE, **WATERS, **TOWN, "sky": 0}) - {"cave", "icecave", "underwater", "neon", "haunted"}
"""Those that have a sky, and a day that can be turned into night."""
_NIGHT: Final = (0.36, 0.43, 0.68)
"""What the night leaves of red, green and blue."""


def draw(name: str, tint: str, seed: int, size: int, *, dark: bool = False) -> Image.Image:
    """The backdrop as an RGB image of `size` x `size`.

    Args:
        name: a key of `BACKDROPS`.
        tint: "#rrggbb" of what has a colour of its own there: the studio's sweep, a banner, a curtain.
        seed: places the scenery; the same seed always gives the same picture.
        size: pixels of a side.
        dark: seen at night, under stars.
    """
    view = BACKDROPS[name]
    canvas = Canvas(Random(seed ^ 0xBAC), tint)
    view.paint(canvas)
    if view.blur:
        canvas.blur(view.blur)
    image = _develop(canvas.image, view.vignette, dark=dark).resize((size, size), Image.Resampling.BICUBIC)
    _scatter(image, BACKDROPS["night"].flakes if dark else view.flakes, seed, near=False)
    return image


def veil(image: Image.Image, name: str, seed: int) -> None:
    """Lay what floats in front of the figure over the finished picture, in place."""
    _scatter(image, BACKDROPS[name].flakes, seed, near=True)


def _develop(image: Image.Image, vignette: float, *, dark: bool) -> Image.Image:
    """A little more colour, and a little less light towards the corners; at night little light at all, and blue."""
    pixels = np.asarray(image, np.float32)
    grey = pixels.mean(-1, keepdims=True)
    pixels = (grey + (pixels - grey) * 1.14) * (1 - vignette * _corners())
    if dark:
        pixels = pixels * np.asarray(_NIGHT, np.float32)
    return Image.fromarray(np.clip(pixels + 0.5, 0, 255).astype(np.uint8))


@cache
def _corners() -> np.ndarray:
    at = (np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE - 0.5
    far = (at[None] ** 2 + at[:, None] ** 2) / 0.5
    return np.clip(far - 0.10, 0, 1)[..., None].astype(np.float32)


def _scatter(image: Image.Image, flakes: Flakes | None, seed: int, *, near: bool) -> None:
    if flakes is None:
        return
    rng, size = Random(seed ^ (0xF1A if near else 0xF1B)), image.width
    count = flakes.near if near else flakes.far
    for _ in range(count):
        x, y = rng.random(), flakes.top + (flakes.bottom - flakes.top) * rng.random()
        radius = (flakes.small + (flakes.large - flakes.small) * rng.random() ** 3) * size / 1024
        if near and 0.28 < x < 0.72 and y > 0.15:
            continue  # never on the face
        disc = _disc(max(1, round(radius * 2)) / 2, flakes.soft)
        alpha = flakes.alpha * (0.5 + 0.5 * rng.random())
        mask = disc.point(_fade(round(alpha * 32) / 32))
        image.paste(
            rgb(rng.choice(flakes.colours)), (int(x * size - disc.width / 2), int(y * size - disc.height / 2)), mask
        )


@lru_cache(256)
def _disc(radius: float, soft: float) -> Image.Image:
    side = int(2 * radius + 4)
    at = np.arange(side) - (side - 1) / 2
    gap = radius - np.hypot(at[:, None], at[None])
    return Image.fromarray((255 * np.clip(gap / max(1.2, radius * soft) + 0.5, 0, 1)).astype(np.uint8))


@cache
def _fade(alpha: float) -> Sequence[int]:
    return [int(v * alpha) for v in range(256)]
