"""The client: what it sends, how it reads what comes back, and what each failure becomes."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import time
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from conftest import Command, png
from fakes.description import problems, schema_problems
from fakes.service import Answer, Service, chunk, error, events

from datagen_lib.errors import (
    BudgetReached,
    CallRejected,
    ContentFiltered,
    DatagenError,
    EndpointRefused,
    MalformedAnswer,
    QuotaExhausted,
    TransientError,
    UnusablePicture,
)
from datagen_lib.events import CallDone
from datagen_lib.models import CategoriesWire, ItemsWire, response_format
from datagen_lib.service import retry
from datagen_lib.service.client import Client
from datagen_lib.settings import Settings
from offline_model import Server

TEXT = '{"categories": [{"name": "Polar Folk", "slug": "polar-folk"}, {"name": "Sea Folk", "slug": "sea-folk"}]}'
PAIR = ["Polar Folk", "Sea Folk"]
Start = Callable[..., Server]


def settings(service: Service, home: Path, **environment: str) -> Settings:
    return Settings.load(environ={**service.settings, "MAX_RETRIES": "0", **environment}, root=home)


def ask(
    script: Any, home: Path, *, told: list[Any] | None = None, record: list[str] | None = None, **environment: str
) -> list[str]:
    """The names of the objects that one text call brings."""
    names: list[str] = []

    async def work(service: Service) -> None:
        listen = (told if told is not None else []).append
        async with Client(settings(service, home, **environment), listen=listen) as client:
            stream = client.objects(system="s", user="u", wire=CategoriesWire, count=2, record=record)
            async for found in stream:
                names.append(found["name"])  # noqa: PERF401 - what came before a tear must stay

    with Service(script) as service, retry.testing():
        try:
            asyncio.run(work(service))
        except DatagenError as failure:
            failure.names = names  # type: ignore[attr-defined]
            raise
    return names


def draw(script: Any, home: Path, *, told: list[Any] | None = None, **environment: str) -> bytes:
    """The bytes of the picture that one image call brings."""

    async def work(service: Service) -> bytes:
        listen = (told if told is not None else []).append
        async with Client(settings(service, home, **environment), listen=listen) as client:
            return await (await client.picture("A figure")).bytes()

    with Service(script) as service, retry.testing():
        return asyncio.run(work(service))


# -- what is sent ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["2025-04-01-preview", "v1"])
def test_every_request_holds_to_the_api_description(command: Command, stand_in: Start, version: str) -> None:
    """Each request of a run is valid by the published description: path, query, headers, body and schema."""
    server = stand_in()
    command.use(server)
    command.set(AZURE_OPENAI_API_VERSION=version)
    assert command("--target-count", "5", "--batch-size", "5").code == 0

    for call in server.calls:
        assert problems(call.path, call.query, call.headers, call.body) == []
    assert {call.query.get("api-version") for call in server.calls} == {None if version == "v1" else version}


@pytest.mark.parametrize("wire", [CategoriesWire, ItemsWire])
def test_schemas_carry_no_keyword_that_azure_refuses(wire: Any) -> None:
    """The schemas sent are strict, all properties required, nothing additional, and hold no unsupported keyword."""
    sent = response_format(wire)["json_schema"]

    assert sent["strict"] is True
    assert schema_problems(sent["schema"]) == []


def test_a_schema_with_limits_would_be_noticed() -> None:
    """The check above does see what it is there for."""
    bad = {"type": "object", "properties": {"a": {"type": "string", "maxLength": 5}}, "required": []}

    assert len(schema_problems(bad)) == 3


def test_the_image_request_names_no_deployment(command: Command, stand_in: Start) -> None:
    """On the deployment route the body of an image request has no model, and never response_format or style."""
    server = stand_in(text_deployments=["my-text"], image_deployments=["my-pictures"])
    command.use(server)
    assert command("--target-count", "2", "--batch-size", "2").code == 0
    pictures = [call for call in server.calls if call.route == "image"]

    assert {call.deployment for call in pictures} == {"my-pictures"}
    assert all(call.body.keys() == {"prompt", "size", "quality", "output_format"} for call in pictures)


def test_the_sdk_does_not_retry(home: Path) -> None:
    """A failed call is one request: our retries are the only ones."""
    with Service([error(500, "InternalServerError")]) as service:

        async def work() -> None:
            async with Client(settings(service, home)) as client:
                await client.picture("A figure")

        with pytest.raises(TransientError):
            asyncio.run(work())

    assert len(service.requests) == 1


@pytest.mark.parametrize("effort", ["minimal", "low", "medium", "high"])
def test_the_reasoning_effort_is_sent(home: Path, effort: str) -> None:
    """REASONING_EFFORT reaches the request, and the answer's limit leaves thousands of tokens for it."""
    bodies: list[Any] = []

    def script(request: Any) -> Answer:
        bodies.append(request.body)
        return events(chunk(TEXT), chunk(finish_reason="stop"))

    ask(script, home, REASONING_EFFORT=effort)

    assert bodies[0]["reasoning_effort"] == effort
    assert bodies[0]["max_completion_tokens"] >= 4000
    assert "temperature" not in bodies[0]
    assert "max_tokens" not in bodies[0]


