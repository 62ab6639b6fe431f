"""What a process of the pool does; imported by name there, so apart from `__main__`."""

from __future__ import annotations

import time

from . import jobs


def mesh(task: tuple[str, str]) -> str:
    from . import mesh as mesher
    from .shapes import SHAPES

    key, zone = task
    try:
        mesher.save(jobs.mesh_path(key, zone), mesher.mesh(SHAPES[key][zone]))
    except (ValueError, RuntimeError) as error:  # one bad shape must not end the others' bake
        return f"{key}.{zone}: {error!r}"
    return ""


def trace(task: tuple[jobs.Job, int]) -> str:
    from . import light

    job, samples = task
    start = time.perf_counter()
    light.trace(job, samples)
    return f"{job.name} {time.perf_counter() - start:.1f} s"
