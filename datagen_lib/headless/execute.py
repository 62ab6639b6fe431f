"""One notebook run without a browser: under papermill, interruptible, and as a page that needs no kernel."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
import re
import threading
import time
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datagen_lib.command.terminal import say
from datagen_lib.errors import DatagenError, RunStopped
from datagen_lib.masking import mask

from .page import page
from .progress import ENGINE, ProgressOf

if TYPE_CHECKING:
    from nbformat import NotebookNode

PATIENCE = 75  # s that an interrupted cell gets: a run in it gives its calls up to 60 s, and then puts down its files
GRACE = 15  # s that it gets when it was interrupted twice
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def execute(
    path: Path,
    parameters: dict[str, Any],
    run_folder: Path,
    *,
    cwd: Path,
    timeout: float,
    secrets: Sequence[str] = (),
    pages: Collection[str] = (),
    between: Callable[[], None] = lambda: None,
) -> None:
    """Run the notebook in the folder `cwd`; the executed copy and its page land in `run_folder`, failed or not.

    Args:
        path: the notebook.
        parameters: the values for its parameters cell.
        run_folder: where the copy and its page go.
        cwd: the folder that it works in.
        timeout: seconds that a cell may take.
        secrets: texts to hide in messages.
        pages: the names of the notebooks that have a page beside this one.
        between: is called before each cell and after the last.

    Raises:
        RunStopped: a cell failed, took too long or killed its kernel.
        KeyboardInterrupt: the cell has had its chance to stop cleanly.
    """
    job = _Job(path, parameters, run_folder / path.name, cwd, timeout, between)
    try:
        job.run()
    finally:
        between()
        if job.copy.is_file():
            text = page(job.copy, pages=pages)
            job.copy.with_suffix(".html").write_text(text, encoding="utf-8", newline="\n")
    if job.error is not None:
        what = mask(_in_words(job.error, timeout), secrets)
        raise RunStopped(f"{path.name} stopped{job.where()}: {what}", hint=f"The run so far: {job.copy}") from job.error


class _Job:
    """One notebook under papermill, in a thread of its own.

    In the main thread papermill takes Ctrl-C for itself: it kills the kernel without a chance to clean up, and
    returns as if the notebook had run.
    """

    def __init__(
        self,
        path: Path,
        parameters: dict[str, Any],
        copy: Path,
        cwd: Path,
        timeout: float,
        between: Callable[[], None],
    ) -> None:
        self.copy = copy
        self._between = between
        self.error: BaseException | None = None
        self._path, self._parameters, self._cwd, self._timeout = path, parameters, cwd, timeout
        self._progress = ProgressOf(path.stem[:2])
        self._kernels: list[Any] = []
        self._stopping = False
        self._last: NotebookNode | None = None
        self._thread = threading.Thread(target=self._work, name=f"papermill-{path.stem}", daemon=True)

    def run(self) -> None:
        """Start, and wait for the end."""
        self._thread.start()
        try:
            self._wait()
        except KeyboardInterrupt:
            self._stop()
            raise

    def where(self) -> str:
        """The heading that the last cell to start stands under, in words."""
        import nbformat

        heading = ""
        for cell in nbformat.read(self._path, as_version=4).cells:  # type: ignore[no-untyped-call]
            if cell.cell_type == "markdown":
                heading = (re.findall(r"^#+ +(.+)$", cell.source, re.MULTILINE) or [heading])[-1].strip()
            elif self._last is not None and cell.source == self._last.source and heading:
                return f" under “{heading}”"
        return ""

    def _wait(self, seconds: float = float("inf")) -> None:
        until = time.monotonic() + seconds
        while self._thread.is_alive() and time.monotonic() < until:
            self._thread.join(0.2)  # Windows lets Ctrl-C in only between waits

    def _stop(self) -> None:
        """Interrupt the cell, and again at a second Ctrl-C; where that does not help, end its kernel."""
        self._stopping = True
        say("stopping: the cell may keep what is paid for, which takes up to a minute; again to leave it")
        try:
            self._interrupt()
            self._wait(PATIENCE)
        except KeyboardInterrupt:
            self._interrupt()
            self._wait(GRACE)
        if self._thread.is_alive():
            for kernel in self._kernels:
                with contextlib.suppress(RuntimeError):
                    asyncio.run(kernel.shutdown_kernel(now=True))
            self._wait(GRACE)

    def _interrupt(self) -> None:
        for kernel in self._kernels:
            with contextlib.suppress(RuntimeError):  # no kernel is running yet, or any more
                asyncio.run(kernel.interrupt_kernel())

    def _work(self) -> None:
        import papermill
        from jupyter_client.manager import AsyncKernelManager
        from jupyter_core.utils import ensure_event_loop

        kernels = self._kernels

        class Manager(AsyncKernelManager):
            """Can be reached from outside, to be interrupted."""

            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                kernels.append(self)

        try:
            self._progress.listen()
            papermill.execute_notebook(
                _literal(self._path),
                _literal(self.copy),
                self._parameters,
                kernel_name="python3",
                language="python",
                progress_bar=False,
                engine_name=ENGINE,
                execution_timeout=math.ceil(self._timeout),  # nbclient takes whole seconds
                kernel_manager_class=Manager,
                resources={"metadata": {"path": str(self._cwd)}},
                extra_arguments=["--IPKernelApp.log_level=CRITICAL"],
                on_cell_start=self._begin,
            )
        except BaseException as error:  # noqa: BLE001 - raised again, in words, by whoever waits
            self.error = error
        finally:
            self._progress.end()
            ensure_event_loop().close()  # jupyter_client makes one for each thread, and leaves it open

    def _begin(self, cell: NotebookNode, **_: object) -> None:
        if self._stopping:  # the cell before took the interrupt for itself, or it came between two cells
            raise RuntimeError("interrupted")
        self._between()
        self._last = cell


def _literal(path: Path) -> str:
    """Papermill reads a path as a format string."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _in_words(error: BaseException, timeout: float) -> str:
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    if isinstance(error, CellTimeoutError):
        return f"the cell took longer than {timeout:g} s (--cell-timeout allows more)"
    if isinstance(error, DeadKernelError):
        return "the kernel died (out of memory?)"
    if not isinstance(error, PapermillExecutionError):
        return f"{type(error).__name__}: {error}"
    text = _ANSI.sub("", str(error.evalue)).strip()
    # The library's own errors are sentences already; the name of any other says what its text may not.
    return text if text and error.ename in _own_errors() else f"{error.ename}: {text}".removesuffix(": ")


def _own_errors() -> set[str]:
    names, left = set(), [DatagenError]
    while left:
        kind = left.pop()
        names.add(kind.__name__)
        left += kind.__subclasses__()
    return names


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """What papermill and the kernels have to say of themselves stays out of the way."""
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    logger = logging.getLogger("papermill")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
