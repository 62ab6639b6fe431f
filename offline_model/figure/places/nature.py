"""Backdrops of land: snow, wood, meadow, desert, rock."""

from __future__ import annotations

from typing import Final

from offline_model.figure.colour import mix, shade

from .canvas import Canvas
from .view import Flakes, View

_GREENS: Final = ("#4f8f3e", "#6fae4e", "#3f7a3a", "#88bf5a", "#5a9a48")
_BLOSSOM: Final = ("#f2a0b8", "#ffd84a", "#ffffff", "#e0566a", "#b08ae0")
_SNOW = Flakes(("#ffffff",), far=34, near=12, small=2, large=8, alpha=0.9, bottom=0.95)
_MOTES = Flakes(("#fff6c8",), far=12, small=5, large=20, alpha=0.14, bottom=0.55)
_SPARKS = Flakes(("#ffb05a", "#ff8a3a"), far=26, near=6, small=1.5, large=5, alpha=0.6, bottom=0.7)


def snow(c: Canvas) -> None:
    c.sweep((c.rng.choice(("#7fb2e0", "#92b6e2", "#a9cbe8")), "#e2eef8"), ("#f3f7fb", "#dbe6f0"))
    c.glow(0.5, 0.4, 0.3, alpha=0.5)
    c.peaks(0.60, 0.24, "#8fb0d2", "#f4f8fc", 5)
    c.blur(2.5)
    for _ in range(5):
        c.pine(c.rng.random(), 0.60 + 0.02 * c.rng.random(), 0.8 + 0.4 * c.rng.random(), "#4a7a6a", "#f0f6fa")
    c.hills(0.63, 0.03, "#e9f1f8")


def icecave(c: Canvas) -> None:
    c.sweep(("#1f5a8a", "#6ab4dc", "#b8e4f4"), ("#d6eef8", "#a8cee2"))
    c.glow(0.5, 0.38, 0.26, "#e8fbff", 0.75)
    for i in range(14):
        x, deep = i / 13, 0.10 + 0.2 * c.rng.random()
        edge = abs(x - 0.5) * 0.5
        c.poly([(x - 0.06, -0.02), (x + 0.06, -0.02), (x, deep + edge)], mix("#2f7aac", "#9ad4ee", c.rng.random()), 210)
    c.blur(3)
    for _ in range(8):
        x = c.rng.choice((0.02, 0.10, 0.18, 0.26, 0.74, 0.82, 0.9, 0.98)) + 0.03 * c.rng.random()
        top = 0.36 + 0.16 * c.rng.random()
        c.poly(
            [(x - 0.05, 0.64), (x - 0.02, top), (x + 0.01, top - 0.03), (x + 0.05, 0.64)],
            mix("#5ab0dc", "#d8f4ff", c.rng.random()),
            220,
        )


def mountains(c: Canvas) -> None:
    c.sweep(("#5a9ad8", "#a8d0ee", "#e8f2f6"), ("#b8c49a", "#8a9a72"))
    c.clouds(4, 0.12, 0.3, alpha=150)
    c.peaks(0.60, 0.40, "#8a94aa", "#f6f9fc", 4)
    c.blur(2.6)
    c.peaks(0.61, 0.2, "#6f7a80", count=5)
    for _ in range(6):
        c.pine(c.rng.random(), 0.61, 0.6 + 0.4 * c.rng.random(), "#3f6a4a")
    c.hills(0.64, 0.03, "#9aac7e")


def forest(c: Canvas) -> None:
    c.sweep(("#a9cfae", "#dcecc8"), ("#8aa862", "#5f7f46"))
    c.glow(0.55, 0.3, 0.22, "#fff8d0", 0.6)
    for _ in range(12):
        c.pine(c.rng.random(), 0.58, 1.5 + 0.8 * c.rng.random(), c.rng.choice(("#8ab890", "#7aa884")))
    c.blur(4)
    for _ in range(9):
        x = c.rng.random()
        c.rect(x - 0.018, -0.02, x + 0.018, 0.61, c.rng.choice(("#6a5038", "#5a4632", "#7a5c40")))
    for _ in range(7):
        c.pine(c.rng.random(), 0.62, 1.0 + 0.5 * c.rng.random(), c.rng.choice(_GREENS))
    c.hills(0.64, 0.03, "#6f9a4e")


