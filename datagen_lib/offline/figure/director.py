"""From a prompt to a scene: the prompt's own words first, then the habits of the role, then the seeded dice."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Final

from . import backdrop
from .colour import close, natural_hair, shade
from .parts import PARTS
from .reading import Hit, Reading, read
from .scene import Face, Piece, Scene, Tint, Torso
from .vocabulary import Vocabulary, vocabulary

Choice = tuple[str, Hit | None]
"""A thing's name, and the hit that names it; None where it is a habit."""

_PALE: Final = (
    "#f1efea", "#eceff2", "#f3ece2", "#e9eef0", "#efe9ee", "#e8efe9", "#f4f0e6", "#ebebeb",
    "#dce8f2", "#f1e4d2", "#e2ecdb", "#efe0ea", "#f5ecd0", "#d9ebe9", "#f3ded8", "#e1e1f1",
)  # fmt: skip
"""Sweeps of a product photo: off-white, warm or cool, and soft tints."""
_FUR: Final = ("#c9822e", "#8a5a34", "#3a3a40", "#d8b48a", "#a8a29a", "#efe6d6", "#6a4326", "#b0622c")
_BRIGHT: Final = ("#c4281c", "#1f5fb4", "#e8761e", "#f4c81e", "#2f8a3e", "#6a3a9a", "#1e8a8a", "#e88ab0", "#3ab8d8")
_GREY: Final = ("#e6e5e0", "#b9b8b4", "#8d8c8a")
_WOMEN: Final = (
    "hair-long",
    "hair-bob",
    "hair-bun",
    "hair-pony",
    "hair-braid",
    "hair-curly",
    "hair-pigtails",
    "hair-afro",
)
_MEN: Final = (
    "hair-short",
    "hair-side",
    "hair-quiff",
    "hair-spiky",
    "hair-curly",
    "hair-afro",
    "hair-short",
    "hair-thin",
)
_SHE: Final = frozenset({"woman", "girl", "female", "she", "her", "lady"})
_HE: Final = frozenset({"man", "boy", "male", "he", "his", "gentleman"})
_BULKY: Final = frozenset({"body.vest", "body.lifevest", "body.poncho"})
"""Worn over the chest: nothing else fits there."""


def direct(prompt: str) -> Scene:
    """The scene of `prompt`; the same prompt always gives the same scene."""
    seed = int.from_bytes(hashlib.sha256(prompt.encode()).digest()[:8], "big")
    known = vocabulary()
    reading = read(prompt, known)
    return _Cast(reading, known, Random(seed)).scene(seed)


def role_of(reading: Reading, known: Vocabulary) -> str:
    """The role that is named first, a later one only if it is named more often; else the one whose things are named."""
    named = reading.of("roles")
    if named:
        count = {hit.name: sum(other.name == hit.name for other in named) for hit in named}
        return min(named, key=lambda hit: hit.start - 6 * (count[hit.name] - 1)).name
    score: dict[str, float] = {}
    for hit in reading.hits:
        owners = [name for name, role in known.tables["roles"].items() if hit.name in role.get(hit.kind, ())]
        for name in owners:
            score[name] = score.get(name, 0) + 1 / len(owners)
    return max(score, key=lambda name: score[name]) if score else "townsperson"


