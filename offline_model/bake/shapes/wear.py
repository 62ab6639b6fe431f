# ruff: noqa: E501  (shapes are tables of numbers: a part reads best in one piece)
"""The figure, its arms, and what it wears below the hat: clothes, hair, beards, glasses, what is on its back."""

import numpy as np

from offline_model.bake.body import (
    HEAD,
    HEAD_TOP,
    HIPS,
    LEG,
    NECK,
    POSES,
    SHOE,
    SHOULDER,
    TORSO,
    arm,
    hand,
    side,
    turned,
)
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

CORE: dict[str, Zones] = {
    "core.legs": {"leg": LEG, "shoe": SHOE},
    "core.hips": {"hips": HIPS},
    "core.torso": {"torso": TORSO},
    "core.neck": {"neck": NECK},
    "core.head": {"head": turned(HEAD)},
}
ARMS: dict[str, Zones] = {
    f"arm.{s}-{pose}": {"sleeve": side(arm(pose), s), "hand": side(hand(pose), s)}
    for s in "RL"
    for pose in POSES
    if (s, pose) != ("R", "out")
}


# --- hair -----------------------------------------------------------------------------------------------------------


def scalp(th: float = 1.0) -> Shape:
    """The head, thicker."""
    return smooth(0.5, HEAD.grow(th), egg((0, 32.6, -0.4), (6.7 + th * 0.4, 4.6, 6.2 + th * 0.4)))


def opening(top: float = 32.4, w: float = 5.0, z: float = 1.2) -> Shape:
    """What is cut away for the face."""
    return box((0, top - 12, z + 10), (w, 12, 10), 2.0)


def _fringe(*pills: tuple[tuple[float, float, float], tuple[float, float, float], float]) -> Shape:
    return smooth(0.9, *(pill(a, b, r) for a, b, r in pills))


