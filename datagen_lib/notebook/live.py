"""A run as it happens, in one cell: bars, a table that grows, pictures as they land; and a Stop button.

    live = LiveTable()
    outcome = await live.watch(run(settings, stages=["items"], listen=live))

A live display is a listener (see events.py): it only takes notes, in whichever thread the run lives. The cell's own
loop draws, at most five times a second, into one output that keeps the last state in the saved notebook.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import ipywidgets as w
from IPython.display import DisplayHandle
from markupsafe import Markup

from datagen_lib import events
from datagen_lib.errors import DatagenError, Interrupted, RunStopped
from datagen_lib.pipeline.run import Outcome
from datagen_lib.runner import run_async
from datagen_lib.stopping import Stopping
from datagen_lib.text import counted, duration

from .html import THUMBNAIL, fill, gallery_html, joined, table_html
from .show import thumbnail

TICK = 0.2  # s between two drawings, at least
BYTES_PER_SECOND = 500_000  # of drawing, at most: a large gallery is drawn less often
SHOWN_ROWS = 12


class Live:
    """Bars for categories, items and pictures, with calls, retries, cost and time. Subclasses add what has been made.

    Args:
        priced: whether the cost is shown; False for a lab against an offline model that plays Azure.

    Attributes:
        progress: how far the run is, as the pipeline says it.
        stop: its `request()` stops the run, from any thread; the Stop button calls it. Again leaves calls under way.
        events: all that was heard, each with its time (monotonic, s).
    """

    def __init__(self, *, priced: bool = True) -> None:
        self.progress = events.Progress(rows=())
        self._priced = priced
        self._began = time.monotonic()
        self.stop = Stopping()
        self.events: list[tuple[float, events.Event]] = []
        self._seen = 0
        self._notice = ""
        self._ending = ""
        self._head, self._body = _handle(), _handle()

    def __call__(self, event: events.Event) -> None:
        """Hear of an event; taking note of it is all that happens in the run's thread."""
        if isinstance(event, events.Progress):
            self.progress = event
        else:
            self.events.append((time.monotonic(), event))

    async def watch(self, work: Coroutine[Any, Any, Outcome]) -> Outcome:
        """Run it in the shared loop and draw it here until it ends.

        Raises:
            RunStopped: Stop or the kernel's interrupt ended it, or it had to end; what was accepted is on disk.
            SetupError: it can't start like this.
        """
        self._began = time.monotonic()
        button = w.Button(description="Stop", icon="stop", tooltip="Stop the run and keep what is made")
        button.on_click(lambda _: self.stop.request())
        self._head.display(button)
        self._body.display({"text/html": str(self._html()), "text/plain": self._text()}, raw=True)
        over = asyncio.Event()
        drawing = asyncio.create_task(self._keep_drawing(over))
        try:
            outcome = await run_async(work, stop=self.stop)
            if outcome.stopped is not None:
                raise outcome.stopped
        except asyncio.CancelledError:
            self._ending = "Stopped. What was made is kept."
            raise RunStopped(
                "the run was stopped; everything accepted so far is on disk", hint="Run this cell again to go on."
            ) from None
        except Interrupted:
            self._ending = "Stopped. What was made is kept."
            raise
        except DatagenError:
            self._ending = "Ended early. What was made is kept."
            raise
        else:
            self._ending = "Nothing to do: it is all there." if outcome.idle else "Done."
            if outcome.account.failed:
                failed = counted(len(outcome.account.failed), "picture")
                self._ending = f"Not complete: {failed} failed. Run this cell again to try once more."
            return outcome
        finally:
            over.set()
            await drawing
            button.close()
            self._head.update({"text/html": "", "text/plain": ""}, raw=True)

    async def _keep_drawing(self, over: asyncio.Event) -> None:
        """Draw until it is over, and then once more: the last state is what the saved notebook shows."""
        while not over.is_set():
            size = await self._draw()
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), max(TICK, size / BYTES_PER_SECOND))
        await self._draw()

    async def _draw(self) -> int:
        """Show what has been heard up to now; returns how many characters that took."""
        heard = [event for _, event in self.events[self._seen :]]
        self._seen += len(heard)
        for event in heard:
            if isinstance(event, events.Retrying):
                self._notice = f"Waiting {event.wait:.1f} s before try {event.attempt + 1}: {event.reason}"
            elif isinstance(event, events.Ending):
                self._notice = f"Stopping: {event.what}. Stop again to leave them." if event.calls else "Stopping."
            elif isinstance(event, events.CallDone) and event.ok and not self.stop.requested:
                self._notice = ""
            await self._take(event)
        html = str(self._html())
        self._body.update({"text/html": html, "text/plain": self._text()}, raw=True)
        return len(html)

    async def _take(self, event: events.Event) -> None:
        """What a subclass makes of an event; it may take its time in a thread."""

    def _content(self) -> Markup:
        """What a subclass shows below the bars."""
        return Markup("")

    # -- drawing -------------------------------------------------------------------------------------------------

    def _status(self) -> str:
        now = self.progress
        parts = [counted(now.text_calls, "text call"), counted(now.image_calls, "image call")]
        parts += [counted(now.retries, "retry", "retries")] if now.retries else []
        parts += [counted(now.refused, "item") + " refused"] if now.refused else []
        parts += [counted(now.failed, "picture") + " failed"] if now.failed else []
        parts += [f"${now.cost_usd:.2f}"] if now.cost_usd and self._priced else []
        return ", ".join([*parts, f"{time.monotonic() - self._began:.1f} s"])

    def _html(self) -> Markup:
        bars = joined(map(_bar_html, self.progress.rows))
        ending = fill("<b>{}</b> ", self._ending) if self._ending else ""
        waiting = self._notice and not self._ending
        notice = fill('<div style="opacity:.8">{}</div>', self._notice) if waiting else ""
        status = fill('<div style="margin:4px 0">{}{}</div>', ending, self._status())
        return fill("<div>{}{}{}{}</div>", bars, status, notice, self._content())

    def _text(self) -> str:
        bars = ", ".join(f"{row.done} of {row.wanted} {row.what}" for row in self.progress.rows)
        return " ".join(
            part for part in (self._ending, f"{bars}; {self._status()}" if bars else self._status()) if part
        )


