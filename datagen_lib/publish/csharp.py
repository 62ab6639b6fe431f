"""The C# types of the bundle's JSON files, made from the models, so that the two can't drift apart."""

from __future__ import annotations

from pydantic import BaseModel
from pydantic.alias_generators import to_pascal

from datagen_lib.models import CatalogItem, Category

_TYPES = {"string": "string", "integer": "int", "number": "double", "boolean": "bool"}
_HEAD = """\
// Made from the catalogue's models by datagen_lib.publish: change the models, not this file.
#nullable enable
using System.Text.Json.Serialization;

namespace LegoStyleCatalog.Seed;
"""


def records() -> str:
    """The records of an item and of a category."""
    item = _record("CatalogItem", CatalogItem, "One figure, as in catalog.json.", extra=("ExternalId", "externalId"))
    return "\n".join(
        [_HEAD, item, "", _record("CatalogCategory", Category, "One category, as in categories.json."), ""]
    )


def _record(name: str, model: type[BaseModel], what: str, *, extra: tuple[str, str] | None = None) -> str:
    schema = model.model_json_schema(by_alias=True)
    required = set(schema.get("required", ()))
    lines = []
    for key, field in schema["properties"].items():
        kinds = [field.get("type"), *(option.get("type") for option in field.get("anyOf", ()))]
        kind = next((_TYPES[one] for one in kinds if one in _TYPES), "string")
        optional = "" if key in required else "?"
        lines.append(f'    [property: JsonPropertyName("{key}")] {kind}{optional} {to_pascal(_snake(key))}')
    if extra is not None:
        lines.append(f'    [property: JsonPropertyName("{extra[1]}")] string? {extra[0]} = null')
    return f"/// <summary>{what}</summary>\npublic sealed record {name}(\n" + ",\n".join(lines) + ");"


def _snake(key: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in key)
