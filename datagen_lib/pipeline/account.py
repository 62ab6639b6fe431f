"""The account of a run: its events added up. `run_report.json` and the closing summary are two views of it."""

from __future__ import annotations

import platform
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from datagen_lib.events import (
    BatchDone,
    CallDone,
    CategoryAccepted,
    Event,
    ImageFailed,
    ImageSaved,
    ItemAccepted,
    ItemGraded,
    ItemRejected,
    Planned,
    Retrying,
)
from datagen_lib.folder.store import Store
from datagen_lib.settings import Settings
from datagen_lib.version import __version__

REFRESH_EVERY = 10  # images


@dataclass
class Account:
    """What a run did so far. Call it with each event."""

    started: float = field(default_factory=time.monotonic)
    began: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    planned: Planned | None = None
    categories: int = 0
    items: int = 0
    images: int = 0
    failed: list[ImageFailed] = field(default_factory=list)
    rejected: Counter[str] = field(default_factory=Counter)
    rejected_items: int = 0
    soft: Counter[str] = field(default_factory=Counter)
    grades: list[int] = field(default_factory=list)
    batches: int = 0
    skipped_batches: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    failed_calls: Counter[str] = field(default_factory=Counter)
    retries: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    cost_usd: float = 0.0
    first_item: float | None = None
    first_image: float | None = None

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    def __call__(self, event: Event) -> None:
        match event:
            case Planned():
                self.planned = event
            case CategoryAccepted():
                self.categories += 1
            case ItemAccepted() | ItemRejected() | ItemGraded():
                self._take_item(event)
            case BatchDone():
                self.batches += 1
                self.skipped_batches += bool(event.problem)
            case ImageSaved():
                self.images += 1
                self.first_image = self.first_image or self.seconds
            case ImageFailed():
                self.failed.append(event)
            case CallDone():
                self.calls[event.kind] += 1
                self.failed_calls[event.kind] += not event.ok
                self.tokens[f"{event.kind}_input"] += event.input_tokens
                self.tokens[f"{event.kind}_output"] += event.output_tokens
                self.cost_usd += event.cost_usd
            case Retrying():
                self.retries[event.kind] += 1
            case _:
                pass

    def _take_item(self, event: ItemAccepted | ItemRejected | ItemGraded) -> None:
        match event:
            case ItemAccepted():
                self.items += 1
                self.first_item = self.first_item or self.seconds
                self.soft.update(violation.rule for violation in event.soft)
            case ItemRejected():
                self.rejected_items += 1
                self.rejected.update(violation.rule for violation in event.violations)
            case ItemGraded():
                self.grades.append(event.grade)

    def refreshes(self, event: Event) -> bool:
        """Whether run_report.json is to be written anew after this event: each batch, and every ten images."""
        return isinstance(event, BatchDone) or (isinstance(event, ImageSaved) and self.images % REFRESH_EVERY == 0)

    def document(self, settings: Settings, store: Store, *, complete: bool, stopped: str = "") -> dict[str, Any]:
        """The content of run_report.json."""
        return {
            "version": __version__,
            "python": platform.python_version(),
            "platform": platform.platform(),
            "provider": settings.provider,
            "started": self.began,
            "seconds": round(self.seconds, 2),
            "seconds_to_first_item": _rounded(self.first_item),
            "seconds_to_first_image": _rounded(self.first_image),
            "complete": complete,
            "stopped": stopped or None,
            "catalogue": {
                "categories": len(store.categories),
                "items": len(store.items),
                "items_by_category": dict(store.by_category),
            },
            "this_run": {
                "categories": self.categories,
                "items": self.items,
                "images": self.images,
                "images_failed": len(self.failed),
                "rejected_items": self.rejected_items,
                "rejected_by_rule": dict(self.rejected),
                "soft_violations": dict(self.soft),
                "graded": len(self.grades),
                "grades": self._graded(),
                "batches": self.batches,
                "skipped_batches": self.skipped_batches,
            },
            "calls": dict(self.calls),
            "failed_calls": dict(+self.failed_calls),
            "retries": dict(self.retries),
            "tokens": dict(+self.tokens),
            "cost_usd": round(self.cost_usd, 4),
            "settings": settings.public(),
        }

    def _graded(self) -> dict[str, float] | None:
        """The text model's grades of this run: lowest, mean and highest; None where it gave none."""
        if not self.grades:
            return None
        mean = round(sum(self.grades) / len(self.grades), 1)
        return {"lowest": min(self.grades), "mean": mean, "highest": max(self.grades)}


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)
