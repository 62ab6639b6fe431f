"""The subset of JSON Schema that strict structured outputs take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .refusals import Refused, invalid

_NOT_PERMITTED = frozenset(
    [
        "minLength",
        "maxLength",
        "pattern",
        "format",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minItems",
        "maxItems",
        "uniqueItems",
        "contains",
        "minContains",
        "maxContains",
        "unevaluatedItems",
        "prefixItems",
        "patternProperties",
        "unevaluatedProperties",
        "propertyNames",
        "minProperties",
        "maxProperties",
        "dependentRequired",
        "dependentSchemas",
        "not",
        "if",
        "then",
        "else",
        "allOf",
        "oneOf",
        "default",
    ]
)
_MAX_PROPERTIES, _MAX_DEPTH = 100, 5


def check_schema(schema: Mapping[str, Any], name: str) -> None:
    """Raise `Refused` unless the schema is one that strict structured outputs take."""

    def fail(path: tuple[str, ...], what: str) -> Refused:
        return invalid(f"Invalid schema for response_format '{name}': In context={path!r}, {what}", "response_format")

    if schema.get("type") != "object":
        raise fail((), f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{schema.get('type')}\"'.")
    counted = _check_node(schema, schema, (), 1, fail, frozenset())
    for key in ("$defs", "definitions"):
        for definition, node in (schema.get(key) or {}).items():
            _check_node(node, schema, (key, definition), 1, fail, frozenset())
    if counted > _MAX_PROPERTIES:
        raise fail((), f"more than {_MAX_PROPERTIES} properties in all.")


def _check_node(
    node: Any,
    root: Mapping[str, Any],
    path: tuple[str, ...],
    depth: int,
    fail: Callable[[tuple[str, ...], str], Refused],
    seen: frozenset[str],
) -> int:
    """Check one schema node and what lies below; returns the number of properties."""
    if not isinstance(node, dict):
        raise fail(path, "schema must be an object.")
    if "$ref" in node:
        return _check_reference(node, root, path, depth, fail, seen)
    if depth > _MAX_DEPTH:
        raise fail(path, f"more than {_MAX_DEPTH} levels of nesting.")
    for keyword in sorted(_NOT_PERMITTED & node.keys()):
        raise fail(path, f"'{keyword}' is not permitted.")
    if not any(key in node for key in ("type", "anyOf", "enum", "const")):
        raise fail(path, "schema must have a 'type' key.")
    counted = 0
    for index, branch in enumerate(node.get("anyOf") or ()):
        counted += _check_node(branch, root, (*path, "anyOf", str(index)), depth, fail, seen)
    if node.get("type") == "array":
        if "items" not in node:
            raise fail(path, "array schema missing items.")
        counted += _check_node(node["items"], root, (*path, "items"), depth + 1, fail, seen)
    if node.get("type") == "object":
        properties = _object_properties(node, path, fail)
        for key, child in properties.items():
            counted += 1 + _check_node(child, root, (*path, "properties", key), depth + 1, fail, seen)
    return counted


def _object_properties(
    node: Mapping[str, Any], path: tuple[str, ...], fail: Callable[[tuple[str, ...], str], Refused]
) -> Mapping[str, Any]:
    if node.get("additionalProperties") is not False:
        raise fail(path, "'additionalProperties' is required to be supplied and to be false.")
    properties: Mapping[str, Any] = node.get("properties") or {}
    missing = [key for key in properties if key not in (node.get("required") or ())]
    if missing:
        raise fail(
            path,
            "'required' is required to be supplied and to be an array including every key in properties. Missing "
            f"'{missing[0]}'.",
        )
    return properties


def _check_reference(
    node: Mapping[str, Any],
    root: Mapping[str, Any],
    path: tuple[str, ...],
    depth: int,
    fail: Callable[[tuple[str, ...], str], Refused],
    seen: frozenset[str],
) -> int:
    reference = str(node["$ref"])
    if reference in seen or reference == "#":
        return 0
    target: Any = root
    for step in reference.removeprefix("#/").split("/"):
        target = target.get(step) if isinstance(target, dict) else None
    if target is None:
        raise fail(path, f"reference '{reference}' can't be resolved.")
    return _check_node(target, root, path, depth, fail, seen | {reference})
