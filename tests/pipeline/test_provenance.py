"""Each item tells where it comes from: by the command, its files, and the table that people read."""

from __future__ import annotations

import json
from collections.abc import Callable

import pandas as pd
from conftest import Command

from datagen_lib import load_catalog
from datagen_lib.review import ReviewDesk
from datagen_lib.runner import run_sync
from datagen_lib.service import retry
from datagen_lib.settings import Settings
from offline_model import Fault, Faults, Server

Start = Callable[..., Server]
COLUMNS = [
    *("provider", "text_model", "image_model", "batch", "text_attempt", "image_attempts"),
    *("text_cost_usd", "image_cost_usd"),
]


def test_every_item_says_where_it_comes_from(command: Command, stand_in: Start) -> None:
    """Models, provider, batch and calls of each item are in the table, and what they cost adds up to the bill."""
    command.use(stand_in())
    command.set(AZURE_OPENAI_GPT5_DEPLOYMENT="writer", AZURE_OPENAI_IMAGE_DEPLOYMENT="painter")
    assert command("--target-count", "12", "--batch-size", "4").code == 0
    made = load_catalog(command.folder.path)
    spent = made["text_cost_usd"].sum() + made["image_cost_usd"].sum()

    assert not made[COLUMNS].isna().any(axis=None)
    assert set(made["provider"]) == {"azure"}
    assert (set(made["text_model"]), set(made["image_model"])) == ({"writer"}, {"painter"})
    assert made["batch"].nunique() == 3
    assert set(made["batch"].str.split().str[0]) == {command.folder.report["started"]}
    assert 0.9 * command.folder.report["cost_usd"] <= spent <= command.folder.report["cost_usd"] + 1e-4


def test_calls_that_failed_are_counted(command: Command, stand_in: Start) -> None:
    """A picture that came at the third call says 3; an item of a torn answer's second call says 2."""
    command.use(stand_in(faults=Faults(Fault("5xx", route="image", nth={1, 2}), Fault("truncated", nth={2}))))
    command.set(PARALLEL_IMAGE_REQUESTS="1", PARALLEL_TEXT_REQUESTS="1")
    command("--target-count", "6", "--batch-size", "6")
    made = load_catalog(command.folder.path)

    assert made["image_attempts"].sort_values().tolist() == [1, 1, 1, 1, 1, 3]
    assert made["text_attempt"].max() == 2
    assert made["batch"].nunique() == 1


def test_what_is_lost_is_not_available(command: Command, stand_in: Start) -> None:
    """Without its file the catalogue is as good as before: the columns hold NA, and a run has nothing to do."""
    command.use(stand_in())
    command("--target-count", "4")
    (command.folder / "provenance.jsonl").unlink()
    made = load_catalog(command.folder.path)
    again = command("--target-count", "4")

    assert made[COLUMNS].isna().all(axis=None)
    assert str(made["text_cost_usd"].dtype) == "Float64"
    assert again.code == 0
    assert not (command.folder / "provenance.jsonl").exists()


def test_growth_adds_lines_and_changes_none(command: Command, stand_in: Start) -> None:
    """A later run appends to the file; what stood there stays, to the byte."""
    command.use(stand_in())
    command("--target-count", "3")
    before = (command.folder / "provenance.jsonl").read_bytes()
    command("--target-count", "6")
    after = (command.folder / "provenance.jsonl").read_bytes()

    assert after.startswith(before)
    assert len(after) > len(before)
    assert load_catalog(command.folder.path)["batch"].notna().all()


def test_no_provenance_no_loss(command: Command, stand_in: Start) -> None:
    """Where the file can't be written, a run makes everything all the same."""
    command.use(stand_in())
    (command.folder / "provenance.jsonl").mkdir(parents=True)

    assert command("--target-count", "3").code == 0
    command.folder.check(at_least=3)


def test_a_chosen_picture_brings_its_own(command: Command, stand_in: Start) -> None:
    """After a review took another picture, the table tells that picture's calls."""
    server = stand_in()
    command.use(server)
    command("--target-count", "2")
    server.faults = Faults(Fault("5xx", route="image", times=1))
    desk = ReviewDesk(command.folder.path)
    item = desk.items[0]
    prompt = item.image_prompt.replace("high detail", "very high detail")
    settings = Settings.load(output_dir=str(command.folder.path))
    with retry.testing():
        run_sync(desk.repicture(item.product_id, prompt, settings))
    before = load_catalog(command.folder.path)["image_attempts"].tolist()
    desk.choose(item.product_id, new=True)
    lines = [json.loads(line) for line in (command.folder / "provenance.jsonl").read_text().splitlines()]

    assert before == [1, 1]
    assert [line["what"] for line in lines[-2:]] == ["candidate", "chosen"]
    assert load_catalog(command.folder.path)["image_attempts"].tolist() == [2, 1]


def test_an_item_without_a_picture_has_none(command: Command, stand_in: Start) -> None:
    """Of an item that was never drawn, only the texts' columns are known."""
    command.use(stand_in())
    command("--target-count", "2", "--dry-run")
    made = load_catalog(command.folder.path)

    assert made["image_model"].isna().all()
    assert pd.isna(made["image_cost_usd"]).all()
    assert made["text_model"].notna().all()
