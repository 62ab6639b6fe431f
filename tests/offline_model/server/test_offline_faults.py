"""The faults that can be dialled in."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable
from io import BytesIO
from typing import Any

import httpx2
import openai
import pytest
from fakes.callers import (
    MESSAGES,
    ItemsWire,
    ask,
    azure,
    chat,
    deltas_of,
    draw,
    picture,
    run,
    settled,
    streamed,
    text_of,
    write,
)
from PIL import Image

from offline_model import Fault, Faults, Server


@pytest.mark.parametrize(
    ("kind", "error", "codes"),
    [
        ("429", openai.RateLimitError, {"429", "RateLimitReached"}),
        ("429-bare", openai.RateLimitError, {"429", "RateLimitReached"}),
        ("429-long", openai.RateLimitError, {"429", "RateLimitReached"}),
        ("insufficient-quota", openai.RateLimitError, {"insufficient_quota"}),
        ("401", openai.AuthenticationError, {"401"}),
        ("403", openai.PermissionDeniedError, {"Forbidden"}),
        ("404", openai.NotFoundError, {"DeploymentNotFound"}),
        ("408", openai.APIStatusError, {"Timeout"}),
        ("410", openai.APIStatusError, {"ModelDeprecated"}),
        ("500", openai.InternalServerError, {"InternalServerError"}),
        ("503", openai.InternalServerError, {"ServiceUnavailable"}),
        ("content-filter", openai.BadRequestError, {"content_filter"}),
        ("cut", openai.APIConnectionError, {None}),
    ],
)
def test_a_fault_of_a_call_shows_in_the_sdk_as_it_should(
    serve: Callable[..., Server], kind: str, error: type[openai.APIError], codes: set[str | None]
) -> None:
    """For text, streamed text and pictures: the SDK's exception, the status and the code."""
    server = serve(faults=Faults(Fault(kind)))
    raised = []
    for deployment, use in (
        ("gpt-5", ask),
        ("gpt-5", streamed),
        ("gpt-image-1", lambda c: c.images.generate(prompt="x")),
    ):
        with pytest.raises(error) as caught:
            run(azure(server, deployment), use)
        raised.append(caught.value)

    assert {one.code for one in raised} <= codes
    if kind[:3].isdigit():
        assert {getattr(one, "status_code", None) for one in raised} == {int(kind[:3])}
    assert [call.fault for call in server.calls] == [kind] * 3


@pytest.mark.parametrize(
    ("fault", "seconds", "milliseconds"),
    [
        (Fault("429"), "1", "1000"),
        (Fault("429", retry_after=0.25), "1", "250"),
        (Fault("429-bare"), None, None),
        (Fault("429-long"), "86400", "86400000"),
        (Fault("503", retry_after=7), "7", None),
        (Fault("503"), None, None),
    ],
)
def test_retry_after_is_as_the_fault_says(
    serve: Callable[..., Server], fault: Fault, seconds: str | None, milliseconds: str | None
) -> None:
    """In both headers, in one, or in none."""
    headers = chat(serve(faults=Faults(fault))).headers

    assert (headers.get("retry-after"), headers.get("retry-after-ms")) == (seconds, milliseconds)


def test_5xx_is_each_of_them_and_not_always_json(serve: Callable[..., Server]) -> None:
    """500, 502, 503 and 504 all come; a gateway's 502 is a web page."""
    server = serve(faults=Faults(Fault("5xx")))
    answers = [chat(server) for _ in range(24)]

    assert {answer.status_code for answer in answers} == {500, 502, 503, 504}
    for answer in answers:
        assert ("html" in answer.headers["content-type"]) == (answer.status_code == 502)


@pytest.mark.parametrize("code", ["moderation_blocked", "contentFilter", "content_policy_violation", "content-filter"])
def test_a_refused_picture_has_one_of_the_filter_s_codes(serve: Callable[..., Server], code: str) -> None:
    """400 with the code; where it tells more, in `inner_error`."""
    server = serve(faults=Faults(Fault(code, when=lambda call: "dragon" in call.body["prompt"])))
    refused, drawn = picture(server, prompt="a dragon"), picture(server, prompt="a knight")
    error = refused.json()["error"]

    assert (refused.status_code, error["code"]) == (400, code.replace("-", "_"))
    if "inner_error" in error:
        assert error["inner_error"]["content_filter_results"]["violence"]["filtered"] is True
    assert drawn.status_code == 200


