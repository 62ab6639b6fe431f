"""A run as it happens, in one cell: bars, a table that grows, pictures as they land; and a Stop button.

    live = LiveTable(settings.output_dir)
    outcome = await live.watch(run(settings, stages=["items"], listen=live))

A live display is a listener (see events.py): it only takes notes, in whichever thread the run lives. The cell's own
loop draws. The bars are a widget, drawn five times a second however much lies below them; a widget lives in the kernel,
so a page that is loaded again in mid-run finds it as it is. When the run ends its last state takes the widget's place,
as plain HTML, and stays in the saved notebook.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import ipywidgets as w
from markupsafe import Markup

from datagen_lib import events
from datagen_lib.errors import DatagenError, Interrupted
from datagen_lib.folder.store import Store
from datagen_lib.models import CatalogItem, Category
from datagen_lib.pipeline.run import Outcome
from datagen_lib.runner import run_async
from datagen_lib.stopping import Stopping
from datagen_lib.text import counted

from .bars import as_text, bars, done_at, held_to, line, status, told_apart, waiting
from .html import Html, fill, handle, output

TICK = 0.2  # s between two drawings
STEADY = "<style>.jp-WindowedPanel-outer{overflow-anchor:none}</style>"
"""While a run is at work: what grows below the bars must not push them, and Stop, out of the window.

A browser keeps the cell that has the focus where it is, which after Shift+Enter is the next one.
"""
PULSE = 1.0  # s between two texts for whoever runs the notebook without a browser


class There(NamedTuple):
    """What lies in the folder before the run."""

    categories: list[Category]
    items: Sequence[CatalogItem]


class Live:
    """Bars for categories, items and pictures, with calls, retries, cost and time. Subclasses add what has been made.

    Args:
        folder: the output folder; what lies in it already is shown too. None: only what this run makes.
        priced: whether the cost is shown; False for a demonstration.

    Attributes:
        progress: how far the run is, as the pipeline says it.
        stop: its `request()` stops the run, from any thread; the Stop button calls it. Again leaves calls under way.
        events: all that was heard, each with its time (monotonic, s).
    """

    def __init__(self, folder: Path | None = None, *, priced: bool = True) -> None:
        self.progress = events.Progress(rows=())
        self.stop = Stopping()
        self.events: list[tuple[float, events.Event]] = []
        self._folder, self._priced = folder, priced
        self._began = time.monotonic()
        self._ended: float | None = None
        self._plan: events.Planned | None = None
        self._seen = 0
        self._notice = self._whole_notice = self._ending = ""
        self._pace: dict[events.Kind, tuple[float, events.PaceChanged]] = {}

    def __call__(self, event: events.Event) -> None:
        """Hear of an event; taking note of it is all that happens in the run's thread."""
        if isinstance(event, events.Progress):
            self.progress = event
        else:
            self.events.append((time.monotonic(), event))

    async def watch(self, work: Coroutine[Any, Any, Outcome]) -> Outcome:
        """Run it in the shared loop and draw it here until it ends.

        Raises:
            Interrupted: Stop or the kernel's interrupt ended it; what was accepted is on disk.
            RunStopped: it had to end; what was accepted is on disk.
            SetupError: it can't start like this.
        """
        self._began, self._ended = time.monotonic(), None
        there = await asyncio.to_thread(_look, self._folder)
        screen = _Screen(self.stop)
        screen.draw(self._html())
        pulse = output(Html(Markup(""), self._text()))
        self._begin(there)
        over = asyncio.Event()
        drawing = [
            asyncio.create_task(_every(TICK, over, lambda: self._draw(screen))),
            asyncio.create_task(_every(PULSE, over, lambda: pulse(Html(Markup(""), self._text())))),
            asyncio.create_task(self._keep_showing(over)),
        ]
        try:
            outcome = await self._outcome(work)
        finally:
            self._ended = time.monotonic()
            over.set()
            try:
                await asyncio.gather(*drawing)
            finally:
                screen.end(Html(self._html(), self._text()), self._html() + self._newest())
                pulse(Html(Markup("")))
        return outcome

    async def _outcome(self, work: Coroutine[Any, Any, Outcome]) -> Outcome:
        """Wait for the run's end, and say how it ended."""
        try:
            outcome = await run_async(work, stop=self.stop)
            if outcome.stopped is not None:
                raise outcome.stopped
        except (asyncio.CancelledError, Interrupted):
            self._ending = "Stopped. What was made is kept."
            raise Interrupted(
                "the run was stopped; everything accepted so far is on disk", hint="Run this cell again to go on."
            ) from None
        except DatagenError:
            self._ending = "Ended early. What was made is kept."
            raise
        except BaseException:
            self._ending = "Ended by an error. What was made is kept."
            raise
        self._ending = "Nothing to do: it is all there." if outcome.idle else "Done."
        if outcome.account.failed:
            failed = counted(len(outcome.account.failed), "picture")
            self._ending = f"Not complete: {failed} failed. Run this cell again to try once more."
        return outcome

    # -- what happened ---------------------------------------------------------------------------------------------

    def _hear(self) -> None:
        """Take in what happened since the last time."""
        heard = self.events[self._seen :]
        self._seen += len(heard)
        for at, event in heard:
            if isinstance(event, events.Planned):
                self._plan = event
            elif isinstance(event, events.Retrying):
                self._notice, self._whole_notice = waiting(event), event.reason
            elif isinstance(event, events.PaceChanged):
                self._pace[event.kind] = at, event
            elif isinstance(event, events.Ending):
                self._notice = f"Stopping: {event.what}. Stop again to leave them." if event.calls else "Stopping."
                self._whole_notice = self._notice
            elif isinstance(event, events.CallDone) and event.ok and not self.stop.requested:
                self._notice = self._whole_notice = ""
            self._take(event)

    def _take(self, event: events.Event) -> None:
        """What a subclass makes of an event."""

    # -- drawing ---------------------------------------------------------------------------------------------------

    def _draw(self, screen: _Screen) -> None:
        self._hear()
        screen.draw(self._html())

    def _begin(self, there: There) -> None:
        """Show what is there already, below the bars."""

    async def _show(self) -> bool:
        """Show a part of what a subclass has to show; whether some of it is left."""
        return False

    def _finish(self) -> None:
        """All is shown: tidy it up."""

    async def _keep_showing(self, over: asyncio.Event) -> None:
        """Show what lies below the bars, at its own pace; once it is over, what is left of it."""
        while not over.is_set():
            if not await self._show():
                await _wait(over, TICK)
        self._hear()
        while await self._show():
            pass
        self._finish()

    def _newest(self) -> Markup:
        """What a page that missed the displays is shown at the end, below the bars."""
        return Markup("")

    def _html(self) -> Markup:
        seconds = (self._ended or time.monotonic()) - self._began
        ending = fill("<b>{}</b> ", self._ending) if self._ending else ""
        counts = fill("<div>{}{}</div>", ending, status(self.progress, seconds, priced=self._priced))
        apart = told_apart(self._plan, self.progress)
        there = fill('<div style="margin-top:2px"><b>{}</b></div>', apart) if apart else ""
        notice = "" if self._ending else line(self._told(), self._whole_notice)
        return fill("<div>{}{}{}{}</div>", bars(self.progress, ended=bool(self._ending)), counts, there, notice)

    def _told(self) -> str:
        """What the calls wait for, and when all is done where a pace holds them."""
        now, clock = datetime.now().astimezone(), time.monotonic()
        paces = [part for at, event in self._pace.values() if (part := held_to(event, clock - at, now))]
        parts = (self._notice, *paces, done_at(self.progress, now) if paces else "")
        return "; ".join(part for part in parts if part)

    def _text(self) -> str:
        seconds = (self._ended or time.monotonic()) - self._began
        counts = status(self.progress, seconds, priced=self._priced)
        shown = as_text(self.progress, ended=bool(self._ending))
        apart = told_apart(self._plan, self.progress)
        return " ".join(part for part in (self._ending, f"{shown}; {counts}" if shown else counts, apart) if part)


