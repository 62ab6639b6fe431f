"""A scene in the making: what the prompt says about a thing, else what the role is used to, else the seeded dice."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from .parts import PARTS
from .reading import Hit, Reading
from .scene import Piece
from .vocabulary import Vocabulary

Choice = tuple[str, Hit | None]
"""A thing's name, and the hit that names it; None where it is a habit."""


class Draft:
    """What every part of a scene is drawn from; `used` collects the hits that decided something."""

    def __init__(self, reading: Reading, known: Vocabulary, rng: Random) -> None:
        self.reading, self.known, self.rng = reading, known, rng
        self.role: Mapping[str, Any] = known.role(role_of(reading, known))
        self.used: list[Hit] = [*reading.of("roles"), *reading.of("moods")]

    # ---- what the prompt says

    def first(self, *kinds: str) -> tuple[str, Hit] | None:
        """The first thing of these kinds that is there for itself, else the first that describes another."""
        hits = sorted(self.reading.of(*kinds), key=lambda hit: hit.aside)
        if not hits:
            return None
        self.used.append(hits[0])
        return hits[0].name, hits[0]

    def named(self, slot: str) -> tuple[str, Hit] | None:
        """As `first`, but a bare "cap" or "helmet" is the role's own: a surgeon's cap is not a baseball cap."""
        said = self.first(slot)
        if said is None:
            return None
        spoken = self.reading.words[said[1].start : said[1].end]
        bare = [word for word in spoken if not self.colour(word)]
        if len(bare) != 1 or bare[0] not in self.known.tables["generic"]:
            return said
        own = self.role.get(slot, ())
        fitting = [name for name in own if bare[0] in " ".join(self.known.phrases(slot, name)).split()]
        return (fitting[0], said[1]) if fitting and said[0] not in fitting else said

    def noun(self, name: str) -> list[str]:
        """The colours that the prompt gives to a noun such as the trousers or the trim."""
        for hit in self.reading.of("nouns"):
            if hit.name == name and hit.colours:
                self.used.append(hit)
                return hit.colours
        return []

    # ---- what the role is used to

    def habit(self, kind: str, chance: float = 1.0) -> Choice | None:
        names = self.role.get(kind, ())
        return (self.rng.choice(names), None) if names and self.rng.random() < chance else None

    def palette(self, paint: str, otherwise: str) -> str:
        names = self.role["palette"].get(paint, ())
        return self.colour(self.rng.choice(names)) if names else otherwise

    # ---- the two together

    def choose(self, slot: str, chance: float, colour: str) -> Piece | None:
        """What is named for a slot, else with this chance a habit; `colour` is for what has none."""
        habit = self.habit(slot, chance)  # the dice fall whether they are needed or not
        choice = self.named(slot) or habit
        return self.piece(slot, choice, colour) if choice else None

    def piece(self, slot: str, choice: Choice, colour: str = "") -> Piece:
        """A thing in the prompt's colours, else its own, else `colour`; a part with a colour of its own keeps that."""
        name, hit = choice
        thing = self.known.thing(slot, name)
        part = PARTS[thing["part"]]
        said = hit.colours if hit else []
        own = "" if part.zones[0].paint.startswith("#") else colour
        return Piece(
            part=part.key,
            colour=said[0] if said else self.colour(thing.get("colour", "")) or own,
            accent=said[1] if len(said) > 1 else self.colour(thing.get("accent", "")),
            finish=(hit.finish if hit else "") or thing.get("finish", ""),
        )

    def colour(self, name: str) -> str:
        """The "#rrggbb" of a colour's or a material's name; empty if it is neither."""
        tables = self.known.tables
        return str(tables["colours"].get(name) or tables["materials"].get(name, {}).get("colour", ""))


def role_of(reading: Reading, known: Vocabulary) -> str:
    """The role that is named first, a later one only if it is named more often; else the one whose things are named."""
    named = reading.of("roles")
    if named:
        count = {hit.name: sum(other.name == hit.name for other in named) for hit in named}
        return min(named, key=lambda hit: hit.start - 6 * (count[hit.name] - 1)).name
    score: dict[str, float] = {}
    for hit in reading.hits:
        owners = [name for name, role in known.tables["roles"].items() if hit.name in role.get(hit.kind, ())]
        weight = 3 if hit.kind == "companions" else 1  # a beast wants its keeper
        for name in owners:
            score[name] = score.get(name, 0) + weight / len(owners)
    return max(score, key=lambda name: score[name]) if score else "townsperson"
