"""What a run would do, and what that would cost."""

from __future__ import annotations

import math
from dataclasses import dataclass

from datagen_lib.folder.store import Store
from datagen_lib.models import CATEGORY_COUNT
from datagen_lib.prompts import CATEGORIES, ITEMS
from datagen_lib.service.costs import CHARACTERS_PER_TOKEN, REASONING_TOKENS, TOKENS_PER_ITEM, Prices
from datagen_lib.settings import Settings

IMAGE_SECONDS = 30.0  # a usual latency at medium quality, for the estimate
CONTEXT_CHARACTERS = 1500  # categories and used names in an average items prompt


@dataclass(frozen=True)
class Estimate:
    """What a run would do, from what is on disk: calls, tokens, US dollars, minutes."""

    provider: str
    categories: int
    items: int
    images: int
    text_calls: int
    image_calls: int
    input_tokens: int
    output_tokens: int
    text_usd: float
    image_usd: float
    images_per_minute: float
    minutes: float
    image_quality: str
    prices: Prices

    @property
    def usd(self) -> float:
        return self.text_usd + self.image_usd


def estimate(settings: Settings, store: Store, prices: Prices, *, images: int) -> Estimate:
    """What a run would do.

    Args:
        settings: of the run.
        store: the folder as it is now.
        prices: the table that applies.
        images: pictures missing of the items that are there.
    """
    frozen = settings.resume and store.complete > 0
    items = 0 if frozen else max(0, settings.target_count - len(store.items))
    categories = max(0, CATEGORY_COUNT - len(store.categories)) if items else 0
    batches = math.ceil(items / settings.batch_size)
    text_calls = batches + bool(categories)
    pictures = 0 if settings.dry_run else images + items
    characters = batches * (len(ITEMS.system()) + CONTEXT_CHARACTERS) + bool(categories) * len(CATEGORIES.system())
    input_tokens = round(characters / CHARACTERS_PER_TOKEN)
    output_tokens = TOKENS_PER_ITEM * items + 20 * categories + REASONING_TOKENS // 2 * text_calls
    quota = settings.image_requests_per_minute or prices.image.get("requests_per_minute") or math.inf
    by_latency = 60 * settings.parallel_image_requests / IMAGE_SECONDS
    pace = math.inf if settings.provider == "offline" else min(quota, by_latency)
    return Estimate(
        provider=settings.provider,
        categories=categories,
        items=items,
        images=pictures,
        text_calls=text_calls,
        image_calls=pictures,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        text_usd=prices.text_call(input_tokens, output_tokens),
        image_usd=pictures * prices.image_call(settings.image_quality),
        images_per_minute=pace,
        minutes=pictures / pace,
        image_quality=settings.image_quality,
        prices=prices,
    )
