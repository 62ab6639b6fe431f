"""What a run would do has one answer: the estimate, the price table, the event and the run itself agree."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from conftest import Command, calls

from datagen_lib.events import Event, Planned
from datagen_lib.notebook.preflight import price_table
from datagen_lib.offline import Server
from datagen_lib.pipeline import run
from datagen_lib.settings import Settings

Start = Callable[..., Server]


@pytest.fixture
def server(command: Command, stand_in: Start) -> Server:
    server = stand_in()
    command.use(server)
    return server


def edit(command: Command, number: int) -> None:
    """Edit the prompts of the first `number` items."""
    items = command.folder.catalogue
    for item in items[:number]:
        item["imagePrompt"] = item["imagePrompt"].replace("high detail", "low light")
    (command.folder / "catalog.json").write_text(json.dumps(items), encoding="utf-8")


def cut(command: Command, number: int) -> None:
    """Cut the last `number` pictures."""
    for item in command.folder.catalogue[-number:]:
        path = command.folder / f"images/{item['filename']}"
        path.write_bytes(path.read_bytes()[:200])


def priced(**explicit: Any) -> int:
    """The image calls that the price table names for the chosen quality."""
    settings = Settings.load(**explicit)
    (row,) = [line for line in price_table(settings).text.splitlines() if "(chosen)" in line]
    return int(row.split("  ")[2])


@pytest.mark.parametrize(
    ("arguments", "explicit", "wanted"),
    [
        (["--target-count", "20"], {}, 5),
        (["--target-count", "24"], {"target_count": 24}, 9),
        (["--target-count", "20", "--force-images"], {"force_images": True}, 20),
        (["--target-count", "20", "--resume"], {"resume": True}, 5),
        (["--target-count", "20", "--dry-run"], {"dry_run": True}, 0),
    ],
)
def test_all_answers_agree(
    command: Command, server: Server, arguments: list[str], explicit: dict[str, Any], wanted: int
) -> None:
    """Edited prompts, cut pictures, force, resume, dry run: estimate, price table, event and calls name one number."""
    command("--target-count", "20")
    edit(command, 3)
    cut(command, 2)
    made = len(calls(server, "image"))
    estimated = command("--estimate", *arguments)
    heard: list[Event] = []
    table = priced(**({"target_count": 20} | explicit))
    settings = Settings.load(**({"target_count": 20} | explicit))
    asyncio.run(run(settings, listen=heard.append))
    planned = next(event for event in heard if isinstance(event, Planned))

    assert int(re.findall(r"(\d+) images?$", estimated.out.splitlines()[0])[0]) == wanted
    assert table == wanted
    assert len(calls(server, "image")) - made == wanted
    if wanted:
        assert planned.items_target - planned.images_ready == wanted


def test_a_refused_run_has_no_price(command: Command, server: Server, stand_in: Start) -> None:
    """Another provider's folder, or --force-categories beside items: --estimate ends with 2, as the run does."""
    command("--target-count", "20", "--dry-run")
    forced = command("--estimate", "--force-categories")
    command.set(DATAGEN_PROVIDER="offline")
    other = command("--estimate", "--target-count", "30")
    run_of_other = command("--target-count", "30")

    assert (forced.code, other.code, run_of_other.code) == (2, 2, 2)
    assert "--force-categories" in forced.err
    assert other.err.splitlines()[-2:] == run_of_other.err.splitlines()[-2:]


def test_missing_categories_are_made_although_the_items_are_there(command: Command, server: Server) -> None:
    """A catalogue with fewer than 20 categories is not complete: the next run asks for those that are missing."""
    command("--target-count", "5", "--dry-run")
    path = command.folder / "categories.json"
    used = {item["category"] for item in command.folder.catalogue}
    kept = [category for category in command.folder.categories if category["name"] in used]
    path.write_text(json.dumps(kept), encoding="utf-8")

    result = command("--target-count", "5", "--dry-run")

    assert result.code == 0
    assert len(command.folder.categories) == 20
    assert command.folder.categories[: len(kept)] == kept


def test_a_removed_categories_file_is_written_again(command: Command, server: Server) -> None:
    """Without categories.json a complete catalogue is not complete: the next run writes it, and makes it whole."""
    command("--target-count", "20", "--dry-run")
    (command.folder / "categories.json").unlink()

    result = command("--target-count", "20", "--dry-run")

    assert result.code == 0
    assert len(command.folder.categories) == 20


def test_a_listener_that_fails_ends_no_run(command: Command, server: Server) -> None:
    """Whoever looks on can't end a run: a listener that raises is left out, and everything is made."""

    def raises(_: Event) -> None:
        raise RuntimeError("the display is gone")

    outcome = asyncio.run(run(Settings.load(target_count=3), listen=raises))

    assert outcome.complete
    assert len(command.folder.pictures) == 3
