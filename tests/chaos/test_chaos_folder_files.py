"""What others wrote into the folder: whatever its files hold, all that reads them answers in words of its own."""

from __future__ import annotations

import copy
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from chaos.campaign import Chaos
from chaos.contract import RAW
from chaos.hostile import ODD_VALUES
from factories import STORED_THEMES, entry, write_catalogue, write_pictures

from datagen_lib.catalog import load_catalog
from datagen_lib.catalog.export import to_csv
from datagen_lib.env_file import read_env_file
from datagen_lib.errors import DatagenError
from datagen_lib.folder.logs import FAILED, read_log
from datagen_lib.folder.reviews import Reviews
from datagen_lib.folder.store import Store
from datagen_lib.gallery.page import write_gallery
from datagen_lib.headless.notebooks import checked, read_notebooks
from datagen_lib.publish.bundle import publish
from datagen_lib.quality.check import check
from datagen_lib.review.desk import ReviewDesk
from datagen_lib.settings import Settings

ITEMS = 3
ODD_BYTES = (
    b"\0",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xa8",
    b"\x1b[2J",
    b'"',
    b"[" * 5_000,
    b"1" * 5_000,
    b"\r",
    b"e9",
)
ODD_JSON = (
    "NaN",
    "-Infinity",
    "1e999",
    "1" * 5_000,
    '"\\ud800"',
    '"\\u0000"',
    "[" * 2_000 + "]" * 2_000,
    '{"a":' * 900 + "1" + "}" * 900,
)
ODD_TEXTS = (
    "",
    "\0",
    "../x",
    "C:\\x",
    "con",
    "x" * 9_000,
    "\x1b[2J",
    "\u202e",
    "\ud800",
    "0",
    "-1",
    "1e9",
    "２",
    "True",
    "[1]",
)


def filled(root: Path, *, whole: bool) -> None:
    """A folder with all the files that one may have; one that is not whole is still growing."""
    entries = [entry(number) for number in range(ITEMS)]
    write_catalogue(root, entries if whole else entries[:2])
    write_pictures(root, entries)
    if not whole:
        (root / "catalog.partial.json").write_text("[\n" + json.dumps(entries[2]) + "\n]\n", encoding="utf-8")
    else:
        (root / "catalog.json").write_bytes(b"".join(Store.peek(root).items.pieces()))  # in the layout that is proven
        Store.peek(root).keep_proof()
    ids = [one["productId"] for one in entries]
    when = "2026-11-27T00:00:00+00:00"
    decisions = {one: {"state": "approved", "of": "0" * 32, "picture": "", "when": when} for one in ids}
    numbers = {one: {"number": at, "created": when, "updated": when, "content": "x"} for at, one in enumerate(ids[1:])}
    files: dict[str, Any] = {
        "state.json": {"folder_version": 1, "provider": "azure", "rates": {"a": {"per_minute": 9, "calls": 3}}, "prompts": {}},
        "run_report.json": {"provider": "azure", "complete": True},
        "reviews.json": {"schemaVersion": 1, "decisions": decisions},
        "published.json": {"schemaVersion": 1, "figures": numbers},
    }  # fmt: skip
    for name, value in files.items():
        (root / name).write_text(json.dumps(value, indent=2), encoding="utf-8")
    line = json.dumps({"productId": ids[0], "prompt": entries[0]["imagePrompt"], "refusals": 2})
    (root / FAILED).write_text(f"{line}\n{line}\n", encoding="utf-8")


READERS: dict[str, Callable[[Path], object]] = {
    "peek": Store.peek,
    "peek, no validation": lambda root: Store.peek(root, validate=False),
    "edit": lambda root: Store.edit(root).close(),
    "open": lambda root: Store.open(root, provider="azure").close(),
    "reviews": lambda root: Reviews.load(Store(root).disk),
    "check": check,
    "table": load_catalog,
    "gallery": write_gallery,
    "export": lambda root: to_csv(load_catalog(root), root.parent / "out.csv"),
    "log": lambda root: list(read_log(root / FAILED)),
    "desk": lambda root: ReviewDesk(root).approve_all(),
    "publish": lambda root: publish(root, root.parent / "bundle", approved=frozenset(entry(n)["productId"] for n in range(ITEMS))),
}  # fmt: skip


def spoil(rng: random.Random, path: Path) -> None:
    """Spoil one file: some bytes, some values, or all of it."""
    data = path.read_bytes()
    for _ in range(rng.choice([1, 1, 2, 9])):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(5):
            case 0:
                data = data[:at]
            case 1:
                data = data[:at] + rng.choice(ODD_BYTES) + data[at:]
            case 2:
                data = data[:at] + data[at + rng.randrange(40) :]
            case _ if path.suffix == ".json":
                data = _other_value(rng, data)
    path.write_bytes(data)


