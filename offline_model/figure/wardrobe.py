"""What the person wears below the head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from .colour import close, shade
from .draft import Choice, Draft
from .reading import Hit
from .scene import Piece, Torso

_BULKY: Final = frozenset({"body.vest", "body.lifevest", "body.poncho"})
"""Worn over the chest: nothing else fits there."""
_SKIRTS: Final = frozenset({"body.skirt", "body.tutu"})
_LEATHERS: Final = ("#1e2024", "#3a2a1c", "#3a3d44", "#5a3a22")
_CAPES: Final = ("#7a1c1c", "#22355e", "#c4281c", "#2f5a4a", "#6a3a9a", "#6a4326")
_EMBLEMS: Final = ("star", "heart", "bolt", "leaf", "flower", "sun", "note", "paw", "moon", "planet", "diamond")
_EMBLEM_CHANCE: Final = {"tee": 1.0, "hoodie": 0.6, "sport": 0.5, "apron": 0.3, "plain": 0.7}

Cut = Mapping[str, Any]
"""An entry of the vocabulary's clothes."""


def cut(draft: Draft, *, woman: bool) -> tuple[Cut, Hit | None]:
    """The clothes that are named, else those that go under what is named, else one of the role's."""
    choice: Choice | None = draft.named("clothes") or _under(draft, woman=woman) or draft.habit("clothes")
    name, hit = choice or ("printed tee", None)
    return draft.known.thing("clothes", name), hit


def _under(draft: Draft, *, woman: bool) -> Choice | None:
    """What is worn under a skirt or vest that the prompt names alone."""
    over = {draft.known.thing("worn", hit.name)["part"] for hit in draft.reading.of("worn")}
    if over & _SKIRTS and woman and "team jersey" not in draft.role["clothes"]:
        return "flowered dress", None
    if over & _BULKY:
        plain = [name for name in draft.role["clothes"] if not draft.known.thing("clothes", name).get("worn")]
        return (plain or ["printed tee"])[0], None
    return None


def torso(draft: Draft, cut: Cut, hit: Hit | None) -> Torso:
    """The print and its colours: of the garment, of the shirt, of the role, of nothing else in the prompt."""
    said = list(hit.colours) if hit else []
    top, trim = draft.palette("top", "#1f5fb4"), draft.palette("trim", "#f0f0ec")
    accent = draft.palette("accent", "#f4c81e")
    loose = [colour for paint in draft.reading.loose if (colour := draft.known.tables["colours"].get(paint.name))]
    draft.used += draft.reading.loose[:2]
    own = [colour for colour in (draft.colour(cut.get("colour", "")),) if colour]
    if cut.get("paint") == "trim":  # over a shirt in its own colour, or in the role's
        trims = [said.pop(0) if said else top if own else trim]
    else:
        trims = [*said[1:2], *draft.noun("trim"), *loose[1:]]
    top = next(iter(said or draft.noun("top") or _lead(draft, hit) or own or loose), top)
    trim = next(iter(trims), trim)
    if close(trim, top):
        trim = "#f0f0ec" if not close(top, "#f0f0ec") else shade(top, -0.55)
    icon = draft.first("icons")
    return Torso(cut["part"], top, trim, accent, icon[0] if icon else _emblem(draft, cut["part"]))


def _lead(draft: Draft, hit: Hit | None) -> list[str]:
    """The colours of the role ("teal robot"), or of a skirt that stands for the clothes."""
    skirts = (
        [] if hit else [h for h in draft.reading.of("worn") if draft.known.thing("worn", h.name)["part"] in _SKIRTS]
    )
    return next((h.colours for h in (*draft.reading.of("roles"), *skirts) if h.colours), [])


def _emblem(draft: Draft, print_: str) -> str:
    emblem = draft.rng.choice(_EMBLEMS)
    return emblem if draft.rng.random() < _EMBLEM_CHANCE.get(print_, 0.0) else ""


def legs(draft: Draft, cut: Cut, torso: Torso) -> str:
    """The trousers' colour, never lost against the top unless it is one suit."""
    bottom = draft.palette("bottom", "#22355e")
    said = draft.noun("legs")
    if said:
        return said[0]
    if cut.get("legs"):
        return torso.trim if cut["legs"] == "trim" else torso.top
    if close(bottom, torso.top):
        return "#3a3d44" if not close(torso.top, "#3a3d44") else "#cdb080"
    return bottom


def shoes(draft: Draft, legs: str) -> str:
    habit = draft.rng.choice((*_LEATHERS, shade(legs, -0.35), shade(legs, -0.2)))
    return next(iter(draft.noun("boots")), habit)


def legwear(draft: Draft, worn: Sequence[Piece]) -> str:
    habit = "boots" if draft.rng.random() < 0.35 else "trousers"
    for hit in draft.reading.of("nouns"):
        word = draft.reading.words[hit.end - 1]
        if word in ("shorts", "boots"):
            draft.used.append(hit)
            return word
    return "bare" if any(piece.part in _SKIRTS for piece in worn) else habit


def worn(draft: Draft, cut: Cut, torso: Torso, *, closed: bool) -> tuple[Piece, ...]:
    """What belongs to the clothes, then what the prompt adds, else one thing of the role's."""
    paint = torso.trim if cut.get("paint") == "trim" else torso.top
    pieces = [Piece(part, paint) for part in cut.get("worn", ())]
    habit = draft.habit("worn", 0.35)
    hits = draft.reading.of("worn")
    draft.used += hits
    chosen: list[Choice] = [(hit.name, hit) for hit in hits] or ([habit] if habit else [])
    taken = {part.split(".")[0] for part in cut.get("worn", ())}
    for choice in chosen:
        piece = draft.piece("worn", choice)
        slot = piece.part.split(".")[0]
        if (slot in taken and choice[1] is None) or (slot == "neck" and closed):
            continue
        taken.add(slot)
        pieces.append(piece)
    return tuple({piece.part: piece for piece in pieces}.values())


def sleeves(draft: Draft, cut: Cut) -> str:
    habit = draft.rng.choice(("long", "long", "long", "cuff", "cuff", "band"))
    if cut["part"] in ("overalls", "apron", "vest") and draft.rng.random() < 0.5:
        habit = "short"
    return str(cut.get("sleeves", habit))


def hands(draft: Draft, cut: Cut, torso: Torso, skin: str) -> str:
    """Gloves where they are named or belong to the clothes, else bare."""
    glove = draft.rng.choice(("#3a3d44", "#1e2024", "#f0f0ec", "#6a4326", torso.trim, torso.accent))
    named = [hit for hit in draft.reading.of("nouns") if hit.name == "hands"]
    draft.used += named
    said = draft.noun("hands")
    return said[0] if said else glove if named or cut.get("gloves") else skin


def back_colour(draft: Draft, torso: Torso) -> str:
    """For a cape or a pack, set off from the top."""
    return draft.rng.choice([colour for colour in (torso.trim, *_CAPES) if not close(colour, torso.top)])
