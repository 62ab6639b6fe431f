"""One drawing of a figure, of which its name, its image prompt and its description are written."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, Final

from .english import head
from .lexicon import Kit, Moment, Place, Role, Theme, load
from .wish import Steer


@dataclass
class Recent:
    """What the last items of an answer used, so that the next ones differ."""

    roles: deque[str] = field(default_factory=lambda: deque(maxlen=6))
    qualities: deque[str] = field(default_factory=lambda: deque(maxlen=20))
    sentences: deque[str] = field(default_factory=lambda: deque(maxlen=6))


@dataclass(slots=True)
class Figure:
    """One drawing, of which name, description and prompt are written. None or "" is what it has not.

    `tool` and `prop` are what the lexicon calls them; `tool_seen` and `prop_seen` may have a colour too. `said` holds
    the fields that the name used, so that the description says them again. `moment` is the hour or the weather that
    the user wished for; then `air` and `when` say it.
    """

    role: Role
    quality: str
    mood: str
    pronoun: str
    kind: str
    place: Place | None
    air: str
    wear: str
    hat: str
    extra: str
    hair: str
    face: str
    tool: str
    tool_seen: str
    prop: str
    prop_seen: str
    when: str
    moment: Moment | None = None
    town: str = ""
    said: frozenset[str] = frozenset()

    @classmethod
    def draw(cls, rng: random.Random, offers: Theme, wish: Steer, facets: Steer, recent: Recent) -> Figure:
        lexicon, chance, choice = load(), rng.random, rng.choice
        role = fresh(rng, _cast(offers.roles, wish), recent.roles)
        kit = lexicon.kits[role.kit]
        quality = fresh(
            rng, wish.qualities or (chance() < 0.4 and facets.qualities) or every_quality(), recent.qualities
        )
        mood = lexicon.qualities[quality]
        colours = wish.colours or lexicon.colours
        pronoun = role.who or choice(wish.pronouns or ("she", "she", "she", "he", "he", "he", "they"))
        hat, hair = _head(rng, kit, pronoun, mood, colours)
        moments = wish.moments or offers.moments
        moment = choice(moments) if moments else None
        place = _place(rng, _home(offers, role), wish, facets, always=moment is not None)
        wear = _called(rng, choice(_fitting(kit.wear, pronoun)), colours)
        extra = _called(rng, choice(kit.extras), colours) if kit.extras and chance() < 0.5 else ""
        tool = choice(wish.tools or _both(role.tools, facets.tools) or role.tools)
        props = _both(kit.props, wish.props) or wish.props or kit.props
        prop = choice(props) if props and chance() < (1 if wish.props else 0.6) else ""
        return cls(
            role=role,
            quality=quality,
            mood=mood,
            pronoun=pronoun,
            kind=choice(_kinds(role.kinds, hourless=moment is not None)),
            place=place,
            air=_air(rng, place, wish, moment) if place else "",
            wear=wear,
            hat=hat,
            extra="" if _hides(hat, extra) else extra,
            hair=hair,
            face="" if pronoun == "it" or chance() < 0.3 else choice(lexicon.faces[mood]),
            tool=tool,
            tool_seen=_tinted(rng, tool, ["tools"], colours),
            prop=prop,
            prop_seen=prop and _tinted(rng, prop, ["props"], colours),
            when=choice(moment.whens if moment else lexicon.whens),
            moment=moment,
        )

    def worn(self) -> list[str]:
        return [piece for piece in (self.wear, self.extra, self.hat) if piece]


@lru_cache(maxsize=1024)
def _cast(roles: tuple[Role, ...], wish: Steer) -> tuple[Role, ...]:
    """The roles that a wish leaves, if it leaves any."""
    wanted = _both(roles, wish.roles) or wish.roles or roles
    if not wish.pronouns:
        return wanted
    return tuple(r for r in wanted if not r.who or r.who in wish.pronouns) or wanted


def _head(rng: random.Random, kit: Kit, pronoun: str, mood: str, colours: Sequence[str]) -> tuple[str, str]:
    """Headgear, and hair or a beard; one of the two may be empty. A closed helmet leaves no hair to see."""
    lexicon, hat = load(), rng.choice(_fitting(kit.hats, pronoun))
    hat = "" if hat == "HAIR" else _called(rng, hat, colours)
    if pronoun == "it" or hat.endswith(lexicon.closed):
        return hat, ""
    if pronoun == "he" and mood != "young" and rng.random() < 0.3:
        return hat, rng.choice(lexicon.beards)
    if hat and rng.random() < 0.75:
        return hat, ""
    styles = lexicon.old_hair if mood == "old" else lexicon.hair
    hair = rng.choice(styles)
    while pronoun == "he" and any(word in hair for word in ("long", "bob", "pigtails", "braid", "bun", "pony")):
        hair = rng.choice(styles)
    return hat, hair


def _hides(hat: str, extra: str) -> bool:
    """Whether the headgear leaves the extra unseen, or is the same thing again."""
    lexicon = load()
    return hat.endswith(head(extra) or " ") or (extra.endswith(lexicon.eyewear) and hat.endswith(lexicon.closed))


@lru_cache(maxsize=512)
def _fitting(wear: tuple[str, ...], pronoun: str) -> tuple[str, ...]:
    return tuple(w for w in wear if pronoun == "she" or not w.endswith(load().dresses)) or wear


def _called(rng: random.Random, term: str, colours: Sequence[str]) -> str:
    """A term of the lexicon in one of the ways to say it; "*", or a colour that is not wanted, stands for a colour."""
    lexicon = load()
    tint, _, rest = term.partition(" ")
    if tint in lexicon.colours and tint not in colours:
        term = f"* {rest}"
    base = term.removeprefix("* ")
    said = rng.choice(lexicon.says.get(base, (base,)))
    if base == term:
        return said
    colour = rng.choice(colours)
    first, _, rest = said.partition(" ")
    if not lexicon.has_no_colour(said):
        return f"{colour} {base}"
    return f"{first} {colour} {rest}" if rest and first in lexicon.before else f"{colour} {said}"


def _tinted(rng: random.Random, thing: str, groups: Sequence[str], colours: Sequence[str]) -> str:
    """The thing with a colour of its own where it can be painted; or one of the ways to say it."""
    coloured = load().coloured
    if rng.random() < 0.4:
        if any(thing in coloured[group] for group in groups):
            return _called(rng, f"* {thing}", colours)
        if thing in coloured["pets"]:
            return f"{rng.choice(coloured['furs'])} {thing}"
    return _called(rng, thing, colours)


@cache
def every_quality() -> tuple[str, ...]:
    return tuple(load().qualities)


def _both(ours: Sequence[Any], theirs: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(x for x in ours if x in theirs) if theirs else ()


def fresh(rng: random.Random, options: Sequence[Any], recent: deque[str]) -> Any:
    """One that did not come lately, if there is any; remembered."""
    for _ in range(6):
        option = rng.choice(options)
        key = getattr(option, "noun", None) or getattr(option, "text", None) or option
        if key not in recent:
            break
    recent.append(key)
    return option


def _home(offers: Theme, role: Role) -> Sequence[Place]:
    """Where the category's figures are at home; one whose role only the wish has brought is a guest there."""
    if offers.places or role not in offers.roles:
        return offers.places or tuple(place for own in offers.roles for place in load().kits[own.kit].places)
    return load().kits[role.kit].places


