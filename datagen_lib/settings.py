"""The settings: explicit arguments > environment > `.env` > defaults, checked once, then frozen.

Each field says its bounds, its description, the environment variable and, where there is one, the flag; the command
line's help, the notebooks' form and the README's tables all read them from here. An empty value is an unset one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from .errors import SettingsError

Provider = Literal["auto", "azure", "openai", "offline"]

RECOMMENDED_API_VERSION = "2025-04-01-preview"
MIN_API_VERSION = "2025-04-01"  # the first that knows gpt-image; structured outputs and reasoning_effort are older
REQUIRED = {
    "azure": (
        "azure_openai_endpoint",
        "azure_openai_api_key",
        "azure_openai_api_version",
        "azure_openai_gpt5_deployment",
        "azure_openai_image_deployment",
    ),
    "openai": ("openai_api_key", "openai_text_model", "openai_image_model"),
    "offline": (),
}
_PLACEHOLDER = re.compile(r"^(your[_-].*|<.*>|changeme|xxx+)$", re.IGNORECASE)


def _option(default: Any, description: str, *, env: str | None = "", flag: str = "", **bounds: Any) -> Any:
    """A field that knows its variable (`env=""`: the field's name in capitals; None: flag only) and its flag."""
    return Field(default, description=description, json_schema_extra={"env": env, "flag": flag}, **bounds)


class Settings(BaseModel):
    """All that a run depends on. Make one with `Settings.load(...)`, which reads the environment and `.env` too."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True)

    provider: Provider = _option(
        "auto",
        "Who makes texts and pictures: auto takes Azure when any AZURE_OPENAI_* is set, else the offline model",
        env="DATAGEN_PROVIDER",
        flag="--provider",
    )
    azure_openai_endpoint: str | None = _option(None, "The resource, such as https://NAME.openai.azure.com")
    azure_openai_api_key: SecretStr | None = _option(None, "Its key")
    azure_openai_api_version: str | None = _option(
        None, f"{RECOMMENDED_API_VERSION} or later, or v1 for the route without versions"
    )
    azure_openai_gpt5_deployment: str | None = _option(None, "Name of the gpt-5 deployment (text)")
    azure_openai_image_deployment: str | None = _option(None, "Name of the gpt-image deployment (pictures)")
    openai_base_url: str | None = _option(None, "Provider openai: the server, such as http://localhost:8000/v1")
    openai_api_key: SecretStr | None = _option(None, "Provider openai: its key")
    openai_text_model: str | None = _option(None, "Provider openai: the text model")
    openai_image_model: str | None = _option(None, "Provider openai: the image model")

    output_dir: Path = _option(
        Path("data_seed"), "Where everything goes; relative to the project's root", flag="--output-dir"
    )
    target_count: int = _option(200, "Items in all", flag="--target-count", ge=1, le=1_000_000)
    batch_size: int = _option(20, "Items asked for in one text call", flag="--batch-size", ge=1, le=100)
    image_size: int = _option(1024, "Pixels, square; below 1024 the picture is scaled down here", ge=64, le=1024)
    image_quality: Literal["low", "medium", "high", "auto"] = _option(
        "medium", "Quality asked of the image model, which sets its price", flag="--image-quality"
    )
    parallel_image_requests: int = _option(
        4, "Image calls under way at once, at most", flag="--parallel-image-requests", ge=1, le=64
    )
    parallel_text_requests: int = _option(4, "Text calls under way at once, at most", ge=1, le=32)
    image_requests_per_minute: float | None = _option(None, "Quota of the image deployment, where you know it", gt=0)
    text_requests_per_minute: float | None = _option(None, "Quota of the text deployment, where you know it", gt=0)
    max_retries: int = _option(5, "Further tries of a call that failed for a passing reason", ge=0, le=20)
    request_timeout: float = _option(600, "Seconds until a call is given up", gt=0, le=3600)
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high"] | None = _option(
        None, "How long a gpt-5 thinks; none sends nothing; unset: low, and nothing to the provider openai"
    )
    max_cost_usd: float | None = _option(
        None, "Stop before this run would cost more, in US dollars", flag="--max-cost", ge=0
    )
    prices_file: Path | None = _option(None, "A price table of your own, in the form of datagen_lib/prices.json")
    dry_run: bool = _option(False, "Categories and items, no pictures", flag="--dry-run")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = _option(
        "INFO", "How much is said on standard error", flag="--log-level"
    )

    force_categories: bool = _option(
        False, "Make the categories again, where no item uses them yet", env=None, flag="--force-categories"
    )
    force_images: bool = _option(False, "Make all pictures again", env=None, flag="--force-images")
    resume: bool = _option(
        False, "Add nothing to a complete catalogue: only fill in its pictures", env=None, flag="--resume"
    )
    adopt: Literal["azure", "openai", "offline"] | None = _option(
        None, "Who made the items of a folder that does not say so itself", env=None, flag="--adopt"
    )
    no_validate: bool = _option(False, "Turn the rules for items off (debugging)", env=None, flag="--no-validate")

    @field_validator("log_level", "provider", "adopt", "image_quality", "reasoning_effort", mode="before")
    @classmethod
    def _any_case(cls, value: object, info: Any) -> object:
        if not isinstance(value, str):
            return value
        return value.strip().upper() if info.field_name == "log_level" else value.strip().lower()

    @field_validator("azure_openai_endpoint", "openai_base_url")
    @classmethod
    def _is_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be a URL that starts with https://, such as https://NAME.openai.azure.com")
        if any(char.isspace() for char in value):
            raise ValueError("holds a blank")
        try:
            _ = parts.port
        except ValueError as error:
            raise ValueError(f"has a port that is none: {error}") from None
        return value.rstrip("/")

    @field_validator("azure_openai_endpoint")
    @classmethod
    def _is_the_resource(cls, value: str | None) -> str | None:
        # People paste the whole address that a portal shows; the SDK wants what comes before /openai.
        return None if value is None else re.split(r"/openai(?:/|$)|\?", value)[0].rstrip("/")

    @field_validator("azure_openai_api_version")
    @classmethod
    def _is_recent(cls, value: str | None) -> str | None:
        if value is None or value.lower() in {"v1", "preview"}:
            return None if value is None else value.lower()
        if not re.fullmatch(r"20\d\d-\d\d-\d\d(-preview)?", value):
            raise ValueError(f"is not an api-version; set it to {RECOMMENDED_API_VERSION} (or v1)")
        if value[:10] < MIN_API_VERSION:
            raise ValueError(
                f"{value} is too old for structured outputs with gpt-5 and for gpt-image; "
                f"set it to {RECOMMENDED_API_VERSION} (or v1)"
            )
        return value

    @field_validator("azure_openai_api_key", "openai_api_key")
    @classmethod
    def _is_a_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            key = value.get_secret_value().strip()
            if _PLACEHOLDER.match(key):
                raise ValueError("is still the example's placeholder")
            if not key.isascii() or not key.isprintable() or " " in key:
                raise ValueError("holds a character that no key has (a blank, a quotation mark of a word processor?)")
            return SecretStr(key)
        return None

    @field_validator("prices_file")
    @classmethod
    def _is_a_file(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError(f"there is no file {value}")
        return value

    @classmethod
    def load(
        cls,
        *,
        environ: Mapping[str, str] | None = None,
        root: Path | None = None,
        **explicit: Any,
    ) -> Self:
        """The settings in force.

        Args:
            environ: instead of the process's environment.
            root: instead of the project's root, where `.env` lies and a relative `output_dir` starts.
            **explicit: values by field name, which win over all else; None and "" mean "not given".

        Raises:
            SettingsError: naming every missing or bad setting at once, by its variable.
        """
        root = root or project_root()
        values = {name: value for name, (value, _) in found(environ=environ, root=root, **explicit).items()}
        values["provider"] = _provider(values)
        # What only another provider reads can't be wrong for this one.
        values = {name: value for name, value in values.items() if _belongs(name, values["provider"])}
        settings, problems = cls._checked(values)
        problems += _missing(values)
        if problems or settings is None:
            hint = "Set them in the environment or in .env (.env.example shows each); "
            raise SettingsError(problems, hint=hint + "or use DATAGEN_PROVIDER=offline, which needs none.")
        return settings.model_copy(update={"output_dir": _resolved(root, settings.output_dir)})

    @classmethod
    def _checked(cls, values: dict[str, Any]) -> tuple[Self | None, list[str]]:
        try:
            return cls.model_validate(values), []
        except ValidationError as error:
            return None, [_problem(dict(detail), values) for detail in error.errors(include_url=False)]

    def changed(self, **values: Any) -> Self:
        """A copy with `values` checked and put in.

        Raises:
            SettingsError: when one of them is bad; the original stays as it is.
        """
        merged = {name: getattr(self, name) for name in type(self).model_fields} | values
        settings, problems = self._checked(merged)
        problems += _missing({name: value for name, value in merged.items() if value is not None})
        if problems or settings is None:
            raise SettingsError(problems)
        return settings

    def secrets(self) -> list[str]:
        """Every secret value, for whoever has to mask them."""
        keys = (self.azure_openai_api_key, self.openai_api_key)
        return [key.get_secret_value() for key in keys if key is not None]

    def public(self) -> dict[str, Any]:
        """The settings as JSON values, without secrets and without what is unset."""
        return {
            name: str(value) if isinstance(value, Path) else value
            for name in type(self).model_fields
            if (value := getattr(self, name)) is not None and not isinstance(value, SecretStr)
        }


def project_root(start: Path | None = None) -> Path:
    """The nearest folder upwards from `start` (the working folder) with a `.env` or `pyproject.toml`, else `start`."""
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / ".env").is_file() or (folder / "pyproject.toml").is_file():
            return folder
    return start


def variable(name: str) -> str:
    """How a user calls the field `name`: its environment variable, or its flag where it has no variable."""
    extra = _extra(name)
    return str(extra["flag"] if extra["env"] is None else extra["env"] or name.upper())


def flag(name: str) -> str:
    """The field's flag, or "" where it has none."""
    return str(_extra(name)["flag"])


def found(
    *, environ: Mapping[str, str] | None = None, root: Path | None = None, **explicit: Any
) -> dict[str, tuple[Any, str]]:
    """The values that are set, and from where: {field: (value, "argument" | "environment" | ".env")}, unchecked."""
    environ = os.environ if environ is None else environ
    path = (root or project_root()) / ".env"
    try:
        file = dotenv_values(path, encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError([f"{path}: is not UTF-8 text; save it as UTF-8"]) from error
    unknown = explicit.keys() - Settings.model_fields.keys()
    if unknown:
        raise SettingsError([f"{name}: there is no such setting" for name in sorted(unknown)])
    result: dict[str, tuple[Any, str]] = {}
    for name in Settings.model_fields:
        sources: list[tuple[Any, str]] = [(explicit.get(name), "argument")]
        if _extra(name)["env"] is not None:
            sources += [(environ.get(variable(name)), "environment"), (file.get(variable(name)), ".env")]
        for value, source in sources:
            if value is not None and not (isinstance(value, str) and not value.strip()):
                result[name] = (value, source)
                break
    return result


def _resolved(root: Path, folder: Path) -> Path:
    try:
        return (root / folder.expanduser()).resolve()
    except (RuntimeError, OSError, ValueError) as error:
        raise SettingsError([f"OUTPUT_DIR={folder}: {error}"]) from error


def _extra(name: str) -> dict[str, Any]:
    extra = Settings.model_fields[name].json_schema_extra
    return extra if isinstance(extra, dict) else {}


def _provider(values: Mapping[str, Any]) -> Any:
    """`auto` resolved: a paid provider is never picked without a setting that asks for it."""
    wanted = values.get("provider", "auto")
    if not isinstance(wanted, str) or wanted.strip().lower() != "auto":
        return wanted
    return "azure" if any(name in values for name in REQUIRED["azure"]) else "offline"


def _belongs(name: str, provider: Any) -> bool:
    for owner in ("azure", "openai"):
        if name.startswith(f"{owner}_"):
            return str(provider).strip().lower() not in REQUIRED or str(provider).strip().lower() == owner
    return True


def _missing(values: Mapping[str, Any]) -> list[str]:
    provider = str(values["provider"]).strip().lower()
    reason = "needed for Azure" if provider == "azure" else f"needed for the provider {provider}"
    return [f"{variable(name)}: is missing ({reason})" for name in REQUIRED.get(provider, ()) if name not in values]


def _problem(detail: dict[str, Any], values: Mapping[str, Any]) -> str:
    name = str(detail["loc"][0])
    value = values.get(name)
    field = Settings.model_fields.get(name)
    secret = field is None or "SecretStr" in str(field.annotation) or isinstance(value, SecretStr)
    shown = "" if secret else f"={value}"
    text = str(detail["msg"]).removeprefix("Value error, ")
    return f"{variable(name) if field else name}{shown}: {text[0].lower()}{text[1:]}"
