"""The third stage: a picture of each item, by workers that share one queue and one pace."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from datagen_lib.errors import (
    CallFailed,
    CallRejected,
    ContentFiltered,
    DiskError,
    RunStopped,
    TransientError,
    UnusablePicture,
)
from datagen_lib.events import ImageFailed, ImageSaved, Listener
from datagen_lib.folder.kinds import kind_of
from datagen_lib.folder.pictures import warm_up
from datagen_lib.folder.store import Store
from datagen_lib.models import CatalogItem
from datagen_lib.prompts import PICTURE_FALLBACK
from datagen_lib.service.costs import Bill
from datagen_lib.service.endpoints import endpoints

from .giving_up import GivingUp
from .missing import EDIT_PROMPT
from .probing import Probing
from .queue import ItemQueue

if TYPE_CHECKING:
    from datagen_lib.service.client import Client
    from datagen_lib.service.drawn import Drawn

log = logging.getLogger(__name__)

FILTERED_TRIES = 2  # the image filter is not deterministic, but hammering it does not help
UNUSABLE_TRIES = 2  # answers that can't be used, whatever their faults, before an item is given up


async def make_images(
    client: Client,
    store: Store,
    queue: ItemQueue,
    *,
    listen: Listener,
    refusals: Mapping[str, int] | None = None,
) -> None:
    """Make a picture of every item in the queue, until None comes out of it.

    A picture that fails for good is named in failed_images.log, and the others go on.

    Args:
        client: makes the calls.
        store: the folder.
        queue: the items.
        listen: hears of each picture.
        refusals: how often the filter refused an item's prompt in earlier runs, by product id.

    Raises:
        EndpointGaveUp: the failures are the endpoint's doing; see `giving_up`.
    """
    stage = _Images(client, store, listen, refusals or {})
    # More workers than calls allowed at once: while some check and write a picture, others wait for the next call.
    # The second half starts when a first picture is kept, so that few are paid for where none can be used.
    at_once = client.settings.parallel_image_requests
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(store.in_thread(warm_up))
            for number in range(2 * at_once):
                group.create_task(stage.work(queue, eager=number < at_once))
    finally:
        # A plain call: whatever ends the run, an answer that was put aside is named in the log.
        with suppress(DiskError):
            stage.name_open_ones()


class _Images:
    """What the workers share."""

    def __init__(self, client: Client, store: Store, listen: Listener, refusals: Mapping[str, int]) -> None:
        self.client, self.store, self.listen, self.refusals = client, store, listen, refusals
        blame = endpoints(client.settings)["image"].blame
        self.giving_up = GivingUp(model=blame.model, address=blame.address)
        self.first_kept = asyncio.Event()
        self.probing = Probing()
        self.open: dict[str, _Picture] = {}  # an answer was put aside, and the picture is neither made nor given up

    async def work(self, queue: ItemQueue, *, eager: bool) -> None:
        """Take items until None comes; who is not `eager` begins when a first picture is kept, or none is left."""
        if not eager:
            await self.first_kept.wait()
        while (item := await queue.get()) is not None:
            try:
                await self.store.before_picture()
                await _Picture(self, item).make()
            except RunStopped as error:
                await self.client.stop(error)  # the pictures under way are paid for
        queue.put_nowait(None)  # for the next worker
        self.first_kept.set()

    def name_open_ones(self) -> None:
        """Name the items whose answer was put aside and whose picture was not made when the run ended."""
        for picture in self.open.values():
            picture.note()
            picture.tell()
        self.open.clear()


class _Picture:
    """One item's way to its picture: calls, answers that can't be used, refusals, and how it ended."""

    def __init__(self, stage: _Images, item: CatalogItem) -> None:
        self._stage, self._client, self._store = stage, stage.client, stage.store
        self._item = item
        self._prompt = item.image_prompt if item.image_prompt.strip() else PICTURE_FALLBACK.format(name=item.name)
        self._attempts = self._refusals = self._unusable = 0
        self._bill = Bill()
        self._refused_before = stage.refusals.get(item.product_id, 0)
        self._error = CallFailed("no picture came")  # the last one
        self._file = ""  # where its bytes lie
        self._broken = b""

    async def make(self) -> None:
        """Ask until the picture is there, or is given up and named in failed_images.log."""
        if problem := _unsendable(self._prompt):
            await self._fail(CallRejected(f"{problem}; {EDIT_PROMPT}"))
            return
        while True:
            try:
                async with self._stage.probing.turn():
                    await self._client.with_retries("image", self._call, finish=self._keep)
            except CallFailed as error:
                if await self._asks_again(error):
                    continue
                await self._fail(error)
            else:
                self._stage.open.pop(self._item.product_id, None)
                self._stage.giving_up.picture_saved()
                self._stage.probing.proven()
                self._stage.first_kept.set()
                self._stage.listen(ImageSaved(self._item, self._attempts, self._bill.usd))
            return

    async def _call(self) -> Drawn:
        self._attempts += 1
        try:
            return await self._client.picture(self._prompt, bill=self._bill)
        except UnusablePicture as error:
            await self._put_aside(error)
            raise
        except ContentFiltered as error:
            if error.paid:
                self._stage.probing.doubt()
            raise

    async def _keep(self, drawn: Drawn) -> None:
        try:
            fetched = None if drawn.b64 else await drawn.fetch()
            await self._store.in_thread(self._save, drawn, fetched)
        except UnusablePicture as error:
            await self._put_aside(error)
            raise

    def _save(self, drawn: Drawn, fetched: bytes | None) -> None:
        """Decode the answer and put the picture in its place: for a thread."""
        data = fetched or drawn.decode()
        try:
            self._store.save_image(self._item, data, size=self._client.settings.image_size)
        except TransientError as error:
            self._broken = data
            self._stage.giving_up.check_broken(data, error)
            raise

    async def _put_aside(self, error: UnusablePicture) -> None:
        """Keep what was paid for. It is part of the call under way, so that an ending run waits for it."""
        self._error, self._unusable = error, self._unusable + 1
        self._stage.probing.doubt()
        self._stage.open[self._item.product_id] = self
        if error.paid:
            await self._keep_bytes(error.paid)

    async def _keep_bytes(self, data: bytes) -> None:
        ending = kind_of(data).ending
        self._file = await self._store.in_thread(self._store.keep_unusable, self._item, data, ending=ending)

    async def _asks_again(self, error: CallFailed) -> bool:
        """Whether one more call may bring what this one did not; ends the run where no call will."""
        if isinstance(error, ContentFiltered):
            self._refusals += 1
            return self._refusals < FILTERED_TRIES and not self._refused_before and not error.paid
        if isinstance(error, UnusablePicture):
            if reason := self._stage.giving_up.after_unusable(error, self._file):
                await self._client.stop(reason)
            # A new call would bring another address of the same place.
            return self._unusable < UNUSABLE_TRIES and error.fault != "address"
        return False

    async def _fail(self, error: CallFailed) -> None:
        self._error = error
        if isinstance(error, TransientError) and self._broken:
            await self._keep_bytes(self._broken)
        self._stage.open.pop(self._item.product_id, None)
        await self._store.in_thread(self.note)
        self.tell()
        if reason := self._stage.giving_up.after_failure(error):
            await self._client.stop(reason)

    def note(self) -> None:
        """Name the item in failed_images.log, with what is known."""
        more: dict[str, object] = {"file": self._file} if self._file else {}
        if isinstance(self._error, UnusablePicture):
            more["fault"] = self._error.fault
        if isinstance(self._error, ContentFiltered):
            more["refusals"] = self._refused_before + self._refusals
        self._store.log_failure(self._item, reason=self._error.what, attempts=self._attempts, **more)

    def tell(self) -> None:
        """Let listeners know that there is no picture."""
        log.warning("no picture of %s: %s", self._item.name, self._error.what)
        self._stage.listen(ImageFailed(self._item, self._error.what, self._attempts))


def _unsendable(prompt: str) -> str:
    """Why no service can take this prompt, or ""; asking would fail, and may cost."""
    if "\0" in prompt:
        return "its prompt holds a NUL character"
    try:
        prompt.encode()
    except UnicodeEncodeError:
        return "its prompt holds half a character (a lone surrogate)"
    return ""
