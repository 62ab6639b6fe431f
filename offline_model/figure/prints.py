"""What is printed on the body: one function for each of `parts.PRINTS`.

Coordinates are millimetres on the front, y = 10 at the hem and 24 at the neck. Sleeves and trousers are not here: the
compositor colours them. Skin shows at the collar.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from types import MappingProxyType
from typing import Final

from PIL import Image

from .colour import shade
from .icons import ICONS
from .ink import Ink

LEFT, BOTTOM, RIGHT, TOP = -7.2, 8.6, 7.2, 25.0
"""The area that a print covers."""
_HEM, _NECK = 10.0, 23.6
_INK, _STEEL, _GOLD, _WHITE, _LEATHER = "#26282e", "#b8bec6", "#e2b63c", "#f5f4f0", "#5a3a20"


@dataclass(frozen=True, slots=True)
class Cloth:
    """What a print draws with: the surface, its colours, and the dice for small choices."""

    t: Ink
    top: str
    trim: str
    accent: str
    skin: str
    icon: str
    rng: Random

    @property
    def seam(self) -> str:
        """A line that shows on the top's colour: darker, or lighter on black."""
        return (
            shade(self.top, -0.3)
            if sum(int(self.top[i : i + 2], 16) for i in (1, 3, 5)) > 150
            else shade(self.top, 0.22)
        )

    @property
    def light(self) -> str:
        return shade(self.top, 0.13)

    def collar(self, w: float = 2.7, d: float = 1.2, rib: str = "") -> None:
        """A round neck with skin in it."""
        self.t.dot(0, _NECK + 0.6, w + 0.45, d + 0.55, rib or self.seam)
        self.t.dot(0, _NECK + 0.8, w, d + 0.3, self.skin)

    def vee(self, w: float = 2.4, depth: float = 3.2, fill: str = "") -> None:
        self.t.poly([(-w, 25), (w, 25), (w, _NECK), (0, _NECK - depth), (-w, _NECK)], fill or self.skin)

    def badge(self, x: float, y: float, r: float, colour: str = "") -> None:
        if self.icon:
            ICONS[self.icon](self.t, x, y, r, colour or self.trim, self.accent)

    def buttons(self, ys: tuple[float, ...], fill: str, x: float = 0, r: float = 0.36) -> None:
        for y in ys:
            self.t.dot(x, y, r, r, fill)

    def pocket(
        self, x: float, y: float, w: float = 2.6, h: float = 2.3, *, flap: bool = False, both: bool = True
    ) -> None:
        self.t.box(x, y, w, h, self.light, 0.3, self.seam, both=both)
        if flap:
            self.t.box(x, y + h * 0.36, w + 0.25, h * 0.34, self.top, 0.2, self.seam, both=both)

    def belt(self, fill: str = _LEATHER, buckle: str = _GOLD, y: float = 10.6) -> None:
        self.t.box(0, y, 16, 1.5, fill)
        self.t.box(0, y, 2.3, 1.9, buckle, 0.3, shade(buckle, -0.35))

    def zip(self, fill: str = "") -> None:
        self.t.line([(0, _NECK), (0, 8)], self.seam, 0.5)
        self.t.line([(0, _NECK), (0, 8)], fill or _STEEL, 0.2)
        self.t.box(0, 21.6, 0.5, 1.1, fill or _STEEL, 0.2)

    def lapels(self, fill: str, w: float = 2.3, low: float = 15.6, out: float = 4.0) -> None:
        edge = [(w, 25), (out, _NECK), (out + 0.5, 21.0), (out - 0.5, 20.4), (0.25, low), (0.0, low + 0.6)]
        self.t.poly(edge, fill, both=True)
        self.t.line(edge[1:5], shade(fill, -0.3), 0.2, both=True)


def _plain(c: Cloth) -> None:
    c.collar()
    c.badge(2.9, 19.6, 1.1)
    c.t.curve((-6.6, 11.6), (0, 10.9), (6.6, 11.6), c.seam, 0.2)


def _tee(c: Cloth) -> None:
    c.collar(rib=c.trim)
    c.badge(0, 16.8, 2.6)


def _stripes(c: Cloth) -> None:
    for i in range(6):
        c.t.box(0, 10.2 + 2.4 * i, 16, 1.2, c.trim)
    c.collar()


