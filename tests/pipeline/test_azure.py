"""The whole job against another Azure than the kit's own stand-in: one that was written from the service's facts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from conftest import Command
from fakes.azure import Azure, Temper

Make = Callable[..., Azure]


@pytest.fixture
def azure(command: Command) -> Iterator[Make]:
    """Starts the service and lets the command use it; afterwards every request must have been valid."""
    with ExitStack() as stack:
        services: list[Azure] = []

        def start(**options: object) -> Azure:
            seed = int(options.pop("seed", 0))  # type: ignore[call-overload]
            service = stack.enter_context(Azure(Temper(**options), seed=seed))  # type: ignore[arg-type]
            services.append(service)
            command.set(**service.settings)
            return service

        yield start
    for service in services:
        assert service.problems == []
        assert service.crashes == []


def test_five_variables_are_enough(command: Command, azure: Make) -> None:
    """With nothing but the five variables: a whole catalogue, exit 0, every request valid by the API description."""
    service = azure(wilful=False)

    result = command("--target-count", "60")

    assert result.code == 0, result.said
    command.folder.check(at_least=60)
    assert len(service.calls("image")) == len(command.folder.catalogue) == 60
    assert service.most["image"] <= 4


def test_a_wilful_model(command: Command, azure: Make) -> None:
    """A model that writes too much or too little, in categories of its own choice, costs no more than N + 10 % images."""
    service = azure()

    result = command("--target-count", "60")
    items = command.folder.catalogue

    assert result.code == 0, result.said
    command.folder.check(at_least=60)
    assert len(service.calls("image")) == len(items) <= 66


def test_coverage_stays_even_although_the_model_does_not_care(command: Command, azure: Make) -> None:
    """A model that fills only half of the categories it is offered is led back to the others by the next batches."""
    azure(seed=5)

    command("--target-count", "200", "--batch-size", "10", "--dry-run")
    counts = Counter(item["category"] for item in command.folder.catalogue)

    assert len(counts) >= 18
    assert max(counts.values()) <= 20


@pytest.mark.parametrize("seed", range(4))
def test_a_whole_catalogue_whatever_happens(command: Command, azure: Make, seed: int) -> None:
    """10 % 429, 5 % 5xx, 4 % resets, 10 % malformed, 15 % rule-breaking, 15 % repeated: a whole catalogue and exit 0."""
    service = azure(throttled=0.10, broken=0.05, reset=0.04, malformed=0.10, breaking=0.15, repeated=0.15, seed=seed)

    result = command("--target-count", "90", "--batch-size", "10")
    delivered = Counter(seen.body["prompt"] for seen in service.calls("image") if seen.delivered)

    assert result.code == 0, result.said
    command.folder.check(at_least=90)
    assert len(command.folder.catalogue) <= 99
    assert max(delivered.values()) == 1, "a picture was bought twice"


def test_refused_pictures_are_named(command: Command, azure: Make) -> None:
    """Refused pictures: named in failed_images.log, exit 1, at most two calls each; a later run asks no more of them."""

    def refuses(prompt: str) -> bool:
        return re.search("sailor|baker|mason", prompt) is not None

    service = azure(refuses=refuses)
    result = command("--target-count", "50")
    refused = [item for item in command.folder.catalogue if refuses(item["imagePrompt"])]
    asked = Counter(seen.body["prompt"] for seen in service.calls("image"))

    assert refused
    assert result.code == 1
    assert {failure["productId"] for failure in command.folder.failures} == {item["productId"] for item in refused}
    assert all(failure["reason"] and failure["attempts"] == 2 for failure in command.folder.failures)
    assert all(asked[item["imagePrompt"]] == 2 for item in refused)
    assert len(command.folder.pictures) == len(command.folder.catalogue) - len(refused)


def test_a_wrong_key_is_asked_once_and_shown_nowhere(command: Command, azure: Make) -> None:
    """A service that repeats the key in its refusal: asked at most twice, and the key is nowhere, at DEBUG too."""
    service = azure()
    wrong = "0123456789abcdefWRONG"
    command.set(AZURE_OPENAI_API_KEY=wrong, LOG_LEVEL="DEBUG")

    result = command("--target-count", "20")
    files = b"".join(command.folder.contents().values())

    assert result.code == 2
    assert len(service.seen) <= 2
    assert wrong not in result.said
    assert wrong.encode() not in files
    assert "AZURE_OPENAI_API_KEY" in result.err


def test_the_v1_route(command: Command, azure: Make) -> None:
    """AZURE_OPENAI_API_VERSION=v1 speaks to /openai/v1, without an api-version, the deployments as models."""
    service = azure()
    command.set(AZURE_OPENAI_API_VERSION="v1")

    result = command("--target-count", "5", "--batch-size", "5")

    assert result.code == 0, result.said
    assert {seen.path for seen in service.seen} == {"/openai/v1/chat/completions", "/openai/v1/images/generations"}
    assert {seen.body["model"] for seen in service.calls("image")} == {"painter"}
    assert {seen.body["model"] for seen in service.calls("text")} == {"writer"}


def test_names_that_could_collide_are_sent_within_a_budget(command: Command, azure: Make) -> None:
    """However large the catalogue, a prompt holds a few thousand characters, with names already used among them."""
    service = azure(wilful=False)

    command("--target-count", "400", "--batch-size", "40", "--dry-run")
    last = service.calls("text")[-1].body["messages"][-1]["content"]

    assert "Already used names: " in last
    assert max(len(seen.body["messages"][-1]["content"]) for seen in service.calls("text")) < 6000
    assert last.endswith("items.")
    assert len(re.findall(r"Return exactly", last)) == 1
