"""How far a run is, drawn: bars, what was there and what was added, one line of counts and one of what it waits for."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from markupsafe import Markup

from datagen_lib import events
from datagen_lib.text import counted, duration

from .html import fill, joined

_BAR = (
    '<div role="progressbar" aria-label="{what}" aria-valuemin="0" aria-valuenow="{done}" aria-valuemax="{wanted}">'
    '<span style="display:inline-block;width:90px">{what}</span>'
    '<span style="{track}"><span style="{fill}"></span></span>'
    '<span style="margin-left:10px">{done} of {wanted}{pace}</span></div>'
)
_TRACK = "display:inline-block;width:220px;height:9px;border-radius:5px;background:#8884;overflow:hidden"
# A line of its own place and height, so that nothing below it moves when it comes and goes.
_LINE = (
    '<div style="height:1.5em;line-height:1.5em;overflow:hidden;white-space:nowrap;text-overflow:ellipsis;opacity:.8" '
    'title="{whole}">{text}</div>'
)


def bar(row: events.Row, *, ended: bool = False) -> Markup:
    """One kind of thing as a bar, with its pace until the run has ended."""
    share = 100 * min(1.0, row.done / row.wanted) if row.wanted else 100.0
    style = f"display:block;width:{share:.0f}%;height:100%;background:#2a6fdb"
    return fill(
        _BAR, what=row.what, done=row.done, wanted=row.wanted, track=_TRACK, fill=style, pace="" if ended else pace(row)
    )


def pace(row: events.Row) -> str:
    """Its rate and the time that is left, or nothing while that can't be said."""
    if row.per_minute is None or row.seconds_left is None:
        return ""
    return f", {row.per_minute:.0f} a minute, about {duration(row.seconds_left)} left"


def line(text: str, whole: str = "") -> Markup:
    """Text in a line of fixed place and height, cut where it is too long; the whole of it on hover."""
    return fill(_LINE, text=text or Markup("&nbsp;"), whole=whole)


def waiting(event: events.Retrying) -> str:
    """What a call waits for, in few words of about one length: "429, waiting 0.5 s"."""
    status = re.search(r"HTTP (\d{3})", event.reason)
    what = status[1] if status else event.reason.split(": ", 1)[-1].split(";")[0][:40]
    return f"{what}, waiting {event.wait:.1f} s (try {event.attempt + 1})"


def held_to(event: events.PaceChanged, ago: float, now: datetime) -> str:
    """What holds calls back: "9 pictures a minute, learnt; next picture in 4 s", or a pause, until when and why.

    Args:
        event: the last that was heard of a deployment.
        ago: seconds since then.
        now: the time of day.
    """
    what = "picture" if event.kind == "image" else "text call"
    if event.why:
        left = event.paused - ago
        if left <= 0:
            return f"{what}s: one goes ahead, to see ({event.why})"
        until = now + timedelta(seconds=left)
        return f"all {what}s wait until {until:%H:%M:%S}, {left:.0f} s more: {event.why}"
    if not event.per_minute:
        return ""
    told = f"{event.per_minute:.3g} {what}s a minute, {'as given' if event.given else 'learnt'}"
    left = event.next_in - ago
    return f"{told}; next {what} in {left:.0f} s" if left >= 0.5 else told


def done_at(progress: events.Progress, now: datetime) -> str:
    """When the last row will be done, where that is a minute away or more: "210 done at about 14:32"."""
    row = progress.rows[-1] if progress.rows else None
    if row is None or row.seconds_left is None or row.seconds_left < 60:
        return ""
    return f"{row.wanted:,} done at about {now + timedelta(seconds=row.seconds_left):%H:%M}"


def told_apart(plan: events.Planned | None, progress: events.Progress) -> str:
    """What was there before this run, and what it added: "40 of 40 items were here already; this run added none"."""
    if plan is None or not progress.rows:
        return ""
    ready = {"categories": plan.categories_ready, "items": plan.items_ready, "pictures": plan.images_ready}
    row = progress.rows[-1]
    before = min(ready[row.what], row.done)
    added = row.done - before
    if not before:
        return ""
    verb = "was" if before == 1 else "were"
    return f"{before} of {row.wanted} {row.what} {verb} here already; this run added {added or 'none'}."


def status(progress: events.Progress, seconds: float, *, priced: bool) -> str:
    """Calls, what went wrong, dollars and seconds."""
    parts = [counted(progress.text_calls, "text call"), counted(progress.image_calls, "image call")]
    parts += [counted(progress.retries, "retry", "retries")] if progress.retries else []
    parts += [counted(progress.refused, "item") + " refused"] if progress.refused else []
    parts += [counted(progress.failed, "picture") + " failed"] if progress.failed else []
    parts += [f"${progress.cost_usd:.2f}"] if progress.cost_usd and priced else []
    return ", ".join([*parts, f"{seconds:.1f} s"])


def as_text(progress: events.Progress, *, ended: bool = False) -> str:
    """The bars in words: "20 of 20 categories, 87 of 210 pictures, 9 min left"."""
    rows = ", ".join(f"{row.done} of {row.wanted} {row.what}" for row in progress.rows)
    left = [row.seconds_left for row in progress.rows if row.seconds_left is not None]
    return f"{rows}, {duration(max(left))} left" if left and not ended else rows


def bars(progress: events.Progress, *, ended: bool = False) -> Markup:
    """A bar for each kind."""
    return joined(bar(row, ended=ended) for row in progress.rows)
