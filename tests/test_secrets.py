"""No key is shown: not in a repr, a log line, a traceback, a file, whatever goes wrong and however much is logged."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Command, calls
from fakes.service import Answer, Service, error
from service.test_bodies import good

from datagen_lib.errors import DatagenError
from datagen_lib.runner import run_sync
from datagen_lib.service import retry
from datagen_lib.service.client import Client
from datagen_lib.settings import Settings
from offline_model import Fault, Faults, Server

Start = Callable[..., Server]
KEY = "S3cr3tK3yThatNobodyMaySee0123456789"


def keyed(home: Path, **more: str) -> Settings:
    return Settings.load(
        environ={
            "AZURE_OPENAI_ENDPOINT": "http://127.0.0.1:9",
            "AZURE_OPENAI_API_KEY": KEY,
            "AZURE_OPENAI_API_VERSION": "2025-04-01-preview",
            "AZURE_OPENAI_GPT5_DEPLOYMENT": "gpt5",
            "AZURE_OPENAI_IMAGE_DEPLOYMENT": "gpt-image-1",
            **more,
        },
        root=home,
    )


def test_no_view_of_the_settings_shows_the_key(home: Path) -> None:
    """repr, str, format, model_dump, JSON, the public view, a copy's repr: the key is in none of them."""
    settings = keyed(home)
    views = [
        repr(settings),
        str(settings),
        f"{settings!r:>10}",
        repr(settings.model_dump()),
        settings.model_dump_json(),
        json.dumps(settings.public(), default=str),
        repr(vars(settings)),
        repr(copy.deepcopy(settings)),
        repr(list(settings)),
        repr(settings.azure_openai_api_key),
        Settings.model_json_schema().__repr__(),
    ]

    assert not [view for view in views if KEY in view]
    assert settings.secrets() == [KEY]
    assert pickle.loads(pickle.dumps(settings)) == settings


def test_no_view_of_the_client_shows_the_key(home: Path) -> None:
    """Neither the client's repr nor its attributes' do."""
    client = Client(keyed(home))

    assert KEY not in repr(client)
    assert KEY not in repr(vars(client))


@pytest.mark.parametrize(
    "bad", [{"TARGET_COUNT": "many"}, {"AZURE_OPENAI_API_KEY": KEY + " x"}, {"AZURE_OPENAI_ENDPOINT": "nowhere"}]
)
def test_a_settings_error_does_not_show_the_key(home: Path, bad: dict[str, str]) -> None:
    """A message about bad settings, its traceback and all its causes leave the key out, even where the key is bad."""
    with pytest.raises(DatagenError) as raised:
        keyed(home, **bad)

    assert KEY not in "".join(traceback.format_exception(raised.value))


def echo(request: Any) -> Answer:
    """A service that repeats whatever credentials it was sent, as some gateways do."""
    sent = request.headers.get("api-key") or request.headers.get("authorization", "")
    return error(echo.status, "odd", f"Denied: {sent}", innererror={"code": sent, "note": sent})  # type: ignore[attr-defined]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 410, 422, 429, 500, 503])
@pytest.mark.parametrize("version", ["2025-04-01-preview", "v1"])
def test_a_service_that_repeats_the_key(command: Command, status: int, version: str) -> None:
    """Whatever status a service repeats the key with: it is in no output at DEBUG and in no file."""
    echo.status = status  # type: ignore[attr-defined]
    with Service(echo) as service:
        command.set(**service.settings | {"AZURE_OPENAI_API_KEY": KEY, "AZURE_OPENAI_API_VERSION": version})
        command.set(LOG_LEVEL="DEBUG", MAX_RETRIES="1")
        result = command("--target-count", "2")

    assert result.code in {1, 2}
    assert service.requests
    assert KEY not in result.said
    assert KEY.encode() not in b"".join(command.folder.contents().values())
    if status in {401, 403, 404, 410}:
        assert len(service.requests) <= 2


def test_a_whole_run_at_debug_shows_no_key(command: Command, stand_in: Start) -> None:
    """A whole run with faults at LOG_LEVEL=DEBUG logs a lot, and the key nowhere; nor do the files have it."""
    server = stand_in(
        key=KEY, faults=Faults(Fault("429", rate=0.2), Fault("cut", rate=0.1), Fault("malformed", rate=0.2))
    )
    command.use(server)
    command.set(LOG_LEVEL="DEBUG")

    result = command("--target-count", "12", "--batch-size", "6")

    assert result.code == 0, result.said
    assert "DEBUG" in result.err
    assert KEY not in result.said
    assert KEY.encode() not in b"".join(command.folder.contents().values())


