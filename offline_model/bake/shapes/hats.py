# ruff: noqa: E501  (shapes are tables of numbers: a part reads best in one piece)
"""Headgear. The brim line is y = 32: the eyes, at y = 30, must stay free."""

import numpy as np

from offline_model.bake.body import HEAD, HEAD_C, turned
from offline_model.bake.sdf import (
    Shape,
    above,
    around,
    ball,
    behind,
    below,
    box,
    cyl,
    egg,
    front,
    lathe,
    meet,
    melt,
    path,
    pill,
    ring,
    rod,
    rotation,
    slab,
    smooth,
    union,
)

from .wear import Zones, opening, scalp

FLAT = 0.92  # a head is less deep than wide


def dome(r: float = 7.1, y: float = 31.9, h: float = 5.6) -> Shape:
    return egg((0, y, 0), (r, h, r * FLAT)) & above(y - 0.01)


def crownless(r: float = 7.0, y0: float = 31.6, y1: float = 33.0, round_: float = 0.3) -> Shape:
    """A band round the head."""
    return lathe([(0, y0), (r - 0.2, y0), (r - 0.3, y1), (0, y1)], r=round_, sz=FLAT)


def brim(r: float, y: float = 31.9, drop: float = 0.4, z: float = 0) -> Shape:
    return lathe([(0, y), (r, y - drop), (r + 0.1, y - drop + 0.35), (0, y + 0.6)], (0, 0, z), 0.32, sz=FLAT)


def _shade(w: float = 5.6, out: float = 11.0) -> Shape:
    """A cap's peak: a curved tongue at the front."""
    tongue = egg((0, 31.2, 5.2), (w, 1.8, out - 5.2)) - egg((0, 30.55, 5.0), (w + 0.4, 1.75, out - 4.6))
    return (tongue & front(3.6)).grow(0.14)


_well = HEAD.grow(0.1)
_cap = smooth(0.4, dome(), crownless(7.0, 31.8, 32.8))
_side_caps = cyl((6.9, 29.8, -0.4), 2.4, 1.0, 0.6, "x").both()


