"""Small badges for shirts; never letters."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import MappingProxyType
from typing import Final

from .colour import shade
from .ink import Ink

Icon = Callable[[Ink, float, float, float, str, str], None]
"""Draws about (x, y) with radius r, in two colours."""


def _star(t: Ink, x: float, y: float, r: float, a: str, _b: str) -> None:
    t.star(x, y, r, a)


def _heart(t: Ink, x: float, y: float, r: float, a: str, _b: str) -> None:
    k = [i * math.pi / 20 for i in range(40)]
    wave = [13 * math.cos(v) - 5 * math.cos(2 * v) - 2 * math.cos(3 * v) - math.cos(4 * v) for v in k]
    t.poly([(x + r * math.sin(v) ** 3, y + r * (w + 2) / 16) for v, w in zip(k, wave, strict=True)], a)


def _bolt(t: Ink, x: float, y: float, r: float, a: str, _b: str) -> None:
    at = ((0.1, 1), (0.6, 1), (0.2, 0.2), (0.65, 0.2), (-0.4, -1.1), (-0.05, -0.15), (-0.5, -0.15))
    t.poly([(x + u * r, y + v * r) for u, v in at], a)


def _leaf(t: Ink, x: float, y: float, r: float, a: str, _b: str) -> None:
    half = [(0.6 * r * math.sin(v), -r * math.cos(v)) for v in (i * math.pi / 14 for i in range(15))]
    t.poly([(x + u, y + v) for u, v in half] + [(x - u, y + v) for u, v in reversed(half)], a)
    t.line([(x, y - 1.3 * r), (x, y + 0.6 * r)], shade(a, -0.35), 0.18)


def _flower(t: Ink, x: float, y: float, r: float, a: str, b: str) -> None:
    for i in range(5):
        v = 2 * math.pi * i / 5
        t.dot(x + 0.58 * r * math.sin(v), y + 0.58 * r * math.cos(v), 0.42 * r, 0.42 * r, a)
    t.dot(x, y, 0.34 * r, 0.34 * r, b)


def _sun(t: Ink, x: float, y: float, r: float, a: str, b: str) -> None:
    t.star(x, y, r, a, 12, 0.66)
    t.dot(x, y, r * 0.5, r * 0.5, b)


def _note(t: Ink, x: float, y: float, r: float, a: str, _b: str) -> None:
    t.dot(x - 0.45 * r, y - 0.6 * r, 0.42 * r, 0.32 * r, a)
    t.dot(x + 0.6 * r, y - 0.35 * r, 0.42 * r, 0.32 * r, a)
    stems = ((-0.1, -0.6), (-0.1, 0.7), (0.95, 0.95), (0.95, -0.3))
    t.line([(x + u * r, y + v * r) for u, v in stems], a, 0.36)


def _paw(t: Ink, x: float, y: float, r: float, a: str, _b: str) -> None:
    t.dot(x, y - 0.3 * r, 0.62 * r, 0.5 * r, a)
    for u, v in ((-0.75, 0.3), (-0.27, 0.75), (0.27, 0.75), (0.75, 0.3)):
        t.dot(x + u * r, y + v * r, 0.23 * r, 0.3 * r, a)


def _moon(t: Ink, x: float, y: float, r: float, a: str, _b: str) -> None:
    t.dot(x, y, r, r, a)
    t.dot(x + 0.45 * r, y + 0.2 * r, 0.8 * r, 0.8 * r, t.ground)


def _drop(t: Ink, x: float, y: float, r: float, a: str, _b: str) -> None:
    t.dot(x, y - 0.3 * r, 0.62 * r, 0.62 * r, a)
    t.poly([(x - 0.56 * r, y - 0.05 * r), (x + 0.56 * r, y - 0.05 * r), (x, y + r)], a)


def _flame(t: Ink, x: float, y: float, r: float, a: str, b: str) -> None:
    _drop(t, x, y, r, a, b)
    _drop(t, x, y - 0.35 * r, 0.5 * r, b, a)


def _gear(t: Ink, x: float, y: float, r: float, a: str, _b: str) -> None:
    t.star(x, y, r, a, 8, 0.72)
    t.dot(x, y, 0.74 * r, 0.74 * r, a)
    t.dot(x, y, 0.32 * r, 0.32 * r, t.ground)


def _atom(t: Ink, x: float, y: float, r: float, a: str, b: str) -> None:
    for turn in (0, 60, 120):
        c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
        ring = [(r * math.cos(v), 0.36 * r * math.sin(v)) for v in (i * math.pi / 16 for i in range(33))]
        t.line([(x + c * u - s * v, y + s * u + c * v) for u, v in ring], a, 0.16)
    t.dot(x, y, 0.22 * r, 0.22 * r, b)


def _anchor(t: Ink, x: float, y: float, r: float, a: str, _b: str) -> None:
    t.line([(x, y + 0.7 * r), (x, y - 0.9 * r)], a, 0.34)
    t.line([(x - 0.45 * r, y + 0.35 * r), (x + 0.45 * r, y + 0.35 * r)], a, 0.3)
    t.curve((x - 0.85 * r, y - 0.2 * r), (x, y - 1.7 * r), (x + 0.85 * r, y - 0.2 * r), a, 0.34)
    t.dot(x, y + 0.85 * r, 0.26 * r, 0.26 * r, a)


def _fish(t: Ink, x: float, y: float, r: float, a: str, _b: str) -> None:
    t.dot(x - 0.15 * r, y, 0.8 * r, 0.5 * r, a)
    t.poly([(x + 0.45 * r, y), (x + 1.05 * r, y + 0.5 * r), (x + 1.05 * r, y - 0.5 * r)], a)
    t.dot(x - 0.55 * r, y + 0.12 * r, 0.1 * r, 0.1 * r, t.ground)


def _planet(t: Ink, x: float, y: float, r: float, a: str, b: str) -> None:
    t.dot(x, y, 0.66 * r, 0.66 * r, a)
    t.line([(x - 1.1 * r, y - 0.32 * r), (x + 1.1 * r, y + 0.32 * r)], b, 0.3)


def _tree(t: Ink, x: float, y: float, r: float, a: str, b: str) -> None:
    for k in (0, 1, 2):
        w, low = (0.8 - 0.16 * k) * r, y - (0.6 - 0.5 * k) * r
        t.poly([(x - w, low), (x + w, low), (x, y + (0.2 + 0.45 * k) * r)], a)
    t.box(x, y - 0.8 * r, 0.3 * r, 0.4 * r, b)


def _diamond(t: Ink, x: float, y: float, r: float, a: str, b: str) -> None:
    t.poly([(x, y + r), (x + 0.7 * r, y), (x, y - r), (x - 0.7 * r, y)], a)
    t.poly([(x, y + 0.5 * r), (x + 0.35 * r, y), (x, y - 0.5 * r), (x - 0.35 * r, y)], b)


ICONS: Final = MappingProxyType[str, Icon](
    {
        "star": _star,
        "heart": _heart,
        "bolt": _bolt,
        "leaf": _leaf,
        "flower": _flower,
        "sun": _sun,
        "note": _note,
        "paw": _paw,
        "moon": _moon,
        "drop": _drop,
        "flame": _flame,
        "gear": _gear,
        "atom": _atom,
        "anchor": _anchor,
        "fish": _fish,
        "planet": _planet,
        "tree": _tree,
        "diamond": _diamond,
    }
)
