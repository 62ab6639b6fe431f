"""The text model's own grades: only where they are asked for, and never paid for twice."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from conftest import Command, calls
from factories import THEMES, figure

from datagen_lib import load_catalog
from offline_model import Fault, Faults, Server

Start = Callable[..., Server]


@pytest.fixture
def server(command: Command, stand_in: Start) -> Server:
    server = stand_in()
    command.use(server)
    return server


def graded(server: Server) -> list[Any]:
    """The calls that asked for grades."""
    return [call for call in calls(server, "text") if "grades" in json.dumps(call.body["response_format"])]


def test_no_grade_unless_it_is_asked_for(command: Command, server: Server) -> None:
    """A plain run asks for no grade, and the column holds NA."""
    command("--target-count", "6", "--dry-run")

    assert graded(server) == []
    assert not (command.folder / "grades.jsonl").exists()
    assert load_catalog(command.folder.path)["grade"].isna().all()


def test_each_item_gets_a_grade_with_a_reason(command: Command, server: Server) -> None:
    """With --grade each item has one, several in a call: in the table, the summary, report, --check and gallery."""
    result = command("--target-count", "9", "--batch-size", "4", "--grade")
    made = load_catalog(command.folder.path)
    page = (command.folder / "index.html").read_text(encoding="utf-8")
    said = command("--check", "--target-count", "9").out

    assert result.code == 0, result.said
    assert made["grade"].between(0, 100).all()
    assert made["grade_reason"].str.len().min() > 10
    assert len(graded(server)) == math.ceil(9 / 4)
    assert all(reason in page for reason in set(made["grade_reason"]))
    assert f"grade {made['grade'].min()} to {made['grade'].max()}" in said
    assert f"graded: 9 items by the text model, {made['grade'].min()} to {made['grade'].max()}" in result.said
    report = command.folder.report["this_run"]
    assert report["graded"] == 9
    assert report["grades"]["lowest"] == made["grade"].min()
    assert report["grades"]["highest"] == made["grade"].max()


def test_a_grade_is_paid_for_once(command: Command, server: Server) -> None:
    """A run again asks for nothing; an edited item alone is graded anew; a folder that was not graded can be."""
    command("--target-count", "5", "--dry-run")
    command("--target-count", "5", "--dry-run", "--grade")
    first, before = len(graded(server)), command.folder.contents()
    again = command("--target-count", "5", "--dry-run", "--grade")
    unchanged = command.folder.contents() == before
    items = command.folder.catalogue
    items[2]["description"] += " It waves."
    (command.folder / "catalog.json").write_text(json.dumps(items), encoding="utf-8")
    command("--target-count", "5", "--dry-run", "--grade")

    assert (first, again.code, unchanged) == (1, 0, True)
    assert len(graded(server)) == 2
    assert "exactly 1 grades" in json.dumps(graded(server)[1].body)
    assert load_catalog(command.folder.path)["grade"].notna().all()


def test_the_estimate_names_its_price(command: Command, server: Server) -> None:
    """--estimate says how many grades a run would ask for, counts their calls, and asks for none."""
    plain = command("--estimate", "--target-count", "40").out
    asked = command("--estimate", "--target-count", "40", "--grade").out

    assert "grades" not in plain
    assert "grades           40" in asked
    assert ("text calls        3" in plain, "text calls        5" in asked) == (True, True)
    assert server.calls == []


def test_a_torn_answer_keeps_what_came(command: Command, stand_in: Start) -> None:
    """Grades before a tear are kept, and only the others are asked for again."""
    server = stand_in(faults=Faults(Fault("truncated", nth={3})))
    command.use(server)
    command.set(PARALLEL_TEXT_REQUESTS="1")
    result = command("--target-count", "12", "--dry-run", "--batch-size", "12", "--grade")
    lines = [json.loads(line) for line in (command.folder / "grades.jsonl").read_text().splitlines()]

    assert result.code == 0, result.said
    assert len(graded(server)) == 2
    assert len({line["of"] for line in lines}) == len(lines) == 12
    assert "exactly 12 grades" not in json.dumps(graded(server)[1].body)


@pytest.mark.parametrize(
    "answered",
    [
        [{"number": 1, "grade": 101, "reason": "r"}, {"number": 2, "grade": -1, "reason": "r"}],
        [{"number": 7, "grade": 50, "reason": "r"}, {"number": 0, "grade": 50, "reason": "r"}],
    ],
)
def test_what_is_no_grade_is_not_kept(command: Command, stand_in: Start, answered: list[Any]) -> None:
    """Grades out of range or of unknown items are left out; the run says so and ends with 1."""

    def write(messages: Any, schema: Any, *, seed: int) -> dict[str, Any]:
        if "grades" in schema["properties"]:
            return {"grades": answered}
        items = [figure(f"Number {word}", description=f"A fine sailor {word}. It stands.") for word in ("One", "Two")]
        return {"categories": THEMES} if "categories" in schema["properties"] else {"items": items}

    command.use(stand_in(write=write))
    result = command("--target-count", "2", "--batch-size", "2", "--dry-run", "--grade")

    assert result.code == 1
    assert "2 items without a grade" in result.out
    assert len(command.folder.catalogue) == 2
    assert not (command.folder / "grades.jsonl").exists()


def test_spoilt_texts_are_graded_lower(command: Command, server: Server) -> None:
    """The offline model's grades follow the texts: cut descriptions and shuffled prompts get less."""
    command("--target-count", "20", "--dry-run", "--grade")
    good = load_catalog(command.folder.path)["grade"]
    items = command.folder.catalogue
    prompts = [item["imagePrompt"] for item in items]
    for at, item in enumerate(items):
        item["imagePrompt"] = prompts[(at + 7) % len(items)]
        item["description"] = item["description"][:45]
    (command.folder / "catalog.json").write_text(json.dumps(items), encoding="utf-8")
    command("--target-count", "20", "--dry-run", "--grade")
    spoilt = load_catalog(command.folder.path)["grade"]

    assert good.mean() > spoilt.mean() + 15
    assert pd.api.types.is_integer_dtype(good)
