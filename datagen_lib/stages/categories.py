"""The first stage: 20 distinct categories."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Any

from datagen_lib.errors import ContentFiltered, FolderError, MalformedAnswer, RunStopped
from datagen_lib.events import CategoryAccepted, Listener
from datagen_lib.folder.store import Store
from datagen_lib.models import CATEGORY_COUNT, LIMITS, CategoriesWire, Category
from datagen_lib.prompts import CATEGORIES, Prompt, categories_request
from datagen_lib.rules import RULES, Rules
from datagen_lib.spelling import name_keys, shop_slugs, tidy, unique_slug

if TYPE_CHECKING:
    from datagen_lib.service.client import Client

log = logging.getLogger(__name__)

FRUITLESS = 3  # answers in a row that bring no new category


async def make_categories(
    client: Client,
    store: Store,
    *,
    listen: Listener,
    prompt: Prompt = CATEGORIES,
    rules: Rules = RULES,
    on_accepted: Callable[[Category], None] = lambda _: None,
) -> None:
    """Fill categories.json up to 20; each new category is on disk before `on_accepted` and `listen` hear of it.

    One structured call asks for those that are missing. Repeated and unusable ones are left out, those beyond the
    twentieth too. What is then missing is asked for again.

    Raises:
        RunStopped: 20 distinct categories did not come in MAX_RETRIES + 2 calls, or nothing new in FRUITLESS calls.
    """
    reason, fruitless = "", 0
    for attempt in range(client.settings.max_retries + 2):
        before = len(store.categories)
        if before >= CATEGORY_COUNT:
            return
        ask = partial(_ask, client, store, prompt, rules, stricter=attempt > 0, listen=listen, on_accepted=on_accepted)
        try:
            await client.with_retries("text", ask)
        except (MalformedAnswer, ContentFiltered) as error:
            log.warning("categories: %s; asking again", error.what)
            reason = f"; the last answer: {error.what}"
        fruitless = 0 if len(store.categories) > before else fruitless + 1
        if fruitless >= FRUITLESS:
            break
    if len(store.categories) < CATEGORY_COUNT:
        raise RunStopped(
            f"the model brought {len(store.categories)} distinct categories, not {CATEGORY_COUNT}{reason}",
            hint="Run again to ask for the missing ones, or change the categories' prompt.",
        )


async def _ask(
    client: Client,
    store: Store,
    prompt: Prompt,
    rules: Rules,
    *,
    stricter: bool,
    listen: Listener,
    on_accepted: Callable[[Category], None],
) -> None:
    """One call for what is missing; keeps each acceptable category as it streams in."""
    missing = CATEGORY_COUNT - len(store.categories)
    if missing <= 0:
        return
    stream = client.objects(
        system=prompt.system(stricter=stricter),
        user=categories_request(prompt, missing, known=[category.name for category in store.categories]),
        wire=CategoriesWire,
        count=missing,
        most=2 * CATEGORY_COUNT,  # some models write the known ones again first
    )
    async with aclosing(stream):
        async for answered in stream:
            category = new_category(answered, store.categories, rules)
            if category is None or len(store.categories) >= CATEGORY_COUNT:
                continue
            await store.in_thread(store.save_categories, [*store.categories, category])
            listen(CategoryAccepted(category))
            on_accepted(category)


def new_category(answered: Any, known: Sequence[Category], rules: Rules = RULES) -> Category | None:
    """The category that a model's object describes, or None where it is unusable or repeats one of `known`."""
    if not isinstance(answered, dict) or not isinstance(answered.get("name"), str):
        return None
    name = tidy(answered["name"])
    reasons = [violation.reason for violation in rules.check_category(name) if violation.hard]
    if not reasons and (other := _same(name, known)):
        reasons = [f"it repeats {other.name!r}"]
    if reasons:
        log.info("category %r left out: %s", name[:80], reasons[0])
        return None
    wanted = str(answered.get("slug") or "").strip()[: 2 * LIMITS.slug]
    return Category(name=name, slug=unique_slug(wanted, name, [category.slug for category in known]))


def _same(name: str, known: Sequence[Category]) -> Category | None:
    """The known category that this name repeats: folded, as it looks, or as the slug that the shop makes of it."""
    keys, slugs = name_keys(name), shop_slugs(name)
    return next((other for other in known if keys & name_keys(other.name) or slugs & shop_slugs(other.name)), None)


def why_not_start_over(store: Store) -> FolderError | None:
    """Why the categories can't be made again, or None where they can: items use them."""
    if not store.items:
        return None
    return FolderError(
        f"--force-categories would orphan the {len(store.items)} items in {store.root}",
        hint="Start in another folder with --output-dir, or remove the catalogue first.",
    )
