"""The notebooks as an attendee meets them: JupyterLab, started here, in headless Chromium.

Each notebook is opened, a value changed in its form, everything below run, and the result read from the page and from
the output folder. Screenshots land in the test's temporary folder, whose path is printed, to be looked at.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from browsing import CHROMIUM, FLAGS
from conftest import REPOSITORY, VARIABLES, Folder

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PATIENCE = 120_000  # ms for anything on a page: a loaded machine is slow, not wrong
DONE = """() => {
    const cells = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(prompt => prompt.textContent);
    return cells.some(text => /\\d/.test(text)) && !cells.some(text => text.includes('*'));
}"""


@dataclass
class Lab:
    """A running JupyterLab."""

    address: str
    token: str
    home: Path

    @property
    def folder(self) -> Folder:
        return Folder(self.home / "out")

    @property
    def choices(self) -> Path:
        """What notebook 00 keeps for the others."""
        return self.home / "notebooks" / "lab" / "choices.json"


class Page:
    """One notebook in the browser."""

    def __init__(self, page: Any, lab: Lab, name: str) -> None:
        self.page, self.lab, self.name = page, lab, name
        page.set_default_timeout(PATIENCE)
        page.goto(f"{lab.address}/lab/tree/{name}?token={lab.token}&reset")
        page.wait_for_selector(".jp-NotebookPanel .jp-MarkdownOutput h1")
        # The circle in the toolbar is idle too while there is no kernel yet; the status bar tells them apart.
        page.get_by_text(re.compile(r"Python 3 .*\| Idle")).wait_for()

    def cell(self, text: str) -> Any:
        """The code cell that holds this text."""
        return self.page.locator(".jp-CodeCell").filter(has_text=text).first

    def command(self, name: str, *, wait: bool = True) -> None:
        """Click an entry of the Run menu, and wait until nothing runs any more."""
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.locator(f'[data-command="{name}"]').click()
        if wait:
            self.page.wait_for_function(DONE)

    def run_form(self) -> None:
        """Run everything down to the form, and select the cell below it."""
        self.cell("form = settings_form(").locator(".jp-InputPrompt").click()
        self.command("notebook:run-all-above")
        self.command("runmenu:run")
        self.field("output_dir").wait_for()

    def run_below(self) -> None:
        """Run the cell below the form, and all below it."""
        self.page.locator(".jp-CodeCell").nth(self.form_index + 1).locator(".jp-InputPrompt").click()
        self.command("notebook:run-all-below")

    @property
    def form_index(self) -> int:
        sources = self.page.locator(".jp-CodeCell .jp-InputArea").all_inner_texts()
        return next(index for index, source in enumerate(sources) if "form = settings_form(" in source)

    def field(self, name: str) -> Any:
        """The widget of one field of the form."""
        label = self.page.locator(".widget-label").get_by_text(name, exact=True)
        return self.page.locator(".widget-inline-hbox").filter(has=label).first

    def type(self, name: str, value: str) -> None:
        """Type a value into a field, as a person does, and leave the field."""
        box = self.field(name).locator("input")
        box.fill(value)
        while box.input_value() != value:  # the kernel's answer to the change before came between
            box.fill(value)
        box.press("Tab")

    def drag(self, name: str, pixels: int) -> None:
        """Drag a field's slider to the right."""
        handle = self.field(name).locator(".noUi-handle")
        handle.scroll_into_view_if_needed()
        place = handle.bounding_box()
        x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + pixels / 2, y, steps=4)
        self.page.mouse.move(x + pixels, y, steps=4)
        self.page.mouse.up()

    @property
    def said(self) -> str:
        """All that the outputs say."""
        return "\n".join(self.page.locator(".jp-OutputArea-output").all_inner_texts())

    def changed(self, name: str) -> str:
        """The value that the form says was changed to, once it says so."""
        note = self.page.get_by_text(re.compile(rf"Changed here:.*{name} = "))
        return str(re.search(rf"{name} = ([^,.]+)", note.first.inner_text())[1])

    def errors(self) -> list[str]:
        """What stands on red ground: the errors of cells, and anything on standard error."""
        return list(self.page.locator('[data-mime-type="application/vnd.jupyter.stderr"]').all_inner_texts())

    def check(self) -> None:
        """Assert that every cell ran without an error and every widget was drawn, and keep a picture of the page."""
        self.photograph()
        prompts = self.page.locator(".jp-CodeCell .jp-InputPrompt").all_inner_texts()

        assert not self.errors()
        assert all(re.search(r"\d", prompt) for prompt in prompts), prompts
        assert not re.search(r"Error displaying widget|Loading widget|model not found", self.said)
        assert self.page.locator(".jupyter-widgets").count() > 3
        assert all(
            self.page.locator(".jp-OutputArea-output img").evaluate_all("all => all.map(img => img.naturalWidth > 0)")
        )

    def photograph(self) -> None:
        """A picture of the whole notebook, however long."""
        path = self.lab.home / "screenshots" / f"{Path(self.name).stem}.png"
        path.parent.mkdir(exist_ok=True)
        height = self.page.locator(".jp-WindowedPanel-viewport").evaluate("panel => panel.scrollHeight")
        self.page.set_viewport_size({"width": 1280, "height": min(int(height) + 130, 16_000)})
        self.page.locator(".jp-WindowedPanel-outer").evaluate("panel => panel.scrollTo(0, 0)")
        self.page.wait_for_timeout(500)
        self.page.screenshot(path=path)
        sys.stdout.write(f"\nscreenshot: {path}")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab on a port of its own, over copies of the notebooks, with nothing of this user's or machine's settings."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on the PATH (chromium, chromium-browser or google-chrome); apt-get install chromium")
    pytest.importorskip("jupyterlab", reason="JupyterLab is not installed (uv sync --group dev)")
    home = tmp_path_factory.mktemp("browser")
    shutil.copytree(REPOSITORY / "notebooks", home / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    # All cells are on the page at once, so that a test finds them; and no question about news in the corner.
    for plugin, settings in {
        "notebook-extension/tracker": {"windowingMode": "none"},
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    }.items():
        path = home / "settings" / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(settings), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = Lab(f"http://127.0.0.1:{port}", secrets.token_hex(16), home)
    with (home / "jupyter.log").open("wb") as log:
        process = subprocess.Popen(_server(running, port), env=_environment(home), stdout=log, stderr=log, cwd=home)
    try:
        _wait_for(running, process)
        yield running
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=30)
        process.kill()
        process.wait()


