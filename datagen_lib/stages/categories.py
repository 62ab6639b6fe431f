"""The first stage: 20 distinct categories."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any

from datagen_lib.errors import ContentFiltered, FolderError, MalformedAnswer, RunStopped
from datagen_lib.events import CategoryAccepted, Listener
from datagen_lib.folder.store import Store
from datagen_lib.models import CATEGORY_COUNT, CategoriesWire, Category
from datagen_lib.prompts import CATEGORIES, Prompt, categories_request
from datagen_lib.rules import check_category, fold, tidy, unique_slug
from datagen_lib.service.client import Client

log = logging.getLogger(__name__)


async def make_categories(
    client: Client,
    store: Store,
    *,
    listen: Listener,
    prompt: Prompt = CATEGORIES,
    take: Callable[[Category], None] = lambda _: None,
) -> None:
    """Fill categories.json up to 20; each new category is on disk before `take` and `listen` hear of it.

    One structured call asks for those that are missing. Repeated and unusable ones are left out, those beyond the
    twentieth too, and what is then missing is asked for again.

    Raises:
        RunStopped: the model did not bring 20 distinct categories in MAX_RETRIES + 2 calls.
    """
    reason = ""
    for attempt in range(client.settings.max_retries + 2):
        if len(store.categories) >= CATEGORY_COUNT:
            return
        ask = partial(_ask, client, store, prompt, stricter=attempt > 0, listen=listen, take=take)
        try:
            await client.persist("text", ask)
        except (MalformedAnswer, ContentFiltered) as error:
            log.warning("categories: %s; asking again", error.what)
            reason = f"; the last answer: {error.what}"
    if len(store.categories) < CATEGORY_COUNT:
        raise RunStopped(
            f"the model brought {len(store.categories)} distinct categories, not {CATEGORY_COUNT}{reason}",
            hint="Run again to ask for the missing ones, or change the categories' prompt.",
        )


async def _ask(
    client: Client, store: Store, prompt: Prompt, *, stricter: bool, listen: Listener, take: Callable[[Category], None]
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
        async for found in stream:
            category = new_category(found, store.categories)
            if category is None or len(store.categories) >= CATEGORY_COUNT:
                continue
            await store.in_thread(store.save_categories, [*store.categories, category])
            listen(CategoryAccepted(category))
            take(category)


def new_category(found: Any, known: Sequence[Category]) -> Category | None:
    """The category that a model's object describes, or None where it is unusable or repeats one of `known`."""
    if not isinstance(found, dict) or not isinstance(found.get("name"), str):
        return None
    name = tidy(found["name"])
    hard = [violation for violation in check_category(name) if violation.hard]
    if hard or fold(name) in {fold(category.name) for category in known}:
        log.info("category %r left out: %s", name[:80], hard[0].reason if hard else "it repeats another")
        return None
    slug = unique_slug(str(found.get("slug") or "").strip(), name, [category.slug for category in known])
    return Category(name=name, slug=slug)


def why_not_start_over(store: Store) -> FolderError | None:
    """Why the categories can't be made again, or None where they can: items use them."""
    if not store.items:
        return None
    return FolderError(
        f"--force-categories would orphan the {len(store.items)} items in {store.root}",
        hint="Start in another folder with --output-dir, or remove the catalogue first.",
    )
