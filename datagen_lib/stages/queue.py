"""The items that wait for their picture: many, where texts come faster than pictures."""

from __future__ import annotations

import asyncio

from datagen_lib.folder.items import entry_bytes, item_of
from datagen_lib.models import CatalogItem


class ItemQueue:
    """Holds its items as lines, which take a third of an object's memory; None ends it."""

    def __init__(self) -> None:
        self._lines: asyncio.Queue[bytes | None] = asyncio.Queue()

    def put_nowait(self, item: CatalogItem | None) -> None:
        """Add an item, or the end."""
        self._lines.put_nowait(None if item is None else entry_bytes(item))

    async def get(self) -> CatalogItem | None:
        """The next item, or None at the end; waits for it."""
        line = await self._lines.get()
        return None if line is None else item_of(line)