def _other_value(rng: random.Random, data: bytes) -> bytes:
    """Replace, remove or repeat a value; the text of an odd one stands as no encoder would write it."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return data
    spot, key = value, None
    while isinstance(spot, dict | list) and spot:
        inside, key = spot, rng.choice(list(spot)) if isinstance(spot, dict) else rng.randrange(len(spot))
        spot = inside[key]
        if rng.random() < 0.3:
            break
    if key is None:
        return rng.choice(ODD_JSON).encode()
    match rng.randrange(4):
        case 0:
            del inside[key]
        case 1 if isinstance(inside, list):
            inside.append(copy.deepcopy(spot))
        case 2:
            inside[key] = "@odd@"
            return json.dumps(value).replace('"@odd@"', rng.choice(ODD_JSON)).encode()
        case _:
            inside[key] = rng.choice([copy.deepcopy(rng.choice(ODD_VALUES)), rng.choice(ODD_TEXTS), *STORED_THEMES[:2]])
    return json.dumps(value, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")


def in_words(read: Callable[[], object]) -> None:
    """It works, or fails with an error of ours that a terminal may show."""
    said = "it works"
    try:
        read()
    except DatagenError as error:
        said = str(error)
    assert said.strip()
    assert not RAW.search(said)


def test_what_lies_in_a_folder_is_refused_in_words(chaos: Chaos) -> None:
    """Every file of a folder spoilt at random, every reader: what comes is a result or an error of ours."""
    for each in chaos.rounds(400):
        with each:
            root = each.home / "seed"
            filled(root, whole=each.rng.random() < 0.5)
            names = sorted(path.name for path in root.iterdir() if path.is_file())
            chosen = each.rng.sample(names, each.rng.choice([1, 1, 1, 2]))
            for name in chosen:
                spoil(each.rng, root / name)
            kept = each.home / "kept"
            shutil.copytree(root, kept)
            for reader, read in READERS.items():
                each.fault = (
                    f"{reader} of {' and '.join(chosen)}: {[(kept / name).read_bytes()[:3_000] for name in chosen]}"
                )
                in_words(lambda: read(root))  # noqa: B023 - called at once
            for name in chosen:
                chaos.survived(f"spoilt {name}")


def test_what_is_typed_is_refused_in_words(chaos: Chaos) -> None:
    """Lines of .env, parameters of notebooks and the notebooks themselves, spoilt at random."""
    names = list(Settings.model_fields)
    variables = [name.upper() for name in names]
    notebook = json.dumps({
        "cells": [
            {"cell_type": "markdown", "metadata": {}, "source": ["# One"], "id": "a"},
            {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "outputs": [], "execution_count": None, "id": "b",
             "source": ["target_count: int = 40\n", "provider: str | None = None\n"]},
        ],
        "metadata": {}, "nbformat": 4, "nbformat_minor": 5,
    })  # fmt: skip
    for each in chaos.rounds(400):
        with each:
            rng = each.rng
            folder = each.home / "notebooks"
            folder.mkdir()
            path = folder / "01_one.ipynb"
            path.write_text(notebook, encoding="utf-8")
            readable = read_notebooks(folder)
            name, text = rng.choice(["target_count", "provider", *names]), rng.choice([*ODD_TEXTS, "9" * 5_000, "nan"])
            each.fault = f"parameter {name}={text!r}"
            in_words(lambda: checked({name: text}, readable))  # noqa: B023

            env = each.home / ".env"
            lines = [
                f"{rng.choice(variables)}={rng.choice([*ODD_TEXTS, '5', 'azure', 'x'])}".replace("\ud800", "")
                for _ in range(3)
            ]
            env.write_text("\n".join(lines), encoding="utf-8")
            spoil(rng, env)
            each.fault = f".env {env.read_bytes()[:3_000]!r}"
            in_words(lambda: read_env_file(env, variables))  # noqa: B023
            in_words(Settings.load)

            spoil(rng, path)
            each.fault = f"notebook {path.read_bytes()!r}"
            in_words(lambda: read_notebooks(folder))  # noqa: B023
            chaos.survived("typed")


@pytest.mark.parametrize("depth", [500, 5_000, 200_000])
def test_no_depth_of_nesting_is_a_traceback(tmp_path: Path, depth: int) -> None:
    """A file nested to any depth, in each place, is refused in words."""
    for name in (
        "catalog.json",
        "catalog.partial.json",
        "categories.json",
        "state.json",
        "reviews.json",
        "published.json",
    ):
        for opening, closing in (("[", "]"), ('{"a":', "}")):
            root = tmp_path / f"{name}{len(opening)}"
            filled(root, whole=name != "catalog.partial.json")
            (root / name).write_text(opening * depth + "1" + closing * depth, encoding="utf-8")
            for read in READERS.values():
                in_words(lambda: read(root))  # noqa: B023


@pytest.mark.parametrize("odd", ['"\\ud800"', '"\\u0000\\u001b"', "1e999", "1" * 400, '{"\\ud800": 1}'])
def test_a_field_that_a_person_added_may_hold_anything(tmp_path: Path, odd: str) -> None:
    """Half a character, control characters and numbers without a bound in a field of anybody's own: refused in words."""
    for name in ("catalog.json", "categories.json", "state.json", "reviews.json", "published.json", "run_report.json"):
        root = tmp_path / name
        filled(root, whole=True)
        path = root / name
        path.write_text(path.read_text(encoding="utf-8").replace("{", f'{{"extra": {odd}, ', 1), encoding="utf-8")
        for read in READERS.values():
            in_words(lambda: read(root))  # noqa: B023
