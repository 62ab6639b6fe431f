"""What the notebooks import: the form, the live displays, pictures and tables.

Importing it in a notebook also makes the library's own errors readable there: what happened and what to do next,
instead of a page of traceback. The cell fails all the same, so that Run All stops and a headless run notices.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import suppress
from traceback import format_exception
from typing import Any

from datagen_lib.errors import DatagenError
from datagen_lib.runner import Interrupted

from .checks import check, parameter
from .demo import Demo
from .form import Form, keep_choices, settings_form
from .growing import LiveGallery, LiveTable
from .live import Live
from .preflight import ask, follow, passed, price_table, probe, settings_table
from .sheet import contact_sheet, page_link
from .show import figure, gallery, quote, side_by_side, table, with_thumbnails
from .timeline import plot_timeline, timeline
from .whereabouts import remember

__all__ = [
    "Demo",
    "Form",
    "Live",
    "LiveGallery",
    "LiveTable",
    "ask",
    "check",
    "contact_sheet",
    "figure",
    "follow",
    "gallery",
    "keep_choices",
    "page_link",
    "parameter",
    "passed",
    "plot_timeline",
    "price_table",
    "probe",
    "quote",
    "settings_form",
    "settings_table",
    "side_by_side",
    "table",
    "timeline",
    "with_thumbnails",
]


def error_text(error: BaseException) -> str:
    """What a cell shows of an error that has a message of its own."""
    if isinstance(error, DatagenError):
        hint = f"\n\x1b[1mWhat to do:\x1b[0m {error.hint}" if error.hint else ""
        return f"\x1b[1;31mStopped:\x1b[0m {error.what}{hint}"
    if isinstance(error, BaseExceptionGroup):
        # IPython prints a group as text of standard error, which is no error for whoever reads the notebook.
        ours = error.subgroup(DatagenError)
        if ours is not None and error.split(DatagenError)[1] is None:
            return "\n".join(error_text(one) for one in _leaves(ours))
        return "".join(format_exception(error)).rstrip()
    return "\x1b[1;31mInterrupted.\x1b[0m Everything accepted so far is on disk; run the cell again to go on."


def _leaves(group: BaseExceptionGroup[Any]) -> Iterator[BaseException]:
    for one in group.exceptions:
        if isinstance(one, BaseExceptionGroup):
            yield from _leaves(one)
        else:
            yield one


def _show_error(shell: Any, kind: type[BaseException], error: BaseException, *_: Any, **__: Any) -> list[str]:
    lines = error_text(error).split("\n")
    shell._showtraceback(kind, error, lines)  # noqa: SLF001 - what makes it an error output; there is no public way
    return lines


def _settle_in() -> None:
    """In a notebook: make errors readable, and find the project by the notebook's place."""
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    if shell is None:
        return
    with suppress(OSError):  # the working folder is gone; the settings say so when they are read
        remember(shell)
    if not shell.custom_exceptions:
        ours = (DatagenError, BaseExceptionGroup, asyncio.CancelledError, Interrupted)
        shell.set_custom_exc(ours, _show_error)


_settle_in()
# The live displays show what the library logs; with no handler at all, Python would print it into the cell in red.
logging.getLogger("datagen_lib").addHandler(logging.NullHandler())
