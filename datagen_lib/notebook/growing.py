"""What a run makes, as it is made: the newest items in a table, the pictures in a gallery that grows at its end."""

from __future__ import annotations

import asyncio
from collections import deque
from pathlib import Path
from typing import Any

from markupsafe import Markup

from datagen_lib import events
from datagen_lib.text import counted

from .html import THUMBNAIL, Html, Show, fill, gallery_html, joined, output, table_html
from .live import Live, There
from .show import thumbnail

SHOWN_ROWS = 12
SHOWN_PICTURES = 240  # of THUMBNAIL pixels: 0.9 MB of page; larger ones are fewer
CHUNK = 24  # pictures in one output: a new picture sends those of its own output again, and no others
AT_A_TIME = 8  # pictures read in one go

Picture = tuple[bytes | None, str]


class LiveTable(Live):
    """The newest items on top, refused ones with their reasons among them; the categories while there is no item.

    What this run made is marked as new; what was there before it bears no mark.

    Args:
        folder: the output folder, whose items stand in the table already.
        rows: how many are shown.
    """

    def __init__(self, folder: Path | None = None, rows: int = SHOWN_ROWS, **options: Any) -> None:
        super().__init__(folder, **options)
        self._limit = rows
        self._categories: list[list[str]] = []
        self._items: list[list[str]] = []
        self._earlier = 0  # items that were there before those
        self._drawn = Markup("")
        self._table: Show | None = None

    def _begin(self, there: There) -> None:
        self._categories = [["", each.name, each.slug] for each in there.categories]
        newest = there.items[-self._limit :]
        self._items = [["", each.name, each.category, each.description] for each in newest]
        self._earlier = len(there.items) - len(newest)
        self._table = output(Html(self._content(), "A table of the newest."))

    def _take(self, event: events.Event) -> None:
        match event:
            case events.CategoryAccepted(category):
                self._categories.append([Markup("<b>new</b>"), category.name, category.slug])
            case events.ItemAccepted(item, _):
                self._items.append([Markup("<b>new</b>"), item.name, item.category, item.description])
            case events.ItemRejected(name, violations):
                reasons = "; ".join(violation.reason for violation in violations)
                self._items.append([Markup("<b>refused</b>"), name, "", reasons])

    async def _show(self) -> bool:
        content = self._content()
        if self._table is not None and content != self._drawn:
            self._drawn = content
            self._table(Html(content, "A table of the newest."))
        return False

    def _newest(self) -> Markup:
        return self._content()

    def _content(self) -> Markup:
        columns, rows = ["", "item", "category", "description, or why it was refused"], self._items
        if not rows or (self.progress.rows and self.progress.rows[-1].what == "categories"):
            columns, rows = ["", "category", "slug"], self._categories
        if not rows:
            return Markup("")
        newest = rows[: -self._limit - 1 : -1]
        before = len(rows) - len(newest) + (self._earlier if rows is self._items else 0)
        if not any(mark for mark, *_ in newest):  # all was there: the line above says so
            columns, newest = columns[1:], [row[1:] for row in newest]
        return table_html(columns, newest) + (fill("<div>and {} before these</div>", before) if before else "")


