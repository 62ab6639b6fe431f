"""Backdrops that people built, seen from the street."""

from __future__ import annotations

from typing import Final

from offline_model.figure.colour import mix, shade

from .canvas import Canvas
from .view import Flakes, View

_GREENS: Final = ("#4f8f3e", "#6fae4e", "#3f7a3a", "#88bf5a", "#5a9a48")
_PETALS = Flakes(("#f8c0d0", "#fbdce6"), far=18, near=6, small=3, large=8, alpha=0.8, bottom=0.8)


def ruins(c: Canvas) -> None:
    c.sweep(("#7abce8", "#e8f0e6"), ("#d8c49a", "#b09a70"))
    for _ in range(5):
        c.tree(c.rng.random(), 0.59, 1.4, c.rng.choice(("#7aa864", "#8ab874")))
    c.blur(3)
    for i, x in enumerate((0.06, 0.22, 0.38, 0.66, 0.82, 0.96)):
        top = 0.22 + (0.16 * c.rng.random() if i % 2 else 0.0)
        for k in range(int((0.62 - top) / 0.05)):
            c.brick(
                x - 0.035, 0.62 - (k + 1) * 0.05, 0.07, 0.05, shade("#dccaa4", c.rng.uniform(-0.06, 0.06)), studs=False
            )
        c.rect(x - 0.05, top + 0.02, x + 0.05, top + 0.045, "#e8d8b4")
    c.rect(0.01, 0.19, 0.43, 0.235, "#e2d0a8")
    c.hills(0.64, 0.02, "#c8b486")


def village(c: Canvas) -> None:
    c.sweep(("#8cc4ea", "#eef2e8"), ("#c0b09a", "#988872"))
    c.hills(0.56, 0.16, "#86ac70", 5)
    c.blur(3)
    x = -0.04
    while x < 1:
        w, h = c.rng.uniform(0.14, 0.2), c.rng.uniform(0.16, 0.26)
        c.house(
            x,
            0.62,
            w,
            h,
            c.rng.choice(("#efe2c8", "#e8d0a8", "#f2e6d8", "#dcc4a4")),
            c.rng.choice(("#a8482e", "#8a5a3a", "#6a4a44", "#b4623a")),
        )
        for k in (0.0, 0.33, 0.66, 0.96):
            c.rect(x + w * k, 0.62 - h, x + w * k + 0.008, 0.62, "#6a4630")
        x += w + 0.03
    c.rect(0, 0.615, 1, 0.63, "#a89880")


def dojo(c: Canvas) -> None:
    c.sweep(("#a8d8f0", "#fdeef0"), ("#d8cbb0", "#b4a488"))
    for k in range(4):
        y, half = 0.58 - k * 0.11, 0.2 - k * 0.035
        c.rect(0.76 - half * 0.7, y - 0.08, 0.76 + half * 0.7, y, "#e8d8c0")
        c.poly(
            [
                (0.76 - half - 0.03, y - 0.075),
                (0.76 - half * 0.6, y - 0.11),
                (0.76 + half * 0.6, y - 0.11),
                (0.76 + half + 0.03, y - 0.075),
            ],
            "#a8382e",
        )
    c.hills(0.60, 0.06, "#9ab884", 6)
    c.blur(3.2)
    for x in (0.05, 0.24, 0.95):
        c.tree(x, 0.62, 2.0, c.rng.choice(("#f4b8cc", "#f8c8d8", "#eea0ba")), "#6a4a40")
    c.hills(0.64, 0.02, "#c8bc98")


def haunted(c: Canvas) -> None:
    c.sweep(("#1f2444", "#4a4a7a", "#8a7a9a"), ("#5a586e", "#3c3a4e"), 0.02)
    c.glow(0.26, 0.2, 0.14, "#fff0c0", 0.6)
    c.oval(0.26, 0.2, 0.075, 0.075, "#f6ecc8")
    for x, w, h in ((0.60, 0.10, 0.36), (0.70, 0.16, 0.26), (0.86, 0.10, 0.42)):
        c.house(x, 0.62, w, h, "#3a3654", "#262240", "#f0c860")
    c.blur(2.6)
    c.haze("#a8a4c0", 0.46, 0.72, 0.5)
    for x in (0.05, 0.13, 0.22, 0.34, 0.94):
        c.arch(x, 0.55, 0.028, 0.64, "#77748c")
    for x in (0.02, 0.98):
        c.rect(x - 0.02, 0.15, x + 0.02, 0.64, "#2a2638")


