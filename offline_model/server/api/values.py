"""What every check of a request uses: the api-version, and values that may be one of a few."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from .refusals import Family, Refused, invalid, not_found


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


def one_of(name: str, value: Any, values: Collection[str], *, code: str) -> None:
    if value not in values:
        listed = ", ".join(f"'{one}'" for one in values)
        word = "Unsupported" if code == "unsupported_value" else "Invalid"
        raise invalid(f"{word} value: '{value}'. Supported values are: {listed}.", name, code)


def whole_number(name: str, body: Mapping[str, Any], low: int, high: int) -> None:
    value = body.get(name)
    if value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool):
        raise invalid(f"Invalid type for '{name}': expected an integer.", name, "invalid_type")
    if not low <= value <= high:
        raise invalid(f"Invalid '{name}': expected a value from {low} to {high}, got {value}.", name, "invalid_value")