# -- streams -----------------------------------------------------------------------------------------------------------

PROMPT_FILTER = {
    "id": "",
    "object": "",
    "created": 0,
    "model": "",
    "choices": [],
    "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}],
}
NO_DELTA = {
    "id": "",
    "object": "",
    "created": 0,
    "model": "",
    "choices": [{"index": 0, "finish_reason": None, "content_filter_offsets": {}, "content_filter_results": {}}],
}
USAGE = {**chunk(), "choices": [], "usage": {"prompt_tokens": 1000, "completion_tokens": 2000, "total_tokens": 3000}}
HALF = TEXT.index("Sea") + 2


@pytest.mark.parametrize(
    "answer",
    [
        events(chunk(TEXT), chunk(finish_reason="stop")),
        events(*(chunk(char) for char in TEXT), chunk(finish_reason="stop")),
        events(PROMPT_FILTER, chunk(""), chunk(TEXT), NO_DELTA, chunk(finish_reason="stop"), USAGE),
        events(PROMPT_FILTER, chunk(TEXT[:9]), {**chunk(), "choices": None}, chunk(TEXT[9:], finish_reason="stop")),
        events(chunk(TEXT), chunk(delta=None), chunk(finish_reason="stop")),
        events(chunk(TEXT), chunk(delta={"content": None, "refusal": None}), chunk(finish_reason="stop")),
        events(chunk(TEXT), chunk(finish_reason="stop"), {**USAGE, "usage": {}}),
        events(chunk(TEXT), chunk(finish_reason="stop"), {**USAGE, "usage": {"total_tokens": None}}),
        events({**chunk(TEXT), "usage": "lots"}),
        events(chunk(TEXT), end=""),
        events(chunk(TEXT), chunk(finish_reason="stop"), end=": bye\n\n"),
        events(chunk(f"\n\n  {TEXT}\n\n"), chunk(finish_reason="stop")),
        Answer(
            ("\r\n\r\n".join(f"data: {line}" for line in ['{"id":"","object":"","created":0,"model":"","choices":[]}'])
             + "\r\n\r\n: comment\r\n\r\n").encode() + events(chunk(TEXT)).body,
            kind="text/event-stream; charset=utf-8",
        ),
    ],
)  # fmt: skip
def test_streams_as_services_write_them(home: Path, answer: Answer) -> None:
    """Chunks without choices, without delta, with nulls, odd usage, comments, no [DONE]: the objects are found."""
    assert ask([answer], home) == PAIR


def test_a_plain_answer_to_a_stream_request(home: Path) -> None:
    """A server that does not stream: the one JSON answer is read as well."""
    answer = {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": TEXT}}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30},
    }
    told: list[Any] = []

    assert ask([Answer(answer)], home, told=told) == PAIR
    assert [(event.input_tokens, event.output_tokens) for event in told if isinstance(event, CallDone)] == [(10, 20)]


