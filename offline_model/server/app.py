"""A request's way through the server: who asks, what for, how much, what goes wrong, and the answer."""

from __future__ import annotations

import json
import logging
import time
import traceback
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .answers import Answers
from .api import asks, listing, refusals
from .api.checks_chat import check_chat
from .api.checks_images import check_image
from .api.checks_responses import check_responses
from .api.refusals import Refused
from .api.values import api_version
from .calls import Call
from .dials import Dials
from .faults import Fault
from .quota import Quota
from .record import Record
from .routes import Path, find, not_offered
from .wire import guard
from .wire.exchange import Exchange
from .wire.http import MAX_BODY, Connection, Cut, Gone, Head, TooMuch

log = logging.getLogger(__name__)

RateHeaders = Literal["full", "unknown", "off"]

_KEPT_OF_A_STRANGER = 200
"""Characters of the path; nothing else of a request without the key is kept."""
_SECRET_HEADERS = ("api-key", "authorization")


@dataclass
class App:
    """The server but for its threads; `start` in `server.py` describes most of what it holds."""

    port: int
    key: str
    dials: Dials
    quotas: Mapping[str, Quota]
    rate_headers: RateHeaders
    deployments: Mapping[str, Collection[str] | None]
    record: Record
    answers: Answers

    async def serve(self, connection: Connection) -> None:
        """Answer the requests of one connection until it ends."""
        while True:
            try:
                head = await connection.head()
            except TooMuch as much:
                await self._refuse_unread(connection, much)
                return
            if head is None or not await self._request(connection, head):
                return

    async def _refuse_unread(self, connection: Connection, much: TooMuch) -> None:
        body = json.dumps(Refused(much.status, "BadRequest", much.what).body("azure")).encode()
        headers = {"content-type": "application/json", "content-length": str(len(body)), "connection": "close"}
        try:
            await connection.begin(much.status, headers)
            await connection.end(body)
            await connection.linger()
        except Gone:
            pass

    async def _request(self, connection: Connection, head: Head) -> bool:
        """Answer one request; whether the connection may bring another."""
        path = find(head.method, head.path)
        call = self._recorded(head, path)
        exchange = Exchange(call, connection)
        exchange.headers |= {"apim-request-id": str(uuid.uuid4()), "x-ms-region": "Offline"}
        try:
            try:
                await self._answer(call, path, head, connection, exchange)
            except TooMuch as much:
                raise Refused(much.status, "BadRequest", much.what) from much
        except Refused as refused:
            await self._refuse(refused, call, connection, exchange)
        except Gone:
            call.left = True
            return False
        except Cut as cut:
            connection.cut(reset=cut.reset)
            return False
        except Exception as exc:  # noqa: BLE001 - a bug of ours must show as what a client knows, and stay on the record
            call.error = traceback.format_exc()
            if exchange.begun:
                connection.cut(reset=False)
                return False
            failed = Refused(500, "InternalServerError", f"The offline stand-in failed: {exc!r}")
            await self._refuse(failed, call, connection, exchange)
        finally:
            call.ended = call.ended or time.monotonic()
        return connection.reusable

    async def _refuse(self, refused: Refused, call: Call, connection: Connection, exchange: Exchange) -> None:
        try:
            if not (whole := connection.drop_rest()):
                exchange.headers["connection"] = "close"
            await exchange.json(refused.status, refused.body(call.family), refused.headers)
            if not whole:
                await connection.linger()
        except Gone:
            call.left = True

    def _recorded(self, head: Head, path: Path) -> Call:
        """The request on record: of a stranger no more than that it came."""
        known = guard.key_is_right(head.headers, self.key)
        headers = {name: value for name, value in head.headers.items() if name not in _SECRET_HEADERS}
        call = Call(
            method=head.method if known else head.method[:10],
            path=head.path if known else head.path[:_KEPT_OF_A_STRANGER],
            query=dict(head.query) if known else {},
            headers=headers if known else {},
            key_ok=known,
            route=path.route,
            family=path.family,
            deployment=path.deployment if known else "",
        )
        self.record.add(call)
        return call

    async def _answer(self, call: Call, path: Path, head: Head, connection: Connection, exchange: Exchange) -> None:
        guard.check_visitor(head.headers, self.port)
        if not path.name and not path.missing:
            raise refusals.not_found()
        guard.check_key(head.headers, self.key)
        if path.missing:
            raise not_offered(path)
        if not path.route:
            api_version(path.family, head.query)
            await connection.body()
            async with exchange.watching():
                await exchange.json(200, self._looked_up(path, head.method))
            return
        guard.check_length(head.headers, MAX_BODY)
        guard.check_type(head.headers)
        raw = await connection.body()
        self.record.weigh(call, len(raw))
        async with exchange.watching():
            await self._call(call, path, raw, exchange)

    def _looked_up(self, path: Path, method: str) -> dict[str, Any]:
        if path.name == "models":
            return listing.models(self.deployments)
        if path.name == "model":
            return listing.model(self.deployments, path.id)
        if path.name == "deployments":
            return listing.deployed(self.deployments)
        if path.name == "input_items":
            return self.answers.store.listed(path.id)
        return self.answers.store.drop(path.id) if method == "DELETE" else self.answers.store.find(path.id).answer

    # --- calls -------------------------------------------------------------------------------------------------------

    async def _call(self, call: Call, path: Path, raw: bytes, exchange: Exchange) -> None:
        unreadable: Refused | None = None
        try:
            call.body = guard.parse(raw)
            call.deployment = call.deployment or str(call.body.get("model") or "")
        except Refused as refused:
            unreadable = refused
        self._throttle(call, exchange)
        if fault := self.dials.faults.pick("call", call):
            await self._fail(call.struck(fault), call, exchange)
            return
        if unreadable is not None:
            raise unreadable
        body, version = call.body, api_version(call.family, call.query)
        self._find_deployment(call)
        if path.name == "images":
            check_image(body, call.family, version)
            await self.answers.image(call, body, exchange)
        elif path.name == "responses":
            check_responses(body, version)
            before = self.answers.store.before(body.get("previous_response_id"))
            await self.answers.text(call, body, asks.of_responses(body, before), exchange)
        else:
            check_chat(body, version)
            await self.answers.text(call, body, asks.of_chat(body), exchange)

    def _throttle(self, call: Call, exchange: Exchange) -> None:
        """Count the call against its quota; raise a 429 when that is used up."""
        quota = self.quotas.get(call.route)
        if quota is None:
            return
        wait = quota.take()
        if self.rate_headers != "off":
            left = quota.remaining if self.rate_headers == "full" else -1
            exchange.headers |= {
                "x-ratelimit-limit-requests": str(int(quota.rpm)),
                "x-ratelimit-remaining-requests": str(left),
                "x-ratelimit-limit-tokens": str(int(quota.rpm) * 1000),
                "x-ratelimit-remaining-tokens": str(left * 1000 if left >= 0 else -1),
            }
        if wait is not None:
            call.fault = "quota"
            raise refusals.rate_limited(call, wait, code="RateLimitReached")

    def _find_deployment(self, call: Call) -> None:
        if not call.deployment:
            raise refusals.invalid("you must provide a model parameter", "model", "missing_required_parameter")
        known = self.deployments[call.route]
        if known is None or call.deployment in known:
            return
        if call.deployment in (self.deployments["image" if call.route == "text" else "text"] or ()):
            operation = "chatCompletion" if call.route == "text" else "imageGeneration"
            raise refusals.wrong_model(operation, call.deployment)
        raise refusals.no_deployment()

    async def _fail(self, fault: Fault, call: Call, exchange: Exchange) -> None:
        """Answer with the fault."""
        kind = fault.kind
        if kind == "cut":
            raise Cut(reset=self.dials.faults.draw("reset", call.route, call.number) < 0.5)
        if kind == "hang":
            await exchange.left()
        if kind == "5xx":
            kind = ("500", "502", "503", "504")[int(self.dials.faults.draw("5xx", call.route, call.number) * 4)]
        if kind == "502":
            page = b"<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"
            await exchange.whole(502, page, "text/html")
            return
        raise refusals.of_fault(kind, fault, call)
