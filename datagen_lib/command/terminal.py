"""The one home for writing to the terminal. Whoever looks on can leave, and nothing of the run notices.

A reader that is gone, a stream that was never there (`>&-`, pythonw) and a full disk under a redirected stream lose
text only. There is no exception, no other exit code, no message when the interpreter ends.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import threading
from collections.abc import Iterator
from typing import Any

from datagen_lib.text import plain

MOST_HELD = 65_536  # characters kept for a terminal that takes none now; more would be old news
AT_ONCE = 512  # characters, at most 2 kB, written at a time: a pipe that has room takes 4 kB without blocking
LAST_WAIT_MS = 2000  # for a terminal that takes nothing when the command ends


def say(text: str) -> None:
    """A message to standard error, above the bars, with nothing in it that a terminal would obey."""
    _above_the_bars(sys.stderr, plain(text, lines=True) + "\n")


def tell(text: str) -> None:
    """A result to standard output."""
    _above_the_bars(sys.stdout, plain(text, lines=True) + "\n")


def _above_the_bars(stream: Any, text: str) -> None:
    if "tqdm" in sys.modules:  # the bars have been loaded, so one may be drawn right now
        with contextlib.suppress(Exception):
            from tqdm import tqdm

            tqdm.write(text, file=stream, end="")
            return
    with contextlib.suppress(Exception):
        stream.write(text)
        stream.flush()


@contextlib.contextmanager
def steady() -> Iterator[None]:
    """While this lasts, nothing that is written to standard output or error can fail or block."""
    _fill_the_gaps()
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = streams = _Steady(before[0]), _Steady(before[1])
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        for stream in streams:
            stream.settle()


def _fill_the_gaps() -> None:
    """Open what is closed of the first three descriptors. Else the next file to be opened would be taken for one."""
    with contextlib.suppress(OSError):
        while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
            pass
        os.close(number)


class _Steady:
    """A text stream in front of one that may fail, block or be None."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._held = ""
        self._lock = threading.RLock()  # a log line may come from any thread
        self._poll: Any = None
        with contextlib.suppress(AttributeError, OSError, ValueError):  # a Windows pipe takes few letters of a path
            stream.reconfigure(errors="backslashreplace")
        with contextlib.suppress(AttributeError, OSError, ValueError):  # none on Windows; a stream without a descriptor
            poll = select.poll()
            poll.register(stream.fileno(), select.POLLOUT)
            self._poll = poll

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write now what the stream takes without blocking, and hold the rest for later."""
        with self._lock:
            self._held = (self._held + text)[-MOST_HELD:]
            self._pass_on(0)
        return len(text)

    def flush(self) -> None:
        with self._lock:
            self._pass_on(0)

    def isatty(self) -> bool:
        """Whether bars can be drawn here."""
        try:
            return bool(self._stream.isatty())
        except (AttributeError, OSError, ValueError):
            return False

    def _pass_on(self, patience_ms: int) -> None:
        with contextlib.suppress(Exception):
            while self._held and (self._poll is None or self._poll.poll(patience_ms)):
                part, self._held = self._held[:AT_ONCE], self._held[AT_ONCE:]
                self._stream.write(part)
                self._stream.flush()

    def settle(self) -> None:
        """Write what is left. A stream that refuses it is let go, so that the interpreter has nothing to say of it."""
        with self._lock:
            self._pass_on(LAST_WAIT_MS)
            try:
                self._stream.flush()
            except Exception:  # noqa: BLE001 - whatever it is, nobody is there to read of it
                with contextlib.suppress(Exception):
                    null = os.open(os.devnull, os.O_WRONLY)
                    os.dup2(null, self._stream.fileno())
                    os.close(null)
                    self._stream.flush()
