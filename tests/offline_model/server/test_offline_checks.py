"""What the offline server refuses, and what it puts on record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fakes.callers import (
    CHAT,
    HTTP,
    MESSAGES,
    PICTURE,
    PLAIN_SCHEMA,
    VERSION,
    chat,
    picture,
    post,
    schema_format,
)

from offline_model import Server


@pytest.mark.parametrize("headers", [{}, {"api-key": "wrong"}, {"Authorization": "Bearer wrong"}, {"api-key": "né"}])
def test_a_wrong_key_is_refused_and_kept_out_of_the_record(server: Server, headers: dict[str, str]) -> None:
    """401 in the service's words, on both routes; the record says that the key was wrong, not what it was."""
    raw = {name: value.encode("utf-8") for name, value in headers.items()}
    answers = [post(server, path, {}, headers=raw) for path in (CHAT, PICTURE)]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert all(answer.json()["error"]["code"] == "401" for answer in answers)
    for call in server.calls:
        assert (call.key_ok, call.number, call.status) == (False, 0, 401)
        assert "wrong" not in repr(call)


def test_the_right_key_is_kept_out_of_the_record_too(server: Server) -> None:
    """Whether it came as api-key or as a bearer token."""
    post(server, CHAT, {"messages": MESSAGES})
    post(server, CHAT, {"messages": MESSAGES}, headers={"authorization": f"bearer {server.key}"})

    assert [call.key_ok for call in server.calls] == [True, True]
    assert server.key not in repr(server.calls)


def test_every_request_is_on_record(server: Server) -> None:
    """Method, path, query, headers, body, status and times of what came, refused or not."""
    chat(server)
    picture(server, size="9x9")
    HTTP.get(server.url + "/openai/models", headers={"api-key": server.key})
    first, second, third = server.calls

    assert (first.method, first.path, first.query) == ("POST", CHAT, {"api-version": VERSION})
    assert first.headers["content-type"] == "application/json"
    assert first.body == {"messages": MESSAGES}
    assert [(call.route, call.number, call.status) for call in server.calls] == [
        ("text", 1, 200),
        ("image", 1, 400),
        ("", 0, 404),
    ]
    assert second.body["size"] == "9x9"
    assert all(call.ended is not None and call.ended >= call.started for call in (first, second, third))


def test_only_the_deployments_that_exist_are_found(serve: Callable[..., Server]) -> None:
    """Another name is a 404, and one of the wrong model a 400, on the deployment and the v1 routes."""
    server = serve(text_deployments=["writer"], image_deployments=["artist"])
    body = {"messages": MESSAGES}
    unknown = post(server, CHAT, body), post(server, "/openai/v1/chat/completions", {**body, "model": "x"}, params={})
    swapped = (
        post(server, "/openai/deployments/artist/chat/completions", body),
        post(server, "/openai/deployments/writer/images/generations", {"prompt": "x"}),
    )
    found = post(
        server, f"/openai/deployments/{server.settings['AZURE_OPENAI_GPT5_DEPLOYMENT']}/chat/completions", body
    )

    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in unknown] == [
        (404, "DeploymentNotFound")
    ] * 2
    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in swapped] == [
        (400, "OperationNotSupported")
    ] * 2
    assert found.status_code == 200


@pytest.mark.parametrize(
    ("path", "version", "extra", "status"),
    [
        (CHAT, None, {}, 404),
        (CHAT, "yesterday", {}, 404),
        (CHAT, "2024-13-45", {}, 404),
        (CHAT, "2024-06-01", {}, 200),
        (CHAT, "2024-06-01", {"response_format": schema_format(PLAIN_SCHEMA)}, 400),
        (CHAT, "2024-08-01-preview", {"response_format": schema_format(PLAIN_SCHEMA)}, 200),
        (CHAT, "2024-10-21", {"response_format": schema_format(PLAIN_SCHEMA)}, 200),
        (CHAT, "2024-10-21", {"reasoning_effort": "low"}, 400),
        (CHAT, "2024-12-01-preview", {"reasoning_effort": "low"}, 200),
        (PICTURE, "2024-10-21", {}, 400),
        (PICTURE, "2025-04-01-preview", {}, 200),
        ("/openai/v1/chat/completions", None, {"model": "x", "reasoning_effort": "low"}, 200),
        ("/openai/v1/chat/completions", "preview", {"model": "x"}, 200),
        ("/openai/v1/chat/completions", "2024-10-21", {"model": "x"}, 400),
        ("/openai/v1/images/generations", "v1", {"model": "x"}, 200),
    ],
)
def test_an_api_version_has_the_features_of_its_date(
    shared: Server, path: str, version: str | None, extra: dict[str, Any], status: int
) -> None:
    """json_schema, reasoning_effort and gpt-image each need a version; without a known one nothing is found."""
    body = {"prompt": "x"} if "images" in path else {"messages": MESSAGES}
    answer = post(shared, path, {**body, **extra}, params={"api-version": version} if version else {})

    assert answer.status_code == status


