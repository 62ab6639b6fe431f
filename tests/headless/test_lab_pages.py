"""The pages of a run: an index to send to somebody, links that lead to pages, nothing that needs a kernel."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import numpy as np
import pytest
from browsing import chromium, violations
from conftest import REPOSITORY, VARIABLES, Folder, Result, png
from PIL import Image
from test_lab import datagen_lab, write_notebook

from datagen_lib.headless import times
from datagen_lib.headless.index import Bill, Index
from datagen_lib.headless.page import linked, page, slim, told
from offline_model import start

__all__ = ["datagen_lab"]  # a fixture

RUNS = """
from datagen_lib import Settings, run, run_sync
settings = Settings.load(output_dir=output_dir, target_count=target_count)
run_sync(run(settings, stages=("categories", "items"), limit=2))
"""
DRAWS = RUNS.rsplit("run_sync", maxsplit=1)[0] + "run_sync(run(settings))"


def links(text: str) -> list[str]:
    return re.findall(r'href="([^"]+)"', text)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two notebooks against a service that costs something; the folder of its pages."""
    home = tmp_path_factory.mktemp("run")
    first = write_notebook(home / "notebooks" / "01_categories.ipynb", RUNS)
    write_notebook(home / "notebooks" / "03_images.ipynb", DRAWS)
    notebook = nbformat.read(first, as_version=4)
    notebook.cells[
        0
    ].source = "# Invent the *items*\n\nA `gpt-5` writes\nthem, see [03](03_images.ipynb).\n\n- not this"
    notebook.cells.append(
        nbformat.v4.new_markdown_cell("[next](03_images.ipynb#end), [key](../.env), [x](04_no.ipynb)")
    )
    notebook.cells.append(nbformat.v4.new_markdown_cell("Click the button.", metadata={"tags": ["live"]}))
    nbformat.write(notebook, first)
    (home / "pyproject.toml").touch()
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    command = [sys.executable, "-m", "datagen_lib.headless.command", "--notebooks", "notebooks", "--output-dir", "out"]
    with start(draw=png) as server:
        done = subprocess.run(
            [*command, "-p", "target_count", "4"],
            cwd=home,
            env={**environment, **server.settings, "PYTHONPATH": str(REPOSITORY), "IMAGE_SIZE": "64"},
            capture_output=True,
            text=True,
            check=False,
        )

    assert done.returncode == 0, done.stderr
    folder = Path(done.stdout.strip())
    assert str(folder / "index.html") in done.stderr
    return folder


def test_the_index_says_what_was_made(ran: Path) -> None:
    """Counts, date, who made it, the cost of all runs, pictures with their prompts, and each notebook's own words."""
    text = (ran / "index.html").read_text(encoding="utf-8")
    folder = Folder(ran.parents[1])

    assert "<h1>A catalogue of 4 items</h1>" in text
    for name, value in {"items": "4", "categories": "20", "pictures": "4"}.items():
        assert f"<dt>{name}</dt><dd>{value}</dd>" in text
    cost = float(re.search(r"<dt>cost</dt><dd>\$([\d.]+)</dd>", text)[1])  # type: ignore[index]
    assert cost > folder.report["cost_usd"] > 0  # of both runs, not of the last alone
    assert "Azure OpenAI" in text
    assert '<a href="01_categories.html">01 Invent the items</a>' in text
    assert "<p>A gpt-5 writes them, see 03.</p>" in text
    assert text.count("data:image/webp") == 4
    assert all(item["imagePrompt"] in text for item in folder.catalogue)
    assert "<svg" in text
    assert (ran / "index.html").stat().st_size < 2_000_000


def test_links_between_pages_go_to_pages(ran: Path) -> None:
    """A notebook of this run is its page; a notebook without one, and a file of this machine, are words only."""
    text = (ran / "01_categories.html").read_text(encoding="utf-8")

    assert "03_images.html#end" in links(text)
    assert "index.html" in links(text)
    assert not [link for link in links(text) if link.endswith(".ipynb") or ".env" in link]
    assert ", key, x" in text
    assert "<title>Invent the items</title>" in text