@pytest.mark.parametrize(
    ("answer", "kind", "kept"),
    [
        (events(chunk(TEXT[:HALF]), chunk(finish_reason="length")), MalformedAnswer, 1),
        (events(chunk(TEXT[:HALF]), chunk(finish_reason="content_filter")), ContentFiltered, 1),
        (events(chunk(TEXT[:HALF]), chunk(finish_reason="stop")), MalformedAnswer, 1),
        (events(chunk(TEXT[:HALF]), end=""), MalformedAnswer, 1),
        (events(chunk(TEXT[:HALF] + '"]]' + TEXT[HALF:]), chunk(finish_reason="stop")), MalformedAnswer, 1),
        (events(chunk(TEXT), chunk(" I hope that helps."), chunk(finish_reason="stop")), MalformedAnswer, 2),
        (events(chunk("Sure! "), chunk(TEXT), chunk(finish_reason="stop")), MalformedAnswer, 0),
        (events(chunk(delta={"refusal": "I can't."}), chunk(finish_reason="stop")), MalformedAnswer, 0),
        (events(chunk(finish_reason="stop")), MalformedAnswer, 0),
        (events(chunk('{"categories": []}'), chunk(finish_reason="stop")), MalformedAnswer, 0),
        (events(chunk('{"themes": [{"name": "A B"}]}'), chunk(finish_reason="stop")), MalformedAnswer, 0),
        (events(chunk('[{"name": "A B"}]'), chunk(finish_reason="stop")), MalformedAnswer, 0),
        (events(chunk("null"), chunk(finish_reason="stop")), MalformedAnswer, 0),
        (events(), MalformedAnswer, 0),
        (Answer(b"", kind="text/event-stream"), MalformedAnswer, 0),
        (Answer({}), MalformedAnswer, 0),
        (Answer({"choices": []}), MalformedAnswer, 0),
        (Answer({"choices": None}), MalformedAnswer, 0),
        (Answer([]), MalformedAnswer, 0),
        (events(chunk(TEXT[:HALF]), {"error": {"code": "server_error", "message": "It broke."}}), TransientError, 1),
        (events(chunk(TEXT[:HALF]), {"error": {"code": "content_filter", "message": "No."}}), ContentFiltered, 1),
        (Answer(events(chunk(TEXT[:HALF]), end="").body, kind="text/event-stream", cut=True), TransientError, 1),
    ],
)  # fmt: skip
def test_a_torn_answer_hands_over_what_was_whole(
    home: Path, answer: Answer, kind: type[DatagenError], kept: int
) -> None:
    """Whatever tears an answer, the objects before the tear are yielded, and the error says which kind of tear."""
    with pytest.raises(kind) as raised:
        ask([answer], home)

    assert type(raised.value) is kind
    assert raised.value.names == PAIR[:kept]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "answer",
    [
        events(chunk(TEXT[:HALF]), '{"choices": [{"delta": {"conte'),
        events("not json at all"),
        events([1, 2, 3]),
        events("null"),
        Answer(b"{broken", kind="application/json"),
        Answer(b"", kind="application/json"),
        Answer(b"\xff\xfe\x00", kind="text/event-stream"),
        events({**chunk(), "choices": ["text"]}),
        events({**chunk(), "choices": [{"index": 0, "delta": "text"}]}),
        Answer({"choices": ["text"]}),
        Answer({"choices": [{"message": "text"}]}),
    ],
)
def test_garbage_is_one_of_our_errors(home: Path, answer: Answer) -> None:
    """An answer that is no answer is retried or asked for again as a failed call, never a traceback."""
    with pytest.raises((MalformedAnswer, TransientError)):
        ask([answer], home)


