"""Reads what a service answers: the objects of a structured answer as they stream in, and pictures behind a URL."""

from __future__ import annotations

import binascii
import builtins
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import httpx2
import ijson
import pybase64
from pydantic import BaseModel

from datagen_lib.errors import CallRejected, ContentFiltered, MalformedAnswer, TransientError

LARGEST_DOWNLOAD = 64 * 2**20  # bytes


class AnsweredError(Exception):
    """An error object where an answer was due: in a body of HTTP 200, in a stream's event, in a choice.

    `translation.py` makes the error of it that the same refusal by status would be.

    Attributes:
        status: the HTTP status that its code stands for.
        body: the error object itself: `code`, `message` and whatever else the service says.
    """

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(str(body.get("message") or body)[:300])
        self.status = status
        self.body = body


class ObjectReader:
    """Finds the objects of a structured answer as its text streams in; linear in the answer's length."""

    def __init__(self, key: str, record: list[str] | None = None) -> None:
        self._record = [] if record is None else record
        self._found = ijson.sendable_list()
        self._parser = ijson.items_coro(self._found, f"{key}.item", use_float=True)
        self._key = key
        self._count = 0
        self._finish = ""
        self._refusal = ""

    def read(self, chunk: dict[str, Any]) -> list[Any]:
        for choice in _dicts(chunk.get("choices")):
            part = _dict(choice.get("delta")) or _dict(choice.get("message"))
            self._refusal += str(part.get("refusal") or "")
            self._finish = str(choice.get("finish_reason") or self._finish)
            try:
                if content := part.get("content"):
                    self._record.append(str(content))
                    self._parser.send(str(content).encode())
            except ijson.JSONError as error:
                # What was complete before the tear is still handed over; `end` reports the tear.
                self._finish = f"torn: {error}"
        found = list(self._found)
        self._found.clear()
        self._count += len(found)
        return found

    def end(self) -> None:
        if self._finish == "content_filter":
            raise ContentFiltered("the service's content filter cut the answer")
        if self._refusal:
            raise MalformedAnswer(f"the model refused: {self._refusal[:200]}")
        if self._finish == "length":
            raise MalformedAnswer("the answer was cut at its longest allowed length", hint="Use a smaller BATCH_SIZE.")
        if self._finish.startswith("torn"):
            raise MalformedAnswer(f"the answer is not the JSON that was asked for ({self._finish})")
        try:
            self._parser.close()
        except ijson.JSONError as error:
            raise MalformedAnswer(f"the answer's JSON ends too early ({error})") from error
        if not self._count:
            raise MalformedAnswer(f"the answer holds no {self._key}")


async def chunks(raw: Any) -> AsyncGenerator[dict[str, Any], None]:
    """The answer's chunks; a server that does not stream gives one, which is the whole answer."""
    if "text/event-stream" in raw.headers.get("content-type", "text/event-stream"):
        stream = raw.parse()
        try:
            async for chunk in stream:
                # A server's chunk may be anything: the SDK builds its models unchecked.
                yield chunk.model_dump(warnings=False) if isinstance(chunk, BaseModel) else {}
        finally:
            await stream.close()
        return
    body = await raw.http_response.aread()
    try:
        answer = httpx2.Response(200, content=body).json()
    except ValueError as error:
        raise MalformedAnswer("the answer's body is no JSON") from error
    yield answer if isinstance(answer, dict) else {}


@dataclass(frozen=True)
class Drawn:
    """A picture as a service answers it: base64, or an address to fetch it from."""

    b64: str | None
    url: str | None
    timeout: float
    input_tokens: int = 0
    output_tokens: int = 0

    async def bytes(self) -> builtins.bytes:
        """The encoded picture. Costs no call, so it needs no turn.

        Raises:
            TransientError: there is none, or its base64 or its address is broken.
        """
        return self.decode() if self.b64 else await self.fetch()

    def decode(self) -> builtins.bytes:
        """The picture out of its base64: for a thread, since it is megabytes."""
        try:
            return pybase64.b64decode(self.b64 or "", validate=True)
        except (binascii.Error, ValueError) as error:
            raise TransientError(f"the picture's base64 is broken ({error})") from error

    async def fetch(self) -> builtins.bytes:
        """The picture from its address."""
        if not self.url:
            raise TransientError("the answer holds no picture")
        return await download(self.url, seconds=self.timeout)


def read_picture(answer: Any, *, seconds: float) -> Drawn:
    """The picture in the body of an image answer; `seconds` is how long fetching it may take."""
    data = _dicts(_dict(answer).get("data"))
    usage = _dict(_dict(answer).get("usage"))
    first = data[0] if data else {}
    return Drawn(
        b64=_text(first.get("b64_json")),
        url=_text(first.get("url")),
        timeout=seconds,
        input_tokens=_number(usage.get("input_tokens")),
        output_tokens=_number(usage.get("output_tokens")),
    )


def count_tokens(chunk: dict[str, Any]) -> tuple[int, int, int] | None:
    """Input, output and cached input tokens, where the chunk tells them."""
    usage = _dict(chunk.get("usage"))
    if not usage:
        return None
    cached = _dict(usage.get("prompt_tokens_details")).get("cached_tokens")
    return _number(usage.get("prompt_tokens")), _number(usage.get("completion_tokens")), _number(cached)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0


async def download(url: str, *, seconds: float) -> bytes:
    """The bytes behind `url`: http(s) only, up to 64 MiB; tried three times, since the picture itself is paid for."""
    try:
        scheme = httpx2.URL(url).scheme
    except (httpx2.InvalidURL, ValueError) as error:
        raise CallRejected(f"the picture's address is none: {url[:60]}") from error
    if scheme not in {"http", "https"}:
        raise CallRejected(f"the picture's address is not http(s): {url[:60]}")
    async with httpx2.AsyncClient(timeout=seconds, follow_redirects=True) as client:
        for attempt in range(3):
            try:
                async with client.stream("GET", url) as response:
                    response.raise_for_status()
                    parts: list[bytes] = []
                    size = 0
                    async for part in response.aiter_bytes():
                        size += len(part)
                        if size > LARGEST_DOWNLOAD:
                            raise CallRejected("the picture's address leads to more than 64 MiB")
                        parts.append(part)
                    return b"".join(parts)
            except httpx2.HTTPError as error:
                if attempt == 2:
                    raise TransientError(f"the picture could not be fetched from its address ({error})") from error
    raise AssertionError  # pragma: no cover - the loop returns or raises
