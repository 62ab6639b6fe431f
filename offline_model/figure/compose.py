"""From a scene to a picture: each part's light takes its colour, and the parts are laid over each other.

Order: backdrop, base, what stands behind, the body from the feet up, clothes, arms, head; then what the head wears,
what the hand holds, what stands in front. A part's shadow darkens what is there before the part is laid on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

from . import backdrop, faces, prints, tone
from .colour import rgb
from .ink import PER_MM
from .layers import SIZE, Layer, layer, names
from .parts import PARTS, Finish, Part
from .scene import Piece, Scene

_UNDER: Final = {  # what is seen of a hair style below a hat
    "hair.hair-long": "under.under-long",
    "hair.hair-bob": "under.under-long",
    "hair.hair-afro": "under.under-short",
    "hair.hair-pigtails": "under.under-braids",
    "hair.hair-braid": "under.under-braids",
    "hair.hair-mohawk": "",
}
_BOOT, _SHORTS, _HIP = 6.0, 5.6, 6.9  # heights on the leg, in mm
_ELBOW, _WRIST = 4.3, 7.2  # lengths along the arm, in mm


@dataclass(frozen=True, slots=True)
class Painted:
    """A layer in its colours."""

    layer: Layer
    image: Image.Image


class _Painter:
    """One picture in the making."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.paints = scene.paints

    # ---- colours

    def _flat(self, on: Layer, colour: str, finish: str) -> Image.Image:
        s = self.scene
        return tone.plain(colour, finish, s.diffuse, s.specular, on.diffuse, on.specular)

    def _print(self, on: Layer, albedo: NDArray[np.uint8]) -> Image.Image:
        s = self.scene
        return tone.printed(albedo, s.diffuse, s.specular, on.diffuse, on.specular)

    def _zones(self, part: Part, piece: Piece | None) -> list[tuple[str, Finish | str]]:
        """Colour and finish of each zone of a part, glass last."""
        named = [i for i, z in enumerate(part.zones) if i and not z.paint.startswith("#")]
        out: list[tuple[str, Finish | str]] = []
        for i, zone in enumerate(part.zones):
            colour, finish = self.paints.get(zone.paint, zone.paint), str(zone.finish)
            if piece and i == 0:
                colour, finish = piece.colour or colour, piece.finish or finish
            elif piece and piece.accent and i in named[:1]:
                colour = piece.accent
            out.append((colour, finish))
        return out

    def _part(self, key: str, piece: Piece | None = None) -> Painted:
        on, part = layer(key), PARTS[key]
        solid = [c for c, z in zip(self._zones(part, piece), part.zones, strict=True) if z.finish != "glass"]
        image = self._flat(on, *solid[0])
        for (colour, finish), weight in zip(solid[1:], on.weights, strict=True):
            image.paste(self._flat(on, colour, finish), (0, 0), weight)
        return Painted(on, image)

    # ---- the body

    def _legs(self) -> Painted:
        s, on = self.scene, layer("core.legs")
        image = self._flat(on, s.legs, "plastic")
        colour, top = {"boots": (s.shoes, _BOOT), "shorts": (s.skin, _SHORTS), "bare": (s.skin, _HIP)}.get(
            s.legwear, (s.legs, 0.0)
        )
        if top:
            image.paste(self._flat(on, colour, "plastic"), (0, 0), _step(top - on.maps["t"]))
        image.paste(self._flat(on, s.shoes, "plastic"), (0, 0), on.weights[0])
        return Painted(on, image)

    def _torso(self) -> Painted:
        s, on, t = self.scene, layer("core.torso"), self.scene.torso
        covered = t.print == "apron" and any(p.part == "body.apron" for p in s.worn)
        art = prints.torso("plain" if covered else t.print, t.top, t.trim, t.accent, s.skin, t.icon, Random(s.seed))
        return Painted(on, self._print(on, _lookup(art, *_torso_map())))

    def _head(self) -> Painted:
        s, on = self.scene, layer("core.head")
        return Painted(on, self._print(on, _lookup(faces.face(s.skin, s.face, s.age), *_head_map())))

    def _arm(self, name: str) -> Painted:
        s, on = self.scene, layer(f"arm.{name}")
        along = on.maps["t"]
        image = self._flat(on, s.torso.top, "plastic")
        if s.sleeves == "bare":
            image.paste(self._flat(on, s.skin, "plastic"), (0, 0), _step(along - 1.6))
        elif s.sleeves == "short":
            image.paste(self._flat(on, s.skin, "plastic"), (0, 0), _step(along - _ELBOW))
        elif s.sleeves == "cuff":
            image.paste(self._flat(on, s.torso.trim, "plastic"), (0, 0), _step(along - _WRIST))
        elif s.sleeves == "band":
            image.paste(self._flat(on, s.torso.trim, "plastic"), (0, 0), _step(0.8 - np.abs(along - 3.6)))
        image.paste(self._flat(on, s.hands, "plastic"), (0, 0), on.weights[0])
        return Painted(on, image)

    # ---- the order

    def behind(self) -> Iterator[Painted]:
        s = self.scene
        yield self._part(s.base.part, s.base)
        if s.rear:
            yield self._part(s.rear.part, s.rear)

    def body(self) -> Iterator[Painted]:
        yield self._legs()
        yield self._part("core.hips")
        yield self._torso()

    def dressed(self) -> Iterator[Painted]:
        """Everything that is laid on the body; the head comes after the arms."""
        s = self.scene
        closed = bool(s.headgear and PARTS[s.headgear.part].hair == "none")
        if s.back:
            yield self._part(s.back.part, s.back)
        yield from (self._part(p.part, p) for p in s.worn if p.part.startswith("body."))
        yield self._arm(f"R-{s.right}")
        yield self._arm(f"L-{s.left}")
        yield self._part("core.neck")
        yield self._head()
        yield from (self._part(p.part, p) for p in s.worn if not p.part.startswith("body."))
        if s.eyewear and not closed:
            yield self._part(s.eyewear.part, s.eyewear)
        if s.beard and not closed:
            yield self._part(s.beard.part, s.beard)
        hair = self._hair()
        if hair:
            yield self._part(hair, Piece(hair, s.hair_colour, ""))
        if s.headgear:
            yield self._part(s.headgear.part, s.headgear)
            if s.headgear.part == "head.robot":
                yield self._lamps(s.headgear)

    def before(self) -> Iterator[Painted]:
        s = self.scene
        yield from (self._part(p.part, p) for p in (s.held, s.prop) if p)

    def _hair(self) -> str:
        s = self.scene
        room = PARTS[s.headgear.part].hair if s.headgear else "all"
        if not s.hair or room == "none":
            return ""
        if s.headgear and s.headgear.part == "head.bubble":
            return "hair.hair-short"  # what fits into the globe
        return s.hair.part if room == "all" else _UNDER.get(s.hair.part, "under.under-short")

    def _lamps(self, piece: Piece) -> Painted:
        """The robot's screen, over the box that `_part` has drawn."""
        on = layer("head.robot")
        zones = self._zones(PARTS["head.robot"], piece)
        art = faces.lamps(zones[1][0], zones[3][0], self.scene.face.mouth)
        x, y = layer("core.head").x - on.x, layer("core.head").y - on.y
        u, v = _head_map()
        whole = np.full((*on.diffuse.shape, 3), rgb(zones[1][0]), np.uint8)
        screen = _lookup(art, u, v)
        whole[y : y + screen.shape[0], x : x + screen.shape[1]] = screen[: whole.shape[0] - y, : whole.shape[1] - x]
        bare = Layer(
            on.x, on.y, ImageChops.multiply(on.weights[0], on.alpha), None, on.diffuse, on.specular, (), None, on.maps
        )
        return Painted(bare, self._print(bare, whole))

    def glass(self, canvas: Image.Image, piece: Piece) -> None:
        name = f"{piece.part}@glass"
        if name not in names():
            return
        on, part = layer(name), PARTS[piece.part]
        colour = next(z.paint for z in part.zones if z.finish == "glass")
        box = (on.x, on.y, on.x + on.alpha.width, on.y + on.alpha.height)
        seen = tone.glass(canvas.crop(box), colour, on.alpha, self.scene.specular, on.diffuse, on.specular)
        canvas.paste(seen, box)


