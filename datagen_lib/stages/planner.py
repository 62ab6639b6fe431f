"""Which categories the next batch of items is for, and how many items of each it asks for.

Four wishes, in this order: exactly the target; in as few calls as it takes; all under way at once, where concurrency
allows; evenly over the categories. Worked example: 210 items in 20 categories, 20 a call, 16 at once. An even share is
10, and ten categories get one more. Ten batches take two free categories each, ten items a category. No category is
free then, and ten items are missing. The eleventh batch asks for one in each of the ten that will have fewest. It goes
beside the others, not after them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from datagen_lib.models import CATEGORY_COUNT, Category

_NOTHING = 1e-6  # a share of an item that is none


@dataclass(eq=False)
class Batch:
    """One batch under way: what it asks for, and what has come of it so far.

    Attributes:
        wants: items of each category, by its name, those with most first.
        categories: the same categories, in that order.
        count: items to ask for.
        returned: items that came.
        accepted: items that were kept.
        number: which batch of the run it is.
        attempt: how often it was asked for.
        kept: those that were kept, by category.
    """

    wants: dict[str, int]
    categories: tuple[Category, ...]
    count: int
    returned: int = 0
    accepted: int = 0
    number: int = 0
    attempt: int = 0
    kept: Counter[str] = field(default_factory=Counter)

    @property
    def outstanding(self) -> int:
        return max(0, self.count - self.returned)

    def still_wanted(self) -> dict[str, int]:
        """Items of each category that it still lacks; all categories once more where others came than asked for."""
        left = {name: wanted - self.kept[name] for name, wanted in self.wants.items() if wanted > self.kept[name]}
        return _sized(left or dict.fromkeys(self.wants, 1), max(1, self.count - self.accepted))

    def keep(self, category: str) -> None:
        """An item of this category was kept."""
        self.accepted += 1
        self.kept[category] += 1


@dataclass
class Planner:
    """Decides what the next batch asks for, so that the catalogue grows evenly and ends at its target.

    Attributes:
        target: items wanted in all.
        batch_size: items of one batch, at most.
        parallel: batches under way at once, at most.
        have: accepted items by category name.
        running: the batches under way.
    """

    target: int
    batch_size: int
    parallel: int
    have: Counter[str] = field(default_factory=Counter)
    running: list[Batch] = field(default_factory=list)
    _returned: float = 20.0
    _accepted: float = 20.0

    @property
    def missing(self) -> int:
        """Items that neither are there nor are being written."""
        return self.target - self.have.total() - sum(batch.outstanding for batch in self.running)

    def next(self, categories: Sequence[Category], *, all_known: bool = True) -> Batch | None:
        """Start the next batch; None where nothing more is to be asked for now.

        While categories still come in, a batch waits until enough free ones lack a whole one.
        """
        missing = self.missing
        if missing <= 0 or len(self.running) >= self.parallel or not categories:
            return None
        wanted = min(self.batch_size, missing)
        places = _Places(self, categories, CATEGORY_COUNT if not all_known else len(categories))
        free = places.free(wanted)
        if not all_known and places.lack(free) < wanted - _NOTHING:
            return None
        wants = places.fill(free, wanted)
        if sum(wants.values()) < wanted:
            if not all_known:
                return None
            # Too few free categories: the others take the rest too, where a model that spreads evenly does no harm.
            whole = places.fill(places.names, wanted)
            wants = whole if not wants or _is_even(whole) else wants
        wants = wants or places.level_out(wanted)
        # The margin is what the last batches lost to the rules and to repeated names: none while nothing is lost.
        loss = self._returned / max(1.0, self._accepted)
        count = min(self.batch_size, math.ceil(sum(wants.values()) * loss))
        known = {category.name: category for category in categories}
        batch = Batch(_sized(wants, count), tuple(known[name] for name in wants), count)
        self.running.append(batch)
        return batch

    def done(self, batch: Batch) -> None:
        """The batch ended; learn what share of an answer is usable, the latest answers counting most."""
        self.running.remove(batch)
        self._returned = 0.8 * self._returned + batch.returned
        self._accepted = 0.8 * self._accepted + batch.accepted


class _Places:
    """Where each category will stand once the batches under way have ended, and what it lacks then."""

    def __init__(self, planner: Planner, categories: Sequence[Category], known: int) -> None:
        self.names = [category.name for category in categories]
        self.promised: Counter[str] = Counter()
        for batch in planner.running:
            self.promised.update({name: max(0, wanted - batch.kept[name]) for name, wanted in batch.wants.items()})
        self.level = {name: planner.have[name] + self.promised[name] for name in self.names}
        self.floor, over = divmod(planner.target, known)
        # How many categories may still get one item more than the even share.
        self.extras = over - sum(max(0, level - self.floor) for level in self.level.values())
        self.share = planner.target / known if self.extras > 0 else float(self.floor)

    def lack(self, names: Iterable[str]) -> float:
        """Items that these categories lack against an even share."""
        return sum(self.share - self.level[name] for name in names)

    def free(self, wanted: int) -> list[str]:
        """The categories with fewest that no batch writes in, as many as lack `wanted` items.

        A model spreads a batch evenly, so that only categories at one level go together.
        """
        idle = sorted((name for name in self.names if not self.promised[name]), key=self.level.__getitem__)
        chosen: list[str] = []
        for name in idle:
            if self.level[name] > self.level[idle[0]] + 1 or self.lack(chosen) > wanted - _NOTHING:
                break
            chosen.append(name)
        return chosen

    def fill(self, names: Sequence[str], count: int) -> dict[str, int]:
        """`count` items, each to the category that has fewest then, up to an even share; fewer where all are full."""
        level, extras = {name: self.level[name] for name in names}, self.extras
        wants: Counter[str] = Counter()
        for _ in range(count):
            lacking = [name for name in names if level[name] < self.floor]
            if not lacking and extras > 0:
                lacking = [name for name in names if level[name] <= self.floor]
                extras -= 1
            if not lacking:
                break
            name = min(lacking, key=lambda one: (level[one], one not in wants, self.promised[one] > 0))
            level[name] += 1
            wants[name] += 1
        return dict(wants.most_common())

    def level_out(self, count: int) -> dict[str, int]:
        """`count` items, each to the category that has fewest then: a model has overfilled others."""
        level = dict(self.level)
        wants: Counter[str] = Counter()
        for _ in range(count):
            name = min(level, key=level.__getitem__)
            level[name] += 1
            wants[name] += 1
        return dict(wants.most_common())


def spread(count: int, categories: int) -> list[int]:
    """How a model spreads `count` items evenly over so many categories, the first ones first."""
    return [count // categories + (at < count % categories) for at in range(categories)]


def _is_even(wants: Mapping[str, int]) -> bool:
    """Whether a model that spreads evenly brings about the same: at most one item more or less of each."""
    even = spread(sum(wants.values()), len(wants))
    return all(abs(wanted - usual) <= 1 for wanted, usual in zip(wants.values(), even, strict=True))


def _sized(wants: dict[str, int], count: int) -> dict[str, int]:
    """`wants` made larger or smaller to `count` items, one by one in turn."""
    sized, names = dict(wants), list(wants)
    at = 0
    while (total := sum(sized.values())) != count:
        name = names[at % len(names)] if total < count else max(sized, key=sized.__getitem__)
        sized[name] += 1 if total < count else -1
        at += 1
    return {name: wanted for name, wanted in sized.items() if wanted > 0}