def autumn(c: Canvas) -> None:
    c.sweep(("#cfe0ea", "#f6ecd4"), ("#c8a06a", "#9c7444"))
    c.glow(0.6, 0.3, 0.25, "#fff0c0", 0.6)
    leaves = ("#d8702a", "#e8a030", "#c4481e", "#e0b844", "#b05a2a")
    for _ in range(8):
        c.tree(c.rng.random(), 0.58, 1.5 + 0.5 * c.rng.random(), c.rng.choice(leaves))
    c.blur(3.2)
    for _ in range(5):
        c.tree(c.rng.random(), 0.62, 1.3 + 0.6 * c.rng.random(), c.rng.choice(leaves), "#5a3e2a")
    c.hills(0.64, 0.025, "#b88a4a")
    c.flowers(50, 0.62, 0.9, leaves)


def jungle(c: Canvas) -> None:
    c.sweep(("#3f7a4a", "#a8d49a", "#d8eeb8"), ("#6a8a4a", "#4a6a38"))
    c.glow(0.5, 0.32, 0.2, "#f4ffd0", 0.7)
    for _ in range(8):
        c.tree(c.rng.random(), 0.60, 1.7 + 0.6 * c.rng.random(), c.rng.choice(("#5a9a5a", "#6aaa62", "#4a8a52")))
    c.blur(4)
    for _ in range(4):
        c.palm(c.rng.random(), 0.62, 1.2 + 0.5 * c.rng.random(), c.rng.uniform(-0.1, 0.1))
    for _ in range(16):
        x, deep = c.rng.random(), 0.08 + 0.22 * c.rng.random()
        c.rect(x - 0.004, -0.01, x + 0.004, deep, "#3a6a34")
    for side in (0.0, 1.0):
        for _ in range(9):
            c.oval(
                side + c.rng.uniform(-0.12, 0.12),
                c.rng.uniform(0.3, 0.7),
                0.09,
                0.03,
                c.rng.choice(("#2f6a34", "#3f8a3e", "#5aa04a")),
            )
    c.hills(0.66, 0.05, "#4f8442")


def swamp(c: Canvas) -> None:
    c.sweep(("#5f7a62", "#a8b890", "#c8ceac"), ("#7a8a5e", "#56643f"))
    for _ in range(6):
        x, lean = c.rng.random(), c.rng.uniform(-0.06, 0.06)
        c.poly([(x - 0.03, 0.62), (x + 0.03, 0.62), (x + lean + 0.012, 0.05), (x + lean - 0.012, 0.05)], "#566250")
        c.oval(x + lean, 0.08, 0.15, 0.07, "#6f8660")
    c.blur(4)
    c.haze("#dfe8cc", 0.30, 0.66, 0.55)
    for _ in range(6):
        x = c.rng.random()
        c.oval(x, 0.63 + 0.05 * c.rng.random(), 0.10, 0.012, "#8fae8a", 200)
    for _ in range(30):
        x = c.rng.random()
        c.rect(x - 0.003, 0.50 + 0.06 * c.rng.random(), x + 0.003, 0.64, "#5f7a3e")


def garden(c: Canvas) -> None:
    c.sweep(("#8fcaf0", "#dff0f2"), ("#94c864", "#6ca24a"))
    c.glow(0.7, 0.2, 0.2, "#fff8d8", 0.5)
    c.hills(0.58, 0.14, c.rng.choice(_GREENS))
    for _ in range(7):
        c.tree(c.rng.random(), 0.58, 1.1 + 0.6 * c.rng.random(), c.rng.choice(_GREENS))
    c.blur(3.2)
    for i in range(26):
        c.rect(i / 25 - 0.012, 0.53, i / 25 + 0.012, 0.625, "#f4f4ee")
    c.rect(0, 0.555, 1, 0.57, "#eceee6")
    c.hills(0.65, 0.03, "#6fae4e", 12)
    c.flowers(70, 0.60, 0.70, _BLOSSOM)


