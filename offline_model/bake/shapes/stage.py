# ruff: noqa: E501, B008  (shapes are tables of numbers: a part reads best in one piece; closures bind early)
"""What stands around the figure: bases, things and companions at the front, tall things behind.

Things are modelled round the origin, on the ground, looking along z; `_front` and `_rear` set them in their places.
"""

import numpy as np

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

Zones = dict[str, Shape]
DEPTH = 3.2
"""Thickness of a base; its top is y = 0."""


def _bases() -> dict[str, Zones]:
    deck = box((0, -1.6, 0), (21, 1.6, 14.5), 0.9)
    planks = union(*(box((0, -1.2, z), (21.2, 1.25, 2.3), 0.45) for z in np.arange(-12.25, 12.3, 4.9)))
    spots = [(x, z) for x in np.arange(-17.5, 18, 5) for z in np.arange(-11.6, 12, 5.8) if abs(x) > 7.4 or abs(z) > 6.4]
    pegs = union(*(box((x, 0.1, z), (1.55, 0.75, 1.55), 0.6) for x, z in spots))
    corners = [(21 * np.cos(a), 16.5 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 6, endpoint=False)]
    hexagon = slab(corners, "y", -DEPTH, 0, 0.8)
    rim = slab([(x * 1.03, z * 1.03) for x, z in corners], "y", -DEPTH, -1.7, 0.6)
    return {
        "plinth": {"top": smooth(0.4, deck & above(-1.7), box((0, -2.5, 0), (21.8, 0.7, 15.3), 0.4)) & above(-DEPTH)},
        "disc": {"top": union(cyl((0, -1.3, 0), 19.0, 1.3, 0.8), cyl((0, -2.5, 0), 20.0, 0.7, 0.4))},
        "pegs": {"top": union(deck, pegs)},
        "hex": {"top": union(hexagon, rim)},
        "planks": {"top": planks, "gap": box((0, -1.9, 0), (20.4, 1.3, 14.2), 0.2)},
    }


def _blob(n: int, seed: int, spread: float, size: tuple[float, float]) -> Shape:
    rng = np.random.RandomState(seed)
    at = rng.uniform(-spread, spread, (n, 2))
    return smooth(0.3, *(box((0, 0, 0), (s, s * 0.8, s), s * 0.3).turn(y=rng.uniform(0, 90), z=rng.uniform(-14, 14)).move(x, s * 0.6, z)
                         for (x, z), s in zip(at, rng.uniform(*size, n), strict=True)))  # fmt: skip


def _bloom(x: float, y: float, z: float, r: float = 1.0) -> Shape:
    """Five petals, looking up and forward."""
    return union(*(egg((x + 1.5 * r * np.cos(a), y + 0.7 * r * np.sin(a), z + 1.2 * r * np.sin(a)), (1.15 * r, 0.8 * r, 1.1 * r)) for a in np.linspace(0.3, 6.58, 5, endpoint=False)))  # fmt: skip


_STALKS = ((-2.8, 8.2, 1.0), (2.2, 10.4, -1.4), (1.4, 5.4, 3.2), (-0.6, 6.6, -2.4))
_FLAME = ((0, 0.4, 0), (0.4, 6.8, 0.2))