def _polka(c: Cloth) -> None:
    for i in range(6):
        for j in range(7):
            c.t.dot(-7 + 2.3 * j + (1.15 if i % 2 else 0), 10 + 2.4 * i, 0.55, 0.55, c.trim)
    c.collar(rib=c.trim)


def _jacket(c: Cloth) -> None:
    c.t.poly([(-2.2, 25), (2.2, 25), (1.2, 8), (-1.2, 8)], c.trim)
    c.t.dot(0, _NECK + 0.8, 2.0, 1.4, c.skin)
    c.t.line([(2.2, 25), (1.2, 8)], c.seam, 0.32, both=True)
    edge = [(2.0, 25), (4.2, 24), (4.4, 21.4), (2.1, 19.0)]
    c.t.poly(edge, c.light, both=True)
    c.t.line(edge[1:], c.seam, 0.2, both=True)
    c.pocket(4.0, 13.2)
    c.badge(3.9, 17.4, 0.9)


def _hoodie(c: Cloth) -> None:
    c.t.dot(0, 23.9, 4.4, 2.1, c.seam)
    c.t.dot(0, 24.2, 3.4, 1.7, c.light)
    c.t.dot(0, 24.7, 2.3, 1.4, c.skin)
    c.t.line([(1.3, 22.6), (1.4, 18.6)], _WHITE, 0.32, both=True)
    c.t.poly([(-4.2, 10.4), (4.2, 10.4), (3.0, 14.4), (-3.0, 14.4)], c.light)
    c.t.line([(-4.2, 10.4), (-3.0, 14.4), (3.0, 14.4), (4.2, 10.4)], c.seam, 0.24)
    c.badge(0, 17.4, 1.7)


def _parka(c: Cloth) -> None:
    c.zip(c.accent)
    for y in (12.2, 15.4, 18.6):
        c.t.box(0, y, 2.2, 0.8, c.accent, 0.3)
    c.t.curve((-6.4, 17.6), (0, 16.6), (6.4, 17.6), c.seam, 0.24)
    c.pocket(4.1, 13.0, 3.0, 3.0, flap=True)
    for x in (-5, -3.6, -2.2, -0.7, 0.7, 2.2, 3.6, 5):
        c.t.dot(x, 23.2 - 0.04 * (25 - x * x), 1.1, 0.9, shade(c.trim, 0.5))
    c.badge(3.9, 19.6, 0.9)


def _labcoat(c: Cloth) -> None:
    c.t.poly([(-2.4, 25), (2.4, 25), (1.1, 8), (-1.1, 8)], c.trim)
    c.t.poly([(-1.9, 25), (1.9, 25), (0, 21.4)], shade(c.trim, 0.4))
    c.t.poly([(-0.6, 22.4), (0.6, 22.4), (0.8, 15), (0, 13.8), (-0.8, 15)], c.accent)
    c.lapels(shade(c.top, 0.4), 2.2, 16.4)
    c.t.line([(0.25, 16.4), (1.1, 8)], c.seam, 0.24, both=True)
    c.pocket(3.9, 17.6, 2.4, 2.3, both=False)
    for x, pen in ((3.4, "#2a5ab0"), (4.2, "#c0392b")):
        c.t.box(x, 18.8, 0.34, 1.7, pen)
    c.pocket(4.1, 12.6, 2.8, 2.6)


def _suit(c: Cloth) -> None:
    c.t.poly([(-2.3, 25), (2.3, 25), (0, 14.6)], _WHITE)
    c.t.poly([(-0.6, 22.6), (0.6, 22.6), (0.95, 17), (0, 15.2), (-0.95, 17)], c.accent)
    c.t.poly([(-0.8, 23.6), (0.8, 23.6), (0.5, 22.2), (-0.5, 22.2)], shade(c.accent, -0.2))
    c.lapels(c.light, 2.2, 14.6)
    c.t.line([(0, 14.6), (0, 8)], c.seam, 0.26)
    c.buttons((11.4, 13.4), c.trim, 0.8)
    c.t.poly([(3.2, 17.6), (4.7, 17.8), (4.4, 18.9), (4.0, 18.2), (3.5, 18.7)], c.trim)