def _hair() -> dict[str, Zones]:
    sides = pill((6.6, 32.5, 1.2), (6.7, 29.4, 1.6), 1.0, 0.6).both()
    nape = above(26.4)
    swoop = _fringe(((-4.6, 34.6, 4.0), (3.8, 35.2, 4.4), 1.7), ((-5.2, 32.9, 4.2), (-2.6, 35.2, 4.9), 1.4))
    short = melt(0.7, smooth(1.1, scalp() & above(28.2), swoop, sides), opening())
    full = smooth(1.0, scalp(1.1), egg((1.4, 35.9, 3.0), (5.6, 2.3, 4.0)), egg((-3.4, 35.3, 3.6), (3.2, 1.8, 2.8)))
    part = melt(0.7, smooth(0.9, full & above(28.0), sides), opening(32.6, 5.0, 1.4)).rough(0.14, 0.75, 3)
    waves = smooth(
        1.2,
        scalp(1.2),
        pill((6.7, 32.5, 0), (7.5, 24.2, 0.6), 2.0, 1.5).both(),
        box((0, 27.6, -5.0), (6.6, 7.0, 1.9), 1.7),
        egg((-2.6, 35.4, 4.2), (4.0, 2.0, 2.6)),
        egg((3.0, 35.4, 4.1), (3.6, 1.9, 2.6)),
    )
    long = melt(0.8, waves, opening(32.6, 4.7, 1.4), cyl((0, 22, 0), 5.6, 4.5, 1)).rough(0.2, 0.5, 5)
    bob = smooth(
        1.2, scalp(1.5), pill((6.6, 32, 0.6), (7.2, 26.6, 1.2), 2.2, 2.2).both(), box((0, 30, -5), (6.6, 5, 2), 1.8)
    )
    bob = melt(0.7, bob, opening(31.4, 4.9, 1.6), cyl((0, 22, 0), 6, 4.0, 1))
    crown = _fringe(((-4.4, 34.6, 4.0), (3.8, 34.9, 4.2), 1.5))
    tied = melt(0.8, smooth(0.9, scalp(0.9) & nape, crown, sides), opening(32.8, 5.1, 1.3))
    bun = smooth(0.7, tied, ball((0, 37.6, -2.8), 3.1)).rough(0.12, 0.8, 7)
    tail = path([(0.0, 35.8, -5.6), (4.0, 34.0, -8.6), (6.8, 29.4, -8.6), (7.4, 24.6, -7.6)], 2.0, 1.0, 0.6)
    pig = path([(6.9, 31.4, -1.6), (9.2, 29.6, -1.6), (9.8, 25.4, -1.2)], 1.9, 1.0, 0.6).both()
    links = [(8.0, 30.6 - 1.9 * i, -0.4 + 0.55 * i) for i in range(6)]
    braid = smooth(0.5, *(egg(c, (1.55 - 0.1 * i, 1.35, 1.45)) for i, c in enumerate(links)))
    spikes = [
        pill((np.cos(a) * 2.8 * k, 34 + 0.6 * (2 - k), np.sin(a) * 2.6 * k),
             (np.cos(a) * 4.3 * k, 37.4 + 1.7 * (2 - k), np.sin(a) * 3.9 * k), 1.7, 0.25)
        for k, n in ((0.5, 4), (1.5, 9))
        for a in np.linspace(0, 2 * np.pi, n, endpoint=False) + 0.3 * k
    ]  # fmt: skip
    spiky = melt(0.7, smooth(0.7, scalp() & above(28.4), *spikes), opening())
    rng = np.random.RandomState(4)
    curls = []
    for _ in range(78):
        u, a = rng.rand() * 1.3 - 0.3, rng.rand() * 6.283
        r = float(np.sqrt(max(0, 1 - u * u)))
        curls.append(ball((7.0 * r * np.cos(a), 32.0 + 4.8 * u, 6.3 * r * np.sin(a) - 0.5), 1.9))
    curly = melt(0.7, smooth(0.6, scalp() & above(27.0), *curls), opening(32.2, 4.9, 2.6))
    afro = melt(0.9, egg((0, 32.6, -0.6), (9.6, 8.0, 8.6)), opening(32.4, 5.0, 2.4), box((0, 24, 0), (12, 3.4, 12), 1))
    hawk = smooth(0.8, *(pill((0, 34.4, 4.4 - 1.8 * i), (0, 37.6 + 1.3 * np.sin(0.55 * i), 5.0 - 2.0 * i), 1.5, 0.5)
                         for i in range(6)))  # fmt: skip
    stubble = melt(0.4, HEAD.grow(0.22) & above(29.0), opening(32.8, 5.3, 0.8))
    quiff = smooth(
        1.2, scalp(0.8) & above(28.6), egg((0.6, 37.0, 3.0), (4.8, 2.6, 3.6)), egg((2.2, 38.2, 4.4), (3.0, 1.9, 2.2))
    )
    thin = melt(0.6, HEAD.grow(0.75) & above(27.4) & below(32.6), box((0, 28, 10), (9, 12, 9.4), 1.0))
    hair: dict[str, Zones] = {
        "hair-short": {"hair": short},
        "hair-side": {"hair": part},
        "hair-long": {"hair": long},
        "hair-bob": {"hair": bob},
        "hair-bun": {"hair": bun},
        "hair-pony": {
            "hair": smooth(0.6, tied, tail).rough(0.12, 0.8, 8),
            "tie": ring((0.9, 35.5, -6.3), 1.7, 0.7, "x"),
        },
        "hair-pigtails": {
            "hair": smooth(0.5, tied, pig).rough(0.1, 0.8, 8),
            "tie": ring((7.5, 31.2, -1.6), 1.5, 0.7, "x").both(),
        },
        "hair-braid": {"hair": smooth(0.5, tied, braid), "tie": ring((8.0, 20.4, 2.6), 0.75, 0.5)},
        "hair-spiky": {"hair": spiky},
        "hair-curly": {"hair": curly},
        "hair-afro": {"hair": afro.rough(0.3, 1.7, 2)},
        "hair-mohawk": {"hair": smooth(0.3, stubble, hawk)},
        "hair-quiff": {"hair": melt(0.7, smooth(0.8, quiff, sides), opening(32.6, 5.1, 1.2)).rough(0.12, 0.7, 3)},
        "hair-thin": {"hair": thin},
    }
    low = melt(1.3, smooth(0.6, meet(0.8, HEAD.grow(0.8), above(27.2)), sides), opening(34, 5.2, 1.0)) & below(32.6)
    fall = smooth(
        1.0, low, pill((6.7, 31.4, 0), (7.4, 23.8, 0.6), 1.9, 1.4).both(), box((0, 27.2, -5.0), (6.4, 5.2, 1.8), 1.6)
    )
    fall = melt(0.7, fall, opening(34, 4.9, 1.4), cyl((0, 22, 0), 5.6, 4.5, 1)) & below(32.4)
    braids = smooth(0.5, low, braid.both())
    under: dict[str, Zones] = {
        "under-short": {"hair": low},
        "under-long": {"hair": fall.rough(0.16, 0.5, 5)},
        "under-braids": {"hair": braids, "tie": ring((8.0, 20.4, 2.6), 0.75, 0.5).both()},
    }
    return {f"hair.{k}": v for k, v in hair.items()} | {f"under.{k}": v for k, v in under.items()}


