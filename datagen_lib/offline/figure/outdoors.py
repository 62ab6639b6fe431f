"""Backdrops under the open sky, under water and in space."""

from __future__ import annotations

from typing import Final

from .canvas import HORIZON, Canvas
from .colour import mix, shade
from .view import Flakes, View

_GREENS: Final = ("#4f8f3e", "#6fae4e", "#3f7a3a", "#88bf5a", "#5a9a48")
_BLOSSOM: Final = ("#f2a0b8", "#ffd84a", "#ffffff", "#e0566a", "#b08ae0")
_SNOW = Flakes(("#ffffff",), far=34, near=12, small=2, large=8, alpha=0.9, bottom=0.95)
_STARS = Flakes(("#ffffff", "#fff4d8"), far=90, small=0.8, large=3, alpha=0.95, bottom=0.56)
_MOTES = Flakes(("#fff6c8",), far=12, small=5, large=20, alpha=0.14, bottom=0.55)
_BUBBLES = Flakes(("#e6fbff",), far=20, near=8, small=3, large=12, alpha=0.38, bottom=0.75)
_SPARKS = Flakes(("#ffb05a", "#ff8a3a"), far=26, near=6, small=1.5, large=5, alpha=0.6, bottom=0.7)
_SPRITES = Flakes(("#ffe9a0", "#c8b0ff", "#a0e0ff"), far=46, near=10, small=1.5, large=9, alpha=0.6, bottom=0.8)
_PETALS = Flakes(("#f8c0d0", "#fbdce6"), far=18, near=6, small=3, large=8, alpha=0.8, bottom=0.8)


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


def beach(c: Canvas) -> None:
    c.sweep(("#6cc0f0", "#d8f2fa"), ("#3ab0cc", "#8adede"), horizon=0.44)
    c.clouds(4, 0.08, 0.26)
    c.rect(0, 0.565, 1, 0.60, "#ffffff", 190)
    c.rect(0, 0.59, 1, 1.0, "#f4e2b4")
    c.rect(0, 0.75, 1, 1.0, "#ecd6a0", 130)
    c.blur(3.5)
    if c.rng.random() < 0.6:
        x = c.rng.choice((0.12, 0.86))
        c.rect(x - 0.006, 0.36, x + 0.006, 0.62, "#c8ced4")
        for k, colour in enumerate((c.tint, "#f6f2ea", c.tint, "#f6f2ea")):
            c.poly([(x - 0.13 + k * 0.065, 0.40), (x - 0.065 + k * 0.065, 0.40), (x, 0.32)], colour)


def lagoon(c: Canvas) -> None:
    beach(c)
    for x in (0.04, 0.16, 0.88, 0.98):
        c.palm(x + 0.03 * c.rng.random(), 0.62, 1.2 + 0.4 * c.rng.random(), 0.12 if x < 0.5 else -0.12)


def sea(c: Canvas) -> None:
    c.sweep(("#74bcec", "#dceff8"), ("#2f86b8", "#276a9a"), horizon=0.45)
    c.clouds(5, 0.08, 0.32)
    for _ in range(26):
        x, y = c.rng.random(), c.rng.uniform(0.47, 0.6)
        c.rect(x, y, x + 0.08, y + 0.005, "#8ac8e8", 130)
    x = c.rng.choice((0.14, 0.80))
    c.poly([(x, 0.445), (x + 0.12, 0.445), (x + 0.10, 0.47), (x + 0.02, 0.47)], "#6a4426")
    c.poly([(x + 0.06, 0.44), (x + 0.06, 0.33), (x + 0.115, 0.43)], "#ffffff")
    c.rect(0, 0.615, 1, 1, "#b8875a")
    c.blur(3)
    c.boards("#b8875a")
    for i in range(9):
        c.rect(i / 8 - 0.010, 0.52, i / 8 + 0.010, 0.63, "#8a5c36")
    c.rect(0, 0.505, 1, 0.53, "#9c6a40")


