"""Which categories the next batch of items is for, and how many items it asks for."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from datagen_lib.models import CATEGORY_COUNT, Category


@dataclass(eq=False)
class Batch:
    """One batch under way: what it asks for, and what has come of it so far.

    `over` is how many of its categories are to get one item more than an even share.
    """

    count: int
    categories: tuple[Category, ...]
    over: int = 0
    returned: int = 0
    accepted: int = 0

    @property
    def outstanding(self) -> int:
        return max(0, self.count - self.returned)


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

        A batch goes to the free categories that have fewest, to as many as lack, against an even share of the target,
        what it is to bring. Only so many are asked for one more than that share as do not divide evenly, so that the
        order in which batches end does not matter. While categories still come in, a batch waits until enough of them
        lack a whole one.
        """
        missing = self.missing
        if missing <= 0 or len(self.running) >= self.parallel or not categories:
            return None
        known = len(categories) if all_known else CATEGORY_COUNT
        share, over = divmod(self.target, known)
        over -= sum(max(0, have - share) for have in self.have.values()) + sum(batch.over for batch in self.running)
        busy = {category.name for batch in self.running for category in batch.categories}
        free = [c for c in categories if c.name not in busy and self.have[c.name] < share + (over > 0)]
        free.sort(key=lambda category: self.have[category.name])
        # A model spreads a batch evenly, so that only categories at one level go together.
        free = [category for category in free if self.have[category.name] <= self.have[free[0].name] + 1]
        wanted = min(self.batch_size, missing)
        lacks = list(accumulate(self.target / known - self.have[category.name] for category in free))
        enough = next((at for at, lack in enumerate(lacks, start=1) if lack > wanted - 1e-6), None)
        if not free or (enough is None and not all_known):
            return None
        chosen = free[:enough]
        even = sum(share - self.have[category.name] for category in chosen)
        asked = min(wanted, even + max(0, min(over, len(chosen))))
        # The margin is what the last batches lost to the rules and to repeated names: none while nothing is lost.
        loss = self._returned / max(1.0, self._accepted)
        count = min(self.batch_size, math.ceil(asked * loss))
        batch = Batch(count, tuple(self._lowest(chosen, count)), over=max(0, asked - even))
        self.running.append(batch)
        return batch

    def done(self, batch: Batch) -> None:
        """The batch ended; learn what share of an answer is usable, the latest answers counting most."""
        self.running.remove(batch)
        self._returned = 0.8 * self._returned + batch.returned
        self._accepted = 0.8 * self._accepted + batch.accepted

    def _lowest(self, free: Sequence[Category], count: int) -> list[Category]:
        """The categories that get any of `count` items when each item goes to the one that has fewest."""
        level = {category.name: self.have[category.name] for category in free}
        for _ in range(count):
            level[min(level, key=level.__getitem__)] += 1
        return [category for category in free if level[category.name] > self.have[category.name]]
