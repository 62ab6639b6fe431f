"""Folders in the states that a run may meet, and the run that is then disturbed."""

from __future__ import annotations

import random
from dataclasses import dataclass

from conftest import Command

TARGET, MORE = 6, 10
SMALL = ("--batch-size", "3")


@dataclass(frozen=True)
class Job:
    """A run to disturb: its arguments, and how many items it is to reach."""

    name: str
    arguments: tuple[str, ...]
    target: int
    first: tuple[str, ...] = ()  # the run that brings the folder into its state; none for an empty one

    def to_go_on(self, code: int) -> tuple[str, ...]:
        """The arguments of the next run; pictures that have all been made again are not wanted a second time."""
        return tuple(one for one in self.arguments if code or one != "--force-images")


JOBS = (
    Job("fresh", ("--target-count", str(TARGET), *SMALL), TARGET),
    Job("growing", ("--target-count", str(MORE), *SMALL), MORE, ("--target-count", str(TARGET), *SMALL)),
    Job("pictures", ("--target-count", str(TARGET), *SMALL), TARGET, ("--target-count", str(TARGET), "--dry-run", *SMALL)),
    Job("forced", ("--target-count", str(TARGET), "--force-images", *SMALL), TARGET, ("--target-count", str(TARGET), *SMALL)),
)  # fmt: skip


def prepared(rng: random.Random, command: Command, *names: str) -> Job:
    """Choose a job and bring the folder into its state."""
    job = rng.choice([job for job in JOBS if not names or job.name in names])
    if job.first:
        assert command(*job.first).code == 0
    return job
