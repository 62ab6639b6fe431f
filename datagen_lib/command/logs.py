"""Log lines and messages on standard error, above the bars, with every key masked."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from datagen_lib.masking import mask

from .terminal import say

if TYPE_CHECKING:
    from datagen_lib.settings import Settings


class _Masked(logging.Formatter):
    """Shows a key as *** wherever a library logs one, and other secrets of an address too."""

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record), self._secrets)


class _AboveTheBars(logging.Handler):
    """Writes log lines above tqdm's bars."""

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(Exception):
            say(self.format(record))


def log_to_stderr(settings: Settings) -> None:
    handler = _AboveTheBars()
    handler.setFormatter(_Masked(settings.secrets()))
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, _AboveTheBars)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel("DEBUG" if settings.log_level == "DEBUG" else "WARNING")
    logging.getLogger("datagen_lib").setLevel(settings.log_level)
