"""A run is recorded and played back: the same catalogue, real pictures included, without a key or a call."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from conftest import Command, Folder, png
from PIL import Image

from datagen_lib.service import tape as recorder
from datagen_lib.service.tape import Tape
from offline_model import Fault, Faults, Server
from offline_model.server import tape as player

Start = Callable[..., Server]
RUN = ("--target-count", "24", "--batch-size", "8")
KEY = "S3cr3tK3yThatNobodyMaySee0123456789"


def catalogue(folder: Folder) -> list[dict[str, Any]]:
    """What is in the catalogue but for the ids, which each run draws anew."""
    drawn = {"productId", "filename"}
    return sorted(
        ({name: value for name, value in item.items() if name not in drawn} for item in folder.catalogue),
        key=lambda item: item["name"],
    )


def pixels(folder: Folder) -> dict[str, bytes]:
    """Each item's picture, decoded."""
    found = {}
    for item in folder.catalogue:
        with Image.open(folder / f"images/{item['filename']}") as picture:
            found[item["name"]] = picture.convert("RGB").tobytes()
    return found


def entries(home: Path) -> list[player.Entry]:
    """The tape, as its player reads it."""
    return player.Tape.load(home / "tape").entries


@pytest.fixture
def one_by_one(command: Command) -> Command:
    """Batches one after the other, so that both runs need as many."""
    command.set(PARALLEL_TEXT_REQUESTS="1", IMAGE_SIZE="64")
    return command


def without_azure(patch: pytest.MonkeyPatch, server: Server) -> None:
    for name in server.settings:
        patch.delenv(name, raising=False)


