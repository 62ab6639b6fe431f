"""Whoever looks on can leave: closed, full and broken streams change neither the work nor its exit code."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from conftest import Command, calls

from datagen_lib.command import terminal
from offline_model import Server

Start = Callable[..., Server]
SMALL = ("--target-count", "3")
posix = pytest.mark.skipif(sys.platform == "win32", reason="descriptors are closed in another way there")


def shell(command: Command, line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of a shell in which $RUN is the command, in the command's folder."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONWARNINGS": "error"}
    environment["RUN"] = f"{sys.executable} -m data_generator"
    done = subprocess.run(
        ["bash", "-c", line], cwd=command.home, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    return done


@posix
@pytest.mark.parametrize(
    ("what", "where"),
    [
        ("--version", "| true"),
        ("--version", ">&- 2>&- <&-"),
        ("--help", "| true"),
        ("--help", ">/dev/full"),
        ("--estimate", "| head -c 1 >/dev/null"),
        ("--estimate", ">/dev/full"),
        ("--estimate", "2>&- >/dev/null"),
    ],
)
def test_what_is_only_said_is_said_to_whoever_is_there(command: Command, what: str, where: str) -> None:
    """A reader that is gone, a closed stream and a full device: exit 0, no traceback, no word at the very end."""
    done = shell(command, f"$RUN {what} {where}; exit ${{PIPESTATUS[0]}}")

    assert done.returncode == 0
    assert not done.stderr.strip()


@posix
@pytest.mark.parametrize("where", ["2>&-", ">&- 2>&- <&-", ">/dev/full 2>&1", "2>&1 | true"])
def test_a_run_is_whole_whoever_looks_on(command: Command, where: str) -> None:
    """A run whose streams are closed, full or broken from its start or in its middle is complete, and exits 0."""
    command.set(IMAGE_SIZE="64")
    done = shell(command, f"$RUN --target-count 3 {where}; exit ${{PIPESTATUS[0]}}")

    assert done.returncode == 0
    command.folder.check(at_least=3, size=64)


@posix
def test_a_closed_stream_takes_no_files_place(command: Command) -> None:
    """With the three streams closed no file of the run gets their numbers, so nothing strays into a file."""
    shell(command, "$RUN --target-count 3 --log-level DEBUG >&- 2>&- <&-")

    assert (command.folder / "catalog.json").read_bytes().startswith(b"[")
    assert b"DEBUG datagen_lib" not in b"".join(command.folder.contents().values())


@posix
@pytest.mark.parametrize(("setting", "code"), [("TARGET_COUNT=x", 2), ("PARALLEL_TEXT_REQUESTS=0", 2)])
def test_the_exit_code_is_right_when_nobody_can_read_why(command: Command, setting: str, code: int) -> None:
    """A bad setting exits 2, also where its message can't be written."""
    assert shell(command, f"{setting} $RUN 2>/dev/full").returncode == code


@posix
def test_a_reader_who_leaves_in_the_middle_costs_nothing(command: Command, stand_in: Start) -> None:
    """The reader of standard error goes away after one line: every picture asked for is kept, and the run completes."""
    server = stand_in(image_latency=0.05)
    command.use(server)
    done = shell(command, "$RUN --target-count 12 --log-level DEBUG 2> >(head -n 1 >/dev/null)")

    assert done.returncode == 0
    command.folder.check(at_least=12)
    assert len(calls(server, "image")) == 12


@posix
def test_a_terminal_that_takes_nothing_does_not_hold_the_run_up(command: Command) -> None:
    """A pipe that nobody empties, full from the start: the run goes on to its end and does not wait for a reader."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 1024)
    os.set_blocking(writer, True)
    quiet = {"env": {"IMAGE_SIZE": "64"}, "stdout": subprocess.DEVNULL}
    process = command.process(*SMALL, "--log-level", "DEBUG", stderr=writer, **quiet)
    os.close(writer)
    code = process.wait(timeout=60)
    os.close(reader)

    assert code == 0
    command.folder.check(at_least=3, size=64)


class Broken:
    """A stream that fails in everything."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name) if name.startswith("__") else OSError(name)


@pytest.mark.parametrize("stream", [None, Broken()], ids=["none", "broken"])
def test_streams_that_are_none_or_fail(command: Command, monkeypatch: pytest.MonkeyPatch, stream: Any) -> None:
    """No stream at all (pythonw), and one that fails in everything: the command runs and exits 0."""
    from datagen_lib.command.main import main

    command.set(IMAGE_SIZE="64")
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", stream)
    code = main(list(SMALL))

    assert code == 0
    assert sys.stderr is stream
    command.folder.check(at_least=3, size=64)


def test_bars_that_cannot_be_drawn_cost_nothing(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a terminal whose bars fail, and without tqdm at all, a run is complete and exits 0, with no traceback."""
    command.set(IMAGE_SIZE="64")
    monkeypatch.setattr("datagen_lib.command.terminal._Steady.isatty", lambda _: True)

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("no bars")

    monkeypatch.setattr("tqdm.tqdm.refresh", broken)
    monkeypatch.setattr("tqdm.tqdm.write", broken)
    assert command(*SMALL, "--output-dir", "one").code == 0
    monkeypatch.setitem(sys.modules, "tqdm", None)
    result = command(*SMALL, "--output-dir", "two")

    assert result.code == 0
    assert "Complete." in result.out
    assert "Traceback" not in result.said


def test_no_control_character_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    """What a terminal would obey is spelt out; line feeds stay."""
    terminal.say("one\x1b[2J\ntwo\u202e\x07")
    terminal.tell("\x9b31m three")

    said = capsys.readouterr()
    assert said.err == "one\\x1b[2J\ntwo\\u202e\\x07\n"
    assert said.out == "\\x9b31m three\n"


def test_messages_of_several_threads_stay_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """Lines said from several threads at once come out whole."""
    with terminal.steady():
        threads = [threading.Thread(target=terminal.say, args=(f"{n}" * 200,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert sorted(capsys.readouterr().err.splitlines()) == [f"{n}" * 200 for n in range(8)]
