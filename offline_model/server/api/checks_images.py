"""What a gpt-image deployment takes; see `checks_chat`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from .refusals import Family, Refused, invalid
from .values import one_of, whole_number

IMAGE_SINCE = date(2025, 4, 1)
MAX_PROMPT = 32_000
"""Characters of an image prompt."""

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
            one_of(name, body[name], values, code="invalid_value")
    whole_number("n", body, 1, 10)
    whole_number("output_compression", body, 0, 100)
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
