"""How fast a service takes calls, learnt from what it accepted. Pure: no clock, no loop; each method is told the time.

The service is open, then shut for a while, then open again. Each time that it opens, it is known what it delivers: the
calls accepted over the last windows, by their time. The rate learnt is the best of the last few such figures, as TCP
BBR does with the last round trips: one unlucky stretch does not lower it, several do.

From a little below it the rate grows with each call that it held back and that was taken: hardly at first, ever faster
as nothing is refused. So one call in ten or so is refused, and a larger quota is found.

A service that stays shut for much longer than one call's share counts in windows: as many calls as it took between two
openings may go together after the next one, until it takes fewer.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

ENOUGH = 12  # accepted calls that a figure stands on; one refusal for as many is welcome
FIGURES = 4  # the best of so many figures counts
GROWTH = 0.0012  # of the rate, with the first call
DOUBLES = 4.0  # accepted calls after each of which the growth doubles
MOST_GROWTH = 0.05  # of the rate, with one call
BEGIN = 0.96  # of the rate learnt, where a stretch begins
MARGIN = 0.99  # of a rate that is given, because arrivals jitter


@dataclass(slots=True)
class Stretch:
    """The calls that went from one opening of the service to the next, without those refused."""

    opened: float
    starts: list[float] = field(default_factory=list)


class Rate:
    """How many calls a second may go; infinite while no limit has shown.

    Args:
        given: calls a second that the user knows of, or None. It is never passed.
        guess: calls a second and the calls that it stands on, from an earlier run.
    """

    def __init__(self, given: float | None = None, guess: tuple[float, int] | None = None) -> None:
        self._most = math.inf if given is None else MARGIN * given
        self.learnt, self.evidence = (self._most, 0) if guess is None or given is not None else guess
        self.together = 1  # calls that may go at once after an opening
        self._gain, self._clean = 1.0, 0
        self._figures: deque[float] = deque([self.learnt] if self.learnt < math.inf else [], maxlen=FIGURES)
        self._stretch = Stretch(0.0)
        self._past: deque[tuple[int, float]] = deque(maxlen=16)  # accepted calls and seconds of each ended stretch
        self._starts: deque[float] = deque()  # of accepted calls, those before the first opening apart
        self._window = 0.0  # s, the longest that a service was seen to count in
        self._openings = 0
        self._told = False
        self._wrong, self._since = 0, 1  # times that calls together were too many, and stretches since

    @property
    def now(self) -> float:
        """Calls a second, as they may go now."""
        return min(self._most, self.learnt * self._gain)

    @property
    def is_faster(self) -> bool:
        """Whether calls go faster than was learnt, so that a refusal is about the rate."""
        return self._gain > 1.0

    def seen(self, at: float) -> float:
        """Calls a second that the service takes, as far as that can be said."""
        if self.learnt < math.inf:
            return self.learnt
        return len(self._stretch.starts) / max(1e-3, at - self._stretch.opened)

    @property
    def accepted(self) -> int:
        """Calls taken since the service opened."""
        return len(self._stretch.starts)

    @property
    def _is_free(self) -> bool:
        """Whether so many go together that one refusal ends them cheaply: then only the service holds them back."""
        return self.together >= ENOUGH and self._told

    @property
    def is_trying(self) -> bool:
        """Whether more went together than the service ever took, so that the next ones go one by one."""
        return self._is_free and self.accepted >= self.together

    def due(self) -> float:
        """When the next call may go."""
        if self.now == math.inf or self._is_free or len(self._starts) < self.together:
            return -math.inf
        return self._starts[-self.together] + self.together / self.now

    def went(self, at: float, *, held: bool) -> None:
        """A call goes; `held` says that the rate held it back."""
        if not self._openings and not self._stretch.starts:
            self._stretch.opened = at
        self._stretch.starts.append(at)
        self._starts.append(at)
        while len(self._starts) > 2 * max(self._horizon, self.together):
            self._starts.popleft()
        if held:
            self._grow()

    def _grow(self) -> None:
        self._clean += 1
        slower = self._horizon / 16  # a window that counts many calls answers late
        step = GROWTH / slower * 2 ** (self._clean / (DOUBLES * slower))
        self._gain = min(64.0, self._gain * (1 + min(MOST_GROWTH, step)))

    @property
    def _horizon(self) -> int:
        """Calls that the service remembers, as far as that is known; 16 at least."""
        return max(16, int(self.learnt * self._window)) if self.learnt < math.inf else 16

    def refused(self, at: float) -> None:
        """The call that went then was not taken."""
        for starts in (self._stretch.starts, self._starts):
            if at in starts:
                starts.remove(at)

    def reopened(self, opened: float, probe: float, shut: float, *, told: bool) -> None:
        """The service is open again: learn from the stretch that ends.

        Args:
            opened: when it opened, as near as can be told.
            probe: when the call went that found it open.
            shut: when the call went that found it shut.
            told: whether the service said when it would open.
        """
        stretch, self._told = self._stretch, told
        before = [at for at in stretch.starts if at < probe]
        accepted, span, closed = len(before), max(1e-3, opened - stretch.opened), opened - shut
        in_windows = closed * accepted > 2 * span  # shut for much longer than one call's share
        windows = [*self._past, (accepted, span)] if in_windows else []
        self._learn(windows, opened, probe, shut)
        self._gain, self._clean = BEGIN + 0.5 / max(1, self.evidence) ** 2, 0
        if in_windows:
            self._window = max(self._window, span)
        if self._openings or in_windows:  # before the first opening a burst may have been saved up
            self._past.append((accepted, span))
        self._allow_together(accepted, in_windows=in_windows)
        if not self._openings and not in_windows:
            self._starts = deque(at for at in self._starts if at >= probe)
        self._openings += 1
        self._stretch = Stretch(opened, [at for at in stretch.starts if at >= probe])

    def _learn(self, windows: list[tuple[int, float]], opened: float, probe: float, shut: float) -> None:
        """One more figure: over the last whole windows where there are any, else over the last calls or window."""
        accepted, span = self._of_windows(windows) if windows else self._of_calls(opened, probe, shut)
        if self.evidence < ENOUGH or self._openings == 1:  # the first stretch may have begun in the midst of a window
            self._figures.clear()
        if accepted:
            self._figures.append(accepted / max(span, 1e-3))
            self.learnt = min(self._most, max(self._figures))
        self.evidence = accepted

    def _of_windows(self, windows: list[tuple[int, float]]) -> tuple[int, float]:
        accepted, span = 0, 1e-3
        for calls, seconds in reversed(windows):
            accepted, span = accepted + calls, span + seconds
            if accepted >= 16 and span >= self._window:
                break
        return accepted, span

    def _of_calls(self, opened: float, probe: float, shut: float) -> tuple[int, float]:
        accepted, span = 0, 1e-3
        for at in reversed(self._starts):
            if at < probe:
                accepted, span = accepted + 1, opened - at
                if accepted >= ENOUGH and span >= self._window:
                    break
        if self.together > 1:  # of calls that go in clumps a few say too little
            counted = sum(shut - self._window < at < shut for at in self._starts)
            if counted * span > accepted * self._window:
                return counted, self._window
        return accepted, span

    def _allow_together(self, accepted: int, *, in_windows: bool) -> None:
        if accepted < 0.75 * self.together:
            self.together, self._wrong, self._since = 1, self._wrong + 1, 0
        elif in_windows and self._since >= 8 ** min(3, self._wrong):
            self.together = max(1, accepted)
        self._since += 1
