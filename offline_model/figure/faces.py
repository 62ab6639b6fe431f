"""The printed face: eyes, brows, mouth and marks, and a robot's lamps.

Millimetres on the head's front; (0, 0) lies between the eyes.
"""

from __future__ import annotations

from typing import Final

from PIL import Image

from .colour import mix, rgb, shade
from .ink import Ink
from .scene import Face

LEFT, BOTTOM, RIGHT, TOP = -6.8, -5.8, 6.8, 5.8
EYE_LINE: Final = 30.0
"""Height of the eyes above the base."""
_INK, _WHITE = "#1c1716", "#ffffff"
_DARK = 300  # sum of red, green and blue; on darker skin ink alone would not show
_THROAT, _TONGUE = "#5a1f1c", "#d8605a"
_EYE = 2.45  # from the middle
_MOUTH = -3.0


def face(skin: str, look: Face, age: str) -> Image.Image:
    """The front of the head as an RGB image of the area from (LEFT, BOTTOM) to (RIGHT, TOP)."""
    t = Ink(LEFT, BOTTOM, RIGHT, TOP, skin)
    _under(t, skin, look)
    _eyes(t, skin, look, 1.12 if age == "child" else 1.0)
    _brows(t, look)
    _mouth(t, skin, look.mouth)
    _over(t, skin, look)
    return t.done()


def _under(t: Ink, skin: str, look: Face) -> None:
    if "cheeks" in look.marks:
        t.dot(3.9, -1.75, 1.0, 0.72, mix(skin, "#e8604a", 0.32), "", both=True)
    if "stubble" in look.marks:
        jaw = [(-5.4, -1.6), (-3.2, -2.4), (0, -1.9), (3.2, -2.4), (5.4, -1.6), (4.6, -5), (0, -5.8), (-4.6, -5)]
        t.poly(jaw, shade(skin, -0.17))
    if "freckles" in look.marks:
        for x, y in ((2.8, -1.6), (3.5, -1.3), (4.2, -1.7), (3.2, -2.2), (4.0, -2.3)):
            t.dot(x, y, 0.17, 0.17, shade(skin, -0.32), "", both=True)
    if "paint" in look.marks:
        t.line([(2.9, -1.2), (5.4, -0.9)], "#c0392b", 0.5, both=True)
        t.line([(3.0, -2.1), (5.2, -1.8)], _WHITE, 0.5, both=True)


def _eyes(t: Ink, skin: str, look: Face, k: float) -> None:
    for s in (-1, 1):
        x = s * _EYE
        if look.eyes == "closed" or (look.eyes == "wink" and s == 1):
            up = 1.0 if look.eyes == "wink" else -0.9
            t.curve((x - 0.95, 0), (x, up), (x + 0.95, 0), _INK, 0.34)
            continue
        if look.eyes == "wide":
            t.dot(x, 0, 1.2, 1.4, _WHITE, _INK)
            t.dot(x, 0, 0.68, 0.78, _INK)
            t.dot(x + 0.25, 0.35, 0.25, 0.25, _WHITE)
            continue
        a, b = (0.82 * k, 1.25 * k) if look.eyes == "tall" else (0.95 * k, 1.06 * k)
        if sum(rgb(skin)) < _DARK:
            t.dot(x, 0, a + 0.3, b + 0.28, "#f2e6dc")
        t.dot(x, 0, a, b, _INK)
        t.dot(x + 0.3, 0.38, 0.3 * k, 0.3 * k, _WHITE)
        if look.eyes == "lash":
            for i in range(3):
                t.line([(x + s * (0.7 + 0.12 * i), 0.6 - 0.35 * i), (x + s * 1.5, 1.15 - 0.5 * i)], _INK, 0.22)


def _brows(t: Ink, look: Face) -> None:
    c = look.brow_colour
    for s in (-1, 1):

        def arc(a: float, b: float, d: float, width: float, s: int = s) -> None:
            t.curve((s * (_EYE - 1.2), a), (s * _EYE, b), (s * (_EYE + 1.3), d), c, width)

        if look.brows == "soft":
            arc(1.75, 2.5, 1.6, 0.42)
        elif look.brows == "raised":
            arc(2.2, 3.1, 2.0, 0.42)
        elif look.brows == "thick":
            arc(1.7, 2.4, 1.6, 0.8)
        elif look.brows == "angry":
            t.line([(s * (_EYE - 1.2), 1.3), (s * (_EYE + 1.2), 2.15)], c, 0.56)
        elif look.brows == "worry":
            t.line([(s * (_EYE - 1.1), 2.35), (s * (_EYE + 1.2), 1.7)], c, 0.44)


