"""The command at scale (i): what it takes to make a catalogue, to add to it, and to find nothing to do."""

from __future__ import annotations

import json
import tempfile
from functools import partial
from pathlib import Path

from datagen_lib.settings import variable

from .endpoint import Reached, Shape, serving
from .lanes import Measured, Section, Task, python
from .tables import Table

SIZES = (1_000, 10_000)
FULL = (*SIZES, 100_000)
MORE = 20  # items that are added
JOBS = ("make", "nothing to do", f"add {MORE}", "--estimate")


def scale(runs: int, *, full: bool) -> Section:
    """(i) Making, adding and finding nothing to do, by the size of the catalogue."""
    columns = {f"{job}: {what}": digits for job in JOBS for what, digits in (("s", 1), ("CPU s", 1), ("peak MB", 0))}
    table = Table(
        "i",
        "Scale",
        "`python -m data_generator --dry-run`, each a process of its own from its start to its end, one after the "
        "other in one folder: make the catalogue, run it again, make "
        f"{MORE} items more, ask what it would cost. The endpoint answers at once in large chunks. Peak memory is the "
        "whole process's; sizes above 1,000 are measured once.",
        columns,
    )
    sizes = FULL if full else SIZES
    tasks = [
        Task(f"{size:,} items", partial(_scale, size))
        for run in range(runs) for size in sizes if run == 0 or size == SIZES[0]
    ]  # fmt: skip
    return Section(table, tasks, partial(_scaled, largest=sizes[-1]))


def _scale(size: int) -> Measured:
    figures: Measured = {}
    with serving(Shape(piece=2000)) as reached, tempfile.TemporaryDirectory() as folder:
        for job, count in zip(JOBS, (size, size, size + MORE, size + MORE), strict=True):
            taken = _command(reached, folder, count, *([job] if job.startswith("--") else []))
            figures |= {f"{job}: {what}": figure for what, figure in taken.items()}
        items = json.loads(Path(folder, "out", "catalog.json").read_bytes())
        if len(items) < size + MORE or len({item["name"] for item in items}) != len(items):
            raise RuntimeError(f"{len(items)} items, not {size + MORE} of different names")
    return figures


def _command(reached: Reached, folder: str, count: int, *more: str) -> Measured:
    out = Path(folder, "out")
    arguments = ["--dry-run", "--provider", "azure", "--target-count", str(count), "--output-dir", str(out), *more]
    variables = {variable(name): str(value) for name, value in reached.settings.items()}
    job = json.dumps({"do": "command", "arguments": arguments})
    ended = python("-m", "benchmarks.child", job, folder=folder, **variables)
    figures = json.loads(ended.out.splitlines()[-1])
    return {"s": ended.seconds, "CPU s": ended.cpu, "peak MB": figures["peak_mb"]}


def _scaled(table: Table, *, largest: int) -> str:
    small, large = f"{SIZES[0]:,} items", f"{largest:,} items"

    def more(job: str) -> float:
        return table.middle(large, f"{job}: peak MB") - table.middle(small, f"{job}: peak MB")

    made = 1000 * more("make") / (largest - SIZES[0])
    added = f"add {MORE}"
    return (
        f"Each item more that a run makes keeps {made:.1f} kB of memory (at most 2 is wanted). At {largest:,} items "
        f"adding {MORE} takes {more(added):.0f} MB more than at {SIZES[0]:,}, and "
        f"{table.middle(large, f'{added}: CPU s') - table.middle(small, f'{added}: CPU s'):.1f} s more of CPU; finding "
        f"that there is nothing to do takes {table.middle(large, 'nothing to do: CPU s'):.1f} s and "
        f"{table.middle(large, 'nothing to do: peak MB'):.0f} MB."
    )
