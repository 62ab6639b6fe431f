"""A disk that refuses one step of a run, or every one from there on."""

from __future__ import annotations

import errno
import os
import random
from dataclasses import dataclass, field
from typing import Any

import pytest
from fakes.disk import Step, WatchedDisk

CODES = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS)
VERBS = ("open", "write", "fsync", "rename", "unlink", "link", "mkdir")


@dataclass
class Fault:
    """The `number`-th step of a verb (from 0) is refused; with `lasting`, all steps after it too."""

    verb: str
    number: int
    code: int
    lasting: bool = False
    struck: str = ""  # the file's name
    _seen: dict[str, int] = field(default_factory=dict)

    def __call__(self, step: Step) -> int | None:
        if self.lasting and self.struck:
            return self.code
        seen = self._seen[step.verb] = self._seen.get(step.verb, -1) + 1
        if self.struck or step.verb != self.verb or seen != self.number:
            return None
        self.struck = step.name
        return self.code

    def __str__(self) -> str:
        many = " and all after it" if self.lasting else ""
        return f"{errno.errorcode[self.code]} at {self.verb} {self.number}{many} ({self.struck or 'not reached'})"

    @classmethod
    def drawn(cls, rng: random.Random) -> Fault:
        """Early steps more often than late ones, since every run has those."""
        most = {"open": 60, "write": 60, "fsync": 60, "rename": 30, "unlink": 5, "link": 8, "mkdir": 3}
        verb = rng.choices(VERBS, weights=(3, 6, 6, 5, 3, 2, 1))[0]
        number = min(rng.randrange(most[verb]), rng.randrange(most[verb]))
        return cls(verb, number, rng.choice(CODES), lasting=rng.random() < 0.3)


class FailingDisk(WatchedDisk):
    """Refuses opening to write, linking and making folders too; a refused write leaves half of what it was to write."""

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        real_write = os.write
        super().watch(patch)
        watched_open, watched_write, real_link, real_mkdir = os.open, os.write, os.link, os.mkdir

        def open_(path: Any, flags: int, *arguments: Any, **options: Any) -> int:
            if (name := self.name(path)) is not None and flags & (os.O_WRONLY | os.O_RDWR):
                self._step(Step("open", name))
            return watched_open(path, flags, *arguments, **options)

        def write(handle: int, content: Any) -> int:
            try:
                return watched_write(handle, content)
            except OSError:
                real_write(handle, bytes(content)[: len(content) // 2])
                raise

        def link(source: Any, target: Any, **options: Any) -> None:
            if (name := self.name(target)) is not None:
                self._step(Step("link", name))
            real_link(source, target, **options)

        def mkdir(path: Any, *arguments: Any, **options: Any) -> None:
            if (name := self.name(path)) is not None:
                self._step(Step("mkdir", name))
            real_mkdir(path, *arguments, **options)

        for function in (open_, write, link, mkdir):
            patch.setattr(os, function.__name__.rstrip("_"), function)
