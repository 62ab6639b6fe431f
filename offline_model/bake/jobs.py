"""What is traced together with what, and where the results lie."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from offline_model.figure.parts import PARTS, Part

from .camera import SIZE, Crop, crop
from .mesh import Mesh, load

WORK = Path("build/bake")
"""Everything that a bake leaves; delete it to start anew."""

BODY = ("core.legs", "core.hips", "core.torso", "core.neck", "core.head")
STAGE = "base.plinth"
_PADS = {  # left, top, right, bottom, for the shadow that a part casts
    "arm": (24, 10, 44, 80),
    "head": (20, 8, 24, 56),
    "hair": (20, 8, 24, 56),
    "under": (16, 8, 24, 56),
    "back": (30, 10, 50, 50),
    "body": (30, 20, 60, 70),
    "neck": (20, 10, 30, 70),
    "beard": (12, 8, 20, 70),
    "eyewear": (12, 8, 20, 24),
    "item": (16, 8, 50, 50),
    "prop": (24, 8, 90, 24),
    "pet": (24, 8, 90, 24),
    "rear": (16, 8, 90, 24),
}
WHOLE: Crop = (0, 0, SIZE, SIZE)
FLOOR: Crop = (0, 420, SIZE, SIZE - 420)


@dataclass(frozen=True)
class Job:
    """One render: these meshes lit together; `shown` are the layer's zones, the rest stands around them."""

    name: str
    around: tuple[str, ...]
    shown: tuple[str, ...]
    crop: Crop

    @property
    def result(self) -> Path:
        return WORK / "light" / f"{self.name}.npz"


def mesh_path(key: str, zone: str) -> Path:
    return WORK / "mesh" / f"{key}.{zone}.npz"


@functools.cache
def mesh_of(name: str) -> Mesh:
    """By `slot.part.zone`."""
    return load(WORK / "mesh" / f"{name}.npz")


def zones(key: str) -> tuple[str, ...]:
    return tuple(f"{key}.{z.name}" for z in PARTS[key].zones)


def body() -> tuple[str, ...]:
    return tuple(z for key in BODY for z in zones(key))


def _part_jobs(part: Part) -> list[Job]:
    stand = body() + zones(STAGE) + (zones("arm.R-hold") if part.slot == "item" else ())
    solid = tuple(f"{part.key}.{z.name}" for z in part.zones if z.finish != "glass")
    glass = tuple(f"{part.key}.{z.name}" for z in part.zones if z.finish == "glass")
    pad = _PADS[part.slot]
    jobs = [Job(part.key, stand, solid, crop([mesh_of(z) for z in solid], pad))]
    if glass:
        jobs.append(Job(f"{part.key}@glass", stand + solid, glass, crop([mesh_of(z) for z in glass], (6, 6, 6, 6))))
    return jobs


def jobs() -> list[Job]:
    """Every render, the ground and the body first: the others' shadows are measured against them."""
    out = [Job("ground", (), (), FLOOR), Job("body", (), body() + zones(STAGE), WHOLE)]
    for part in PARTS.values():
        if part.slot == "base" and part.key != STAGE:
            out.append(Job(part.key, body(), zones(part.key), FLOOR))
        elif part.slot not in ("base", "core"):
            out.extend(_part_jobs(part))
    return out