# --- beard, eyewear -------------------------------------------------------------------------------------------------

_mouth = box((0, 27.2, 7), (2.3, 0.75, 4), 0.6)
BEARD: dict[str, Zones] = {
    "beard.beard-long": {
        "hair": melt(
            0.4,
            smooth(0.8, HEAD.grow(0.9) & below(28.4) & front(-0.5), egg((0, 23.6, 4.9), (4.4, 5.0, 2.0)), egg((0, 28.3, 5.4), (3.0, 0.8, 1.0))),
            _mouth,
        ).rough(0.16, 1.2, 9)
    },
    "beard.beard-short": {
        "hair": melt(0.4, smooth(0.5, HEAD.grow(0.55) & below(28.6) & front(0.4), egg((0, 28.4, 5.3), (2.9, 0.7, 0.8))),
                     box((0, 30.4, 6), (4.6, 1.9, 6), 1.2) - egg((0, 28.4, 5.3), (2.9, 0.7, 0.9)), _mouth).rough(0.08, 1.6, 9)
    },
    "beard.moustache": {
        "hair": smooth(0.4, pill((0.3, 28.55, 5.7), (2.2, 28.3, 5.6), 0.75, 0.7), pill((2.2, 28.3, 5.6), (3.6, 28.8, 5.2), 0.7, 0.25)).both()
    },
}  # fmt: skip


def _rim(x: float, y: float, r: float, lens: float = 0) -> Shape:
    hole = cyl((x, y, 6.0), r - 0.38, 3, 0.1, "z")
    return cyl((x, y, 6.05), lens, 0.14, 0.05, "z") if lens else cyl((x, y, 6.05), r, 0.38, 0.2, "z") - hole