def harbour(c: Canvas) -> None:
    c.sweep(("#86bce4", "#e6eef2"), ("#4a8aac", "#3f7596"), horizon=0.5)
    c.clouds(3, 0.08, 0.25)
    c.hills(0.505, 0.06, "#7a9a8a", 5)
    x = c.rng.choice((0.14, 0.84))
    for k, colour in enumerate(("#c43a2e", "#f4f2ea", "#c43a2e", "#f4f2ea", "#c43a2e")):
        c.poly(
            [
                (x - 0.05 + k * 0.005, 0.50 - k * 0.07),
                (x + 0.05 - k * 0.005, 0.50 - k * 0.07),
                (x + 0.045 - k * 0.005, 0.43 - k * 0.07),
                (x - 0.045 + k * 0.005, 0.43 - k * 0.07),
            ],
            colour,
        )
    c.rect(x - 0.024, 0.10, x + 0.024, 0.15, "#fff2b8")
    c.poly([(x - 0.035, 0.10), (x + 0.035, 0.10), (x, 0.06)], "#3a4048")
    c.blur(2.6)
    for boat in (0.3, 0.55):
        bx = boat + 0.1 * c.rng.random()
        c.poly(
            [(bx, 0.53), (bx + 0.13, 0.53), (bx + 0.11, 0.565), (bx + 0.02, 0.565)],
            c.rng.choice((c.tint, "#1f5fb4", "#c4281c")),
        )
        c.rect(bx + 0.06, 0.40, bx + 0.066, 0.53, "#6a5a48")
    c.rect(0, 0.60, 1, 1, "#a88a68")
    c.boards("#a88a68")
    for i in range(6):
        c.rect(i / 5 - 0.016, 0.55, i / 5 + 0.016, 0.63, "#6f563c")


def river(c: Canvas) -> None:
    c.sweep(("#8cc8ea", "#e4f0ea"), ("#9cba74", "#73984f"))
    c.hills(0.50, 0.14, "#86aa7c", 5)
    for _ in range(9):
        c.pine(c.rng.random(), 0.51, 0.7 + 0.4 * c.rng.random(), "#4f8456")
    c.rect(0, 0.505, 1, 0.60, "#6ab0d0")
    for _ in range(20):
        x, y = c.rng.random(), c.rng.uniform(0.515, 0.59)
        c.rect(x, y, x + 0.1, y + 0.005, "#cfeaf4", 150)
    c.blur(3)
    c.hills(0.64, 0.035, "#7fa858")
    for _ in range(5):
        c.oval(c.rng.random(), 0.61, 0.04, 0.018, "#9a9c96")


def underwater(c: Canvas) -> None:
    c.sweep(("#7cdcec", "#2a9cc8", "#17689c"), ("#cdbb8a", "#a8946a"), 0.02)
    for i in range(5):
        c.beam(0.05 + 0.2 * i + 0.06 * c.rng.random(), 0.07, "#d6f6ff", 36, 0.1)
    for _ in range(4):
        c.oval(c.rng.random(), 0.62, 0.1 + 0.08 * c.rng.random(), 0.05 + 0.06 * c.rng.random(), "#1f6a8c", 210)
    c.blur(5)
    for _ in range(9):
        x, colour = c.rng.random(), c.rng.choice(("#e0604a", "#f0a03a", "#c85a9a", "#4aa88a", "#8a6ac8"))
        for k in range(3):
            c.rect(x + k * 0.02 - 0.008, 0.60 - c.rng.uniform(0.02, 0.10), x + k * 0.02 + 0.008, 0.64, colour)
        c.oval(x + 0.02, 0.64, 0.05, 0.02, shade(colour, -0.2))
    for _ in range(5):
        x = c.rng.choice((0.04, 0.12, 0.88, 0.96))
        c.rect(x - 0.006, 0.32 + 0.1 * c.rng.random(), x + 0.006, 0.65, "#2f8a5a")


def sky(c: Canvas) -> None:
    c.sweep(("#4a9ae4", "#a8d4f4", "#eaf4fa"), ("#e8f0f6", "#cfdeea"), 0.05)
    c.clouds(9, 0.04, 0.52, alpha=190)
    c.blur(5)
    c.clouds(8, 0.57, 0.66, alpha=200)


def night(c: Canvas) -> None:
    c.sweep(("#131d42", "#2f4278", "#5a6a9a"), ("#46507a", "#2f385c"), 0.02)
    x = c.rng.choice((0.2, 0.78))
    c.glow(x, 0.18, 0.16, "#fff4cc", 0.5)
    c.oval(x, 0.18, 0.065, 0.065, "#f8f2d8")
    c.hills(0.60, 0.14, "#2c3c6c", 6)
    c.blur(2.4)
    for _ in range(5):
        c.pine(c.rng.random(), 0.62, 0.9 + 0.4 * c.rng.random(), "#22305a")
    c.hills(0.65, 0.05, "#2a365f")


def space(c: Canvas) -> None:
    c.sweep(("#0c1030", "#1c2350", "#39336e"), ("#4a4a78", "#2f3058"), 0.03)
    for _ in range(6):
        c.glow(
            c.rng.random(),
            0.5 * c.rng.random(),
            0.10 + 0.12 * c.rng.random(),
            c.rng.choice(("#6a3ab0", "#2a62c0", "#b03a86", "#2a9ab0")),
            0.45,
        )
    x = c.rng.choice((0.2, 0.8))
    c.planet(
        x,
        0.2,
        0.10,
        c.rng.choice(("#d98a4a", "#5aa6d0", "#b07ac8", "#6ab08a")),
        "#e8d8c0" if c.rng.random() < 0.6 else "",
    )
    c.hills(0.66, 0.04, "#54547e")


