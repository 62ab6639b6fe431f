"""The table that a reviewer decides by: what it says of each item, safely, with or without a picture."""

from __future__ import annotations

from collections.abc import Callable

from conftest import Command
from factories import entry, write_catalogue, write_pictures

from datagen_lib import load_catalog
from datagen_lib.notebook.review import review_table
from offline_model import Server


def test_it_says_what_a_decision_needs(command: Command, stand_in: Callable[..., Server]) -> None:
    """Picture, texts, prompt, score and state of each item are in the table; the model's grade where there is one."""
    command.use(stand_in())
    command("--target-count", "3", "--grade")
    rows = load_catalog(command.folder.path)
    shown = str(review_table(rows).html)

    assert shown.count("<img") == 3
    assert shown.count("waiting") == 3
    assert shown.count("the model gives") == 3
    for item in command.folder.catalogue:
        assert f"<b>{item['name']}</b>" in shown
        assert f'alt="{item["name"]}"' in shown


def test_what_a_model_wrote_stays_text(command: Command) -> None:
    """Names, texts and prompts with markup are shown as they are, and weak parts and twins are named."""
    hostile = "<img src=x onerror=alert(1)>"
    items = [entry(1, name=hostile, imagePrompt=hostile), entry(2), entry(3)]
    write_catalogue(command.folder.path, items)
    write_pictures(command.folder.path, items[1:2])
    shown = str(review_table(load_catalog(command.folder.path)).html)

    assert "<img src=x" not in shown
    assert shown.count("&lt;img src=x onerror=alert(1)&gt;") == 2
    assert shown.count("no picture") == 2
    assert f"The same text as {items[0]['productId']}" in shown
    assert "weak: " in shown


def test_nothing_to_look_at_is_said(command: Command) -> None:
    """Where nothing waits, the table says so."""
    write_catalogue(command.folder.path, [entry(1)])
    rows = load_catalog(command.folder.path)

    assert "nothing to look at" in review_table(rows[rows["review"] == "approved"]).text
