"""Kills and interrupts: what was paid for is on disk, and the next run pays for nothing twice."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from conftest import Command, calls, whole

from offline_model import Server

Start = Callable[..., Server]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of this kind are not sent on Windows")
TARGET, BATCH = 30, 10
ARGUMENTS = ("--target-count", str(TARGET), "--batch-size", str(BATCH))


@pytest.fixture
def server(command: Command, stand_in: Start) -> Server:
    """A stand-in that takes long enough to be killed in the midst of it."""
    server = stand_in(text_latency=0.2, image_latency=0.1)
    command.use(server)
    return server


def running(command: Command, *arguments: str) -> subprocess.Popen[bytes]:
    return command.process(*arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def until(process: subprocess.Popen[bytes], reached: Callable[[], bool]) -> bool:
    """Wait for a moment in the process's life; False where it ended before."""
    while not reached():
        if process.poll() is not None:
            return False
        time.sleep(0.005)
    return True


def moments(server: Server) -> Iterator[tuple[str, Callable[[], bool]]]:
    """Moments to kill at, in order: by the calls that the service has seen, and a little later each time."""
    rng = random.Random(7)
    for route, count in (("text", 1), ("text", 3), ("image", 1), ("image", 9), ("image", 20)):
        delay = rng.uniform(0, 0.15)

        def reached(route: str = route, count: int = count, delay: float = delay) -> bool:
            if len(calls(server, route)) < count:
                return False
            time.sleep(delay)
            return True

        yield f"{route} call {count}", reached


def test_kills_cost_only_the_calls_in_flight(command: Command, server: Server) -> None:
    """After five SIGKILLs, at moments all over the run, the catalogue is finished with nothing paid for twice.

    Every picture that the service had delivered is on disk, so that only calls that were under way are repeated; items
    that were accepted stay as they were, in their places.
    """
    items: list[dict[str, str]] = []
    kills = 0
    for moment, reached in moments(server):
        process = running(command, *ARGUMENTS)
        assert until(process, reached), f"the run ended before {moment}"
        process.kill()
        process.wait()
        kills += 1
        found = on_disk(command)

        assert found[: len(items)] == items, moment
        assert all(whole(path.read_bytes()) for path in (command.folder / "images").glob("*")), moment
        items = found
    result = command(*ARGUMENTS)
    asked = Counter(call.body["prompt"] for call in calls(server, "image") if call.body)

    assert result.code == 0, result.said
    command.folder.check(at_least=TARGET)
    assert command.folder.catalogue[: len(items)] == items
    assert len(calls(server, "image")) <= len(command.folder.catalogue) + 4 * kills
    assert max(asked.values()) <= 1 + kills
    assert len(command.folder.categories) == 20


def on_disk(command: Command) -> list[dict[str, str]]:
    """The items that a reader of the files finds, a torn last line left out."""
    final = command.folder / "catalog.json"
    items = json.loads(final.read_text(encoding="utf-8")) if final.exists() else []
    partial = command.folder / "catalog.partial.json"
    if partial.exists():
        for line in partial.read_text(encoding="utf-8").splitlines():
            if line.startswith("{"):
                try:
                    item = json.loads(line.rstrip(","))
                except ValueError:
                    break
                if item not in items:
                    items.append(item)
    return items


def test_a_picture_delivered_is_never_bought_again(command: Command, stand_in: Start) -> None:
    """A kill among the pictures: the next run asks only for those whose answer had not arrived."""
    server = stand_in(image_latency=0.2)
    command.use(server)
    command(*ARGUMENTS, "--dry-run")
    process = running(command, *ARGUMENTS)
    assert until(process, lambda: len(calls(server, "image")) >= 15)
    process.kill()
    process.wait()
    before = len(calls(server, "image"))
    saved = len(list((command.folder / "images").glob("*.png")))

    result = command(*ARGUMENTS)
    again = len(calls(server, "image")) - before

    assert result.code == 0
    assert again == TARGET - saved
    assert before - saved <= 4 * 2, "more was lost than the calls in flight and those being written"


@pytest.mark.parametrize(
    ("moment", "sent"),
    [
        ("categories", signal.SIGINT),
        ("items", signal.SIGINT),
        ("images", signal.SIGINT),
        ("items", signal.SIGTERM),
        ("images", signal.SIGTERM),
    ],
)
def test_an_interrupt_ends_a_run_well(command: Command, server: Server, sent: signal.Signals, moment: str) -> None:
    """SIGINT and SIGTERM: exit 130, every file valid, no temporary file, the folder let go; the next run finishes."""
    route, count = {"categories": ("text", 1), "items": ("text", 3), "images": ("image", 12)}[moment]
    process = command.process(*ARGUMENTS)
    assert until(process, lambda: len(calls(server, route)) >= count)
    process.send_signal(sent)
    _, errors = process.communicate(timeout=30)
    accepted = on_disk(command)
    pictures = command.folder.pictures
    for name, data in command.folder.contents().items():
        if name.endswith(".json"):
            json.loads(data)

    assert process.returncode == 130, errors.decode()
    assert b"interrupted" in errors
    assert b"Traceback" not in errors
    assert not list(command.folder.path.glob(".writing*"))
    assert all(whole((command.folder / f"images/{name}").read_bytes()) for name in pictures)
    assert pictures <= {item["filename"] for item in accepted}

    before = len(calls(server, "image"))
    result = command(*ARGUMENTS)

    assert result.code == 0, result.said
    assert command.folder.catalogue[: len(accepted)] == accepted
    assert len(calls(server, "image")) - before == len(command.folder.catalogue) - len(pictures)


def test_the_lock_of_a_killed_run_is_no_hindrance(command: Command, server: Server) -> None:
    """A lock file that a killed run left behind does not stop the next one."""
    process = running(command, *ARGUMENTS)
    assert until(process, lambda: len(calls(server, "text")) >= 2)
    process.kill()
    process.wait()

    assert (command.folder / ".lock").exists()
    assert command(*ARGUMENTS, "--dry-run").code == 0


def test_a_second_run_in_the_same_folder_is_refused(command: Command, server: Server) -> None:
    """While a run is at work another one is refused with the owner's pid: exit 2, no call, and the first goes on."""
    process = running(command, *ARGUMENTS)
    assert until(process, lambda: len(calls(server, "text")) >= 1)

    second = command("--target-count", "5")
    refused = second.code, second.err
    process.wait(timeout=60)

    assert refused[0] == 2
    assert str(process.pid) in refused[1]
    assert "--output-dir" in refused[1]
    assert process.returncode == 0
    command.folder.check(at_least=TARGET)