def meadow(c: Canvas) -> None:
    c.sweep(("#6ab6ee", "#c8e6f6"), ("#9ccc62", "#74ac48"))
    c.clouds(5, 0.08, 0.3)
    c.hills(0.58, 0.16, "#8cc06a", 5)
    c.blur(2.8)
    c.hills(0.60, 0.09, "#74b052", 6)
    for _ in range(4):
        c.tree(c.rng.random(), 0.59, 0.9 + 0.5 * c.rng.random(), c.rng.choice(_GREENS))
    c.hills(0.64, 0.03, "#8cc45a")
    c.flowers(36, 0.62, 0.86, _BLOSSOM[:4])


def farm(c: Canvas) -> None:
    c.sweep(("#7cc0f0", "#dceff6"), ("#d8bc62", "#b8924a"))
    c.clouds(3, 0.08, 0.24)
    c.hills(0.60, 0.08, "#9cc060", 5)
    for i in range(9):
        c.rect(0, 0.585 + i * 0.006, 1, 0.588 + i * 0.006, "#c8a848")
    c.blur(2.6)
    side = c.rng.choice((0.06, 0.66))
    c.house(side, 0.61, 0.26, 0.17, "#b83a30", "#7e2a26", "#f6ead0")
    c.rect(side + 0.09, 0.50, side + 0.17, 0.61, "#f2e6d0")
    for _ in range(3):
        c.tree(c.rng.random(), 0.61, 1.1, c.rng.choice(_GREENS))
    for i in range(15):
        c.rect(i / 14 - 0.006, 0.56, i / 14 + 0.006, 0.63, "#8a6238")
    c.rect(0, 0.58, 1, 0.588, "#8a6238")
    c.rect(0, 0.605, 1, 0.613, "#8a6238")


def savanna(c: Canvas) -> None:
    c.sweep(("#f0a850", "#f8d48a", "#fbe8b8"), ("#d8b060", "#b08a44"))
    c.glow(0.68, 0.38, 0.16, "#fff4c8", 0.9)
    c.oval(0.68, 0.38, 0.075, 0.075, "#fff2c0")
    c.hills(0.60, 0.05, "#c89a5a", 5)
    c.blur(3)
    for _ in range(4):
        x, s = c.rng.random(), 0.8 + 0.5 * c.rng.random()
        c.rect(x - 0.010, 0.60 - 0.17 * s, x + 0.010, 0.61, "#5a4028")
        for k in (-1, 0, 1):
            c.oval(x + k * 0.06 * s, 0.60 - 0.19 * s, 0.09 * s, 0.028 * s, "#6a7a34")
    for _ in range(60):
        x = c.rng.random()
        c.rect(x - 0.002, 0.585 + 0.02 * c.rng.random(), x + 0.003, 0.64, c.rng.choice(("#c8a050", "#b8923e")))


def desert(c: Canvas) -> None:
    c.sweep(("#7ab6dc", "#f6dca6"), ("#ecc07c", "#d09a54"))
    c.glow(0.75, 0.2, 0.2, "#fff4cc", 0.8)
    c.oval(0.75, 0.2, 0.055, 0.055, "#fff6d8")
    c.hills(0.60, 0.18, "#e2ac68", 4)
    c.blur(3)
    c.hills(0.62, 0.10, "#e8b870", 4)
    c.hills(0.66, 0.05, "#dca860", 6)


def canyon(c: Canvas) -> None:
    c.sweep(("#4f9ad8", "#b8dcee", "#f4e2c4"), ("#d89a62", "#b4703e"))
    for x, w, h in ((0.02, 0.24, 0.34), (0.34, 0.16, 0.22), (0.70, 0.30, 0.40)):
        for row in range(int(h / 0.04)):
            c.brick(
                x + row * 0.003,
                0.60 - (row + 1) * 0.04,
                w - row * 0.006,
                0.04,
                ("#c8683a", "#d88450", "#b4562e")[row % 3],
                studs=row == int(h / 0.04) - 1,
            )
    c.blur(2.8)
    c.hills(0.64, 0.05, "#cc8a54")
    for _ in range(3):
        x = c.rng.choice((0.1, 0.2, 0.8, 0.92))
        c.rect(x - 0.012, 0.50, x + 0.012, 0.63, "#5a8a4a")
        c.rect(x - 0.04, 0.54, x - 0.02, 0.575, "#5a8a4a")
        c.rect(x - 0.04, 0.57, x, 0.585, "#5a8a4a")


