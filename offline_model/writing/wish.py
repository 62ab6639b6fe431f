"""What a text means in the lexicon: a user's wish, the facets of a batch, or the name of a category."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from .english import fold, singular
from .lexicon import Moment, Place, Role, Theme, load


@dataclass(frozen=True, slots=True)
class Steer:
    """What a wish, a facet or a category's name means in the lexicon; an empty field steers nothing.

    A quality stands for all of its mood, so that a "cheerful" catalogue has merry and jolly figures too.

    Attributes:
        roles: that the words name, by a noun or by a trade.
        kits: of a time or a region, such as "roman". As a category they mean its roles, as a wish its places only.
        moments: hours and weathers.
        unknown: words that mean nothing here.
    """

    roles: tuple[Role, ...] = ()
    kits: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    pronouns: tuple[str, ...] = ()
    qualities: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    props: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    airs: tuple[str, ...] = ()
    moments: tuple[Moment, ...] = ()
    unknown: tuple[str, ...] = ()


@cache
def _index() -> dict[str, tuple[str, ...]]:
    """Word or phrase, singular -> what it means, as "kind:value"."""
    lexicon = load()
    index: dict[str, set[str]] = {}

    def add(phrase: str, meaning: str) -> None:
        index.setdefault(" ".join(singular(w) for w in phrase.casefold().replace("-", " ").split()), set()).add(meaning)

    # a word such as "night" says when or where, also where some role has it as a tag
    settings = {*lexicon.wishes, *(tag for place in lexicon.places.values() for tag in place.tags)}
    for role in lexicon.roles:
        add(role.noun, f"role:{role.noun}")
        for tag in role.tags - settings:
            add(tag, f"tag:{tag}")
    for key, place in lexicon.places.items():
        add(key, f"place:{key}")
        add(place.name, f"place:{key}")
        for air in set(place.airs) - set(lexicon.colours):
            add(air, f"air:{air}")
    for kind, words in (
        ("colour", lexicon.colours),
        ("tool", lexicon.tools),
        ("prop", lexicon.props),
        ("quality", lexicon.qualities),
    ):
        for word in words:
            add(word, f"{kind}:{word}")
    for word, meanings in lexicon.wishes.items():
        for meaning in meanings:
            add(word, meaning)
    return {phrase: tuple(sorted(meanings)) for phrase, meanings in index.items()}


_JOBS = frozenset({"police", "rail", "witch"})
"""Kits that are a trade; the others are of a time or a region."""


@lru_cache(maxsize=256)
def steer(text: str) -> Steer:
    """What a text means in the lexicon: longest phrases first; a word after "no" or "without" counts for nothing."""
    lexicon, index = load(), _index()
    words = [singular(w) for w in re.findall(r"[^\W\d_]+(?:'[a-z]+)?", text.casefold())]
    found: dict[str, list[str]] = {}
    at = 0
    while at < len(words):
        size = next((n for n in (3, 2, 1) if " ".join(words[at : at + n]) in index), 0)
        if not size:
            found.setdefault("unknown", []).append(words[at])
        elif not (at and words[at - 1] in ("no", "not", "without", "never")):
            for meaning in index[" ".join(words[at : at + size])]:
                kind, _, value = meaning.partition(":")
                found.setdefault(kind, []).append(value)
        at += size or 1
    tags, nouns, kits, where, moods = (set(found.get(kind, ())) for kind in ("tag", "role", "kit", "where", "mood"))
    moods |= {lexicon.qualities[quality] for quality in found.get("quality", ())}
    places = [place for key, place in lexicon.places.items() if key in found.get("place", ())]
    jobs = kits & _JOBS
    return Steer(
        roles=tuple(role for role in lexicon.roles if role.noun in nouns or role.kit in jobs or role.tags & tags),
        kits=tuple(sorted(kits - jobs)),
        places=tuple(places) or tuple(place for place in lexicon.places.values() if place.tags & where),
        pronouns=tuple(found.get("who", ())),
        qualities=tuple(quality for quality, mood in lexicon.qualities.items() if mood in moods),
        tools=tuple(found.get("tool", ())),
        props=tuple(found.get("prop", ())),
        colours=tuple(found.get("colour", ())),
        airs=tuple(found.get("air", ())),
        moments=tuple(lexicon.moments[moment] for moment in dict.fromkeys(found.get("moment", ()))),
        unknown=tuple(found.get("unknown", ())),
    )


@lru_cache(maxsize=1024)
def theme(category: str) -> Theme:
    """The roles and places of a category: the lexicon's own, else what the words of its name mean."""
    lexicon = load()
    for known in lexicon.categories:
        if fold(known["name"]) == fold(category):
            of = set(known["of"])
            roles = [r for r in lexicon.roles if of & {r.noun, f"#{r.kit}", *(f"#{tag}" for tag in r.tags)}]
            return Theme(tuple(roles), tuple(lexicon.places[place] for place in known["places"]))
    meaning = steer(category)
    if both := _compound(category):
        return Theme(both, meaning.places, meaning.moments)
    roles = [role for role in lexicon.roles if role in meaning.roles or role.kit in meaning.kits]
    kind = "-".join(word for word in meaning.unknown if word.isalpha() and len(word) > 2)
    if not roles:
        general = [role for role in lexicon.roles if "general" in role.tags]
        noun = " ".join(singular(word) for word in re.findall(r"[^\W\d_]+", category.casefold()))
        worker = re.search(r"(er|or|ist|ian|man|ant|eer|smith|maker|keeper)$", noun)
        noun = " ".join(dict.fromkeys(noun.split()[-2:]))
        roles = [_renamed(role, noun) for role in general] if worker and len(noun) < 40 else general
        kind = "" if worker else kind
    if kind and len(kind) < 20:
        roles = [_renamed(role, role.noun, kind) for role in roles]
    return Theme(tuple(roles), meaning.places, meaning.moments)


def _compound(category: str) -> tuple[Role, ...]:
    """Roles of a category that joins two, such as "Robot Mechanics": a robot mechanic is both, not one of each."""
    *first, last = [singular(word) for word in re.findall(r"[^\W\d_]+", category.casefold())] or [""]
    kind, whole = " ".join(first), steer(last).roles
    if not 0 < len(kind) < 20 or not whole or not (named := steer(kind).roles) or set(named) & set(whole):
        return ()
    who = named[0].who if len({role.who for role in named}) == 1 else ""
    return tuple(replace(_renamed(role, f"{kind} {role.noun}"), who=who or role.who) for role in whole)


def _renamed(role: Role, noun: str, kind: str = "") -> Role:
    return replace(role, noun=noun, kinds=(kind,) if kind else role.kinds)
