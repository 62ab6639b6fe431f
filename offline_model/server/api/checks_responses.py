"""What a gpt-5 deployment takes on the Responses API; see `checks_chat`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from .checks_chat import EFFORTS, ROLES, check_content, json_schema, only_defaults
from .refusals import Refused, invalid
from .values import one_of, whole_number

RESPONSES_SINCE = date(2025, 3, 1)

_RESPONSES_TAKES = frozenset(
    [
        "input",
        "instructions",
        "model",
        "stream",
        "stream_options",
        "text",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "max_output_tokens",
        "max_tool_calls",
        "reasoning",
        "store",
        "previous_response_id",
        "metadata",
        "user",
        "truncation",
        "include",
        "service_tier",
        "prompt_cache_key",
        "safety_identifier",
        "temperature",
        "top_p",
    ]
)
_RESPONSES_ELSEWHERE = ("background", "prompt", "conversation")
_ITEMS = ("message", "function_call", "function_call_output", "reasoning", "item_reference")


def check_responses(body: Mapping[str, Any], version: date | None) -> None:
    """Raise `Refused` unless a gpt-5 deployment would take this body on the Responses API."""
    if version is not None and version < RESPONSES_SINCE:
        raise Refused(
            400,
            "BadRequest",
            "Azure OpenAI Responses API is enabled only for api-version 2025-03-01-preview and later",
        )
    only_defaults(body)
    _parameters(body)
    _input(body.get("input"))
    effort = (body.get("reasoning") or {}).get("effort")
    if effort is not None:
        one_of("reasoning.effort", effort, EFFORTS, code="unsupported_value")
    whole_number("max_output_tokens", body, 16, 10**9)
    _text(body.get("text") or {}, str(body["input"]) + str(body.get("instructions")))


def _parameters(body: Mapping[str, Any]) -> None:
    for name, value in body.items():
        if name in _RESPONSES_ELSEWHERE and value:
            raise invalid(f"Unsupported parameter: '{name}' is not offered offline.", name, "unsupported_parameter")
        if name not in _RESPONSES_TAKES and name not in _RESPONSES_ELSEWHERE:
            raise invalid(f"Unknown parameter: '{name}'.", name, "unknown_parameter")
    for name in ("text", "reasoning", "metadata"):
        if body.get(name) is not None and not isinstance(body[name], dict):
            raise invalid(f"Invalid type for '{name}': expected an object.", name, "invalid_type")
    if body.get("instructions") is not None and not isinstance(body["instructions"], str):
        raise invalid("Invalid type for 'instructions': expected a string.", "instructions", "invalid_type")


def _input(given: Any) -> None:
    if given is None or given in ("", []):
        raise invalid("Missing required parameter: 'input'.", "input", "missing_required_parameter")
    if isinstance(given, str):
        return
    if not isinstance(given, list):
        raise invalid("Invalid type for 'input': expected a string or an array.", "input", "invalid_type")
    for index, item in enumerate(given):
        where = f"input[{index}]"
        if not isinstance(item, dict):
            raise invalid(f"Invalid type for '{where}': expected an object.", where, "invalid_type")
        kind = item.get("type", "message")
        one_of(f"{where}.type", kind, _ITEMS, code="invalid_value")
        if kind == "message":
            one_of(f"{where}.role", item.get("role"), ROLES[:4], code="invalid_value")
            check_content(item.get("content"), f"{where}.content")


def _text(text: Mapping[str, Any], said: str) -> None:
    if text.get("verbosity") is not None:
        one_of("text.verbosity", text["verbosity"], ("low", "medium", "high"), code="invalid_value")
    if (wanted := text.get("format")) is None:
        return
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    one_of("text.format.type", kind, ("text", "json_object", "json_schema"), code="invalid_value")
    if kind == "json_object" and "json" not in said.lower():
        raise invalid(
            "Response input messages must contain the word 'json' in some form to use 'text.format' of type "
            "'json_object'.",
            "input",
        )
    if kind == "json_schema":
        json_schema(wanted, "text.format")
