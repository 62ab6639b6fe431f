"""From renders to the asset pack: one zip of grey layers and an index, read by `offline_model.figure`.

For each part: `a` alpha over the body, `b` alpha under the body's edge (else the backdrop shows through the seam), `D`
diffuse light and `S` highlights (square-root coded), `w1`... the share of each further colour zone, `r` the shadow cast
on what is already there (quarter size). The body's maps say which point of the surface a pixel shows (quarter size).
"""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import binary_dilation, distance_transform_edt, gaussian_filter

from offline_model.figure.parts import PARTS, Part

from .body import HEAD_YAW, POSES, SHOULDER
from .camera import Crop, Eye
from .jobs import BODY, FLOOR, STAGE, WHOLE, WORK, Job, body, jobs, mesh_of, zones
from .sdf import Array, rotation

DIFFUSE, SPECULAR = 1.25, 2.0
"""Light that codes as 255."""
QUALITY = {"base": 92, "core": 92}
"""Of WebP, by slot; the others 84. What fills the picture must show no blocks."""
MAP_STEP = 4
BRIM = 0.6
"""How much of a hat's shadow is kept."""
Entry = dict[str, Any]


class Render:
    """A traced job, back as float."""

    def __init__(self, job: Job) -> None:
        with np.load(job.result) as z:
            self.specular = z["specular"].astype(np.float32)
            self.diffuse = z["diffuse"].astype(np.float32)
            self.crop: Crop = tuple(int(v) for v in z["crop"])  # type: ignore[assignment]
            self.cover = dict(zip((str(n) for n in z["names"]), z["cover"].astype(np.float32) / 255, strict=True))

    @property
    def total(self) -> Array:
        return self.specular + 0.5 * self.diffuse

    def share(self, names: tuple[str, ...]) -> Array:
        zero = np.zeros(self.specular.shape, np.float32)
        return sum((self.cover[n] for n in names), zero)


def _nearest(a: Array, valid: NDArray[np.bool_]) -> Array:
    if not valid.any():
        return a
    i = distance_transform_edt(~valid, return_distances=False, return_indices=True)
    return np.asarray(a[..., i[0], i[1]])


def _tight(mask: NDArray[np.bool_], pad: int = 1) -> tuple[slice, slice] | None:
    ys, xs = np.where(mask.any(1))[0], np.where(mask.any(0))[0]
    if not len(ys):
        return None
    return slice(max(0, ys[0] - pad), ys[-1] + 1 + pad), slice(max(0, xs[0] - pad), xs[-1] + 1 + pad)


def _code(a: Array, top: float) -> NDArray[np.uint8]:
    return np.asarray(np.sqrt(np.clip(a / top, 0, 1)) * 255 + 0.5, np.uint8)


def _byte(a: Array) -> NDArray[np.uint8]:
    return np.asarray(np.clip(a, 0, 1) * 255 + 0.5, np.uint8)


def _window(a: Array, to: Crop, at: Crop) -> Array:
    x, y, w, h = to
    return a[y - at[1] : y - at[1] + h, x - at[0] : x - at[0] + w]


def _over(cover: Array, above: Array) -> Array:
    """Alpha that, painted before what is above, gives the right share of each edge pixel."""
    free = 1 - above
    return np.where(free > 0.012, np.clip(cover / np.maximum(free, 0.012), 0, 1), 0).astype(np.float32)


def _entry(r: Render, parts: tuple[str, ...], alpha: Array, seam: Array | None = None) -> Entry | None:
    whole = alpha if seam is None else np.maximum(alpha, seam)
    box = _tight(whole > 0.006)
    if box is None:
        return None
    cover = r.share(parts)
    valid = cover > 0.97
    if valid.sum() < 60:
        valid = cover > 0.5

    def light(a: Array) -> Array:
        near = _nearest(a, valid)
        return np.where(valid, a, gaussian_filter(near, 1.0))[box]

    e: Entry = {
        "x": r.crop[0] + box[1].start,
        "y": r.crop[1] + box[0].start,
        "a": _byte(alpha[box]),
        "D": _code(light(r.diffuse), DIFFUSE),
        "S": _code(light(r.specular), SPECULAR),
    }
    if seam is not None and (seam > 0.02).sum() > 12:
        e["b"] = _byte(seam[box])
    weights = np.stack([r.cover[n][box] for n in parts])
    total = weights.sum(0)
    weights = _nearest(weights / np.maximum(total, 1e-3), total > 0.03)
    for i in range(1, len(parts)):
        e[f"w{i}"] = _byte(weights[i])
    return e