def _server(lab: Lab, port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={lab.token}",
        f"--ServerApp.root_dir={lab.home / 'notebooks'}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
        "OUTPUT_DIR": "out",
    }
    return kept | {name: str(home / folder) for name, folder in folders.items()} | {"IMAGE_SIZE": "256"}


def _wait_for(lab: Lab, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < until and process.poll() is None:
        with suppress(URLError, OSError), urlopen(f"{lab.address}/api/status?token={lab.token}", timeout=5):
            return
        time.sleep(0.3)
    pytest.fail((lab.home / "jupyter.log").read_text(encoding="utf-8", errors="replace"))


@pytest.fixture(scope="module")
def browser(lab: Lab) -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def tab(browser: Any, lab: Lab) -> Iterator[Any]:
    """A new window; nothing in it may ask for an address off this machine."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if _is_elsewhere(request.url, lab) else None)
    yield page
    context.close()

    assert not asked


def _is_elsewhere(url: str, lab: Lab) -> bool:
    return not url.startswith((lab.address, lab.address.replace("http:", "ws:"), "data:", "blob:"))


def test_set_up(lab: Lab, tab: Any) -> None:
    """00: the form refuses 0 in words, the price follows it, the probe's picture shows, and the choice is kept."""
    existed = lab.folder.path.exists()
    page = Page(tab, lab, "00_set_up.ipynb")
    page.run_form()
    page.type("target_count", "0")
    tab.get_by_text("Not taken:").wait_for()
    page.type("target_count", "7")
    tab.get_by_text("target_count = 7").wait_for()
    page.field("image_quality").locator("select").select_option("low")
    tab.get_by_text("target_count = 7, image_quality = low").wait_for()
    page.run_below()
    page.check()
    price = page.cell("follow(form, price_table)").locator(".jp-OutputArea-output").last

    assert "7" in price.inner_text()
    assert page.said.count("pass") >= 2
    assert tab.get_by_alt_text("The picture of: Photorealistic").count() == 1
    assert json.loads(lab.choices.read_text(encoding="utf-8")) == {"target_count": 7, "image_quality": "low"}
    lab.choices.unlink()

    page.type("target_count", "12345")
    price.get_by_text(re.compile("12,?345")).first.wait_for()
    tab.get_by_role("button", name="Back to the start values").click()
    tab.get_by_text("Changed here:").wait_for(state="hidden")

    assert page.field("target_count").locator("input").input_value() == "40"
    assert lab.folder.path.exists() == existed


def test_categories(lab: Lab, tab: Any) -> None:
    """01: a slider moved changes the settings of the run below it, which makes 20 categories."""
    page = Page(tab, lab, "01_categories.ipynb")
    page.run_form()
    page.drag("max_retries", 60)
    retries = int(page.changed("max_retries"))
    page.run_below()
    page.check()

    assert retries > 5
    assert lab.folder.report["settings"]["max_retries"] == retries
    assert len(lab.folder.categories) == 20
    assert all(category["name"] in page.said for category in lab.folder.categories)


def test_items(lab: Lab, tab: Any) -> None:
    """02: the number in the form is the number of items made; Run All keeps it and makes nothing twice."""
    page = Page(tab, lab, "02_items.ipynb")
    page.run_form()
    page.type("target_count", "6")
    page.run_below()
    page.check()
    before = lab.folder.contents()

    assert len(lab.folder.catalogue) == 6

    page.command("runmenu:run-all")

    assert page.changed("target_count") == "6"
    assert not page.errors()
    assert lab.folder.contents() == before


def test_images(lab: Lab, tab: Any) -> None:
    """03: as many pictures as the form says, with as many calls at once; they are on the page."""
    page = Page(tab, lab, "03_images.ipynb")
    page.run_form()
    page.type("target_count", "6")
    page.drag("parallel_image_requests", 20)
    at_once = int(page.changed("parallel_image_requests"))
    page.run_below()
    page.check()

    assert at_once > 4
    assert lab.folder.report["settings"]["parallel_image_requests"] == at_once
    lab.folder.check(at_least=6, size=256)
    assert page.cell("LiveGallery(settings.output_dir, size=256, most=2)").locator("img").count() == 2
    everything = page.cell("LiveGallery(settings.output_dir)")
    assert everything.locator("img").count() == 6
    assert "2 of 6 pictures were here already; this run added 4." in everything.inner_text()
    assert tab.locator("mark").count() > 2


@pytest.mark.parametrize("way", ["button", "kernel"])
def test_stop(lab: Lab, tab: Any, way: str) -> None:
    """Stop stays in view while pictures land; it, or an interrupt, ends a run in words; run again, the cell goes on."""
    page = Page(tab, lab, "03_images.ipynb")
    folder = Folder(lab.home / f"stopped by {way}")
    page.run_form()
    page.type("output_dir", str(folder.path))
    page.type("target_count", "60")
    cell = page.cell("LiveGallery(settings.output_dir)")
    cell.locator(".jp-InputPrompt").click()
    page.command("runmenu:run", wait=False)
    cell.locator("img").nth(20).wait_for()
    stop = cell.get_by_role("button", name="Stop").bounding_box()
    if way == "button":
        cell.get_by_role("button", name="Stop").click()
    else:
        tab.locator('.jp-NotebookPanel-toolbar [data-command="notebook:interrupt-kernel"]').click()
    tab.wait_for_function(DONE)
    made = len(folder.pictures)

    assert 100 < stop["y"] < tab.viewport_size["height"] - stop["height"], "the bars above it, or it, left the window"
    assert len(page.errors()) == 1
    assert "Run this cell again" in page.errors()[0]
    assert "Traceback" not in page.errors()[0]
    assert 3 <= made < 60

    page.type("target_count", str(len(folder.partial or folder.catalogue)))
    cell.locator(".jp-InputPrompt").click()
    page.command("runmenu:run")

    assert not page.errors()
    assert len(folder.pictures) == len(folder.catalogue)


def test_inspect(lab: Lab, tab: Any) -> None:
    """04: another folder in the form is the folder inspected; what is not there is made first."""
    lab.choices.parent.mkdir(exist_ok=True)
    lab.choices.write_text('{"target_count": 5}', encoding="utf-8")
    page = Page(tab, lab, "04_inspect.ipynb")
    page.run_form()
    page.type("output_dir", str(lab.home / "another"))
    page.run_below()
    page.check()
    lab.choices.unlink()
    folder = Folder(lab.home / "another")

    assert len(folder.catalogue) == 5
    assert "5 of 5 items have a picture" in page.said
    assert all(item["description"] in page.said for item in folder.catalogue[:2])

    sheet = page.cell("await contact_sheet(catalogue)")
    figure = sheet.locator("figure").first
    small = figure.locator("img").bounding_box()["width"]
    figure.click()
    assert figure.locator("img").bounding_box()["width"] > 2 * small


def test_a_page_loaded_again_in_mid_run(lab: Lab, tab: Any) -> None:
    """A notebook that is saved and loaded again while a run is at work shows the end of the run all the same."""
    page = Page(tab, lab, "03_images.ipynb")
    folder = Folder(lab.home / "loaded again")
    page.run_form()
    page.type("output_dir", str(folder.path))
    page.type("target_count", "60")
    cell = page.cell("LiveGallery(settings.output_dir)")
    cell.locator(".jp-InputPrompt").click()
    page.command("runmenu:run", wait=False)
    cell.locator("img").nth(2).wait_for()
    tab.keyboard.press("Control+s")
    tab.wait_for_timeout(1000)
    tab.reload()
    tab.wait_for_selector(".jp-NotebookPanel .jp-MarkdownOutput h1")

    page.cell("LiveGallery(settings.output_dir)").get_by_text("Done.").wait_for()
    assert "60 of 60" in page.cell("LiveGallery(settings.output_dir)").inner_text()
    folder.check(at_least=60, size=256)