def _plain() -> dict[str, Zones]:
    ridge = box((0, 34.5, 0), (1.1, 4.2, 6.4), 0.6) & egg((0, 31.9, 0), (8, 6.3, 7.4))
    hard = smooth(
        0.5, dome(7.3, 31.9, 5.9), brim(7.9, 31.8, 0.2), meet(0.3, brim(8.9, 31.7, 0.5, 0.9), front(1.4)), ridge
    )
    band = crownless(7.35, 32.2, 33.2)
    lamp = cyl((0, 35.0, 6.6), 1.9, 1.0, 0.4, "z")
    vents = union(
        *(
            egg((0, 0, 0), (0.75, 2.6, 0.9)).place(rotation(-48, 0, 0), (x, 36.0 - 0.12 * x * x, 3.6))
            for x in (-3.2, 0, 3.2)
        )
    )
    bike = smooth(0.5, egg((0, 32.0, -0.3), (7.4, 6.0, 8.0)) & above(31.8), crownless(7.2, 31.8, 32.6))
    chin = path([(6.5, 31.8, 0.6), (6.5, 28.0, 1.6), (4.6, 25.0, 2.6), (0, 24.4, 3.4)], 0.35).both()
    puff = smooth(
        0.7,
        *(
            egg((4.2 * np.cos(a), 39.0 + 0.5 * np.sin(3 * a), 4.0 * np.sin(a)), (3.5, 3.3, 3.4))
            for a in np.linspace(0, 2 * np.pi, 7, endpoint=False)
        ),
        egg((0, 40.4, 0), (5.4, 3.0, 5.2)),
    )
    toque = smooth(0.5, cyl((0, 36.4, 0), 6.2, 2.4, 0.5), puff)
    bent = smooth(
        0.8, pill((0, 32.6, 0), (0.2, 40, -0.6), 5.9, 2.8), pill((0.2, 40, -0.6), (2.0, 46.6, -2.0), 2.8, 0.4)
    )
    wiz = smooth(0.8, brim(10.0, 31.8, 0.7), bent & above(31.8))
    wit = smooth(
        0.8, brim(10.8, 31.8, 0.2), lathe([(0, 31.8), (6.4, 31.8), (3.6, 38), (0.5, 45.4), (0, 45.4)], r=0.5, sz=FLAT)
    )
    wit_band = lathe([(0, 32.4), (6.5, 32.4), (5.9, 34.0), (0, 34.0)], r=0.3, sz=FLAT)
    buckle = box((0, 33.3, 6.0), (1.5, 1.3, 0.6), 0.3) - box((0, 33.3, 6.2), (0.8, 0.65, 2), 0.1)
    tri = [(-9.8, 32.0), (9.8, 32.0), (8.6, 34.4), (3.8, 38.0), (0, 39.0), (-3.8, 38.0), (-8.6, 34.4)]
    rear = [(-9.2, 32.2), (9.2, 32.2), (8.2, 34.0), (3.6, 37.0), (0, 37.8), (-3.6, 37.0), (-8.2, 34.0)]
    tricorn = smooth(
        0.6,
        dome(6.8),
        slab(tri, "z", 4.2, 6.2, 0.6) - _well,
        slab(rear, "z", -6.2, -4.4, 0.6) - _well,
        box((8.2, 32.6, 0), (1.3, 0.7, 5.4), 0.5).both(),
    )
    inner = [(x * 0.93, y + (0.5 if y < 33 else -0.65)) for x, y in tri]
    braid = (
        slab([(x * 1.02, y + (0.0 if y < 33 else 0.2)) for x, y in tri], "z", 4.9, 6.5, 0.3)
        - slab(inner, "z", 3, 9, 0.1)
    ) - _well
    pinch = egg((0, 40.0, 0.8), (1.7, 2.3, 5.4))
    stetson = melt(
        0.8,
        smooth(0.8, lathe([(0, 32), (6.5, 32), (6.1, 36), (4.8, 38.4), (0, 38.6)], r=0.6, sz=FLAT), brim(6.8)),
        pinch,
    )
    curled = Shape(
        lambda p: (
            brim(10.6, 31.7, 0.0).f((p[0], p[1] - 0.022 * p[0] * p[0] + 0.012 * p[2] * p[2], p[2])) * np.float32(0.8)
        )
    )
    fed = Shape(lambda p: brim(8.9, 31.9, 0.3).f((p[0], p[1] - 0.006 * p[0] * p[0], p[2])) * np.float32(0.9))
    hat_band = crownless(6.95, 32.6, 33.9)
    straw = smooth(
        1.0,
        lathe([(0, 32), (10.6, 31.2), (10.7, 31.6), (6.4, 32.8), (6.1, 36.2), (4.8, 37.4), (0, 37.6)], r=0.35, sz=FLAT),
        dome(6.5),
    )
    woven = Shape(
        lambda p: (
            (
                straw.f(p)
                + 0.08 * np.sin(np.hypot(p[0], p[2]) * 5.0) * np.clip((np.hypot(p[0], p[2]) - 6.6) * 2, 0, 1)
                + 0.06 * np.sin(p[1] * 6)
            )
            * np.float32(0.85)
        )
    )
    top = smooth(
        0.5, brim(8.8, 31.8, 0.1), lathe([(0, 32), (6.3, 32), (6.0, 37), (6.7, 42.6), (0, 42.9)], r=0.5, sz=FLAT)
    )
    return {
        "cap": {"hat": _cap, "brim": _shade(), "button": cyl((0, 37.4, 0), 0.9, 0.5, 0.3)},
        "hardhat": {"hat": hard},
        "miner": {"hat": smooth(0.5, dome(7.3, 31.9, 5.9), brim(8.3, 31.8, 0.3)), "band": band | cyl((0, 35.0, 6.0), 2.3, 1.2, 0.3, "z"), "lamp": lamp},
        "bike-helmet": {"hat": melt(0.3, bike, vents), "vent": egg((0, 32.0, -0.3), (6.9, 5.4, 7.5)) & above(32.5), "strap": chin},
        "chef": {"hat": toque, "band": crownless(6.95, 31.7, 34.8)},
        "wizard": {"hat": wiz, "band": lathe([(0, 32.5), (6.6, 32.5), (6.25, 33.9), (0, 33.9)], r=0.3, sz=FLAT)},
        "witch": {"hat": wit, "band": wit_band, "buckle": buckle},
        "pirate": {"hat": tricorn, "trim": braid},
        "cowboy": {"hat": smooth(0.7, stetson, curled), "band": hat_band},
        "fedora": {"hat": smooth(0.7, stetson, fed), "band": hat_band.grow(0.1)},
        "straw": {"hat": woven, "band": crownless(6.85, 32.9, 34.2)},
        "tophat": {"hat": top, "band": crownless(6.75, 32.6, 34.6)},
    }  # fmt: skip


