"""A stand-in for Azure OpenAI on the loopback address, in a thread of its own.

    with start(text_rpm=60, faults=Faults(Fault("429", rate=0.1))) as server:
        client = AsyncAzureOpenAI(azure_endpoint=server.url, api_key=server.key, api_version="2025-04-01-preview")

It speaks chat completions and image generations on the deployment routes, on /openai/v1 and on /v1. One event loop
serves all; pictures are drawn in a small pool of threads, text is written in another thread.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import re
import secrets
import socket
import threading
import time
import traceback
import uuid
from collections import Counter, deque
from collections.abc import Collection, Mapping
from types import TracebackType
from typing import Literal, Self, cast
from urllib.parse import parse_qsl

from . import checks, refusals, wire
from .calls import Call
from .exchange import Cut, Exchange, Gone, Receive, Scope, Send, read
from .faults import Fault, Faults, Route
from .model import Draw, Model, Write
from .quota import Quota, Window
from .refusals import Family, Refused
from .spoil import spoil_image
from .thread import ServerThread, listen

API_VERSION = "2025-04-01-preview"
Latency = float | tuple[float, float]
"""Seconds, or the shortest and the longest of an even spread."""
RateHeaders = Literal["full", "unknown", "off"]

_ROUTES = (
    (re.compile(r"/openai/deployments/(?P<deployment>[^/]+)/chat/completions"), "text", "azure"),
    (re.compile(r"/openai/deployments/(?P<deployment>[^/]+)/images/generations"), "image", "azure"),
    (re.compile(r"/openai/v1/chat/completions"), "text", "v1"),
    (re.compile(r"/openai/v1/images/generations"), "image", "v1"),
    (re.compile(r"/v1/chat/completions"), "text", "openai"),
    (re.compile(r"/v1/images/generations"), "image", "openai"),
)
_SECRET_HEADERS = ("api-key", "authorization")


class Server:
    """A running stand-in; `start` makes one. All of it may be used from any thread.

    Attributes:
        url: `http://127.0.0.1:PORT`, without a slash at the end.
        key: the key that it takes as `api-key` or as a bearer token.
        faults: what goes wrong; change it or put another in its place at any time.
        text_latency, image_latency: what a call takes, pictures at least their drawing time.
    """

    def __init__(
        self,
        *,
        listener: socket.socket,
        key: str,
        seed: int,
        faults: Faults,
        text_latency: Latency,
        image_latency: Latency,
        quotas: Mapping[str, Quota],
        rate_headers: RateHeaders,
        deployments: Mapping[str, Collection[str] | None],
        model: Model,
        keep_calls: int,
    ) -> None:
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.key, self.seed, self.faults = key, seed, faults
        self.text_latency, self.image_latency = text_latency, image_latency
        self._quotas, self._rate_headers, self._deployments = (quotas, rate_headers, deployments)
        self._model = model
        self._calls: deque[Call] = deque(maxlen=keep_calls)
        self._numbers: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._thread = ServerThread(self._app, listener)
        self._thread.start()

    @property
    def calls(self) -> list[Call]:
        """Every request so far, oldest first, the newest 100,000."""
        with self._lock:
            return list(self._calls)

    @property
    def settings(self) -> dict[str, str]:
        """The environment that makes an Azure OpenAI client use this server."""
        text, image = (self._deployments[route] for route in ("text", "image"))
        return {
            "AZURE_OPENAI_ENDPOINT": self.url,
            "AZURE_OPENAI_API_KEY": self.key,
            "AZURE_OPENAI_API_VERSION": API_VERSION,
            "AZURE_OPENAI_GPT5_DEPLOYMENT": next(iter(text or ()), "gpt-5"),
            "AZURE_OPENAI_IMAGE_DEPLOYMENT": next(iter(image or ()), "gpt-image-1"),
        }

    @property
    def running(self) -> bool:
        return self._thread.alive

    def stop(self) -> None:
        """End every connection and every thread; a second call does nothing."""
        self._thread.stop()
        self._model.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<offline stand-in at {self.url}, {'running' if self.running else 'stopped'}>"

    # --- a request's way ---------------------------------------------------------------------------------------------

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if scope["type"] != "http":
            return
        call = self._record(scope)
        exchange = Exchange(call, send)
        exchange.headers |= {"apim-request-id": str(uuid.uuid4()), "x-ms-region": "Offline"}
        try:
            raw = await read(receive)
            if raw is None:
                call.left = True
                return
            with exchange.watching(receive):
                await self._answer(call, raw, exchange)
        except Refused as refused:
            await exchange.json(refused.status, refused.body(call.family), refused.headers)
        except Gone:
            call.left = True
        except Cut as cut:
            await self._cut(scope, receive, reset=cut.reset)
        except Exception as exc:  # noqa: BLE001 - a bug of ours must show as what a client knows, and stay on the record
            call.error = traceback.format_exc()
            if not exchange.begun:
                failed = Refused(500, "InternalServerError", f"The offline stand-in failed: {exc!r}")
                await exchange.json(500, failed.body(call.family))
            else:
                await self._cut(scope, receive, reset=False)
        finally:
            call.ended = call.ended or time.monotonic()

    async def _cut(self, scope: Scope, receive: Receive, *, reset: bool) -> None:
        self._thread.cut(scope["client"], reset=reset)
        while (await receive())["type"] != "http.disconnect":
            pass

    def _record(self, scope: Scope) -> Call:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        bearer = headers.get("authorization", "")
        given = headers.get("api-key") or (bearer[7:] if bearer.lower().startswith("bearer ") else "")
        call = Call(
            method=scope["method"],
            path=scope["path"],
            query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            headers={name: value for name, value in headers.items() if name not in _SECRET_HEADERS},
            key_ok=hmac.compare_digest(given.encode(), self.key.encode()),
        )
        for pattern, route, family in _ROUTES:
            if match := pattern.fullmatch(call.path):
                call.route, call.family = cast("Route", route), cast("Family", family)
                call.deployment = match.groupdict().get("deployment", "")
        with self._lock:
            if call.route and call.key_ok and call.method == "POST":
                self._numbers[call.route] += 1
                call.number = self._numbers[call.route]
            self._calls.append(call)
        return call

    async def _answer(self, call: Call, raw: bytes, exchange: Exchange) -> None:
        with contextlib.suppress(ValueError):
            call.body = json.loads(raw)
        if not call.route or call.method != "POST":
            raise refusals.not_found()
        if not call.key_ok:
            raise refusals.wrong_key()
        await self._throttle(call, exchange)
        if fault := self.faults.pick("call", call):
            await self._fail(call.struck(fault), call, exchange)
            return
        if not isinstance(call.body, dict):
            raise refusals.invalid("We could not parse the JSON body of your request: an object is expected.")
        version = checks.api_version(call.family, call.query)
        self._check_deployment(call)
        if call.route == "text":
            checks.check_chat(call.body, version)
            await self._chat(call, exchange)
        else:
            checks.check_image(call.body, call.family, version)
            await self._image(call, exchange)

    async def _throttle(self, call: Call, exchange: Exchange) -> None:
        """Count the call against its quota; raise a 429 when that is used up."""
        quota = self._quotas.get(call.route)
        if quota is None:
            return
        wait = quota.take()
        if self._rate_headers != "off":
            left = quota.remaining if self._rate_headers == "full" else -1
            exchange.headers |= {
                "x-ratelimit-limit-requests": str(int(quota.rpm)),
                "x-ratelimit-remaining-requests": str(left),
                "x-ratelimit-limit-tokens": str(int(quota.rpm) * 1000),
                "x-ratelimit-remaining-tokens": str(left * 1000 if left >= 0 else -1),
            }
        if wait is not None:
            call.fault = "quota"
            raise refusals.rate_limited(call, wait, code="RateLimitReached")

    def _check_deployment(self, call: Call) -> None:
        if call.family != "azure":
            model = call.body.get("model")
            if not isinstance(model, str) or not model:
                raise refusals.invalid("you must provide a model parameter", "model", "missing_required_parameter")
            call.deployment = model
        known = self._deployments[call.route]
        if known is None or call.deployment in known:
            return
        if call.deployment in (self._deployments["image" if call.route == "text" else "text"] or ()):
            operation = "chatCompletion" if call.route == "text" else "imageGeneration"
            raise refusals.wrong_model(operation, call.deployment)
        raise refusals.no_deployment()

    # --- call faults -------------------------------------------------------------------------------------------------

    async def _fail(self, fault: Fault, call: Call, exchange: Exchange) -> None:
        """Answer with the fault."""
        kind = fault.kind
        if kind == "cut":
            raise Cut(reset=self.faults.draw("reset", call.route, call.number) < 0.5)
        if kind == "hang":
            await exchange.left()
        if kind == "5xx":
            kind = ("500", "502", "503", "504")[int(self.faults.draw("5xx", call.route, call.number) * 4)]
        if kind == "502":
            page = b"<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"
            await exchange.whole(502, page, "text/html")
            return
        raise refusals.of_fault(kind, fault, call)

    # --- text --------------------------------------------------------------------------------------------------------

    async def _chat(self, call: Call, exchange: Exchange) -> None:
        began, body = time.monotonic(), call.body
        latency = self._latency(self.text_latency, call)
        fault = self.faults.pick("answer", call)
        kind = call.struck(fault).kind if fault else ""
        completion = await self._model.complete(call, kind, self.faults)
        if body.get("stream"):
            usage = bool((body.get("stream_options") or {}).get("include_usage"))
            await self._stream(exchange, completion, kind, began, latency, include_usage=usage)
            return
        await exchange.until(began + latency)
        if kind == "stream-error":
            raise refusals.of_fault("500", Fault("500"), call)
        answer = json.dumps(completion.plain(), ensure_ascii=False).encode()
        await exchange.whole(200, answer, "application/json", stop=kind)

    async def _stream(
        self,
        exchange: Exchange,
        completion: wire.Completion,
        kind: str,
        began: float,
        latency: float,
        *,
        include_usage: bool,
    ) -> None:
        """Send the events, the text paced evenly over `latency`; events that are due are sent together."""
        events = list(completion.events(include_usage=include_usage))
        paced = sum(timed for timed, _ in events) or 1
        stop_at = paced // 2 if kind in ("cut-body", "stall", "stream-error") else paced
        await exchange.begin(200, "text/event-stream; charset=utf-8")
        sent, due = 0, bytearray()
        for timed, data in events:
            if timed:
                if sent == stop_at and stop_at < paced:
                    break
                sent += 1
                moment = began + latency * sent / paced
                if moment > time.monotonic() + 0.005:
                    await exchange.part(bytes(due))
                    due.clear()
                    await exchange.until(moment)
            due += b"data: " + data.encode() + b"\n\n"
            if len(due) > 16_384:
                await exchange.part(bytes(due))
                due.clear()
        if kind == "stream-error":
            error = {"code": "InternalServerError", "message": "The server had an error while processing your request."}
            due += b"data: " + json.dumps({"error": error}).encode() + b"\n\n"
        await exchange.part(bytes(due))
        await exchange.stop(kind)
        await exchange.end()

    # --- pictures ----------------------------------------------------------------------------------------------------

    async def _image(self, call: Call, exchange: Exchange) -> None:
        began, body = time.monotonic(), call.body
        latency = self._latency(self.image_latency, call)
        fault = self.faults.pick("answer", call)
        kind = call.struck(fault).kind if fault else ""
        draw = self.faults.draw("answer", "image", call.number)
        # none is drawn before its time comes near, so that a client that gives up early costs nothing
        await exchange.until(began + latency - 1.0)
        drawn = await exchange.unless_left(self._model.pictures(body, kind))
        pictures = [spoil_image(kind, picture, draw) for picture in drawn]
        await exchange.until(began + latency)
        answer = json.dumps(wire.images(pictures, body)).encode()
        await exchange.whole(200, answer, "application/json", stop=kind)

    def _latency(self, latency: Latency, call: Call) -> float:
        if isinstance(latency, tuple):
            low, high = latency
            return low + (high - low) * self.faults.draw("latency", self.seed, call.route, call.number)
        return latency


def start(
    *,
    port: int = 0,
    key: str | None = None,
    seed: int = 0,
    faults: Faults | None = None,
    text_latency: Latency = 0.0,
    image_latency: Latency = 0.0,
    text_rpm: float | None = None,
    image_rpm: float | None = None,
    window: float | None = None,
    window_kind: Window = "fixed",
    count_refused: bool = True,
    rate_headers: RateHeaders = "full",
    text_deployments: Collection[str] | None = None,
    image_deployments: Collection[str] | None = None,
    write: Write | None = None,
    draw: Draw | None = None,
    keep_calls: int = 100_000,
) -> Server:
    """Start a stand-in and return when it takes connections.

    Args:
        port: on 127.0.0.1; 0 for any that is free.
        key: what clients must send; None for a random one.
        seed: of the texts, and of the faults when none are given.
        faults: what goes wrong; nothing by default.
        text_latency: seconds that a completion takes, streamed or not; or a pair to spread evenly between.
        image_latency: the same for pictures.
        text_rpm: requests a minute for text; None for no limit.
        image_rpm: requests a minute for pictures.
        window: seconds over which a minute's share is enforced, 10 by default.
        window_kind: whether such a window is "fixed" or "sliding".
        count_refused: whether requests that get a 429 use up quota.
        rate_headers: x-ratelimit-*: "full", "unknown" (-1) or "off"; sent for a route with a limit.
        text_deployments: the names that exist; None for any name.
        image_deployments: the same for pictures.
        write: in place of the stand-in's own writer.
        draw: in place of the stand-in's own renderer.
        keep_calls: how many requests `Server.calls` keeps.

    Raises:
        OSError: the port is in use or not allowed.
        ValueError: a limit or window that is not more than 0.
    """
    limits = {"text": text_rpm, "image": image_rpm}
    quotas = {
        route: Quota(rpm, window=10.0 if window is None else window, kind=window_kind, count_refused=count_refused)
        for route, rpm in limits.items()
        if rpm is not None
    }
    return Server(
        listener=listen(port),
        key=secrets.token_hex(16) if key is None else key,
        seed=seed,
        faults=Faults(seed=seed) if faults is None else faults,
        text_latency=text_latency,
        image_latency=image_latency,
        quotas=quotas,
        rate_headers=rate_headers,
        deployments={"text": text_deployments, "image": image_deployments},
        model=Model(seed=seed, write=write, draw=draw),
        keep_calls=keep_calls,
    )
