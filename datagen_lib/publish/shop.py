"""What the shop takes: its fields, its limits in UTF-16 units, its slugs, and the numbers that it knows figures by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from datagen_lib.errors import InvalidCatalogue
from datagen_lib.folder.reading import read_json
from datagen_lib.models import CatalogItem, Category

Ids = Literal["uuid", "sequential"]

LIMITS: Mapping[str, int] = {"Id": 36, "Name": 80, "Category": 64, "Slug": 64, "ImageFile": 64}
"""Most UTF-16 code units of each column: the unit of .NET's strings and of nvarchar."""
REGISTER = "published.json"
"""The file in the output folder that remembers each figure's number and times, so that they never change."""


@dataclass(frozen=True)
class Figure:
    """One row of the shop's LegoFigures.

    Attributes:
        id: `LF-0001`, or the UUID.
        external_id: the UUID of the catalogue.
        name: its name.
        category: the name of its category.
        description: its text.
        image_file: the name of its picture's file.
        created: UTC, ISO 8601, to the second.
        updated: UTC, ISO 8601, to the second.
    """

    id: str
    external_id: str
    name: str
    category: str
    description: str
    image_file: str
    created: str
    updated: str

    def row(self) -> dict[str, str]:
        """The figure as the importer reads it from catalog.json."""
        return {
            "productId": self.id,
            "name": self.name,
            "category": self.category,
            "description": self.description,
            "filename": self.image_file,
            **({"externalId": self.external_id} if self.id != self.external_id else {}),
        }


@dataclass
class Entry:
    """What the register remembers of a figure."""

    number: int
    created: str
    updated: str
    content: str


class Register:
    """The numbers and times given so far, by UUID; a number once given stays with its figure for good."""

    def __init__(self, entries: dict[str, Entry]) -> None:
        self.entries = entries

    @classmethod
    def load(cls, folder: Path) -> Register:
        """The register of an output folder; empty before its first publication.

        Raises:
            InvalidCatalogue: the file does not hold one.
        """
        document = read_json(folder / REGISTER, default={})
        try:
            return cls({key: Entry(**entry) for key, entry in document.get("figures", {}).items()})
        except (AttributeError, TypeError) as error:
            raise InvalidCatalogue(
                f"{folder / REGISTER} does not hold the numbers of the figures ({error})",
                hint="Put a backup back in its place: without it published numbers could change.",
            ) from error

    def document(self) -> dict[str, Any]:
        """The register as it is stored."""
        return {"schemaVersion": 1, "figures": {key: asdict(entry) for key, entry in self.entries.items()}}

    def figures(self, items: Sequence[CatalogItem], *, ids: Ids, now: str) -> list[Figure]:
        """The items as the shop's figures; new ones get the next numbers, in the catalogue's order."""
        return [self._figure(item, ids, now) for item in items]

    def number_all(self, items: Iterable[CatalogItem], *, now: str) -> None:
        """Give every item of the catalogue its number, whether it is published now or later."""
        for item in items:
            self._entry(item, now)

    def _entry(self, item: CatalogItem, now: str) -> Entry:
        shown = json.dumps([item.name, item.category, item.description, item.filename], ensure_ascii=False)
        content = hashlib.sha256(shown.encode()).hexdigest()
        entry = self.entries.get(item.product_id)
        if entry is None:
            number = max((known.number for known in self.entries.values()), default=0) + 1
            entry = self.entries[item.product_id] = Entry(number, now, now, content)
        elif entry.content != content:
            entry.updated, entry.content = now, content
        return entry

    def _figure(self, item: CatalogItem, ids: Ids, now: str) -> Figure:
        entry = self._entry(item, now)
        return Figure(
            id=f"LF-{entry.number:04d}" if ids == "sequential" else item.product_id,
            external_id=item.product_id,
            name=item.name,
            category=item.category,
            description=item.description,
            image_file=item.filename,
            created=entry.created,
            updated=entry.updated,
        )


def units(text: str) -> int:
    """The length as .NET and SQL Server count it: UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def check_limits(figures: Sequence[Figure], categories: Sequence[Category]) -> list[str]:
    """What the shop would refuse, one line each; empty where it takes everything."""
    problems = []
    for figure in figures:
        columns = {"Id": figure.id, "Name": figure.name, "Category": figure.category, "ImageFile": figure.image_file}
        problems += [
            f"{figure.name!r}: {column} has {units(text)} units, at most {LIMITS[column]} are taken"
            for column, text in columns.items()
            if units(text) > LIMITS[column]
        ]
    slugs: dict[str, str] = {}
    for category in categories:
        if units(category.slug) > LIMITS["Slug"]:
            problems.append(f"category {category.name!r}: its slug has more than {LIMITS['Slug']} units")
        for slug in {category.slug, shop_slug(category.name)}:
            if slugs.setdefault(slug, category.name) != category.name:
                problems.append(f"categories {slugs[slug]!r} and {category.name!r} share the slug {slug!r}")
    known = {category.name for category in categories}
    problems += [
        f"{figure.name!r}: no category {figure.category!r}" for figure in figures if figure.category not in known
    ]
    return problems


def shop_slug(name: str) -> str:
    """The slug as the shop makes one itself: lower case, letters and digits of ASCII, one hyphen for all else."""
    kept = "".join(char if char.isascii() and char.isalnum() else "-" for char in name.lower())
    return "-".join(part for part in kept.split("-") if part)
