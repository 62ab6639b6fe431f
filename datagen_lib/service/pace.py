"""The pace keeper: lets the calls to one deployment go, evenly, at the rate that it shows it accepts.

It begins with no cap on the rate, so that a run bound by latency loses nothing. When a limit shows (a 429, or a header
that says none is left) all calls wait, once. What the service accepted from one opening to the next, over that time, is
the rate learnt; where the time of the opening is vague, the rate lies between two bounds. Calls then go evenly, the
first after a pause being the probe: is it refused too, the same cycle goes on and is measured again. Each call that the
rate held back and that was accepted lets the rate creep up: by less the more calls it was learnt from, by more the
longer nothing is refused. Refusals that keep coming however far the rate falls are not about the rate, so it is put
back. Concurrency is halved by a refusal (never below what the learnt rate needs) or by a row of failures, and grows by
a half with each success.

One event loop owns a pace keeper; nothing here is thread-safe.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import random
import re
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

FIRST_WAIT = 1.5  # s; doubles with each refusal in a row, where the service names no wait
LONGEST_WAIT = 60.0  # s, for a wait of our own; the service may ask for more
MARGIN = 0.99  # of a rate learnt or given is used, because arrivals jitter
BELIEF = 50.0  # calls; more evidence than this adds nothing, so that a rate can still change
ROUNDED = 0.5  # s by which a Retry-After in whole seconds is likely to be late
FASTEST_GROWTH = 0.25  # of the rate, with one accepted call

random_waits = random.Random()
records: list[list[float]] = []  # of waits; the testing mode is on while there is one


@contextmanager
def testing() -> Iterator[list[float]]:
    """A mode in which no wait is slept and no pause kept: yields the waits (s) that were asked for, in order."""
    waits: list[float] = []
    records.append(waits)
    try:
        yield waits
    finally:
        records.pop()


@dataclass(frozen=True, slots=True)
class PaceState:
    """A pace keeper's state, for progress displays.

    Attributes:
        concurrency: calls that may be in flight now.
        in_flight: calls that are.
        rate_per_minute: the cap on starts, learnt or given; None while no limit has shown.
        paused: seconds left of the pause, 0.0 when there is none.
        calls: calls begun.
        throttled: calls refused with a 429.
    """

    concurrency: int
    in_flight: int
    rate_per_minute: float | None
    paused: float
    calls: int
    throttled: int


@dataclass(slots=True)
class _Call:
    """A call in flight: its number among all begun, when it went (loop time, s), whether the rate held it back."""

    number: int
    sent: float
    held: bool


@dataclass(slots=True)
class _Cycle:
    """The calls from one opening of the service to the next; `rate` is what was kept until this cycle's end."""

    start: float
    rate: float = math.inf
    sent: int = 0
    refused: int = 0
    refused_at: float = 0.0  # when the last refused call went
    span: float = 0.0  # s, once it has ended

    @property
    def accepted(self) -> int:
        return self.sent - self.refused


