"""What a picture shows: a prompt becomes a `Scene`, and the compositor draws it.

A `Scene` is complete: whoever draws it makes no choice but the small ones that `seed` settles (which way a stripe
leans, where a star sits). Colours are sRGB "#rrggbb". Part names are the keys of `parts.PARTS`.
"""

from __future__ import annotations

from dataclasses import dataclass

Tint = tuple[float, float, float]
"""Factors for red, green and blue in linear light."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One baked part and how it is painted.

    Attributes:
        part: its name, a key of `parts.PARTS`.
        colour: of its main zone.
        accent: of its second zone (trim, band, flame, pages), where the part has no colour of its own for it.
        finish: "plastic", "matte", "metal", "glossy" or "glow" for the main zone; empty for the part's own.
    """

    part: str
    colour: str
    accent: str
    finish: str = ""


@dataclass(frozen=True, slots=True)
class Face:
    """What is printed on the head.

    Attributes:
        eyes: "dot", "tall", "lash", "wide", "closed" or "wink".
        brows: "soft", "raised", "angry", "thick" or "worry".
        mouth: "smile", "smirk", "grin", "open", "o", "flat", "frown" or "lips".
        extras: any of "glasses", "shades", "freckles", "moustache", "stubble", "patch", "wrinkles", "cheeks",
            "mask" (a surgeon's), "paint" (stripes on the cheeks).
        brow_colour: of brows and moustache.
    """

    eyes: str
    brows: str
    mouth: str
    extras: frozenset[str]
    brow_colour: str


@dataclass(frozen=True, slots=True)
class Torso:
    """The printed body: `print` names a function of `prints`, which uses three colours and at most one emblem."""

    print: str
    colour: str
    second: str
    third: str
    emblem: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that the compositor needs, in the order in which it is drawn.

    Attributes:
        backdrop: a key of `backdrop.BACKDROPS`.
        accent: the backdrop's own colour (studio sweep, banner, curtain).
        diffuse, specular: tint of the light on the figure, from backdrop and mood.
        base: what the figure stands on; `colour` is the plate's.
        rear: a prop behind the figure (a tree), or None.
        legs, boots: colours; equal where no boots show.
        torso: the printed body.
        back: cape, backpack, wings ..., or None.
        worn: robe, skirt, vest, scarf, in drawing order.
        sleeves: "long", "short", "cuff" or "band"; `arms` is the sleeve's colour, `trim` the cuff's or band's,
            `hands` the skin's or a glove's.
        pose: of the arm that holds nothing: "down", "up" or "hold". The other arm always holds, if `held` is set.
        skin, age: "#rrggbb"; "child", "adult" or "old".
        hair: None where the head is bald or hidden; drawn only as far as `headgear` leaves it visible.
        beard, headgear, held: parts or None.
        props: what stands in front on the plate: companion first, then things.
        flip: whether the finished picture is mirrored.
        seed: for the choices too small for a field.
        used: the words of the prompt that decided something, lower-case.
    """

    backdrop: str
    accent: str
    diffuse: Tint
    specular: Tint
    base: Piece
    rear: Piece | None
    legs: str
    boots: str
    torso: Torso
    back: Piece | None
    worn: tuple[Piece, ...]
    sleeves: str
    arms: str
    trim: str
    hands: str
    pose: str
    skin: str
    age: str
    face: Face
    hair: Piece | None
    beard: Piece | None
    headgear: Piece | None
    held: Piece | None
    props: tuple[Piece, ...]
    flip: bool
    seed: int
    used: frozenset[str] = frozenset()
