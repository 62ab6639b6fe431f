"""One loop in one thread: what notebooks and scripts run the library's coroutines in."""

from __future__ import annotations

import _thread
import asyncio
import subprocess
import sys
import threading
from contextvars import ContextVar

import pytest

from datagen_lib.runner import Interrupted, run_async, run_sync
from datagen_lib.stopping import Stopping, current


class Work:
    """Something that never ends by itself, with children and a clean-up that takes its time."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.cleaned: list[str] = []

    async def __call__(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._child("first"))
            group.create_task(self._child("second"))

    async def _child(self, name: str) -> None:
        try:
            self.began.set()
            await asyncio.Event().wait()
        finally:
            for _ in range(3):
                await asyncio.sleep(0)
            self.cleaned.append(name)


async def where() -> tuple[int, str]:
    return id(asyncio.get_running_loop()), threading.current_thread().name


def test_all_ways_lead_to_one_loop() -> None:
    """Whoever asks, from whichever loop, gets the one loop in the one thread, which is not the caller's."""

    async def inside() -> tuple[int, str]:
        return await run_async(where())

    ways = {asyncio.run(inside()), asyncio.run(inside()), run_sync(where()), run_sync(inside())}

    assert len(ways) == 1
    assert ways.pop()[1] == "datagen-loop" != threading.current_thread().name


def test_result_and_error_come_through() -> None:
    """What the coroutine returns is returned, what it raises is raised, as itself."""

    async def answer(error: Exception | None) -> int:
        if error is not None:
            raise error
        return 42

    async def both() -> int:
        with pytest.raises(LookupError, match="not there"):
            await run_async(answer(LookupError("not there")))
        return await run_async(answer(None))

    assert asyncio.run(both()) == run_sync(answer(None)) == 42
    with pytest.raises(LookupError, match="not there"):
        run_sync(answer(LookupError("not there")))


def test_the_callers_context_comes_along() -> None:
    """The work sees the caller's context variables, so that what it displays lands in the caller's cell."""
    cell: ContextVar[str] = ContextVar("cell")

    async def seen() -> str:
        return cell.get()

    async def main() -> str:
        cell.set("In [3]")
        return await run_async(seen())

    assert asyncio.run(main()) == "In [3]"


def test_cancelling_waits_for_the_clean_up_of_all_children() -> None:
    """A cancelled caller goes on only when the work and its children have cleaned up, in full."""
    work = Work()

    async def main() -> None:
        task = asyncio.create_task(run_async(work()))
        await asyncio.to_thread(work.began.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())

    assert sorted(work.cleaned) == ["first", "second"]


def test_a_timeout_of_the_callers_stays_a_timeout() -> None:
    """Cancelling keeps asyncio's meaning: a timeout around the work raises TimeoutError."""
    work = Work()

    async def main() -> None:
        async with asyncio.timeout(0.05):
            await run_async(work())

    with pytest.raises(TimeoutError):
        asyncio.run(main())
    assert len(work.cleaned) == 2


def test_stop_cancels_from_any_thread() -> None:
    """Asked to stop, as a Stop button's callback does in whichever thread, work that knows no other end is cancelled."""
    work, stop = Work(), Stopping()

    def press() -> None:
        work.began.wait()
        stop.request()

    button = threading.Thread(target=press)
    button.start()
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(run_async(work(), stop=stop))
    button.join()

    assert len(work.cleaned) == 2


def test_ctrl_c_ends_run_sync_after_the_clean_up() -> None:
    """An interrupt of the main thread cancels the work; run_sync raises only when it has cleaned up."""
    work = Work()

    def press() -> None:
        work.began.wait()
        _thread.interrupt_main()

    finger = threading.Thread(target=press)
    finger.start()
    with pytest.raises(Interrupted) as caught:
        run_sync(work())
    finger.join()

    assert isinstance(caught.value, KeyboardInterrupt)
    assert len(work.cleaned) == 2


