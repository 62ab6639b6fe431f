"""Answers that mean harm, drawn at random: good ones spoilt in their words, their JSON, their envelope or their HTTP."""

from __future__ import annotations

import base64
import copy
import gzip
import io
import itertools
import json
import random
import re
import struct
from collections import Counter
from typing import Any

from conftest import chunk as png_chunk
from conftest import png
from fakes.service import Answer, Request, Service, chunk, events
from PIL import Image

ODD_TEXTS = (
    "", " ", "\0", "\x1b[2J\x1b]0;x\x07", "\u202egnp.exe", "\ud800", "\udfff\ud800", "\ufeff", "\u2028", "a\u0301" * 500,
    "n" * 300_000, "../../x", "<script>alert(1)</script>", "{{7*7}}", "%s%n", "'; DROP TABLE x;--", "=cmd|' /C calc'!A0",
    "https://example.com", "LEGO", "NaN", "null", "０", "🧙‍♂️" * 40,
)  # fmt: skip
ODD_VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 2**63, 10**200, 1e308, float("nan"), float("inf"), [], {}, [[]], [None], {"": {}}, {"__class__": 1},
)  # fmt: skip
HEADERS = {
    "Retry-After": ("-1", "0", "soon", "1e308", "nan", "99999999999", "Wed, 21 Oct 9999 07:28:00 GMT", "0.05"),
    "retry-after-ms": ("-1", "x", "1e99", "20"),
    "x-ratelimit-remaining-requests": ("-1", "0", "99", "x", "1e400"),
    "x-ratelimit-reset-requests": ("6m0s", "-1s", "1h1h1h", "", "9" * 400),
    "x-ratelimit-limit-requests": ("0", "-5", "100000000000000000000"),
    "Content-Encoding": ("gzip", "br", "zstd", "identity", "gzip, gzip"),
    "Set-Cookie": ("a=b",),
    "Location": ("http://169.254.169.254/", "file:///etc/passwd", "//", "\x01"),
}
TYPES = ("application/json", "text/event-stream", "text/html", "image/png", "", "application/json; charset=utf-16", "x")


class HostileService(Service):
    """A service that spoils a share of its answers. `given` counts the whole pictures that it gave, by prompt."""

    def __init__(self, rng: random.Random, share: float) -> None:
        super().__init__(self._answer)
        self._rng, self._share = rng, share
        self._numbers = itertools.count(1)
        self.given: Counter[str] = Counter()

    def _answer(self, request: Request) -> Answer:
        spoilt = self._rng.random() < self._share
        if request.body is None:  # an address that an answer gave
            return _in_http(self._rng, {})
        if "/images/" in request.path:
            if spoilt:
                return spoilt_picture(self._rng, request.body["prompt"])
            self.given[request.body["prompt"]] += 1
            return picture(png(request.body["prompt"]))
        text = self._write(request)
        return spoilt_text(self._rng, text) if spoilt else told(text)

    def _write(self, request: Request) -> dict[str, Any]:
        asked = request.body["messages"][-1]["content"]
        count = int(re.findall(r"exactly (\d+)", asked)[-1])
        if "categories" in request.body["response_format"]["json_schema"]["schema"]["properties"]:
            letters = str.maketrans("0123456789", "abcdefghij")
            names = [f"Theme {str(next(self._numbers)).translate(letters).title()} Folk" for _ in range(count)]
            return {"categories": [{"name": name, "slug": name.lower().replace(" ", "-")} for name in names]}
        known = json.loads(re.search(r"Existing categories: (\[.*\])", asked)[1])  # type: ignore[index]
        return {"items": [self._item(known[n % len(known)]["name"]) for n in range(count)]}

    def _item(self, category: str) -> dict[str, Any]:
        number = next(self._numbers)
        return {
            "name": f"Figure Number {number}",
            "description": "It is a figure. It stands on a plate.",
            "category": category,
            "imagePrompt": f"Photorealistic LEGO-style minifigure, number {number}, clean background",
        }


def told(value: Any) -> Answer:
    return events(chunk(json.dumps(value)), chunk(finish_reason="stop"))


def picture(data: bytes) -> Answer:
    return Answer({"created": 1, "data": [{"b64_json": base64.b64encode(data).decode()}]})


# -- spoiling ----------------------------------------------------------------------------------------------------------


def spoilt_text(rng: random.Random, value: Any) -> Answer:
    way = rng.choice([_in_value, _in_letters, _in_envelope, _in_http])
    return way(rng, value)


def _in_value(rng: random.Random, value: Any) -> Answer:
    """Odd values in good JSON."""
    for _ in range(rng.choice([1, 1, 3, 30])):
        _replace(rng, value)
    return told(value)


def _replace(rng: random.Random, value: Any) -> None:
    while isinstance(value, dict | list) and value:
        key = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
        if not isinstance(value[key], dict | list) or not value[key] or rng.random() < 0.15:
            match rng.randrange(5):
                case 0:
                    value[key] = copy.deepcopy(rng.choice(ODD_VALUES))
                case 1 if isinstance(value, dict):
                    del value[key]
                case 2 if isinstance(value, list):
                    value.extend(copy.deepcopy(value[key]) for _ in range(rng.choice([1, 50])))
                case 3 if isinstance(value[key], str):
                    at = rng.randrange(len(value[key]) + 1)
                    value[key] = value[key][:at] + rng.choice(ODD_TEXTS) + value[key][at:]
                case _:
                    value[key] = rng.choice(ODD_TEXTS)
            return
        value = value[key]


