"""The parts of a notebook: the form, tables and pictures here; live displays and errors in a real kernel."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import ipywidgets as w
import pandas as pd
import pytest
from conftest import REPOSITORY, VARIABLES, calls, png
from jupyter_client.manager import KernelManager, start_new_kernel

from datagen_lib import Settings, load_catalog, run
from datagen_lib.command.progress import pause
from datagen_lib.errors import FolderBusy, Interrupted, QuotaExhausted, SettingsError
from datagen_lib.events import CallDone, ImageFailed, ImageSaved, PaceChanged, Planned, Progress, Retrying, Row
from datagen_lib.folder.lock import FolderLock
from datagen_lib.models import CatalogItem
from datagen_lib.notebook import error_text
from datagen_lib.notebook.bars import done_at, held_to
from datagen_lib.notebook.form import settings_form
from datagen_lib.notebook.growing import LiveGallery, LiveTable
from datagen_lib.notebook.html import gallery_html
from datagen_lib.notebook.live import Live
from datagen_lib.notebook.preflight import follow, price_table, probe, settings_table
from datagen_lib.notebook.show import figure, gallery, table, thumbnail, with_thumbnails
from datagen_lib.notebook.timeline import plot_timeline, timeline
from datagen_lib.runner import run_sync

SECRET = "s3cret-key-of-nobody"
EVIL = '<script>alert("x")</script>'


class Images(HTMLParser):
    """Collects the attributes of the images in a page, and the tags that it has."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.images: list[dict[str, str | None]] = []
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "img":
            self.images.append(dict(attrs))


def load(home: Path, **values: Any) -> Settings:
    return Settings.load(**{"provider": "offline", "output_dir": home / "out", **values})


# -- the form --------------------------------------------------------------------------------------------------------


def test_the_form_is_made_from_the_fields(home: Path) -> None:
    """Type and bounds choose the widget; each shows its name, and its description and bounds beside it."""
    fields = {
        "target_count": w.Text,
        "batch_size": w.IntSlider,
        "image_quality": w.Dropdown,
        "dry_run": w.Checkbox,
        "output_dir": w.Text,
        "request_timeout": w.Text,
        "max_cost_usd": w.Text,
        "reasoning_effort": w.Dropdown,
        "azure_openai_api_key": w.Password,
    }
    form = settings_form(load(home, target_count=7, batch_size=9), list(fields))

    assert {name: type(widget) for name, widget in form.widgets.items()} == fields
    assert all(widget.description == name for name, widget in form.widgets.items())
    assert (form.widgets["target_count"].value, form.widgets["batch_size"].value) == ("7", 9)
    assert form.widgets["reasoning_effort"].value == "not set"
    assert (form.widgets["batch_size"].min, form.widgets["batch_size"].max) == (1, 100)
    help_text = form.view.children[2].children[1].value
    assert "Items asked for in one text call (1 to 100)" in help_text


def test_a_valid_change_is_in_the_settings(home: Path) -> None:
    """What is entered is in form.settings at once, typed; the settings that it started from stay as they are."""
    start = load(home)
    form = settings_form(start, ["target_count", "max_cost_usd", "dry_run", "output_dir", "image_quality"])
    form.widgets["target_count"].value = "12"
    form.widgets["max_cost_usd"].value = "1.5"
    form.widgets["dry_run"].value = True
    form.widgets["output_dir"].value = "beside"
    form.widgets["image_quality"].value = "low"

    settings = form.settings
    assert (settings.target_count, settings.max_cost_usd, settings.dry_run) == (12, 1.5, True)
    assert (settings.output_dir, settings.image_quality) == (home / "beside", "low")
    assert start.target_count == 200
    assert form.changes["target_count"] == "12"