_temples = rod((4.5, 30.5, 5.6), (6.5, 30.4, 0), 0.32, 0.1)
EYEWEAR: dict[str, Zones] = {
    "eyewear.glasses": {
        "frame": (_rim(2.45, 30.0, 2.0) | _temples).both() | rod((-0.6, 30.3, 6.1), (0.6, 30.3, 6.1), 0.3, 0.1),
        "lens": _rim(2.45, 30.0, 2, 1.7).both(),
    },
    "eyewear.shades": {
        "frame": _temples.both() | box((0, 31.0, 6.0), (4.8, 0.3, 0.3), 0.2),
        "lens": slab(
            [(0.5, 31.3), (4.7, 31.3), (4.6, 29.6), (3.6, 28.6), (1.6, 28.6), (0.7, 29.6)], "z", 5.75, 6.25, 0.25
        ).both(),
    },
    "eyewear.goggles": {
        "frame": melt(0.3, box((0, 30.1, 5.2), (5.0, 2.2, 1.4), 1.2), box((0, 30.1, 7), (4.1, 1.4, 1.6), 1.0)),
        "strap": (HEAD.grow(0.35) & box((0, 30.2, 0), (9, 0.9, 9), 0.2)) & behind(4.2),
        "lens": box((0, 30.1, 5.6), (4.2, 1.5, 0.6), 0.5),
    },
    "eyewear.facemask": {
        "cloth": (HEAD.grow(0.5) & box((0, 27.1, 6), (4.9, 2.0, 3.5), 0.8)).rough(0.0, 1)
        | rod((4.6, 28.4, 5.0), (6.6, 29.8, 0.6), 0.22, 0.1).both(),
    },
    "eyewear.monocle": {
        "rim": _rim(2.45, 30.0, 1.8) | path([(4.1, 29.3, 6.1), (4.9, 26, 5.8), (4.6, 22.5, 5.0)], 0.2),
        "lens": _rim(2.45, 30.0, 2, 1.5),
    },
}


# --- clothes --------------------------------------------------------------------------------------------------------

_armholes = union(*(pill(SHOULDER, (12, 18, 0), 2.5, 2.6) for _ in (0,))).both()
_below_waist = box((0, 6, 0), (7.0, 6.0, 5.4), 1.5)


def _bell(top: float, y0: float, w0: float, w1: float, sz: float = 0.85, r: float = 0.5) -> Shape:
    """A skirt from the waist down to y0."""
    mid = (top + y0) / 2
    return lathe([(0, y0), (w1, y0), ((w0 + w1) / 2 + 0.1, mid), (w0, top), (0, top)], r=r, sx=1, sz=sz)


