"""Whole runs against services whose answers are odd: good ones are taken, bad ones end in words."""

from __future__ import annotations

import base64
import itertools
import json
import re
import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from conftest import Command, png
from factories import THEMES, figure
from fakes.raw import OK, Raw
from fakes.service import Answer, Request, Service, chunk, events

FOUR = ("--target-count", "4", "--batch-size", "4")
Write = Callable[[str], Answer]


def good(text: str) -> Answer:
    return events(chunk(text), chunk(finish_reason="stop"))


def picture(**entry: Any) -> Answer:
    return Answer({"created": 1, "data": [entry]})


def service(write: Write = good, draw: Callable[[Request], Answer] | None = None) -> Callable[[Request], Answer]:
    """A service whose text is good, but comes as `write` wraps it; its pictures are what `draw` answers."""
    numbers = itertools.count(1)

    def script(request: Request) -> Answer:
        if request.method == "GET":
            return Answer(png(request.path), kind="image/png")
        if request.path.partition("?")[0].endswith("/images/generations"):
            whole = base64.b64encode(png(request.body["prompt"])).decode()
            return draw(request) if draw else picture(b64_json=whole)
        asked = request.body["messages"][-1]["content"]
        count = int(re.findall(r"exactly (\d+)", asked)[-1])
        if "categories" in request.body["response_format"]["json_schema"]["schema"]["properties"]:
            names = [f"Theme {chr(65 + n)} Folk" for n in range(count)]
            return write(json.dumps({"categories": [{"name": name, "slug": name.lower()} for name in names]}))
        known = json.loads(re.search(r"Existing categories: (\[.*\])", asked)[1])  # type: ignore[index]
        items = [
            {
                "name": f"Figure Number {next(numbers)} 🔥",
                "description": "It is a figure. It stands on a plate.",
                "category": known[n % len(known)]["name"],
                "imagePrompt": f"Photorealistic LEGO-style minifigure, number {n}, clean background",
            }
            for n in range(count)
        ]
        return write(json.dumps({"items": items}))

    return script


def compatible(url: str) -> dict[str, str]:
    return {
        "DATAGEN_PROVIDER": "openai",
        "OPENAI_BASE_URL": f"{url}/v1",
        "OPENAI_API_KEY": "sk-0123456789abcdef",
        "OPENAI_TEXT_MODEL": "some-text-model",
        "OPENAI_IMAGE_MODEL": "some-image-model",
    }


def whole(text: str) -> dict[str, Any]:
    return {
        "id": "1",
        "object": "chat.completion",
        "choices": [{"message": {"content": text}, "finish_reason": "stop"}],
    }


def retyped(answer: Answer, kind: str) -> Answer:
    answer.kind = kind
    return answer


WRAPPED: dict[str, Write] = {
    "a stream typed as JSON": lambda text: retyped(good(text), "application/json"),
    "a stream typed as text": lambda text: retyped(good(text), "text/plain; charset=utf-8"),
    "JSON typed as a stream": lambda text: Answer(whole(text), kind="text/event-stream"),
    "JSON with an end glued on": lambda text: Answer(json.dumps(whole(text)).encode() + b"data: [DONE]", kind="x"),
    "content in parts": lambda text: good([{"type": "text", "text": text}]),  # type: ignore[arg-type]
    "a tool's call": lambda text: events(chunk(delta={"tool_calls": [{"index": 0, "function": {"arguments": text}}]})),
    "half surrogates": lambda text: good(text.replace("\\udd25", "")),
}  # fmt: skip


@pytest.mark.parametrize("form", WRAPPED)
def test_good_answers_are_taken(command: Command, form: str) -> None:
    """However a good answer is typed and wrapped, a run is complete after one call for each."""
    with Service(service(WRAPPED[form])) as server:
        command.set(**server.settings)
        result = command(*FOUR, "--dry-run")

    assert result.code == 0, result.said
    assert len(server.requests) == 2


LOOSE: dict[str, Write] = {
    "a code fence": lambda text: good(f"```json\n{text}\n```"),
    "thoughts": lambda text: good(f'<think>Is it {{"items": []}}?</think>\n{text}'),
    "a bare array": lambda text: good(json.dumps(next(iter(json.loads(text).values())))),
}


@pytest.mark.parametrize("form", LOOSE)
def test_other_servers_may_wrap_their_json(command: Command, form: str) -> None:
    """From an OpenAI-compatible server a fence, thoughts and a bare array are taken."""
    with Service(service(LOOSE[form])) as server:
        command.set(**compatible(server.url))
        result = command(*FOUR, "--dry-run")

    assert result.code == 0, result.said
    assert len(server.requests) == 2


