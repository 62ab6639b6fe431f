"""The folder's own memory, `state.json`: what must survive a lost run report.

It is written before the first call. A folder of an older version, which has only `run_report.json`, is taken over. A
folder with items and neither file is of unknown origin, and unknown is not mine.
"""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticSerializationError

from datagen_lib.errors import FolderError, InvalidCatalogue

from .disk import Disk
from .reading import read_json

NAME = "state.json"
SCHEMA = 1  # of the folder: raised when an older version of this library could harm it
PAID = frozenset({"azure", "openai"})
_NOTHING = object()  # JSON's null is something


class KnownRate(BaseModel):
    """The pace that a deployment took: calls a minute, the calls that say so, and when (seconds since 1970)."""

    model_config = ConfigDict(extra="allow")

    per_minute: float = Field(gt=0)
    calls: int = Field(ge=1)
    when: float = 0.0


class FolderState(BaseModel):
    """What the folder remembers. Fields of a later version are kept.

    Attributes:
        folder_version: the schema of the folder.
        provider: who made its items; "" where that is not known.
        generation: marks the pictures of a run with --force-images that is not finished; "" where none is.
        rates: by deployment, the pace that it took last.
        prompts: by product id, the hash of the prompt that an item had when its unmarked picture was first seen.
    """

    model_config = ConfigDict(extra="allow")

    folder_version: int = Field(default=SCHEMA, ge=1)
    provider: str = ""
    generation: str = ""
    rates: dict[str, KnownRate] = Field(default_factory=dict)
    prompts: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def read(cls, disk: Disk) -> Self:
        """What the folder remembers; an empty memory where it has none.

        Raises:
            FolderError: state.json is damaged, can't be read, or is of a later version.
        """
        path = disk.path(NAME)
        try:
            if (content := read_json(path, default=_NOTHING)) is _NOTHING:
                return cls(provider=_reported(disk))
            state = cls.model_validate(content)
            state.model_dump_json()  # what can't be written back, such as half a character, is found here
        except (InvalidCatalogue, ValidationError, PydanticSerializationError) as error:
            reason = error.what if isinstance(error, InvalidCatalogue) else f"{path} does not hold a folder's state"
            raise FolderError(
                f"{reason}, so it is not known who made what lies in {disk.root}",
                hint=f"Put {NAME} back from a backup; or remove it, and name the maker with --adopt PROVIDER.",
            ) from error
        if state.folder_version > SCHEMA:
            raise FolderError(
                f"{disk.root} was made by a later version of this library (folder version {state.folder_version})",
                hint="Update the library, or choose another folder with --output-dir.",
            )
        return state

    def write(self, disk: Disk) -> None:
        """Write state.json, durably."""
        disk.write(NAME, self.model_dump_json(indent=2).encode() + b"\n")


def _reported(disk: Disk) -> str:
    """The provider in the report of a version that had no state.json; "" where it says none."""
    report = read_json(disk.path("run_report.json"), default={}, strict=False)
    provider = report.get("provider") if isinstance(report, dict) else None
    return provider if provider in {*PAID, "offline"} else ""