def test_a_recorded_run_is_played_back_whole(
    one_by_one: Command, stand_in: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Into another folder, without a key: the same items, the same pictures, and no call to the first server."""
    server = stand_in()
    one_by_one.use(server)
    first = one_by_one(*RUN, "--record", "tape", "--output-dir", "one")
    made = len(server.calls)
    again = one_by_one(*RUN, "--replay", "tape", "--output-dir", "two")
    without_azure(monkeypatch, server)
    third = one_by_one(*RUN, "--replay", "tape", "--output-dir", "three")
    one, *others = [Folder(one_by_one.home / name) for name in ("one", "two", "three")]

    assert [first.code, again.code, third.code] == [0, 0, 0], first.said + again.said + third.said
    assert len(server.calls) == made
    assert "Playing back" in again.err
    assert "ot on the tape" not in again.err
    for other in others:
        assert catalogue(other) == catalogue(one)
        assert pixels(other) == pixels(one)
        assert other.report["cost_usd"] == 0


def test_the_tape_holds_no_key_no_header_and_no_address(one_by_one: Command, stand_in: Start) -> None:
    """A line has the members that the format names; nothing of the request is readable in it."""
    server = stand_in(key=KEY)
    one_by_one.use(server)
    one_by_one(*RUN, "--record", "tape", "--output-dir", "one")
    text = (one_by_one.home / "tape" / "tape.jsonl").read_text(encoding="ascii")
    lines = [json.loads(line) for line in text.splitlines()]
    held = [path.read_bytes() for path in (one_by_one.home / "tape").rglob("*") if path.is_file()]

    assert {frozenset(line) for line in lines} == {
        frozenset({"v", "kind", "key", "like", "status", last}) for last in ("body", "events")
    }
    assert not [data for data in held if KEY.encode() in data]
    assert server.url not in text
    assert not [word for word in ("api-key", "x-request-id", "You write", "b64_json", "authorization") if word in text]


def test_what_passes_is_not_recorded_and_what_is_filtered_is(one_by_one: Command, stand_in: Start) -> None:
    """429, 5xx and cut answers are of their moment; a filter's refusal is an answer."""
    faults = Faults(
        Fault("429", nth={2, 9}, retry_after=0),
        Fault("503", nth={5}),
        Fault("cut-body", nth={4}),
        Fault("moderation_blocked", nth={12}),
    )
    one_by_one.use(stand_in(faults=faults))
    result = one_by_one(*RUN, "--record", "tape", "--output-dir", "one")

    assert result.code == 0, result.said
    assert {entry.status for entry in entries(one_by_one.home)} == {200, 400}


def test_a_second_run_goes_on_behind_the_first(one_by_one: Command, stand_in: Start) -> None:
    """A tape that ends in a torn line is mended; what was recorded before stays."""
    one_by_one.use(stand_in())
    one_by_one("--target-count", "4", "--record", "tape", "--output-dir", "one")
    path = one_by_one.home / "tape" / "tape.jsonl"
    before = path.read_bytes()
    path.write_bytes(before + b'{"v":1,"kind":"te')
    one_by_one("--target-count", "8", "--record", "tape", "--output-dir", "one")

    assert path.read_bytes().startswith(before)
    assert len(entries(one_by_one.home)) > before.count(b"\n")


def test_what_is_not_on_the_tape_is_made_and_said_once(one_by_one: Command, stand_in: Start) -> None:
    """More items than were recorded: the offline model makes the rest."""
    one_by_one.use(stand_in())
    one_by_one("--target-count", "4", "--record", "tape", "--output-dir", "one")
    result = one_by_one("--target-count", "30", "--replay", "tape", "--output-dir", "two")

    assert result.code == 0, result.said
    assert result.err.count("ot on the tape") == 1
    Folder(one_by_one.home / "two").check(at_least=30, size=64)


def test_a_recording_that_fails_is_said_and_ends_no_run(
    one_by_one: Command, stand_in: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk of the tape is full after some lines: one warning, and a whole catalogue."""
    line, left = Tape.line, iter(range(3))

    def full(self: Tape, *values: Any, **held: Any) -> None:
        if next(left, None) is None:
            raise OSError(28, "No space left on device")
        line(self, *values, **held)

    monkeypatch.setattr(Tape, "line", full)
    one_by_one.use(stand_in())
    result = one_by_one(*RUN, "--record", "tape", "--output-dir", "one")

    assert result.code == 0
    assert result.err.count("The recording in") == 1
    assert "No space left" in result.err
    assert len(entries(one_by_one.home)) == 3
    Folder(one_by_one.home / "one").check(at_least=24, size=64)


def test_a_folder_that_can_hold_no_tape_is_said_before_a_call_is_paid(one_by_one: Command, stand_in: Start) -> None:
    """Exit 2, naming the flag; the server saw nothing."""
    (one_by_one.home / "tape").write_text("a file", encoding="utf-8")
    server = stand_in()
    one_by_one.use(server)
    result = one_by_one(*RUN, "--record", "tape", "--output-dir", "one")

    assert result.code == 2
    assert "--record" in result.err
    assert not server.calls


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--replay", "nowhere"), "tape.jsonl"),
        (("--replay", "tape", "--record", "tape"), "RECORD_DIR"),
        (("--replay", "tape", "--provider", "azure"), "offline model"),
        (("--replay", "broken"), "line 1"),
    ],
)
def test_what_can_not_be_played_is_refused(
    one_by_one: Command, stand_in: Start, arguments: tuple[str, ...], words: str
) -> None:
    """No tape there, the folder that is recorded in, a provider that is asked for, a line that is none: exit 2."""
    one_by_one.use(stand_in())
    for name, text in (("tape", ""), ("broken", "{}\n")):
        (one_by_one.home / name).mkdir()
        (one_by_one.home / name / "tape.jsonl").write_text(text, encoding="utf-8")
    result = one_by_one(*RUN, *arguments, "--output-dir", "one")

    assert result.code == 2
    assert words in result.err


# -- answers of other servers ------------------------------------------------------------------------------------------


def request(text: str = "x") -> bytes:
    return json.dumps({"messages": [{"role": "user", "content": text}], "stream": True}).encode()


@contextmanager
def taping(folder: Path, *secrets: str) -> Iterator[Tape]:
    tape = Tape(folder, secrets)
    yield tape
    tape.close()


@pytest.mark.parametrize(
    ("body", "how", "kept"),
    [
        (b'data: {"choices": []}\n\ndata: [DONE]\n\n', "broken", 1),  # its end came before the cut
        (b'data: {"choices": []}\n\n', "broken", 0),
        (b'data: {"choices": []}\n\ndata: {"cho', "closed", 1),  # we had enough
        (b'data: {"choices": []}\n\ndata: {"cho', "whole", 0),
        (b'{"choices": [{"message": {"content": "x"}}]}', "whole", 1),
        (b'{"error": {"code": "server_error"}}', "whole", 0),
        (b"<html>sign in</html>", "whole", 0),
        (b"", "whole", 0),
    ],
)
def test_only_a_whole_answer_is_kept(tmp_path: Path, body: bytes, how: recorder.End, kept: int) -> None:
    """Whole, or closed by us once we had enough; what was cut, broken or no answer is not."""
    with taping(tmp_path) as tape:
        answer = tape.hear("/chat/completions", request(), 200)
        assert answer is not None
        answer.piece(body[:10])
        answer.piece(body[10:])
        answer.end(how)
        answer.end("broken")  # only the first counts

    assert len(player.Tape.load(tmp_path).entries) == kept


def test_a_picture_behind_an_address_is_kept_without_it(tmp_path: Path) -> None:
    """The bytes are those that were fetched; the address, which may hold a signature, is not on the tape."""
    address = "https://pictures.example/1.png?sig=secret"

    async def fetch(_: str) -> bytes:
        return png("a figure", 64)

    with taping(tmp_path) as tape:
        answer = tape.hear("/images/generations", b'{"prompt": "a figure"}', 200)
        assert answer is not None
        answer.piece(json.dumps({"created": 1, "data": [{"url": address}]}).encode())
        answer.end("whole")
        tape._writer.submit(lambda: None).result()
        fetched = asyncio.run(tape.through(fetch)(address))
    played = player.Tape.load(tmp_path)

    assert played.picture(played.entries[0].body["data"][0]["picture"]) == fetched  # type: ignore[index]
    assert "secret" not in (tmp_path / "tape.jsonl").read_text(encoding="ascii")


def test_a_key_that_a_service_repeats_is_masked(tmp_path: Path) -> None:
    """In an answer as in a refusal, whatever stands in the key."""
    key = 'a"key\\here'
    with taping(tmp_path, key) as tape:
        answer = tape.hear("/chat/completions", request(), 200)
        assert answer is not None
        answer.piece(json.dumps({"choices": [{"message": {"content": f"is {key}"}}]}).encode())
        answer.end("whole")
    (entry,) = player.Tape.load(tmp_path).entries

    assert entry.body == {"choices": [{"message": {"content": "is ***"}}]}


def test_the_hashes_are_those_of_the_player(tmp_path: Path) -> None:
    """Of a text with parts and a schema, and of a picture with and without its quality."""
    messages = [
        {"role": "system", "content": "Be é."},
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"text": "b"}]},
    ]
    schema = {"type": "object"}
    asked = {"messages": messages, "response_format": {"type": "json_schema", "json_schema": {"schema": schema}}}
    drawn = {"prompt": "a figure", "size": "1024x1024"}

    assert recorder._keys("text", asked) == player.text_keys(messages, schema)
    assert recorder._keys("image", drawn) == player.image_keys("a figure", "1024x1024", None)
    assert recorder._keys("image", {**drawn, "quality": "low"}) == player.image_keys("a figure", "1024x1024", "low")
