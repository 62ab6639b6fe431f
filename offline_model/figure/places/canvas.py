"""The board for backdrops: 256 x 256 pixels, in coordinates from 0 to 1, y down, the ground from `HORIZON` on.

Everything is painted sharp and then put out of focus: the far things more than the near ones, as a lens would. The
scenery is built of bricks, so that a figure on a brick plate stands in its own world.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from random import Random
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from offline_model.figure.colour import rgb, shade

SIDE: Final = 256
HORIZON: Final = 0.60
UNIT: Final = 1 / 32
"""Width of a brick with one stud."""
Point = tuple[float, float]


class Canvas:
    """A picture in the making. Colours are "#rrggbb"; `alpha` is 0 to 255."""

    def __init__(self, rng: Random, tint: str) -> None:
        self.rng, self.tint = rng, tint
        self.image = Image.new("RGB", (SIDE, SIDE))
        self._ground, self._horizon = self.image, HORIZON
        self._draw = ImageDraw.Draw(self.image, "RGBA")

    # ---- light

    def sweep(self, wall: Sequence[str], floor: Sequence[str], soft: float = 0.012, horizon: float = HORIZON) -> None:
        """A wall (or sky) and a floor, each shaded from its first colour (top) to its last; `soft` melts their edge."""
        y = (np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE
        edge = 1 / (1 + np.exp(-np.clip((y - horizon) / soft, -30, 30)))[:, None]
        column = _ramp(wall, y / horizon) * (1 - edge) + _ramp(floor, (y - horizon) / (1 - horizon)) * edge
        strip = Image.fromarray((column + 0.5).astype(np.uint8)[:, None])
        self._ground, self._horizon = strip.resize((SIDE, SIDE), Image.Resampling.NEAREST), horizon
        self.image.paste(self._ground)

    def glow(self, x: float, y: float, radius: float, colour: str = "#ffffff", alpha: float = 0.5) -> None:
        """A soft light; `radius` is where it has faded to a third."""
        side = max(8, int(radius * 5 * SIDE))
        mask = _halo().resize((side, side)).point(lambda v: int(v * alpha))
        self.image.paste(rgb(colour), (int(x * SIDE - side / 2), int(y * SIDE - side / 2)), mask)

    def beam(self, x: float, width: float, colour: str, alpha: int, lean: float = 0.0) -> None:
        """A cone of light from above."""
        self.poly(
            [(x - 0.01, -0.02), (x + 0.01, -0.02), (x + lean + width, 0.66), (x + lean - width, 0.66)], colour, alpha
        )

    def blur(self, radius: float) -> None:
        """Put everything painted so far further out of focus (radius in pixels of 256)."""
        self.image = self.image.filter(ImageFilter.GaussianBlur(radius))
        self._draw = ImageDraw.Draw(self.image, "RGBA")

    # ---- shapes

    def oval(self, x: float, y: float, rx: float, ry: float, colour: str, alpha: int = 255) -> None:
        self._draw.ellipse(_px(x - rx, y - ry, x + rx, y + ry), fill=(*rgb(colour), alpha))

    def rect(self, left: float, top: float, right: float, bottom: float, colour: str, alpha: int = 255) -> None:
        self._draw.rectangle(_px(left, top, max(left, right), max(top, bottom)), fill=(*rgb(colour), alpha))

    def poly(self, points: Sequence[Point], colour: str, alpha: int = 255) -> None:
        self._draw.polygon([(x * SIDE, y * SIDE) for x, y in points], fill=(*rgb(colour), alpha))

    def arch(self, x: float, top: float, half: float, bottom: float, colour: str) -> None:
        """A doorway or window with a round head."""
        self.oval(x, top + half, half, half, colour)
        self.rect(x - half, top + half, x + half, bottom, colour)

    # ---- bricks

    def brick(self, x: float, y: float, width: float, height: float, colour: str, *, studs: bool = True) -> None:
        """One brick: lit from above, shaded on the right."""
        if studs:
            count = max(1, round(width / UNIT))
            for i in range(count):
                middle = x + (i + 0.5) * width / count
                self.rect(middle - UNIT * 0.3, y - UNIT * 0.26, middle + UNIT * 0.3, y, shade(colour, 0.1))
        self.rect(x, y, x + width, y + height, colour)
        self.rect(x, y, x + width, y + min(0.012, height * 0.15), shade(colour, 0.16))
        self.rect(x + width - 0.006, y, x + width, y + height, shade(colour, -0.16))

    def wall(self, colour: str, *, rows: int = 12, row: float = 0.05, wide: float = 0.125, vary: float = 0.07) -> None:
        """A wall of laid bricks from the top down to the floor."""
        for j in range(rows):
            for i in range(int(1 / wide) + 2):
                x = (i - (0.5 if j % 2 else 1)) * wide
                c = shade(colour, self.rng.uniform(-vary, vary))
                self.rect(x + 0.004, j * row + 0.004, x + wide - 0.004, (j + 1) * row - 0.004, c)

    def hills(self, y: float, height: float, colour: str, knots: int = 9) -> None:
        """Stepped hills whose tops lie between `y - height` and `y`; at their foot they run out into the ground."""
        at = np.linspace(-0.1, 1.1, knots)
        tops = [height * self.rng.random() for _ in at]
        x = -UNIT
        while x < 1:
            width = UNIT * self.rng.choice((1, 2, 2, 3))
            step = round((y - float(np.interp(x + width / 2, at, tops))) / (UNIT * 0.6)) * UNIT * 0.6
            self.brick(x, step, width, 1.1 - step, shade(colour, self.rng.uniform(-0.05, 0.05)))
            x += width
        self.image.paste(self._ground, (0, 0), _foot(round(max(y, self._horizon) * SIDE)))

    def peaks(self, y: float, height: float, colour: str, cap: str = "", count: int = 4) -> None:
        """Stepped mountains, the upper third in `cap` if given."""
        for i in range(count):
            middle = (i + 0.2 + 0.6 * self.rng.random()) / count
            rise = height * (0.6 + 0.5 * self.rng.random())
            rows = max(2, int(rise / (UNIT * 0.9)))
            for row in range(rows):
                half = max(UNIT / 2, round(rise * 0.62 * (1 - row / rows) ** 0.9 / (UNIT / 2)) * UNIT / 2)
                c = cap if cap and row >= rows * 0.6 else shade(colour, self.rng.uniform(-0.06, 0.06))
                self.brick(middle - half, y - (row + 1) * UNIT * 0.9, 2 * half, UNIT * 0.9, c)

    # ---- things that grow

    def pine(self, x: float, y: float, size: float, colour: str, snow: str = "") -> None:
        self.rect(x - 0.012 * size, y - 0.1 * size, x + 0.012 * size, y, "#5a4632")
        for row, width in enumerate((5, 4, 3, 2, 1)):
            half, top = width * UNIT / 2 * size, y - 0.07 * size - (row + 1) * UNIT * 0.95 * size
            c = snow if snow and row >= 2 else shade(colour, 0.05 * row - 0.05)
            self.brick(x - half, top, 2 * half, UNIT * 0.95 * size, c)

    def tree(self, x: float, y: float, size: float, colour: str, trunk: str = "#6a4a30") -> None:
        """A broad tree: a trunk and a round crown of leaves."""
        self.rect(x - 0.014 * size, y - 0.16 * size, x + 0.014 * size, y, trunk)
        for _ in range(9):
            a, r = self.rng.random() * math.tau, 0.075 * size * self.rng.random() ** 0.5
            c = shade(colour, self.rng.uniform(-0.14, 0.18))
            self.oval(x + r * math.cos(a) * 1.2, y - 0.2 * size + r * math.sin(a), 0.05 * size, 0.045 * size, c)

    def palm(self, x: float, y: float, size: float, lean: float = 0.05) -> None:
        top = (x + lean * size, y - 0.34 * size)
        self.poly(
            [(x - 0.012 * size, y), (x + 0.012 * size, y), (top[0] + 0.008, top[1]), (top[0] - 0.008, top[1])],
            "#a07848",
        )
        for a in (200, 230, 265, 300, 335, 365):
            dx, dy = 0.15 * size * math.cos(math.radians(a)), 0.09 * size * math.sin(math.radians(a))
            tip = (top[0] + dx, top[1] + dy + 0.05 * size)
            bend = (top[0] + dx * 0.5, top[1] + dy * 1.2)
            self.poly([top, bend, tip, (bend[0], bend[1] + 0.025 * size)], "#3f8a4a")

    def flowers(self, count: int, top: float, bottom: float, colours: Sequence[str]) -> None:
        for _ in range(count):
            r = 0.006 + 0.008 * self.rng.random()
            self.oval(self.rng.random(), self.rng.uniform(top, bottom), r, r, self.rng.choice(colours), 235)

    def clouds(self, count: int, top: float, bottom: float, colour: str = "#ffffff", alpha: int = 170) -> None:
        for _ in range(count):
            x, y, s = self.rng.random(), self.rng.uniform(top, bottom), self.rng.uniform(0.7, 1.4)
            for k in range(5):
                self.oval(
                    x + (k - 2) * 0.042 * s,
                    y + 0.012 * (k % 2),
                    0.05 * s,
                    (0.018 + 0.012 * (2 - abs(k - 2))) * s,
                    colour,
                    alpha,
                )

    # ---- things that are built

    def house(
        self, x: float, y: float, width: float, height: float, colour: str, roof: str, lit: str = "#fff0b8"
    ) -> None:
        """A house with a gabled roof, a door and two windows."""
        self.brick(x, y - height, width, height, colour, studs=False)
        over, peak = width * 0.12, y - height - width * 0.55
        self.poly([(x - over, y - height), (x + width / 2, peak), (x + width + over, y - height)], roof)
        self.rect(x + width * 0.4, y - height * 0.5, x + width * 0.6, y, shade(colour, -0.45))
        for side in (0.14, 0.7):
            self.rect(x + width * side, y - height * 0.78, x + width * (side + 0.17), y - height * 0.48, lit)

    def towers(
        self, y: float, heights: tuple[float, float], colours: Sequence[str], lit: str, share: float = 0.45
    ) -> None:
        """A row of buildings of bricks with lit windows."""
        x = -0.05
        while x < 1.05:
            width, rise = UNIT * self.rng.choice((2, 3, 3, 4)), self.rng.uniform(*heights)
            self.brick(x, y - rise, width, rise + 0.02, self.rng.choice(colours))
            for i in range(int((width - 0.02) / 0.021)):
                for j in range(int((rise - 0.03) / 0.032)):
                    if self.rng.random() < share:
                        wx, wy = x + 0.014 + i * 0.021, y - rise + 0.024 + j * 0.032
                        self.rect(wx, wy, wx + 0.010, wy + 0.016, lit, 170)
            x += width + 0.012 * self.rng.random()

    def shelf(self, y: float, kind: str, colours: Sequence[str], left: float = 0.0, right: float = 1.0) -> None:
        """A shelf at `y` with "books", "bottles" or "pots" on it; the board itself takes the last colour."""
        x = left + 0.01
        while x < right - 0.03:
            c = self.rng.choice(colours[:-1])
            if kind == "books":
                w, h = self.rng.uniform(0.012, 0.03), self.rng.uniform(0.08, 0.11)
                self.rect(x, y - h, x + w, y, c)
                self.rect(x, y - h * 0.8, x + w, y - h * 0.72, shade(c, 0.3))
                x += w + 0.002
            elif kind == "bottles":
                h = self.rng.uniform(0.05, 0.10)
                self.rect(x, y - h * 0.65, x + 0.03, y, c, 215)
                self.rect(x + 0.010, y - h, x + 0.020, y - h * 0.6, shade(c, 0.35), 215)
                x += self.rng.uniform(0.05, 0.08)
            else:
                w, h = self.rng.uniform(0.05, 0.08), self.rng.uniform(0.05, 0.08)
                self.brick(x, y - h, w, h, c, studs=False)
                x += w + self.rng.uniform(0.015, 0.05)
        self.rect(left, y, right, y + 0.018, colours[-1])

    def window(self, x: float, y: float, width: float, height: float, sky: str, frame: str) -> None:
        """A window of four panes that lets the daylight in."""
        self.rect(x - 0.012, y - 0.012, x + width + 0.012, y + height + 0.012, frame)
        self.rect(x, y, x + width, y + height, sky)
        self.rect(x + width / 2 - 0.006, y, x + width / 2 + 0.006, y + height, frame)
        self.rect(x, y + height / 2 - 0.006, x + width, y + height / 2 + 0.006, frame)

    def bunting(self, y: float, colours: Sequence[str], sag: float = 0.05) -> None:
        """Pennants on a line that hangs through."""
        for i in range(14):
            x = (i + 0.5) / 14
            top = y + sag * math.sin(math.pi * x)
            self.poly([(x - 0.024, top), (x + 0.024, top), (x, top + 0.055)], colours[i % len(colours)])

    def boards(self, colour: str, count: int = 7) -> None:
        """Planks that run away to the back of the floor."""
        for i in range(-count, count + 1):
            x = 0.5 + i * 0.05
            far, near = 0.5 + (x - 0.5) * 1.3, 0.5 + (x - 0.5) * 4.2
            self.poly(
                [(far, HORIZON), (far + 0.003, HORIZON), (near + 0.014, 1.0), (near, 1.0)], shade(colour, -0.2), 150
            )

    def planet(self, x: float, y: float, radius: float, colour: str, ring: str = "") -> None:
        """A shaded ball, lit from the upper left, with a ring if asked for."""
        for k in range(14):
            t = k / 13
            self.oval(
                x - t * radius * 0.3,
                y - t * radius * 0.3,
                radius * (1 - 0.75 * t),
                radius * (1 - 0.75 * t),
                shade(colour, -0.4 + 0.8 * t),
            )
        if ring:
            r = radius * 1.75
            self.poly([(x - r, y + 0.045), (x + r, y - 0.055), (x + r, y - 0.035), (x - r, y + 0.065)], ring, 190)

    def haze(self, colour: str, top: float, bottom: float, alpha: float) -> None:
        """Mist that is thickest in the middle of its height."""
        y = (np.arange(SIDE) + 0.5) / SIDE
        t = np.clip((y - top) / (bottom - top), 0, 1)
        mask = Image.fromarray((255 * alpha * np.sin(np.pi * t)).astype(np.uint8)[:, None])
        self.image.paste(rgb(colour), (0, 0), mask.resize((SIDE, SIDE), Image.Resampling.NEAREST))


def _px(left: float, top: float, right: float, bottom: float) -> tuple[float, float, float, float]:
    return left * SIDE, top * SIDE, right * SIDE, bottom * SIDE


def _ramp(colours: Sequence[str], t: np.ndarray) -> np.ndarray:
    stops = np.linspace(0, 1, len(colours))
    table = np.array([rgb(c) for c in colours], np.float32)
    return np.stack([np.interp(t, stops, table[:, channel]) for channel in range(3)], -1)


@cache
def _foot(row: int) -> Image.Image:
    """A mask that comes in over an eighth of the picture below `row`."""
    fade = np.clip((np.arange(SIDE) - row + 2) / (SIDE / 8), 0, 1) ** 0.7
    strip = Image.fromarray((255 * fade).astype(np.uint8)[:, None])
    return strip.resize((SIDE, SIDE), Image.Resampling.NEAREST)


@cache
def _halo() -> Image.Image:
    at = np.linspace(-2.5, 2.5, 128)
    fall = np.exp(-(at[:, None] ** 2 + at[None] ** 2)) - math.exp(-6.25)
    return Image.fromarray((255 * np.clip(fall, 0, 1)).astype(np.uint8))
