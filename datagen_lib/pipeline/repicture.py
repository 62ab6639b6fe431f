"""Another picture of one item, kept beside the old one until a person has chosen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from datagen_lib.errors import DatagenError
from datagen_lib.folder.store import Store
from datagen_lib.models import CatalogItem
from datagen_lib.settings import Settings

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

        async with Client(settings) as client:

            async def call() -> Drawn:
                return await client.picture(item.image_prompt)

            await client.persist("image", call, finish=keep)
        path = store.candidate_path(item)
    if not path.is_file():
        raise DatagenError(f"no picture of {item.name!r} came", hint="Try once more, or change its prompt.")
    return path
