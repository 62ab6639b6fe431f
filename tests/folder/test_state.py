"""Whose folder it is: the folder's own memory, what it survives, and what unknown means."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Command, Folder, calls, png
from factories import entry, write_catalogue, write_pictures

from datagen_lib import load_catalog
from datagen_lib.folder.store import Store
from offline_model import Server

Start = Callable[..., Server]

OLD = [entry(number) for number in range(6)]


def demo(command: Command, *arguments: str) -> Any:
    """A run of the offline model, of a few items without pictures."""
    return command("--provider", "offline", "--target-count", "4", "--dry-run", *arguments)


@pytest.mark.parametrize("loss", ["removed", "emptied", "rubbish", "another's"])
def test_a_lost_report_mixes_nothing(command: Command, stand_in: Start, loss: str) -> None:
    """With run_report.json removed, emptied or replaced, paid work still does not go into a demo folder."""
    demo(command)
    report = command.folder / "run_report.json"
    texts = {"emptied": "", "rubbish": "{", "another's": '{"provider": "azure"}'}
    report.unlink() if loss == "removed" else report.write_text(texts[loss], encoding="utf-8")
    server = stand_in()
    command.use(server)

    result = command("--target-count", "8")

    assert result.code == 2
    assert "offline" in result.err
    assert not server.calls


def test_a_folder_of_an_older_version_is_taken_over(command: Command, stand_in: Start) -> None:
    """A folder that has only a run report still belongs to the provider named there, and remembers it from then on."""
    demo(command)
    (command.folder / "state.json").unlink()
    server = stand_in()
    refused = command("--target-count", "8", "--provider", "azure", *_azure(command, server))
    again = demo(command)
    (command.folder / "run_report.json").unlink()
    after = demo(command, "--target-count", "6")

    assert refused.code == 2
    assert again.code == 0
    assert command.folder.json("state.json")["provider"] == "offline"
    assert after.code == 0, after.said


def _azure(command: Command, server: Server) -> list[str]:
    command.use(server)
    return []


def test_items_of_unknown_origin_are_asked_about(command: Command, stand_in: Start) -> None:
    """A real catalogue of another generator: nothing is added or overwritten until a flag names its maker."""
    write_catalogue(command.folder.path, OLD)
    write_pictures(command.folder.path, OLD)
    before = command.folder.contents()
    free = command("--resume", "--force-images")
    more = command("--target-count", "12")
    server = stand_in()
    command.use(server)
    paid = command("--target-count", "12")
    untouched = command.folder.contents() == before
    adopted = command("--target-count", "7", "--adopt", "azure")
    later = command("--target-count", "7")

    assert [result.code for result in (free, more, paid)] == [2, 2, 2]
    assert all("--adopt" in result.err for result in (free, more, paid))
    assert untouched
    assert adopted.code == 0, adopted.said
    assert len(calls(server, "image")) == 1
    assert later.code == 0
    assert command.folder.catalogue[:6] == OLD


def test_a_folder_of_unknown_origin_can_be_looked_at(command: Command) -> None:
    """Tables and pictures of another generator's folder are read without a question."""
    write_catalogue(command.folder.path, OLD)

    assert len(load_catalog(command.folder.path)) == 6
    assert Store.peek(command.folder.path).provider == ""


def test_adoption_lasts(command: Command, stand_in: Start) -> None:
    """An adoption is remembered although the run had nothing to do, and another name does not fit any more."""
    write_catalogue(command.folder.path, OLD)
    command.use(stand_in())
    first = command("--target-count", "6", "--resume", "--dry-run", "--adopt", "azure")
    (command.folder / "categories.json").touch()
    second = command("--target-count", "6", "--resume", "--dry-run")
    other = command("--target-count", "6", "--resume", "--dry-run", "--adopt", "offline")

    assert (first.code, second.code, other.code) == (0, 0, 2)
    assert "--adopt offline does not fit" in other.err


def test_an_adoption_by_another_provider_is_refused(command: Command, stand_in: Start) -> None:
    """A folder adopted as Azure's is not worked on by the offline model."""
    write_catalogue(command.folder.path, OLD)
    before = command.folder.contents()

    result = command("--target-count", "8", "--adopt", "azure", "--provider", "offline")

    assert result.code == 2
    assert "never mix" in result.err
    assert command.folder.contents() == before


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", '{"provider": 5}', "\x00" * 40, "[" * 100_000, '{"prompts": 1}']
)
def test_a_damaged_memory_is_said(command: Command, stand_in: Start, content: str) -> None:
    """A damaged state.json is never taken for an empty one: exit 2, how to mend it, no call; reading goes on."""
    demo(command)
    (command.folder / "state.json").write_text(content, encoding="utf-8")
    before = command.folder.contents()
    server = stand_in()
    ours, theirs = demo(command, "--target-count", "9"), command("--target-count", "9", *_azure(command, server))

    assert (ours.code, theirs.code) == (2, 2)
    assert "state.json" in ours.err
    assert "--adopt" in ours.err
    assert "Traceback" not in ours.said
    assert command.folder.contents() == before
    assert len(load_catalog(command.folder.path)) == 4
    assert not server.calls


