"""The contact sheet: every picture of a catalogue by category, named, enlarged on click, within two megabytes."""

from __future__ import annotations

import asyncio
import os
import webbrowser
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

import ipywidgets as w
import pandas as pd
from markupsafe import Markup

from datagen_lib import lab
from datagen_lib.text import counted

from .bars import bar
from .html import Html, data_uri, fill, joined, output
from .show import thumbnail

PAGE = 1_300_000  # bytes of pictures at most: with the names around them a page stays below two megabytes
MOST = 1000  # pictures at most; more are for the gallery page
SIZES = ((200, 160), (400, 112), (MOST, 72))  # (pictures up to, pixels each)
QUALITY = 50  # of WebP
_STYLE = Markup(
    "<style>.dg-sheet{display:flex;flex-wrap:wrap;gap:8px;align-items:flex-start}"
    ".dg-sheet figure{margin:0;width:96px}"
    ".dg-sheet img{width:96px;height:96px;border-radius:4px;cursor:zoom-in}"
    ".dg-sheet figcaption{font-size:11px;line-height:1.25;overflow-wrap:break-word;hyphens:auto}"
    ".dg-title{width:0;min-width:100%;margin:0 0 4px;line-height:1.25}"  # a long name makes no column wider
    ".dg-sheet figure:focus{width:320px;outline:2px solid #2a6fdb;border-radius:4px}"
    ".dg-sheet figure:focus img{width:320px;height:320px;cursor:zoom-out}"
    ".dg-sheet figure:focus figcaption{font-size:13px}</style>"
)
_FIGURE = '<figure tabindex="0"><img src="{}" alt="{}"><figcaption>{}</figcaption></figure>'
_SECTION = '<section lang="en"><div class="dg-title"><b>{}</b> ({})</div><div class="dg-sheet">{}{}</div></section>'
_NONE = (
    '<figure><div style="width:96px;height:96px;border:1px dashed #888;border-radius:4px;font-size:11px">no picture'
    "</div><figcaption>{}</figcaption></figure>"
)


class _Wanted(NamedTuple):
    category: str
    name: str
    path: Path
    has_image: bool


async def contact_sheet(catalogue: pd.DataFrame) -> None:
    """Show all pictures, grouped by category; a bar says how far it is while they are read.

    Beyond 1,000 items each category shows its first few. Click a picture, or go to it with Tab, to enlarge it.

    Args:
        catalogue: as `load_catalog` gives it.
    """
    from datagen_lib.events import Row

    wanted, left_out = _choose(catalogue)
    size = next(size for most, size in SIZES if len(wanted) <= most)
    show = output(Html(bar(Row("pictures", 0, len(wanted)))))
    read: list[bytes | None] = []
    last = asyncio.get_running_loop().time()
    async for data in _read(wanted, size):
        read.append(data)
        if asyncio.get_running_loop().time() - last > 0.2:
            last = asyncio.get_running_loop().time()
            show(Html(bar(Row("pictures", len(read), len(wanted)))))
    show(_sheet(catalogue, wanted, read, left_out))


def _choose(catalogue: pd.DataFrame) -> tuple[list[_Wanted], dict[str, int]]:
    """The items to show, by category, and how many each category leaves out."""
    groups = [(str(name), rows) for name, rows in catalogue.groupby("category", observed=True, sort=True)]
    each = len(catalogue)
    while each > 1 and sum(min(each, len(rows)) for _, rows in groups) > MOST:
        each = min(each - 1, max(1, each * MOST // max(1, sum(min(each, len(rows)) for _, rows in groups))))
    wanted = [
        _Wanted(category, str(row["name"]), Path(row["image_path"]), bool(row["has_image"]))
        for category, rows in groups
        for _, row in rows.head(each).iterrows()
    ]
    return wanted[:MOST], {category: len(rows) - each for category, rows in groups if len(rows) > each}


async def _read(wanted: Sequence[_Wanted], size: int) -> AsyncIterator[bytes | None]:
    """The thumbnails in order, a few at once in threads, so that the kernel stays awake and can be interrupted."""
    at_once = max(2, min(8, os.cpu_count() or 2))
    spent = 0
    for begin in range(0, len(wanted), at_once):
        part = wanted[begin : begin + at_once]
        jobs = (asyncio.to_thread(thumbnail, item.path, size, quality=QUALITY) for item in part)
        for data in await asyncio.gather(*jobs):
            spent += len(data or b"") * 4 // 3
            yield data if spent <= PAGE else None


def _sheet(
    catalogue: pd.DataFrame, wanted: Sequence[_Wanted], read: Sequence[bytes | None], left_out: dict[str, int]
) -> Html:
    groups: dict[str, list[Markup]] = {}
    for item, data in zip(wanted, read, strict=True):
        shown = fill(_FIGURE, data_uri(data, "webp"), item.name, item.name) if data else fill(_NONE, item.name)
        groups.setdefault(item.category, []).append(shown)
    parts = []
    for category, figures in groups.items():
        more = fill("<div>and {} more</div>", left_out[category]) if category in left_out else ""
        parts.append(fill(_SECTION, category, len(figures) + left_out.get(category, 0), joined(figures), more))
    has = int(catalogue["has_image"].sum())
    text = f"{has:,} of {counted(len(catalogue), 'item')} {'has' if has == 1 else 'have'} a picture"
    how = "Click one to enlarge it; click elsewhere to go back."
    body = '<div style="display:flex;flex-wrap:wrap;gap:16px 28px;align-items:flex-start">{}</div>'
    html = fill("{}<p>{}. {}</p>{}", _STYLE, text, how, fill(body, joined(parts)))
    return Html(html, f"[Contact sheet: {text}]")


class PageLink:
    """Where a page of its own lies, with a button that opens it in the browser.

    JupyterLab is no way to it: its own view runs no script, and in a tab that it opens the pictures are refused, since
    a page of a user counts as foreign there.
    """

    def __init__(self, page: Path) -> None:
        self._page, self._text = page, f"{page}: every picture with its texts, in a page that needs no kernel."
        layout = w.Layout(width="auto", align_self="flex-start")
        self.button = w.Button(description="Open in the browser", icon="external-link", layout=layout)
        self.button.on_click(lambda _: self.open())

    def open(self) -> None:
        """Open it as JupyterLab's own page was opened; in a thread, since a text browser stays until it is left."""
        Thread(target=webbrowser.open, args=(self._page.resolve().as_uri(),), daemon=True).start()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        told = fill("<p><code>{}</code>: every picture with its texts, in a page that needs no kernel.</p>", self._page)
        bundle = {"text/html": str(told), "text/plain": self._text}
        if lab.in_batch():
            return bundle
        shown = w.HTML(
            str(
                fill(
                    '<div style="line-height:1.35">{}<p>Where no browser opens, open the file by hand.</p></div>', told
                )
            )
        )
        return dict(w.VBox([self.button, shown])._repr_mimebundle_()) | bundle


def page_link(page: Path) -> PageLink:
    """The page's path, and in a notebook that is at work a button that opens it.

    Args:
        page: the file.
    """
    return PageLink(page)
