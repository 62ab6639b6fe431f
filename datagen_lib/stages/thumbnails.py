"""The fourth stage: thumbnails of the pictures, as they land, in the store's threads."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from datagen_lib.folder.store import Store
from datagen_lib.folder.thumbnails import replace
from datagen_lib.models import CatalogItem


async def make_thumbnails(store: Store, landed: asyncio.Queue[CatalogItem | None], *, sizes: Sequence[int]) -> None:
    """Make thumbnails of every item in the queue, one after the other, until None comes out of it.

    A picture has one thread less at most for this, and no call waits for it.
    """
    while (item := await landed.get()) is not None:
        await store.in_thread(replace, store, item, sizes)
