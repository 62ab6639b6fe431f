"""Requests a minute, enforced over a window, as a deployment does it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Literal

Window = Literal["fixed", "sliding"]


class Quota:
    """At most `rpm` requests a minute, counted over a shorter window; refused ones count too.

    The window is cut so that it holds a whole number of requests: 9 a minute over 10 s become 1 every 6.7 s.

    Args:
        rpm: requests a minute.
        window: seconds over which they are enforced.
        kind: "fixed" windows start afresh; a "sliding" one always looks `window` seconds back.
        count_refused: whether a request that gets a 429 uses up quota.
        clock: seconds; for tests.
    """

    def __init__(
        self,
        rpm: float,
        *,
        window: float = 10.0,
        kind: Window = "fixed",
        count_refused: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if rpm <= 0 or window <= 0:
            raise ValueError("requests a minute and the window must be more than 0")
        self.rpm = rpm
        self.share = max(1, int(rpm * window / 60))
        self.window = self.share * 60 / rpm
        self._kind, self._count_refused, self._clock = kind, count_refused, clock
        self._start = clock()
        self._seen: deque[float] = deque()
        self._minute: deque[float] = deque()

    def take(self) -> float | None:
        """Count one request: None when it may pass, else the seconds after which the next one may."""
        now = self._clock()
        while self._minute and self._minute[0] <= now - 60:
            self._minute.popleft()
        opened = self._start + (now - self._start) // self.window * self.window
        edge = opened if self._kind == "fixed" else now - self.window
        while self._seen and (self._seen[0] < edge or (self._kind == "sliding" and self._seen[0] <= edge)):
            self._seen.popleft()
        passes = len(self._seen) < self.share
        if passes or self._count_refused:
            self._seen.append(now)
            self._minute.append(now)
        if passes:
            return None
        if self._kind == "fixed":
            return opened + self.window - now
        return self._seen[-self.share] + self.window - now

    @property
    def remaining(self) -> int:
        """Requests left of this minute's, as the service's header counts them."""
        return max(0, int(self.rpm) - len(self._minute))