def _in_letters(rng: random.Random, value: Any) -> Answer:
    """Text that is nearly JSON."""
    text = json.dumps(value)
    at = rng.randrange(len(text))
    text = rng.choice([
        text[:at], text[:at] + rng.choice(ODD_TEXTS) + text[at:], text * 20, "[" * 100_000, '{"items":' * 20_000,
        text.replace('"', "'"), text.replace(":", "=", 5), f"Here it is:\n{text}", f"```json\n{text}\n```", "[1e999" + text,
        '{"items": [' + "9" * 10_000 + "]}", text[::-1], "\ufeff" + text, "\\" * 5_000 + text, '{"items": "' + "x" * 2_000_000,
    ])  # fmt: skip
    return events(*(chunk(text[n : n + 5_000]) for n in range(0, len(text), 5_000)), chunk(finish_reason="stop"))


def _in_envelope(rng: random.Random, value: Any) -> Answer:
    """Events that are none, or that no service should send."""
    good = chunk(json.dumps(value))
    odd = rng.choice([
        {}, [], None, 1, "", "x", {"choices": None}, {"choices": [None]}, {"choices": [{}]}, {"choices": {"0": {}}},
        {"choices": [{"index": 99, "delta": {"content": "x"}}]}, {"choices": [{"delta": {"content": {"a": 1}}}]},
        {"choices": [{"delta": {"content": [1, None, {"text": 5}]}}]}, {"choices": [{"delta": [], "finish_reason": 5}]},
        {"error": "no"}, {"error": {"code": [], "message": {"a": "\x1b[2J"}}}, {"error": {"code": 429, "message": None}},
        {"error": {"code": "content_filter", "message": "\u202e", "innererror": []}}, {"choices": [], "usage": {"prompt_tokens": -5}},
        {"choices": [], "usage": {"prompt_tokens": "many", "completion_tokens": 10**30}}, {"choices": [], "usage": []},
        {"choices": [{"delta": {"tool_calls": [{"function": {"arguments": 7}}]}}]}, {"choices": [{"delta": {"refusal": 3}}]},
    ])  # fmt: skip
    order = [good, odd, chunk(finish_reason=rng.choice(["stop", "length", "content_filter", "error", "", 7]))]
    rng.shuffle(order)
    return events(*order, end=rng.choice(["data: [DONE]\n\n", "", "data: [DONE", "event: x\ndata\n\n", ":\n" * 9_000]))


def _in_http(rng: random.Random, value: Any) -> Answer:
    """Another status, type, encoding or header; a body that is cut, empty, packed or a page."""
    body = rng.choice([
        json.dumps(value).encode(), b"", b"<html><title>\x1b]0;x\x07Sign in</title></html>", b"\xff\xfe" * 500, b"{" * 50_000,
        json.dumps({"error": {"message": rng.choice(ODD_TEXTS), "code": rng.choice(ODD_VALUES)}}).encode(),
        gzip.compress(bytes(3_000_000)), rng.randbytes(rng.randrange(2_000)), told(value).body,
    ])  # fmt: skip
    names = rng.sample(sorted(HEADERS), rng.randrange(3))
    status = rng.choice(
        [200, 200, 200, 201, 204, 206, 300, 400, 404, 408, 409, 413, 418, 422, 424, 429, 429, 500, 503, 599]
    )
    headers = {name: rng.choice([one for one in HEADERS[name] if "\x01" not in one]) for name in names}
    return Answer(b"" if status == 204 else body, status, rng.choice(TYPES), headers, cut=rng.random() < 0.1)


def spoilt_picture(rng: random.Random, prompt: str) -> Answer:
    """No picture, half of one, one that is too much, another kind, a place that is none, or what spoils a text."""
    if rng.random() < 0.2:
        return _in_http(rng, {"created": 1, "data": [{"b64_json": "AAAA"}]})
    whole = png(prompt)
    at = rng.randrange(len(whole))
    data = rng.choice([
        whole[:at], whole[:at] + rng.randbytes(3) + whole[at:], whole + b"x" * 99, _header(40_000, 40_000), _header(0, 0),
        _header(1024, 1024, depth=16), png(prompt, 512), png(prompt, 2048), b"%!PS\n(x) print\n", b"<svg xmlns='x'/>", b"GIF89a",
        _other(rng, "JPEG"), _other(rng, "WEBP"), _other(rng, "BMP"), _other(rng, "TIFF"), rng.randbytes(400), b"",
    ])  # fmt: skip
    entry: Any = rng.choice([
        {"b64_json": base64.b64encode(data).decode()}, {"b64_json": base64.b64encode(data).decode()}, {"b64_json": data[:50].hex()},
        {"b64_json": rng.choice(ODD_VALUES)}, {"b64_json": rng.choice(ODD_TEXTS)}, {"url": rng.choice(ODD_TEXTS)}, {}, None, [], 5,
        {"url": rng.choice(["file:///etc/passwd", "http://169.254.169.254/x", "http://[::1", "data:,x", "ftp://x/y", "http://x\n.y"])},
    ])  # fmt: skip
    entries: Any = rng.choice([[entry], [entry], [entry], [], [entry, entry], {"0": entry}, None, "x"])
    return Answer({"created": rng.choice([1, "x", None]), "data": entries, "usage": rng.choice(ODD_VALUES)})


def _header(width: int, height: int, depth: int = 8) -> bytes:
    """A PNG that promises so many pixels and has none."""
    start = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + start + png_chunk(b"IDAT", b"x\x9cc\0") + png_chunk(b"IEND", b"")


def _other(rng: random.Random, kind: str) -> bytes:
    out = io.BytesIO()
    side = rng.choice([64, 1024])
    Image.new("RGB", (side, side), (1, 2, 3)).save(out, kind)
    return out.getvalue()
