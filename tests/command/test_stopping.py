"""Asked to end, a run makes no new call and keeps what it has paid for: signals, and Stop in a program."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from conftest import Command, calls, whole

from datagen_lib import events, run, run_sync
from datagen_lib.command import main
from datagen_lib.command import signals as hearing
from datagen_lib.errors import Interrupted
from datagen_lib.settings import Settings
from datagen_lib.stopping import Stopping
from offline_model import Server

Start = Callable[..., Server]
FOR_EVER = 600.0  # s that a call takes which nobody waits for
signals = pytest.mark.skipif(sys.platform == "win32", reason="signals of this kind are not sent on Windows")


def begun(process: subprocess.Popen[bytes], server: Server, route: str, count: int) -> None:
    """Wait until the service has been asked so often."""
    while len(calls(server, route)) < count:
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)


def said_until(process: subprocess.Popen[bytes], word: bytes) -> bytes:
    """What the command says, up to the line with the word."""
    assert process.stderr is not None
    said = b""
    for line in process.stderr:
        said += line
        if word in line:
            return said
    raise AssertionError(said.decode())


@signals
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_keeps_every_picture_that_was_asked_for(
    command: Command, stand_in: Start, sent: signal.Signals
) -> None:
    """A signal among the pictures: as many are on disk as were asked for, exit 130, what is waited for is said."""
    server = stand_in(image_latency=0.5)
    command.use(server)
    process = command.process("--target-count", "40", "--parallel-image-requests", "8")
    begun(process, server, "image", 9)
    process.send_signal(sent)
    _, said = process.communicate(timeout=60)
    lines = said.decode().splitlines()

    assert process.returncode == 130
    assert any("paid for; waiting up to 60 s; again to leave them" in line for line in lines)
    assert lines[-1].startswith("interrupted:")
    assert "Traceback" not in said.decode()
    assert len(command.folder.pictures) == len(calls(server, "image")) < 40
    assert all(whole((command.folder / f"images/{name}").read_bytes()) for name in command.folder.pictures)


@signals
def test_a_signal_keeps_every_item_that_was_asked_for(command: Command, stand_in: Start) -> None:
    """A signal while items stream: the answers under way are read to their ends, and nothing of them is asked again."""
    server = stand_in(text_latency=0.5)
    command.use(server)
    arguments = ("--target-count", "40", "--batch-size", "10", "--dry-run")
    process = command.process(*arguments)
    begun(process, server, "text", 3)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    kept, asked = len(command.folder.partial), len(calls(server, "text"))

    assert process.returncode == 130
    assert kept >= 10 * (asked - 1) > 0
    assert command(*arguments).code == 0
    assert len(calls(server, "text")) == 5


@signals
def test_a_second_signal_leaves_the_calls(command: Command, stand_in: Start) -> None:
    """Two signals: the command ends at once with 130 although the service answers none of its calls; more are harmless."""
    server = stand_in(image_latency=FOR_EVER)
    command.use(server)
    process = command.process("--target-count", "4")
    begun(process, server, "image", 4)
    process.send_signal(signal.SIGINT)
    said = said_until(process, b"paid for")
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=60)

    assert process.returncode == 130
    assert b"4 pictures under way are paid for" in said
    assert [line[:12] for line in rest.decode().splitlines()] == ["interrupted:"]
    assert not command.folder.pictures
    assert len(command.folder.catalogue) == 4


@signals
@pytest.mark.parametrize("moment", ["parser", "Settings.load", "asyncio.run"])
def test_a_signal_before_the_run_has_begun(
    command: Command, stand_in: Start, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """A signal while flags or settings are read, or just before the loop begins: 130, one line, no call."""
    server = stand_in()
    command.use(server)
    owner: Any = {"Settings.load": Settings, "asyncio.run": hearing.asyncio}.get(moment, main)
    name = moment.rpartition(".")[2]
    before = getattr(owner, name)

    def pressed(*arguments: Any, **named: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return before(*arguments, **named)

    monkeypatch.setattr(owner, name, pressed)
    result = command("--target-count", "4")

    assert result.code == 130
    assert result.err.splitlines()[-1].startswith("interrupted:")
    assert not calls(server, "text")


@signals
def test_a_signal_that_does_not_wake_the_loop() -> None:
    """A signal heard by another thread, while the loop waits for something that never comes: the work is cancelled."""

    async def never() -> None:
        await asyncio.Event().wait()

    def send() -> None:
        time.sleep(0.3)
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    listening = hearing.Signals()
    sender = threading.Thread(target=send)
    sender.start()
    with listening.heard(), pytest.raises(asyncio.CancelledError):
        listening.run(never)
    sender.join()


@signals
def test_a_signal_as_the_process_starts(command: Command) -> None:
    """SIGTERM at any moment of the start: 130 and one line, or it came before Python could hear any."""
    for delay in (0.02, 0.1, 0.2, 0.3):
        # An import that is cut short leaves its file open; Python says so only where warnings are errors.
        process = command.process("--target-count", "2", env={"PYTHONWARNINGS": "error,ignore::ResourceWarning"})
        time.sleep(delay)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)

        assert process.returncode in {130, -signal.SIGTERM, -signal.SIGINT}  # a shell calls the last one 130 too
        assert b"Traceback" not in said
        assert process.returncode < 0 or said.decode().splitlines()[-1].startswith("interrupted:")


@signals
def test_an_ignored_signal_stays_ignored(command: Command) -> None:
    """What a parent told the process to ignore, as nohup does, does not end the run."""
    command.set(IMAGE_SIZE="64")
    done = subprocess.run(
        ["bash", "-c", f"trap '' HUP; {sys.executable} -m data_generator --target-count 3 & kill -HUP $!; wait $!"],
        cwd=command.home,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr


def test_a_stop_in_a_program_keeps_what_is_paid(command: Command, stand_in: Start) -> None:
    """`run(..., stop=...)`: a wish told in the middle ends the run as interrupted, with a picture for each call."""
    server, stop = stand_in(image_latency=0.1), Stopping()
    settings = Settings.load(environ=server.settings, target_count=30, parallel_image_requests=8)
    heard: list[events.Event] = []

    def listen(event: events.Event) -> None:
        heard.append(event)
        if sum(isinstance(each, events.ImageSaved) for each in heard) == 5:
            stop.request()

    outcome = run_sync(run(settings, listen=listen, stop=stop))
    (ending,) = [event for event in heard if isinstance(event, events.Ending)]

    assert isinstance(outcome.stopped, Interrupted)
    assert outcome.stopped.exit_code == 130
    assert not outcome.complete
    assert ending.image_calls > 0
    assert outcome.images == len(command.folder.pictures) == len(calls(server, "image")) < 30


def test_patience_has_an_end(command: Command, stand_in: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that does not end is left after the time that was said, and the run still ends as interrupted."""
    monkeypatch.setattr(sys.modules["datagen_lib.pipeline.run"], "PATIENCE", 0.05)
    server, stop = stand_in(image_latency=FOR_EVER), Stopping()
    settings = Settings.load(environ=server.settings, target_count=4)

    def listen(event: events.Event) -> None:
        if isinstance(event, events.ItemsComplete):
            stop.request()

    outcome = run_sync(run(settings, listen=listen, stop=stop))

    assert isinstance(outcome.stopped, Interrupted)
    assert len(command.folder.catalogue) == 4
