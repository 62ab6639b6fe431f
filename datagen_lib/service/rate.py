"""How fast a service takes calls, learnt from what it accepted. Pure: no clock, no loop; each method is told the time.

    no limit ─ opens at the time that it told ──────────► using up: each opening is used until it is refused
    no limit ─ told no time, or took many calls before ─► even
    using up ─ USED_UP calls were taken, or all alike ──► in cycles, where the openings show one (`cycle.py`); else even
    cycles ─── opens at another time than the cycle's ──► even

Even: each call has its share of time. The rate is the best of the last few figures, as TCP BBR takes the best of the
last round trips. A figure is the calls accepted over the last windows or calls, divided by their time.
In cycles: what the service took once is repeated, so a quota of one call and two in turn is used up without a refusal.

From a little below it the rate grows with each call that it held back and that was taken: hardly at first, ever faster
as nothing is refused. So one call in fifteen or so is refused, and a larger quota is found. A refused call costs
nothing where its wait was true. So while few are refused, no figure lowers the rate by much. A refusal below the rate
that the next call disproves is of a busy service: it raises the rate, unless many are refused.

A service that stays shut for much longer than one call's share counts in windows: as many calls as it took between two
openings may go together after the next one, until it takes fewer. Calls that go together grow the rate as one.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from . import cycle
from .cycle import Cycle

USED_UP = 16  # accepted calls, after which openings are no longer used until refused
ALIKE = 5  # stretches in a row, after which they aren't either, where each took one call in the same time
ENOUGH = 12  # accepted calls that a figure stands on; one refusal for as many is welcome
FIGURES = 2  # the best of so many figures counts
REMEMBERED = 4096  # accepted calls, and so the most of a window that may go together
RECENT = 40  # calls; while at most the share FEW of them is refused, the rate stays up to MORE times the best figure
FEW = 0.3
MORE = 1.2
LATELY = 12  # calls; where more than the share MANY of them is refused, refusals are about the rate
MANY = 0.35
RAISED = 1.6  # times the rate, where something else holds calls back
GROWTH = 0.0006  # of the rate, with the first call
DOUBLES = 5.5  # accepted calls after each of which the growth doubles
MOST_GROWTH = 0.05  # of the rate, at one moment
BEGIN = 0.96  # of the rate learnt, where a stretch begins
SLOWER = 0.98  # of the rate learnt; up to it a refusal is a surprise
BEGIN_CYCLE = 0.975  # and where a cycle is repeated
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
        self._gain = self._most_gain = 1.0  # of the rate learnt, and the most that it may grow to at this moment
        self._clean = 0  # calls since, that were held back
        self.together = 1  # calls that may go at once after an opening
        self._cycle: Cycle | None = None
        self._openings = 0
        self._begun = 0.0  # when the first call went
        self._record: list[float] | None = [] if self.learnt == math.inf else None  # openings, while they are used up
        self._used_up = self._taken_last = 0  # accepted calls: of the record, and of the stretch before
        self._figures: deque[float] = deque([self.learnt] if self.learnt < math.inf else [], maxlen=FIGURES)
        self._stretch = Stretch(0.0)
        self._past: deque[tuple[int, float]] = deque(maxlen=16)  # accepted calls and seconds of each ended stretch
        self._starts: deque[float] = deque(maxlen=REMEMBERED)  # of accepted calls, those before the first opening apart
        self._window = 0.0  # s, the longest that a service was seen to count in
        self._asked: deque[float] = deque(maxlen=RECENT)  # when the last calls went
        self._lost: deque[float] = deque(maxlen=RECENT)  # and those refused
        self._wrong, self._since = 0, 1  # times that calls together were too many, and stretches since

    # -- what it says ------------------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """Calls a second, as they may go now."""
        return min(self._most, self.learnt * self._gain)

    @property
    def limited(self) -> bool:
        """Whether a limit is known."""
        return self.now < math.inf

    @property
    def refuses_many(self) -> bool:
        """Whether more of the last calls were refused than a busy service refuses."""
        return len(self._asked) >= LATELY and self._refused(LATELY) > MANY * LATELY

    @property
    def is_faster(self) -> bool:
        """Whether calls go faster than was learnt, so that a refusal is about the rate."""
        return self._gain > 1.0

    @property
    def expects_a_window(self) -> bool:
        """Whether calls go together, and sooner than was learnt."""
        return self.together > 1 and self.is_faster

    @property
    def is_slower(self) -> bool:
        """Whether calls go slower than was learnt, so that a refusal is a surprise."""
        return self.limited and self._gain <= SLOWER

    @property
    def accepted(self) -> int:
        """Calls taken since the service opened."""
        return len(self._stretch.starts)

    @property
    def uses_up(self) -> bool:
        """Whether each opening is used until the service refuses."""
        return self._record is not None and self._openings > 0

    @property
    def untested(self) -> float:
        """Calls that may be on their way before it shows whether the first of them is taken."""
        if not self.uses_up:
            return math.inf
        left = self._taken_last - self.accepted
        return max(1, left, -left // 2)  # where it takes more than the last time, ever more

    def due(self) -> float:
        """When the next call may go."""
        calls = self.together if self._cycle is None else self._cycle.calls
        if not self.limited or len(self._starts) < calls:
            return -math.inf
        return self._starts[-calls] + calls / self.now

    # -- what it hears -----------------------------------------------------------------------------------------------

    def went(self, at: float, *, held: bool) -> None:
        """A call goes; `held` says that the rate held it back."""
        if not self._openings and not self._stretch.starts:
            self._stretch.opened = self._begun = at
        if not self._starts or at > self._starts[-1]:
            self._most_gain = (1 + MOST_GROWTH) * self._gain
        for log in (self._asked, self._stretch.starts, self._starts):
            log.append(at)
        if held:
            self._clean += 1
            growth = GROWTH * 2 ** min(20.0, self._clean / DOUBLES)
            self._gain = min(64.0, self._most_gain, self._gain * (1 + growth))

    def refused(self, at: float) -> None:
        """The call that went then was not taken."""
        self._lost.append(at)
        for starts in (self._stretch.starts, self._starts):
            if at in starts:
                starts.remove(at)

    def reopened(self, opened: float, probe: float, shut: float, *, told: bool) -> None:
        """The service is open again: learn from the stretch that ends.

        Args:
            opened: when it opened, as near as can be told.
            probe: when the call went that found it open.
            shut: when the call went that found it shut.
            told: whether the service said when it would open, and did.
        """
        stretch = self._stretch
        taken, span = sum(at < probe for at in stretch.starts), max(1e-3, opened - stretch.opened)
        before = [at for at in self._starts if at < probe]
        in_windows = (opened - shut) * taken > 2 * span  # shut for much longer than one call's share
        counts = self._openings > 0 or in_windows  # before the first opening a burst may have been saved up
        if self._cycle is not None and self._cycle.explains(before, opened):
            self._cycle = self._cycle.corrected(before, opened)
            self.learnt = min(self._most, self._cycle.rate)
            self._begin(BEGIN_CYCLE)
        elif told and self._still_uses_up((taken, span), counts=counts):
            self._use_up(opened, probe, (taken, span), counts=counts)
        elif not self._fits_a_cycle(before, opened):
            self._go_evenly(opened, probe, (taken, span), in_windows=in_windows)
            self._keep((taken, span), probe, counts=counts)
        self._taken_last = taken
        self._openings += 1
        self._stretch = Stretch(opened, [at for at in stretch.starts if at >= probe])

    def was_busy(self) -> None:
        """A call was refused below the rate learnt, and the next one taken: the rate may be too low."""
        if self.learnt < math.inf and not self.refuses_many:
            self.learnt = min(self._most, self.learnt * RAISED)
            self._figures.append(self.learnt)

    def _begin(self, gain: float) -> None:
        self._gain, self._clean = gain, 0

    def _still_uses_up(self, last: tuple[int, float], *, counts: bool) -> bool:
        """Whether too little was seen."""
        if self._record is None or self._are_alike([*self._past, last][-ALIKE:]):
            return False
        return self._used_up + last[0] < USED_UP or not counts

    @staticmethod
    def _are_alike(stretches: Sequence[tuple[int, float]]) -> bool:
        """Whether one call was taken each time, after the same time: nothing else is to be found."""
        spans = [span for taken, span in stretches if taken == 1]
        return len(spans) == ALIKE and max(spans) <= (1 + cycle.SAME) * min(spans)

    def _use_up(self, opened: float, probe: float, last: tuple[int, float], *, counts: bool) -> None:
        """One more opening for the record."""
        assert self._record is not None
        self._used_up += last[0]
        self._keep(last, probe, counts=counts)
        self._record.append(opened)

    def _keep(self, last: tuple[int, float], probe: float, *, counts: bool) -> None:
        """Remember the stretch where it counts, else forget its calls."""
        if counts:
            self._past.append(last)
        else:
            self._starts = deque((at for at in self._starts if at >= probe), REMEMBERED)

    def _fits_a_cycle(self, before: list[float], opened: float) -> bool:
        """Whether the record shows a cycle."""
        self._cycle = cycle.find(before, [*self._record, opened]) if self._record else None
        if self._cycle is None:
            return False
        self._record, self.together = None, 1
        self.learnt, self.evidence = min(self._most, self._cycle.rate), len(before)
        self._figures.append(self.learnt)
        self._begin(BEGIN_CYCLE)
        return True

    def _go_evenly(self, opened: float, probe: float, last: tuple[int, float], *, in_windows: bool) -> None:
        """One more figure: over the last windows where it counts in windows, else over the last calls."""
        record, self._record = self._record, None
        taken, span = last
        calls, seconds = self._of_windows(last) if in_windows else self._of_calls(opened, probe)
        if self.evidence < ENOUGH:
            self._figures.clear()
        if record:
            self._figures.append((self._used_up + taken) / (opened - self._begun))
        if calls:
            self._figures.append(calls / seconds)
            self._settle(max(self._figures))
        self.evidence = calls
        self._begin(BEGIN)
        self._allow_together(taken, span if in_windows else 0.0)

    def _settle(self, rate: float) -> None:
        """Learn this rate; one much lower than before only where many calls are refused."""
        if self.learnt < math.inf and len(self._asked) == RECENT and self._refused(RECENT) <= FEW * RECENT:
            rate = max(rate, min(self.learnt, MORE * rate))
        self.learnt = min(self._most, rate)

    def _refused(self, last: int) -> int:
        """Of so many calls."""
        first = self._asked[max(0, len(self._asked) - last)]
        return sum(at >= first for at in self._lost)

    def _of_windows(self, last: tuple[int, float]) -> tuple[int, float]:
        calls, seconds = 0, 1e-3
        for taken, span in reversed([*self._past, last]):
            calls, seconds = calls + taken, seconds + span
            if calls >= ENOUGH and seconds >= self._window:
                break
        return calls, seconds

    def _of_calls(self, opened: float, probe: float) -> tuple[int, float]:
        """The last calls; where they go together, those of whole windows."""
        calls, seconds = 0, 1e-3
        for calls, at in enumerate((at for at in reversed(self._starts) if at < probe), 1):
            seconds = max(1e-3, opened - at)
            if calls >= ENOUGH and seconds >= self._window and calls % self.together == 0:
                break
        return calls, seconds

    def _allow_together(self, taken: int, window: float) -> None:
        """As many as the last window took, until one takes fewer; then it is trusted ever more rarely."""
        self._window = max(self._window, window)
        if taken < 0.75 * self.together:
            self.together, self._wrong, self._since = 1, self._wrong + 1, 0
        elif window and self._since >= 8 ** min(3, self._wrong):
            self.together = min(max(1, taken), REMEMBERED)
        self._since += 1
