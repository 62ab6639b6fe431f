"""Thumbnails: made as pictures land, made later for older folders, and never older than their picture."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Command, calls, png
from PIL import Image

from datagen_lib.folder.thumbnails import make_thumbnails
from offline_model import Server

Start = Callable[..., Server]
FEW = ("--target-count", "4", "--batch-size", "4")


@pytest.fixture
def server(command: Command, stand_in: Start) -> Server:
    server = stand_in()
    command.use(server)
    return server


def thumbnails(command: Command) -> set[str]:
    root = command.folder / "thumbnails"
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()} if root.exists() else set()


def wanted(command: Command, *sizes: int) -> set[str]:
    return {f"{size}/{item['productId']}.webp" for item in command.folder.catalogue for size in sizes}


def test_they_are_made_as_pictures_land(command: Command, server: Server) -> None:
    """After a run each picture has its thumbnail: WebP, 256 pixels, of the same colour."""
    assert command(*FEW).code == 0
    item = command.folder.catalogue[0]
    with Image.open(command.folder / f"thumbnails/256/{item['productId']}.webp") as small:
        shown = small.convert("RGB").getpixel((128, 128))
        with Image.open(command.folder / f"images/{item['filename']}") as large:
            drawn = large.convert("RGB").getpixel((512, 512))

        assert (small.format, small.size) == ("WEBP", (256, 256))
    assert isinstance(shown, tuple)
    assert isinstance(drawn, tuple)
    assert max(abs(a - b) for a, b in zip(shown, drawn, strict=True)) < 12
    assert thumbnails(command) == wanted(command, 256)


@pytest.mark.parametrize(("value", "sizes"), [("0", ()), ("96", (96,)), ("512, 64,64", (64, 512))])
def test_the_sizes_are_a_setting(command: Command, server: Server, value: str, sizes: tuple[int, ...]) -> None:
    """THUMBNAIL_SIZES names the sizes; 0 makes none."""
    command.set(THUMBNAIL_SIZES=value)

    assert command(*FEW).code == 0
    assert thumbnails(command) == wanted(command, *sizes)


@pytest.mark.parametrize("value", ["many", "8", "2000", "0,96", "-1", "256;96", "16,17,18,19,20,21,22,23,24"])
def test_bad_sizes_are_refused(command: Command, server: Server, value: str) -> None:
    """Other values are named before any call; exit 2."""
    command.set(THUMBNAIL_SIZES=value)

    result = command(*FEW)

    assert result.code == 2
    assert "THUMBNAIL_SIZES" in result.err
    assert server.calls == []


def test_a_new_picture_gets_a_new_thumbnail(command: Command, server: Server) -> None:
    """With a picture made again its thumbnail is made again, and those of sizes that are no longer made go."""
    command.set(THUMBNAIL_SIZES="96,256")
    assert command(*FEW).code == 0
    first, second = (item["productId"] for item in command.folder.catalogue[:2])
    before = (command.folder / f"thumbnails/256/{first}.webp").read_bytes()
    path = command.folder / "catalog.json"
    text = path.read_text(encoding="utf-8")
    prompt = command.folder.catalogue[0]["imagePrompt"]
    path.write_text(text.replace(prompt, f"{prompt}, smiling"), encoding="utf-8")
    command.set(THUMBNAIL_SIZES="256")

    assert command(*FEW).code == 0
    assert len(calls(server, "image")) == 5
    assert (command.folder / f"thumbnails/256/{first}.webp").read_bytes() != before
    assert not (command.folder / f"thumbnails/96/{first}.webp").exists()
    assert (command.folder / f"thumbnails/96/{second}.webp").exists()


def test_an_older_folder_gets_them_on_demand(command: Command, server: Server) -> None:
    """Missing and stale ones are made, those of items that are gone are removed, and a second time does nothing."""
    command.set(THUMBNAIL_SIZES="0")
    assert command(*FEW).code == 0
    root = command.folder.path

    assert make_thumbnails(root, (64, 256)) == 8
    assert thumbnails(command) == wanted(command, 64, 256)
    assert make_thumbnails(root, (64, 256)) == 0

    first, second = command.folder.catalogue[:2]
    picture = root / "images" / first["filename"]
    picture.write_bytes(png("another"))
    later = (root / "thumbnails/64" / f"{first['productId']}.webp").stat().st_mtime_ns + 10**9
    os.utime(picture, ns=(later, later))
    (root / "images" / second["filename"]).unlink()
    shutil.copy(root / "thumbnails/64" / f"{first['productId']}.webp", root / "thumbnails/64/gone.webp")

    assert make_thumbnails(root, (64,)) == 1
    assert thumbnails(command) == wanted(command, 64) - {f"64/{second['productId']}.webp"}


def test_a_picture_that_is_none_has_no_thumbnail(command: Command, server: Server) -> None:
    """A broken picture in the folder ends nothing: it has no thumbnail, and the others have."""
    command.set(THUMBNAIL_SIZES="0")
    assert command(*FEW).code == 0
    first = command.folder.catalogue[0]
    (command.folder / f"images/{first['filename']}").write_bytes(b"%!PS\n")

    assert make_thumbnails(command.folder.path, (64,)) == 3
    assert f"64/{first['productId']}.webp" not in thumbnails(command)


def test_trouble_with_thumbnails_ends_no_run(command: Command, server: Server) -> None:
    """Where thumbnails can't be written the pictures are made all the same; it is said, and exit 0."""
    command.folder.path.mkdir()
    (command.folder / "thumbnails").write_bytes(b"a file where the folder belongs")

    result = command(*FEW)

    assert result.code == 0, result.said
    assert "thumbnail" in result.err
    command.folder.check(at_least=4)


def test_a_transparent_picture_stays_transparent(tmp_path: Path, command: Command, stand_in: Start) -> None:
    """A picture without a background has a thumbnail without one."""

    def draw(prompt: str, size: int) -> bytes:
        buffer = io.BytesIO()
        Image.new("RGBA", (size, size), (200, 10, 10, 0)).save(buffer, "PNG")
        return buffer.getvalue()

    command.use(stand_in(draw=draw))
    assert command("--target-count", "1", "--batch-size", "1").code == 0
    (name,) = thumbnails(command)
    with Image.open(command.folder / "thumbnails" / name) as small:
        assert small.mode == "RGBA"
        assert small.getextrema()[3] == (0, 0)