def test_what_a_later_version_wrote_is_kept(command: Command) -> None:
    """Fields that this version does not know stay in state.json through a run."""
    demo(command)
    path = command.folder / "state.json"
    path.write_text(json.dumps(command.folder.json("state.json") | {"rates": {"gpt": [1, 2]}}), encoding="utf-8")
    demo(command, "--target-count", "6")

    assert command.folder.json("state.json")["rates"] == {"gpt": [1, 2]}


def test_a_later_folder_is_left_alone(command: Command) -> None:
    """A folder of a later schema than this version knows is refused, not rewritten."""
    demo(command)
    path = command.folder / "state.json"
    path.write_text(json.dumps(command.folder.json("state.json") | {"folder_version": 99}), encoding="utf-8")

    result = demo(command, "--target-count", "6")

    assert result.code == 2
    assert "later version" in result.err


def test_an_edited_prompt_of_an_unmarked_picture_is_noticed(command: Command, stand_in: Start) -> None:
    """The pictures of another generator do not say what they were made from: an edit after they were first seen counts."""
    server = stand_in()
    command.use(server)
    write_catalogue(command.folder.path, OLD)
    write_pictures(command.folder.path, OLD)
    command("--resume", "--adopt", "azure")
    first = len(calls(server, "image"))
    edited = [OLD[0], OLD[1] | {"imagePrompt": "Photorealistic LEGO-style minifigure, a pirate"}, *OLD[2:]]
    (command.folder / "catalog.json").write_text(json.dumps(edited), encoding="utf-8")
    result = command("--resume")
    asked = [call.body["prompt"] for call in calls(server, "image")[first:]]

    assert first == 0
    assert result.code == 0, result.said
    assert len(asked) == 1
    assert "a pirate" in asked[0]
    assert [path.name for path in (command.folder / "replaced").iterdir()] == [OLD[1]["filename"]]


# -- pictures that were paid for -----------------------------------------------------------------------------------------


def test_every_picture_names_its_maker(command: Command, stand_in: Start) -> None:
    """A picture says which provider made it."""
    from PIL import Image

    command.use(stand_in())
    command("--target-count", "2")
    for path in (command.folder / "images").iterdir():
        with Image.open(path, formats=["PNG"]) as picture:
            assert picture.info["provider"] == "azure"


def test_the_free_model_replaces_paid_pictures_only_when_told(command: Command, stand_in: Start) -> None:
    """--force-images with the offline model over pictures that it did not make: exit 2; with a flag they are kept."""
    write_catalogue(command.folder.path, OLD)
    write_pictures(command.folder.path, OLD)
    before = command.folder.contents()
    told = ("--resume", "--force-images", "--adopt", "offline", "--provider", "offline")
    refused = command(*told)
    unchanged = {name: data for name, data in command.folder.contents().items() if name in before} == before
    allowed = command(*told, "--replace-paid")
    kept = {path.name: path.read_bytes() for path in (command.folder / "replaced").iterdir()}

    assert refused.code == 2
    assert "6 pictures" in refused.err
    assert "--replace-paid" in refused.err
    assert unchanged
    assert allowed.code == 0, allowed.said
    assert kept == {found["filename"]: png(found["filename"]) for found in OLD}
    assert command.folder.pictures == {found["filename"] for found in OLD}


def test_replaced_paid_pictures_are_kept(command: Command, stand_in: Start) -> None:
    """Each time that all pictures are made again, the paid ones before are kept, every one of them."""
    command.use(stand_in())
    command("--target-count", "3")
    first = {path.read_bytes() for path in (command.folder / "images").iterdir()}
    command("--target-count", "3", "--force-images")
    second = {path.read_bytes() for path in (command.folder / "images").iterdir()}
    command("--target-count", "3", "--force-images")
    kept = [path.read_bytes() for path in (command.folder / "replaced").iterdir()]

    assert len(kept) == 6
    assert set(kept) == first | second


def test_free_pictures_are_not_kept(command: Command) -> None:
    """What the offline model drew is drawn again at no cost, so nothing is kept of it."""
    few = ("--provider", "offline", "--target-count", "2", "--batch-size", "2")
    command(*few)
    command(*few, "--force-images")

    assert not (command.folder / "replaced").exists()


