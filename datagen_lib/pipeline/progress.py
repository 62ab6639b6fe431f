"""How far a run is: computed here once; terminal, notebook and log only draw it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from datagen_lib.events import (
    CallDone,
    CategoryAccepted,
    Event,
    ImageFailed,
    ImageSaved,
    ItemAccepted,
    ItemRejected,
    Planned,
    Progress,
    Retrying,
    Row,
)
from datagen_lib.models import CATEGORY_COUNT

HORIZON = 30  # made things that a rate is measured over
FEWEST = 3  # from which on a rate says something


class _Count:
    """One row: what has been made of one kind, and when."""

    def __init__(self, what: str, ready: int, wanted: int) -> None:
        self.what, self.done, self.wanted = what, ready, wanted
        self._times: deque[float] = deque(maxlen=HORIZON)

    def add(self, now: float) -> None:
        self.done += 1
        self.wanted = max(self.wanted, self.done)
        self._times.append(now)

    def row(self, now: float) -> Row:
        if len(self._times) < FEWEST or self.done >= self.wanted or now <= self._times[0]:
            return Row(self.what, self.done, self.wanted)
        rate = (len(self._times) - 1) / (now - self._times[0])
        return Row(
            self.what, self.done, self.wanted, per_minute=60 * rate, seconds_left=(self.wanted - self.done) / rate
        )


class ProgressKeeper:
    """Turns the events of a run into `Progress`. Call `after` with each event, in order.

    Args:
        plan: what the run found and is to make.
        clock: seconds; another one for tests.
    """

    def __init__(self, plan: Planned, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._start = clock()
        self._categories = _Count("categories", plan.categories_ready, CATEGORY_COUNT)
        self._items = _Count("items", plan.items_ready, plan.items_target)
        self._pictures = _Count("pictures", plan.images_ready, plan.items_target)
        self._shown = [self._categories]
        self._shown += [self._items] if plan.items_wanted else []
        self._shown += [self._pictures] if plan.images_wanted else []
        self._text_calls = self._image_calls = self._retries = self._refused = self._failed = 0
        self._cost = 0.0

    def after(self, event: Event) -> Progress:
        """How far the run is once `event` has happened."""
        now = self._clock()
        match event:
            case CategoryAccepted():
                self._categories.add(now)
            case ItemAccepted():
                self._items.add(now)
                self._pictures.wanted = max(self._pictures.wanted, self._items.done)
            case ImageSaved():
                self._pictures.add(now)
            case ItemRejected():
                self._refused += 1
            case ImageFailed():
                self._failed += 1
            case Retrying():
                self._retries += 1
            case CallDone(kind=kind, cost_usd=cost):
                self._text_calls += kind == "text"
                self._image_calls += kind == "image"
                self._cost += cost
            case _:
                pass
        return Progress(
            rows=tuple(count.row(now) for count in self._shown),
            text_calls=self._text_calls,
            image_calls=self._image_calls,
            retries=self._retries,
            refused=self._refused,
            failed=self._failed,
            cost_usd=self._cost,
            seconds=now - self._start,
        )