def test_what_makes_sense_live_only_is_not_on_the_page(ran: Path) -> None:
    """A cell tagged `live` is in the executed notebook, and not on its page."""
    assert "Click the button" in (ran / "01_categories.ipynb").read_text(encoding="utf-8")
    assert "Click the button" not in (ran / "01_categories.html").read_text(encoding="utf-8")


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_index_is_fit_to_be_seen(ran: Path, scheme: str, tmp_path: Path) -> None:
    """In a browser, light and dark, wide and narrow: all pictures, no script, no request, nothing that axe finds."""
    with chromium(color_scheme=scheme) as shown:
        asked: list[str] = []
        shown.on("request", lambda request: asked.append(request.url))
        shown.goto((ran / "index.html").as_uri())
        for width in (1200, 390):
            shown.set_viewport_size({"width": width, "height": 900})
            shown.screenshot(path=tmp_path / f"index-{scheme}-{width}.png", full_page=True)
            assert shown.evaluate("document.documentElement.scrollWidth") <= width
            assert shown.locator("img").evaluate_all("all => all.every(one => one.naturalWidth > 0)")
            assert violations(shown) == []

    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_a_run_that_ends_early_has_an_index_that_says_so(datagen_lab: Callable[..., Result], home: Path) -> None:
    """With the reason, and with the pages that there are."""
    write_notebook(home / "notebooks" / "01_categories.ipynb", "print('made 20 categories, honestly')")
    datagen_lab("--notebooks", home / "notebooks", "--output-dir", "out")
    (run,) = (home / "out" / "runs").iterdir()
    text = (run / "index.html").read_text(encoding="utf-8")

    assert "It ended early" in text
    assert "categories.json is not there" in text
    assert "01_categories.html" in links(text)
    assert "<h1>A catalogue</h1>" in text


