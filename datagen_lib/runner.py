"""One event loop in one daemon thread, for notebooks, widget callbacks, papermill and plain scripts.

    outcome = await run_async(run(settings))   # in a cell: widgets stay live, an interrupt gets in
    outcome = run_sync(run(settings))          # anywhere else

Clients, semaphores and task groups so always live in the same loop, whichever thread or loop asks. An interrupt asks
the work to end (see stopping.py): a run lets its calls under way end and keeps their answers; other work is cancelled
with its children. Both are waited for: files closed, the folder's lock let go. A second interrupt cancels the run too.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import suppress
from contextvars import copy_context
from typing import Any, Generic, TypeVar

from .stopping import Stopping, going_with

T = TypeVar("T")

TICK = 0.2  # s: ipykernel notices an interrupt only when its own loop wakes; Windows never inside a lock

_starting = threading.Lock()
_home: _Home | None = None


async def run_async(work: Coroutine[Any, Any, T], *, stop: Stopping | None = None) -> T:
    """Run the coroutine in the shared loop and wait for it without blocking the caller's loop.

    Args:
        work: the coroutine; it sees the caller's context variables.
        stop: asks the work to end, from whichever thread: what a Stop button needs.

    Raises:
        asyncio.CancelledError: the caller was cancelled (a kernel's interrupt does that), or work that does not heed
            `stop` was stopped; by then the work has cleaned up.
    """
    if _the_home().is_here():
        return await work
    job = _Job(work, _the_home().loop, stop or Stopping())
    ended = job.ended_in(asyncio.get_running_loop())
    try:
        job.start()
        await _end(job, ended)
    except (asyncio.CancelledError, KeyboardInterrupt):
        job.stopping.request()
        try:
            await _end(job, ended)
        except (asyncio.CancelledError, KeyboardInterrupt):
            job.stopping.request()
            await _end(job, ended)  # a third interrupt ends this wait
        raise
    return job.done.result()


async def _end(job: _Job[Any], ended: asyncio.Event) -> None:
    """Wait for the work's end, and cancel it where that is asked for meanwhile."""
    job.look()
    while not await _is_set(ended, within=TICK):
        job.look()


async def _is_set(event: asyncio.Event, *, within: float) -> bool:
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), within)
    return event.is_set()


class Interrupted(KeyboardInterrupt):
    """`run_sync` was interrupted; by then the work has cleaned up."""


def run_sync(work: Coroutine[Any, Any, T], *, stop: Stopping | None = None) -> T:
    """Run the coroutine in the shared loop and block until it has ended.

    Args:
        work: the coroutine; it sees the caller's context variables.
        stop: asks the work to end, from whichever thread.

    Raises:
        Interrupted: by Ctrl-C or a kernel's interrupt; by then the work has cleaned up.
        RuntimeError: called from a coroutine of the shared loop itself, which would wait for ever.
    """
    if _the_home().is_here():
        work.close()
        raise RuntimeError("run_sync can't be called from the shared loop itself: await the coroutine there")
    job = _Job(work, _the_home().loop, stop or Stopping())
    try:
        job.start()
        job.wait()
    except KeyboardInterrupt:
        job.stopping.request()
        try:
            job.wait()
        except KeyboardInterrupt:
            job.stopping.request()
            job.wait()
        raise Interrupted from None
    return job.done.result()


def allow_nested_loops() -> None:
    """Let `asyncio.run(...)` work inside a cell as it does in a script; for whoever asks for it, never at import.

    It patches asyncio for the whole process. nest-asyncio is archived and, from Python 3.14 on, breaks
    `asyncio.current_task()`; nest-asyncio2 carries on from it.
    """
    import nest_asyncio2

    nest_asyncio2.apply()


class _Job(Generic[T]):
    """One coroutine in the shared loop, seen from another thread."""

    def __init__(self, work: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop, stopping: Stopping) -> None:
        self.done: Future[T] = Future()
        self.ended = threading.Event()
        self.stopping = stopping
        self._work, self._loop = work, loop
        self._task: asyncio.Task[T] | None = None
        self._asked_to_stop = False

    def start(self) -> None:
        """Let it begin, in the caller's context: what the work displays lands in the caller's cell."""
        with going_with(self.stopping):
            self._loop.call_soon_threadsafe(self._start, context=copy_context())

    def _start(self) -> None:
        self._task = self._loop.create_task(self._work)
        self._task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[T]) -> None:
        # Its own future, not run_coroutine_threadsafe's: that one counts as cancelled before the clean-up has run.
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is not None:
            self.done.set_exception(error)
        else:
            self.done.set_result(task.result())
        self.ended.set()

    def wait(self) -> None:
        """Block until the work has ended, and cancel it where that is asked for meanwhile."""
        self.look()
        while not self.ended.wait(TICK):
            self.look()

    def look(self) -> None:
        """Cancel the work where that is asked for."""
        if self.stopping.must_cancel:
            self.cancel()

    def cancel(self) -> None:
        """Ask the work to stop, once: asked again, it would be torn out of its clean-up."""
        if not self._asked_to_stop:
            self._asked_to_stop = True
            self._loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
        else:
            # The interrupt came before `start` had reached the loop, so nothing has begun and nothing will.
            self._work.close()
            self.done.set_exception(asyncio.CancelledError())
            self.ended.set()

    def ended_in(self, loop: asyncio.AbstractEventLoop) -> asyncio.Event:
        """An event of the caller's loop that is set when the work has ended."""
        event = asyncio.Event()

        def wake(_: Future[T]) -> None:
            with suppress(RuntimeError):  # the caller's loop is closed: nobody waits any more
                loop.call_soon_threadsafe(event.set)

        self.done.add_done_callback(wake)
        return event


class _Home:
    """The daemon thread and the loop that it runs."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="datagen-loop", daemon=True)
        self.thread.start()

    def is_here(self) -> bool:
        return threading.current_thread() is self.thread


def _the_home() -> _Home:
    """The one of this process; a forked child, in which the thread is gone, gets a new one."""
    global _home  # noqa: PLW0603 - one loop for the life of the process is the point
    with _starting:
        if _home is None or not _home.thread.is_alive():
            _home = _Home()
        return _home
