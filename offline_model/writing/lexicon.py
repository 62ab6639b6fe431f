"""The words of `data/lexicon.json`, read once.

    roles       noun; kit, what it wears; tags, which categories and wishes find it; kinds, which go before the noun;
                tools it may hold; tasks, verb phrases in the base form; who, where only "she", "he" or "it" will do
    kits        wear, hats (HAIR is none), extras, props, places; "* cap" is a cap of any colour
    places      name, before a role; at + noun, in a sentence; airs, adjectives; tags; view, a clause of what is seen
    tools       noun -> what it is for, in the base form          props    noun -> kind, which picks its poses
    says        noun -> other ways to say it                      towns    halves of invented names, by tags of places
    qualities   mood -> adjectives; faces, by mood                times, whens    when a task is done
    moments     an hour or a weather of a user's wish -> airs outdoors and indoors, times and whens that say it
    categories  name; group, of which one comes before a second; of, nouns of roles, "#" before a kit or tag; places
    names       [weight, shape]                                   sentences    slot -> shapes
    wishes      word of a user -> what it finds: tag, kit, role, where (a tag of places), place, who, mood, tool, moment

A shape's fields are the words of one figure (`_vocabulary`); a shape is used where the figure has all of its fields.
"{tool:a}" has an article, "{v:wear}" agrees with the pronoun, "{task:ing}" is a gerund.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any, Final

LEXICON: Final = Path(__file__).parents[1] / "data" / "lexicon.json"


@dataclass(frozen=True, slots=True)
class Role:
    noun: str
    kit: str
    tags: frozenset[str]
    kinds: tuple[str, ...]
    tools: tuple[str, ...]
    tasks: tuple[str, ...]
    who: str = ""


@dataclass(frozen=True, slots=True)
class Kit:
    """What a role may wear, and what and where may surround it."""

    wear: tuple[str, ...]
    hats: tuple[str, ...]
    extras: tuple[str, ...]
    props: tuple[str, ...]
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Place:
    name: str
    at: str
    noun: str
    airs: tuple[str, ...]
    tags: frozenset[str]
    view: str


@dataclass(frozen=True, slots=True)
class Moment:
    """An hour or a weather that a user may wish for, and the words that say it."""

    outdoors: tuple[str, ...]
    indoors: tuple[str, ...]
    whens: tuple[str, ...]
    times: tuple[tuple[str, str], ...]

    def airs(self, place: Place) -> tuple[str, ...]:
        """Adjectives of the place then; the place's own where the moment does not reach, as in space or a cave."""
        if place.tags & {"space", "underwater", "underground"}:
            return place.airs
        return (self.outdoors if "outdoors" in place.tags else self.indoors) or place.airs


@dataclass(frozen=True, slots=True)
class Theme:
    """What a category offers: its roles and, where it has its own, its places and the moments that it is about."""

    roles: tuple[Role, ...]
    places: tuple[Place, ...]
    moments: tuple[Moment, ...] = ()


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    needs: frozenset[str]


@dataclass(frozen=True)
class Lexicon:
    """The data file, indexed."""

    opening: tuple[str, ...]
    tail: str
    colours: tuple[str, ...]
    hair: tuple[str, ...]
    qualities: dict[str, str]
    faces: dict[str, tuple[str, ...]]
    times: dict[str, str]
    whens: tuple[str, ...]
    moments: dict[str, Moment]
    poses: dict[str, tuple[tuple[str, str], ...]]
    names: tuple[tuple[int, Sentence], ...]
    sentences: dict[str, tuple[Sentence, ...]]
    plurals: frozenset[str]
    mass: frozenset[str]
    doubled: frozenset[str]
    closed: tuple[str, ...]
    eyewear: tuple[str, ...]
    no_adverb: frozenset[str]
    beards: tuple[str, ...]
    old_hair: tuple[str, ...]
    dresses: tuple[str, ...]
    coloured: dict[str, tuple[str, ...]]
    says: dict[str, tuple[str, ...]]
    towns: dict[str, tuple[str, ...]]
    townless: frozenset[str]
    tints: frozenset[str]
    before: frozenset[str]
    categories: tuple[dict[str, Any], ...]
    roles: tuple[Role, ...]
    kits: dict[str, Kit]
    places: dict[str, Place]
    tools: dict[str, tuple[str, ...]]
    props: dict[str, str]
    wishes: dict[str, tuple[str, ...]]

    def has_no_colour(self, phrase: str) -> bool:
        return not self.tints & frozenset(re.split("[ -]", phrase))


@cache
def load() -> Lexicon:
    """Read the data file, once."""
    raw = json.loads(LEXICON.read_text("utf-8"))
    places = {p["noun"].casefold(): Place(**_tuples(p)) for p in raw["places"]}
    kits = {
        name: Kit(**{**_tuples(kit), "places": tuple(places[p] for p in kit["places"])})
        for name, kit in raw["kits"].items()
    }
    return Lexicon(
        opening=tuple(raw["opening"]),
        tail=raw["tail"],
        colours=tuple(raw["colours"]),
        hair=tuple(raw["hair"]),
        qualities={word: mood for mood, words in raw["qualities"].items() for word in words},
        faces={mood: tuple(faces) for mood, faces in raw["faces"].items()},
        times=raw["times"],
        whens=tuple(raw["whens"]),
        moments={
            name: Moment(**{**_tuples(moment), "times": tuple(moment["times"].items())})
            for name, moment in raw["moments"].items()
        },
        poses={kind: tuple((v, rest) for v, rest in poses) for kind, poses in raw["poses"].items()},
        names=tuple((weight, _sentence(text)) for weight, text in raw["names"]),
        sentences={slot: tuple(map(_sentence, texts)) for slot, texts in raw["sentences"].items()},
        plurals=frozenset(raw["plurals"]),
        mass=frozenset(raw["mass"]),
        doubled=frozenset(raw["doubled"]),
        closed=tuple(raw["closed"]),
        eyewear=tuple(raw["eyewear"]),
        no_adverb=frozenset(raw["no_adverb"]),
        beards=tuple(raw["beards"]),
        old_hair=tuple(raw["old_hair"]),
        dresses=tuple(raw["dresses"]),
        coloured=_tuples(raw["coloured"]),
        says={term: (term, *others) for term, others in raw["says"].items()},
        towns=_tuples(raw["towns"]),
        townless=frozenset(raw["townless"]),
        tints=frozenset(raw["colours"] + raw["materials"]),
        before=frozenset(raw["before"]),
        categories=tuple(raw["categories"]),
        roles=tuple(Role(**_tuples(role)) for role in raw["roles"]),
        kits=kits,
        places=places,
        tools={tool: tuple(uses) for tool, uses in raw["tools"].items()},
        props=raw["props"],
        wishes={word: tuple(tags) for word, tags in raw["wishes"].items()},
    )


def _tuples(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: frozenset(value) if key == "tags" else tuple(value) if isinstance(value, list) else value
        for key, value in raw.items()
    }


def _sentence(text: str) -> Sentence:
    fields = frozenset(name for _, name, _, _ in Formatter().parse(text) if name)
    return Sentence(text, fields)
