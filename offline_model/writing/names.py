"""A figure's name: a shape of the lexicon, filled with what the figure has, and nobody else's."""

from __future__ import annotations

import random
import re
from functools import cache
from typing import Final

from .english import fold, title
from .figure import Figure
from .lexicon import Place, load

NAME_WORDS: Final = 5


def name_figure(rng: random.Random, figure: Figure, used: set[str]) -> str:
    """A new name for the figure, or "" where none of a few tries is new and natural."""
    lexicon = load()
    place, (time, when) = figure.place, rng.choice(figure.moment.times if figure.moment else _times())
    town = invent_town(rng, place)
    parts = {
        "quality": figure.quality,
        "role": figure.role.noun,
        "kind": figure.kind,
        "place": place.name if place and figure.kind not in _grounds() else "",
        "air": figure.air,
        "ground": place.noun if place and place.at.endswith("the") else "",
        "time": "" if place and place.tags & {"night", "space"} else time,
        "town": town,
        "tool": figure.tool_seen,
        "worn": _worn(figure),
        "mane": _mane(figure.hair),
    }
    known = {key: value for key, value in parts.items() if value}
    for _ in range(8):
        shape = rng.choices(lexicon.names, cum_weights=_weights())[0][1]
        if not shape.needs <= known.keys():
            continue
        name = title(shape.text.format_map(known))
        if fold(name) in used or not 2 <= len(name.split()) <= NAME_WORDS or _echoes(name):
            continue
        figure.said = shape.needs
        figure.when = when if "time" in shape.needs else figure.when
        figure.town = town if "town" in shape.needs else ""
        return name
    return ""


def _worn(figure: Figure) -> str:
    """What is worn, as an adjective: "red-hat" of "a pointed red wizard hat"; "" where it has no plain colour."""
    for piece in reversed(figure.worn()):
        words = piece.split()
        colour = next((word for word in words[:-1] if word in load().colours), "")
        if colour:
            return f"{colour}-{words[-1]}"
    return ""


@cache
def _grounds() -> frozenset[str]:
    """What names a place, so that no name has two ("Snowy Mountain Canyon Climber")."""
    return frozenset(load().places)


@cache
def _times() -> tuple[tuple[str, str], ...]:
    return tuple(load().times.items())


def invent_town(rng: random.Random, place: Place | None) -> str:
    """An invented place name that suits the place: "Otterbridge", "Heroncove"."""
    lexicon = load()
    if place and place.tags & lexicon.townless:
        return ""
    endings = [lexicon.towns[tag] for tag in sorted(place.tags) if tag in lexicon.towns] if place else []
    first, last = rng.choice(lexicon.towns["first"]), rng.choice(rng.choice(endings or [lexicon.towns["town"]]))
    return first + last if first[-1] != last[0] else f"{first}{rng.choice(lexicon.towns['any'])}"


def _mane(hair: str) -> str:
    """As an adjective: "grey-bearded", "red-haired", "curly-haired"; "" where the hair has neither colour nor curl."""
    if not hair or "moustache" in hair:
        return ""
    if "beard" in hair:
        return f"{hair.split(maxsplit=1)[0]}-bearded"
    word = next((w for w in hair.split() if w in ("curly", "spiky", "wavy", "golden", *load().colours)), "")
    return word and f"{word}-haired"


@cache
def _weights() -> list[int]:
    total, weights = 0, []
    for weight, _ in load().names:
        total += weight
        weights.append(total)
    return weights


def _echoes(name: str) -> bool:
    """Whether two words of a name are of one stem ("Forest Forest Ranger", "Garden Gardener")."""
    stems = [word[:4] for word in re.split(r"[ -]", name.casefold()) if word not in ("of", "the", "with")]
    return len(set(stems)) < len(stems)