def _tuxedo(c: Cloth) -> None:
    c.t.poly([(-2.7, 25), (2.7, 25), (1.4, 8), (-1.4, 8)], _WHITE)
    c.t.poly([(0, 22.0), (1.9, 23.0), (1.9, 21.0)], c.accent, both=True)
    c.buttons((19.4, 17.2, 15.0), _INK, 0, 0.3)
    edge = [(2.4, 25), (4.4, _NECK), (3.6, 18.6), (1.5, 13)]
    c.t.poly(edge, c.light, both=True)
    c.t.line(edge[1:], c.seam, 0.2, both=True)
    c.t.box(0, 10.8, 4.2, 1.7, c.accent)


def _overalls(c: Cloth) -> None:
    d = shade(c.trim, -0.28)
    c.collar()
    c.t.box(0, 9.6, 16, 6.6, c.trim)
    c.t.box(0, 15.2, 7.8, 6.6, c.trim, 0.6, d)
    c.t.poly([(2.2, 18), (3.7, 18), (4.6, 25), (3.0, 25)], c.trim, both=True)
    c.t.dot(3.0, 17.6, 0.62, 0.62, c.accent, "", both=True)
    c.t.box(0, 15.4, 4.0, 2.8, shade(c.trim, 0.08), 0.4, d)
    c.badge(0, 15.4, 1.0, c.accent)
    c.t.line([(6.4, 13.0), (4.2, 12.2)], d, 0.22, both=True)


def _space(c: Cloth) -> None:
    c.t.dot(0, 24.2, 4.0, 1.8, "#9aa0a8")
    c.t.dot(0, 24.5, 3.1, 1.4, "#5a6068")
    c.t.box(0, 16.6, 6.4, 5.0, "#c9ced4", 0.7, "#8a9098")
    for i, colour in enumerate(("#d0342c", "#f2b632", "#3a9a4a", "#2a6ac0")):
        c.t.box(-2.1 + 1.4 * i, 17.9, 0.95, 0.95, colour, 0.25)
    c.t.box(-1.2, 15.5, 2.6, 1.6, "#223044", 0.25)
    c.t.line([(-2.2, 15.3), (-1.6, 15.9), (-1.1, 15.1), (-0.4, 15.7)], "#5ae08a", 0.2)
    c.t.dot(1.8, 15.5, 0.9, 0.9, "#eef0f2", "#7a8088")
    c.t.curve((3.3, 16), (5.6, 15), (4.8, 11), "#8a9098", 0.55, both=True)
    c.t.box(0, 11.0, 16, 0.95, c.trim)
    c.t.poly([(3.9, 25), (5.0, 25), (5.9, 18), (4.8, 18)], c.trim, both=True)


def _chef(c: Cloth) -> None:
    c.t.poly([(-2.9, 25), (2.9, 25), (0, 20.4)], c.trim)
    c.t.poly([(0, 21.4), (1.5, 19.8), (0.2, 19.4)], c.trim, both=True)
    c.t.line([(3.9, 25), (2.9, 8)], c.seam, 0.24, both=True)
    for y in (11.8, 14.3, 16.8):
        c.t.dot(1.5, y, 0.6, 0.6, c.accent, "", both=True)


def _pirate(c: Cloth) -> None:
    for i in range(6):
        c.t.box(0, 10.2 + 2.4 * i, 6.4, 1.2, c.trim)
    for s in (-1, 1):
        c.t.poly([(s * 2.2, 25), (s * 8, 25), (s * 8, 8), (s * 3.2, 8)], c.accent)
        c.t.line([(s * 2.2, 25), (s * 3.2, 8)], shade(c.accent, -0.35), 0.32)
    for y in (13.4, 16, 18.6):
        c.t.dot(3.8, y, 0.45, 0.45, _GOLD, "", both=True)
    c.t.line([(-4.8, 24.4), (6.0, 12.4)], _LEATHER, 1.1)
    c.belt()
    c.t.dot(0, 24.2, 2.2, 1.5, c.skin)


def _mail(c: Cloth) -> None:
    ring = shade(c.top, -0.22)
    for i in range(13):
        for j in range(14):
            c.t.dot(-6.9 + 1.05 * j + (0.52 if i % 2 else 0), 11 + 1.05 * i, 0.42, 0.42, c.light, ring)
    c.t.poly([(-3.4, 25), (3.4, 25), (3.8, 8), (-3.8, 8)], c.trim)
    c.badge(0, 17, 2.1, c.accent)
    c.belt()


