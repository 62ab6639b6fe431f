"""Services with a quota in virtual time, the plain way and the oracle to compare with: minutes cost nothing."""

from __future__ import annotations

import asyncio
import copy
import heapq
import math
import random
import selectors
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar

from datagen_lib.errors import TransientError
from datagen_lib.service.clock import Clock
from datagen_lib.service.pace import Pace
from datagen_lib.service.retry import with_retries

T = TypeVar("T")
START = 1000.0  # s, where the virtual clock begins


class _Jump(selectors.SelectSelector):
    """Moves the clock to the next timer instead of waiting for it."""

    clock = START

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise AssertionError("deadlock: everything waits and no timer is set")
        self.clock += max(0.0, timeout)
        return []


class _VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        return self._jump.clock


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in virtual time."""
    with asyncio.Runner(loop_factory=_VirtualLoop) as runner:
        return runner.run(main)


# -- quotas ------------------------------------------------------------------------------------------------------------


class Quota(Protocol):
    """What a service takes."""

    def admit(self, at: float) -> tuple[bool, float]:
        """A call comes: whether it is taken, and seconds until the next one would be; -1.0: it is only busy."""


class Unlimited:
    """Takes all."""

    def admit(self, at: float) -> tuple[bool, float]:  # noqa: ARG002
        return True, 0.0


@dataclass
class FixedWindow:
    """So many calls a window; several numbers take turns."""

    calls: tuple[int, ...] = (25,)
    seconds: float = 5.0
    begun: float = START
    taken: int = 0
    window: int = -1

    def admit(self, at: float) -> tuple[bool, float]:
        window = int((at - self.begun + 1e-9) // self.seconds)
        if window != self.window:
            self.window, self.taken = window, 0
        taken = self.taken < self.calls[window % len(self.calls)]
        self.taken += taken
        return taken, self.begun + (window + 1) * self.seconds - at


@dataclass
class SlidingWindow:
    """So many calls in any so many seconds; refused ones may count too."""

    calls: int = 25
    seconds: float = 5.0
    counts_refused: bool = False
    log: deque[float] = field(default_factory=deque)

    def admit(self, at: float) -> tuple[bool, float]:
        while self.log and self.log[0] <= at - self.seconds + 1e-9:
            self.log.popleft()
        taken = len(self.log) < self.calls
        if taken or self.counts_refused:
            self.log.append(at)
        over = max(0, len(self.log) - self.calls)
        return taken, self.log[over] + self.seconds - at


@dataclass
class TokenBucket:
    """A bucket of calls that fills at a rate, which may change with the seconds since the start."""

    size: float = 25.0
    refill: Callable[[float], float] = lambda _: 5.0
    tokens: float = math.inf
    at: float = START

    def admit(self, at: float) -> tuple[bool, float]:
        rate = self.refill(at - START)
        self.tokens = min(self.size, self.tokens + (at - self.at) * rate)
        self.at = at
        taken = self.tokens >= 1 - 1e-9
        self.tokens -= taken
        return taken, max(0.0, 1 - self.tokens) / rate


@dataclass
class Outages:
    """Takes nothing for the last seconds of each so many."""

    every: float = 120.0
    last: float = 20.0

    def admit(self, at: float) -> tuple[bool, float]:
        left = self.every - (at - START) % self.every
        return left > self.last, left


@dataclass
class Moody:
    """Refuses a share of the calls at random, whatever the quota."""

    inner: Quota
    share: float
    mood: random.Random = field(default_factory=random.Random)

    def admit(self, at: float) -> tuple[bool, float]:
        return (False, -1.0) if self.mood.random() < self.share else self.inner.admit(at)


# -- a service ---------------------------------------------------------------------------------------------------------

Says = Literal["exact", "whole", "nothing"] | float


@dataclass(frozen=True)
class Shape:
    """What a service does, and what is asked of it.

    Attributes:
        name: in the table.
        quota: makes its quota.
        latency: s that an answer takes, give or take a tenth.
        says: the Retry-After of a 429: exact, in whole s, nothing, always the same; below 0, so many times too long.
        at_once: most calls in flight.
        calls: to be answered.
        refusal: s that a 429 takes.
        busy: the Retry-After (s) of a refusal at random.
        most: times the oracle that are allowed.
        refused: share of the calls refused that is allowed.
    """

    name: str
    quota: Callable[[], Quota]
    latency: float
    says: Says = "exact"
    at_once: int = 8
    calls: int = 210
    refusal: float = 0.05
    busy: float | None = 1.0
    most: float = 1.10
    refused: float = 0.15


class Runaway(Exception):
    """Sixty times as many calls as wanted."""


class Service:
    """Answers after its latency, refuses sooner."""

    def __init__(self, shape: Shape, seed: int) -> None:
        self.shape, self.quota, self.trip = shape, shape.quota(), random.Random(seed)
        if isinstance(self.quota, Moody):
            self.quota.mood = random.Random(seed + 1)
        self.taken = self.refused = 0

    async def call(self) -> None:
        """One call; a refusal is a TransientError."""
        loop, shape = asyncio.get_running_loop(), self.shape
        await asyncio.sleep(self.trip.uniform(0.3, 0.5) * shape.refusal)
        taken, wait = self.quota.admit(loop.time())
        self.taken, self.refused = self.taken + taken, self.refused + (not taken)
        if self.refused > 60 * shape.calls:
            raise Runaway
        if taken:
            await asyncio.sleep(shape.latency * self.trip.uniform(0.9, 1.1))
            return
        await asyncio.sleep(self.trip.uniform(0.5, 0.6) * shape.refusal)
        raise TransientError("HTTP 429", retry_after=self._says(wait), throttled=True)

    def _says(self, wait: float) -> float | None:
        says = self.shape.says
        if wait < 0:
            return self.shape.busy
        if isinstance(says, float):
            return says if says > 0 else -says * wait
        return {"exact": wait, "whole": float(math.ceil(wait - 1e-9)), "nothing": None}[says]

    @property
    def share_refused(self) -> float:
        """Of all calls."""
        return self.refused / max(1, self.refused + self.taken)


# -- three ways to make the calls --------------------------------------------------------------------------------------


async def ours(shape: Shape, service: Service, seed: int) -> None:
    """By the pace keeper."""
    pace, todo = Pace("image", max_concurrent=shape.at_once, clock=Clock(seed)), iter(range(shape.calls))

    async def work() -> None:
        for _ in todo:
            await with_retries(service.call, pace=pace, max_retries=20)

    async with asyncio.TaskGroup() as group:
        for _ in range(shape.at_once):
            group.create_task(work())


async def plain(shape: Shape, service: Service, seed: int) -> None:
    """The plain way: each worker waits what its own 429 says, else longer each time, with jitter."""
    jitter, todo = random.Random(seed), iter(range(shape.calls))

    async def make() -> None:
        longest = 1.0
        while True:
            try:
                await service.call()
            except TransientError as error:
                own, longest = jitter.uniform(0.5, 1) * longest, min(60.0, 2 * longest)
                await asyncio.sleep(own if error.retry_after is None else error.retry_after)
            else:
                return

    async def work() -> None:
        for _ in todo:
            await make()

    await asyncio.gather(*(work() for _ in range(shape.at_once)))


def oracle(shape: Shape) -> float:
    """Seconds of who knows the quota: a call goes as soon as a worker is free and it is taken, and none is refused."""
    quota = shape.quota()
    quota = quota.inner if isinstance(quota, Moody) else quota
    free, at, trip = [START] * shape.at_once, START, 0.4 * shape.refusal
    for _ in range(shape.calls):
        at = max(at, heapq.heappop(free))
        while True:
            taken, wait = copy.deepcopy(quota).admit(at + trip)
            if taken:
                break
            at += wait + 1e-6
        quota.admit(at + trip)
        heapq.heappush(free, at + trip + shape.latency)
    return max(free) - START


@dataclass(frozen=True)
class Took:
    """Seconds and the share of the calls refused."""

    seconds: float
    refused: float


def took(shape: Shape, way: Callable[[Shape, Service, int], Coroutine[Any, Any, None]], seed: int) -> Took:
    """One run in virtual time; infinite where the calls never end."""
    service = Service(shape, seed)

    async def timed() -> float:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await way(shape, service, seed)
        return loop.time() - begun

    try:
        return Took(run(timed()), service.share_refused)
    except Runaway:
        return Took(math.inf, service.share_refused)
