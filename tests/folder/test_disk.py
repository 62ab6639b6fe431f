"""The order in which things reach the disk, and what a disk that refuses may cost: nothing that was paid for."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from conftest import Command, calls, png
from fakes.disk import Step, WatchedDisk, fails_once, folders_refuse_fsync

from datagen_lib.errors import DiskError, FolderError
from datagen_lib.folder import disk
from datagen_lib.folder.disk import MEGABYTE, Disk
from offline_model import Server

Start = Callable[..., Server]

FEW = ("--target-count", "12", "--batch-size", "4")


class Usage(NamedTuple):
    free: int


def watched(command: Command, patch: pytest.MonkeyPatch) -> WatchedDisk:
    found = WatchedDisk(command.folder.path)
    found.watch(patch)
    return found


# -- the order ---------------------------------------------------------------------------------------------------------


def test_an_item_is_durable_before_its_picture_is_asked_for(
    command: Command, stand_in: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the service sees a prompt, the line that holds it was flushed, and so was the name of the line's file."""
    watch = watched(command, monkeypatch)

    def draw(prompt: str, size: int = 1024) -> bytes:
        watch.steps.append(Step("asked", prompt))
        return png(prompt, size)

    command.use(stand_in(draw=draw, text_latency=0.5))  # a batch streams in while its first pictures are asked for
    result = command(*FEW)
    verbs = [(step.verb, step.name) for step in watch.steps]
    asked = {step.name: position for position, step in enumerate(watch.steps) if step.verb == "asked"}
    named = verbs.index(("fsync", "."), verbs.index(("write", "catalog.partial.json")))

    assert result.code == 0, result.said
    assert len(asked) == len(command.folder.catalogue)
    assert named < min(asked.values())
    for prompt, position in asked.items():
        written = next(
            number
            for number, step in enumerate(watch.steps)
            if step.verb == "write" and step.name == "catalog.partial.json" and prompt.encode() in step.content
        )
        assert ("fsync", "catalog.partial.json") in verbs[written:position], prompt