class _Screen:
    """The bars and the Stop button as an output of the cell."""

    def __init__(self, stop: Stopping) -> None:
        self._stop = stop
        self._bars, self._steady = w.HTML(), w.HTML(STEADY)
        self._button = w.Button(description="Stop", icon="stop", tooltip="Stop the run and keep what is made")
        self._button.on_click(self._pressed)
        self._handle = handle()
        self._shown = False

    def _pressed(self, _: object) -> None:
        self._stop.request()
        self._button.description, self._button.tooltip = "Stop now", "Leave the calls under way; they are paid for"

    def draw(self, html: Markup) -> None:
        """Show the bars as they stand."""
        self._bars.value = str(html)
        if not self._shown:
            self._shown = True
            view = w.VBox([self._bars, self._button, self._steady])
            bundle: dict[str, Any] = dict(view._repr_mimebundle_())
            self._handle.display({**bundle, "text/html": str(html), "text/plain": "A run is under way."}, raw=True)

    def end(self, last: Html, whole: Markup) -> None:
        """Put the last state in the widget's place; and into the widget, for a page that has not heard of that."""
        self._button.layout.display, self._steady.value = "none", ""
        self._bars.value = str(whole)
        self._handle.update(last._repr_mimebundle_(), raw=True)


def _look(folder: Path | None) -> There:
    """What lies in the folder; nothing where it can't be read, for the run says so in its own words."""
    if folder is not None:
        with suppress(DatagenError):
            store = Store.peek(folder)
            return There(list(store.categories), store.items)
    return There([], [])


async def _every(seconds: float, over: asyncio.Event, draw: Any) -> None:
    """Draw now and then until it is over, and then once more."""
    while not over.is_set():
        draw()
        await _wait(over, seconds)
    draw()


async def _wait(over: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(over.wait(), seconds)