class _Rate:
    """The rate kept (calls a second; infinite while no limit has shown), and what it was learnt from."""

    def __init__(self, cap: float) -> None:
        self.cap = self.now = cap
        self.low = self.high = self.evidence = 0.0  # bounds (calls a second); calls
        self.growth, self.clean = 1.0, 0  # doubles with each cycle's worth of clean calls
        self.learnt: deque[tuple[int, float]] = deque(maxlen=5)  # calls begun by then, the rate

    def learn(self, accepted: int, shortest: float, longest: float, before: float) -> None:
        """Takes in that so many calls were accepted in a time (s) between these two, at a rate begun with `before`."""
        low, high = MARGIN * accepted / longest, MARGIN * accepted / shortest
        if self.evidence and low < self.high and high > self.low:
            refuted = 2 * accepted < self.evidence  # refused sooner than the calls it was learnt from
            low = max(low, self.low)
            high = max(low, min(high, self.high, before if refuted else math.inf))
            self.evidence = min(BELIEF, self.evidence + accepted)
        else:
            self.evidence = float(accepted)
        self.low, self.high = low, high
        self.now = min(self.cap, 2 / (1 / low + 1 / high))

    def check(self, calls: int, *, again: bool) -> None:
        """Puts the rate back where five refusals in a row came ever sooner although it fell: they are not about it."""
        if again and self.learnt:
            self.learnt.pop()
        self.learnt.append((calls, self.now))
        begun, rate = self.learnt[0]
        if len(self.learnt) == self.learnt.maxlen and calls - begun < 60 and self.now < 0.7 * rate < math.inf:
            self.now = self.high = rate

    def creep(self) -> None:
        """Takes in that a call which the rate held back was accepted."""
        if self.now >= self.cap:
            return
        self.clean += 1
        if self.clean >= max(5, self.evidence):
            self.clean, self.growth = 0, min(64.0, self.growth * 2)
        doubt = max(0.0, self.high / self.now - 1)
        growth = self.growth / 2 / (self.evidence + 1) ** 2 + doubt / (self.evidence + 1)
        self.now = min(self.cap, self.now * (1 + min(FASTEST_GROWTH, growth)))
        self.high = max(self.high, self.now)


_call: ContextVar[_Call | None] = ContextVar("_call", default=None)  # the call that the current task is making


