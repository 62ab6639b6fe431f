"""The words that the painter understands, from `data/vocabulary.json`.

The file has one table for each kind of meaning. A phrase means one thing only; a phrase is matched in whole words,
with or without a plural, whatever its case, hyphens, accents and apostrophes.

    colours     name -> "#rrggbb"; goes to the noun that follows it
    materials   name -> {colour, finish}; likewise ("brass compass")
    things      slot -> {phrase -> {part, colour?, accent?, finish?, say?, hear?}}; the slots are headgear, hair,
                beard, eyewear, held, back, worn, clothes, props, companions, rear, bases. `part` is a key of
                `parts.PARTS`; for clothes it is one of `parts.PRINTS`, with `worn` (parts put over it), `gloves`,
                `sleeves`, `legs` ("same" as the top, or "trim") and `paint` (which paint a colour word goes to)
    faces       name -> {mouth?, brows?, eyes?, mark?, say?, hear?}
    ages        "child", "old" -> {say, hear}
    poses       pose of the free arm -> phrases
    nouns       what else takes a colour: top, legs, boots, hands, trim, hair, backdrop, base -> nouns
    icons       one of `parts.ICONS` -> phrases
    moods       name -> {tint: factors for red, green, blue; say, hear}
    places      key of `backdrop.BACKDROPS` -> {say, hear}
    roles       name -> {say, hear, lists of things, places and faces by their names, palette, chance, ages?}: what
                such a figure has where the prompt does not say; `chance` is of a hat and of something on the back
    tools       a title's word -> the held thing that it brings: "trumpeter" -> "golden trumpet"
    skins, hairs, feminine, masculine, boilerplate    plain lists
    generic     words that mean the role's own kind of hat or tool, if it has one: "cap", "helmet"

`say` is good English for whoever writes prompts, beside the thing's own name; `hear` is understood as well.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

_FILE: Final = Path(__file__).parents[1] / "data" / "vocabulary.json"
LONGEST: Final = 5
"""Words in the longest phrase that is looked for."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a phrase means: its kind ("role", "place", "colour", a slot of things ...) and its name in that table."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The tables of the file, and the index from a phrase's words to its meaning."""

    tables: Mapping[str, Any]
    index: Mapping[str, Meaning]

    def meaning(self, words: Sequence[str]) -> Meaning | None:
        """The meaning of these normalised words; a plural means what its singular means, unless listed itself."""
        phrase = " ".join(words)
        return self.index.get(phrase) or next(
            (self.index[other] for other in _other_number(phrase) if other in self.index), None
        )

    def thing(self, slot: str, name: str) -> Mapping[str, Any]:
        thing: Mapping[str, Any] = self.tables["things"][slot][name]
        return thing

    def role(self, name: str) -> Mapping[str, Any]:
        role: Mapping[str, Any] = self.tables["roles"][name]
        return role

    def phrases(self, slot: str, name: str) -> tuple[str, ...]:
        """Good English for a thing, its own name first."""
        return (name, *self.thing(slot, name).get("say", ()))


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary, read once. Raises ValueError if a phrase has two meanings."""
    tables = json.loads(_FILE.read_text(encoding="utf-8"))
    index: dict[str, Meaning] = {}
    for phrase, meaning in _entries(tables):
        known = index.setdefault(" ".join(words(phrase)), meaning)
        if known != meaning:
            raise ValueError(f"{phrase!r} means both {known} and {meaning}")
    return Vocabulary(tables, index)


def _entries(tables: Mapping[str, Any]) -> Iterator[tuple[str, Meaning]]:
    for slot, things in tables["things"].items():
        for name, thing in things.items():
            yield name, Meaning(slot, name)
            yield from _said(thing, Meaning(slot, name))
    for kind in ("colours", "materials", "boilerplate", "roles"):
        yield from ((name, Meaning(kind, name)) for name in tables[kind])
    for kind in ("faces", "ages", "moods", "places", "roles", "nouns", "icons", "poses"):
        for name, entry in tables[kind].items():
            yield from _said(entry, Meaning(kind, name))


def _said(entry: Mapping[str, Any] | list[str], meaning: Meaning) -> Iterator[tuple[str, Meaning]]:
    phrases = entry if isinstance(entry, list) else (*entry.get("say", ()), *entry.get("hear", ()))
    yield from ((phrase, meaning) for phrase in phrases)


def words(text: str) -> list[str]:
    """Lower-case words without accents, apostrophes or hyphens: "Café-owner's" gives "cafe", "owners"."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.replace("’", "'"))
        text = "".join(c for c in text if not unicodedata.combining(c))
    return re.findall(r"[a-z0-9]+", text.lower().replace("'", ""))


def _other_number(phrase: str) -> Iterator[str]:
    if phrase.endswith("ies"):
        yield phrase[:-3] + "y"
    if phrase.endswith("es"):
        yield phrase[:-2]
    if phrase.endswith("s") and not phrase.endswith("ss"):
        yield phrase[:-1]
    yield phrase + "s"
