"""The catalogue as pandas tables, read from files that were written by hand."""

from __future__ import annotations

import json
import random
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import png
from hypothesis import given
from hypothesis import strategies as st

from datagen_lib import load_catalog
from datagen_lib.catalog import coverage, failed_images, missing_images, rejected_items, similar_names
from datagen_lib.errors import FolderError, InvalidCatalogue
from datagen_lib.folder.store import Store
from datagen_lib.models import CatalogItem, aliases
from datagen_lib.quality.similar import _hashes, _meeting

TEXT = "str" if pd.__version__ >= "3" else "object"  # what pandas calls a column of texts
TYPES = {
    **dict.fromkeys(aliases(CatalogItem), TEXT),
    "category": "category",
    "image_path": TEXT,
    "has_image": "bool",
    "image_size": "Int64",
    "name_words": "Int64",
    "description_length": "Int64",
    "prompt_length": "Int64",
    "quality": "Int64",
    **{f"quality_{part}": "Int64" for part in ("rules", "match", "variety", "fit", "reading")},
    "duplicate_of": TEXT,
    "review": TEXT,
    "grade": "Int64",
    "grade_reason": TEXT,
    **dict.fromkeys(("provider", "text_model", "image_model", "batch"), TEXT),
    "text_attempt": "Int64",
    "image_attempts": "Int64",
    "text_cost_usd": "Float64",
    "image_cost_usd": "Float64",
}


def item(number: int, **changes: Any) -> dict[str, Any]:
    product = f"00000000-0000-4000-8000-{number:012}"
    return {
        "productId": product,
        "name": f"Figure {number}",
        "description": "It stands on a small base. It smiles at whoever looks.",
        "category": "Harbour Folk",
        "filename": f"{product}.png",
        "imagePrompt": "Photorealistic LEGO-style minifigure, red cap",
    } | changes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two categories, of which one is empty; two items, of which one has a picture."""
    names = [("Harbour Folk", "harbour-folk"), ("Night Sky", "night-sky")]
    categories = [{"name": name, "slug": slug} for name, slug in names]
    (tmp_path / "categories.json").write_text(json.dumps(categories), encoding="utf-8")
    (tmp_path / "catalog.json").write_text(json.dumps([item(1), item(2)]), encoding="utf-8")
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / item(1)["filename"]).write_bytes(png("a", 256))
    return tmp_path


def test_the_columns_are_typed(folder: Path) -> None:
    """Every column has its type, and what is measured is right."""
    catalogue = load_catalog(folder)

    assert catalogue.dtypes.astype(str).to_dict() == TYPES
    assert catalogue["has_image"].tolist() == [True, False]
    assert catalogue["image_size"].tolist() == [256, pd.NA]
    assert catalogue["image_path"].tolist() == [str(folder / "images" / item(n)["filename"]) for n in (1, 2)]
    first = catalogue.iloc[0]
    assert (first["name_words"], first["description_length"], first["prompt_length"]) == (2, 54, 45)


def test_an_empty_catalogue_has_the_same_columns(folder: Path) -> None:
    """A catalogue without an item is a table without a row, of the same types."""
    (folder / "catalog.json").write_text("[]", encoding="utf-8")
    catalogue = load_catalog(folder)

    assert len(catalogue) == 0
    assert catalogue.dtypes.astype(str).to_dict() == TYPES
    assert coverage(catalogue)["items"].tolist() == [0, 0]


def test_a_growing_catalogue_is_read_beside_the_run(folder: Path) -> None:
    """Items of catalog.partial.json are there too, a torn last line is not; neither lock nor file is touched."""
    lines = [json.dumps(item(3)), json.dumps(item(4))[:50]]
    (folder / "catalog.partial.json").write_text("[\n" + ",\n".join(lines), encoding="utf-8")
    with Store.open(folder, provider="offline", adopt="offline"):
        before = {path: path.read_bytes() for path in folder.glob("*.json")}
        catalogue = load_catalog(folder)

        assert catalogue["name"].tolist() == ["Figure 1", "Figure 2", "Figure 3"]
        assert {path: path.read_bytes() for path in folder.glob("*.json")} == before


def test_fields_that_a_person_added_are_columns(folder: Path) -> None:
    """A field beyond the contract comes last, with what it holds."""
    (folder / "catalog.json").write_text(json.dumps([item(1, price=4.5), item(2)]), encoding="utf-8")
    catalogue = load_catalog(folder)

    assert [*catalogue.columns] == [*TYPES, "price"]
    assert catalogue["price"].iloc[0] == 4.5


def test_an_older_item_without_a_prompt_is_read(folder: Path) -> None:
    """Where there is no imagePrompt the column holds an empty text."""
    entry = item(1)
    del entry["imagePrompt"]
    (folder / "catalog.json").write_text(json.dumps([entry]), encoding="utf-8")

    assert load_catalog(folder)["imagePrompt"].tolist() == [""]


def test_a_file_that_is_no_png_is_no_image(folder: Path) -> None:
    """What stands under a picture's name and is no PNG does not count as one."""
    (folder / "images" / item(2)["filename"]).write_text("<html>", encoding="utf-8")

    assert load_catalog(folder)["has_image"].tolist() == [True, False]


