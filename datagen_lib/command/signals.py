"""What signals do to the command: the first lets the calls under way end, a second leaves them, more do nothing.

SIGINT (Ctrl-C), SIGTERM, SIGBREAK (Ctrl-Break on Windows) and SIGHUP (the terminal is closed) all ask for the end. One
that this process was told to ignore, as `nohup` and a shell's `&` do, stays ignored.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

from datagen_lib.stopping import Stopping, going_with

T = TypeVar("T")

NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
TICK = 0.2  # s: a signal in the moment before the loop begins to wait, or in another thread, does not wake it


class Signals:
    """The signals of one command. Outside of `run` the first raises KeyboardInterrupt, and later ones do nothing.

    Args:
        most: how many raise, for a command that does something else at the second.
    """

    def __init__(self, most: int = 1) -> None:
        self._stopping: Stopping | None = None
        self._wake: Any = None
        self._most, self._heard = most, 0

    @contextlib.contextmanager
    def heard(self) -> Iterator[None]:
        """Hear them while this lasts; a command that runs in another thread than the main one can't."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
        before = {number: signal.getsignal(number) for number in numbers}
        mine = [number for number, handler in before.items() if handler not in {signal.SIG_IGN, None}]
        for number in mine:
            signal.signal(number, self._hear)
        try:
            yield
        finally:
            for number in mine:
                signal.signal(number, before[number])

    def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """`asyncio.run(work())`, with the signals as the work's wish to stop.

        Raises:
            asyncio.CancelledError: a signal ended work that knows no other end, or a second one came.
        """
        task = self._run(work)
        try:
            return asyncio.run(task)
        finally:
            task.close()  # a signal may have come before it began

    async def _run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        loop, stopping = asyncio.get_running_loop(), Stopping()
        cancelled = False

        def look() -> None:
            nonlocal cancelled
            if stopping.must_cancel and not cancelled:  # cancelled again, it would be torn out of its clean-up
                cancelled = task.cancel()

        self._wake = lambda: loop.call_soon_threadsafe(look)
        self._stopping = stopping
        try:
            with going_with(stopping):
                task = asyncio.ensure_future(work())
            while not task.done():
                await asyncio.wait({task}, timeout=TICK)
            return task.result()
        finally:
            self._stopping = None

    def _hear(self, *_: object) -> None:
        self._heard += 1
        if self._stopping is not None:
            self._stopping.request()
            self._wake()
        elif self._heard <= self._most:
            raise KeyboardInterrupt
