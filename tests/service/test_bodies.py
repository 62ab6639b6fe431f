"""What an endpoint turns out not to take is left out, and the call goes on."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Command, png
from fakes.service import Answer, Request, Service, chunk, error, events

from datagen_lib.service.bodies import Bodies
from datagen_lib.service.endpoints import endpoints
from datagen_lib.service.translation import Refusal
from datagen_lib.settings import Settings

OPENAI = {
    "DATAGEN_PROVIDER": "openai",
    "OPENAI_API_KEY": "sk-0123456789abcdef",
    "OPENAI_TEXT_MODEL": "writer",
    "OPENAI_IMAGE_MODEL": "painter",
}


FIGURES = 4


def good(request: Request) -> Answer:
    """A plain good answer to any call."""
    if "images" in request.path:
        return Answer({"created": 1, "data": [{"b64_json": base64.b64encode(png(request.body["prompt"])).decode()}]})
    properties = request.body["response_format"]["json_schema"]["schema"]["properties"]
    if "categories" in properties:
        content: Any = {"categories": [{"name": f"Theme Folk {chr(65 + n)}", "slug": f"t-{n}"} for n in range(20)]}
    else:
        content = {
            "items": [
                {
                    "name": f"Figure {chr(65 + n)}",
                    "description": "It is a figure. It stands on a plate.",
                    "category": f"Theme Folk {chr(65 + n)}",
                    "imagePrompt": f"Photorealistic LEGO-style minifigure, figure {n}, clean background",
                }
                for n in range(FIGURES)
            ]
        }
    if not request.body.get("stream"):
        message = {"role": "assistant", "content": json.dumps(content)}
        return Answer({"choices": [{"index": 0, "finish_reason": "stop", "message": message}]})
    return events(chunk(json.dumps(content)), chunk(finish_reason="stop"))


def picky(name: str, answer: Answer) -> Any:
    """A service that refuses `name` in a body with `answer`."""
    return lambda request: answer if name in request.body else good(request)


UNKNOWN = {
    "quality": error(400, "unknown_parameter", "Unknown parameter: 'quality'.", param="quality"),
    "output_format": error(400, None, "Unrecognized request argument supplied: output_format"),
    "reasoning_effort": error(400, "unsupported_value", "Unsupported value: 'reasoning_effort' does not support 'low'.", param="reasoning_effort"),
    "stream_options": Answer({"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]}, 422),
    "stream": error(400, "unsupported_value", "Unsupported value: 'stream' does not support true with this model.", param="stream"),
    "max_completion_tokens": Answer({"object": "error", "message": {"detail": [{"type": "extra_forbidden", "loc": ["body", "max_completion_tokens"], "msg": "Extra inputs are not permitted"}]}}, 422),
}  # fmt: skip


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_parameter_that_is_refused_is_left_out(command: Command, name: str) -> None:
    """A run whose model does not know a parameter is completed without it; it is sent no more than once a call."""
    with Service(picky(name, UNKNOWN[name])) as service:
        command.set(**service.settings, PARALLEL_IMAGE_REQUESTS="1")
        result = command("--target-count", "4", "--batch-size", "4")

    assert result.code == 0, result.said
    assert sum(name in request.body for request in service.requests) == 1
    assert f"does not take {name}" in result.err


def test_an_effort_that_was_asked_for_is_not_left_out(command: Command) -> None:
    """REASONING_EFFORT that the model does not take ends the run: to ignore it would be to do something else."""
    with Service(picky("reasoning_effort", UNKNOWN["reasoning_effort"])) as service:
        command.set(**service.settings, REASONING_EFFORT="high")
        result = command("--target-count", "4")

    assert result.code == 2
    assert "REASONING_EFFORT" in result.err
    assert len(service.requests) == 1


@pytest.mark.parametrize(
    ("words", "limit"),
    [
        ("Invalid max_tokens value, the valid range of max_tokens is [1, 8192]", 8192),
        ("max_tokens is too large: 16000. This model supports at most 4096 completion tokens, whereas you provided 16000.", 4096),
        ("This model's maximum context length is 16384 tokens. However, you requested 16700 tokens (700 in the messages, 16000 in the completion).", 15684),
        ("max_completion_tokens is too large", 8000),
    ],
)  # fmt: skip
def test_the_longest_answer_is_what_the_service_allows(command: Command, words: str, limit: int) -> None:
    """A limit that the service names is kept from then on; where it names none, half as much is asked for."""

    def script(request: Request) -> Answer:
        if request.body.get("max_completion_tokens", 0) > limit:
            return error(400, "invalid_request_error", words)
        return good(request)

    with Service(script) as service:
        command.set(**service.settings)
        result = command("--target-count", "4", "--batch-size", "4", "--dry-run")

    assert result.code == 0, result.said
    assert [request.body["max_completion_tokens"] for request in service.requests][1:] == [limit, min(limit, 9600)]


def test_the_longest_answer_is_a_setting(home: Path) -> None:
    """MAX_OUTPUT_TOKENS bounds what an answer may have; it never asks for more than the items need."""
    sent = [
        Bodies(endpoints(settings)["text"], settings).longest(20)
        for tokens in ("", "5000", "100000")
        for settings in [Settings.load(environ=OPENAI | {"MAX_OUTPUT_TOKENS": tokens}, root=home)]
    ]

    assert sent == [16000, 5000, 16000]


@pytest.mark.parametrize(
    ("wanted", "offered", "asked"),
    [("512", "'256x256', '512x512'", "512x512"), ("1024", "'2048x2048'", "2048x2048"), ("300", "512x512", "512x512")],
)
def test_the_next_size_is_asked_for(home: Path, wanted: str, offered: str, asked: str) -> None:
    """Where the model draws other sizes, the smallest that is large enough is asked for."""
    settings = Settings.load(environ=OPENAI | {"IMAGE_SIZE": wanted}, root=home)
    bodies = Bodies(endpoints(settings)["image"], settings)
    words = f"Invalid value: '1024x1024'. Supported values are: {offered}."
    refusal = Refusal(400, body={"error": {"message": words, "param": "size"}})

    assert bodies.learn(bodies.image("A figure"), refusal)
    assert bodies.image("A figure")["size"] == asked
    assert not bodies.learn(bodies.image("A figure"), refusal)


def test_no_size_is_large_enough(command: Command) -> None:
    """Where all sizes are too small, the run ends and says which IMAGE_SIZE would do."""
    words = "Invalid value: '1024x1024'. Supported values are: '512x512'."

    def script(request: Request) -> Answer:
        if "images" in request.path:
            return error(400, "invalid_value", words, param="size")
        return good(request)

    with Service(script) as service:
        command.set(**service.settings)
        result = command("--target-count", "4", "--batch-size", "4")

    assert result.code == 2
    assert "IMAGE_SIZE=512" in result.err
    assert sum("images" in request.path for request in service.requests) <= 4


def test_quality_left_out_is_counted_at_the_dearest(home: Path) -> None:
    """A model that is not told the quality may draw at its highest: that is what is promised then."""
    settings = Settings.load(environ=OPENAI | {"IMAGE_QUALITY": "low"}, root=home)
    bodies = Bodies(endpoints(settings)["image"], settings)
    before = bodies.quality
    bodies.learn(bodies.image("A figure"), Refusal(400, body=json.loads(json.dumps(UNKNOWN["quality"].body))))

    assert (before, bodies.quality) == ("low", "auto")
