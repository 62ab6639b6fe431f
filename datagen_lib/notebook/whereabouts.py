"""Where the notebook at work lies. papermill runs it in the caller's folder, which is not its project's.

Jupyter runs a notebook in its own folder, VS Code in the workspace's and says the file; papermill and nbconvert name
it in their command line. Where nothing tells, the working folder counts, and else the checkout that the library is in.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from datagen_lib import places
from datagen_lib.folder.lock import call_this

LEVELS = 3  # processes up from the kernel: papermill itself, or a launcher between


def notebook_folder(shell: Any) -> Path | None:
    """The folder of the notebook that `shell` (IPython's) runs, or None where nothing tells it."""
    for candidate in _candidates(shell):
        with suppress(OSError):
            if candidate.suffix == ".ipynb" and candidate.is_file():
                return candidate.resolve().parent
    return None


def _candidates(shell: Any) -> Iterator[Path]:
    """What may be the notebook's file, the likeliest first."""
    named = [shell.user_ns.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME")]
    yield from (Path(str(name)) for name in named if name)
    yield from _started_with()


def _started_with() -> Iterator[Path]:
    """The notebooks named in the command lines of the processes that started this one; the input comes first."""
    import psutil

    with suppress(psutil.Error, OSError):
        for process in psutil.Process().parents()[:LEVELS]:
            folder = Path(process.cwd())
            yield from (folder / word for word in process.cmdline() if word.endswith(".ipynb"))


def remember(shell: Any) -> None:
    """Let the project's root count from the notebook's place for the rest of this kernel's life, and name its runs."""
    name = next((path.name for path in _candidates(shell) if path.suffix == ".ipynb"), "")
    if name:
        call_this(name)
    folder = notebook_folder(shell)
    if folder is None and not places.is_in_a_project(Path.cwd()):
        checkout = Path(places.__file__).resolve().parents[1]
        folder = checkout if (checkout / "pyproject.toml").is_file() else None
    places.start_from(folder)
