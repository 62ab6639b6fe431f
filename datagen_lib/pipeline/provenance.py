"""Writes down where items and pictures come from, as a run's events tell it."""

from __future__ import annotations

from datagen_lib.events import Event, ImageSaved, ItemAccepted, ItemsPaid
from datagen_lib.folder.disk import Disk
from datagen_lib.folder.provenance import add_origin
from datagen_lib.service.endpoints import endpoints
from datagen_lib.settings import Settings


class Provenance:
    """Adds a line to `provenance.jsonl` for what was made. Call it with each event of a run.

    Args:
        settings: whose models these are.
        disk: the output folder's.
        run: when the run began; it names the run.
    """

    def __init__(self, settings: Settings, disk: Disk, run: str) -> None:
        self._disk = disk
        found = endpoints(settings)
        self._text = {"provider": found["text"].provider, "model": found["text"].name, "run": run}
        self._image = {"provider": found["image"].provider, "model": found["image"].name, "run": run}

    def __call__(self, event: Event) -> None:
        match event:
            case ItemAccepted(item=item, batch=batch, attempt=attempt):
                made = {"productId": item.product_id, **self._text, "batch": batch, "attempt": attempt}
                add_origin(self._disk, what="item", **made)
            case ItemsPaid(items=items, cost_usd=cost):
                add_origin(self._disk, what="call", items=[item.product_id for item in items], cost_usd=cost)
            case ImageSaved(item=item, attempts=attempts, cost_usd=cost):
                self.picture("picture", item.product_id, attempts, cost)
            case _:
                pass

    def picture(self, what: str, product_id: str, attempts: int, cost_usd: float) -> None:
        """A picture was made: the item's own ("picture"), or one that may take its place ("candidate")."""
        made = {"productId": product_id, **self._image, "attempts": attempts, "cost_usd": cost_usd}
        add_origin(self._disk, what=what, **made)
