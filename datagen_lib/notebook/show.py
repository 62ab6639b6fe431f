"""Pictures and tables for cells: every picture with alt text and a caption, small, inline, and escaped.

Thumbnails are WebP inside the page, not links: a saved notebook shows them anywhere, without a kernel or the folder.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from datagen_lib.folder.pictures import open_picture

from .html import THUMBNAIL, Html, data_uri, figure_html, fill, gallery_html, joined, table_html

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL.Image import Image

QUALITY = 60  # of WebP: 210 thumbnails are about half a megabyte
FINE = 80  # of WebP, for one picture that is to be looked at
PLOT_DPI = 110
INK = "#777777"  # of plots: 4.4:1 on white, 4.3:1 on the dark theme's ground
BLUE, ORANGE = "#2a6fdb", "#d9822b"  # of plots: both stand out on white and on black


def quote(text: str) -> Html:
    """A long text, such as a prompt, with its own line ends; long lines wrap between words."""
    style = "white-space:pre-wrap;overflow-wrap:break-word;word-break:normal;font-family:monospace;line-height:1.4"
    return Html(fill('<pre style="{}">{}</pre>', style, text), text)


def thumbnail(path: str | Path, size: int = THUMBNAIL, *, quality: int = QUALITY) -> bytes | None:
    """The picture at `path` as WebP of at most size x size pixels; None where there is no whole picture.

    A thumbnail that lies in the folder is taken where it is large enough and not older: it is read ten times as fast.
    """
    from PIL import Image

    path = Path(path)
    try:
        picture = open_picture(_smaller(path, size) or path).convert("RGB")
    except (OSError, ValueError):
        return None
    if size < picture.width:
        picture = picture.resize((size, size), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return webp(picture, quality)


def _smaller(path: Path, size: int) -> Path | None:
    """The smallest thumbnail of this picture on disk that has `size` pixels at least."""
    folder = path.parent.parent / "thumbnails"
    with suppress(OSError):
        made = path.stat().st_mtime
        sizes = sorted(int(each.name) for each in folder.iterdir() if each.name.isdigit() and int(each.name) >= size)
        for found in (folder / str(one) / f"{path.stem}.webp" for one in sizes):
            if found.is_file() and found.stat().st_mtime >= made:
                return found
    return None


def webp(image: Image, quality: int = QUALITY) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=quality, method=4)
    return buffer.getvalue()


def picture_html(data: bytes, alt: str, caption: str = "", *, size: int) -> Markup:
    """A picture from its bytes, scaled down to `size` pixels."""
    from PIL import Image

    try:
        picture = open_picture(data).convert("RGB")
    except (OSError, ValueError):
        return fill("<p>The answer is no picture that can be shown.</p>")
    picture.thumbnail((size, size), Image.Resampling.LANCZOS)
    return figure_html(data_uri(webp(picture, FINE), "webp"), alt, caption, width=size)


def figure(picture: str | Path | Axes | Figure, *, alt: str, caption: str = "", size: int = 256) -> Html:
    """One picture, or one plot, in a cell.

    Args:
        picture: a file; or a matplotlib figure or its axes, which is tidied and closed.
        alt: what it shows, in words, for whoever does not see it.
        caption: written below it.
        size: pixels of a picture from a file.
    """
    if isinstance(picture, str | Path):
        data = thumbnail(picture, size, quality=FINE)
        html = fill("<p>There is no picture at {}.</p>", picture)
        if data is not None:
            html = figure_html(data_uri(data, "webp"), alt, caption, width=size)
    else:
        html = figure_html(data_uri(plot_png(picture), "png"), alt, caption)
    return Html(html, f"[{alt}]")


def side_by_side(picture: str | Path, prompt: str, words: Iterable[str] = (), *, title: str, size: int = 1024) -> Html:
    """A picture in full size beside the prompt that it was drawn from.

    Args:
        picture: the file.
        prompt: its prompt.
        words: of the prompt that decided something in the picture; they are marked.
        title: above the prompt: the item's name.
        size: pixels of the picture.
    """
    data = thumbnail(picture, size, quality=FINE)
    image = Markup("<p>There is no picture.</p>")
    if data is not None:
        image = figure_html(data_uri(data, "webp"), prompt)
    marked = _marked(prompt, words)
    style = "flex:1 1 240px;max-width:480px;line-height:1.7;overflow-wrap:break-word"
    html = fill(
        '<div style="display:flex;flex-wrap:wrap;gap:20px;align-items:flex-start">'
        '<div style="flex:2 1 320px;max-width:{}px">{}</div><div style="{}"><b>{}</b><p>{}</p></div></div>',
        *(size, image, style, title, marked),
    )
    return Html(html, f"{title}: {prompt}")


def _marked(prompt: str, words: Iterable[str]) -> Markup:
    """The prompt with those words underlined and bold: never by colour alone."""
    wanted = sorted({word for word in words if word}, key=len, reverse=True)
    if not wanted:
        return fill("{}", prompt)
    pattern = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, wanted))})(?!\w)", re.IGNORECASE)
    style = "font-weight:bold;color:inherit;background:#2a6fdb33;border-bottom:2px solid #2a6fdb;padding:0 2px"
    return joined(
        fill('<mark style="{}">{}</mark>', style, part) if number % 2 else fill("{}", part)
        for number, part in enumerate(pattern.split(prompt))
    )


def plot_png(plot: Axes | Figure) -> bytes:
    """The plot as PNG: no ground of its own, in a grey that can be read on white and on black.

    A `$` stays a `$`: what a model wrote is text, and no formula.
    """
    from matplotlib import pyplot as plt
    from matplotlib.text import Text

    owner: Any = plot if hasattr(plot, "axes") and isinstance(plot.axes, list) else plot.figure
    for axes in owner.axes:
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(INK)
        axes.tick_params(length=0, labelsize=10, colors=INK)
        axes.set_axisbelow(True)
        axes.patch.set_alpha(0)
    for text in owner.findobj(Text):
        text.set_color(INK)
        text.set_parse_math(False)
    for legend in owner.findobj(lambda artist: type(artist).__name__ == "Legend"):
        legend.get_frame().set_alpha(0)
    buffer = io.BytesIO()
    owner.savefig(buffer, format="png", dpi=PLOT_DPI, bbox_inches="tight", transparent=True)
    plt.close(owner)
    return buffer.getvalue()


def gallery(catalogue: pd.DataFrame, size: int = THUMBNAIL) -> Html:
    """The pictures of these rows of a catalogue, each with its name."""
    pictures = [
        (thumbnail(path, size), name) for path, name in zip(catalogue["image_path"], catalogue["name"], strict=True)
    ]
    return Html(gallery_html(pictures, size), f"{len(pictures)} pictures")


def with_thumbnails(rows: pd.DataFrame, columns: Sequence[str] = ("name", "category", "description")) -> Html:
    """The rows as a table that opens with each item's picture; texts wrap instead of being cut."""
    records = []
    for _, row in rows.iterrows():
        data = thumbnail(row["image_path"])
        name = str(row["name"])
        picture = figure_html(data_uri(data, "webp"), name, width=THUMBNAIL) if data else Markup("no picture")
        records.append([picture, *(str(row[column]) for column in columns)])
    if not records:
        return _empty()
    return Html(table_html(["picture", *columns], records), rows[list(columns)].to_string())


def table(frame: pd.DataFrame, *, index: bool = False) -> Html:
    """A table whose long texts wrap instead of being cut; of an empty one, that it is empty."""
    shown = frame.reset_index(names=frame.index.name or "") if index else frame
    records = [[_cell(value) for value in record] for record in shown.itertuples(index=False)]
    if not records:
        return _empty()
    return Html(table_html(list(map(str, shown.columns)), records), shown.to_string())


def _empty() -> Html:
    return Html(fill("<p>No rows.</p>"), "No rows.")


def _cell(value: Any) -> str:
    return "" if value is None or value is pd.NA or value != value else str(value)  # noqa: PLR0124 - NaN is not itself
