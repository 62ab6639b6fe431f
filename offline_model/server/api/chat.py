"""Chat completions on the wire: the whole answer, and the events of a stream."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from .completion import Choice, Completion, pieces
from .refusals import CAUGHT, PROMPT_SAFE, SAFE


class ChatAnswer:
    """A completion as chat completions have it.

    Args:
        completion: what the model says.
        body: the request, of which the answer's form depends.
    """

    def __init__(self, completion: Completion, body: Mapping[str, Any]) -> None:
        self._completion = completion
        self._usage = bool((body.get("stream_options") or {}).get("include_usage"))
        self._legacy = bool(body.get("functions")) and not body.get("tools")
        self._id = f"chatcmpl-{uuid.uuid4().hex[:29]}"
        finish = completion.finish
        self._finish = "function_call" if finish == "tool_calls" and self._legacy else finish

    # --- whole -------------------------------------------------------------------------------------------------------

    def whole(self) -> dict[str, Any]:
        """The body of an answer that is not streamed."""
        return {
            **self._head("chat.completion"),
            "choices": [self._choice(index, choice) for index, choice in enumerate(self._completion.choices)],
            "usage": self.usage(),
            "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": PROMPT_SAFE}],
        }

    def _choice(self, index: int, choice: Choice) -> dict[str, Any]:
        refusal = self._completion.refusal
        message: dict[str, Any] = {
            "role": "assistant",
            "content": None if refusal is not None or choice.calls else choice.text,
            "refusal": refusal,
            "annotations": [],
        }
        if choice.calls and self._legacy:
            message["function_call"] = {"name": choice.calls[0].name, "arguments": choice.calls[0].arguments}
        elif choice.calls:
            message["tool_calls"] = [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
                for call in choice.calls
            ]
        return {
            "index": index,
            "finish_reason": self._finish,
            "logprobs": None,
            "message": message,
            "content_filter_results": CAUGHT if self._finish == "content_filter" else SAFE,
        }

    def usage(self) -> dict[str, Any]:
        asked, written = self._completion.prompt_tokens, self._completion.written
        return {
            "prompt_tokens": asked,
            "completion_tokens": written,
            "total_tokens": asked + written,
            "prompt_tokens_details": {"audio_tokens": 0, "cached_tokens": 0},
            "completion_tokens_details": {
                "accepted_prediction_tokens": 0,
                "audio_tokens": 0,
                "reasoning_tokens": self._completion.reasoning,
                "rejected_prediction_tokens": 0,
            },
        }

    # --- streamed ----------------------------------------------------------------------------------------------------

    def events(self) -> Iterator[tuple[int, str]]:
        """Each server-sent event in order, with how many characters of text it carries."""
        tail = {"usage": None} if self._usage else {}
        head = {**self._head("chat.completion.chunk"), **tail}
        nobody = {"id": "", "object": "", "created": 0, "model": ""}
        prompt = {"prompt_index": 0, "content_filter_results": PROMPT_SAFE}
        yield 0, event({**nobody, "choices": [], "prompt_filter_results": [prompt], **tail})
        for index, choice in enumerate(self._completion.choices):
            for size, delta in self._deltas(choice):
                yield size, event({**head, "choices": [_delta(index, delta)]})
            yield 0, event({**head, "choices": [_delta(index, {}, finish=self._finish)]})
            # the asynchronous filter's verdict comes behind the text and has no delta at all
            said = self._completion.refusal or choice.text
            offsets = {"check_offset": len(said), "start_offset": 0, "end_offset": len(said)}
            results = CAUGHT if self._finish == "content_filter" else SAFE
            note = {"index": index, "finish_reason": None, "content_filter_results": results}
            yield 0, event({**nobody, "choices": [{**note, "content_filter_offsets": offsets}], **tail})
        if self._usage:
            yield 0, event({**head, "choices": [], "usage": self.usage()})
        yield 0, "data: [DONE]\n\n"

    def _deltas(self, choice: Choice) -> Iterator[tuple[int, dict[str, Any]]]:
        refusal = self._completion.refusal
        empty = None if refusal is not None or choice.calls else ""
        yield 0, {"role": "assistant", "content": empty, "refusal": None}
        if refusal is not None:
            yield from ((len(piece), {"refusal": piece}) for piece in pieces(refusal))
        elif not choice.calls:
            yield from ((len(piece), {"content": piece}) for piece in pieces(choice.text))
        for number, call in enumerate(choice.calls):
            first = {"name": call.name, "arguments": ""}
            if self._legacy:
                yield 0, {"function_call": first}
                yield from ((len(p), {"function_call": {"arguments": p}}) for p in pieces(call.arguments))
                return
            yield 0, {"tool_calls": [{"index": number, "id": call.id, "type": "function", "function": first}]}
            for piece in pieces(call.arguments):
                yield len(piece), {"tool_calls": [{"index": number, "function": {"arguments": piece}}]}

    def broken(self, _number: int) -> str:
        """The event that says that the service failed in the middle of its answer."""
        error = {"code": "InternalServerError", "message": "The server had an error while processing your request."}
        return event({"error": error})

    def _head(self, kind: str) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": kind,
            "created": self._completion.created,
            "model": self._completion.model,
            "system_fingerprint": "fp_offline",
        }


def _delta(index: int, delta: Mapping[str, Any], *, finish: str | None = None) -> dict[str, Any]:
    return {
        "index": index,
        "delta": dict(delta),
        "logprobs": None,
        "finish_reason": finish,
        "content_filter_results": {},
    }


def event(value: Any) -> str:
    """A server-sent event with JSON as its data."""
    return f"data: {dump(value)}\n\n"


def dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
