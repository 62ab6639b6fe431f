"""How far a run is, on standard error: the pipeline's rows, drawn as bars in a terminal or as lines in a log."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Self

from datagen_lib import events
from datagen_lib.text import counted, duration

from .terminal import say

LOG_EVERY = 5.0  # s between progress lines where there is no terminal
LONG_PAUSE = 20.0  # s of a pause that is worth a line of its own
DRAW_EVERY = 0.1  # s between two drawings of the bars


class ProgressLine:
    """Two bars in a terminal, a line every few seconds in a log. Call it with each event of a run."""

    def __init__(self) -> None:
        self._bars: dict[str, Any] = {}
        self._last: events.Progress | None = None
        self._drawn = self._said = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._last is not None and self._bars:
            self._draw(self._last)
        with suppress(Exception):
            for bar in self._bars.values():
                bar.close()

    def __call__(self, event: events.Event) -> None:
        if isinstance(event, events.Ending):
            say(f"stopping: {event.what}; again to leave them" if event.calls else "stopping")
        if isinstance(event, events.PaceChanged) and event.paused >= LONG_PAUSE:
            say(pause(event, datetime.now().astimezone()))
        if not isinstance(event, events.Progress):
            return
        self._last = event
        now = time.monotonic()
        if sys.stderr.isatty():
            if now - self._drawn > DRAW_EVERY or not self._bars:
                self._drawn = now
                self._draw(event)
        elif now - self._said > LOG_EVERY:
            self._said = now
            say(line(event))

    def _draw(self, progress: events.Progress) -> None:
        """Draw the bars. What can't be drawn is left out, for a run does not hang on its looks."""
        with suppress(Exception):
            for position, row in enumerate(row for row in progress.rows if row.what != "categories"):
                bar = self._bars.get(row.what) or self._bar(row, position)
                bar.n, bar.total = row.done, row.wanted
                bar.set_postfix_str(note(progress) if position == len(progress.rows) - 2 else "", refresh=False)
                bar.refresh()

    def _bar(self, row: events.Row, position: int) -> Any:
        from tqdm import tqdm

        bar = tqdm(
            desc=row.what,
            initial=row.done,
            total=row.wanted,
            position=position,
            unit=row.what.removesuffix("s"),
            file=sys.stderr,
            dynamic_ncols=True,
        )
        self._bars[row.what] = bar
        return bar


def pause(event: events.PaceChanged, now: datetime) -> str:
    """A pause of all calls of a kind: until when, and why."""
    what = "pictures" if event.kind == "image" else "texts"
    return f"all {what} wait until {now + timedelta(seconds=event.paused):%H:%M:%S}: {event.why}"


def line(progress: events.Progress) -> str:
    """The progress in one line, for a log."""
    shown = [f"{row.what} {row.done}/{row.wanted}" for row in progress.rows if row.what != "categories"]
    left = [row.seconds_left for row in progress.rows if row.seconds_left is not None]
    parts = [*shown, f"about {duration(max(left))} left" if left else "", note(progress)]
    return f"{progress.seconds:.0f} s: {', '.join(part for part in parts if part)}"


def note(progress: events.Progress) -> str:
    """What a run has cost and what went wrong in it, in a few words."""
    parts = [f"${progress.cost_usd:.2f}"] if progress.cost_usd else []
    parts += [counted(progress.retries, "retry", "retries")] if progress.retries else []
    parts += [f"{progress.failed} failed"] if progress.failed else []
    return ", ".join(parts)
