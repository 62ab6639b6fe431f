"""Recorded answers, played back: `start(replay=DIR)` and `python -m datagen_lib.offline --replay DIR`."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Command, Folder, png
from fakes.callers import (
    MESSAGES,
    PICTURE,
    ItemsWire,
    azure,
    chat,
    draw,
    events,
    picture,
    post,
    run,
    streamed,
    text_of,
    v1,
)

from offline_model import Server, __main__
from offline_model.server import tape
from offline_model.server.tape import Entry, Tape

SCHEMA = ItemsWire.model_json_schema()
SAID = json.dumps({"items": [{"name": "Recorded Baker", "description": "x", "category": "y", "imagePrompt": "z"}]})
USAGE = {"prompt_tokens": 11, "completion_tokens": 700, "total_tokens": 711}


def whole(said: str = SAID, finish: str = "stop") -> dict[str, Any]:
    message = {"role": "assistant", "content": said, "refusal": None}
    choice = {"index": 0, "finish_reason": finish, "logprobs": None, "message": message}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-5-real"}
    return {**head, "choices": [choice], "usage": USAGE}


def chunks(said: str = SAID) -> list[dict[str, Any]]:
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-5-real"}
    deltas = [{"role": "assistant", "content": ""}, *({"content": said[at : at + 7]} for at in range(0, len(said), 7))]
    rows = [{**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    last = [{**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}]
    return [*rows, *last, {**head, "choices": [], "usage": USAGE}]


def text(messages: Any = MESSAGES, schema: Any = None, **held: Any) -> Entry:
    return Entry("text", *tape.text_keys(messages, schema), **(held or {"body": whole()}))


def image(folder: Path, prompt: str, colour: str, quality: str | None = "low") -> Entry:
    name = tape.keep_picture(folder, draw(colour, 64))
    body = {"created": 1, "data": [{"picture": name}], "usage": {"input_tokens": 3, "output_tokens": 272}}
    return Entry("image", *tape.image_keys(prompt, "1024x1024", quality), body=body)


@pytest.fixture
def replay(serve: Callable[..., Server], tmp_path: Path) -> Callable[..., Server]:
    """Writes a tape and plays it."""

    def begin(*entries: Entry, **options: Any) -> Server:
        for entry in entries:
            tape.append(tmp_path, entry)
        return serve(replay=tmp_path, **options)

    return begin


def said(answer: Any) -> str:
    return answer.json()["choices"][0]["message"]["content"]


# --- keys ------------------------------------------------------------------------------------------------------------


def test_the_keys_are_those_that_the_readme_describes() -> None:
    """Spelt out, so that whoever writes a recorder has something to hold it to."""
    words = [{"role": "system", "content": "Be é."}, {"role": "user", "content": [{"type": "text", "text": "Hi"}]}]
    schema = {"type": "object", "additionalProperties": False}
    spelt = r'["text",[["system","Be \u00e9."],["user","Hi"]],{"additionalProperties":false,"type":"object"}]'
    like = r'["text",[["system","Be \u00e9."]],{"additionalProperties":false,"type":"object"}]'
    drawn = '["image","a figure","1024x1024","auto"]'

    assert tape.text_keys(words, schema) == tuple(hashlib.sha256(one.encode()).hexdigest() for one in (spelt, like))
    assert tape.image_keys("a figure", "1024x1024", None)[0] == hashlib.sha256(drawn.encode()).hexdigest()


@pytest.mark.parametrize("entry", [text(), text(events=chunks()), text(status=400, body={"error": {"code": "x"}})])
def test_a_line_says_all_of_an_entry(entry: Entry) -> None:
    """Read again it is the same, and it is one line of plain ASCII."""
    line = entry.line()

    assert tape.parse(line) == entry
    assert line.isascii()
    assert line.count("\n") == 1


# --- text ------------------------------------------------------------------------------------------------------------


def test_a_recorded_answer_is_played_whatever_the_deployment(replay: Callable[..., Server]) -> None:
    """The model and its settings make no difference to what a request means; the usage is the recorded one."""
    server = replay(text())
    first = chat(server, reasoning_effort="high")
    other = post(server, "/openai/v1/chat/completions", {"messages": MESSAGES, "model": "another"}, params={})

    assert first.json() == other.json() == whole()
    assert first.headers["x-offline-source"] == "tape"
    assert [call.source for call in server.calls] == ["tape", "tape"]


def test_a_recorded_stream_is_played_event_by_event(replay: Callable[..., Server]) -> None:
    """As it came, with [DONE] behind it."""
    assert events(chat(replay(text(events=chunks())), stream=True)) == chunks()


@pytest.mark.parametrize("held", [{"body": whole()}, {"events": chunks()}])
def test_an_answer_comes_in_the_form_that_is_asked_for(replay: Callable[..., Server], held: dict[str, Any]) -> None:
    """Whole or streamed, on either API, however it was recorded; with the recorded model and usage."""
    server = replay(text(**held))
    plain = chat(server).json()
    pieces = run(azure(server), lambda c: streamed(c, stream_options={"include_usage": True}))
    response = run(v1(server), lambda c: c.responses.create(model="x", input=MESSAGES))

    assert plain["choices"][0]["message"]["content"] == text_of(pieces) == response.output_text == SAID
    assert (plain["model"], response.model) == ("gpt-5-real", "gpt-5-real")
    assert plain["usage"]["completion_tokens"] == pieces[-1].usage.completion_tokens == 700
    assert response.usage.output_tokens == 700


def test_recorded_calls_of_tools_come_back(replay: Callable[..., Server]) -> None:
    """From a stream's pieces, for a client that asks for the whole."""

    def piece(**delta: Any) -> dict[str, Any]:
        return {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, **delta}]}, "finish_reason": None}]}

    recorded = [piece(id="call_1", function={"name": "look", "arguments": ""})]
    recorded += [piece(function={"arguments": part}) for part in ('{"at":', '"sea"}')]
    choice = chat(replay(text(events=recorded))).json()["choices"][0]

    assert choice["message"]["tool_calls"][0]["function"] == {"name": "look", "arguments": '{"at":"sea"}'}


