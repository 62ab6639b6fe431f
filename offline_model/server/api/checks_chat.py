"""What a gpt-5 deployment takes as a chat completion.

Held against the published API description of 2025-04-01-preview, and narrowed to what the model takes of it. Each check
raises `Refused`, which carries the status and the body to send.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from .refusals import Refused, invalid
from .schema import check_schema
from .values import one_of, whole_number

JSON_SCHEMA_SINCE = date(2024, 8, 1)
REASONING_SINCE = date(2024, 12, 1)

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
ROLES = ("system", "developer", "user", "assistant", "tool", "function")
EFFORTS = ("minimal", "low", "medium", "high")


def check_chat(body: Mapping[str, Any], version: date | None) -> None:
    """Raise `Refused` unless a gpt-5 deployment would take this body."""
    _chat_parameters(body)
    _messages(body.get("messages"))
    only_defaults(body)
    effort = body.get("reasoning_effort")
    if effort is not None:
        if version is not None and version < REASONING_SINCE:
            raise invalid("Unrecognized request argument supplied: reasoning_effort")
        one_of("reasoning_effort", effort, EFFORTS, code="unsupported_value")
    if body.get("verbosity") is not None:
        one_of("verbosity", body["verbosity"], ("low", "medium", "high"), code="invalid_value")
    whole_number("max_completion_tokens", body, 1, 10**9)
    whole_number("n", body, 1, 128)
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
    for name in body:
        if name not in _CHAT_TAKES and name not in _CHAT_ONLY_DEFAULT and name not in ("max_tokens", *_CHAT_NEVER):
            raise invalid(f"Unrecognized request argument supplied: {name}", name)


def only_defaults(body: Mapping[str, Any]) -> None:
    for name, default in _CHAT_ONLY_DEFAULT.items():
        if body.get(name) not in (None, default):
            raise invalid(
                f"Unsupported value: '{name}' does not support {body[name]} with this model. Only the default "
                f"({default}) value is supported.",
                name,
                "unsupported_value",
            )


def _messages(messages: Any) -> None:
    if not isinstance(messages, list) or not messages:
        raise invalid("Missing required parameter: 'messages'.", "messages", "missing_required_parameter")
    called = False
    for index, message in enumerate(messages):
        where = f"messages[{index}]"
        if not isinstance(message, dict):
            raise invalid(f"Invalid type for '{where}': expected an object.", where, "invalid_type")
        one_of(f"{where}.role", message.get("role"), ROLES, code="invalid_value")
        if message.get("content") is not None or message["role"] not in ("assistant", "function"):
            check_content(message.get("content"), f"{where}.content")
        called = called or bool(message.get("tool_calls"))
        if message["role"] == "tool" and not called:
            raise invalid(
                "Invalid parameter: messages with role 'tool' must be a response to a preceding message with "
                "'tool_calls'.",
                f"{where}.role",
            )


def check_content(content: Any, where: str) -> None:
    if isinstance(content, list):
        if not all(isinstance(part, dict) and isinstance(part.get("type"), str) for part in content):
            raise invalid(f"Invalid type for '{where}[0]'.", where, "invalid_type")
    elif not isinstance(content, str):
        raise invalid(f"Invalid type for '{where}': expected a string or an array.", where, "invalid_type")


def _response_format(wanted: Any, messages: list[dict[str, Any]], version: date | None) -> None:
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    one_of("response_format.type", kind, ("text", "json_object", "json_schema"), code="invalid_value")
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
    json_schema(wanted.get("json_schema"), "response_format.json_schema")


def json_schema(spec: Any, where: str) -> None:
    """Raise `Refused` unless `spec` has a name and a schema that structured outputs take."""
    if not isinstance(spec, dict) or not isinstance(spec.get("schema"), dict):
        where = where + (".schema" if isinstance(spec, dict) else "")
        raise invalid(f"Missing required parameter: '{where}'.", where, "missing_required_parameter")
    name = spec.get("name")
    if not isinstance(name, str) or not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name):
        where = f"{where}.name"
        raise invalid(f"Invalid '{where}': expected 1 to 64 letters, digits, '_' or '-'.", where, "invalid_value")
    if spec.get("strict"):
        check_schema(spec["schema"], name, where=where.partition(".json_schema")[0])
