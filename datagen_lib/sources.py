"""Where a setting's value comes from, how the user wrote it, and what to do there when it is wrong.

explicit argument (a flag, a notebook's parameter, a form, a call) > environment > `.env` > default
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from .env_file import EnvFile, read_env_file
from .masking import mask
from .places import project_root
from .text import plain

GivenAs = Literal["argument", "flag", "parameter", "form"]
"""What an explicit argument is to the user."""

PREFIXES = ("AZURE_OPENAI_", "DATAGEN_")
ALIASES = {
    "AZURE_OPENAI_API_BASE": "AZURE_OPENAI_ENDPOINT",
    "AZURE_OPENAI_BASE_URL": "AZURE_OPENAI_ENDPOINT",
    "AZURE_OPENAI_CHAT_DEPLOYMENT_NAME": "AZURE_OPENAI_GPT5_DEPLOYMENT",
    "AZURE_OPENAI_DEPLOYMENT": "AZURE_OPENAI_GPT5_DEPLOYMENT",
    "AZURE_OPENAI_DEPLOYMENT_NAME": "AZURE_OPENAI_GPT5_DEPLOYMENT",
    "AZURE_OPENAI_KEY": "AZURE_OPENAI_API_KEY",
    "AZURE_OPENAI_MODEL": "AZURE_OPENAI_GPT5_DEPLOYMENT",
    "AZURE_OPENAI_VERSION": "AZURE_OPENAI_API_VERSION",
    "OPENAI_API_BASE": "OPENAI_BASE_URL",
    "OPENAI_API_VERSION": "AZURE_OPENAI_API_VERSION",
    "OPENAI_MODEL": "OPENAI_TEXT_MODEL",
}
"""Names that other tools use for what ours mean."""

LIKE = 0.85  # of the letters, for a name that was probably meant to be another
SHOWN = 120  # characters of a bad value


@dataclass(frozen=True)
class Stranger:
    """A name that is set and that no setting has: where, and the setting that was meant, or ""."""

    name: str
    where: str
    meant: str

    def __str__(self) -> str:
        return f"{self.name} ({self.where}) is not a setting{f'; did you mean {self.meant}?' if self.meant else ''}"


@dataclass(frozen=True)
class Sources:
    """The environment and `.env`, as the settings read them.

    Attributes:
        environ: the environment.
        file: the `.env`; its folder is the project's root.
        variables: the settings' variables, by field; those that are flags only are not among them.
    """

    environ: Mapping[str, str]
    file: EnvFile
    variables: Mapping[str, str]

    @classmethod
    def look(cls, variables: Mapping[str, str], environ: Mapping[str, str] | None, root: Path | None) -> Sources:
        """Read `.env` of `root` (the project's root where none is given).

        Raises:
            SetupError: it can't be read as it is meant.
        """
        root = root or project_root()
        file = read_env_file(root / ".env", set(variables.values()))
        return cls(os.environ if environ is None else environ, file, variables)

    @property
    def root(self) -> Path:
        """The project's root."""
        return self.file.path.parent

    def find(self, explicit: Mapping[str, Any]) -> dict[str, tuple[Any, str]]:
        """The values that are set: {field: (value, "argument" | "environment" | ".env")}. Blank is not set."""
        result: dict[str, tuple[Any, str]] = {}
        for name in dict.fromkeys([*explicit, *self.variables]):
            variable = self.variables.get(name, "")
            for value, source in (
                (explicit.get(name), "argument"),
                (_unquoted(self.environ.get(variable)), "environment"),
                (self.file.values.get(variable), ".env"),
            ):
                if value is not None and not (isinstance(value, str) and not value.strip()):
                    result[name] = (value, source)
                    break
        return result

    def strangers(self) -> list[Stranger]:
        """Names near to ours that are none; of the environment only those with a prefix of ours."""
        ours = list(self.variables.values())
        places = {name: "environment" for name, value in self.environ.items() if value and name.startswith(PREFIXES)}
        places |= {name: self.file.where(name) for name, value in self.file.values.items() if value}
        result = []
        for name, where in places.items():
            meant = ALIASES.get(name) or next(iter(get_close_matches(name, ours, 1, LIKE)), "")
            if name not in ours and (meant or name.startswith(PREFIXES)):
                result.append(Stranger(name, where, meant))
        return result

    def written(self, name: str, value: Any, source: str, given_as: GivenAs, flag: str) -> str:
        """The setting and its value as the user wrote them, with the place; `value` None leaves it out."""
        text = "" if value is None else plain(mask(str(value))[:SHOWN])
        if source == "argument":
            if given_as == "flag" and flag:
                return f"{flag} {text}".rstrip()
            return f"{'-p ' if given_as == 'parameter' else ''}{name}{' ' if given_as == 'parameter' else '='}{text}"
        variable = self.variables[name]
        place = self.file.where(variable) if source == ".env" else "environment"
        return f"{variable}={text} ({place})" if text else f"{variable} ({place})"

    def remedy(self, source: str, given_as: GivenAs) -> str:
        """What to do about a bad value from there."""
        if source == "argument":
            return {
                "argument": "Correct it in the cell or the call that gives it.",
                "flag": "Correct the flag; --help says what each takes.",
                "parameter": "Correct the value after -p.",
                "form": "Correct it in the form.",
            }[given_as]
        if source == ".env":
            return f"Correct it in {self.file.path}."
        return "It is a variable of the environment: set it right, or unset it."


def _unquoted(value: str | None) -> str | None:
    """`docker run --env-file` hands quotation marks on as they stand."""
    text = (value or "").strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else value
