"""What earlier runs saw of the pictures: so a run need not read every byte of each at its start.

A picture counts as seen while its size and both its times are what they were; anything else is looked at again. The
file, `.manifest.json`, may be lost or damaged at any moment: then every picture is looked at, as on the first day.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from datagen_lib.errors import FolderError

from .disk import Disk, read_bytes
from .reading import parse_json

NAME = ".manifest.json"
SETTLED = 2_000_000_000  # ns: the coarsest clock of a file system, within which a file may change unseen


class Stamp(NamedTuple):
    """What the file system says of a file: bytes, and when its content and its entry last changed (ns since 1970)."""

    size: int
    changed: int
    entered: int

    @classmethod
    def of(cls, path: Path) -> Stamp | None:
        """The file's stamp, or None where it can't be had."""
        try:
            found = path.stat()
        except (OSError, ValueError):
            return None
        return cls(found.st_size, found.st_mtime_ns, found.st_ctime_ns)

    def settled(self, now: int) -> bool:
        """Whether a change after `now` would show in the times."""
        return max(self.changed, self.entered) < now - SETTLED


class Manifest:
    """The stamps of pictures that were seen whole, each with the hash of the prompt that it was made from."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._known: dict[str, tuple[Stamp, str]] | None = None
        self._written = 0  # when the file was written, by the clock of its own disk
        self._changed = False

    def made_from(self, path: Path) -> str | None:
        """The hash of the prompt that the picture was made from, "" where it has no mark.

        None means that nobody has seen the picture as it is now.
        """
        known = self._entries().get(path.name)
        if known is None or Stamp.of(path) != known[0]:
            return None
        return known[1] if known[0].settled(self._written) else None

    def note(self, path: Path, stamp: Stamp | None, made_from: str) -> None:
        """Remember a picture that was seen whole, as it was before it was looked at."""
        if stamp is not None and stamp == Stamp.of(path):
            self._entries()[path.name] = (stamp, made_from)
            self._changed = True

    def write(self, folder: Path, names: Iterable[str]) -> None:
        """Write down what is known of the files `names` in `folder`, where it has changed.

        Raises:
            DiskError: the disk refuses.
        """
        if not self._changed:
            return
        now = time.time_ns()
        known = self._entries()
        kept = {
            name: (*known[name][0], known[name][1])
            for name in names
            if name in known and known[name][0].settled(now) and known[name][0] == Stamp.of(folder / name)
        }
        self._disk.write(NAME, json.dumps(kept, separators=(",", ":")).encode() + b"\n")
        self._changed = False

    def _entries(self) -> dict[str, tuple[Stamp, str]]:
        if self._known is None:
            self._known = self._read()
        return self._known

    def _read(self) -> dict[str, tuple[Stamp, str]]:
        path = self._disk.path(NAME)
        stamp = Stamp.of(path)
        if stamp is None:
            return {}
        try:
            content = parse_json(read_bytes(path) or b"")
            self._written = stamp.changed
            return {str(name): (Stamp(int(size), int(changed), int(entered)), str(made_from))
                    for name, (size, changed, entered, made_from) in content.items()}  # fmt: skip
        except (OSError, FolderError, ValueError, TypeError, AttributeError):
            return {}
