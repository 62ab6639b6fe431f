"""Answers that hold to any JSON schema: what is known is kept, what the schema requires and nobody knows is made up.

What is made up comes from the user's words where they have it: "Ada is 36 years old" gives a name and an age.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from .schema import resolve

_DEEP = 8
"""Lists and options below this level stay empty, so that recursion ends."""
_MOST = 1000
"""Entries of a list, however many are asked for."""

_FORMATS = {
    "date": "2030-01-15",
    "date-time": "2030-01-15T09:30:00Z",
    "time": "09:30:00Z",
    "duration": "P1D",
    "email": "figure@example.com",
    "idn-email": "figure@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_NO_NAMES = frozenset(["What", "Who", "Where", "When", "How", "This", "That", "It", "There", "He", "She", "They", "I"])


class Hints:
    """What a text says that may be an answer: names, quoted words, numbers, counts."""

    def __init__(self, text: str = "") -> None:
        self.text = text
        quoted = re.findall(r"[\"“]([^\"”\n]{1,80})[\"”]", text)
        subjects = re.findall(r"\b([A-Z][a-zà-ÿ]+(?: [A-Z][a-zà-ÿ]+)*)(?= (?:is|was|are|has|lives|works)\b)", text)
        inside = re.findall(r"(?<=[a-z,;:] )([A-Z][a-zà-ÿ]+(?: [A-Z][a-zà-ÿ]+)*)", text)
        self._words = list(dict.fromkeys(word for word in (*quoted, *subjects, *inside) if word not in _NO_NAMES))
        exact = re.compile(r"\bexactly\s+(\d{1,6})\b", re.IGNORECASE)
        counts = exact.findall(text)
        self._exact = int(counts[-1]) if counts else None
        self._numbers = re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.]*\d)", exact.sub("", text))

    def word(self, asked: str) -> str | None:
        """The next name or quoted word, each once; none that is only the name of what is asked for."""
        while self._words:
            word: str = self._words.pop(0)
            if word.casefold() != asked.casefold():
                return word
        return None

    def number(self) -> float | None:
        """The next number, each once."""
        return float(self._numbers.pop(0)) if self._numbers else None

    def option(self, options: Sequence[Any]) -> Any:
        """The option that the text names, or the first."""
        lower = self.text.casefold()
        named = [one for one in options if isinstance(one, str) and one and one.casefold() in lower]
        return named[0] if named else options[0]

    def count(self, name: str) -> int | None:
        """How many entries of a list called `name` are asked for."""
        if self._exact is not None:
            return min(_MOST, self._exact)
        stem = re.escape(name.casefold().rstrip("s"))
        found = re.search(rf"\b(\d{{1,4}})\s+(?:[\w-]+\s+){{0,3}}?{stem}", self.text.casefold()) if stem else None
        return min(_MOST, int(found[1])) if found else None


def fit(
    value: Any,
    node: Any,
    root: Mapping[str, Any],
    *,
    name: str = "text",
    depth: int = 0,
    hints: Hints | None = None,
) -> Any:
    """`value` as the schema has it.

    Args:
        value: the writer's, or None where there is none.
        node: the schema that it has to hold to.
        root: where references start.
        name: said where any text will do.
        depth: of this value.
        hints: what the user's words say.
    """
    hints = hints or Hints()
    node = _resolved(node, root)
    if "const" in node or "enum" in node:
        allowed = [node["const"]] if "const" in node else list(node["enum"]) or [None]
        return value if value in allowed else hints.option(allowed)
    if branches := node.get("anyOf") or node.get("oneOf"):
        empty = [branch for branch in branches if branch == {"type": "null"}]
        full = [branch for branch in branches if branch not in empty]
        chosen = (empty if depth > _DEEP and empty else full or empty)[0]
        return fit(value, chosen, root, name=name, depth=depth + 1, hints=hints)
    kind = _kind(node)
    if kind == "object":
        return _object(value, node, root, depth, hints)
    if kind == "array":
        return _list(value, node, root, name, depth, hints)
    if kind in ("integer", "number"):
        return _number(value, node, whole=kind == "integer", hints=hints)
    if kind == "boolean":
        return value if isinstance(value, bool) else True
    return None if kind == "null" else _string(value, node, name, hints)


def _resolved(node: Any, root: Mapping[str, Any]) -> dict[str, Any]:
    """The schema without references and with the parts of its `allOf` in one."""
    for _ in range(20):
        if not isinstance(node, dict) or "$ref" not in node:
            break
        node = {**(resolve(str(node["$ref"]), root) or {}), **{k: v for k, v in node.items() if k != "$ref"}}
    if not isinstance(node, dict):
        return {}
    merged = {key: value for key, value in node.items() if key != "allOf"}
    for part in node.get("allOf") or ():
        for key, value in _resolved(part, root).items():
            known = merged.get(key)
            merged[key] = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value
    return merged


def _kind(node: Mapping[str, Any]) -> str:
    kind = node.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    if kind is None:
        kind = "object" if "properties" in node else "array" if "items" in node else "string"
    return str(kind)


def _object(value: Any, node: Mapping[str, Any], root: Mapping[str, Any], depth: int, hints: Hints) -> dict[str, Any]:
    known = value if isinstance(value, dict) else {}
    properties: Mapping[str, Any] = node.get("properties") or {}
    required = node.get("required") or ()
    return {
        key: fit(known.get(key), child, root, name=key, depth=depth + 1, hints=hints)
        for key, child in properties.items()
        if depth <= _DEEP or key in required
    }


def _list(
    value: Any, node: Mapping[str, Any], root: Mapping[str, Any], name: str, depth: int, hints: Hints
) -> list[Any]:
    least, most = int(node.get("minItems") or 0), int(node.get("maxItems", _MOST))
    # a count is meant for the list itself, not for lists in its entries
    wanted = 0 if depth > _DEEP else (hints.count(name) if depth <= 1 else None) or 1
    rows = value if isinstance(value, list) else [None] * wanted
    rows = [*rows, *[None] * (least - len(rows))][:most]
    first: Sequence[Any] = node.get("prefixItems") or ()
    if first and not isinstance(value, list):
        rows = [None] * max(least, len(first))
    schemas = [*first, *[node.get("items") or {}] * len(rows)]
    fitted = [
        fit(row, schema, root, name=name, depth=depth + 1, hints=hints)
        for row, schema in zip(rows, schemas, strict=False)
    ]
    # made-up texts differ, as entries of a list do
    free = _resolved(node.get("items"), root).keys() <= {"type", "title", "description"} and not first
    made = free and not isinstance(value, list) and all(isinstance(one, str) for one in fitted)
    return [f"{one} {n}" if fitted.count(one) > 1 else one for n, one in enumerate(fitted, 1)] if made else fitted


def _number(value: Any, node: Mapping[str, Any], *, whole: bool, hints: Hints) -> float:
    fits = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    known = value if fits else hints.number()
    low, high, above, below = (node.get(key) for key in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"))
    step = 1 if whole else 0.5
    low = above + step if low is None and isinstance(above, (int, float)) else low
    high = below - step if high is None and isinstance(below, (int, float)) else high
    number = float(1 if known is None else known)
    number = max(number, low) if isinstance(low, (int, float)) else number
    number = min(number, high) if isinstance(high, (int, float)) else number
    if multiple := node.get("multipleOf"):
        number = math.ceil(number / multiple) * multiple
    return round(number) if whole or number == int(number) else number


def _string(value: Any, node: Mapping[str, Any], name: str, hints: Hints) -> str:
    text: str = value if isinstance(value, str) else _FORMATS.get(str(node.get("format"))) or hints.word(name) or name
    value = value.get("name") if isinstance(value, dict) else value
    least, most = int(node.get("minLength") or 0), node.get("maxLength")
    while len(text) < least:
        text = f"{text} {name}" if name else f"{text} text"
    return text[:most] if isinstance(most, int) else text


def schema_in(text: str) -> dict[str, Any] | None:
    """The JSON schema that a text spells out, as clients do for models that can't be sent one."""
    if '"properties"' not in text:
        return None
    for at in [match.start() for match in re.finditer(r"\{", text)][:20]:
        try:
            found, _ = json.JSONDecoder().raw_decode(text, at)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict) and isinstance(found.get("properties"), dict):
            return found
    return None


_KEYS = re.compile(
    r"\b(?:keys?|fields?|properties|members|attributes|json(?: object)? with)\b[\s:]*"
    r"((?:(?:the |an? )?[`\"']?[a-z]\w{0,30}[`\"']?(?:, and |, | and |(?=[.;\n]|$)))+)",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"age|amount|count|height|length|number|price|quantity|score|size|total|weight|width|year")


def keys_in(text: str) -> dict[str, Any] | None:
    """The schema of an object whose keys a text lists: "JSON with the keys name and age"."""
    if re.search(r"\b(?:items?|figures?|categor\w+|catalog\w*)\b", text, re.IGNORECASE):
        return None  # the writer knows these better
    found = _KEYS.search(text)
    names = re.findall(r"\w+", found[1]) if found else []
    keys = dict.fromkeys(name for name in names if name.lower() not in ("the", "a", "an", "and"))
    if not keys:
        return None
    return {
        "type": "object",
        "properties": {key: {"type": "number" if _COUNTED.fullmatch(key.lower()) else "string"} for key in keys},
    }
