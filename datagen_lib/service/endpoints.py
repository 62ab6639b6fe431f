"""Where the calls of a run go: one `Endpoint` for each kind of call, made by one factory for each provider.

All that is known of a provider stands here: its address, who is let in, what it takes, and which setting to blame.

    provider   address                                      model in the body      key goes as     said to be free
    azure      ENDPOINT/openai/deployments/NAME             text: NAME; image: -   api-key         no
    azure, v1  ENDPOINT/openai/v1                           NAME                   Authorization   no
    openai     OPENAI_BASE_URL                              NAME                   Authorization   no
    offline    the loopback server's, once it has started   as azure               api-key         yes

A further provider is one more factory in `FACTORIES`. Text and pictures may come from different ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from pydantic import SecretStr

from datagen_lib.errors import SetupError
from datagen_lib.events import Kind
from datagen_lib.network import is_loopback
from datagen_lib.settings import RECOMMENDED_API_VERSION, Settings, variable

OPENAI = "https://api.openai.com/v1"
KINDS: tuple[Kind, ...] = ("text", "image")
NO_KEY = SecretStr("")


@dataclass(frozen=True)
class Blame:
    """The variables that a user changes where the endpoint refuses."""

    address: str
    key: str
    model: str
    version: str = ""


@dataclass(frozen=True)
class Endpoint:
    """Where one kind of call goes, and how.

    Attributes:
        kind: the kind of call.
        provider: the provider's name, as DATAGEN_PROVIDER has it.
        name: the deployment or model, as the user calls it; the price is looked up by it.
        address: what comes before `/chat/completions` and `/images/generations`; "" until the server has started.
        key: the credential.
        blame: the variables to name in an error.
        model: the `model` in the body, or None to send none.
        query: what each address ends with, such as the api-version.
        bearer: whether the key goes as `Authorization: Bearer`, else as `api-key`.
        free: whether its calls cost nothing.
        inherits: whether the SDK's own variables (OPENAI_ORG_ID and the like) are meant for it.
        lenient: whether its models wrap the JSON that was asked for, in a code fence or behind thoughts.
        extras: parameters that the call can do without, with their values; not every model takes them.
        login: the user and password that stood in the address ("user:password"), or None.
    """

    kind: Kind
    provider: str
    name: str
    address: str
    key: SecretStr
    blame: Blame
    model: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    bearer: bool = False
    free: bool = False
    inherits: bool = False
    lenient: bool = False
    extras: Mapping[str, str] = field(default_factory=dict)
    login: SecretStr | None = None

    @property
    def local(self) -> bool:
        """Whether it is on this machine, so that no proxy stands between."""
        return self.provider == "offline" or is_loopback(self.address)


def endpoints(settings: Settings) -> dict[Kind, Endpoint]:
    """Where the text and the image calls go. Nothing is started and nothing is asked."""
    return {kind: FACTORIES[settings.provider](settings, kind) for kind in KINDS}


KEPT_CALLS = 100  # that the offline model remembers: nobody reads them here


@asynccontextmanager
async def reach(settings: Settings) -> AsyncIterator[dict[Kind, Endpoint]]:
    """The endpoints, ready to be called; the offline model runs for as long as they are in use."""
    found = endpoints(settings)
    if not any(endpoint.provider == "offline" for endpoint in found.values()):
        yield found
        return
    from offline_model import start  # a server, which only an offline run needs

    try:
        server = await asyncio.to_thread(
            start, replay=settings.replay_dir, text_pace=settings.offline_text_pace, keep_calls=KEPT_CALLS
        )
    except (OSError, ValueError) as error:
        if settings.replay_dir is None:
            raise
        raise SetupError(
            f"the tape in {settings.replay_dir} can't be played: {error}",
            hint="Name a folder that --record has written, with --replay or REPLAY_DIR.",
        ) from error
    try:
        yield {
            kind: _started(endpoint, server.url, server.key) if endpoint.provider == "offline" else endpoint
            for kind, endpoint in found.items()
        }
    finally:
        await asyncio.to_thread(server.stop)


def _started(endpoint: Endpoint, url: str, key: str) -> Endpoint:
    return replace(endpoint, address=_deployment(url, endpoint.name), key=SecretStr(key))


def _deployment(url: str, name: str) -> str:
    return f"{url}/openai/deployments/{name}"


def _azure(settings: Settings, kind: Kind) -> Endpoint:
    field_name = "azure_openai_gpt5_deployment" if kind == "text" else "azure_openai_image_deployment"
    name, version = str(getattr(settings, field_name)), str(settings.azure_openai_api_version)
    dated = version not in {"v1", "preview"}
    return Endpoint(
        kind=kind,
        provider="azure",
        name=name,
        address=_deployment(str(settings.azure_openai_endpoint), name)
        if dated
        else f"{settings.azure_openai_endpoint}/openai/v1",
        key=settings.azure_openai_api_key or NO_KEY,
        blame=Blame(
            address=variable("azure_openai_endpoint"),
            key=variable("azure_openai_api_key"),
            model=variable(field_name),
            version=variable("azure_openai_api_version"),
        ),
        # On the deployment's own address an image call takes only a real model's name, or none.
        model=None if dated and kind == "image" else name,
        query={} if version == "v1" else {"api-version": version},
        bearer=not dated,
        extras=_extras(settings, kind, effort="low"),
        login=settings.login("azure_openai_endpoint"),
    )


def _openai(settings: Settings, kind: Kind) -> Endpoint:
    field_name = "openai_text_model" if kind == "text" else "openai_image_model"
    name = str(getattr(settings, field_name))
    return Endpoint(
        kind=kind,
        provider="openai",
        name=name,
        address=settings.openai_base_url or OPENAI,
        key=settings.openai_api_key or NO_KEY,
        blame=Blame(
            address=variable("openai_base_url"),
            key=variable("openai_api_key"),
            model=variable(field_name),
        ),
        model=name,
        bearer=True,
        inherits=True,
        lenient=True,
        extras=_extras(settings, kind, effort=None),
        login=settings.login("openai_base_url"),
    )


def _offline(settings: Settings, kind: Kind) -> Endpoint:
    name = "gpt-5" if kind == "text" else "gpt-image-1"
    return Endpoint(
        kind=kind,
        provider="offline",
        name=name,
        address="",
        key=NO_KEY,
        blame=Blame(address=variable("provider"), key=variable("provider"), model=variable("provider")),
        model=name if kind == "text" else None,
        query={"api-version": RECOMMENDED_API_VERSION},
        free=True,
        extras=_extras(settings, kind, effort="low"),
    )


def _extras(settings: Settings, kind: Kind, *, effort: str | None) -> dict[str, str]:
    """What the settings ask for beside the request itself; `effort` is sent where none is set."""
    if kind == "image":
        return {"quality": settings.image_quality, "output_format": "png"}
    wanted = settings.reasoning_effort or effort
    return {} if wanted in {None, "none"} else {"reasoning_effort": str(wanted)}


FACTORIES: Mapping[str, Callable[[Settings, Kind], Endpoint]] = {
    "azure": _azure,
    "openai": _openai,
    "offline": _offline,
}
