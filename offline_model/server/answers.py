"""Good answers, and those that a fault spoils: text whole and streamed, and pictures, from the tape or the model."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Mapping
from typing import Any

from .api import refusals
from .api.asks import Ask
from .api.chat import ChatAnswer
from .api.pictures import images
from .api.responses import ResponsesAnswer, Store, as_items
from .calls import Call
from .dials import Dials
from .faults import Fault
from .model import Model
from .replay import Recorded
from .replay import pictures as recorded_pictures
from .spoil import spoil_image
from .tape import Entry, Tape, image_keys, text_keys
from .wire.exchange import Exchange

log = logging.getLogger(__name__)


class Answers:
    """Answers the calls that passed every check.

    Attributes:
        store: the answers of the Responses API that are kept.
    """

    def __init__(self, dials: Dials, model: Model, tape: Tape | None) -> None:
        self._dials, self._model, self._tape = dials, model, tape
        self.store = Store()
        self._said_off_tape = False

    # --- text --------------------------------------------------------------------------------------------------------

    async def text(self, call: Call, body: Mapping[str, Any], ask: Ask, exchange: Exchange) -> None:
        began, latency = time.monotonic(), self._dials.latency(call)
        fault = self._dials.faults.pick("answer", call)
        kind = call.struck(fault).kind if fault else ""
        entry = self._on_tape(text_keys(ask.messages, ask.schema), ask.words, call, exchange)
        if entry is not None and entry.status != 200:
            await exchange.json(entry.status, entry.body or {})
            return
        answer = Recorded(entry, body) if entry else await self._written(call, body, ask, kind)
        if ask.stream:
            await self._stream(exchange, answer, kind, began, latency)
            return
        await exchange.until(began + latency)
        if kind == "stream-error":
            raise refusals.of_fault("500", Fault("500"), call)
        data = json.dumps(answer.whole(), ensure_ascii=False).encode("utf-8", "replace")
        await exchange.whole(200, data, "application/json", stop=kind)

    async def _written(self, call: Call, body: Mapping[str, Any], ask: Ask, kind: str) -> ChatAnswer | ResponsesAnswer:
        completion = await self._model.complete(ask, call, kind, self._dials.faults)
        if "messages" in body:
            return ChatAnswer(completion, body)
        answer = ResponsesAnswer(completion, body)
        if body.get("store") is not False:
            items = [*self.store.before(body.get("previous_response_id")), *as_items(body.get("input"))]
            self.store.keep(answer.whole(), items)
        return answer

    def _on_tape(self, keys: tuple[str, str], said: str, call: Call, exchange: Exchange) -> Entry | None:
        """What the tape has for a request; where it has nothing the model answers, and that is said once."""
        call.source = "model"
        if self._tape is None:
            return None
        entry = self._tape.find(keys, said)
        if entry is not None:
            call.source = "tape"
        elif not self._said_off_tape:
            self._said_off_tape = True
            log.warning("Not on the tape in %s: the offline model answers instead.", self._tape.folder)
        exchange.headers["x-offline-source"] = call.source
        return entry

    async def _stream(
        self,
        exchange: Exchange,
        answer: ChatAnswer | ResponsesAnswer | Recorded,
        kind: str,
        began: float,
        latency: float,
    ) -> None:
        """Send the events, the text paced evenly; events that are due are sent together."""
        events = list(answer.events())
        whole = sum(size > 0 for size, _ in events) or 1
        stop_at = whole // 2 if kind in ("cut-body", "stall", "stream-error") else whole
        await exchange.begin(200, "text/event-stream; charset=utf-8")
        sent, characters, number, due = 0, 0, 0, bytearray()
        for number, (size, data) in enumerate(events):  # noqa: B007 - how far it came matters below
            if size:
                if sent == stop_at < whole:
                    break
                sent, characters = sent + 1, characters + size
                # the text is spread over the latency; where a pace is set, it begins after that and keeps the pace
                paced = characters / self._dials.text_pace if self._dials.text_pace else None
                moment = began + (latency * sent / whole if paced is None else latency + paced)
                if moment > time.monotonic() + 0.005:
                    await exchange.part(bytes(due))
                    due.clear()
                    await exchange.until(moment)
            due += data.encode("utf-8", "replace")
            if len(due) > 16_384:
                await exchange.part(bytes(due))
                due.clear()
        if kind == "stream-error":
            due += answer.broken(number).encode()
        await exchange.part(bytes(due))
        await exchange.stop(kind)
        await exchange.end()

    # --- pictures ----------------------------------------------------------------------------------------------------

    async def image(self, call: Call, body: Mapping[str, Any], exchange: Exchange) -> None:
        began, latency = time.monotonic(), self._dials.latency(call)
        fault = self._dials.faults.pick("answer", call)
        kind = call.struck(fault).kind if fault else ""
        draw = self._dials.faults.draw("answer", "image", call.number)
        keys = image_keys(body["prompt"], body.get("size"), body.get("quality"))
        if (entry := self._on_tape(keys, "", call, exchange)) is not None and self._tape is not None:
            answer = await asyncio.to_thread(recorded_pictures, entry, self._tape)
            await exchange.until(began + latency)
            await exchange.whole(entry.status, answer, "application/json", stop=kind)
            return
        # none is drawn before its time comes near, so that a client that gives up early costs nothing
        await exchange.until(began + latency - 1.0)
        drawn = await exchange.unless_left(self._model.pictures(body, kind))
        pictures = [spoil_image(kind, picture, draw) for picture in drawn]
        await exchange.until(began + latency)
        answer = json.dumps(images(pictures, body)).encode()
        await exchange.whole(200, answer, "application/json", stop=kind)