def test_the_raw_answer_can_be_recorded(home: Path) -> None:
    """`record` gets the answer's text, piece by piece."""
    record: list[str] = []
    ask([events(chunk(TEXT[:7]), chunk(TEXT[7:]), chunk(finish_reason="stop"))], home, record=record)

    assert record == [TEXT[:7], TEXT[7:]]


def test_tokens_are_counted_and_priced(home: Path) -> None:
    """A call's tokens and dollars are those that the service counted: 1000 in at $1.25, 2000 out at $10 a million."""
    told: list[Any] = []
    ask([events(chunk(TEXT), chunk(finish_reason="stop"), USAGE)], home, told=told)
    (done,) = told

    assert (done.kind, done.ok, done.input_tokens, done.output_tokens) == ("text", True, 1000, 2000)
    assert done.cost_usd == pytest.approx(0.00125 + 0.02)


# -- pictures ----------------------------------------------------------------------------------------------------------

PICTURE = png("a", 64)
B64 = base64.b64encode(PICTURE).decode()


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {"input_tokens": 50, "output_tokens": 1056, "total_tokens": 1106},
        {"total_tokens": 1106},
        {},
        {"input_tokens": None, "output_tokens": None},
    ],
)
def test_a_picture_comes_as_base64(home: Path, usage: Any) -> None:
    """b64_json is decoded, whatever the service says of usage."""
    body = {"created": 1, "data": [{"b64_json": B64}]} | ({} if usage is None else {"usage": usage})
    told: list[Any] = []

    assert draw([Answer(body)], home, told=told) == PICTURE
    assert told[0].ok
    assert told[0].cost_usd > 0


def openai(service: Service) -> dict[str, str]:
    return {
        "DATAGEN_PROVIDER": "openai",
        "OPENAI_BASE_URL": f"{service.url}/v1",
        "OPENAI_API_KEY": "sk-0123456789abcdef",
        "OPENAI_TEXT_MODEL": "some-text-model",
        "OPENAI_IMAGE_MODEL": "some-image-model",
    }


@pytest.mark.parametrize("form", ["b64_json", "url", "redirected"])
def test_any_compatible_server_will_do(command: Command, form: str) -> None:
    """Provider openai with OPENAI_BASE_URL: a whole run, the pictures as b64_json or behind a url."""
    names = iter(range(1000))

    def script(request: Any) -> Answer:
        if request.path.startswith("/moved"):
            return Answer(status=302, headers={"Location": request.path.replace("moved", "pictures")})
        if request.path.startswith("/pictures"):
            return Answer(png(request.path), kind="image/png")
        if request.path == "/v1/images/generations":
            place = "moved" if form == "redirected" else "pictures"
            url = f"http://{request.headers['host']}/{place}/{next(names)}.png"
            data = (
                {"b64_json": base64.b64encode(png(request.body["prompt"])).decode()}
                if form == "b64_json"
                else {"url": url}
            )
            return Answer({"created": 1, "data": [data]})
        assert request.path == "/v1/chat/completions"
        if "categories" in request.body["response_format"]["json_schema"]["schema"]["properties"]:
            content: Any = {"categories": [{"name": f"Theme Folk {chr(65 + n)}", "slug": f"t-{n}"} for n in range(20)]}
        else:
            content = {
                "items": [
                    {
                        "name": f"Figure Number {next(names)}",
                        "description": "It is a figure. It stands on a plate.",
                        "category": f"Theme Folk {chr(65 + n)}",
                        "imagePrompt": f"Photorealistic LEGO-style minifigure, figure {next(names)}, clean background",
                    }
                    for n in range(4)
                ]
            }
        return events(chunk(json.dumps(content)), chunk(finish_reason="stop"))

    with Service(script) as service:
        command.set(**openai(service))
        result = command("--target-count", "4", "--batch-size", "4")

    assert result.code == 0, result.said
    command.folder.check(at_least=4)
    asked = [request for request in service.requests if request.path == "/v1/images/generations"]
    assert {request.body["model"] for request in asked} == {"some-image-model"}
    assert all(not request.body.keys() & {"response_format", "style"} for request in asked)
    fetched = [request for request in service.requests if request.method == "GET"]
    assert all("sk-0123456789abcdef" not in str(request.headers) for request in fetched), (
        "the key went to a file server"
    )


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/picture.png",
        "file:///etc/passwd",
        "picture.png",
        "http://127.0.0.1:9/picture.png",
        "http://[",
        "http://127.0.0.1:port/x",
    ],
)
def test_an_address_that_cannot_be_fetched(home: Path, url: str) -> None:
    """Only http and https are fetched; anything else is a paid picture wrong in kind, and no new call."""

    def script(request: Any) -> Answer:
        return Answer({"created": 1, "data": [{"url": url}]}) if request.method == "POST" else Answer(status=404)

    with pytest.raises(UnusablePicture) as raised:
        draw(script, home)

    assert raised.value.fault == "address"


