"""An entry of the tape as the answer to a request: as it was recorded, or in the form that is asked for now."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

from .api.chat import ChatAnswer, dump
from .api.completion import TEXT_MODEL, Choice, Completion, ToolCall
from .api.responses import ResponsesAnswer
from .tape import Entry, Tape, said_by


class Recorded:
    """A recorded text, in the form that the request asks for.

    A stream is played event by event as it was recorded where the request is streamed on the same API; a whole
    answer is given whole. Otherwise the text is put into the other form.

    Args:
        entry: of the tape.
        body: the request.
    """

    def __init__(self, entry: Entry, body: Mapping[str, Any]) -> None:
        self._entry = entry
        self._chat = "messages" in body
        completion = _completion(entry)
        self._made = ChatAnswer(completion, body) if self._chat else ResponsesAnswer(completion, body)

    def whole(self) -> dict[str, Any]:
        body = self._entry.body
        if body is not None and ("choices" in body) == self._chat:
            return dict(body)
        return self._made.whole()

    def events(self) -> Iterator[tuple[int, str]]:
        recorded = self._entry.events
        if recorded is None or any("type" in event for event in recorded) == self._chat:
            yield from self._made.events()
            return
        for event in recorded:
            name = "" if self._chat else f"event: {event.get('type')}\n"
            yield _size(event), f"{name}data: {dump(event)}\n\n"
        if self._chat:
            yield 0, "data: [DONE]\n\n"

    def broken(self, number: int) -> str:
        return self._made.broken(number)


def _size(event: Mapping[str, Any]) -> int:
    if isinstance(event.get("delta"), str):
        return len(event["delta"])
    return sum(len((choice.get("delta") or {}).get("content") or "") for choice in event.get("choices") or ())


def _completion(entry: Entry) -> Completion:
    """The recorded answer's first choice, its usage and its end."""
    held = [entry.body or {}] if entry.events is None else [event.get("response") or event for event in entry.events]
    choice, finish, model = Choice(said_by(entry)), "stop", TEXT_MODEL
    asked = used = 0
    for one in held:
        model = str(one.get("model") or model)
        usage = one.get("usage") or {}
        asked = usage.get("prompt_tokens") or usage.get("input_tokens") or asked
        used = usage.get("completion_tokens") or usage.get("output_tokens") or used
        for given in (one.get("choices") or ())[:1]:
            finish = given.get("finish_reason") or finish
            _add_calls(choice, (given.get("message") or given.get("delta") or {}).get("tool_calls") or ())
        if one.get("output") and one.get("status") != "in_progress":
            choice.calls = [
                ToolCall(item["name"], item["arguments"])
                for item in one["output"]
                if item.get("type") == "function_call"
            ]
    return Completion([choice], prompt_tokens=asked, finish=finish, model=model, used=used or None)


def _add_calls(choice: Choice, given: Any) -> None:
    """Put together the calls of a message, or the pieces of a stream's."""
    for piece in given:
        function = piece.get("function") or {}
        if function.get("name"):
            choice.calls.append(ToolCall(function["name"], ""))
        if choice.calls:
            choice.calls[min(piece.get("index", len(choice.calls) - 1), len(choice.calls) - 1)].arguments += str(
                function.get("arguments") or ""
            )


def pictures(entry: Entry, tape: Tape) -> bytes:
    """The body of a recorded answer with pictures, with their bytes in it again. Raises OSError."""
    body = dict(entry.body or {})
    if entry.status == 200:
        body["data"] = [
            {
                **{key: value for key, value in row.items() if key != "picture"},
                "b64_json": base64.b64encode(tape.picture(row["picture"])).decode("ascii"),
            }
            for row in body.get("data") or ()
        ]
    return json.dumps(body).encode()
