"""A disk that writes down what reaches it in which order, and that refuses at the moments a test chooses."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest


@dataclass
class Step:
    """One call to the system: its verb, the file's name in the folder ("." is the folder), and the bytes written."""

    verb: str
    name: str
    content: bytes = b""


@dataclass
class WatchedDisk:
    """Watches the files below `root` in this process. `fail` may return an error number for a step to fail with."""

    root: Path
    steps: list[Step] = field(default_factory=list)
    fail: Callable[[Step], int | None] = lambda _: None

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        names: dict[int, str] = {}
        real_open, real_write, real_fsync, real_close = os.open, os.write, os.fsync, os.close
        real_replace, real_unlink = os.replace, os.unlink

        def open_(path: Any, *arguments: Any, **options: Any) -> int:
            handle = real_open(path, *arguments, **options)
            if (name := self.name(path)) is not None:
                names[handle] = name
            return handle

        def write(handle: int, content: Any) -> int:
            if handle in names:
                self._step(Step("write", names[handle], bytes(content)))
            return real_write(handle, content)

        def fsync(handle: int) -> None:
            if handle in names:
                self._step(Step("fsync", names[handle]))
            real_fsync(handle)

        def close(handle: int) -> None:
            names.pop(handle, None)
            real_close(handle)

        def replace(source: Any, target: Any, **options: Any) -> None:
            if (name := self.name(target)) is not None:
                self._step(Step("rename", name))
            real_replace(source, target, **options)

        def unlink(path: Any, **options: Any) -> None:
            if (name := self.name(path)) is not None:
                self._step(Step("unlink", name))
            real_unlink(path, **options)

        for function in (open_, write, fsync, close, replace, unlink):
            patch.setattr(os, function.__name__.rstrip("_"), function)

    def name(self, path: Any) -> str | None:
        """The path's name in the folder, or None where it lies elsewhere."""
        text = os.fspath(path) if isinstance(path, str | Path) else ""
        inside = text.startswith(str(self.root))
        return Path(text).relative_to(self.root).as_posix() if inside else None

    def _step(self, step: Step) -> None:
        self.steps.append(step)
        code = self.fail(step)
        if code is not None:
            raise OSError(code, os.strerror(code))


def fails_once(verb: str, after: int, *, code: int = errno.EIO) -> Callable[[Step], int | None]:
    """Let `after` steps of this verb pass and refuse the next."""
    left = [after]

    def fail(step: Step) -> int | None:
        if step.verb != verb:
            return None
        left[0] -= 1
        return code if left[0] == -1 else None

    return fail


def folders_refuse_fsync(patch: pytest.MonkeyPatch, code: int) -> None:
    """As SMB, NFS and shared folders of virtual machines do."""
    real = os.fsync

    def fsync(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(code, os.strerror(code))
        real(handle)

    patch.setattr(os, "fsync", fsync)
