"""Whatever the folder's files hold, it is loaded, or refused in words: never a traceback."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from conftest import Command, calls
from factories import entry, item, write_catalogue
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datagen_lib.catalog import failed_images, load_catalog, rejected_items
from datagen_lib.errors import InvalidCatalogue, SetupError
from datagen_lib.folder.logs import read_log
from datagen_lib.folder.store import Store
from offline_model import Server

Start = Callable[..., Server]

FILES = ["categories.json", "catalog.json", "catalog.partial.json", "state.json", "run_report.json"]
HOSTILE = {
    "deep": "[" * 100_000,
    "deep and closed": "[" * 5_000 + "]" * 5_000,
    "a huge number": json.dumps([entry(0)]).replace("}", ', "n": ' + "9" * 5000 + "}"),
    "a number beyond floats": json.dumps([entry(0)]).replace("}", ', "n": 1e999}'),
    "NaN": json.dumps([entry(0) | {"n": float("nan")}]),
    "a lone surrogate": json.dumps([entry(0, name="Item \ud800 Name")]),
    "a deep field": json.dumps([entry(0)]).replace("}", ', "n": ' + "[" * 300 + "]" * 300 + "}"),
    "NUL": "\x00" * 100,
    "a mark and nothing": "\ufeff",
    "a string": '"text"',
    "a list of everything": '[1, null, [], {}, "x", 1.5, true]',
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files_end_in_words(command: Command, stand_in: Start, name: str, content: str) -> None:
    """Deep nesting, huge numbers, lone surrogates and their kin in any file: exit 0 to 2, no traceback, no call twice."""
    server = stand_in()
    command.use(server)
    write_catalogue(command.folder.path, [entry(1)])
    (command.folder / name).write_text(content, encoding="utf-8")

    result = command("--target-count", "1", "--dry-run", "--adopt", "azure")

    assert result.code in {0, 2}, result.said
    assert "Traceback" not in result.said
    with contextlib.suppress(SetupError):
        load_catalog(command.folder.path)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from([*entry(0), "price", "note"])


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(FIELDS, VALUES, max_size=3), st.booleans(), st.sampled_from(["catalog", "catalog.partial"]))
def test_any_entry_is_loaded_and_kept_or_refused(changes: dict[str, Any], validate: bool, name: str) -> None:
    """An entry with any values in any fields is refused, or survives growth as it was."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        write_catalogue(root, [entry(0)])
        changed = entry(1) | changes
        (root / f"{name}.json").write_text(json.dumps([changed], indent=1), encoding="utf-8")
        try:
            store = Store.open(root, provider="azure", adopt="azure", validate=validate)
        except InvalidCatalogue:
            return
        with store:
            store.add(item(2))
            store.finish_items()
        kept = json.loads((root / "catalog.json").read_bytes())

        assert next(found for found in kept if found["name"] == changed["name"]) == changed


def test_ids_in_another_case_are_one(command: Command, stand_in: Start) -> None:
    """Two ids that differ in case would share a picture on some systems: refused, with the line."""
    command.use(stand_in())
    upper = entry(171)["productId"].upper()
    entries = [entry(171), entry(2, productId=upper, filename=f"{upper}.png")]
    write_catalogue(command.folder.path, entries)

    result = command("--target-count", "2", "--adopt", "azure")

    assert result.code == 2
    assert "is there twice" in result.err


def test_an_empty_catalogue_is_grown(command: Command, stand_in: Start) -> None:
    """An empty array is a catalogue without items: tables without rows, and a run that fills it."""
    server = stand_in()
    command.use(server)
    write_catalogue(command.folder.path, [])

    assert len(load_catalog(command.folder.path)) == 0
    assert command("--target-count", "3").code == 0
    assert len(calls(server, "image")) == 3


def test_what_no_validate_made_is_refused_in_words(command: Command, stand_in: Start) -> None:
    """What only --no-validate takes is refused without it: the file, the line and the reason."""
    command.use(stand_in())
    write_catalogue(command.folder.path, [entry(0, description="Short.")])
    loose = command("--no-validate", "--target-count", "1", "--dry-run", "--adopt", "azure")
    strict = command("--target-count", "1", "--dry-run")

    assert loose.code == 0, loose.said
    assert strict.code == 2
    assert "description" in strict.err


@pytest.mark.parametrize("path", ["../../etc/x.png", "/tmp/x.png", "x.png", "a/b.png"])
def test_paths_are_checked_without_the_rules_too(command: Command, stand_in: Start, path: str) -> None:
    """A file name that leads out of images/ is refused, with --no-validate as well."""
    command.use(stand_in())
    write_catalogue(command.folder.path, [entry(0, filename=path)])

    result = command("--no-validate", "--target-count", "1", "--dry-run", "--adopt", "azure")

    assert result.code == 2
    assert "filename" in result.err


# -- logs --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["plain", "a\u2028b", "a\u2029b", "a\x85b", "a\x0bb\x0cc", "a\rb", "\ud800"])
def test_every_row_of_a_log_is_read_back(tmp_path: Path, text: str) -> None:
    """Only a line feed ends a line: a text with any other separator comes back whole, and its row with it."""
    with Store.open(tmp_path, provider="offline") as store:
        store.log_rejection({"name": text}, rules=["r"], reasons=[text])
        store.log_rejection({"name": "next"}, rules=["r"], reasons=["n"])
        store.log_failure(item(0, imagePrompt="a\u2028b"), reason=text, attempts=2)
    rejected = [record["item"]["name"] for record in read_log(tmp_path / "rejected_items.jsonl")]

    assert rejected == [text, "next"]
    assert len(rejected_items(tmp_path)) == 2
    assert len(failed_images(tmp_path)) == 1


def test_a_log_with_a_mark_and_torn_lines(tmp_path: Path) -> None:
    """A byte-order mark, a torn line and bytes that are no text cost no other row."""
    lines = [b'\xef\xbb\xbf{"name": "a"}', b'{"name": "b', b"\xff\xfe", b"[1]", b'{"name": "c"}']
    (tmp_path / "rejected_items.jsonl").write_bytes(b"\n".join(lines))

    assert [record["name"] for record in read_log(tmp_path / "rejected_items.jsonl")] == ["a", "c"]
    assert len(rejected_items(tmp_path)) == 2