def test_the_provider_openai_shows_no_key_either(command: Command) -> None:
    """The same for OPENAI_API_KEY and its Authorization header."""
    echo.status = 500  # type: ignore[attr-defined]
    with Service(echo) as service:
        command.set(
            DATAGEN_PROVIDER="openai",
            OPENAI_BASE_URL=f"{service.url}/v1",
            OPENAI_API_KEY=KEY,
            OPENAI_TEXT_MODEL="a",
            OPENAI_IMAGE_MODEL="b",
            LOG_LEVEL="DEBUG",
        )
        result = command("--target-count", "2")

    assert result.code == 1
    assert KEY not in result.said


def test_no_traceback_shows_the_key(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The error that reaches a caller, its causes and the library's log records hold no key: text for a notebook."""
    echo.status = 401  # type: ignore[attr-defined]
    caplog.set_level(logging.DEBUG, logger="datagen_lib")

    async def work(service: Service) -> None:
        settings = keyed(home, AZURE_OPENAI_ENDPOINT=service.url)
        async with Client(settings) as client:
            await client.picture("A figure")

    with Service(echo) as service, retry.testing(), pytest.raises(DatagenError) as raised:
        run_sync(work(service))

    assert KEY not in str(raised.value)
    assert KEY not in repr(raised.value)
    assert KEY not in "".join(record.getMessage() for record in caplog.records if record.name.startswith("datagen_lib"))
    assert KEY not in "".join(traceback.format_exception(raised.value))


# -- a wrong key -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("images_only", [False, True])
def test_a_wrong_key_is_asked_at_most_twice(command: Command, stand_in: Start, images_only: bool) -> None:
    """A wrong key, in a new run and in a resume that only lacks pictures: two requests at most, exit 2, no blame."""
    server = stand_in()
    command.use(server)
    if images_only:
        assert command("--target-count", "30", "--dry-run").code == 0
    before = len(server.calls)
    command.set(AZURE_OPENAI_API_KEY=KEY, LOG_LEVEL="DEBUG")

    result = command("--target-count", "30", *(["--resume"] if images_only else []))

    assert result.code == 2
    assert 1 <= len(server.calls) - before <= 2
    assert "AZURE_OPENAI_API_KEY" in result.err
    assert KEY not in result.said
    assert command.folder.failures == []
    assert KEY.encode() not in b"".join(command.folder.contents().values())


def test_a_key_that_expires_stops_the_run(command: Command, stand_in: Start) -> None:
    """A key that is withdrawn in the midst of the pictures stops the run within the calls in flight; all is kept."""
    server = stand_in()
    command.use(server)
    command("--target-count", "20", "--dry-run")
    server.faults = Faults(Fault("401", route="image", nth=range(6, 1000)))

    result = command("--target-count", "20")

    assert result.code == 2
    assert len(calls(server, "image")) <= 5 + 4
    assert len(command.folder.pictures) == 5
    assert command.folder.failures == []


def test_a_password_in_the_address_is_nowhere(command: Command) -> None:
    """A user and password in the endpoint let the run in, and are in no output at DEBUG, no file and no table."""
    from datagen_lib.notebook.preflight import settings_table

    def script(request: Any) -> Answer:
        if request.headers.get("authorization") == "Basic Ym9iOnBhNTUtVzBSRC14eXo=":
            return good(request)
        return error(401, "401")

    with Service(script) as service:
        address = service.url.replace("//", "//bob:pa55-W0RD-xyz@") + "/openai?code=c0de-W0RD"
        command.set(**service.settings | {"AZURE_OPENAI_ENDPOINT": address}, LOG_LEVEL="DEBUG")
        result = command("--target-count", "4", "--batch-size", "4")
        table = settings_table().to_string()

    shown = result.said + table + repr(command.folder.contents())
    assert result.code == 0, result.said
    assert "pa55-W0RD-xyz" not in shown
    assert "c0de-W0RD" not in shown
