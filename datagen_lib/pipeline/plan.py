"""What a run would do: worked out once, and read by the run, by `--estimate` and by the price table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from datagen_lib.errors import SetupError
from datagen_lib.events import Planned
from datagen_lib.folder.grades import Grades
from datagen_lib.folder.store import Store
from datagen_lib.models import CATEGORY_COUNT, CatalogItem
from datagen_lib.settings import Settings
from datagen_lib.stages.categories import why_not_start_over
from datagen_lib.stages.missing import PicturesNeeded, pictures_needed

Stage = Literal["categories", "items", "images"]
ALL: tuple[Stage, ...] = ("categories", "items", "images")


@dataclass(frozen=True)
class Plan:
    """What is ready, what will be made, and why it can't be, where it can't.

    Attributes:
        folder: the output folder.
        provider: who would make it.
        refused: why this run is refused, or None.
        categories_ready: how many are on disk and as they should be.
        items_ready: the same of items.
        images_ready: the same of pictures.
        categories: how many are still to be made.
        items: how many are still to be made.
        pictures: the items on disk whose picture is to be made, in the catalogue's order.
        left_out: items without a current picture that no call is made for, each with the reason.
        refusals: how often the filter has refused an item's prompt, by product id.
        target: items that the whole catalogue is to have.
        goal: items that this run stops at; less than `target` in a preview.
        finishes: whether catalog.json is still to be written.
        unwritten: files whose content is known and that are not on disk.
        writes: whether the run makes items.
        draws: whether the run makes pictures.
        grades: items that the text model is to grade, new ones among them.
        text_calls: calls to the text model, if every answer is good.
    """

    folder: Path
    provider: str
    refused: SetupError | None
    categories_ready: int
    items_ready: int
    images_ready: int
    categories: int
    items: int
    pictures: Sequence[CatalogItem]
    left_out: tuple[tuple[CatalogItem, str], ...]
    refusals: Mapping[str, int]
    target: int
    goal: int
    finishes: bool
    unwritten: tuple[str, ...]
    writes: bool
    draws: bool
    grades: int
    text_calls: int

    @property
    def images(self) -> int:
        """How many pictures are to be made, those of new items among them."""
        return len(self.pictures) + self.items if self.draws else 0

    @property
    def grows(self) -> bool:
        """Whether the item stage has work: items to make, or the catalogue to finish."""
        return self.items > 0 or self.finishes

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.categories or self.grows or self.pictures or self.unwritten or self.left_out or self.grades)

    def event(self) -> Planned:
        """The plan as listeners hear it, once and first."""
        return Planned(
            categories_ready=self.categories_ready,
            items_ready=self.items_ready,
            items_target=max(self.goal, self.items_ready),
            images_ready=self.images_ready,
            items_wanted=self.writes,
            images_wanted=self.draws,
        )


async def make_plan(
    settings: Settings, store: Store, *, stages: Sequence[Stage] = ALL, limit: int | None = None
) -> Plan:
    """What a run with these settings would do in the folder as it is now.

    Args:
        settings: of the run.
        store: the folder, opened or peeked at.
        stages: those asked for; a stage runs those before it where they are not complete.
        limit: a preview: stop at this many items, or pictures.
    """
    draws = "images" in stages and not settings.dry_run
    writes = "items" in stages or draws
    frozen = settings.resume and store.complete > 0
    target = store.complete if frozen else settings.target_count
    goal = target if limit is None else min(target, limit)
    has = len(store.items)
    items = max(0, goal - has) if writes and not frozen else 0
    categories_ready = 0 if settings.force_categories else len(store.categories)
    categories = max(0, CATEGORY_COUNT - categories_ready)
    needed = await pictures_needed(store, force=settings.force_images) if draws else PicturesNeeded()
    pictures: Sequence[CatalogItem] = needed.to_make
    images_ready = has - len(pictures) - len(needed.left_out) if draws else 0
    if limit is not None:
        pictures = pictures[: max(0, limit - images_ready)]
    refused = store.refusal(
        settings.provider,
        adopt=settings.adopt,
        force_images=settings.force_images and draws,
        replace_paid=settings.replace_paid,
    )
    grades = len(Grades(store.disk).missing(store.items)) + items if settings.grade_with_model and writes else 0
    if refused is None and settings.force_categories:
        refused = why_not_start_over(store)
    return Plan(
        folder=settings.output_dir,
        provider=settings.provider,
        refused=refused,
        categories_ready=categories_ready,
        items_ready=has,
        images_ready=images_ready,
        categories=categories,
        items=items,
        pictures=pictures,
        left_out=tuple(needed.left_out),
        refusals=needed.refusals,
        target=target,
        goal=goal,
        finishes=writes and not frozen and has >= target > store.complete,
        unwritten=tuple(store.unwritten()),
        writes=writes,
        draws=draws,
        grades=grades,
        text_calls=math.ceil(items / settings.batch_size) + bool(categories) + math.ceil(grades / settings.batch_size),
    )
