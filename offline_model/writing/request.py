"""Reading a chat request as a model would: what is asked for, how many, for which categories, and what to avoid."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .english import fold

DEFAULT_COUNT: Final = 20
MOST_ASKED: Final = 1000  # items of one category


@dataclass(frozen=True)
class Request:
    """What a chat asks for.

    Attributes:
        wants: "categories", "items" or "grades".
        count: how many.
        categories: names to write items for, in order.
        counts: how many items each of them is to get, where the request says so for all.
        avoid: folded names that must not come again.
        wish: the user's own words, which every item follows where it can.
        facets: words that some of the items follow.
        text: of all messages.
    """

    wants: str
    count: int
    categories: tuple[str, ...]
    counts: Mapping[str, int]
    avoid: frozenset[str]
    wish: str
    facets: str
    text: str


_COUNT = re.compile(
    r"\b(exactly\s+)?(\d{1,6})\s+(?:[a-z-]+\s+){0,3}?(?:items?|figures?|categor(?:y|ies))\b", re.IGNORECASE
)


_USED = re.compile(r"already (?:used names|chosen)[^:\n]*:(.*)", re.IGNORECASE)


_FACETS = re.compile(r"for variety, draw on:(.*)", re.IGNORECASE)


_LISTED = re.compile(r"categories[^:\n]{0,20}:[ \t]*(.*(?:\n[ \t]*[-*\d][^\n]*)*)", re.IGNORECASE)


_MACHINERY = re.compile(
    r"\bjson\b|\bschema\b|\bfields?\b|imageprompt|\bslug|\bcharacters\b|trademark|minifigure|lego-style"
    r"|spread the items|unique|existing|\bdescription\b|categor|do not include|hard constraints|evenly lit|\bexactly\b",
    re.IGNORECASE,
)


def read_request(messages: Sequence[Mapping[str, Any]], schema: Mapping[str, Any] | None = None) -> Request:
    """Read the messages as a whole: the last count, the categories, the names to avoid, the wish."""
    texts = [(str(message.get("role", "")), _content(message.get("content"))) for message in messages]
    text = "\n".join(part for _, part in texts)
    asked = "\n".join(part for role, part in texts if role == "user")
    listed = _listed_categories(text)
    used = [name for found in _USED.findall(text) for name in _split_names(found)]
    return Request(
        wants=_wants(text, schema),
        count=_count(text),
        categories=tuple(dict.fromkeys(name for name, _ in listed)),
        counts={name: count for name, count in listed if count} if all(count for _, count in listed) else {},
        avoid=frozenset(map(fold, used)),
        wish=_wish(asked),
        facets=" ".join(_FACETS.findall(text)),
        text=text,
    )


def _content(content: object) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, Sequence):
        parts = (part.get("text", "") if isinstance(part, Mapping) else part for part in content)
        return "\n".join(part for part in parts if isinstance(part, str))
    return ""


def _wants(text: str, schema: Mapping[str, Any] | None) -> str:
    properties = (schema or {}).get("properties") or {}
    for name in ("items", "categories", "grades"):
        if name in properties:
            return name
    counted = _COUNT.findall(text)
    if counted and not re.search(r"\bitems?\b|imagePrompt", text):
        return "categories"
    last = [m.group(0).casefold() for m in _COUNT.finditer(text)]
    return "categories" if last and "categor" in last[-1] else "items"


def _count(text: str) -> int:
    found = _COUNT.findall(text)
    exact = [int(number) for exactly, number in found if exactly]
    return (exact or [int(number) for _, number in found] or [DEFAULT_COUNT])[-1]


def _split_names(line: str) -> Iterator[str]:
    """The names of a comma-separated line; a sentence that follows on the same line is not one."""
    for name in line.split(","):
        head, stop, _ = name.partition(". ")
        if head.strip(" .\t\"'[]"):
            yield head.strip(" .\t\"'[]")
        if stop:
            return


def _listed_categories(text: str) -> list[tuple[str, int]]:
    """Names after "Existing categories:" (JSON, commas or bullets), else of any JSON list of names or objects.

    Each with the number of items that it is to get; 0 where the list does not say.
    """
    marked = re.search(r"existing categories\s*:", text, re.IGNORECASE)
    starts = [m.start() for m in re.finditer(r"\[", text)]
    if marked:
        starts.sort(key=lambda at: (at < marked.end(), at))
    for at in starts:
        try:
            value, _ = json.JSONDecoder().raw_decode(text, at)
        except ValueError:
            continue
        listed = [(v.get("name"), v.get("items")) if isinstance(v, Mapping) else (v, 0) for v in value]
        named = [
            (name.strip(), count if isinstance(count, int) and 0 < count <= MOST_ASKED else 0)
            for name, count in listed
            if isinstance(name, str) and name.strip()
        ]
        if named and len(named) == len(listed):
            return named
    for found in _LISTED.finditer(text):
        names = [re.sub(r"^\s*(?:[-*]|\d+[.)])\s*", "", name) for name in re.split(r"[,;\n]", found.group(1))]
        names = [name.strip(" .\t\"'") for name in names if 0 < len(name.split()) <= 4]
        if len(names) > 1:
            return [(name, 0) for name in names]
    return []


def _wish(asked: str) -> str:
    """What is left of the user's message without lists and instructions on the form of the answer."""
    kept = []
    for line in asked.splitlines():
        if _USED.search(line) or _FACETS.search(line) or "[" in line:
            continue
        kept += [s for s in re.split(r"(?<=[.!?;])\s+", _COUNT.sub(" ", line)) if not _MACHINERY.search(s)]
    return " ".join(kept)