def candy(c: Canvas) -> None:
    c.sweep(("#f8b8d8", "#fde4ee"), ("#fdf0e0", "#f4d0d8"), 0.03)
    c.clouds(6, 0.06, 0.36, "#ffffff", 190)
    c.hills(0.60, 0.14, "#b8e4d0", 5)
    c.blur(3)
    for _ in range(8):
        x, y = c.rng.random(), 0.40 + 0.12 * c.rng.random()
        colour = c.rng.choice(("#f0608a", "#6ac0e8", "#f8c84a", "#9a7ae0", "#6ad0a0"))
        c.rect(x - 0.006, y, x + 0.006, 0.63, "#fdfaf4")
        c.oval(x, y, 0.05, 0.05, colour)
        c.oval(x, y, 0.032, 0.032, shade(colour, 0.45))
        c.oval(x, y, 0.015, 0.015, colour)
    c.hills(0.64, 0.03, "#fbd6e2")


def airfield(c: Canvas) -> None:
    c.sweep(("#6cb4ee", "#d6eaf6"), ("#a8acb0", "#8a8e94"))
    c.clouds(5, 0.08, 0.34)
    c.hills(0.60, 0.05, "#8ab070", 5)
    c.blur(2.8)
    x = c.rng.choice((0.0, 0.66))
    c.rect(x, 0.42, x + 0.34, 0.61, "#b8bec4")
    c.oval(x + 0.17, 0.42, 0.17, 0.07, "#a4abb2")
    c.rect(x + 0.05, 0.46, x + 0.29, 0.61, "#6a727a")
    tower = 0.52 if x else 0.44
    c.rect(tower, 0.32, tower + 0.04, 0.61, "#d8dce0")
    c.rect(tower - 0.02, 0.27, tower + 0.06, 0.33, "#4a6a86")
    c.rect(0, 0.61, 1, 0.625, "#94b070")
    for k in range(4):
        c.poly(
            [(0.49, 0.66 + k * 0.1), (0.51, 0.66 + k * 0.1), (0.515, 0.70 + k * 0.1), (0.485, 0.70 + k * 0.1)],
            "#f4f2ea",
            200,
        )


def racetrack(c: Canvas) -> None:
    c.sweep(("#7cc0ee", "#e0f0f6"), ("#7e8288", "#5e6268"))
    for j in range(6):
        for i in range(46):
            c.oval(
                i / 45 + c.rng.uniform(-0.006, 0.006),
                0.30 + j * 0.034,
                0.011,
                0.013,
                c.rng.choice(("#c84a3a", "#3a6ab0", "#f0c84a", "#e8e4dc", "#4a4e58", "#4a9a5a")),
            )
    c.rect(0, 0.255, 1, 0.28, "#d8dce0")
    c.blur(3.6)
    c.bunting(0.16, ("#c4281c", "#f6f4ee", "#1f2024", c.tint))
    c.rect(0, 0.50, 1, 0.57, "#e8e8e4")
    for i in range(20):
        c.rect(i / 20, 0.57, (i + 0.5) / 20, 0.60, "#c4281c")
        c.rect((i + 0.5) / 20, 0.57, (i + 1) / 20, 0.60, "#f4f2ec")


def stadium(c: Canvas) -> None:
    c.sweep(("#5aa4e4", "#cfe6f4"), ("#86c05a", "#5f9c42"))
    for j in range(8):
        for i in range(48):
            c.oval(
                i / 47 + 0.01 * (j % 2),
                0.27 + j * 0.036,
                0.010,
                0.013,
                c.rng.choice(("#c4483a", "#3a62a8", "#e8c84a", "#e8e4dc", "#5a5e68", "#d88a5a")),
            )
    for x in (0.1, 0.9):
        c.rect(x - 0.008, 0.06, x + 0.008, 0.3, "#8a9098")
        c.rect(x - 0.06, 0.04, x + 0.06, 0.10, "#fffbe8")
        c.glow(x, 0.07, 0.08, "#ffffff", 0.7)
    c.blur(3.6)
    c.rect(0, 0.555, 1, 0.605, c.tint)
    for k in range(5):
        if k % 2:
            c.poly(
                [(0, 0.62 + k * 0.08), (1, 0.62 + k * 0.08), (1, 0.70 + k * 0.08), (0, 0.70 + k * 0.08)], "#7cb852", 130
            )
    c.rect(0, 0.64, 1, 0.648, "#f4f8f0", 200)


