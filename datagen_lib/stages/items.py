"""The second stage: items in batches, checked and kept one by one as they stream in.

Several batches are under way at once, over disjoint categories. Each goes to the categories that have fewest, and
carries only names that could collide, within a fixed budget. Where it brings too little, the next tops it up.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from datagen_lib.errors import (
    CallFailed,
    ContentFiltered,
    DiskError,
    EndpointGaveUp,
    FruitlessBatches,
    MalformedAnswer,
    TransientError,
)
from datagen_lib.events import BatchDone, ItemAccepted, ItemRejected, ItemsComplete, ItemsPaid, Listener
from datagen_lib.folder.store import Store
from datagen_lib.models import CatalogItem, ItemDraft, ItemsWire
from datagen_lib.prompts import ITEMS, Prompt, items_request
from datagen_lib.rules import RULES, Rules, Violation, readable
from datagen_lib.service.costs import Bill
from datagen_lib.spelling import fold, tidy
from datagen_lib.text import plain, plain_value

from .memory import NameMemory, facets
from .planner import Batch, Planner, spread

if TYPE_CHECKING:
    from datagen_lib.quality.score import Scorer
    from datagen_lib.service.client import Client

log = logging.getLogger(__name__)

FRUITLESS_BATCHES = 3


class CategoriesArriving:
    """Tells the item stage that categories still come in, and when there is something new to plan with."""

    def __init__(self, *, all_known: bool) -> None:
        self.all_known = all_known
        self._news = asyncio.Event()

    def announce(self) -> None:
        """There is something new to plan with: a category, or room for another batch."""
        self._news.set()

    def complete(self) -> None:
        """No further category will come."""
        self.all_known = True
        self._news.set()

    async def wait_for_news(self) -> None:
        await self._news.wait()
        self._news.clear()


async def make_items(
    client: Client,
    store: Store,
    *,
    listen: Listener,
    prompt: Prompt = ITEMS,
    rules: Rules = RULES,
    on_accepted: Callable[[CatalogItem], None] = lambda _: None,
    arriving: CategoriesArriving | None = None,
    target: int | None = None,
) -> None:
    """Grow the catalogue to its target, then write catalog.json.

    Args:
        client: the open client.
        store: the open store.
        listen: hears of every accepted and refused item and of every batch.
        prompt: the texts.
        rules: what an item has to keep.
        on_accepted: called with each accepted item, which is on disk by then.
        arriving: where the categories are still being made.
        target: stop at this many items, and leave the catalogue unfinished if that is below TARGET_COUNT.

    Raises:
        FruitlessBatches: three batches in a row brought nothing; what is there is kept.
        EndpointGaveUp: the same, where it is the service's doing.
    """
    stage = _Items(client, store, listen, prompt, rules, on_accepted, target or client.settings.target_count)
    await stage.grow(arriving or CategoriesArriving(all_known=True))
    if len(store.items) >= client.settings.target_count and store.complete < len(store.items):
        await store.in_thread(store.finish_items)
        listen(ItemsComplete(len(store.items)))


class _Items:
    def __init__(
        self,
        client: Client,
        store: Store,
        listen: Listener,
        prompt: Prompt,
        rules: Rules,
        on_accepted: Callable[[CatalogItem], None],
        target: int,
    ) -> None:
        self.client, self.store, self.listen, self.prompt = client, store, listen, prompt
        self.rules, self.on_accepted = rules, on_accepted
        settings = client.settings
        self.planner = Planner(target, settings.batch_size, settings.parallel_text_requests)
        self.planner.have.update(store.by_category)
        self.memory = NameMemory(store.items)
        self.known = {fold(category.name): category.name for category in store.categories}
        self.scorer = _scorer(store) if settings.min_quality else None
        self.fruitless = 0
        self.last_refusal = ""
        self.batches = 0

    async def grow(self, arriving: CategoriesArriving) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                self.known = {fold(category.name): category.name for category in self.store.categories}
                while batch := self.planner.next(self.store.categories, all_known=arriving.all_known):
                    self.batches += 1
                    batch.number = self.batches
                    task = group.create_task(self._run_batch(batch))
                    task.add_done_callback(lambda _: arriving.announce())
                if not self.planner.running and (arriving.all_known or self.planner.missing <= 0):
                    return
                await arriving.wait_for_news()

    async def _run_batch(self, batch: Batch) -> None:
        """One batch to its end, and what its end means for the next."""
        problem = await self._ask_twice(batch)
        try:
            await self.store.durable()
        except DiskError as error:
            await self.client.stop(error)  # other calls under way are paid for
        self.planner.done(batch)
        self.listen(BatchDone(batch.count, batch.returned, batch.accepted, problem.what if problem else ""))
        self.fruitless = 0 if batch.accepted else self.fruitless + 1
        if self.fruitless >= FRUITLESS_BATCHES:
            await self.client.stop(self._give_up(problem))

    async def _ask_twice(self, batch: Batch) -> CallFailed | None:
        """Ask, and once more and more strictly where the answer is malformed or filtered; what went wrong, if it did.

        What a torn answer brought before its tear is kept, and only the rest is asked for again.
        """
        problem: CallFailed | None = None
        for stricter in (False, True):
            try:
                await self.client.with_retries("text", partial(self._ask, batch, stricter=stricter))
            except (MalformedAnswer, ContentFiltered) as error:
                problem = error
                log.info("a batch of %d items: %s", batch.count, error.what)
            except CallFailed as error:
                log.warning("a batch of %d items is skipped: %s", batch.count, error.what)
                return error
            else:
                return None
        return problem

    def _give_up(self, problem: CallFailed | None) -> FruitlessBatches | EndpointGaveUp:
        kept = f"{len(self.store.items)} of {self.planner.target} items are kept"
        if isinstance(problem, TransientError):
            return EndpointGaveUp(
                f"{FRUITLESS_BATCHES} batches in a row failed; the last one: {problem.what}. {kept}",
                hint=" ".join(part for part in (problem.hint, "Run again to go on from there.") if part),
            )
        refused = f", all items were refused (see rejected_items.jsonl), the last one because {self.last_refusal}"
        reason = f"; the last one: {problem.what}" if problem else refused if self.last_refusal else ""
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
        wants = batch.still_wanted()
        categories = [category for category in batch.categories if category.name in wants]
        even = list(wants.values()) == spread(count, len(wants))
        batch.attempt += 1
        bill, kept = Bill(), list[CatalogItem]()
        stream = self.client.objects(
            system=self.prompt.system(stricter=stricter),
            user=items_request(
                self.prompt,
                count,
                categories=categories,
                wants=None if even else wants,
                used=self.memory.recall(batch.categories),
                facets=facets(len(self.store.items) + before),
            ),
            wire=ItemsWire,
            count=count,
            bill=bill,
        )
        try:
            async with aclosing(stream):
                async for answered in stream:
                    batch.returned += 1
                    if item := self._accept(answered, batch):
                        batch.keep(item.category)
                        kept.append(item)
        finally:  # a torn answer is paid for as well
            if kept:
                self.listen(ItemsPaid(tuple(kept), bill.usd))

    # -- one item, from the wire to the disk: read, judge, keep or refuse ------------------------------------------

    def _accept(self, answered: Any, batch: Batch) -> CatalogItem | None:
        """The item, kept, if it is acceptable and new; else None."""
        try:
            draft = self._read(answered)
        except ValidationError as error:
            self._refuse(answered, [_shape(error)])
            return None
        violations = self._judge(draft)
        hard = [violation for violation in violations if violation.hard]
        item = CatalogItem.from_draft(draft)
        if not hard:
            hard = self._grade(item, soft=len(violations))
        if hard:
            self._refuse(answered, hard)
            return None
        self._keep(item)
        self.listen(ItemAccepted(item, tuple(violations), batch.number, batch.attempt))
        self.on_accepted(item)
        return item

    def _grade(self, item: CatalogItem, *, soft: int) -> list[Violation]:
        """What is against the item where a quality is asked for: a score below it, with its parts."""
        least = self.client.settings.min_quality
        if self.scorer is None or least is None:
            return []
        quality = self.scorer.score(item, soft=soft, known=False)
        if quality.total >= least:
            return []
        parts = ", ".join(f"{name} {value}" for name, value in quality.parts().items())
        return [Violation("quality", f"the quality is {quality.total} ({parts}), at least {least} is asked for")]

    def _read(self, answered: Any) -> ItemDraft:
        """The answered object as a draft, its texts tidied, its category's name as categories.json has it."""
        draft = ItemDraft.model_validate(answered)
        texts = {name: tidy(text) for name, text in draft if isinstance(text, str) and readable(text)}
        if "category" in texts:
            texts["category"] = self.known.get(fold(texts["category"]), texts["category"])
        return draft.model_copy(update=texts)

    def _judge(self, draft: ItemDraft) -> list[Violation]:
        """What is against the item: the rules, unless they are off, and in any case a name that is used already."""
        violations = [] if self.client.settings.no_validate else self.rules.check_item(draft, self.known)
        if (readable(draft.name) or not violations) and self.store.has_name(draft.name):
            self.memory.remember_collision(draft.name)
            violations.append(Violation("name-repeated", f"there is an item named {draft.name!r} already"))
        return violations

    def _keep(self, item: CatalogItem) -> None:
        """Write the item down, and remember it for those to come."""
        self.store.add(item)
        self.planner.have[item.category] += 1
        self.memory.add(item)
        if self.scorer is not None:
            self.scorer.add(item)

    def _refuse(self, answered: Any, hard: list[Violation]) -> None:
        """Log what was answered, as far as a log may hold it."""
        item = plain_value(answered if isinstance(answered, dict) else {"value": answered})
        self.store.log_rejection(item, rules=[one.rule for one in hard], reasons=[one.reason for one in hard])
        self.listen(ItemRejected(plain(str(item.get("name", ""))[:80]), tuple(hard)))
        self.last_refusal = hard[0].reason


def _scorer(store: Store) -> Scorer:
    from datagen_lib.quality.score import Scorer  # brings numpy, which a run without a quality does not need

    return Scorer(store.items)


def _shape(error: ValidationError) -> Violation:
    """The refusal of an object that is no draft; it names the fields, never what they hold."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    fields = ", ".join(sorted({str(detail["loc"][0]) for detail in details if detail["loc"]}))
    return Violation("shape", f"fields are missing or of a wrong type: {fields or 'all'}")
