"""What each notebook must leave: judged by files, whatever its cells say."""

from __future__ import annotations

import json

import pytest
from conftest import Command
from factories import entry, write_catalogue, write_pictures

from datagen_lib.headless.judge import left_undone
from datagen_lib.publish import approved, publish
from datagen_lib.review import ReviewDesk
from datagen_lib.settings import Settings


@pytest.fixture
def settings(command: Command) -> Settings:
    """Of a folder with three items and their pictures."""
    items = [entry(number) for number in range(3)]
    write_catalogue(command.folder.path, items)
    write_pictures(command.folder.path, items)
    return Settings.load(output_dir=str(command.folder.path), target_count=3, provider="offline")


def test_a_review_leaves_decisions(settings: Settings) -> None:
    """05 is done when reviews.json is there."""
    before = left_undone("05", settings)
    ReviewDesk(settings.output_dir).approve_all()

    assert "reviews.json" in before
    assert left_undone("05", settings) == ""


def test_a_publication_leaves_a_whole_bundle(settings: Settings) -> None:
    """06 is done when the bundle holds every file that its manifest lists."""
    before = left_undone("06", settings)
    ReviewDesk(settings.output_dir).approve_all()
    bundle = publish(settings.output_dir, settings.output_dir / "bundle", approved=approved(settings.output_dir))
    whole = left_undone("06", settings)
    (bundle.folder / "catalog.db").unlink()

    assert "nothing was published" in before
    assert whole == ""
    assert "catalog.db" in left_undone("06", settings)


@pytest.mark.parametrize("content", ["", "[]", '{"sha256": []}', '{"sha256": {}}', '{"counts": 3}'])
def test_a_spoilt_manifest_is_no_publication(settings: Settings, content: str) -> None:
    """A manifest that is torn or lists nothing is told, not taken for a bundle."""
    (settings.output_dir / "bundle").mkdir()
    (settings.output_dir / "bundle" / "manifest.json").write_text(content, encoding="utf-8")

    assert left_undone("06", settings)


def test_an_unread_catalogue_is_found_first(command: Command, settings: Settings) -> None:
    """05 and 06 answer for the catalogue too: without one they are not done."""
    (command.folder / "catalog.json").unlink()

    assert "catalog.json" in left_undone("05", settings)
    assert "catalog.json" in left_undone("06", settings)
    assert json.loads((command.folder / "categories.json").read_text(encoding="utf-8"))