def _things() -> dict[str, Zones]:
    pot = lathe([(0, 0.2), (2.6, 0.2), (3.4, 4.6), (0, 4.6)], r=0.3) | lathe(
        [(0, 4.4), (3.8, 4.4), (3.8, 5.3), (0, 5.3)], r=0.3
    )
    leaf = smooth(
        0.3,
        *(
            egg((0, 3.4, 0), (1.4, 3.9, 0.6)).place(rotation(0, b, 0) @ rotation(t, 0, 0), (0, 5.0, 0))
            for b, t in ((0, 38), (72, 42), (144, 36), (216, 44), (288, 40), (30, 10), (200, 15))
        ),
    )
    cactus = smooth(
        0.5,
        pill((0, 0, 0), (0, 10.6, 0), 2.5),
        path([(0, 4.4, 0), (3.9, 5.2, 0), (4.2, 8.8, 0)], 1.35),
        path([(0, 6, 0), (-3.6, 6.8, 0), (-3.8, 10.2, 0)], 1.25),
    ).ribs(0.12, 12)
    caps = [(-1.6, 6.4, 0, 4.0), (3.0, 3.6, 1.6, 2.4)]
    spots = [(-1.6, 9.2, 1.6), (-3.4, 7.9, 2.4), (0.4, 7.8, 2.9), (-4.2, 8.0, -0.4), (3.2, 5.3, 3.2), (4.4, 4.6, 2.4)]
    coral = smooth(
        0.8,
        *(
            path([(0, 0, 0), (a, h * 0.5, b), (a * 1.8 + c, h, b)], 1.6, 0.75)
            for a, b, h, c in (
                (-2.4, 0.5, 8, 0),
                (0.8, -1.2, 11.4, -2.2),
                (1.2, -1.2, 11, 1.6),
                (3.2, 1, 8, 0.4),
                (-1.2, 1.6, 5, -1),
            )
        ),
    )
    shell = meet(0.2, egg((-4.0, 0.5, 3.4), (2.4, 1.8, 2.2)), above(0)).ribs(0.12, 11, -4.0, 5.4)
    lid = (cyl((0, 5.2, -1.0), 3.6, 5.0, 0.3, "x") & above(5.4)).turn(x=-34, about=(0, 5.4, -4.2))
    bands = union(
        *(box((s * 3.4, 2.7, 0), (0.7, 2.85, 3.95), 0.2) for s in (-1, 1)), box((0, 4.6, 3.9), (1.2, 1.3, 0.4), 0.25)
    )
    hoard = smooth(
        0.3,
        egg((0, 5.0, 0), (4.4, 1.7, 3.2)),
        *(
            cyl((x, y, z), 1.0, 0.3, 0.15).turn(x=t, about=(x, y, z))
            for x, y, z, t in ((-2, 6.2, 1, 40), (1, 6.6, 0.6, 10), (2.8, 6.0, 1.6, 50), (-0.6, 6.2, 2.2, 60))
        ),
    )
    crate = union(
        box((0, 4.5, 0), (4.8, 4.5, 4.5), 0.3)
        - box((0, 4.5, 5), (3.6, 3.3, 1.4), 0.1)
        - box((5, 4.5, 0), (1.4, 3.3, 3.3), 0.1),
        box((0, 4.5, 0), (4.3, 4.2, 4.0), 0.1),
    )
    plank = box((0, 4.5, 4.1), (0.8, 6.0, 0.4), 0.15).turn(z=45, about=(0, 4.5, 0)) & box(
        (0, 4.5, 4), (3.6, 3.3, 2), 0.05
    )
    barrel = lathe([(0, 0.2), (3.0, 0.2), (4.0, 3.2), (4.2, 5), (4.0, 6.8), (3.0, 9.8), (0, 9.8)], r=0.4)
    hoops = union(
        *(cyl((0, y, 0), r, 0.6, 0.25) for y, r in ((2.0, 4.12), (8.0, 4.12), (4.4, 4.68), (5.8, 4.68)))
    ) & barrel.grow(0.34)
    kettle = smooth(
        0.4,
        egg((0, 4.4, 0), (4.8, 4.2, 4.8)) & below(7.2),
        ring((0, 7.2, 0), 3.9, 0.7),
        *(
            pill((3 * np.cos(a), 1.6, 3 * np.sin(a)), (3.8 * np.cos(a), 0.3, 3.8 * np.sin(a)), 0.7)
            for a in (0.6, 2.6, 4.7)
        ),
    )
    brew = union(
        cyl((0, 7.3, 0), 3.6, 0.3, 0.1),
        ball((1.2, 7.8, 1.0), 0.9),
        ball((-1.0, 7.7, 1.4), 0.7),
        ball((0.2, 9.4, 0.3), 0.6),
        ball((-1.2, 10.6, 0), 0.4),
    )
    fire = smooth(
        0.8,
        pill(*_FLAME, 2.1, 0.2),
        pill((-1.4, 0.4, 0.6), (-1.8, 4.6, 0.8), 1.5, 0.2),
        pill((1.5, 0.4, 0.4), (1.9, 4.0, 0.6), 1.4, 0.2),
    )
    anvil = smooth(
        0.5,
        box((0, 7.4, 0), (4.4, 1.2, 1.9), 0.4),
        pill((-4, 7.6, 0), (-7.0, 8.0, 0), 1.4, 0.3),
        box((0, 5.4, 0), (1.8, 1.6, 1.4), 0.3),
        box((0, 4.2, 0), (3.0, 0.6, 2.0), 0.3),
    )
    books = [
        box((0, 1.3, 0), (4.6, 1.3, 3.4), 0.4).turn(y=-8),
        box((0, 3.9, 0), (4.2, 1.2, 3.2), 0.4).turn(y=10),
        box((0, 6.2, 0), (3.6, 1.1, 2.8), 0.4).turn(y=-16),
    ]
    pages = union(
        box((0.3, 1.3, 0.25), (4.5, 0.9, 3.4), 0.1).turn(y=-8),
        box((0.3, 3.9, 0.25), (4.1, 0.8, 3.2), 0.1).turn(y=10),
        box((0.3, 6.2, 0.25), (3.5, 0.7, 2.8), 0.1).turn(y=-16),
    )
    bow = smooth(0.4, *(ring((s * 1.7, 9.6, 0), 1.2, 0.6, "z").turn(y=s * 24) for s in (-1, 1)), ball((0, 8.9, 0), 0.9))
    land = union(
        egg((1.6, 8.2, 3.6), (2.0, 1.8, 1.4)),
        egg((-2.6, 6.6, 3.2), (1.6, 2.4, 1.2)),
        egg((0.4, 4.4, 4.2), (1.3, 1.2, 0.8)),
        egg((-1.2, 10.4, 1.8), (1.8, 0.9, 1.6)),
    )
    lobes = smooth(
        0.5,
        *(
            egg((2.2 * np.cos(a), 3.6, 2.2 * np.sin(a)), (2.7, 3.6, 2.7))
            for a in np.linspace(0, 6.283, 9, endpoint=False)
        ),
    )
    cone = lathe([(0, 0.8), (3.4, 0.8), (0.9, 10.4), (0, 10.4)], r=0.4)
    hydrant = smooth(
        0.3,
        cyl((0, 4, 0), 2.3, 4.2, 0.4),
        cyl((0, 0.6, 0), 3.0, 0.6, 0.3),
        cyl((0, 5.4, 0), 1.2, 3.6, 0.3, "x"),
        cyl((0, 5.0, 1.6), 1.5, 1.6, 0.3, "z"),
    )
    bale = box((0, 3.4, 0), (5.4, 3.4, 3.6), 0.8).rough(0.22, 2.4, 3)
    sand = smooth(
        0.3,
        *(
            lathe([(0, 0), (2.0, 0), (1.6, h), (0, h)], (x, 0, z), 0.3)
            | around(5, lambda c, s, x=x, z=z, h=h: box((x + 1.4 * c, h + 0.5, z + 1.4 * s), (0.45, 0.6, 0.45), 0.15))
            for x, z, h in ((-3.4, 0, 4.6), (3.4, 0, 4.6), (0, -1.6, 8))
        ),
        box((0, 1.6, 0), (3.4, 1.9, 1.4), 0.3),
        egg((0, 0, 0), (6.4, 1.2, 4.2)),
    )
    seams = [(0, 4.6, 3.6), (3.3, 3.2, 2.7), (-3.3, 3.2, 2.7), (1.9, 7.0, 2.6), (-1.9, 7.0, 2.6), (0, 0.9, 3.0)]
    hive = smooth(
        0.2,
        *(ring((0, 1.2 + 1.9 * i, 0), 3.4 - 0.14 * i * i, 1.25) for i in range(5)),
        egg((0, 4.6, 0), (3.4, 5.2, 3.4)),
    )
    gear = _cog((0, 5.4, 0), 4.2, 1.0, 10)
    return {
        "flowers": {"stem": union(*(rod((x, 0, z), (x, h, z), 0.5, 0.2) | egg((x + 1.3, h * 0.4, z + 0.3), (1.6, 0.5, 0.9)) for x, h, z in _STALKS)), "petal": union(*(_bloom(*s) for s in _STALKS)), "core": union(*(egg((x, y + 0.5, z + 0.5), (1.05, 0.9, 1.0)) for x, y, z in _STALKS))},
        "plant": {"pot": pot, "leaf": leaf},
        "cactus": {"body": cactus, "flower": egg((0, 13.2, 0), (1.5, 0.9, 1.5))},
        "mushroom": {"stem": union(lathe([(0, 0), (1.9, 0), (1.3, 6.4), (0, 6.4)], (-1.6, 0, 0), 0.4), lathe([(0, 0), (1.2, 0), (0.9, 3.6), (0, 3.6)], (3.0, 0, 1.6), 0.3)), "cap": union(*(meet(0.6, egg((x, y - 0.4, z), (r, r * 0.85, r)), above(y - 0.6)) for x, y, z, r in caps)), "spot": union(*(ball(s, 0.85 if i < 4 else 0.5) for i, s in enumerate(spots)))},
        "rocks": {"rock": _blob(4, 6, 3.4, (1.8, 3.4)).rough(0.25, 0.55, 6)},
        "snow": {"snow": (smooth(2.5, egg((0, 0, 0), (6.4, 4.2, 4.6)), egg((-4, 0, 2), (4.2, 2.6, 3.6)), egg((4.4, 0, -2), (3.6, 3, 4))) & above(0)).rough(0.16, 0.8, 4)},
        "coral": {"coral": coral, "shell": shell},
        "chest": {"wood": smooth(0.1, box((0, 2.7, 0), (5.0, 2.7, 3.7), 0.35), lid), "metal": bands | (lid.grow(0.12) & union(*(box((s * 3.4, 8, -4), (0.7, 8, 8), 0.1) for s in (-1, 1)))), "gold": hoard},
        "crate": {"wood": crate, "plank": plank},
        "barrel": {"wood": barrel.ribs(0.04, 16), "hoop": hoops},
        "cauldron": {"pot": kettle - cyl((0, 8.4, 0), 3.5, 1.1, 0.2), "brew": brew},
        "campfire": {"log": union(*(rod((4.2 * np.cos(a), 0.8, 3.6 * np.sin(a)), (-0.6 * np.cos(a), 2.6, -0.6 * np.sin(a)), 0.9, 0.2) for a in np.linspace(0.4, 6.68, 5, endpoint=False))), "stone": around(9, lambda c, s: egg((5.4 * c, 0.6, 4.8 * s), (1.25, 0.95, 1.1))).rough(0.1, 0.9, 2), "flame": fire.move(0, 1.6, 0)},
        "anvil": {"iron": anvil, "block": cyl((0, 1.9, 0), 3.2, 1.9, 0.3)},
        "toolbox": {"box": box((0, 2.7, 0), (5.2, 2.7, 2.9), 0.5) | box((0, 5.6, 0), (5.3, 0.7, 3.0), 0.4), "handle": path([(-2.6, 6, 0), (-2.6, 8, 0), (2.6, 8, 0), (2.6, 6, 0)], 0.5, None, 0.2), "latch": union(*(box((s * 2.8, 4.6, 2.95), (0.7, 1.0, 0.3), 0.2) for s in (-1, 1)))},
        "books": {"first": books[0] - box((0.5, 1.3, 0.5), (4.6, 0.95, 3.6), 0.1).turn(y=-8), "second": books[1] - box((0.5, 3.9, 0.5), (4.2, 0.85, 3.4), 0.1).turn(y=10), "third": books[2] - box((0.5, 6.2, 0.5), (3.6, 0.75, 3.0), 0.1).turn(y=-16), "pages": pages},
        "gift": {"box": box((0, 3.9, 0), (4.3, 3.9, 4.0), 0.4) | box((0, 7.4, 0), (4.7, 0.9, 4.4), 0.3), "ribbon": union(box((0, 4.2, 0), (0.9, 4.25, 4.55), 0.15), box((0, 4.2, 0), (4.85, 4.25, 0.9), 0.15), bow)},
        "cake": {"cake": cyl((0, 2.6, 0), 4.6, 2.6, 0.4) | cyl((0, 6.4, 0), 3.2, 1.8, 0.3), "icing": smooth(0.4, cyl((0, 5.0, 0), 4.75, 0.7, 0.5), *(egg((4.5 * np.cos(a), 4.4, 4.5 * np.sin(a)), (0.8, 1.3, 0.8)) for a in np.linspace(0, 6.28, 12, endpoint=False)), cyl((0, 8.1, 0), 3.35, 0.6, 0.45)), "candle": union(*(rod((x, 8, z), (x, 10.8, z), 0.35, 0.1) | egg((x, 11.6, z), (0.42, 0.8, 0.42)) for x, z in ((-1.6, 0.4), (0, 1.4), (1.6, 0.2))))},
        "suitcase": {"case": box((0, 4.2, 0), (5.4, 4.0, 2.2), 0.9) | path([(-1.6, 8, 0), (-1.6, 9.4, 0), (1.6, 9.4, 0), (1.6, 8, 0)], 0.45, None, 0.2), "trim": union(*(box((s * 4.9, y, 2.0), (0.9, 0.9, 0.5), 0.3) for s in (-1, 1) for y in (0.9, 7.5)), *(box((s * 3.0, 4.2, 0), (0.5, 4.15, 2.35), 0.2) for s in (-1, 1)))},
        "globe": {"sea": ball((0, 7.2, 0), 4.3), "land": land & ball((0, 7.2, 0), 4.5), "stand": union(cyl((0, 0.5, 0), 3.0, 0.5, 0.3), rod((0, 0.6, 0), (0, 3.4, 0), 0.7, 0.2), (ring((0, 7.2, 0), 5.1, 0.35, "z") & Shape(lambda p: p[0] - p[1] * np.float32(0.4) + 2)).turn(z=0))},
        "computer": {"case": smooth(0.3, melt(0.3, box((0, 6.6, 0), (4.8, 4.0, 3.0), 0.9), box((0, 6.8, 3.4), (3.9, 2.9, 0.8), 0.4)), box((0, 1.6, 0.4), (2.2, 1.6, 1.8), 0.4), box((0, 0.7, 4.6), (4.6, 0.7, 1.6), 0.3)), "screen": box((0, 6.8, 2.3), (3.9, 2.9, 0.4), 0.3)},
        "drum": {"shell": cyl((0, 3.6, 0), 4.6, 3.4, 0.2), "skin": cyl((0, 7.1, 0), 4.4, 0.3, 0.15), "rim": union(*(cyl((0, y, 0), 4.85, 0.5, 0.25) - cyl((0, y, 0), 4.45, 2, 0.05) for y in (0.6, 6.9)), around(6, lambda c, s: rod((4.8 * c, 0.5, 4.8 * s), (4.8 * c, 7, 4.8 * s), 0.35, 0.1)))},
        "pumpkin": {"fruit": lobes, "stem": pill((0, 6.6, 0), (1.0, 9.0, 0.2), 1.0, 0.6)},
        "cone": {"cone": union(cone & Shape(lambda p: -(np.abs(p[1] - 5.6) - np.float32(1.3))), box((0, 0.5, 0), (4.2, 0.5, 4.2), 0.4)), "stripe": cone.grow(0.06) & box((0, 5.6, 0), (9, 1.3, 9), 0.1)},
        "hydrant": {"body": hydrant, "cap": union(smooth(0.3, egg((0, 8.2, 0), (2.5, 1.9, 2.5)) & above(8.0), cyl((0, 8.2, 0), 2.8, 0.4, 0.2), cyl((0, 10.2, 0), 0.7, 0.6, 0.2)), cyl((0, 5.4, 0), 1.5, 0.4, 0.2, "x").move(3.6), cyl((0, 5, 3.2), 1.8, 0.5, 0.25, "z"))},
        "gears": {"big": gear, "small": _cog((4.4, 2.6, 2.2), 2.1, 0.8, 8)},
        "hay": {"straw": bale, "twine": union(*(box((s * 2.4, 3.4, 0), (0.35, 3.55, 3.75), 0.2) for s in (-1, 1)))},
        "sandcastle": {"sand": sand.rough(0.05, 4, 1), "flag": slab([(0, 12.4), (0, 10.4), (2.8, 11.4)], "z", -1.8, -1.4, 0.15) | rod((0, 8, -1.6), (0, 12.6, -1.6), 0.25, 0.1)},
        "speaker": {"box": melt(0.2, box((0, 6.4, 0), (3.8, 6.4, 3.2), 0.6), cyl((0, 4.4, 3.6), 2.8, 1.0, 0.2, "z"), cyl((0, 9.8, 3.6), 1.8, 1.0, 0.2, "z")), "cone": union(lathe([(0, 0), (2.6, 0.9), (2.6, 0.3), (0, -0.6)], r=0.15).turn(x=90).move(0, 4.4, 2.5), ball((0, 4.4, 2.4), 0.9), ball((0, 9.8, 2.0), 1.3))},
        "football": {"ball": ball((0, 4.2, 0), 4.2), "patch": ball((0, 4.2, 0), 4.26) & union(*(ball(s, 1.45) for s in seams))},
        "beehive": {"hive": hive, "door": egg((0, 2.4, 4.2), (1.4, 1.6, 1.0))},
    }  # fmt: skip


