"""The asset pack: grey layers of light, one for each part, decoded when a picture first needs them."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .tone import DIM

SIZE: Final = 1024
"""Pixels of a side that the layers are made for."""
Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Shadow:
    """Factors (mode L), in the picture's own gamma, for what lies under a part; (x, y) is the top left corner."""

    x: int
    y: int
    image: Image.Image


@dataclass(frozen=True, slots=True)
class Layer:
    """A part as the camera sees it.

    Attributes:
        x: of the top left corner in the picture.
        y: of the top left corner in the picture.
        alpha: over the body. `seam`: under the body's edge, or None.
        diffuse: light, coded (see `tone`), (height, width).
        specular: highlights, coded and shaped alike.
        weights: the share of each colour zone after the first.
        shadow: cast on what is there already, or None.
        maps: points of the surface: "u", "v" or "t" in millimetres, (height, width).
    """

    x: int
    y: int
    alpha: Image.Image
    seam: Image.Image | None
    diffuse: Bytes
    specular: Bytes
    weights: tuple[Image.Image, ...]
    shadow: Shadow | None
    maps: MappingProxyType[str, NDArray[np.float32]]


@cache
def _pack() -> tuple[zipfile.ZipFile, dict[str, dict[str, Any]]]:
    data = (resources.files("offline_model") / "data" / "parts.zip").read_bytes()
    pack = zipfile.ZipFile(io.BytesIO(data))
    return pack, json.loads(pack.read("index.json"))


@cache
def names() -> frozenset[str]:
    """Every layer in the pack; glass lies apart from its part, as `part@glass`."""
    return frozenset(_pack()[1])


@lru_cache(160)
def layer(name: str) -> Layer:
    """The layer, decoded once. Raises KeyError for a name that is not in the pack."""
    pack, index = _pack()
    about = index[name]
    channels: list[str] = about["channels"]

    def image(channel: str) -> Image.Image:
        with Image.open(io.BytesIO(pack.read(f"{name}/{channel}"))) as data:
            return data.convert("L")

    def surface(channel: str) -> NDArray[np.float32]:
        low, high, width, height = about["maps"][channel]
        code = np.frombuffer(pack.read(f"{name}/{channel}"), "<u2").reshape(height, width)
        coarse = Image.fromarray(code.astype(np.float32) * ((high - low) / 65535) + low)
        w, h = about["size"]
        step = 4
        return np.asarray(coarse.resize((w, h), Image.Resampling.BICUBIC, (0, 0, w / step, h / step)))

    return Layer(
        x=about["x"],
        y=about["y"],
        alpha=image("a"),
        seam=image("b") if "b" in channels else None,
        diffuse=np.asarray(image("D")),
        specular=np.asarray(image("S")),
        weights=tuple(image(c) for c in channels if c.startswith("w")),
        shadow=_shadow(about, image("r")) if "r" in channels else None,
        maps=MappingProxyType({c: surface(c) for c in about.get("maps", ())}),
    )


def _shadow(about: dict[str, Any], ratio: Image.Image) -> Shadow:
    return Shadow(about["rx"], about["ry"], ratio.resize(tuple(about["shadow"]), Image.Resampling.BILINEAR).point(DIM))