def test_a_download_is_limited(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A url behind which there is too much is left after the limit."""
    from datagen_lib.service import transport

    monkeypatch.setattr(transport, "LARGEST_DOWNLOAD", 1000)

    def script(request: Any) -> Answer:
        if request.method == "GET":
            return Answer(b"x" * 100_000, kind="image/png")
        return Answer({"created": 1, "data": [{"url": f"http://{request.headers['host']}/big"}]})

    with pytest.raises(UnusablePicture, match="larger than"):
        draw(script, home)


def test_a_download_is_tried_again(home: Path) -> None:
    """A paid picture's download that fails in passing is tried again before the picture is bought anew."""
    answers = iter([Answer(status=503), Answer(PICTURE[:50], cut=True), Answer(PICTURE, kind="image/png")])

    def script(request: Any) -> Answer:
        if request.method == "GET":
            return next(answers)
        return Answer({"created": 1, "data": [{"url": f"http://{request.headers['host']}/picture"}]})

    assert draw(script, home) == PICTURE


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (Answer({"created": 1, "data": []}), "none"),
        (Answer({"created": 1, "data": None}), "none"),
        (Answer({"created": 1}), "none"),
        (Answer({"created": 1, "data": [{}]}), "none"),
        (Answer({"created": 1, "data": [{"b64_json": None, "url": None}]}), "none"),
        (Answer({"created": 1, "data": [{"b64_json": "no base64!"}]}), "encoding"),
        (Answer({"created": 1, "data": [{"b64_json": 5}]}), "none"),
        (Answer({"created": 1, "data": [7]}), "none"),
        (Answer([]), "kind"),
        (Answer(b"It is a drawing of a cat.", kind="text/plain"), "kind"),
    ],
)  # fmt: skip
def test_an_answer_without_a_picture_is_wrong_in_kind(home: Path, answer: Answer, fault: str) -> None:
    """A whole image answer without a picture in it would come the same way again: an error that says which fault."""
    with pytest.raises(UnusablePicture) as raised:
        draw([answer], home)

    assert raised.value.fault == fault
    assert raised.value.paid


@pytest.mark.parametrize(
    "answer",
    [Answer(b"{broken"), Answer(b""), Answer(b'{"created": 1, "data": [{"b64_json": "iVBOR', cut=True)],
)
def test_an_image_answer_that_is_cut_is_as_a_5xx(home: Path, answer: Answer) -> None:
    """An image answer that is cut or empty is worth another try, never a traceback."""
    with pytest.raises(TransientError):
        draw([answer], home)


