"""The same refusal a few times in a row is the endpoint's: the run ends, naming the setting."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from conftest import Command
from fakes.service import Answer, Request, Service, chunk, error, events
from service import test_bodies
from service.test_bodies import good


def refusing(route: str, answer: Answer, *, after: int = 0) -> Any:
    """A good service that refuses the calls of one route, once `after` of them were taken."""
    asked = iter(range(10_000))

    def script(request: Request) -> Answer:
        return answer if route in request.path and next(asked) >= after else good(request)

    return script


@pytest.mark.parametrize(
    ("answer", "code", "names"),
    [
        (error(400, "invalid_value", "The model 'x-1' does not exist.", param="model"), 2, "AZURE_OPENAI_IMAGE_DEPLOYMENT"),
        (error(400, "model_not_found", "No."), 2, "AZURE_OPENAI_IMAGE_DEPLOYMENT"),
        (error(400, "unknown_parameter", "Unknown parameter: 'prompt'."), 2, "AZURE_OPENAI_IMAGE_DEPLOYMENT"),
        (error(400, "odd", "Request 4711 is odd."), 2, "AZURE_OPENAI_IMAGE_DEPLOYMENT"),
        (Answer({"detail": "Not today"}, 422), 2, "AZURE_OPENAI_ENDPOINT"),
        (error(400, "billing_hard_limit_reached", "Billing hard limit has been reached"), 1, "quota"),
        (error(402, 402, "Insufficient credits."), 1, "credit"),
        (error(400, "invalid_request", "Your account has insufficient balance."), 1, "credit"),
        (error(400, "Arrearage", "Make sure your account is in good standing."), 1, "credit"),
        (Answer({"error": {"message": "This requires more credits.", "code": 402}}, 403), 1, "credit"),
        (error(400, 400, "Invalid model name passed in model=pictures."), 2, "AZURE_OPENAI_IMAGE_DEPLOYMENT"),
    ],
)  # fmt: skip
def test_a_refusal_of_every_picture_ends_the_run(command: Command, answer: Answer, code: int, names: str) -> None:
    """No picture can be made: a few calls, not one for each item, and no item is blamed."""
    with Service(refusing("images", answer)) as service:
        command.set(**service.settings, PARALLEL_IMAGE_REQUESTS="2")
        assert command("--target-count", "4", "--batch-size", "4", "--dry-run").code == 0
        result = command("--target-count", "4", "--batch-size", "4")

    assert result.code == code
    assert names in result.err
    assert sum("images" in request.path for request in service.requests) <= 4


def test_a_refusal_of_every_batch_is_no_matter_of_its_size(command: Command) -> None:
    """Batches that are all refused alike end the run within the calls under way, with no word of BATCH_SIZE."""
    with Service(refusing("chat", error(400, "odd", "Request 4711 is odd."), after=1)) as service:
        command.set(**service.settings)
        result = command("--target-count", "60", "--batch-size", "4", "--dry-run")

    assert result.code == 2
    assert "BATCH_SIZE" not in result.err
    assert len(service.requests) <= 1 + 3 + 3


@pytest.mark.parametrize(
    "words",
    [
        lambda number: (
            f"Request req_{number:04x}zz rejected for trace {base64.b64encode(bytes([number] * 6)).decode()}"
        ),
        lambda number: " ".join("abcdefghij"[int(digit)] * 3 for digit in str(number)) + " is no good",
    ],
    ids=["ids", "all words"],
)
def test_refusals_with_other_words_end_the_run_too(
    command: Command, monkeypatch: pytest.MonkeyPatch, words: Callable[[int], str]
) -> None:
    """Ids and traces in a refusal do not make it another one; and after eight in a row no words help."""
    numbers = itertools.count(10)

    def script(request: Request) -> Answer:
        return error(400, "bad", words(next(numbers))) if "images" in request.path else good(request)

    monkeypatch.setattr(test_bodies, "FIGURES", 18)
    with Service(script) as service:
        command.set(**service.settings, PARALLEL_IMAGE_REQUESTS="2")
        result = command("--target-count", "18", "--batch-size", "18")

    assert result.code == 2, result.said
    assert sum("images" in request.path for request in service.requests) <= 8 + 3


def test_single_refusals_do_not_end_a_run(command: Command) -> None:
    """Refusals with good answers between are about single items: the others are made."""
    asked = iter(range(1000))

    def script(request: Request) -> Answer:
        if "images" in request.path and next(asked) % 2:
            return error(400, "odd", "This one is odd.")
        return good(request)

    with Service(script) as service:
        command.set(**service.settings, PARALLEL_IMAGE_REQUESTS="1")
        result = command("--target-count", "4", "--batch-size", "4")

    assert result.code == 1
    assert len(command.folder.failures) == 2
    assert len(command.folder.pictures) == 2


USELESS = {
    "a body of another kind": Answer({"detail": "Your plan does not cover this model."}),
    "prose": events(chunk("Sure! 1. Pirates, 2. Robots"), chunk(finish_reason="stop")),
    "nothing": events(chunk(""), chunk(finish_reason="stop")),
    "a refusal": events(chunk(delta={"refusal": "I can't help with that."}), chunk(finish_reason="stop")),
    "cut at its length": events(chunk('{"'), chunk(finish_reason="length")),
    "a filter's verdict": events(chunk(finish_reason="content_filter")),
    "other fields": events(chunk('{"categories": [{"title": "Pirates"}], "items": [{"title": "x"}]}')),
}


@pytest.mark.parametrize("kind", USELESS)
@pytest.mark.parametrize("stage", ["categories", "items"])
def test_answers_that_are_never_of_use_end_the_run(command: Command, kind: str, stage: str) -> None:
    """While no answer was of use, the third of a kind ends the run, in both text stages; all of MAX_RETRIES is not used."""
    with Service(good) as service:
        command.set(**service.settings, MAX_RETRIES="9", PARALLEL_TEXT_REQUESTS="1")
        if stage == "items":
            assert command("--target-count", "4", "--batch-size", "4", "--dry-run").code == 0
        service.script = [USELESS[kind]]
        before = len(service.requests)
        result = command("--target-count", "30", "--batch-size", "4", "--dry-run")

    assert result.code == 1
    assert len(service.requests) - before == 3
    assert "stopped: " in result.said
    assert "Traceback" not in result.said