def moon(c: Canvas) -> None:
    c.sweep(("#090c1e", "#161b38"), ("#b4b6bc", "#84878f"), 0.008)
    x = c.rng.choice((0.2, 0.8))
    c.planet(x, 0.2, 0.11, "#2f78c8")
    c.oval(x - 0.03, 0.19, 0.05, 0.025, "#6ab07a", 150)
    c.hills(0.60, 0.07, "#8f9198", 6)
    c.blur(1.6)
    for _ in range(9):
        y = c.rng.uniform(0.64, 0.95)
        r = (y - 0.55) * 0.16
        x = c.rng.random()
        c.oval(x, y, r, r * 0.28, "#7c7f87", 190)
        c.oval(x, y + r * 0.06, r * 0.85, r * 0.2, "#a2a5ac", 190)


def mars(c: Canvas) -> None:
    c.sweep(("#c88a5a", "#eab888", "#f4d4aa"), ("#c8683a", "#9a4826"))
    c.oval(0.78, 0.16, 0.035, 0.035, "#fdf0d8")
    c.peaks(0.60, 0.2, "#b0603a", count=4)
    c.blur(3)
    c.hills(0.64, 0.05, "#b85a32", 6)
    for x in c.rng.sample((0.08, 0.2, 0.82, 0.93), 2):
        c.oval(x, 0.61, 0.09, 0.075, "#e8e6e0")
        c.rect(x - 0.1, 0.61, x + 0.1, 0.70, "#b85a32")
        c.rect(x - 0.02, 0.57, x + 0.02, 0.61, "#5a6a78")


def magic(c: Canvas) -> None:
    c.sweep(("#33225f", "#5a3f94", "#a47ac8"), ("#6a5496", "#44386a"), 0.03)
    for _ in range(5):
        c.glow(
            c.rng.random(), 0.55 * c.rng.random(), 0.16, c.rng.choice(("#8a5ad8", "#4a7ad8", "#d05ab0", "#4ac0c8")), 0.5
        )
    for _ in range(8):
        c.tree(
            c.rng.random(), 0.60, 1.6 + 0.6 * c.rng.random(), c.rng.choice(("#6a4aa8", "#4a5aa8", "#8a5ab8")), "#3a2a5a"
        )
    c.blur(4)
    c.hills(0.64, 0.04, "#564884")
    for _ in range(10):
        x = c.rng.random()
        c.rect(x - 0.005, 0.585, x + 0.005, 0.625, "#e8dcf4")
        c.oval(x, 0.585, 0.022, 0.014, c.rng.choice(("#7af0e0", "#f08ad8", "#ffe08a")))


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


OUTDOORS: Final = {
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
    "beach": View(beach, 2.8, 0.12, (1.04, 1.02, 0.97), (1.04, 1.02, 0.98)),
    "lagoon": View(lagoon, 2.4, 0.14, (1.04, 1.02, 0.97), (1.04, 1.02, 0.98)),
    "sea": View(sea, 2.5),
    "harbour": View(harbour, 2.4),
    "river": View(river, 2.5),
    "underwater": View(underwater, 2.6, 0.24, (0.88, 1.0, 1.08), (0.85, 1.0, 1.08), _BUBBLES),
    "sky": View(sky, 4.0, 0.1, (1.0, 1.01, 1.03)),
    "night": View(night, 2.2, 0.24, (0.80, 0.86, 1.06), (0.75, 0.85, 1.1), _STARS),
    "space": View(space, 2.0, 0.24, (0.90, 0.94, 1.06), (0.85, 0.92, 1.1), _STARS),
    "moon": View(moon, 1.6, 0.2, (0.98, 0.99, 1.02), (1, 1, 1.04), _STARS),
    "mars": View(mars, 2.4, 0.2, (1.07, 0.98, 0.90), (1.05, 0.98, 0.92)),
    "magic": View(magic, 2.6, 0.24, (0.96, 0.92, 1.10), (0.95, 0.9, 1.1), _SPRITES),
    "cave": View(cave, 2.6, 0.26, (0.97, 0.94, 0.94), (0.97, 0.95, 0.97)),
    "volcano": View(volcano, 2.6, 0.24, (1.08, 0.95, 0.88), (1.1, 0.92, 0.85), _SPARKS),
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
"""Backdrops by name. The ground begins at `HORIZON`."""

assert HORIZON == 0.60  # the scenery above is drawn to it
