"""What a batch's prompt remembers of the catalogue: names already used, and facets that keep it varied."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain, islice

from datagen_lib.models import CATEGORY_COUNT, LIMITS, CatalogItem, Category
from datagen_lib.prompts import FACETS

NAME_BUDGET = 4000  # characters of used names in one prompt, however large the catalogue
COLLIDED_NAMES = 40
NEWEST = 250  # names of a category that are remembered: as many as the budget holds


class NameMemory:
    """Which used names a prompt repeats: those that could collide with what it asks for, within a fixed budget."""

    def __init__(self, items: Sequence[CatalogItem] = ()) -> None:
        self._by_category: dict[str, deque[str]] = {}
        self._all: deque[str] = deque(maxlen=2 * NEWEST)
        self._collided: deque[str] = deque(maxlen=COLLIDED_NAMES)
        for item in items[-CATEGORY_COUNT * NEWEST :]:
            self.add(item)

    def add(self, item: CatalogItem) -> None:
        """Remember an item's name, unless it is too long to be repeated, as one may be with the rules off."""
        if len(item.name) <= LIMITS.name.most:
            self._by_category.setdefault(item.category, deque(maxlen=NEWEST)).append(item.name)
            self._all.append(item.name)

    def remember_collision(self, name: str) -> None:
        """The model repeated this name: it is the likeliest to come again."""
        if name not in self._collided:
            self._collided.append(name)

    def recall(self, categories: Sequence[Category], budget: int = NAME_BUDGET) -> list[str]:
        """Names that collided lately, the newest of each category in turn, then the newest of all."""
        newest = [reversed(self._by_category.get(category.name, [])) for category in categories]
        chosen: dict[str, None] = {}
        for name in chain(reversed(self._collided), _in_turn(newest), reversed(self._all)):
            if name in chosen or len(name) > LIMITS.name.most:  # with the rules off a name may be of any length
                continue
            budget -= len(name) + 2
            if budget < 0:
                break
            chosen[name] = None
        return list(chosen)


def _in_turn(sources: Sequence[Iterator[str]]) -> Iterator[str]:
    waiting = list(sources)
    while waiting:
        for source in list(waiting):
            taken = list(islice(source, 1))
            if taken:
                yield taken[0]
            else:
                waiting.remove(source)


def facets(seed: int) -> str:
    """A few settings, eras, moods and tools for one batch, other ones for the next."""
    rng = random.Random(seed)
    return ", ".join(choice for choices in FACETS.values() for choice in rng.sample(choices, 2))
