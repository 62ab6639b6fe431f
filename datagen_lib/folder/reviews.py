"""`reviews.json`: what a person decided on each item, bound to the item as it was then."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticSerializationError

from datagen_lib.errors import InvalidCatalogue
from datagen_lib.models import CatalogItem

from .disk import Disk, read_bytes
from .reading import read_json
from .store import Store

NAME = "reviews.json"

State = Literal["approved", "rejected", "waiting"]


class Decision(BaseModel):
    """One decision.

    Attributes:
        state: approved or rejected.
        of: a hash of the texts that were looked at. When they change, the decision no longer holds.
        picture: a hash of the picture; "" where there was none. Another picture needs another look.
        when: UTC, ISO 8601.
    """

    model_config = ConfigDict(extra="allow")

    state: Literal["approved", "rejected"]
    of: str
    picture: str = ""
    when: str


class Reviews(BaseModel):
    """All decisions on one folder, by productId."""

    model_config = ConfigDict(extra="allow")

    schemaVersion: int = 1  # noqa: N815 - the field's name in the file
    decisions: dict[str, Decision] = Field(default_factory=dict)

    @classmethod
    def load(cls, disk: Disk) -> Self:
        """The decisions so far; none where there is no file.

        Raises:
            InvalidCatalogue: the file does not hold decisions.
        """
        path = disk.path(NAME)
        try:
            reviews = cls.model_validate(read_json(path, default={}))
            reviews.model_dump_json()  # what can't be written back, such as half a character, is found here
        except PydanticSerializationError as error:
            raise InvalidCatalogue(
                f"{path} holds what can't be written as JSON ({error})", hint="Mend it, or remove it to review anew."
            ) from error
        except ValidationError as error:
            detail = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in detail["loc"])
            raise InvalidCatalogue(
                f"{path}: {where}: {detail['msg']}", hint="Mend that entry, or remove the file to review anew."
            ) from error
        return reviews

    def save(self, disk: Disk) -> None:
        """Replace reviews.json."""
        disk.write(NAME, (self.model_dump_json(indent=2) + "\n").encode())

    def decide(self, store: Store, item: CatalogItem, state: State) -> None:
        """Take a decision on the item as it is now; "waiting" takes it back."""
        if state == "waiting":
            self.decisions.pop(item.product_id, None)
            return
        when = datetime.now(UTC).isoformat(timespec="seconds")
        decision = Decision(state=state, of=texts_hash(item), picture=_picture(store, item), when=when)
        self.decisions[item.product_id] = decision

    def state(self, store: Store, item: CatalogItem) -> State:
        """What was decided on the item as it is now."""
        decision = self.decisions.get(item.product_id)
        if decision is None or decision.of != texts_hash(item):
            return "waiting"
        picture = _picture(store, item)
        return decision.state if not picture or picture == decision.picture else "waiting"

    def states(self, store: Store) -> dict[str, State]:
        """What was decided on each item of the folder, by productId."""
        return {item.product_id: self.state(store, item) for item in store.items}


def texts_hash(item: CatalogItem) -> str:
    """What stands for the item's texts: it changes when one of them does."""
    texts = json.dumps([item.name, item.category, item.description, item.image_prompt], ensure_ascii=False)
    return hashlib.sha256(texts.encode("utf-8", "backslashreplace")).hexdigest()[:32]


def _picture(store: Store, item: CatalogItem) -> str:
    data = read_bytes(store.image_path(item))
    return "" if data is None else hashlib.sha256(data).hexdigest()[:32]
