"""What can go wrong, on purpose: which call fails, how, and how a good answer is spoilt.

A fault strikes in one of three places. `call` faults replace the whole answer (429, a cut connection ...); `answer`
faults spoil the text or the picture of an answer that is otherwise whole; `item` faults change single items in it. Of
the first two kinds a call suffers at most one each; item faults add up. Everything is drawn from the seed, the route
and the number of the call on that route. So a run with the same calls fails in the same places.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from .calls import Call

Route = Literal["text", "image"]
Stage = Literal["call", "answer", "item"]


class Kind(NamedTuple):
    """Where a kind of fault strikes, on which routes, and what it does."""

    stage: Stage
    routes: tuple[Route, ...]
    what: str


_BOTH: tuple[Route, ...] = ("text", "image")
_TEXT: tuple[Route, ...] = ("text",)
_IMAGE: tuple[Route, ...] = ("image",)

KINDS: dict[str, Kind] = {
    "429": Kind("call", _BOTH, "rate limit, with retry-after and retry-after-ms (1 s)"),
    "429-bare": Kind("call", _BOTH, "rate limit without a retry-after"),
    "429-long": Kind("call", _BOTH, "rate limit with a retry-after of a day"),
    "insufficient-quota": Kind("call", _BOTH, "429 that no wait will cure"),
    "408": Kind("call", _BOTH, "the service timed out"),
    "500": Kind("call", _BOTH, "internal server error"),
    "503": Kind("call", _BOTH, "service unavailable"),
    "5xx": Kind("call", _BOTH, "500, 502 (an HTML page), 503 or 504"),
    "401": Kind("call", _BOTH, "access denied"),
    "403": Kind("call", _BOTH, "the whole resource is temporarily blocked"),
    "404": Kind("call", _BOTH, "the deployment does not exist"),
    "410": Kind("call", _BOTH, "the model is retired"),
    "cut": Kind("call", _BOTH, "the connection is reset or closed before an answer"),
    "cut-body": Kind("answer", _BOTH, "the connection ends in the middle of the answer"),
    "stall": Kind("answer", _BOTH, "half of the answer, then nothing until the client leaves"),
    "hang": Kind("call", _BOTH, "no answer until the client leaves"),
    "content-filter": Kind("call", _BOTH, "400: the prompt is filtered, code content_filter"),
    "moderation_blocked": Kind("call", _IMAGE, "400 with this code"),
    "contentFilter": Kind("call", _IMAGE, "400 with this code"),
    "content_policy_violation": Kind("call", _IMAGE, "400 with this code"),
    "stream-error": Kind("answer", _TEXT, "an error event in the middle of a stream; a plain call gets a 500"),
    "malformed": Kind("answer", _TEXT, "text that is no JSON any more"),
    "truncated": Kind("answer", _TEXT, "JSON that breaks off, finish_reason stop"),
    "length": Kind("answer", _TEXT, "JSON that breaks off, finish_reason length"),
    "prose": Kind("answer", _TEXT, "a sentence before and after the JSON"),
    "fence": Kind("answer", _TEXT, "the JSON in a code fence"),
    "refusal": Kind("answer", _TEXT, "a refusal instead of content"),
    "answer-filter": Kind("answer", _TEXT, "the text breaks off, finish_reason content_filter"),
    "wrong-count": Kind("answer", _TEXT, "too few or too many categories or items"),
    "duplicate-categories": Kind("answer", _TEXT, "two categories come twice"),
    "image-cut": Kind("answer", _IMAGE, "half of the picture's bytes"),
    "not-png": Kind("answer", _IMAGE, "a web page or a GIF instead of the PNG"),
    "wrong-size": Kind("answer", _IMAGE, "a picture of half the width and height"),
    "rule-breaking": Kind("item", _TEXT, "items that break a rule; the rate is the share of items"),
    "repeated-names": Kind("item", _TEXT, "items with a name that was used before; the rate is the share of items"),
}


@dataclass(frozen=True, eq=False)
class Fault:
    """One rule: which calls of which route fail, and how.

    Attributes:
        kind: a key of KINDS.
        route: "text", "image" or None for every route that the kind knows.
        rate: the share (0..1) that fails of the calls that `nth` and `when` let through; of items for an item fault.
        nth: numbers of the calls on their route, counted from 1; None for any.
        when: a predicate on the recorded request; None for any.
        times: at most so many calls, or None.
        retry_after: seconds, in place of the kind's own.
    """

    kind: str
    route: Route | None = None
    rate: float = 1.0
    nth: Collection[int] | None = None
    when: Callable[[Call], bool] | None = None
    times: int | None = None
    retry_after: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault {self.kind!r}; known: {', '.join(KINDS)}")
        if self.route is not None and self.route not in KINDS[self.kind].routes:
            raise ValueError(f"fault {self.kind!r} can't strike a call for {self.route!r}")
        if not 0 <= self.rate <= 1:
            raise ValueError(f"the rate of fault {self.kind!r} must lie between 0 and 1, not {self.rate}")


class Faults:
    """The rules in force; may be changed from any thread while the server runs.

    Args:
        faults: rules, the first that strikes wins.
        seed: what the draws start from.
    """

    def __init__(self, *faults: Fault, seed: int = 0) -> None:
        self.seed = seed
        self._rules = list(faults)
        self._used: Counter[Fault] = Counter()
        self._lock = threading.Lock()

    @classmethod
    def parse(cls, text: str, *, seed: int = 0) -> Faults:
        """Rules from `[text:|image:]kind[=rate][@n+n...]`, separated by commas.

        Raises:
            ValueError: names the part that can't be read.
        """
        return cls(*(_parse_one(part.strip()) for part in text.split(",") if part.strip()), seed=seed)

    def add(self, kind: str, **options: Any) -> Fault:
        """Add `Fault(kind, **options)` behind the rules in force."""
        fault = Fault(kind, **options)
        with self._lock:
            self._rules.append(fault)
        return fault

    def clear(self) -> None:
        """Nothing fails from now on."""
        with self._lock:
            self._rules.clear()

    def draw(self, *key: object) -> float:
        """A number in [0, 1) that depends on the seed and the key alone."""
        digest = blake2b(repr((self.seed, *key)).encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64

    def pick(self, stage: Stage, call: Call) -> Fault | None:
        """The fault that strikes this call at this stage, if any. Rates without `nth` or `when` share one draw."""
        shared, bar = self.draw(stage, call.route, call.number), 0.0
        for rule in self._matching(stage, call):
            if rule.nth is None and rule.when is None:
                bar += rule.rate
                struck = shared < bar
            else:
                struck = self.draw(stage, call.route, call.number, rule.kind) < rule.rate
            if struck:
                self._used[rule] += 1
                return rule
        return None

    def on_items(self, call: Call) -> list[Fault]:
        """The item faults that may strike this call's items."""
        return list(self._matching("item", call))

    def _matching(self, stage: Stage, call: Call) -> Iterable[Fault]:
        with self._lock:
            rules = tuple(self._rules)
        for rule in rules:
            kind = KINDS[rule.kind]
            if kind.stage != stage or call.route not in kind.routes or rule.route not in (None, call.route):
                continue
            if rule.nth is not None and call.number not in rule.nth:
                continue
            if rule.times is not None and self._used[rule] >= rule.times:
                continue
            if rule.when is None or rule.when(call):
                yield rule


def _parse_one(part: str) -> Fault:
    head, _, numbers = part.partition("@")
    name, _, rate = head.partition("=")
    route, colon, kind = name.rpartition(":")
    try:
        return Fault(
            kind.strip(),
            route=route.strip() if colon else None,  # type: ignore[arg-type]  # checked by Fault itself
            rate=float(rate) if rate else 1.0,
            nth=frozenset(int(number) for number in numbers.split("+")) if numbers else None,
        )
    except ValueError as exc:
        raise ValueError(f"can't read the fault {part!r}: {exc}") from exc
