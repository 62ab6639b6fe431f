"""What the service accepts: api-versions, parameters, schemas; and the error bodies that it answers with.

Held against the published API description of 2025-04-01-preview, narrowed to what a gpt-5 and a gpt-image deployment
take of it. Each check raises `Refused`, which carries the status and the body to send.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import Any, Literal

JSON_SCHEMA_SINCE = date(2024, 8, 1)
REASONING_SINCE = date(2024, 12, 1)
IMAGE_SINCE = date(2025, 4, 1)
MODELS = {"text": "gpt-5-2025-08-07", "image": "gpt-image-1"}
MAX_PROMPT = 32_000
"""Characters of an image prompt."""

Family = Literal["azure", "v1", "openai"]
"""The deployment routes, /openai/v1, and plain /v1."""


class Refused(Exception):
    """The request is answered with an error.

    Args:
        status: HTTP status.
        code: the error's code, or None where the service sends none.
        message: the error's message.
        param: the parameter at fault.
        kind: the error's type, sent on all routes but /openai/v1 (whose description knows one type only).
        extra: further members of the error object.
        headers: headers of the answer.
    """

    def __init__(
        self,
        status: int,
        code: str | None,
        message: str,
        *,
        param: str | None = None,
        kind: str | None = None,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.param, self.kind = (status, code, message, param, kind)
        self.extra, self.headers = dict(extra or {}), dict(headers or {})

    def body(self, family: Family) -> dict[str, Any]:
        """The JSON to send; members without a value are left out."""
        error = {
            "code": self.code,
            "message": self.message,
            "param": self.param,
            "type": self.kind if family != "v1" else None,
            **self.extra,
        }
        return {"error": {key: value for key, value in error.items() if value is not None}}


def invalid(message: str, param: str | None = None, code: str | None = None) -> Refused:
    """A 400 of the model's own checks."""
    return Refused(400, code, message, param=param, kind="invalid_request_error")


def not_found() -> Refused:
    return Refused(404, "404", "Resource not found")


def no_deployment() -> Refused:
    return Refused(
        404,
        "DeploymentNotFound",
        "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, "
        "please wait a moment and try again.",
    )


def wrong_key() -> Refused:
    return Refused(
        401,
        "401",
        "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an "
        "active subscription and use a correct regional API endpoint for your resource.",
    )