def test_an_old_version_is_told_which_one_has_structured_outputs(shared: Server) -> None:
    """The service's own hint names the version."""
    answer = post(
        shared,
        CHAT,
        {"messages": MESSAGES, "response_format": schema_format(PLAIN_SCHEMA)},
        params={"api-version": "2024-06-01"},
    )

    assert "2024-08-01-preview" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({"temperature": 0.2}, "temperature", "unsupported_value"),
        ({"top_p": 0.5}, "top_p", "unsupported_value"),
        ({"presence_penalty": 0.1}, "presence_penalty", "unsupported_parameter"),
        ({"frequency_penalty": 0.1}, "frequency_penalty", "unsupported_parameter"),
        ({"max_tokens": 100}, "max_tokens", "unsupported_parameter"),
        ({"logprobs": True}, "logprobs", "unsupported_parameter"),
        ({"top_logprobs": 2}, "top_logprobs", "unsupported_parameter"),
        ({"logit_bias": {"1": 1}}, "logit_bias", "unsupported_parameter"),
        ({"stop": "x"}, "stop", "unsupported_parameter"),
        ({"reasoning_effort": "extreme"}, "reasoning_effort", "unsupported_value"),
        ({"verbosity": "loud"}, "verbosity", "invalid_value"),
        ({"max_completion_tokens": 0}, "max_completion_tokens", "invalid_value"),
        ({"max_completion_tokens": "many"}, "max_completion_tokens", "invalid_type"),
        ({"n": 129}, "n", "invalid_value"),
        ({"stream_options": {"include_usage": True}}, "stream_options", None),
        ({"colour": "red"}, "colour", None),
        ({"messages": []}, "messages", "missing_required_parameter"),
        ({"messages": ["hello"]}, "messages[0]", "invalid_type"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role", "invalid_value"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "invalid_type"),
        ({"messages": [{"role": "user", "content": ["x"]}]}, "messages[0].content", "invalid_type"),
        ({"response_format": {"type": "yaml"}}, "response_format.type", "invalid_value"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema", "missing_required_parameter"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "no blanks", "schema": {}}}},
            "response_format.json_schema.name",
            "invalid_value",
        ),
        (
            {"messages": [{"role": "user", "content": "x"}], "response_format": {"type": "json_object"}},
            "messages",
            None,
        ),
    ],
)
def test_what_a_gpt_5_deployment_refuses_is_refused(
    shared: Server, body: dict[str, Any], param: str, code: str | None
) -> None:
    """400 that names the parameter and the kind of mistake."""
    answer = chat(shared, **body)

    assert answer.status_code == 400
    assert (answer.json()["error"].get("param"), answer.json()["error"].get("code")) == (param, code)


def test_defaults_and_nulls_are_taken(shared: Server) -> None:
    """A null is as good as no parameter, and the default temperature is the only one."""
    answer = chat(
        shared, temperature=1, top_p=None, max_tokens=None, stop=None, response_format={"type": "json_object"}
    )

    assert answer.status_code == 200


def leaf(**extra: Any) -> dict[str, Any]:
    return {**PLAIN_SCHEMA, "properties": {"name": {"type": "string", **extra}}, "required": ["name"]}


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        (leaf(minLength=3), "'minLength' is not permitted"),
        (leaf(pattern="x"), "'pattern' is not permitted"),
        (leaf(format="uuid"), "'format' is not permitted"),
        (leaf(default="x"), "'default' is not permitted"),
        ({**leaf(), "required": []}, "Missing 'name'"),
        ({**leaf(), "additionalProperties": True}, "'additionalProperties' is required"),
        ({"type": "array", "items": {"type": "string"}}, 'type: "object"'),
        ({**leaf(), "properties": {"name": {"type": "array"}}}, "array schema missing items"),
        (
            {**leaf(), "properties": {"name": {"type": "array", "items": {"type": "string"}, "maxItems": 3}}},
            "'maxItems' is not permitted",
        ),
        ({**leaf(), "properties": {"name": {}}}, "must have a 'type' key"),
        ({**leaf(), "properties": {"name": {"$ref": "#/$defs/Nobody"}}}, "can't be resolved"),
        ({**leaf(), "$defs": {"Other": {"type": "object"}}}, "'additionalProperties' is required"),
        (
            {**leaf(), "properties": {"name": {"anyOf": [{"type": "number", "minimum": 1}]}}},
            "'minimum' is not permitted",
        ),
        (
            {
                **PLAIN_SCHEMA,
                "properties": {f"p{n}": {"type": "null"} for n in range(101)},
                "required": [f"p{n}" for n in range(101)],
            },
            "more than 100 properties",
        ),
    ],
)
def test_a_strict_schema_may_use_only_what_structured_outputs_know(
    shared: Server, schema: dict[str, Any], why: str
) -> None:
    """The message says where the schema breaks which rule."""
    answer = chat(shared, response_format=schema_format(schema))

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "response_format"
    assert why in answer.json()["error"]["message"]


