"""One run at a time: the folder's lock, on every file system."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
from pathlib import Path

from filelock import BaseFileLock, FileLock, SoftFileLock, Timeout

from datagen_lib.errors import FolderBusy
from datagen_lib.text import plain

from .disk import NO_SUCH_CALL, unusable

log = logging.getLogger(__name__)

NAME = ".lock"
SOFT_NAME = ".lock.owner"
SOFT_WAIT = 3.0  # s; a dead owner's file is looked at more than once before it is taken over
LONGEST_NAME = 80  # characters of what a process is called
_NO_LOCKS = NO_SUCH_CALL | {errno.ENOLCK, errno.EBADF}  # as NFS and SMB answer where the server has no locks


_called: list[str] = []


def call_this(name: str) -> None:
    """Let this process's runs be known by a name to whoever finds the folder busy, such as a notebook's file."""
    _called[:] = [plain(name)[:LONGEST_NAME]]


class FolderLock:
    """Held from `take` until `release`; the system lets it go when the process ends.

    Where the file system has no locks, a file with the owner's process, host and start time stands for one. The next
    run takes it over when that process is gone.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._held: BaseFileLock | None = None

    def take(self) -> None:
        """Take the lock.

        Raises:
            FolderBusy: another run holds it; names its process where that is known.
            FolderError: the lock's file can't be made.
        """
        path = self._root / NAME
        try:
            # Not bound to a thread: a run opens its folder in one and closes it in another.
            self._held = self._taken(FileLock(path, timeout=0, thread_local=False, fallback_to_soft=False))
            _write_owner(path)
        except Timeout as error:
            raise self._busy(_owner(path)) from error
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise unusable(self._root, error) from error
            log.warning(
                "the file system of %s has no locks (%s): the file %s stands for one",
                self._root,
                error.strerror,
                SOFT_NAME,
            )
            self._take_soft()

    def release(self) -> None:
        """Let the folder go. May be called twice."""
        held, self._held = self._held, None
        if held is not None:
            with contextlib.suppress(OSError):  # the process's end releases what a broken disk does not
                held.release(force=True)

    def _take_soft(self) -> None:
        lock = SoftFileLock(self._root / SOFT_NAME, timeout=SOFT_WAIT, thread_local=False)
        try:
            self._held = self._taken(lock)
        except Timeout as error:
            owner = f" (pid {lock.pid})" if lock.pid else ""
            raise self._busy(owner, hint=f" If no run is left on any machine, remove {SOFT_NAME} there.") from error
        except OSError as error:
            raise unusable(self._root, error) from error

    @staticmethod
    def _taken(lock: BaseFileLock) -> BaseFileLock:
        lock.acquire()
        return lock

    def _busy(self, owner: str, *, hint: str = "") -> FolderBusy:
        return FolderBusy(
            f"another run{owner} is at work in {self._root}",
            hint=f"Wait for it, stop it, or choose another folder with --output-dir.{hint}",
        )


def _write_owner(path: Path) -> None:
    with contextlib.suppress(OSError), path.open("r+b", buffering=0) as file:
        # The first byte is left alone: Windows locks it, and a locked byte can't be read by whoever asks.
        file.seek(1)
        name = "".join(f", {name}" for name in _called)
        file.write(f"pid {os.getpid()}{name}\n".encode(errors="replace"))
        file.truncate()


def _owner(path: Path) -> str:
    try:
        with path.open("rb", buffering=0) as file:
            file.seek(1)
            text = (file.read(40 + 4 * LONGEST_NAME) or b"").decode(errors="replace").strip()
    except OSError:
        return ""
    return f" ({text})" if text.startswith("pid ") else ""