def skatepark(c: Canvas) -> None:
    c.sweep(("#8cc4ea", "#dfeaf0"), ("#c2c4c6", "#a2a5a8"))
    c.towers(0.5, (0.1, 0.28), ("#a8b4c0", "#c4bcb0", "#98a4b0"), "#e8f0f4")
    c.blur(4)
    c.wall("#b8a49a", rows=5, row=0.05)
    c.rect(0, -0.02, 1, 0.36, "#b6d8ee")
    c.towers(0.36, (0.06, 0.24), ("#b4c0cc", "#ccc6bc", "#a4b0bc"), "#e8f0f4", 0.3)
    c.rect(0, 0.36, 1, 0.60, "#b09c92")
    for _ in range(9):
        x, colour = c.rng.random(), c.rng.choice(("#e0508c", "#3ab8d8", "#f4c81e", "#7a4ab0", "#6ac04a", c.tint))
        c.oval(x, 0.48, 0.09 * c.rng.uniform(0.6, 1.2), 0.06, colour, 235)
        c.oval(x + 0.02, 0.47, 0.04, 0.03, shade(colour, 0.4), 235)
    c.poly([(-0.02, 0.44), (0.06, 0.46), (0.14, 0.55), (0.26, 0.61), (-0.02, 0.61)], "#d0d2d4")
    c.poly([(1.02, 0.44), (0.94, 0.46), (0.86, 0.55), (0.74, 0.61), (1.02, 0.61)], "#c8cacc")


def city(c: Canvas) -> None:
    top, bottom = c.rng.choice((("#6ab0e8", "#dcecf6"), ("#e8a878", "#fbe4c8"), ("#9ab4d4", "#e4e8ee")))
    c.sweep((top, bottom), ("#bcbec2", "#989ba0"))
    c.towers(0.61, (0.26, 0.46), (mix(bottom, "#7a90ac", 0.5), mix(bottom, "#8a94a4", 0.5)), "#fff0c0")
    c.blur(3.4)
    c.towers(0.615, (0.12, 0.30), ("#b86a52", "#c9a878", "#8a9aa8", "#d0c4b0", "#7a8ca8", "#a8584a"), "#ffe9a8")
    for _ in range(3):
        c.tree(c.rng.random(), 0.62, 0.9, c.rng.choice(_GREENS))
    c.rect(0, 0.612, 1, 0.63, "#d4d5d6")


def neon(c: Canvas) -> None:
    c.sweep(("#120f2c", "#2a1c52", "#4c2a6e"), ("#3a2f5e", "#221c3e"), 0.012)
    c.towers(0.61, (0.24, 0.5), ("#2a2450", "#342a5c", "#221e46"), "#6ae0f0", 0.35)
    c.blur(2.8)
    lights = ("#ff4aa0", "#3ae0ff", "#ffd84a", "#8a6aff", "#4affb0")
    for _ in range(9):
        x, y, colour = c.rng.random(), c.rng.uniform(0.2, 0.52), c.rng.choice(lights)
        c.glow(x + 0.02, y + 0.04, 0.06, colour, 0.5)
        if c.rng.random() < 0.5:
            c.rect(x, y, x + 0.035, y + 0.10, colour, 230)
        else:
            c.rect(x, y, x + 0.10, y + 0.028, colour, 230)
    for _ in range(6):
        c.glow(c.rng.random(), 0.7 + 0.2 * c.rng.random(), 0.09, c.rng.choice(lights), 0.28)


