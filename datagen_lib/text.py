"""Words for people: text from outside made safe to show, numbers and times as they are said."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable
from typing import Any

_JOINERS = "\u200c\u200d"  # inside words of Persian and Hindi, and inside emoji: they hide nothing
_LINES = "\n\t"
_LOOKED_AT = 4096  # characters: more than any secret has


def plain(text: str, *, lines: bool = False) -> str:
    r"""The text with each character that can't be seen written as its escape, such as `\x1b` or `\u202e`.

    Those are controls, direction overrides, lone surrogates, line separators and unassigned code points.

    Args:
        text: any text, whoever wrote it.
        lines: keep line feeds and tabs, for a text of several lines.
    """
    if text.isprintable():
        return text
    kept = _JOINERS + (_LINES if lines else "")
    return "".join(one if one.isprintable() or one in kept or _is_blank(one) else _spell(one) for one in text)


def opening(text: str, *, length: int = 80, mask: Callable[[str], str] = str) -> str:
    """How a text begins, on one line: for a message that says what came instead of what was asked for.

    Args:
        text: what came.
        length: most characters to show.
        mask: hides secrets; applied before the cut, so that no half of a secret is left.
    """
    start = mask(text[:_LOOKED_AT]).strip()
    return plain(start[:length]) + ("…" if len(start) > length or len(text) > _LOOKED_AT else "")


def plain_value(value: Any, *, length: int = 5000, depth: int = 8) -> Any:
    """A JSON value from outside as a log may hold it: texts plain and cut, numbers and nesting within bounds.

    Args:
        value: whatever an answer held.
        length: most characters of a text, and most entries of a list or an object.
        depth: levels that are kept; what lies deeper is an ellipsis.
    """
    if isinstance(value, str):
        return plain(value[:length], lines=True) + ("…" if len(value) > length else "")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value if math.isfinite(value) and abs(value) < 2**63 else "a number out of range"
    if isinstance(value, dict | list) and depth == 0:
        return "…"
    if isinstance(value, dict):
        entries = list(value.items())[:length]
        return {plain(str(key)[:length]): plain_value(one, length=length, depth=depth - 1) for key, one in entries}
    if isinstance(value, list):
        return [plain_value(one, length=length, depth=depth - 1) for one in value[:length]]
    return value


def _is_blank(one: str) -> bool:
    return unicodedata.category(one) == "Zs"  # no-break and other wide or narrow spaces


def _spell(one: str) -> str:
    return one.encode("unicode_escape").decode("ascii")


def counted(number: int, one: str, many: str = "") -> str:
    """`number` with its noun: 1 retry, 2 retries."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """A time as people say it: 40 s, 9 min, 2 h 5 min."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
