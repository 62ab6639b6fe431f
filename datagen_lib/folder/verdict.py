"""Whether the folder on disk is whole, by the contract: read from the files, not from what a run remembers."""

from __future__ import annotations

from collections.abc import Container
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from operator import ne

from datagen_lib.errors import SetupError
from datagen_lib.models import CATEGORY_COUNT, CatalogItem

from .album import IMAGES
from .catalogue import CATEGORIES, FINAL
from .store import Store


@dataclass(frozen=True)
class Verdict:
    """What the folder holds and lacks.

    Attributes:
        categories: how many are there and as they should be.
        items: the same, of catalog.json.
        images: the same, of the items' pictures.
        missing: the items without a current picture; none where no pictures are wanted.
        problems: what keeps the folder from being whole, each in words, the missing pictures left out.
    """

    categories: int
    items: int
    images: int
    missing: tuple[CatalogItem, ...]
    problems: tuple[str, ...]

    @property
    def complete(self) -> bool:
        return not self.problems and not self.missing


def judge(store: Store, *, wanted: int, pictures: bool, current: Container[str] = frozenset()) -> Verdict:
    """Read the folder anew and compare it with the contract, and with what `store` knows.

    Args:
        store: the folder as the run knows it.
        wanted: items that catalog.json should hold.
        pictures: whether each item needs its picture.
        current: ids of the items whose picture was looked at or made by this run; of those only the file must be there.
    """
    problems: list[str] = []
    found = Store(store.root, validate=store.validates)
    found.items = store.items  # what is the same is in memory once
    try:
        found.load()
    except SetupError as error:
        problems.append(error.what)
    names = [name for name in (CATEGORIES, FINAL) if not store.disk.exists(name)]
    problems += [f"{name} is not there" for name in names if name == CATEGORIES or wanted]
    if not problems:
        if len(found.categories) < CATEGORY_COUNT:
            problems.append(f"{CATEGORIES} holds {len(found.categories)} categories, not {CATEGORY_COUNT}")
        if found.complete < wanted:
            problems.append(f"{FINAL} holds {found.complete} items, not {wanted}")
        if len(found.items) != len(store.items) or any(map(ne, found.items.ids(), store.items.ids())):
            problems.append(f"the items in {store.root} were changed by someone else while the run was at work")
    if not problems:
        found.keep_proof()
    missing: tuple[CatalogItem, ...] = ()
    if pictures:
        there = set(store.disk.names(IMAGES))
        missing = tuple(item for item in store.items if not _has_picture(store, item, there, current))
    return Verdict(
        categories=len(found.categories),
        items=found.complete,
        images=len(store.items) - len(missing) if pictures else 0,
        missing=missing,
        problems=tuple(problems),
    )


def _has_picture(store: Store, item: CatalogItem, there: AbstractSet[str], current: Container[str]) -> bool:
    if item.product_id in current:
        return item.filename in there
    return store.image_state(item) == "current"
