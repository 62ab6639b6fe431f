"""What is retried and for how long; the pace keeper that all calls to one deployment share.

A pace keeper starts with no cap on the rate, so that a run bound by latency loses nothing. When a limit shows (a 429,
or a header that says none is left), everything waits once; what was accepted until the service opened again, over
that time, is the rate learnt. From then on calls go evenly, the first one after a pause being the probe: when it is
refused too, the same cycle goes on and is measured again. The rate creeps up with each call that it held back and that
was accepted, by less the more calls it was learnt from and by more the longer nothing is refused. Concurrency is
halved by a pause (never below what the learnt rate needs) or by a row of failures, and grows with each success.

One event loop owns a pace keeper; nothing in here is thread-safe.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import random
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from .errors import QuotaExhausted, TransientError

T = TypeVar("T")

FIRST_WAIT = 1.5  # s; doubles with each retry
LONGEST_WAIT = 60.0  # s, for a wait of our own; the service may ask for more
LONGEST_ASKED = 600.0  # s; a run does not sit out more than this
LONGEST_IN_ALL = 1800.0  # s, from a call's first attempt to its last
MOST_ATTEMPTS = 8  # times max_retries + 1: the bound when a call's 429s do not count

MARGIN = 0.985  # of a rate learnt or given is used: arrivals jitter
BELIEF = 50  # calls; older evidence for a rate than this fades

_F = 0.5
_G = 1.0
_N = 5
_V = 1.0
_K = 1.0
_C = 0.05
_H = 0.5
_random = random.Random()
_waits: list[float] | None = None  # the testing mode's record


@contextmanager
def testing() -> Iterator[list[float]]:
    """A mode in which no wait is slept: yields the list of the waits (s) that were asked for, in order."""
    global _waits
    before, _waits = _waits, []
    try:
        yield _waits
    finally:
        _waits = before


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
    """The calls from one opening of the service to the next, and the rate that was kept before it was measured."""

    start: float
    rate: float = math.inf
    sent: int = 0
    refused: int = 0
    refused_at: float = 0.0
    span: float = 0.0

    @property
    def accepted(self) -> int:
        return self.sent - self.refused


_call: ContextVar[_Call | None] = ContextVar("_call", default=None)


class Pace:
    """Lets the calls to one deployment go: how many at once, how fast, and none during a pause.

    Args:
        name: the deployment's, for displays.
        max_concurrent: most calls in flight.
        requests_per_minute: the quota, where the user knows it; calls are spread evenly from the first one on.
    """

    def __init__(self, name: str, *, max_concurrent: int, requests_per_minute: float | None = None) -> None:
        if max_concurrent < 1:
            raise ValueError(f"max_concurrent must be at least 1, not {max_concurrent}")
        self.name = name
        self.row = 0  # pauses in a row in which nothing was accepted
        self.accepted = 0  # calls that came back well
        self._most = max_concurrent
        self._limit = float(max_concurrent)
        self._cap = math.inf if requests_per_minute is None else MARGIN * requests_per_minute / 60
        self._rate = self._cap
        self._evidence = 0.0  # calls that the rate was learnt from
        self._growth = 1.0  # doubles with each cycle's worth of calls that nothing was refused in
        self._clean = 0
        self._line: list[tuple[int, asyncio.Future[_Call]]] = []
        self._places = itertools.count()
        self._numbers = itertools.count(1)
        self._calls = self._throttled = 0
        self._flying: dict[int, _Call] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._next = self._open = self._declared = 0.0  # loop times: next start, end and beginning of the pause
        self._vague = 0.0  # s that the end of the pause may lie after the service's opening
        self._quiet = False
        self._paused = False  # a pause was declared and no call has gone since
        self._cycle: _Cycle | None = None
        self._previous: _Cycle | None = None
        self._latency = self._refusal = 0.0  # s that a success and a 429 take
        self._failures = 0  # in a row
        self._low = self._high = 0.0
        self._left = math.inf
        self._left_number = 0
        self._reset_at = math.inf

    @property
    def state(self) -> PaceState:
        """What to show."""
        now = _now()
        return PaceState(
            concurrency=int(self._limit),
            in_flight=len(self._flying),
            rate_per_minute=None if self._rate == math.inf else self._rate * 60,
            paused=max(0.0, self._open - now),
            calls=self._calls,
            throttled=self._throttled,
        )

    def place(self) -> int:
        """A place in the line, for a call that may come back to it."""
        return next(self._places)

    @asynccontextmanager
    async def turn(self, place: int | None = None) -> AsyncIterator[None]:
        """Waits for a slot and for its time to go; the call is made inside. First come, first gone, by place."""
        call = await self._wait_in_line(self.place() if place is None else place)
        token = _call.set(call)
        try:
            yield
        finally:
            _call.reset(token)
            self._flying.pop(call.number, None)
            self._dispatch()

    async def _wait_in_line(self, place: int) -> _Call:
        future: asyncio.Future[_Call] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._line, (place, future))
        self._dispatch()
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():  # let go in the very moment of its cancellation
                call = future.result()
                del self._flying[call.number]
                if self._cycle is not None:
                    self._cycle.sent -= 1
            self._dispatch()
            raise

    def _dispatch(self, due: float = 0.0) -> None:
        """Lets all calls go that may go now, and sets the one timer for the next."""
        now = max(_now(), due)  # a timer may fire a tick early
        while True:
            while self._line and self._line[0][1].done():
                heapq.heappop(self._line)
            if not self._line or len(self._flying) >= int(self._limit):
                return
            if self._left <= 0:
                self._hold(now)
            due = now if _waits is not None else max(self._next, self._open)
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
            self._left = math.inf
        if self._cycle is None:
            self._cycle = _Cycle(now)
        self._cycle.sent += 1
        self._calls += 1
        self._left -= 1
        gap = self._latency / (8 * self._most) if self._rate == math.inf else 1 / self._rate
        call = _Call(next(self._numbers), now, held=now - self._next < gap)
        self._flying[call.number] = call
        self._next = max(self._next, now - gap / 2) + gap  # a late timer is made good, by half a gap at most
        if probe:
            self._next = max(self._next, now + min(1.0, 1.5 * self._refusal))
        return call

    def succeeded(self) -> None:
        """A call was answered well."""
        self.accepted += 1
        self._failures = 0
        call = _call.get()
        if call is not None:
            took = _now() - call.sent
            self._latency = took if self._latency == 0 else 0.8 * self._latency + 0.2 * took
        self._limit = min(self._most, max(self._limit + 0.5, self._needed()))
        if self._rate < self._cap and call is not None and call.held and _waits is None:
            self._clean += 1
            if self._clean >= max(5, self._evidence):
                self._clean, self._growth = 0, min(64, self._growth * 2)
            grow = _K * self._growth / (self._evidence + 1) ** 2
            doubt = max(0, self._high / self._rate - 1)
            self._rate = min(self._cap, self._rate * (1 + min(_C, grow + _G * doubt / (self._evidence + 1))))
            self._high = max(self._high, self._rate)
        self._dispatch()

    def failed(self) -> None:
        """A call failed in a way that says nothing about the quota (5xx, timeout, cut connection)."""
        self._failures += 1
        if self._failures % max(3, int(self._limit)) == 0:
            self._limit = max(1.0, self._limit / 2)

    def throttled(self, retry_after: float | None) -> None:
        """A 429: all calls wait until the service opens, once however many calls were refused together."""
        now = _now()
        call = _call.get()
        sent = now if call is None else call.sent
        self._throttled += 1
        self._refusal = now - sent
        cycle = self._cycle = self._cycle or _Cycle(now)
        if self._previous is not None and sent < cycle.start:
            cycle = self._previous
        cycle.refused += 1
        cycle.refused_at = max(cycle.refused_at, sent)
        if sent < self._declared:
            if retry_after is not None and self._paused:
                until = now + _late(retry_after)
                self._open = until if self._vague == math.inf else max(self._open, until)
                self._vague = _V if retry_after == int(retry_after) else 0.0
                self._quiet = False
            return
        self.row = self.row + 1 if self._cycle.accepted <= 0 else 1
        self._pause(now, retry_after)

    def _pause(self, now: float, asked: float | None) -> None:
        guess = min(LONGEST_WAIT, self._first_guess() * 2 ** (self.row - 1))
        until, long = self._reset_at - now, self.row > 1 and guess > FIRST_WAIT
        guess *= _random.uniform(0.5, 1)
        if asked is None and until > 0:
            guess = until if long and until < math.inf else min(guess, until)
        if asked is None:
            wait, self._vague = guess, math.inf
        else:
            wait = _late(asked) if self.row <= 1 else max(_late(asked), guess)
            self._vague = _V if asked == int(asked) else 0.0
        self._declared, self._open, self._paused = now, now + wait, True
        self._growth, self._clean = 1.0, 0
        self._quiet = False

    def _first_guess(self) -> float:
        return FIRST_WAIT if self._rate == math.inf else min(FIRST_WAIT, _N / self._rate)

    def _reopen(self, now: float) -> None:
        """Learns the rate from the cycle that a pause has ended, and begins the next with its probe."""
        cycle = self._cycle or _Cycle(now)
        self._paused = False
        if self._previous is not None and cycle.accepted <= 0:  # the last probe was refused: the cycle before goes on
            before, self._evidence = self._previous, 0
            cycle = _Cycle(before.start, before.rate, before.sent + cycle.sent, before.refused + cycle.refused)
            cycle.refused_at = self._declared
        shut = max(cycle.refused_at, now - self._vague)
        accepted, cycle.span = float(max(cycle.accepted, 0.5)), max(now - cycle.start, 0.001)
        sooner = max(shut - cycle.start, 0.001)
        longer = cycle.span
        if accepted < 5 and self._previous is not None and cycle.start > self._previous.start:
            sooner, longer, accepted = (
                sooner + self._previous.span,
                longer + self._previous.span,
                accepted + self._previous.accepted,
            )
        low, high = MARGIN * accepted / longer, MARGIN * accepted / sooner
        if self._evidence and low < self._high and high > self._low:
            low, high = max(low, self._low), min(high, self._high)
            self._evidence = min(BELIEF, self._evidence + accepted)
        else:
            self._evidence = accepted
        self._low, self._high = low, high
        self._rate = min(1 / (_F / low + (1 - _F) / high), self._cap)
        self._limit = min(self._most, max(self._limit / 2, self._needed()))
        self._previous, self._cycle = cycle, _Cycle(now, self._rate)

    def _needed(self) -> float:
        """The concurrency without which the learnt rate could not be used."""
        if self._rate == math.inf:
            return 1.0
        return max(self._rate * self._latency * 1.25, float(len(self._flying))) + 1

    def is_taking_calls(self) -> bool:
        """Whether a call has been in flight for longer than a refusal takes, so was probably accepted."""
        longest = _now() - min((call.sent for call in self._flying.values()), default=math.inf)
        return longest > max(2.0, 3 * self._refusal)

    def heard(self, headers: Mapping[str, str]) -> None:
        """Learns from an answer's headers; absent, -1 and garbage say nothing."""
        told = {key.lower(): value for key, value in headers.items() if key.lower().startswith("x-ratelimit-")}
        left = _seconds(told.get("x-ratelimit-remaining-requests"))
        call = _call.get()
        number = self._calls if call is None else call.number
        if left is None or number < self._left_number or (self._paused and not self._quiet):
            return
        reset = _seconds(told.get("x-ratelimit-reset-requests"))
        self._reset_at = math.inf if reset is None else (_now() if call is None else call.sent) + reset
        self._left, self._left_number = left - (self._calls - number), number
        if self._quiet and self._left > 0:
            self._open = _now()
            self._paused = self._quiet = False
        self._dispatch()

    def _hold(self, now: float) -> None:
        """Waits when the service said that none is left."""
        if self._paused:
            return
        until = self._reset_at - now
        self._left = math.inf
        if self._rate == math.inf:
            self._pause(now, min(until, _H * FIRST_WAIT * _random.uniform(0.5, 1)))
            self._vague = math.inf
        elif 0 < until <= max(1.0, 3 / self._rate):
            self._pause(now, until)
            self._vague = 0.0
        else:
            return
        self._cycle.refused_at = now
        self._quiet = True