def test_nesting_has_a_limit_and_recursion_is_allowed(shared: Server) -> None:
    """More than five levels are refused; a schema that refers to itself is not."""

    def nested(levels: int) -> dict[str, Any]:
        inner = {"type": "string"} if levels == 1 else nested(levels - 1)
        return {**PLAIN_SCHEMA, "properties": {"in": inner}, "required": ["in"]}

    tree = {**PLAIN_SCHEMA, "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}}}
    tree["required"] = ["children"]
    root = {
        **PLAIN_SCHEMA,
        "properties": {"root": {"$ref": "#/$defs/Tree"}},
        "required": ["root"],
        "$defs": {"Tree": tree},
    }

    assert chat(shared, response_format=schema_format(nested(4))).status_code == 200
    assert chat(shared, response_format=schema_format(nested(6))).status_code == 400
    assert chat(shared, response_format=schema_format(root)).status_code == 200


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({"response_format": "b64_json"}, "response_format", "unknown_parameter"),
        ({"style": "vivid"}, "style", "unknown_parameter"),
        ({"size": "512x512"}, "size", "invalid_value"),
        ({"size": "1792x1024"}, "size", "invalid_value"),
        ({"quality": "hd"}, "quality", "invalid_value"),
        ({"output_format": "webp"}, "output_format", "invalid_value"),
        ({"output_compression": 50}, "output_compression", "invalid_value"),
        ({"n": 11}, "n", "invalid_value"),
        ({"n": True}, "n", "invalid_type"),
        ({"model": "my-pictures"}, "model", "invalid_value"),
        ({"prompt": None}, "prompt", "missing_required_parameter"),
        ({"prompt": "  "}, "prompt", "invalid_value"),
        ({"prompt": "x" * 32_001}, "prompt", "string_above_max_length"),
        ({"stream": True}, "stream", "unsupported_parameter"),
    ],
)
def test_what_a_gpt_image_deployment_refuses_is_refused(
    shared: Server, body: dict[str, Any], param: str, code: str
) -> None:
    """400 that names the parameter and the kind of mistake."""
    answer = picture(shared, **body)

    assert answer.status_code == 400
    assert (answer.json()["error"]["param"], answer.json()["error"]["code"]) == (param, code)


def test_the_model_in_a_picture_request_is_a_real_name_or_the_v1_deployment(shared: Server) -> None:
    """The deployment route takes a real model's name; the v1 route needs a name, and takes any."""
    v1_route = "/openai/v1/images/generations"

    assert picture(shared, model="gpt-image-1").status_code == 200
    assert post(shared, v1_route, {"prompt": "x", "model": "my-pictures"}, params={}).status_code == 200
    assert post(shared, v1_route, {"prompt": "x"}, params={}).status_code == 400


def test_a_body_that_is_no_json_object_is_refused(shared: Server) -> None:
    """400, whatever it is."""
    options: Any = {
        "headers": {"api-key": shared.key, "content-type": "application/json"},
        "params": {"api-version": VERSION},
    }
    answers = [HTTP.post(shared.url + CHAT, content=content, **options) for content in (b"", b"{", b"[1]", b"\xff")]

    assert [answer.status_code for answer in answers] == [400] * 4


def test_a_failure_of_its_own_is_a_500_on_the_record(serve: Callable[..., Server]) -> None:
    """A writer that raises is seen by the client as the service's failure, and in the record with its traceback."""

    def broken(*_: Any, **__: Any) -> dict[str, Any]:
        raise LookupError("no words")

    server = serve(write=broken)
    answer = chat(server)

    assert answer.status_code == 500
    assert "no words" in answer.json()["error"]["message"]
    assert "LookupError" in server.calls[0].error