def paint(scene: Scene) -> Image.Image:
    """The picture of a scene, RGB, `SIZE` pixels a side."""
    painter = _Painter(scene)
    canvas = backdrop.draw(scene.backdrop, scene.tint, scene.seed, SIZE, dark=scene.dark)
    for drawn in painter.behind():
        _lay(canvas, drawn)
    dressed, front = list(painter.dressed()), list(painter.before())
    for drawn in (*dressed, *front):
        if drawn.layer.seam:
            canvas.paste(drawn.image, (drawn.layer.x, drawn.layer.y), drawn.layer.seam)
    for drawn in (*painter.body(), *dressed):
        _lay(canvas, drawn)
    for piece in (scene.eyewear, scene.headgear):
        if piece:
            painter.glass(canvas, piece)
    for drawn in front:
        _lay(canvas, drawn)
    for piece in (scene.held, scene.prop):
        if piece:
            painter.glass(canvas, piece)
    backdrop.veil(canvas, scene.backdrop, scene.seed)
    return canvas.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if scene.flip else canvas


def _lay(canvas: Image.Image, drawn: Painted) -> None:
    on = drawn.layer
    if on.shadow:
        grey = on.shadow.image
        box = (on.shadow.x, on.shadow.y, on.shadow.x + grey.width, on.shadow.y + grey.height)
        shade = Image.merge("RGB", (grey, grey, grey))
        canvas.paste(ImageChops.multiply(canvas.crop(box), shade), box)
    canvas.paste(drawn.image, (on.x, on.y), on.alpha)