def _plate(c: Cloth) -> None:
    c.t.poly([(-5.4, 23.6), (5.4, 23.6), (5.6, 16.4), (0, 14), (-5.6, 16.4)], c.light)
    c.t.line([(-5.6, 16.4), (0, 14), (5.6, 16.4)], c.seam, 0.34)
    for y in (11.4, 12.9):
        c.t.line([(-6.6, y + 0.9), (0, y - 0.4), (6.6, y + 0.9)], c.seam, 0.26)
    c.t.poly([(-2.5, 22), (2.5, 22), (2.5, 18.8), (0, 16), (-2.5, 18.8)], c.trim)
    ICONS[c.icon or "star"](c.t, 0, 19.6, 1.4, c.accent, c.top)
    for x, y in ((4.3, 22.2), (4.3, 17.2)):
        c.t.dot(x, y, 0.45, 0.45, c.seam, "", both=True)


def _robot(c: Cloth) -> None:
    c.t.box(0, 17, 9.4, 8.2, c.light, 0.8, c.seam)
    c.t.dot(-2.2, 18.4, 1.7, 1.7, "#f6f4ea", c.seam)
    c.t.line([(-2.2, 18.4), (-1.3, 19.4)], "#c0392b", 0.3)
    for i, colour in enumerate(("#e0403a", "#f2b632", "#3aa05a")):
        c.t.dot(1.2 + 1.35 * i, 19.4, 0.55, 0.55, colour, c.seam)
    for i in range(4):
        c.t.box(2.4, 17.6 - 0.8 * i, 3.8, 0.38, c.seam)
    c.t.box(0, 14.2, 7, 0.8, c.trim, 0.3)
    for y in (11.2, 22.6):
        c.t.dot(5.2, y, 0.42, 0.42, c.seam, "", both=True)


def _wetsuit(c: Cloth) -> None:
    c.zip("#9aa0a8")
    c.t.poly([(3.0, 25), (5.6, 25), (7.2, 8), (5.2, 8)], c.trim, both=True)
    c.t.dot(0, 24.2, 2.9, 1.1, c.seam)
    c.t.line([(-5, 18.4), (5, 12.4)], _INK, 0.9)
    c.t.line([(5, 18.4), (-5, 12.4)], _INK, 0.9)
    c.t.dot(0, 15.4, 1.25, 1.25, c.accent, _INK)


def _robe(c: Cloth) -> None:
    c.vee(1.8, 3.6, shade(c.top, -0.35))
    c.t.line([(1.8, 24.6), (0, 19.8), (-0.3, 8)], c.trim, 0.8)
    c.t.line([(-1.8, 24.6), (0, 19.8)], c.trim, 0.8)
    for _ in range(8):
        x, y = c.rng.uniform(-5.4, 5.4), c.rng.uniform(12.6, 22.4)
        if abs(x) > 1.5:
            ICONS[c.icon or "star"](c.t, x, y, c.rng.uniform(0.6, 0.95), c.trim, c.accent)
    c.t.box(0, 11.2, 16, 1.2, c.accent)
    c.t.dot(0, 11.2, 0.95, 0.95, c.trim)


def _hivis(c: Cloth) -> None:
    c.zip(shade(c.top, -0.35))
    c.t.poly([(2.8, 25), (4.2, 25), (4.6, 8), (3.2, 8)], "#e9edb0", both=True)
    for y in (12.4, 15.8):
        c.t.box(0, y, 16, 1.5, "#dfe4e6", 0, "#b8bec0")
    c.vee(2.1, 2.6, c.trim)
    c.t.dot(0, 24.4, 1.7, 1.0, c.skin)


def _uniform(c: Cloth) -> None:
    c.t.line([(0, 22), (0, 8)], c.seam, 0.24)
    c.t.poly([(0, 24.6), (2.5, 24.6), (2.2, 22.6), (0.2, 21.4)], c.light, both=True)
    c.t.line([(2.5, 24.4), (2.2, 22.6), (0.2, 21.4)], c.seam, 0.2, both=True)
    c.t.poly([(-0.55, 22.4), (0.55, 22.4), (0.8, 15), (0, 14), (-0.8, 15)], c.trim)
    c.pocket(3.5, 17.6, 2.7, 2.5, flap=True)
    c.t.star(3.6, 20.6, 1.05, _GOLD)
    c.t.box(-3.6, 20.4, 2.0, 0.5, _GOLD)
    c.belt("#2a2622")


