"""What a service says where it refuses: its words, codes and the parameter it means, from a body of any shape.

    {"error": {"message": M, "code": C, "param": P, "innererror": {...}}}    Azure, OpenAI and most others
    {"error": "M"}, {"error": "C", "error_description": "M"}                 Ollama, OAuth gateways
    {"detail": "M"}, {"detail": [{"loc": ["body", P], "msg": M}]}            FastAPI: vLLM and the like
    {"message": M}, {"msg": M}, {"Error": {"Message": M}}, {"fault": {"faultstring": M}}
    {"errors": [{"message": M}]}, [{"error": {"message": M}}]                Cloudflare, Google
    {"title": M, "detail": M}                                                RFC 9457
    "M", M as plain text, <title>M</title>, and JSON inside a string of any of these

Words are found by the keys that hold them, at any depth, the likeliest first. A body that has none of them is shown as
it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any

WORDS = ("message", "error_description", "msg", "title", "detail", "details", "faultstring", "description", "reason")
NESTS = ("error", "errors", "fault", "exception", "innererror", "inner_error", "detail", "details", "response", "body")
CODES = ("code", "type", "status", "error_code", "errorcode")
DEEPEST = 8  # levels; a body may nest a thousand
MOST_PARTS = 4  # distinct sentences of a body
LONGEST_READ = 64 * 1024  # letters

_NAMED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?:unknown|unrecognized|unsupported|unexpected|invalid|extra)[^.'\"`]{0,60}?['\"`]([\w.]+)['\"`]",
        r"(?:unknown|unrecognized|unsupported|unexpected)[^.:]{0,60}?(?:parameter|argument|field)s?[^:]{0,20}:\s*([\w.]+)",
        r"['\"`]([\w.]+)['\"`][^.]{0,40}?(?:is not|isn't|not) (?:supported|allowed|permitted|recognized)",
    )
)
_TITLE = re.compile(r"<(title|h1)\b[^>]{0,200}>(.{1,500}?)</\1\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^<>]{1,500}>")


@dataclass(frozen=True)
class Said:
    """What a refusal says.

    Attributes:
        text: the service's own words, on one line; "" where it says nothing.
        codes: every code, type and status that it gives, nested ones too, as it spells them.
        param: the parameter of the request that it means, or "".
        is_page: whether the body is a web page.
    """

    text: str = ""
    codes: frozenset[str] = field(default_factory=frozenset)
    param: str = ""
    is_page: bool = False


def read(body: bytes | str | Any) -> Said:
    """What the body of a refusal says.

    Args:
        body: as it came, or the JSON value that it was read into.
    """
    if isinstance(body, bytes):
        body = body[: 4 * LONGEST_READ].decode("utf-8", "replace")
    if not isinstance(body, str):
        return _value(body)
    text = body.lstrip("\ufeff").strip()[:LONGEST_READ]
    if is_page(text):
        return Said(_page(text), is_page=True)
    value = _json(text)
    return Said(_line(text)) if value is None else _value(value)


def is_page(text: str) -> bool:
    """Whether a body is a web page: HTML where JSON was due."""
    return re.match(r"\s*<(?:!doctype|html|head|body|\?xml|title|center|h1)\b", text, re.IGNORECASE) is not None


def _value(value: Any) -> Said:
    parts: dict[str, None] = {}
    for text in _texts(value, 0):
        line = _line(_page(text) if is_page(text) else text)
        if line and not any(line in known for known in parts):
            parts[line] = None
    shown = ": ".join(list(parts)[:MOST_PARTS]) or _as_it_is(value)
    hits = sorted(set(_filtered(value, 0)))
    return Said(
        text=shown + (f" [{', '.join(hits)}]" if hits else ""),
        codes=frozenset(_codes(value, 0)),
        param=_param(value, shown),
    )


def _as_it_is(value: Any) -> str:
    try:
        return _line(json.dumps(value, ensure_ascii=False, default=str))
    except (RecursionError, ValueError):
        return ""


def _texts(value: Any, depth: int) -> Iterator[str]:
    """The words in a JSON value, the likeliest first."""
    if depth > DEEPEST:
        return
    if isinstance(value, str):
        inner = _json(value)
        yield from [value] if inner is None else _texts(inner, depth + 1)
    elif isinstance(value, list):
        for entry in value[:MOST_PARTS]:
            yield from _texts(entry, depth + 1)
    elif isinstance(value, dict):
        known = {str(key).lower(): entry for key, entry in value.items()}
        if isinstance(known.get("error"), str) and known.keys() & {"error_description", "message"}:
            yield known["error"]
        for key in dict.fromkeys((*WORDS, *NESTS)):
            entry = known.get(key)
            if isinstance(entry, str | list | dict):
                yield from _texts(entry, depth + 1)
        if isinstance(known.get("loc"), list):
            yield f"at {'.'.join(str(part) for part in known['loc'][:6])}"


def _codes(value: Any, depth: int) -> Iterator[str]:
    for entry in _dicts(value, depth):
        for key, code in entry.items():
            if str(key).lower() in CODES and isinstance(code, str | int) and not isinstance(code, bool) and code != "":
                yield str(code)
        if isinstance(entry.get("error"), str) and " " not in entry["error"]:
            yield entry["error"]


def _filtered(value: Any, depth: int) -> Iterator[str]:
    """The categories that a content filter hit."""
    for entry in _dicts(value, depth):
        for key in ("content_filter_result", "content_filter_results"):
            if isinstance(results := entry.get(key), dict):
                yield from (str(name) for name, hit in results.items() if isinstance(hit, dict) and hit.get("filtered"))


def _param(value: Any, text: str) -> str:
    """The parameter that is meant: named as such, by its place in the request, or in the words."""
    for entry in _dicts(value, 0):
        if isinstance(entry.get("param"), str) and entry["param"]:
            return str(entry["param"])
        if isinstance(entry.get("loc"), list) and entry["loc"]:
            return str(entry["loc"][-1])
    return next((found[1] for pattern in _NAMED if (found := pattern.search(text))), "")


def _dicts(value: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    """Every object in a JSON value, outer ones first, those inside strings too."""
    if depth > DEEPEST:
        return
    if isinstance(value, str):
        value = _json(value)
    if isinstance(value, dict):
        yield value
        for entry in value.values():
            yield from _dicts(entry, depth + 1)
    elif isinstance(value, list):
        for entry in value[:MOST_PARTS]:
            yield from _dicts(entry, depth + 1)


def _json(text: str) -> Any:
    """The object or list that a text is, or None; an event of a stream may hold it."""
    text = text.strip().removeprefix("data:").strip()
    if text[:1] not in {"{", "["} and not (text[:1] == text[-1:] == '"' and len(text) > 1):
        return None
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _page(text: str) -> str:
    """What a web page is called: its title, else its heading, else its first words."""
    found = {match[1].lower(): match[2] for match in _TITLE.finditer(text[:LONGEST_READ])}
    return _line(unescape(_TAG.sub(" ", found.get("title") or found.get("h1") or text[:2000])))


def _line(text: str) -> str:
    return " ".join(text.split())
