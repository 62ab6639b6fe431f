"""(h) The pace keeper against the plain way and an oracle that knows the quota, in virtual time."""

from __future__ import annotations

import math
from collections.abc import Callable

from .lanes import Measured, Section, Task
from .tables import Table
from .virtual import (
    FixedWindow,
    Moody,
    Outages,
    Shape,
    SlidingWindow,
    TokenBucket,
    Unlimited,
    oracle,
    ours,
    plain,
    took,
)


def _four() -> TokenBucket:
    return TokenBucket(1, lambda _: 4.0)


def _one() -> TokenBucket:
    return TokenBucket(2, lambda _: 1.0)


def _windows(*calls: int) -> Callable[[], FixedWindow]:
    return lambda: FixedWindow(calls, 10)


SHAPES = (
    Shape("9 a minute as 1, 2 a 10 s window; whole s; 20 s, 8 at once", lambda: FixedWindow((1, 2), 10), 20, "whole"),
    Shape("the same; 35 s, 4 at once", lambda: FixedWindow((1, 2), 10), 35, "whole", at_once=4),
    Shape(
        "5 a minute as 1, 1, 1, 1, 1, 0 a 10 s window; whole s", _windows(1, 1, 1, 1, 1, 0), 20, "whole", refused=0.2
    ),
    Shape("7 a minute as 1, 1, 1, 1, 1, 2 a 10 s window; whole s", _windows(1, 1, 1, 1, 1, 2), 20, "whole"),
    Shape("10 a minute as 1, 2, 2 a 10 s window; whole s", _windows(1, 2, 2), 20, "whole"),
    Shape("one each 10 s, always says 60", lambda: FixedWindow((1,), 10), 20, 60.0, most=1.6, refused=0.3),
    Shape("12 in a sliding 60 s, always says 10", lambda: SlidingWindow(12, 60), 20, 10.0, refused=0.3),
    Shape("5 % refused at random, says 1; 2 s", lambda: Moody(Unlimited(), 0.05), 2, most=1.15),
    Shape("10 % refused at random, says 2; 10 s", lambda: Moody(Unlimited(), 0.10), 10, busy=2, most=1.15),
    Shape(
        "5 % at random on top of 1 a second (burst 5)",
        lambda: Moody(TokenBucket(5, lambda _: 1.0), 0.05),
        2,
        most=1.15,
        refused=0.3,
    ),
    Shape("refuses all for 20 s of every 120", Outages, 10),
    Shape(
        "2 a second, after 60 s 4 a second",
        lambda: TokenBucket(2, lambda at: 2.0 if at < 60 else 4.0),
        2,
        at_once=16,
        calls=400,
        most=1.15,
    ),
    Shape(
        "4 a second, after 30 s 2 a second",
        lambda: TokenBucket(2, lambda at: 4.0 if at < 30 else 2.0),
        2,
        at_once=16,
        calls=300,
    ),
    Shape(
        "4 a second, burst 1, says nothing", lambda: TokenBucket(1, lambda _: 4.0), 1, "nothing", most=1.3, refused=0.35
    ),
    Shape("25 in 5 s, fixed; ms", FixedWindow, 0.5),
    Shape("25 in 5 s, fixed; whole s", FixedWindow, 0.5, "whole"),
    Shape("25 in 5 s, fixed; says nothing", FixedWindow, 0.5, "nothing", most=1.3, refused=0.35),
    Shape(
        "40 in a sliding 10 s, refused calls counted", lambda: SlidingWindow(40, 10, counts_refused=True), 1, at_once=16
    ),
    Shape("5 a second, burst 25", TokenBucket, 0.5),
    Shape("9 a minute, burst 2; 30 s", lambda: TokenBucket(2, lambda _: 0.15), 30),
    Shape(
        "1 a second, says six times too much",
        lambda: TokenBucket(2, lambda _: 1.0),
        5,
        -6.0,
        at_once=16,
        most=1.6,
        refused=0.3,
    ),
    Shape("60 in a fixed minute; 5 s, 64 at once", lambda: FixedWindow((60,), 60), 5, at_once=64, calls=400),
    Shape("no limit; 0.5 s, 8 at once", Unlimited, 0.5, refused=0.0),
    Shape(
        "10 % refused at random, says 1; 1 s, 16 at once",
        lambda: Moody(Unlimited(), 0.10),
        1,
        at_once=16,
        calls=400,
        most=1.15,
    ),
    Shape("5 % refused at random, in 0.4 s", lambda: Moody(Unlimited(), 0.05), 2, refusal=0.4, most=1.15),
    Shape(
        "4 a second, after 25 s 8 a second; 0.3 s, 4 at once",
        lambda: TokenBucket(2, lambda at: 4.0 if at < 25 else 8.0),
        0.3,
        at_once=4,
        calls=400,
        most=1.15,
    ),
    Shape("5 a second, burst 5; whole s", lambda: TokenBucket(5), 0.5, "whole", refused=0.3),
)
"""Services of many kinds, each with what is allowed: times the oracle, and the share of the calls refused."""

OURS, THEIRS = ("ours, times the oracle", "ours, refused %"), ("plain way", "plain way, refused %")


def pacing(runs: int) -> Section:
    """(h) Wall time over the oracle's, and calls refused."""
    table = Table(
        "h",
        "The pace keeper, in virtual time",
        "The library's own pace keeper and retries on a clock that jumps to the next timer. The oracle knows the "
        "quota; "
        "the plain way is as many workers, each waiting what its own 429 says (else 1 s doubled, with jitter). A dash "
        "is a run that never ends: its refused calls keep the service shut.",
        {"oracle s": 1, OURS[0]: 2, OURS[1]: 1, THEIRS[0]: 2, THEIRS[1]: 1, "allowed": 2},
    )
    tasks = [Task(shape.name, _measured(shape, seed)) for seed in range(max(3, runs)) for shape in SHAPES]
    return Section(table, tasks, _message)


def _message(table: Table) -> str:
    over = [shape.name for shape in SHAPES if table.middle(shape.name, OURS[0]) > shape.most]
    worst = max(table.middle(shape.name, OURS[0]) for shape in SHAPES)
    return f"The worst: {worst:.2f} x. Above what is allowed: {', '.join(over) or 'none'}."


def _measured(shape: Shape, seed: int) -> Callable[[], Measured]:
    def measure() -> Measured:
        bound = oracle(shape)
        kept, left = took(shape, ours, seed), took(shape, plain, seed)
        return {
            "oracle s": bound,
            OURS[0]: kept.seconds / bound,
            OURS[1]: 100 * kept.refused,
            THEIRS[0]: left.seconds / bound if left.seconds < math.inf else math.nan,
            THEIRS[1]: 100 * left.refused,
            "allowed": shape.most,
        }

    return measure
