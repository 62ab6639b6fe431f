"""`grades.jsonl`: what the text model gave each item, bound to the texts that it read.

A grade is paid for once: the same texts never get another, and a change of them lets the old one go.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from datagen_lib.models import CatalogItem

from .disk import Disk
from .logs import line_of, read_log
from .reviews import texts_hash

NAME = "grades.jsonl"


@dataclass(frozen=True)
class Grade:
    """A grade from 0 to 100, and why."""

    grade: int
    reason: str


class Grades:
    """The grades of one folder, in the file and in memory."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._known: dict[str, Grade] = {}
        for record in read_log(Path(disk.root) / NAME):
            of, grade, reason = record.get("of"), record.get("grade"), record.get("reason")
            if isinstance(of, str) and type(grade) is int and 0 <= grade <= 100 and isinstance(reason, str):
                self._known[of] = Grade(grade, reason)

    def __len__(self) -> int:
        return len(self._known)

    def of(self, item: CatalogItem) -> Grade | None:
        """The grade of the item as it is now, or None."""
        return self._known.get(texts_hash(item))

    def missing(self, items: Iterable[CatalogItem]) -> list[CatalogItem]:
        """Those of the items that have none."""
        return [item for item in items if self.of(item) is None]

    def add(self, item: CatalogItem, grade: Grade, *, model: str) -> None:
        """Keep a grade; `harden` makes it durable.

        Raises:
            DiskError: the disk refuses.
        """
        of = texts_hash(item)
        when = datetime.now(UTC).isoformat(timespec="seconds")
        record = {"productId": item.product_id, "grade": grade.grade, "reason": grade.reason, "model": model}
        self._disk.append(NAME, line_of({**record, "of": of, "when": when}))
        self._known[of] = grade

    def harden(self) -> None:
        """Let all grades so far survive a power cut."""
        if self._known:
            self._disk.harden(NAME)
