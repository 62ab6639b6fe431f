"""The same refusal a few times in a row is the endpoint's, not the items': the run ends instead of asking for all.

refused, kind A   refused, kind A   refused, kind A     the third ends the run
refused, kind A   a good answer     refused, kind A     counted from one again: it is about single items
refused, kind A   refused, kind B   refused, kind A     counted from one again each time
"""

from __future__ import annotations

import re

from datagen_lib.errors import CallRejected, EndpointRefused

from .endpoints import Endpoint

MOST = 3  # the same refusal in a row

_VARYING = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`|[0-9a-f]{8}[0-9a-f-]*|\d+", re.IGNORECASE)


class Repeats:
    """Counts the refusals of one endpoint that say the same, with nothing accepted between."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._last = ""
        self._count = 0

    def accepted(self) -> None:
        """A call was answered well: what was refused before was about that one request."""
        self._last, self._count = "", 0

    def refused(self, error: CallRejected) -> CallRejected | EndpointRefused:
        """The error to raise: `error` itself, or at the third of its kind one that ends the run."""
        kind = _VARYING.sub("#", error.what)
        self._count = self._count + 1 if kind == self._last else 1
        self._last = kind
        if self._count < MOST:
            return error
        hint = f"Every call is refused alike, so it is not about one item: check {self._endpoint.blame.model}"
        hint += f" and {self._endpoint.blame.address}."
        return EndpointRefused(f"{error.what} (the same {MOST} times in a row)", hint=f"{hint} {error.hint}".strip())