class Paid:
    """Work that heeds the wish to stop: it ends by itself once `answered` is set, as calls under way do."""

    def __init__(self) -> None:
        self.began, self.asked, self.answered = (threading.Event() for _ in range(3))
        self.cancelled = False

    async def __call__(self) -> str:
        heed = asyncio.create_task(current().wait())
        await asyncio.sleep(0)
        self.began.set()
        try:
            await heed
            self.asked.set()
            await asyncio.to_thread(self.answered.wait)
        except asyncio.CancelledError:
            self.cancelled = True
            self.answered.set()  # lets the thread that waits for it go
            raise
        return "kept"


def test_work_that_heeds_a_stop_ends_by_itself() -> None:
    """The first wish cancels nothing: the work ends when what it has begun has ended, and its result comes through."""
    for begin in (run_sync, lambda work, stop: asyncio.run(run_async(work, stop=stop))):
        work, stop = Paid(), Stopping()

        def press(work: Paid = work, stop: Stopping = stop) -> None:
            work.began.wait()
            stop.request()
            work.asked.wait()
            work.answered.set()

        button = threading.Thread(target=press)
        button.start()
        result = begin(work(), stop=stop)
        button.join()

        assert result == "kept"
        assert not work.cancelled


def test_a_second_wish_cancels_it() -> None:
    """Asked twice, the work is cancelled although it heeds; asked a third time, nothing more happens."""
    work, stop = Paid(), Stopping()

    def press() -> None:
        work.began.wait()
        stop.request()
        work.asked.wait()
        stop.request()
        stop.request()

    button = threading.Thread(target=press)
    button.start()
    with pytest.raises(asyncio.CancelledError):
        run_sync(work(), stop=stop)
    button.join()

    assert work.cancelled


def test_an_interrupt_lets_heeding_work_end() -> None:
    """Ctrl-C and a kernel's interrupt are the first wish too: the work ends by itself, and then the caller hears of it."""
    work = Paid()

    def press() -> None:
        work.began.wait()
        _thread.interrupt_main()
        work.asked.wait()
        work.answered.set()

    finger = threading.Thread(target=press)
    finger.start()
    with pytest.raises(Interrupted):
        run_sync(work())
    finger.join()

    assert not work.cancelled

    cell = Paid()

    async def kernel() -> None:
        task = asyncio.create_task(run_async(cell()))
        await asyncio.to_thread(cell.began.wait)
        task.cancel()
        await asyncio.to_thread(cell.asked.wait)
        cell.answered.set()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(kernel())
    assert not cell.cancelled


def test_a_wish_told_before_the_work_begins() -> None:
    """Asked before anything has begun: nothing is done."""
    work, stop = Work(), Stopping()
    stop.request()
    with pytest.raises(asyncio.CancelledError):
        run_sync(work(), stop=stop)

    assert stop.must_cancel


def test_run_sync_inside_the_loop_is_refused() -> None:
    """In the shared loop itself run_sync would wait for ever: it says so instead, and leaves no coroutine behind."""

    async def inside() -> None:
        run_sync(where())

    with pytest.raises(RuntimeError, match="await the coroutine"):
        run_sync(inside())


def test_run_sync_works_where_a_loop_runs_already() -> None:
    """A widget's callback and a cell run inside a running loop; run_sync works there without patching it."""

    async def callback() -> str:
        return run_sync(where())[1]

    assert asyncio.run(callback()) == "datagen-loop"


def python(source: str) -> str:
    done = subprocess.run([sys.executable, "-c", source], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_nested_loops_only_on_request() -> None:
    """No import patches asyncio; allow_nested_loops() lets asyncio.run work inside a running loop, as some want."""
    source = """
import asyncio, sys
from datagen_lib import allow_nested_loops
import datagen_lib.notebook
before = [name for name in sys.modules if name.startswith("nest_asyncio")]

async def one():
    return 1

async def cell():
    return asyncio.run(one())

allow_nested_loops()
print(before, asyncio.run(cell()))
"""

    assert python(source) == "[] 1"
