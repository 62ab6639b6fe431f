"""Displays that grow: what one more picture sends, and what a page with many of them comes to."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from datagen_lib.events import ImageSaved, Planned, Progress, Row
from datagen_lib.models import CatalogItem
from datagen_lib.notebook import growing
from datagen_lib.notebook.growing import CHUNK, SHOWN_PICTURES, LiveGallery
from datagen_lib.notebook.live import There


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[int]]:
    """A cell's outputs in order, as they stand, and how many characters each message to the page had."""
    outputs: list[str] = []
    sent: list[int] = []

    def output(first: Any) -> Any:
        place = len(outputs)
        outputs.append(str(first.html))

        def replace(later: Any) -> None:
            outputs[place] = str(later.html)
            sent.append(len(outputs[place]))

        return replace

    monkeypatch.setattr(growing, "output", output)
    monkeypatch.setattr(growing, "thumbnail", lambda *_: b"x" * 2400)
    return outputs, sent


def item(number: int) -> CatalogItem:
    return CatalogItem.model_construct(
        product_id=f"id{number}", name=f"Figure {number}", category="Group", filename=f"id{number}.png"
    )


def test_one_more_picture_sends_its_own_chunk_only(home: Path, page: tuple[list[str], list[int]]) -> None:
    """With 800 pictures no message holds more than a chunk, until the last one, which shows the newest in one flow."""
    outputs, sent = page
    live = LiveGallery(home)
    live(Planned(20, 800, 800, 0, items_wanted=True, images_wanted=True))

    async def watch() -> None:
        live._begin(There([], []))
        for number in range(800):
            live(ImageSaved(item(number)))
            live._hear()
            await live._show()
        while await live._show():
            pass

    asyncio.run(watch())
    most = CHUNK * 4000
    assert max(sent) < most
    shown = sum(output.count("<figure") for output in outputs)
    assert SHOWN_PICTURES - CHUNK <= shown <= SHOWN_PICTURES
    assert f"{800 - shown} earlier pictures not shown here" in "".join(outputs)

    live._finish()
    assert sum(map(len, outputs)) < 2_000_000
    assert sum(output.count("<figure") for output in outputs) == shown
    assert sum(bool(output) and "<figure" in output for output in outputs) == 1


def test_the_bars_hold_no_picture(home: Path, page: tuple[list[str], list[int]]) -> None:
    """What is drawn five times a second is as short at the end as at the start, however many pictures there are."""
    live = LiveGallery(home)
    live(Planned(20, 800, 800, 0, items_wanted=True, images_wanted=True))
    live(Progress((Row("pictures", 799, 800, 60.0, 1.0),)))
    live._hear()

    assert "<img" not in live._html()
    assert len(live._html()) < 3000