def _clothes() -> dict[str, Zones]:
    robe = _bell(11.4, 0.9, 6.6, 9.2)
    gown = _bell(11.6, 0.9, 6.0, 10.8, 0.9)
    skirt = Shape(
        lambda p: (
            (
                _bell(10.8, 5.2, 6.3, 8.6).f(p)
                + 0.25 * np.cos(16 * np.arctan2(p[2], p[0])) * np.clip((10.5 - p[1]) / 4, 0, 1)
            )
            * np.float32(0.7)
        )
    )
    frill = Shape(
        lambda p: (
            (
                lathe([(0, 7.8), (10.8, 7.0), (10.8, 8.0), (6.0, 10.6), (0, 10.6)], r=0.5, sz=0.9).f(p)
                + 0.55 * np.sin(22 * np.arctan2(p[2], p[0])) * np.clip((np.hypot(p[0], p[2]) - 5) / 5, 0, 1)
            )
            * np.float32(0.6)
        )
    )
    shell = TORSO.grow(0.75)
    gap = slab([(-1.3, 26), (1.3, 26), (2.4, 3), (-2.4, 3)], "z", 0, 14, 0.3)
    tails = smooth(1.2, shell, _bell(11.6, 4.6, 6.2, 7.9, 0.82))
    coat = melt(0.4, tails, gap, cyl((0, 25, 0.8), 3.2, 2.6, 0.8), box((0, 3, 0), (5.4, 7.4, 4.2), 1))
    vest = melt(
        0.4,
        shell.grow(0.1) & above(10.4),
        slab([(-1.6, 26), (1.6, 26), (1.0, 9), (-1.0, 9)], "z", 0, 14, 0.3),
        cyl((0, 25, 0.8), 3.3, 2.4, 0.8),
        _armholes,
    )
    puffs = Shape(lambda p: vest.f(p) - 0.5 * np.abs(np.sin((p[1] - 11) * 1.15)).astype(np.float32) * 0.7 + 0.2)
    jacket = melt(
        0.5,
        TORSO.grow(1.3) & above(12.0) & below(23.6),
        box((0, 24, 10), (0.5, 14, 6), 0.3),
        cyl((0, 25, 1.2), 3.8, 3.2, 1.0),
        _armholes.grow(0.4),
    )
    straps = (
        TORSO.grow(1.65) & front(2) & union(*(box((0, y, 5), (12, 0.75, 8), 0.2) for y in (14.6, 18.4)))
    ) - _armholes.grow(0.6)
    cone = lathe([(0, 13.6), (12.6, 13.2), (9.4, 18), (4.0, 24.2), (0, 24.4)], r=0.4, sz=0.72)
    poncho = melt(
        0.6,
        cone,
        lathe([(0, 10), (11.8, 10), (11.6, 13.6), (8.6, 17.4), (3.4, 23.4), (0, 23.6)], r=0.3, sz=0.72),
        cyl((0, 25, 0.4), 3.0, 2, 0.5),
    )
    fringe = (poncho & below(14.3)).grow(0.18).ribs(0.25, 60)
    plate = melt(0.4, TORSO.grow(0.8) & above(11.8), cyl((0, 25, 0.4), 3.2, 2.4, 0.8), _armholes)
    ridge = TORSO.grow(1.25) & box((0, 17, 6), (0.5, 6, 4), 0.2)
    belt = (HIPS.grow(0.55) | TORSO.grow(0.5)) & box((0, 9.6, 0), (12, 1.0, 12), 0.4)
    bits = union(
        box((-4.2, 7.8, 5.0), (1.7, 2.0, 1.1), 0.5),
        box((6.6, 7.8, 1.6), (1.1, 2.0, 1.6), 0.5),
        box((0, 9.6, 5.5), (1.2, 1.1, 0.5), 0.3),
        rod((3.4, 6.0, 5.6), (3.6, 11.4, 5.4), 0.5, 0.2),
        box((3.6, 11.8, 5.4), (1.1, 0.6, 0.5), 0.2),
    )
    skirt_front = meet(0.5, _bell(11.4, 4.8, 6.3, 7.4), front(2.6), box((0, 9, 5), (5.2, 5, 6), 0.8))
    bib = (
        TORSO.grow(0.7)
        & front(2.0)
        & slab([(-4.8, 9.6), (4.8, 9.6), (3.3, 16), (2.7, 20.8), (-2.7, 20.8), (-3.3, 16)], "z", 0, 10, 0.4)
    )
    yoke = TORSO.grow(0.5) & union(
        slab([(2.2, 20.6), (3.0, 20.6), (3.6, 25), (2.4, 25)], "z", 0, 9, 0.2).both(),
        box((0, 11.6, 0), (9, 0.6, 9), 0.2) & behind(3.2),
    )
    pieces: dict[str, Zones] = {
        "robe": {"cloth": robe & above(1.7), "hem": (robe.grow(0.12)) & below(1.8)},
        "gown": {"cloth": gown.ribs(0.18, 14) & above(1.6), "hem": gown.grow(0.15).ribs(0.18, 14) & below(1.7)},
        "skirt": {"cloth": skirt},
        "tutu": {"cloth": frill},
        "coat": {"cloth": coat},
        "vest": {"cloth": puffs},
        "lifevest": {"vest": jacket, "strap": straps},
        "poncho": {"cloth": poncho & above(14.1), "fringe": fringe},
        "toolbelt": {"belt": belt, "tools": bits},
        "armour": {"plate": smooth(0.3, plate, ring((0, 24.0, 0), 3.5, 0.8)), "rim": ridge | (TORSO.grow(1.0) & box((0, 12.0, 0), (12, 0.6, 12), 0.3))},
        "apron": {"cloth": smooth(0.5, bib, skirt_front), "strap": yoke},
    }  # fmt: skip
    return {f"body.{k}": v for k, v in pieces.items()}


