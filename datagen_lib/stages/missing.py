"""Which pictures the folder lacks, and which of those no call is made for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from datagen_lib.events import ImageFailed, Listener
from datagen_lib.folder.items import Items, entry_bytes
from datagen_lib.folder.logs import FAILED, read_log
from datagen_lib.folder.pictures import ImageState, look_at
from datagen_lib.folder.store import Store
from datagen_lib.models import CatalogItem

log = logging.getLogger(__name__)

FILTERED_FOR_GOOD = 3  # refusals of the same prompt, over all runs: then only an edited prompt is asked for
EDIT_PROMPT = "edit its imagePrompt in the catalogue"


@dataclass(frozen=True)
class PicturesNeeded:
    """What the folder says of its pictures.

    Attributes:
        to_make: the items whose picture is missing, broken or made from an older prompt.
        left_out: the items that have no current picture and that no call is made for, each with the reason.
        refusals: how often the filter has refused the prompt that an item has now, by product id.
    """

    to_make: Items = field(default_factory=Items)
    left_out: list[tuple[CatalogItem, str]] = field(default_factory=list)
    refusals: dict[str, int] = field(default_factory=dict)


async def pictures_needed(store: Store, *, force: bool = False) -> PicturesNeeded:
    """Which pictures are to be made; all with `force`, which goes on where an interrupted run stopped.

    A picture that is there and can't be read was paid for, so it is left out. So is one whose prompt the filter has
    refused for good: twice in one run, and once more in a later one.
    """
    if force and not store.state.generation:
        return PicturesNeeded(to_make=Items(store.items))
    needed = PicturesNeeded(refusals={} if force else _refusals(store))

    def look(items: Sequence[CatalogItem]) -> None:
        for item in items:
            if (state := store.image_state(item)) == "current" and (not force or store.made_again(item)):
                continue
            if not force and (reason := _why_left_out(store, item, state, needed.refusals.get(item.product_id, 0))):
                needed.left_out.append((item, reason))
            else:
                needed.to_make.append(entry_bytes(item))

    # In slices, so that an interrupt is noticed between them.
    for start in range(0, len(store.items), 64):
        await asyncio.to_thread(look, store.items[start : start + 64])
    return needed


def _why_left_out(store: Store, item: CatalogItem, state: ImageState, refusals: int) -> str:
    """Why no call is made for an item without a current picture, or ""."""
    if state == "unreadable":
        path = store.image_path(item)
        why = look_at(path, item.image_prompt).why
        return f"its picture can't be read: {why} ({path}). Mend that, or remove it to have it made again"
    if refusals >= FILTERED_FOR_GOOD:
        return f"the filter refused its prompt {refusals} times; {EDIT_PROMPT}, or ask again with --force-images"
    return ""


def _refusals(store: Store) -> dict[str, int]:
    """How often the filter refused each prompt that is still the item's, as the last run's log tells."""
    prompts = {item.product_id: item.image_prompt for item in store.items}
    counts: dict[str, int] = {}
    for record in read_log(store.root / FAILED):
        product_id, count = record.get("productId"), record.get("refusals")
        if isinstance(product_id, str) and isinstance(count, int) and record.get("prompt") == prompts.get(product_id):
            counts[product_id] = count
    return counts


def name_left_out(
    store: Store,
    left_out: Iterable[tuple[CatalogItem, str]],
    refusals: Mapping[str, int],
    *,
    listen: Listener,
) -> None:
    """Name in this run's failed_images.log the items that no call is made for."""
    for item, reason in left_out:
        count = refusals.get(item.product_id)
        more = {} if count is None else {"refusals": count}
        log.warning("no picture of %s: %s", item.name, reason)
        store.log_failure(item, reason=reason, attempts=0, **more)
        listen(ImageFailed(item, reason, 0))