def _cog(c: tuple[float, float, float], r: float, half: float, teeth: int) -> Shape:
    wheel = union(
        cyl((0, 0, 0), r, half, 0.25, "z"),
        *(box((0, r + 0.3, 0), (r * 0.19, 0.9, half), 0.2).turn(z=360 / teeth * i) for i in range(teeth)),
    )
    return (wheel - cyl((0, 0, 0), r * 0.35, 4, 0.1, "z")).move(*c)  # fmt: skip


def _eyes(x: float, y: float, z: float, r: float = 0.48) -> Shape:
    return ball((x, y, z), r).both()


def _beast(ears: Shape, tail: Shape, fat: float = 1.0) -> Shape:
    """A sitting four-legged animal with a big head."""
    return smooth(0.7, egg((0, 3.6, -0.8), (3.1 * fat, 3.7, 3.4)), egg((0, 8.4, 1.2), (3.4, 2.9, 3.0)), pill((1.5, 3.2, 1.6), (1.6, 0.8, 2.8), 1.1).both(), egg((2.4, 1.0, 0.2), (1.3, 1.0, 2.0)).both(), ears, tail)  # fmt: skip


def _animals() -> dict[str, Zones]:
    cat = _beast(
        pill((1.9, 10.4, 1.0), (2.5, 12.4, 0.8), 1.0, 0.3).both(),
        path([(2.0, 1.2, -3), (5.0, 1.6, -1.6), (5.2, 5.2, -1.2)], 0.85, 0.65),
    )
    dog = _beast(
        smooth(0.3, egg((3.2, 8.6, 0.8), (1.0, 2.3, 1.4)), egg((2.7, 9.8, 0.8), (1.2, 1.0, 1.2))).both(),
        pill((0, 3.4, -4), (0.6, 6.4, -5.4), 0.9, 0.5),
        1.1,
    )
    rabbit = _beast(pill((1.1, 10.6, 0.6), (1.7, 15.2, 0.0), 0.95, 0.75).both(), ball((0, 1.8, -4.4), 1.5), 1.05)
    fox = _beast(
        slab([(0.9, 10.2), (3.3, 9.6), (2.9, 13.2)], "z", 0.2, 1.6, 0.5).both(),
        smooth(0.5, path([(2, 1.2, -3), (5.2, 2.2, -1.8), (5.6, 6.4, -1.6)], 1.6, 1.0)),
    )
    bear = _beast(ball((2.4, 10.8, 0.6), 1.3).both(), ball((0, 1.6, -4), 1.0), 1.2)
    wool = smooth(
        0.4,
        *(
            ball((3.3 * np.cos(a) * np.cos(b), 5.2 + 2.7 * np.sin(b), 4.0 * np.sin(a) * np.cos(b) - 0.6), 1.5)
            for b in (-0.7, 0, 0.7, 1.4)
            for a in np.linspace(0, 6.28, 9, endpoint=False)
        ),
        egg((0, 5.2, -0.6), (3.8, 3.2, 4.4)),
        ball((0, 9.2, 3.6), 1.5),
    )
    sheep_face = smooth(
        0.4,
        egg((0, 7.2, 4.6), (1.7, 2.2, 1.8)),
        egg((2.2, 8.2, 3.8), (1.2, 0.6, 0.7)).both(),
        pill((2.0, 2.6, 1.6), (2.0, 0.6, 1.6), 0.8).both(),
        pill((2.0, 2.6, -3), (2.0, 0.6, -3), 0.8).both(),
    )
    horse = smooth(
        0.7,
        egg((0, 6.2, -1.4), (2.6, 2.7, 4.4)),
        pill((0, 7.4, 1.8), (0, 11.4, 3.2), 1.9, 1.6),
        egg((0, 11.4, 4.6), (1.6, 1.6, 2.6)),
        *(pill((x, 5.0, z), (x, 0.7, z), 1.1, 0.9) for x in (-1.5, 1.5) for z in (1.4, -4.2)),
        pill((0.8, 12.6, 3.2), (1.0, 14.0, 3.0), 0.5, 0.2).both(),
    )
    mane = smooth(
        0.5,
        *(egg((0, 13.2 - 1.0 * i, 2.6 - 0.75 * i), (0.8, 1.1, 1.0)) for i in range(6)),
        path([(0, 7.4, -5.6), (0, 6, -7), (0, 2.6, -7)], 1.0, 0.5),
    )
    hen = smooth(
        0.6,
        egg((0, 4.4, -0.4), (3.0, 3.1, 3.8)),
        pill((0, 5.4, 2), (0, 8.8, 2.6), 1.9, 1.6),
        egg((0, 6.6, -3.8), (1.0, 2.2, 1.4)),
        egg((2.9, 4.6, -0.6), (0.7, 1.7, 2.4)).both(),
    )
    parrot = smooth(
        0.5, egg((0, 8.4, 0), (2.4, 3.8, 2.2)), ball((0, 12.4, 0.6), 2.4), pill((0, 6, -1.6), (0, 2.2, -3.0), 1.0, 0.6)
    )
    owl = smooth(
        0.6,
        egg((0, 5.2, 0), (3.9, 5.0, 3.3)),
        egg((0, 9.4, 0.2), (3.8, 3.0, 3.2)),
        pill((2.0, 11.2, 0.4), (3.0, 13.0, 0.4), 1.0, 0.2).both(),
        egg((3.8, 5.0, 0), (0.9, 3.4, 2.0)).both(),
    )
    penguin = smooth(
        0.7,
        egg((0, 5.0, 0), (3.8, 5.0, 3.5)),
        ball((0, 10.2, 0.2), 2.95),
        egg((0, 0, 0), (0.8, 3.0, 1.5)).turn(z=20).move(4.0, 5.4, 0.1).both(),
    )
    turtle_shell = smooth(
        0.2,
        egg((0, 3.0, -0.6), (4.6, 3.6, 4.8)) & above(2.0),
        *(
            egg((x, y, z), (1.3, 0.8, 1.3))
            for x, y, z in ((0, 6.2, -0.6), (2.4, 5.2, 0.8), (-2.4, 5.2, 0.8), (0, 5.0, 2.6))
        ),
    )
    turtle = smooth(
        0.5,
        egg((0, 4.2, 5.4), (1.9, 1.8, 2.0)),
        pill((0, 2.4, 3), (0, 3.8, 5), 1.2),
        *(egg((x, 0.9, z), (1.5, 0.9, 1.5)) for x in (-3.4, 3.4) for z in (2.6, -3.4)),
        egg((0, 2.0, -0.6), (4.0, 1.0, 4.2)),
    )
    frog = smooth(
        0.6,
        egg((0, 3.0, -0.4), (3.8, 2.9, 3.8)),
        egg((0, 5.0, 1.4), (3.4, 2.3, 2.6)),
        ball((1.9, 7.2, 1.4), 1.3).both(),
        egg((3.8, 1.6, -0.6), (1.4, 1.5, 2.6)).both(),
        pill((2.0, 2.4, 2.6), (2.4, 0.6, 3.8), 0.9).both(),
    )
    fish = smooth(0.5, egg((0, 6.4, 0), (4.4, 3.0, 1.9)))
    fins = union(
        slab([(3.4, 6.4), (7.4, 9.4), (6.6, 6.4), (7.4, 3.4)], "z", -0.5, 0.5, 0.3),
        slab([(-1.6, 8.8), (2.4, 8.6), (2.6, 10.6), (0.4, 11)], "z", -0.4, 0.4, 0.3),
        slab([(-0.4, 4.2), (2.2, 4.0), (1.6, 2.4)], "z", -0.4, 0.4, 0.2),
    )
    crab = smooth(
        0.5,
        egg((0, 3.2, 0), (4.4, 2.4, 3.2)),
        *(
            path([(s * 3.4, 2.6, z), (s * 6.0, 3.0, z * 1.4), (s * 6.6, 0.3, z * 1.6)], 0.6, 0.4)
            for s in (-1, 1)
            for z in (-1.8, 0.0, 1.4)
        ),
        *(pill((s * 1.3, 5, 1.6), (s * 1.5, 6.6, 2.0), 0.4) for s in (-1, 1)),
        *(path([(s * 3.2, 3.4, 2), (s * 5.4, 4.6, 4.2)], 0.8) for s in (-1, 1)),
        *(
            melt(0.2, egg((s * 5.2, 6.2, 4.8), (1.5, 2.1, 1.2)), box((s * 5.0, 7.8, 5.2), (0.35, 1.4, 2), 0.2))
            for s in (-1, 1)
        ),
    )
    octo = smooth(
        0.7,
        egg((0, 7.4, 0), (3.7, 4.0, 3.6)),
        *(
            path(
                [
                    (2.4 * np.cos(a), 4.4, 2.4 * np.sin(a)),
                    (4.4 * np.cos(a), 1.2, 4.2 * np.sin(a)),
                    (6.2 * np.cos(a), 1.0, 5.6 * np.sin(a)),
                    (6.8 * np.cos(a), 2.2, 6.0 * np.sin(a)),
                ],
                1.2,
                0.6,
                0.5,
            )
            for a in np.linspace(0.2, 6.48, 8, endpoint=False)
        ),
    )
    dino = smooth(
        0.7,
        egg((0, 4.8, -1.0), (3.0, 3.9, 3.4)),
        egg((0, 9.8, 1.0), (2.7, 2.3, 2.8)),
        egg((0, 9.2, 3.0), (2.0, 1.5, 2.0)),
        pill((0, 6, 0), (0, 9, 0.6), 2.2, 2.0),
        path([(0, 3.4, -3.4), (1.6, 1.8, -6), (4.4, 1.2, -7)], 2.0, 0.4),
        egg((2.3, 1.6, 0.4), (1.5, 1.7, 2.4)).both(),
        pill((2.2, 6.2, 1.6), (2.4, 5.2, 3.4), 0.7, 0.5).both(),
    )
    spikes = (
        union(
            *(
                slab([(z - 1.0, y - 0.4), (z + 1.0, y), (z - 1.0, y + 1.9)], "x", -0.4, 0.4, 0.25).turn(y=0)
                for y, z in ()
            )
        )
        if False
        else union(
            *(
                pill((0, y, z), (0, y + 1.2, z - 0.9), 0.75, 0.2)
                for y, z in ((12.0, 0.2), (10.4, -1.6), (8.2, -3.0), (6.2, -4.2), (4.2, -5.0))
            )
        )
    )
    web = [(1.4, 5.6), (4.2, 12.0), (8.8, 11.0), (7.7, 9.2), (8.0, 7.4), (6.0, 7.4), (5.4, 5.6), (3.6, 6.0)]
    wing = smooth(
        0.4, slab(web, "z", -2.6, -2.0, 0.28), path([(1.4, 6.2, -2.2), (4.2, 12.0, -2.3), (9.0, 11.0, -2.4)], 0.6, 0.35)
    ).both()
    bot = union(
        box((0, 3.5, 0), (3.3, 2.4, 2.8), 0.9),
        cyl((0, 0.9, 0), 0.9, 3.4, 0.3, "x"),
        box((0, 3.5, 3.0), (1.7, 1.0, 0.3), 0.2),
    )
    beak = pill((0, 0, 0), (0, -0.4, 1.6), 0.9, 0.3)
    return {
        "cat": {"fur": cat, "muzzle": smooth(0.3, egg((0, 7.5, 3.9), (1.5, 0.95, 0.8)), egg((0, 3.2, 2.4), (1.7, 2.4, 0.9))), "eye": _eyes(1.3, 9.0, 3.8) | ball((0, 7.9, 4.7), 0.32)},
        "dog": {"fur": dog, "muzzle": smooth(0.3, egg((0, 7.6, 4.2), (1.6, 1.25, 1.3)), egg((0, 3.2, 2.4), (1.7, 2.4, 0.9))), "eye": _eyes(1.4, 9.2, 3.8) | egg((0, 8.3, 5.3), (0.65, 0.5, 0.5))},
        "rabbit": {"fur": rabbit, "inner": union(pill((1.15, 11, 1.35), (1.65, 14.8, 0.7), 0.5, 0.35).both(), egg((0, 7.9, 4.15), (0.45, 0.35, 0.35))), "eye": _eyes(1.5, 9.0, 3.7)},
        "fox": {"fur": fox, "muzzle": smooth(0.3, pill((0, 7.7, 3.4), (0, 7.3, 5.2), 1.4, 0.6), egg((2.2, 7.6, 2.8), (1.2, 0.9, 1.0)).both(), ball((5.6, 7.2, -1.6), 1.15), egg((0, 3.2, 2.4), (1.6, 2.3, 0.9))), "eye": _eyes(1.4, 9.1, 3.85) | ball((0, 7.6, 5.75), 0.45)},
        "bear": {"fur": bear, "muzzle": smooth(0.3, egg((0, 7.6, 4.1), (1.6, 1.2, 1.0)), egg((0, 3.6, 2.3), (2.2, 2.6, 0.9))), "eye": _eyes(1.4, 9.2, 3.85) | egg((0, 8.1, 5.0), (0.6, 0.45, 0.4))},
        "sheep": {"wool": wool, "face": sheep_face},
        "horse": {n: s.turn(y=-42) for n, s in (("coat", horse), ("mane", mane), ("eye", _eyes(1.45, 11.9, 4.6, 0.4)))},
        "chicken": {"body": hen, "comb": union(*(ball((0, 10.4 - 0.2 * abs(i), 2.8 - 0.9 * i), 0.75) for i in (-1, 0, 1)), egg((0, 7.3, 4.3), (0.5, 0.9, 0.5))), "beak": union(beak.move(0, 8.6, 3.8), *(rod((s * 1.1, 0, 0.2), (s * 1.1, 2.0, 0), 0.35, 0.1) | egg((s * 1.1, 0.3, 0.8), (0.9, 0.3, 1.3)) for s in (-1, 1))), "eye": _eyes(1.2, 9.2, 3.5, 0.38)},
        "parrot": {"body": parrot, "wing": egg((2.2, 7.6, -0.4), (0.9, 3.2, 1.9)).both() | pill((0, 5, -2.4), (0, 1.6, -3.6), 0.8, 0.5), "beak": smooth(0.3, pill((0, 12.6, 2.8), (0, 11.6, 4.0), 1.1, 0.5)), "perch": union(rod((0, 0, 0.2), (0, 4.6, 0.2), 0.6, 0.2), rod((-3.6, 4.6, 0.2), (3.6, 4.6, 0.2), 0.7, 0.3), cyl((0, 0.4, 0.2), 2.4, 0.4, 0.2)), "eye": _eyes(1.15, 13.2, 2.5, 0.42)},
        "owl": {"body": owl, "face": smooth(0.3, cyl((1.6, 9.6, 3.0), 1.75, 0.5, 0.3, "z").both(), egg((0, 4.4, 2.4), (2.5, 3.2, 1.3))), "beak": union(pill((0, 9.0, 3.4), (0, 8.0, 3.9), 0.6, 0.25), egg((1.4, 0.4, 2.4), (1.1, 0.5, 1.3)).both()), "eye": _eyes(1.5, 9.7, 3.35, 0.78)},
        "penguin": {"body": penguin, "belly": smooth(0.5, egg((0, 4.7, 1.5), (2.9, 4.1, 2.5)), egg((1.05, 10.4, 2.0), (1.15, 1.3, 1.0)).both()), "beak": union(pill((0, 9.8, 2.7), (0, 9.5, 4.4), 0.9, 0.35), egg((1.7, 0.5, 2.0), (1.5, 0.55, 2.2)).both()), "eye": _eyes(1.05, 10.7, 2.9, 0.42)},
        "turtle": {"shell": turtle_shell, "skin": turtle, "eye": _eyes(1.0, 4.9, 6.7, 0.38)},
        "frog": {"body": frog, "eye": _eyes(1.9, 7.5, 2.4, 0.62)},
        "fish": {"body": fish, "fin": fins, "eye": egg((-2.4, 7.0, 1.6), (0.6, 0.6, 0.5)), "bubble": (ball((0, 6.6, 0), 7.6) & above(0.2))},
        "crab": {"shell": crab, "eye": _eyes(1.55, 6.9, 2.3, 0.6)},
        "octopus": {"body": octo, "eye": _eyes(1.4, 7.6, 3.4, 0.72)},
        "dino": {"body": dino, "spike": spikes, "eye": _eyes(1.6, 10.7, 3.1, 0.5)},
        "dragon": {"body": smooth(0.4, dino, pill((1.2, 11.6, 0.4), (1.8, 13.6, -0.4), 0.6, 0.25).both()), "wing": wing | spikes, "belly": egg((0, 4.6, 1.4), (1.9, 3.0, 1.3)), "eye": _eyes(1.6, 10.7, 3.1, 0.5)},
        "bot": {"body": bot, "head": union(box((0, 8.0, 0), (2.8, 1.9, 2.3), 0.8), rod((0, 9.6, 0), (0, 11.4, 0), 0.35, 0.1)), "eye": union(cyl((1.2, 8.1, 2.2), 0.8, 0.4, 0.2, "z").both(), ball((0, 11.8, 0), 0.8)), "wheel": union(*(cyl((s * 3.4, 1.6, z), 1.6, 0.7, 0.35, "x") for s in (-1, 1) for z in (-1.8, 1.8)))},
    }  # fmt: skip


