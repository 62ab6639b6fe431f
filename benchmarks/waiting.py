"""Runs that mostly wait: bound by latency (a, c, g) or by a quota (b)."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from datagen_lib.settings import variable

from .endpoint import Seen, Shape, serving
from .lanes import ALONE, Measured, Ran, Section, Task, child, python
from .tables import Table

IMAGES, IMAGE_SECONDS, TEXT_SECONDS = 80, 0.5, 1.2
SLOW = Shape(text_latency=TEXT_SECONDS, image_latency=IMAGE_SECONDS)


def span(calls: Iterable[Seen]) -> float:
    """Seconds from the first call to the last answer."""
    calls = list(calls)
    return max(call.end for call in calls) - min(call.start for call in calls)


# -- (a), (c) ----------------------------------------------------------------------------------------------------------

PLAIN = "8 at once, the plain way"


def latency(runs: int) -> Section:
    """(a) Wall time over the bound that latency and concurrency set; (c) the plain way beside it."""
    table = Table(
        "a",
        "Wall time over the bound; (c) the plain way",
        f"{IMAGES} items with their pictures; a picture takes {IMAGE_SECONDS} s, a text {TEXT_SECONDS} s, streamed. "
        "The bound is images x latency / concurrency; measured is the time from the first call to the last answer. The "
        "plain way is how such a generator is usually written: one text call after the other, then the pictures under "
        "a semaphore, retries left to the SDK (benchmarks/yardstick.py).",
        {"bound s": 1, "first call to last answer s": 2, "over the bound": 2},
    )
    kinds = {f"{many} at once": ("catalogue", many) for many in (2, 4, 8, 16)} | {PLAIN: ("plain", 8)}
    tasks = [
        Task(name, partial(_latency, do, many), load=many / IMAGE_SECONDS if many < 8 else ALONE)
        for _ in range(runs)
        for name, (do, many) in kinds.items()
    ]
    return Section(table, tasks, _compared)


def _compared(table: Table) -> str:
    ours, plain = (table.middle(name, "over the bound") for name in ("8 at once", PLAIN))
    return (
        f"At 8 at once {ours:.2f} x the bound (at most 1.25 is wanted); the plain way takes {plain / ours:.1f} x as "
        f"long. At 16 the pictures take no longer than the texts before them ({2 * TEXT_SECONDS:.1f} s), which no "
        "overlap can hide."
    )


def _latency(do: str, many: int) -> Measured:
    bound = IMAGES * IMAGE_SECONDS / many

    def check(ran: Ran) -> Measured:
        seconds = span(ran.reached.calls())
        return {"bound s": bound, "first call to last answer s": seconds, "over the bound": seconds / bound}

    return child(do, SLOW, check, target_count=IMAGES, parallel_image_requests=many)


# -- (b) ---------------------------------------------------------------------------------------------------------------

QUOTA, WINDOW, PICTURES = 25, 5.0, 101
TOLD = {
    "rate headers, Retry-After in ms": Shape(headers=True, retry_after="ms"),
    "rate headers only": Shape(headers=True, retry_after=""),
    "Retry-After in s only": Shape(headers=False, retry_after="s"),
    "nothing but the 429": Shape(headers=False, retry_after=""),
}


def quota(runs: int) -> Section:
    """(b) Throughput over the quota, and calls wasted on 429."""
    ideal = (PICTURES - 1) // QUOTA * WINDOW + IMAGE_SECONDS
    table = Table(
        "b",
        "Time over the ideal: a request limit",
        f"{PICTURES} pictures of {IMAGE_SECONDS} s, 8 at once, where the service takes {QUOTA} calls in any "
        f"{WINDOW:.0f} s and says more or less about it. Ideal is {ideal:.1f} s from the first picture's call to the "
        "last answer.",
        {"seconds": 2, "over the ideal": 3, "refused calls": 0, "refused, % of calls": 1, "pictures given up": 0},
    )
    tasks = [Task(name, partial(_quota, "catalogue", shape, ideal), load=QUOTA / WINDOW)
             for _ in range(runs) for name, shape in TOLD.items()]  # fmt: skip
    told = next(iter(TOLD.values()))
    tasks += [Task("the plain way, told all of it", partial(_quota, "plain", told, ideal), load=5.0)
              for _ in range(runs)]  # fmt: skip
    return Section(table, tasks, lambda t: (
        f"The worst of the ways to be told: {max(t.middle(name, 'over the ideal') for name in TOLD):.2f} x the ideal "
        f"(at most 1.1 is wanted) and {max(t.middle(name, 'refused, % of calls') for name in TOLD):.1f} % of the calls "
        "refused (at most 10 %)."
    ))  # fmt: skip


def _quota(do: str, shape: Shape, ideal: float) -> Measured:
    limited = Shape(
        image_latency=IMAGE_SECONDS, quota=QUOTA, window=WINDOW, headers=shape.headers, retry_after=shape.retry_after
    )

    def check(ran: Ran) -> Measured:
        calls = ran.reached.calls("image")
        refused = sum(call.status == 429 for call in calls)
        seconds = span(calls)
        return {
            "seconds": seconds,
            "over the ideal": seconds / ideal,
            "refused calls": refused,
            "refused, % of calls": 100 * refused / len(calls),
            "pictures given up": ran.figures.get("failed", 0),
        }

    return child(do, limited, check, target_count=PICTURES, parallel_image_requests=8)


# -- (g) ---------------------------------------------------------------------------------------------------------------

ITEMS, BATCH, SECONDS = 210, 20, 2.0


def floor(parallel: int, *, streamed: bool) -> float:
    """The least that the calls of (g) can take: seconds, with nothing in between.

    Items can be asked for from the first category on. Streamed, that is a twentieth into the categories' answer, which
    keeps one of the places until its end; whole, it is at its end.
    """
    first = SECONDS / 20 if streamed else SECONDS
    places = [first] * (parallel - 1) + [SECONDS]
    ends = sorted(start + SECONDS * number for start in places for number in range(1, 20))
    return ends[-(-ITEMS // BATCH) - 1]


def texts(runs: int) -> Section:
    """(g) The whole process for texts alone."""
    table = Table(
        "g",
        f"The whole process: {ITEMS} items, no pictures",
        f"`python -m data_generator --dry-run --target-count {ITEMS}` against text calls of {SECONDS:.0f} s "
        f"({BATCH} items each, 4 or 16 at once; their answers streamed or whole), from the process's start to its "
        "first call and to its end. The floor: the 11 item calls, so many at once, each as soon as there is a category "
        "to ask for: a twentieth into the categories' answer where it streams (it keeps its place to the end), at its "
        "end where it comes whole.",
        {"floor s": 1, "first call s": 2, "seconds": 2, "over the floor": 2, "text calls": 0},
    )
    names = {
        "streamed; 4 at once": partial(_texts, 4, streamed=True),
        "whole, at the end; 4 at once": partial(_texts, 4, streamed=False),
        "whole, at the end; 16 at once": partial(_texts, 16, streamed=False),
    }
    tasks = [Task(name, measure, load=12) for _ in range(runs) for name, measure in names.items()]
    return Section(table, tasks, lambda t: (
        "Over the floor: " + ", ".join(f"{t.middle(name, 'over the floor'):.2f} x ({name})" for name in names)
        + "; at most 1.3 x is wanted. Python's start and the imports are in it."
    ))  # fmt: skip


def _texts(parallel: int, *, streamed: bool) -> Measured:
    with serving(Shape(text_latency=SECONDS, streamed=streamed)) as reached, tempfile.TemporaryDirectory() as folder:
        options = ("--dry-run", "--target-count", str(ITEMS), "--output-dir", str(Path(folder) / "out"))
        env = {variable(name): value for name, value in reached.settings.items()}
        env[variable("parallel_text_requests")] = str(parallel)
        begun = time.monotonic()
        ended = python("-m", "data_generator", *options, folder=folder, **env)
        least = floor(parallel, streamed=streamed)
        return {
            "floor s": least,
            "first call s": min(call.start for call in reached.calls("text")) - begun,
            "seconds": ended.seconds,
            "over the floor": ended.seconds / least,
            "text calls": len(reached.calls("text")),
        }
