"""What the stages report.

Every stage takes one callback and knows nothing of who listens: progress bars, the run report, a notebook's live table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

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
    images_wanted: bool


@dataclass(frozen=True)
class CategoryAccepted:
    category: Category


@dataclass(frozen=True)
class ItemAccepted:
    item: CatalogItem
    soft: tuple[Violation, ...] = ()


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
class ItemsComplete:
    """`catalog.json` holds all items."""

    count: int


@dataclass(frozen=True)
class ImageSaved:
    item: CatalogItem


@dataclass(frozen=True)
class ImageFailed:
    item: CatalogItem
    reason: str
    attempts: int


@dataclass(frozen=True)
class CallDone:
    """A call ended: tokens as the service counted them, dollars by the price table, seconds on the clock."""

    kind: Kind
    ok: bool
    seconds: float
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0


@dataclass(frozen=True)
class Retrying:
    """A call failed and is tried again after `wait` seconds."""

    kind: Kind
    reason: str
    wait: float
    attempt: int


Event = (
    Planned
    | CategoryAccepted
    | ItemAccepted
    | ItemRejected
    | BatchDone
    | ItemsComplete
    | ImageSaved
    | ImageFailed
    | CallDone
    | Retrying
)
Listener = Callable[[Event], None]


def ignore(_: Event) -> None:
    """The listener of whoever does not want to know."""