# -- errors ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", [ask, draw])
@pytest.mark.parametrize(
    ("answer", "kind", "hint"),
    [
        (error(401, "401", "Access denied due to invalid subscription key."), EndpointRefused, "AZURE_OPENAI_API_KEY"),
        (error(401, "PermissionDenied", "The principal lacks the required data action."), EndpointRefused, ""),
        (error(403, "AuthenticationTypeDisabled", "Key based authentication is disabled."), EndpointRefused, ""),
        (error(403, "403", "Your resource has been temporarily blocked."), EndpointRefused, ""),
        (error(404, "DeploymentNotFound", "The API deployment does not exist."), EndpointRefused, "_DEPLOYMENT"),
        (error(404, "404", "Resource not found"), EndpointRefused, "AZURE_OPENAI_ENDPOINT"),
        (Answer(b"<html>404</html>", 404, "text/html"), EndpointRefused, "AZURE_OPENAI_ENDPOINT"),
        (error(410, "ModelRetired", "The model has been retired."), EndpointRefused, "_DEPLOYMENT"),
        (
            error(400, "BadRequest", "response_format value as json_schema is enabled only for api versions 2024-08-01-preview and later"),
            EndpointRefused,
            "AZURE_OPENAI_API_VERSION",
        ),
        (error(400, "OperationNotSupported", "The operation does not work with this model."), EndpointRefused, "_DEPLOYMENT"),
        (error(400, "unknown_parameter", "Unknown parameter: 'quality'."), EndpointRefused, ""),
        (error(400, "invalid_value", "The prompt is odd."), CallRejected, ""),
        (error(422, None, "Unprocessable."), CallRejected, ""),
        (error(413, "too_large", "Too large."), CallRejected, ""),
        (error(429, "insufficient_quota", "You exceeded your current quota."), QuotaExhausted, ""),
        (error(429, "429", "You exceeded the quota; see https://aka.ms/oai/quotaincrease."), TransientError, ""),
        (error(429, None, "Too many requests."), TransientError, ""),
        (Answer(b"slow down", 429, "text/plain"), TransientError, ""),
        (error(408, "Timeout", "Timed out."), TransientError, ""),
        (error(409, "Conflict", "Try later."), TransientError, ""),
        (error(500, "InternalServerError"), TransientError, ""),
        (Answer(b"<html>502</html>", 502, "text/html"), TransientError, ""),
        (Answer(b"", 503), TransientError, ""),
        (Answer(b'{"error": "a plain string"}', 500), TransientError, ""),
        (Answer(b"[1, 2]", 500), TransientError, ""),
        (error(599, "odd"), TransientError, ""),
        (
            error(400, "content_filter", "The response was filtered.", innererror={"code": "ResponsibleAIPolicyViolation", "content_filter_result": {"violence": {"filtered": True, "severity": "medium"}}}),
            ContentFiltered,
            "",
        ),
        (
            error(400, "content_filter", "The response was filtered.", inner_error={"code": "ResponsibleAIPolicyViolation", "content_filter_results": {"violence": {"filtered": True}}}),
            ContentFiltered,
            "",
        ),
        (error(400, "BadRequest", "No.", innererror={"code": "ResponsibleAIPolicyViolation"}), ContentFiltered, ""),
        (error(400, "content_filter", "No.", innererror="a string"), ContentFiltered, ""),
        (error(400, "content_filter", "No.", innererror={"content_filter_results": [1]}), ContentFiltered, ""),
        (error(400, "content_filter", None), ContentFiltered, ""),  # type: ignore[arg-type]
        (error(400, "moderation_blocked"), ContentFiltered, ""),
        (error(400, "contentFilter"), ContentFiltered, ""),
        (error(400, "content_policy_violation"), ContentFiltered, ""),
    ],
)  # fmt: skip
def test_what_each_refusal_becomes(
    home: Path, call: Callable[..., Any], answer: Answer, kind: type[DatagenError], hint: str
) -> None:
    """Each answer of the service becomes the one of our errors that says what follows, with the setting to change."""
    with pytest.raises(DatagenError) as raised:
        call([answer], home)

    assert type(raised.value) is kind
    assert hint in raised.value.hint
    assert raised.value.what


def test_the_filter_says_what_it_saw(home: Path) -> None:
    """A filtered request names the categories that were hit."""
    inner = {"content_filter_result": {"violence": {"filtered": True}, "hate": {"filtered": False}}}
    with pytest.raises(ContentFiltered, match="violence"):
        ask([error(400, "content_filter", "Filtered.", innererror=inner)], home)


