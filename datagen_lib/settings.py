"""The settings: explicit arguments > environment > `.env` > defaults, checked once, then frozen.

Each field says its bounds, its description, the environment variable and, where there is one, the flag; the command
line's help, the notebooks' form and the README's tables all read them from here. An empty value is an unset one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from .addresses import base, resource, split_login, unquoted
from .env_file import EnvFile
from .errors import SettingsError
from .masking import mask
from .network import is_loopback, network_problems
from .places import place, project_root
from .sources import GivenAs, Sources, Stranger
from .text import plain

__all__ = ["Settings", "doubts", "flag", "found", "output_folder", "project_root", "variable"]

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
ADDRESSES = {"azure_openai_endpoint", "openai_base_url"}
_PLACEHOLDER = re.compile(r"^(your[_-].*|<.*>|changeme|xxx+)$", re.IGNORECASE)


_NUMBERS = (
    *("target_count", "batch_size", "image_size", "parallel_image_requests", "parallel_text_requests"),
    *(
        "image_requests_per_minute",
        "text_requests_per_minute",
        "max_retries",
        "request_timeout",
        "max_cost_usd",
        "offline_text_pace",
    ),
)

_PATHS = ("output_dir", "prices_file", "record_dir", "replay_dir")


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
        Path("data_seed"),
        "Where everything goes; a relative path counts from the project's root, as a flag from the working folder",
        flag="--output-dir",
    )
    target_count: int = _option(200, "Items in all", flag="--target-count", ge=1, le=1_000_000)
    batch_size: int = _option(20, "Items asked for in one text call", flag="--batch-size", ge=1, le=100)
    image_size: int = _option(1024, "Pixels, square; below 1024 the picture is scaled down here", ge=64, le=1024)
    thumbnail_sizes: str = _option("256", "Pixels of the thumbnails, with commas between; 0 for none")
    image_quality: Literal["low", "medium", "high", "auto"] = _option(
        "medium", "Quality asked of the image model, which sets its price", flag="--image-quality"
    )
    parallel_image_requests: int = _option(
        4, "Image calls under way at once, at most", flag="--parallel-image-requests", ge=1, le=64
    )
    parallel_text_requests: int = _option(4, "Text calls under way at once, at most", ge=1, le=32)
    image_requests_per_minute: float | None = _option(
        None, "Quota of the image deployment, where you know it", gt=0, allow_inf_nan=False
    )
    text_requests_per_minute: float | None = _option(
        None, "Quota of the text deployment, where you know it", gt=0, allow_inf_nan=False
    )
    max_retries: int = _option(5, "Further tries of a call that failed for a passing reason", ge=0, le=20)
    outage_patience: float = _option(300, "Seconds to wait for a service that nobody answers for", ge=0, le=86400)
    request_timeout: float = _option(600, "Seconds until a call is given up", gt=0, le=3600)
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high"] | None = _option(
        None, "How long a gpt-5 thinks; none sends nothing; unset: low, and nothing to the provider openai"
    )
    max_output_tokens: int | None = _option(
        None,
        "Longest text answer, thinking included; unset: by the items asked for, less where the service says so",
        ge=256,
    )
    max_cost_usd: float | None = _option(
        None, "Stop before this run would cost more, in US dollars", flag="--max-cost", ge=0, allow_inf_nan=False
    )
    prices_file: Path | None = _option(None, "A price table of your own, in the form of service/prices.json")
    record_dir: Path | None = _option(
        None, "Keep each answer of the service there too, to be played back without a key", flag="--record"
    )
    replay_dir: Path | None = _option(
        None, "Offline model: play back the answers that were recorded there, real pictures included", flag="--replay"
    )
    offline_text_pace: float | None = _option(
        None,
        "Offline model: letters a second of its texts, to watch them come; unset: all at once",
        gt=0,
        allow_inf_nan=False,
    )
    dry_run: bool = _option(False, "Categories and items, no pictures", flag="--dry-run")
    min_quality: int | None = _option(
        None, "Refuse new items that score less, and ask for others instead", flag="--min-quality", ge=0, le=100
    )
    grade_with_model: bool = _option(
        False, "Let the text model grade each item too, from 0 to 100; its calls are paid for", flag="--grade"
    )
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
    replace_paid: bool = _option(
        False,
        "With --force-images: let the offline model replace pictures that were paid for",
        env=None,
        flag="--replace-paid",
    )
    no_validate: bool = _option(False, "Turn the rules for items off (debugging)", env=None, flag="--no-validate")

    _logins: dict[str, str] = PrivateAttr(default_factory=dict)
    """The user and password of an address, by the address without them."""

    @model_validator(mode="wrap")
    @classmethod
    def _take_logins(cls, values: Any, make: ModelWrapValidatorHandler[Self]) -> Self:
        """Keep the user and password out of the addresses, which are shown and stored."""
        logins: dict[str, str] = {}
        if isinstance(values, dict):
            values = dict(values)
            for name in ADDRESSES & values.keys():
                if isinstance(values[name], str):
                    values[name], logins[name] = split_login(unquoted(values[name]))
        made = make(values)
        made.remember_logins({str(getattr(made, name)): login for name, login in logins.items() if login})
        return made

    @field_validator("*", mode="before")
    @classmethod
    def _is_plain(cls, value: object) -> object:
        text = value.strip() if isinstance(value, str) else ""
        if plain(text) == text:
            return value
        hidden = next(char for char in text if plain(char) != char)
        if "\ud800" <= hidden <= "\udfff":
            raise ValueError("has a part that is not UTF-8 text")
        if hidden >= "\x80":
            raise ValueError(f"holds a character that can't be seen ({plain(hidden)})")
        raise ValueError(
            f"holds the character {plain(hidden)}; in double quotes .env takes a backslash and a letter for one "
            "(use single quotes, or / in a path)"
        )

    @field_validator(*_NUMBERS, mode="before")
    @classmethod
    def _is_a_number(cls, value: object) -> object:
        if isinstance(value, bool):
            raise ValueError("must be a number, not True or False")  # noqa: TRY004 - pydantic takes this one
        return value

    @field_validator(*_PATHS, mode="before")
    @classmethod
    def _is_a_path(cls, value: object) -> object:
        if value is None or isinstance(value, str | Path):
            return value
        raise ValueError("must be a path; put it in quotation marks, or zeros before a number are lost")

    @field_validator("log_level", "provider", "adopt", "image_quality", "reasoning_effort", mode="before")
    @classmethod
    def _any_case(cls, value: object, info: Any) -> object:
        if not isinstance(value, str):
            return value
        return value.strip().upper() if info.field_name == "log_level" else value.strip().lower()

    @field_validator("azure_openai_endpoint", "openai_base_url")
    @classmethod
    def _is_url(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None:
            return None
        try:
            parts = urlsplit(value)
            host = parts.hostname
        except ValueError as error:
            raise ValueError(f"is not a URL ({error})") from None
        try:
            _ = parts.port
        except ValueError:
            raise ValueError("its port is not a number from 0 to 65535") from None
        if parts.scheme not in {"http", "https"} or not host:
            raise ValueError("must be a URL that starts with https://, such as https://NAME.openai.azure.com")
        if any(char.isspace() for char in value):
            raise ValueError("must not hold a blank")
        return resource(value) if info.field_name == "azure_openai_endpoint" else base(value)

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

    @field_validator("thumbnail_sizes")
    @classmethod
    def _are_sizes(cls, value: str) -> str:
        if not re.fullmatch(r"\d{1,4}(\s*,\s*\d{1,4})*", value.strip(), re.ASCII):
            raise ValueError("must be numbers with commas between, such as 256 or 96,256")
        sizes = sorted({int(size) for size in value.split(",")})
        if sizes != [0] and (sizes[0] < 16 or sizes[-1] > 1024 or len(sizes) > 8):
            raise ValueError("must be at most eight sizes from 16 to 1024, or 0 alone for none")
        return ",".join(map(str, sizes))

    @field_validator("prices_file")
    @classmethod
    def _is_a_file(cls, value: Path | None) -> Path | None:
        try:
            if value is not None and not value.is_file():
                raise ValueError("there is no such file")
        except OSError as error:
            raise ValueError(f"can't be used ({error.strerror})") from error
        return value

    @field_validator("replay_dir")
    @classmethod
    def _holds_a_tape(cls, value: Path | None, info: Any) -> Path | None:
        if value is None:
            return None
        if not (value / "tape.jsonl").is_file():
            raise ValueError("there is no tape.jsonl in it; name a folder that --record has written")
        if value == info.data.get("record_dir"):
            raise ValueError("is the folder of RECORD_DIR too; what is played can't be recorded in its own place")
        if (provider := info.data.get("provider")) in {"azure", "openai"}:
            raise ValueError(f"is played by the offline model, and the provider is {provider}; leave one of them out")
        return value

    @classmethod
    def load(
        cls,
        *,
        environ: Mapping[str, str] | None = None,
        root: Path | None = None,
        given_as: GivenAs = "argument",
        **explicit: Any,
    ) -> Self:
        """The settings in force.

        Args:
            environ: instead of the process's environment.
            root: instead of the project's root, where `.env` lies and a relative `output_dir` starts.
            given_as: what the explicit values are to the user, for the messages; a flag's path counts from the
                working folder.
            **explicit: values by field name, which win over all else; None and "" mean "not given".

        Raises:
            SettingsError: naming every missing or bad setting at once, as it was written where it was set.
            SetupError: the working folder can't be looked into.
        """
        _refuse_unknown(explicit)
        sources = Sources.look(_variables(), environ, root)
        return cls._from(sources, sources.find(explicit), given_as)

    @classmethod
    def for_demo(cls, server: Mapping[str, str], **explicit: Any) -> Self:
        """Settings for a demonstration against a server of this process: nothing of the user's own takes part.

        Args:
            server: the server's own settings, as {variable: value}.
            **explicit: values by field name; `output_dir` is needed.
        """
        _refuse_unknown(explicit)
        sources = Sources(server, EnvFile(Path.cwd() / "no.env"), _variables())
        return cls._from(sources, sources.find({"provider": "azure", **explicit}), "argument")

    @classmethod
    def _from(cls, sources: Sources, set_: Mapping[str, tuple[Any, str]], given_as: GivenAs) -> Self:
        values, problems = {name: value for name, (value, _) in set_.items()}, list[_Problem]()
        wanted, values["provider"] = values.get("provider", "auto"), _provider(values)
        # What only another provider reads can't be wrong for this one.
        values = {name: value for name, value in values.items() if _belongs(name, values["provider"])}
        for name in _PATHS:
            try:
                values |= _placed(name, values, set_, sources, given_as)
            except ValueError as error:
                problems.append(_Problem(name, str(error)))
                values.pop(name)
        settings, bad = cls._checked(values)
        problems += bad
        strangers = [stranger for stranger in sources.strangers() if stranger.name.startswith("AZURE_OPENAI_")]
        problems += _missing(values, strangers if values["provider"] == "azure" else [])
        if problems or settings is None:
            raise _in_words(problems, set_, sources, given_as)
        if strangers and settings.provider == "offline" and str(wanted).strip().lower() == "auto":
            raise SettingsError(
                [str(stranger) for stranger in strangers],
                hint="Set the names that are needed for Azure (see .env.example). Or use DATAGEN_PROVIDER=offline, "
                "which needs none.",
            )
        url = settings.azure_openai_endpoint if settings.provider == "azure" else settings.openai_base_url
        if settings.provider != "offline" and not is_loopback(url):
            unreachable = network_problems(sources.environ)
            if unreachable:
                raise SettingsError(unreachable, hint="It is a variable of the environment: set it right, or unset it.")
        if "output_dir" in values:
            return settings
        return settings.model_copy(update={"output_dir": place(settings.output_dir, sources.root, sources.environ)})

    @classmethod
    def _checked(cls, values: dict[str, Any]) -> tuple[Self | None, list[_Problem]]:
        try:
            return cls.model_validate(values), []
        except ValidationError as error:
            return None, [_problem(dict(detail)) for detail in error.errors(include_url=False)]

    def changed(self, **values: Any) -> Self:
        """A copy with `values` checked and put in.

        Raises:
            SettingsError: when one of them is bad; the original stays as it is.
        """
        merged = {name: getattr(self, name) for name in type(self).model_fields} | values
        settings, problems = self._checked(merged)
        problems += _missing({name: value for name, value in merged.items() if value is not None}, [])
        if problems or settings is None:
            listed = [f"{variable(name)}{_shown(name, values.get(name))}: {what}" for name, what in problems]
            raise SettingsError(listed)
        settings.remember_logins(self._logins)
        return settings

    def remember_logins(self, logins: Mapping[str, str]) -> None:
        """Take over the user and password of each address, by the address without them."""
        self._logins |= logins

    def login(self, name: str) -> SecretStr | None:
        """The user and password ("user:password") that stood in the address `name`, or None."""
        found = self._logins.get(str(getattr(self, name)))
        return None if found is None else SecretStr(found)

    @property
    def thumbnails(self) -> tuple[int, ...]:
        """The sizes of the thumbnails, in pixels; empty for none."""
        return tuple(size for size in map(int, self.thumbnail_sizes.split(",")) if size)

    def secrets(self) -> list[str]:
        """Every secret value, for whoever has to mask them."""
        keys = (self.azure_openai_api_key, self.openai_api_key)
        passwords = [login.partition(":")[2] for login in self._logins.values()]
        return [key.get_secret_value() for key in keys if key is not None] + passwords + list(self._logins.values())

    def public(self) -> dict[str, Any]:
        """The settings as JSON values, without secrets and without what is unset."""
        return {
            name: mask(str(value)) if isinstance(value, Path | str) else value
            for name in type(self).model_fields
            if (value := getattr(self, name)) is not None and not isinstance(value, SecretStr)
        }


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
    _refuse_unknown(explicit)
    values = Sources.look(_variables(), environ, root).find(explicit)
    return {name: values[name] for name in Settings.model_fields if name in values}


def doubts(*, environ: Mapping[str, str] | None = None, root: Path | None = None) -> list[str]:
    """A sentence for each name that is set, that no setting has, and that looks as if one was meant."""
    return [str(stranger) for stranger in Sources.look(_variables(), environ, root).strangers()]


def output_folder(given: Path | str | None = None) -> Path:
    """The output folder in force, whether or not the other settings are valid.

    Raises:
        SettingsError: it leads nowhere.
    """
    sources = Sources.look(_variables(), None, None)
    default = Settings.model_fields["output_dir"].default
    value, source = sources.find({"output_dir": given}).get("output_dir", (default, "argument"))
    try:
        return place(value, sources.root, sources.environ)
    except ValueError as error:
        problem = _Problem("output_dir", str(error))
        raise _in_words([problem], {"output_dir": (value, source)}, sources, "argument") from error


class _Problem(NamedTuple):
    """What is wrong with a setting."""

    name: str
    what: str


def _variables() -> dict[str, str]:
    """{field: variable} for the settings that have one."""
    return {name: variable(name) for name in Settings.model_fields if _extra(name)["env"] is not None}


def _refuse_unknown(explicit: Mapping[str, Any]) -> None:
    if unknown := sorted(explicit.keys() - Settings.model_fields.keys()):
        raise SettingsError([f"{name}: there is no such setting" for name in unknown])


def _placed(
    name: str, values: Mapping[str, Any], set_: Mapping[str, tuple[Any, str]], sources: Sources, given_as: GivenAs
) -> dict[str, Path]:
    """The path's absolute form, by name: one typed at a shell counts from there, all others from the project's root."""
    value = values.get(name)
    if not isinstance(value, str | Path) or plain(str(value).strip()) != str(value).strip():
        return {}  # the field says what is wrong with it
    typed = given_as == "flag" and set_[name][1] == "argument"
    return {name: place(str(value).strip(), Path.cwd() if typed else sources.root, sources.environ)}


def _in_words(
    problems: list[_Problem], set_: Mapping[str, tuple[Any, str]], sources: Sources, given_as: GivenAs
) -> SettingsError:
    """One error for all that is wrong: each as the user wrote it, with what to do where it was written."""
    lines, remedies = [], list[str]()
    for name, what in problems:
        value, source = set_.get(name, (None, ""))
        if not source:
            lines.append(f"{variable(name)}: {what}")
            remedies.append("Set what is missing in the environment or in .env (.env.example shows each).")
            continue
        shown = None if _is_secret(name, value) else value
        lines.append(f"{sources.written(name, shown, source, given_as, flag(name))}: {what}")
        remedies.append(sources.remedy(source, given_as))
    if all(name.startswith(("azure_", "openai_")) for name, _ in problems):
        remedies.append("Or use DATAGEN_PROVIDER=offline, which needs none.")
    return SettingsError(lines, hint=" ".join(dict.fromkeys(remedies)))


def _is_secret(name: str, value: Any) -> bool:
    field = Settings.model_fields.get(name)
    return field is None or "SecretStr" in str(field.annotation) or isinstance(value, SecretStr)


def _shown(name: str, value: Any) -> str:
    return "" if value is None or _is_secret(name, value) else f"={plain(mask(str(value)))}"


def _extra(name: str) -> dict[str, Any]:
    extra = Settings.model_fields[name].json_schema_extra
    return extra if isinstance(extra, dict) else {}


def _provider(values: Mapping[str, Any]) -> Any:
    """`auto` resolved: a paid provider is never picked without a setting that asks for it."""
    wanted = values.get("provider", "auto")
    if not isinstance(wanted, str) or wanted.strip().lower() != "auto":
        return wanted
    if "replay_dir" in values:  # whoever plays a tape back wants to pay nothing
        return "offline"
    return "azure" if any(name in values for name in REQUIRED["azure"]) else "offline"


def _belongs(name: str, provider: Any) -> bool:
    for owner in ("azure", "openai"):
        if name.startswith(f"{owner}_"):
            return str(provider).strip().lower() not in REQUIRED or str(provider).strip().lower() == owner
    return True


def _missing(values: Mapping[str, Any], strangers: list[Stranger]) -> list[_Problem]:
    provider = str(values["provider"]).strip().lower()
    reason = "needed for Azure" if provider == "azure" else f"needed for the provider {provider}"
    result = []
    for name in REQUIRED.get(provider, ()):
        if name not in values:
            near = [stranger for stranger in strangers if stranger.meant == variable(name)]
            found_ = f"; {near[0].name} ({near[0].where}) is not its name" if near else ""
            result.append(_Problem(name, f"is missing ({reason}){found_}"))
    return result


def _problem(detail: dict[str, Any]) -> _Problem:
    text = str(detail["msg"]).removeprefix("Value error, ")
    return _Problem(str(detail["loc"][0]), f"{text[0].lower()}{text[1:]}")
