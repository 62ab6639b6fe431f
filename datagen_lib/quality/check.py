"""The check of a whole folder, without a call: is this the catalogue that we ship?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from datagen_lib.errors import FolderError, InvalidCatalogue
from datagen_lib.folder.grades import Grades
from datagen_lib.folder.store import Store
from datagen_lib.models import CATEGORY_COUNT, CatalogItem
from datagen_lib.rules import RULES, Violation
from datagen_lib.spelling import fold
from datagen_lib.text import counted

from .looks import look_at_all, same_pictures
from .score import Quality, score_all
from .similar import alike

NAMES_ALIKE = 0.7
TEXTS_ALIKE = 0.7
TEXTS_SAME = 0.9  # of a description: from here on it is the same text
EXAMPLES = 5


@dataclass(frozen=True)
class Finding:
    """One answer of the check.

    Attributes:
        area: what was looked at.
        ok: whether nothing has to be mended.
        text: what was found.
        examples: the first few cases, in words.
    """

    area: str
    ok: bool
    text: str
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Check:
    """All findings on one folder, and the scores that they rest on."""

    folder: Path
    findings: tuple[Finding, ...]
    quality: tuple[Quality, ...] = field(default=(), repr=False)

    @property
    def ok(self) -> bool:
        return all(finding.ok for finding in self.findings)


def check(folder: Path, *, size: int | None = None, min_quality: int | None = None) -> Check:
    """Look at everything in the folder that the shop would import.

    Args:
        folder: the output folder.
        size: pixels a side that pictures should have; None for any square.
        min_quality: the score that each item must have; None to tell the lowest only.

    Raises:
        FolderError: the folder holds no catalogue.
    """
    try:
        store = Store.peek(folder)
    except InvalidCatalogue as error:
        return Check(folder, (Finding("schema", ok=False, text=error.what),))
    if not store.items:
        raise FolderError(f"{folder} holds no catalogue", hint="Make one first, or name another folder.")
    quality = quality_of(store)
    findings = (
        _schema(store),
        _categories(store),
        _coverage(store),
        *_texts(store.items),
        *_pictures(store, size),
        _scores(store.items, quality, min_quality),
        *_grades(store),
    )
    return Check(folder, findings, tuple(quality))


def _schema(store: Store) -> Finding:
    unfinished = len(store.items) - store.complete
    if unfinished:
        text = f"{counted(unfinished, 'item')} not in catalog.json yet: the catalogue is unfinished"
        return Finding("schema", ok=False, text=text)
    return Finding(
        "schema", ok=True, text=f"{counted(len(store.items), 'item')}, ids and names unique, every field valid"
    )


def _categories(store: Store) -> Finding:
    count = len(store.categories)
    written = (store.root / "categories.json").is_file()
    text = f"{counted(count, 'category', 'categories')}, {CATEGORY_COUNT} are to be there"
    return Finding("categories", ok=count == CATEGORY_COUNT and written, text=text if written else "no categories.json")


def _coverage(store: Store) -> Finding:
    counts = [store.by_category.get(category.name, 0) for category in store.categories]
    text = f"{min(counts, default=0)} to {max(counts, default=0)} items a category"
    empty = tuple(category.name for category in store.categories if not store.by_category.get(category.name, 0))
    few = len(store.items) < len(store.categories)
    if empty and not few:
        text += f"; {counted(len(empty), 'category', 'categories')} without an item"
    return Finding("coverage", ok=few or not empty, text=text, examples=() if few else empty[:EXAMPLES])


def _texts(items: Sequence[CatalogItem]) -> Iterator[Finding]:
    yield _alike("names", items, [item.name for item in items], NAMES_ALIKE)
    texts = [item.description for item in items]
    yield _alike("descriptions", items, texts, TEXTS_ALIKE, pieces=5, same=TEXTS_SAME)


def _alike(
    area: str,
    items: Sequence[CatalogItem],
    texts: Sequence[str],
    at_least: float,
    *,
    pieces: int = 3,
    same: float = 2.0,
) -> Finding:
    """The pairs of texts that read alike; to be mended where one reads the same, which is from `same` on."""
    pairs = alike(texts, at_least=at_least, pieces=pieces)
    cases = tuple(f"{items[one].name!r} and {items[other].name!r}: {share:.2f}" for one, other, share in pairs)
    text = f"{counted(len(pairs), 'pair')} of {area} read alike" if pairs else f"no two {area} read alike"
    ok = all(pair.similarity < same for pair in pairs)
    return Finding(area, ok=ok, text=text, examples=cases[:EXAMPLES])


def twins_of(descriptions: Sequence[str]) -> dict[int, int]:
    """For each description that an earlier one says already: the place of the earliest such, by its own place."""
    twins: dict[int, int] = {}
    for one, other, _ in alike(descriptions, at_least=TEXTS_SAME, pieces=5):
        twins[other] = min(one, twins.get(other, one))
    return twins


def _pictures(store: Store, size: int | None) -> Iterator[Finding]:
    store.closely = True  # a check believes no earlier run
    states = [store.image_state(item) for item in store.items]
    bad = [(item, state) for item, state in zip(store.items, states, strict=True) if state != "current"]
    counts = Counter(state for _, state in bad)
    text = ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "every item has its picture"
    cases = tuple(f"{item.filename} ({item.name}): {state}" for item, state in bad)
    yield Finding("pictures", ok=not bad, text=text, examples=cases[:EXAMPLES])
    whole = [item for item, state in zip(store.items, states, strict=True) if state in {"current", "stale"}]
    looks = look_at_all([store.image_path(item) for item in whole], size=size)
    flawed = [f"{item.filename} ({item.name}) {one.flaw}" for item, one in zip(whole, looks, strict=True) if one.flaw]
    text = f"{counted(len(flawed), 'picture')} with a flaw" if flawed else "all show something, all have their size"
    yield Finding("looks", ok=not flawed, text=text, examples=tuple(flawed[:EXAMPLES]))
    pairs = same_pictures(looks)
    cases = tuple(f"{whole[one].name!r} and {whole[other].name!r}" for one, other, _ in pairs)
    text = f"{counted(len(pairs), 'pair')} of the same picture" if pairs else "no picture is there twice"
    yield Finding("twins", ok=not pairs, text=text, examples=cases[:EXAMPLES])


def violations_of(store: Store, items: Sequence[CatalogItem]) -> dict[str, list[Violation]]:
    """The rules that each of the items breaks, by productId."""
    known = {fold(category.name): category for category in store.categories}
    return {item.product_id: RULES.check_item(item, known) for item in items}


def quality_of(
    store: Store, items: Sequence[CatalogItem] | None = None, broken: Mapping[str, Sequence[Violation]] | None = None
) -> list[Quality]:
    """The score of each item, in order: of `items`, compared with each other, or of the whole folder.

    Args:
        store: the folder.
        items: some of its items; None for all.
        broken: what `violations_of` said of them, where it was asked already.
    """
    items = store.items if items is None else items
    found = violations_of(store, items) if broken is None else broken
    return score_all(items, {key: sum(not one.hard for one in rules) for key, rules in found.items()})


def _scores(items: Sequence[CatalogItem], quality: Sequence[Quality], least: int | None) -> Finding:
    ranked = sorted(zip(quality, items, strict=True), key=lambda pair: pair[0].total)
    mean = sum(one.total for one in quality) / len(quality)
    below = [(score, item) for score, item in ranked if least is not None and score.total < least]
    text = f"quality {ranked[0][0].total} to {ranked[-1][0].total}, mean {mean:.0f}"
    if least is not None:
        text += f"; {counted(len(below), 'item')} below {least}"
    cases = tuple(
        f"{item.name!r}: {score.total} ({', '.join(f'{name} {value}' for name, value in score.parts().items())})"
        for score, item in (below or ranked)
    )
    return Finding("quality", ok=not below, text=text, examples=cases[:EXAMPLES])


def _grades(store: Store) -> Iterator[Finding]:
    """What the text model gave, where it was asked: nothing to mend, only to know."""
    grades = Grades(store.disk)
    given = [(grade, item) for item in store.items if (grade := grades.of(item)) is not None]
    if not given:
        return
    given.sort(key=lambda pair: pair[0].grade)
    mean = sum(grade.grade for grade, _ in given) / len(given)
    text = f"grade {given[0][0].grade} to {given[-1][0].grade}, mean {mean:.0f}, by the text model"
    if left := len(store.items) - len(given):
        text += f"; {counted(left, 'item')} without one"
    cases = tuple(f"{item.name!r}: {grade.grade} ({grade.reason})" for grade, item in given)
    yield Finding("grades", ok=True, text=text, examples=cases[:EXAMPLES])
