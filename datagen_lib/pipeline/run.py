"""The stages joined and overlapped: items start on the first categories, pictures on the first items."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from datagen_lib.errors import DatagenError, DiskError, Interrupted
from datagen_lib.events import Ending, Event, ImageSaved, ItemAccepted, Listener, ignore
from datagen_lib.folder.grades import Grades
from datagen_lib.folder.store import Store, json_bytes
from datagen_lib.folder.verdict import Verdict, judge
from datagen_lib.models import CATEGORY_COUNT, CatalogItem
from datagen_lib.prompts import CATEGORIES, GRADES, ITEMS, Prompt
from datagen_lib.rules import RULES, Rules
from datagen_lib.settings import Settings
from datagen_lib.stages.categories import make_categories
from datagen_lib.stages.grades import grade_items
from datagen_lib.stages.images import make_images
from datagen_lib.stages.items import CategoriesArriving, make_items
from datagen_lib.stages.missing import name_left_out
from datagen_lib.stages.queue import ItemQueue
from datagen_lib.stages.thumbnails import make_thumbnails
from datagen_lib.stopping import Stopping, current
from datagen_lib.text import counted

from .account import Account
from .plan import ALL, Plan, Stage, make_plan
from .progress import ProgressKeeper
from .provenance import Provenance
from .rates import Rates

if TYPE_CHECKING:
    from datagen_lib.service.client import Client

log = logging.getLogger(__name__)

PATIENCE = 60.0  # s that calls under way get to end once the end is asked for


@dataclass(frozen=True)
class Prompts:
    """The texts and the rules of a run; pass edited ones to try a change without touching the library."""

    categories: Prompt = CATEGORIES
    items: Prompt = ITEMS
    grades: Prompt = GRADES
    rules: Rules = RULES


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        account: what it did.
        categories: how many are on disk now.
        items: how many are on disk now.
        images: how many are on disk now.
        wanted: items that were to be there.
        missing: the items without a current picture (none where no pictures were wanted).
        problems: what keeps the folder from being whole by the contract, in words.
        stopped: why the run ended early, or None.
        idle: whether there was nothing to do.
    """

    account: Account
    categories: int
    items: int
    wanted: int
    images: int
    missing: Sequence[CatalogItem] = field(default=())
    problems: Sequence[str] = field(default=())
    stopped: DatagenError | None = None
    idle: bool = False

    @property
    def complete(self) -> bool:
        whole = self.categories >= CATEGORY_COUNT and self.items >= self.wanted
        return self.stopped is None and whole and not (self.missing or self.problems or self.account.failed)


async def run(
    settings: Settings,
    *,
    listen: Listener = ignore,
    prompts: Prompts | None = None,
    stages: Sequence[Stage] = ALL,
    limit: int | None = None,
    stop: Stopping | None = None,
) -> Outcome:
    """Make what the output folder still lacks: categories, items, pictures.

    Args:
        settings: from `Settings.load`.
        listen: hears of everything that happens.
        prompts: other texts than the library's.
        stages: which to run; a stage runs those before it where they are not complete. DRY_RUN takes images out.
        limit: a preview: stop at this many items, or pictures, in the folder; a later run goes on from them.
        stop: asks for the end from any thread; the runner's own where none is given.

    Returns:
        How it ended; a run that had to stop says why in `stopped`, with everything accepted on disk.

    Raises:
        SetupError: the folder can't be used, or holds something invalid. Nothing was called.
    """
    with await asyncio.to_thread(
        Store.open,
        settings.output_dir,
        provider=settings.provider,
        adopt=settings.adopt,
        validate=not settings.no_validate,
    ) as store:
        plan = await make_plan(settings, store, stages=stages, limit=limit)
        if plan.refused is not None:
            raise plan.refused
        return await _Run(settings, store, plan, listen, prompts or Prompts(), stop or current()).go()