def _step(millimetres: NDArray[np.float32]) -> Image.Image:
    """A mask: on where positive, with an edge of about a pixel."""
    return Image.fromarray(np.clip(millimetres * (255 * 11) + 127.5, 0, 255).astype(np.uint8))


def _lookup(art: Image.Image, index: NDArray[np.int32], fraction: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The print as it lies on the surface: bilinear, (height, width, 3)."""
    texel = np.asarray(art)
    w, flat = texel.shape[1], texel.reshape(-1, 3)
    fu, fv = fraction[0][..., None], fraction[1][..., None]

    def row(first: NDArray[np.int32]) -> NDArray[np.float32]:
        left = np.take(flat, first, axis=0).astype(np.float32)
        right = np.take(flat, first + 1, axis=0).astype(np.float32)
        right -= left
        right *= fu
        right += left
        return right

    upper, lower = row(index), row(index + w)
    lower -= upper
    lower *= fv
    lower += upper
    lower += 0.5
    return lower.astype(np.uint8)


def _mapping(
    u: NDArray[np.float32], v: NDArray[np.float32], area: tuple[float, float, float, float]
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    left, bottom, right, top = area
    width, height = round((right - left) * PER_MM), round((top - bottom) * PER_MM)
    x = np.clip((u - left) * PER_MM - 0.5, 0, width - 2.001)
    y = np.clip((top - v) * PER_MM - 0.5, 0, height - 2.001)
    index = y.astype(np.int32) * width + x.astype(np.int32)
    return index, np.stack([x % 1, y % 1]).astype(np.float32)


@cache
def _torso_map() -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    maps = layer("core.torso").maps
    return _mapping(maps["u"], maps["v"], (prints.LEFT, prints.BOTTOM, prints.RIGHT, prints.TOP))


@cache
def _head_map() -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    maps = layer("core.head").maps
    area = (faces.LEFT, faces.BOTTOM, faces.RIGHT, faces.TOP)
    return _mapping(maps["u"], maps["v"] - np.float32(faces.EYE_LINE), area)
