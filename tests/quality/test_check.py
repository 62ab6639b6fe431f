"""--check: the whole verdict on a folder, without a call, with exit code 0 or 1."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from conftest import Command

from datagen_lib.offline import Server
from offline_model.figure import render


@pytest.fixture
def server(command: Command, stand_in: Callable[..., Server]) -> Server:
    """Draws real figures, small ones, so that no two look the same."""
    server = stand_in(draw=lambda prompt, size=1024: render(prompt, 256))
    command.use(server)
    command.set(IMAGE_SIZE="256")
    assert command("--target-count", "20").code == 0
    return server


def edit(command: Command, change: Callable[[list[dict[str, str]]], object]) -> None:
    items = command.folder.catalogue
    change(items)
    (command.folder / "catalog.json").write_text(json.dumps(items), encoding="utf-8")


def test_a_good_catalogue_passes(command: Command, server: Server) -> None:
    """A whole catalogue passes; no call is made and no file is changed."""
    before, made = command.folder.contents(), len(server.calls)
    result = command("--check")

    assert result.code == 0, result.out
    assert "MEND" not in result.out
    assert result.out.splitlines()[-1].startswith("All is well")
    assert len(server.calls) == made
    assert command.folder.contents() == before


@pytest.mark.parametrize(
    ("area", "spoil"),
    [
        ("categories", lambda command: (command.folder / "categories.json").unlink()),
        ("pictures", lambda command: next((command.folder / "images").iterdir()).unlink()),
        ("pictures", lambda command: edit(command, lambda items: items[0].update(imagePrompt=items[1]["imagePrompt"]))),
        (
            "descriptions",
            lambda command: edit(command, lambda items: items[0].update(description=items[1]["description"])),
        ),
        (
            "twins",
            lambda command: (command.folder / f"images/{command.folder.catalogue[0]['filename']}").write_bytes(
                (command.folder / f"images/{command.folder.catalogue[1]['filename']}").read_bytes()
            ),
        ),
        ("schema", lambda command: edit(command, lambda items: items[0].update(name="x" * 200))),
    ],
)
def test_what_is_damaged_is_named(
    command: Command, server: Server, area: str, spoil: Callable[[Command], object]
) -> None:
    """A lost file, a lost or stale picture, the same text or picture twice, a broken field: exit 1, and named."""
    spoil(command)
    result = command("--check")

    assert result.code == 1
    assert any(line.startswith(f"MEND  {area}") for line in result.out.splitlines()), result.out


def test_a_quality_can_be_asked_for(command: Command, server: Server) -> None:
    """--check --min-quality fails where an item scores less, and shows its parts."""
    edit(command, lambda items: items[0].update(description="Nothing much here, and no end to it"))
    passed, failed = command("--check"), command("--check", "--min-quality", "75")

    assert passed.code == 0
    assert failed.code == 1
    assert "below 75" in failed.out
    assert "reading" in failed.out


def test_items_below_a_quality_are_made_again(command: Command, stand_in: Callable[..., Server]) -> None:
    """--min-quality refuses items that score less, logs them with their parts, and asks for others."""
    command.use(stand_in())
    result = command("--target-count", "60", "--dry-run", "--min-quality", "85", "--output-dir", "picky")
    rejected = [
        json.loads(line) for line in (command.home / "picky/rejected_items.jsonl").read_text("utf-8").splitlines()
    ]

    assert result.code == 0
    assert any("quality" in one["rules"] and "fit" in one["reasons"][0] for one in rejected)
    assert command("--check", "--dry-run", "--min-quality", "60", "--output-dir", "picky").code == 1, "no pictures yet"
