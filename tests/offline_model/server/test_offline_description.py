"""The offline server's answers, held against the published API description."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from fakes.callers import CHAT, PICTURE, chat, events, picture, post

from offline_model import Fault, Faults, Server


def members(required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required.split(), "properties": properties}


STRING, WHOLE = {"type": "string"}, {"type": "integer", "minimum": 0}
NULLABLE = {"type": ["string", "null"]}
FINISH = ["stop", "length", "tool_calls", "content_filter", "function_call"]
FILTERED = {
    "type": "object",
    "properties": {
        name: members("filtered severity", filtered={"type": "boolean"}, severity={"enum": ["safe", "medium"]})
        for name in ("hate", "self_harm", "sexual", "violence")
    },
}
USAGE = members(
    "prompt_tokens completion_tokens total_tokens",
    prompt_tokens=WHOLE,
    completion_tokens=WHOLE,
    total_tokens=WHOLE,
    prompt_tokens_details=members("cached_tokens", cached_tokens=WHOLE),
    completion_tokens_details=members("reasoning_tokens", reasoning_tokens=WHOLE),
)
COMPLETION = members(
    "id created model object choices usage",
    id=STRING,
    created=WHOLE,
    model=STRING,
    object={"const": "chat.completion"},
    usage=USAGE,
    choices={
        "type": "array",
        "items": members(
            "finish_reason index message logprobs",
            finish_reason={"enum": FINISH},
            index=WHOLE,
            logprobs={"type": "null"},
            content_filter_results=FILTERED,
            message=members("role content refusal", role={"const": "assistant"}, content=NULLABLE, refusal=NULLABLE),
        ),
    },
)
CHUNK = members(
    "id created model object choices",
    id=STRING,
    created=WHOLE,
    model=STRING,
    object={"const": "chat.completion.chunk"},
    usage={"anyOf": [USAGE, {"type": "null"}]},
    choices={
        "type": "array",
        "items": members(
            "delta finish_reason index",
            delta=members("", role={"const": "assistant"}, content=NULLABLE, refusal=NULLABLE),
            finish_reason={"enum": [*FINISH, None]},
            index=WHOLE,
        ),
    },
)
IMAGES = members(
    "created data usage",
    created=WHOLE,
    data={"type": "array", "items": members("b64_json", b64_json={"type": "string", "pattern": "^[A-Za-z0-9+/]+=*$"})},
    background=STRING,
    output_format={"enum": ["png", "jpeg"]},
    quality={"enum": ["low", "medium", "high"]},
    size={"enum": ["1024x1024", "1024x1536", "1536x1024"]},
    usage=members(
        "total_tokens input_tokens output_tokens input_tokens_details",
        total_tokens=WHOLE,
        input_tokens=WHOLE,
        output_tokens=WHOLE,
        input_tokens_details=members("text_tokens image_tokens", text_tokens=WHOLE, image_tokens=WHOLE),
    ),
)
ERROR = members(
    "error", error={**members("message", code=STRING, message=STRING, param=STRING, type=STRING), "minProperties": 2}
)


@pytest.mark.parametrize("fault", [None, "length", "refusal", "answer-filter"])
def test_completions_hold_to_the_api_description(serve: Callable[..., Server], fault: str | None) -> None:
    """The members that clients rely on are there, with their types, plain and in every chunk that carries text."""
    server = serve(faults=Faults(Fault(fault)) if fault else None)
    plain, stream = chat(server), chat(server, stream=True, stream_options={"include_usage": True})

    jsonschema.validate(plain.json(), COMPLETION)
    assert plain.headers["content-type"] == "application/json"
    assert stream.headers["content-type"].startswith("text/event-stream")
    for chunk in events(stream):
        if chunk["object"]:
            jsonschema.validate(chunk, CHUNK)
        else:
            assert chunk["choices"] == [] or "delta" not in chunk["choices"][0]


def test_pictures_hold_to_the_api_description(shared: Server) -> None:
    """The same for pictures."""
    jsonschema.validate(picture(shared, n=2, quality="medium").json(), IMAGES)


def test_errors_hold_to_the_api_description(serve: Callable[..., Server]) -> None:
    """Every error is an object with a message, and with strings only where the description has strings."""
    server = serve()
    answers = [post(server, CHAT, {}), post(server, PICTURE, {"prompt": "x", "style": "vivid"}), post(server, "/x", {})]
    for kind in ("401", "403", "404", "408", "410", "429", "500", "503", "content-filter", "insufficient-quota"):
        server.faults.clear()
        server.faults.add(kind)
        answers += [chat(server), picture(server)]

    for answer in answers:
        assert answer.status_code >= 400
        assert answer.headers["apim-request-id"]
        jsonschema.validate(answer.json(), ERROR)