def test_a_filtered_prompt_tells_what_was_caught(serve: Callable[..., Server]) -> None:
    """For text it is `innererror` with `content_filter_result`."""
    error = chat(serve(faults=Faults(Fault("content-filter")))).json()["error"]

    assert error["innererror"]["code"] == "ResponsibleAIPolicyViolation"
    assert error["innererror"]["content_filter_result"]["violence"] == {"filtered": True, "severity": "medium"}


def test_a_hung_call_lasts_until_the_client_leaves(serve: Callable[..., Server]) -> None:
    """The client's own timeout ends it; the record says that the client left."""
    server = serve(faults=Faults(Fault("hang")))
    with pytest.raises(openai.APITimeoutError):
        run(azure(server, timeout=0.1), ask)
    [hung] = settled(server)

    assert (hung.status, hung.left, hung.fault) == (None, True, "hang")


def test_an_answer_may_stall_half_way(serve: Callable[..., Server]) -> None:
    """Plain, streamed or a picture: some of it comes, and the client's own timeout has to end it."""
    server = serve(faults=Faults(Fault("stall")))
    for deployment, use in (
        ("gpt-5", ask),
        ("gpt-5", streamed),
        ("gpt-image-1", lambda c: c.images.generate(prompt="x")),
    ):
        with pytest.raises((openai.APITimeoutError, httpx2.TimeoutException)):
            run(azure(server, deployment, timeout=0.1), use)

    assert [(call.status, call.left) for call in settled(server)] == [(200, True)] * 3


def test_a_client_that_gives_up_early_costs_no_drawing(serve: Callable[..., Server]) -> None:
    """A picture is drawn when its time comes near, so one that nobody waits for is never drawn."""
    drawn: list[str] = []

    def note(prompt: str, size: int) -> bytes:
        drawn.append(prompt)
        return draw(prompt, size)

    server = serve(draw=note, image_latency=30)
    with pytest.raises(openai.APITimeoutError):
        run(azure(server, "gpt-image-1", timeout=0.1), lambda c: c.images.generate(prompt="late"))
    settled(server)
    server.image_latency = 0.0
    picture(server, prompt="now")

    assert drawn == ["now"]
    assert server.calls[0].left


# --- faults of an answer ---------------------------------------------------------------------------------------------


def test_a_connection_may_end_in_the_middle(serve: Callable[..., Server]) -> None:
    """Of a plain answer, of a picture, and of a stream whose first half arrives."""
    server = serve(faults=Faults(Fault("cut-body")))
    got: list[str] = []

    async def read(client: Any) -> None:
        async for chunk in await ask(client, stream=True):
            got.append(text_of([chunk]))  # noqa: PERF401 - what came before the error is the point

    for deployment, use in (("gpt-5", ask), ("gpt-image-1", lambda c: c.images.generate(prompt="x"))):
        with pytest.raises(openai.APIConnectionError):
            run(azure(server, deployment), use)
    with pytest.raises((httpx2.TransportError, openai.APIConnectionError)):
        run(azure(server), read)

    assert 100 < len("".join(got)) < len(json.dumps(write("", None, seed=0)))


def test_a_stream_may_break_off_with_an_error_event(serve: Callable[..., Server]) -> None:
    """The SDK raises an APIError without a status; a call that is not streamed gets a 500."""
    server = serve(faults=Faults(Fault("stream-error")))
    with pytest.raises(openai.APIError) as caught:
        run(azure(server), streamed)

    assert not isinstance(caught.value, openai.APIStatusError)
    assert chat(server).status_code == 500


def content(server: Server, **options: Any) -> tuple[str, str]:
    choice = chat(server, **options).json()["choices"][0]
    return choice["message"]["content"], choice["finish_reason"]


@pytest.mark.parametrize(
    ("kind", "finish"),
    [
        ("malformed", "stop"),
        ("truncated", "stop"),
        ("length", "length"),
        ("answer-filter", "content_filter"),
        ("prose", "stop"),
        ("fence", "stop"),
    ],
)
def test_spoilt_text_is_no_json(serve: Callable[..., Server], kind: str, finish: str) -> None:
    """Whatever the draw: it can't be parsed, something of the answer is in it, and the reason is the fault's."""
    server = serve(faults=Faults(Fault(kind)))
    for _ in range(12):
        text, reason = content(server)

        assert reason == finish
        assert '{"items": [{"name": "Figure' in text
        with pytest.raises(ValueError, match=r".+"):
            json.loads(text)


