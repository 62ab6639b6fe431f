"""One measurement in a process of its own, so that imports, caches and memory are its own too.

`python -m benchmarks.child JOB` with a job in JSON; prints what it measured as JSON in its last line.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .meter import Meter

Job = dict[str, Any]
"""`do`: which measurement; `settings`: the library's, by field; `folder`: an empty one; what else the job needs."""


def catalogue(job: Job) -> dict[str, Any]:
    """Categories, items and, unless the settings say DRY_RUN, pictures: a run of the library as its users start it."""
    return _run(job, job["folder"])


def pictures(job: Job) -> dict[str, Any]:
    """Only the pictures of a catalogue that is there already, after a few to warm up."""
    _run({**job, "settings": {**job["settings"], "target_count": job["warm"], "dry_run": False}}, job["folder"] + "/w")
    _run({**job, "settings": {**job["settings"], "dry_run": True}}, job["folder"] + "/m")
    return _run(job, job["folder"] + "/m")


def items(job: Job) -> dict[str, Any]:
    """Categories and items, after a few to warm up."""
    _run({**job, "settings": {**job["settings"], "target_count": job["warm"]}}, job["folder"] + "/w")
    return _run(job, job["folder"] + "/m")


def plain(job: Job) -> dict[str, Any]:
    """The plain sequential way, which is the yardstick."""
    from .yardstick import plain as work

    Path(job["folder"]).mkdir()
    return _metered(lambda: work(job["settings"], Path(job["folder"])))


def bare_pictures(job: Job) -> dict[str, Any]:
    """The SDK in a loop: pictures to files."""
    from .yardstick import bare_pictures as work

    Path(job["folder"]).mkdir()
    asyncio.run(work(job["settings"], Path(job["folder"]), count=job["warm"]))
    return _metered(lambda: work(job["settings"], Path(job["folder"]), count=job["settings"]["target_count"]))


def bare_items(job: Job) -> dict[str, Any]:
    """The SDK in a loop: streamed answers to lines of a file."""
    from .yardstick import bare_items as work

    Path(job["folder"]).mkdir()
    asyncio.run(work(job["settings"], Path(job["folder"]), count=job["warm"]))
    return _metered(lambda: work(job["settings"], Path(job["folder"]), count=job["settings"]["target_count"]))


def command(job: Job) -> dict[str, Any]:
    """The generator's command line, from its first import on."""
    with Meter() as meter:
        from datagen_lib.command.main import main

        if code := main(job["arguments"]):
            raise SystemExit(code)
    return asdict(meter)


def _run(job: Job, folder: str) -> dict[str, Any]:
    from datagen_lib.pipeline.run import run
    from datagen_lib.settings import Settings

    settings = Settings.load(environ={}, root=Path(folder), output_dir=folder, **job["settings"])
    Path(folder).mkdir(parents=True, exist_ok=True)
    with Meter() as meter:
        outcome = asyncio.run(run(settings))
    if outcome.stopped is not None or outcome.items < outcome.wanted:
        raise SystemExit(f"incomplete: {outcome.stopped or outcome}")
    return asdict(meter) | {"failed": len(outcome.missing)}


def _metered(work: Callable[[], Any]) -> dict[str, Any]:
    with Meter() as meter:
        result = asyncio.run(work())
    return asdict(meter) | {"failed": result or 0}


JOBS = {work.__name__: work for work in (catalogue, pictures, items, plain, bare_pictures, bare_items, command)}

if __name__ == "__main__":
    what = json.loads(sys.argv[1])
    measured = JOBS[what["do"]](what)
    print(json.dumps({key: value for key, value in measured.items() if not key.startswith("_")}))
