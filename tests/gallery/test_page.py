"""The gallery page, in a browser, from a file: found, filtered, sorted, opened by key, and escaped."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from browsing import chromium, violations
from conftest import png
from PIL import Image, ImageChops
from playwright.sync_api import expect

from datagen_lib.folder.store import Store
from datagen_lib.gallery import write_gallery
from datagen_lib.gallery.chunks import CHUNK
from datagen_lib.gallery.page import gallery_page
from datagen_lib.gallery.sheet import CAPTION, CELL, GAP, MOST, sheets
from datagen_lib.models import OPENINGS, TAIL

EVIL = "<script>document.title='owned'</script>"
NAMES = [EVIL, 'He said "hi" & left', "</script><img src=x onerror=alert(1)>", "Émile Zoë", "Zed"]


def fill(folder: Path, count: int, names: list[str] | None = None) -> Path:
    """A folder with `count` items in two categories; the last one has no picture."""
    (folder / "images").mkdir(parents=True)
    categories = [{"name": "Sea Folk", "slug": "sea-folk"}, {"name": "Night Sky", "slug": "night-sky"}]
    items = []
    for number in range(count):
        key = f"{number:08d}-0000-4000-8000-000000000000"
        name = names[number] if names and number < len(names) else f"Figure Number {number}"
        items.append(
            {
                "productId": key,
                "name": name,
                "description": f"A figure with the number {number} that keeps its lamp lit. It is never far.",
                "category": categories[number % 2]["name"],
                "filename": f"{key}.png",
                "imagePrompt": f"{OPENINGS[0]}, lamp {number}, {TAIL}",
            }
        )
        if number < min(count - 1, 60):
            (folder / "images" / f"{key}.png").write_bytes(png(f"{number}", 64))
    (folder / "categories.json").write_text(json.dumps(categories), encoding="utf-8")
    (folder / "catalog.json").write_text(json.dumps(items), encoding="utf-8")
    return folder


def shown(page: Any) -> list[str]:
    return page.locator(".item .title").all_text_contents()  # those out of sight are not drawn yet


@pytest.mark.browser
def test_search_filter_sort_and_open(tmp_path: Path) -> None:
    """Search as you type, filter by category and flaw, sort, open by click and by key, all from a file."""
    path = write_gallery(fill(tmp_path / "out", 30, NAMES))
    with chromium() as page:
        page.goto(path.as_uri())
        assert len(shown(page)) == 30
        assert "30 of 30 items" in page.inner_text("#count")

        page.keyboard.press("/")
        page.keyboard.type("zoe")
        expect(page.locator(".item")).to_have_count(1)
        assert shown(page) == ["Émile Zoë"]

        page.fill("#search", "")
        page.select_option("#category", "Night Sky")
        assert len(shown(page)) == 15
        page.select_option("#category", "")
        page.select_option("#flaw", "no picture")
        assert shown(page) == ["Figure Number 29"]
        page.select_option("#flaw", "")
        page.select_option("#sort", "name")
        assert shown(page)[-1] == "Zed"

        page.locator(".item").first.focus()
        page.keyboard.press("Enter")
        first = page.inner_text("#name")
        page.keyboard.press("ArrowRight")
        assert page.inner_text("#name") != first
        assert page.inner_text("#place") == "2 of 30"
        assert "of 100" in page.inner_text("#parts")
        page.keyboard.press("Escape")
        assert not page.locator("#details").is_visible()


@pytest.mark.browser
def test_an_item_named_as_a_script_is_shown_as_that(tmp_path: Path) -> None:
    """What a model wrote is text: shown letter by letter, run nowhere."""
    path = write_gallery(fill(tmp_path / "out", 6, NAMES))
    with chromium() as page:
        page.goto(path.as_uri())

        assert shown(page)[:3] == NAMES[:3]
        assert page.title() == "LEGO-style catalogue"
        page.locator(".item").nth(2).click()
        assert page.inner_text("#name") == NAMES[2]
        assert page.locator("img[src='x']").count() == 0


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 390])
def test_the_page_is_accessible(tmp_path: Path, scheme: str, width: int) -> None:
    """axe-core finds nothing, light and dark, on a desk and on a phone, closed and with an item open."""
    path = write_gallery(fill(tmp_path / "out", 8, NAMES))
    with chromium(color_scheme=scheme, viewport={"width": width, "height": 800}) as page:
        page.goto(path.as_uri())
        closed = violations(page)
        page.locator(".item").first.click()
        opened = violations(page)
        wide = page.evaluate("document.documentElement.scrollWidth")

    assert closed == opened == []
    assert wide <= width


@pytest.mark.browser
def test_ten_thousand_items_are_usable(tmp_path: Path) -> None:
    """Of 10,000 items only the first are put on the page; search reaches all, and scrolling brings the next."""
    path = write_gallery(fill(tmp_path / "out", 10_000))
    with chromium() as page:
        page.goto(path.as_uri())
        first = len(shown(page))
        page.fill("#search", "9876")
        expect(page.locator("#count")).not_to_contain_text("10000 of 10000")
        found = shown(page)
        page.fill("#search", "")
        expect(page.locator("#count")).to_contain_text("10000 of 10000")
        page.mouse.wheel(0, 30_000)
        page.locator(".item").nth(first + 1).wait_for(state="attached")

    assert first < 1000
    assert "Figure Number 9876" in found


def test_the_page_asks_nothing_of_the_network(tmp_path: Path) -> None:
    """The page names no address outside its folder, and its policy forbids any."""
    text = gallery_page(Store.peek(fill(tmp_path / "out", 3)))

    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "https://" not in text
    assert "default-src &#39;none&#39;" in text


def test_contact_sheets_name_every_item(tmp_path: Path) -> None:
    """Each sheet is a picture of bounded size, however many items there are."""
    store = Store.peek(fill(tmp_path / "out", MOST + 40))
    made = [Image.open(io.BytesIO(data), formats=["JPEG"]) for data in sheets(store)]

    assert len(made) == 2
    assert all(max(picture.size) < 16_000 for picture in made)
    assert made[0].size[0] > 1000


HOSTILE = [
    EVIL,
    "W" * 80,
    "a b c d e f " * 6,
    "\u202egnp.exe\u202c \u200b\ufeff",
    "漢字カナ한글 العربية עברית",
    "👩\u200d🚀🧑🏽\u200d🎤 🏴\u200d☠️",
    "Z\u0351\u0312\u0313\u0314a\u0351\u0312l\u0351\u0312g\u0351\u0312o",
    "line\nbreak\ttab\r\x07\x1b[31m",
    "\ud800 half a letter",
    "…",
]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_no_name_breaks_a_contact_sheet(tmp_path: Path, name: str) -> None:
    """Whatever an item is called, its sheet is drawn, and the name stays inside its own cell."""
    plain = fill(tmp_path / "plain", 3, ["Abc", "Def", "Ghi"])
    odd = fill(tmp_path / "odd", 3, ["Abc", name, "Ghi"])
    one, other = (
        Image.open(io.BytesIO(b"".join(sheets(Store.peek(folder, validate=False))))).convert("L")
        for folder in (plain, odd)
    )
    differs = ImageChops.difference(one, other).point(lambda level: 255 * (level > 60)).getbbox()

    assert one.size == other.size
    assert differs is None or differs[3] - differs[1] <= CAPTION + GAP
    assert differs is None or differs[2] - differs[0] <= CELL + GAP


@pytest.mark.browser
def test_a_thousand_items_stay_smooth(tmp_path: Path) -> None:
    """With 1,000 items each letter typed puts few elements on the page, and the details walk from end to end."""
    path = write_gallery(fill(tmp_path / "out", 1000))
    with chromium() as page:
        page.goto(path.as_uri())
        drawn = page.locator(".item").count()
        page.fill("#search", "figure")
        expect(page.locator("#count")).to_contain_text("1000 of 1000")
        searched = page.locator(".item").count()
        page.select_option("#sort", "name")
        page.locator(".item").first.click()
        for _ in range(150):  # past what was drawn at first
            page.keyboard.press("ArrowRight")

        assert page.inner_text("#place") == "151 of 1000"
        assert max(drawn, searched) <= 500
        assert page.locator("#picture").count() == 1


# -- a large catalogue -------------------------------------------------------------------------------------------------


def parts(folder: Path) -> dict[str, int]:
    """The gallery's files beside its page, and when each was written."""
    return {path.name: path.stat().st_mtime_ns for path in (folder / "gallery").glob("*")}