def _closed() -> dict[str, Zones]:
    window = box((0, 30.0, 10), (5.3, 4.4, 7.6), 2.6)
    shell = smooth(0.6, egg((0, 30.4, -0.2), (8.5, 8.2, 8.2)), cyl((0, 24.2, 0), 6.6, 1.0, 0.6)) - egg(
        (0, 30.0, 0.1), (7.6, 7.0, 7.4)
    )
    space = melt(0.5, shell, window, cyl((0, 23.6, 0), 5.2, 3, 0.2))
    lip = melt(
        0.3, egg((0, 30.4, -0.2), (8.8, 8.5, 8.5)) & window.grow(0.8), window, egg((0, 30.2, 0), (7.9, 7.5, 7.7))
    )
    visor = meet(0.3, egg((0, 30.2, 0.1), (8.0, 7.6, 8.0)), window.grow(0.25))
    globe = egg((0, 30.6, 0), (9.0, 8.6, 8.8))
    race = smooth(0.6, HEAD.grow(1.6), egg((0, 31.0, -0.4), (8.1, 7.2, 7.9)), box((0, 26.2, 3.4), (4.8, 2.0, 4.4), 1.6))
    eye_port = box((0, 30.2, 8), (5.6, 2.5, 5.5), 1.6)
    copper = smooth(0.5, egg((0, 30.2, 0), (8.4, 8.0, 8.0)), cyl((0, 24.0, 0), 7.0, 1.0, 0.4)) - HEAD.grow(0.5)
    port = cyl((0, 29.9, 9), 4.7, 8.4, 0.1, "z")
    side_port = (
        (cyl((0, 0, 0), 2.5, 0.7, 0.3, "z") - cyl((0, 0, 0.8), 1.7, 0.6, 0.1, "z"))
        .place(rotation(0, 70, 0), (7.7, 30.4, 2.6))
        .both()
    )
    collar = cyl((0, 23.6, 0), 7.4, 0.7, 0.3) - cyl((0, 23.6, 0), 5.2, 3, 0.1)
    bolts = around(10, lambda c, s: cyl((6.9 * c, 24.4, 6.9 * s), 0.55, 0.5, 0.2))
    rim = union(
        cyl((0, 29.9, 7.4), 5.5, 0.8, 0.35, "z") - cyl((0, 29.9, 7), 4.5, 4, 0.1, "z"),
        side_port,
        collar,
        bolts,
        cyl((0, 38.2, 0), 1.3, 0.8, 0.3),
    )
    mask = melt(0.3, box((0, 30.2, 5.3), (5.0, 2.3, 1.5), 1.2), box((0, 30.2, 7), (4.1, 1.5, 1.6), 0.9)) | (
        HEAD.grow(0.4) & box((0, 30.4, 0), (9, 0.7, 9), 0.2)
    )
    tube = smooth(
        0.3,
        pill((7.4, 26.4, 2.8), (7.7, 37.6, 0.4), 0.8),
        path([(7.4, 26.4, 2.8), (6.0, 25.4, 5.2), (2.0, 26.8, 6.4)], 0.8),
        rod((7.7, 37.2, 0.45), (7.75, 39.4, 0.1), 1.1, 0.3),
    )
    face_hole = egg((0, 29.4, 5.4), (5.5, 5.2, 8.2))
    parka = melt(
        0.8,
        smooth(
            0.8,
            egg((0, 30.4, -0.9), (8.2, 7.6, 7.6)),
            egg((0, 24.6, -0.6), (7.2, 2.4, 5.4)),
            egg((0, 36.8, -2.4), (3, 2, 3)),
        ),
        face_hole,
        cyl((0, 22.6, 0), 4.2, 2.4, 0.5),
    )

    def fur(p: tuple[np.ndarray, np.ndarray, np.ndarray]) -> np.ndarray:
        x, y = p[0], p[1] - 29.6
        z = p[2] - 4.6 + 0.015 * y * y + 0.02 * x * x
        q = np.sqrt((x / 6.3) ** 2 + (y / 6.0) ** 2)
        return np.asarray(np.sqrt(((q - 1) * 6.1) ** 2 + z * z) - 1.45, np.float32)

    cowl = melt(
        0.7,
        smooth(
            0.8,
            egg((0, 30.4, -0.8), (8.0, 7.8, 7.5)),
            egg((0, 25.0, -0.5), (7.4, 2.6, 5.8)),
            egg((0, 36.8, -3.4), (2.4, 2.2, 3.2)),
        ),
        egg((0, 29.0, 6.4), (5.3, 5.3, 6.6)),
        cyl((0, 22.4, 0), 4.2, 2.4, 0.5),
    )
    slit = box((0, 30.4, 9), (5.0, 0.85, 6), 0.5)
    plume = smooth(
        1.0,
        *(egg((0, 36.4 + 2.2 * np.sin(a), -5.0 * np.cos(a) - 0.4), (1.4, 2.2, 2.4)) for a in np.linspace(0.4, 2.9, 7)),
    )
    knight = melt(
        0.3,
        smooth(0.5, HEAD.grow(0.9), dome(7.3, 33.0, 4.4), box((0, 28, 5.6), (1.0, 4.6, 1.4), 0.6)),
        slit,
        box((0, 26.4, 9), (0.4, 2.0, 6), 0.3),
        *(box((x, 26.8, 9), (0.3, 1.3, 6), 0.2) for x in (-3.2, -1.9, 1.9, 3.2)),
    )
    bowl = smooth(0.4, dome(7.3, 32.2, 5.2), brim(8.0, 32.0, 0.3))
    flare = lathe([(0, 32), (7.4, 32), (10.0, 26.4), (9.4, 26.2), (6.8, 31), (0, 31)], r=0.35, sz=FLAT) - box(
        (0, 28, 8), (6.2, 6, 8), 1
    )
    crest = slab(
        [(0.9, 33.6), (2.2, 33.2), (7.4, 38.6), (8.0, 43.4), (6.6, 39.6), (1.6, 35.8)], "z", 6.2, 7.0, 0.25
    ).both()
    cheek = (HEAD.grow(0.9) & box((5.6, 28, 2.6), (1.6, 4.0, 3.0), 0.6)).both()
    head_box = box((0, 30.2, 0), (7.3, 5.9, 6.6), 1.4)
    aviator = melt(
        0.5, smooth(0.6, scalp(0.8), box((6.4, 28.2, -0.2), (0.9, 3.4, 2.8), 0.7).both()), opening(32.4, 5.2, 1.2)
    )
    lens_at = [rotation(-12, s * 18, 0) for s in (-1, 1)]
    spots = [(s * 2.7, 33.9, 5.7) for s in (-1, 1)]
    rims = union(
        *(
            (cyl((0, 0, 0), 2.4, 0.9, 0.4, "z") - cyl((0, 0, 1.2), 1.7, 0.9, 0.1, "z")).place(r, at)
            for r, at in zip(lens_at, spots, strict=True)
        )
    )
    lenses = union(*(cyl((0, 0, 0.3), 1.8, 0.4, 0.1, "z").place(r, at) for r, at in zip(lens_at, spots, strict=True)))
    nin = melt(
        0.5,
        smooth(0.7, HEAD.grow(0.75), egg((0, 25.0, 0), (6.2, 1.8, 5.4))),
        box((0, 30.1, 9), (5.2, 1.7, 6.6), 1.4),
        cyl((0, 22.4, 0), 4.4, 2.2, 0.5),
    )
    knot = smooth(
        0.3,
        ball((5.4, 33.0, -5.0), 1.3),
        pill((5.8, 32.6, -5.4), (9.2, 29.8, -6.4), 0.95, 0.5),
        pill((5.8, 33, -5.4), (9.8, 32.4, -6.2), 0.95, 0.5),
    )
    hat = smooth(0.8, brim(10.0, 32.2, 0.3), dome(6.8, 32.2, 5.0))
    veil = lathe([(0, 23.4), (7.6, 23.4), (9.4, 28), (9.2, 32.2), (0, 32.2)], r=0.3, sz=FLAT) - lathe(
        [(0, 20), (6.8, 20), (7.2, 23.4), (8.9, 28), (8.7, 34), (0, 34)], r=0.2, sz=FLAT
    )
    mesh = veil - union(
        *(
            box((np.sin(a) * 8.5, y, np.cos(a) * 7.9), (0.42, 0.42, 3), 0.1).turn(
                y=float(np.rad2deg(a)), about=(np.sin(a) * 8.5, y, np.cos(a) * 7.9)
            )
            for a in np.linspace(-1.0, 1.0, 13)
            for y in np.arange(25.0, 32, 1.35)
        )
    )
    return {
        "space": {"helmet": space, "trim": lip, "ear": cyl((8.2, 30.0, -0.6), 2.2, 0.8, 0.4, "x").both(), "visor": visor},
        "bubble": {"ring": cyl((0, 23.6, 0), 7.2, 1.0, 0.5) - cyl((0, 23.6, 0), 4.4, 3, 0.1), "globe": globe & above(23.0)},
        "racing": {"helmet": melt(0.4, race, eye_port), "stripe": ((race.grow(0.12) & box((0, 36, 0), (1.3, 6, 12), 0.2)) - eye_port), "visor": race.grow(-0.1) & eye_port.grow(0.15)},
        "diver": {"helmet": copper - port, "rim": rim, "glass": cyl((0, 29.9, 7.2), 4.6, 0.35, 0.1, "z")},
        "snorkel": {"mask": mask, "tube": tube, "glass": box((0, 30.2, 5.7), (4.2, 1.6, 0.5), 0.4)},
        "parka": {"hood": parka, "fur": Shape(fur).rough(0.32, 2.1, 11)},
        "hood": {"hood": cowl},
        "knight": {"helm": knight, "plume": plume},
        "kabuto": {"helm": smooth(0.3, bowl, cheek), "crest": crest, "guard": flare},
        "robot": {"box": head_box, "face": box((0, 30.4, 6.3), (5.8, 4.0, 0.7), 0.6), "ear": union(rod((0, 35.6, 0), (0, 39.0, 0), 0.6, 0.2), cyl((0, 36.4, 0), 1.8, 0.7, 0.2), cyl((7.7, 30.4, 0), 2.1, 1.0, 0.4, "x").both()), "bulb": ball((0, 40.2, 0), 1.6)},
        "aviator": {"cap": aviator, "strap": (HEAD.grow(1.15) & box((0, 33.6, 0), (9, 0.8, 9), 0.2)), "rim": rims, "glass": lenses},
        "ninja": {"hood": nin, "knot": knot},
        "beekeeper": {"hat": hat, "veil": mesh},
    }  # fmt: skip


