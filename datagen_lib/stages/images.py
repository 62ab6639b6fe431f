"""The third stage: a picture of each item, by workers that share one queue and one pace."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from datagen_lib.errors import CallFailed, ContentFiltered, EndpointGaveUp, RunStopped, TransientError
from datagen_lib.events import ImageFailed, ImageSaved, Listener
from datagen_lib.folder.pictures import warm_up
from datagen_lib.folder.store import Store
from datagen_lib.models import CatalogItem
from datagen_lib.prompts import PICTURE_FALLBACK
from datagen_lib.service.client import Client
from datagen_lib.service.drawn import Drawn

log = logging.getLogger(__name__)

FILTERED_TRIES = 2  # the image filter is not deterministic, but hammering it does not help
DEAD_ENDPOINT = 5  # pictures in a row that failed although every retry was used


async def images_to_make(store: Store, *, force: bool = False) -> list[CatalogItem]:
    """The items whose picture is missing, broken or made from an older prompt; all with `force`.

    A run with `force` that was interrupted goes on where it stopped.
    """
    if force and not store.state.generation:
        return list(store.items)

    def look(items: Sequence[CatalogItem]) -> list[CatalogItem]:
        return [
            item for item in items if store.image_state(item) != "current" or (force and not store.made_again(item))
        ]

    # In slices, so that an interrupt is noticed between them.
    slices = [store.items[start : start + 64] for start in range(0, len(store.items), 64)]
    return [item for part in slices for item in await asyncio.to_thread(look, part)]


async def make_images(
    client: Client, store: Store, queue: asyncio.Queue[CatalogItem | None], *, listen: Listener
) -> None:
    """Make a picture of every item in the queue, until None comes out of it.

    A picture that fails for good is named in failed_images.log, and the others go on.

    Raises:
        EndpointGaveUp: five pictures in a row failed although every retry was used.
    """
    stage = _Images(client, store, listen)
    # More workers than calls allowed at once: while some check and write a picture, others wait for the next call.
    workers = 2 * client.settings.parallel_image_requests
    async with asyncio.TaskGroup() as group:
        group.create_task(store.in_thread(warm_up))
        for _ in range(workers):
            group.create_task(stage.work(queue))


class _Images:
    def __init__(self, client: Client, store: Store, listen: Listener) -> None:
        self.client, self.store, self.listen = client, store, listen
        self.failed_in_a_row = 0

    async def work(self, queue: asyncio.Queue[CatalogItem | None]) -> None:
        while (item := await queue.get()) is not None:
            try:
                await self.store.before_picture()
                await self._make(item)
            except RunStopped as error:
                await self.client.stop(error)  # the pictures under way are paid for
        queue.put_nowait(None)  # for the next worker

    async def _make(self, item: CatalogItem) -> None:
        prompt = item.image_prompt or PICTURE_FALLBACK.format(name=item.name)
        attempts = refusals = 0

        async def call() -> Drawn:
            nonlocal attempts
            attempts += 1
            return await self.client.picture(prompt)

        async def keep(drawn: Drawn) -> None:
            size = self.client.settings.image_size
            fetched = None if drawn.b64 else await drawn.fetch()
            await self.store.in_thread(lambda: self.store.save_image(item, fetched or drawn.decode(), size=size))

        while True:
            try:
                await self.client.persist("image", call, finish=keep)
            except ContentFiltered as error:
                refusals += 1
                if refusals < FILTERED_TRIES:
                    continue
                await self._failed(item, error, attempts)
            except CallFailed as error:
                await self._failed(item, error, attempts)
            else:
                self.failed_in_a_row = 0
                self.listen(ImageSaved(item))
            return

    async def _failed(self, item: CatalogItem, error: CallFailed, attempts: int) -> None:
        log.warning("no picture of %s: %s", item.name, error.what)
        await self.store.in_thread(self.store.log_failure, item, reason=error.what, attempts=attempts)
        self.listen(ImageFailed(item, error.what, attempts))
        self.failed_in_a_row = self.failed_in_a_row + 1 if isinstance(error, TransientError) else 0
        if self.failed_in_a_row >= DEAD_ENDPOINT:
            await self.client.stop(
                EndpointGaveUp(
                    f"{DEAD_ENDPOINT} pictures in a row failed; the last one: {error.what}",
                    hint=" ".join(part for part in (error.hint, "Run again to make those that are missing.") if part),
                )
            )
