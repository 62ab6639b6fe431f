"""What a backdrop is: how it is painted, what floats in its air, and how it lights the figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .canvas import Canvas

Tint = tuple[float, float, float]
NEUTRAL: Tint = (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Flakes:
    """Soft discs in the air: snow, stars, bubbles, lights.

    Attributes:
        colours: chosen from at random.
        far: how many behind the figure.
        near: how many before it.
        small: radius in pixels of a 1024 picture, of most of them.
        large: radius of the largest.
        alpha: of the densest, 0 to 1.
        top: the height below which they float, 0 to 1.
        bottom: the height above which they float, 0 to 1.
        soft: share of the radius over which the rim fades.
    """

    colours: tuple[str, ...]
    far: int
    near: int = 0
    small: float = 1.0
    large: float = 6.0
    alpha: float = 0.6
    top: float = 0.0
    bottom: float = 0.6
    soft: float = 0.4


@dataclass(frozen=True, slots=True)
class View:
    """A backdrop.

    Attributes:
        paint: paints it on a canvas.
        blur: of the whole at the end, in pixels of 256.
        vignette: how dark the corners get, 0 to 1.
        diffuse: factors for the light on the figure.
        specular: factors for its highlights.
        flakes: what floats in the air, if anything does.
    """

    paint: Callable[[Canvas], None]
    blur: float = 2.6
    vignette: float = 0.2
    diffuse: Tint = NEUTRAL
    specular: Tint = NEUTRAL
    flakes: Flakes | None = None