@pytest.mark.parametrize(
    ("headers", "low", "high"),
    [
        ({"Retry-After": "7"}, 7, 7),
        ({"Retry-After": "0"}, 0, 0),
        ({"retry-after-ms": "350"}, 0.35, 0.35),
        ({"retry-after-ms": "350", "Retry-After": "1"}, 0.35, 0.35),
        ({"retry-after-ms": "soon", "Retry-After": "9"}, 9, 9),
        ({"Retry-After": formatdate(time.time() + 100, usegmt=True)}, 0, 101),
        ({"Retry-After": formatdate(time.time() - 100, usegmt=True)}, 0, 0),
        ({"Retry-After": "-5"}, 0, 0),
        ({"Retry-After": "in a while"}, None, None),
        ({"Retry-After": ""}, None, None),
        ({"Retry-After": "nan"}, None, None),
        ({"Retry-After": "inf"}, None, None),
        ({}, None, None),
    ],
)
def test_retry_after_in_all_its_forms(home: Path, headers: dict[str, str], low: Any, high: Any) -> None:
    """retry-after-ms before Retry-After, seconds or a date; what says nothing is none."""
    with pytest.raises(TransientError) as raised:
        draw([error(429, "429", headers=headers)], home)

    if low is None:
        assert raised.value.retry_after is None
    else:
        assert raised.value.retry_after is not None
        assert low <= raised.value.retry_after <= high


@pytest.mark.parametrize("seconds", ["601", "86400", "99999999", "1e300"])
def test_a_wait_of_any_length_can_be_said(command: Command, seconds: str) -> None:
    """However long the wait is that a service asks for, the run ends with a sentence: exit 1."""
    with Service([error(429, "429", headers={"Retry-After": seconds})]) as service:
        command.set(**service.settings)
        result = command("--target-count", "2")

    assert result.code == 1
    assert "wait" in result.err
    assert "Traceback" not in result.said
    assert len(service.requests) == 1


def test_a_budget_counts_what_is_under_way(home: Path) -> None:
    """Two calls side by side can't pass the budget together: the second is not made."""

    async def work(service: Service) -> list[Any]:
        async with Client(settings(service, home, MAX_COST_USD="0.06")) as client:
            await client.picture("warm up, so that the calls go side by side")
            return await asyncio.gather(*(client.picture("A figure") for _ in range(3)), return_exceptions=True)

    with Service([Answer({"created": 1, "data": [{"b64_json": B64}]})]) as service, retry.testing():
        results = asyncio.run(work(service))

    assert all(isinstance(result, BudgetReached) for result in results)
    assert len(service.requests) == 1


@pytest.mark.parametrize("kind", ["text", "image"])
def test_until_the_service_lets_one_in_calls_go_one_by_one(home: Path, kind: str) -> None:
    """Eight calls with a wrong key at once are one request, not eight."""

    async def one(client: Client) -> None:
        if kind == "image":
            await client.picture("A figure")
        else:
            async for _ in client.objects(system="s", user="u", wire=CategoriesWire, count=2):
                pass

    async def work(service: Service) -> list[Any]:
        async with Client(settings(service, home)) as client:
            return await asyncio.gather(*(one(client) for _ in range(8)), return_exceptions=True)

    with Service([error(401, "401")]) as service:
        results = asyncio.run(work(service))

    assert all(isinstance(result, EndpointRefused) for result in results)
    assert len(service.requests) == 1


def test_nothing_is_left_open(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An answer that is left half-read is closed: the loop's end finds nothing to complain of."""

    async def work(service: Service) -> None:
        async with Client(settings(service, home)) as client:
            stream = client.objects(system="s", user="u", wire=CategoriesWire, count=2)
            async for _ in stream:
                break
            await stream.aclose()

    caplog.set_level(logging.WARNING)
    with Service([events(*(chunk(char) for char in TEXT), chunk(finish_reason="stop"))]) as service:
        asyncio.run(work(service))

    assert caplog.records == []
