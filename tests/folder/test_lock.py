"""One run at a time, on every file system, and a folder that is let go whatever happens."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
from conftest import REPOSITORY, Command
from fakes.disk import WatchedDisk

from datagen_lib.errors import DatagenError, FolderBusy
from datagen_lib.folder import lock
from datagen_lib.folder.store import Store

HOLD = """
import os, sys
from pathlib import Path
code = int(sys.argv[2])
if code:
    import fcntl
    def flock(handle, operation):
        raise OSError(code, os.strerror(code))
    fcntl.flock = flock
from datagen_lib.folder.store import Store
with Store.open(Path(sys.argv[1]), provider="azure"):
    print("held", flush=True)
    sys.stdin.readline()
"""
posix = pytest.mark.skipif(sys.platform == "win32", reason="flock is not of Windows")
REFUSALS = [errno.ENOLCK, errno.EOPNOTSUPP, errno.EBADF, errno.ENOSYS, errno.EINVAL]


def without_locks(patch: pytest.MonkeyPatch, code: int) -> None:
    """A file system whose server has no locks."""
    import fcntl

    def flock(handle: int, operation: int) -> None:
        if operation != fcntl.LOCK_UN:
            raise OSError(code, os.strerror(code))

    patch.setattr(fcntl, "flock", flock)
    patch.setattr(lock, "SOFT_WAIT", 0.0)


def holder(folder: Path, code: int = 0) -> subprocess.Popen[str]:
    """Another process that holds the folder until its standard input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder), str(code)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.communicate("\n")


@posix
@pytest.mark.parametrize("code", REFUSALS)
def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """Where the server has no locks, a second run is refused all the same, with the owner's pid."""
    process = holder(tmp_path, code)
    without_locks(monkeypatch, code)
    with pytest.raises(FolderBusy, match=rf"\b{process.pid}\b"):
        Store.open(tmp_path, provider="azure")
    end(process)

    Store.open(tmp_path, provider="azure").close()


@posix
@pytest.mark.parametrize("code", [0, *REFUSALS])
def test_a_dead_owner_is_no_hindrance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """The lock of a process that was killed is free, also where only a file stands for it."""
    process = holder(tmp_path, code)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    if code:
        without_locks(monkeypatch, code)
        monkeypatch.setattr(lock, "SOFT_WAIT", 3.0)

    Store.open(tmp_path, provider="azure").close()


@posix
def test_a_file_system_without_locks_is_said_once(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run where the server has no locks works, and says once what stands for one."""
    without_locks(monkeypatch, errno.ENOLCK)

    result = command("--provider", "offline", "--target-count", "2", "--dry-run")

    assert result.code == 0, result.said
    assert result.err.count("has no locks") == 1


def test_starts_at_one_instant_do_not_trip_each_other(tmp_path: Path) -> None:
    """Of eight starts at one instant one gets the folder, and seven are told that another run is at work."""
    ready = threading.Barrier(8)
    ends: Counter[str] = Counter()
    stores: list[Store] = []

    def start() -> None:
        ready.wait()
        try:
            stores.append(Store.open(tmp_path, provider="azure"))
            stores[-1].begin()
            ends["held"] += 1
        except DatagenError as error:
            ends[type(error).__name__] += 1

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in stores:
        store.close()

    assert ends == {"held": 1, "FolderBusy": 7}


def test_the_folder_is_let_go_whatever_the_disk_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that refuses the last flush does not leave the folder locked by its own process, or by another thread."""
    from factories import item

    stores: list[Store] = []
    thread = threading.Thread(target=lambda: stores.append(Store.open(tmp_path, provider="azure")))
    thread.start()
    thread.join()
    stores[0].add(item(0))
    with monkeypatch.context() as patch:
        watch = WatchedDisk(tmp_path, fail=lambda step: errno.EIO if step.verb == "fsync" else None)
        watch.watch(patch)
        stores[0].close()

    with Store.open(tmp_path, provider="azure") as store:
        assert [found.name for found in store.items] == [item(0).name]