def _explorer(c: Cloth) -> None:
    c.vee(2.0, 3.0)
    c.lapels(c.light, 2.0, 19.4, 3.6)
    c.t.line([(0, 19.6), (0, 8)], c.seam, 0.24)
    for y in (16.6, 13.2):
        c.pocket(3.8, y, 2.7, 2.4, flap=True)
    c.t.line([(-5.2, 24), (6.2, 11.4)], _LEATHER, 0.9)
    c.belt()
    c.badge(-3.6, 19.8, 0.8, c.accent)


def _apron(c: Cloth) -> None:
    d = shade(c.trim, -0.25)
    c.collar()
    c.t.box(0, 11.4, 9, 7, c.trim)
    c.t.poly([(-3.4, 14.6), (3.4, 14.6), (2.6, 20.8), (-2.6, 20.8)], c.trim)
    c.t.line([(2.5, 20.7), (3.2, 24.6)], c.trim, 0.75, both=True)
    c.t.line([(4.4, 13.2), (7.2, 13.2)], c.trim, 0.75, both=True)
    c.t.box(0, 12.4, 4.6, 2.6, shade(c.trim, 0.1), 0.4, d)
    c.badge(0, 17.6, 1.3, c.accent)


def _dress(c: Cloth) -> None:
    c.vee(2.9, 2.6)
    c.t.line([(-2.9, 24.4), (-2.8, 23.4), (0, 21.0), (2.8, 23.4), (2.9, 24.4)], c.trim, 0.5)
    c.t.poly([(-2, 10), (2, 10), (1.2, 18), (-1.2, 18)], shade(c.top, 0.25))
    c.t.line([(-2, 10), (-1.2, 18), (1.2, 18), (2, 10)], c.trim, 0.26)
    for x, y in ((4.2, 13.6), (3.8, 17.6)):
        for s in (-1, 1):
            ICONS[c.icon or "flower"](c.t, s * x, y, 0.9, c.trim, c.accent)
    c.t.box(0, 11.0, 16, 1.4, c.trim)
    c.t.dot(0, 11.0, 1.0, 0.9, c.accent)


def _sport(c: Cloth) -> None:
    c.t.poly([(-8, 13), (8, 17), (8, 13.8), (-8, 9.8)], c.trim)
    c.collar(rib=c.trim)
    c.t.poly([(4.8, 25), (6, 25), (7.2, 8), (6.0, 8)], c.trim, both=True)
    c.badge(2.6, 19.2, 1.2, c.accent)


def _wrap(c: Cloth) -> None:
    c.t.poly([(-3.0, 25), (1.2, 25), (6.2, 12), (4.2, 10)], c.light)
    c.t.line([(-3.0, 24.6), (4.4, 11)], c.seam, 0.34)
    c.t.line([(3.0, 24.6), (-0.4, 18.6)], c.seam, 0.34)
    c.t.poly([(-2.6, 25), (2.6, 25), (0, 20.6)], c.trim)
    c.t.box(0, 11.2, 16, 1.8, c.trim)
    c.t.box(0, 11.2, 1.9, 2.2, shade(c.trim, -0.25), 0.3)


def _sweater(c: Cloth) -> None:
    for j, y in enumerate((12.4, 15.8, 19.2)):
        for i in range(9):
            x = -7.2 + 1.8 * i
            c.t.poly([(x - 0.9, y), (x, y + 1.1), (x + 0.9, y), (x, y - 1.1)], c.trim if (i + j) % 2 else c.accent)
    for y in (14.1, 17.5):
        c.t.box(0, y, 16, 0.38, c.accent)
    c.collar(rib=c.trim)
    c.t.box(0, 10.4, 16, 1.0, c.trim)


