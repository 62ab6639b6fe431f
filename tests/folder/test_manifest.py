"""What an earlier run saw of the pictures is not read again; what changed since, however slyly, is."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from conftest import Command

from datagen_lib.folder import manifest, pictures
from datagen_lib.folder.manifest import NAME, SETTLED, Stamp
from offline_model import Server

MADE = ("--target-count", "6", "--batch-size", "6")


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the pictures whose bytes are read, in a world whose clock is an hour ahead of every file."""
    names: list[str] = []
    reads = pictures._read

    def watched(path: Path, *most: int) -> bytes:
        names.extend([path.name] if path.suffix == ".png" else [])  # thumbnails are others' business
        return reads(path, *most)

    monkeypatch.setattr(pictures, "_read", watched)
    monkeypatch.setattr(manifest, "SETTLED", -3_600_000_000_000)
    return names


def again(command: Command, read: list[str]) -> list[str]:
    """The pictures that a second run reads, which finds nothing to do."""
    read.clear()
    before = command.folder.contents()
    result = command(*MADE)
    assert result.code == 0
    assert command.folder.contents() == before
    return sorted(read)


def test_a_second_run_reads_no_picture(command: Command, server: Server, read: list[str]) -> None:
    """A run with nothing to do reads no byte of the pictures that the first run made."""
    assert command(*MADE).code == 0

    assert again(command, read) == []


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b'{"a": 1}', b'{"a.png": [1, 2]}', b"\xff"])
def test_without_the_manifest_every_picture_is_read(
    command: Command, server: Server, read: list[str], content: bytes | None
) -> None:
    """A manifest that is lost or damaged costs time and nothing else."""
    command(*MADE)
    (command.folder / NAME).unlink()
    if content is not None:
        (command.folder / NAME).write_bytes(content)

    assert again(command, read) == sorted(command.folder.pictures)


def test_a_picture_that_changed_is_read(command: Command, server: Server, read: list[str]) -> None:
    """A picture of another content is read and made anew, even where its size and its time were put back."""
    command(*MADE)
    name = command.folder.catalogue[2]["filename"]
    path = command.folder / f"images/{name}"
    data, times = path.read_bytes(), path.stat()
    path.write_bytes(data[:-30] + bytes(30))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    read.clear()
    result = command(*MADE)

    assert result.code == 0
    assert name in read
    assert len(set(read)) == 1
    assert path.read_bytes() == data


def test_an_edited_prompt_is_noticed_without_a_read(command: Command, server: Server, read: list[str]) -> None:
    """The manifest says what a picture was made from, so an item whose prompt was edited gets a new one."""
    command(*MADE)
    items = command.folder.catalogue
    items[1]["imagePrompt"] = items[1]["imagePrompt"].replace("clean", "plain", 1) + " today"
    text = "[\n" + ",\n".join(json.dumps(item) for item in items) + "\n]\n"
    (command.folder / "catalog.json").write_text(text, encoding="utf-8")
    result = command(*MADE)

    assert result.code == 0
    assert "1 image" in result.said


def test_a_check_reads_every_picture(command: Command, server: Server, read: list[str]) -> None:
    """`--check` believes no earlier run."""
    command(*MADE)
    read.clear()
    command(*MADE, "--check")

    assert set(read) >= command.folder.pictures


def test_a_file_that_may_still_change_unseen_is_not_believed(tmp_path: Path) -> None:
    """Within the coarsest clock's step of a change, another one would not show: such a stamp counts for nothing."""
    path = tmp_path / "a.png"
    path.write_bytes(b"x")
    stamp = Stamp.of(path)

    assert stamp is not None
    assert not stamp.settled(stamp.changed + SETTLED)
    assert stamp.settled(max(stamp.changed, stamp.entered) + SETTLED + 1)
    assert Stamp.of(tmp_path / "none.png") is None
