"""Who stands there: age, skin, hair and face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .colour import natural_hair, shade
from .draft import Draft
from .scene import Face, Piece

_GREY: Final = ("#e6e5e0", "#b9b8b4", "#8d8c8a")
_WOMEN: Final = frozenset({"long", "bob", "bun", "pony", "braid", "curly", "pigtails", "afro"})
_MEN: Final = frozenset({"short", "side", "quiff", "spiky", "curly", "afro", "thin"})
_SHE: Final = frozenset({"woman", "girl", "female", "she", "her", "lady"})
_HE: Final = frozenset({"man", "boy", "male", "he", "his", "gentleman"})


@dataclass(frozen=True, slots=True)
class Person:
    """What the rest of the scene needs to know of the person; `age` is "child", "adult" or "old"."""

    woman: bool
    age: str
    skin: str
    hair_colour: str


def person(draft: Draft) -> Person:
    """Skin tones and sexes fall evenly, whatever the role; the prompt's words go before the dice."""
    woman = _is_woman(draft, habit=draft.rng.random() < 0.5)
    habit = draft.rng.choices(("adult", "old", "child"), (70, 18, 12 if draft.role.get("ages") else 0))[0]
    said = draft.first("ages")
    age = said[0] if said else habit
    skin = draft.rng.choice(draft.known.tables["skins"])
    return Person(woman, age, skin, _hair_colour(draft, age, skin))


def _is_woman(draft: Draft, *, habit: bool) -> bool:
    """The plain words decide ("a man", "she"), then words that tell it by the way ("queen", "beard")."""
    said, tables = set(draft.reading.words), draft.known.tables
    for women, men in ((_SHE, _HE), (set(tables["feminine"]), set(tables["masculine"]))):
        if bool(said & women) != bool(said & men):
            return bool(said & women)
    return habit


def _hair_colour(draft: Draft, age: str, skin: str) -> str:
    hairs = draft.known.tables["hairs"]
    dark = draft.known.tables["skins"].index(skin) >= 3
    habit = draft.rng.choice(hairs[:3] if dark and draft.rng.random() < 0.85 else hairs)
    if age == "old":
        habit = draft.rng.choice(_GREY)
    said = draft.noun("hair") or next((h.colours for h in draft.reading.of("hair", "beard") if h.colours), [])
    return natural_hair(said[0]) if said else str(habit)


def hair(draft: Draft, who: Person) -> Piece:
    """A style that is named, else one that suits role and person."""
    names = list(draft.role.get("hair", ())) or list(draft.known.tables["things"]["hair"])
    suits = _WOMEN if who.woman else _MEN
    fitting = [n for n in names if draft.known.thing("hair", n)["part"].removeprefix("hair.hair-") in suits] or names
    habit = draft.rng.choice(fitting)
    said = draft.first("hair")
    return draft.piece("hair", (said[0] if said else habit, None), who.hair_colour)


def beard(draft: Draft, who: Person) -> Piece | None:
    likely = 0.0 if who.woman or who.age == "child" else 0.6 if who.age == "old" else 0.25
    piece = draft.choose("beard", likely if draft.role.get("beard") else 0.0, who.hair_colour)
    return piece and Piece(piece.part, who.hair_colour)


def face(draft: Draft, who: Person) -> Face:
    """The expression and marks that are named, else one of the role's; age and chance add marks."""
    table, rng = draft.known.tables["faces"], draft.rng
    hits = draft.reading.of("faces")
    draft.used += hits
    habit = table[rng.choice(draft.role.get("faces", ("smiling",)))]
    named = [table[hit.name] for hit in hits]
    mood = next((f for f in (*named, habit) if "mouth" in f or "eyes" in f), table["smiling"])
    marks = {f["mark"] for f in (*named, *([] if named else [habit])) if "mark" in f}
    if who.age == "old":
        marks.add("wrinkles")
    if rng.random() < (0.5 if who.age == "child" else 0.2):
        marks.add(rng.choice(("freckles", "cheeks", "cheeks", "mole")))
    if who.woman or who.age == "child":
        marks -= {"stubble"}
    eyes = "lash" if who.woman else rng.choice(("dot", "dot", "tall"))
    mouth = mood.get("mouth", "smile")
    if who.woman and mouth == "smile" and rng.random() < 0.4:
        mouth = "lips"
    return Face(
        eyes=mood.get("eyes", eyes),
        brows=mood.get("brows", "soft"),
        mouth=mouth,
        marks=frozenset(marks),
        brow_colour=shade(who.hair_colour, -0.15),
    )
