"""Every wait that a service asks for is read, whichever header, unit or words it uses."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen_lib.service.headers import LONGEST, reset_after, retry_after, seconds_of, wait_in_words

NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("2.5", 2.5),
        ("3s", 3.0),
        ("250ms", 0.25),
        ("6m0.5s", 360.5),
        ("6h0m0s", 21600.0),
        ("1d", 86400.0),
        ("1m 3s", 63.0),
        (str(NOW + 20), 20.0),
        (str(round((NOW + 20) * 1000)), 20.0),
        (formatdate(NOW + 30, usegmt=True), 30.0),
        ("2020-01-01T00:00:00Z", 0.0),
        ("-5", 0.0),
        ("99999999", LONGEST),
        ("1e300", LONGEST),
        ("soon", None),
        ("3 apples", None),
        ("", None),
        (None, None),
        ("nan", None),
        ("inf", None),
    ],
)
def test_a_wait_in_any_unit(value: str | None, seconds: float | None) -> None:
    """Seconds, units, points of time and dates are read; what says nothing is None; no wait is over 30 days."""
    assert seconds_of(value, now=NOW) == seconds


@given(st.text(max_size=40))
def test_no_header_breaks_the_reader(value: str) -> None:
    """Whatever a header holds, it is a wait of 0 s to 30 days or none."""
    seconds = seconds_of(value)

    assert seconds is None or 0 <= seconds <= LONGEST


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After-Ms": "350", "Retry-After": "1"}, 0.35),
        ({"retry-after-ms": "soon", "Retry-After": "9"}, 9.0),
        ({"x-ms-retry-after-ms": "4000"}, 4.0),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "9"}, None),
    ],
)
def test_retry_after_comes_in_milliseconds_first(headers: dict[str, str], seconds: float | None) -> None:
    """retry-after-ms is the finer one; a reset header is no Retry-After."""
    assert retry_after(headers) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-remaining-requests": "0", "X-RateLimit-Reset-Requests": "6h0m0s"}, 21600.0),
        ({"x-ratelimit-remaining-requests": "3", "x-ratelimit-reset-requests": "60"}, None),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "60"}, 60.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW + 60)}, 60.0),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "60"}, 60.0),
        ({"RateLimit": '"default";r=0;t=60'}, 60.0),
        ({"RateLimit": '"default";r=9;t=60'}, None),
        ({"RateLimit": "limit=10, remaining=0, reset=60"}, 60.0),
        ({"x-ratelimit-reset-after": "60"}, 60.0),
        ({"x-rate-limit-reset": "60"}, 60.0),
        ({"x-rate-limit-remaining": "1", "x-rate-limit-reset": "60"}, None),
        ({"x-ratelimit-remaining-requests": "0"}, None),
        ({}, None),
    ],
)
def test_a_reset_counts_where_none_is_left(headers: dict[str, str], seconds: float | None) -> None:
    """The reset headers tell a wait only where the service says that nothing is left."""
    assert reset_after(headers, now=NOW) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("You have exceeded the call rate limit. Please retry after 8 seconds.", 8.0),
        ("Rate limit reached. Please try again in 20s.", 20.0),
        ("Please try again in 7m12s. Visit the page.", 432.0),
        ("Please try again in 350ms", 0.35),
        ("Wait 2 minutes before the next call", 120.0),
        ("Retry after 1 day", 86400.0),
        ("Retry with 8 items", None),
        ("There are 8 seconds in it", None),
        ("", None),
    ],
)
def test_a_wait_in_words(text: str, seconds: float | None) -> None:
    """A message that asks to wait is read as well."""
    found = wait_in_words(text)

    assert found == (seconds if seconds is None else pytest.approx(seconds))
