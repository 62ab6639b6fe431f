"""What the lab has of its own: its folder, its defaults, and the choices that notebook 00 keeps for the others.

parameter or form > chosen in notebook 00 > environment > `.env` > the lab's defaults > the defaults
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import ValidationError

from .errors import SettingsError
from .places import project_root
from .settings import Settings, found
from .sources import GivenAs

FOLDER = "lab"
"""Where the lab works, in the project's root; git ignores it."""
DEFAULTS: Mapping[str, Any] = {"output_dir": f"{FOLDER}/catalogue", "target_count": 40}
"""Where the lab differs from a run of the command: a folder that README's command has not filled, and fewer items."""
CHOSEN = ("provider", "output_dir", "target_count", "image_quality")
"""What notebook 00 decides for all."""


CHOICES = "LAB_CHOICES"
"""The variable that names another file for the choices: a batch run's are no choice for the lab."""


def choices_file(root: Path | None = None) -> Path:
    """Where the choices are kept."""
    named = os.environ.get(CHOICES)
    return Path(named) if named else (root or project_root()) / FOLDER / "choices.json"


def in_batch() -> bool:
    """Whether this is a batch run's process, or one of its kernels."""
    return bool(os.environ.get(CHOICES))


@contextmanager
def choices_of_its_own() -> Iterator[None]:
    """While this lasts, this process and the kernels that it starts know no choices but those that they make."""
    before = os.environ.get(CHOICES)
    with TemporaryDirectory(prefix="datagen-") as folder:
        os.environ[CHOICES] = str(Path(folder) / "choices.json")
        try:
            yield
        finally:
            del os.environ[CHOICES]
            if before is not None:
                os.environ[CHOICES] = before


def choices(root: Path | None = None) -> dict[str, Any]:
    """What was chosen in notebook 00, by field; empty where nothing was.

    Raises:
        SettingsError: the file is not as `keep` writes it.
    """
    path = choices_file(root)
    try:
        found_ = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise _unreadable(path, str(error)) from error
    if not isinstance(found_, dict) or set(found_) - set(CHOSEN):
        raise _unreadable(path, f"it must hold an object with some of {', '.join(CHOSEN)}")
    try:
        Settings.model_validate(found_)
    except ValidationError as error:
        named = ", ".join(f"{detail['loc'][0]}={detail['input']}" for detail in error.errors(include_url=False))
        raise _unreadable(path, f"a bad value: {named}") from error
    return found_


def keep(chosen: Mapping[str, Any], root: Path | None = None) -> Path:
    """Write the choices for the other notebooks to read; those that are None are not chosen.

    Args:
        chosen: by field; fields that notebook 00 does not decide are left out.
        root: the project's root.

    Returns:
        The file.
    """
    path = choices_file(root)
    values = {name: chosen[name] for name in CHOSEN if chosen.get(name) is not None}
    text = json.dumps(values, indent=2, default=str, ensure_ascii=False) + "\n"
    if not values:
        path.unlink(missing_ok=True)
    elif not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return path


def load(*, root: Path | None = None, given_as: GivenAs = "argument", **explicit: Any) -> Settings:
    """The settings of a notebook.

    Args:
        root: the project's root, where another than `project_root()` is meant.
        given_as: what the explicit values are to the user.
        **explicit: by field; None and "" mean "as chosen".

    Raises:
        SettingsError: naming every missing or bad setting at once.
    """
    return Settings.load(root=root, given_as=given_as, **explicit | _behind(explicit, root))


def origins(*, root: Path | None = None, **explicit: Any) -> dict[str, tuple[Any, str]]:
    """The values in force that somebody set, and from where, by field: {field: (value, source)}.

    A source is "argument", "notebook 00", "environment", ".env" or "the lab's default".
    """
    behind = _behind(explicit, root)
    chosen = choices(root)
    result = found(root=root, **explicit | behind)
    for name in behind:
        result[name] = (behind[name], "notebook 00" if name in chosen else "the lab's default")
    return result


def _behind(explicit: Mapping[str, Any], root: Path | None) -> dict[str, Any]:
    """The choices and the lab's defaults, where nothing goes before them."""
    given = {name for name, value in explicit.items() if not _is_unset(value)}
    chosen = {name: value for name, value in choices(root).items() if name not in given}
    set_ = given | chosen.keys() | found(root=root).keys()
    return {name: value for name, value in DEFAULTS.items() if name not in set_} | chosen


def _is_unset(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _unreadable(path: Path, why: str) -> SettingsError:
    return SettingsError([f"{path}: can't be read ({why})"], hint="Delete the file; notebook 00 writes it anew.")