def test_spoilt_text_is_the_same_when_it_is_streamed(serve: Callable[..., Server]) -> None:
    """A truncated stream ends with the reason that a plain answer has."""
    server = serve(faults=Faults(Fault("length")))
    chunks = run(azure(server), streamed)

    assert [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason] == ["length"]
    with pytest.raises(ValueError, match=r".+"):
        json.loads(text_of(chunks))


def test_the_sdk_sees_length_and_filter_as_its_own_errors(serve: Callable[..., Server]) -> None:
    """`parse` raises for both ends, and gives None for a refusal."""
    server = serve(faults=Faults(Fault("length", nth=[1]), Fault("answer-filter", nth=[2]), Fault("refusal", nth=[3])))

    async def parse(client: Any) -> Any:
        return await client.chat.completions.parse(model="gpt-5", messages=MESSAGES, response_format=ItemsWire)

    with pytest.raises(openai.LengthFinishReasonError):
        run(azure(server), parse)
    with pytest.raises(openai.ContentFilterFinishReasonError):
        run(azure(server), parse)
    message = run(azure(server), parse).choices[0].message

    assert (message.parsed, message.content) == (None, None)
    assert message.refusal


def test_a_refusal_is_streamed_as_one(serve: Callable[..., Server]) -> None:
    """In deltas of their own kind, without content."""
    chunks = run(azure(serve(faults=Faults(Fault("refusal")))), streamed)

    assert text_of(chunks) == ""
    assert "".join(delta.refusal or "" for delta in deltas_of(chunks)).startswith("I'm sorry")


THEMES: Any = [{"role": "user", "content": "Return exactly 6 categories as JSON."}]


def test_a_wrong_count_is_too_few_or_too_many(serve: Callable[..., Server]) -> None:
    """Both happen; the rows are still whole."""
    server = serve(faults=Faults(Fault("wrong-count")))
    counts = {len(json.loads(content(server, messages=THEMES)[0])["categories"]) for _ in range(20)}

    assert 6 not in counts
    assert min(counts) < 6 < max(counts)


def test_duplicate_categories_differ_in_case_at_most(serve: Callable[..., Server]) -> None:
    """As many as asked for, but not as many different ones."""
    server = serve(faults=Faults(Fault("duplicate-categories")))
    names = [row["name"] for row in json.loads(content(server, messages=THEMES)[0])["categories"]]

    assert len(names) == 6
    assert len({name.casefold() for name in names}) == 4


def breaks_a_rule(item: dict[str, str]) -> bool:
    words = json.dumps([item["description"], item["imagePrompt"]]).lower()
    return (
        not 3 <= len(item["name"]) <= 80
        or len(item["name"].split()) > 6
        or len(item["description"]) < 20
        or item["category"] != "Theme 1"
        or not item["imagePrompt"].startswith("Photorealistic LEGO-style")
        or len(item["imagePrompt"]) > 260
        or any(word in words for word in ("logo", "trademark", "@"))
    )


def test_rule_breaking_is_a_share_of_the_items(serve: Callable[..., Server]) -> None:
    """About three in ten items break a rule, the others are untouched, and several rules are broken."""
    server = serve(faults=Faults(Fault("rule-breaking", rate=0.3)))
    items = [item for _ in range(60) for item in json.loads(content(server)[0])["items"]]
    bad = [item for item in items if breaks_a_rule(item)]

    assert 0.2 < len(bad) / len(items) < 0.4
    assert len({field for item in bad for field in item if item[field] not in str(write("", None, seed=0))}) >= 3


def test_repeated_names_were_given_out_before(serve: Callable[..., Server]) -> None:
    """In the same answer or in an earlier one, sometimes in another case."""
    server = serve(faults=Faults(Fault("repeated-names", rate=0.3)))
    names = [item["name"].casefold() for _ in range(40) for item in json.loads(content(server)[0])["items"]]
    again = sum(count - 1 for count in Counter(names).values())

    assert 0.15 < again / len(names) < 0.45


