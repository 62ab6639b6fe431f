"""The Responses API on the wire: the whole answer, the events of a stream, and the answers that are kept."""

from __future__ import annotations

import time
import uuid
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .chat import dump
from .completion import Choice, Completion, ToolCall, pieces
from .refusals import PROMPT_SAFE, SAFE, Refused

_KEPT = 1000
_UNFINISHED = {"length": "max_output_tokens", "content_filter": "content_filter"}
_ECHOED: dict[str, Any] = {
    "background": False,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "store": True,
    "temperature": 1.0,
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
"""What an answer repeats of its request, and what stands there where the request has none."""


class ResponsesAnswer:
    """A completion as the Responses API has it.

    Args:
        completion: what the model says.
        body: the request, which the answer repeats in part.
    """

    def __init__(self, completion: Completion, body: Mapping[str, Any]) -> None:
        self._completion, self._body = completion, body
        self.id = _new("resp")
        self._item_ids: dict[int, str] = {}

    # --- whole -------------------------------------------------------------------------------------------------------

    def whole(self) -> dict[str, Any]:
        """The body of an answer that is not streamed."""
        reason = _UNFINISHED.get(self._completion.finish)
        output = [self._item(index, part) for index, part in enumerate(self._parts())]
        return self._state("incomplete" if reason else "completed", output, reason)

    def _state(self, status: str, output: list[dict[str, Any]], reason: str | None = None) -> dict[str, Any]:
        body, done = self._body, status != "in_progress"
        text = body.get("text") or {}
        said = [part["text"] for item in output for part in item.get("content", ()) if part["type"] == "output_text"]
        return {
            "id": self.id,
            "object": "response",
            "created_at": self._completion.created,
            "completed_at": int(time.time()) if status == "completed" else None,
            "status": status,
            "error": None,
            "incomplete_details": {"reason": reason} if reason else None,
            **{name: default if body.get(name) is None else body[name] for name, default in _ECHOED.items()},
            "model": self._completion.model,
            "output": output,
            "output_text": "".join(said) if said else None,
            "reasoning": {"effort": self._completion.effort, "summary": None, **(body.get("reasoning") or {})},
            "text": {"verbosity": "medium", **text, "format": text.get("format") or {"type": "text"}},
            "usage": self.usage() if done else None,
            "content_filters": [
                {"blocked": False, "source_type": "prompt", "content_filter_results": PROMPT_SAFE},
                {"blocked": False, "source_type": "completion", "content_filter_results": SAFE},
            ],
        }

    def _parts(self) -> list[Choice | ToolCall]:
        """What stands in `output`: the calls, or the text."""
        choice = self._completion.choices[0]
        return [*choice.calls] if choice.calls and self._completion.refusal is None else [choice]

    def _item(self, index: int, part: Choice | ToolCall, *, empty: bool = False) -> dict[str, Any]:
        status = "in_progress" if empty else "incomplete" if self._completion.finish in _UNFINISHED else "completed"
        if isinstance(part, ToolCall):
            item = self._item_ids.setdefault(index, _new("fc"))
            arguments = "" if empty else part.arguments
            return {
                "id": item,
                "type": "function_call",
                "status": status,
                "call_id": part.id,
                "name": part.name,
                "arguments": arguments,
            }
        item = self._item_ids.setdefault(index, _new("msg"))
        content = [] if empty else [self._content(part)]
        return {"id": item, "type": "message", "status": status, "role": "assistant", "content": content}

    def _content(self, choice: Choice, *, empty: bool = False) -> dict[str, Any]:
        if self._completion.refusal is not None:
            return {"type": "refusal", "refusal": "" if empty else self._completion.refusal}
        return {"type": "output_text", "text": "" if empty else choice.text, "annotations": [], "logprobs": []}

    def usage(self) -> dict[str, Any]:
        asked, written = self._completion.prompt_tokens, self._completion.written
        return {
            "input_tokens": asked,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": written,
            "output_tokens_details": {"reasoning_tokens": self._completion.reasoning},
            "total_tokens": asked + written,
        }

    # --- streamed ----------------------------------------------------------------------------------------------------

    def events(self) -> Iterator[tuple[int, str]]:
        """Each server-sent event in order, numbered from 0, with how many characters of text it carries."""
        for number, (size, kind, members) in enumerate(self._steps()):
            yield size, _event(kind, number, members)

    def _steps(self) -> Iterator[tuple[int, str, dict[str, Any]]]:
        for kind in ("created", "in_progress"):
            yield 0, f"response.{kind}", {"response": self._state("in_progress", [])}
        for index, part in enumerate(self._parts()):
            started = self._item(index, part, empty=True)
            yield 0, "response.output_item.added", {"output_index": index, "item": started}
            at = {"item_id": started["id"], "output_index": index}
            yield from self._calling(part, at) if isinstance(part, ToolCall) else self._saying(part, at)
            yield 0, "response.output_item.done", {"output_index": index, "item": self._item(index, part)}
        whole = self.whole()
        yield 0, f"response.{whole['status']}", {"response": whole}

    def _calling(self, call: ToolCall, at: Mapping[str, Any]) -> Iterator[tuple[int, str, dict[str, Any]]]:
        kind = "response.function_call_arguments"
        for piece in pieces(call.arguments):
            yield len(piece), f"{kind}.delta", {**at, "delta": piece}
        yield 0, f"{kind}.done", {**at, "name": call.name, "arguments": call.arguments}

    def _saying(self, choice: Choice, at: Mapping[str, Any]) -> Iterator[tuple[int, str, dict[str, Any]]]:
        at = {**at, "content_index": 0}
        yield 0, "response.content_part.added", {**at, "part": self._content(choice, empty=True)}
        refusal = self._completion.refusal
        said, kind, whole = (choice.text, "output_text", "text") if refusal is None else (refusal, *["refusal"] * 2)
        more: dict[str, Any] = {"logprobs": []} if refusal is None else {}
        for piece in pieces(said):
            yield len(piece), f"response.{kind}.delta", {**at, "delta": piece, **more}
        yield 0, f"response.{kind}.done", {**at, whole: said, **more}
        yield 0, "response.content_part.done", {**at, "part": self._content(choice)}

    def broken(self, number: int) -> str:
        """The event, of this number, that says that the service failed in the middle of its answer."""
        message = "The server had an error while processing your request."
        return _event("error", number, {"code": "server_error", "message": message, "param": None})


def _event(kind: str, number: int, members: Mapping[str, Any]) -> str:
    return f"event: {kind}\ndata: {dump({'type': kind, 'sequence_number': number, **members})}\n\n"


def _new(prefix: str) -> str:
    return f"{prefix}_{uuid.uuid4().hex}"


# --- requests --------------------------------------------------------------------------------------------------------


def as_messages(body: Mapping[str, Any], before: Sequence[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
    """A request's instructions and input as the messages of a chat, behind those that came before."""
    messages: list[dict[str, Any]] = []
    if body.get("instructions"):
        messages.append({"role": "system", "content": body["instructions"]})
    for item in [*before, *as_items(body.get("input"))]:
        kind = item.get("type", "message")
        if kind == "message":
            messages.append({"role": item["role"], "content": item.get("content") or ""})
        elif kind == "function_call":
            function = {"name": item.get("name"), "arguments": item.get("arguments")}
            call = {"id": item.get("call_id"), "type": "function", "function": function}
            messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
        elif kind == "function_call_output":
            content = item.get("output")
            messages.append({"role": "tool", "tool_call_id": item.get("call_id"), "content": content})
    return messages


def as_items(given: Any) -> list[dict[str, Any]]:
    """A request's input as a list of items."""
    if isinstance(given, str):
        return [{"type": "message", "role": "user", "content": given}]
    return list(given or ())


# --- what is kept ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kept:
    """An answer, and the items that it answered."""

    answer: dict[str, Any]
    items: list[dict[str, Any]]


class Store:
    """The answers that were not asked to be forgotten, the newest 1000."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    def keep(self, answer: dict[str, Any], items: list[dict[str, Any]]) -> None:
        self._kept[answer["id"]] = Kept(answer, items)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)

    def find(self, id_: str) -> Kept:
        """Raises the service's 404 for an answer that is not there."""
        if id_ not in self._kept:
            raise Refused(404, None, f"Response with id '{id_}' not found.", kind="invalid_request_error")
        return self._kept[id_]

    def before(self, id_: Any) -> list[dict[str, Any]]:
        """The items of a conversation up to and with the answer `id_`; none for no id."""
        if id_ is None:
            return []
        if id_ not in self._kept:
            raise Refused(
                400,
                "previous_response_not_found",
                f"Previous response with id '{id_}' not found.",
                param="previous_response_id",
                kind="invalid_request_error",
            )
        kept = self._kept[id_]
        return [*kept.items, *kept.answer["output"]]

    def listed(self, id_: str) -> dict[str, Any]:
        """The items that an answer answered, as the API lists them."""
        items = [{"id": f"msg_{n:04d}", **item} for n, item in enumerate(self.find(id_).items)]
        ends = {"first_id": items[0]["id"], "last_id": items[-1]["id"]} if items else {}
        return {"object": "list", "data": items, "has_more": False, **ends}

    def drop(self, id_: str) -> dict[str, Any]:
        self.find(id_)
        del self._kept[id_]
        return {"id": id_, "object": "response", "deleted": True}
