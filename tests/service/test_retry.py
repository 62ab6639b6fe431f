"""Retries and the pace keeper, in virtual time: a loop whose clock jumps to the next timer, so minutes cost nothing."""

from __future__ import annotations

import asyncio
import copy
import heapq
import itertools
import math
import random
import selectors
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datagen_lib.errors import CallRejected, QuotaExhausted, TransientError
from datagen_lib.service import pace as pacing
from datagen_lib.service import retry
from datagen_lib.service.clock import Clock
from datagen_lib.service.retry import with_retries

T = TypeVar("T")


# -- a clock of our own ----------------------------------------------------------------------------------------------


class _Jump(selectors.SelectSelector):
    """Moves the clock to the next timer instead of waiting for it."""

    clock = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise AssertionError("deadlock: everything waits and no timer is set")
        self.clock += max(0.0, timeout)
        return []


class _VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jump = _Jump()
        self._jump.clock = 1000.0
        super().__init__(self._jump)

    def time(self) -> float:
        return self._jump.clock


def run(main: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine in virtual time."""
    with asyncio.Runner(loop_factory=_VirtualLoop) as runner:
        return runner.run(main)


def Pace(name: str, **options: Any) -> pacing.Pace:  # noqa: N802
    """A pace keeper with the same jitter every time."""
    return pacing.Pace(name, **options, clock=Clock(7))


def now() -> float:
    return asyncio.get_running_loop().time()


# -- services with a quota; refused calls count as well --------------------------------------------------------------


class Unlimited:
    def admit(self, at: float) -> tuple[bool, float, int]:
        """Takes a call at a time (s): whether it is accepted, else for how long (s) to wait; how many are left."""
        return True, 0.0, 99


@dataclass
class FixedWindow:
    """So many calls a window, the first of which opens with the first call, or at `opened`."""

    calls: int = 25
    window: float = 5.0
    opened: float = -math.inf
    taken: int = 0

    def admit(self, at: float) -> tuple[bool, float, int]:
        if at >= self.opened + self.window:
            aligned = self.opened + (at - self.opened) // self.window * self.window
            self.opened, self.taken = (at if math.isnan(aligned) or math.isinf(aligned) else aligned), 0
        self.taken += 1
        return self.taken <= self.calls, self.opened + self.window - at, max(0, self.calls - self.taken)


@dataclass
class SlidingWindow:
    calls: int = 25
    window: float = 5.0
    log: deque[float] = field(default_factory=deque)

    def admit(self, at: float) -> tuple[bool, float, int]:
        while self.log and self.log[0] <= at - self.window:
            self.log.popleft()
        self.log.append(at)
        over = len(self.log) - self.calls
        return over <= 0, self.log[max(0, over)] + self.window - at, max(0, -over)


@dataclass
class TokenBucket:
    capacity: float = 25.0
    refill: float = 5.0
    tokens: float = 25.0
    at: float = math.inf

    def admit(self, at: float) -> tuple[bool, float, int]:
        self.tokens = min(self.capacity, self.tokens + max(0.0, at - self.at) * self.refill)
        self.at = at
        if accepted := self.tokens >= 1:
            self.tokens -= 1
        return accepted, (1 - self.tokens) / self.refill, int(self.tokens)


@dataclass
class Service:
    """Answers after its latency, refuses at once; notes when each call came and whether it was accepted."""

    quota: Any = field(default_factory=Unlimited)
    latency: float = 0.5
    retry_after: str = "exact"  # or "whole", in whole seconds; "none"
    headers: bool = False
    log: list[tuple[float, bool]] = field(default_factory=list)
    in_flight: int = 0
    most: int = 0
    pauses: list[tuple[float, float]] = field(default_factory=list)
    trip: random.Random = field(default_factory=lambda: random.Random(3))

    async def call(self, pace: pacing.Pace) -> None:
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        try:
            await asyncio.sleep(self.trip.uniform(0.001, 0.002))
            accepted, wait, left = self.quota.admit(now())
            self.log.append((now(), accepted))
            await asyncio.sleep(self.latency if accepted else 0.001)
            if self.headers:
                pace.heard({"X-RateLimit-Remaining-Requests": str(left), "x-ratelimit-limit-requests": "25"})
            if not accepted:
                asked = {"exact": wait, "whole": float(math.ceil(wait)), "none": None}[self.retry_after]
                self.pauses.append((now(), now() + (asked or 0.0)))
                raise TransientError("429", retry_after=asked, throttled=True)
        finally:
            self.in_flight -= 1

    @property
    def wasted(self) -> int:
        return sum(not accepted for _, accepted in self.log)


async def make(count: int, service: Service, pace: pacing.Pace, *, workers: int, max_retries: int = 5) -> float:
    """Makes so many calls with so many workers; the time (s) that it took."""
    begun, todo = now(), iter(range(count))

    async def work() -> None:
        for _ in todo:
            await with_retries(lambda: service.call(pace), pace=pace, max_retries=max_retries)

    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(work())
    return now() - begun


def failing(*errors: Exception | None) -> tuple[Callable[[], Awaitable[str]], list[float]]:
    """An operation that raises these, one a call, the last one for ever (None: it works); and when it was called."""
    called: list[float] = []
    each = itertools.chain(errors, itertools.repeat(errors[-1]))

    async def operation() -> str:
        called.append(now())
        error = next(each)
        if error is not None:
            raise error
        return "well"

    return operation, called


# -- what is retried, and for how long -------------------------------------------------------------------------------


def test_success_is_returned_at_once() -> None:
    """A call that works is made once and nothing is waited for."""
    operation, called = failing(None)
    with retry.testing() as waits:
        result = run(with_retries(operation, pace=Pace("text", max_concurrent=1), max_retries=5))

    assert (result, len(called), waits) == ("well", 1, [])


@pytest.mark.parametrize("error", [CallRejected("400"), ValueError("a bug")])
def test_other_errors_are_not_retried(error: Exception) -> None:
    """Only a TransientError is worth a second call."""
    operation, called = failing(error)
    with pytest.raises(type(error)) as caught:
        run(with_retries(operation, pace=Pace("text", max_concurrent=1), max_retries=5))

    assert caught.value is error
    assert len(called) == 1


@pytest.mark.parametrize("retries", [0, 1, 5])
@pytest.mark.parametrize("throttled", [False, True])
@pytest.mark.parametrize("asked", [None, 2.0])
def test_gives_up_after_max_retries_with_the_real_last_error(
    retries: int, throttled: bool, asked: float | None
) -> None:
    """A service that always fails, with a 5xx or a 429, is asked 1 + MAX_RETRIES times; its last error is raised."""
    errors = [TransientError(str(n), retry_after=asked, throttled=throttled) for n in range(retries + 1)]
    operation, called = failing(*errors)
    with pytest.raises(TransientError) as caught:
        run(with_retries(operation, pace=Pace("text", max_concurrent=1), max_retries=retries))

    assert caught.value is errors[-1]
    assert len(called) == retries + 1


def test_schedule_is_exponential_from_a_second_and_a_half_with_full_jitter() -> None:
    """The n-th wait lies anywhere between 0 and 1.5 s doubled n - 1 times, and never above a minute."""
    many: list[list[float]] = []
    for _ in range(200):
        operation, _called = failing(TransientError("503"))
        with retry.testing() as waits, pytest.raises(TransientError):
            asyncio.run(with_retries(operation, pace=pacing.Pace("text", max_concurrent=1), max_retries=8))
        many.append(waits)

    for step, nth in enumerate(zip(*many, strict=True)):
        bound = min(60.0, 1.5 * 2**step)
        assert 0 <= min(nth) < 0.1 * bound
        assert 0.9 * bound < max(nth) <= bound


@pytest.mark.parametrize("throttled", [False, True])
def test_retry_after_comes_first(throttled: bool) -> None:
    """No retry comes earlier than the service asked, and none much later."""
    operation, called = failing(TransientError("busy", retry_after=20.0, throttled=throttled), None)
    run(with_retries(operation, pace=Pace("text", max_concurrent=1), max_retries=1))

    assert 20.0 <= called[1] - called[0] <= 22.5


def test_testing_mode_records_the_same_waits_and_sleeps_none() -> None:
    """In the testing mode neither retries nor pauses take time, and the waits that were asked for are recorded."""
    errors = [TransientError("429", retry_after=30.0, throttled=True), TransientError("503", retry_after=40.0), None]
    operation, called = failing(*errors)
    told: list[tuple[str, float, int]] = []
    with retry.testing() as waits:
        run(
            with_retries(
                operation,
                pace=Pace("text", max_concurrent=1, requests_per_minute=1),
                max_retries=3,
                on_retry=lambda exc, wait, number: told.append((exc.what, wait, number)),
            )
        )

    assert called[-1] == called[0]
    assert 30 <= waits[0] <= 30.1
    assert 40 <= waits[1] <= 44
    assert told == [("429", waits[0], 1), ("503", waits[1], 2)]


def test_a_wait_of_hours_stops_the_run_with_the_time_to_come_back() -> None:
    """A Retry-After above ten minutes is raised at once, with the time to come back and how long that is."""
    operation, called = failing(TransientError("The image deployment has no quota left.", retry_after=86400.0))
    with pytest.raises(QuotaExhausted, match=r"24 h 0 min.*\n.*after \d{4}-\d\d-\d\d \d\d:\d\d") as caught:
        run(with_retries(operation, pace=Pace("images", max_concurrent=1), max_retries=5))

    assert isinstance(caught.value.__cause__, TransientError)
    assert len(called) == 1


def test_time_in_all_is_bounded() -> None:
    """However many retries are allowed, a call gives up within half an hour."""
    operation, called = failing(TransientError("503", retry_after=500.0))
    with pytest.raises(TransientError):
        run(with_retries(operation, pace=Pace("text", max_concurrent=1), max_retries=1000))

    assert called[-1] - called[0] <= retry.LONGEST_IN_ALL


@pytest.mark.parametrize(("refusals", "ends_well"), [(9, True), (999, False)])
def test_a_call_does_not_die_of_its_siblings_success(refusals: int, ends_well: bool) -> None:
    """429s do not count while the deployment takes other calls, yet attempts stay bounded."""
    pace = Pace("images", max_concurrent=2)
    refused, called = failing(*[TransientError("429", retry_after=0.1, throttled=True)] * refusals, None)

    async def operation() -> None:
        pace.succeeded()  # a sibling's
        await refused()

    async def main() -> bool:
        try:
            await with_retries(operation, pace=pace, max_retries=2)
        except TransientError:
            return False
        return True

    assert run(main()) is ends_well
    assert len(called) == (refusals + 1 if ends_well else retry.MOST_ATTEMPTS * 3)


# -- turns -----------------------------------------------------------------------------------------------------------


def test_a_waiting_call_holds_no_slot() -> None:
    """While one call waits for its retry, another uses the only slot."""
    pace = Pace("text", max_concurrent=1)
    operation, called = failing(TransientError("503", retry_after=60.0), None)

    async def main() -> float:
        waiting = asyncio.create_task(with_retries(operation, pace=pace, max_retries=1))
        await asyncio.sleep(1)
        await with_retries(failing(None)[0], pace=pace, max_retries=0)
        at = now()
        await waiting
        return at

    assert run(main()) < called[1]


def test_a_429_pauses_all_once_and_one_probe_goes_first() -> None:
    """Calls refused together make one pause, not one each; one call tries the water before the others."""
    pace = Pace("images", max_concurrent=8)
    service = Service(FixedWindow(calls=0, window=30.0))

    async def main() -> None:
        service.quota.admit(now())
        todo = [
            asyncio.create_task(with_retries(lambda: service.call(pace), pace=pace, max_retries=5)) for _ in range(8)
        ]
        await asyncio.sleep(29)
        before = len(service.log)
        assert before <= 8
        assert pace.state.throttled == before
        await asyncio.sleep(1.04)
        assert len(service.log) == before + 1
        for task in todo:
            task.cancel()
        await asyncio.gather(*todo, return_exceptions=True)

    run(main())


@settings(max_examples=60, deadline=None)
@given(
    workers=st.integers(1, 12),
    slots=st.integers(1, 6),
    latency=st.floats(0.01, 3),
    quota=st.sampled_from([FixedWindow, SlidingWindow, TokenBucket]),
    calls=st.integers(2, 30),
    asked=st.sampled_from(["exact", "whole", "none"]),
    headers=st.booleans(),
    rate=st.none() | st.floats(30, 3000),
)
def test_never_more_than_the_maximum_in_flight_and_hardly_one_in_a_pause(
    workers: int, slots: int, latency: float, quota: Any, calls: int, asked: str, headers: bool, rate: float | None
) -> None:
    """Whatever the service does: never too many at once, only tests go in a pause, and every call gets its answer."""
    service = Service(quota(calls), latency, asked, headers)
    pace = Pace("images", max_concurrent=slots, requests_per_minute=rate)
    tests: list[bool] = []  # of each call: whether it went in a pause

    async def main() -> None:
        todo = iter(range(40))

        async def attempt() -> None:
            tests.append(any(start < now() < end for start, end in service.pauses))
            await service.call(pace)

        async def work() -> None:
            for _ in todo:
                await with_retries(attempt, pace=pace, max_retries=40)

        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(work())

    run(main())

    assert service.most <= slots
    assert asked != "exact" or sum(tests) <= 4 + len(tests) / 5
    assert sum(accepted for _, accepted in service.log) == 40
    assert pace.state.calls == len(service.log)
    assert pace.state.throttled == service.wasted
    assert pace.state.in_flight == 0


@given(slots=st.integers(1, 4), rate=st.none() | st.floats(60, 600))
def test_first_come_first_gone(slots: int, rate: float | None) -> None:
    """Calls go in the order in which they joined the line."""
    pace = Pace("text", max_concurrent=slots, requests_per_minute=rate)
    gone: list[int] = []

    async def one(number: int) -> None:
        async with pace.turn():
            gone.append(number)
            await asyncio.sleep(0.1)

    async def main() -> None:
        await asyncio.gather(*(one(number) for number in range(20)))

    run(main())

    assert gone == list(range(20))


@settings(max_examples=60, deadline=None)
@given(cancelled=st.sets(st.integers(0, 11)), at=st.sampled_from([0.0, 0.05, 0.1, 0.15, 0.2]), slots=st.integers(1, 3))
def test_a_cancelled_call_leaves_its_slot_and_its_place(cancelled: set[int], at: float, slots: int) -> None:
    """Calls cancelled in flight, in line, or in the very moment they are let go, hold nobody up."""
    pace = Pace("text", max_concurrent=slots)
    done: set[int] = set()

    async def one(number: int) -> None:
        async with pace.turn():
            await asyncio.sleep(0.1)
            done.add(number)

    async def main() -> None:
        todo = [asyncio.create_task(one(number)) for number in range(12)]
        await asyncio.sleep(at)
        for number in cancelled:
            todo[number].cancel()
        await asyncio.gather(*todo, return_exceptions=True)

    run(main())

    assert done >= set(range(12)) - cancelled
    assert pace.state.in_flight == 0


def test_a_call_cancelled_as_it_is_let_go_gives_its_slot_back() -> None:
    """Let go and cancelled in the same tick, before it could run, a call holds no slot."""
    pace = Pace("text", max_concurrent=1)

    async def main() -> str:
        async with pace.turn():
            waiting = asyncio.create_task(with_retries(failing(None)[0], pace=pace, max_retries=0))
            await asyncio.sleep(0.1)
        waiting.cancel()  # leaving the turn has just let it go
        await asyncio.gather(waiting, return_exceptions=True)
        assert waiting.cancelled()
        return await with_retries(failing(None)[0], pace=pace, max_retries=0)

    assert run(main()) == "well"
    assert pace.state.in_flight == 0


def test_a_task_group_cancels_cleanly() -> None:
    """When one call of a group fails for good, its siblings in flight, in line and in a pause end, and all is free."""
    pace = Pace("text", max_concurrent=2)

    async def doomed() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(4):
                operation, _called = failing(TransientError("429", retry_after=99.0, throttled=True))
                group.create_task(with_retries(operation, pace=pace, max_retries=3))
            await asyncio.sleep(1)
            group.create_task(asyncio.wait_for(asyncio.sleep(9), 1))

    async def main() -> None:
        with pytest.raises(ExceptionGroup):
            await doomed()
        assert pace.state.in_flight == 0
        await asyncio.sleep(100)
        await with_retries(failing(None)[0], pace=pace, max_retries=0)

    run(main())


# -- pace ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 4, 8])
def test_a_run_bound_by_latency_loses_nothing(workers: int) -> None:
    """With no limit in sight the pace keeper costs less than 2 % of latency x calls / workers."""
    service, pace = Service(), Pace("images", max_concurrent=workers)
    took = run(make(80, service, pace, workers=workers))

    assert pace.state.rate_per_minute is None
    assert took <= 1.02 * 0.5015 * 80 / workers


def ideal(quota: Any, calls: int, workers: int, latency: float) -> float:
    """The time (s) of who knows the quota: each call goes as soon as a worker is free and it would be accepted."""
    free = [1000.0] * workers
    at = 1000.0
    for _ in range(calls):
        at = max(at, heapq.heappop(free))
        accepted, wait, _left = copy.deepcopy(quota).admit(at)
        at += 0.0 if accepted else wait + 1e-9
        quota.admit(at)
        heapq.heappush(free, at + latency)
    return max(free) - 1000.0


QUOTAS: dict[str, Callable[[], Any]] = {
    "fixed": FixedWindow,
    "aligned": lambda: FixedWindow(opened=997.0),
    "sliding": SlidingWindow,
    "bucket": TokenBucket,
}


@pytest.mark.parametrize("headers", [False, True])
@pytest.mark.parametrize(("retry_after", "wasted"), [("exact", 37), ("whole", 50)])
@pytest.mark.parametrize("quota", QUOTAS)
@pytest.mark.parametrize(("workers", "latency"), [(4, 0.05), (8, 0.5), (8, 1.0), (16, 0.5)])
def test_a_quota_is_learnt_at_little_cost(
    quota: str, retry_after: str, wasted: int, headers: bool, workers: int, latency: float
) -> None:
    """101 calls against 25 calls a 5 s: close to the service's ideal, also where refused calls count as well."""
    service, pace = Service(QUOTAS[quota](), latency, retry_after, headers), Pace("images", max_concurrent=workers)
    took = run(make(101, service, pace, workers=workers))

    slack = {"exact": 1.06, "whole": 1.13}[retry_after]
    slack = 1.2 if quota == "sliding" else slack  # there each refused call takes the place of one
    assert took <= slack * ideal(QUOTAS[quota](), 101, workers, latency)
    assert service.wasted <= wasted
    assert 200 <= (pace.state.rate_per_minute or 0) <= 480


@pytest.mark.parametrize("quota", QUOTAS)
@pytest.mark.parametrize("workers", [4, 8, 16])
def test_a_quota_that_is_given_is_never_passed(quota: str, workers: int) -> None:
    """With REQUESTS_PER_MINUTE not one call is refused, and the quota is used up to 2 %."""
    service = Service(QUOTAS[quota]())
    pace = Pace("images", max_concurrent=workers, requests_per_minute=300)
    took = run(make(101, service, pace, workers=workers))

    assert service.wasted == 0
    assert took <= 1.02 * 20.5


@pytest.mark.parametrize("given", [None, 9.0])
def test_azure_images_at_nine_a_minute(given: float | None) -> None:
    """A real image quota, 9 a minute with at most 2 at once and 30 s an image, is used to nine tenths."""
    service = Service(TokenBucket(2.0, 0.15, 2.0), 30.0)
    pace = Pace("images", max_concurrent=8, requests_per_minute=given)
    took = run(make(60, service, pace, workers=8))

    assert 60 * 60 / (took - 30.0) >= 8.0
    assert service.wasted <= (0 if given else 21)


def test_concurrency_comes_back_after_a_burst_of_5xx() -> None:
    """An outage of five seconds lowers the concurrency; the run ends whole and as concurrent as before."""
    pace, service = Pace("images", max_concurrent=8), Service()
    least = [8]

    async def flaky() -> None:
        least.append(pace.state.concurrency)
        if 1003 < now() < 1008:
            await asyncio.sleep(0.01)
            raise TransientError("503")
        await service.call(pace)

    async def main() -> None:
        todo = iter(range(160))

        async def work() -> None:
            for _ in todo:
                await with_retries(flaky, pace=pace, max_retries=8)

        async with asyncio.TaskGroup() as group:
            for _ in range(8):
                group.create_task(work())

    run(main())

    assert min(least) < 8
    assert pace.state.concurrency == 8
    assert sum(accepted for _, accepted in service.log) == 160


def test_refusals_at_random_do_not_starve_the_run() -> None:
    """Where one call in ten is refused whatever the rate, the rate does not sink and sink."""

    @dataclass
    class Moody(Unlimited):
        mood: random.Random = field(default_factory=lambda: random.Random(5))

        def admit(self, at: float) -> tuple[bool, float, int]:
            return self.mood.random() > 0.1, 0.5, 99

    service, pace = Service(Moody()), Pace("images", max_concurrent=8)
    took = run(make(210, service, pace, workers=8))

    assert took <= 8 * 210 * 0.5 / 8


def test_a_quota_that_is_freed_is_found() -> None:
    """When the limit goes away the rate grows until latency is the bound again."""

    @dataclass
    class Freed(FixedWindow):
        def admit(self, at: float) -> tuple[bool, float, int]:
            return super().admit(at) if at < 1020 else (True, 0.0, 99)

    service, pace = Service(Freed()), Pace("images", max_concurrent=8)
    took = run(make(800, service, pace, workers=8))

    assert took <= 1.22 * (20 + 700 * 0.5 / 8)  # a rate seven times the last one is found within 100 calls


def test_a_header_that_says_none_is_left_saves_the_429() -> None:
    """Told that none is left and when there will be more, no call is burnt to find out."""
    pace = Pace("images", max_concurrent=1)
    quota = FixedWindow(calls=3, window=4.0)
    refused = 0

    async def operation() -> None:
        nonlocal refused
        accepted, wait, left = quota.admit(now())
        refused += not accepted
        pace.heard({"x-ratelimit-remaining-requests": str(left), "x-ratelimit-reset-requests": f"{wait * 1000:.0f}ms"})
        await asyncio.sleep(1.2)

    async def main() -> None:
        for _ in range(7):
            await with_retries(operation, pace=pace, max_retries=0)

    run(main())

    assert refused == 0


@given(st.text(max_size=12), st.text(max_size=12))
def test_garbage_in_headers_is_tolerated(left: str, reset: str) -> None:
    """No header's value raises."""
    pace = Pace("images", max_concurrent=1)

    async def operation() -> None:
        pace.heard({"x-ratelimit-remaining-requests": left, "x-ratelimit-reset-requests": reset})

    with retry.testing():
        run(with_retries(operation, pace=pace, max_retries=0))


@pytest.mark.parametrize("value", ["-1", "", "many", "0"])
def test_a_header_that_is_no_help_does_no_harm(value: str) -> None:
    """-1, garbage, and a 0 that is a lie, leave a run within a sixth of its bound."""
    pace, service = Pace("images", max_concurrent=8), Service()

    async def operation() -> None:
        await service.call(pace)
        pace.heard({"x-ratelimit-remaining-requests": value})

    async def main() -> float:
        todo = iter(range(160))

        async def work() -> None:
            for _ in todo:
                await with_retries(operation, pace=pace, max_retries=0)

        async with asyncio.TaskGroup() as group:
            for _ in range(8):
                group.create_task(work())
        return now() - 1000

    assert run(main()) <= 10 * 7 / 6


def test_no_slot_at_all_is_refused() -> None:
    """A pace keeper that could never let a call go can't be made."""
    with pytest.raises(ValueError, match="at least 1"):
        Pace("images", max_concurrent=0)