class _Run:
    """One run: plan, prepare the folder, run the stages side by side, account for what came of it."""

    def __init__(
        self, settings: Settings, store: Store, plan: Plan, listen: Listener, prompts: Prompts, stop: Stopping
    ) -> None:
        self.settings, self.store, self.plan, self.prompts, self.stop = settings, store, plan, prompts, stop
        self.account = Account()
        self._provenance = Provenance(settings, store.disk, self.account.began)
        self._keeper = ProgressKeeper(plan.event())
        self._listen = listen
        self._refresh = asyncio.Event()
        self._landed: asyncio.Queue[CatalogItem | None] = asyncio.Queue()
        self._pictured = _Pictured(chain(plan.pictures, (item for item, _ in plan.left_out)))

    def listen(self, event: Event) -> None:
        """Count the event, pass it on, and say how far the run is then."""
        self.account(event)
        self._provenance(event)
        if self.plan.draws:
            self._pictured(event)
        if isinstance(event, ImageSaved):
            self._landed.put_nowait(event.item)
        if self.account.refreshes(event):
            self._refresh.set()
        self._tell(event)
        self._tell(self._keeper.after(event))

    def _tell(self, event: Event) -> None:
        """Let the listener hear it; one that fails is not asked again, and never ends a run."""
        try:
            self._listen(event)
        except Exception:
            self._listen = ignore
            log.exception("the listener failed; the run goes on without it")

    async def go(self) -> Outcome:
        """The whole run, from the plan to its outcome."""
        self.listen(self.plan.event())
        if self.plan.idle:
            if self.plan.draws:
                self.store.forget_failures()
                if self.settings.force_images:
                    self.store.end_again()
            return self._outcome(None, None)
        if self.settings.force_categories:
            self.store.categories = []  # the file stays until the first new one is there
        await self.store.in_thread(self._prepare)
        name_left_out(self.store, self.plan.left_out, self.plan.refusals, listen=self.listen)
        stopped = await self._work()
        verdict = await self.store.in_thread(
            judge, self.store, wanted=self.plan.target, pictures=self.plan.draws, current=self._pictured
        )
        outcome = self._outcome(stopped, verdict)
        if problem := self._close_books(complete=outcome.complete, stopped=stopped.what if stopped else ""):
            outcome = replace(outcome, stopped=stopped or problem)
        if outcome.complete and self.settings.force_images:
            # Last, and by the store's closing: a run that ends in an error is repeated, and must buy nothing again.
            self.store.end_again()
        return outcome

    def _prepare(self) -> None:
        """What has to be on disk before the first paid call: above all, which provider's folder this is."""
        if self.plan.draws:
            # More pictures may be under way than calls: some are checked and written meanwhile.
            self.store.need_room(2 * self.settings.parallel_image_requests, size=self.settings.image_size)
            if self.settings.force_images:
                self.store.start_again()
        self.store.begin(pictures=self.plan.draws)
        if self.plan.draws:
            self.store.start_failures()
        self._write_report(complete=False)
        self.store.write_schemas()
        self.store.write_back()

    async def _work(self) -> DatagenError | None:
        """Run the stages; returns why they ended early, or None."""
        stopped: DatagenError | None = None
        try:
            if self.plan.categories or self.plan.grows or self.plan.pictures or self.plan.grades:
                await self._stages()
        except BaseExceptionGroup as group:
            ours, others = group.split(DatagenError)
            if others is not None:
                raise others from None
            stopped = _first(ours)
        except DatagenError as error:
            stopped = error
        finally:
            # Plain calls: an interrupt must not be able to cut in between.
            problem = self._close_books(complete=False)
        return stopped or problem

    def _close_books(self, *, complete: bool, stopped: str = "") -> DiskError | None:
        """Put on disk all that is known; returns what the disk answered, so that what was paid is told all the same."""
        try:
            self.store.settle()
            self.store.write_back()
            if self.plan.draws:
                self.store.end_failures()
            self._write_report(complete=complete, stopped=stopped)
        except DiskError as error:
            return error
        return None

    async def _stages(self) -> None:
        """The stages side by side: items start on the first categories, pictures on the first items."""
        from datagen_lib.service.client import Client  # the network: a run with nothing to do needs none of it

        queue = ItemQueue()
        for item in self.plan.pictures:
            queue.put_nowait(item)
        rates = Rates(self.settings, self.store)
        async with Client(self.settings, listen=self.listen, learnt=rates.known()) as client:
            reporter = asyncio.create_task(self._keep_report(client))
            try:
                async with asyncio.TaskGroup() as group:
                    heed = group.create_task(self._heed(client))
                    await self._overlapped(client, queue)
                    heed.cancel()
            finally:
                reporter.cancel()
                with suppress(DiskError):  # what ended the stages matters more
                    rates.keep(client.learnt())

    async def _overlapped(self, client: Client, queue: ItemQueue) -> None:
        async with asyncio.TaskGroup() as group:
            arriving = CategoriesArriving(all_known=not self.plan.categories)
            if self.plan.categories:
                group.create_task(_in_order(client, partial(self._categories, client, arriving)))
            if self.plan.grows or self.plan.grades:
                group.create_task(_in_order(client, partial(self._texts, client, arriving, queue)))
            else:
                queue.put_nowait(None)
            if self.plan.draws:
                group.create_task(_in_order(client, partial(self._images, client, queue)))

    async def _heed(self, client: Client) -> None:
        """Once the end is asked for: make no new call, let those under way end, keep what they bring."""
        await self.stop.wait()
        self.listen(Ending(client.under_way("text"), client.under_way("image"), PATIENCE))
        reason = Interrupted("the run was stopped", hint="Run it again to go on; everything accepted is kept.")
        try:
            async with asyncio.timeout(PATIENCE):
                await client.stop(reason)
        except TimeoutError:
            raise reason from None

    async def _categories(self, client: Client, arriving: CategoriesArriving) -> None:
        await make_categories(
            client,
            self.store,
            listen=self.listen,
            prompt=self.prompts.categories,
            rules=self.prompts.rules,
            on_accepted=lambda _: arriving.announce(),
        )
        arriving.complete()

    async def _texts(self, client: Client, arriving: CategoriesArriving, queue: ItemQueue) -> None:
        """The items, then their grades, while pictures are made."""
        if self.plan.grows:
            await self._items(client, arriving, queue)
        queue.put_nowait(None)
        if self.plan.grades:
            grades = Grades(self.store.disk)
            await grade_items(client, self.store, grades, listen=self.listen, prompt=self.prompts.grades)

    async def _items(self, client: Client, arriving: CategoriesArriving, queue: ItemQueue) -> None:
        await make_items(
            client,
            self.store,
            listen=self.listen,
            prompt=self.prompts.items,
            rules=self.prompts.rules,
            on_accepted=queue.put_nowait if self.plan.draws else lambda _: None,
            arriving=arriving,
            target=self.plan.goal,
        )

    async def _images(self, client: Client, queue: ItemQueue) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(make_thumbnails(self.store, self._landed, sizes=self.settings.thumbnails))
            await make_images(client, self.store, queue, listen=self.listen, refusals=self.plan.refusals)
            self._landed.put_nowait(None)

    def _ungraded(self) -> Iterator[str]:
        """The grades that were asked for and are not there, in words."""
        if self.plan.grades and (left := len(Grades(self.store.disk).missing(self.store.items))):
            yield f"{counted(left, 'item')} without a grade: run again with --grade to ask once more"

    async def _keep_report(self, client: Client) -> None:
        try:
            while True:
                await self._refresh.wait()
                self._refresh.clear()
                await self.store.in_thread(self._write_report, complete=False)
        except DiskError as error:
            client.halted = client.halted or error  # the next call is not made

    def _write_report(self, *, complete: bool, stopped: str = "") -> None:
        document = self.account.document(self.settings, self.store, complete=complete, stopped=stopped)
        self.store.write("run_report.json", json_bytes(document))

    def _outcome(self, stopped: DatagenError | None, verdict: Verdict | None) -> Outcome:
        """How the run ended, by what is on disk; without a verdict, the plan found nothing to do."""
        if verdict is None:
            return Outcome(
                account=self.account,
                categories=self.plan.categories_ready,
                items=self.plan.items_ready,
                wanted=self.plan.target,
                images=self.plan.images_ready,
                stopped=stopped,
                idle=True,
            )
        return Outcome(
            account=self.account,
            categories=verdict.categories,
            items=len(self.store.items),
            wanted=self.plan.target,
            images=verdict.images,
            missing=verdict.missing,
            problems=(*verdict.problems, *self._ungraded()),
            stopped=stopped,
        )


class _Pictured:
    """The ids of the items whose picture is known to be current: those that were, and those made since.

    Args:
        lacking: the items on disk whose picture is not.
    """

    def __init__(self, lacking: Iterable[CatalogItem]) -> None:
        self._lacking = {item.product_id for item in lacking}

    def __call__(self, event: Event) -> None:
        match event:
            case ItemAccepted(item=item):
                self._lacking.add(item.product_id)
            case ImageSaved(item=item):
                self._lacking.discard(item.product_id)
            case _:
                pass

    def __contains__(self, product_id: object) -> bool:
        return product_id not in self._lacking


async def _in_order(client: Client, stage: Callable[[], Awaitable[None]]) -> None:
    """A stage; where it fails, the calls that others have under way end first, since they are paid for."""
    try:
        await stage()
    except DatagenError as error:
        await client.stop(error)


def _first(group: BaseExceptionGroup[DatagenError] | None) -> DatagenError:
    """The error that ended the run: the first in a tree of groups."""
    error: BaseException | None = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, DatagenError)
    return error
