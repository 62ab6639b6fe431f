"""Runs the measurements: those that use the CPU alone, those that mostly wait side by side.

A run that is bound by latency or by a quota leaves the machine idle; a few of them at a time change each other's
figures by less than they differ from run to run, and save minutes.
"""

from __future__ import annotations

import json
import math
import os
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datagen_lib.settings import Settings, variable

from .endpoint import Reached, Shape, serving
from .meter import Ended, timed
from .tables import Table

CAPACITY = 24.0  # pictures a second in all runs side by side; each takes two cores about 1 % of a second
ALONE = math.inf
REPOSITORY = Path(__file__).resolve().parents[1]

Measured = dict[str, float]
"""One run's figures by column."""


@dataclass(frozen=True)
class Task:
    """One run of one row.

    Attributes:
        row: what is measured.
        measure: does it.
        load: pictures a second while it runs, or ALONE.
    """

    row: str
    measure: Callable[[], Measured]
    load: float = ALONE


@dataclass(frozen=True)
class Section:
    """A table to be filled, by tasks; `conclude` then says what it says."""

    table: Table
    tasks: Sequence[Task]
    conclude: Callable[[Table], str] = lambda _: ""


def measure(sections: Sequence[Section], say: Callable[[str], None]) -> int:
    """Run all tasks and fill the tables; returns how many failed."""
    waiting = [(section, task) for section in sections for task in section.tasks]
    for section, task in waiting:
        section.table.rows.setdefault(task.row, {})
    waiting.sort(key=lambda pair: pair[1].load != ALONE)
    total, done, failed = len(waiting), 0, 0
    free = threading.Condition()
    loads: list[float] = []

    def run(section: Section, task: Task) -> None:
        nonlocal done, failed
        try:
            figures, told = task.measure(), ""
        except Exception:  # noqa: BLE001 - one that fails must not take the others' figures with it
            figures, told = {}, traceback.format_exc()
        with free:
            for column, figure in figures.items():
                section.table.rows[task.row].setdefault(column, []).append(figure)
            loads.remove(task.load)
            done, failed = done + 1, failed + bool(told)
            short = ", ".join(f"{column} {figure:.4g}" for column, figure in figures.items())
            say(f"{done:3}/{total} ({section.table.letter}) {task.row}: {told or short}")
            free.notify_all()

    threads = []
    while waiting:
        with free:
            while (found := _fitting(waiting, loads)) is None:
                free.wait()
            section, task = waiting.pop(found)
            loads.append(task.load)
        threads.append(threading.Thread(target=run, args=(section, task)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    for section in sections:
        section.table.message = section.conclude(section.table)
    return failed


def _fitting(waiting: Sequence[tuple[Section, Task]], loads: Sequence[float]) -> int | None:
    """The first that may start now beside what runs."""
    for at, (_, task) in enumerate(waiting):
        if not loads or task.load + sum(loads) <= CAPACITY:
            return at
    return None


# -- what the tasks use ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ran:
    """A child's measurement, and what the endpoint saw of it."""

    figures: dict[str, Any]
    seconds: float
    reached: Reached

    def __getitem__(self, name: str) -> float:
        return float(self.figures[name])


def child(do: str, shape: Shape, check: Callable[[Ran], Measured], *, warm: int = 0, **settings: Any) -> Measured:
    """Run a job of `child.py` against a fresh endpoint, and make figures of it while the endpoint is there."""
    with serving(shape) as reached, tempfile.TemporaryDirectory() as folder:
        wanted = {"provider": "azure", **reached.settings, **settings}
        job = {"do": do, "folder": f"{folder}/out", "warm": warm, "settings": wanted}
        ended = python("-m", "benchmarks.child", json.dumps(job), folder=folder)
        return check(Ran(json.loads(ended.out.splitlines()[-1]), ended.seconds, reached))


def python(*arguments: str, folder: str, **variables: str) -> Ended:
    """Run Python in an empty folder, with nothing of this shell's settings; compiled once, as on a user's machine."""
    ours = {variable(name) for name in Settings.model_fields} | {"PYTHONDONTWRITEBYTECODE"}
    env = {name: value for name, value in os.environ.items() if name not in ours}
    env |= {"PYTHONPATH": str(REPOSITORY), "PYTHONIOENCODING": "utf-8", **variables}
    return timed([sys.executable, *arguments], cwd=Path(folder), env=env)
