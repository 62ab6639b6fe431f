"""The record of requests: bounded in number and in bytes, and strangers have their own small share of it."""

from __future__ import annotations

import threading
from collections import Counter, deque

from .calls import Call

MAX_BODIES = 64 * 1024 * 1024
"""Bytes of request bodies that are kept; the oldest go first."""
MAX_STRANGERS = 1000
"""Requests without the right key that are kept."""


class Record:
    """Every request so far, oldest first; may be read from any thread.

    Args:
        most: requests that are kept.
    """

    def __init__(self, most: int) -> None:
        self._calls: deque[Call] = deque(maxlen=most)
        self._sizes: deque[tuple[Call, int]] = deque()
        self._bytes = self._strangers = 0
        self._numbers: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, call: Call) -> None:
        """Put a request on record, and number it where it is a call with the right key."""
        with self._lock:
            if call.key_ok and call.route:
                self._numbers[call.route] += 1
                call.number = self._numbers[call.route]
            elif not call.key_ok:
                self._strangers += 1
                if self._strangers > MAX_STRANGERS:
                    return
            self._calls.append(call)

    def weigh(self, call: Call, size: int) -> None:
        """Say how many bytes the call's body had; the oldest bodies go where all together are too many."""
        with self._lock:
            self._sizes.append((call, size))
            self._bytes += size
            while self._sizes and (self._bytes > MAX_BODIES or len(self._sizes) > (self._calls.maxlen or 0)):
                if self._sizes[0][0] is call:
                    break
                oldest, freed = self._sizes.popleft()
                oldest.body = None
                self._bytes -= freed

    def calls(self) -> list[Call]:
        with self._lock:
            return list(self._calls)
