"""Pictures and tables for cells: every picture with alt text and a caption, small, inline, and escaped.

Thumbnails are WebP inside the page, not links: a saved notebook shows them anywhere, without a kernel or the folder.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from IPython.display import DisplayHandle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL.Image import Image

THUMBNAIL = 96  # pixels
CAPTION_WIDTH = 90  # pixels, at least
QUALITY = 60  # of WebP: 210 thumbnails are about half a megabyte
PLOT_DPI = 110


class Html:
    """HTML as the result of a cell, with the same in plain text."""

    def __init__(self, html: str, text: str = "") -> None:
        self.html, self.text = html, text

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.text}


def output(first: Html) -> Callable[[Html], None]:
    """Show `first` as an output of the cell; what it returns replaces that output, from any cell or thread."""
    handle: Any = DisplayHandle()  # type: ignore[no-untyped-call]
    handle.display(first._repr_mimebundle_(), raw=True)
    return lambda later: handle.update(later._repr_mimebundle_(), raw=True)


def quote(text: str) -> Html:
    """A long text, such as a prompt, with its own line ends; long lines wrap between words."""
    style = "white-space:pre-wrap;overflow-wrap:break-word;word-break:normal;font-family:monospace;line-height:1.4"
    return Html(f'<pre style="{style}">{escape(text)}</pre>', text)


def thumbnail(path: str | Path, size: int = THUMBNAIL) -> bytes | None:
    """The picture at `path` as WebP of at most size x size pixels; None where there is no whole picture."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            return webp(image.convert("RGB").resize((size, size), Image.Resampling.LANCZOS, reducing_gap=2.0))
    except (OSError, SyntaxError, ValueError):
        return None


def webp(image: Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=QUALITY, method=4)
    return buffer.getvalue()


def data_uri(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def figure_html(source: str, alt: str, caption: str = "", *, width: int | None = None) -> str:
    """One `<figure>` with its picture at the address `source`."""
    size = f"width:{width}px;" if width else "max-width:100%;"
    # Words of a caption need some room, even below a small picture.
    room = f"width:{max(width, CAPTION_WIDTH)}px;" if width and caption else size
    below = (
        f'<figcaption style="font-size:11px;line-height:1.25;overflow-wrap:break-word">{escape(caption)}</figcaption>'
        if caption
        else ""
    )
    image = f'<img src="{source}" alt="{escape(alt, quote=True)}" style="{size}height:auto;border-radius:4px">'
    return f'<figure style="margin:0;{room}">{image}{below}</figure>'


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
        html = f"<p>There is no picture at {escape(str(picture))}.</p>"
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


def gallery_html(pictures: Iterable[tuple[bytes | None, str]], size: int = THUMBNAIL) -> str:
    """Thumbnails with their names in rows that wrap: (WebP or None, name) each."""
    cells = []
    for data, name in pictures:
        if data is None:
            box = f"width:{size}px;height:{size}px;border:1px dashed #888;border-radius:4px;font-size:11px"
            cells.append(
                f'<figure style="margin:0;width:{size}px"><div style="{box}">no picture</div>'
                f'<figcaption style="font-size:11px;line-height:1.25">{escape(name)}</figcaption></figure>'
            )
        else:
            cells.append(figure_html(data_uri(data, "webp"), name, name, width=size))
    return f'<div style="display:flex;flex-wrap:wrap;gap:10px;align-items:flex-start">{"".join(cells)}</div>'


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
            with Image.open(io.BytesIO(data)) as image:
                sheet.paste(image, (index % columns * size, index // columns * size))
    alt = f"Contact sheet of {shown} pictures of block-toy figures, {columns} in a row"
    html = figure_html(data_uri(webp(sheet), "webp"), alt, f"{shown} of {len(catalogue)} items have a picture")
    return Html(html, f"[{alt}]")


def with_thumbnails(rows: pd.DataFrame, columns: Sequence[str] = ("name", "category", "description")) -> Html:
    """The rows as a table that opens with each item's picture; texts wrap instead of being cut."""
    records = []
    for _, row in rows.iterrows():
        data = thumbnail(row["image_path"])
        name = str(row["name"])
        picture = figure_html(data_uri(data, "webp"), name, width=THUMBNAIL) if data else "no picture"
        records.append([picture, *(escape(str(row[column])) for column in columns)])
    if not records:
        return _empty(columns)
    return Html(table_html(["picture", *columns], records), rows[list(columns)].to_string())


def table(frame: pd.DataFrame, *, index: bool = False) -> Html:
    """A table whose long texts wrap instead of being cut; of an empty one, its columns and that it is empty."""
    shown = frame.reset_index() if index else frame
    records = [[escape(_cell(value)) for value in record] for record in shown.itertuples(index=False)]
    if not records:
        return _empty(list(map(str, shown.columns)))
    return Html(table_html(list(map(str, shown.columns)), records), shown.to_string())


def _empty(columns: Sequence[str]) -> Html:
    return Html(f"<p>No rows (of {escape(', '.join(columns))}).</p>", "No rows.")


def _cell(value: Any) -> str:
    return "" if value is None or value is pd.NA or value != value else str(value)  # noqa: PLR0124 - NaN is not itself


def table_html(columns: Sequence[str], records: Iterable[Sequence[str]]) -> str:
    """A table of cells that are HTML already; the texts of `columns` are escaped here."""
    style = "text-align:left;vertical-align:top;padding:4px 10px"
    head = "".join(f'<th scope="col" style="{style};white-space:nowrap">{escape(column)}</th>' for column in columns)
    wrap = f"{style};white-space:normal;overflow-wrap:break-word"
    rows = ("".join(f'<td style="{wrap}">{cell}</td>' for cell in record) for record in records)
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
