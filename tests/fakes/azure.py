"""Another Azure OpenAI: written from the service's published facts, not from the kit's own stand-in.

An HTTP/1.1 server on bare sockets, so that what a real network does can be done: odd chunk borders, answers cut in the
head or in the body, no rate headers, Retry-After in any of its forms, HTML where JSON was due. Its model is wilful: it
writes more or fewer items than asked, ignores the wish for evenness, breaks rules and repeats itself at set rates.
"""

from __future__ import annotations

import asyncio
import base64
import json
import random
import re
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from socket import SO_LINGER, SOL_SOCKET
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from conftest import png

from fakes.description import problems


def _words(text: str) -> list[str]:
    return text.split()


_ADJECTIVES = _words("Amber Brisk Coral Dusty Elder Frosty Gilded Humble Ivory Jolly Keen Lunar Mossy Nimble Opal")
_PLACES = _words("Alpine Bayou Canyon Delta Estuary Fjord Glacier Harbour Island Jungle Karst Lagoon Meadow Oasis")
_TRADES = _words(
    "Archer Baker Cooper Diver Engraver Falconer Gardener Herbalist Illuminator Juggler Kite-Maker Lamplighter Mason "
    "Navigator Organist Potter Quilter Ranger Sailor Tinsmith Upholsterer Vintner Weaver Xylophonist Yodeller Zookeeper"
)
_THEMES = [f"{place} {kind}" for place in ("Café", "Ancient", "Winter", "Space") for kind in (
    "Explorers", "Makers", "Musicians", "Athletes", "Healers", "Growers", "Scholars")]  # fmt: skip
_TAIL = "clean background, high detail, vibrant, evenly lit, 1024x1024"


@dataclass
class Seen:
    """A request as it came, and what it got: an HTTP status, or what was done to its connection."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    got: str = ""
    delivered: bool = False

    @property
    def route(self) -> str:
        return "text" if self.path.endswith("/chat/completions") else "image"


@dataclass
class Temper:
    """Shares (0..1) of calls, of answers or of items that go wrong, and what the model won't draw."""

    throttled: float = 0.0
    broken: float = 0.0
    reset: float = 0.0
    malformed: float = 0.0
    breaking: float = 0.0
    repeated: float = 0.0
    wilful: bool = True
    refuses: Callable[[str], bool] = field(default=lambda _: False)


