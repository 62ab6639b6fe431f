"""Another picture of one item, kept beside the old one until a person has chosen."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from datagen_lib.errors import DatagenError
from datagen_lib.folder.store import Store
from datagen_lib.models import CatalogItem
from datagen_lib.service.costs import Bill
from datagen_lib.settings import Settings

from .provenance import Provenance

if TYPE_CHECKING:
    from datagen_lib.service.drawn import Drawn


async def repicture(settings: Settings, item: CatalogItem) -> Path:
    """Make a picture of `item.image_prompt` as a candidate; returns its path.

    Raises:
        FolderError: another provider made the folder's items.
        FolderBusy: a run is at work in the folder.
        DatagenError: the picture can't be had.
    """
    from datagen_lib.service.client import Client  # the network, which a gallery that is only looked at does not need

    with Store.open(settings.output_dir, provider=settings.provider) as store:

        async def keep(drawn: Drawn) -> None:
            data = await drawn.bytes()
            await store.in_thread(store.save_candidate, item, data, size=settings.image_size)

        bill, tries = Bill(), list[CatalogItem]()
        async with Client(settings) as client:

            async def call() -> Drawn:
                tries.append(item)
                return await client.picture(item.image_prompt, bill=bill)

            await client.with_retries("image", call, finish=keep)
        origin = Provenance(settings, store.disk, datetime.now(UTC).isoformat(timespec="seconds"))
        origin.picture("candidate", item.product_id, len(tries), bill.usd)
        path = store.candidate_path(item)
    if not path.is_file():
        raise DatagenError(f"no picture of {item.name!r} came", hint="Try once more, or change its prompt.")
    return path
