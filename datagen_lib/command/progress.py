"""How far a run is, on standard error."""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import Any, Self

from datagen_lib.pipeline.account import Account

from .logs import say

LOG_EVERY = 5.0  # s between progress lines where there is no terminal


class Progress:
    """How far a run is, on standard error: two bars in a terminal, a line every few seconds in a log."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._bars: dict[str, Any] = {}
        self._said = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for bar in self._bars.values():
            bar.close()

    def __call__(self, event: Any) -> None:
        from datagen_lib import events

        self.account(event)
        if isinstance(event, events.Planned) and sys.stderr.isatty():
            self._start(event)
        elif self._bars:
            self._draw(event)
        elif time.monotonic() - self._said > LOG_EVERY:
            self._said = time.monotonic()
            say(self._line())

    def _start(self, plan: Any) -> None:
        from tqdm import tqdm

        bar = partial(tqdm, total=plan.items_target, file=sys.stderr, dynamic_ncols=True)
        self._bars["items"] = bar(desc="items", initial=plan.items_ready, unit="item")
        if plan.images_wanted:
            self._bars["images"] = bar(desc="images", initial=plan.images_ready, unit="image", position=1)

    def _draw(self, event: Any) -> None:
        from datagen_lib import events

        items, images = self._bars["items"], self._bars.get("images")
        match event:
            case events.CategoryAccepted():
                items.set_description_str(f"items ({self.account.categories} categories)", refresh=False)
            case events.ItemAccepted():
                items.update()
                if images is not None:
                    images.total = max(images.total, items.n)
            case events.ImageSaved() if images is not None:
                images.update()
            case events.CallDone() | events.Retrying():
                (images or items).set_postfix_str(self._note(), refresh=False)

    def _line(self) -> str:
        plan = self.account.planned
        assert plan is not None
        parts = [f"items {plan.items_ready + self.account.items}/{plan.items_target}"]
        if plan.images_wanted:
            parts.append(f"images {plan.images_ready + self.account.images}/{plan.items_target}")
        return ", ".join([f"{self.account.seconds:.0f} s: {parts[0]}", *parts[1:], *filter(None, [self._note()])])

    def _note(self) -> str:
        retries = self.account.retries.total()
        parts = [f"${self.account.cost_usd:.2f}"] if self.account.cost_usd else []
        parts += [f"{retries} retries"] if retries else []
        parts += [f"{len(self.account.failed)} failed"] if self.account.failed else []
        return ", ".join(parts)
