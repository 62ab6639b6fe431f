"""How long a service asks to wait, in whichever header and unit it says so.

    retry-after-ms, x-ms-retry-after-ms milliseconds
    retry-after                         seconds, "3s", "2.5", or a date
    x-ratelimit-reset-requests/-tokens  "7", "250ms", "6m0.5s", "6h0m0s", "1d", a point of time in seconds or
                                        milliseconds since 1970, or a date
    x-ratelimit-reset, ratelimit-reset  the same; also with -after, or as x-rate-limit-reset
    ratelimit                           "default";r=0;t=60, or limit=10, remaining=0, reset=60

The bodies of some services say it in words only: "Please retry after 8 seconds."
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

LONGEST = 30 * 86400.0  # s; more is no wait, it is a "no"
POINT_OF_TIME = 10 * 365 * 86400.0  # a number of seconds above this is a date, counted from 1970
UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}

_PART = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*(ns|us|µs|ms|s|m|h|d)(?![a-z])")
_FIELD = re.compile(r"\b([A-Za-z]+)\s*=\s*(\d+)")
_CUE = re.compile(r"\b(?:retry|try again|wait)\b[^.\d]{0,40}?(?=\d)", re.IGNORECASE)
_SAID = re.compile(
    r"\s*(\d+(?:\.\d+)?)\s*(milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)(?![a-z])"
)


def retry_after(headers: Mapping[str, str], *, now: float | None = None) -> float | None:
    """Seconds that the service asks to wait before the next call, or None where it does not say.

    Args:
        headers: of the answer; names in any case.
        now: seconds since 1970, for tests.
    """
    told = {name.lower(): value for name, value in headers.items()}
    thousandths = told.get("retry-after-ms") or told.get("x-ms-retry-after-ms")
    milliseconds = seconds_of(thousandths, now=now, unit=1000)
    return milliseconds if milliseconds is not None else seconds_of(told.get("retry-after"), now=now)


def reset_after(headers: Mapping[str, str], *, now: float | None = None) -> float | None:
    """Seconds until the service counts anew what has none left, or None where it does not say."""
    told = {name.lower(): value for name, value in headers.items()}
    waits = [
        wait
        for what in ("requests", "tokens")
        if told.get(f"x-ratelimit-remaining-{what}", "").strip() == "0"
        and (wait := seconds_of(told.get(f"x-ratelimit-reset-{what}"), now=now)) is not None
    ]
    if not waits:
        waits = [wait for left, reset in _plain(told) if left.strip() == "0" and (wait := seconds_of(reset, now=now))]
    return max(waits, default=None)


def _plain(told: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What is left, and when it is counted anew, of no named quota; where nothing is said, nothing is left."""
    for name in ("x-ratelimit", "x-rate-limit", "ratelimit"):
        for reset in (f"{name}-reset", f"{name}-reset-after"):
            if reset in told:
                yield told.get(f"{name}-remaining", "0"), told[reset]
    fields = {field[1].lower(): field[2] for field in _FIELD.finditer(told.get("ratelimit", ""))}
    for left, reset in (("r", "t"), ("remaining", "reset")):
        if left in fields and reset in fields:
            yield fields[left], fields[reset]


def wait_in_words(text: str) -> float | None:
    """Seconds that a message asks to wait, as in "please retry after 8 seconds", or None."""
    cue, seconds = _CUE.search(text), 0.0
    if cue is None:
        return None
    rest = text[cue.end() :].lower()
    while part := _SAID.match(rest):
        unit = "ms" if part[2].startswith(("ms", "milli")) else part[2][0]
        seconds, rest = seconds + float(part[1]) * UNITS[unit], rest[part.end() :]
    return min(LONGEST, seconds) if seconds else None


def seconds_of(value: str | None, *, now: float | None = None, unit: float = 1.0) -> float | None:
    """A header's wait in seconds, from 0 to 30 days; None where it says nothing that can be read.

    Args:
        value: the header.
        now: seconds since 1970, for tests.
        unit: how many of a bare number make a second.
    """
    text = (value or "").strip().lower()
    if not text:
        return None
    now = time.time() if now is None else now
    seconds = _number(text, unit, now)
    if seconds is None:
        seconds = _parts(text)
    if seconds is None:
        seconds = _date((value or "").strip(), now)
    return None if seconds is None or not math.isfinite(seconds) else min(max(0.0, seconds), LONGEST)


def _number(text: str, unit: float, now: float) -> float | None:
    try:
        seconds = float(text) / unit
    except ValueError:
        return None
    if math.isfinite(seconds) and seconds > 1000 * POINT_OF_TIME:
        seconds /= 1000  # since 1970 in milliseconds
    return seconds - now if POINT_OF_TIME < seconds < 100 * POINT_OF_TIME else seconds


def _parts(text: str) -> float | None:
    """Seconds of a text such as "6m0.5s"; all of it must be such parts."""
    if _PART.sub("", text).strip(" ,+"):
        return None
    return sum(float(number) * UNITS[unit] for number, unit in _PART.findall(text)) if _PART.search(text) else None


def _date(text: str, now: float) -> float | None:
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            return read(text).timestamp() - now
        except (TypeError, ValueError, OverflowError, IndexError):
            continue
    return None
