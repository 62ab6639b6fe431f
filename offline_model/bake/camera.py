"""The one camera, and what it sees first: rays by Embree, without light."""

from __future__ import annotations

import numpy as np
from embreex import rtcore_scene
from embreex.mesh_construction import TriangleMesh
from numpy.typing import NDArray

from .mesh import Mesh
from .sdf import Array

SIZE = 1024
FOV, YAW, PITCH, DISTANCE = 18.0, 24.0, 10.0, 192.0
TARGET = np.array([0.0, 20.2, 0.0])
Crop = tuple[int, int, int, int]
"""x, y, width, height in pixels of the full picture."""

_yaw, _pitch = np.deg2rad(YAW), np.deg2rad(PITCH)
EYE = TARGET + DISTANCE * np.array([np.sin(_yaw) * np.cos(_pitch), np.sin(_pitch), np.cos(_yaw) * np.cos(_pitch)])
_ahead = (TARGET - EYE) / DISTANCE
_right = np.cross(_ahead, [0, 1, 0])
_right /= np.linalg.norm(_right)
_up = np.cross(_right, _ahead)
_scale = SIZE / 2 / np.tan(np.deg2rad(FOV / 2))


def project(points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Millimetres (n, 3) to pixels (n, 2)."""
    d = points - EYE
    depth = d @ _ahead
    return np.stack([SIZE / 2 + _scale * (d @ _right) / depth, SIZE / 2 - _scale * (d @ _up) / depth], -1)


def crop(meshes: list[Mesh], pad: tuple[int, int, int, int] = (8, 8, 8, 8)) -> Crop:
    """The box that holds the meshes, with left, top, right, bottom padding, inside the picture."""
    q = np.concatenate([project(m.v[::5]) for m in meshes])
    x0, y0 = np.maximum(np.floor(q.min(0) - pad[:2]), 0).astype(int)
    x1, y1 = np.minimum(np.ceil(q.max(0) + pad[2:]), SIZE).astype(int)
    return int(x0), int(y0), int(x1 - x0), int(y1 - y0)


def _rays(gx: Array, gy: Array) -> Array:
    d = _ahead + ((gx - SIZE / 2) / _scale)[..., None] * _right - ((gy - SIZE / 2) / _scale)[..., None] * _up
    return np.ascontiguousarray(d / np.linalg.norm(d, axis=-1, keepdims=True), np.float32)


class Eye:
    """What the camera meets first among some meshes."""

    def __init__(self, meshes: list[Mesh]) -> None:
        self.scene = rtcore_scene.EmbreeScene()
        self.meshes = meshes
        for m in meshes:
            TriangleMesh(self.scene, np.ascontiguousarray(m.v), np.ascontiguousarray(m.f))

    def _run(self, d: Array) -> dict[str, Array]:
        origin = np.tile(EYE.astype(np.float32), (d.shape[0], 1))
        return self.scene.run(origin, d, output=True)  # type: ignore[no-any-return]

    def coverage(self, box: Crop, rays: int = 5) -> Array:
        """Share of each pixel that shows each mesh: (meshes, height, width)."""
        x, y, w, h = box
        rng = np.random.default_rng(0)
        out = np.zeros((len(self.meshes), h, w), np.float32)
        gx0 = x + (np.arange(w * rays) + 0.5) / rays
        for top in range(0, h, 64):
            hh = min(64, h - top)
            gx, gy = np.meshgrid(gx0, y + top + (np.arange(hh * rays) + 0.5) / rays)
            gx, gy = gx + (rng.random(gx.shape) - 0.5) / rays, gy + (rng.random(gx.shape) - 0.5) / rays
            seen = self._run(_rays(gx, gy).reshape(-1, 3))["geomID"].reshape(hh, rays, w, rays)
            for i in range(len(self.meshes)):
                out[i, top : top + hh] = (seen == i).mean((1, 3))
        return out

    def hits(self, box: Crop) -> tuple[NDArray[np.int32], Array]:
        """At each pixel's centre: which mesh (-1: none), and where in millimetres."""
        x, y, w, h = box
        d = _rays(*np.meshgrid(x + np.arange(w) + 0.5, y + np.arange(h) + 0.5)).reshape(-1, 3)
        seen = self._run(d)
        where = EYE + d * np.minimum(seen["tfar"], 1e4)[:, None]
        return seen["geomID"].reshape(h, w), where.reshape(h, w, 3).astype(np.float32)

    def sketch(self, colours: NDArray[np.float64], size: int = 260) -> NDArray[np.uint8]:
        """A quick look without light transport: colours (meshes, 3) times a lamp at the upper left."""
        w = h = size
        at = (np.arange(size) + 0.5) * SIZE / size
        d = _rays(*np.meshgrid(at, at)).reshape(-1, 3)
        seen = self._run(d)
        shade = np.full((w * h, 3), 225.0)
        for i, m in enumerate(self.meshes):
            k = np.where(seen["geomID"] == i)[0]
            tri = m.f[seen["primID"][k]]
            u, v = seen["u"][k][:, None], seen["v"][k][:, None]
            n = m.n[tri[:, 0]] * (1 - u - v) + m.n[tri[:, 1]] * u + m.n[tri[:, 2]] * v
            lamp = np.clip(n @ np.array([-0.5, 0.62, 0.6]), 0, 1) * 0.75 + 0.25 + 0.12 * n[:, 1]
            shade[k] = np.clip(colours[i] * lamp[:, None], 0, 255)
        return shade.reshape(h, w, 3).astype(np.uint8)
