"""A drawing surface in millimetres, for what is printed on the figure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw

PER_MM = 18
"""Pixels of a finished print for a millimetre: a little more than the picture's own."""
_FINE = 3
Point = tuple[float, float]


class Ink:
    """A rectangle from (left, bottom) to (right, top), y up, filled with `ground`; drawn finer than needed."""

    def __init__(self, left: float, bottom: float, right: float, top: float, ground: str) -> None:
        self.left, self.top, self.ground = left, top, ground
        self._k = PER_MM * _FINE
        size = (round((right - left) * PER_MM) * _FINE, round((top - bottom) * PER_MM) * _FINE)
        self._image = Image.new("RGB", size, ground)
        self._draw = ImageDraw.Draw(self._image)

    def _at(self, points: Sequence[Point]) -> list[Point]:
        return [((x - self.left) * self._k, (self.top - y) * self._k) for x, y in points]

    def poly(self, points: Sequence[Point], fill: str, *, both: bool = False) -> None:
        """A polygon; `both` draws its mirror image too."""
        self._draw.polygon(self._at(points), fill=fill)
        if both:
            self._draw.polygon(self._at([(-x, y) for x, y in points]), fill=fill)

    def box(
        self, x: float, y: float, w: float, h: float, fill: str, r: float = 0, rim: str = "", *, both: bool = False
    ) -> None:
        """A rectangle about (x, y) with corner radius r and an outline in `rim`."""
        for sign in (1, -1) if both else (1,):
            (x0, y0), (x1, y1) = self._at([(sign * x - w / 2, y + h / 2), (sign * x + w / 2, y - h / 2)])
            self._draw.rounded_rectangle((x0, y0, x1, y1), r * self._k, fill, rim or None, round(0.2 * self._k))

    def dot(self, x: float, y: float, a: float, b: float, fill: str, rim: str = "", *, both: bool = False) -> None:
        """An ellipse about (x, y) with radii a and b."""
        for sign in (1, -1) if both else (1,):
            (x0, y0), (x1, y1) = self._at([(sign * x - a, y + b), (sign * x + a, y - b)])
            self._draw.ellipse((x0, y0, x1, y1), fill, rim or None, round(0.2 * self._k))

    def line(self, points: Sequence[Point], fill: str, width: float = 0.28, *, both: bool = False) -> None:
        for sign in (1, -1) if both else (1,):
            at = self._at([(sign * x, y) for x, y in points])
            self._draw.line(at, fill, max(1, round(width * self._k)), "curve")
            r = width * self._k / 2
            for x, y in (at[0], at[-1]):
                self._draw.ellipse((x - r, y - r, x + r, y + r), fill)

    def curve(self, a: Point, b: Point, c: Point, fill: str, width: float = 0.28, *, both: bool = False) -> None:
        """From a to c, bent towards b."""
        steps = [i / 14 for i in range(15)]
        points = [
            tuple((1 - t) ** 2 * p + 2 * t * (1 - t) * q + t * t * r for p, q, r in zip(a, b, c, strict=True))
            for t in steps
        ]
        self.line(points, fill, width, both=both)  # type: ignore[arg-type]

    def star(self, x: float, y: float, r: float, fill: str, points: int = 5, inner: float = 0.42) -> None:
        radii = [r, r * inner] * points
        turn = math.pi / points
        self.poly([(x + q * math.sin(i * turn), y + q * math.cos(i * turn)) for i, q in enumerate(radii)], fill)

    def done(self) -> Image.Image:
        return self._image.reduce(_FINE)