class LiveGallery(Live):
    """The pictures that are there, then each as it lands, with its item's name; last those that failed, and why.

    Args:
        folder: the output folder, whose `images` they lie in.
        size: pixels of a thumbnail.
        most: pictures shown at most; None for as many as a page bears. The newest stay.
    """

    def __init__(self, folder: Path, size: int = THUMBNAIL, *, most: int | None = None, **options: Any) -> None:
        super().__init__(folder, **options)
        self._images = folder / "images"
        self._size = size
        self._most = most or max(4, round(SHOWN_PICTURES * (THUMBNAIL / size) ** 2))
        self._waiting: deque[tuple[Path, str]] = deque()
        self._failed: list[events.ImageFailed] = []
        self._old: _Chunks | None = None
        self._new: _Chunks | None = None
        self._failures: Show | None = None
        self._heading: Show | None = None
        self._ready: deque[tuple[Path, str]] = deque()

    def _begin(self, there: There) -> None:
        paths = [(self._images / item.filename, item.name) for item in there.items]
        paths = [(path, name) for path, name in paths if path.is_file()]
        self._ready.extend(paths[: self._most])
        if self._ready:
            more = len(paths) - len(self._ready)
            also = f", the first {len(self._ready)} of {len(paths):,}" if more else ""
            output(Html(fill('<div style="margin:6px 0 2px">Here already{}:</div>', also)))
            self._old = _Chunks(self._size, self._most)
            self._old.make_room(len(self._ready))
            self._heading = output(Html(Markup("")))
        self._failures = output(Html(Markup("")))
        self._new = _Chunks(self._size, self._most)

    def _take(self, event: events.Event) -> None:
        if isinstance(event, events.ImageSaved):
            if self._heading is not None:
                self._heading(Html(Markup('<div style="margin:6px 0 2px">Added by this run:</div>')))
                self._heading = None
            self._waiting.append((self._images / event.item.filename, event.item.name))
        elif isinstance(event, events.ImageFailed):
            self._failed.append(event)
            if self._failures is not None:
                self._failures(Html(self._failed_html(), f"{counted(len(self._failed), 'picture')} failed"))

    async def _show(self) -> bool:
        """The new ones first; those that were there fill in behind."""
        while len(self._waiting) > self._most:
            self._waiting.popleft()
            if self._new is not None:
                self._new.left_out += 1
        queue, chunks = (self._waiting, self._new) if self._waiting else (self._ready, self._old)
        if not queue or chunks is None:
            return False
        taken = [queue.popleft() for _ in range(min(AT_A_TIME, len(queue)))]
        pictures = await asyncio.gather(*(asyncio.to_thread(thumbnail, path, self._size) for path, _ in taken))
        chunks.add([(data, name) for data, (_, name) in zip(pictures, taken, strict=True)])
        return bool(self._waiting or self._ready)

    def _finish(self) -> None:
        for chunks in (self._old, self._new):
            if chunks is not None:
                chunks.join()

    def _newest(self) -> Markup:
        chunks = self._new if self._new is not None and self._new.last else self._old
        pictures = gallery_html(chunks.last, self._size) if chunks is not None else Markup("")
        return pictures + self._failed_html()

    def _failed_html(self) -> Markup:
        failed = joined(fill("<li><b>failed</b> {}: {}</li>", event.item.name, event.reason) for event in self._failed)
        return fill("<ul>{}</ul>", failed) if failed else Markup("")


class _Chunks:
    """Pictures in outputs of a few each, so that one more sends only its own output again.

    Args:
        size: pixels of a thumbnail.
        most: pictures shown at most; beyond that the oldest outputs are emptied.
    """

    def __init__(self, size: int, most: int) -> None:
        self._size, self._most = size, most
        self._each = max(1, min(CHUNK, most // 2))
        self._shows: list[Show] = []
        self._chunks: list[list[Picture]] = []
        self.left_out = 0
        self._above: Show | None = None

    @property
    def last(self) -> list[Picture]:
        """The newest few."""
        return [picture for chunk in self._chunks for picture in chunk][-CHUNK:]

    def make_room(self, count: int) -> None:
        """Open the outputs for so many pictures now, so that they stand above what is opened later."""
        while len(self._shows) * self._each < count:
            self._shows.append(output(Html(Markup(""))))

    def add(self, pictures: list[Picture]) -> None:
        """Show these, behind the others."""
        changed = set()
        for picture in pictures:
            if not self._chunks or len(self._chunks[-1]) >= self._each:
                self._chunks.append([])
                if self._above is None and not self._shows:
                    self._above = output(Html(Markup("")))
            self._chunks[-1].append(picture)
            changed.add(len(self._chunks) - 1)
        self.make_room(self._each * len(self._chunks))
        changed |= self._leave_out()
        for index in sorted(changed):
            chunk = self._chunks[index]
            html = gallery_html(chunk, self._size) if chunk else Markup("")
            self._shows[index](Html(html, counted(len(chunk), "picture") if chunk else ""))
        if self.left_out and self._above is not None:
            text = f"{counted(self.left_out, 'earlier picture')} not shown here; notebook 04 shows all."
            self._above(Html(fill("<div>{}</div>", text), text))

    def join(self) -> None:
        """Show all in the first output, in one flow without ragged rows between: once, when no more come."""
        pictures = [picture for chunk in self._chunks for picture in chunk]
        for index, show in enumerate(self._shows):
            html = gallery_html(pictures, self._size) if pictures and index == 0 else Markup("")
            show(Html(html, counted(len(pictures), "picture") if html else ""))

    def _leave_out(self) -> set[int]:
        """Empty the oldest outputs where there are too many pictures; returns which."""
        emptied = set()
        shown = sum(map(len, self._chunks))
        for index, chunk in enumerate(self._chunks[:-1]):
            if shown <= self._most:
                break
            if not chunk:
                continue
            shown -= len(chunk)
            self.left_out += len(chunk)
            chunk.clear()
            emptied.add(index)
        return emptied
