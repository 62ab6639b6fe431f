"""A wish to stop, told from any thread: a signal's handler, a Stop button, a kernel's interrupt.

    asked    | somebody heeds it                          | nobody heeds it
    once     | the work makes no new call, keeps answers  | the work is cancelled
    twice    | the work is cancelled                      | nothing more
    oftener  | nothing more                               | nothing more

What a call has begun is paid for, so the first wish lets it end. Whoever cancels asks `must_cancel`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar


class Stopping:
    """One piece of work's wish to stop. Safe in any thread, and in a signal's handler."""

    def __init__(self) -> None:
        # A signal's handler may come while its own thread is in here, so the lock lets that thread in again.
        self._lock = threading.RLock()
        self._heeders: list[Callable[[], object]] = []
        self._cancel = self._requested = False

    @property
    def requested(self) -> bool:
        """Whether anybody asked for the end."""
        return self._requested

    @property
    def must_cancel(self) -> bool:
        """Whether the work is to be cancelled: asked twice, or asked while nobody heeded it."""
        return self._cancel

    def request(self) -> None:
        """Ask for the end; ask again to leave the calls under way."""
        with self._lock:
            self._cancel = self._requested or not self._heeders
            self._requested = True
            heeders = list(self._heeders)
        for heed in heeders:
            heed()

    @contextmanager
    def heeded(self, heed: Callable[[], object]) -> Iterator[None]:
        """While this lasts, `heed` is called at each request, in whichever thread that comes from."""
        with self._lock:
            self._heeders.append(heed)
        try:
            yield
        finally:
            with self._lock:
                self._heeders.remove(heed)

    async def wait(self) -> None:
        """Heed it, and return when the end is asked for."""
        loop, asked = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(asked.set)

        with self.heeded(wake):
            if not self._requested:
                await asked.wait()


_current: ContextVar[Stopping | None] = ContextVar("stopping", default=None)


def current() -> Stopping:
    """The wish that goes with the work under way, or one that nobody can tell."""
    return _current.get() or Stopping()


@contextmanager
def going_with(stopping: Stopping) -> Iterator[None]:
    """Work begun inside finds `stopping` as its `current()`."""
    token = _current.set(stopping)
    try:
        yield
    finally:
        _current.reset(token)
