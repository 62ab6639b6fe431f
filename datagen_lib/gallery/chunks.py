"""What the gallery knows of each item, in chunks that stay as they are while the catalogue grows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from datagen_lib.folder.album import IMAGES
from datagen_lib.folder.disk import opened
from datagen_lib.folder.grades import Grades
from datagen_lib.folder.store import Store
from datagen_lib.models import CatalogItem
from datagen_lib.quality.check import violations_of
from datagen_lib.quality.score import Quality, Scorer
from datagen_lib.rules import Violation
from datagen_lib.version import __version__

CHUNK = 1000  # items on the page, and in each file beside it
MOST = 20_000  # items in the gallery; a larger catalogue shows its newest
COMPARED = 2000  # items that the others are scored against: all of a smaller catalogue, else the first
LOW = 60  # a score below this is a flaw
THUMBNAIL = 256
FOLDER = "gallery"


class Chunks:
    """The items of a folder as the gallery shows them.

    Args:
        store: the folder, peeked at.

    Attributes:
        first: the place of the first item that is shown.
        pictures: how many of all items have one.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.first = max(0, -(-(len(store.items) - MOST) // CHUNK) * CHUNK)
        self._images = set(store.disk.names(IMAGES))
        self._thumbs = set(store.disk.names(f"thumbnails/{THUMBNAIL}"))
        self.pictures = sum(name in self._images for name in store.items.filenames()) if self._images else 0
        self._grades = Grades(store.disk)
        self._compared = store.items[:COMPARED]
        self._scorer = Scorer(self._compared)
        self._compared_with = hashlib.sha256(__version__.encode())
        for line in store.items.lines(0, COMPARED):
            self._compared_with.update(line)

    def write(self, start: int) -> str:
        """Write the file of the chunk that begins at place `start`, unless it is there as it should be.

        Returns:
            Its name in the folder.

        Raises:
            DiskError: the disk refuses.
        """
        name = f"{FOLDER}/{start // CHUNK + 1}.js"
        opening = f"// {self._made_from(start)}\n".encode()
        with opened(self._store.disk.path(name)) as file:
            if file is not None and file.readline() == opening:
                return name
        self._store.disk.make_folders(FOLDER)
        found = javascript(list(self.entries(start, start + CHUNK)))
        self._store.write(name, opening, f"take({found});\n".encode("utf-8", "replace"))
        return name

    def _made_from(self, start: int) -> str:
        """Stands for all that the chunk's file is made from."""
        items, stop = self._store.items, start + CHUNK
        made = self._compared_with.copy()
        for line in items.lines(start, stop):
            made.update(line)
        names = items.filenames(start, stop)
        made.update(str([(name in self._images, f"{name[:-4]}.webp" in self._thumbs) for name in names]).encode())
        if len(self._grades):
            made.update(str([self._grades.of(item) for item in items[start:stop]]).encode("utf-8", "replace"))
        return made.hexdigest()

    def entries(self, start: int, stop: int) -> Iterator[dict[str, Any]]:
        """What the page knows of the items from place `start` to before `stop`."""
        items = self._store.items[start:stop]
        broken = violations_of(self._store, items)
        for place, item in enumerate(items, start=start):
            rules = broken[item.product_id]
            soft = sum(not one.hard for one in rules)
            score = self._scorer.score(item, soft=soft, known=place < len(self._compared))
            yield self._entry(item, score, rules, place)

    def _entry(self, item: CatalogItem, score: Quality, broken: Sequence[Violation], place: int) -> dict[str, Any]:
        thumb = f"thumbnails/{THUMBNAIL}/{item.product_id}.webp"
        image = f"{IMAGES}/{item.filename}" if item.filename in self._images else ""
        flaws = [{"kind": "rule", "text": one.reason} for one in broken]
        flaws += [] if image else [{"kind": "no picture", "text": "There is no picture yet."}]
        flaws += [{"kind": "low quality", "text": f"The score is below {LOW}."}] if score.total < LOW else []
        grade = self._grades.of(item)
        return {
            "place": place,
            "id": item.product_id,
            "name": item.name,
            "category": item.category,
            "description": item.description,
            "prompt": item.image_prompt,
            "image": image,
            "thumb": thumb if image and f"{item.product_id}.webp" in self._thumbs else image,
            "quality": score.total,
            "parts": score.parts(),
            **({"grade": grade.grade, "reason": grade.reason} if grade else {}),
            "flaws": flaws,
        }


def javascript(value: Any) -> str:
    """The value as JSON that is JavaScript too, and ends no script element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
