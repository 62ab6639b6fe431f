"""The stages joined and overlapped: items start on the first categories, pictures on the first items."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from datagen_lib.errors import DatagenError
from datagen_lib.events import Event, ImageSaved, Listener, Planned, ignore
from datagen_lib.folder.store import Store, json_bytes
from datagen_lib.models import CATEGORY_COUNT, CatalogItem
from datagen_lib.prompts import CATEGORIES, ITEMS, Prompt
from datagen_lib.service.client import Client
from datagen_lib.settings import Settings
from datagen_lib.stages.categories import make_categories, start_over
from datagen_lib.stages.images import images_to_make, make_images
from datagen_lib.stages.items import Coming, make_items

from .account import Account

Stage = Literal["categories", "items", "images"]
ALL: tuple[Stage, ...] = ("categories", "items", "images")


@dataclass(frozen=True)
class Prompts:
    """The texts of a run; pass edited ones to try a change without touching the library."""

    categories: Prompt = CATEGORIES
    items: Prompt = ITEMS


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        account: what it did.
        categories, items, images: what is on disk now.
        wanted: items that were to be there.
        missing: the items without a current picture (none where no pictures were wanted).
        stopped: why the run ended early, or None.
        idle: whether there was nothing to do.
    """

    account: Account
    categories: int
    items: int
    wanted: int
    images: int
    missing: Sequence[CatalogItem] = field(default=())
    stopped: DatagenError | None = None
    idle: bool = False

    @property
    def complete(self) -> bool:
        return self.stopped is None and self.items >= self.wanted and not self.missing and not self.account.failed


async def run(
    settings: Settings,
    *,
    listen: Listener = ignore,
    prompts: Prompts | None = None,
    stages: Sequence[Stage] = ALL,
    limit: int | None = None,
) -> Outcome:
    """Make what the output folder still lacks: categories, items, pictures.

    Args:
        settings: from `Settings.load`.
        listen: hears of everything that happens.
        prompts: other texts than the library's.
        stages: which to run; a stage runs those before it where they are not complete. DRY_RUN takes images out.
        limit: a preview: stop at this many items, or pictures, in the folder; a later run goes on from them.

    Returns:
        How it ended; a run that had to stop says why in `stopped`, with everything accepted on disk.

    Raises:
        SetupError: the folder can't be used, or holds something invalid. Nothing was called.
    """
    with await asyncio.to_thread(
        Store.open, settings.output_dir, provider=settings.provider, validate=not settings.no_validate
    ) as store:
        return await _Run(settings, store, listen, prompts or Prompts(), stages, limit).go()