def test_half_a_pair_reaches_no_file(command: Command) -> None:
    """A lone surrogate in a name is left out of it, and the item is kept."""
    with Service(service(WRAPPED["half surrogates"])) as server:
        command.set(**server.settings)
        assert command(*FOUR, "--dry-run").code == 0

    assert [item["name"] for item in command.folder.catalogue] == [f"Figure Number {n}" for n in range(1, 5)]


def test_a_verdict_that_is_paid_for_is_not_asked_for_twice(command: Command) -> None:
    """A filter's verdict inside a 200 is paid for: one call an item, and the third in a row ends the run."""
    with Service(service(draw=lambda _: Answer({"data": [{"finish_reason": "content_filter"}]}))) as server:
        command.set(**server.settings, PARALLEL_IMAGE_REQUESTS="1")
        result = command("--target-count", "8", "--batch-size", "8")

    prompts = [request.body["prompt"] for request in server.requests if "images" in request.path]
    assert result.code == 1
    assert 3 <= len(prompts) <= 4
    assert len(prompts) == len(set(prompts))
    assert "content filter" in result.said


@pytest.mark.parametrize("place", ["http://127.0.0.1:9/a.png", "ftp://127.0.0.1/a.png", "http://169.254.169.254/a.png"])
def test_a_dead_address_is_no_new_call(command: Command, place: str) -> None:
    """A picture behind an address that can't be fetched is paid for: it is not asked for again in the run."""
    with Service(service(draw=lambda _: picture(url=place))) as server:
        command.set(**compatible(server.url))
        result = command(*FOUR)

    prompts = [request.body["prompt"] for request in server.requests if "images" in request.path]
    assert result.code == 1
    assert len(prompts) == len(set(prompts))
    assert "can't be fetched from its address" in result.said


def test_no_wait_is_longer_than_the_time_allowed(command: Command) -> None:
    """A stream of keep-alive comments ends at REQUEST_TIMEOUT, and the last lines say so."""
    start = OK + b"Content-Type: text/event-stream\r\n\r\n"

    with Raw(lambda _: server.dribble(b": keep-alive\n\n", start)) as server:
        command.set(**compatible(server.url), REQUEST_TIMEOUT="0.3", MAX_RETRIES="0")
        result = command(*FOUR)

    assert result.code == 1
    assert "REQUEST_TIMEOUT" in result.said
    assert len(server.paths) == 1


def test_a_connection_that_hangs_behind_the_last_word_breaks_nothing(command: Command) -> None:
    """All text came, the end of the stream never does: the answer is taken, and no other call is made."""
    start = OK + b"Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

    def script(_: str) -> Iterable[bytes]:
        number = len(server.paths)
        items = {"items": [figure(f"Number {n}") for n in range(4)]}
        told = chunk(json.dumps({"categories": THEMES} if number == 1 else items), finish_reason="stop")
        event = f"data: {json.dumps(told)}\n\n".encode()
        return server.dribble(b"X-Wait: 1\r\n", start + b"%x\r\n%s\r\n0\r\n" % (len(event), event))

    with Raw(script) as server:
        command.set(**compatible(server.url), REQUEST_TIMEOUT="0.3", MAX_RETRIES="0")
        result = command(*FOUR, "--dry-run")

    assert result.code == 0, result.said
    assert len(server.paths) == 2


def test_what_came_instead_is_in_the_last_line(command: Command) -> None:
    """An answer that is not usable is shown as it began, without its escapes, in the last line."""
    with Service([good("I can't do that,\x1b[2J Dave \u202e.")]) as server:
        command.set(**server.settings, MAX_RETRIES="1")
        result = command(*FOUR)

    assert result.code == 1
    assert r"I can't do that,\x1b[2J Dave \u202e." in result.said.splitlines()[-2]
    assert "\x1b" not in result.said
    assert "\u202e" not in result.said


@pytest.fixture(scope="module")
def own_authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this machine that nobody has signed, and its key, in one PEM file."""
    if not shutil.which("openssl"):
        pytest.skip("needs openssl to make a certificate")
    path = tmp_path_factory.mktemp("tls") / "own.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Own CA"]
    options = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", path, "-out", path.with_suffix(".crt")]
    subprocess.run([*made, *options], check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + path.with_suffix(".crt").read_bytes())
    return path


def test_a_gateway_on_this_machine_has_an_authority_of_its_own(command: Command, own_authority: Path) -> None:
    """SSL_CERT_FILE counts for a service on the loopback address too; without it the run ends at once, naming it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own_authority)
    with Service(service(), tls=context) as server:
        command.set(**server.settings)
        refused = command(*FOUR, "--dry-run")
        command.set(SSL_CERT_FILE=str(own_authority.with_suffix(".crt")))
        result = command(*FOUR, "--dry-run")

    assert refused.code == 2
    assert "SSL_CERT_FILE" in refused.said.splitlines()[-1]
    assert result.code == 0, result.said
    assert len(server.requests) == 2
