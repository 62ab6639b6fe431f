"""Reading a prompt: which of its words mean something to the painter, and which colour belongs to what.

Longest phrase first and whole words only: so a captain wears no cap and a lava field has no grass. A phrase never
reaches over a comma.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from .vocabulary import LONGEST, Meaning, Vocabulary, words

_JOINTS = frozenset({"and", "trimmed", "in", "of", "colored", "coloured", "tinted", "toned", "hued"})
"""Words that may stand between a colour and its noun."""
_BREAKS = frozenset({"with", "in", "holding", "wearing", "carrying", "on", "at", "beside", "a", "an"})
"""Words that end a title."""


@dataclass(slots=True)
class Hit:
    """A phrase of the prompt with a meaning.

    Attributes:
        start: its first word, counted through the whole prompt.
        end: the first word after it.
        part: which of the parts between commas it stands in.
        colours: "#rrggbb" of the colour words that belong to it, in their order.
        finish: of a material that belongs to it, or empty.
        paints: the hits of those colour words.
        aside: whether it only describes what follows, as the dragon of a dragon keeper, the desert of desert boots.
    """

    meaning: Meaning
    start: int
    end: int
    part: int = 0
    colours: list[str] = field(default_factory=list)
    finish: str = ""
    paints: list[Hit] = field(default_factory=list)
    aside: bool = False

    @property
    def kind(self) -> str:
        return self.meaning.kind

    @property
    def name(self) -> str:
        return self.meaning.name


@dataclass(frozen=True, slots=True)
class Reading:
    """A prompt as the painter reads it: its words, the hits in their order, and the colours that belong to nothing."""

    words: Sequence[str]
    hits: Sequence[Hit]
    loose: Sequence[Hit]

    def of(self, *kinds: str) -> list[Hit]:
        return [hit for hit in self.hits if hit.kind in kinds]

    def spelt(self, hits: Iterable[Hit]) -> frozenset[str]:
        """The words of these hits and of their colours."""
        return frozenset(w for hit in hits for h in (hit, *hit.paints) for w in self.words[h.start : h.end])


def read(prompt: str, vocabulary: Vocabulary) -> Reading:
    """Find every phrase of `prompt` that `vocabulary` knows and route its colours to their nouns."""
    parts = [words(part) for part in re.split(r"[,.;:()\n]", prompt)]
    spoken = [word for part in parts for word in part]
    part_of = [number for number, part in enumerate(parts) for _ in part]
    hits = [hit for hit in _match(spoken, part_of, vocabulary) if hit.kind != "boilerplate"]
    _mark_titles(hits, spoken)
    loose = _route(hits, spoken, vocabulary.tables)
    return Reading(spoken, [hit for hit in hits if hit.kind not in ("colours", "materials")], loose)


def _match(spoken: Sequence[str], part_of: Sequence[int], vocabulary: Vocabulary) -> list[Hit]:
    taken: list[Hit | None] = [None] * len(spoken)
    for length in range(LONGEST, 0, -1):
        for start in range(len(spoken) - length + 1):
            end = start + length
            if part_of[start] != part_of[end - 1] or any(taken[start:end]):
                continue
            hit = _hit(start, spoken[start:end], vocabulary)
            if hit:
                hit.part = part_of[start]
                taken[start:end] = [hit] * length
    return list({hit.start: hit for hit in taken if hit}.values())


def _hit(start: int, span: Sequence[str], vocabulary: Vocabulary) -> Hit | None:
    """The meaning of these words; a colour inside, as in "flowing red cape", is set aside and belongs to the hit."""
    end = start + len(span)
    meaning = vocabulary.meaning(span)
    if meaning:
        return Hit(meaning, start, end, colours=_own_colour(span[:-1], vocabulary))
    colours = vocabulary.tables["colours"]
    for place in range(1, len(span) - 1):
        colour = "" if " ".join(span[place - 1 : place + 1]) in colours else colours.get(span[place])
        meaning = vocabulary.meaning([*span[:place], *span[place + 1 :]]) if colour else None
        if meaning:
            return Hit(meaning, start, end, colours=[colour])
    return None


def _mark_titles(hits: Sequence[Hit], spoken: Sequence[str]) -> None:
    """Mark what stands right before what it describes; where no role is known, what opens the prompt, beasts aside."""
    for hit, after in pairwise(hits):
        touching = hit.end == after.start and hit.part == after.part
        described = after.kind == "roles" or (
            hit.kind == "places" and after.name != "backdrop" and after.kind != "places"
        )
        hit.aside = touching and described
    if hits and not any(hit.kind == "roles" for hit in hits):
        for hit in hits:
            if hit.part != hits[0].part or _BREAKS & set(spoken[hits[0].start : hit.start]):
                break
            hit.aside = hit.aside or hit.kind not in ("companions", "places")


def _own_colour(spoken: Sequence[str], vocabulary: Vocabulary) -> list[str]:
    """The colour that a phrase opens with, as in "navy coat" or "silver trumpet"."""
    for length in (2, 1):
        name = " ".join(spoken[:length])
        if name in vocabulary.tables["colours"]:
            return [vocabulary.tables["colours"][name]]
        if name in ("wooden", "oak") or vocabulary.tables["materials"].get(name, {}).get("finish") == "metal":
            return [vocabulary.tables["materials"][name]["colour"]]
    return []


def _route(hits: Sequence[Hit], spoken: Sequence[str], tables: Any) -> list[Hit]:
    """Give each colour to the noun after it, else to the one before it; return those that belong to nothing."""
    loose = []
    for place, paint in enumerate(hits):
        if paint.kind not in ("colours", "materials"):
            continue
        owner = _after(hits, place, spoken, 0) or _before(hits, place, spoken) or _after(hits, place, spoken, 2)
        if owner is None:
            loose.append(paint)
            continue
        if paint.kind == "materials":
            material = tables["materials"][paint.name]
            owner.finish = owner.finish or material["finish"]
            owner.colours.append(material["colour"])
        else:
            owner.colours.append(tables["colours"][paint.name])
        owner.paints.append(paint)
    return loose


def _after(hits: Sequence[Hit], place: int, spoken: Sequence[str], gap: int) -> Hit | None:
    """The hit that this colour stands before, with at most `gap` unknown words between."""
    end = hits[place].end
    unknown = 0
    for hit in hits[place + 1 :]:
        between = spoken[end : hit.start]
        unknown += sum(word not in _JOINTS for word in between)
        if hit.part != hits[place].part or unknown > gap or {"in", "with", "of"} & set(between):
            return None
        if hit.kind == "roles" and hits[place].kind == "materials":
            return None
        if hit.kind not in ("colours", "materials", "faces", "ages", "moods", "poses"):
            return hit
        end = hit.end
    return None


def _before(hits: Sequence[Hit], place: int, spoken: Sequence[str]) -> Hit | None:
    """The hit just before this colour, as in "robe trimmed in gold"."""
    start = hits[place].start
    for hit in reversed(hits[:place]):
        between = spoken[hit.end : start]
        if hit.part != hits[place].part or len(between) > 2 or not _JOINTS & set(between):
            return None
        if hit.kind not in ("colours", "materials"):
            return hit
        start = hit.start
    return None