def _seconds(text: str | None) -> float | None:
    """A header's count or time ("7", "250ms", "6m0.5s"), or None where it has none."""
    match = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:([\d.]+)(ms|s)?)?", (text or "").strip())
    if not text or match is None or not any(match.groups()):
        return None
    hours, minutes, rest, unit = match.groups()
    try:
        return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(rest or 0) * (0.001 if unit == "ms" else 1)
    except ValueError:
        return None


def _now() -> float:
    return asyncio.get_running_loop().time()


def _late(seconds: float) -> float:
    """A wait that the service asked for, never less and a little more."""
    return max(0.0, seconds) + _random.uniform(0.01, 0.03)


async def persist(
    operation: Callable[[], Awaitable[T]],
    *,
    pace: Pace,
    max_retries: int,
    on_retry: Callable[[TransientError, float, int], None] | None = None,
) -> T:
    """Makes a call in its turn, and again after each `TransientError` for as long as that is reasonable.

    A 429 counts against max_retries only when the deployment took no other call since this one joined the line or was
    last refused: no call dies of its siblings' success. MOST_ATTEMPTS and LONGEST_IN_ALL bound those that don't count.

    Args:
        operation: makes one attempt.
        pace: the deployment's; a call that waits holds no slot of it.
        max_retries: most retries; 0 for none.
        on_retry: told the error, the wait (s) and the number of the retry (from 1) before each retry.

    Raises:
        QuotaExhausted: the service asks for a wait of more than LONGEST_ASKED.
        TransientError: the last one, when every retry is used.
    """
    place, start = pace.place(), _now()
    accepted, attempts, counted = pace.accepted, 0, 0
    while True:
        try:
            return await _attempt(operation, pace, place)
        except TransientError as exc:
            if exc.retry_after is not None and exc.retry_after > LONGEST_ASKED:
                raise _come_back(exc, exc.retry_after) from exc
            attempts += 1
            if not exc.throttled or (pace.accepted == accepted and not pace.is_taking_calls()):
                counted += 1
            accepted = pace.accepted
            wait = pace.state.paused if exc.throttled else _backoff(counted, exc.retry_after)
            used_up = counted > max_retries or attempts >= MOST_ATTEMPTS * (max_retries + 1)
            if used_up or max_retries == 0 or _now() - start + wait > LONGEST_IN_ALL:
                raise
            if on_retry is not None:
                on_retry(exc, wait, attempts)
            shared = exc.throttled
        if _waits is not None:
            _waits.append(wait)
        elif not shared:  # a 429's wait is the line's own pause: this call keeps its place in it
            await asyncio.sleep(wait)


async def _attempt(operation: Callable[[], Awaitable[T]], pace: Pace, place: int) -> T:
    async with pace.turn(place):
        try:
            result = await operation()
        except TransientError as exc:
            if exc.throttled:
                pace.throttled(exc.retry_after)
            else:
                pace.failed()
            raise
        pace.succeeded()
        return result


def _backoff(retries: int, asked: float | None) -> float:
    wait = _random.uniform(0, min(LONGEST_WAIT, FIRST_WAIT * 2 ** (retries - 1)))
    return wait if asked is None else max(wait, asked + _random.uniform(0, 0.1 * asked))


def _come_back(exc: TransientError, seconds: float) -> QuotaExhausted:
    when = datetime.now().astimezone() + timedelta(seconds=seconds)
    hours, minutes = divmod(math.ceil(seconds / 60), 60)
    span = f"{hours} h {minutes} min" if hours else f"{minutes} min"
    return QuotaExhausted(
        f"{exc.what} The service asks for a wait of {span}, too long to sit out.",
        hint=f"Run the same command again after {when:%Y-%m-%d %H:%M} (local time); everything accepted is kept.",
    )
