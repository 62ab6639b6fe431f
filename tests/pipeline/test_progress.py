"""How far a run is: counted once, from its events."""

from __future__ import annotations

from itertools import count

from datagen_lib.command.progress import line
from datagen_lib.events import CallDone, CategoryAccepted, ImageSaved, ItemAccepted, Planned, Retrying
from datagen_lib.models import CatalogItem, Category
from datagen_lib.pipeline.progress import ProgressKeeper

ITEM = CatalogItem.model_construct(product_id="0", filename="0.png", name="A", description="", category="C")


def keeper(plan: Planned, step: float = 1.0) -> ProgressKeeper:
    """A keeper whose clock goes on by `step` seconds each time that it is read."""
    ticks = count()
    return ProgressKeeper(plan, clock=lambda: next(ticks) * step)


def test_rows_begin_at_what_is_there() -> None:
    """Each row counts what earlier runs left, and ends at what is wanted."""
    progress = keeper(Planned(3, 10, 40, 7, items_wanted=True, images_wanted=True))
    progress.after(CategoryAccepted(Category(name="Sea Folk", slug="sea-folk")))
    progress.after(ItemAccepted(ITEM))
    last = progress.after(ImageSaved(ITEM))

    assert [(row.what, row.done, row.wanted) for row in last.rows] == [
        ("categories", 4, 20),
        ("items", 11, 40),
        ("pictures", 8, 40),
    ]


def test_rate_and_time_left_come_from_what_was_made_lately() -> None:
    """A picture every two seconds is 30 a minute, and ten more take 20 s; before three there is no rate."""
    progress = keeper(Planned(20, 20, 20, 0, items_wanted=True, images_wanted=True), step=2.0)
    early = [progress.after(ImageSaved(ITEM)).rows[-1].per_minute for _ in range(2)]
    late = [progress.after(ImageSaved(ITEM)).rows[-1] for _ in range(8)][-1]

    assert early == [None, None]
    assert (late.done, late.per_minute, late.seconds_left) == (10, 30.0, 20.0)


def test_a_log_line_says_it_in_words() -> None:
    """The line of a log names what is done, the time left, the cost and the retries."""
    progress = keeper(Planned(20, 20, 20, 0, items_wanted=True, images_wanted=True), step=60.0)
    for _ in range(4):
        progress.after(ImageSaved(ITEM))
    progress.after(Retrying("image", "busy", 1.0, 1))
    last = progress.after(CallDone("image", True, 9.0, cost_usd=0.5))

    assert line(last).endswith("items 20/20, pictures 4/20, about 27 min left, $0.50, 1 retry")
