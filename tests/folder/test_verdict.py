"""Complete is judged from the files, by the contract."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from factories import STORED_THEMES, entry, item, write_catalogue, write_pictures

from datagen_lib.folder.store import Store
from datagen_lib.folder.verdict import judge

ENTRIES = [entry(number) for number in range(3)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A whole folder of three items, open."""
    write_catalogue(tmp_path, ENTRIES)
    write_pictures(tmp_path, ENTRIES)
    with Store.open(tmp_path, provider="azure", adopt="azure") as found:
        yield found


def test_a_whole_folder(store: Store) -> None:
    """Twenty categories, the items wanted, a current picture of each: complete."""
    verdict = judge(store, wanted=3, pictures=True)

    assert verdict.complete
    assert (verdict.categories, verdict.items, verdict.images) == (20, 3, 3)


def change(name: str, edit: Callable[[list[object]], object]) -> Callable[[Path], None]:
    def apply(root: Path) -> None:
        path = root / name
        path.write_text(json.dumps(edit(json.loads(path.read_text(encoding="utf-8")))), encoding="utf-8")

    return apply


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda root: (root / "categories.json").unlink(), "categories.json is not there"),
        (lambda root: (root / "catalog.json").unlink(), "catalog.json is not there"),
        (lambda root: (root / "catalog.json").write_text("[", encoding="utf-8"), "not valid JSON"),
        (change("categories.json", lambda found: found[:12]), "12 categories, not 20"),
        (change("categories.json", lambda found: found[1:]), "does not list"),
        (change("catalog.json", lambda found: found[:2]), "2 items, not 3"),
        (change("catalog.json", lambda found: [*found[:2], entry(9)]), "changed by someone else"),
    ],
)
def test_what_keeps_a_folder_from_being_whole(store: Store, harm: Callable[[Path], None], said: str) -> None:
    """A file that is gone, broken, short, or not what the run knows is named, and the folder is not complete."""
    harm(store.root)
    verdict = judge(store, wanted=3, pictures=True)

    assert not verdict.complete
    assert any(said in problem for problem in verdict.problems), verdict.problems


@pytest.mark.parametrize("known", [frozenset(), frozenset(found["productId"] for found in ENTRIES)])
def test_a_missing_picture_is_missing(store: Store, known: frozenset[str]) -> None:
    """A picture that is gone is missing, also where this run had made it; without pictures wanted it is not."""
    store.image_path(store.items[1]).unlink()
    verdict = judge(store, wanted=3, pictures=True, current=known)

    assert verdict.missing == (item(1),)
    assert not verdict.complete
    assert judge(store, wanted=3, pictures=False).complete
    assert len(STORED_THEMES) == 20