def test_a_recorded_error_is_played_and_a_passing_one_is_not(replay: Callable[..., Server]) -> None:
    """A filtered prompt stays filtered; a 429 was of its moment."""
    filtered = {"error": {"code": "content_filter", "message": "filtered"}}
    busy = [{"role": "user", "content": "busy"}]
    server = replay(text(status=400, body=filtered), text(busy, status=429, body={"error": {"code": "429"}}))
    refused = chat(server)

    assert (refused.status_code, refused.json()) == (400, filtered)
    assert chat(server, messages=busy).status_code == 200


def test_what_is_not_on_the_tape_is_answered_and_said_once(
    replay: Callable[..., Server], caplog: pytest.LogCaptureFixture
) -> None:
    """By the offline model, with a header that says so, and one line in the log."""
    server = replay(text())
    other = [{"role": "user", "content": "Something else, as JSON."}]
    with caplog.at_level(logging.WARNING):
        answers = [chat(server, messages=other), chat(server, messages=other), picture(server)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert {answer.headers["x-offline-source"] for answer in answers} == {"model"}
    assert len(caplog.records) == 1
    assert "Not on the tape" in caplog.text


def test_without_a_tape_nothing_is_said_of_one(server: Server) -> None:
    """No header, no log."""
    assert "x-offline-source" not in chat(server).headers


# --- requests that are only like those on the tape -------------------------------------------------------------------

SYSTEM = {"role": "system", "content": "You write items."}


def batch(words: str) -> list[dict[str, Any]]:
    return [SYSTEM, {"role": "user", "content": words}]


def item(name: str) -> dict[str, Any]:
    return whole(json.dumps({"items": [{"name": name}]}))


def test_a_run_that_asks_otherwise_has_the_recorded_answers_too(replay: Callable[..., Server]) -> None:
    """Other hints, another order: each answer is played once, then the model goes on."""
    server = replay(*[text(batch(f"old {n}"), SCHEMA, body=item(f"Baker {n}")) for n in range(2)])
    wanted = {"type": "json_schema", "json_schema": {"name": "items", "schema": SCHEMA}}
    answers = [chat(server, messages=batch(f"new {n}"), response_format=wanted) for n in range(3)]
    other = chat(server, messages=[{"role": "system", "content": "Another."}], response_format=wanted)

    assert ["Baker 0" in said(answers[0]), "Baker 1" in said(answers[1])] == [True, True]
    assert [answer.headers["x-offline-source"] for answer in [*answers, other]] == ["tape", "tape", "model", "model"]


def test_an_answer_that_would_repeat_a_name_is_passed_over(replay: Callable[..., Server]) -> None:
    """What a request says it has already does not come again."""
    server = replay(*[text(batch(f"old {n}"), body=item(f"Baker {n}")) for n in range(2)])
    answer = chat(server, messages=batch("Already used names: Calm Cook, BAKER 0"))

    assert "Baker 1" in said(answer)


def test_the_same_request_again_begins_a_new_run(replay: Callable[..., Server]) -> None:
    """Several answers to one request come in turn; asked for what was played, all of the tape is there again."""
    first = batch("the categories")
    server = replay(text(first, body=item("One")), text(batch("old"), body=item("Baker")))
    played = []
    for _ in range(2):
        played.append(said(chat(server, messages=first)))
        played.append(said(chat(server, messages=batch("new"))))

    assert ["One" in one for one in played] == [True, False, True, False]
    assert ["Baker" in one for one in played] == [False, True, False, True]


# --- pictures --------------------------------------------------------------------------------------------------------


def test_recorded_pictures_are_played(replay: Callable[..., Server], tmp_path: Path) -> None:
    """Byte by byte, several of one prompt in turn, and for another quality where there is none of it."""
    server = replay(image(tmp_path, "a figure", "one"), image(tmp_path, "a figure", "three"))
    options = {"size": "1024x1024", "quality": "low"}
    answers = [picture(server, **options) for _ in range(2)] + [picture(server, size="1024x1024", quality="high")]
    made = [run(azure(server, "gpt-image-1"), lambda c: c.images.generate(prompt="a figure", **options))]

    assert [hashlib.sha256(draw(colour, 64)).hexdigest() for colour in ("one", "three")] == [
        hashlib.sha256(base64.b64decode(answer.json()["data"][0]["b64_json"])).hexdigest() for answer in answers[:2]
    ]
    assert [answer.headers["x-offline-source"] for answer in answers] == ["tape", "tape", "model"]
    assert made[0].usage.output_tokens == 272
    assert "picture" not in answers[0].json()["data"][0]


def test_a_picture_of_another_quality_is_better_than_none(replay: Callable[..., Server], tmp_path: Path) -> None:
    """The recorded one is played once for it."""
    server = replay(image(tmp_path, "a figure", "one", quality="high"))
    answer = post(server, PICTURE, {"prompt": "a figure", "size": "1024x1024", "quality": "low"})

    assert answer.headers["x-offline-source"] == "tape"


def test_pictures_are_kept_once_under_their_hash(tmp_path: Path) -> None:
    """The same bytes are one file; a JPEG says that it is one."""
    names = [tape.keep_picture(tmp_path, data) for data in (b"\x89PNG1", b"\x89PNG1", b"\xff\xd8\xff")]

    assert names[0] == names[1] == hashlib.sha256(b"\x89PNG1").hexdigest() + ".png"
    assert names[2].endswith(".jpg")
    assert sorted(path.name for path in (tmp_path / "pictures").iterdir()) == sorted(set(names))


# --- faults, pace, and tapes that are none ---------------------------------------------------------------------------


def test_faults_strike_a_tape_too(replay: Callable[..., Server]) -> None:
    """A lab on failure can be had with recorded answers."""
    server = replay(text(events=chunks()))
    server.faults.add("503", nth=[1], route="text")
    server.faults.add("stream-error", nth=[2])

    assert chat(server).status_code == 503
    assert "InternalServerError" in chat(server, stream=True).text


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "Expecting property name"),
        ("[]", "not an entry of version 1"),
        ('{"v":2}', "not an entry of version 1"),
        ('{"v":1,"kind":"sound"}', "unknown kind"),
        ('{"v":1,"kind":"text","key":"x","like":"y"}', "SHA-256"),
        (text().line().replace('"status":200', '"status":1'), "status"),
        (text().line().replace('"body"', '"other"'), "either a body or events"),
        (text(events=[]).line().replace("[]", "[3]"), "list of objects"),
        (text().line().replace('"body":{', '"body":[{').rstrip("\n")[:-1] + "]}", "not an object"),
        (
            Entry("image", "0" * 64, "0" * 64, body={"data": [{"picture": "../../key.png"}]}).line(),
            "not the name of a picture",
        ),
        (
            Entry("image", "0" * 64, "0" * 64, body={"data": [{"picture": "0" * 64 + ".png"}]}).line(),
            "is missing",
        ),
        ("[" * 100_000, r"deep|Expecting|recursion"),
    ],
)
def test_a_line_that_is_no_entry_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, why: str
) -> None:
    """By its number and its mistake; the command exits with 2 and no traceback."""
    (tmp_path / "tape.jsonl").write_text(text().line() + line.rstrip("\n") + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=rf"tape\.jsonl, line 2: .*({why})"):
        Tape.load(tmp_path)

    assert __main__.main(["--port", "0", "--replay", str(tmp_path)]) == 2
    assert "line 2" in capsys.readouterr().err


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    """A recorder that was killed leaves one."""
    (tmp_path / "tape.jsonl").write_text(text().line() + text().line()[:50], encoding="utf-8")

    assert len(Tape.load(tmp_path).entries) == 1