def _fancy() -> dict[str, Zones]:
    knit = Shape(
        lambda p: (
            (
                smooth(0.7, dome(7.0, 32, 5.6), crownless(7.0, 32, 33)).f(p)
                + 0.1 * np.cos(18 * np.arctan2(p[2], p[0])) * np.clip((37 - p[1]) / 3, 0, 1)
            )
            * np.float32(0.75)
        )
    )
    cuff = crownless(7.25, 31.6, 33.4, 0.4).ribs(0.1, 34)
    elf = smooth(
        0.8,
        dome(6.9, 32, 5.0),
        path([(0, 33.6, 0), (0.6, 39.0, -1.2), (3.6, 41.6, -2.6), (7.0, 39.4, -3.4)], 5.0, 0.8, 0.8) & above(32),
    )
    points = union(
        *(slab([(-2.1, 33.6), (2.1, 33.6), (0, 38.4)], "z", 4.4, 7.4, 0.2).turn(y=a) for a in range(0, 360, 45))
    )
    crown = (cyl((0, 33.4, 0), 6.9, 1.2, 0.3) | (points & cyl((0, 36, 0), 6.9, 6, 0.1))) - cyl((0, 36, 0), 6.1, 9, 0.1)
    gems = union(
        *(
            ball((0, 38.4, 6.4), 0.75).turn(y=a) | egg((0, 33.4, 6.9), (0.85, 0.85, 0.5)).turn(y=a)
            for a in range(0, 360, 45)
        )
    )
    arch = slab(
        [(-5.6, 33.6), (5.6, 33.6), (5.4, 34.6), (2.6, 35.8), (0, 38.6), (-2.6, 35.8), (-5.4, 34.6)], "z", 4.0, 6.8, 0.3
    )
    tiara = (
        meet(0.2, arch | cyl((0, 33.8, 0), 7.0, 0.6, 0.3), cyl((0, 35, 0), 6.95, 6, 0.2))
        - cyl((0, 35, 0), 6.2, 8, 0.1)
        - box((0, 35, -6), (10, 6, 5), 0.1)
    )
    tiara_gems = union(egg((0, 35.8, 6.8), (0.9, 1.1, 0.6)), *(ball((s * 3.2, 34.6, 6.1), 0.6) for s in (-1, 1)))
    horn = smooth(
        0.4, pill((6.4, 34.2, 0), (10.2, 35.2, 0.2), 1.8, 1.4), pill((10.2, 35.2, 0.2), (12.0, 40.0, 0.4), 1.4, 0.3)
    ).both()
    norse = smooth(0.3, dome(7.2, 31.8, 5.9), crownless(7.3, 31.6, 32.9), box((0, 30.4, 6.6), (0.8, 2.0, 0.5), 0.3))
    police = smooth(
        0.5,
        lathe([(0, 34.2), (6.9, 34.0), (8.3, 35.8), (7.8, 36.8), (3, 37.5), (0, 37.6)], r=0.4, sz=FLAT),
        crownless(7.0, 32, 34.4),
    )
    beret = smooth(
        0.8,
        egg((0, 0, 0), (8.4, 2.7, 7.8)).turn(z=-9).move(1.2, 35.2, -0.4),
        cyl((0, 33.2, 0), 6.7, 1.0, 0.5),
        pill((1.5, 37.2, -0.4), (1.8, 38.9, -0.4), 0.5),
    )
    fire = smooth(
        0.5,
        dome(7.2, 32, 5.7),
        lathe([(0, 32), (9.0, 30.8), (9.1, 31.3), (0, 32.6)], (0, 0, -1.4), 0.35, sz=1.12),
        box((0, 36.6, -0.4), (0.6, 2.0, 5.4), 0.5),
        box((2.9, 35.8, -0.4), (0.4, 1.8, 4.6), 0.3).both(),
    )
    board = smooth(0.3, crownless(7.0, 31.8, 35.4, 0.4), box((0, 36.4, 0), (8.2, 0.5, 8.2), 0.25))
    tassel = union(
        cyl((0, 37.0, 0), 0.9, 0.3, 0.15),
        rod((0, 37.1, 0), (7.4, 37.0, 4.6), 0.3, 0.1),
        rod((7.8, 37.0, 5.0), (8.2, 32.0, 5.4), 0.4, 0.1),
        pill((8.2, 32.2, 5.4), (8.25, 30.2, 5.4), 0.65, 0.9),
    )
    wraps = smooth(
        0.5,
        *(
            ring((0, 33.0 + 1.3 * i, 0.2 * i), 5.5 - 0.7 * i - 0.1 * i * i, 1.75).turn(
                z=6 * (-1) ** i, about=(0, 33, 0)
            )
            for i in range(4)
        ),
        dome(6.2, 32.4, 5.0),
    )
    folded = smooth(
        0.4,
        slab([(-5.8, 32.6), (5.8, 32.6), (6.6, 36.4), (3.4, 37.6), (-3.4, 37.6), (-6.6, 36.4)], "z", 1.0, 6.2, 0.8),
        box((0, 34.4, -0.6), (5.6, 2.2, 4.6), 1.4),
    )
    scrub = smooth(
        0.8,
        egg((0, 32.8, -0.6), (7.2, 4.8, 7.0)) & above(31.8),
        crownless(7.0, 31.7, 33.0),
        pill((0, 33, -6.6), (2.6, 31.4, -8.0), 0.8, 0.5),
    )
    phones = (cyl((0, 31, 0), 8.4, 1.1, 0.4, "z") - cyl((0, 31, 0), 7.4, 3, 0.1, "z")) & above(30)
    sweat = HEAD.grow(0.55) & box((0, 33.0, 0), (9, 0.95, 9), 0.3)
    kerchief = (HEAD.grow(0.8) | dome(6.9, 32, 4.8)) & above(31.9)
    leaves = around(
        13,
        lambda c, s: egg((0, 0, 0), (0.5, 0.85, 1.8)).place(
            rotation(-28, float(np.rad2deg(np.arctan2(-s, c))), 0), (7.0 * c, 33.4, 6.5 * s)
        ),
    )
    flowers = around(
        9,
        lambda c, s: union(
            *(
                egg(
                    (7.1 * c - 0.95 * s * np.cos(a), 33.6 + 0.95 * np.sin(a), 6.6 * s + 0.95 * c * np.cos(a)),
                    (0.85, 0.85, 0.85),
                )
                for a in np.linspace(0, 6.28, 5, endpoint=False)
            )
        ),
        0.35,
    )
    hearts = around(9, lambda c, s: ball((7.8 * c, 33.6, 7.25 * s), 0.62), 0.35)
    ear = slab([(2.6, 33.4), (6.4, 33.0), (6.2, 39.4)], "z", -1.2, 1.4, 0.7).both()
    horns = [path([(0, 33.6, 0.6), (-5.2, 38.4, 0.6), (-9.6, 36.6, 0.8), (-10.6, 33.4, 1.0)], 4.0, 1.0, 0.8)]
    jest = smooth(0.8, (dome(6.9, 32, 5.0)), horns[0]) & above(31.8)
    wreath = around(
        16,
        lambda c, s: egg((0, 0, 0), (0.5, 0.95, 1.8)).place(
            rotation(-24 if c > 0 else 24, float(np.rad2deg(np.arctan2(-s, c))), 0), (6.95 * c, 33.2, 6.45 * s)
        ),
    )
    return {
        "beanie": {"hat": knit, "cuff": cuff, "pom": ball((0, 38.6, 0), 2.1).rough(0.3, 2.6, 2)},
        "elf": {"hat": elf, "cuff": crownless(7.35, 31.6, 33.2, 0.5), "tip": ball((7.4, 38.8, -3.5), 1.4)},
        "crown": {"crown": crown, "gem": gems},
        "tiara": {"tiara": tiara, "gem": tiara_gems},
        "viking": {"helm": norse, "horn": horn},
        "peaked": {"hat": police, "band": crownless(7.15, 31.8, 33.5), "brim": _shade(6.0, 9.6), "badge": egg((0, 35.2, 7.3), (1.2, 1.3, 0.7))},
        "beret": {"hat": beret},
        "fire": {"helm": fire, "badge": slab([(-2.1, 32.8), (2.1, 32.8), (2.3, 36), (0, 38), (-2.3, 36)], "z", 6.0, 7.3, 0.35)},
        "mortarboard": {"hat": board, "tassel": tassel},
        "turban": {"cloth": wraps, "gem": egg((0, 34.6, 6.6), (1.0, 1.3, 0.7))},
        "nurse": {"hat": folded, "cross": union(box((0, 35.0, 6.2), (1.5, 0.5, 0.25), 0.1), box((0, 35.0, 6.2), (0.5, 1.5, 0.25), 0.1))},
        "surgical": {"hat": scrub},
        "headphones": {"band": phones, "cups": cyl((7.4, 29.8, 0), 3.0, 1.2, 0.7, "x").both()},
        "headband": {"cloth": sweat},
        "bandana-hat": {"cloth": kerchief, "knot": smooth(0.3, ball((5.2, 32.6, -4.6), 1.3), pill((5.6, 32.2, -5), (8.6, 29.2, -5.8), 1.0, 0.5), pill((5.6, 32.6, -5), (9.2, 31.6, -5.6), 1.0, 0.5))},
        "flower-crown": {"leaf": leaves | ring((0, 33.4, 0), 6.6, 0.5), "petal": flowers, "core": hearts},
        "halo": {"ring": ring((0, 40.2, 0), 5.2, 0.75)},
        "cat-ears": {"ear": ear | (HEAD.grow(0.5) & box((0, 34, 0), (8, 4, 0.8), 0.3)), "inner": slab([(3.6, 34.4), (5.6, 34.2), (5.6, 37.4)], "z", 1.0, 1.7, 0.3).both()},
        "jester": {"hat": jest & Shape(lambda p: p[0]), "other": jest.mirror() & Shape(lambda p: -p[0]), "bell": ball((10.7, 32.9, 1.0), 1.3).both()},
        "laurel": {"leaf": wreath},
    }  # fmt: skip


SHAPES: dict[str, Zones] = {
    f"head.{k}": {z: turned(s) for z, s in zones.items()} for k, zones in (_plain() | _closed() | _fancy()).items()
}

__all__ = ["HEAD_C", "SHAPES", "behind", "below"]
