"""The pace that a deployment took, kept in the folder from one run to the next as a first guess."""

from __future__ import annotations

import time
from collections.abc import Mapping

from datagen_lib.events import Kind
from datagen_lib.folder.state import KnownRate
from datagen_lib.folder.store import Store
from datagen_lib.service.retry import Learnt
from datagen_lib.settings import Settings

FRESH = 86400.0  # s; a younger rate is believed as if it were of this run
STALE = 30 * 86400.0  # s; an older one is not believed at all
LITTLE = 4  # calls that a rate in between stands on: it is soon given up


class Rates:
    """The rates of the settings' deployments in the folder's memory; the offline model has none."""

    def __init__(self, settings: Settings, store: Store) -> None:
        text = settings.azure_openai_gpt5_deployment or settings.openai_text_model
        image = settings.azure_openai_image_deployment or settings.openai_image_model
        named: dict[Kind, str | None] = {"text": text, "image": image}
        self._names = {kind: f"{settings.provider}/{name}" for kind, name in named.items() if name}
        self._store = store

    def known(self, *, now: float | None = None) -> dict[Kind, Learnt]:
        """What to begin with, by kind of call."""
        now = time.time() if now is None else now
        found = {kind: self._store.state.rates.get(name) for kind, name in self._names.items()}
        return {
            kind: Learnt(rate.per_minute, rate.calls if now - rate.when < FRESH else min(LITTLE, rate.calls))
            for kind, rate in found.items()
            if rate is not None and now - rate.when < STALE
        }

    def keep(self, learnt: Mapping[Kind, Learnt]) -> None:
        """Put on disk what this run learnt."""
        now = time.time()
        self._store.remember_rates(
            {
                self._names[kind]: KnownRate(per_minute=rate.per_minute, calls=rate.calls, when=now)
                for kind, rate in learnt.items()
                if kind in self._names
            }
        )
