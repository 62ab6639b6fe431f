"""Backdrops by the water and under it."""

from __future__ import annotations

from typing import Final

from offline_model.figure.colour import shade

from .canvas import Canvas
from .view import Flakes, View

_BUBBLES = Flakes(("#e6fbff",), far=20, near=8, small=3, large=12, alpha=0.38, bottom=0.75)


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


WATERS: Final = {
    "beach": View(beach, 2.8, 0.12, (1.04, 1.02, 0.97), (1.04, 1.02, 0.98)),
    "lagoon": View(lagoon, 2.4, 0.14, (1.04, 1.02, 0.97), (1.04, 1.02, 0.98)),
    "sea": View(sea, 2.5),
    "harbour": View(harbour, 2.4),
    "river": View(river, 2.5),
    "underwater": View(underwater, 2.6, 0.24, (0.88, 1.0, 1.08), (0.85, 1.0, 1.08), _BUBBLES),
}  # fmt: skip
"""Views by name."""