def grown(folder: Path, count: int) -> None:
    """The same folder with `count` items."""
    larger = fill(folder.with_name("larger"), count)
    (folder / "catalog.json").write_bytes((larger / "catalog.json").read_bytes())


def test_no_page_grows_with_the_catalogue(tmp_path: Path) -> None:
    """However many items there are, the page and each file beside it hold a thousand at most, all of them together."""
    path = write_gallery(fill(tmp_path / "out", 2 * CHUNK + 500))
    files = [path, *sorted((path.parent / "gallery").iterdir())]
    numbers = [re.findall(r'"place":(\d+)', file.read_text(encoding="utf-8")) for file in files]

    assert [file.name for file in files] == ["index.html", "2.js", "3.js"]
    assert [int(number) for found in numbers for number in found] == list(range(2 * CHUNK + 500))
    assert max(map(len, numbers)) == CHUNK
    assert all(file.stat().st_size < 2_000_000 for file in files)


def test_a_growing_catalogue_writes_its_last_part_only(tmp_path: Path) -> None:
    """Items that are added change no file but the last and the page; a picture that is new changes its own file."""
    folder = fill(tmp_path / "out", 3 * CHUNK + 10)
    write_gallery(folder)
    before = parts(folder)
    grown(folder, 3 * CHUNK + 30)
    write_gallery(folder)
    after = parts(folder)
    key = f"{CHUNK + 5:08d}-0000-4000-8000-000000000000"
    (folder / "images" / f"{key}.png").write_bytes(png("new", 64))
    write_gallery(folder)
    pictured = parts(folder)

    assert {name for name in before if after[name] != before[name]} == {"4.js"}
    assert {name for name in after if pictured[name] != after[name]} == {"2.js"}
    assert f"images/{key}.png" in (folder / "gallery" / "2.js").read_text(encoding="utf-8")