def _shadow(
    e: Entry, lit: Array, unlit: Array, hidden: Array, crop: Crop, fade: int, *, top_only: bool = False
) -> None:
    """Add the ratio of light with and without the part, where the part itself does not hide it."""
    seen = hidden < 0.01
    ratio = np.where(seen, lit / np.maximum(unlit, 1e-3), 1)
    ratio = gaussian_filter(_nearest(np.clip(ratio, 0, 1), seen), 1.2)
    ratio = 1 - np.clip(1 - ratio - 0.025, 0, 1) * 1.03  # below this lies the noise
    h, w = ratio.shape
    y = np.arange(h) if top_only else np.minimum(np.arange(h), h - 1 - np.arange(h))
    x = np.full(w, fade) if top_only else np.minimum(np.arange(w), w - 1 - np.arange(w))
    fall = np.clip(np.minimum(y[:, None], x[None]) / fade, 0, 1)
    ratio = 1 - (1 - ratio) * fall
    box = _tight(ratio < 0.975, 3)
    if box is not None:
        e["rx"], e["ry"] = crop[0] + box[1].start, crop[1] + box[0].start
        e["r"] = _byte(ratio[box])


def _map(e: Entry, name: str, names: tuple[str, ...], value: Any) -> None:
    """Add a map of value(points) over the layer's box, at every `MAP_STEP`th pixel, as a fraction of its range."""
    h, w = e["a"].shape
    crop = (e["x"], e["y"], w, h)
    geom, where = Eye([mesh_of(n) for n in names]).hits(crop)
    hit = geom >= 0
    v = _nearest(value(where).astype(np.float32), hit)
    v = np.where(hit, v, gaussian_filter(v, 2))
    low, high = float(v.min()), float(v.max())
    small = Image.fromarray(v).resize((-(-w // MAP_STEP), -(-h // MAP_STEP)), Image.Resampling.BOX)
    code = np.asarray((np.asarray(small) - low) / max(high - low, 1e-6) * 65535 + 0.5, np.uint16)
    e[name] = code
    e.setdefault("maps", {})[name] = [low, high, code.shape[1], code.shape[0]]


def _along_arm(name: str) -> Any:
    """Distance from the shoulder along the arm, in millimetres."""
    elbow, wrist = (np.array(p) for p in POSES[name[2:]])
    sign = -1 if name[0] == "R" else 1
    s = np.array(SHOULDER)
    upper, lower = elbow - s, wrist - elbow
    a, b = np.linalg.norm(upper), np.linalg.norm(lower)

    def value(p: Array) -> Array:
        q = p * [sign, 1, 1]
        t1 = np.clip((q - s) @ upper / a**2, 0, 1) * a
        t2 = np.clip((q - elbow) @ lower / b**2, 0, 2) * b
        return np.asarray(t1 + t2, np.float32)

    return value


def _face(axis: int) -> Any:
    back = rotation(0, HEAD_YAW, 0)
    return lambda p: (p @ back)[..., axis]


def entries() -> dict[str, Entry]:
    """Every layer by its name, coded."""
    by_name = {j.name: j for j in jobs()}
    whole = Render(by_name["body"])
    ground = Render(by_name["ground"])
    alone = whole.share(body())  # the body without anything before it
    lit = whole.total
    floor = np.ones_like(lit)
    floor[FLOOR[1] :] = ground.total
    out: dict[str, Entry | None] = {}
    above = np.zeros_like(alone)
    for key in reversed(BODY):
        names = zones(key)
        out[key] = _entry(whole, names, _over(whole.share(names), above))
        above = above + whole.share(names)
    for part in PARTS.values():
        if part.slot == "core" or not (part.key == STAGE or by_name[part.key].result.exists()):
            continue
        if part.slot == "base":
            r = whole if part.key == STAGE else Render(by_name[part.key])
            over = _window(alone, r.crop, WHOLE)
            e = out[part.key] = _entry(r, zones(part.key), _over(r.share(zones(part.key)), over))
            cut = _window(r.total, FLOOR, r.crop)
            hidden = _window(over + r.share(zones(part.key)), FLOOR, r.crop)
            if e is None:
                raise ValueError(f"{part.key} does not show")
            _shadow(e, cut, ground.total, hidden, FLOOR, 60, top_only=True)
            continue
        out |= _part(part, by_name, alone, lit)
    legs, torso, head = out["core.legs"], out["core.torso"], out["core.head"]
    if legs is None or torso is None or head is None:
        raise ValueError("the body has not been traced")
    _map(legs, "t", zones("core.legs"), lambda p: p[..., 1])
    for i, axis in enumerate("uv"):
        _map(torso, axis, zones("core.torso"), lambda p, i=i: p[..., i])
        _map(head, axis, zones("core.head"), _face(i))
    return {k: e for k, e in out.items() if e is not None}


def _part(part: Part, by_name: dict[str, Job], alone: Array, lit: Array) -> dict[str, Entry | None]:
    job = by_name[part.key]
    r = Render(job)
    cover, was, now = r.share(job.shown), _window(alone, r.crop, WHOLE), r.share(body())
    if part.slot == "rear":
        alpha, seam = _over(cover, now), None
    else:
        ahead = np.clip(was - now, 0, cover)  # what hides the body
        edge = binary_dilation((was > 0.02) & (was < 0.98), iterations=1) & (was < 0.99)
        seam = np.where(edge, _over(cover - ahead, was), 0)
        alpha = np.where(edge, np.clip(ahead / np.maximum(was, 0.02), 0, 1), cover)
        alpha = np.where(edge & (was < 0.03), cover, alpha)
    e = _entry(r, job.shown, alpha, seam)
    found: dict[str, Entry | None] = {part.key: e}
    if e is None:
        raise ValueError(f"{part.key} does not show")
    before = _window(lit, r.crop, WHOLE)
    if part.slot == "item":
        arm = Render(by_name["arm.R-hold"])
        full = lit.copy()
        x, y, w, h = arm.crop
        full[y : y + h, x : x + w] = arm.total
        before = _window(full, r.crop, WHOLE)
    _shadow(e, r.total, before, cover, r.crop, 36)
    if part.slot == "head" and "r" in e:  # a brim must not hide the eyes
        e["r"] = (255 - (255 - e["r"].astype(np.float32)) * BRIM).astype(np.uint8)
    if part.slot == "arm":
        _map(e, "t", zones(part.key), _along_arm(part.name))
    glass = by_name.get(f"{part.key}@glass")
    if glass:
        g = Render(glass)
        found[glass.name] = _entry(g, glass.shown, g.share(glass.shown))
    return found


def _image(a: NDArray[np.uint8], quality: int) -> bytes:
    """WebP; quality 0 keeps every value."""
    data = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(a))
    image.save(data, "WEBP", lossless=not quality, quality=quality or 100, method=4, exact=True)
    return data.getvalue()


def pack(path: Path) -> int:
    """Write the asset pack; return its size in bytes."""
    index: dict[str, Entry] = {}
    tmp = path.with_suffix(".tmp")
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(tmp, "w", zipfile.ZIP_STORED) as z:

        def put(name: str, data: bytes, how: int = zipfile.ZIP_STORED) -> None:
            z.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data, how)  # same input, same bytes

        for name, e in entries().items():
            about: Entry = {k: int(e[k]) for k in ("x", "y", "rx", "ry") if k in e}
            about["size"] = [e["a"].shape[1], e["a"].shape[0]]
            if "maps" in e:
                about["maps"] = e["maps"]
            channels = [k for k, v in e.items() if isinstance(v, np.ndarray)]
            for c in channels:
                a = e[c]
                if a.dtype == np.uint16:
                    put(f"{name}/{c}", a.astype("<u2").tobytes(), zipfile.ZIP_DEFLATED)
                elif c == "r":
                    about["shadow"] = [a.shape[1], a.shape[0]]
                    put(f"{name}/r", _image(np.asarray(Image.fromarray(a).reduce(4)), 86))
                else:
                    put(f"{name}/{c}", _image(a, QUALITY.get(name.split(".")[0], 84) if c in "DS" else 0))
            about["channels"] = channels
            index[name] = about
        put("index.json", json.dumps(index, separators=(",", ":")).encode(), zipfile.ZIP_DEFLATED)
    tmp.replace(path)
    return path.stat().st_size


__all__ = ["WORK", "entries", "pack"]