_BAR = (
    '<div role="progressbar" aria-label="{what}" aria-valuenow="{done}" aria-valuemax="{wanted}">'
    '<span style="display:inline-block;width:90px">{what}</span>'
    '<span style="{track}"><span style="{fill}"></span></span>'
    '<span style="margin-left:10px">{done} of {wanted}{pace}</span></div>'
)


def _bar_html(row: events.Row) -> Markup:
    share = 100 * min(1.0, row.done / row.wanted) if row.wanted else 100.0
    track = "display:inline-block;width:220px;height:9px;border-radius:5px;background:#8884;overflow:hidden"
    bar = f"display:block;width:{share:.0f}%;height:100%;background:#2a6fdb"
    pace = ""
    if row.per_minute is not None and row.seconds_left is not None:
        pace = f", {row.per_minute:.0f} a minute, about {duration(row.seconds_left)} left"
    return fill(_BAR, what=row.what, done=row.done, wanted=row.wanted, track=track, fill=bar, pace=pace)


def _handle() -> Any:
    return DisplayHandle()  # type: ignore[no-untyped-call]


class LiveTable(Live):
    """The newest items on top, refused ones with their reasons among them; the categories while there is no item.

    Args:
        rows: how many are shown.
    """

    def __init__(self, rows: int = SHOWN_ROWS, **options: Any) -> None:
        super().__init__(**options)
        self._limit = rows
        self._categories: list[list[str]] = []
        self._items: list[list[str]] = []

    async def _take(self, event: events.Event) -> None:
        match event:
            case events.CategoryAccepted(category):
                self._categories.append([category.name, category.slug])
            case events.ItemAccepted(item, _):
                self._items.append(["accepted", item.name, item.category, item.description])
            case events.ItemRejected(name, violations):
                reasons = "; ".join(violation.reason for violation in violations)
                self._items.append([Markup("<b>refused</b>"), name, "", reasons])

    def _content(self) -> Markup:
        columns, rows = ["", "item", "category", "description, or why it was refused"], self._items
        if not rows:
            columns, rows = ["category", "slug"], self._categories
        if not rows:
            return Markup("")
        newest = rows[: -self._limit - 1 : -1]
        before = len(rows) - len(newest)
        return table_html(columns, newest) + (fill("<div>and {} before these</div>", before) if before else "")


class LiveGallery(Live):
    """Each picture as it lands, with its item's name; below them those that failed, and why.

    Args:
        folder: the output folder, whose `images` they lie in.
        size: pixels of a thumbnail.
    """

    def __init__(self, folder: Path, size: int = THUMBNAIL, **options: Any) -> None:
        super().__init__(**options)
        self._folder, self._size = folder, size
        self._pictures: list[tuple[bytes | None, str]] = []
        self._failed: list[events.ImageFailed] = []

    async def _take(self, event: events.Event) -> None:
        if isinstance(event, events.ImageSaved):
            path = self._folder / "images" / event.item.filename
            self._pictures.append((await asyncio.to_thread(thumbnail, path, self._size), event.item.name))
        elif isinstance(event, events.ImageFailed):
            self._failed.append(event)

    def _content(self) -> Markup:
        failed = joined(fill("<li><b>failed</b> {}: {}</li>", event.item.name, event.reason) for event in self._failed)
        return gallery_html(self._pictures, self._size) + (fill("<ul>{}</ul>", failed) if failed else "")