@lru_cache(maxsize=1024)
def _kinds(kinds: tuple[str, ...], *, hourless: bool) -> tuple[str, ...]:
    """A role's kinds; without those of an hour or a season, a "dawn angler", where another one is wished for."""
    lexicon = load()
    said = {*lexicon.times, *(time for moment in lexicon.moments.values() for time, _ in moment.times)}
    hours = {word for time in said for word in time.casefold().split("-")} | {"night", "winter", "daily"}
    return tuple(kind for kind in kinds if not hours & set(kind.split("-"))) or kinds if hourless else kinds


def _air(rng: random.Random, place: Place, wish: Steer, moment: Moment | None) -> str:
    return rng.choice(_both(place.airs, wish.airs) or (moment.airs(place) if moment else place.airs))  # type: ignore[no-any-return]


_COMMON: Final = frozenset({"outdoors", "indoors", "warm"})
"""Tags that do not make two places alike."""


def _place(rng: random.Random, offered: Sequence[Place], wish: Steer, facets: Steer, *, always: bool) -> Place | None:
    wished = wish.places or tuple(place for kit in wish.kits for place in load().kits[kit].places)
    if wished:
        return rng.choice(_both(offered, wished) or wished)  # type: ignore[no-any-return]
    if not always and rng.random() < 0.2:  # without a place there is no night to see
        return None
    if facets.places and rng.random() < 0.4:
        alike = frozenset().union(*(place.tags for place in offered)) - _COMMON
        near = [place for place in facets.places if place.tags & alike]
        if near:
            return rng.choice(near)
    return rng.choice(offered)
