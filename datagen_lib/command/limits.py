"""What the system allows this process: as many calls at once as there are descriptors for."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from datagen_lib.text import counted

from .terminal import say

if TYPE_CHECKING:
    from datagen_lib.settings import Settings

ENOUGH = 1024  # descriptors; what most systems give without being asked
RESERVED = 40  # for the loop, the files being written, the libraries' own
A_CALL = {"offline": 3}  # descriptors: offline both ends of a connection are here; else its one end, and a spare
A_CALL_ELSEWHERE = 2


def within_limits(settings: Settings) -> Settings:
    """The settings with no more calls at once than `ulimit -n` has descriptors for; says so where that changes them."""
    allowed = _descriptors()
    if allowed is None:
        return settings
    calls = max(2, (allowed - RESERVED) // A_CALL.get(settings.provider, A_CALL_ELSEWHERE))
    wanted = settings.parallel_image_requests + settings.parallel_text_requests
    if wanted <= calls:
        return settings
    text = max(1, settings.parallel_text_requests * calls // wanted)
    image = max(1, min(settings.parallel_image_requests, calls - text))
    calls_text = f"{counted(image, 'image call')} and {counted(text, 'text call')}"
    say(f"note: this process may open {allowed} files at once (ulimit -n), so at most {calls_text} run at once")
    return settings.model_copy(update={"parallel_image_requests": image, "parallel_text_requests": text})


def _descriptors() -> int | None:
    """How many descriptors this process may have, after asking for enough; None where nothing says so."""
    if sys.platform == "win32":
        return None
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(ENOUGH, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return None if soft == resource.RLIM_INFINITY else soft
