"""The tables as one picture for the README: six small plots, ratios first."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter, NullFormatter
from PIL import Image

from datagen_lib.folder.pictures import open_picture

from .tables import Results, Table

OURS, OTHER, WANTED, QUIET = "#1f6f8b", "#c8773a", "#a02c2c", "#8a8f98"
Panel = tuple[str, Callable[[Any, Table], None]]


def draw(results: Results, path: Path) -> None:
    """Draw what `results` hold into the PNG `path`; a question that was not measured has an empty plot."""
    style = {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 10}
    with plt.rc_context(style):
        figure, axes = plt.subplots(2, 3, figsize=(12, 6.6), layout="constrained")
        for place, (letter, panel) in zip(axes.flat, PANELS, strict=True):
            table = results.tables.get(letter)
            if table is None or not table.rows:
                place.set_axis_off()
                place.text(0.5, 0.5, f"({letter}) not measured", ha="center")
                continue
            panel(place, table)
        figure.suptitle(
            f"What the library adds to latency, quota and SDK – {results.machine}, {results.taken}", fontsize=10
        )
        buffer = io.BytesIO()
        figure.savefig(buffer, dpi=110)
        plt.close(figure)
    path.parent.mkdir(exist_ok=True)
    # Few colours: a third of the bytes.
    picture = open_picture(buffer.getvalue()).convert("RGB")
    picture.quantize(96, dither=Image.Dither.NONE).save(path, optimize=True)


def draw_paces(results: Results, path: Path) -> None:
    """Draw table (h): times the oracle, and calls refused, ours against the plain way."""
    table = results.tables.get("h")
    if table is None:
        return
    names = list(table.rows)[::-1]
    views = (
        (("ours, times the oracle", "plain way"), "times the oracle (1 is the best there can be)", (0.9, 2.6)),
        (("ours, refused %", "plain way, refused %"), "refused calls, % of all", (0, 100)),
    )
    with plt.rc_context({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}):
        figure, both = plt.subplots(1, 2, sharey=True, figsize=(12, 0.34 * len(names) + 1.2), layout="constrained")
        for axes, (columns, label, limits) in zip(both, views, strict=True):
            for column, colour, mark, who in zip(columns, (OURS, OTHER), "oD", ("ours", "plain way"), strict=True):
                figures = [min(limits[1], table.middle(name, column)) for name in names]
                axes.plot(figures, range(len(names)), mark, color=colour, label=who, clip_on=False)
            axes.set(xlabel=label, xlim=limits)
            axes.grid(axis="y", color="#e3e3e3")
        allowed = [table.middle(name, "allowed") for name in names]
        both[0].plot(allowed, range(len(names)), "|", color=WANTED, markersize=9, label="allowed")
        both[0].set_yticks(range(len(names)), names)
        both[0].legend(frameon=False, loc="lower right")
        figure.savefig(path, dpi=100)
        plt.close(figure)


def _latency(axes: Any, table: Table) -> None:
    names = list(table.rows)
    ours = [name for name in names if "plain" not in name]
    _bars(axes, table, ours, "over the bound", range(len(ours)), OURS, "this library")
    _bars(axes, table, names[len(ours) :], "over the bound", range(len(ours), len(names)), OTHER, "the plain way")
    labels = [name.replace(" at once", "").replace(", the plain way", ",\nplain way") for name in names]
    axes.set_xticks(range(len(labels)), labels)
    axes.axhline(1, color=QUIET, lw=1)
    axes.axhline(1.25, color=WANTED, lw=1, ls="--", label="wanted at 8")
    axes.set(title="(a, c) Wall time over the bound", xlabel="pictures at once", ylabel="x latency bound")
    axes.legend(frameon=False, loc="upper left")


def _quota(axes: Any, table: Table) -> None:
    names = list(table.rows)[::-1]
    colours = [OTHER if "plain" in name else OURS for name in names]
    middles = [table.middle(name, "refused, % of calls") for name in names]
    axes.barh(range(len(names)), middles, color=colours, height=0.6)
    for at, name in enumerate(names):
        over = table.middle(name, "over the ideal")
        axes.text(max(11.0, middles[at] + 1), at, f"{over:.2f} x the ideal time", va="center")
    labels = [name.replace(", ", ",\n").replace("rate headers", "x-ratelimit") for name in names]
    axes.set_yticks(range(len(names)), labels)
    axes.axvline(10, color=WANTED, lw=1, ls="--")
    axes.set_xlim(0, 22 + max(11.0, *middles))
    axes.set(title="(b) 25 calls in 5 s: what is wasted", xlabel="refused calls, % of all (wanted: at most 10)")


def _cost(axes: Any, table: Table) -> None:
    names = list(table.rows)
    columns = (("bare loop CPU ms", "a bare SDK loop", OTHER, -0.2), ("library CPU ms", "this library", OURS, 0.2))
    for column, label, colour, shift in columns:
        _bars(axes, table, names, column, [at + shift for at in range(len(names))], colour, label, width=0.36)
    labels = [f"{name}\n{table.middle(name, 'CPU ratio'):.2f} x" for name in names]
    axes.set_xticks(range(len(names)), labels)
    axes.set(title="(d) CPU at zero latency", ylabel="ms of CPU")
    axes.legend(frameon=False)


def _growth(axes: Any, table: Table) -> None:
    sizes = _sizes(table)
    seconds = [table.middle(name, "seconds") for name in table.rows]
    axes.loglog(sizes, seconds, "o-", color=OURS, label="this library")
    start = next(at for at, size in enumerate(sizes) if size >= 1000 or size == sizes[-1])
    line = [seconds[start] * size / sizes[start] for size in sizes[start:]]
    axes.loglog(sizes[start:], line, "--", color=QUIET, label="linear")
    axes.set(title="(e) Seconds for a catalogue", xlabel="items (no pictures, zero latency)", ylabel="s")
    _plain_numbers(axes.xaxis, axes.yaxis)
    axes.legend(frameon=False)


def _prompts(axes: Any, table: Table) -> None:
    figures = [table.middle(name, "prompt characters an item") for name in table.rows]
    axes.semilogx(_sizes(table), figures, "o-", color=OURS, label="this library")
    if "250 items" in table.rows:
        most = 2 * table.middle("250 items", "prompt characters an item")
        axes.axhline(most, color=WANTED, lw=1, ls="--", label="twice that at 250")
    axes.set_ylim(0, 1.3 * max(figures))
    axes.set(title="(e) Prompt characters an item", xlabel="items", ylabel="characters")
    _plain_numbers(axes.xaxis)
    axes.legend(frameon=False, loc="lower right")


def _texts(axes: Any, table: Table) -> None:
    names = list(table.rows)
    _bars(axes, table, names, "over the floor", range(len(names)), OURS, "", width=0.5)
    axes.set_xticks(range(len(names)), [name.replace("; ", "\n").replace(", ", "\n") for name in names], fontsize=8)
    axes.axhline(1, color=QUIET, lw=1)
    axes.axhline(1.3, color=WANTED, lw=1, ls="--", label="wanted")
    axes.set_xlim(-0.7, len(names) - 0.3)
    axes.set(title="(g) The whole process, 210 items of text", ylabel="x the floor")
    axes.set_ylim(0, max(1.6, axes.get_ylim()[1]))
    axes.legend(frameon=False, loc="upper left")


def _bars(
    axes: Any,
    table: Table,
    names: Sequence[str],
    column: str,
    places: Sequence[float],
    colour: str,
    label: str,
    *,
    width: float = 0.6,
) -> None:
    """Bars at the medians, with whiskers to the least and the most, and the median above."""
    middles = [table.middle(name, column) for name in names]
    figures = [table.rows[name].get(column, [0.0]) for name in names]
    whiskers = [
        [middle - min(each) for middle, each in zip(middles, figures, strict=True)],
        [max(each) - middle for middle, each in zip(middles, figures, strict=True)],
    ]
    axes.bar(places, middles, width, color=colour, label=label, yerr=whiskers, ecolor="#333", capsize=3)
    for place, middle, each in zip(places, middles, figures, strict=True):
        white = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
        axes.annotate(f"{middle:.2f}", (place, max(each)), (0, 4), textcoords="offset points", ha="center", bbox=white)
    axes.margins(y=0.15)


def _plain_numbers(*scales: Any) -> None:
    """10,000 rather than 10 to the 4."""
    for scale in scales:
        scale.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
        scale.set_minor_formatter(NullFormatter())


def _sizes(table: Table) -> list[int]:
    return [int(name.split()[0].replace(",", "")) for name in table.rows]


PANELS: Sequence[Panel] = (("a", _latency), ("b", _quota), ("d", _cost), ("e", _growth), ("e", _prompts), ("g", _texts))
