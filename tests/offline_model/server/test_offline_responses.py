"""The Responses API of the offline server, as the SDK sees it and as it is on the wire."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from typing import Any

import jsonschema
import openai
import pytest
from fakes.callers import HTTP, ItemsWire, azure, post, run, v1

from offline_model import Fault, Faults, Server

ROUTE = "/openai/v1/responses"
ASKED = "Return exactly 4 items as JSON."
WHOLE = {"type": "integer", "minimum": 0}
USAGE = {
    "type": "object",
    "required": ["input_tokens", "input_tokens_details", "output_tokens", "output_tokens_details", "total_tokens"],
    "properties": {"input_tokens": WHOLE, "output_tokens": WHOLE, "total_tokens": WHOLE},
}
RESPONSE = {
    "type": "object",
    "required": [
        "metadata",
        "temperature",
        "top_p",
        "user",
        "id",
        "object",
        "created_at",
        "error",
        "incomplete_details",
        "output",
        "instructions",
        "parallel_tool_calls",
        "model",
    ],
    "properties": {
        "object": {"const": "response"},
        "id": {"type": "string", "pattern": "^resp_"},
        "created_at": WHOLE,
        "status": {"enum": ["completed", "in_progress", "incomplete"]},
        "usage": {"anyOf": [USAGE, {"type": "null"}]},
        "output": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "type", "status"],
                "properties": {"type": {"enum": ["message", "function_call"]}},
            },
        },
        "parallel_tool_calls": {"type": "boolean"},
    },
}


def respond(server: Server, **options: Any) -> Any:
    return post(server, ROUTE, {"model": "gpt-5", "input": ASKED, **options}, params={})


def events(answer: Any) -> list[dict[str, Any]]:
    """The data of each event, whose name is its type."""
    found = []
    for block in answer.text.strip().split("\n\n"):
        name, data = block.split("\n")
        found.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {found[-1]['type']}"
    return found


@pytest.mark.parametrize("client", [azure, v1])
def test_the_sdk_gets_text_parsed_and_streamed(shared: Server, client: Callable[..., Any]) -> None:
    """create, parse and stream, on the route with an api-version and on the v1 route."""

    async def use(made: Any) -> tuple[Any, Any, Any, list[str]]:
        plain = await made.responses.create(model="gpt-5", input=ASKED)
        parsed = await made.responses.parse(model="gpt-5", input=ASKED, text_format=ItemsWire)
        async with made.responses.stream(model="gpt-5", input=ASKED, text_format=ItemsWire) as stream:
            kinds = [event.type async for event in stream]
            return plain, parsed, await stream.get_final_response(), kinds

    options = {"azure_deployment": None} if client is azure else {}
    plain, parsed, streamed, kinds = run(client(shared, **options), use)

    assert len(json.loads(plain.output_text)["items"]) == 4
    assert len(parsed.output_parsed.items) == len(streamed.output_parsed.items) == 4
    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert kinds[-1] == "response.completed"


def test_an_answer_has_the_shape_of_the_service(shared: Server) -> None:
    """The members that the description requires, what was asked repeated, and usage that adds up."""
    answer = respond(shared, instructions="Be brief.", metadata={"a": "b"}, reasoning={"effort": "low"}).json()

    jsonschema.validate(answer, RESPONSE)
    assert (answer["instructions"], answer["metadata"], answer["status"]) == ("Be brief.", {"a": "b"}, "completed")
    assert answer["reasoning"]["effort"] == "low"
    assert answer["usage"]["total_tokens"] == answer["usage"]["input_tokens"] + answer["usage"]["output_tokens"]
    assert answer["usage"]["output_tokens_details"]["reasoning_tokens"] == 192


def test_a_stream_is_numbered_and_adds_up(shared: Server) -> None:
    """Events count from 0, the deltas are the text, and the last event has the whole answer with its usage."""
    found = events(respond(shared, stream=True))
    kinds = [event["type"].removeprefix("response.") for event in found]
    deltas = "".join(event["delta"] for event in found if event["type"].endswith("output_text.delta"))
    whole = found[-1]["response"]

    assert [event["sequence_number"] for event in found] == [n for n, _ in zip(count(), found, strict=False)]
    assert kinds[:4] == ["created", "in_progress", "output_item.added", "content_part.added"]
    assert kinds[-4:] == ["output_text.done", "content_part.done", "output_item.done", "completed"]
    assert found[0]["response"]["usage"] is None
    assert whole["output"][0]["content"][0]["text"] == deltas
    jsonschema.validate(whole, RESPONSE)


@pytest.mark.parametrize(
    "given",
    [
        ASKED,
        [{"role": "user", "content": ASKED}],
        [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": ASKED}]}],
        [{"role": "developer", "content": "JSON"}, {"role": "user", "content": "Return exactly 4 items."}],
    ],
)
def test_input_comes_in_many_forms(shared: Server, given: Any) -> None:
    """A string, messages, messages in parts, several of them."""
    answer = respond(shared, input=given).json()

    assert len(json.loads(answer["output_text"])["items"]) == 4


def test_answers_are_kept_unless_asked_otherwise(shared: Server) -> None:
    """Retrieved, their input listed, deleted; a conversation goes on from one; store=False keeps nothing."""

    async def use(client: Any) -> Any:
        first = await client.responses.create(model="gpt-5", input="Hello there.")
        kept = await client.responses.retrieve(first.id)
        asked = await client.responses.input_items.list(first.id)
        tail = {"input": "Once more, as JSON.", "previous_response_id": first.id}
        second = await client.responses.create(model="gpt-5", **tail)
        await client.responses.delete(first.id)
        unkept = await client.responses.create(model="gpt-5", input="x", store=False)
        for gone in (first.id, unkept.id):
            with pytest.raises(openai.NotFoundError):
                await client.responses.retrieve(gone)
        with pytest.raises(openai.BadRequestError) as caught:
            await client.responses.create(model="gpt-5", **tail)
        return first, kept, asked.data, second, caught.value

    first, kept, asked, second, error = run(v1(shared), use)

    assert kept.output_text == first.output_text
    assert asked[0].content == "Hello there."
    assert second.usage.input_tokens > first.usage.input_tokens
    assert (error.code, error.param) == ("previous_response_not_found", "previous_response_id")


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [("length", "incomplete", "max_output_tokens"), ("answer-filter", "incomplete", "content_filter")],
)
def test_an_unfinished_answer_says_why(serve: Callable[..., Server], fault: str, status: str, reason: str) -> None:
    """Incomplete, with the reason, plain and streamed."""
    server = serve(faults=Faults(Fault(fault)))
    plain, last = respond(server).json(), events(respond(server, stream=True))[-1]

    assert (plain["status"], plain["incomplete_details"]) == (status, {"reason": reason})
    assert (last["type"], last["response"]["incomplete_details"]) == ("response.incomplete", {"reason": reason})


def test_a_refusal_and_a_broken_stream(serve: Callable[..., Server]) -> None:
    """A refusal is a part of its own kind; a stream that fails ends with an error event."""
    server = serve(faults=Faults(Fault("refusal", nth=[1, 2]), Fault("stream-error", nth=[3])))
    plain, streamed, broken = respond(server).json(), events(respond(server, stream=True)), respond(server, stream=True)
    said = "".join(event["delta"] for event in streamed if event["type"] == "response.refusal.delta")
    last = events(broken)[-1]

    assert plain["output"][0]["content"] == [{"type": "refusal", "refusal": said}]
    assert (last["type"], last["code"]) == ("error", "server_error")
    assert last["sequence_number"] == len(events(broken)) - 1


def test_the_limit_covers_reasoning_and_text(shared: Server) -> None:
    """max_output_tokens cuts the answer, as max_completion_tokens does on the other API."""
    answer = respond(shared, max_output_tokens=230, reasoning={"effort": "low"}).json()

    assert answer["incomplete_details"] == {"reason": "max_output_tokens"}
    assert answer["usage"]["output_tokens"] == 230


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({"input": None}, "input", "missing_required_parameter"),
        ({"input": 5}, "input", "invalid_type"),
        ({"input": ["x"]}, "input[0]", "invalid_type"),
        ({"input": [{"role": "robot", "content": "x"}]}, "input[0].role", "invalid_value"),
        ({"input": [{"type": "computer_call"}]}, "input[0].type", "invalid_value"),
        ({"input": [{"role": "user"}]}, "input[0].content", "invalid_type"),
        ({"temperature": 0.2}, "temperature", "unsupported_value"),
        ({"messages": []}, "messages", "unknown_parameter"),
        ({"background": True}, "background", "unsupported_parameter"),
        ({"text": "json"}, "text", "invalid_type"),
        ({"instructions": ["x"]}, "instructions", "invalid_type"),
        ({"text": {"verbosity": "loud"}}, "text.verbosity", "invalid_value"),
        ({"text": {"format": {"type": "yaml"}}}, "text.format.type", "invalid_value"),
        ({"text": {"format": {"type": "json_schema"}}}, "text.format.schema", "missing_required_parameter"),
        ({"input": "x", "text": {"format": {"type": "json_object"}}}, "input", None),
        ({"reasoning": {"effort": "extreme"}}, "reasoning.effort", "unsupported_value"),
        ({"max_output_tokens": 3}, "max_output_tokens", "invalid_value"),
        ({"model": ""}, "model", "missing_required_parameter"),
        ({"tools": [{"type": "web_search"}]}, "tools[0]", "OperationNotSupported"),
    ],
)
def test_what_the_api_refuses_is_refused(shared: Server, body: dict[str, Any], param: str, code: str | None) -> None:
    """400 that names the parameter and the kind of mistake."""
    answer = respond(shared, **body)

    assert answer.status_code == 400
    assert (answer.json()["error"].get("param"), answer.json()["error"].get("code")) == (param, code)


def test_the_api_needs_its_version_and_stands_beside_the_deployments(shared: Server) -> None:
    """Below /openai with an api-version of its date or later; below a deployment it is not found, as on the service."""
    body = {"model": "gpt-5", "input": ASKED}
    answers = {
        version: post(shared, "/openai/responses", body, params={"api-version": version}).status_code
        for version in ("2024-10-21", "2025-03-01-preview", "2025-04-01-preview")
    }

    assert list(answers.values()) == [400, 200, 200]
    assert post(shared, "/openai/deployments/gpt-5/responses", body).status_code == 404
    assert post(shared, "/v1/responses", body, params={}).status_code == 200


def test_faults_quota_and_record_are_those_of_text(serve: Callable[..., Server]) -> None:
    """A call is a call for text, whichever API it comes by."""
    server = serve(text_rpm=2, window=60, faults=Faults(Fault("malformed", nth=[1])))
    first, second, third = (respond(server) for _ in range(3))

    with pytest.raises(ValueError, match=r".+"):
        json.loads(first.json()["output_text"])
    assert (second.status_code, third.status_code) == (200, 429)
    assert [(call.route, call.deployment, call.number) for call in server.calls] == [
        ("text", "gpt-5", number) for number in (1, 2, 3)
    ]


# --- models, and what there is not -----------------------------------------------------------------------------------


def test_models_are_listed(serve: Callable[..., Server]) -> None:
    """The deployments that exist, or the usual two; one by its name, another is a 404."""
    server = serve(text_deployments=["writer", "other"], image_deployments=["artist"])

    async def use(client: Any) -> tuple[list[str], str]:
        listed = [model.id async for model in client.models.list()]
        with pytest.raises(openai.NotFoundError):
            await client.models.retrieve("nobody")
        return listed, (await client.models.retrieve("artist")).id

    for client in (azure(server, azure_deployment=None), v1(server), v1(server, "/v1")):
        assert run(client, use) == (["writer", "other", "artist"], "artist")
    given = {"headers": {"api-key": server.key}, "params": {"api-version": "2022-12-01"}}
    rows = HTTP.get(server.url + "/openai/deployments", **given).json()["data"]

    assert [row["id"] for row in rows] == ["writer", "other", "artist"]
    assert run(v1(serve()), lambda c: c.models.list()).data[0].id == "gpt-5"
    assert HTTP.get(server.url + "/openai/v1/models").status_code == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/openai/v1/embeddings"),
        ("POST", "/openai/deployments/embed/embeddings"),
        ("GET", "/openai/v1/files"),
        ("POST", "/openai/files"),
        ("GET", "/v1/files/file-1/content"),
        ("POST", "/openai/v1/batches"),
        ("POST", "/openai/deployments/gpt-image-1/images/edits"),
        ("POST", "/openai/v1/audio/speech"),
        ("POST", "/openai/deployments/whisper/audio/transcriptions"),
        ("POST", "/openai/v1/moderations"),
        ("POST", "/openai/deployments/old/completions"),
        ("GET", "/openai/assistants"),
        ("GET", "/openai/v1/realtime"),
        ("POST", "/openai/v1/responses/resp_1/cancel"),
        ("GET", "/openai/v1/chat/completions/chatcmpl-1"),
    ],
)
def test_what_there_is_not_says_so(shared: Server, method: str, path: str) -> None:
    """400 in the service's error form that names the operation and what there is, whatever the body."""
    headers = {"api-key": shared.key, "content-type": "multipart/form-data; boundary=x"}
    answer = HTTP.request(method, shared.url + path, content=b"--x--", headers=headers)
    error = answer.json()["error"]

    assert (answer.status_code, error["code"]) == (400, "OperationNotSupported")
    assert "is not offered offline" in error["message"]
    assert "chat/completions" in error["message"]


@pytest.mark.parametrize("path", ["/", "/openai", "/favicon.ico", "/openai/v1/nonsense", "/openai/v1/models/"])
def test_what_nobody_has_is_not_found(shared: Server, path: str) -> None:
    """404 for paths that the service does not have either."""
    answer = HTTP.get(shared.url + path, headers={"api-key": shared.key})

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "404")
