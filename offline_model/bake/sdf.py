"""Signed distance functions: shapes as arithmetic, in millimetres, y up and z towards the viewer.

A `Shape` wraps a function from three float32 arrays (x, y, z) to an array of distances, negative inside. Shapes join
with `|`, intersect with `&` and cut with `-`; `smooth` and `melt` do the same with a fillet. Distances may be
underestimated, never overestimated by much: the mesher needs the sign and a sound gradient near zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Points = tuple[Array, Array, Array]
Vec = Sequence[float]


class Shape:
    """A solid, given by its signed distance function."""

    def __init__(self, f: Callable[[Points], Array]) -> None:
        self.f = f

    def __call__(self, p: Points) -> Array:
        return self.f(p)

    def __or__(self, other: Shape) -> Shape:
        return Shape(lambda p: np.minimum(self.f(p), other.f(p)))

    def __and__(self, other: Shape) -> Shape:
        return Shape(lambda p: np.maximum(self.f(p), other.f(p)))

    def __sub__(self, other: Shape) -> Shape:
        return Shape(lambda p: np.maximum(self.f(p), -other.f(p)))

    def grow(self, r: float) -> Shape:
        """Thicken by r, which also rounds outer edges; negative shrinks."""
        return Shape(lambda p: self.f(p) - r)

    def move(self, x: float = 0, y: float = 0, z: float = 0) -> Shape:
        return Shape(lambda p: self.f((p[0] - x, p[1] - y, p[2] - z)))

    def turn(self, x: float = 0, y: float = 0, z: float = 0, about: Vec = (0, 0, 0)) -> Shape:
        """Rotate by degrees about the x axis, then y, then z, through the point `about`."""
        return self.place(rotation(x, y, z), about, about)

    def place(self, r: Array, to: Vec, origin: Vec = (0, 0, 0)) -> Shape:
        """Rotate by the matrix r about `origin`, and bring `origin` to `to`."""

        def f(p: Points) -> Array:
            q = [p[i] - np.float32(to[i]) for i in range(3)]
            local = tuple(r[0, i] * q[0] + r[1, i] * q[1] + r[2, i] * q[2] + np.float32(origin[i]) for i in range(3))
            return self.f(local)  # type: ignore[arg-type]

        return Shape(f)

    def mirror(self) -> Shape:
        return Shape(lambda p: self.f((-p[0], p[1], p[2])))

    def both(self) -> Shape:
        """The half at x > 0, and its mirror image."""
        return Shape(lambda p: self.f((np.abs(p[0]), p[1], p[2])))

    def size(self, s: float, about: Vec = (0, 0, 0)) -> Shape:
        return Shape(lambda p: self.f(tuple((p[i] - about[i]) / s + about[i] for i in range(3))) * s)  # type: ignore[arg-type]

    def rough(self, depth: float, scale: float, seed: int = 0) -> Shape:
        """Disturb the surface by `depth`: fur, rock, curls. `scale` is waves per radian and millimetre."""
        return Shape(lambda p: (self.f(p) + depth * noise(p, scale, seed)) * np.float32(0.8))

    def ribs(self, depth: float, count: int, x: float = 0, z: float = 0) -> Shape:
        """Upright waves round the axis through (x, z): pleats, knitting, cactus."""
        return Shape(lambda p: (self.f(p) + depth * np.cos(count * np.arctan2(p[2] - z, p[0] - x))) * np.float32(0.75))


def rotation(x: float = 0, y: float = 0, z: float = 0) -> Array:
    a, b, c = np.deg2rad([x, y, z])
    rx = [[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]]
    ry = [[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]]
    rz = [[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]]
    return np.asarray(np.array(rz) @ np.array(ry) @ np.array(rx), np.float32)


def length(*a: Array) -> Array:
    return np.sqrt(reduce(np.add, (v * v for v in a)))


def noise(p: Points, scale: float, seed: int = 0) -> Array:
    """A sum of five sine waves, about -1 to 1."""
    rng = np.random.RandomState(seed)
    out = np.zeros_like(p[0])
    for k in range(5):
        a, phase = rng.normal(size=3) * scale * (1 + 0.5 * k), rng.rand() * 6.28
        out = out + np.sin(a[0] * p[0] + a[1] * p[1] + a[2] * p[2] + phase) / (1 + 0.4 * k)
    return np.asarray(out / 3, np.float32)


# --- solids ---------------------------------------------------------------------------------------------------------


def box(c: Vec, h: Vec, r: float = 0.4) -> Shape:
    """Centre c, half sizes h, edge radius r."""
    r = min(r, *h)

    def f(p: Points) -> Array:
        q = [np.abs(p[i] - np.float32(c[i])) - np.float32(h[i] - r) for i in range(3)]
        inside = np.minimum(np.maximum(np.maximum(q[0], q[1]), q[2]), 0)
        return length(*[np.maximum(v, 0) for v in q]) + inside - np.float32(r)

    return Shape(f)


def _slab(d: Array, e: Array, r: float) -> Array:
    return np.minimum(np.maximum(d, e), 0) + length(np.maximum(d, 0), np.maximum(e, 0)) - np.float32(r)


def cyl(c: Vec, rad: float, half: float, r: float = 0.3, axis: str = "y") -> Shape:
    k = "xyz".index(axis)
    i, j = (n for n in range(3) if n != k)
    r = min(r, rad, half)
    return Shape(
        lambda p: _slab(length(p[i] - c[i], p[j] - c[j]) - (rad - r), np.abs(p[k] - c[k]) - np.float32(half - r), r)
    )


def ball(c: Vec, r: float) -> Shape:
    return Shape(lambda p: length(p[0] - c[0], p[1] - c[1], p[2] - c[2]) - np.float32(r))


def egg(c: Vec, rr: Vec) -> Shape:
    """Ellipsoid with radii rr."""

    def f(p: Points) -> Array:
        q = [(p[i] - np.float32(c[i])) / np.float32(rr[i]) for i in range(3)]
        k0 = length(*q)
        return k0 * (k0 - 1) / np.maximum(length(*[q[i] / np.float32(rr[i]) for i in range(3)]), 1e-6)

    return Shape(f)


def pill(a: Vec, b: Vec, r1: float, r2: float | None = None) -> Shape:
    """Round-ended rod from a to b, its radius running from r1 to r2."""
    r2 = r1 if r2 is None else r2
    ba = np.subtract(b, a).astype(np.float32)
    l2 = float(ba @ ba)

    def f(p: Points) -> Array:
        pa = [p[i] - np.float32(a[i]) for i in range(3)]
        t = np.clip((pa[0] * ba[0] + pa[1] * ba[1] + pa[2] * ba[2]) / l2, 0, 1)
        return length(*[pa[i] - t * ba[i] for i in range(3)]) - (r1 + (r2 - r1) * t)

    return Shape(f)


def path(points: Sequence[Vec], r1: float, r2: float | None = None, k: float = 0.3) -> Shape:
    """Pills end to end."""
    r2 = r1 if r2 is None else r2
    rs = np.linspace(r1, r2, len(points))
    legs = [pill(points[i], points[i + 1], rs[i], rs[i + 1]) for i in range(len(points) - 1)]
    return smooth(k, *legs)


def rod(a: Vec, b: Vec, rad: float, r: float = 0.2) -> Shape:
    """Flat-ended cylinder between two points."""
    ba = np.subtract(b, a).astype(np.float32)
    ln = float(np.sqrt(ba @ ba))
    u = ba / ln
    r = min(r, rad)

    def f(p: Points) -> Array:
        pa = [p[i] - np.float32(a[i]) for i in range(3)]
        t = pa[0] * u[0] + pa[1] * u[1] + pa[2] * u[2]
        return _slab(length(*[pa[i] - t * u[i] for i in range(3)]) - (rad - r), np.abs(t - ln / 2) - (ln / 2 - r), r)

    return Shape(f)


def ring(c: Vec, big: float, small: float, axis: str = "y") -> Shape:
    k = "xyz".index(axis)
    i, j = (n for n in range(3) if n != k)
    return Shape(lambda p: length(length(p[i] - c[i], p[j] - c[j]) - big, p[k] - c[k]) - np.float32(small))


def _polygon(points: Sequence[Vec], x: Array, y: Array) -> Array:
    v = np.array(points, np.float32)
    d = (x - v[0, 0]) ** 2 + (y - v[0, 1]) ** 2
    s = np.ones_like(x)
    for i, j in zip(range(len(v)), [len(v) - 1, *range(len(v) - 1)], strict=True):
        ex, ey = v[j] - v[i]
        wx, wy = x - v[i, 0], y - v[i, 1]
        t = np.clip((wx * ex + wy * ey) / (ex * ex + ey * ey + 1e-12), 0, 1)
        d = np.minimum(d, (wx - ex * t) ** 2 + (wy - ey * t) ** 2)
        c1, c2, c3 = y >= v[i, 1], y < v[j, 1], ex * wy > ey * wx
        s = np.where((c1 & c2 & c3) | (~c1 & ~c2 & ~c3), -s, s)
    return np.asarray(s * np.sqrt(d), np.float32)


def slab(points: Sequence[Vec], axis: str, a: float, b: float, r: float = 0.3) -> Shape:
    """A polygon in the two other axes, in their order, extruded from a to b along `axis`."""
    k = "xyz".index(axis)
    i, j = (n for n in range(3) if n != k)
    return Shape(
        lambda p: _slab(
            _polygon(points, p[i], p[j]) + r, np.abs(p[k] - (a + b) / 2) - np.float32(abs(b - a) / 2 - r), r
        )
    )


def lathe(profile: Sequence[Vec], c: Vec = (0, 0, 0), r: float = 0.3, sx: float = 1, sz: float = 1) -> Shape:
    """A profile of (radius, height) points turned about the y axis through c, then thickened by r."""
    pts = [(max(a, 0.0), b) for a, b in profile]
    outline = pts + [(-a, b) for a, b in reversed(pts) if a > 0]
    return Shape(
        lambda p: _polygon(outline, length((p[0] - c[0]) / sx, (p[2] - c[2]) / sz), p[1] - c[1]) * min(sx, sz) - r
    )


def loft(ys: Vec, ws: Vec, ds: Vec, corner: float, end: float) -> Shape:
    """A tube of rounded-rectangle sections: half width ws and half depth ds at heights ys; `end` rounds the ends."""
    t = np.linspace(ys[0], ys[-1], 200)
    w, d = (np.convolve(np.pad(np.interp(t, ys, v), 12, mode="edge"), np.ones(25) / 25, "valid") for v in (ws, ds))

    def f(p: Points) -> Array:
        hw, hd = np.interp(p[1], t, w).astype(np.float32), np.interp(p[1], t, d).astype(np.float32)
        qx, qz = np.abs(p[0]) - hw + corner, np.abs(p[2]) - hd + corner
        side = length(np.maximum(qx, 0), np.maximum(qz, 0)) + np.minimum(np.maximum(qx, qz), 0) - corner
        up = np.abs(p[1] - (ys[0] + ys[-1]) / 2) - (ys[-1] - ys[0]) / 2
        return np.asarray(_slab(side + end, up + end, end) * 0.9, np.float32)

    return Shape(f)


def above(y: float) -> Shape:
    return Shape(lambda p: y - p[1])


def below(y: float) -> Shape:
    return Shape(lambda p: p[1] - y)


def front(z: float) -> Shape:
    return Shape(lambda p: z - p[2])


def behind(z: float) -> Shape:
    return Shape(lambda p: p[2] - z)


# --- joints ---------------------------------------------------------------------------------------------------------


def _smin(a: Array, b: Array, k: float) -> Array:
    h = np.maximum(k - np.abs(a - b), 0) / k
    return np.minimum(a, b) - h * h * np.float32(k * 0.25)


def smooth(k: float, *shapes: Shape) -> Shape:
    """Union with a fillet of about k."""
    return Shape(lambda p: reduce(lambda d, s: _smin(d, s.f(p), k), shapes[1:], shapes[0].f(p)))


def melt(k: float, a: Shape, *cuts: Shape) -> Shape:
    """Leave of a what the cuts do not take, edges rounded by about k."""
    return Shape(lambda p: reduce(lambda d, s: -_smin(-d, s.f(p), k), cuts, a.f(p)))


def meet(k: float, *shapes: Shape) -> Shape:
    """Intersection, edges rounded by about k."""
    return Shape(lambda p: reduce(lambda d, s: -_smin(-d, -s.f(p), k), shapes[1:], shapes[0].f(p)))


def union(*shapes: Shape) -> Shape:
    return Shape(lambda p: reduce(np.minimum, (s.f(p) for s in shapes[1:]), shapes[0].f(p)))


def around(n: int, make: Callable[[float, float], Shape], start: float = 0) -> Shape:
    """As many copies on a circle: make(cos, sin) gives each."""
    angles = start + np.linspace(0, 2 * np.pi, n, endpoint=False)
    return union(*(make(float(np.cos(a)), float(np.sin(a))) for a in angles))


def each(items: Iterable[Vec], make: Callable[..., Shape]) -> Shape:
    return union(*(make(*i) for i in items))