def test_a_page_that_can_not_be_written_hides_no_reason(
    datagen_lab: Callable[..., Result], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is wrong with the index is said, and what ended the run is said all the same."""

    def broken(self: Index) -> str:
        raise ValueError("no index today")

    monkeypatch.setattr(Index, "page", broken)
    write_notebook(home / "notebooks" / "01_categories.ipynb", "print('made 20 categories, honestly')")
    result = datagen_lab("--notebooks", home / "notebooks", "--output-dir", "out")

    assert result.code == 1
    assert "no index today" in result.err
    assert "categories.json is not there" in result.err


# -- the parts ---------------------------------------------------------------------------------------------------------


def test_a_paragraph_for_the_live_notebook_is_left_out(tmp_path: Path) -> None:
    """That paragraph and no more; one before it, and one after it, stay."""
    source = "# A\n\nfirst\n\n**Click**\nhere.<!-- live -->\n\n- last\n- of all"
    cells = [nbformat.v4.new_markdown_cell(source), nbformat.v4.new_markdown_cell("Zebras<!-- live -->")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "a.ipynb")
    text = page(tmp_path / "a.ipynb")

    assert "<p>first</p>" in text
    assert "<li>of all</li>" in text
    assert not [word for word in ("Click", "here.", "Zebras", "live --") if word in text]


def test_the_bill_adds_up_runs(tmp_path: Path) -> None:
    """A report that was there before counts for nothing; one that is looked at twice counts once; a torn one not."""
    path = tmp_path / "run_report.json"

    def report(started: str, cost: float) -> None:
        path.write_text(json.dumps({"started": started, "seconds": 1, "cost_usd": cost}), encoding="utf-8")

    report("yesterday", 100)
    bill = Bill(tmp_path)
    for started, cost in (("yesterday", 100), ("now", 1.5), ("now", 1.5), ("later", 2)):
        report(started, cost)
        bill.look()
    path.write_text("{", encoding="utf-8")
    bill.look()

    assert bill.usd == 3.5


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ('<a href="02_items.ipynb">x</a>', '<a href="02_items.html">x</a>'),
        (
            '<a class="y" href="./02_items.ipynb#z" target="_blank">x</a>',
            '<a class="y" href="02_items.html#z" target="_blank">x</a>',
        ),
        ('<a href="02_other.ipynb"><b>x</b></a>', "<b>x</b>"),
        ('<a target="_blank" href="../index.html">x</a>', "x"),
        ('<a href="/etc/passwd">x</a>', "x"),
        ('<a href="#here">x</a>', '<a href="#here">x</a>'),
        ('<a href="https://example.org/">x</a>', '<a href="https://example.org/">x</a>'),
        ('<a href="mailto:a@example.org">x</a>', '<a href="mailto:a@example.org">x</a>'),
    ],
)
def test_a_link_leads_to_a_page_or_nowhere(given: str, made: str) -> None:
    """Addresses on the web, and places on the same page, stay."""
    assert linked(given, ["02_items.ipynb"]) == made


def noise(number: int, side: int = 96) -> str:
    """A picture that packs badly, as an address."""
    made = io.BytesIO()
    pixels = np.random.default_rng(number).integers(0, 256, (side, side, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(made, "WEBP", quality=60)
    return f'<img alt="no. {number}" src="data:image/webp;base64,{base64.b64encode(made.getvalue()).decode()}">'


def test_a_page_that_is_small_stays_as_it_is() -> None:
    """Not a byte of it is changed."""
    text = noise(1) + '<img src="data:image/png;base64,iVBORw0KGgo=">'

    assert slim(text) == text


@pytest.mark.parametrize("most", [200_000, 40_000, 12_000])
def test_pictures_shrink_until_the_page_fits(most: int) -> None:
    """All of them stay on the page, with their words; where even small ones are too many, the last are left out."""
    text = "".join(map(noise, range(40))) + '<img alt="odd" src="data:image/png;base64,iVBORw0KGgo=">'
    made = slim(text, most)

    assert len(text) > most >= len(made.encode())
    assert made.count("<img") == 41
    assert all(f'alt="no. {number}"' in made for number in range(40))


def test_the_first_paragraph_is_what_a_notebook_says_of_itself() -> None:
    """Without its marks; a notebook without a heading says nothing."""
    cells = [nbformat.v4.new_code_cell("# no heading"), nbformat.v4.new_markdown_cell("# A `b_c`\n\nd **e**\nf\n\ng")]

    assert told(nbformat.v4.new_notebook(cells=cells)) == ("A b_c", "d e f")
    assert told(nbformat.v4.new_notebook(cells=cells[:1])) == ("", "")


@pytest.mark.parametrize("pictures", [[], [5.0], [float(second) for second in range(2000)]])
def test_the_drawing_says_in_words_what_it_shows(pictures: list[float]) -> None:
    """For whoever does not see it; its size does not grow with the pictures."""
    drawn = times.drawing({"02_items": (0.0, 30.0), "03_images": (31.0, 2100.0)}, pictures)

    assert "02_items 30 s, 03_images 34 min" in drawn
    assert f"{len(pictures):,} new picture" in drawn or "no new picture" in drawn
    assert len(drawn) < 30_000
    assert times.drawing({}, pictures) == ""


def test_a_page_names_what_it_is(tmp_path: Path) -> None:
    """Its title and description are the notebook's, escaped; in a page alone there is no way to an index."""
    cells = [nbformat.v4.new_markdown_cell('# A <"page">\n\nOf & "words".')]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "a.ipynb")
    text = page(tmp_path / "a.ipynb")

    assert re.search(
        r'<meta content="Of &amp; (&quot;|&#34;)words(&quot;|&#34;)\."|content=\'Of &amp; "words"\.\'', text
    )
    assert "index.html" not in links(text)
    assert os.fspath(tmp_path) not in text
