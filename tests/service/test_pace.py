"""The pace keeper in virtual time, against an oracle that knows the quota and against the plain way."""

from __future__ import annotations

import asyncio
import statistics
from dataclasses import dataclass
from typing import Any

import pytest

from benchmarks.pacing import SHAPES
from benchmarks.virtual import (
    START,
    FixedWindow,
    Service,
    Shape,
    TokenBucket,
    Took,
    Unlimited,
    oracle,
    ours,
    plain,
    run,
    took,
)
from datagen_lib.errors import TransientError
from datagen_lib.service import retry
from datagen_lib.service.clock import Clock
from datagen_lib.service.pace import Learnt, Pace, PaceState
from datagen_lib.service.retry import with_retries

SLACK = 1.04  # of a bound, because three runs are few


def middle(shape: Shape, way: Any) -> Took:
    runs = [took(shape, way, seed) for seed in range(3)]
    return Took(statistics.median(each.seconds for each in runs), statistics.median(each.refused for each in runs))


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_near_the_oracle_and_as_fast_as_the_plain_way(shape: Shape) -> None:
    """In every shape: within its bound of the oracle, few calls refused, and hardly slower than the plain way."""
    kept, left = middle(shape, ours), middle(shape, plain)

    assert kept.seconds <= SLACK * shape.most * oracle(shape)
    assert kept.seconds <= SLACK * 1.05 * left.seconds
    assert kept.refused <= shape.refused + 0.03


def test_a_rate_of_an_earlier_run_is_begun_with() -> None:
    """Told what was learnt before, a run begins at that rate, and refuses no more calls than it needs."""
    shape = Shape("", lambda: TokenBucket(1, lambda _: 1.0), 2)
    pace = Pace("image", max_concurrent=8, first_guess=Learnt(58.0, 12), clock=Clock(1))
    service = Service(shape, 1)

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(40):
                group.create_task(with_retries(service.call, pace=pace, max_retries=9))

    run(main())

    assert service.refused <= 5
    assert pace.learnt is not None
    assert 50 <= pace.learnt.per_minute <= 66


def test_no_limit_no_rate() -> None:
    """Where nothing is refused nothing is learnt, and nothing told."""
    told: list[PaceState] = []
    pace = Pace("image", max_concurrent=4, on_change=told.append)
    service = Service(Shape("", Unlimited, 1), 1)

    async def main() -> None:
        for _ in range(9):
            await with_retries(service.call, pace=pace, max_retries=0)

    run(main())

    assert (pace.learnt, told) == (None, [])


def test_changes_are_told_once() -> None:
    """A pause is told when it begins, with its length and reason, and again when it is over with the rate learnt."""
    told: list[PaceState] = []
    pace = Pace("image", max_concurrent=1, on_change=told.append, clock=Clock(1))
    answers: list[Exception | None] = [None, None, TransientError("429", retry_after=8.0, throttled=True), None]

    async def call() -> None:
        await asyncio.sleep(0.01)
        answer = answers.pop(0)
        if answer is not None:
            raise answer
        await asyncio.sleep(0.99)

    async def main() -> None:
        for _ in range(3):
            await with_retries(call, pace=pace, max_retries=3)

    run(main())

    assert next(state.why for state in told) in {"doubt", "half", "shut"}
    assert told[-1].why == ""
    assert len(told) <= 3


def test_a_call_that_waits_for_its_turn_is_told() -> None:
    """Under a quota of 6 a minute each call but the first is told: the next one goes in ten seconds."""
    told: list[PaceState] = []
    pace = Pace("image", max_concurrent=2, requests_per_minute=6, on_change=told.append, clock=Clock(1))

    async def call() -> None:
        await asyncio.sleep(1)

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(4):
                group.create_task(with_retries(call, pace=pace, max_retries=0))

    run(main())

    assert [round(state.next_in) for state in told] == [10, 9, 10, 10], "told when the rate is, too"
    assert {state.why for state in told} == {""}


def outage(down: float, patience: float, calls: int = 8) -> tuple[list[float], int]:
    """Calls to a service that nobody answers for, for so long; when it was tried, and how many calls failed."""
    tried: list[float] = []
    pace = Pace("image", max_concurrent=4, clock=Clock(3))

    async def call() -> None:
        at = asyncio.get_running_loop().time() - 1000
        if 5 < at < 5 + down:
            tried.append(at)
            await asyncio.sleep(0.01)
            raise TransientError("connection refused", outage=True)
        await asyncio.sleep(1)

    async def main() -> int:
        todo, failed = iter(range(calls * 5)), 0

        async def work() -> None:
            nonlocal failed
            for _ in todo:
                try:
                    await with_retries(call, pace=pace, max_retries=2, outage_patience=patience)
                except TransientError:
                    failed += 1

        await asyncio.gather(*(work() for _ in range(4)))
        return failed

    return tried, run(main())


@pytest.mark.parametrize("down", [3.0, 30.0, 120.0])
def test_an_outage_is_sat_out(down: float) -> None:
    """While nobody answers one call tries now and then, and none is given up within the patience."""
    tried, failed = outage(down, 300)

    assert failed == 0
    assert len(tried) <= 12 + down / 10


def test_an_outage_longer_than_the_patience_is_given_up() -> None:
    """After OUTAGE_PATIENCE the calls fail with the real error."""
    tried, failed = outage(10_000, 60)

    assert failed > 0
    assert tried[0] + 40 <= max(tried)


def test_retry_after_of_a_5xx_holds_the_next_call_too() -> None:
    """A 503 that asks for ten seconds keeps every call to the deployment waiting, and lowers no rate."""
    pace = Pace("text", max_concurrent=4, clock=Clock(1))
    went: list[float] = []

    async def call() -> None:
        went.append(asyncio.get_running_loop().time() - 1000)
        if len(went) == 1:
            raise TransientError("HTTP 503", retry_after=10.0)
        await asyncio.sleep(1)

    async def main() -> None:
        await asyncio.gather(with_retries(call, pace=pace, max_retries=2), late())

    async def late() -> None:
        await asyncio.sleep(1)
        await with_retries(call, pace=pace, max_retries=2)

    run(main())

    assert went[1] >= 10
    assert pace.state.rate_per_minute is None


def test_outages_end_in_the_testing_mode() -> None:
    """Where no wait is slept, the waits asked for count against the patience."""

    async def call() -> None:
        raise TransientError("connection refused", outage=True)

    with retry.testing() as waits, pytest.raises(TransientError):
        asyncio.run(with_retries(call, pace=Pace("text", max_concurrent=1), max_retries=5))

    assert 250 <= sum(waits) <= 300


def test_a_window_of_hundreds_of_calls_is_remembered_whole() -> None:
    """A quota that counts more calls than a few hundred is kept too: a handful of calls are refused a window."""
    kept = took(Shape("", lambda: FixedWindow((400,), 60), 1, at_once=64, calls=2000), ours, 1)

    assert kept.refused <= 0.03


@dataclass
class OpensLate:
    """Takes nothing for its first second, and all from then on."""

    def admit(self, at: float) -> tuple[bool, float]:
        return at >= START + 1, max(0.0, START + 1 - at)


def test_a_service_that_opens_for_good_is_used_whole() -> None:
    """Where refusals take long and none comes any more, calls do not creep on one at a time."""
    shape = Shape("", OpensLate, 0.5, refusal=0.3)
    kept = took(shape, ours, 1)

    assert kept.seconds <= 1.5 * oracle(shape)
