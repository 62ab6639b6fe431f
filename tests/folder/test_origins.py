"""Where items and pictures come from: written as they are made, read beside whatever a kill or a person left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from datagen_lib.folder.provenance import NAME, Origin, origins


def write(root: Path, *records: Any) -> None:
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    (root / NAME).write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_an_item_is_told_from_its_lines(tmp_path: Path) -> None:
    """An item's batch, its share of the call and its picture are joined from three lines."""
    write(
        tmp_path,
        {"what": "item", "productId": "a", "provider": "azure", "model": "gpt-5", "run": "R", "batch": 2, "attempt": 1},
        {"what": "item", "productId": "b", "provider": "azure", "model": "gpt-5", "run": "R", "batch": 2, "attempt": 1},
        {"what": "call", "items": ["a", "b"], "cost_usd": 0.5},
        {"what": "picture", "productId": "a", "provider": "azure", "model": "img", "attempts": 3, "cost_usd": 0.08},
    )
    found = origins(tmp_path)

    assert found["a"] == Origin("azure", "gpt-5", "img", "R 2", 1, 3, 0.25, 0.08)
    assert found["b"] == Origin("azure", "gpt-5", None, "R 2", 1, None, 0.25, None)


def test_a_candidate_counts_when_it_is_chosen(tmp_path: Path) -> None:
    """Another picture changes nothing before it is chosen, and is the item's own from then on."""
    first = {"what": "picture", "productId": "a", "provider": "azure", "model": "one", "attempts": 1, "cost_usd": 1}
    other = {**first, "what": "candidate", "model": "two", "attempts": 2}
    write(tmp_path, first, other)
    before = origins(tmp_path)["a"].image_model
    write(tmp_path, first, other, {"what": "chosen", "productId": "a"})
    after = origins(tmp_path)["a"]

    assert before == "one"
    assert (after.image_model, after.image_attempts) == ("two", 2)


@pytest.mark.parametrize(
    "line",
    [
        '{"what": "item", "produ',
        "[]",
        {"what": "item", "productId": 7},
        {"what": "call", "items": "ab", "cost_usd": 1},
        {"what": "call", "items": [None, 3], "cost_usd": 1},
        {"what": "call", "items": [], "cost_usd": 1},
        {"what": "picture", "productId": "b", "attempts": "many", "cost_usd": True, "model": 3},
        {"what": "picture", "productId": "b", "attempts": 1e300},
        {"what": "tomorrow's", "productId": "a"},
        {},
    ],
)
def test_a_spoilt_line_spoils_nothing_else(tmp_path: Path, line: Any) -> None:
    """A line that is torn, of another kind or of other types is left out; the others hold."""
    write(tmp_path, line, {"what": "picture", "productId": "a", "model": "img", "attempts": 1, "cost_usd": 0.04})

    assert origins(tmp_path)["a"] == Origin(image_model="img", image_attempts=1, image_cost_usd=0.04)
    assert origins(tmp_path).get("b", Origin()) == Origin()


def test_a_folder_without_the_file_knows_nothing(tmp_path: Path) -> None:
    """No file is no error."""
    assert origins(tmp_path) == {}
