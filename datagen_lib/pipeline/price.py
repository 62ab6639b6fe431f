"""What a plan would cost and how long it would take, by the price table and the quota."""

from __future__ import annotations

import math
from dataclasses import dataclass

from datagen_lib.prompts import CATEGORIES, GRADES, ITEMS
from datagen_lib.service.costs import CHARACTERS_PER_TOKEN, REASONING_TOKENS, TOKENS_PER_ITEM, Prices
from datagen_lib.settings import Settings

from .plan import Plan

IMAGE_SECONDS = 30.0  # a usual latency at medium quality
CONTEXT_CHARACTERS = 1500  # categories and used names in an average items prompt
ITEM_CHARACTERS = 700  # an item's texts, where it is graded
TOKENS_PER_GRADE = 45


@dataclass(frozen=True)
class Price:
    """Tokens, US dollars and minutes of a plan.

    Attributes:
        input_tokens: of the text calls.
        output_tokens: of the text calls.
        text_usd: US dollars for texts.
        image_usd: US dollars for pictures.
        images_per_minute: the pace that quota or latency allow; infinite for the offline model.
        minutes: that the pictures take at that pace.
        image_quality: that the pictures are asked for in.
        prices: the table that applies.
    """

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


def price(plan: Plan, settings: Settings, prices: Prices) -> Price:
    """What the plan would cost with these settings, if every answer is good at the first try."""
    grade_calls = math.ceil(plan.grades / settings.batch_size)
    item_calls = plan.text_calls - bool(plan.categories) - grade_calls
    characters = item_calls * (len(ITEMS.system()) + CONTEXT_CHARACTERS)
    characters += bool(plan.categories) * len(CATEGORIES.system())
    characters += grade_calls * len(GRADES.system()) + plan.grades * ITEM_CHARACTERS
    input_tokens = round(characters / CHARACTERS_PER_TOKEN)
    output_tokens = TOKENS_PER_ITEM * plan.items + TOKENS_PER_GRADE * plan.grades + 20 * plan.categories
    output_tokens += REASONING_TOKENS // 2 * plan.text_calls
    quota = settings.image_requests_per_minute or prices.image.get("requests_per_minute") or math.inf
    by_latency = 60 * settings.parallel_image_requests / IMAGE_SECONDS
    pace = math.inf if settings.provider == "offline" else min(quota, by_latency)
    return Price(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        text_usd=prices.text_call(input_tokens, output_tokens),
        image_usd=plan.images * prices.image_call(settings.image_quality),
        images_per_minute=pace,
        minutes=plan.images / pace,
        image_quality=settings.image_quality,
        prices=prices,
    )