def market(c: Canvas) -> None:
    c.sweep(("#8cc8ee", "#f0f0e4"), ("#cdb898", "#a8916e"))
    c.towers(0.58, (0.28, 0.42), ("#e8d0ac", "#dcb890", "#f0e0c4", "#d4a47c"), "#8a7a6a", 0.25)
    c.blur(3.2)
    for i, x in enumerate((0.0, 0.26, 0.52, 0.78)):
        first, second = ((c.tint, "#f8f4ea"), ("#2f8a6a", "#f8f4ea"), ("#d8783a", "#f8f4ea"), ("#3a6ab0", "#f8f4ea"))[i]
        c.rect(x + 0.01, 0.42, x + 0.02, 0.62, "#7a5a3a")
        c.rect(x + 0.22, 0.42, x + 0.23, 0.62, "#7a5a3a")
        for k in range(6):
            c.poly(
                [
                    (x + 0.04 * k, 0.44),
                    (x + 0.04 * (k + 1), 0.44),
                    (x + 0.03 + 0.03 * (k + 1), 0.36),
                    (x + 0.03 + 0.03 * k, 0.36),
                ],
                (first, second)[k % 2],
            )
        c.rect(x, 0.545, x + 0.24, 0.62, "#9a7048")
        for k in range(9):
            c.oval(
                x + 0.02 + k * 0.025,
                0.54,
                0.014,
                0.016,
                c.rng.choice(("#d83a2a", "#f0a02a", "#6ab04a", "#f4d84a", "#8a4a9a")),
            )


def site(c: Canvas) -> None:
    c.sweep(("#78b8e8", "#e6eef0"), ("#c8ae84", "#a48a62"))
    c.clouds(3, 0.08, 0.25)
    x = c.rng.choice((0.20, 0.74))
    c.rect(x, 0.08, x + 0.02, 0.60, "#f0b02a")
    c.rect(x - 0.22, 0.10, x + 0.32, 0.122, "#f0b02a")
    c.rect(x + 0.24, 0.12, x + 0.244, 0.26, "#5a5e64")
    c.blur(2.6)
    for i in range(7):
        c.rect(0.44 + i * 0.09, 0.26, 0.452 + i * 0.09, 0.61, "#8a9098")
    for j in range(4):
        c.rect(0.44, 0.27 + j * 0.09, 1.0, 0.285 + j * 0.09, "#b06a3a")
    c.brick(0.0, 0.50, 0.20, 0.11, "#b85a42")
    for i in range(8):
        c.poly(
            [(i / 8, 0.60), (i / 8 + 0.06, 0.60), (i / 8 + 0.09, 0.63), (i / 8 + 0.03, 0.63)],
            ("#f0b02a", "#2a2c30")[i % 2],
        )


def station(c: Canvas) -> None:
    c.sweep(("#a8cfe8", "#f0eee0"), ("#b4a898", "#8e8478"))
    c.rect(0, 0.16, 1, 0.60, "#c8785a")
    c.wall("#c4765a", rows=12)
    c.rect(0, -0.01, 1, 0.14, "#dcebf2")
    c.poly([(0, 0.10), (1, 0.10), (1, 0.19), (0, 0.19)], "#3f5a50")
    for i in range(6):
        c.arch(0.08 + i * 0.17, 0.28, 0.05, 0.52, "#f2e2b4")
    c.blur(3)
    for i in range(5):
        c.rect(0.02 + i * 0.24, 0.19, 0.038 + i * 0.24, 0.62, "#2f4a42")
    c.rect(0.455, 0.20, 0.545, 0.205, "#2f4a42")
    c.oval(0.5, 0.25, 0.045, 0.045, "#2f3a38")
    c.oval(0.5, 0.25, 0.036, 0.036, "#fbf6e4")
    c.rect(0, 0.60, 1, 0.618, "#e8c84a")


TOWN: Final = {
    "ruins": View(ruins, 2.5, diffuse=(1.04, 1.0, 0.95)),
    "village": View(village, 2.5),
    "dojo": View(dojo, 2.6, 0.14, (1.02, 1.0, 1.0), flakes=_PETALS),
    "haunted": View(haunted, 2.4, 0.26, (0.84, 0.87, 1.04), (0.8, 0.86, 1.08)),
    "candy": View(candy, 2.5, 0.1, (1.03, 0.99, 1.01)),
    "airfield": View(airfield, 2.4),
    "racetrack": View(racetrack, 2.4),
    "stadium": View(stadium, 2.4),
    "skatepark": View(skatepark, 2.4),
    "city": View(city, 2.5),
    "neon": View(neon, 2.4, 0.26, (0.98, 0.86, 1.06), (1.05, 0.85, 1.1)),
    "market": View(market, 2.4),
    "site": View(site, 2.4),
    "station": View(station, 2.4),
}  # fmt: skip
"""Views by name."""