def _scrubs(c: Cloth) -> None:
    c.vee(2.5, 3.4)
    c.t.line([(-2.5, 24.6), (-2.4, 23.6), (0, 20.2), (2.4, 23.6), (2.5, 24.6)], c.light, 0.7)
    c.pocket(3.5, 17.0, 2.6, 2.4, both=False)
    c.t.box(3.0, 18.3, 0.34, 1.6, "#2a5ab0")
    c.pocket(3.8, 12.2, 3.0, 2.6)
    c.badge(-3.4, 18.0, 1.0)


def _cardigan(c: Cloth) -> None:
    c.t.poly([(-2.6, 25), (2.6, 25), (1.0, 15), (-1.0, 15)], c.trim)
    c.t.dot(0, 24.4, 1.9, 1.2, c.skin)
    for s in (-1, 1):
        c.t.line([(s * 2.6, 24.6), (s * 0.6, 15), (s * 0.6, 8)], c.light, 1.0)
    c.buttons((10.8, 12.6, 14.4), c.accent, 0.6)
    c.pocket(4.0, 12.4, 2.8, 2.4)
    for y in (17.2, 19.4):
        c.t.line([(3.2, y), (5.6, y)], c.seam, 0.18, both=True)


def _flannel(c: Cloth) -> None:
    for i in range(6):
        c.t.box(-6.6 + 2.7 * i, 16, 0.9, 20, c.trim)
    for i in range(6):
        c.t.box(0, 10.4 + 2.7 * i, 16, 0.9, c.trim)
        for j in range(6):
            c.t.box(-6.6 + 2.7 * j, 10.4 + 2.7 * i, 0.9, 0.9, shade(c.trim, -0.3))
    c.t.line([(0, 23), (0, 8)], c.seam, 0.3)
    c.buttons((12, 15, 18, 21), _WHITE)
    c.t.poly([(0, 24.6), (2.6, 24.6), (2.2, 22.2), (0.2, 21.6)], c.top, both=True)
    c.t.line([(2.5, 24.4), (2.2, 22.2), (0.2, 21.6)], c.seam, 0.22, both=True)


def _leather(c: Cloth) -> None:
    c.t.poly([(-2.0, 25), (2.4, 25), (-0.6, 15), (-1.4, 8)], c.trim)
    c.t.dot(0, 24.6, 1.9, 1.1, c.skin)
    c.lapels(c.light, 2.2, 17.2, 4.2)
    c.t.line([(-0.6, 17), (-1.2, 8)], _STEEL, 0.36)
    c.t.line([(3.0, 13.4), (5.2, 14.6)], _STEEL, 0.3, both=True)
    for x, y in ((4.0, 22.2), (3.0, 20.8)):
        c.t.dot(x, y, 0.28, 0.28, _STEEL, "", both=True)
    c.badge(4.2, 18.2, 0.9, c.accent)


def _tunic(c: Cloth) -> None:
    c.vee(1.2, 3.4)
    c.t.line([(-1.2, 24.4), (0, 20.2), (1.2, 24.4)], c.trim, 0.6)
    for y in (21.4, 22.6):
        c.t.line([(-0.9, y), (0.9, y + 0.5)], _LEATHER, 0.24)
    c.belt()
    c.t.line([(-6.8, 13.6), (6.8, 13.6)], c.trim, 0.4)
    c.badge(3.4, 18.4, 1.0)


def _kimono(c: Cloth) -> None:
    c.t.poly([(-3.4, 25), (3.4, 25), (0, 18.4)], c.skin)
    c.t.line([(-3.2, 25), (2.4, 13.6)], c.accent, 1.1)
    c.t.line([(3.2, 25), (-0.4, 17.6)], c.accent, 1.1)
    for _ in range(6):
        x, y = c.rng.choice((-1, 1)) * c.rng.uniform(2.6, 5.4), c.rng.uniform(14.6, 21.4)
        ICONS[c.icon or "flower"](c.t, x, y, 0.95, shade(c.trim, 0.35), c.accent)
    c.t.box(0, 11.8, 16, 3.2, c.trim)
    c.t.box(0, 11.8, 16, 0.6, c.accent)


def _jumpsuit(c: Cloth) -> None:
    c.zip()
    c.t.poly([(0, 24.8), (2.8, 24.8), (2.2, 22.4), (0.3, 22.8)], c.light, both=True)
    c.t.line([(2.7, 24.4), (2.2, 22.4), (0.3, 22.8)], c.seam, 0.22, both=True)
    c.pocket(3.7, 18, 2.6, 2.3)
    c.badge(-3.7, 18, 0.85, c.accent)
    c.t.box(0, 11.4, 16, 1.2, c.trim)
    c.t.box(0, 11.4, 1.6, 1.5, _STEEL, 0.2)