class Pace:
    """Lets the calls to one deployment go: how many at once, how fast, and none during a pause.

    Args:
        name: the deployment's, for displays.
        max_concurrent: most calls in flight.
        requests_per_minute: the quota, where the user knows it: calls are then even from the first one on.
    """

    def __init__(self, name: str, *, max_concurrent: int, requests_per_minute: float | None = None) -> None:
        if max_concurrent < 1:
            raise ValueError(f"max_concurrent must be at least 1, not {max_concurrent}")
        self.name = name
        self.accepted = 0  # calls answered well
        self.row = 0  # refusals in a row with nothing accepted between
        self._most, self._limit = max_concurrent, float(max_concurrent)
        self._rate = _Rate(math.inf if requests_per_minute is None else MARGIN * requests_per_minute / 60)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._line: list[tuple[int, asyncio.Future[_Call]]] = []  # a heap, by place
        self._places = itertools.count()
        self._flying: dict[int, _Call] = {}
        self._calls = self._throttled = self._failures = 0  # failures: in a row
        self._latency = self._refusal = 0.0  # s that a success takes, and a 429
        self._timer: asyncio.TimerHandle | None = None
        self._next = self._declared = self._open = 0.0  # loop times: next start, the pause's declaration and its end
        self._paused = self._quiet = False  # no call has gone since the pause; it was no 429 that declared it
        self._vague = 0.0  # s by which the pause may have ended later than the service opened
        self._cycle = _Cycle(0.0)
        self._previous: _Cycle | None = None
        self._left, self._left_number, self._reset = math.inf, 0, math.inf  # headers: calls left, by which, loop time

    @property
    def state(self) -> PaceState:
        """What to show; may be asked for anywhere."""
        return PaceState(
            concurrency=int(self._limit),
            in_flight=len(self._flying),
            rate_per_minute=None if self._rate.now == math.inf else self._rate.now * 60,
            paused=0.0 if self._loop is None else max(0.0, self._open - self._loop.time()),
            calls=self._calls,
            throttled=self._throttled,
        )

    def place(self) -> int:
        """A place in the line, for a call that may come back to it."""
        return next(self._places)

    @asynccontextmanager
    async def turn(self, place: int | None = None) -> AsyncIterator[None]:
        """Waits for a slot and for its time to go; the call is made inside. Who has the lowest place goes first."""
        call = await self._wait_in_line(self.place() if place is None else place)
        token = _call.set(call)
        try:
            yield
        finally:
            _call.reset(token)
            del self._flying[call.number]
            self._dispatch()

    async def _wait_in_line(self, place: int) -> _Call:
        self._loop = asyncio.get_running_loop()
        future: asyncio.Future[_Call] = self._loop.create_future()
        heapq.heappush(self._line, (place, future))
        self._dispatch()
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():  # let go in the very moment of its cancellation
                del self._flying[future.result().number]
                self._cycle.sent -= 1
            self._dispatch()
            raise

    def _dispatch(self, due: float = 0.0) -> None:
        """Lets all calls go that may go now, and sets the one timer for the next."""
        now = max(loop_time(), due)  # a timer may fire a tick early
        while True:
            while self._line and self._line[0][1].done():  # cancelled
                heapq.heappop(self._line)
            if not self._line or len(self._flying) >= int(self._limit):
                return
            if self._left <= 0:
                self._hold(now)
            due = now if records else max(self._next, self._open)
            if due > now:
                if self._timer is not None:
                    self._timer.cancel()
                self._timer = asyncio.get_running_loop().call_at(due, self._dispatch, due)
                return
            heapq.heappop(self._line)[1].set_result(self._depart(now))

    def _depart(self, now: float) -> _Call:
        probe = self._paused
        if probe:
            self._reopen(now)
        elif not self._calls:
            self._cycle.start = now
        self._calls += 1
        self._left -= 1
        self._cycle.sent += 1
        # with no limit known, starts are spread a little, so that a limit does not meet all of them at once
        gap = self._latency / (8 * self._most) if self._rate.now == math.inf else 1 / self._rate.now
        late = now - self._next
        call = self._flying[self._calls] = _Call(self._calls, now, held=late < gap)
        self._next = (self._next if late < gap / 2 else now) + gap  # a timer's lateness is made good
        if probe:
            self._next = max(self._next, now + min(1.0, 1.5 * self._refusal))
        return call

    def _reopen(self, now: float) -> None:
        """Learns the rate from the cycle that a pause has ended; the call that goes now is the next one's probe."""
        cycle, previous = self._cycle, self._previous
        again = previous is not None and cycle.accepted <= 0
        if again and previous is not None:  # the last probe was refused: the cycle before it goes on
            sent, refused = previous.sent + cycle.sent, previous.refused + cycle.refused
            cycle = _Cycle(previous.start, previous.rate, sent, refused, refused_at=self._declared)
            self._rate.evidence = 0.0
        cycle.span = max(now - cycle.start, 0.001)
        accepted, earlier = cycle.accepted, 0.0
        if accepted < 5 and not again and previous is not None:  # too few to go by
            accepted, earlier = accepted + previous.accepted, previous.span
        shut = max(cycle.refused_at, now - self._vague)
        if accepted > 0:
            self._rate.learn(accepted, max(shut - cycle.start, 0.001) + earlier, cycle.span + earlier, cycle.rate)
            self._rate.check(self._calls, again=again)
        else:
            self._rate.now = cycle.rate
        self._limit = min(self._most, max(self._limit / 2, self._needed()))
        self._previous, self._cycle = cycle, _Cycle(now, self._rate.now)
        self._paused, self._left = False, math.inf

    def _needed(self) -> float:
        """The concurrency without which the learnt rate could not be used."""
        if self._rate.now == math.inf:
            return 1.0
        return max(self._rate.now * self._latency * 1.25, float(len(self._flying))) + 1

    def is_taking_calls(self) -> bool:
        """Whether a call has been in flight for longer than a refusal takes, so was probably accepted."""
        oldest = min((call.sent for call in self._flying.values()), default=math.inf)
        return loop_time() - oldest > max(2.0, 3 * self._refusal)

    def succeeded(self) -> None:
        """A call was answered well."""
        self.accepted += 1
        self._failures = 0
        call = _call.get()
        if call is not None:
            took = loop_time() - call.sent
            self._latency = 0.8 * self._latency + 0.2 * took if self._latency else took
            if call.held and not records:
                self._rate.creep()
        self._limit = min(self._most, max(self._limit + 0.5, self._needed()))

    def failed(self) -> None:
        """A call failed in a way that says nothing about the quota (5xx, timeout, cut connection)."""
        self._failures += 1
        if self._failures % max(3, int(self._limit)) == 0:
            self._limit = max(1.0, self._limit / 2)

    def throttled(self, retry_after: float | None) -> None:
        """A 429: all calls wait until the service opens; once, however many were refused together."""
        now, call = loop_time(), _call.get()
        sent = now if call is None else call.sent
        self._throttled += 1
        self._refusal = now - sent
        cycle = self._previous if self._previous is not None and sent < self._cycle.start else self._cycle
        cycle.refused += 1
        cycle.refused_at = max(cycle.refused_at, sent)
        if sent >= self._declared:
            self.row = self.row + 1 if self._cycle.accepted <= 0 else 1
            self._declared = now
            self._pause(now, retry_after)
        elif self._paused and retry_after is not None:  # refused together with the one that declared the pause
            self._open = max(self._open, now + retry_after)

    def _pause(self, now: float, asked: float | None) -> None:
        known = self._rate.now < math.inf
        guess = (min(FIRST_WAIT, 5 / self._rate.now) if known else FIRST_WAIT) * 2 ** (self.row - 1)
        wait = min(LONGEST_WAIT, guess) * random_waits.uniform(0.5, 1)
        if asked is not None:
            self._vague = ROUNDED if asked == int(asked) else 0.0
            asked = max(0.0, asked) + random_waits.uniform(0.01, 0.03)  # never earlier than asked, and a little later
            wait = asked if self.row <= 1 else max(asked, wait)
        else:
            self._vague = math.inf
            until = self._reset - now
            if 0 < until < math.inf:  # the header may mean a full refill: first see whether less will do
                wait = until if self.row > 1 and guess > FIRST_WAIT else min(wait, until)
        self._open, self._paused, self._quiet = now + wait, True, False
        # a pause that ends late costs more, so a rate learnt from one is tried more gently
        self._rate.growth, self._rate.clean = (1.0 if self._vague == 0 else 0.25), 0

    def heard(self, headers: Mapping[str, str]) -> None:
        """Learns from an answer's x-ratelimit headers; absent, -1 and garbage say nothing."""
        told = {name.lower(): value for name, value in headers.items()}
        left = _amount(told.get("x-ratelimit-remaining-requests"))
        reset = _amount(told.get("x-ratelimit-reset-requests"))
        call = _call.get()
        number, sent = (self._calls, loop_time()) if call is None else (call.number, call.sent)
        if left is None or number < self._left_number:
            return
        self._left, self._left_number = left - (self._calls - number), number  # calls begun since are not counted yet
        self._reset = math.inf if reset is None else sent + reset
        if self._quiet and self._left > 0:
            self._paused = self._quiet = False
            self._open = 0.0

    def _hold(self, now: float) -> None:
        """Waits, once, because the service said that no call is left."""
        until, self._left = self._reset - now, math.inf
        if self._paused:
            return
        if self._rate.now == math.inf:  # for how long is not known: a short time, then a probe
            wait, vague = min(until, FIRST_WAIT / 2 * random_waits.uniform(0.5, 1)), math.inf
        elif 0 < until <= max(1.0, 3 / self._rate.now):
            wait, vague = until + random_waits.uniform(0.01, 0.03), 0.0
        else:
            return
        self._cycle.refused_at = now
        self._open, self._vague, self._paused, self._quiet = now + wait, vague, True, True


def _amount(text: str | None) -> float | None:
    """A header's count, or time in seconds ("7", "250ms", "6m0.5s"); None where there is none."""
    match = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+\.?\d*)(ms|s)?)?", (text or "").strip())
    if not text or match is None or not any(match.groups()):
        return None
    hours, minutes, rest, unit = match.groups()
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(rest or 0) * (0.001 if unit == "ms" else 1)


def loop_time() -> float:
    return asyncio.get_running_loop().time()