def test_a_spoilt_picture_is_what_its_fault_says(serve: Callable[..., Server]) -> None:
    """Half the bytes, another format, or another size."""
    server = serve()
    got: dict[str, list[bytes]] = {}
    for kind in ("image-cut", "not-png", "wrong-size"):
        server.faults = Faults(Fault(kind))
        answers = [picture(server).json() for _ in range(8)]
        got[kind] = [base64.b64decode(answer["data"][0]["b64_json"]) for answer in answers]
    whole = draw("a figure", 1024)

    assert set(got["image-cut"]) == {whole[: len(whole) // 2]}
    assert {data[:3] for data in got["not-png"]} == {b"GIF", b"<!D"}
    assert {Image.open(BytesIO(data)).size for data in got["wrong-size"]} == {(512, 512)}


# --- which calls -----------------------------------------------------------------------------------------------------


def struck(faults: Faults, server: Server, calls: int = 40) -> list[str]:
    """The faults of so many calls for text."""
    server.faults = faults
    before = len(server.calls)
    for _ in range(calls):
        chat(server)
    return [call.fault for call in server.calls[before:]]


def test_faults_depend_on_the_seed_and_the_number_alone(serve: Callable[..., Server]) -> None:
    """The same seed strikes the same calls of another server; another seed strikes others."""
    rules = (Fault("429", rate=0.2), Fault("500", rate=0.2), Fault("malformed", rate=0.3))
    one = struck(Faults(*rules, seed=1), serve())

    assert one == struck(Faults(*rules, seed=1), serve())
    assert one != struck(Faults(*rules, seed=2), serve())
    assert {"429", "500", "malformed", ""} == set(one)


def test_rates_are_shares_and_do_not_overlap(serve: Callable[..., Server]) -> None:
    """Each kind strikes about its own share of 2000 calls, whatever stands before it."""
    server = serve()
    chat(server)
    call = server.calls[0]
    faults = Faults(Fault("429", rate=0.1), Fault("5xx", rate=0.05), Fault("cut", rate=0.04))
    kinds: Counter[str] = Counter()
    for call.number in range(2000):
        fault = faults.pick("call", call)
        kinds[fault.kind if fault else ""] += 1

    assert kinds["429"] == pytest.approx(200, rel=0.25)
    assert kinds["5xx"] == pytest.approx(100, rel=0.3)
    assert kinds["cut"] == pytest.approx(80, rel=0.35)


def test_a_fault_can_be_aimed(serve: Callable[..., Server]) -> None:
    """At numbered calls, at requests that a predicate picks, at so many calls, at one route."""
    server = serve()
    numbered = struck(Faults(Fault("500", nth=[2, 3])), server, 4)
    bounded = struck(Faults(Fault("500", times=2)), server, 4)
    picked = struck(Faults(Fault("500", when=lambda call: call.number % 2 == 0)), server, 4)
    routed = struck(Faults(Fault("500", route="image")), server, 2)

    assert numbered == ["", "500", "500", ""]
    assert bounded == ["500", "500", "", ""]
    assert picked == ["", "500", "", "500"]
    assert routed == ["", ""]
    assert picture(server).status_code == 500


def test_faults_change_while_it_runs(server: Server) -> None:
    """`add` and `clear` take effect with the next call."""
    before = chat(server).status_code
    server.faults.add("503", route="text")
    during = chat(server).status_code
    server.faults.clear()

    assert (before, during, chat(server).status_code) == (200, 503, 200)


def test_a_line_of_text_says_the_same(serve: Callable[..., Server]) -> None:
    """Route, kind, rate and numbers, as the command takes them."""
    faults = Faults.parse("text:500@1+3, image:cut=0.5,429=0.25,")

    assert struck(faults, serve(), 3)[0::2] == ["500", "500"]


@pytest.mark.parametrize("text", ["42=0.1", "429=lots", "429=1.5", "429@one", "text:not-png", "radio:429"])
def test_a_line_that_makes_no_sense_is_named(text: str) -> None:
    """The message quotes the part that can't be read."""
    with pytest.raises(ValueError, match=r"can't read the fault") as caught:
        Faults.parse(f"500=0.1,{text}")

    assert repr(text) in str(caught.value)
