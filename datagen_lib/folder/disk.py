"""The folder's files: only this module opens, writes, renames and removes them, and it translates each disk error.

A file is written beside its place, flushed and renamed, and the rename is flushed too. So a reader sees the old file or
the new one. After a power cut the disk holds one of them whole. Temporary files lie in the folder's root.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import logging
import os
import shutil
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

from datagen_lib.errors import DiskError, FolderError
from datagen_lib.places import is_there

T = TypeVar("T")
log = logging.getLogger(__name__)

TEMPORARY = ".writing-"
MEGABYTE = 1 << 20
WAITS_FOR_OTHERS = sys.platform == "win32"
"""Windows refuses to rename or remove a file that a virus scanner, a sync client or a viewer holds."""
PATIENCE = 10.0  # s that such a file is waited for
_PAUSE = 0.1  # s between two tries

# What a file system answers that has no such call: SMB, NFS, vboxsf, some FUSE ones.
NO_SUCH_CALL = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
_NO_FOLDER_FLUSH = NO_SUCH_CALL | {errno.EBADF, errno.EACCES, errno.EPERM, errno.EISDIR}
_FULL = {errno.ENOSPC, errno.EDQUOT}
_said: set[str] = set()
_saying = threading.Lock()
_BINARY = getattr(os, "O_BINARY", 0)  # Windows would turn line feeds into two characters
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY
_GROWING = os.O_RDWR | os.O_CREAT | _BINARY
_APPENDING = os.O_RDWR | os.O_CREAT | os.O_APPEND | _BINARY
_MODE = 0o666  # less the user's mask, as `open` has it


class Disk:
    """The files of one folder. Names are relative to it, with forward slashes.

    Every method that writes raises DiskError where the disk refuses, and leaves no half-written file.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._numbers = itertools.count()

    def path(self, name: str) -> Path:
        return self.root / name

    # -- the folder itself -------------------------------------------------------------------------------------------

    def make_folders(self, *names: str) -> None:
        """Make the folder, those above it and those named in it, where they are missing.

        Raises:
            FolderError: it can't be made or entered, or a file is in its place.
        """
        for folder in (self.root, *(self.path(name) for name in names)):
            try:
                new = [one for one in (folder, *folder.parents) if not os.path.lexists(one)]
                folder.mkdir(parents=True, exist_ok=True)
                for one in new:
                    self._flush_folder(one.parent)
            except (OSError, ValueError) as error:
                raise unusable(folder, error) from error

    def prove(self, folder: str = "") -> None:
        """Show that files reach `folder`: write one, flush it, rename it there and remove it.

        Raises:
            FolderError: they do not, as where `folder` lies on another file system or belongs to someone else.
            DiskError: the disk is full.
        """
        temporary = self._temporary("probe")
        target = self.path(folder) / temporary.name
        try:
            self._put(temporary, [b"probe"])
            if folder:
                temporary.replace(target)
                self._flush_folder(target.parent)
            target.unlink()
        except OSError as error:
            for left in (temporary, target):
                with contextlib.suppress(OSError):
                    left.unlink()
            if error.errno in _FULL:
                raise self._refused(folder or "a file", error) from error
            raise unusable(target.parent, error) from error

    def clear_leftovers(self, *names: str) -> None:
        """Remove the temporary files that a killed run left, in the root and in the folders named."""
        for folder in (self.root, *(self.path(name) for name in names)):
            for name in self.names(folder.relative_to(self.root).as_posix()):
                if name.startswith(TEMPORARY):
                    with contextlib.suppress(OSError):
                        (folder / name).unlink()

    def names(self, folder: str = ".") -> list[str]:
        """The names of all files and folders in `folder`; none where it is not there.

        Raises:
            FolderError: it can't be listed.
        """
        try:
            return [path.name for path in self.path(folder).iterdir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise unusable(self.path(folder), error) from error

    def free(self) -> int | None:
        """Bytes that can still be written, or None where the system does not say."""
        try:
            return shutil.disk_usage(self.root).free
        except OSError:
            return None

    def require_room(self, size: int) -> None:
        """Stop where the disk is nearly full.

        Raises:
            DiskError: fewer than `size` bytes are free.
        """
        free = self.free()
        if free is not None and free < size:
            raise DiskError(
                f"the disk is nearly full: {free / MEGABYTE:.0f} MB are free in {self.root}, "
                f"and the calls under way may need {size / MEGABYTE:.0f} MB",
                hint="Everything accepted before is kept. Make room, then run again to go on.",
            )

    # -- whole files -------------------------------------------------------------------------------------------------

    def write(self, name: str, *content: bytes | memoryview) -> None:
        """Replace the file `name` as a whole; durable when this returns."""
        self.write_pieces(name, content)

    def copy(self, name: str, to: str) -> None:
        """Write a copy of the file `name`, where it is there; durable when this returns.

        Raises:
            FolderError: it can't be read.
        """
        with opened(self.path(name)) as file:
            if file is not None:
                self.write_pieces(to, iter(lambda: file.read(MEGABYTE), b""))

    def write_pieces(self, name: str, content: Iterable[bytes | memoryview]) -> None:
        """Replace the file `name` as a whole, piece by piece; durable when this returns."""
        target = self.path(name)
        temporary = self._temporary(target.name)
        with self.translated(name):
            try:
                self._put(temporary, content)
                _patiently(lambda: temporary.replace(target))
            except OSError:
                with contextlib.suppress(OSError):
                    temporary.unlink()
                raise
            self._flush_folder(target.parent)

    def append(self, name: str, line: bytes) -> None:
        """Add one line to a log, or nothing where the disk refuses; a line that a kill has torn is ended first.

        Not flushed.
        """
        with self.translated(name):
            handle = _patiently(lambda: os.open(self.path(name), _APPENDING, _MODE))
            try:
                size = os.lseek(handle, 0, os.SEEK_END)
                os.lseek(handle, max(0, size - 1), os.SEEK_SET)
                torn = size > 0 and os.read(handle, 1) != b"\n"
                try:
                    _write_all(handle, b"\n" * torn + line + b"\n")
                except OSError:
                    with contextlib.suppress(OSError):
                        os.ftruncate(handle, size)
                    raise
            finally:
                os.close(handle)

    def harden(self, name: str) -> None:
        """Let all that was appended to `name` survive a power cut."""
        with self.translated(name):
            handle = _patiently(lambda: os.open(self.path(name), _APPENDING, _MODE))
            try:
                self.flush(handle)
            finally:
                os.close(handle)

    def remove(self, name: str) -> None:
        """Remove the file `name`, where it is there."""
        with self.translated(name), contextlib.suppress(FileNotFoundError):
            _patiently(self.path(name).unlink)

    def move(self, name: str, to: str) -> None:
        """Rename a file within the folder, over what is there; durable when this returns."""
        source, target = self.path(name), self.path(to)
        with self.translated(name):
            _patiently(lambda: source.replace(target))
            self._flush_folder(target.parent)
            if source.parent != target.parent:
                self._flush_folder(source.parent)

    def duplicate(self, name: str, to: str) -> None:
        """Give the file `name` a second name, or copy it where the file system has no such thing; durable after."""
        source, target = self.path(name), self.path(to)
        with self.translated(to):
            try:
                target.hardlink_to(source)
                self._flush_folder(target.parent)
            except OSError:
                self.write(to, source.read_bytes())

    def free_name(self, name: str) -> str:
        """`name`, or with a number before its ending the first such name that no file has."""
        stem, dot, ending = name.rpartition(".")
        names = itertools.chain([name], (f"{stem}-{number}{dot}{ending}" for number in itertools.count(2)))
        return next(candidate for candidate in names if not self.exists(candidate))

    def exists(self, name: str) -> bool:
        """Whether something has that name, be it a link to nothing.

        Raises:
            FolderError: it can't be said; `os.path.lexists` would say no.
        """
        try:
            return is_there(self.path(name), follow_symlinks=False)
        except OSError as error:
            raise unusable(self.path(name), error) from error

    # -- a file that grows -------------------------------------------------------------------------------------------

    def open_growing(self, name: str) -> GrowingFile:
        """Open the file `name` to be written in place, and make it where it is missing."""
        with self.translated(name):
            return GrowingFile(self, name, _patiently(lambda: os.open(self.path(name), _GROWING, _MODE)))

    # -- below -------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def translated(self, name: str) -> Iterator[None]:
        """What the disk refuses here comes out as a DiskError that names the file."""
        try:
            yield
        except OSError as error:
            raise self._refused(name, error) from error

    def _refused(self, name: str, error: OSError) -> DiskError:
        what = "the disk is full" if error.errno in _FULL else f"the disk refused: {error.strerror or error}"
        return DiskError(
            f"{what} (while writing {name} in {self.root})",
            hint="Everything accepted before is kept. Make room (or mend the folder), then run again to go on.",
        )

    def _temporary(self, name: str) -> Path:
        return self.root / f"{TEMPORARY}{os.getpid()}-{next(self._numbers)}-{name}"

    def _put(self, path: Path, content: Iterable[bytes | memoryview]) -> None:
        handle = os.open(path, _NEW, _MODE)
        try:
            for piece in content:
                _write_all(handle, piece)
            self.flush(handle)
        finally:
            os.close(handle)

    def flush(self, handle: int) -> None:
        """Have an open file reach the disk, as far as the file system can."""
        try:
            os.fsync(handle)
        except OSError as error:
            if error.errno not in NO_SUCH_CALL:
                raise
            _say_once(f"the file system of {self.root} can't flush files ({error.strerror}); going on without")

    def _flush_folder(self, folder: Path) -> None:
        """Have a rename in `folder` reach the disk; Windows has no such call, and some network file systems none."""
        if sys.platform == "win32":
            return
        try:
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            if error.errno not in _NO_FOLDER_FLUSH:
                raise
            _say_once(f"the file system of {self.root} can't flush folders ({error.strerror}); going on without")


class GrowingFile:
    """A file that is written in place at positions of the caller's choice. Made by `Disk.open_growing`."""

    def __init__(self, disk: Disk, name: str, handle: int) -> None:
        self._disk, self._name, self._handle = disk, name, handle
        self._flushed_name = False

    def read_from(self, position: int) -> bytes:
        """All bytes from `position` on; meant for the short end of a file."""
        with self._disk.translated(self._name):
            os.lseek(self._handle, position, os.SEEK_SET)
            return b"".join(iter(lambda: os.read(self._handle, MEGABYTE), b""))

    def write_at(self, position: int, content: bytes, *, instead: bytes) -> None:
        """Write `content` at `position`, which ends the file; where the disk refuses, end it with `instead` there."""
        with self._disk.translated(self._name):
            try:
                os.lseek(self._handle, position, os.SEEK_SET)
                _write_all(self._handle, content)
            except OSError:
                with contextlib.suppress(OSError):
                    self._end(position, instead)
                raise

    def end_at(self, position: int, content: bytes) -> None:
        """Cut the file at `position` and end it with `content`."""
        with self._disk.translated(self._name):
            self._end(position, content)

    def _end(self, position: int, content: bytes) -> None:
        os.ftruncate(self._handle, position)
        os.lseek(self._handle, position, os.SEEK_SET)
        _write_all(self._handle, content)

    def flush(self) -> None:
        """Have content and name reach the disk."""
        with self._disk.translated(self._name):
            self._disk.flush(self._handle)
            if not self._flushed_name:
                self._disk._flush_folder(self._disk.path(self._name).parent)  # noqa: SLF001 - one idea in two classes
                self._flushed_name = True

    def close(self) -> None:
        os.close(self._handle)


def read_bytes(path: Path) -> bytes | None:
    """The bytes of a file, or None where there is no such file.

    Raises:
        FolderError: it is there and can't be read, or a file is where a folder belongs.
    """
    try:
        return path.read_bytes() if _is_there(path) else None
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> FolderError:
    return FolderError(
        f"{path} can't be read: {_reason(error)}",
        hint="Let this user read it (a synced or held file may need a moment), or choose another --output-dir.",
    )


@contextlib.contextmanager
def opened(path: Path) -> Iterator[BinaryIO | None]:
    """The file, open to be read from its start; None where there is no such file.

    Raises:
        FolderError: it is there and can't be read, now or while it is read.
    """
    try:
        with contextlib.ExitStack() as stack:
            yield stack.enter_context(path.open("rb")) if _is_there(path) else None
    except OSError as error:
        raise _unreadable(path, error) from error


def _is_there(path: Path) -> bool:
    """Whether there is such a file; a pipe would be waited for without end, and a device read without end.

    Raises:
        OSError: it is no file or folder.
        FolderError: it is a link to nothing, such as to a disk that is not mounted.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        if not path.is_symlink():
            return False
        raise FolderError(
            f"{path} is a link, and what it leads to is not there",
            hint="Mount or bring back what it leads to, or remove the link, then run again.",
        ) from error
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OSError(errno.EINVAL, "it is not a file")
    return True


def unusable(folder: Path, error: Exception) -> FolderError:
    """`error`, met on the way into `folder`, in the user's words."""
    code = getattr(error, "errno", None)
    if code == errno.EXDEV:
        return FolderError(
            f"{folder} lies on another file system than its parent, so finished pictures can't be renamed into it",
            hint="Let it be a folder inside the output folder, or put the whole output folder (--output-dir) there.",
        )
    return FolderError(
        f"the output folder {folder} can't be used: {_reason(error)}",
        hint="Choose a folder that can be written, with --output-dir or OUTPUT_DIR.",
    )


def _say_once(text: str) -> None:
    """Warn, the first time in this process: what a file system lacks is of one folder, however often it is opened."""
    with _saying:
        new = text not in _said
        _said.add(text)
    if new:
        log.warning("%s", text)


def _reason(error: Exception) -> str:
    code = getattr(error, "errno", None)
    if code in {errno.ENOTDIR, errno.EEXIST}:
        return "a file is where a folder belongs"
    if code == errno.EISDIR:
        return "a folder is where a file belongs"
    return str(getattr(error, "strerror", None) or error)


def _write_all(handle: int, content: bytes | memoryview) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(handle, view) :]


def _patiently(action: Callable[[], T]) -> T:
    """Do it, and return what it returns; on Windows, wait some seconds for whoever holds the file."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return action()
        except PermissionError:
            if not WAITS_FOR_OTHERS or time.monotonic() >= until:
                raise
            time.sleep(_PAUSE)
