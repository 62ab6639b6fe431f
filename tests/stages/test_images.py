"""The third stage: what it does with answers that are no pictures, and for which items it makes no call."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Command, Result, calls, chunk, png, whole
from fakes.service import Service, error
from PIL import Image

from datagen_lib.folder.pictures import prompt_hash
from offline_model import Fault, Faults, Server

Start = Callable[..., Server]
FEW = ("--target-count", "6", "--batch-size", "6")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="1024" height="1024"/>'


def sized(width: int, height: int) -> bytes:
    """A whole PNG of one grey."""
    buffer = io.BytesIO()
    Image.new("L", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


def drawing(draw: Callable[[str, int], bytes], command: Command, stand_in: Start) -> Server:
    """A stand-in that answers with whatever `draw` makes of a prompt; the command uses it as Azure."""
    server = stand_in(draw=draw)
    command.use(server)
    return server


def ready(command: Command, count: int = 6) -> list[dict[str, Any]]:
    """Make a catalogue without pictures."""
    assert command("--target-count", str(count), "--batch-size", str(count), "--dry-run").code == 0
    return command.folder.catalogue


def put_aside(command: Command) -> dict[str, bytes]:
    folder = command.folder / "unusable"
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


# -- answers that can't be used ----------------------------------------------------------------------------------------

WRONG: dict[str, tuple[bytes, str, str, str]] = {
    "half the size": (png("a", 512), "size", ".png", "IMAGE_SIZE=512"),
    "not square": (sized(1536, 1024), "size", ".png", "AZURE_OPENAI_IMAGE_DEPLOYMENT"),
    "far too large": (sized(8192, 8192), "size", ".png", "AZURE_OPENAI_IMAGE_DEPLOYMENT"),
    "svg": (SVG, "kind", ".svg", "AZURE_OPENAI_IMAGE_DEPLOYMENT"),
    "html": (b"<!doctype html><html>Sign in</html>", "kind", ".html", "AZURE_OPENAI_IMAGE_DEPLOYMENT"),
    "postscript": (b"%!PS\n(x) (w) file\n", "kind", ".ps", "AZURE_OPENAI_IMAGE_DEPLOYMENT"),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRONG)
def test_the_second_answer_of_the_same_fault_ends_the_run(command: Command, stand_in: Start, kind: str) -> None:
    """A picture that is wrong in kind is kept aside and named; the second ends the run, naming the setting; exit 1."""
    data, fault, ending, setting = WRONG[kind]
    server = drawing(lambda *_: data, command, stand_in)
    command.set(PARALLEL_IMAGE_REQUESTS="1")
    items = ready(command)

    result = command(*FEW)
    failures = command.folder.failures

    assert result.code == 1
    assert "Traceback" not in result.said
    made = len(calls(server, "image"))
    assert made in {2, 3}, "a third may be under way when the second is looked at"
    assert setting in result.err.splitlines()[-1]
    assert command.folder.pictures == set()
    assert list(put_aside(command).values()) == [data] * made
    assert {failure["fault"] for failure in failures} == {fault}
    assert {failure["productId"] for failure in failures} <= {item["productId"] for item in items}
    for failure in failures:
        assert failure["file"].startswith(f"unusable/{failure['productId']}")
        assert failure["file"].endswith(ending)


def test_calls_under_way_are_kept_too(command: Command, stand_in: Start) -> None:
    """With four calls at once, all four are kept aside and named once; after the first, no further call is made."""
    server = drawing(lambda *_: SVG, command, stand_in)
    ready(command, 20)

    result = command("--target-count", "20")
    failures = command.folder.failures

    assert result.code == 1
    assert len(put_aside(command)) == len(calls(server, "image")) <= 4
    assert len({failure["productId"] for failure in failures}) == len(failures)


def test_the_setting_that_the_message_names_mends_it(command: Command, stand_in: Start) -> None:
    """A model that draws 512 pixels works once IMAGE_SIZE=512 is set, as the message says."""
    drawing(lambda prompt, _: png(prompt, 512), command, stand_in)
    assert "IMAGE_SIZE=512" in command(*FEW).err
    command.set(IMAGE_SIZE="512")

    result = command(*FEW)

    assert result.code == 0, result.said
    command.folder.check(at_least=6, size=512)


def test_a_larger_picture_is_scaled_down(command: Command, stand_in: Start) -> None:
    """A square picture larger than asked for loses nothing: it is scaled and kept."""
    server = drawing(lambda prompt, _: png(prompt, 1536), command, stand_in)

    result = command(*FEW)

    assert result.code == 0, result.said
    assert len(calls(server, "image")) == 6
    command.folder.check(at_least=6)


def test_the_same_broken_bytes_are_no_bad_luck(command: Command, stand_in: Start) -> None:
    """A picture cut in the same place again was not cut on its way: two calls, not MAX_RETRIES, and the bytes kept."""
    broken = png("a")[:-20]
    server = drawing(lambda *_: broken, command, stand_in)
    command.set(PARALLEL_IMAGE_REQUESTS="1")

    result = command(*FEW)

    assert result.code == 1
    assert len(calls(server, "image")) in {2, 3}
    assert set(put_aside(command).values()) == {broken}
    assert command.folder.failures[0]["fault"] == "damaged"


def test_ever_other_broken_bytes_end_the_run_too(command: Command, stand_in: Start) -> None:
    """Where nothing but broken pictures comes, eight answers are enough to see it."""
    count = iter(range(1000))
    server = drawing(lambda *_: png(str(next(count)))[:-20], command, stand_in)

    result = command("--target-count", "20", "--batch-size", "20")

    assert result.code == 1
    assert 8 <= len(calls(server, "image")) <= 16


def test_the_same_refusal_three_times_ends_the_run(command: Command, stand_in: Start) -> None:
    """A 400 for every picture is the endpoint's doing: a few items, not all of them; exit 1 or 2."""
    drawing(png, command, stand_in)
    ready(command, 20)
    command.set(PARALLEL_IMAGE_REQUESTS="1")
    with Service([error(400, "invalid_request", "Request 7f3a9c21 asks for what is not offered.")]) as service:
        command.use(service)

        result = command("--target-count", "20")

    assert result.code in {1, 2}
    assert len(service.requests) <= 4
    assert "not offered" in result.err.splitlines()[-2]


