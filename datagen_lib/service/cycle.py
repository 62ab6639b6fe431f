"""What a service counts by, found in a record of calls and openings: N calls in W seconds. Pure.

A service that counts takes N calls, and is shut until the first of them is W seconds old. So at each opening the N-th
last call lies W seconds back, every time. That holds for windows of any length, for windows that take one call and
two in turn (N = 3), for a sliding minute, and for a bucket (N = 1). Calls that go W seconds after the N-th last one
repeat what was taken before, and are not refused.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

OPENINGS = 3  # that must agree
SAME = 0.04  # of W
JITTER = 0.1  # s
SHARE = 0.125  # of W, where that is less than the jitter
NEWS = 0.25  # weight of one opening more
BETTER = 1.03  # times the rate, for a larger N to be worth its bursts


@dataclass(frozen=True, slots=True)
class Cycle:
    """So many calls in so many seconds."""

    calls: int
    seconds: float

    @property
    def rate(self) -> float:
        """Calls a second."""
        return self.calls / self.seconds

    def explains(self, starts: Sequence[float], opened: float) -> bool:
        """Whether a service that counts so would open then, after the calls that went at `starts`."""
        if len(starts) < self.calls:
            return False
        return abs(opened - starts[-self.calls] - self.seconds) <= _slack(self.seconds)

    def corrected(self, starts: Sequence[float], opened: float) -> Cycle:
        """The same calls, in the seconds that one more opening makes likely."""
        seen = opened - starts[-self.calls]
        return Cycle(self.calls, (1 - NEWS) * self.seconds + NEWS * seen)


def _slack(seconds: float) -> float:
    return SAME * seconds + min(JITTER, SHARE * seconds)


def find(starts: Sequence[float], openings: Sequence[float]) -> Cycle | None:
    """The fastest cycle that all openings agree on, or None.

    Args:
        starts: when the accepted calls went, in order; all of them before the last opening.
        openings: when the service opened, in order (s).
    """
    marks = [(opened, bisect_left(starts, opened - 1e-6)) for opened in openings[:-1]]
    marks += [(opened, len(starts)) for opened in openings[-1:]]
    found: Cycle | None = None
    for calls in range(1, len(starts)):
        spans = [opened - starts[index - calls] for opened, index in marks if index >= calls]
        if len(spans) < OPENINGS:
            break
        seconds = sum(spans) / len(spans)
        if max(spans) - min(spans) <= _slack(seconds):
            cycle = Cycle(calls, seconds)
            found = cycle if found is None or cycle.rate > BETTER * found.rate else found
    return found
