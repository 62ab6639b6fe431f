"""The time that pauses and retries go by, and a mode for tests in which nothing is waited for."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_records: list[list[float]] = []  # the waits asked for; the testing mode is on while there is a list


class Clock:
    """Seconds of the running loop, timers, and the jitter of waits.

    Args:
        seed: makes the jitter the same every time.
    """

    def __init__(self, seed: int | None = None) -> None:
        self.uniform = random.Random(seed).uniform

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def call_at(self, when: float, what: Callable[[], None]) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_at(when, what)

    @property
    def still(self) -> bool:
        """Whether the testing mode is on."""
        return bool(_records)

    async def sleep(self, seconds: float) -> None:
        """Wait; in the testing mode, only go on record."""
        if not self.still:
            await asyncio.sleep(seconds)

    def record(self, seconds: float) -> None:
        """Note a wait that is asked for, in the testing mode."""
        if _records:
            _records[-1].append(seconds)


@contextmanager
def testing() -> Iterator[list[float]]:
    """A mode in which no wait is slept and no pause kept: yields the waits (s) that were asked for, in order."""
    waits: list[float] = []
    _records.append(waits)
    try:
        yield waits
    finally:
        _records.pop()
