"""The models: a field is declared once, and what the rules accept the next run loads."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Command, calls
from factories import THEMES, answering, figure
from fakes.description import schema_problems
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from datagen_lib.models import (
    LIMITS,
    CatalogItem,
    Category,
    ItemDraft,
    aliases,
    stored_schema,
    wire_schema,
)
from datagen_lib.prompts import ITEMS
from datagen_lib.rules import RULES
from datagen_lib.spelling import fold
from offline_model import Server

ROOT = Path(__file__).resolve().parents[1]
PLACE = "    # A new field goes here.\n"
TAGLINE = (
    '    tagline: Annotated[str | None, Length(5, 40)] = Field(default=None, description="a short praise, or null")\n'
)
PRICE = '    price: float | None = Field(default=None, ge=0, description="what it costs, in dollars, or null")\n'


@pytest.fixture
def priced(tmp_path: Path) -> Path:
    """A copy of the library in which an item has a price and a tagline: a line more for each."""
    house = tmp_path / "house"
    shutil.copytree(ROOT / "datagen_lib", house / "datagen_lib", ignore=shutil.ignore_patterns("__pycache__"))
    models = house / "datagen_lib" / "models.py"
    text = models.read_text(encoding="utf-8")
    assert text.count(PLACE) == 1
    models.write_text(text.replace(PLACE, PRICE + TAGLINE), encoding="utf-8")
    return house


def in_copy(house: Path, *arguments: str) -> str:
    """Runs Python with the copied library; what it printed."""
    environment = os.environ | {"PYTHONPATH": f"{house}{os.pathsep}{ROOT}", "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_new_field_is_one_line(command: Command, stand_in: Callable[..., Server], priced: Path) -> None:
    """One line in the draft takes a new optional field from the wire to the prompt, catalog.json and the table; its
    bounds, and for a text the rules of every text, hold."""
    offered = [
        figure("Sea Cook", price=4.5, tagline="Salt  and steam"),
        figure("Land Cook", price=7, tagline="Bread and smoke"),
        figure("Sky Cook", price=-1, tagline="Wind and cloud"),
        figure("Ice Cook", price=1, tagline="Cold"),
        figure("Sun Cook", price=1, tagline="As seen at Disney"),
    ]
    offered += [figure(f"Cook {one}", price=1, tagline="Fire and ash") for one in "ABC"]
    server = stand_in(write=answering(offered))
    command.use(server)
    in_copy(priced, "-m", "datagen_lib", "--dry-run", "--target-count", "5", "--batch-size", "5")
    asked = calls(server, "text")[-1].body
    wire = asked["response_format"]["json_schema"]["schema"]
    kept = command.folder.catalogue
    table = json.loads(
        in_copy(
            priced,
            "-c",
            "from datagen_lib import load_catalog; frame = load_catalog(); "
            "print(frame[['name', 'price', 'tagline']].to_json(orient='values'))",
        )
    )

    assert wire["$defs"]["ItemDraft"]["required"] == [
        "name",
        "description",
        "category",
        "imagePrompt",
        "price",
        "tagline",
    ]
    assert wire["$defs"]["ItemDraft"]["properties"]["price"]["anyOf"] == [{"type": "number"}, {"type": "null"}]
    assert schema_problems(wire) == []
    assert "- price: what it costs" in asked["messages"][0]["content"]
    assert [(item["price"], item["tagline"]) for item in kept[:2]] == [(4.5, "Salt and steam"), (7, "Bread and smoke")]
    assert [line["reasons"] for line in command.folder.rejected] == [
        ["fields are missing or of a wrong type: price"],
        ["the tagline has 4 characters, 5-40 are allowed"],
        ["tagline says 'Disney'"],
    ]
    assert table[:2] == [["Sea Cook", 4.5, "Salt and steam"], ["Land Cook", 7, "Bread and smoke"]]


def test_a_new_field_changes_no_old_line(command: Command, stand_in: Callable[..., Server], priced: Path) -> None:
    """An old catalogue, rewritten as it grows by a library with one field more, keeps its lines byte for byte."""
    command.use(stand_in(write=answering([figure("Sea Cook")])))
    command("--dry-run", "--target-count", "1", "--batch-size", "1")
    before = (command.folder / "catalog.json").read_bytes().splitlines()
    command.use(stand_in(write=answering([figure("Land Cook", price=4.5, tagline="Bread and smoke")])))
    in_copy(priced, "-m", "datagen_lib", "--dry-run", "--target-count", "2", "--batch-size", "1")
    after = (command.folder / "catalog.json").read_bytes().splitlines()

    assert before[1] == after[1].rstrip(b",")
    assert b"price" in after[2]


def test_an_unset_field_is_absent(priced: Path) -> None:
    """Null on the wire, where every field is required, is no field in the file."""
    item = json.dumps(figure("Sea Cook", price=None, tagline=None))
    code = (
        "from datagen_lib.models import CatalogItem, ItemDraft; "
        f"item = CatalogItem.from_draft(ItemDraft.model_validate_json({item!r})); "
        "print(item.model_dump_json(by_alias=True))"
    )
    stored = json.loads(in_copy(priced, "-c", code))

    assert list(stored) == aliases(CatalogItem)


def test_fields_of_the_draft_reach_the_stored_item() -> None:
    """All that a draft holds is in the item made of it, nothing rebuilt field by field."""

    class Priced(ItemDraft):
        price: float | None = Field(default=None, ge=0, description="in dollars")

    draft = Priced.model_validate(figure("Sea Cook", price=4.5))
    item = CatalogItem.from_draft(draft)

    assert dict(draft).items() <= {**item.model_dump(), "price": item.price}.items()  # type: ignore[attr-defined]


def test_the_file_keeps_its_order() -> None:
    """The fields stand in catalog.json in the order that they always had."""
    assert aliases(CatalogItem) == ["productId", "name", "description", "category", "filename", "imagePrompt"]


def test_the_prompt_lists_the_draft_s_fields() -> None:
    """Each field of the draft is in the items prompt, by its name on the wire, with its limits."""
    listed = [line.split(":")[0][2:] for line in ITEMS.rules.splitlines() if line.startswith("- ") and ": " in line]

    assert listed == aliases(ItemDraft)
    assert f"- name: {LIMITS.name} characters, at most {LIMITS.name_words} words" in ITEMS.rules


def test_a_null_that_a_person_added_stays() -> None:
    """A field beyond the contract is kept through a rewrite even where it holds null."""
    entry = CatalogItem.from_draft(ItemDraft.model_validate(figure("Sea Cook"))).model_dump(by_alias=True)
    kept = CatalogItem.model_validate(entry | {"note": None}).model_dump(by_alias=True)

    assert kept == entry | {"note": None}


@pytest.mark.parametrize("model", [CatalogItem, Category])
def test_the_wire_carries_no_limit_and_the_file_s_schema_does(model: Any) -> None:
    """One model: its stored schema tells the limits, its wire schema holds none that Azure refuses."""
    stored = stored_schema(model)["items"]["properties"]

    assert stored["name"]["maxLength"] in {LIMITS.name.most, LIMITS.category.most}
    assert schema_problems(wire_schema(model)) == []


@given(
    name=st.text(min_size=1, max_size=90),
    description=st.text(max_size=60).map(lambda text: "One is. Two is. " + text) | st.text(max_size=1300),
)
def test_what_the_rules_accept_the_next_run_loads(name: str, description: str) -> None:
    """An item that breaks no hard rule is a valid stored item, so that no run refuses what another accepted."""
    draft = ItemDraft.model_validate(figure(name, description=description))
    known = {fold(THEMES[0]["name"]): THEMES[0]["name"]}
    if any(violation.hard for violation in RULES.check_item(draft, known)):
        return
    item = CatalogItem.from_draft(draft)

    assert CatalogItem.model_validate_json(item.model_dump_json(by_alias=True)) == item


@pytest.mark.parametrize("change", [{"filename": "../../elsewhere.png"}, {"productId": "../x", "filename": "../x.png"}])
@pytest.mark.parametrize("options", [[], ["--no-validate"]])
def test_a_path_is_always_checked(
    command: Command, stand_in: Callable[..., Server], change: dict[str, Any], options: list[str]
) -> None:
    """A file name or id that leads elsewhere is refused, even where the rules are off."""
    command.use(stand_in())
    item = CatalogItem.from_draft(ItemDraft.model_validate(figure("Sea Cook"))).model_dump(by_alias=True)
    command.folder.path.mkdir()
    (command.folder / "catalog.json").write_text(json.dumps([item | change]), encoding="utf-8")
    result = command(*options, "--resume")

    assert result.code == 2, result.said
    assert next(iter(change)) in result.err
    assert not list(command.home.rglob("*.png"))
