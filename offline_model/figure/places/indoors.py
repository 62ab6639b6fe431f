"""Backdrops under a roof, and the photo studio."""

from __future__ import annotations

from typing import Final

from offline_model.figure.colour import shade

from .canvas import Canvas
from .view import Flakes, View

_BOOKS: Final = ("#8a2a2a", "#2a5a4a", "#2a3a6a", "#c09a4a", "#6a4a2a", "#b08a6a", "#4a2a4a")
_GLASS: Final = ("#5ab0d0", "#6ac08a", "#e0a040", "#d06a8a", "#f4f8fa", "#8a7ad0")
_CROCKERY: Final = ("#c85a3a", "#5a8a6a", "#e0b04a", "#8a9ab0", "#b04a5a", "#f0ece2")
_STAGE_LIGHTS = Flakes(
    ("#ff8ab0", "#ffe0a0", "#8ad8ff", "#c08aff"), far=22, small=8, large=24, alpha=0.3, top=0.08, bottom=0.55
)


def studio(c: Canvas) -> None:
    """A sweep without a horizon: the wall runs into the floor, a pool of light behind the figure."""
    t = c.tint
    c.sweep(
        (shade(t, -0.07), shade(t, 0.0), shade(t, 0.2)), (shade(t, 0.34), shade(t, 0.2), shade(t, 0.04)), 0.09, 0.66
    )
    c.glow(0.44, 0.40, 0.30, shade(t, 0.85), 0.55)
    c.glow(0.5, 0.88, 0.30, shade(t, 0.8), 0.30)


def observatory(c: Canvas) -> None:
    c.sweep(("#1a2048", "#343c70", "#5a5f92"), ("#6a6480", "#48445e"))
    c.poly([(0.30, -0.02), (0.70, -0.02), (0.62, 0.46), (0.38, 0.46)], "#0d1230")
    c.glow(0.5, 0.2, 0.12, "#6a7ae0", 0.5)
    for side in (-1, 1):
        for k in range(5):
            c.poly(
                [
                    (0.5 + side * (0.2 + 0.1 * k), -0.02),
                    (0.5 + side * (0.208 + 0.1 * k), -0.02),
                    (0.5 + side * (0.13 + 0.1 * k), 0.5),
                    (0.5 + side * (0.122 + 0.1 * k), 0.5),
                ],
                "#2a3060",
            )
    c.blur(3)
    c.poly([(0.66, 0.60), (0.70, 0.60), (0.80, 0.28), (0.76, 0.26)], "#c8a050")
    c.poly([(0.62, 0.40), (0.90, 0.22), (0.93, 0.28), (0.65, 0.45)], "#d8b060")
    c.shelf(0.58, "books", (*_BOOKS, "#4a3a3a"), 0.0, 0.28)


def court(c: Canvas) -> None:
    c.sweep(("#cfd8dc", "#e8ecec"), ("#d8a468", "#b8803f"))
    c.rect(0, 0.40, 1, 0.60, c.tint)
    for i in range(6):
        c.window(0.03 + i * 0.17, 0.06, 0.11, 0.18, "#e6f4fa", "#a8b4ba")
    for i in range(3):
        c.rect(0, 0.43 + i * 0.05, 1, 0.436 + i * 0.05, shade(c.tint, 0.3))
    c.blur(3.4)
    x = 0.14
    c.rect(x - 0.10, 0.24, x + 0.10, 0.38, "#f6f6f2")
    c.rect(x - 0.04, 0.29, x + 0.04, 0.35, "#d0483a")
    c.rect(x - 0.05, 0.385, x + 0.05, 0.395, "#e0641e")
    c.boards("#d8a468")
    c.rect(0, 0.655, 1, 0.663, "#f6f4ec", 220)


def castle(c: Canvas) -> None:
    c.sweep(("#767c8e", "#a2a6b2"), ("#98938a", "#716c66"))
    c.wall("#8f94a2", rows=12)
    c.arch(0.80, 0.16, 0.085, 0.62, "#3f455c")
    c.arch(0.80, 0.18, 0.070, 0.62, "#566a8e")
    for x in (0.22, 0.50):
        c.poly([(x - 0.06, 0.06), (x + 0.06, 0.06), (x + 0.06, 0.38), (x, 0.32), (x - 0.06, 0.38)], c.tint)
        c.oval(x, 0.18, 0.026, 0.026, shade(c.tint, 0.5))
    for x in (0.04, 0.64, 0.96):
        c.glow(x, 0.30, 0.07, "#ffc870", 0.7)
        c.oval(x, 0.31, 0.012, 0.024, "#ffe0a0")


