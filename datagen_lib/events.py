"""What the stages report.

Every stage takes one callback and knows nothing of who listens: progress bars, the run report, a notebook's live table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .text import counted

if TYPE_CHECKING:
    from .models import CatalogItem, Category
    from .rules import Violation

Kind = Literal["text", "image"]


@dataclass(frozen=True)
class Planned:
    """What the run found on disk, and what it is to make: said once, first."""

    categories_ready: int
    items_ready: int
    items_target: int
    images_ready: int
    items_wanted: bool
    images_wanted: bool


@dataclass(frozen=True)
class CategoryAccepted:
    category: Category


@dataclass(frozen=True)
class ItemAccepted:
    """An item was kept: the soft rules that it broke, and which call of which batch of this run brought it."""

    item: CatalogItem
    soft: tuple[Violation, ...] = ()
    batch: int = 0
    attempt: int = 0


@dataclass(frozen=True)
class ItemRejected:
    """A refused item: its name as the model wrote it, and the rules that it broke."""

    name: str
    violations: tuple[Violation, ...]


@dataclass(frozen=True)
class BatchDone:
    """A batch of items ended: how many were asked for, came, and were accepted; why it was cut short, if it was."""

    asked: int
    returned: int
    accepted: int
    problem: str = ""


@dataclass(frozen=True)
class ItemsPaid:
    """A call for items ended: those that it brought and that were kept, and what it cost in US dollars."""

    items: tuple[CatalogItem, ...]
    cost_usd: float


@dataclass(frozen=True)
class ItemsComplete:
    """`catalog.json` holds all items."""

    count: int


@dataclass(frozen=True)
class ImageSaved:
    """A picture is in its place: the calls that it took in this run, and what they cost in US dollars."""

    item: CatalogItem
    attempts: int = 1
    cost_usd: float = 0.0


@dataclass(frozen=True)
class ItemGraded:
    """The text model has graded an item, from 0 to 100, and said why."""

    item: CatalogItem
    grade: int
    reason: str


@dataclass(frozen=True)
class ImageFailed:
    item: CatalogItem
    reason: str
    attempts: int


@dataclass(frozen=True)
class CallDone:
    """A call ended: tokens as the service counted them, dollars by the price table, seconds on the clock.

    `reason` says why it failed, or is "" where the service did not say it.
    """

    kind: Kind
    ok: bool
    seconds: float
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    reason: str = ""


@dataclass(frozen=True)
class Retrying:
    """A call failed and is tried again after `wait` seconds."""

    kind: Kind
    reason: str
    wait: float
    attempt: int


@dataclass(frozen=True)
class PaceChanged:
    """The calls to a deployment go at another pace.

    Attributes:
        kind: whose calls.
        per_minute: calls that may start in a minute, given or learnt; None while no limit has shown.
        concurrency: calls that may be under way at once.
        paused: seconds of a pause that begins; 0.0 where none does.
        why: what it pauses for, in words; "" where it does not.
        next_in: seconds until the next call may start, where one waits for the pace for a second or more; else 0.0.
        given: whether the pace is the quota that the user gave, and not learnt.
    """

    kind: Kind
    per_minute: float | None
    concurrency: int
    paused: float = 0.0
    why: str = ""
    next_in: float = 0.0
    given: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """How far one kind of thing is: "categories", "items" or "pictures".

    Attributes:
        what: the kind.
        done: how many are there, those of earlier runs too.
        wanted: how many are to be there.
        per_minute: made a minute lately; None while that can't be said.
        seconds_left: until all are there, at that rate; None while that can't be said.
    """

    what: str
    done: int
    wanted: int
    per_minute: float | None = None
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the run is, and what it took: said by the pipeline after each other event."""

    rows: tuple[Row, ...]
    text_calls: int = 0
    image_calls: int = 0
    retries: int = 0
    refused: int = 0
    failed: int = 0
    cost_usd: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Ending:
    """The end was asked for: no new call is made, and those under way get up to `seconds` to end."""

    text_calls: int
    image_calls: int
    seconds: float

    @property
    def calls(self) -> int:
        """All calls under way."""
        return self.text_calls + self.image_calls

    @property
    def what(self) -> str:
        """What is waited for, in words: "4 pictures and 1 answer under way are paid for; waiting up to 60 s"."""
        named = ((self.image_calls, "picture"), (self.text_calls, "answer"))
        parts = [counted(count, what) for count, what in named if count]
        verb = "is" if self.calls == 1 else "are"
        return f"{' and '.join(parts)} under way {verb} paid for; waiting up to {self.seconds:.0f} s"


Event = (
    Planned
    | CategoryAccepted
    | ItemAccepted
    | ItemRejected
    | BatchDone
    | ItemsPaid
    | ItemsComplete
    | ImageSaved
    | ItemGraded
    | ImageFailed
    | CallDone
    | Retrying
    | PaceChanged
    | Progress
    | Ending
)
Listener = Callable[[Event], None]


def ignore(_: Event) -> None:
    """The listener of whoever does not want to know."""
