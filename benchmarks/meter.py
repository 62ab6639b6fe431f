"""What a stretch of work takes of this process: seconds, CPU, memory; and what a child process took in all."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

STATUS = Path("/proc/self/status")


@dataclass
class Meter:
    """Measures what happens inside its `with`.

    Attributes:
        seconds: on the clock.
        cpu: seconds of CPU, all threads of this process.
        base_mb: resident memory (MB) when it began.
        peak_mb: the most it came to. Where the system can't forget an earlier peak: of the process's whole life.
    """

    seconds: float = 0.0
    cpu: float = 0.0
    base_mb: float = 0.0
    peak_mb: float = 0.0
    _started: tuple[float, float] = field(default=(0.0, 0.0))

    def __enter__(self) -> Self:
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")  # Linux: forget the peak so far
        self.base_mb = _linux("VmRSS") or peak_mb()
        self._started = (time.perf_counter(), time.process_time())
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._started[0]
        self.cpu = time.process_time() - self._started[1]
        self.peak_mb = peak_mb()


def peak_mb() -> float:
    """The most memory (MB) that this process has held; 0.0 where the system does not say."""
    # Not getrusage on Linux: there a new process starts with its parent's peak.
    if found := _linux("VmHWM"):
        return found
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def _linux(name: str) -> float:
    try:
        found = re.search(rf"{name}:\s+(\d+) kB", STATUS.read_text(encoding="ascii"))
    except OSError:
        return 0.0
    return int(found[1]) * 1.024 / 1e3 if found else 0.0


@dataclass(frozen=True)
class Ended:
    """A process that ended well: seconds from before its start to its end, seconds of CPU, and what it printed."""

    seconds: float
    cpu: float
    out: str


def timed(command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Ended:
    """Run a command to its end.

    Raises:
        RuntimeError: it failed; with the end of what it said.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=cwd, env=dict(env), stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        if hasattr(os, "wait4"):
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            cpu = usage.ru_utime + usage.ru_stime
        else:  # Windows does not say what a process used once it has ended
            process.wait()
            cpu = math.nan
        seconds = time.perf_counter() - start
        if process.returncode:
            err.seek(0)
            raise RuntimeError(f"{' '.join(command)[:300]}: {err.read().decode(errors='replace')[-2000:]}")
        out.seek(0)
        return Ended(seconds, cpu, out.read().decode())