def _neck() -> dict[str, Zones]:
    wrap = Shape(
        lambda p: (
            (ring((0, 24.0, 0.2), 4.3, 1.7).f(p) + 0.14 * np.sin(p[1] * 3.6 + 3 * np.arctan2(p[2], p[0])))
            * np.float32(0.8)
        )
    )
    end = (TORSO.grow(1.0) & slab([(1.2, 24), (4.0, 24), (4.6, 14.6), (1.6, 14.6)], "z", 1, 10, 0.3)) - TORSO.grow(0.1)
    loose = TORSO.grow(0.9) & front(0) & slab([(-4.6, 24.4), (4.6, 24.4), (0.0, 19.2)], "z", 0, 10, 0.3)
    blooms = around(13, lambda c, s: egg((5.2 * c, 22.2 - 1.6 * s, 4.4 * s + 0.6), (1.25, 1.2, 1.25)))
    hearts = around(13, lambda c, s: ball((5.9 * c, 22.6 - 1.9 * s, 5.2 * s + 0.7), 0.55))
    ruff = Shape(
        lambda p: (
            (ring((0, 24.2, 0), 4.6, 1.5).f(p) + 0.5 * np.sin(20 * np.arctan2(p[2], p[0])) * 0.7) * np.float32(0.65)
        )
    )
    tube = path([(-3.4, 23.8, -1.5), (-3.9, 22.4, 3.6), (-2.4, 19.0, 5.0), (-0.2, 16.9, 5.4)], 0.42)
    tube = tube | path([(3.4, 23.8, -1.5), (3.9, 22.4, 3.6), (2.4, 19.0, 5.0), (-0.2, 16.9, 5.4)], 0.42)
    bow = smooth(
        0.5, slab([(0, -0.6), (0, 0.6), (2.6, 1.5), (2.6, -1.5)], "z", -0.5, 0.5, 0.3).both(), ball((0, 0, 0.1), 0.85)
    )
    pieces: dict[str, Zones] = {
        "scarf": {"cloth": smooth(0.4, wrap, end)},
        "bandana": {"cloth": smooth(0.5, loose, ring((0, 24.0, 0.1), 3.9, 1.1))},
        "lei": {"petal": blooms, "core": hearts},
        "ruff": {"cloth": ruff},
        "stethoscope": {
            "tube": (tube | ring((0, 24.0, -0.8), 3.6, 0.42)) | path([(-0.2, 16.9, 5.4), (0.2, 14.6, 5.6)], 0.42),
            "disc": cyl((0.2, 13.8, 5.5), 1.25, 0.5, 0.25, "z"),
        },
        "bowtie": {"cloth": bow.turn(x=-12).move(0, 22.7, 4.5)},
    }
    return {f"neck.{k}": v for k, v in pieces.items()}


