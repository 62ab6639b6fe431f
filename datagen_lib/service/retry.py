"""What is retried, and for how long: a call is made again after each passing failure, as long as that is reasonable.

Backoff is exponential with full jitter; what the service asks for in Retry-After comes first. All calls to a deployment
share its pace keeper, so that a 429 makes them wait once, together.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from datagen_lib.errors import QuotaExhausted, TransientError

from .clock import Clock, testing
from .pace import Learnt, Pace, PaceState

T = TypeVar("T")

FIRST_WAIT = 1.5  # s; doubles with each failure of the call
LONGEST_WAIT = 60.0  # s, for a wait of our own; the service may ask for more
LONGEST_ASKED = 600.0  # s; a run does not sit out more than this
OUTAGE_PATIENCE = 300.0  # s that nobody may answer before a call gives up
LONGEST_IN_ALL = 1800.0  # s, from a call's joining the line to its last retry
MOST_ATTEMPTS = 8  # times max_retries + 1: the bound for a call whose 429s do not count

__all__ = ["Learnt", "Pace", "PaceState", "testing", "with_retries"]


async def with_retries(
    operation: Callable[[], Awaitable[T]],
    *,
    pace: Pace,
    max_retries: int,
    outage_patience: float = OUTAGE_PATIENCE,
    finish: Callable[[T], Awaitable[object]] | None = None,
    on_retry: Callable[[TransientError, float, int], None] | None = None,
) -> T:
    """Makes a call in its turn, and again after each `TransientError` for as long as that is reasonable.

    A 429 counts against max_retries only when the deployment took no other call since this one joined the line or was
    last refused: no call dies of its siblings' success. MOST_ATTEMPTS and LONGEST_IN_ALL bound those that don't count.
    A deployment that has refused everything through max_retries pauses in a row has used up the retries of all.
    Where nobody answers at all, no attempt counts: all calls wait together for `outage_patience`.

    Args:
        operation: makes one attempt, in its turn.
        finish: what to do with its result outside the turn, so that the next call goes meanwhile; retried the same way.
        pace: the deployment's; a call that waits holds no slot of it.
        max_retries: most retries; 0 for none.
        outage_patience: seconds to wait for somebody to answer.
        on_retry: told the error, the wait (s) and the number of the retry (from 1) before each retry.

    Raises:
        QuotaExhausted: the service asks for more than LONGEST_ASKED.
        TransientError: the last one, when every retry is used.
    """
    clock, place, accepted = pace.clock, pace.place(), pace.accepted
    start = clock.now()
    attempts = counted = 0
    waited = 0.0  # s asked for, which in the testing mode nobody waited
    while True:
        try:
            result = await _attempt(operation, pace, place)
            if finish is not None:
                await finish(result)
            return result
        except TransientError as exc:
            shared = exc.throttled or exc.outage
            if exc.retry_after is not None and exc.retry_after > LONGEST_ASKED:
                raise _come_back(exc, exc.retry_after) from exc
            attempts += 1
            tested = pace.state.why in {"doubt", "half"}  # the next call goes early, to find out
            alive = exc.throttled and (tested or pace.accepted != accepted or pace.is_taking_calls())
            counted += not alive and not exc.outage
            accepted = pace.accepted
            wait = pace.state.paused if shared else _backoff(clock, counted, exc.retry_after)
            waited += wait
            lasted = max(waited, clock.now() - start + wait)
            if exc.outage:
                used_up = pace.down_for + wait > outage_patience or waited > outage_patience
            else:
                used_up = counted > max_retries or (shared and not alive and pace.row > max_retries + 1)
                used_up |= attempts >= MOST_ATTEMPTS * (max_retries + 1)
            if used_up or lasted > LONGEST_IN_ALL or max_retries == 0:
                raise
            if on_retry is not None:
                on_retry(exc, wait, attempts)
            if shared and pace.row > 1:  # the probe was refused: let another call be the next one
                place = pace.place()
        clock.record(wait)
        if not shared:  # what is shared is the line's own pause: this call keeps its place in it
            await clock.sleep(wait)


async def _attempt(operation: Callable[[], Awaitable[T]], pace: Pace, place: int) -> T:
    async with pace.turn(place):
        try:
            result = await operation()
        except TransientError as exc:
            if exc.throttled:
                pace.throttled(exc.retry_after)
            elif exc.outage:
                pace.unreachable()
            else:
                pace.failed(exc.retry_after)
            raise
        pace.succeeded()
        return result


def _backoff(clock: Clock, retries: int, asked: float | None) -> float:
    wait = clock.uniform(0, min(LONGEST_WAIT, FIRST_WAIT * 2 ** (retries - 1)))
    return wait if asked is None else max(wait, asked + clock.uniform(0, 0.1 * asked))


def _come_back(exc: TransientError, seconds: float) -> QuotaExhausted:
    when = datetime.now().astimezone() + timedelta(seconds=seconds)
    hours, minutes = divmod(math.ceil(seconds / 60), 60)
    span = f"{hours} h {minutes} min" if hours else f"{minutes} min"
    return QuotaExhausted(
        f"{exc.what.rstrip('.')}. The service asks for a wait of {span}, too long to sit out.",
        hint=f"Run the same command again after {when:%Y-%m-%d %H:%M} (local time); everything accepted is kept.",
    )
