"""The optional stage: the text model grades each item, several in a call, and no texts are ever graded twice."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from datagen_lib.errors import CallFailed, ContentFiltered, DiskError, MalformedAnswer
from datagen_lib.events import ItemGraded, Listener
from datagen_lib.folder.grades import Grade, Grades
from datagen_lib.folder.store import Store
from datagen_lib.models import CatalogItem, GradeDraft, GradesWire
from datagen_lib.prompts import GRADES, Prompt, grades_request
from datagen_lib.service.endpoints import endpoints
from datagen_lib.text import plain

if TYPE_CHECKING:
    from datagen_lib.service.client import Client

log = logging.getLogger(__name__)

FRUITLESS_CALLS = 3
MOST_REASON = 300  # characters of a reason that are kept


async def grade_items(
    client: Client, store: Store, grades: Grades, *, listen: Listener, prompt: Prompt = GRADES
) -> None:
    """Grade every item of the folder that has no grade.

    A batch that can't be graded is left out, and the next run asks for it again; the catalogue is whole without it.

    Args:
        client: makes the calls.
        store: the folder.
        grades: those of earlier runs; gets the new ones.
        listen: hears of each grade.
        prompt: the texts.

    Raises:
        DiskError: the disk refuses to keep what was paid for.
    """
    stage = _Grades(client, store, grades, listen, prompt)
    left, size = grades.missing(store.items), client.settings.batch_size
    async with asyncio.TaskGroup() as group:
        for start in range(0, len(left), size):
            group.create_task(stage.grade(left[start : start + size]))


class _Grades:
    def __init__(self, client: Client, store: Store, grades: Grades, listen: Listener, prompt: Prompt) -> None:
        self.client, self.store, self.grades, self.listen, self.prompt = client, store, grades, listen, prompt
        self.model = endpoints(client.settings)["text"].name
        self.fruitless = 0

    async def grade(self, items: Sequence[CatalogItem]) -> None:
        """One batch: asked for, and once more and more strictly for what is then missing."""
        for stricter in (False, True):
            left = self.grades.missing(items)
            if not left or self.fruitless >= FRUITLESS_CALLS:
                return
            try:
                await self.client.with_retries("text", partial(self._ask, left, stricter=stricter))
            except (MalformedAnswer, ContentFiltered) as error:
                log.info("grades of %d items: %s", len(left), error.what)
            except CallFailed as error:
                log.warning("%d items are not graded: %s", len(left), error.what)
                self.fruitless += 1
                return
            self.fruitless = 0 if len(self.grades.missing(left)) < len(left) else self.fruitless + 1

    async def _ask(self, items: Sequence[CatalogItem], *, stricter: bool) -> None:
        left = dict(enumerate(self.grades.missing(items), 1))  # a call that is tried again may have brought some
        if not left:
            return
        stream = self.client.objects(
            system=self.prompt.system(stricter=stricter),
            user=grades_request(self.prompt, left),
            wire=GradesWire,
            count=len(left),
        )
        try:
            async with aclosing(stream):
                async for answered in stream:
                    self._keep(answered, left)
            await self.store.in_thread(self.grades.harden)
        except DiskError as error:
            await self.client.stop(error)  # other calls under way are paid for

    def _keep(self, answered: Any, left: dict[int, CatalogItem]) -> None:
        """Keep a grade that is one, of an item that was asked for and has none yet."""
        try:
            draft = GradeDraft.model_validate(answered)
        except ValidationError:
            return
        if not 0 <= draft.grade <= 100 or draft.number not in left:
            return
        item = left.pop(draft.number)
        grade = Grade(draft.grade, plain(draft.reason.strip())[:MOST_REASON])
        self.grades.add(item, grade, model=self.model)
        self.listen(ItemGraded(item, grade.grade, grade.reason))
