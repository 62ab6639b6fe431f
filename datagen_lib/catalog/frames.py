"""The reading side: the catalogue as pandas tables. Takes no lock and changes nothing, so it may run beside a run."""

from __future__ import annotations

import struct
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd

from datagen_lib.errors import FolderError
from datagen_lib.folder.grades import Grades
from datagen_lib.folder.logs import read_log
from datagen_lib.folder.provenance import Origin, origins
from datagen_lib.folder.reviews import Reviews
from datagen_lib.folder.store import Store
from datagen_lib.models import CatalogItem, aliases
from datagen_lib.quality.check import quality_of, twins_of
from datagen_lib.quality.score import PARTS
from datagen_lib.settings import output_folder

_TEXTS = {field.alias for field in CatalogItem.model_fields.values() if field.annotation in {str, str | None}}
_PNG = b"\x89PNG\r\n\x1a\n"


def load_catalog(dir: str | Path | None = None) -> pd.DataFrame:  # noqa: A002 - the word that a caller looks for
    """All items of a folder, one a row in order of acceptance, those of an unfinished run too.

    Args:
        dir: the output folder; None: OUTPUT_DIR, else data_seed.

    Returns:
        The fields of `models.CatalogItem` under their names in the file; category is categorical, in the order of
        categories.json, empty ones too. Then image_path (where the picture is or would be), has_image (bool),
        image_size (Int64, in pixels; NA without a picture), name_words, description_length, prompt_length (Int64, in
        words and characters), quality and its parts (Int64, 0 to 100; see quality/score.py), duplicate_of (the
        productId of an earlier item that says the same, or ""), review ("approved", "rejected" or "waiting"),
        grade (Int64, 0 to 100) and grade_reason of the text model, NA where it was not asked. Then
        where it comes from, NA where that is not known: provider, text_model, image_model, batch (texts), text_attempt,
        image_attempts (Int64), text_cost_usd, image_cost_usd (Float64; see folder/provenance.py). Last whatever fields
        a person has added.

    Raises:
        FolderError: the folder holds no catalogue.
        InvalidCatalogue: a file breaks the contract; names the line.
    """
    root = output_folder(dir)
    store = Store.peek(root)
    if not store.items and not (root / "catalog.json").exists() and not (root / "catalog.partial.json").exists():
        raise FolderError(
            f"{root} holds no catalogue",
            hint="Make one first (python -m data_generator, or notebook 02), or name another folder.",
        )
    records = [item.model_dump(by_alias=True) for item in store.items]
    stored = aliases(CatalogItem)
    added = list(dict.fromkeys(name for record in records for name in record if name not in stored))
    frame = pd.DataFrame(records, columns=[*stored, *added])
    frame = frame.astype({name: "str" for name in stored if name in _TEXTS})
    names = [category.name for category in store.categories]
    frame["category"] = pd.Categorical(frame["category"], categories=names)
    paths = [store.image_path(item) for item in store.items]
    sizes = [_png_size(path) for path in paths]
    measured: dict[str, pd.Series[Any]] = {
        "image_path": pd.Series([str(path) for path in paths], dtype="str"),
        "has_image": pd.Series([size is not None for size in sizes], dtype="bool"),
        "image_size": pd.Series(sizes, dtype="Int64"),
        "name_words": frame["name"].str.split().map(len).astype("Int64"),
        "description_length": frame["description"].str.len().astype("Int64"),
        "prompt_length": frame["imagePrompt"].str.len().astype("Int64"),
        **_assessed(store),
        **_graded(store),
        **_made(store),
    }
    added = [name for name in added if name not in measured]
    return frame.assign(**dict(measured))[[*stored, *measured, *added]]


def _assessed(store: Store) -> dict[str, pd.Series[Any]]:
    """What the quality checks and the reviewers say of each item."""
    scores = quality_of(store)
    states = Reviews.load(store.disk).states(store)
    twins = twins_of([item.description for item in store.items])
    return {
        "quality": pd.Series([score.total for score in scores], dtype="Int64"),
        **{f"quality_{part}": pd.Series([getattr(one, part) for one in scores], dtype="Int64") for part in PARTS},
        "duplicate_of": pd.Series(
            [store.items[twins[at]].product_id if at in twins else "" for at in range(len(store.items))], dtype="str"
        ),
        "review": pd.Series([states[item.product_id] for item in store.items], dtype="str"),
    }