class _Run:
    def __init__(
        self,
        settings: Settings,
        store: Store,
        listen: Listener,
        prompts: Prompts,
        stages: Sequence[Stage],
        limit: int | None,
    ) -> None:
        self.settings, self.store, self.prompts, self.limit = settings, store, prompts, limit
        self.draws = "images" in stages and not settings.dry_run
        self.writes = "items" in stages or self.draws
        self.account = Account()
        self._listen = listen
        self._refresh = asyncio.Event()
        self._pictured: set[str] = set()
        self.frozen = settings.resume and store.complete > 0
        self.wanted = store.complete if self.frozen else settings.target_count

    def listen(self, event: Event) -> None:
        self.account(event)
        if isinstance(event, ImageSaved):
            self._pictured.add(event.item.product_id)
        if self.account.refreshes(event):
            self._refresh.set()
        self._listen(event)

    async def go(self) -> Outcome:
        settings, store = self.settings, self.store
        if settings.force_categories:
            start_over(store)
        pictures = await images_to_make(store, force=settings.force_images) if self.draws else []
        stale = {item.product_id for item in pictures}
        self._pictured = {item.product_id for item in store.items} - stale
        ready = len(store.items) - len(pictures)
        wanted = self.wanted if self.limit is None else min(self.wanted, self.limit)
        grows = self.writes and not self.frozen and len(store.items) < wanted
        finishes = self.writes and not self.frozen and len(store.items) >= self.wanted > store.complete
        invents = not self.frozen and not store.items and len(store.categories) < CATEGORY_COUNT
        if self.limit is not None:
            pictures = pictures[: max(0, self.limit - ready)]
        self.listen(
            Planned(
                categories_ready=len(store.categories),
                items_ready=len(store.items),
                items_target=max(wanted, len(store.items)),
                images_ready=ready,
                images_wanted=self.draws,
            )
        )
        if not (grows or finishes or invents or pictures):
            if self.draws and not self._missing():
                store.forget_failures()
            return await self._outcome(None, idle=True)
        stopped: DatagenError | None = None
        await store.in_thread(self._prepare)
        try:
            await self._stages(pictures, invents=grows or invents, grows=grows or finishes)
        except BaseExceptionGroup as group:
            ours, others = group.split(DatagenError)
            if others is not None:
                raise others from None
            stopped = _first(ours)
        except DatagenError as error:
            stopped = error
        finally:
            # Plain calls: an interrupt must not be able to cut in between.
            store.drain()
            if self.draws:
                store.end_failures()
            self._write_report(complete=False)
        outcome = await self._outcome(stopped)
        self._write_report(complete=outcome.complete, stopped=stopped.what if stopped else "")
        return outcome

    def _prepare(self) -> None:
        """What has to be on disk before the first paid call: above all, which provider's folder this is."""
        if self.draws:
            self.store.start_failures()
        self._write_report(complete=False)
        self.store.write_schemas()
        if self.store.categories and not (self.store.root / "categories.json").exists():
            self.store.save_categories(self.store.categories)

    async def _stages(self, pictures: Sequence[CatalogItem], *, invents: bool, grows: bool) -> None:
        queue: asyncio.Queue[CatalogItem | None] = asyncio.Queue()
        for item in pictures:
            queue.put_nowait(item)
        async with Client(self.settings, listen=self.listen) as client:
            reporter = asyncio.create_task(self._keep_report())
            try:
                async with asyncio.TaskGroup() as group:
                    coming = Coming(all_known=len(self.store.categories) >= CATEGORY_COUNT)
                    if invents and not coming.all_known:
                        group.create_task(self._categories(client, coming))
                    if grows:
                        group.create_task(self._items(client, coming, queue))
                    else:
                        queue.put_nowait(None)
                    if self.draws:
                        group.create_task(make_images(client, self.store, queue, listen=self.listen))
            finally:
                reporter.cancel()

    async def _categories(self, client: Client, coming: Coming) -> None:
        await make_categories(
            client, self.store, listen=self.listen, prompt=self.prompts.categories, take=lambda _: coming.tell()
        )
        coming.tell(all_known=True)

    async def _items(self, client: Client, coming: Coming, queue: asyncio.Queue[CatalogItem | None]) -> None:
        await make_items(
            client,
            self.store,
            listen=self.listen,
            prompt=self.prompts.items,
            take=queue.put_nowait,
            coming=coming,
            target=self.limit,
        )
        queue.put_nowait(None)

    async def _keep_report(self) -> None:
        while True:
            await self._refresh.wait()
            self._refresh.clear()
            await self.store.in_thread(self._write_report, complete=False)

    def _write_report(self, *, complete: bool, stopped: str = "") -> None:
        document = self.account.document(self.settings, self.store, complete=complete, stopped=stopped)
        self.store.write("run_report.json", json_bytes(document))

    def _missing(self) -> list[CatalogItem]:
        """The items without a current picture: those that had one at the start, or got one since, are known."""
        return [item for item in self.store.items if item.product_id not in self._pictured]

    async def _outcome(self, stopped: DatagenError | None, *, idle: bool = False) -> Outcome:
        missing = [] if idle or not self.draws else self._missing()
        return Outcome(
            account=self.account,
            categories=len(self.store.categories),
            items=len(self.store.items),
            wanted=self.wanted,
            images=len(self.store.items) - len(missing) if self.draws else 0,
            missing=missing,
            stopped=stopped,
            idle=idle,
        )


def _first(group: BaseExceptionGroup[DatagenError] | None) -> DatagenError:
    """The error that ended the run: the first in a tree of groups."""
    error: BaseException | None = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, DatagenError)
    return error