def rate_limited(operation: str, version: str, seconds: float | None, *, code: str) -> Refused:
    """A 429 with the service's own text; `seconds` of None names no time and sends no header."""
    wait = f" Please retry after {max(1, round(seconds))} seconds." if seconds is not None else ""
    headers = {}
    if seconds is not None:
        headers = {"retry-after": str(max(1, -int(-seconds // 1))), "retry-after-ms": str(round(seconds * 1000))}
    return Refused(
        429,
        code,
        f"Requests to the {operation} Operation under Azure OpenAI API version {version} have exceeded call rate limit "
        f"of your current OpenAI S0 pricing tier.{wait} To increase your default rate limit, visit: "
        "https://aka.ms/oai/quotaincrease.",
        headers=headers,
    )


# --- versions --------------------------------------------------------------------------------------------------------


def api_version(family: Family, query: Mapping[str, str]) -> date | None:
    """The date of the api-version of a deployment route; None on the v1 routes, which have every feature.

    Raises:
        Refused: the version is missing or none that the service knows.
    """
    version = query.get("api-version")
    if family == "openai":
        return None
    if family == "v1":
        if version in (None, "v1", "preview"):
            return None
        raise Refused(400, "BadRequest", "API version not supported")
    match = re.fullmatch(r"(20\d\d-\d\d-\d\d)(-preview)?", version or "")
    if match is None:
        raise not_found()
    try:
        return date.fromisoformat(match[1])
    except ValueError as exc:
        raise not_found() from exc


# --- chat completions ------------------------------------------------------------------------------------------------

_CHAT_TAKES = frozenset(
    [
        "messages",
        "model",
        "stream",
        "stream_options",
        "max_completion_tokens",
        "reasoning_effort",
        "verbosity",
        "response_format",
        "n",
        "seed",
        "user",
        "store",
        "metadata",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "function_call",
        "functions",
        "modalities",
        "prediction",
        "audio",
        "user_security_context",
        "data_sources",
        "service_tier",
        "prompt_cache_key",
        "safety_identifier",
    ]
)
_CHAT_ONLY_DEFAULT = {"temperature": 1, "top_p": 1}
_CHAT_NEVER = ("presence_penalty", "frequency_penalty", "logprobs", "top_logprobs", "logit_bias", "stop")
_ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_EFFORTS = ("minimal", "low", "medium", "high")


def check_chat(body: Mapping[str, Any], version: date | None) -> None:
    """Raise `Refused` unless a gpt-5 deployment would take this body."""
    _chat_parameters(body)
    _messages(body.get("messages"))
    effort = body.get("reasoning_effort")
    if effort is not None:
        if version is not None and version < REASONING_SINCE:
            raise invalid("Unrecognized request argument supplied: reasoning_effort")
        _one_of("reasoning_effort", effort, _EFFORTS, code="unsupported_value")
    if body.get("verbosity") is not None:
        _one_of("verbosity", body["verbosity"], ("low", "medium", "high"), code="invalid_value")
    _whole_number("max_completion_tokens", body, 1, 10**9)
    _whole_number("n", body, 1, 128)
    if body.get("stream_options") is not None and not body.get("stream"):
        raise invalid("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options")
    if body.get("response_format") is not None:
        _response_format(body["response_format"], body["messages"], version)


def _chat_parameters(body: Mapping[str, Any]) -> None:
    if body.get("max_tokens") is not None:
        raise invalid(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' "
            "instead.",
            "max_tokens",
            "unsupported_parameter",
        )
    for name in _CHAT_NEVER:
        if body.get(name) is not None:
            raise invalid(
                f"Unsupported parameter: '{name}' is not supported with this model.", name, "unsupported_parameter"
            )
    for name, default in _CHAT_ONLY_DEFAULT.items():
        if body.get(name) not in (None, default):
            raise invalid(
                f"Unsupported value: '{name}' does not support {body[name]} with this model. Only the default "
                f"({default}) value is supported.",
                name,
                "unsupported_value",
            )
    for name in body:
        if name not in _CHAT_TAKES and name not in _CHAT_ONLY_DEFAULT and name not in ("max_tokens", *_CHAT_NEVER):
            raise invalid(f"Unrecognized request argument supplied: {name}", name)


def _messages(messages: Any) -> None:
    if not isinstance(messages, list) or not messages:
        raise invalid("Missing required parameter: 'messages'.", "messages", "missing_required_parameter")
    for index, message in enumerate(messages):
        where = f"messages[{index}]"
        if not isinstance(message, dict):
            raise invalid(f"Invalid type for '{where}': expected an object.", where, "invalid_type")
        _one_of(f"{where}.role", message.get("role"), _ROLES, code="invalid_value")
        content = message.get("content")
        if isinstance(content, list):
            if not all(isinstance(part, dict) and isinstance(part.get("type"), str) for part in content):
                raise invalid(f"Invalid type for '{where}.content[0]'.", f"{where}.content", "invalid_type")
        elif not isinstance(content, str) and message["role"] not in ("assistant", "function"):
            raise invalid(
                f"Invalid type for '{where}.content': expected a string or an array.",
                f"{where}.content",
                "invalid_type",
            )


def _response_format(wanted: Any, messages: list[dict[str, Any]], version: date | None) -> None:
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    _one_of("response_format.type", kind, ("text", "json_object", "json_schema"), code="invalid_value")
    if kind == "json_object" and "json" not in str([message.get("content") for message in messages]).lower():
        raise invalid(
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
            "messages",
        )
    if kind != "json_schema":
        return
    if version is not None and version < JSON_SCHEMA_SINCE:
        raise Refused(
            400,
            "BadRequest",
            "response_format value as json_schema is enabled only for api versions 2024-08-01-preview and later",
        )
    spec = wanted.get("json_schema")
    if not isinstance(spec, dict) or not isinstance(spec.get("schema"), dict):
        where = "response_format.json_schema" + (".schema" if isinstance(spec, dict) else "")
        raise invalid(f"Missing required parameter: '{where}'.", where, "missing_required_parameter")
    name = spec.get("name")
    if not isinstance(name, str) or not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name):
        where = "response_format.json_schema.name"
        raise invalid(f"Invalid '{where}': expected 1 to 64 letters, digits, '_' or '-'.", where, "invalid_value")
    if spec.get("strict"):
        check_schema(spec["schema"], name)


# --- strict schemas --------------------------------------------------------------------------------------------------

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


# --- images ----------------------------------------------------------------------------------------------------------

SIZES = {"1024x1024": (1024, 1024), "1024x1536": (1024, 1536), "1536x1024": (1536, 1024), "auto": (1024, 1024)}
_IMAGE_TAKES = frozenset(
    [
        "prompt",
        "model",
        "n",
        "size",
        "quality",
        "output_format",
        "output_compression",
        "background",
        "moderation",
        "user",
        "stream",
        "partial_images",
    ]
)


def check_image(body: Mapping[str, Any], family: Family) -> None:
    """Raise `Refused` unless a gpt-image deployment would take this body."""
    for name in body:
        if name not in _IMAGE_TAKES:
            raise invalid(f"Unknown parameter: '{name}'.", name, "unknown_parameter")
    prompt = body.get("prompt")
    if prompt is None:
        raise invalid("Missing required parameter: 'prompt'.", "prompt", "missing_required_parameter")
    if not isinstance(prompt, str) or not prompt.strip():
        raise invalid("Invalid 'prompt': expected a string with at least 1 character.", "prompt", "invalid_value")
    if len(prompt) > MAX_PROMPT:
        raise invalid(
            f"Invalid 'prompt': string too long, at most {MAX_PROMPT} characters.", "prompt", "string_above_max_length"
        )
    model = body.get("model")
    if family == "azure" and model is not None and not re.match(r"(gpt-image-\d|dall-e-\d)", str(model)):
        raise invalid(
            f"Invalid value: '{model}'. Supported values are: 'gpt-image-1', 'gpt-image-1-mini', 'gpt-image-1.5' and "
            "'gpt-image-2'.",
            "model",
            "invalid_value",
        )
    for name, values in (
        ("size", tuple(SIZES)),
        ("quality", ("low", "medium", "high", "auto")),
        ("output_format", ("png", "jpeg")),
        ("background", ("transparent", "opaque", "auto")),
        ("moderation", ("low", "auto")),
    ):
        if body.get(name) is not None:
            _one_of(name, body[name], values, code="invalid_value")
    _whole_number("n", body, 1, 10)
    _whole_number("output_compression", body, 0, 100)
    if body.get("stream"):
        raise invalid("Unsupported parameter: 'stream' is not offered offline.", "stream", "unsupported_parameter")
    if body.get("output_compression") not in (None, 100) and body.get("output_format") != "jpeg":
        raise invalid(
            "Compression less than 100 is not supported for PNG output format", "output_compression", "invalid_value"
        )


# --- values ----------------------------------------------------------------------------------------------------------


def _one_of(name: str, value: Any, values: Collection[str], *, code: str) -> None:
    if value not in values:
        listed = ", ".join(f"'{one}'" for one in values)
        word = "Unsupported" if code == "unsupported_value" else "Invalid"
        raise invalid(f"{word} value: '{value}'. Supported values are: {listed}.", name, code)


def _whole_number(name: str, body: Mapping[str, Any], low: int, high: int) -> None:
    value = body.get(name)
    if value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool):
        raise invalid(f"Invalid type for '{name}': expected an integer.", name, "invalid_type")
    if not low <= value <= high:
        raise invalid(f"Invalid '{name}': expected a value from {low} to {high}, got {value}.", name, "invalid_value")
