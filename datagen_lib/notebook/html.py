"""HTML for cells, escaped by type: a `str` is text and is escaped where it is put in, a `Markup` is HTML already."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from IPython.display import DisplayHandle
from markupsafe import Markup

THUMBNAIL = 96  # pixels
LONG, LONG_WIDTH = 80, "clamp(150px,18vw,240px)"  # a text of more characters gets a column of at least that width
SHORT = 20  # characters of a column's name that stay in one line
UNBROKEN = 30  # characters without a blank, as of a path or a hash: more may break anywhere
CAPTION_WIDTH = 90  # pixels, at least
_CELL = "text-align:left;vertical-align:top;padding:4px 10px"
_NO_PICTURE = (
    '<figure style="margin:0;width:{size}px"><div style="width:{size}px;height:{size}px;border:1px dashed #888;'
    'border-radius:4px;font-size:11px">no picture</div>'
    '<figcaption style="font-size:11px;line-height:1.25">{name}</figcaption></figure>'
)


class Html:
    """HTML as the result of a cell, with the same in plain text."""

    def __init__(self, html: Markup, text: str = "") -> None:
        self.html, self.text = html, text

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": str(self.html), "text/plain": self.text}


Show = Callable[[Html], None]
"""Replaces an output of a cell by another."""


def handle() -> Any:
    """A display handle of IPython's, which has no types."""
    return DisplayHandle()  # type: ignore[no-untyped-call]


def output(first: Html) -> Show:
    """Show `first` as an output of the cell; what it returns replaces that output, from any cell or thread."""
    display = handle()
    display.display(first._repr_mimebundle_(), raw=True)

    def replace(later: Html) -> None:
        display.update(later._repr_mimebundle_(), raw=True)

    return replace


def fill(template: str, *values: object, **named: object) -> Markup:
    """`template` is HTML with `{}` where the values go, which are escaped but for those that are HTML already."""
    return Markup(template).format(*values, **named)  # noqa: S704 - the template is the caller's own


def joined(parts: Iterable[Markup]) -> Markup:
    """HTML after HTML."""
    return Markup("").join(parts)


def data_uri(data: bytes, kind: str) -> str:
    """The picture as an address that holds it whole."""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def figure_html(source: str, alt: str, caption: str = "", *, width: int | None = None) -> Markup:
    """One `<figure>` with its picture at the address `source`."""
    size = f"width:{width}px;" if width else "max-width:100%;"
    # Words of a caption need some room, even below a small picture.
    room = f"width:{max(width, CAPTION_WIDTH)}px;" if width and caption else size
    style = "font-size:11px;line-height:1.25;overflow-wrap:break-word"
    below = fill('<figcaption style="{}">{}</figcaption>', style, caption) if caption else ""
    image = fill('<img src="{}" alt="{}" style="{}height:auto;border-radius:4px">', source, alt, size)
    return fill('<figure style="margin:0;{}">{}{}</figure>', room, image, below)


def gallery_html(pictures: Iterable[tuple[bytes | None, str]], size: int = THUMBNAIL) -> Markup:
    """Thumbnails with their names in rows that wrap: (WebP or None, name) each."""
    cells = joined(
        fill(_NO_PICTURE, size=size, name=name)
        if data is None
        else figure_html(data_uri(data, "webp"), name, name, width=size)
        for data, name in pictures
    )
    return fill('<div style="display:flex;flex-wrap:wrap;gap:10px;align-items:flex-start">{}</div>', cells)


def table_html(columns: Sequence[str], records: Iterable[Sequence[str]]) -> Markup:
    """A table whose long texts wrap; a cell that is Markup stands as it is."""
    wrap = f"{_CELL};white-space:normal;overflow-wrap:break-word"
    short = f"{_CELL};white-space:nowrap"
    head = joined(
        fill('<th scope="col" style="{}">{}</th>', short if len(column) <= SHORT else _CELL, column)
        for column in columns
    )
    rows = (joined(fill('<td style="{}">{}</td>', wrap + _room(cell), cell) for cell in record) for record in records)
    body = joined(fill("<tr>{}</tr>", row) for row in rows)
    table = fill("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", head, body)
    return fill('<div style="overflow-x:auto">{}</div>', table)


def _room(cell: str) -> str:
    """The style that a long text needs, so that a narrow window breaks it before the table has to scroll."""
    if isinstance(cell, Markup):
        return ""
    if len(cell) > UNBROKEN and not re.search(r"\s", cell):
        return f";overflow-wrap:anywhere;min-width:{LONG_WIDTH}"
    return f";min-width:{LONG_WIDTH}" if len(cell) > LONG else ""