def test_a_picture_is_durable_in_its_place(command: Command, stand_in: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture is written beside its place, flushed, renamed, and the rename is flushed: in this order, each time."""
    command.use(stand_in())
    watch = watched(command, monkeypatch)

    command(*FEW)
    verbs = [(step.verb, step.name) for step in watch.steps]
    for found in command.folder.catalogue:
        renamed = verbs.index(("rename", f"images/{found['filename']}"))
        temporary = next(name for verb, name in verbs[:renamed] if verb == "write" and found["filename"] in name)
        written = max(n for n in range(renamed) if verbs[n] == ("write", temporary))

        assert ("fsync", temporary) in verbs[written:renamed]
        assert ("fsync", "images") in verbs[renamed:]


def test_what_is_there_before_the_first_call(
    command: Command, stand_in: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the first paid call the folder says whose it is, and it has taken a file in images/."""
    seen: list[Any] = []
    watch = watched(command, monkeypatch)

    def write(*_: Any, **__: Any) -> dict[str, Any]:
        seen.append((command.folder.json("state.json")["provider"], list(watch.steps)))
        return {}

    command.use(stand_in(write=write))
    command("--target-count", "1", "--batch-size", "1")
    provider, steps = seen[0]

    assert provider == "azure"
    assert any(step.verb == "rename" and step.name.startswith("images/") for step in steps)


def test_flushes_are_shared(command: Command, stand_in: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Items that come in together share a flush: there are no more flushes than items, and one at the least."""
    command.use(stand_in())
    watch = watched(command, monkeypatch)
    command("--target-count", "60", "--batch-size", "20", "--dry-run")
    flushes = sum(step.verb == "fsync" and step.name == "catalog.partial.json" for step in watch.steps)

    assert 1 <= flushes <= 10


# -- a disk that refuses -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["write", "fsync", "rename"])
@pytest.mark.parametrize("after", [1, 4, 30, 45, 60, 75])
def test_a_disk_that_refuses_once_costs_no_picture(
    command: Command, stand_in: Start, monkeypatch: pytest.MonkeyPatch, verb: str, after: int
) -> None:
    """One failing write, flush or rename, anywhere: no traceback, every call is told, and no picture is bought twice."""
    server = stand_in(image_latency=0.01)
    command.use(server)
    watch = watched(command, monkeypatch)
    watch.fail = fails_once(verb, after)
    first = command(*FEW)
    told = re.search(r"calls: (\d+) text, (\d+) image", first.out)
    asked = len(calls(server, "text")), len(calls(server, "image"))
    watch.fail = lambda _: None
    second = command(*FEW)

    assert "Traceback" not in first.said
    assert first.code in {0, 1, 2}
    assert (int(told[1]), int(told[2])) == asked if told else asked == (0, 0)
    assert second.code == 0, second.said
    assert len(calls(server, "image")) == len(command.folder.catalogue)
    command.folder.check(at_least=12)


@pytest.mark.parametrize(
    "refused",
    [
        lambda step: step.verb == "rename" and step.name.startswith("images/"),  # each falls to orphans/
        lambda step: step.verb == "rename" and step.name == "run_report.json",  # the last one comes after all pictures
    ],
)
def test_pictures_made_again_are_not_bought_twice(
    command: Command, stand_in: Start, monkeypatch: pytest.MonkeyPatch, refused: Callable[[Step], bool]
) -> None:
    """A run with --force-images that ends in a refusing disk is repeated, and buys none of its pictures a second time."""
    server = stand_in(image_latency=0.01)
    command.use(server)
    assert command(*FEW).code == 0
    items = len(command.folder.catalogue)
    watch = watched(command, monkeypatch)
    watch.fail = lambda step: errno.EIO if refused(step) and len(calls(server, "image")) >= items + 3 else None
    first = command(*FEW, "--force-images")
    watch.fail = lambda _: None
    second = command(*FEW, "--force-images")

    assert first.code == 1
    assert second.code == 0, second.said
    assert len(calls(server, "image")) == 2 * items
    command.folder.check(at_least=12)


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_file_that_can_t_be_removed_costs_nothing(
    command: Command, stand_in: Start, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """A removal that the disk refuses ends in words, and the next run is whole without buying a picture twice."""
    server = stand_in()
    command.use(server)
    watch = watched(command, monkeypatch)
    watch.fail = fails_once("unlink", after)
    first = command(*FEW)
    watch.fail = lambda _: None
    second = command(*FEW)

    assert "Traceback" not in first.said
    assert second.code == 0, second.said
    assert len(calls(server, "image")) == len(command.folder.catalogue)
    command.folder.check(at_least=12)


@pytest.mark.parametrize("after", [25, 50, 70])
def test_a_disk_that_dies_ends_in_words(
    command: Command, stand_in: Start, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """A disk that takes nothing more from some moment on: exit 1, every call told, no more calls than were under way."""
    server = stand_in(image_latency=0.02)
    command.use(server)
    watch = watched(command, monkeypatch)
    count = [0]
    asked_then: list[int] = []

    def fail(step: Step) -> int | None:
        count[0] += step.verb in {"write", "fsync", "rename"}
        if count[0] <= after:
            return None
        asked_then.append(len(calls(server, "image")))
        return errno.EIO

    watch.fail = fail
    first = command(*FEW)
    told = re.search(r"calls: (\d+) text, (\d+) image", first.out)
    asked = len(calls(server, "image"))
    watch.fail = lambda _: None
    second = command(*FEW)

    assert first.code == 1
    assert "Traceback" not in first.said
    assert told
    assert int(told[2]) == asked <= asked_then[0] + 8
    assert second.code == 0, second.said
    command.folder.check(at_least=12)


def test_a_disk_that_refuses_the_end_ends_in_words(
    command: Command, stand_in: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When catalog.json can't be written, pictures under way are kept, exit 1, and the next run only finishes."""
    server = stand_in(image_latency=0.05)
    command.use(server)
    watch = watched(command, monkeypatch)
    watch.fail = lambda step: errno.EIO if (step.verb, step.name) == ("rename", "catalog.json") else None
    first = command(*FEW)
    asked, kept = len(calls(server, "image")), len(command.folder.pictures)
    watch.fail = lambda _: None
    second = command(*FEW)

    assert first.code == 1
    assert "catalog.json" in first.err
    assert asked == kept
    assert second.code == 0, second.said
    assert len(calls(server, "image")) == len(command.folder.catalogue)


def test_a_nearly_full_disk_makes_no_call(command: Command, stand_in: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the pictures under way could not be written, none is asked for, and no text either: exit 1, in words."""
    server = stand_in()
    command.use(server)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(free=10 * MEGABYTE))
    result = command(*FEW)

    assert result.code == 1
    assert "10 MB are free" in result.err
    assert not server.calls


def test_a_disk_that_fills_up_stops_in_time(command: Command, stand_in: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the free space falls below what the pictures under way need, no further one is asked for; those are kept."""
    server = stand_in()
    command.use(server)

    def disk_usage(_: Any) -> Any:
        return Usage(free=(200 if len(calls(server, "image")) < 3 else 20) * MEGABYTE)

    monkeypatch.setattr(shutil, "disk_usage", disk_usage)
    result = command(*FEW)

    assert result.code == 1
    assert "nearly full" in result.err
    assert 3 <= len(calls(server, "image")) < 12
    assert len(command.folder.pictures) == len(calls(server, "image"))


# -- odd file systems --------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="Windows flushes no folders")
@pytest.mark.parametrize("code", [errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_that_flushes_no_folders(
    command: Command, stand_in: Start, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """A network file system that refuses to flush a folder works with what there is, and that is said once."""
    command.use(stand_in())
    folders_refuse_fsync(monkeypatch, code)

    result = command("--target-count", "4")

    assert result.code == 0, result.said
    assert result.err.count("can't flush folders") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows needs a right to make links")
def test_images_on_another_file_system(command: Command, stand_in: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a finished picture can't be renamed into images/, that is said before any call: exit 2."""
    server = stand_in()
    command.use(server)
    watch = watched(command, monkeypatch)
    watch.fail = lambda step: errno.EXDEV if step.verb == "rename" and step.name.startswith("images/") else None

    result = command(*FEW)

    assert result.code == 2
    assert "another file system" in result.err
    assert not server.calls
    assert not list(command.folder.path.rglob(".writing*"))


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize("verb", ["replace", "unlink", "open"])
@pytest.mark.parametrize(("held", "whole"), [(0.5, True), (6.0, True), (30.0, False)])
def test_a_file_that_a_scanner_holds_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str, held: float, whole: bool
) -> None:
    """On Windows a file held for some seconds by a scanner or a sync client is waited for, not for ever."""
    clock = Clock()
    monkeypatch.setattr(disk, "WAITS_FOR_OTHERS", True)
    monkeypatch.setattr(disk, "time", clock)
    real = getattr(os, verb)

    def refuse(path: Any, *arguments: Any, **options: Any) -> Any:
        if clock.now < held and (verb != "open" or str(path).endswith("a.json")):
            raise PermissionError(errno.EACCES, "held")
        return real(path, *arguments, **options)

    folder = Disk(tmp_path)
    (tmp_path / "a.json").write_text("old")
    monkeypatch.setattr(os, verb, refuse)

    after = {"replace": ["new"], "unlink": [], "open": ["old\nnew\n"]}

    def act() -> None:
        if verb == "open":
            folder.append("a.json", b"new")
        elif verb == "replace":
            folder.write("a.json", b"new")
        else:
            folder.remove("a.json")

    if whole:
        act()
        assert [path.read_text() for path in tmp_path.glob("a.json")] == after[verb]
    else:
        with pytest.raises(DiskError):
            act()
        assert (tmp_path / "a.json").read_text() == "old"
    assert clock.now <= 11


def test_a_torn_line_of_a_log_is_ended_before_the_next(tmp_path: Path) -> None:
    """A line that a kill has torn does not spoil the line after it."""
    (tmp_path / "a.log").write_bytes(b'{"a": 1}\n{"b"')
    Disk(tmp_path).append("a.log", b'{"c": 3}')

    assert (tmp_path / "a.log").read_bytes() == b'{"a": 1}\n{"b"\n{"c": 3}\n'


# -- what lies in the way ----------------------------------------------------------------------------------------------


def test_a_refused_line_of_a_log_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the disk takes half of a line and no more, the log is as it was before."""
    log, real = Disk(tmp_path), os.write
    log.append("a.log", b'{"n": 1}')

    def write(handle: int, content: Any) -> int:
        real(handle, bytes(content)[:4])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write)
        with pytest.raises(DiskError, match="full"):
            log.append("a.log", b'{"n": 2}')

    assert (tmp_path / "a.log").read_bytes() == b'{"n": 1}\n'


def test_odd_things_in_the_way_are_named(command: Command, stand_in: Start) -> None:
    """A folder where a file belongs, a file where a folder belongs, a loop of links: exit 2, named, no call."""
    server = stand_in()
    command.use(server)
    command("--target-count", "2", "--dry-run")
    seen = len(server.calls)
    for name, said in (
        ("catalog.json", "folder is where a file belongs"),
        ("images", "file is where a folder belongs"),
    ):
        path = command.folder / name
        if path.is_dir():
            shutil.rmtree(path)
            path.touch()
        else:
            kept = path.read_bytes()
            path.unlink()
            path.mkdir()
        result = command("--target-count", "30")
        if path.is_dir():
            path.rmdir()
            path.write_bytes(kept)

        assert result.code == 2, name
        assert said in result.err
        assert "Traceback" not in result.said
    assert len(server.calls) == seen


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_named(command: Command, stand_in: Start) -> None:
    """A stored file without the right to read it: exit 2, and the file is named."""
    command.use(stand_in())
    command("--target-count", "2", "--dry-run")
    (command.folder / "catalog.json").chmod(0)

    result = command("--target-count", "2", "--dry-run")

    assert result.code == 2
    assert "catalog.json can't be read" in result.err


def test_a_file_that_the_system_will_not_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A placeholder of a sync service that can't be fetched is named, and never taken for a file that is not there."""

    def read_bytes(self: Path) -> bytes:
        raise OSError(errno.EIO, "the cloud operation was unsuccessful")

    (tmp_path / "catalog.json").touch()
    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    with pytest.raises(FolderError, match=r"catalog\.json can't be read: the cloud operation"):
        disk.read_bytes(tmp_path / "catalog.json")


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes are another matter there")
@pytest.mark.parametrize("name", ["catalog.json", "catalog.partial.json", "categories.json", "state.json"])
@pytest.mark.parametrize("kind", ["a link to nothing", "a pipe"])
def test_what_is_no_file_is_no_missing_file(command: Command, name: str, kind: str) -> None:
    """A link to a disk that is not mounted, or a pipe, is named at once: nothing is made anew, nothing is waited for."""
    assert command("--target-count", "4", "--batch-size", "4", "--dry-run").code == 0
    (command.folder / name).unlink(missing_ok=True)
    if kind == "a pipe":
        os.mkfifo(command.folder / name)
    else:
        (command.folder / name).symlink_to("/mnt/unmounted/file.json")
    before = sorted(path.name for path in command.folder.path.iterdir())

    result = command("--target-count", "4", "--batch-size", "4", "--dry-run")

    assert result.code == 2
    assert name in result.err
    assert ("it is not a file" if kind == "a pipe" else "what it leads to is not there") in result.err
    assert sorted(path.name for path in command.folder.path.iterdir()) == before


def test_the_growing_file_is_whole_after_a_refused_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that the disk took half of is taken back."""
    growing = Disk(tmp_path).open_growing("a.json")
    growing.end_at(0, b"[\n]\n")
    real, left = os.write, [10]

    def write(handle: int, content: Any) -> int:
        if left[0] <= 0:
            left[0] = 1000
            raise OSError(errno.ENOSPC, "full")
        taken = real(handle, bytes(content)[: left[0]])
        left[0] -= taken
        return taken

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(DiskError, match="disk is full"):
        growing.write_at(1, b'\n{"name": "a long one"}\n]\n', instead=b"\n]\n")
    growing.close()

    assert json.loads((tmp_path / "a.json").read_bytes()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_what_can_not_be_looked_at_is_not_missing(tmp_path: Path) -> None:
    """A name that leads to itself is no missing file: the disk says so, where `os.path.exists` would say no."""
    (tmp_path / "loop").symlink_to("loop")

    assert not Disk(tmp_path).exists("nothing/there")
    with pytest.raises(FolderError, match="loop"):
        Disk(tmp_path).exists("loop/catalog.json")