def _mouth(t: Ink, skin: str, mouth: str) -> None:
    if sum(rgb(skin)) < _DARK and mouth in _LINES:
        corner, bend = _LINES[mouth][0][1], _LINES[mouth][1][1]
        lip = mix(skin, "#d88a78", 0.6)
        t.curve((-1.5, _MOUTH + corner - 0.3), (0, _MOUTH + bend - 0.5), (1.6, _MOUTH + corner - 0.3), lip, 0.5)
    if mouth in _LINES:
        start, bent, end = ((x, _MOUTH + y) for x, y in _LINES[mouth])
        t.curve(start, bent, end, _INK, 0.38)
        if mouth == "smile":
            t.curve((1.85, _MOUTH + 0.25), (2.15, _MOUTH + 0.5), (2.4, _MOUTH + 0.65), _INK, 0.26, both=True)
    else:
        _OPEN[mouth](t, _MOUTH)
    if mouth != "open":
        t.curve((-0.6, _MOUTH - 1.75), (0, _MOUTH - 1.9), (0.6, _MOUTH - 1.75), shade(skin, -0.2), 0.22)


def _grin(t: Ink, y: float) -> None:
    t.poly(
        [(-2.3, y + 0.65), (2.3, y + 0.65), (1.8, y - 0.5), (0.8, y - 1.15), (-0.8, y - 1.15), (-1.8, y - 0.5)], _INK
    )
    t.poly([(-2.0, y + 0.45), (2.0, y + 0.45), (1.7, y - 0.15), (-1.7, y - 0.15)], _WHITE)
    t.dot(0, y - 0.75, 0.8, 0.3, _TONGUE)


def _laugh(t: Ink, y: float) -> None:
    t.dot(0, y - 0.15, 1.6, 1.25, _THROAT)
    t.dot(0, y - 0.8, 0.95, 0.5, _TONGUE)
    t.box(0, y + 0.68, 2.1, 0.44, _WHITE, 0.1)


def _gasp(t: Ink, y: float) -> None:
    t.dot(0, y - 0.1, 0.9, 1.0, _THROAT, _INK)


def _lips(t: Ink, y: float) -> None:
    t.curve((-1.8, y + 0.35), (0, y - 1.15), (1.8, y + 0.35), _INK, 0.28)
    rim = [(-1.35, y), (-0.5, y + 0.4), (0, y + 0.2), (0.5, y + 0.4), (1.35, y), (0.6, y - 0.7), (-0.6, y - 0.7)]
    t.poly(rim, "#c04048")
    t.line([(-1.1, y - 0.05), (1.1, y - 0.05)], "#7a2028", 0.16)


_LINES: Final = {  # a bent line, from corner to corner
    "smile": ((-2.1, 0.45), (0, -1.25), (2.1, 0.45)),
    "smirk": ((-1.7, -0.1), (0.4, -0.9), (2.2, 0.7)),
    "flat": ((-1.6, 0.0), (0, 0.0), (1.6, 0.0)),
    "frown": ((-1.9, -0.7), (0, 0.7), (1.9, -0.7)),
}
_OPEN: Final = {"grin": _grin, "open": _laugh, "o": _gasp, "lips": _lips}


def _over(t: Ink, skin: str, look: Face) -> None:
    line = shade(skin, -0.24)
    if "wrinkles" in look.marks:
        t.curve((_EYE - 1.0, -1.45), (_EYE, -1.9), (_EYE + 1.0, -1.45), line, 0.22, both=True)
        t.curve((2.9, -1.9), (3.4, -2.9), (3.2, -3.9), line, 0.22, both=True)
    if "eyepatch" in look.marks:
        t.line([(-7, 1.2), (-_EYE, 0.5), (7, 4.6)], "#1c1a1a", 0.36)
        t.dot(-_EYE, 0, 1.6, 1.55, "#1c1a1a")
    if "scar" in look.marks:
        t.line([(3.2, 2.0), (4.0, -2.4)], mix(skin, "#a04038", 0.5), 0.3)
        for y in (0.6, -0.8):
            t.line([(3.0 + 0.1, y), (4.2, y + 0.1)], mix(skin, "#a04038", 0.5), 0.2)
    if "mole" in look.marks:
        t.dot(3.2, -2.6, 0.24, 0.24, shade(skin, -0.5))


def lamps(screen: str, glow: str, mouth: str) -> Image.Image:
    """A robot's face: round lamps and a row of lights on a dark screen."""
    t = Ink(LEFT, BOTTOM, RIGHT, TOP, screen)
    t.dot(_EYE, 0.5, 1.6, 1.6, shade(glow, -0.35), "", both=True)
    t.dot(_EYE, 0.5, 1.25, 1.25, shade(glow, 0.25), "", both=True)
    for s in (-1, 1):
        t.dot(s * _EYE + 0.4, 0.9, 0.45, 0.45, shade(glow, 0.8))
    for i in range(-2, 3):
        lift = 0.28 * i * i if mouth not in ("frown", "flat") else 0
        t.box(i * 0.95, -2.9 + lift * 0.5, 0.62, 0.75, shade(glow, 0.2), 0.15)
    return t.done()
