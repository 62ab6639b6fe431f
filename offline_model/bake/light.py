"""Path tracing: one render of a part gives its diffuse light, its highlights and the shadow that it casts.

Every surface reflects no red, half of the green, four fifths of the blue. So red is highlight alone, and green less red
is half the diffuse light. Blue tells how much light has bounced twice. The three are separated before denoising.
"""

from __future__ import annotations

from typing import Any

import drjit
import mitsuba as mi
import numpy as np
import pyoidn

from offline_model.figure.parts import PARTS

from .camera import EYE, FOV, SIZE, TARGET, Crop, Eye
from .jobs import Job, mesh_of
from .mesh import Mesh
from .sdf import Array
from .shapes.stage import DEPTH

mi.set_variant("scalar_rgb")
mi.set_log_level(mi.LogLevel.Error)
drjit.set_thread_count(1)  # the pool has a process for each core

_ROUGHNESS = {"plastic": 0.12, "matte": 0.42, "glossy": 0.08, "metal": 0.17, "glow": 0.25, "glass": 0.06}
_REFLECTANCE = [0.0, 0.5, 0.8]


def _grey(v: float) -> dict[str, Any]:
    return {"type": "rgb", "value": [v] * 3}


def _mesh(name: str, m: Mesh) -> Any:
    slot, part, zone = name.split(".")
    finish = next(z.finish for z in PARTS[f"{slot}.{part}"].zones if z.name == zone)
    plastic = {
        "type": "roughplastic",
        "distribution": "ggx",
        "alpha": _ROUGHNESS[finish],
        "int_ior": 1.49,
        "nonlinear": False,
        "diffuse_reflectance": {"type": "rgb", "value": _REFLECTANCE},
    }
    props = mi.Properties()
    props["bsdf"] = mi.load_dict(plastic)
    out = mi.Mesh(name.replace(".", "_"), len(m.v), len(m.f), has_vertex_normals=True, props=props)
    p = mi.traverse(out)
    p["vertex_positions"], p["vertex_normals"], p["faces"] = m.v.ravel(), m.n.ravel(), m.f.ravel()
    p.update()
    return out


def _sensor(box: Crop) -> dict[str, Any]:
    x, y, w, h = box
    look = mi.ScalarTransform4f().look_at(origin=list(EYE), target=list(TARGET), up=[0, 1, 0])
    film = {
        "type": "hdrfilm",
        "width": SIZE,
        "height": SIZE,
        "crop_offset_x": x,
        "crop_offset_y": y,
        "crop_width": w,
        "crop_height": h,
        "pixel_format": "rgb",
        "rfilter": {"type": "box"},  # the denoiser wants uncorrelated noise
    }
    return {"type": "perspective", "fov": FOV, "fov_axis": "x", "near_clip": 10.0, "far_clip": 2000.0,
            "to_world": look, "film": film, "sampler": {"type": "independent"}}  # fmt: skip


def _softbox(at: list[float], look: list[float], w: float, h: float, power: float) -> dict[str, Any]:
    place = mi.ScalarTransform4f().look_at(origin=at, target=look, up=[0, 1, 0.01]).scale([w, h, 1])
    return {"type": "rectangle", "to_world": place, "emitter": {"type": "area", "radiance": _grey(power)}}


def _studio() -> dict[str, Any]:
    """A large key at the upper left, a weak fill, two rims from behind, and a floor that takes shadows."""
    flat = mi.ScalarTransform4f().translate([0, -DEPTH, 0]).rotate([1, 0, 0], -90).scale(900)
    return {
        "key": _softbox([-92, 118, 128], [0, 16, 0], 34, 34, 19.5),
        "fill": _softbox([150, 44, 80], [0, 18, 0], 34, 66, 2.4),
        "rim": _softbox([84, 104, -118], [0, 22, 0], 45, 35, 8.0),
        "rim2": _softbox([-138, 70, -92], [0, 22, 0], 30, 50, 5.0),
        "sky": {"type": "constant", "radiance": _grey(0.29)},
        "floor": {"type": "rectangle", "to_world": flat, "bsdf": {"type": "diffuse", "reflectance": _grey(0.55)}},
    }


def _denoise(a: Array) -> Array:
    three = np.ascontiguousarray(np.repeat(a[..., None], 3, 2), np.float32)
    return np.asarray(pyoidn.denoise(three, hdr=True)[..., 0], np.float32)


def trace(job: Job, samples: int) -> None:
    """Render a job and save: `light` (height, width, [specular, diffuse]), `total` for shadows, `cover` per zone."""
    names = job.around + job.shown
    meshes = [mesh_of(n) for n in names]
    scene: dict[str, Any] = {
        "type": "scene",
        "integrator": {"type": "path", "max_depth": 5},
        "sensor": _sensor(job.crop),
    }
    scene |= _studio() | {n.replace(".", "_"): _mesh(n, m) for n, m in zip(names, meshes, strict=True)}
    image = np.asarray(mi.render(mi.load_dict(scene), spp=samples), np.float32)[..., :3]
    specular = _denoise(image[..., 0])
    diffuse = _denoise(np.maximum(image[..., 1] - image[..., 0], 0) / _REFLECTANCE[1])
    cover = Eye(meshes).coverage(job.crop) if meshes else np.zeros((0, job.crop[3], job.crop[2]), np.float32)
    tmp = job.result.with_suffix(".tmp.npz")
    np.savez_compressed(
        tmp,
        crop=np.array(job.crop),
        specular=specular.astype(np.float16),
        diffuse=diffuse.astype(np.float16),
        names=np.array(names),
        cover=(cover * 255 + 0.5).astype(np.uint8),
    )
    tmp.replace(job.result)