def _back() -> dict[str, Zones]:
    def drape(p: tuple[np.ndarray, np.ndarray, np.ndarray]) -> np.ndarray:
        fall = np.clip(23.6 - p[1], 0, 30)
        wave = 0.8 * np.cos(p[0] * 0.95) * np.clip(fall / 12, 0, 1.4)
        return np.asarray((np.abs(p[2] + 4.6 + wave + 0.24 * fall) - 0.45) * 0.75, np.float32)

    outline = slab([(-4.8, 24), (4.8, 24), (8.6, 16), (12.6, 1.6), (-12.6, 1.6), (-8.6, 16)], "z", -30, 6, 0.3)
    feathers = [
        egg((0, 0, 0), (1.6, ln, 0.7)).place(rotation(0, 0, -a), (4 + ln * 0.85 * np.sin(np.deg2rad(a)), 18.5 + ln * 0.85 * np.cos(np.deg2rad(a)), -6.2))
        for a, ln in ((28, 10.0), (48, 9.6), (68, 8.8), (90, 7.4))
    ]  # fmt: skip
    upper = egg((0, 0, 0), (4.2, 7.6, 0.4)).place(rotation(0, 0, -46), (9.6, 23.8, -6.0))
    lower = egg((0, 0, 0), (3.2, 5.6, 0.4)).place(rotation(0, 0, -118), (8.8, 14.6, -6.0))
    veins = smooth(
        0.2,
        pill((4, 18, -5.7), (15.2, 28.6, -5.4), 0.5, 0.25),
        pill((4, 18, -5.7), (13.4, 12.2, -5.4), 0.5, 0.25),
        pill((4, 18, -5.7), (14.6, 22.6, -5.4), 0.4, 0.2),
    )
    pack = smooth(
        0.3,
        box((0, 17.6, -6.8), (6.0, 5.8, 3.0), 1.4),
        box((0, 15, -9.8), (4.4, 2.4, 1.0), 0.7),
        box((6.6, 15, -6.6), (1.4, 2.6, 2.1), 0.8).both(),
    )
    loop = (TORSO.grow(0.5) & slab([(3.3, 9.6), (4.5, 9.6), (4.9, 25), (3.5, 25)], "z", -2, 9, 0.3).both()) & above(
        13.5
    )
    tanks = smooth(0.4, pill((3.2, 13.2, -6.8), (3.2, 23.6, -6.8), 2.8), cyl((3.2, 26.4, -6.8), 0.9, 1.0, 0.2)).both()
    arrows = union(
        *(
            rod((4.4 + dx, 22, -6.4 + dz), (7.0 + dx, 31.6 + dy, -6.6 + dz), 0.3, 0.1)
            | box((6.9 + dx, 31 + dy, -6.6 + dz), (0.7, 1.4, 0.2), 0.15)
            for dx, dy, dz in ((0, 0, 0), (1.3, -0.8, 0.5), (-1.1, -0.5, 0.7))
        )
    )
    pieces: dict[str, Zones] = {
        "cape": {"cloth": Shape(drape) & outline, "collar": melt(0.4, egg((0, 23.6, -0.4), (5.4, 1.5, 4.4)), cyl((0, 24, 0.6), 3.2, 3, 0.2))},
        "backpack": {"pack": smooth(0.2, pack, loop), "roll": cyl((0, 25.0, -6.8), 2.2, 7.0, 0.8, "x")},
        "airtank": {"tank": tanks, "valve": union(cyl((0, 26, -6.8), 0.8, 4.6, 0.3, "x"), box((0, 18, -4.8), (5.2, 1.0, 1.4), 0.3), loop)},
        "jetpack": {
            "pack": box((0, 17.8, -6.6), (5.6, 5.8, 2.6), 1.2) | loop,
            "trim": smooth(0.3, pill((7.0, 14.6, -6.8), (7.0, 22.6, -6.8), 2.0), lathe([(0, 9.4), (2.4, 9.4), (1.4, 12.8), (0, 12.8)], (7.0, 0, -6.8), 0.3)).both(),
        },
        "wings-bird": {"wing": smooth(0.5, *feathers).both()},
        "wings-fairy": {"wing": smooth(0.5, upper, lower).both(), "vein": veins.both()},
        "quiver": {"case": rod((0.6, 12.6, -6.6), (5.4, 25.6, -6.6), 2.2, 0.5) | loop.mirror(), "arrows": arrows},
    }  # fmt: skip
    return {f"back.{k}": v for k, v in pieces.items()}


_on_head = {k: {z: turned(s) for z, s in zones.items()} for k, zones in (_hair() | BEARD | EYEWEAR).items()}
SHAPES: dict[str, Zones] = CORE | ARMS | _on_head | _clothes() | _neck() | _back()

__all__ = ["HEAD_TOP", "SHAPES", "meet"]