def throne(c: Canvas) -> None:
    c.sweep(("#5a1c2c", "#8a3440", "#a8505a"), ("#9a6a5a", "#6a4440"))
    for i in range(15):
        x = i / 14
        c.rect(x - 0.02, -0.01, x + 0.012, 0.60, ("#7a2634", "#8e323e")[i % 2])
    for x in (0.08, 0.30, 0.70, 0.92):
        c.rect(x - 0.035, -0.01, x + 0.035, 0.60, "#e4d2b0")
        c.rect(x - 0.012, -0.01, x + 0.012, 0.60, "#f2e4c8")
        c.rect(x - 0.05, 0.02, x + 0.05, 0.06, "#d8a83a")
        c.rect(x - 0.05, 0.55, x + 0.05, 0.60, "#d8a83a")
    c.blur(3)
    c.poly([(0.40, 0.60), (0.60, 0.60), (0.60, 0.22), (0.50, 0.13), (0.40, 0.22)], "#c8962e")
    c.poly([(0.425, 0.58), (0.575, 0.58), (0.575, 0.25), (0.50, 0.18), (0.425, 0.25)], "#a8283a")
    for x in (0.19, 0.81):
        c.glow(x, 0.26, 0.08, "#ffd890", 0.75)
        c.oval(x, 0.27, 0.014, 0.026, "#fff0c8")
    c.poly([(0.36, 0.60), (0.64, 0.60), (0.86, 1.0), (0.14, 1.0)], "#9a2636", 170)


def kitchen(c: Canvas) -> None:
    c.sweep(("#f3e6d2", "#faf2e4"), ("#e0c296", "#c09a68"))
    c.wall("#f2eadc", rows=12, row=0.05, wide=0.083, vary=0.03)
    c.rect(0, 0.46, 1, 0.60, shade(c.tint, 0.25))
    c.rect(0, 0.44, 1, 0.465, "#8a6a4a")
    for i in range(5):
        c.rect(0.03 + i * 0.2, 0.485, 0.19 + i * 0.2, 0.59, shade(c.tint, 0.38))
    c.blur(3)
    c.shelf(0.20, "pots", (*_CROCKERY, "#a8743e"))
    for i in range(7):
        x = 0.06 + i * 0.14
        c.rect(x - 0.004, 0.21, x + 0.004, 0.28, "#8a8f94")
        c.oval(x, 0.31, 0.035, 0.035, ("#4a4e56", "#b8744a", "#c8ccd0")[i % 3])
    c.shelf(0.445, "pots", (*_CROCKERY, "#8a6a4a"), 0.62, 0.98)


def cafe(c: Canvas) -> None:
    c.sweep(("#6a4a3a", "#9a7254"), ("#b48a60", "#86623f"))
    c.window(0.06, 0.10, 0.26, 0.30, "#f8e8c0", "#4a3226")
    c.rect(0.42, 0.06, 0.94, 0.30, "#2f3a36")
    for j in range(3):
        c.rect(0.46, 0.10 + j * 0.06, 0.46 + c.rng.uniform(0.2, 0.4), 0.115 + j * 0.06, "#dfe6dc", 150)
    c.blur(3.4)
    c.shelf(0.42, "pots", (*_CROCKERY, "#5a3a28"), 0.42, 0.96)
    c.rect(0, 0.50, 1, 0.61, "#5a3c2a")
    c.rect(0, 0.485, 1, 0.505, "#c89a68")
    for x in (0.16, 0.40, 0.64, 0.88):
        c.rect(x - 0.002, -0.01, x + 0.002, 0.08, "#2a221e")
        c.glow(x, 0.10, 0.07, "#ffd890", 0.7)
        c.oval(x, 0.10, 0.022, 0.024, "#fff0c8")


def lab(c: Canvas) -> None:
    c.sweep(("#c4dae4", "#e8f2f6"), ("#eef2f4", "#ccd6dc"))
    c.glow(0.5, 0.3, 0.3, alpha=0.5)
    for y in (0.2, 0.38):
        c.shelf(y, "bottles", (*_GLASS, "#a8bec8"))
    c.blur(3)
    c.rect(0, 0.55, 1, 0.61, "#f6f9fa")
    c.shelf(0.55, "bottles", (*_GLASS, "#dfe8ec"), 0.0, 0.34)
    c.shelf(0.55, "bottles", (*_GLASS, "#dfe8ec"), 0.66, 1.0)
    c.rect(0.44, 0.10, 0.58, 0.12, "#ffffff")


