"""Backdrops of sky and space, and the enchanted wood."""

from __future__ import annotations

from typing import Final

from .canvas import Canvas
from .view import Flakes, View

_STARS = Flakes(("#ffffff", "#fff4d8"), far=90, small=0.8, large=3, alpha=0.95, bottom=0.56)
_SPRITES = Flakes(("#ffe9a0", "#c8b0ff", "#a0e0ff"), far=46, near=10, small=1.5, large=9, alpha=0.6, bottom=0.8)


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


HEAVENS: Final = {
    "sky": View(sky, 4.0, 0.1, (1.0, 1.01, 1.03)),
    "night": View(night, 2.2, 0.24, (0.80, 0.86, 1.06), (0.75, 0.85, 1.1), _STARS),
    "space": View(space, 2.0, 0.24, (0.90, 0.94, 1.06), (0.85, 0.92, 1.1), _STARS),
    "moon": View(moon, 1.6, 0.2, (0.98, 0.99, 1.02), (1, 1, 1.04), _STARS),
    "mars": View(mars, 2.4, 0.2, (1.07, 0.98, 0.90), (1.05, 0.98, 0.92)),
    "magic": View(magic, 2.6, 0.24, (0.96, 0.92, 1.10), (0.95, 0.9, 1.1), _SPRITES),
}  # fmt: skip
"""Views by name."""
