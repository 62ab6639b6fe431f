"""The shapes of the data, each field declared once.

`ItemDraft` is what a model writes of an item. Its fields are the schema that the service is sent and the list in the
prompt. They are the stored item's fields and the table's columns, too. A new field is one line at its end; an optional
one (`price: float | None = Field(default=None, ...)`) is required but nullable on the wire, and absent where it is
unset.

`Category` and `CatalogItem` are the contract with whoever reads `categories.json` and `catalog.json`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Self
from uuid import uuid4

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

CATEGORY_COUNT = 20
UUID_PATTERN = r"^[0-9a-fA-F-]{36}$"
FILENAME_PATTERN = r"^[0-9a-fA-F-]{36}\.png$"
SLUG_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"

OPENINGS = ("Photorealistic LEGO-style minifigure", "Photorealistic LEGO-style figure")
TAIL = "clean background, high detail, vibrant, evenly lit, 1024x1024"

UNCHECKED = {"limits": False}
"""A validation context: types, ids and file names are checked, lengths are not (--no-validate)."""


@dataclass(frozen=True)
class Length:
    """How many characters a text may have; beside a field's type it binds the rules and the stored item alike.

    A draft that breaks it is still a draft: refusing it, with a reason, is for the rules.
    """

    least: int
    most: int

    def __str__(self) -> str:
        return f"{self.least}-{self.most}"

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(schema) | {"minLength": self.least, "maxLength": self.most}


@dataclass(frozen=True)
class Limits:
    """What an item and a category may measure: one table, which the rules, the stored models and the prompt read."""

    name: Length = Length(3, 80)
    name_words: int = 6
    description: Length = Length(20, 1200)
    sentences: tuple[int, int] = (2, 4)
    prompt: int = 260
    prompt_soft: int = 230
    category: Length = Length(1, 64)
    category_words: tuple[int, int] = (2, 3)
    slug: int = 64


LIMITS = Limits()


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class _Stored(_Model):
    # Fields that a person or an older generator added are kept through every rewrite.
    model_config = ConfigDict(extra="allow")

    @model_serializer(mode="wrap")
    def _without_unset(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A declared field that is unset is left out, so that a new optional field changes no old line."""
        values: dict[str, Any] = handler(self)
        added = self.model_extra or {}
        return {name: value for name, value in values.items() if value is not None or name in added}


class Category(_Stored):
    """One of the 20 categories, as in `categories.json`."""

    name: str = Field(min_length=LIMITS.category.least, max_length=LIMITS.category.most, description="What people read")
    slug: str = Field(pattern=SLUG_PATTERN, max_length=LIMITS.slug, description="kebab-case, unique")


# -- an item -----------------------------------------------------------------------------------------------------------
# Four classes, because the file's order is productId, what the item says, filename, and then the rest: pydantic orders
# fields from the last base to the first.


class _Words(_Model):
    name: Annotated[str, LIMITS.name] = Field(
        description=f"{LIMITS.name} characters, at most {LIMITS.name_words} words, unlike every name already used"
    )
    description: Annotated[str, LIMITS.description] = Field(
        description=f"{LIMITS.sentences[0]}-{LIMITS.sentences[1]} sentences, {LIMITS.description} characters, "
        "neutral in tone, no trademarks"
    )
    category: Annotated[str, LIMITS.category] = Field(description="the exact name of one of the existing categories")


class ItemDraft(_Words):
    """An item as the model wrote it: nothing about it has been checked but the types."""

    image_prompt: str = Field(
        default="",
        description=f'starts EXACTLY with "{OPENINGS[0]}" (or "{OPENINGS[1]}"), then a concise comma-separated set of '
        f'distinctive visual elements from the description, then "{TAIL}". '
        f"At most {LIMITS.prompt_soft} characters in all.",
    )
    # A new field goes here.


class _Identity(_Model):
    product_id: str = Field(pattern=UUID_PATTERN, description="UUID v4")


class _Picture(_Model):
    filename: str = Field(pattern=FILENAME_PATTERN, description="productId + '.png', in images/")


