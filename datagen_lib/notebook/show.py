"""Pictures and tables for cells: every picture with alt text and a caption, small, inline, and escaped.

Thumbnails are WebP inside the page, not links: a saved notebook shows them anywhere, without a kernel or the folder.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from datagen_lib.folder.pictures import open_picture

from .html import THUMBNAIL, Html, data_uri, figure_html, fill, gallery_html, table_html

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL.Image import Image

QUALITY = 60  # of WebP: 210 thumbnails are about half a megabyte
PLOT_DPI = 110


def quote(text: str) -> Html:
    """A long text, such as a prompt, with its own line ends; long lines wrap between words."""
    style = "white-space:pre-wrap;overflow-wrap:break-word;word-break:normal;font-family:monospace;line-height:1.4"
    return Html(fill('<pre style="{}">{}</pre>', style, text), text)


def thumbnail(path: str | Path, size: int = THUMBNAIL) -> bytes | None:
    """The picture at `path` as WebP of at most size x size pixels; None where there is no whole picture."""
    from PIL import Image

    try:
        picture = open_picture(path).convert("RGB")
    except (OSError, ValueError):
        return None
    return webp(picture.resize((size, size), Image.Resampling.LANCZOS, reducing_gap=2.0))


def webp(image: Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=QUALITY, method=4)
    return buffer.getvalue()


def figure(picture: str | Path | Axes | Figure, *, alt: str, caption: str = "", size: int = 256) -> Html:
    """One picture, or one plot, in a cell.

    Args:
        picture: a file; or a matplotlib figure or its axes, which is tidied and closed.
        alt: what it shows, in words, for whoever does not see it.
        caption: written below it.
        size: pixels of a picture from a file.
    """
    if isinstance(picture, str | Path):
        data = thumbnail(picture, size)
        html = fill("<p>There is no picture at {}.</p>", picture)
        if data is not None:
            html = figure_html(data_uri(data, "webp"), alt, caption, width=size)
    else:
        html = figure_html(data_uri(_plot_png(picture), "png"), alt, caption)
    return Html(html, f"[{alt}]")


def _plot_png(plot: Axes | Figure) -> bytes:
    """The plot as PNG: no box around it, labels that can be read, a light grid behind bars and lines."""
    from matplotlib import pyplot as plt

    owner: Any = plot if hasattr(plot, "axes") and isinstance(plot.axes, list) else plot.figure
    for axes in owner.axes:
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(length=0, labelsize=10)
        axes.set_axisbelow(True)
    buffer = io.BytesIO()
    owner.savefig(buffer, format="png", dpi=PLOT_DPI, bbox_inches="tight", facecolor="white")
    plt.close(owner)
    return buffer.getvalue()


def gallery(catalogue: pd.DataFrame, size: int = THUMBNAIL) -> Html:
    """The pictures of these rows of a catalogue, each with its name."""
    pictures = [
        (thumbnail(path, size), name) for path, name in zip(catalogue["image_path"], catalogue["name"], strict=True)
    ]
    return Html(gallery_html(pictures, size), f"{len(pictures)} pictures")


def contact_sheet(catalogue: pd.DataFrame, *, columns: int = 15, size: int = 56) -> Html:
    """All pictures of a catalogue in one, grouped as the rows are, to be seen at a glance."""
    from PIL import Image

    rows = -(-len(catalogue) // columns)
    sheet = Image.new("RGB", (columns * size, max(1, rows) * size), "white")
    shown = 0
    for index, path in enumerate(catalogue["image_path"]):
        data = thumbnail(path, size)
        if data is not None:
            shown += 1
            sheet.paste(open_picture(data), (index % columns * size, index // columns * size))
    alt = f"Contact sheet of {shown} pictures of block-toy figures, {columns} in a row"
    html = figure_html(data_uri(webp(sheet), "webp"), alt, f"{shown} of {len(catalogue)} items have a picture")
    return Html(html, f"[{alt}]")


def with_thumbnails(rows: pd.DataFrame, columns: Sequence[str] = ("name", "category", "description")) -> Html:
    """The rows as a table that opens with each item's picture; texts wrap instead of being cut."""
    records = []
    for _, row in rows.iterrows():
        data = thumbnail(row["image_path"])
        name = str(row["name"])
        picture = figure_html(data_uri(data, "webp"), name, width=THUMBNAIL) if data else Markup("no picture")
        records.append([picture, *(str(row[column]) for column in columns)])
    if not records:
        return _empty(columns)
    return Html(table_html(["picture", *columns], records), rows[list(columns)].to_string())


def table(frame: pd.DataFrame, *, index: bool = False) -> Html:
    """A table whose long texts wrap instead of being cut; of an empty one, its columns and that it is empty."""
    shown = frame.reset_index() if index else frame
    records = [[_cell(value) for value in record] for record in shown.itertuples(index=False)]
    if not records:
        return _empty(list(map(str, shown.columns)))
    return Html(table_html(list(map(str, shown.columns)), records), shown.to_string())


def _empty(columns: Sequence[str]) -> Html:
    return Html(fill("<p>No rows (of {}).</p>", ", ".join(columns)), "No rows.")


def _cell(value: Any) -> str:
    return "" if value is None or value is pd.NA or value != value else str(value)  # noqa: PLR0124 - NaN is not itself
