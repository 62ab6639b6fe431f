"""The pace keeper: lets the calls to one deployment go, no more at once than allowed and as fast as it takes them.

A line of calls, and one state:

    open ─── 429 ──────────────────────────► paused: shut      until the wait it names (or one of our own) is over
    open ─── 429, and it may just be busy ─► paused: doubt     for the moment that a refusal takes
    open ─── 429, a call went after it ────► probing: doubt    that call is the probe
    open ─── 429 alone, often busy ────────► open              nobody is held
    open ─── 429, and half may do ─────────► paused: half      until half of the wait is over
    open ─── "none left", for a moment ────► paused: none left until the moment is over
    open ─── 5xx with Retry-After ─────────► paused: asked     until then
    open ─── nobody answers ───────────────► paused: outage    longer each time
    paused ─ its time is over ─────────────► probing: one call goes, the others are held
    probing ─ taken, or not refused for as long as a refusal takes ─► open; what was seen is learnt (`rate.py`)
    probing ─ refused ─────────────────────► paused: shut (outage: outage again)

What each pause teaches: shut, half and none left end a stretch, from which the rate is learnt. So does a doubt where
many are refused, or where calls go faster than was learnt to a service that is seldom busy. Other doubts raise it;
asked and outage say nothing of it. `trust.py` believes what a refusal means and what of a named wait is needed.

After each opening calls go one, then few, then more at once. So a limit never meets all of them. One call goes first
too where a window is only expected to be open, sooner than was learnt. A row of failures halves how many may be in
flight, and each success gives half a call back.

One event loop owns a pace keeper; nothing here is thread-safe.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Literal

from .clock import Clock
from .headers import seconds_of
from .rate import Rate
from .trust import Trust

Why = Literal["", "shut", "doubt", "half", "none left", "asked", "outage"]
TEACHES: frozenset[Why] = frozenset({"shut", "half", "none left"})

FIRST_WAIT = 0.5  # s, where the service names none; half as long again with each refusal in a row
LONGEST_WAIT = 60.0  # s, for a wait of our own; the service may ask for more
FIRST_REFUSAL = 0.02  # s that a refusal is thought to take until one was seen
LONGEST_REFUSAL = 2.0  # s
LONG, LONG_BELOW = 2.0, 1.2  # moments that a wait takes, to be worth a doubt; and below the rate that was learnt
LONE = 3  # calls between two refusals of a busy service, at least
MOST_FOR_TRUE = 3  # refusals in a row whose wait was true: the first, in doubt, and after half of it
TICK = 1e-9  # s, less than which two points of time are one
SHORT_RESET = 5.0  # s; a header that says none is left is believed for so long: it may mean a full refill
LONG_ENOUGH = 1.0  # s until the next call: worth telling
OUTAGE_WAITS = (1.0, 15.0)  # s, the first between two tries where nobody answers, and the longest


@dataclass(frozen=True, slots=True)
class PaceState:
    """A pace keeper's state, for displays.

    Attributes:
        concurrency: calls that may be in flight now.
        in_flight: calls that are.
        rate_per_minute: the cap on starts, learnt or given; None while no limit has shown.
        paused: seconds left of the pause, 0.0 when there is none.
        why: what the pause is for, "" when there is none.
        next_in: seconds until the next call goes, where one waits for the pace; 0.0 where none does.
        calls: calls begun.
        throttled: calls refused with a 429.
    """

    concurrency: int
    in_flight: int
    rate_per_minute: float | None
    paused: float
    why: Why
    next_in: float
    calls: int
    throttled: int


@dataclass(frozen=True, slots=True)
class Learnt:
    """A rate learnt, to begin the next run with: calls a minute, and the calls that it was learnt from."""

    per_minute: float
    calls: int


@dataclass(slots=True, eq=False)
class _Flight:
    """A call in flight: its number among all begun, and when it went."""

    number: int
    sent: float


_flight: ContextVar[_Flight | None] = ContextVar("_flight", default=None)  # of the call that the task is making


class Pace:
    """Lets the calls to one deployment go: how many at once, how fast, and none during a pause.

    Args:
        name: the deployment's, for displays.
        max_concurrent: most calls in flight.
        requests_per_minute: the quota, where the user knows it: calls are even from the first one on.
        first_guess: what an earlier run learnt; a quota that is given wins.
        on_change: told the state when a pause begins or ends, or the rate or concurrency is another. Also when a call
            has to wait a second or more for its turn.
        clock: the time to go by.
    """

    def __init__(
        self,
        name: str,
        *,
        max_concurrent: int,
        requests_per_minute: float | None = None,
        first_guess: Learnt | None = None,
        on_change: Callable[[PaceState], None] = lambda _: None,
        clock: Clock | None = None,
    ) -> None:
        if max_concurrent < 1:
            raise ValueError(f"max_concurrent must be at least 1, not {max_concurrent}")
        self.name = name
        self.accepted = 0  # calls answered well
        self.row = 0  # refusals in a row with nothing accepted between
        self.clock = clock or Clock()
        self._on_change, self._said = on_change, (0.0, max_concurrent, "")
        self._most, self._limit = max_concurrent, float(max_concurrent)
        self._rate = Rate(
            None if requests_per_minute is None else requests_per_minute / 60,
            None if first_guess is None else (first_guess.per_minute / 60, first_guess.calls),
        )
        self._trust = Trust()
        self._line: list[tuple[int, asyncio.Future[_Flight]]] = []  # a heap, by place
        self._places = itertools.count()
        self._flying: dict[int, _Flight] = {}
        self._calls = self._throttled = self._failures = 0  # failures: in a row
        self._timer: asyncio.TimerHandle | None = None
        self._next, self._next_in = -math.inf, 0.0  # when the next call goes that waits for the pace, and in how long
        self._held = False  # whether the rate made the line wait since it last ran out of calls or slots
        self._state: Literal["open", "paused", "probing"] = "open"
        self._why: Why = ""
        self._until = 0.0
        self._probe: _Flight | None = None
        self._known = 0  # the number of the last call before the service shut
        self._before, self._at_first = 0, 1.0  # after call number so many, so many may go together
        self._asked: float | None = None  # s, the wait that the service named last
        self._shut = self._last = 0.0  # when the call went that found it shut, and the last that was refused
        self._lost = -9  # the number of the call refused last
        self._together = 0  # calls refused beside the one in doubt
        self._refusal = 0.0  # s that a 429 takes
        self._left_number = 0  # the call whose answer said last how many are left
        self._down: float | None = None  # since when nobody answers
        self._tries = 0  # of an outage

    # -- what it shows -----------------------------------------------------------------------------------------------

    @property
    def state(self) -> PaceState:
        """What to show; asked for in the loop that owns the pace keeper."""
        rate, paused = self._rate.now, self._state == "paused"
        return PaceState(
            concurrency=int(self._limit),
            in_flight=len(self._flying),
            rate_per_minute=None if rate == math.inf else rate * 60,
            paused=max(0.0, self._until - self.clock.now()) if paused else 0.0,
            why=self._why,
            next_in=self._next_in,
            calls=self._calls,
            throttled=self._throttled,
        )

    @property
    def learnt(self) -> Learnt | None:
        """The rate learnt, for the next run; None while no limit has shown."""
        rate = self._rate
        return Learnt(rate.learnt * 60, rate.evidence) if rate.evidence and rate.learnt < math.inf else None

    @property
    def down_for(self) -> float:
        """Seconds since which nobody answers."""
        return 0.0 if self._down is None else self.clock.now() - self._down

    def _tell(self) -> None:
        rate = self._rate.now
        said = (0.0 if rate == math.inf else rate, int(self._limit), self._why)
        known, limit, why = self._said
        if said[1:] != (limit, why) or abs(said[0] - known) > 0.1 * known:
            self._said = said
            self._say()

    def _tell_next(self, due: float, wait: float) -> None:
        if self._state == "open" and wait >= LONG_ENOUGH and due > self._next + LONG_ENOUGH / 2:
            self._next = due
            self._say()

    def _say(self) -> None:
        """Tell the state, with the seconds until the next call: those are only known in the loop."""
        self._next_in = max(0.0, self._next - self.clock.now()) if self._state == "open" else 0.0
        self._on_change(self.state)

    # -- the line ----------------------------------------------------------------------------------------------------

    def place(self) -> int:
        """A place in the line, for a call that may come back to it."""
        return next(self._places)

    @asynccontextmanager
    async def turn(self, place: int | None = None) -> AsyncIterator[None]:
        """Waits for a slot and for its time to go; the call is made inside. Who has the lowest place goes first."""
        flight = await self._wait_in_line(self.place() if place is None else place)
        token = _flight.set(flight)
        try:
            yield
        finally:
            _flight.reset(token)
            self._land(flight)

    async def _wait_in_line(self, place: int) -> _Flight:
        future: asyncio.Future[_Flight] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._line, (place, future))
        self._dispatch()
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():  # let go in the very moment of its cancellation
                self._rate.refused(future.result().sent)
                self._land(future.result())
            raise

    def _land(self, flight: _Flight) -> None:
        del self._flying[flight.number]
        if self._state == "probing" and flight is self._probe:  # it ended in another way: the next one is the probe
            self._probe = None
        self._dispatch()

    def _dispatch(self, due: float = 0.0) -> None:
        """Lets all calls go that may go now, and sets the one timer for the next."""
        now = max(self.clock.now(), due)  # a timer may fire a tick early
        expects = due and self._state == "open" and self._asked is not None and self._rate.expects_a_window
        if expects and not self._unproven(now):  # nobody said that it is open: one call goes first
            self._before, self._at_first = self._calls, 1.0
        while True:
            while self._line and self._line[0][1].done():  # cancelled
                heapq.heappop(self._line)
            if self._probe is not None and now >= self._probe.sent + self._moment - TICK:
                self._open(self._probe)
            if not self._line or len(self._flying) >= int(self._limit):
                self._held = False
                return
            due = now if self.clock.still else self._due(now)
            if due > now:
                self._held = self._state == "open"
                if self._timer is not None:
                    self._timer.cancel()
                self._timer = self.clock.call_at(due, partial(self._dispatch, due))
                self._tell_next(due, due - now)
                return
            heapq.heappop(self._line)[1].set_result(self._depart(now))

    def _due(self, now: float) -> float:
        """When the next call may go."""
        if self._state == "paused":
            return self._until
        if self._state == "probing":
            return now if self._probe is None else self._probe.sent + self._moment
        unproven = self._unproven(now)
        proven = self._calls - self._before - len(unproven)
        most = min(self._at_first + max(2, self._rate.together) * proven, self._rate.untested)
        held = min(unproven) + self._moment if len(unproven) >= most else -math.inf
        return max(self._rate.due(), held)

    def _unproven(self, now: float) -> list[float]:
        """When the calls went of which it does not show yet whether they are taken."""
        return [flight.sent for flight in self._flying.values() if flight.sent > now - self._moment + TICK]

    @property
    def _moment(self) -> float:
        """Seconds after which a call that was not refused is taken; a connection that fails may need longer."""
        if self._why == "outage":
            return SHORT_RESET
        return min(LONGEST_REFUSAL, 1.5 * self._refusal) if self._refusal else FIRST_REFUSAL

    def _depart(self, now: float) -> _Flight:
        self._calls += 1
        flight = self._flying[self._calls] = _Flight(self._calls, now)
        self._rate.went(now, held=self._held and self._rate.limited)
        if self._state == "paused":
            self._state = "probing"
        if self._state == "probing":
            self._probe = flight
        return flight

    # -- what is heard of a call -------------------------------------------------------------------------------------

    def is_taking_calls(self) -> bool:
        """Whether a call has been in flight for longer than a refusal takes, so was probably accepted."""
        oldest = min((flight.sent for flight in self._flying.values()), default=math.inf)
        return self.clock.now() - oldest > max(2.0, 3 * self._refusal)

    def succeeded(self) -> None:
        """A call was answered well."""
        self.accepted += 1
        self._failures = 0
        self._answered()
        self._limit = min(self._most, self._limit + 0.5)
        self._tell()

    def failed(self, retry_after: float | None = None) -> None:
        """A call failed in a way that says nothing about the quota (5xx, timeout, cut connection)."""
        self._failures += 1
        self._answered()
        if self._failures % max(3, int(self._limit)) == 0:
            self._limit = max(1.0, self._limit / 2)
        if retry_after and self._state == "open":
            self._pause("asked", self.clock.now() + retry_after)
        self._tell()

    def _answered(self) -> None:
        """Somebody is there."""
        self._down, self._tries = None, 0
        flight = _flight.get()
        if self._state == "probing" and flight is not None and flight is self._probe:
            self._open(flight)
        elif self._why == "outage":
            self._state, self._why, self._probe = "open", "", None

    def unreachable(self) -> None:
        """Nobody answered: refused, no such host, no network. All calls wait, and one tries now and then."""
        now, flight = self.clock.now(), _flight.get()
        if flight is not None:
            self._rate.refused(flight.sent)
            if flight.number <= self._known and self._why == "outage":
                return
        self._down = now if self._down is None else self._down
        self._known = self._calls
        first, longest = OUTAGE_WAITS
        self._pause("outage", now + min(longest, first * 1.5**self._tries) * self.clock.uniform(0.8, 1.0))
        self._tries += 1
        self._tell()

    def throttled(self, retry_after: float | None) -> None:
        """A 429: all calls wait until the service opens; once, however many were refused together."""
        now, flight = self.clock.now(), _flight.get() or _Flight(self._calls, self.clock.now())
        self._throttled += 1
        self._down, self._tries = None, 0
        self._refusal = min(LONGEST_REFUSAL, max(0.8 * self._refusal, now - flight.sent))
        self._rate.refused(flight.sent)
        if flight.number <= self._known:
            self._refused_together(now, flight.number, retry_after)
            return
        alone = flight.number > self._lost + LONE
        self._lost = flight.number
        if self._state == "open" and alone and self._trust.is_often_busy:  # nobody is held
            return
        was_probe, why = self._state == "probing" and flight is self._probe, self._why
        self._known, self._last, self._together = self._calls, flight.sent, 0
        later = [each for each in self._flying.values() if each.sent > flight.sent + self._refusal / 2]
        if self._state == "open":
            self._shut = flight.sent
        self.row += 1
        if was_probe and why == "doubt":
            self._trust.was_quota()
        elif was_probe and why == "half":
            self._trust.half_was(enough=False)
        elif was_probe and self._asked is not None:
            self._trust.was_too_short()
        below = self._rate.is_slower
        least = (LONG_BELOW if below else LONG) * self._moment
        long = (FIRST_WAIT if retry_after is None else retry_after) > least
        tells = (long or later) and self._rate.accepted and not self._rate.uses_up  # one call more would tell
        if not was_probe and tells and self._trust.doubts(below=below):
            self._asked = retry_after
            self._pause("doubt", now + self._moment)
            if later:  # the first that went after it says enough
                self._state, self._probe = "probing", later[0]
        else:
            self._shut_until(now, retry_after, half=why != "half")
        self._tell()

    def _refused_together(self, now: float, number: int, asked: float | None) -> None:
        """One more of the calls that were on their way when the service shut."""
        if self._why == "doubt" and self._probe is not None and self._probe.number == number:
            self._trust.was_quota()
            self._shut_until(now, asked, half=True)
            return
        if self._state != "paused":
            return
        self._together += 1
        if self._why == "doubt" and self._together > 1:  # so many are about the quota
            self._trust.was_quota()
            self._shut_until(now, asked, half=True)
        elif self._why == "shut" and asked is not None:
            self._until = max(self._until, now + self._trust.part * asked)
        self._tell()

    def _shut_until(self, now: float, asked: float | None, *, half: bool) -> None:
        self._asked = asked
        if asked is None:
            guess = FIRST_WAIT if self._rate.learnt == math.inf else 1 / self._rate.learnt
            wait = min(LONGEST_WAIT, guess * 1.5 ** (self.row - 1)) * self.clock.uniform(0.5, 1)
            self._pause("shut", now + wait)
            return
        # never earlier than asked, and a little later
        wait = self._trust.part * max(0.0, asked)
        wait += min(0.03, 0.001 + 0.02 * wait) * self.clock.uniform(0.3, 1)
        if half and self._rate.accepted and wait > 4 * self._moment and self._trust.tries_half():
            self._pause("half", now + wait / 2)
        else:
            self._pause("shut", now + wait)

    def heard(self, headers: Mapping[str, str]) -> None:
        """Learns from an answer's x-ratelimit headers; absent, -1 and garbage say nothing."""
        told = {name.lower(): value for name, value in headers.items()}
        flight = _flight.get() or _Flight(self._calls, self.clock.now())
        reset = seconds_of(told.get("x-ratelimit-reset-requests"))
        if told.get("x-ratelimit-remaining-requests", "").strip() != "0" or reset is None:
            return
        if self._state != "open" or flight.number < self._left_number or flight.number <= self._known:
            return
        self._left_number = flight.number
        until = flight.sent + reset
        if self.clock.now() < until and reset <= max(SHORT_RESET, 2 / self._rate.now):
            self._shut = self._last = self.clock.now()
            self._known, self._asked = self._calls, reset
            self._pause("none left", until * (1 + 1e-9) + 0.02)
            self._tell()

    # -- from state to state -----------------------------------------------------------------------------------------

    def _pause(self, why: Why, until: float) -> None:
        self._state, self._why, self._until, self._probe = "paused", why, until, None

    def _open(self, probe: _Flight) -> None:
        """The service took the probe."""
        why, self._why = self._why, ""
        teaches = why in TEACHES
        if why == "half":
            self._trust.half_was(enough=True)
        elif why == "doubt" and (self._rate.refuses_many or (self._rate.is_faster and not self._trust.seems_busy)):
            teaches = True  # about the rate, and the wait named is too long
        elif why == "doubt":
            self._trust.was_busy()
            self._rate.was_busy()
        if teaches:
            self._rate.reopened(
                probe.sent - self._vague(probe, why) / 2,
                probe.sent,
                self._last if why in {"half", "doubt"} else self._shut,
                told=self._asked is not None and self.row <= MOST_FOR_TRUE,
            )
            self._at_first = float(self._rate.together)
        self._before = probe.number - 1
        self._state, self._probe, self.row = "open", None, 0
        self._tell()

    def _vague(self, probe: _Flight, why: Why) -> float:
        """Seconds by which the service may have opened before the probe found it open."""
        longest = probe.sent - self._last
        if self._asked is None or why in {"half", "doubt"}:
            return longest
        return min(longest, 1.0, self._asked) if self._asked == int(self._asked) else 0.0
