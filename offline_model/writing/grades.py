"""Grading entries of a catalogue: how much of the description the prompt draws, and how the texts read."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping
from typing import Any

LEAST, MOST = 5, 95


def write_grades(text: str, rng: random.Random) -> Iterator[dict[str, Any]]:
    """A grade for each entry in the first list of numbered objects that the request holds."""
    for entry in _entries(text):
        score, reason = _graded(entry)
        grade = min(MOST, max(LEAST, score + rng.randint(-3, 3)))
        yield {"number": entry["number"], "grade": grade, "reason": reason}


def _entries(text: str) -> list[Mapping[str, Any]]:
    for found in re.finditer(r"\[", text):
        try:
            value, _ = json.JSONDecoder().raw_decode(text, found.start())
        except ValueError:
            continue
        if value and all(isinstance(entry, dict) and isinstance(entry.get("number"), int) for entry in value):
            return list(value)
    return []


def _graded(entry: Mapping[str, Any]) -> tuple[int, str]:
    """A grade before chance, and what decided it."""
    described, drawn = (_words(entry.get(field)) for field in ("description", "imagePrompt"))
    sentences = len(re.findall(r"[.!?](?:\s|$)", str(entry.get("description", ""))))
    shared = len(described & drawn) / max(1, min(len(described), 12))
    if len(described) < 8:
        return 30, "The description says too little to picture the figure."
    if shared < 0.15:
        return 42, "The prompt draws something else than the description tells."
    if not 2 <= sentences <= 4:
        return 58, "The description does not read as two to four sentences."
    if shared < 0.4:
        return 68, "The description is lively, and the prompt leaves some of it out."
    return 78 + round(10 * min(1.0, shared)), "The prompt draws what the description tells, and both read well."


def _words(text: object) -> set[str]:
    return {word[:5] for word in re.findall(r"[a-z]{4,}", str(text).lower())}
