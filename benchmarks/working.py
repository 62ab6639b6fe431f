"""Runs that compute: CPU and memory against a bare SDK loop (d), growth (e), the offline model and cold start (f)."""

from __future__ import annotations

import json
import math
import tempfile
import time
from functools import partial
from pathlib import Path

from .endpoint import Shape
from .lanes import Measured, Ran, Section, Task, child, python
from .tables import Table

PICTURES, ITEMS, WARM = 150, 600, 20
SIZES = (200, 250, 1_000, 5_000, 10_000)
FULL = (*SIZES, 30_000, 100_000)


# -- (d) ---------------------------------------------------------------------------------------------------------------


def cost(runs: int) -> Section:
    """(d) Client CPU and memory at zero latency, against a bare SDK loop."""
    table = Table(
        "d",
        "CPU and memory against a bare SDK loop",
        f"An endpoint that answers at once, {PICTURES} pictures (1.4 MB, 8 at once) and {ITEMS} items (20 characters "
        "in each chunk of the stream, 4 calls at once), warmed up. The bare loop sends the same requests with the same "
        "SDK and writes the same bytes with the same flush and rename (benchmarks/yardstick.py); it checks and keeps "
        "nothing. Memory is the peak over what the process held before.",
        {"library CPU ms": 2, "bare loop CPU ms": 2, "CPU ratio": 2, "library peak MB": 1, "bare loop peak MB": 1},
    )
    tasks = []
    for _ in range(runs):
        tasks.append(Task("an image", partial(_cost, "pictures", "bare_pictures", PICTURES, dry_run=False)))
        tasks.append(Task("an item", partial(_cost, "items", "bare_items", ITEMS, dry_run=True)))
    return Section(table, tasks, lambda t: (
        f"An image takes {t.middle('an image', 'CPU ratio'):.2f} x the CPU of a bare loop's, which only saves it: "
        "it is read whole, checked, marked, accounted for and made small for the gallery."
    ))  # fmt: skip


def _cost(ours: str, bare: str, count: int, *, dry_run: bool) -> Measured:
    def check(ran: Ran) -> Measured:
        return {"cpu": 1000 * ran["cpu"] / count, "peak": max(0.0, ran["peak_mb"] - ran["base_mb"])}

    options = {"target_count": count, "parallel_image_requests": 8, "dry_run": dry_run}
    library, loop = (child(do, Shape(), check, warm=WARM, **options) for do in (ours, bare))
    return {
        "library CPU ms": library["cpu"],
        "bare loop CPU ms": loop["cpu"],
        "CPU ratio": library["cpu"] / loop["cpu"],
        "library peak MB": library["peak"],
        "bare loop peak MB": loop["peak"],
    }


# -- (e) ---------------------------------------------------------------------------------------------------------------


def growth(runs: int, *, full: bool) -> Section:
    """(e) What an item costs as the catalogue grows."""
    table = Table(
        "e",
        "Growth",
        "Categories and items without pictures, against an endpoint that answers at once in large chunks; each size in "
        "a process of its own, those above 5,000 once. Peak memory is the whole process's.",
        {"seconds": 2, "CPU ms an item": 3, "peak MB": 0, "prompt characters an item": 0},
    )
    sizes = FULL if full else SIZES
    tasks = [Task(f"{size:,} items", partial(_growth, size))
             for run in range(runs) for size in sizes if run == 0 or size <= 5_000]  # fmt: skip
    return Section(table, tasks, partial(_grown, largest=sizes[-1]))


def _growth(size: int) -> Measured:
    def check(ran: Ran) -> Measured:
        return {
            "seconds": ran["seconds"],
            "CPU ms an item": 1000 * ran["cpu"] / size,
            "peak MB": ran["peak_mb"],
            "prompt characters an item": sum(call.characters for call in ran.reached.calls("text")) / size,
        }

    return child("catalogue", Shape(piece=2000), check, target_count=size, dry_run=True)


def _grown(table: Table, *, largest: int) -> str:
    def times(column: str, size: int, base: int) -> str:
        return f"{table.middle(f'{size:,} items', column) / table.middle(f'{base:,} items', column):.2f} x"

    peak = table.middle(f"{largest:,} items", "peak MB") - table.middle("1,000 items", "peak MB")
    return (
        f"Prompt characters an item at 5,000 are {times('prompt characters an item', 5000, 250)} those at 250 "
        f"(at most 2 is wanted). CPU an item at {largest:,} is {times('CPU ms an item', largest, 1000)} that at 1,000, "
        f"and each item more keeps {1000 * peak / (largest - 1000):.1f} kB of memory."
    )


# -- (f) ---------------------------------------------------------------------------------------------------------------


def offline(runs: int) -> Section:
    """(f) With no key: the whole run, its first results, and the command's cold start."""
    table = Table(
        "f",
        "Offline, and cold start",
        "`python -m data_generator --target-count 210` with the offline model, which writes and draws in the same "
        "process, so that its CPU is nearly all of it; times from the process's start. Cold start is `--help`.",
        {"seconds": 2, "CPU s": 2, "peak MB": 0, "first item s": 2, "first picture s": 2},
    )
    tasks = [Task("--help", _help) for _ in range(max(5, runs) if runs else 0)]
    tasks += [Task("210 items with pictures", _offline) for _ in range(runs)]
    return Section(table, tasks, lambda t: (
        f"The first picture is there after {t.middle('210 items with pictures', 'first picture s'):.1f} s."
    ))  # fmt: skip


def _help() -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        ended = python("-m", "data_generator", "--help", folder=folder)
    return {"seconds": ended.seconds, "CPU s": ended.cpu}


def _offline() -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out")
        arguments = ["--provider", "offline", "--target-count", "210", "--output-dir", str(out)]
        started = time.time()  # the files' times are compared with it
        ended = python("-m", "benchmarks.child", json.dumps({"do": "command", "arguments": arguments}), folder=folder)
        figures = json.loads(ended.out.splitlines()[-1])
        report = json.loads((out / "run_report.json").read_bytes())
        picture = min(path.stat().st_mtime for path in (out / "images").iterdir()) - started
    between = (report["seconds_to_first_image"] or math.nan) - (report["seconds_to_first_item"] or math.nan)
    return {
        "seconds": ended.seconds,
        "CPU s": figures["cpu"],
        "peak MB": figures["peak_mb"],
        "first item s": picture - between,
        "first picture s": picture,
    }
