"""From light and colour to the pixels of a photograph.

A layer holds diffuse light and highlights, square-root coded in 8 bits. A colour's pixel is albedo x diffuse +
specular. Then come exposure, a shoulder that keeps whites from burning out, the sRGB curve and a little contrast.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .colour import rgb

Tint = tuple[float, float, float]
Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

_DIFFUSE_TOP, _SPECULAR_TOP = 1.25, 2.0  # as the baker codes them
_EXPOSURE, _CONTRAST = 1.22, 0.22
_STEPS, _TOP = 4096, 2.0
_TABLE_PIXELS = 256 * 128

_code = np.arange(256, dtype=np.float32) / 255
LINEAR: Final[Floats] = np.where(_code <= 0.04045, _code / 12.92, ((_code + 0.055) / 1.055) ** 2.4).astype(np.float32)
"""Linear light of an sRGB byte."""
_DIFFUSE: Final[Floats] = (_code**2 * _DIFFUSE_TOP * _EXPOSURE).astype(np.float32)
_SPECULAR: Final[Floats] = (_code**2 * _SPECULAR_TOP).astype(np.float32)
DIM: Final = [round(255 * (i / 255) ** (1 / 2.2)) for i in range(256)]
"""A factor of light as a factor of sRGB bytes."""


def _develop() -> Bytes:
    x = (np.arange(_STEPS) + 0.5) / _STEPS * _TOP
    x = np.where(x < 0.75, x, 0.75 + 0.25 * (1 - np.exp(-(x - 0.75) / 0.25)))
    y = np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 1e-9) ** (1 / 2.4) - 0.055)
    y = y + _CONTRAST * (y * y * (3 - 2 * y) - y)
    curve: Bytes = np.clip(y * 255 + 0.5, 0, 255).astype(np.uint8)
    return curve


_FILM: Final = _develop()
_LIGHT: Final[Floats] = np.interp(  # the light that a byte came from, to lay more light on a finished picture
    np.arange(256), *np.unique(_FILM, return_index=True)
).astype(np.float32) * np.float32(_TOP / _STEPS)


def film(light: Floats) -> Bytes:
    """Linear light to sRGB bytes."""
    pixels: Bytes = _FILM[np.minimum(light * (_STEPS / _TOP), _STEPS - 1).astype(np.uint16)]
    return pixels


def _mix(albedo: float, d: Floats, s: Floats, finish: str) -> Floats:
    """One channel of a surface in the light."""
    if finish == "matte":
        return albedo * 1.03 * d + s * 0.35
    if finish == "glossy":
        return albedo * d + s * 1.2
    if finish == "metal":
        return (albedo * 0.6) * d + s * (albedo * 3.0 + 0.3)
    if finish == "glow":
        return albedo * (0.62 + 0.5 * d) + s * 0.6
    return albedo * d + s * 0.85


def _shade(colour: str, finish: str, diffuse: Tint, specular: Tint, d: Floats, s: Floats) -> Bytes:
    """Pixels (..., 4); the fourth byte is unused."""
    out = np.empty((*np.broadcast_shapes(d.shape, s.shape), 4), np.uint8)
    for c, byte in enumerate(rgb(colour)):
        out[..., c] = film(_mix(float(LINEAR[byte]), d * np.float32(diffuse[c]), s * np.float32(specular[c]), finish))
    return out


@lru_cache(64)
def _table(colour: str, finish: str, diffuse: Tint, specular: Tint) -> NDArray[np.uint32]:
    d, s = _DIFFUSE[:, None], _SPECULAR[None, ::2]
    return _shade(colour, finish, diffuse, specular, d, s).view(np.uint32).ravel()


def plain(colour: str, finish: str, diffuse: Tint, specular: Tint, d: Bytes, s: Bytes) -> Image.Image:
    """A surface of one colour under coded light d and s, (height, width)."""
    if d.size > _TABLE_PIXELS:
        index = (d.astype(np.uint16) << 7) | (s >> 1)
        pixels: NDArray[Any] = np.take(_table(colour, finish, diffuse, specular), index)
    else:
        pixels = _shade(colour, finish, diffuse, specular, _DIFFUSE[d], _SPECULAR[s])
    return Image.frombuffer("RGB", (d.shape[1], d.shape[0]), pixels, "raw", "RGBX", 0, 1)


def printed(albedo: Bytes, diffuse: Tint, specular: Tint, d: Bytes, s: Bytes) -> Image.Image:
    """A plastic surface with a print on it: albedo (height, width, 3) as sRGB bytes."""
    light = _DIFFUSE[d][..., None] * np.array(diffuse, np.float32)
    shine = _SPECULAR[s][..., None] * (np.array(specular, np.float32) * np.float32(0.85))
    return Image.fromarray(film(LINEAR[albedo] * light + shine))


def glass(under: Image.Image, colour: str, alpha: Image.Image, specular: Tint, d: Bytes, s: Bytes) -> Image.Image:
    """What shows through glass: pale glass is clear, dark glass is nearly opaque; highlights lie on top."""
    below, tint = _LIGHT[np.asarray(under)], LINEAR[list(rgb(colour))]
    body = np.float32(0.02 + 0.75 * (1 - sum(rgb(colour)) / 765))
    seen = below * (1 - body) * (0.72 + 0.28 * tint) + tint * body * _DIFFUSE[d][..., None]
    shine = np.maximum(_SPECULAR[s] - np.float32(0.03), 0)  # less the haze of the surroundings: the face shows
    seen += shine[..., None] * (np.array(specular, np.float32) * np.float32(0.8))
    a = np.asarray(alpha, np.float32)[..., None] / 255
    return Image.fromarray(film(below * (1 - a) + seen * a))
