"""What a picture shows: a prompt becomes a `Scene`, and the compositor draws it.

A `Scene` is complete: whoever draws it makes no choice but small ones that `seed` settles: which way a stripe leans,
where a star sits. Colours are sRGB "#rrggbb". Part names are the keys of `parts.PARTS`.
"""

from __future__ import annotations

from dataclasses import dataclass

Tint = tuple[float, float, float]
"""Factors for red, green and blue in linear light."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One baked part and how it is painted.

    Attributes:
        part: its key in `parts.PARTS`, such as "item.guitar".
        colour: of its first zone; empty leaves that zone as `parts` has it.
        accent: of the first other zone that has a named paint; empty likewise.
        finish: "plastic", "matte", "metal", "glossy" or "glow" for the first zone; empty for the part's own.
    """

    part: str
    colour: str = ""
    accent: str = ""
    finish: str = ""


@dataclass(frozen=True, slots=True)
class Face:
    """What is printed on the head.

    Attributes:
        eyes: one of `parts.EYES`.
        brows: one of `parts.BROWS`.
        mouth: one of `parts.MOUTHS`.
        marks: any of `parts.MARKS`.
        brow_colour: of brows and stubble.
    """

    eyes: str
    brows: str
    mouth: str
    marks: frozenset[str]
    brow_colour: str


@dataclass(frozen=True, slots=True)
class Torso:
    """The printed body.

    Attributes:
        print: one of `parts.PRINTS`.
        top: its first colour, which is the paint of that name as well.
        trim: its second colour, likewise.
        accent: its third colour, likewise.
        icon: one of `parts.ICONS`, or empty.
    """

    print: str
    top: str
    trim: str
    accent: str
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that the compositor needs, roughly in the order in which it is drawn.

    Attributes:
        backdrop: a key of `backdrop.BACKDROPS`; `tint` is that backdrop's own colour (sweep, banner, curtain).
        diffuse: tint of the light on the figure, from backdrop and mood.
        specular: tint of its highlights.
        base: what the figure stands on.
        rear: what stands behind it, or None.
        legs: colour; `legwear` is one of `parts.LEGWEAR`.
        shoes: colour.
        torso: the printed body.
        back: cape, backpack, wings ..., or None.
        worn: parts of the slots body and neck, in drawing order.
        sleeves: one of `parts.SLEEVES`, in the torso's `top` with its `trim` for cuff and band; `hands` is the skin's
            or a glove's colour.
        right: pose of the arm at the viewer's left, as "hold" in `arm.R-hold`; it holds `held`.
        left: pose of the other arm.
        skin: "#rrggbb".
        age: "child", "adult" or "old".
        hair: a style, or None for a bald head; what headgear leaves of it is the compositor's to know.
        hair_colour: also of beard and brows.
        beard: a part or None.
        eyewear: a part or None.
        headgear: a part or None.
        held: a part or None.
        prop: what stands at the front, of the slots prop or pet, or None.
        flip: whether the finished picture is mirrored.
        seed: for the choices too small for a field.
        used: the words of the prompt that decided something, lower-case.
        dark: whether the backdrop, a place of the day, is seen at night.
    """

    backdrop: str
    tint: str
    diffuse: Tint
    specular: Tint
    base: Piece
    rear: Piece | None
    legs: str
    shoes: str
    legwear: str
    torso: Torso
    back: Piece | None
    worn: tuple[Piece, ...]
    sleeves: str
    hands: str
    right: str
    left: str
    skin: str
    age: str
    face: Face
    hair: Piece | None
    hair_colour: str
    beard: Piece | None
    eyewear: Piece | None
    headgear: Piece | None
    held: Piece | None
    prop: Piece | None
    flip: bool
    seed: int
    used: frozenset[str] = frozenset()
    dark: bool = False

    @property
    def paints(self) -> dict[str, str]:
        """A colour for every name of `parts.PAINTS`; a piece's own colours go before these."""
        torso = self.torso

        def own(piece: Piece | None, otherwise: str) -> str:
            return (piece and piece.colour) or otherwise

        return {
            "skin": self.skin,
            "hair": self.hair_colour,
            "top": torso.top,
            "bottom": self.legs,
            "shoes": self.shoes,
            "glove": self.hands,
            "hat": own(self.headgear, torso.top),
            "trim": torso.trim,
            "accent": torso.accent,
            "back": own(self.back, torso.trim),
            "item": own(self.held, torso.trim),
            "prop": own(self.prop, torso.accent),
            "base": own(self.base, self.legs),
        }


def scene(prompt: str) -> Scene:
    """What the picture of `prompt` shows; the same prompt always gives the same scene."""
    from .director import direct  # the director needs the classes above

    return direct(prompt)
