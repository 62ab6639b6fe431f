"""The contact sheet and the plots: what can be read, by whom, on which ground, within how much page."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from threading import Event
from typing import Any

import pandas as pd
import pytest
from conftest import png
from PIL import Image

from datagen_lib.notebook import sheet
from datagen_lib.notebook.show import plot_png, side_by_side


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a cell's output was, each time it was drawn."""
    drawn: list[str] = []

    def output(first: Any) -> Any:
        drawn.append(str(first.html))
        return lambda later: drawn.append(str(later.html))

    monkeypatch.setattr(sheet, "output", output)
    return drawn


def catalogue(home: Path, count: int, categories: int = 20) -> pd.DataFrame:
    path = home / "one.png"
    path.write_bytes(png("one"))
    names = [f"Figure <i>{number}</i>" for number in range(count)]
    groups = [f"Group {number % categories:02}" for number in range(count)]
    return pd.DataFrame({"name": names, "category": groups, "image_path": str(path), "has_image": True})


def test_it_is_by_category_and_by_name(home: Path, shown: list[str]) -> None:
    """Each category has its name and its count, each picture its own name below it; one without a picture says so."""
    rows = catalogue(home, 5, categories=2)
    rows.loc[4, ["image_path", "has_image"]] = [str(home / "none.png"), False]
    asyncio.run(sheet.contact_sheet(rows))
    last = shown[-1]

    assert "<b>Group 00</b> (3)" in last
    assert "<b>Group 01</b> (2)" in last
    assert last.count("<figcaption>Figure &lt;i&gt;") == 5
    assert last.count("no picture") == 1
    assert "4 of 5 items have a picture" in last
    assert last.count('tabindex="0"') == 4


@pytest.mark.parametrize("count", [1001, 4400])
def test_it_is_bounded(home: Path, shown: list[str], monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """However many items there are, the page stays below two megabytes and says how many each category leaves out."""
    monkeypatch.setattr(sheet, "thumbnail", lambda *_, **__: b"x" * 1800)
    asyncio.run(sheet.contact_sheet(catalogue(home, count)))

    assert len(shown[-1]) < 2_000_000
    assert 0 < shown[-1].count("<figure") <= 1000
    assert "more</div>" in shown[-1]


def test_a_plot_has_no_ground_and_takes_no_formula() -> None:
    """A plot is readable on white and on black, and a category with two $ stays text."""
    axes = pd.Series([1, 2], index=[r"Under $5 and $\frac{", "Group"]).plot.barh(title="$1 and $2")
    with Image.open(io.BytesIO(plot_png(axes))) as picture:
        corner = picture.convert("RGBA").getpixel((0, 0))

    assert corner[3] == 0  # type: ignore[index]


def test_a_picture_beside_its_prompt(home: Path) -> None:
    """The words that decided are marked, whole words only and escaped; the others are not."""
    path = home / "one.png"
    path.write_bytes(png("one"))
    html = side_by_side(path, "a red hat, <b>reddish</b> coat", ["red", "hat"], title="One").html

    assert html.count("<mark") == 2
    assert "&lt;b&gt;reddish" in html


def test_a_button_opens_the_page_in_the_browser(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No link leads into JupyterLab, which would show it empty; a batch's page has the path alone."""
    opened: list[str] = []
    done = Event()
    monkeypatch.setattr("webbrowser.open", lambda address: (opened.append(address), done.set()))
    page = home / "a catalogue" / "index.html"
    link = sheet.page_link(page)
    shown = link._repr_mimebundle_()
    link.button.click()
    assert done.wait(10)
    monkeypatch.setenv("LAB_CHOICES", str(home / "choices.json"))
    batch = sheet.page_link(page)._repr_mimebundle_()

    assert opened == [page.resolve().as_uri()]
    assert "application/vnd.jupyter.widget-view+json" in shown
    assert "href" not in shown["text/html"]
    assert str(page) in shown["text/plain"]
    assert set(batch) == {"text/html", "text/plain"}