def test_a_catalogue_that_shrinks_leaves_no_part_behind(tmp_path: Path) -> None:
    """A file whose items are gone is removed, and the page does not ask for it."""
    folder = fill(tmp_path / "out", 2 * CHUNK + 10)
    write_gallery(folder)
    grown(folder, CHUNK)
    path = write_gallery(folder)

    assert parts(folder) == {}
    assert ".js" not in path.read_text(encoding="utf-8").split('id="rest">')[1].split("</script>")[0]


@pytest.mark.browser
def test_items_beside_the_page_are_searched_and_said_to_be_lost(tmp_path: Path) -> None:
    """A name written as a script is text in a file beside the page too; a file that is gone is named, the rest shown."""
    folder = fill(tmp_path / "out", 2 * CHUNK + 10)
    items = json.loads((folder / "catalog.json").read_bytes())
    items[CHUNK + 3]["name"] = EVIL
    (folder / "catalog.json").write_text(json.dumps(items), encoding="utf-8")
    path = write_gallery(folder)
    with chromium() as page:
        page.goto(path.as_uri())
        expect(page.locator("#count")).to_have_text("2010 of 2010 items")
        page.fill("#search", "owned")
        expect(page.locator(".item")).to_have_count(1)

        assert shown(page) == [EVIL]
        assert page.title() == "LEGO-style catalogue"
    (folder / "gallery" / "2.js").unlink()
    with chromium(errors=1) as page:  # its console names the file too
        page.goto(path.as_uri())
        expect(page.locator("#count")).to_have_text("1010 of 1010 items, without those in gallery/2.js")
