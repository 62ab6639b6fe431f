"""What a refusal means, and what of the wait that it names is needed: two beliefs, each put to the test now and then.

- Is the quota used up, or was the service busy? The others are held for the moment that a refusal takes, then one call
  goes. Taken: busy, and nothing was lost. Refused: the quota. Below the rate that was learnt it is doubted sooner.
- Is the wait as long as it says? Half of it is tried. Taken: half will do from now on. Refused: the other half is
  waited for as well.

A belief that holds is tested ever more rarely.
"""

from __future__ import annotations

LIKELY = 0.3  # of being busy; above it each refusal is doubted
LIKELY_BELOW = 0.2  # and where calls go slower than the rate that was learnt


class Trust:
    """What is believed of one service.

    Attributes:
        part: of a wait that it names, what is needed.
    """

    def __init__(self) -> None:
        self.part = 1.0
        self._busy = self._quota = 0.0  # what was found lately
        self._missed = 0  # tries of half a wait in a row that found the service shut
        self._since_doubt = self._since_half = 0

    @property
    def is_often_busy(self) -> bool:
        """Whether one refused call more says little."""
        return self._busy > 2 * self._quota + 1

    @property
    def seems_busy(self) -> bool:
        """Whether most of what was found lately says so."""
        return self._busy > self._quota

    def doubts(self, *, below: bool) -> bool:
        """Whether to find out if this refusal is about the quota at all; `below`: calls go slower than was learnt."""
        self._since_doubt += 1
        likely = (self._busy + 1) / (self._busy + self._quota + 2)
        if likely >= (LIKELY_BELOW if below else LIKELY) or self._since_doubt >= 2 ** min(4, self._quota):
            self._since_doubt = 0
            return True
        return False

    def tries_half(self) -> bool:
        """Whether to find out if half of this wait will do."""
        self._since_half += 1
        if self._since_half >= 4 ** min(4, self._missed):
            self._since_half = 0
            return True
        return False

    def was_busy(self) -> None:
        """The next call was taken."""
        self._busy, self._quota = 0.9 * self._busy + 1, 0.9 * self._quota

    def was_quota(self) -> None:
        """The next call was refused too."""
        self._busy, self._quota = 0.9 * self._busy, 0.9 * self._quota + 1

    def half_was(self, *, enough: bool) -> None:
        """How the try of half a wait ended."""
        self.part, self._missed = (max(self.part / 2, 1 / 64), 0) if enough else (self.part, self._missed + 1)

    def was_too_short(self) -> None:
        """The service was shut still after the wait."""
        self.part = min(1.0, 1.5 * self.part)