def test_without_a_folder_given_output_dir_counts(home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None means OUTPUT_DIR, from the project's root as in a run, whatever the other settings are."""
    monkeypatch.setenv("OUTPUT_DIR", "./elsewhere")
    monkeypatch.setenv("TARGET_COUNT", "many")
    (home / "elsewhere").mkdir()
    (home / "elsewhere" / "catalog.json").write_bytes((folder / "catalog.json").read_bytes())
    (home / "below").mkdir()
    monkeypatch.chdir(home / "below")

    assert len(load_catalog()) == 2


def test_no_catalogue_is_an_error_with_a_hint(tmp_path: Path) -> None:
    """A folder without a catalogue, such as a mistyped one, is named; it is not an empty table."""
    with pytest.raises(FolderError, match="holds no catalogue") as caught:
        load_catalog(tmp_path / "typo")
    assert "Make one first" in caught.value.hint


def test_a_broken_catalogue_is_named_by_line(folder: Path) -> None:
    """A hand-edited file that breaks the contract is named with its line."""
    (folder / "catalog.json").write_text("[\n" + json.dumps(item(1, name="Q")) + "\n]", encoding="utf-8")
    with pytest.raises(InvalidCatalogue, match=r"catalog\.json, line 2"):
        load_catalog(folder)


def test_coverage_counts_empty_categories(folder: Path) -> None:
    """Every category of categories.json has its row, in that order, with items and pictures."""
    covered = coverage(load_catalog(folder))

    assert covered.to_dict("index") == {
        "Harbour Folk": {"items": 2, "images": 1},
        "Night Sky": {"items": 0, "images": 0},
    }


def test_missing_images_are_listed(folder: Path) -> None:
    """The items without a picture, with what is needed to make it."""
    missing = missing_images(load_catalog(folder))

    assert missing["name"].tolist() == ["Figure 2"]
    assert [*missing.columns] == ["productId", "name", "category", "imagePrompt"]


def test_the_logs_are_tables(folder: Path) -> None:
    """Refused items and failed pictures come typed; a line that a kill has torn is left out."""
    refused = {"when": "2026-11-24T10:00:00+00:00", "rules": ["a", "b"], "reasons": ["x", "y"], "item": {"name": "N"}}
    (folder / "rejected_items.jsonl").write_text(json.dumps(refused) + '\n{"when": "2026', encoding="utf-8")
    failed = {"productId": "1", "name": "N", "prompt": "P", "reason": "R", "attempts": 2, "when": refused["when"]}
    (folder / "failed_images.log").write_text(json.dumps(failed) + "\n", encoding="utf-8")

    assert rejected_items(folder).drop(columns="when").to_dict("records") == [
        {"name": "N", "rules": "a; b", "reasons": "x; y"}
    ]
    assert failed_images(folder)["attempts"].tolist() == [2]
    assert str(failed_images(folder)["when"].dtype).startswith("datetime64")


def test_no_log_is_an_empty_table(folder: Path) -> None:
    """Where nothing was refused and nothing failed, the tables are empty and have their columns."""
    assert len(rejected_items(folder)) == len(failed_images(folder)) == 0
    assert "reasons" in rejected_items(folder)
    assert "attempts" in failed_images(folder)


WORDS = st.sampled_from(["Harbour", "Harbor", "Keeper", "Night", "Knight", "Baker", "of", "Bakery", "x", "Éclair"])
NAMES = st.lists(st.lists(WORDS, max_size=4).map(" ".join), max_size=30, unique=True)


@given(NAMES, st.floats(0.05, 1))
def test_similar_names_finds_every_pair(names: list[str], at_least: float) -> None:
    """Looking only at names that share a rare trigram finds the same pairs as comparing each with each."""
    sets = {name: _hashes(name, 3) for name in names}
    expected = {
        frozenset(pair)
        for pair in combinations(names, 2)
        if sets[pair[0]] and len(sets[pair[0]] & sets[pair[1]]) / len(sets[pair[0]] | sets[pair[1]]) >= at_least
    }
    found = similar_names(names, at_least=at_least)

    assert {
        frozenset((row.name_, row.other)) for row in found.rename(columns={"name": "name_"}).itertuples()
    } == expected
    assert found["similarity"].is_monotonic_decreasing


def test_the_work_grows_with_the_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice as many names take about twice as many comparisons, even where a few words make up all of them."""
    compared: list[int] = []

    def counting(*arguments: Any) -> Any:
        pairs = _meeting(*arguments)
        compared.append(len(pairs))
        return pairs

    monkeypatch.setattr("datagen_lib.quality.similar._meeting", counting)
    monkeypatch.setattr("datagen_lib.quality.similar.BUCKET", 8)
    monkeypatch.setattr("datagen_lib.quality.similar.NEAR", 3)
    words = ["Brave", "Calm", "Young", "Harbour", "Forest", "Night", "Baker", "Keeper", "Pilot", "Smith", "Painter",
             "Diver", "Singer", "Guard", "Cook", "Scout"]  # fmt: skip
    names = [" ".join(chosen) for chosen in product(words, repeat=4)]
    random.Random(0).shuffle(names)
    counts = []
    for size in (2000, 4000):
        compared.clear()
        similar_names(names[:size], at_least=0.7)
        counts.append(sum(compared))

    assert 0 < counts[1] <= 2.5 * counts[0]
