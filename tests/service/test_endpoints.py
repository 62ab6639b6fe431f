"""The endpoint: where each provider's calls go, and what of this machine's shell goes with them."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from conftest import Command
from fakes.service import Service, error

from datagen_lib.service.endpoints import KINDS, endpoints, reach
from datagen_lib.settings import Settings

AZURE = {
    "AZURE_OPENAI_ENDPOINT": "https://lab.openai.azure.com",
    "AZURE_OPENAI_API_KEY": "0123456789abcdef",
    "AZURE_OPENAI_API_VERSION": "2025-04-01-preview",
    "AZURE_OPENAI_GPT5_DEPLOYMENT": "my-text",
    "AZURE_OPENAI_IMAGE_DEPLOYMENT": "my-pictures",
}
OPENAI = {
    "DATAGEN_PROVIDER": "openai",
    "OPENAI_API_KEY": "sk-0123456789abcdef",
    "OPENAI_TEXT_MODEL": "writer",
    "OPENAI_IMAGE_MODEL": "painter",
}


def load(home: Path, environment: dict[str, str], **more: str) -> Settings:
    return Settings.load(environ=environment | more, root=home)


@pytest.mark.parametrize(
    ("environment", "text", "image"),
    [
        (
            AZURE,
            ("https://lab.openai.azure.com/openai/deployments/my-text", "my-text", "2025-04-01-preview"),
            ("https://lab.openai.azure.com/openai/deployments/my-pictures", None, "2025-04-01-preview"),
        ),
        (
            AZURE | {"AZURE_OPENAI_API_VERSION": "v1"},
            ("https://lab.openai.azure.com/openai/v1", "my-text", None),
            ("https://lab.openai.azure.com/openai/v1", "my-pictures", None),
        ),
        (
            AZURE | {"AZURE_OPENAI_API_VERSION": "Preview"},
            ("https://lab.openai.azure.com/openai/v1", "my-text", "preview"),
            ("https://lab.openai.azure.com/openai/v1", "my-pictures", "preview"),
        ),
        (OPENAI, ("https://api.openai.com/v1", "writer", None), ("https://api.openai.com/v1", "painter", None)),
    ],
)
def test_each_provider_has_its_addresses(home: Path, environment: dict[str, str], text: Any, image: Any) -> None:
    """The address, the model in the body and the api-version, by provider and by kind of call."""
    found = endpoints(load(home, environment))

    for kind, expected in zip(KINDS, (text, image), strict=True):
        endpoint = found[kind]
        assert (endpoint.address, endpoint.model, endpoint.query.get("api-version")) == expected
        assert not endpoint.free
        assert "0123456789abcdef" not in repr(endpoint)


@pytest.mark.parametrize(
    ("environment", "effort", "sent"),
    [
        (AZURE, "", {"reasoning_effort": "low"}),
        (AZURE, "high", {"reasoning_effort": "high"}),
        (AZURE, "none", {}),
        (OPENAI, "", {}),
        (OPENAI, "medium", {"reasoning_effort": "medium"}),
        (OPENAI, "none", {}),
    ],
)
def test_reasoning_effort_none_sends_none(home: Path, environment: Any, effort: str, sent: dict[str, str]) -> None:
    """REASONING_EFFORT=none sends no effort; unset it is low for Azure and not sent to the provider openai."""
    assert endpoints(load(home, environment, REASONING_EFFORT=effort))["text"].extras == sent


def test_the_offline_model_runs_while_it_is_reached(home: Path) -> None:
    """Offline the address is that of a server of this process, which is gone when nobody needs it any more."""

    async def work() -> tuple[str, bool]:
        async with reach(load(home, {})) as found:
            address = found["image"].address
            open_then = await answers(address)
        return address, open_then and not await answers(address)

    async def answers(address: str) -> bool:
        try:
            await asyncio.to_thread(urllib.request.urlopen, address)
        except urllib.error.HTTPError as error:
            error.close()
            return True
        except urllib.error.URLError:
            return False
        return True

    address, ran = asyncio.run(work())

    assert address.startswith("http://127.0.0.1:")
    assert address.endswith("/openai/deployments/gpt-image-1")
    assert ran


def test_the_shells_organisation_goes_to_openai_only(command: Command) -> None:
    """OPENAI_ORG_ID and OPENAI_PROJECT_ID of the shell reach the provider openai, and no other service."""
    seen: dict[str, set[str]] = {}
    command.set(OPENAI_ORG_ID="org-of-the-shell", OPENAI_PROJECT_ID="project-of-the-shell")
    for version in ("2025-04-01-preview", "v1", "openai"):
        with Service([error(401, "401")]) as service:
            if version == "openai":
                command.set(**OPENAI, OPENAI_BASE_URL=f"{service.url}/v1")
            else:
                command.set(**service.settings | {"AZURE_OPENAI_API_VERSION": version})
            command("--target-count", "2")
        seen[version] = {name for request in service.requests for name in request.headers if name.startswith("openai-")}

    assert seen == {"2025-04-01-preview": set(), "v1": set(), "openai": {"openai-organization", "openai-project"}}