def clinic(c: Canvas) -> None:
    c.sweep(("#d0e6e4", "#eef6f4"), ("#e2ecea", "#c0d0ce"))
    c.window(0.06, 0.12, 0.24, 0.28, "#dff2fb", "#ffffff")
    c.rect(0, 0.44, 1, 0.47, "#8ac4bc")
    c.blur(3)
    c.rect(0.62, 0.10, 0.96, 0.60, "#f8fbfb")
    c.rect(0.62, 0.10, 0.63, 0.60, "#c8d8d6")
    c.rect(0.775, 0.17, 0.805, 0.29, "#d84a4a")
    c.rect(0.73, 0.215, 0.85, 0.245, "#d84a4a")
    for i in range(6):
        c.rect(0.37 + i * 0.04, 0.05, 0.40 + i * 0.04, 0.60, ("#b8dcd8", "#a8d0cc")[i % 2])
    c.rect(0.02, 0.52, 0.30, 0.60, "#f4f8f8")


def library(c: Canvas) -> None:
    c.sweep(("#5a3e2a", "#7a5638"), ("#a87a50", "#7c5634"))
    for y in (0.14, 0.28, 0.42, 0.56):
        c.shelf(y, "books", (*_BOOKS, "#4a301e"))
    for x in (0.0, 0.33, 0.66, 0.985):
        c.rect(x - 0.012, -0.01, x + 0.016, 0.60, "#4e3322")
    c.blur(1.6)
    for x in (0.165, 0.83):
        c.glow(x, 0.24, 0.10, "#ffd48a", 0.45)


def classroom(c: Canvas) -> None:
    c.sweep(("#e8dcc4", "#f4ecdc"), ("#d4b084", "#b08a5c"))
    c.rect(0.22, 0.10, 0.78, 0.44, "#a8743e")
    c.rect(0.235, 0.115, 0.765, 0.425, "#2f5a48")
    for _ in range(5):
        x, y = c.rng.uniform(0.26, 0.62), c.rng.uniform(0.15, 0.38)
        c.rect(x, y, x + c.rng.uniform(0.05, 0.13), y + 0.010, "#dfe8df", 140)
    c.oval(0.68, 0.22, 0.04, 0.04, "#cfe0d4", 120)
    c.window(0.02, 0.12, 0.14, 0.26, "#cfeafa", "#ffffff")
    c.blur(3)
    c.shelf(0.57, "books", (*_CROCKERY, "#b8844a"), 0.0, 0.24)
    c.shelf(0.57, "books", (*_CROCKERY, "#b8844a"), 0.78, 1.0)
    c.bunting(0.0, ("#e05a4a", "#f0c04a", "#5aa8d8", "#6ab86a"), 0.03)


def office(c: Canvas) -> None:
    c.sweep(("#c8d4de", "#eaf0f4"), ("#b4bac2", "#949ca6"))
    for i in range(5):
        x = 0.01 + i * 0.2
        c.rect(x, 0.06, x + 0.18, 0.50, "#dcecf8")
        for _ in range(4):
            w = c.rng.uniform(0.03, 0.06)
            bx = x + c.rng.uniform(0.0, 0.12)
            c.rect(bx, c.rng.uniform(0.24, 0.40), bx + w, 0.50, c.rng.choice(("#b4c8da", "#a4b8cc", "#c4d2de")))
    c.blur(3.4)
    c.rect(0, 0.53, 1, 0.61, "#dcd2c4")
    for x in (0.08, 0.30, 0.72, 0.90):
        c.rect(x - 0.06, 0.42, x + 0.06, 0.51, "#2f3640")
        c.rect(x - 0.05, 0.43, x + 0.05, 0.50, c.rng.choice(("#5ab0e0", "#7ac8a0", "#e0a05a")))
    for x in (0.02, 0.98):
        c.tree(x, 0.60, 1.0, "#5a9a5a", "#c8a070")


def stage(c: Canvas) -> None:
    c.sweep(("#1c1230", "#3a2050", "#5a2f5e"), ("#6a4436", "#3f2a28"), 0.012)
    for x, colour in ((0.16, "#ff5a8a"), (0.38, "#8a6aff"), (0.62, "#ffd87a"), (0.84, "#5ac8ff")):
        c.beam(x, 0.15, colour, 78, c.rng.uniform(-0.08, 0.08))
    for i in range(7):
        for side in (0, 1):
            x = i * 0.026 if side == 0 else 1 - i * 0.026
            c.rect(x - 0.014, -0.01, x + 0.014, 0.62, shade("#8a1f34", (-0.25, 0.05)[i % 2]))
    c.rect(0, -0.01, 1, 0.05, "#6f1a2c")
    c.blur(3)
    c.boards("#5e3e32")
    for i in range(9):
        c.glow(0.06 + i * 0.11, 0.605, 0.022, "#fff0c8", 0.85)


