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


def check_schema(schema: Mapping[str, Any], name: str, *, where: str = "response_format") -> None:
    """Raise `Refused` unless the schema is one that strict structured outputs take."""

    def fail(path: tuple[str, ...], what: str) -> Refused:
        of = "function" if "tools" in where else "response_format"
        return invalid(f"Invalid schema for {of} '{name}': In context={path!r}, {what}", where)

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
    below: list[tuple[Any, tuple[str, ...], int]] = [
        (branch, (*path, "anyOf", str(index)), depth) for index, branch in enumerate(node.get("anyOf") or ())
    ]
    if node.get("type") == "array":
        if "items" not in node:
            raise fail(path, "array schema missing items.")
        below.append((node["items"], (*path, "items"), depth + 1))
    if node.get("type") == "object":
        properties = _object_properties(node, path, fail)
        counted = len(properties)
        below += [(child, (*path, "properties", key), depth + 1) for key, child in properties.items()]
    return counted + sum(_check_node(child, root, where, level, fail, seen) for child, where, level in below)


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
    target = resolve(reference, root)
    if target is None:
        raise fail(path, f"reference '{reference}' can't be resolved.")
    return _check_node(target, root, path, depth, fail, seen | {reference})


def resolve(reference: str, root: Mapping[str, Any]) -> Any:
    """The schema that `#/...` refers to, or None."""
    target: Any = root
    for step in filter(None, reference.removeprefix("#").split("/")):
        target = target.get(step) if isinstance(target, dict) else None
    return target