def test_a_filter_that_refuses_everything_ends_the_run(command: Command, stand_in: Start) -> None:
    """Ten pictures in a row that the filter refuses: the run stops, and says where the prompts are to be seen."""
    server = drawing(png, command, stand_in)
    ready(command, 30)
    server.faults = Faults(Fault("content-filter", route="image"))

    result = command("--target-count", "30")

    assert result.code == 1
    assert 20 <= len(calls(server, "image")) <= 28
    assert "failed_images.log" in result.err


# -- marks of others ---------------------------------------------------------------------------------------------------


def foreign(prompt: str, _: int = 0) -> bytes:
    """A picture that comes with marks of its own, under our keys."""
    data = png(prompt)
    texts = [b"tEXtpromptHash\0" + b"f" * 32, b"zTXtproductId\0\0" + b"x", b"iTXtPromptHash\0\0\0\0\0f"]
    return data[:33] + b"".join(chunk(text[:4], text[4:]) for text in texts) + data[33:-12] + chunk(
        b"tEXt", b"promptHash\0f") + data[-12:]  # fmt: skip


def test_marks_from_outside_are_not_believed(command: Command, stand_in: Start) -> None:
    """A service whose pictures carry a promptHash does not make every run buy them all again; ours alone is there."""
    server = drawing(foreign, command, stand_in)
    assert command(*FEW).code == 0

    result = command(*FEW)

    assert result.code == 0
    assert len(calls(server, "image")) == 6
    for item in command.folder.catalogue:
        data = (command.folder / f"images/{item['filename']}").read_bytes()
        assert whole(data)
        assert data.lower().count(b"prompthash") == 1
        assert b"promptHash\0" + prompt_hash(item["imagePrompt"]).encode() in data
        assert b"provider\0azure" in data


# -- pictures that can't be read ---------------------------------------------------------------------------------------


def empty(path: Path) -> None:
    path.write_bytes(b"")


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def in_icloud(path: Path) -> None:
    path.rename(path.with_name(f".{path.name}.icloud"))


def unmounted(path: Path) -> None:
    path.unlink()
    path.symlink_to("/mnt/unmounted/picture.png")