def circus(c: Canvas) -> None:
    c.sweep(("#c83a34", "#e8a05a"), ("#e2bc7c", "#b88a4c"))
    for i in range(18):
        a, b = i / 18, (i + 1) / 18
        far_a, far_b = 0.5 + (a - 0.5) * 0.10, 0.5 + (b - 0.5) * 0.10
        near_a, near_b = 0.5 + (a - 0.5) * 1.6, 0.5 + (b - 0.5) * 1.6
        c.poly([(far_a, -0.10), (far_b, -0.10), (near_b, 0.40), (near_a, 0.40)], ("#c8322e", "#f8f0dc")[i % 2])
        c.rect(a, 0.40, b, 0.60, ("#a8282a", "#e8dcc0")[i % 2])
    c.blur(2.8)
    c.rect(0, 0.55, 1, 0.61, "#2f5aa8")
    for i in range(12):
        c.oval(0.04 + i * 0.084, 0.58, 0.014, 0.014, "#f8d85a")
        c.glow(0.04 + i * 0.084, 0.40, 0.02, "#fff2c0", 0.85)


def museum(c: Canvas) -> None:
    c.sweep(("#dcd6ca", "#f0ece2"), ("#d6cbb8", "#b0a48e"))
    for x in (0.04, 0.34, 0.66, 0.96):
        c.rect(x - 0.035, -0.01, x + 0.035, 0.60, "#e8e2d6")
        c.rect(x - 0.035, -0.01, x - 0.015, 0.60, "#f6f2ea")
        c.rect(x - 0.05, 0.0, x + 0.05, 0.05, "#d8d0c0")
    for x, colour in ((0.19, c.tint), (0.81, "#3a6a8a")):
        c.rect(x - 0.09, 0.13, x + 0.09, 0.40, "#b8923e")
        c.rect(x - 0.075, 0.145, x + 0.075, 0.385, shade(colour, 0.3))
        c.oval(x, 0.30, 0.05, 0.06, shade(colour, -0.2))
        c.glow(x, 0.18, 0.09, "#fff4d8", 0.4)
    c.blur(2.8)
    for x in (0.13, 0.25, 0.75, 0.87):
        c.rect(x - 0.005, 0.52, x + 0.005, 0.61, "#c8a040")
    for left in (0.13, 0.75):
        c.rect(left, 0.535, left + 0.12, 0.545, "#8a2a34")


def workshop(c: Canvas) -> None:
    c.sweep(("#b48658", "#cda478"), ("#cdaa80", "#a27c52"))
    for j in range(10):
        for i in range(20):
            c.oval(0.025 + i * 0.05, 0.03 + j * 0.05, 0.006, 0.006, "#7a5634", 200)
    c.blur(1.2)
    for i in range(8):
        x, y, colour = (
            0.06 + i * 0.126,
            c.rng.uniform(0.10, 0.20),
            c.rng.choice(("#c0392b", "#e0a020", "#3a6a9a", "#4a8a5a")),
        )
        c.rect(x - 0.010, y + 0.04, x + 0.010, y + 0.16, colour)
        if i % 2:
            c.rect(x - 0.034, y, x + 0.034, y + 0.045, "#9aa2a8")
        else:
            c.oval(x, y + 0.02, 0.028, 0.028, "#9aa2a8")
            c.oval(x, y + 0.01, 0.012, 0.018, "#b88c60")
    c.rect(0, 0.47, 1, 0.60, "#8a6238")
    c.rect(0, 0.455, 1, 0.485, "#d8b080")
    c.shelf(0.455, "pots", (*_CROCKERY, "#d8b080"), 0.0, 0.3)
    c.shelf(0.455, "pots", (*_CROCKERY, "#d8b080"), 0.7, 1.0)


def forge(c: Canvas) -> None:
    c.sweep(("#3a2f30", "#5f4a44"), ("#6e5a50", "#463a38"))
    c.wall("#5c4c4a", rows=12)
    c.arch(0.76, 0.24, 0.15, 0.60, "#2a2022")
    c.glow(0.76, 0.50, 0.13, "#ff9a3a", 0.95)
    c.oval(0.76, 0.56, 0.11, 0.06, "#ffb04a")
    c.blur(3)
    c.glow(0.70, 0.70, 0.2, "#ff9a4a", 0.30)
    for i in range(6):
        x = 0.08 + i * 0.08
        c.rect(x - 0.005, 0.12, x + 0.005, 0.34, "#8a6a48")
        c.rect(x - 0.022, 0.10, x + 0.022, 0.145, "#7c848c")
    c.rect(0.04, 0.09, 0.54, 0.10, "#3a2c28")


