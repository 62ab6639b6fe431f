"""When each call began and ended, what was retried and when pictures landed: as a table, and as a plot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from datagen_lib import events
from datagen_lib.text import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

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
    for at, event in heard:
        second = round(at - start, 3)
        match event:
            case events.CallDone():
                what = "call" if event.ok else "failed call"
                records.append((second, what, event.kind, round(event.seconds, 3), None, ""))
            case events.Retrying():
                records.append((second, "retry", event.kind, None, round(event.wait, 3), event.reason))
            case events.PaceChanged(why=why) if why:
                records.append((second, "pause", event.kind, None, event.paused, why))
            case events.PaceChanged(per_minute=rate):
                pace = "no limit known" if rate is None else f"{rate:.3g} a minute"
                records.append((second, "pace", event.kind, None, None, f"{pace}, {event.concurrency} at once"))
            case events.ImageSaved():
                records.append((second, "picture", "image", None, None, ""))
            case events.ImageFailed():
                records.append((second, "failed picture", "image", None, None, event.reason))
            case _:
                pass
    return pd.DataFrame(records, columns=COLUMNS).astype({"took": "Float64", "wait": "Float64"})


def plot_timeline(happened: pd.DataFrame, *, kind: str = "image") -> Figure:
    """Three views over one time axis: the calls, the waits before retries, the pictures made so far."""
    from matplotlib import pyplot as plt

    of_kind = happened[happened["kind"] == kind]
    figure, (calls, waits, made) = plt.subplots(
        3, 1, sharex=True, figsize=(8, 6.5), height_ratios=(3, 1.4, 1.6), layout="constrained"
    )
    _plot_calls(calls, of_kind)
    retries = of_kind[of_kind["what"] == "retry"]
    waits.vlines(retries["second"], 0, retries["wait"].astype(float), color="#b35900", linewidth=2)
    waits.plot(retries["second"], retries["wait"].astype(float), "D", color="#b35900", markersize=5)
    waits.set(
        ylabel="wait (s)", ylim=(0, None), title=f"{counted(len(retries), 'retry', 'retries')}, each after its wait"
    )
    landed = of_kind.loc[of_kind["what"] == "picture", "second"]
    made.step([0.0, *landed], range(len(landed) + 1), where="post", color="#1b5e9e", linewidth=2)
    rate = 60 * len(landed) / landed.max() if len(landed) else 0
    made.set(ylabel="pictures", xlabel="seconds since the start", ylim=(0, None))
    made.set_title(f"{counted(len(landed), 'picture')}, {rate:.0f} a minute")
    for axes in (calls, waits, made):
        axes.title.set(fontsize=11, horizontalalignment="left", x=0)
        axes.grid(axis="x", color="#dddddd")
    return figure


def _plot_calls(axes: Axes, of_kind: pd.DataFrame) -> None:
    """Each call as a bar from its beginning to its end; failed ones differ in colour, hatching and label."""
    done = of_kind[of_kind["what"].isin(["call", "failed call"])].copy()
    done["begun"] = done["second"] - done["took"].astype(float)
    done = done.sort_values("begun").reset_index(drop=True)
    styles = {"call": ("#1b5e9e", None, "answered"), "failed call": ("#f2b679", "////", "failed")}
    for what, (colour, hatch, label) in styles.items():
        part = done[done["what"] == what]
        axes.barh(
            part.index + 1,
            part["took"].astype(float).clip(lower=0.03),
            left=part["begun"],
            color=colour,
            edgecolor="#b35900" if hatch else colour,
            hatch=hatch,
            label=f"{label} ({len(part)})",
        )
    axes.set(ylabel="call, in order", title=f"{counted(len(done), 'call')}, each from its start to its end")
    axes.invert_yaxis()
    axes.legend(loc="lower left", frameon=False, fontsize=10)
