"""When failed pictures end a run: as soon as they are the endpoint's doing, and not the items'.

    what came                                        the run ends at
    a picture that can't be used (see `Fault`)       the second of the same fault
    broken bytes                                     the same bytes again, or 8 in a row, no good picture between
    a refusal of the request, no filter's            the third in a row with the same words
    a refusal by the filter                          the tenth picture in a row
    a filter's verdict with a paid answer            the third picture in a row
    any passing failure, through all its retries     the fifth picture in a row

What is "in a row" starts anew with each good picture.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter

from datagen_lib.errors import (
    CallFailed,
    CallRejected,
    ContentFiltered,
    EndpointGaveUp,
    Fault,
    TransientError,
    UnusablePicture,
)

SAME_FAULT = 2
BROKEN_IN_A_ROW = 8
SAME_REFUSAL = 3
DEAD_ENDPOINT = 5
FILTERED_IN_A_ROW = 10
PAID_VERDICTS_IN_A_ROW = 3  # a verdict that comes with a paid answer

_HINTS: dict[Fault, str] = {
    "size": "{model} may name a model that draws other sizes.",
    "kind": "{model} must name a model that answers with PNG, JPEG or WebP pictures.",
    "encoding": "{address} must be that of a service that answers with base64, as OpenAI's does.",
    "address": "Let this machine reach that address (proxy, firewall), or let the service answer with base64.",
    "damaged": "The service sends pictures that are cut or broken; {model} may name one that works.",
    "none": "{model} must name a model that draws pictures.",
}


class GivingUp:
    """Counts what goes wrong, and says when it is enough. Knows the variables to blame."""

    def __init__(self, *, model: str, address: str) -> None:
        self._blame = {"model": model, "address": address}
        self._faults: Counter[Fault] = Counter()
        self._broken: set[bytes] = set()
        self._broken_row = self._failed_row = self._refused_row = self._filtered_row = 0
        self._refusal = ""

    def picture_saved(self) -> None:
        """A good picture came: what came in a row before it is over."""
        self._broken_row = self._failed_row = self._refused_row = self._filtered_row = 0
        self._broken.clear()

    def check_broken(self, data: bytes, error: TransientError) -> None:
        """Broken bytes came, which may have been cut on their way.

        Raises:
            UnusablePicture: they were not: these came before, or nothing but broken ones comes.
        """
        digest = hashlib.sha256(data).digest()
        self._broken_row += 1
        if digest in self._broken or self._broken_row >= BROKEN_IN_A_ROW:
            self._faults["damaged"] += 1  # those before it count too
            raise UnusablePicture(f"{error.what}, again", fault="damaged", paid=data) from error
        self._broken.add(digest)

    def after_unusable(self, error: UnusablePicture, kept: str) -> EndpointGaveUp | None:
        """Why the run ends after this answer, or None; `kept` is the file that its bytes were put into."""
        self._faults[error.fault] += 1
        if self._faults[error.fault] < SAME_FAULT:
            return None
        where = f" What came is kept: see {kept}." if kept else ""
        hint = error.hint or _HINTS[error.fault].format(**self._blame)
        return EndpointGaveUp(
            f"pictures come that can't be used, and asking again would cost as much again; the last one: {error.what}",
            hint=f"{hint}{where} Then run again to make those that are missing.",
        )

    def after_failure(self, error: CallFailed) -> EndpointGaveUp | None:
        """Why the run ends after this picture failed for good, or None."""
        words = re.sub(r"[0-9a-f-]{8,}|\d+", "#", error.what) if isinstance(error, CallRejected) else ""
        self._refused_row = self._refused_row + 1 if words and words == self._refusal else bool(words)
        self._refusal = words
        self._failed_row = self._failed_row + 1 if isinstance(error, TransientError) else 0
        self._filtered_row = self._filtered_row + 1 if isinstance(error, ContentFiltered) else 0
        if self._failed_row >= DEAD_ENDPOINT:
            what = f"{DEAD_ENDPOINT} pictures in a row failed; the last one: {error.what}"
            hint = error.hint
        elif self._refused_row >= SAME_REFUSAL:
            what = f"{SAME_REFUSAL} pictures in a row were refused in the same words: {error.what}"
            hint = error.hint or f"{self._blame['model']} names the model that is asked; another one may take them."
        elif self._filtered_row >= (
            PAID_VERDICTS_IN_A_ROW if isinstance(error, ContentFiltered) and error.paid else FILTERED_IN_A_ROW
        ):
            what = f"the content filter refused {self._filtered_row} pictures in a row; the last one: {error.what}"
            hint = f"Look at the prompts in failed_images.log; {self._blame['model']} may have a stricter filter."
        else:
            return None
        return EndpointGaveUp(what, hint=f"{hint} Run again to make those that are missing.".strip())
