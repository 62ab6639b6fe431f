"""When each call began and ended, what was retried and when pictures landed: as a table, and as a plot."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from datagen_lib import events
from datagen_lib.text import counted

from .show import BLUE, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKS = {"429": "v", "5xx": "X", "filter": "s", "other": "o"}
"""A form for each trouble, so that colour alone says nothing."""
NAMES = {"429": "429: too many", "5xx": "5xx: its own trouble", "filter": "filter", "other": "other"}
COLUMNS = ["second", "what", "kind", "took", "wait", "reason"]


def timeline(heard: Sequence[tuple[float, events.Event]]) -> pd.DataFrame:
    """The calls, retries and pictures among the events, one a row.

    Args:
        heard: events, each with its time in seconds, as `Live.events` has them.

    Returns:
        Columns second (since the first event), what ("call", "failed call", "retry", "picture", "failed picture",
        "pause", "pace"), kind ("text" or "image"), took (s, of a call), wait (s, before a retry), reason.
    """
    start = heard[0][0] if heard else 0.0
    records: list[tuple[Any, ...]] = []
    held: dict[str, str] = {}  # the pace said last
    for at, event in heard:
        second = round(at - start, 3)
        match event:
            case events.CallDone():
                what = "call" if event.ok else "failed call"
                records.append((second, what, event.kind, round(event.seconds, 3), None, event.reason))
            case events.Retrying():
                records.append((second, "retry", event.kind, None, round(event.wait, 3), event.reason))
            case events.PaceChanged(why=why) if why:
                records.append((second, "pause", event.kind, None, event.paused, why))
            case events.PaceChanged(per_minute=rate):
                pace = "no limit known" if rate is None else f"{rate:.3g} a minute"
                record = f"{pace}, {event.concurrency} at once"
                if held.get(event.kind) != record:
                    held[event.kind] = record
                    records.append((second, "pace", event.kind, None, None, record))
            case events.ImageSaved():
                records.append((second, "picture", "image", None, None, ""))
            case events.ImageFailed():
                records.append((second, "failed picture", "image", None, None, event.reason))
            case _:
                pass
    return pd.DataFrame(records, columns=COLUMNS).astype({"took": "Float64", "wait": "Float64"})


def kind_of_trouble(reason: str) -> str:
    """What went wrong, for a mark of its own: "429", "5xx", "filter" or "other"."""
    status = re.search(r"HTTP (\d)(\d\d)", reason)
    if status and status[0] == "HTTP 429":
        return "429"
    if "filter" in reason or "content policy" in reason or "content_policy" in reason:
        return "filter"
    return "5xx" if status and status[1] == "5" else "other"


def plot_timeline(happened: pd.DataFrame, *, kind: str = "image", quota: float | None = None) -> Figure:
    """Two views over one time axis: the calls with what went wrong, and the pictures made beside the quota.

    Args:
        happened: as `timeline` gives it.
        kind: "image" or "text".
        quota: calls a minute that the deployment takes, where it is known.
    """
    from matplotlib import pyplot as plt

    of_kind = happened[happened["kind"] == kind]
    figure, (calls, made) = plt.subplots(2, 1, sharex=True, figsize=(7, 6), height_ratios=(3, 2), layout="constrained")
    _plot_calls(calls, of_kind)
    _plot_made(made, of_kind, quota)
    # Calls go down to the right and pictures up to the right, so these corners are empty: no plot is made narrower.
    for axes, corner in ((calls, "upper right"), (made, "lower right")):
        axes.title.set(fontsize=11, horizontalalignment="left", x=0)
        axes.grid(axis="x", color="#8886")
        axes.legend(loc=corner, frameon=False, fontsize=10)
    return figure


def _plot_calls(axes: Axes, of_kind: pd.DataFrame) -> None:
    """Each call as a bar from its beginning to its end; what went wrong as a mark of its own form at its end."""
    done = of_kind[of_kind["what"].isin(["call", "failed call"])].copy()
    done["begun"] = done["second"] - done["took"].astype(float)
    done = done.sort_values("begun").reset_index(drop=True)
    done["place"] = done.index + 1
    for what, (colour, hatch, label) in {
        "call": (BLUE, None, "answered"),
        "failed call": ("none", "////", "failed"),
    }.items():
        part = done[done["what"] == what]
        width = part["took"].astype(float).clip(lower=0.03)
        edge = ORANGE if hatch else colour
        axes.barh(part["place"], width, left=part["begun"], color=colour, edgecolor=edge, hatch=hatch,
                  label=f"{label} ({len(part)})")  # fmt: skip
    failed = done[(done["what"] == "failed call") & (done["reason"] != "")]
    for trouble, mark in MARKS.items():
        found = failed[failed["reason"].map(kind_of_trouble) == trouble]
        if found.empty:
            continue
        axes.plot(found["second"], found["place"], mark, color=ORANGE, markersize=7, linestyle="none",
                  label=f"{NAMES[trouble]} ({len(found)})")  # fmt: skip
    title = f"{counted(len(done), 'call')}, each from its start to its end"
    axes.set(ylabel="call, in order", title=title)
    axes.invert_yaxis()


def _plot_made(axes: Axes, of_kind: pd.DataFrame, quota: float | None) -> None:
    """The pictures made so far, and the most that the quota lets through by then."""
    landed = of_kind.loc[of_kind["what"] == "picture", "second"]
    axes.step([0.0, *landed], range(len(landed) + 1), where="post", color=BLUE, linewidth=2, label="made")
    rate = 60 * len(landed) / landed.max() if len(landed) else 0
    if quota is not None and len(landed):
        end = float(landed.max())
        axes.plot([0, end], [0, quota * end / 60], "--", color=ORANGE, linewidth=2, label=f"quota: {quota:g} a minute")
    axes.set(ylabel="pictures", xlabel="seconds since the start", ylim=(0, None))
    axes.set_title(f"{counted(len(landed), 'picture')}, {rate:.0f} a minute")