def _wheels(x: float, zs: tuple[float, ...], r: float, half: float = 0.8) -> Shape:
    return union(*(cyl((s * x, r, z), r, half, 0.4, "x") for s in (-1, 1) for z in zs))


def _vehicles() -> dict[str, Zones]:
    """Small enough to stand beside the figure; they are long in x and are turned towards the camera with the rest."""

    def rims(xs: tuple[float, ...], r: float, z: float, half: float = 0.8) -> Shape:
        return union(*(cyl((x, r, s * z), r, half, 0.4, "z") for s in (-1, 1) for x in xs))

    rover = smooth(0.3, box((0, 4.4, 0), (4.4, 1.5, 2.8), 0.6), box((-1, 6.4, 0), (2.0, 0.9, 1.6), 0.4))
    drone = smooth(
        0.5,
        egg((0, 9.0, 0), (2.7, 1.5, 2.2)),
        *(pill((0, 9.2, 0), (s * 4.4, 9.8, t * 3.2), 0.6, 0.5) for s in (-1, 1) for t in (-1, 1)),
        *(pill((s * 1.4, 8.2, 0.6), (s * 2.0, 6.2, 0.8), 0.35) for s in (-1, 1)),
    )
    rotors = union(
        *(
            cyl((s * 4.4, 10.7, t * 3.2), 2.2, 0.2, 0.1) | cyl((s * 4.4, 10.3, t * 3.2), 0.7, 0.6, 0.2)
            for s in (-1, 1)
            for t in (-1, 1)
        )
    )
    car = smooth(
        0.5,
        box((0, 2.8, 0), (6.0, 1.5, 3.0), 1.0),
        slab([(-3.6, 3.6), (3.4, 3.6), (2.0, 6.6), (-2.6, 6.6)], "z", -2.6, 2.6, 0.9),
    )
    pane = slab([(-2.9, 4.2), (2.6, 4.2), (1.5, 6.1), (-2.2, 6.1)], "z", -2.75, 2.75, 0.3) - box(
        (-0.4, 5, 0), (0.3, 3, 4), 0.1
    )
    pane = pane | slab([(-3.7, 4.2), (3.5, 4.2), (2.05, 6.2), (-2.7, 6.2)], "z", -2.1, 2.1, 0.3)
    train = union(
        box((-2.8, 5.2, 0), (2.4, 3.2, 2.7), 0.5),
        box((-2.8, 8.8, 0), (2.9, 0.5, 3.1), 0.3),
        box((0.6, 2.4, 0), (5.6, 0.8, 2.6), 0.4),
    )
    boiler = union(
        cyl((2.4, 5.0, 0), 2.2, 3.2, 0.4, "x"),
        lathe([(0, 6.6), (0.8, 6.6), (1.2, 9.4), (0, 9.4)], (4.2, 0, 0), 0.2),
        slab([(5.4, 0.4), (7.2, 0.4), (5.6, 3)], "z", -2.2, 2.2, 0.3),
    )
    hull = melt(
        0.4,
        slab([(-6.2, 4.4), (6.6, 4.8), (4.4, 0.2), (-5.0, 0.2)], "z", -2.7, 2.7, 0.9) & egg((0, 3, 0), (7.0, 8, 3.4)),
        box((0, 4.6, 0), (4.6, 0.9, 1.9), 0.4),
    )
    sail = slab([(0.4, 6.0), (0.4, 14.6), (5.8, 6.0)], "z", -0.4, 0.4, 0.3) | slab(
        [(-0.6, 6.2), (-0.6, 13.0), (-4.4, 6.2)], "z", -0.3, 0.3, 0.25
    )
    plane = smooth(
        0.8,
        egg((0, 6.4, 0), (6.6, 2.1, 2.0)),
        slab([(-6.6, 6.6), (-4.4, 6.6), (-5.6, 10.4), (-7.2, 10.4)], "z", -0.4, 0.4, 0.3),
    )
    wings = union(box((0.6, 6.2, 0), (1.7, 0.4, 7.4), 0.35), box((-5.6, 7.0, 0), (1.0, 0.3, 3.0), 0.25))
    nose = union(
        ball((6.6, 6.4, 0), 0.9),
        box((7.0, 6.4, 0), (0.25, 3.2, 0.6), 0.2).turn(x=30, about=(7, 6.4, 0)),
        _plane_wheels(),
    )
    rocket = lathe([(0, 2.0), (1.9, 2.0), (2.6, 6.0), (2.2, 10.4), (0.4, 14.6), (0, 14.8)], r=0.3)
    rocket_fins = (
        around(
            3,
            lambda c, s: slab([(1.6, 6.2), (4.6, 2.6), (4.4, 0.2), (1.6, 2.6)], "z", -0.4, 0.4, 0.25).turn(
                y=float(np.rad2deg(np.arctan2(s, c)))
            ),
            0.55,
        )
        | lathe([(0, 12.2), (1.75, 12.2), (0.4, 15.0), (0, 15.2)], r=0.2)
        | lathe([(0, 0.8), (1.7, 0.8), (1.2, 2.2), (0, 2.2)], r=0.2)
    )
    board = Shape(
        lambda p: (
            box((0, 2.4, 0), (6.6, 0.35, 2.2), 0.3).f(
                (p[0], p[1] - np.clip(np.abs(p[0]) - 4.4, 0, 9) * np.float32(0.5), p[2])
            )
            * np.float32(0.85)
        )
    ) & egg((0, 3, 0), (7.0, 9, 12))
    scoot = union(box((0, 1.6, 0), (4.6, 0.4, 1.0), 0.35), path([(4.2, 1.6, 0), (4.9, 3.0, 0), (4.2, 9.6, 0)], 0.55))
    sled = union(
        *(box((0, 3.4, z), (6.0, 0.4, 0.75), 0.3) for z in (-1.8, 0, 1.8)),
        box((-3, 2.9, 0), (0.5, 0.4, 2.6), 0.2),
        box((3, 2.9, 0), (0.5, 0.4, 2.6), 0.2),
    )
    runner = union(
        *(
            path([(-6, 0.5, z), (4.4, 0.5, z), (6.8, 1.8, z), (6.9, 4.0, z)], 0.45)
            | rod((-3, 0.5, z), (-3, 3, z), 0.4, 0.1)
            | rod((3, 0.5, z), (3, 3, z), 0.4, 0.1)
            for z in (-2.4, 2.4)
        )
    )
    return {
        "rover": {"body": rover, "panel": box((0, 7.6, 0), (5.0, 0.25, 3.2), 0.1).turn(z=8, about=(0, 7.6, 0)), "wheel": rims((-3.8, 0, 3.8), 1.6, 3.4, 0.9), "mast": union(rod((3.2, 5, 0.6), (3.2, 10.6, 0.6), 0.4, 0.1), box((3.4, 11.2, 0.8), (1.2, 0.8, 1.0), 0.3))},
        "drone": {"body": drone, "rotor": rotors, "lens": egg((0.4, 8.2, 1.9), (0.8, 0.7, 0.6))},
        "car": {"body": car, "glass": pane, "wheel": rims((-3.6, 3.6), 1.7, 2.7), "hub": rims((-3.6, 3.6), 0.8, 2.9).move(0, 0.9, 0)},
        "train": {"body": train - box((-2.8, 6.4, 0), (1.4, 1.2, 4), 0.3), "boiler": boiler, "wheel": rims((-3.6, 0.2, 3.4), 1.6, 2.4, 0.6), "brass": union(*(cyl((x, 5, 0), 2.35, 0.3, 0.1, "x") for x in (0.6, 3.4)), egg((2.0, 7.4, 0), (0.9, 0.9, 0.9)), cyl((5.6, 5, 0), 1.0, 0.4, 0.2, "x"))},
        "boat": {"hull": hull, "deck": box((0, 3.6, 0), (4.8, 0.4, 2.0), 0.2) | rod((-0.1, 3, 0), (-0.1, 15.2, 0), 0.4, 0.1), "sail": sail},
        "plane": {"body": plane, "wing": wings, "prop": nose},
        "rocket": {"body": rocket, "fin": rocket_fins, "window": egg((0, 8.4, 2.2), (1.2, 1.2, 0.6))},
        "skateboard": {"deck": board, "wheel": union(*(ball((0, 0, 0), 1.0).move(x, 1.2, z) for x in (-4, 4) for z in (-1.6, 1.6))), "truck": union(*(rod((x, 1.4, -1.6), (x, 1.4, 1.6), 0.5, 0.1) for x in (-4, 4)))},
        "scooter": {"body": scoot, "wheel": union(*(cyl((x, 1.4, 0), 1.4, 0.5, 0.3, "z") for x in (-5.2, 5.2))), "metal": rod((4.2, 9.6, -2.4), (4.2, 9.6, 2.4), 0.5, 0.2) | rod((5.2, 1.4, -0.8), (5.2, 1.4, 0.8), 0.5, 0.2)},
        "sled": {"wood": sled, "runner": runner},
    }  # fmt: skip


