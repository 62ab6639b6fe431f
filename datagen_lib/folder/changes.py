"""What a review changes in a folder: an item's texts, its picture, whether it is there at all.

A run never moves or changes what is in catalog.json; a person may. Each change leaves a backup of the file.
"""

from __future__ import annotations

import json
from collections.abc import Set as AbstractSet
from pathlib import Path

from datagen_lib.models import CatalogItem

from .album import IMAGES, Album
from .catalogue import FINAL
from .items import Items
from .pictures import image_state
from .provenance import add_origin
from .reading import read_json

CANDIDATES = "candidates"


class Changes(Album):
    """The changes that a person asks for. The folder's lock is held meanwhile."""

    def revise(self, item: CatalogItem) -> None:
        """Put `item` in the place of the one with its productId."""
        at = next(at for at, old in enumerate(self.items) if old.product_id == item.product_id)
        self._rewrite([*self.items[:at], item, *self.items[at + 1 :]])

    def drop(self, product_ids: AbstractSet[str]) -> list[CatalogItem]:
        """Take items out of the catalogue; returns them. Their pictures are kept in orphans/."""
        gone = [item for item in self.items if item.product_id in product_ids]
        if gone:
            self.complete -= sum(item.product_id in product_ids for item in self.items[: self.complete])
            self._rewrite([item for item in self.items if item.product_id not in product_ids])
            self._sort_strays()
        return gone

    def candidate_path(self, item: CatalogItem) -> Path:
        """Where the item's other picture is or would be, while nobody has chosen."""
        return self.root / CANDIDATES / item.filename

    def save_candidate(self, item: CatalogItem, data: bytes, *, size: int) -> None:
        """Keep another picture of the item beside the one that it has, marked as every picture is."""
        self.disk.make_folders(CANDIDATES)
        self.disk.write(_asked(item), json.dumps({"prompt": item.image_prompt}).encode())
        self.disk.write(f"{CANDIDATES}/{item.filename}", *self._marked(item, data, size=size))

    def candidate_prompt(self, item: CatalogItem) -> str:
        """The prompt that the item's candidate was made from."""
        asked = read_json(self.disk.path(_asked(item)), default={}, strict=False)
        prompt = asked.get("prompt") if isinstance(asked, dict) else None
        return prompt if isinstance(prompt, str) else item.image_prompt

    def choose_candidate(self, item: CatalogItem, *, new: bool) -> None:
        """Put the item's candidate into its place, with the prompt that made it; or let it go.

        The old picture is kept in replaced/.
        """
        name, prompt = f"{CANDIDATES}/{item.filename}", self.candidate_prompt(item)
        if not new:
            self.disk.remove(name)
            self.disk.remove(_asked(item))
            return
        # The prompt first: cut off after it, `finish_choices` takes the picture that fits it.
        chosen = item.model_copy(update={"image_prompt": prompt})
        if prompt != item.image_prompt:
            self.revise(chosen)
        self._put_in_place(chosen)

    def finish_choices(self) -> None:
        """Finish choices that were cut off: a candidate fits its item, whose own picture does not."""
        waiting = set(self.disk.names(CANDIDATES)) if self.disk.exists(CANDIDATES) else set()
        for at, name in enumerate(self.items.filenames() if waiting else ()):
            if name not in waiting or self.image_state(item := self.items[at]) == "current":
                continue
            if image_state(self.candidate_path(item), item.image_prompt) == "current":
                self._put_in_place(item)

    def _put_in_place(self, item: CatalogItem) -> None:
        self._keep_old(item)
        self.disk.move(f"{CANDIDATES}/{item.filename}", f"{IMAGES}/{item.filename}")
        add_origin(self.disk, what="chosen", productId=item.product_id)
        self.disk.remove(_asked(item))

    def _rewrite(self, items: list[CatalogItem]) -> None:
        """Replace the stored items: those that are finished in catalog.json, the others in the partial file."""
        changed = Items(items)
        self.disk.copy(FINAL, f"{FINAL}.bak")
        if self.complete or self.disk.exists(FINAL):
            self.disk.write_pieces(FINAL, changed.pieces(0, self.complete))
        self.items = changed
        if len(changed) > self.complete:
            self._write_partial()


def _asked(item: CatalogItem) -> str:
    return f"{CANDIDATES}/{item.product_id}.json"
