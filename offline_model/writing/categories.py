"""Categories: each of another family while there are any, past the pool a place and a trade joined."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

from .english import fold, plural, slug, title
from .lexicon import load
from .request import Request
from .wish import Steer, steer, theme


def write_categories(request: Request, rng: random.Random) -> Iterator[dict[str, str]]:
    """Unused ones of the pool, each of another family first; past the pool, a place and a trade joined."""
    lexicon, meaning = load(), steer(request.wish)
    taken = set(request.avoid) | {fold(name) for name in request.categories}
    pool = [c for c in lexicon.categories if fold(c["name"]) not in taken]
    rng.shuffle(pool)
    families = {family(c) for c in lexicon.categories if fold(c["name"]) in taken}
    first: list[dict[str, Any]] = []
    rest: list[dict[str, Any]] = []
    for category in pool:
        (rest if family(category) in families else first).append(category)
        families.add(family(category))
    chosen = sorted(first + rest, key=lambda category: -_fits(category, meaning))[: request.count]
    names = [category["name"] for category in chosen]
    taken |= {fold(name) for name in names}
    places, roles = list(lexicon.places.values()), list(lexicon.roles)
    while len(names) < request.count:
        name = title(f"{rng.choice(places).name.split()[-1]} {plural(rng.choice(roles).noun)}")
        if len(names) > len(places) * len(roles) // 2:
            break
        if fold(name) not in taken:
            taken.add(fold(name))
            names.append(name)
    for name in names:
        yield {"name": name, "slug": slug(name)}


def family(category: Mapping[str, Any]) -> str:
    return str(category["group"]).rstrip("0123456789")


def _fits(category: Mapping[str, Any], meaning: Steer) -> int:
    offers = theme(category["name"])
    places = offers.places or tuple(p for role in offers.roles for p in load().kits[role.kit].places)
    wanted = {role for role in load().roles if role in meaning.roles or role.kit in meaning.kits}
    fits = bool(wanted) and 2 * len(set(offers.roles) & wanted) >= len(offers.roles)
    return fits + (bool(meaning.places) and 2 * sum(p in meaning.places for p in places) >= len(places))