def _graded(store: Store) -> dict[str, pd.Series[Any]]:
    """What the text model gave each item, where it was asked."""
    grades = Grades(store.disk)
    found = [grades.of(item) for item in store.items]
    return {
        "grade": pd.Series([one and one.grade for one in found], dtype="Int64"),
        "grade_reason": pd.Series([one and one.reason for one in found], dtype="str"),
    }


def _made(store: Store) -> dict[str, pd.Series[Any]]:
    """Where each item comes from, as far as provenance.jsonl knows."""
    known = origins(store.root)
    found = [known.get(item.product_id, Origin()) for item in store.items]
    types = {
        "text_attempt": "Int64",
        "image_attempts": "Int64",
        "text_cost_usd": "Float64",
        "image_cost_usd": "Float64",
    }
    return {
        field.name: pd.Series([getattr(one, field.name) for one in found], dtype=types.get(field.name, "str"))
        for field in fields(Origin)
    }


def load_categories(dir: str | Path | None = None) -> pd.DataFrame:  # noqa: A002 - as above
    """The categories of a folder, in order, read as the library reads them: plain names too, slugs derived.

    Args:
        dir: the output folder; None: OUTPUT_DIR, else data_seed.

    Returns:
        Columns name, slug.

    Raises:
        FolderError: the folder holds none.
        InvalidCatalogue: the file breaks the contract; names the line.
    """
    root = output_folder(dir)
    categories = Store.peek(root).categories
    if not categories:
        raise FolderError(f"{root} holds no categories", hint="Make them first, with notebook 01.")
    return pd.DataFrame([(one.name, one.slug) for one in categories], columns=["name", "slug"], dtype="str")


def _png_size(path: Path) -> int | None:
    """The width in pixels of the PNG at `path`, from its header; None where there is none."""
    try:
        with path.open("rb") as file:
            header = file.read(24)
    except OSError:
        return None
    if len(header) < 24 or header[:8] != _PNG:
        return None
    return int(struct.unpack(">I", header[16:20])[0])


def coverage(catalogue: pd.DataFrame) -> pd.DataFrame:
    """Items and pictures by category, in the categories' order, those without an item too.

    Returns:
        Index category; columns items and images, both Int64.
    """
    grouped = catalogue.groupby("category", observed=False)["has_image"]
    return pd.DataFrame({"items": grouped.size(), "images": grouped.sum()}).astype("Int64")


def missing_images(catalogue: pd.DataFrame) -> pd.DataFrame:
    """The items without a picture: productId, name, category, imagePrompt."""
    columns = ["productId", "name", "category", "imagePrompt"]
    return catalogue.loc[~catalogue["has_image"], columns].reset_index(drop=True)


def rejected_items(dir: str | Path | None = None) -> pd.DataFrame:  # noqa: A002 - as above
    """What the rules refused: when, name, rules and reasons (each joined by "; "), newest last."""
    records = [
        {
            "when": record.get("when"),
            "name": record["item"].get("name", "") if isinstance(record.get("item"), dict) else "",
            "rules": _joined(record.get("rules")),
            "reasons": _joined(record.get("reasons")),
        }
        for record in read_log(output_folder(dir) / "rejected_items.jsonl")
    ]
    return _dated(pd.DataFrame(records, columns=["when", "name", "rules", "reasons"]))


def failed_images(dir: str | Path | None = None) -> pd.DataFrame:  # noqa: A002 - as above
    """The pictures that the last run could not make: productId, name, prompt, reason, attempts (Int64), when."""
    columns = ["productId", "name", "prompt", "reason", "attempts", "when"]
    frame = pd.DataFrame(list(read_log(output_folder(dir) / "failed_images.log")), columns=columns)
    return _dated(frame.astype({"attempts": "Int64"}))


def _joined(texts: Any) -> str:
    return "; ".join(str(text) for text in texts) if isinstance(texts, list) else ""


def _dated(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(when=pd.to_datetime(frame["when"], utc=True, errors="coerce"))
