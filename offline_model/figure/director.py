"""From a prompt to a scene: the prompt's own words first, then the habits of the role, then the seeded dice."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from random import Random
from typing import Final

from . import backdrop, person, wardrobe
from .colour import close, shade
from .draft import Choice, Draft
from .parts import PARTS
from .reading import Hit, read
from .scene import Piece, Scene, Tint, Torso
from .vocabulary import vocabulary

_PALE: Final = (
    "#f1efea", "#eceff2", "#f3ece2", "#e9eef0", "#efe9ee", "#e8efe9", "#f4f0e6", "#ebebeb",
    "#dce8f2", "#f1e4d2", "#e2ecdb", "#efe0ea", "#f5ecd0", "#d9ebe9", "#f3ded8", "#e1e1f1",
)  # fmt: skip
"""Sweeps of a product photo: off-white, warm or cool, and soft tints."""
_FUR: Final = ("#c9822e", "#8a5a34", "#3a3a40", "#d8b48a", "#a8a29a", "#efe6d6", "#6a4326", "#b0622c")
_BRIGHT: Final = ("#c4281c", "#1f5fb4", "#e8761e", "#f4c81e", "#2f8a3e", "#6a3a9a", "#1e8a8a", "#e88ab0", "#3ab8d8")
_OF_ONE_CLOTH: Final = ("head.parka", "head.hood", "head.peaked")
"""Headgear that is of the garment's cloth where no colour is named for it."""
_BASES: Final = ("smooth plinth", "round display base", "brick baseplate", "hexagonal base")


def direct(prompt: str) -> Scene:
    """The scene of `prompt`; the same prompt always gives the same scene."""
    seed = int.from_bytes(hashlib.sha256(prompt.encode()).digest()[:8], "big")
    known = vocabulary()
    draft = Draft(read(prompt, known), known, Random(seed))
    rng, chance = draft.rng, draft.role["chance"]

    who = person.person(draft)
    cut, hit = wardrobe.cut(draft, woman=who.woman)
    torso = wardrobe.torso(draft, cut, hit)
    legs = wardrobe.legs(draft, cut, torso)
    hat = draft.palette("hat", torso.top)
    headgear = draft.choose("headgear", chance.get("headgear", 0.3), hat)
    if headgear is not None and headgear.part in _OF_ONE_CLOTH and headgear.colour == hat:
        headgear = replace(headgear, colour=torso.top)
    closed = headgear is not None and PARTS[headgear.part].hair == "none"
    if closed and draft.reading.of("beard") and not draft.reading.of("headgear"):
        headgear, closed = _open_headgear(draft, hat), False  # a hood would hide the beard that is asked for
    worn = wardrobe.worn(draft, cut, torso, closed=closed)
    held = draft.choose("held", 0.96, rng.choice(_BRIGHT))
    if held is not None and not draft.reading.of("held") and (tool := _tool_of_title(draft, prompt)):
        held = draft.piece("held", (tool, None), held.colour)
    prop = _prop(draft)
    place, tint = _place(draft)
    dark = _dark(draft, place)
    light = backdrop.BACKDROPS["night" if dark else place]
    return Scene(
        backdrop=place,
        tint=tint,
        dark=dark,
        diffuse=_light(draft, light.diffuse),
        specular=_light(draft, light.specular),
        base=_base(draft, legs, torso),
        rear=draft.choose("rear", 0.09 if prop else 0.22, rng.choice(_BRIGHT)),
        legs=legs,
        shoes=wardrobe.shoes(draft, legs),
        legwear=wardrobe.legwear(draft, worn),
        torso=torso,
        back=draft.choose("back", chance["back"], wardrobe.back_colour(draft, torso)),
        worn=worn,
        sleeves=wardrobe.sleeves(draft, cut),
        hands=wardrobe.hands(draft, cut, torso, who.skin),
        right="hold" if held else rng.choice(("down", "hip")),
        left=_left(draft, headgear, held),
        skin=who.skin,
        age=who.age,
        face=person.face(draft, who),
        hair=person.hair(draft, who),
        hair_colour=who.hair_colour,
        beard=None if closed else person.beard(draft, who),
        eyewear=None if closed else draft.choose("eyewear", 0.3 if draft.role.get("eyewear") else 0.0, torso.trim),
        headgear=headgear,
        held=held,
        prop=prop,
        flip=rng.random() < 0.5,
        seed=seed,
        used=draft.reading.spelt(draft.used),
    )


