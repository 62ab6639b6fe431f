"""What Azure's published API description (2025-04-01-preview) lets a request hold, cut to what this kit could send.

Written by hand from the description, and narrowed to what a gpt-5 and a gpt-image deployment take of it; the stand-in
and its checks have no part in it. `problems(...)` says what is wrong with a request.
"""

from __future__ import annotations

import re
from typing import Any

import jsonschema

_TEXT = {"type": "string", "minLength": 1}
_MESSAGE = {
    "type": "object",
    "required": ["role", "content"],
    "properties": {"role": {"enum": ["system", "developer", "user"]}, "content": _TEXT, "name": {"type": "string"}},
    "additionalProperties": False,
}
_FORMAT = {
    "type": "object",
    "required": ["type", "json_schema"],
    "properties": {
        "type": {"const": "json_schema"},
        "json_schema": {
            "type": "object",
            "required": ["name", "schema"],
            "properties": {
                "name": {"type": "string", "pattern": "^[a-zA-Z0-9_-]{1,64}$"},
                "description": {"type": "string"},
                "schema": {"type": "object"},
                "strict": {"type": "boolean"},
            },
            "additionalProperties": False,
        },
    },
    "additionalProperties": False,
}
CHAT: dict[str, Any] = {
    "type": "object",
    "required": ["messages"],
    "properties": {
        "messages": {"type": "array", "minItems": 1, "items": _MESSAGE},
        "model": _TEXT,
        "stream": {"type": "boolean"},
        "stream_options": {
            "type": "object",
            "properties": {"include_usage": {"type": "boolean"}},
            "additionalProperties": False,
        },
        "max_completion_tokens": {"type": "integer", "minimum": 1, "maximum": 128_000},
        "reasoning_effort": {"enum": ["minimal", "low", "medium", "high"]},
        "verbosity": {"enum": ["low", "medium", "high"]},
        "response_format": _FORMAT,
        "seed": {"type": "integer"},
        "user": {"type": "string"},
        "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
        "n": {"type": "integer", "minimum": 1, "maximum": 128},
    },
    "additionalProperties": False,
}
IMAGE: dict[str, Any] = {
    "type": "object",
    "required": ["prompt"],
    "properties": {
        "prompt": {"type": "string", "minLength": 1, "maxLength": 32_000},
        "n": {"type": "integer", "minimum": 1, "maximum": 10},
        "size": {"enum": ["auto", "1024x1024", "1024x1536", "1536x1024"]},
        "quality": {"enum": ["auto", "low", "medium", "high"]},
        "output_format": {"enum": ["png", "jpeg"]},
        "output_compression": {"type": "integer", "minimum": 0, "maximum": 100},
        "background": {"enum": ["transparent", "opaque", "auto"]},
        "moderation": {"enum": ["low", "auto"]},
        "user": {"type": "string"},
    },
    "additionalProperties": False,
}

UNSUPPORTED = {
    "minLength", "maxLength", "pattern", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "multipleOf", "patternProperties", "unevaluatedProperties", "propertyNames", "minProperties", "maxProperties",
    "unevaluatedItems", "contains", "minContains", "maxContains", "minItems", "maxItems", "uniqueItems", "default",
    "oneOf", "allOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "prefixItems",
}  # fmt: skip
"""Keywords that structured outputs refuse."""


def schema_problems(schema: dict[str, Any]) -> list[str]:
    """What structured outputs would refuse of a schema."""
    found: list[str] = []
    properties = 0

    def walk(node: Any, where: str, depth: int) -> None:
        nonlocal properties
        if not isinstance(node, dict):
            return
        found.extend(f"{where}: the keyword {key} is not supported" for key in sorted(node.keys() & UNSUPPORTED))
        if reference := node.get("$ref"):
            walk(schema["$defs"][reference.rsplit("/", 1)[-1]], reference, depth)
        if node.get("type") == "object" or "properties" in node:
            names = node.get("properties", {})
            properties += len(names)
            if node.get("additionalProperties") is not False:
                found.append(f"{where}: additionalProperties must be false")
            if sorted(node.get("required", [])) != sorted(names):
                found.append(f"{where}: every property must be required")
            if depth > 5:
                found.append(f"{where}: more than 5 levels")
            for name, child in names.items():
                walk(child, f"{where}.{name}", depth + 1)
        walk(node.get("items"), f"{where}[]", depth)
        for child in node.get("anyOf", []):
            walk(child, where, depth)

    if schema.get("type") != "object":
        found.append("the root must be an object")
    walk(schema, "schema", 1)
    if properties > 100:
        found.append("more than 100 properties")
    return found


def problems(path: str, query: dict[str, str], headers: dict[str, str], body: Any) -> list[str]:
    """What the description says against a request; nothing where it is valid."""
    found: list[str] = []
    deployed = re.fullmatch(r"/openai/deployments/[^/]+/(chat/completions|images/generations)", path)
    plain = re.fullmatch(r"/openai/v1/(chat/completions|images/generations)", path)
    match = deployed or plain
    if match is None:
        return [f"there is no path {path}"]
    if deployed and not re.fullmatch(r"20\d\d-\d\d-\d\d(-preview)?", query.get("api-version", "")):
        found.append(f"api-version={query.get('api-version')!r}")
    if extra := query.keys() - {"api-version"}:
        found.append(f"query {sorted(extra)}")
    if not headers.get("content-type", "").startswith("application/json"):
        found.append(f"content-type {headers.get('content-type')!r}")
    schema = CHAT if match[1] == "chat/completions" else IMAGE
    if plain:
        properties = schema["properties"] | {"model": _TEXT}
        schema = {**schema, "properties": properties, "required": [*schema["required"], "model"]}
    checker = jsonschema.Draft202012Validator(schema)
    found += [
        f"{'.'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in checker.iter_errors(body)
    ]
    if isinstance(body, dict) and "stream_options" in body and not body.get("stream"):
        found.append("stream_options without stream")
    if not found and "response_format" in body:
        found += schema_problems(body["response_format"]["json_schema"]["schema"])
    return found