LENGTHS = {
    name: mark for name, field in ItemDraft.model_fields.items() for mark in field.metadata if isinstance(mark, Length)
}
"""By field, how long its text may be in the stored item; a field without a `Length` is bound by the rules alone."""


class CatalogItem(ItemDraft, _Picture, _Words, _Identity, _Stored):
    """One item, as in `catalog.json`."""

    @classmethod
    def from_draft(cls, draft: ItemDraft) -> Self:
        """The draft with a new id, unchecked: the caller has applied the rules, or was told not to."""
        product_id = str(uuid4())
        return cls.model_construct(product_id=product_id, filename=f"{product_id}.png", **dict(draft))

    @field_validator(*LENGTHS)
    @classmethod
    def _fits(cls, value: Any, info: ValidationInfo) -> Any:
        limit = LENGTHS[info.field_name or ""]
        checked = (info.context or {}).get("limits", True)
        if checked and isinstance(value, str) and not limit.least <= len(value) <= limit.most:
            raise ValueError(f"has {len(value)} characters, {limit} are allowed")
        return value

    @model_validator(mode="after")
    def _filename_is_the_id(self) -> Self:
        if self.filename.lower() != f"{self.product_id.lower()}.png":
            raise ValueError(f"filename must be the productId and '.png', not {self.filename!r}")
        return self


def aliases(model: type[BaseModel]) -> list[str]:
    """The fields of `model` by their names in a file, in its order."""
    return [field.alias or name for name, field in model.model_fields.items()]


def text_fields(model: BaseModel) -> Iterator[tuple[str, str]]:
    """Each text that `model` holds, lists and all, with its field's name in a file."""
    for name, field in type(model).model_fields.items():
        for text in _texts(getattr(model, name)):
            yield field.alias or name, text


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, BaseModel):
        yield from (text for _, text in text_fields(value))
    elif isinstance(value, list | tuple | set | frozenset):
        for entry in value:
            yield from _texts(entry)


# -- schemas -----------------------------------------------------------------------------------------------------------


class CategoriesWire(BaseModel):
    categories: list[Category]


class ItemsWire(BaseModel):
    items: list[ItemDraft]


class GradeDraft(_Model):
    """A grade as the model gave it: nothing about it has been checked but the types."""

    number: int = Field(description="of the item that is graded")
    grade: int = Field(description="0 to 100")
    reason: str = Field(description="one sentence of at most 20 words: what raised or lowered the grade most")


class GradesWire(BaseModel):
    grades: list[GradeDraft]


_ON_THE_WIRE = {"$ref", "$defs", "type", "properties", "items", "anyOf", "enum", "const", "title"}
"""What is sent of a schema. Structured outputs on Azure refuse lengths, patterns, ranges, defaults and their kin."""


def wire_schema(model: type[BaseModel]) -> dict[str, Any]:
    """JSON Schema of `model` as structured outputs take it: no limit, every property required, no other allowed."""
    schema: dict[str, Any] = _strict(model.model_json_schema(by_alias=True))
    return schema


def _strict(node: Any) -> Any:
    if isinstance(node, list):
        return [_strict(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    kept = {key: value for key, value in node.items() if key in _ON_THE_WIRE}
    for key in kept.keys() & {"items", "anyOf"}:
        kept[key] = _strict(kept[key])
    for key in kept.keys() & {"$defs", "properties"}:
        kept[key] = {name: _strict(child) for name, child in kept[key].items()}
    if "properties" in kept:
        kept |= {"required": list(kept["properties"]), "additionalProperties": False}
    return kept


def response_format(wire: type[BaseModel]) -> dict[str, Any]:
    """The `response_format` of a chat request that makes the answer fit `wire`."""
    name = wire.__name__.removesuffix("Wire").lower()
    return {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": wire_schema(wire)}}


def stored_schema(model: type[BaseModel]) -> dict[str, Any]:
    """JSON Schema of the array of `model` that a stored file holds."""
    item = model.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "array", "items": item}