def _racing(c: Cloth) -> None:
    c.t.poly([(-1.7, 25), (1.7, 25), (1.7, 8), (-1.7, 8)], c.trim)
    c.zip()
    c.t.poly([(-8, 17.4), (-1.7, 15.4), (-1.7, 13), (-8, 15)], c.accent, both=True)
    c.t.box(0, 24.2, 5, 1.4, c.trim, 0.4)
    c.badge(4.0, 19.4, 1.1, c.trim)
    c.t.box(0, 10.8, 16, 1.2, c.trim)


def _skeleton(c: Cloth) -> None:
    c.t.line([(0, 22.6), (0, 10)], c.trim, 0.9)
    for y, w in ((21, 4.2), (18.8, 4.6), (16.6, 4.4), (14.4, 3.6)):
        c.t.curve((0, y), (w * 0.8, y + 0.6), (w, y - 1.2), c.trim, 0.75, both=True)
    c.t.dot(2.0, 10.8, 1.8, 1.2, c.trim, "", both=True)


def _cape_tie(c: Cloth) -> None:
    c.t.poly([(-3.6, 22.4), (3.6, 22.4), (2.4, 16.6), (0, 14.2), (-2.4, 16.6)], c.trim)
    ICONS[c.icon or "star"](c.t, 0, 18.8, 2.1, c.accent, c.top)
    c.t.curve((-5.2, 25), (0, 20.4), (5.2, 25), c.accent, 0.9)
    c.belt(c.accent, c.trim)


def _vest(c: Cloth) -> None:
    c.vee(2.2, 3.0, _WHITE)
    c.t.line([(0, 20.6), (0, 8)], c.seam, 0.26)
    for s in (-1, 1):
        c.t.poly([(s * 2.2, 25), (s * 5.4, 25), (s * 5.6, 8), (s * 0.2, 8), (s * 0.2, 19.4)], c.trim)
        c.t.line([(s * 2.2, 24.6), (s * 0.2, 19.4)], shade(c.trim, -0.35), 0.26)
        c.t.line([(s * 3.0, 13.6), (s * 4.8, 13.8)], shade(c.trim, -0.35), 0.3)
    c.buttons((11.6, 14.2, 16.8), c.accent, 0, 0.42)
    c.t.poly([(0, 22.6), (1.7, 23.5), (1.7, 21.7)], c.accent, both=True)


PRINTS: Final = MappingProxyType[str, Callable[[Cloth], None]](
    {
        "plain": _plain,
        "tee": _tee,
        "stripes": _stripes,
        "polka": _polka,
        "jacket": _jacket,
        "hoodie": _hoodie,
        "parka": _parka,
        "labcoat": _labcoat,
        "suit": _suit,
        "tuxedo": _tuxedo,
        "overalls": _overalls,
        "space": _space,
        "chef": _chef,
        "pirate": _pirate,
        "mail": _mail,
        "plate": _plate,
        "robot": _robot,
        "wetsuit": _wetsuit,
        "robe": _robe,
        "hivis": _hivis,
        "uniform": _uniform,
        "explorer": _explorer,
        "apron": _apron,
        "dress": _dress,
        "sport": _sport,
        "wrap": _wrap,
        "sweater": _sweater,
        "scrubs": _scrubs,
        "cardigan": _cardigan,
        "flannel": _flannel,
        "leather": _leather,
        "tunic": _tunic,
        "kimono": _kimono,
        "jumpsuit": _jumpsuit,
        "racing": _racing,
        "skeleton": _skeleton,
        "cape-tie": _cape_tie,
        "vest": _vest,
    }
)


def torso(print_: str, top: str, trim: str, accent: str, skin: str, icon: str, rng: Random) -> Image.Image:
    """The body's front as an RGB image of the area from (LEFT, BOTTOM) to (RIGHT, TOP)."""
    t = Ink(LEFT, BOTTOM, RIGHT, TOP, top)
    PRINTS[print_](Cloth(t, top, trim, accent, skin, icon, rng))
    return t.done()