def factory(c: Canvas) -> None:
    c.sweep(("#8c9aa4", "#c2ccd2"), ("#a4a6a6", "#7e8284"))
    for i in range(4):
        c.window(0.04 + i * 0.25, 0.05, 0.17, 0.20, "#e2eef4", "#5c6a72")
    c.blur(3)
    for y, colour in ((0.30, "#b8744a"), (0.37, "#c8a04a"), (0.44, "#7a8a94")):
        c.rect(0, y, 1, y + 0.032, colour)
        c.rect(0, y + 0.005, 1, y + 0.011, shade(colour, 0.35))
        for i in range(4):
            x = 0.10 + i * 0.26 + 0.08 * c.rng.random()
            c.rect(x, y - 0.008, x + 0.022, y + 0.040, shade(colour, -0.2))
    for x in (0.12, 0.88):
        c.rect(x - 0.055, 0.36, x + 0.055, 0.61, "#6a7a84")
        c.rect(x - 0.055, 0.36, x - 0.02, 0.61, "#8a9aa4")
        c.oval(x, 0.43, 0.03, 0.03, "#f4f0e2")
    c.rect(0, 0.585, 1, 0.605, "#e8b83a")


def greenhouse(c: Canvas) -> None:
    c.sweep(("#bfe4ee", "#e8f6ee"), ("#c2ba9c", "#978f72"))
    for _ in range(8):
        c.tree(c.rng.random(), 0.60, 1.5, c.rng.choice(("#7ac07a", "#5aa860", "#94cc84")))
    c.blur(4)
    for i in range(7):
        c.rect(i / 6 - 0.006, -0.01, i / 6 + 0.006, 0.60, "#f6faf8")
    for y in (0.12, 0.32):
        c.rect(0, y, 1, y + 0.012, "#f6faf8")
    for _ in range(20):
        c.oval(
            c.rng.random(),
            0.53 + 0.05 * c.rng.random(),
            0.05,
            0.045,
            c.rng.choice(("#3f8a3e", "#5aa84a", "#7cc060", "#4a9a58")),
        )
    c.flowers(26, 0.47, 0.58, ("#f2a0b8", "#ffd84a", "#ffffff", "#e0566a", "#f08a3a"))
    c.rect(0, 0.58, 1, 0.615, "#b0724a")


_SKYLIGHT: Final = Flakes(("#ffffff",), far=30, small=0.8, large=2.5, alpha=0.7, bottom=0.34)
_WARM: Final = ((1.04, 1.0, 0.93), (1.05, 1.0, 0.92))

INDOORS: Final = {
    "studio": View(studio, 0, 0.07),
    "observatory": View(observatory, 2.5, 0.24, (0.90, 0.93, 1.06), (0.88, 0.93, 1.08), _SKYLIGHT),
    "court": View(court, 2.5, diffuse=(1.02, 1.0, 0.97)),
    "castle": View(castle, 2.5, 0.22, (1.0, 0.99, 0.99)),
    "throne": View(throne, 2.5, 0.24, *_WARM),
    "kitchen": View(kitchen, 2.5, 0.14, (1.03, 1.0, 0.96), (1.02, 1, 0.96)),
    "cafe": View(cafe, 2.7, 0.22, *_WARM),
    "lab": View(lab, 2.6, 0.12, (0.99, 1.0, 1.02)),
    "clinic": View(clinic, 2.6, 0.10, (0.99, 1.01, 1.01)),
    "library": View(library, 2.2, 0.24, *_WARM),
    "classroom": View(classroom, 2.6, 0.14, (1.02, 1.0, 0.97)),
    "office": View(office, 2.8, 0.12),
    "stage": View(stage, 3.0, 0.26, (1.04, 0.93, 1.0), (1.05, 0.92, 1.05), _STAGE_LIGHTS),
    "circus": View(circus, 2.6, 0.18, (1.04, 0.99, 0.95)),
    "museum": View(museum, 2.5, 0.14, (1.02, 1.0, 0.97)),
    "workshop": View(workshop, 2.4, 0.2, (1.03, 1.0, 0.95)),
    "forge": View(forge, 2.6, 0.26, (1.08, 0.96, 0.88), (1.1, 0.95, 0.86)),
    "factory": View(factory, 2.5, 0.2),
    "greenhouse": View(greenhouse, 2.5, 0.14, (0.99, 1.02, 0.97)),
}  # fmt: skip
"""Backdrops by name."""