def _plane_wheels() -> Shape:
    return union(*(cyl((2.0, 1.3, z), 1.3, 0.5, 0.3, "z") | rod((2.0, 1.4, z), (1.4, 5, z * 0.7), 0.3, 0.1) for z in (-2.4, 2.4)), cyl((-5.2, 2.0, 0), 0.7, 0.3, 0.2, "z") | rod((-5.2, 2, 0), (-5, 5.6, 0), 0.3, 0.1))  # fmt: skip


def _tall() -> dict[str, Zones]:
    layers = smooth(
        0.3,
        *(
            lathe([(0, y), (r, y), (0.5, y + h), (0, y + h)], r=0.5).ribs(0.15, 13)
            for y, r, h in ((4.6, 6.4, 9), (10.6, 5.2, 8), (16.2, 3.9, 8))
        ),
    )
    crown = smooth(
        0.8,
        *(
            ball(c, r)
            for c, r in (
                ((0, 16, 0), 5.2),
                ((-3.4, 13.6, 1), 3.6),
                ((3.4, 14, 0.6), 3.8),
                ((0.6, 19.6, 0), 3.8),
                ((1, 14, 3), 3.4),
                ((-2, 18, 1.6), 3),
            )
        ),
    ).rough(0.3, 1.1, 5)
    trunk = path([(0, 0, 0), (0.8, 7, 0), (0.2, 14, 0), (-1.4, 21, 0)], 1.7, 1.0, 0.6)
    fronds = smooth(
        0.3,
        *(
            Shape(
                lambda p, c=np.cos(a), s=np.sin(a): (
                    egg((0, 0, 0), (5.2, 0.55, 1.5)).f(
                        (
                            c * (p[0] + 1.4) + s * p[2] - 4.8,
                            p[1] - 21.6 + 0.085 * (c * (p[0] + 1.4) + s * p[2]) ** 2 * np.float32(0.9),
                            -s * (p[0] + 1.4) + c * p[2],
                        )
                    )
                    * np.float32(0.6)
                )
            )
            for a in np.linspace(0.2, 6.48, 7, endpoint=False)
        ),
    )
    tent = slab([(-7.4, 0), (7.4, 0), (0, 13.4)], "z", -5, 5, 0.4) - slab(
        [(-2.2, -1), (2.2, -1), (0, 9.2)], "z", 2, 9, 0.1
    )
    easel = union(
        rod((-4.4, 0, 2.4), (-0.4, 20, -0.4), 0.6, 0.2),
        rod((4.4, 0, 2.4), (0.4, 20, -0.4), 0.6, 0.2),
        rod((0, 0, -4.4), (0, 19, -0.6), 0.6, 0.2),
        box((0, 7.2, 1.9), (5.6, 0.5, 0.9), 0.2),
    )
    canvas = box((0, 13.0, 1.4), (5.6, 5.2, 0.5), 0.2).turn(x=-8, about=(0, 8, 1.4))
    dabs = union(
        *(
            egg((x, y, 2.0 - 0.1 * (y - 8)), (a, b, 0.35))
            for x, y, a, b in ((-2.0, 11.0, 2.2, 1.4), (1.6, 12.6, 2.0, 1.8), (0, 15.4, 2.6, 0.9))
        )
    )
    shard = [
        ((0, 0, 0), (0.4, 17, 0), 2.6),
        ((3, 0, 1), (6, 10.6, 1.4), 1.9),
        ((-3, 0, 0.6), (-5.4, 11.8, 0.8), 2.0),
        ((1.4, 0, 2.6), (2.4, 7.4, 4.0), 1.5),
    ]
    crystal = union(*(_shard(a, b, r) for a, b, r in shard))
    snowman = smooth(0.4, ball((0, 4.4, 0), 4.9), ball((0, 11.2, 0), 3.7), ball((0, 16.6, 0), 2.8)) & above(0)
    shelf = box((0, 11, 0), (6.4, 11, 2.6), 0.4) - union(
        *(box((0, y, 2), (5.7, 2.9, 3), 0.1) for y in (4.0, 10.8, 17.6))
    )
    rng = np.random.RandomState(2)
    spines: list[list[Shape]] = [[], [], []]
    for row, y in enumerate((1.2, 8.0, 14.8)):
        x = -5.4
        while x < 4.6:
            w, h = rng.uniform(0.5, 0.85), rng.uniform(1.9, 2.6)
            spines[rng.randint(3)].append(box((x + w, y + h, 0.6), (w * 0.94, h, 1.6), 0.2))
            x += 2 * w + (2.2 if rng.rand() < 0.12 + 0.05 * row else 0)
    scope = rod((-3.6, 12.6, 0), (5.4, 18.6, 0), 1.6, 0.4)
    sign = union(
        slab([(-5.6, 15.4), (4.0, 15.4), (6.2, 17.2), (4.0, 19.0), (-5.6, 19.0)], "z", 0.6, 1.6, 0.3).turn(z=3),
        slab([(5.2, 10.6), (-3.8, 10.6), (-6.0, 12.3), (-3.8, 14.0), (5.2, 14.0)], "z", 0.6, 1.6, 0.3).turn(z=4),
    )
    dish = (egg((0, 0, 0), (5.6, 5.6, 3.0)) - egg((0, 0, 1.0), (5.3, 5.3, 3.0))) & behind(0.2)
    return {
        "pine": {"trunk": rod((0, 0, 0), (0, 6, 0), 1.7, 0.3), "leaf": layers},
        "tree": {"trunk": smooth(0.5, pill((0, 0.4, 0), (0, 11, 0), 1.6, 1.2), pill((0, 7, 0), (2.6, 11.4, 0.4), 0.9)) & above(0), "leaf": crown},
        "palm": {"trunk": trunk.ribs(0.0, 1) & above(0), "leaf": fronds},
        "lamppost": {"pole": union(rod((0, 0, 0), (0, 20, 0), 0.75, 0.2), lathe([(0, 0), (2.2, 0), (1.2, 3), (0, 3)], r=0.3), lathe([(0, 19.6), (1.9, 19.6), (2.3, 20.2), (0, 20.2)], r=0.2), lathe([(0, 24.4), (2.7, 24.4), (0.4, 26.6), (0, 26.6)], r=0.3), *(rod((1.9 * c, 20, 1.9 * s), (2.4 * c, 24.6, 2.4 * s), 0.25, 0.1) for c, s in ((0.7, 0.7), (-0.7, 0.7), (0.7, -0.7), (-0.7, -0.7)))), "light": lathe([(0, 20.2), (1.6, 20.2), (2.1, 24.4), (0, 24.4)], r=0.1)},
        "tent": {"cloth": tent, "pole": union(*(rod((-0.6 * s, 12.4, z), (0.9 * s, 15, z), 0.4, 0.1) for s in (-1, 1) for z in (-4.6, 4.6)))},
        "easel": {"wood": easel, "canvas": canvas, "paint": dabs},
        "crystals": {"crystal": crystal, "rock": _blob(6, 3, 4.6, (1.4, 2.2)).rough(0.2, 0.6, 3)},
        "snowman": {"snow": snowman, "nose": pill((0, 16.6, 2.6), (0.6, 16.3, 5.6), 0.75, 0.2), "coal": union(_eyes(1.05, 17.6, 2.45, 0.45), *(ball((0, y, z), 0.5) for y, z in ((12.8, 3.3), (10.6, 3.6))), cyl((0, 19.2, 0), 3.2, 0.35, 0.2), cyl((0, 20.8, 0), 2.2, 1.7, 0.3)), "scarf": smooth(0.3, ring((0, 14.2, 0), 2.6, 0.95), box((1.6, 12, 3.4), (0.9, 2.0, 0.4), 0.3))},
        "bookcase": {"wood": shelf, **{n: union(*s) for n, s in zip(("red", "blue", "green"), spines, strict=True)}},
        "tripod": {"scope": scope, "leg": union(*(rod((0, 12.4, 0), (5.2 * np.cos(a), 0, 4.4 * np.sin(a)), 0.6, 0.2) for a in (0.4, 2.6, 4.7)), ball((0.4, 13.4, 0), 1.2)), "ring": union(rod((4.6, 18.1, 0), (6.0, 19.0, 0), 2.0, 0.3), rod((-4.6, 11.9, 0), (-3.2, 12.9, 0), 1.0, 0.2), rod((0.0, 15, 0), (0.7, 15.5, 0), 1.85, 0.2))},
        "signpost": {"post": rod((0, 0, 0), (0, 21, 0), 0.9, 0.3), "arrow": sign},
        "antenna": {"dish": dish.turn(x=-28, y=-16).move(0, 17, 0.6), "mast": union(rod((0, 0, 0), (0, 15.4, 0), 0.9, 0.2), *(rod((0, 8, 0), (4.4 * np.cos(a), 0, 4.0 * np.sin(a)), 0.5, 0.2) for a in (0.5, 2.6, 4.7)), rod((0, 17, 0.4), (-1.2, 19.4, 5.4), 0.35, 0.1)), "tip": ball((-1.3, 19.6, 5.8), 0.85)},
    }  # fmt: skip


