"""What the service accepts: api-versions and parameters.

Held against the published API description of 2025-04-01-preview, narrowed to what a gpt-5 and a gpt-image deployment
take of it. Each check raises `Refused`, which carries the status and the body to send.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from .refusals import Family, Refused, invalid, not_found
from .schema import check_schema

JSON_SCHEMA_SINCE = date(2024, 8, 1)
REASONING_SINCE = date(2024, 12, 1)
IMAGE_SINCE = date(2025, 4, 1)
MAX_PROMPT = 32_000
"""Characters of an image prompt."""

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


def check_image(body: Mapping[str, Any], family: Family, version: date | None) -> None:
    """Raise `Refused` unless a gpt-image deployment would take this body."""
    if version is not None and version < IMAGE_SINCE:
        raise Refused(
            400,
            "BadRequest",
            "Image generation with this model is enabled only for api versions 2025-04-01-preview and later",
        )
    for name in body:
        if name not in _IMAGE_TAKES:
            raise invalid(f"Unknown parameter: '{name}'.", name, "unknown_parameter")
    _prompt(body.get("prompt"))
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


def _prompt(prompt: Any) -> None:
    if prompt is None:
        raise invalid("Missing required parameter: 'prompt'.", "prompt", "missing_required_parameter")
    if not isinstance(prompt, str) or not prompt.strip():
        raise invalid("Invalid 'prompt': expected a string with at least 1 character.", "prompt", "invalid_value")
    if len(prompt) > MAX_PROMPT:
        raise invalid(
            f"Invalid 'prompt': string too long, at most {MAX_PROMPT} characters.", "prompt", "string_above_max_length"
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