def _open_headgear(draft: Draft, colour: str) -> Piece | None:
    """The role's first headgear that leaves the face to see."""
    pieces = (draft.piece("headgear", (name, None), colour) for name in draft.role.get("headgear", ()))
    return next((piece for piece in pieces if PARTS[piece.part].hair != "none"), None)


def _tool_of_title(draft: Draft, prompt: str) -> str:
    """What the title itself says is held, a trumpeter's trumpet; empty where it says nothing."""
    words = set(prompt.lower().replace(",", " ").split())
    return next((tool for title, tool in draft.known.tables["tools"].items() if title in words), "")


def _left(draft: Draft, headgear: Piece | None, held: Piece | None) -> str:
    """The pose of the free arm, which keeps clear of a wide hat or load."""
    habit = draft.rng.choice(("down", "down", "hip", "hip", "up", "out", "hold"))
    said = draft.first("poses")
    pose = said[0] if said else habit
    low = any(piece and PARTS[piece.part].wide for piece in (headgear, held))
    return "down" if low and pose == "up" else pose


def _prop(draft: Draft) -> Piece | None:
    """There is room for one at the front: a companion or a thing, whichever is named first."""
    companion, thing = draft.habit("companions", 0.4), draft.habit("props", 0.45)
    fur, bright = draft.rng.choice(_FUR), draft.rng.choice(_BRIGHT)
    said = draft.first("companions", "props")
    pet: Choice | None = companion
    if said:
        pet = said if said[1].kind == "companions" else None
    if pet:
        furry = draft.known.thing("companions", pet[0])["part"] in ("pet.cat", "pet.dog")
        return draft.piece("companions", pet, fur if furry else bright)
    choice: Choice | None = said or thing
    return draft.piece("props", choice, bright) if choice else None


def _base(draft: Draft, legs: str, torso: Torso) -> Piece:
    """What the figure stands on, set off from its legs."""
    colour = draft.palette("base", "#8a9096")
    habit: Choice = draft.habit("bases", 0.6) or (draft.rng.choice(_BASES), None)
    if close(colour, legs):
        colour = shade(colour, 0.35) if not close(torso.top, "#f0f0ec") else "#4f9a45"
    said = draft.noun("base")
    return draft.piece("bases", draft.first("bases") or habit, said[0] if said else colour)


def _place(draft: Draft) -> tuple[str, str]:
    """The backdrop and its tint: the phrase before "background", else the last place named, else the studio."""
    pale, bright = draft.rng.choice(_PALE), draft.rng.choice(_BRIGHT)
    places = draft.reading.of("places")
    for noun in draft.reading.of("nouns"):
        if noun.name != "backdrop":
            continue
        draft.used.append(noun)
        before = [hit for hit in places if hit.part == noun.part and hit.end <= noun.start]
        # "at night" says when the other place is seen
        before = [hit for hit in before if hit.name != "night"] or before
        if before:
            draft.used.append(before[-1])
            return before[-1].name, next(iter(before[-1].colours or noun.colours), bright)
        if noun.colours:
            return "studio", noun.colours[0]
    plain = [hit for hit in places if not hit.aside] or [hit for hit in places if _titles(draft, hit)]
    if not plain:
        return "studio", pale
    plain = [hit for hit in plain if hit.name != "night"] or plain
    draft.used.append(plain[-1])
    return plain[-1].name, next(iter(plain[-1].colours), pale if plain[-1].name == "studio" else bright)


def _dark(draft: Draft, place: str) -> bool:
    """Whether the place is seen at night: "moonlit harbour backdrop", "harbour at night backdrop"."""
    if place not in backdrop.BY_DAY:
        return False
    places = draft.reading.of("places")
    there = {hit.part for hit in places if hit.name == place}
    nights = [hit for hit in places if hit.name == "night" and hit.part in there]
    draft.used += nights
    return bool(nights)


def _titles(draft: Draft, place: Hit) -> bool:
    """Whether a place describes the role: a desert ranger is seen in the desert, desert boots anywhere."""
    return any(hit.start == place.end for hit in draft.reading.of("roles"))


def _light(draft: Draft, tint: Tint) -> Tint:
    """The backdrop's light in the mood that the prompt asks for."""
    moods = [draft.known.tables["moods"][hit.name]["tint"] for hit in draft.reading.of("moods")[:1]]
    r, g, b = moods[0] if moods else (1.0, 1.0, 1.0)
    return tint[0] * r, tint[1] * g, tint[2] * b