def ring(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def pointer(path: Path) -> None:
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n")


def forbidden(path: Path) -> None:
    path.chmod(0)


@pytest.mark.parametrize("spoil", [empty, folder, pipe, in_icloud, unmounted, ring, pointer, forbidden])
def test_a_picture_that_cannot_be_read_is_not_bought_again(
    command: Command, stand_in: Start, spoil: Callable[[Path], None]
) -> None:
    """It is named with the reason; no call, exit 1; the other missing picture is made; once mended, all is complete."""
    if spoil in {pipe, unmounted, ring, forbidden} and (
        sys.platform == "win32" or (spoil is forbidden and os.geteuid() == 0)
    ):
        pytest.skip("not on this system, or not for this user")
    server = drawing(png, command, stand_in)
    assert command(*FEW).code == 0
    held, lost = command.folder.catalogue[:2]
    path = command.folder / f"images/{held['filename']}"
    whole_before = path.read_bytes()
    spoil(path)
    (command.folder / f"images/{lost['filename']}").unlink()

    for made in (7, 7):
        result = command(*FEW)

        assert result.code == 1
        assert len(calls(server, "image")) == made
        assert held["name"] in result.err
        assert "can't be read" in result.err
        (failure,) = command.folder.failures
        assert failure["productId"] == held["productId"]
        assert failure["attempts"] == 0
    stub = path.with_name(f".{path.name}.icloud")
    for left in (path, stub):
        if left.is_dir():
            left.rmdir()
        else:
            left.unlink(missing_ok=True)
    path.write_bytes(whole_before)

    assert command(*FEW).code == 0
    assert len(calls(server, "image")) == 7


@pytest.mark.parametrize("name", ["{} (conflicted copy 2026-11-27).PNG", "Copy of {}.png", "mine.png"])
def test_a_picture_that_was_renamed_is_taken_back(command: Command, stand_in: Start, name: str) -> None:
    """A picture under another name, as sync services and people give, says whose it is: no call is made for it."""
    server = drawing(png, command, stand_in)
    assert command(*FEW).code == 0
    item = command.folder.catalogue[0]
    path = command.folder / f"images/{item['filename']}"
    path.rename(path.with_name(name.format(item["productId"])))

    result = command(*FEW)

    assert result.code == 0, result.said
    assert len(calls(server, "image")) == 6
    command.folder.check(at_least=6)


def test_a_copy_of_a_picture_is_left_alone(command: Command, stand_in: Start) -> None:
    """Where the item has its picture, a conflicted copy of it stays where it is."""
    server = drawing(png, command, stand_in)
    assert command(*FEW).code == 0
    path = command.folder / f"images/{command.folder.catalogue[0]['filename']}"
    copy = path.with_name(f"{path.stem} (1).png")
    copy.write_bytes(path.read_bytes())

    assert command(*FEW).code == 0
    assert copy.exists()
    assert len(calls(server, "image")) == 6


@pytest.mark.parametrize("name", ["replaced", "orphans", "unusable"])
def test_a_file_where_paid_pictures_are_put_aside_is_named_first(command: Command, stand_in: Start, name: str) -> None:
    """A file in the place of a folder that a paid picture may have to go to ends the run before a call, naming it."""
    server = drawing(png, command, stand_in)
    assert command(*FEW).code == 0
    edit(command, 0, "Photorealistic LEGO-style minifigure, sailor with a smile, clean background")
    (command.folder / name).write_text("mine")

    result = command(*FEW)

    assert result.code == 2
    assert f"{command.folder / name} can't be used: a file is where a folder belongs" in result.err
    assert len(calls(server, "image")) == 6


def test_a_picture_is_kept_where_the_old_one_cannot_be(command: Command, stand_in: Start) -> None:
    """Where the old picture can't be kept any more, the new one, which is paid for, is kept and taken at the next run."""

    def draw(prompt: str, size: int) -> bytes:
        if "a smile" in prompt:
            (command.folder / "replaced").write_text("in the middle of the run")
        return png(prompt, size)

    server = drawing(draw, command, stand_in)
    assert command(*FEW).code == 0
    edit(command, 0, "Photorealistic LEGO-style minifigure, sailor with a smile, clean background")

    stopped = command(*FEW)
    (command.folder / "replaced").unlink()
    result = command(*FEW)

    assert stopped.code == 2
    assert result.code == 0, result.said
    assert len(calls(server, "image")) == 7


# -- what will fail again ----------------------------------------------------------------------------------------------


def edit(command: Command, index: int, prompt: str) -> dict[str, Any]:
    items = command.folder.catalogue
    items[index]["imagePrompt"] = prompt
    (command.folder / "catalog.json").write_text(json.dumps(items), encoding="utf-8")
    return items[index]


def test_a_prompt_that_no_service_takes_is_not_sent(command: Command, stand_in: Start) -> None:
    """A prompt with a NUL is named, with what to do, and costs no call; the others are made."""
    server = drawing(png, command, stand_in)
    ready(command)
    item = edit(command, 2, "Photorealistic LEGO-style minifigure of a\0 sailor")

    result = command(*FEW, "--no-validate")
    (failure,) = command.folder.failures

    assert result.code == 1
    assert len(calls(server, "image")) == 5
    assert (failure["productId"], failure["attempts"]) == (item["productId"], 0)
    assert "imagePrompt" in failure["reason"]


def test_a_refused_prompt_is_asked_for_three_times_in_all(command: Command, stand_in: Start) -> None:
    """The filter refuses a prompt twice in one run and once in the next; then no run asks until it is edited."""
    server = drawing(png, command, stand_in)
    items = ready(command)
    refused = items[3]["imagePrompt"]
    server.faults = Faults(Fault("content-filter", route="image", when=lambda call: call.body["prompt"] == refused))
    made: list[int] = []
    results: list[Result] = []
    for _ in range(4):
        results.append(command(*FEW))
        made.append(sum(call.body["prompt"] == refused for call in calls(server, "image")))

    assert [result.code for result in results] == [1, 1, 1, 1]
    assert made == [2, 3, 3, 3]
    assert command.folder.failures[0]["refusals"] == 3
    assert "imagePrompt" in results[-1].err

    edit(command, 3, f"{refused}, smiling")
    server.faults = Faults()

    assert command(*FEW).code == 0
    assert not (command.folder / "failed_images.log").exists()
