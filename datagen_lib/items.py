"""The second stage: items in batches, checked and kept one by one as they stream in.

Several batches are under way at once, over disjoint categories. Each goes to the categories that have fewest, carries
only names that could collide, within a fixed budget, and is topped up by the next where it brings too little.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate, chain, islice
from typing import Any

from pydantic import ValidationError

from .client import Client
from .errors import CallFailed, ContentFiltered, EndpointGaveUp, FruitlessBatches, MalformedAnswer, TransientError
from .events import BatchDone, ItemAccepted, ItemRejected, ItemsComplete, Listener
from .models import CATEGORY_COUNT, CatalogItem, Category, ItemDraft, ItemsWire
from .prompts import FACETS, ITEMS, Prompt, items_request
from .rules import Violation, check_item, fold, tidy
from .store import Store

log = logging.getLogger(__name__)

NAME_BUDGET = 4000  # characters of used names in one prompt, however large the catalogue
FRUITLESS_BATCHES = 3
COLLIDED_NAMES = 40


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


class NameMemory:
    """Which used names a prompt repeats: those that could collide with what it asks for, within a fixed budget."""

    def __init__(self, items: Sequence[CatalogItem] = ()) -> None:
        self._by_category: dict[str, list[str]] = {}
        self._all: list[str] = []
        self._collided: deque[str] = deque(maxlen=COLLIDED_NAMES)
        for item in items:
            self.add(item)

    def add(self, item: CatalogItem) -> None:
        self._by_category.setdefault(item.category, []).append(item.name)
        self._all.append(item.name)

    def collided(self, name: str) -> None:
        """The model repeated this name: it is the likeliest to come again."""
        if name not in self._collided:
            self._collided.append(name)

    def recall(self, categories: Sequence[Category], budget: int = NAME_BUDGET) -> list[str]:
        """Names that collided lately, the newest of each category in turn, then the newest of all."""
        newest = [reversed(self._by_category.get(category.name, [])) for category in categories]
        chosen: dict[str, None] = {}
        for name in chain(reversed(self._collided), _in_turn(newest), reversed(self._all)):
            if name in chosen:
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


class Coming:
    """Tells the item stage that categories still come in, and when there is something new to plan with."""

    def __init__(self, *, all_known: bool) -> None:
        self.all_known = all_known
        self._news = asyncio.Event()

    def tell(self, *, all_known: bool | None = None) -> None:
        self.all_known = self.all_known if all_known is None else all_known
        self._news.set()

    async def wait(self) -> None:
        await self._news.wait()
        self._news.clear()


async def make_items(
    client: Client,
    store: Store,
    *,
    listen: Listener,
    prompt: Prompt = ITEMS,
    take: Callable[[CatalogItem], None] = lambda _: None,
    coming: Coming | None = None,
    target: int | None = None,
) -> None:
    """Grow the catalogue to its target, then write catalog.json.

    Args:
        client: the open client.
        store: the open store.
        listen: hears of every accepted and refused item and of every batch.
        prompt: the texts.
        take: called with each accepted item, which is on disk by then.
        coming: where the categories are still being made.
        target: stop at this many items, and leave the catalogue unfinished if that is below TARGET_COUNT.

    Raises:
        FruitlessBatches, EndpointGaveUp: three batches in a row brought nothing; what is there is kept.
    """
    stage = _Items(client, store, listen, prompt, take, target or client.settings.target_count)
    await stage.grow(coming or Coming(all_known=True))
    if len(store.items) >= client.settings.target_count and store.complete < len(store.items):
        await store.aside(store.finish_items)
        listen(ItemsComplete(len(store.items)))


class _Items:
    def __init__(
        self,
        client: Client,
        store: Store,
        listen: Listener,
        prompt: Prompt,
        take: Callable[[CatalogItem], None],
        target: int,
    ) -> None:
        self.client, self.store, self.listen, self.prompt, self.take = client, store, listen, prompt, take
        settings = client.settings
        self.planner = Planner(target, settings.batch_size, settings.parallel_text_requests)
        self.planner.have.update(store.by_category)
        self.memory = NameMemory(store.items)
        self.known = {fold(category.name): category.name for category in store.categories}
        self.fruitless = 0

    async def grow(self, coming: Coming) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                self.known = {fold(category.name): category.name for category in self.store.categories}
                while batch := self.planner.next(self.store.categories, all_known=coming.all_known):
                    task = group.create_task(self._run(batch))
                    task.add_done_callback(lambda _: coming.tell())
                if not self.planner.running and (coming.all_known or self.planner.missing <= 0):
                    return
                await coming.wait()

    async def _run(self, batch: Batch) -> None:
        """One batch to its end: a malformed or filtered answer is asked for once more, more strictly."""
        problem: CallFailed | None = None
        for stricter in (False, True):
            try:
                await self.client.persist("text", partial(self._ask, batch, stricter=stricter))
                problem = None
                break
            except (MalformedAnswer, ContentFiltered) as error:
                problem = error
                log.info("a batch of %d items: %s", batch.count, error.what)
            except CallFailed as error:
                problem = error
                log.warning("a batch of %d items is skipped: %s", batch.count, error.what)
                break
        await self.store.aside(self.store.sync)
        self.planner.done(batch)
        self.listen(BatchDone(batch.count, batch.returned, batch.accepted, problem.what if problem else ""))
        self.fruitless = 0 if batch.accepted else self.fruitless + 1
        if self.fruitless >= FRUITLESS_BATCHES:
            await self.client.stop(self._give_up(problem))

    def _give_up(self, problem: CallFailed | None) -> FruitlessBatches | EndpointGaveUp:
        kept = f"{len(self.store.items)} of {self.planner.target} items are kept"
        if isinstance(problem, TransientError):
            return EndpointGaveUp(
                f"{FRUITLESS_BATCHES} batches in a row failed; the last one: {problem.what}. {kept}",
                hint=" ".join(part for part in (problem.hint, "Run again to go on from there.") if part),
            )
        reason = f"; the last one: {problem.what}" if problem else ", all items were refused (see rejected_items.jsonl)"
        return FruitlessBatches(
            f"{FRUITLESS_BATCHES} batches in a row brought no acceptable item{reason}. {kept}",
            hint="Use a smaller BATCH_SIZE or a more varied items prompt, then run again to go on from there.",
        )

    async def _ask(self, batch: Batch, *, stricter: bool) -> None:
        """One call for what the batch still lacks."""
        count = batch.count - batch.accepted
        if count <= 0:
            return
        before = batch.returned = batch.accepted  # what was refused is asked for again
        stream = self.client.objects(
            system=self.prompt.system(stricter=stricter),
            user=items_request(
                self.prompt,
                count,
                categories=batch.categories,
                used=self.memory.recall(batch.categories),
                facets=_facets(len(self.store.items) + before),
            ),
            wire=ItemsWire,
            count=count,
        )
        async with aclosing(stream):
            async for found in stream:
                batch.returned += 1
                batch.accepted += self._accept(found)

    def _accept(self, found: Any) -> bool:
        """Keep the item if it is acceptable and new; it is on disk when this returns True."""
        try:
            draft = ItemDraft.model_validate(found)
        except ValidationError as error:
            fields = ", ".join(sorted({str(detail["loc"][0]) for detail in error.errors() if detail["loc"]}))
            return self._refuse(
                found, [Violation("shape", f"fields are missing or of a wrong type: {fields or 'all'}")]
            )
        draft = ItemDraft(
            name=tidy(draft.name),
            description=tidy(draft.description),
            category=self.known.get(fold(draft.category), tidy(draft.category)),
            image_prompt=tidy(draft.image_prompt),
        )
        violations = [] if self.client.settings.no_validate else check_item(draft, self.known)
        hard = [violation for violation in violations if violation.hard]
        if self.store.has_name(draft.name):
            self.memory.collided(draft.name)
            hard.append(Violation("name-repeated", f"there is an item named {draft.name!r} already"))
        if hard:
            return self._refuse(found, hard)
        item = CatalogItem.from_draft(draft)
        self.store.add(item)
        self.planner.have[item.category] += 1
        self.memory.add(item)
        self.listen(ItemAccepted(item, tuple(violations)))
        self.take(item)
        return True

    def _refuse(self, found: Any, hard: list[Violation]) -> bool:
        name = str(found.get("name", ""))[:80] if isinstance(found, dict) else ""
        item = found if isinstance(found, dict) else {"value": found}
        self.store.log_rejection(item, rules=[v.rule for v in hard], reasons=[v.reason for v in hard])
        self.listen(ItemRejected(name, tuple(hard)))
        return False


def _facets(seed: int) -> str:
    """A few settings, eras, moods and tools for one batch, other ones for the next."""
    rng = random.Random(seed)
    return ", ".join(choice for choices in FACETS.values() for choice in rng.sample(choices, 2))
