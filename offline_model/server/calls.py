"""What the stand-in remembers of each request."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Literal

from .api.refusals import Family
from .faults import Fault, Route


@dataclass
class Call:
    """One request as it came, and what became of it.

    Attributes:
        route: "text", "image", or "" for a path that the service doesn't have.
        deployment: named in the path or, elsewhere, as the body's model.
        number: counted from 1 over the calls of its route that had the right key; 0 for others.
        headers: names in lower case, without the key.
        key_ok: whether the key was right; of a call without it, nothing but the path is kept.
        body: the parsed JSON, or None.
        source: what the answer comes from: "model", "tape", or "" where there is none.
        status: answered, or None while the call runs and where no status was sent.
        fault: kind of the fault that struck it; several are joined by "+".
        left: the client went away before the answer was complete.
        started: monotonic seconds.
        ended: monotonic seconds.
        error: a traceback, where the stand-in itself failed.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    key_ok: bool
    route: Route | Literal[""] = ""
    family: Family = "azure"
    deployment: str = ""
    number: int = 0
    body: Any = None
    status: int | None = None
    fault: str = ""
    source: Literal["model", "tape", ""] = ""
    left: bool = False
    started: float = field(default_factory=time.monotonic)
    ended: float | None = None
    error: str = ""

    def struck(self, fault: Fault) -> Fault:
        """Note that this fault struck."""
        self.fault = f"{self.fault}+{fault.kind}" if self.fault else fault.kind
        return fault