def test_a_folder_without_a_tape_is_an_oserror(tmp_path: Path) -> None:
    """Before a port is taken."""
    with pytest.raises(FileNotFoundError):
        Tape.load(tmp_path)


def test_streamed_text_is_played_at_a_pace(serve: Callable[..., Server], waits: list[float]) -> None:
    """So many characters a second after the latency, however long the text; what is not streamed does not wait."""
    server = serve(text_pace=100, text_latency=5)
    answer = chat(server, stream=True)
    characters = sum(
        len(choice["delta"].get("content") or "")
        for event in events(answer)
        for choice in event["choices"]
        if "delta" in choice
    )
    last, began = waits[-1], server.calls[0].started
    waits.clear()
    chat(server)

    assert last - began == pytest.approx(5 + characters / 100, abs=3)
    assert [moment - server.calls[1].started for moment in waits] == [pytest.approx(5, abs=3)]


@pytest.mark.parametrize("pace", [0, -1, float("nan")])
def test_a_pace_must_be_more_than_nothing(serve: Callable[..., Server], pace: float) -> None:
    """Zero would never end."""
    with pytest.raises(ValueError, match="pace of text"):
        serve(text_pace=pace)


def test_a_run_is_played_back_to_another(
    command: Command, stand_in: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The generator's own calls: recorded once, they make the same catalogue twice more, all of it from the tape."""
    from offline_model.writing.writer import answer

    folder = tmp_path_factory.mktemp("tape")

    def write(messages: Any, schema: Any, *, seed: int) -> dict[str, Any]:
        made = answer(messages, schema, seed=seed)
        tape.append(folder, text(messages, schema, body=whole(json.dumps(made))))
        return made

    def paint(prompt: str, size: int) -> bytes:
        name = tape.keep_picture(folder, png(prompt, size))
        keys = tape.image_keys(prompt, "1024x1024", "medium")
        tape.append(folder, Entry("image", *keys, body={"created": 1, "data": [{"picture": name}]}))
        return png(prompt, size)

    command.set(PARALLEL_TEXT_REQUESTS="1")  # one batch after the other, so that both runs need as many
    arguments = ("--target-count", "24", "--batch-size", "8", "--output-dir")
    command.use(serve := stand_in(write=write, draw=paint))
    first = command(*arguments, "one")
    serve.stop()
    command.use(server := stand_in(replay=folder))
    again = [command(*arguments, name) for name in ("two", "three")]
    names = [sorted(item["name"] for item in Folder(command.home / name).catalogue) for name in ("one", "two", "three")]

    assert [first.code, *(result.code for result in again)] == [0, 0, 0]
    assert names[0] == names[1] == names[2]
    assert {call.source for call in server.calls if call.route} == {"tape"}
