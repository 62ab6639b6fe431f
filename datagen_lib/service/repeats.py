"""The same trouble a few times in a row is the endpoint's, not the items': the run ends instead of asking for all.

refused, kind A   refused, kind A   refused, kind A     the third ends the run
refused, kind A   a good answer     refused, kind A     counted from one again: it is about single items
refused, kind A   refused, kind B   refused, kind A     counted from one again each time; the eighth in all ends the run

A good answer to another kind of request says nothing: all items may be refused while categories still stream.

An answer that brings nothing (prose, a filter's verdict) counts alike until a first good one has come. From then on the
deployment is proven, and the stages say how much bad luck a batch may have.
"""

from __future__ import annotations

import re

from datagen_lib.errors import CallRejected, ContentFiltered, EndpointGaveUp, EndpointRefused, MalformedAnswer

from .endpoints import Endpoint

MOST = 3  # the same trouble in a row
MOST_OF_ALL = 8  # refusals in a row, whatever they say

# What differs between two refusals that say the same: what is quoted, numbers, and whatever looks like an id.
_VARYING = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`|\S*[\d_=]\S*|\S*[a-z][A-Z]\S*|\b[A-Z]{7,}\b|\S{24,}")
_DETAILS = re.compile(r"[;:(].*", re.DOTALL)  # how an answer began: other words each time


class Repeats:
    """Counts the refusals of one endpoint that say the same, with nothing accepted between."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._last = self._asked = ""
        self._count = self._refusals = 0
        self._proven = False

    def accepted(self, asked: str) -> None:
        """A call for `asked` was answered well: what was refused of these before was about that one request."""
        self._proven = True
        if asked == self._asked:
            self._last, self._count, self._refusals = "", 0, 0

    def refused(self, error: CallRejected, asked: str) -> CallRejected | EndpointRefused:
        """The error to raise: `error` itself, or at the third of its kind one that ends the run."""
        self._asked = asked
        self._refusals += 1
        if not self._again(_VARYING.sub("#", error.what)) and self._refusals < MOST_OF_ALL:
            return error
        hint = f"Every call is refused alike, so it is not about one item: check {self._endpoint.blame.model}"
        hint += f" and {self._endpoint.blame.address}."
        row = f"the same {MOST} times" if self._count >= MOST else f"refused {self._refusals} times"
        return EndpointRefused(f"{error.what} ({row} in a row)", hint=f"{hint} {error.hint}".strip())

    def useless(
        self, error: MalformedAnswer | ContentFiltered, asked: str
    ) -> MalformedAnswer | ContentFiltered | EndpointGaveUp:
        """The error to raise after an answer that brought nothing: `error` itself, or one that ends the run."""
        self._asked = asked
        if self._proven or not self._again(_DETAILS.sub("", error.what)):
            return error
        hint = f"{error.hint} No answer was of use so far, and each may cost: check {self._endpoint.blame.model}"
        hint += f" and {self._endpoint.blame.address}, then run again."
        return EndpointGaveUp(
            f"{self._endpoint.kind} call: {error.what} (the same {MOST} times in a row)", hint=hint.strip()
        )

    def _again(self, kind: str) -> bool:
        """Whether this makes MOST of a kind in a row."""
        self._count = self._count + 1 if kind == self._last else 1
        self._last = kind
        return self._count >= MOST
