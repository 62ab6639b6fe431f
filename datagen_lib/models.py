"""The shapes of the data.

Two families. The *wire* models are sent to the service as JSON Schema: bare types, every field required, nothing else
allowed, because structured outputs on Azure reject length, pattern and range keywords. The *stored* models are the
contract with whoever reads `categories.json` and `catalog.json`, and do carry the limits. What comes off the wire is
checked against `rules.py` before it becomes a stored one.
"""

from __future__ import annotations

from typing import Any, Self
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

CATEGORY_COUNT = 20
UUID_PATTERN = r"^[0-9a-fA-F-]{36}$"
FILENAME_PATTERN = r"^[0-9a-fA-F-]{36}\.png$"


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CategoryWire(_Wire):
    name: str
    slug: str


class CategoriesWire(_Wire):
    categories: list[CategoryWire]


class ItemWire(_Wire):
    name: str
    description: str
    category: str
    imagePrompt: str  # noqa: N815 - the field's name on the wire


class ItemsWire(_Wire):
    items: list[ItemWire]


def response_format(wire: type[BaseModel]) -> dict[str, Any]:
    """The `response_format` of a chat request that makes the answer fit `wire`."""
    name = wire.__name__.removesuffix("Wire").lower()
    return {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": wire.model_json_schema()}}


class _Stored(BaseModel):
    # Fields that a person or an older generator added are kept through every rewrite.
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="allow")


class Category(_Stored):
    """One of the 20 categories, as in `categories.json`."""

    name: str = Field(min_length=1, max_length=64, description="What people read")
    slug: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64, description="kebab-case, unique")


class ItemDraft(BaseModel):
    """An item as the model wrote it: nothing about it has been checked but the types."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)

    name: str
    description: str
    category: str
    image_prompt: str


class CatalogItem(_Stored):
    """One item, as in `catalog.json`."""

    product_id: str = Field(pattern=UUID_PATTERN, description="UUID v4")
    name: str = Field(min_length=3, max_length=80, description="Unique in the catalogue, whatever the case")
    description: str = Field(min_length=20, max_length=1200, description="2-4 sentences")
    category: str = Field(min_length=1, max_length=64, description="The name of one of the categories")
    filename: str = Field(pattern=FILENAME_PATTERN, description="productId + '.png', in images/")
    image_prompt: str = Field(default="", description="What the picture was made from")

    @classmethod
    def from_draft(cls, draft: ItemDraft) -> Self:
        """The draft with a new id, unchecked: the caller has applied the rules, or was told not to."""
        product_id = str(uuid4())
        return cls.model_construct(product_id=product_id, filename=f"{product_id}.png", **draft.model_dump())

    @model_validator(mode="after")
    def _filename_is_the_id(self) -> Self:
        if self.filename.lower() != f"{self.product_id.lower()}.png":
            raise ValueError(f"filename must be the productId and '.png', not {self.filename!r}")
        return self


def stored_schema(model: type[BaseModel]) -> dict[str, Any]:
    """JSON Schema of the array of `model` that a stored file holds."""
    item = model.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "array", "items": item}