class Azure:
    """The service; use it as a context manager, from any thread."""

    def __init__(self, temper: Temper | None = None, *, seed: int = 0, latency: float = 0.0) -> None:
        self.temper, self.latency = temper or Temper(), latency
        self.key = "d41d8cd98f00b204e9800998ecf8427e"
        self.seen: list[Seen] = []
        self.problems: list[str] = []
        self.crashes: list[BaseException] = []
        self.busy: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self._rng = random.Random(seed)
        self._names: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="azure")

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    @property
    def settings(self) -> dict[str, str]:
        return {
            "AZURE_OPENAI_ENDPOINT": f"http://127.0.0.1:{self.port}/",
            "AZURE_OPENAI_API_KEY": self.key,
            "AZURE_OPENAI_API_VERSION": "2025-04-01-preview",
            "AZURE_OPENAI_GPT5_DEPLOYMENT": "writer",
            "AZURE_OPENAI_IMAGE_DEPLOYMENT": "painter",
        }

    def calls(self, route: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.route == route]

    # -- connections -----------------------------------------------------------------------------------------------

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._main())
        finally:
            self._loop.close()

    async def _main(self) -> None:
        self._end = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._end.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while await self._request(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        except asyncio.CancelledError:
            pass
        except Exception as error:
            self.crashes.append(error)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        target = urlsplit(head[0].split(" ")[1])
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:]) if name}
        raw = await reader.readexactly(int(headers.get("content-length", 0)))
        given = headers.pop("api-key", "") or headers.pop("authorization", "").removeprefix("Bearer ")
        headers.pop("authorization", None)
        seen = Seen(unquote(target.path), dict(parse_qsl(target.query)), headers, json.loads(raw or b"null"))
        self.seen.append(seen)
        self.busy[seen.route] += 1
        self.most[seen.route] = max(self.most[seen.route], self.busy[seen.route])
        try:
            if self.latency:
                await asyncio.sleep(self.latency)
            await self._answer(seen, given, writer)
        finally:
            self.busy[seen.route] -= 1
        return not writer.is_closing()

    def _send(self, writer: asyncio.StreamWriter, status: str, kind: str, body: bytes, *extra: str) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *extra]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)

    def _error(self, writer: asyncio.StreamWriter, status: str, code: str, text: str, *extra: str, **more: Any) -> None:
        body = {"error": {"code": code, "message": text, **more}}
        self._send(writer, status, "application/json", json.dumps(body).encode(), *extra)

    def _reset(self, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    # -- a request's way -------------------------------------------------------------------------------------------

    async def _answer(self, seen: Seen, given: str, writer: asyncio.StreamWriter) -> None:
        wrong = problems(seen.path, seen.query, seen.headers, seen.body)
        draw = self._rng.random()
        temper = self.temper
        if given != self.key:
            seen.got = "401"
            text = f"Access denied due to invalid subscription key {given} or wrong API endpoint."
            self._error(writer, "401 PermissionDenied", "401", text)
        elif wrong:
            self.problems += wrong
            seen.got = "400"
            self._error(writer, "400 Bad Request", "invalid_request_error", "; ".join(wrong))
        elif draw < temper.throttled:
            seen.got = "429"
            self._throttle(writer)
        elif draw < temper.throttled + temper.broken:
            seen.got = "5xx"
            self._break(writer)
        elif draw < temper.throttled + temper.broken + temper.reset:
            seen.got = "reset"
            if self._rng.random() < 0.5:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Ty")
                await writer.drain()
            self._reset(writer)
        elif seen.route == "text":
            seen.got = "200"
            await self._text(seen, writer)
        else:
            self._picture(seen, writer)
        if not writer.is_closing():
            await writer.drain()
            seen.delivered = seen.got == "200"

    def _throttle(self, writer: asyncio.StreamWriter) -> None:
        text = (
            "Your requests to writer for gpt-5 have exceeded the call rate limit of your AIServices S0 quota. Please "
            "retry after 1 second. To request a quota increase, see https://aka.ms/oai/quotaincrease."
        )
        forms: tuple[tuple[str, ...], ...] = (
            (),
            ("Retry-After: 1",),
            ("retry-after-ms: 350",),
            ("Retry-After: 2", "retry-after-ms: 1200"),
            (f"Retry-After: {formatdate(time.time() + 2, usegmt=True)}",),
            ("x-ratelimit-remaining-requests: -1", "x-ratelimit-remaining-tokens: -1"),
        )
        code = self._rng.choice(["429", "RateLimitReached", "too_many_requests"])
        self._error(writer, "429 Too Many Requests", code, text, *self._rng.choice(forms))

    def _break(self, writer: asyncio.StreamWriter) -> None:
        match self._rng.randrange(4):
            case 0:
                self._send(writer, "502 Bad Gateway", "text/html", b"<html>502 Bad Gateway</html>")
            case 1:
                self._send(writer, "503 Service Unavailable", "text/plain", b"")
            case 2:
                self._error(writer, "500 Internal Server Error", "InternalServerError", "The server had an error.")
            case _:
                self._send(writer, "504 Gateway Timeout", "application/json", b'{"error": {"code": null, "mess')

    # -- pictures --------------------------------------------------------------------------------------------------

    def _picture(self, seen: Seen, writer: asyncio.StreamWriter) -> None:
        prompt = seen.body["prompt"]
        if self.temper.refuses(prompt):
            seen.got = "filtered"
            code = self._rng.choice(
                ["content_filter", "contentFilter", "moderation_blocked", "content_policy_violation"]
            )
            inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_results": {"violence": {"filtered": True}}}
            text = "Your request was rejected as a result of our safety system."
            self._error(writer, "400 Bad Request", code, text, innererror=inner, type="image_generation_user_error")
            return
        seen.got = "200"
        data: dict[str, Any] = {"b64_json": base64.b64encode(png(prompt)).decode()}
        if self._rng.random() < 0.5:
            data |= {"revised_prompt": prompt, "content_filter_results": {"hate": {"filtered": False}}}
        body: dict[str, Any] = {"created": 1764000000, "data": [data]}
        if self._rng.random() < 0.7:
            body["usage"] = {"input_tokens": 60, "output_tokens": 1056, "total_tokens": 1116}
        self._send(writer, "200 OK", "application/json", json.dumps(body).encode())

    # -- text ------------------------------------------------------------------------------------------------------

    async def _text(self, seen: Seen, writer: asyncio.StreamWriter) -> None:
        request = seen.body["messages"][-1]["content"]
        what = list(seen.body["response_format"]["json_schema"]["schema"]["properties"])
        (count,) = re.findall(r"Return exactly (\d+) (?:items|categories)\.", request)
        if what == ["categories"]:
            answer: dict[str, Any] = {"categories": self._categories(int(count), request)}
        else:
            answer = {"items": self._items(int(count), request)}
        indent = self._rng.choice([None, 2])
        text, finish, refusal = json.dumps(answer, ensure_ascii=self._rng.random() < 0.5, indent=indent), "stop", None
        if self._rng.random() < self.temper.malformed:
            text, finish, refusal = self._spoil(text)
        await self._stream(writer, text, finish, refusal)

    def _categories(self, count: int, request: str) -> list[dict[str, str]]:
        themes = [theme for theme in _THEMES if theme not in request]
        self._rng.shuffle(themes)
        if self.temper.wilful and count == 20:
            themes[5:5] = [themes[0].upper(), f" {themes[1]}  "]
            count -= self._rng.randrange(4)
        slugs = ["Not A Slug!", "", "explorers", None]
        return [
            {"slug": self._rng.choice([theme.lower().replace(" ", "-"), *slugs]), "name": theme}
            for theme in themes[:count]
        ]

    def _items(self, count: int, request: str) -> list[Any]:
        listed = json.loads(re.search(r"Existing categories: (\[.*\])", request)[1])  # type: ignore[index]
        if self.temper.wilful:
            count = max(1, count + self._rng.choice([-3, -1, 0, 0, 0, 1, 2]))
            listed = listed[: max(1, len(listed) // 2)]
        return [self._item(self._rng.choice(listed)["name"]) for _ in range(count)]

    def _item(self, category: str) -> Any:
        rng = self._rng
        while (name := f"{rng.choice(_ADJECTIVES)} {rng.choice(_PLACES)} {rng.choice(_TRADES)}") in self._names:
            pass
        if self._names and rng.random() < self.temper.repeated:
            name = rng.choice([str.upper, str.lower, str.title, lambda old: old.replace(" ", "-")])(
                rng.choice(self._names)
            )
        else:
            self._names.append(name)
        item: dict[str, Any] = {
            "name": name,
            "category": category,
            "description": f"A figure who works at the “{category}” — day and night. It carries a naïve little tool.",
            "imagePrompt": f"Photorealistic LEGO-style minifigure, {name.lower()} with {rng.choice(_THEMES)} badge, {_TAIL}",
        }
        if rng.random() < self.temper.breaking:
            self._breach(item)
        return item

    def _breach(self, item: dict[str, Any]) -> None:
        rng = self._rng
        breach: tuple[str, Any] = rng.choice([
            ("name", "One Two Three Four Five Six Seven"),
            ("name", "x"),
            ("name", None),
            ("description", "Short."),
            ("description", item["description"] + " Call +1 (555) 010-9999 now."),
            ("description", item["description"] + " See www.example.com/figures for it."),
            ("description", "Word. " * 300),
            ("description", item["description"] + " Official LEGO set."),
            ("category", "Nowhere Near"),
            ("imagePrompt", "A LEGO-style minifigure of a sailor"),
            ("imagePrompt", item["imagePrompt"] + ", logos on the chest"),
            ("imagePrompt", item["imagePrompt"] + ", very" * 60),
            ("imagePrompt", item["imagePrompt"] + ", LEGO bricks"),
            ("imagePrompt", 42),
        ])  # fmt: skip
        item[breach[0]] = breach[1]
        if rng.random() < 0.1:
            del item["category"]

    def _spoil(self, text: str) -> tuple[str, str, str | None]:
        cut = self._rng.randrange(len(text) // 3, len(text) - 1)
        return self._rng.choice([
            (text[:cut], "stop", None),
            (text[:cut], "length", None),
            (text[:cut], "content_filter", None),
            (text[:cut] + "}}" + text[cut:], "stop", None),
            ("Here you go:\n" + text, "stop", None),
            ("```json\n" + text + "\n```", "stop", None),
            ("", "stop", None),
            ("", "stop", "I'm sorry, I can't assist with that."),
            (text.replace('"items"', '"results"').replace('"categories"', '"themes"'), "stop", None),
            ("{}", "stop", None),
        ])  # fmt: skip

    async def _stream(self, writer: asyncio.StreamWriter, text: str, finish: str, refusal: str | None) -> None:
        """Server-sent events with `\\r\\n` line ends and comments, in HTTP chunks that respect no border."""
        head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1764000000, "model": "gpt-5"}
        events: list[dict[str, Any]] = [
            {"id": "", "object": "", "created": 0, "model": "", "choices": [], "prompt_filter_results": [
                {"prompt_index": 0, "content_filter_results": {"hate": {"filtered": False, "severity": "safe"}}}]},
            {**head, "choices": [{"index": 0, "delta": {"role": "assistant", "content": "", "refusal": None}}]},
        ]  # fmt: skip
        position = 0
        while position < len(text):
            size = self._rng.randrange(1, 60)
            delta = {"content": text[position : position + size]}
            events.append({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
            position += size
        if refusal:
            events.append({**head, "choices": [{"index": 0, "delta": {"refusal": refusal}, "finish_reason": None}]})
        events += [
            {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]},
            {"id": "", "object": "", "created": 0, "model": "", "choices": [
                {"index": 0, "finish_reason": None, "content_filter_results": {}, "content_filter_offsets": {}}]},
            {**head, "choices": [], "usage": {"prompt_tokens": 400, "completion_tokens": 900, "total_tokens": 1300}},
        ]  # fmt: skip
        escaped = self._rng.random() < 0.5
        lines = "".join(
            f"data: {json.dumps(event, ensure_ascii=escaped)}\r\n\r\n"
            + (": still here\r\n\r\n" if number % 7 == 0 else "")
            for number, event in enumerate(events)
        )
        raw = (lines + "data: [DONE]\r\n\r\n").encode()
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
            b"apim-request-id: 1\r\n\r\n"
        )
        position = 0
        stop = len(raw) if self._rng.random() >= self.temper.reset / 2 else self._rng.randrange(len(raw))
        while position < stop:
            part = raw[position : min(stop, position + self._rng.randrange(1, 4000))]
            writer.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            await writer.drain()
            position += len(part)
        if stop < len(raw):
            self._reset(writer)
        else:
            writer.write(b"0\r\n\r\n")