def cave(c: Canvas) -> None:
    c.sweep(("#2c2430", "#5a4a50", "#8a7468"), ("#7a685c", "#524540"), 0.02)
    c.glow(0.5, 0.36, 0.24, "#ffd89a", 0.5)
    for _ in range(14):
        x = c.rng.random()
        c.poly(
            [(x - 0.06, -0.02), (x + 0.06, -0.02), (x, 0.10 + 0.26 * abs(x - 0.5) + 0.1 * c.rng.random())],
            "#352b33",
            230,
        )
    c.blur(3.5)
    for _ in range(9):
        x = c.rng.choice((0.03, 0.1, 0.18, 0.27, 0.72, 0.8, 0.9, 0.97)) + 0.03 * c.rng.random()
        top = 0.44 + 0.1 * c.rng.random()
        c.poly(
            [(x - 0.025, 0.63), (x - 0.006, top), (x + 0.01, top + 0.01), (x + 0.025, 0.63)],
            c.rng.choice(("#6ad8e8", "#b07ae8", "#f0b04a")),
            225,
        )
    c.hills(0.65, 0.03, "#6a5a52")


def volcano(c: Canvas) -> None:
    c.sweep(("#3a2430", "#8a3a34", "#e0804a"), ("#5a4846", "#382e30"), 0.02)
    c.glow(0.6, 0.28, 0.2, "#ffb060", 0.7)
    for row in range(9):
        half = 0.33 - row * 0.03
        c.brick(0.6 - half, 0.60 - (row + 1) * 0.036, 2 * half, 0.037, shade("#4a3236", c.rng.uniform(-0.1, 0.1)))
    c.poly(
        [(0.54, 0.28), (0.66, 0.28), (0.635, 0.42), (0.66, 0.60), (0.60, 0.60), (0.585, 0.44), (0.565, 0.5)], "#ff7a2a"
    )
    c.clouds(4, 0.06, 0.2, "#6a4a4a", 150)
    c.blur(3)
    c.hills(0.65, 0.04, "#4a3c3e")
    for _ in range(6):
        x, y = c.rng.random(), c.rng.uniform(0.66, 0.9)
        c.oval(x, y, 0.08, 0.012, "#ff8a3a", 190)


NATURE: Final = {
    "snow": View(snow, 2.6, 0.12, (0.98, 1.01, 1.05), (1, 1, 1.04), _SNOW),
    "icecave": View(icecave, 2.6, 0.2, (0.92, 1.0, 1.08), (0.92, 1, 1.08)),
    "mountains": View(mountains, 2.4, diffuse=(0.99, 1.0, 1.03)),
    "forest": View(forest, 2.6, 0.22, (0.98, 1.02, 0.95), (1, 1.02, 0.95), _MOTES),
    "autumn": View(autumn, 2.6, 0.2, (1.05, 1.0, 0.93), (1.04, 1, 0.93), _MOTES),
    "jungle": View(jungle, 2.6, 0.24, (0.96, 1.03, 0.94), (1, 1.03, 0.95), _MOTES),
    "swamp": View(swamp, 2.8, 0.24, (0.95, 1.01, 0.93)),
    "garden": View(garden, 2.4, flakes=_MOTES),
    "meadow": View(meadow, 2.4),
    "farm": View(farm, 2.4, diffuse=(1.03, 1.0, 0.96)),
    "savanna": View(savanna, 2.6, 0.22, (1.08, 1.0, 0.88), (1.06, 1, 0.9)),
    "desert": View(desert, 2.6, 0.18, (1.06, 1.0, 0.91), (1.05, 1, 0.92)),
    "canyon": View(canyon, 2.5, 0.2, (1.05, 0.99, 0.93), (1.04, 1, 0.94)),
    "cave": View(cave, 2.6, 0.26, (0.97, 0.94, 0.94), (0.97, 0.95, 0.97)),
    "volcano": View(volcano, 2.6, 0.24, (1.08, 0.95, 0.88), (1.1, 0.92, 0.85), _SPARKS),
}  # fmt: skip
"""Views by name."""