class _Cast:
    """One scene in the making; `used` collects the hits that decided something."""

    def __init__(self, reading: Reading, known: Vocabulary, rng: Random) -> None:
        self.reading, self.known, self.rng = reading, known, rng
        self.role_name = role_of(reading, known)
        self.role = known.role(self.role_name)
        self.used: list[Hit] = [*reading.of("roles"), *reading.of("moods")]
        tables = known.tables
        self.woman = self._is_woman(habit=rng.random() < 0.5)
        self.age = self._age()
        self.skin = rng.choice(tables["skins"])
        self.hair_colour = self._hair_colour()

    # ---- the whole picture

    def scene(self, seed: int) -> Scene:
        rng = self.rng
        clothes: Choice | None = (
            self._meant("clothes", self._first("clothes")) or self._under() or self._habit("clothes")
        )
        cut = self.known.thing("clothes", clothes[0]) if clothes else {"part": "plain"}
        torso = self._torso(cut, clothes[1] if clothes else None)
        legs = self._legs(cut, torso)
        place, tint = self._place()
        headgear = self._choose("headgear", self.role["chance"].get("headgear", 0.3), self._palette("hat", torso.top))
        closed = headgear is not None and PARTS[headgear.part].hair == "none"
        held = self._choose("held", 0.96, rng.choice(_BRIGHT))
        prop = self._prop()
        worn = self._worn(cut, torso, closed=closed)
        return Scene(
            backdrop=place,
            tint=tint,
            diffuse=self._light(backdrop.BACKDROPS[place].diffuse),
            specular=self._light(backdrop.BACKDROPS[place].specular),
            base=self._base(legs, torso),
            rear=self._choose("rear", 0.0 if prop and rng.random() < 0.6 else 0.22, rng.choice(_BRIGHT)),
            legs=legs,
            shoes=self._shoes(legs),
            legwear=self._legwear(worn),
            torso=torso,
            back=self._choose("back", self.role["chance"]["back"], self._back_colour(torso)),
            worn=worn,
            sleeves=self._sleeves(cut),
            hands=self._hands(cut, torso),
            right="hold" if held else rng.choice(("down", "hip")),
            left=self._left(headgear, held),
            skin=self.skin,
            age=self.age,
            face=self._face(),
            hair=self._hair(),
            hair_colour=self.hair_colour,
            beard=None if closed else self._beard(),
            eyewear=None if closed else self._choose("eyewear", 0.3 if self.role.get("eyewear") else 0.05, torso.trim),
            headgear=headgear,
            held=held,
            prop=prop,
            flip=rng.random() < 0.5,
            seed=seed,
            used=self.reading.spelt(self.used),
        )

    # ---- what the prompt says, what the role is used to

    def _first(self, *kinds: str) -> tuple[str, Hit] | None:
        hits = sorted(self.reading.of(*kinds), key=lambda hit: hit.aside)
        if not hits:
            return None
        self.used.append(hits[0])
        return hits[0].name, hits[0]

    def _habit(self, kind: str, chance: float = 1.0) -> Choice | None:
        names = self.role.get(kind, ())
        return (self.rng.choice(names), None) if names and self.rng.random() < chance else None

    def _choose(self, slot: str, chance: float, colour: str) -> Piece | None:
        habit = self._habit(slot, chance)  # the dice fall whether they are needed or not
        choice = self._meant(slot, self._first(slot)) or habit
        return self._piece(slot, choice, colour) if choice else None

    def _meant(self, slot: str, said: tuple[str, Hit] | None) -> tuple[str, Hit] | None:
        """A bare "cap" or "helmet" is the role's own kind: a surgeon's cap is not a baseball cap."""
        if said is None or said[1].end - said[1].start > 1:
            return said
        word = self.reading.words[said[1].start]
        if word not in self.known.tables["generic"]:
            return said
        own = self.role.get(slot, ())
        fitting = [name for name in own if word in " ".join(self.known.phrases(slot, name)).split()]
        return (fitting[0], said[1]) if fitting and said[0] not in fitting else said

    def _under(self) -> Choice | None:
        """What is worn under a skirt or vest that the prompt names alone."""
        worn = self.reading.of("worn")
        over = {self.known.thing("worn", hit.name)["part"] for hit in worn}
        if any(map(self._is_skirt, worn)) and self.woman and "team jersey" not in self.role["clothes"]:
            return "flowered dress", None
        if over & _BULKY:
            plain = [name for name in self.role["clothes"] if not self.known.thing("clothes", name).get("worn")]
            return (plain or ["printed tee"])[0], None
        return None

    def _is_skirt(self, hit: Hit) -> bool:
        return self.known.thing("worn", hit.name)["part"] in ("body.skirt", "body.tutu")

    def _piece(self, slot: str, choice: Choice, colour: str = "") -> Piece:
        """A thing in the prompt's colours, else its own, else `colour`; a part with a colour of its own keeps that."""
        name, hit = choice
        thing = self.known.thing(slot, name)
        part = PARTS[thing["part"]]
        said = hit.colours if hit else []
        own = "" if part.zones[0].paint.startswith("#") else colour
        return Piece(
            part=part.key,
            colour=said[0] if said else self._colour(thing.get("colour", "")) or own,
            accent=said[1] if len(said) > 1 else self._colour(thing.get("accent", "")),
            finish=(hit.finish if hit else "") or thing.get("finish", ""),
        )

    def _colour(self, name: str) -> str:
        tables = self.known.tables
        return str(tables["colours"].get(name) or tables["materials"].get(name, {}).get("colour", ""))

    def _palette(self, paint: str, otherwise: str) -> str:
        names = self.role["palette"].get(paint, ())
        return self._colour(self.rng.choice(names)) if names else otherwise

    def _noun(self, name: str) -> list[str]:
        """The colours that the prompt gives to a noun such as the trousers or the trim."""
        for hit in self.reading.of("nouns"):
            if hit.name == name and hit.colours:
                self.used.append(hit)
                return hit.colours
        return []

    # ---- clothes

    def _torso(self, cut: Mapping[str, Any], hit: Hit | None) -> Torso:
        said = list(hit.colours) if hit else []
        loose = [self.known.tables["colours"].get(p.name) or self._colour(p.name) for p in self.reading.loose]
        lead = next((h.colours for h in self.reading.of("roles") if h.colours), [])
        lead = lead or next(
            (h.colours for h in self.reading.of("worn") if h.colours and not hit and self._is_skirt(h)), []
        )
        top, trim = self._palette("top", "#1f5fb4"), self._palette("trim", "#f0f0ec")
        accent = self._palette("accent", "#f4c81e")
        if cut.get("paint") == "trim":  # over a shirt in its own colour, or in the role's
            trim = said.pop(0) if said else top if cut.get("colour") else trim
        own = [c for c in [self._colour(cut.get("colour", ""))] if c]
        top = next(iter(said or self._noun("top") or lead or own or loose), top)
        trims = [*said[1:2], *self._noun("trim")] if cut.get("paint") != "trim" else [trim]
        trim = next(iter(trims or loose[1:]), trim)
        self.used += self.reading.loose[:2]
        if close(trim, top):
            trim = "#f0f0ec" if not close(top, "#f0f0ec") else shade(top, -0.55)
        icon = self._first("icons")
        return Torso(cut["part"], top, trim, accent, icon[0] if icon else self._icon(cut["part"]))

    def _icon(self, print_: str) -> str:
        plain = ("star", "heart", "bolt", "leaf", "flower", "sun", "note", "paw", "moon", "planet", "diamond")
        likely = {"tee": 1.0, "hoodie": 0.6, "sport": 0.5, "apron": 0.3, "plain": 0.7}.get(print_, 0.0)
        icon = self.rng.choice(plain)
        return icon if self.rng.random() < likely else ""

    def _legs(self, cut: Mapping[str, Any], torso: Torso) -> str:
        bottom = self._palette("bottom", "#22355e")
        said = self._noun("legs")
        if said:
            return said[0]
        if cut.get("legs"):
            return torso.trim if cut["legs"] == "trim" else torso.top
        if close(bottom, torso.top):
            return "#3a3d44" if not close(torso.top, "#3a3d44") else "#cdb080"
        return bottom

    def _shoes(self, legs: str) -> str:
        habit = self.rng.choice(("#1e2024", "#3a2a1c", "#3a3d44", "#5a3a22", shade(legs, -0.35), shade(legs, -0.2)))
        return next(iter(self._noun("boots")), habit)

    def _legwear(self, worn: Sequence[Piece]) -> str:
        habit = "boots" if self.rng.random() < 0.35 else "trousers"
        for hit in self.reading.of("nouns"):
            word = self.reading.words[hit.end - 1]
            if word in ("shorts", "boots"):
                self.used.append(hit)
                return word
        short = any(piece.part in ("body.skirt", "body.tutu") for piece in worn)
        return "bare" if short else habit

    def _worn(self, cut: Mapping[str, Any], torso: Torso, *, closed: bool) -> tuple[Piece, ...]:
        """What belongs to the clothes, then what the prompt adds, else one thing of the role's."""
        paint = torso.trim if cut.get("paint") == "trim" else torso.top
        pieces = [Piece(part, paint) for part in cut.get("worn", ())]
        habit = self._habit("worn", 0.35)
        hits = self.reading.of("worn")
        self.used += hits
        chosen: list[Choice] = [(hit.name, hit) for hit in hits] or ([habit] if habit else [])
        taken = {part.split(".")[0] for part in cut.get("worn", ())}
        for name, hit in chosen:
            piece = self._piece("worn", (name, hit))
            slot = piece.part.split(".")[0]
            if (slot in taken and hit is None) or (slot == "neck" and closed):
                continue
            taken.add(slot)
            pieces.append(piece)
        return tuple({piece.part: piece for piece in pieces}.values())

    def _sleeves(self, cut: Mapping[str, Any]) -> str:
        habit = self.rng.choice(("long", "long", "long", "cuff", "cuff", "band"))
        if cut["part"] in ("overalls", "apron", "vest") and self.rng.random() < 0.5:
            habit = "short"
        return str(cut.get("sleeves", habit))

    def _hands(self, cut: Mapping[str, Any], torso: Torso) -> str:
        glove = self.rng.choice(("#3a3d44", "#1e2024", "#f0f0ec", "#6a4326", torso.trim, torso.accent))
        named = [hit for hit in self.reading.of("nouns") if hit.name == "hands"]
        self.used += named
        said = self._noun("hands")
        return said[0] if said else glove if named or cut.get("gloves") else self.skin

    def _back_colour(self, torso: Torso) -> str:
        bold = [
            c for c in ("#7a1c1c", "#22355e", "#c4281c", "#2f5a4a", "#6a3a9a", "#6a4326") if not close(c, torso.top)
        ]
        return self.rng.choice([torso.trim, *bold]) if not close(torso.trim, torso.top) else self.rng.choice(bold)

    # ---- head

    def _is_woman(self, *, habit: bool) -> bool:
        """The plain words decide ("a man", "she"), then words that tell it by the way ("queen", "beard")."""
        said = set(self.reading.words)
        for women, men in ((_SHE, _HE), (set(self.known.tables["feminine"]), set(self.known.tables["masculine"]))):
            if bool(said & women) != bool(said & men):
                return bool(said & women)
        return habit

    def _age(self) -> str:
        habit = self.rng.choices(("adult", "old", "child"), (70, 18, 12 if self.role.get("ages") else 0))[0]
        said = self._first("ages")
        return said[0] if said else habit

    def _hair_colour(self) -> str:
        hairs = self.known.tables["hairs"]
        dark = self.known.tables["skins"].index(self.skin) >= 3
        habit = self.rng.choice(hairs[:3] if dark and self.rng.random() < 0.85 else hairs)
        if self.age == "old":
            habit = self.rng.choice(_GREY)
        said = self._noun("hair") or next((h.colours for h in self.reading.of("hair", "beard") if h.colours), [])
        return natural_hair(said[0]) if said else habit

    def _hair(self) -> Piece | None:
        names = list(self.role.get("hair", ())) or list(self.known.tables["things"]["hair"])
        suits = set(_WOMEN if self.woman else _MEN)
        fitting = [n for n in names if self.known.thing("hair", n)["part"].split(".")[1] in suits] or names
        habit = self.rng.choice(fitting)
        said = self._first("hair")
        return self._piece("hair", (said[0] if said else habit, None), self.hair_colour)

    def _beard(self) -> Piece | None:
        likely = 0.0 if self.woman or self.age == "child" else 0.6 if self.age == "old" else 0.25
        piece = self._choose("beard", likely if self.role.get("beard") else 0.0, self.hair_colour)
        return piece and Piece(piece.part, self.hair_colour)

    def _face(self) -> Face:
        table = self.known.tables["faces"]
        hits = self.reading.of("faces")
        self.used += hits
        habit = table[self.rng.choice(self.role.get("faces", ("smiling",)))]
        named = [table[hit.name] for hit in hits]
        mood = next((f for f in (*named, habit) if "mouth" in f or "eyes" in f), table["smiling"])
        marks = {f["mark"] for f in (*named, *([] if named else [habit])) if "mark" in f}
        if self.age == "old":
            marks.add("wrinkles")
        if self.rng.random() < (0.5 if self.age == "child" else 0.2):
            marks.add(self.rng.choice(("freckles", "cheeks", "cheeks", "mole")))
        if self.woman or self.age == "child":
            marks -= {"stubble"}
        eyes = "lash" if self.woman else self.rng.choice(("dot", "dot", "tall"))
        mouth = mood.get("mouth", "smile")
        if self.woman and mouth == "smile" and self.rng.random() < 0.4:
            mouth = "lips"
        return Face(
            eyes=mood.get("eyes", eyes),
            brows=mood.get("brows", "soft"),
            mouth=mouth,
            marks=frozenset(marks),
            brow_colour=shade(self.hair_colour, -0.15),
        )

    # ---- pose, things beside, place

    def _left(self, headgear: Piece | None, held: Piece | None) -> str:
        habit = self.rng.choice(("down", "down", "hip", "hip", "up", "out", "hold"))
        said = self._first("poses")
        pose = said[0] if said else habit
        low = any(piece and PARTS[piece.part].wide for piece in (headgear, held))
        return "down" if low and pose == "up" else pose

    def _prop(self) -> Piece | None:
        """There is room for one at the front: a companion or a thing, whichever is named first."""
        companion, thing = self._habit("companions", 0.4), self._habit("props", 0.45)
        fur, bright = self.rng.choice(_FUR), self.rng.choice(_BRIGHT)
        said = self._first("companions", "props")
        pet: Choice | None = companion
        if said:
            pet = said if said[1].kind == "companions" else None
        if pet:
            furry = self.known.thing("companions", pet[0])["part"] in ("pet.cat", "pet.dog")
            return self._piece("companions", pet, fur if furry else bright)
        choice: Choice | None = said or thing
        return self._piece("props", choice, bright) if choice else None

    def _base(self, legs: str, torso: Torso) -> Piece:
        colour = self._palette("base", "#8a9096")
        usual = ("smooth plinth", "round display base", "brick baseplate", "hexagonal base")
        habit: Choice = self._habit("bases", 0.6) or (self.rng.choice(usual), None)
        if close(colour, legs):
            colour = shade(colour, 0.35) if not close(torso.top, "#f0f0ec") else "#4f9a45"
        said = self._noun("base")
        return self._piece("bases", self._first("bases") or habit, said[0] if said else colour)

    def _place(self) -> tuple[str, str]:
        """The backdrop and its tint: the phrase before "background", else the last place named, else the studio."""
        pale, bright = self.rng.choice(_PALE), self.rng.choice(_BRIGHT)
        places = self.reading.of("places")
        for noun in self.reading.of("nouns"):
            if noun.name != "backdrop":
                continue
            self.used.append(noun)
            before = [hit for hit in places if hit.part == noun.part and hit.end <= noun.start]
            if before:
                self.used.append(before[-1])
                return before[-1].name, next(iter(before[-1].colours or noun.colours), bright)
            if noun.colours:
                return "studio", noun.colours[0]
        plain = [hit for hit in places if not hit.aside] or [hit for hit in places if self._titles(hit)]
        if not plain:
            return "studio", pale
        self.used.append(plain[-1])
        tint = next(iter(plain[-1].colours), pale if plain[-1].name == "studio" else bright)
        return plain[-1].name, tint

    def _titles(self, place: Hit) -> bool:
        """Whether a place describes the role: a desert ranger is seen in the desert, desert boots anywhere."""
        return any(hit.start == place.end for hit in self.reading.of("roles"))

    def _light(self, tint: Tint) -> Tint:
        moods = [self.known.tables["moods"][hit.name]["tint"] for hit in self.reading.of("moods")[:1]]
        r, g, b = moods[0] if moods else (1.0, 1.0, 1.0)
        return tint[0] * r, tint[1] * g, tint[2] * b