def _shard(a: tuple[float, float, float], b: tuple[float, float, float], r: float) -> Shape:
    """A six-sided crystal from a to its tip b."""
    ln = float(np.linalg.norm(np.subtract(b, a)))
    u = np.subtract(b, a) / ln
    six = [(r * np.cos(t), r * np.sin(t)) for t in np.linspace(0, 2 * np.pi, 6, endpoint=False)]
    prism = slab(six, "y", 0, ln, 0.12)
    tip = Shape(
        lambda p: (
            (np.maximum(np.abs(p[0]), np.abs(p[0]) * 0.5 + np.abs(p[2]) * 0.866) - (ln - p[1]) * np.float32(0.62))
            * np.float32(0.8)
        )
    )
    tilt = rotation(float(np.rad2deg(np.arctan2(u[2], u[1]))), 0, -float(np.rad2deg(np.arcsin(u[0]))))
    return (prism & tip).place(tilt, a)  # fmt: skip


def _front(shape: Shape, turn: float) -> Shape:
    return shape.turn(y=turn).move(13.6, 0, 6.6)


def _rear(shape: Shape) -> Shape:
    return shape.turn(y=20).move(14.4, 0, -7.6)


SHAPES: dict[str, Zones] = {f"base.{k}": v for k, v in _bases().items()}
SHAPES |= {f"prop.{k}": {z: _front(s, 20) for z, s in v.items()} for k, v in _things().items()}
SHAPES |= {f"pet.{k}": {z: _front(s, 12) for z, s in v.items()} for k, v in _animals().items()}
SHAPES |= {f"pet.{k}": {z: _front(s.size(0.86), -12) for z, s in v.items()} for k, v in _vehicles().items()}
SHAPES |= {f"rear.{k}": {z: _rear(s) for z, s in v.items()} for k, v in _tall().items()}

__all__ = ["SHAPES", "front"]
