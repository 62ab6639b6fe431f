"""Addresses as people paste them lead to the form that a call needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from datagen_lib.addresses import base, resource, split_login, unquoted
from datagen_lib.settings import Settings

AZURE = {
    "AZURE_OPENAI_API_KEY": "0123456789abcdef",
    "AZURE_OPENAI_API_VERSION": "2025-04-01-preview",
    "AZURE_OPENAI_GPT5_DEPLOYMENT": "gpt5",
    "AZURE_OPENAI_IMAGE_DEPLOYMENT": "pictures",
}


@pytest.mark.parametrize(
    "tail",
    [
        "",
        "/",
        "//",
        "/openai",
        "/OpenAI/v1/",
        "/openai/v1/chat/completions",
        "/openai/deployments/gpt5/chat/completions?api-version=2025-01-01-preview",
        "/openai/responses?api-version=preview",
        "/?api-version=2025-04-01-preview",
        "/models",
        "/models/chat/completions?api-version=2024-05-01-preview",
        "/api/projects/lab",
        "/api/projects/lab/openai/v1",
        "#top",
    ],
)
def test_an_azure_address_is_the_resource(tail: str) -> None:
    """Whatever a portal shows behind the resource's address is cut: routes, deployments, projects, queries."""
    assert resource(f"https://lab.openai.azure.com{tail}") == "https://lab.openai.azure.com"


@pytest.mark.parametrize("prefix", ["/team-openai", "/openai-prod", "/gateway"])
def test_a_gateways_own_path_stays(prefix: str) -> None:
    """A path that only begins like a route is the gateway's own."""
    assert resource(f"https://gateway.example{prefix}/openai/") == f"https://gateway.example{prefix}"


@pytest.mark.parametrize(
    ("pasted", "needed"),
    [
        ("http://localhost:8000/v1", "http://localhost:8000/v1"),
        ("http://localhost:8000/v1/", "http://localhost:8000/v1"),
        ("http://localhost:8000/v1/chat/completions", "http://localhost:8000/v1"),
        ("http://localhost:8000/v1/images/generations?x=y", "http://localhost:8000/v1"),
        ("http://localhost:8000/v1/models#x", "http://localhost:8000/v1"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("https://lab.openai.azure.com", "https://lab.openai.azure.com/openai/v1"),
        ("https://lab.openai.azure.com/openai/deployments/g/chat/completions?api-version=1", "https://lab.openai.azure.com/openai/v1"),
        ("https://lab.services.ai.azure.com/api/projects/p", "https://lab.services.ai.azure.com/openai/v1"),
        ("https://lab.services.ai.azure.com/models", "https://lab.services.ai.azure.com/openai/v1"),
    ],
)  # fmt: skip
def test_a_compatible_servers_address_is_its_base(pasted: str, needed: str) -> None:
    """Full paths, queries and fragments are cut; an Azure resource's address gets the route without versions."""
    assert base(pasted) == needed


@pytest.mark.parametrize(
    ("address", "bare", "login"),
    [
        ("https://bob:pa55@host/v1", "https://host/v1", "bob:pa55"),
        ("https://bob:p@ss%2F@host", "https://host", "bob:p@ss/"),
        ("https://host/a@b", "https://host/a@b", ""),
        ("https://host", "https://host", ""),
        ("nonsense@x", "nonsense@x", ""),
    ],
)
def test_a_login_is_taken_out(address: str, bare: str, login: str) -> None:
    """A user and password before the host are taken out, whatever signs the password has."""
    assert split_login(address) == (bare, login)


@pytest.mark.parametrize("text", ['"x"', "'x'", " x ", "\u200bx\u00a0", '" x "', "'\"x\"'", "x"])
def test_quotes_that_docker_keeps_are_taken_off(text: str) -> None:
    """Quotes of an --env-file, blanks and signs that nobody sees are no part of a value."""
    assert unquoted(text) == "x"


@pytest.mark.parametrize("text", ["", '"', "''", '"x', "x'"])
def test_half_a_pair_of_quotes_stays(text: str) -> None:
    """Only a whole pair is taken off."""
    assert unquoted(text) == text.replace("''", "")


def test_every_setting_is_taken_without_its_quotes(home: Path) -> None:
    """docker run --env-file hands the quotes over: all settings work with them."""
    quoted = {name: f'"{value}"' for name, value in AZURE.items()} | {
        "AZURE_OPENAI_ENDPOINT": '"https://lab.openai.azure.com/openai" ',
        "TARGET_COUNT": "'40'",
    }

    settings = Settings.load(environ=quoted, root=home)

    assert settings.azure_openai_endpoint == "https://lab.openai.azure.com"
    assert settings.secrets() == ["0123456789abcdef"]
    assert settings.target_count == 40


def test_a_login_goes_nowhere_else(home: Path) -> None:
    """The password of an address is in no view of the settings, and does not follow to another address."""
    environ = AZURE | {"AZURE_OPENAI_ENDPOINT": "https://bob:pa55-W0RD@gateway.example/openai"}
    settings = Settings.load(environ=environ, root=home)
    moved = settings.changed(azure_openai_endpoint="https://elsewhere.example")
    login = settings.changed(target_count=7).login("azure_openai_endpoint")

    assert settings.azure_openai_endpoint == "https://gateway.example"
    assert login is not None
    assert login.get_secret_value() == "bob:pa55-W0RD"
    assert moved.login("azure_openai_endpoint") is None
    assert "pa55-W0RD" not in f"{settings!r}{settings.public()}{settings.model_dump()}{settings.model_dump_json()}"
    assert "pa55-W0RD" in settings.secrets()