def test_force_images_goes_on_where_it_stopped(command: Command, stand_in: Start) -> None:
    """An interrupted --force-images makes only those that it had not made yet; after its end it starts anew."""
    server = stand_in()
    command.use(server)
    command("--target-count", "10")
    made = len(calls(server, "image"))
    stopped = command("--target-count", "10", "--force-images", "--max-cost", "0.3")
    some = len(calls(server, "image")) - made
    estimate = command("--target-count", "10", "--force-images", "--estimate")
    finished = command("--target-count", "10", "--force-images")
    all_of_them = len(calls(server, "image")) - made
    anew = command("--target-count", "10", "--force-images")

    assert (stopped.code, finished.code, anew.code) == (1, 0, 0)
    assert 0 < some < 10
    assert f"{10 - some} images" in estimate.out
    assert all_of_them == 10
    assert len(calls(server, "image")) == made + 20


# -- strays --------------------------------------------------------------------------------------------------------------


def test_a_picture_without_an_item_is_set_aside_and_taken_back(command: Command, stand_in: Start) -> None:
    """A picture whose item is gone leaves images/ and lies in orphans/; when the item is back, so is its picture."""
    server = stand_in()
    command.use(server)
    command("--target-count", "5")
    whole = (command.folder / "catalog.json").read_bytes()
    lost = command.folder.catalogue[-1]["filename"]
    (command.folder / "catalog.json").write_text(json.dumps(command.folder.catalogue[:-1]), encoding="utf-8")
    without = command("--target-count", "4")
    aside = [path.name for path in (command.folder / "orphans").iterdir()]
    pictures = command.folder.pictures
    (command.folder / "catalog.json").write_bytes(whole)
    again = command("--target-count", "5")

    assert (without.code, again.code) == (0, 0)
    assert aside == [lost]
    assert lost not in pictures
    assert len(calls(server, "image")) == 5
    assert lost in command.folder.pictures


def test_what_is_no_picture_of_ours_stays(command: Command, stand_in: Start) -> None:
    """Files that other programs put into images/ are left where they are."""
    command.use(stand_in())
    command("--target-count", "2")
    for name in ("Thumbs.db", ".DS_Store", "notes.txt"):
        (command.folder / "images" / name).write_bytes(b"x")
    command("--target-count", "2")

    assert {"Thumbs.db", ".DS_Store", "notes.txt"} <= command.folder.pictures


# -- files that vanish while a run is at work ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["categories.json", "catalog.json", "catalog.partial.json"])
def test_a_file_removed_under_a_run_is_written_back(command: Command, stand_in: Start, name: str) -> None:
    """What a run knows and the disk has lost is on disk again at its end: Complete, exit 0, and valid."""
    removed: list[Path] = []

    def draw(prompt: str, size: int = 1024) -> bytes:
        path = command.folder / name
        if path.exists() and len(removed) < 2:
            path.unlink(missing_ok=True)
            removed.append(path)
        return png(prompt, size)

    command.use(stand_in(draw=draw, image_latency=0.05, text_latency=0.3))
    if name != "catalog.partial.json":
        command("--target-count", "12", "--batch-size", "4", "--dry-run")
    result = command("--target-count", "12", "--batch-size", "4")

    assert removed
    assert result.code == 0, result.said
    command.folder.check(at_least=12)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda root: (root / "catalog.json").write_text("[]", encoding="utf-8"), "catalog.json holds 0 items, not 4"),
        (lambda root: next((root / "images").iterdir()).unlink(), "1 image is missing"),
    ],
)
def test_what_someone_else_does_to_the_folder_is_seen(
    command: Command, stand_in: Start, harm: Callable[[Path], None], said: str
) -> None:
    """What is changed or removed by another hand while pictures are made is seen at the end: exit 1, not Complete."""

    done: list[bool] = []

    def draw(prompt: str, size: int = 1024) -> bytes:
        if command.folder.pictures and not done:
            harm(command.folder.path)
            done.append(True)
        return png(prompt, size)

    command.use(stand_in(draw=draw))
    command("--target-count", "4", "--batch-size", "4", "--dry-run")
    command.set(PARALLEL_IMAGE_REQUESTS="1")
    result = command("--resume", "--target-count", "4")

    assert result.code == 1, result.said
    assert said in result.out


def test_lost_files_are_named(tmp_path: Path) -> None:
    """The store names the files whose content it knows and that are gone, and writes them back byte for byte."""
    from factories import STORED_THEMES, item

    from datagen_lib.models import Category

    with Store.open(tmp_path, provider="azure") as store:
        store.save_categories([Category(name=name, slug=name.lower().replace(" ", "-")) for name in STORED_THEMES])
        store.add(item(0))
        store.finish_items()
        store.add(item(1))
        before = Folder(tmp_path).contents()
        for name in ("categories.json", "catalog.json", "catalog.partial.json"):
            (tmp_path / name).unlink()
        lost = store.unwritten()
        store.write_back()
        after = Folder(tmp_path).contents()

    assert lost == ["categories.json", "catalog.json", "catalog.partial.json"]
    assert after == before