def test_a_bad_change_is_refused_in_words(home: Path) -> None:
    """The last valid value stays in force, the message says why, and what was typed stays to be corrected."""
    form = settings_form(load(home, target_count=7), ["target_count", "max_cost_usd"])
    form.widgets["target_count"].value = "0"
    form.widgets["max_cost_usd"].value = "much"

    assert (form.settings.target_count, form.settings.max_cost_usd) == (7, None)
    assert form.widgets["target_count"].value == "0"
    note = form.view.children[-2].value
    assert "Not taken" in note
    assert "greater than or equal to 1" in note
    assert "<b>target_count</b> stays at 7" in note
    assert "valid number" in note

    form.widgets["target_count"].value = "1.5"
    assert "whole" in form.problems["target_count"] or "integer" in form.problems["target_count"]
    form.widgets["target_count"].value = "8"
    form.widgets["max_cost_usd"].value = ""
    assert form.settings.target_count == 8
    assert not form.problems


def test_switching_the_provider_names_what_it_lacks(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Azure without its settings is refused with all that are missing; with them, they come from the environment."""
    form = settings_form(load(home), ["provider"])
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://x.example")
    form.widgets["provider"].value = "azure"

    assert form.settings.provider == "offline"
    assert form.problems["provider"].count("is missing") == 4

    for name in ("API_KEY", "GPT5_DEPLOYMENT", "IMAGE_DEPLOYMENT"):
        monkeypatch.setenv(f"AZURE_OPENAI_{name}", SECRET)
    monkeypatch.setenv("AZURE_OPENAI_API_VERSION", "v1")
    form.change("provider", "azure")
    assert form.settings.azure_openai_endpoint == "https://x.example"


def test_a_secret_goes_in_and_never_out(home: Path) -> None:
    """A key that is typed is in the settings, and in nothing that the form shows, holds in a widget, or prints."""
    form = settings_form(load(home, provider="openai", openai_api_key=SECRET, openai_text_model="t",
                              openai_image_model="i"), ["openai_api_key", "openai_text_model"])  # fmt: skip
    box = form.widgets["openai_api_key"]

    assert (box.value, box.placeholder) == ("", "set (hidden)")
    box.value = "another-" + SECRET
    assert form.settings.openai_api_key is not None
    assert form.settings.openai_api_key.get_secret_value() == "another-" + SECRET
    states = [child.get_state() for row in form.view.children[1:-2] for child in row.children]
    shown = json.dumps([form._repr_mimebundle_(), states, form.view.children[-2].value, form.problems], default=str)
    assert SECRET not in shown + repr(form.changes)
    assert SECRET not in settings_table(form, openai_api_key=SECRET).to_string()

    box.value = "two words " + SECRET
    assert "no key has" in form.problems["openai_api_key"]
    assert SECRET not in form.view.children[-2].value


def test_run_all_keeps_what_was_changed(home: Path) -> None:
    """A cell that runs again with the same starting values keeps the changes; with other ones it starts anew."""
    form = settings_form(load(home, target_count=7), ["target_count"])
    form.widgets["target_count"].value = "11"

    again = settings_form(load(home, target_count=7), ["target_count"])
    assert (again.settings.target_count, again.widgets["target_count"].value) == (11, "11")
    assert settings_form(load(home, target_count=5), ["target_count"]).settings.target_count == 5
    again.reset()
    assert again.widgets["target_count"].value == "7"
    assert settings_form(load(home, target_count=7), ["target_count"]).settings.target_count == 7


def test_a_view_without_widgets_gets_a_table(home: Path) -> None:
    """Beside the widgets stand text/html, escaped, and text/plain, with the values in force."""
    bundle = settings_form(load(home, output_dir=f"{home}/{EVIL}"), ["output_dir", "target_count"])._repr_mimebundle_()

    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "script" not in Images(bundle["text/html"]).tags
    assert "target_count = 200" in bundle["text/plain"]


def test_an_unknown_field_is_named(home: Path) -> None:
    """A form over a field that is no setting says which."""
    with pytest.raises(SettingsError, match="targetcount: there is no such setting"):
        settings_form(load(home), ["targetcount"])


# -- before a run ------------------------------------------------------------------------------------------------------


def test_the_settings_table_says_from_where(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each value with its source: this notebook, the form, the environment, .env, the default; keys as set or not."""
    (home / ".env").write_text("BATCH_SIZE=5\n", encoding="utf-8")
    monkeypatch.setenv("IMAGE_QUALITY", "low")
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", SECRET)
    form = settings_form(load(home, target_count=7), ["target_count", "max_retries"])
    form.change("max_retries", 2)
    listed = settings_table(form, target_count=7, provider="offline")

    assert listed["from"].to_dict() == {
        "DATAGEN_PROVIDER": "this notebook",
        "AZURE_OPENAI_ENDPOINT": "nowhere",
        "AZURE_OPENAI_API_KEY": "environment",
        "AZURE_OPENAI_API_VERSION": "nowhere",
        "AZURE_OPENAI_GPT5_DEPLOYMENT": "nowhere",
        "AZURE_OPENAI_IMAGE_DEPLOYMENT": "nowhere",
        "OUTPUT_DIR": "the lab's default",
        "TARGET_COUNT": "this notebook",
        "BATCH_SIZE": ".env",
        "IMAGE_QUALITY": "environment",
        "MAX_RETRIES": "form",
    }
    assert listed.loc["AZURE_OPENAI_API_KEY", "value"] == "set (hidden)"


def test_a_probe_calls_each_deployment_once(home: Path, stand_in: Callable[..., Any]) -> None:
    """One text and one image call of low quality; a refusal fails only its own row, and says what to change."""
    server = stand_in()
    settings = Settings.load(environ=server.settings, output_dir=home / "out")
    answered = run_sync(probe(settings))
    assert answered.ok
    assert answered.picture is not None
    assert Images(answered._repr_mimebundle_()["text/html"]).images[0]["alt"]
    assert answered.answers["result"].to_dict() == {"text: gpt-5": "pass", "image: gpt-image-1": "pass"}
    assert [len(calls(server, route)) for route in ("text", "image")] == [1, 1]
    assert calls(server, "image")[0].body["quality"] == "low"

    server.faults.add("404", route="image")
    refused = run_sync(probe(settings))
    assert refused.answers["result"].tolist() == ["pass", "fail"]
    assert not refused.ok
    assert refused.picture is None
    assert "AZURE_OPENAI_IMAGE_DEPLOYMENT" in refused.answers["says"].iloc[1]
    assert not (home / "out").exists()


def test_a_passing_refusal_fails_no_probe(home: Path, stand_in: Callable[..., Any]) -> None:
    """A 429 or a torn answer is asked again, as in a run: a class that shares a deployment meets them all the time."""
    server = stand_in()
    server.faults.add("429", times=1, retry_after=0.01)
    server.faults.add("malformed", nth={2})
    settings = Settings.load(environ=server.settings, output_dir=home / "out")

    assert run_sync(probe(settings)).ok
    assert [len(calls(server, route)) for route in ("text", "image")] == [3, 1]


def test_the_price_follows_the_form(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The price table is drawn anew after each change that is taken, with the quality chosen and what is on disk."""
    form = settings_form(load(home, target_count=20), ["target_count", "image_quality"])
    drawn: list[str] = []
    follow(form, lambda settings: (drawn.append(price_table(settings).text), price_table(settings))[1])
    form.widgets["target_count"].value = "200"
    form.widgets["target_count"].value = "0"
    form.widgets["image_quality"].value = "high"

    assert len(drawn) == 3
    assert "medium (chosen)  2  20" in drawn[0]
    assert "11  200" in drawn[1]
    assert "high (chosen)" in drawn[2]
    assert all("free" in text for text in drawn)


# -- pictures and tables -----------------------------------------------------------------------------------------------


@pytest.fixture
def catalogue(home: Path) -> pd.DataFrame:
    """Three rows whose names are hostile; the last has no picture."""
    rows = pd.DataFrame(
        {"name": [EVIL, 'He said "hi" & left', "None"], "category": ["a", "b", "c"], "description": EVIL}
    )
    paths = [home / f"{number}.png" for number in range(3)]
    for path in paths[:2]:
        path.write_bytes(png(path.name))
    return rows.assign(image_path=[str(path) for path in paths])


def test_what_a_model_wrote_is_escaped_everywhere(catalogue: pd.DataFrame) -> None:
    """A name or description with markup in it shows as text, in tables, galleries, captions and alt texts."""
    shown = [
        table(catalogue),
        gallery(catalogue),
        with_thumbnails(catalogue),
        figure(catalogue["image_path"][0], alt=f'"{EVIL}', caption=EVIL),
    ]
    for page in (Images(each.html) for each in shown):
        assert "script" not in page.tags


def test_each_picture_has_alt_text_and_stands_inline(catalogue: pd.DataFrame) -> None:
    """Every image has words and is part of the page; a missing one is said in words."""
    for html in (gallery(catalogue).html, with_thumbnails(catalogue).html):
        images = Images(html).images

        assert images
        assert all(image["alt"] and str(image["src"]).startswith("data:image/webp;base64,") for image in images)
    assert "no picture" in gallery(catalogue).html
    assert "no picture" in with_thumbnails(catalogue).html


def test_a_large_gallery_stays_small(home: Path) -> None:
    """210 thumbnails of the offline model's pictures make less than a megabyte of page."""
    from offline_model.figure import render

    path = home / "one.png"
    path.write_bytes(render("Photorealistic LEGO-style minifigure, harbour keeper, yellow coat, misty harbour", 1024))
    data = thumbnail(path)

    assert data is not None
    assert len(gallery_html([(data, "A Name Of Five Words")] * 210)) < 1_000_000


def test_a_plot_becomes_a_figure_and_is_closed() -> None:
    """A plot is drawn into the page with its alt text, and not shown a second time by the kernel."""
    from matplotlib import pyplot as plt

    axes = pd.Series([1, 2]).plot.barh()
    html = figure(axes, alt="Two bars", caption="Bars").html

    assert Images(html).images[0]["alt"] == "Two bars"
    assert plt.get_fignums() == []


def test_an_empty_table_says_so() -> None:
    """A table without rows is a sentence, not a lonely header."""
    assert "No rows" in table(pd.DataFrame({"name": []})).html


def test_a_timeline_tells_calls_retries_and_pictures() -> None:
    """Events become rows with seconds from the start, and a plot that has them all."""
    item = CatalogItem.model_construct(product_id="1", name="N")
    heard = [
        (10.0, Planned(20, 2, 2, 0, items_wanted=True, images_wanted=True)),
        (10.5, CallDone("image", False, 0.4, reason="HTTP 500")),
        (10.5, Retrying("image", "HTTP 500", 1.25, 1)),
        (12.0, CallDone("image", True, 0.3)),
        (12.1, ImageSaved(item)),
        (13.0, ImageFailed(item, "filtered", 2)),
    ]
    happened = timeline(heard)

    assert happened["what"].tolist() == ["failed call", "retry", "call", "picture", "failed picture"]
    assert happened["second"].tolist() == [0.5, 0.5, 2.0, 2.1, 3.0]
    assert happened["wait"].dropna().tolist() == [1.25]
    titles = [axes.get_title(loc="left") or axes.get_title() for axes in plot_timeline(happened).axes]
    assert [title.split(",")[0] for title in titles] == ["2 calls", "1 picture"]
    told = [text.get_text() for text in plot_timeline(happened).axes[0].get_legend().get_texts()]
    assert set(told) == {"answered (1)", "failed (1)", "5xx: its own trouble (1)"}
    assert timeline([]).empty


# -- live displays, without a kernel -----------------------------------------------------------------------------------


def watched(live: Live, settings: Settings, **options: Any) -> str:
    """The last state of the display after a run, as HTML."""
    asyncio.run(live.watch(run(settings, listen=live, **options)))
    return live._html() + live._newest()


def test_a_live_table_shows_the_newest_and_the_refused(home: Path, stand_in: Callable[..., Any]) -> None:
    """Newest items on top, refused ones with their reasons, how many came before, and the counts."""
    server = stand_in()
    server.faults.add("rule-breaking", rate=0.3)
    settings = Settings.load(environ=server.settings, output_dir=home / "out", target_count=30)
    live = LiveTable(rows=50, priced=False)
    html = watched(live, settings, stages=["items"])

    refused = live.progress.refused
    assert refused
    assert html.count("<b>refused</b>") == refused
    assert f"{refused} item{'s' * (refused > 1)} refused" in html
    assert html.index(live._items[-1][1]) < html.index(live._items[0][1])
    assert "$" not in html
    shorter = LiveTable(rows=3)
    watched(shorter, settings.changed(target_count=40), stages=["items"])
    assert shorter._content().count("<tr>") == 4
    assert "before these" in shorter._content()


def test_a_live_table_of_categories(home: Path) -> None:
    """While there is no item, the categories are listed; run again, there is nothing to do, and it says so."""
    html = watched(LiveTable(rows=20), load(home), stages=["categories"])
    assert html.count("<tr>") == 21
    assert html.count("<b>new</b>") == 20
    assert "20 of 20" in html
    again = watched(LiveTable(home / "out", rows=20), load(home), stages=["categories"])
    assert "Nothing to do: it is all there." in again
    assert "20 of 20 categories were here already; this run added none." in again
    assert again.count("<tr>") == 21
    assert again.count('<th scope="col"') == 2, "nothing is new, so no column says it"


def test_stop_keeps_every_picture_that_was_asked_for(home: Path, stand_in: Callable[..., Any]) -> None:
    """Stop among the pictures: the cell fails with the reason, what is waited for is shown, and nothing paid is lost."""
    server = stand_in(image_latency=0.2)
    options = {"output_dir": home / "out", "target_count": 24, "parallel_image_requests": 6}
    settings = Settings.for_demo(server.settings, **options)

    class Pressed(Live):
        def __call__(self, event: Any) -> None:
            super().__call__(event)
            if isinstance(event, ImageSaved) and not self.stop.requested:
                self.stop.request()

    live = Pressed()
    with pytest.raises(Interrupted, match="stopped"):
        watched(live, settings)

    kept = len(list((settings.output_dir / "images").iterdir()))
    assert "under way are paid for" in live._notice
    assert kept == len([call for call in server.calls if call.route == "image"]) < 24


def test_a_run_that_had_to_stop_raises_its_reason(home: Path, stand_in: Callable[..., Any]) -> None:
    """What ends a run early is raised as it is; the display says that what was made is kept."""
    server = stand_in()
    server.faults.add("insufficient-quota", route="image")
    settings = Settings.load(environ=server.settings, output_dir=home / "out", target_count=4)
    live = LiveGallery(settings.output_dir)
    with pytest.raises(QuotaExhausted) as caught:
        watched(live, settings)

    assert "Ended early. What was made is kept." in live._html()
    assert error_text(caught.value).startswith("\x1b[1;31mStopped:\x1b[0m image call: HTTP 429")
    assert "What to do:" in error_text(caught.value)
    assert len(load_catalog(settings.output_dir)) == 4


def test_a_retry_is_announced_while_it_waits(home: Path) -> None:
    """The display says what went wrong, how long it waits and for which try; a call that succeeds clears it."""
    live = Live()
    live(Planned(20, 2, 4, 0, items_wanted=True, images_wanted=True))
    live(Retrying("image", "image call: HTTP 500: <b>oops</b>", 1.25, 1))
    live._hear()
    assert "500, waiting 1.2 s (try 2)" in live._html()
    assert 'title="image call: HTTP 500: &lt;b&gt;oops&lt;/b&gt;"' in live._html()
    live(CallDone("image", True, 0.3))
    live(Progress((Row("pictures", 1, 4),), retries=1))
    live._hear()
    assert "waiting" not in live._html()
    assert "1 retry" in live._text()


def test_the_pace_is_told_as_it_stands() -> None:
    """How fast and by whose word, when the next one goes, when all is done; a pause with its end and its reason."""
    noon = datetime(2026, 11, 27, 12, 0, 0, tzinfo=UTC)
    learnt = PaceChanged("image", 9.0, 2, next_in=6.0)

    assert held_to(learnt, 2.0, noon) == "9 pictures a minute, learnt; next picture in 4 s"
    assert held_to(learnt, 7.0, noon) == "9 pictures a minute, learnt"
    assert held_to(PaceChanged("text", 60.0, 2, given=True), 0.0, noon) == "60 text calls a minute, as given"
    assert held_to(PaceChanged("image", None, 4), 0.0, noon) == ""
    paused = PaceChanged("image", 9.0, 2, paused=40.0, why="no quota is left")
    assert held_to(paused, 10.0, noon) == "all pictures wait until 12:00:30, 30 s more: no quota is left"
    assert held_to(paused, 40.0, noon) == "pictures: one goes ahead, to see (no quota is left)"
    assert pause(paused, noon) == "all pictures wait until 12:00:40: no quota is left"
    progress = Progress((Row("items", 210, 210), Row("pictures", 30, 210, 9.0, 1200.0)))
    assert done_at(progress, noon) == "210 done at about 12:20"
    assert done_at(Progress((Row("pictures", 205, 210, 9.0, 33.0),)), noon) == "", "the bar says it"


def test_a_quota_is_seen_while_it_holds_calls(home: Path, stand_in: Callable[..., Any]) -> None:
    """A run under a quota that nobody told shows the pace that it learnt, in the line below the bars."""
    server = stand_in(image_rpm=480, window=0.5)
    settings = Settings.load(environ=server.settings, output_dir=home / "out", target_count=28)
    shown: list[str] = []
    live = Live(priced=False)

    def listen(event: Any) -> None:
        live(event)
        if isinstance(event, PaceChanged):
            live._hear()
            shown.append(live._told())

    asyncio.run(live.watch(run(settings, listen=listen)))

    assert any("all pictures wait until" in told or "one goes ahead" in told for told in shown)
    assert any("pictures a minute, learnt" in told for told in shown)


# -- in a kernel -------------------------------------------------------------------------------------------------------


class Kernel:
    """A real kernel in an empty project, and what its cells put out."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.manager: KernelManager
        self.manager, self.client = start_new_kernel(cwd=str(home), env=self._environment(home))

    def _environment(self, home: Path) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if name not in VARIABLES}
        return {
            **clean,
            "PYTHONPATH": str(REPOSITORY),
            "IPYTHONDIR": str(home / ".ipython"),
        }

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def __call__(self, code: str, *, interrupt_when: str = "") -> Cell:
        """Run a cell; interrupt the kernel as soon as an output has the text."""
        cell, sent = Cell(), self.client.execute(code)
        interrupted = 0.0
        while True:
            message = self.client.get_iopub_msg(timeout=60)
            if message["parent_header"].get("msg_id") != sent:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                cell.after_interrupt = time.monotonic() - interrupted
                return cell
            cell.hear(kind, content)
            if kind == "execute_input":
                continue
            if interrupt_when and not interrupted and interrupt_when in json.dumps(content, default=str):
                interrupted = time.monotonic()
                self.manager.interrupt_kernel()

    def pictures_paid_for(self) -> int:
        """Image calls that the server has answered in full."""
        return int(self("print(sum(call.route == 'image' and not call.left for call in server.calls))").text)


class Cell:
    """A cell's outputs as a saved notebook would have them: updates replace what they update."""

    def __init__(self) -> None:
        self.outputs: dict[str, dict[str, str]] = {}
        self.text = ""
        self.error: dict[str, Any] | None = None
        self.updates = 0
        self.first_widget = ""
        self.after_interrupt = 0.0

    def hear(self, kind: str, content: dict[str, Any]) -> None:
        if kind in {"display_data", "update_display_data", "execute_result"}:
            name = content.get("transient", {}).get("display_id") or f"output {len(self.outputs)}"
            self.outputs[name] = content["data"]
            view = content["data"].get("application/vnd.jupyter.widget-view+json", {})
            self.first_widget = self.first_widget or view.get("model_id", "")
            self.updates += kind == "update_display_data"
        elif kind == "stream":
            self.text += content["text"]
        elif kind == "error":
            self.error = content

    @property
    def html(self) -> str:
        return "".join(data.get("text/html", "") for data in self.outputs.values())

    @property
    def message(self) -> str:
        assert self.error is not None, (self.text, self.outputs)
        return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(self.error["traceback"]))


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    home = tmp_path_factory.mktemp("project")
    (home / "pyproject.toml").touch()
    running = Kernel(home)
    yield running
    running.close()


SLOW = """
from datagen_lib import *
from datagen_lib.notebook import *
from offline_model import start
server = start(text_latency=0.1)
settings = Settings.load(environ=server.settings, output_dir=folder, target_count=6, parallel_image_requests=1)
"""
WATCH = """
live = LiveGallery(settings.output_dir)
outcome = await live.watch(run(settings, listen=live))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="another way of interrupting a kernel there")
def test_interrupt_and_stop_keep_what_is_made_and_the_cell_goes_on(kernel: Kernel) -> None:
    """Interrupt, Stop and a bare await each let the calls under way end, with a few clean words; the cell then goes on."""
    kernel(f"folder = 'halted'{SLOW}")
    kernel("server.image_latency = 1")
    halted = kernel(WATCH, interrupt_when="1 of 6 pictures")

    assert "the run was stopped; everything accepted so far is on disk" in halted.message
    assert "Run this cell again to go on." in halted.message
    assert "Traceback" not in halted.message
    assert len(halted.message.splitlines()) <= 3
    assert "Stopped. What was made is kept." in halted.html
    assert len(load_catalog(kernel.home / "halted")) == 6
    assert load_catalog(kernel.home / "halted")["has_image"].sum() == kernel.pictures_paid_for()

    stopped = kernel("import threading; threading.Timer(0.5, lambda: live.stop.request()).start()" + WATCH)
    assert "the run was stopped" in stopped.message
    begun = "run(settings, listen=lambda event: print('begun', flush=True))"
    bare = kernel(f"await run_async({begun})", interrupt_when="begun")
    assert bare.message.startswith("Interrupted.")
    blocking = kernel(f"run_sync({begun})", interrupt_when="begun")
    assert blocking.message.startswith("Interrupted.")

    kernel("server.image_latency = 0")
    done = kernel(WATCH)
    assert done.error is None
    assert "Done." in done.html
    assert load_catalog(kernel.home / "halted")["has_image"].all()
    kernel("server.stop()")


def test_a_live_display_leaves_one_last_state(kernel: Kernel) -> None:
    """One output, drawn again a few times, whose last state has all pictures, with their names; no button is left."""
    kernel(f"folder = 'last'{SLOW}")
    cell = kernel(WATCH)
    page = Images(cell.html)

    assert cell.error is None
    assert cell.text == ""
    assert "6 of 6" in cell.html
    assert len(page.images) == 6
    assert all(image["alt"] for image in page.images)
    assert "application/vnd.jupyter.widget-view+json" not in str(cell.outputs)
    assert cell.updates >= 2
    kernel("server.stop()")


def test_what_was_there_is_shown_and_told_apart(kernel: Kernel) -> None:
    """A second run shows the pictures that are there and says so, then those that it adds; no picture stands twice."""
    kernel(f"folder = 'twice'{SLOW}")
    kernel("settings = settings.changed(target_count=4)" + WATCH)
    again = kernel(WATCH)
    more = kernel("settings = settings.changed(target_count=6)" + WATCH)
    table_again = kernel(
        "live = LiveTable(settings.output_dir)\n_ = await live.watch(run(settings, stages=['items'], listen=live))"
    )

    assert "4 of 4 pictures were here already; this run added none." in again.html
    assert len(Images(again.html).images) == 4
    assert "4 of 6 pictures were here already; this run added 2." in more.html
    assert len(Images(more.html).images) == 6
    assert more.html.index("Here already:") < more.html.index("Added by this run:")
    assert "6 of 6 items were here already; this run added none." in table_again.html
    assert table_again.html.count("<tr>") == 7
    assert "<b>new</b>" not in table_again.html
    kernel("server.stop()")


def test_a_page_loaded_again_finds_the_last_state(kernel: Kernel) -> None:
    """The widget that a page was shown at first holds the last state and the newest pictures when the run is over."""
    kernel(f"folder = 'reloaded'{SLOW}")
    cell = kernel(WATCH)
    widget = kernel(f"import ipywidgets\nprint(ipywidgets.Widget.widgets['{cell.first_widget}'].children[0].value)")

    assert "Done." in widget.text
    assert "6 of 6" in widget.text
    assert len(Images(widget.text).images) == 6
    kernel("server.stop()")


def test_done_is_not_said_while_a_picture_is_missing(kernel: Kernel) -> None:
    """A run whose picture the filter refused ends as not complete, names the item with the reason, and the rest is made."""
    kernel(f"folder = 'filtered'{SLOW}")
    kernel(
        "unlucky = []\ndef is_unlucky(call):\n    unlucky.append(call.body['prompt'])\n    return unlucky[-1] == unlucky[0]"
    )
    kernel("server.faults.add('content_policy_violation', when=is_unlucky)")
    cell = kernel(WATCH)

    assert "Done" not in cell.html
    assert "Not complete: 1 picture failed. Run this cell again" in cell.html
    assert "<b>failed</b>" in cell.html
    assert len(Images(cell.html).images) == 5
    assert cell.text == ""
    kernel("server.stop()")


def test_an_error_of_ours_is_a_message_and_fails_the_cell(kernel: Kernel) -> None:
    """What happened and what to do, without a traceback, as an error output, which headless runs look for."""
    kernel(f"folder = 'errors'{SLOW}")
    bad = kernel("Settings.load(target_count=0, provider='azur', output_dir='out')")
    assert "target_count=0" in bad.message
    assert "provider=azur" in bad.message
    assert "What to do:" in bad.message
    assert "Traceback" not in bad.message

    kernel("server.faults.add('401')")
    refused = kernel(WATCH)
    assert "AZURE_OPENAI_API_KEY" in refused.message
    assert "Traceback" not in refused.message
    key = kernel("print(server.key)").text.strip()
    assert key not in refused.message + refused.html

    foreign = kernel("1 / 0")
    assert "Traceback" in foreign.message
    group = kernel("raise ExceptionGroup('several', [ValueError('inner')])")
    assert "inner" in group.message
    ours = kernel("raise ExceptionGroup('several', [DatagenError('what', hint='do this')])")
    assert ours.message == "Stopped: what\nWhat to do: do this"
    kernel("server.stop()")


def test_another_notebook_at_work_is_named(kernel: Kernel) -> None:
    """A folder in which another notebook works is refused with that notebook's name."""
    kernel("from datagen_lib.folder.lock import FolderLock, call_this")
    kernel("from pathlib import Path\nPath('busy').mkdir()\ncall_this('03_images.ipynb')")
    kernel("lock = FolderLock(Path('busy'))\nlock.take()")
    with pytest.raises(FolderBusy, match=r"another run \(pid \d+, 03_images\.ipynb\) is at work"):
        FolderLock(kernel.home / "busy").take()
    kernel("lock.release()")
