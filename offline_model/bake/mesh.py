"""From a signed distance function to triangles with smooth normals."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from skimage.measure import marching_cubes

from .sdf import Array, Points, Shape

ROOM = ((-34.0, -5.0, -30.0), (34.0, 62.0, 36.0))
"""Where parts may be, in millimetres; what sticks out is cut."""
FINEST = 0.15
MAX_VOXELS = 1.3e6


@dataclass(frozen=True)
class Mesh:
    """Vertices (n, 3), triangles (m, 3), unit normals (n, 3)."""

    v: Array
    f: NDArray[np.int32]
    n: Array


def _grid(lo: Array, hi: Array, step: float) -> list[Array]:
    return [np.arange(lo[i], hi[i] + step, step, dtype=np.float32) for i in range(3)]


def _points(axes: list[Array]) -> Points:
    x, y, z = np.meshgrid(*axes, indexing="ij", sparse=False)
    return x, y, z


def _bounds(shape: Shape, coarse: float = 1.0) -> tuple[Array, Array]:
    axes = _grid(np.array(ROOM[0]), np.array(ROOM[1]), coarse)
    near = shape(_points(axes)) < coarse * 1.3
    if not near.any():
        raise ValueError("nothing there")
    spans = [np.where(near.any(axis=tuple(j for j in range(3) if j != i)))[0] for i in range(3)]
    lo = np.array([axes[i][s[0]] - coarse for i, s in enumerate(spans)])
    hi = np.array([axes[i][s[-1]] + coarse for i, s in enumerate(spans)])
    return lo, hi


def mesh(shape: Shape) -> Mesh:
    """March over the cubes that may hold the surface; raise ValueError if there is none."""
    lo, hi = _bounds(shape)
    step = max(FINEST, float(np.prod(hi - lo) / MAX_VOXELS) ** (1 / 3))
    axes = _grid(lo, hi, step)
    volume = np.empty([len(a) for a in axes], np.float32)
    rows = max(1, int(4e5 // (len(axes[1]) * len(axes[2]))))
    for i in range(0, len(axes[0]), rows):
        volume[i : i + rows] = shape(_points([axes[0][i : i + rows], axes[1], axes[2]]))
    v, f, _, _ = marching_cubes(volume, 0.0, spacing=(step,) * 3)
    v = (v + [a[0] for a in axes]).astype(np.float32)
    e = np.eye(3, dtype=np.float32) * step * 0.6
    n = np.stack([_at(shape, v + e[i]) - _at(shape, v - e[i]) for i in range(3)], 1)
    n /= np.linalg.norm(n, axis=1, keepdims=True) + 1e-9
    face = np.cross(v[f[:, 1]] - v[f[:, 0]], v[f[:, 2]] - v[f[:, 0]])
    if np.einsum("ij,ij->i", face, n[f[:, 0]]).mean() < 0:
        f = f[:, ::-1]
    return Mesh(v, np.ascontiguousarray(f, np.int32), n.astype(np.float32))


def _at(shape: Shape, v: Array) -> Array:
    return shape((v[:, 0], v[:, 1], v[:, 2]))


def save(path: Path, m: Mesh) -> None:
    tmp = path.with_suffix(".tmp.npz")
    np.savez(tmp, v=m.v, f=m.f, n=m.n)
    tmp.replace(path)


def load(path: Path) -> Mesh:
    with np.load(path) as z:
        return Mesh(z["v"], z["f"], z["n"])
