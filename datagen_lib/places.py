"""Where a path in the settings leads: the project's root, and what `~`, `$HOME` and `%USERPROFILE%` stand for."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from .errors import SetupError

_VARIABLE = re.compile(r"\$(\w+)|\$\{(\w+)\}|%(\w+)%")
_HOMES = {"HOME", "USERPROFILE"}


_start: list[Path] = []


def start_from(folder: Path | None) -> None:
    """Let `project_root()` begin at this folder; None: at the working folder. A notebook calls this with its own."""
    _start[:] = [folder] if folder else []


def project_root(start: Path | None = None) -> Path:
    """The nearest folder upwards from `start` with a `.env` or `pyproject.toml`, else `start` itself.

    Args:
        start: where to begin; in a notebook its own folder, elsewhere the working folder, unless given.

    Raises:
        SetupError: the folder is gone, or may not be looked into.
    """
    start = start or next(iter(_start), None)
    try:
        start = (start or Path.cwd()).resolve()
        return next((folder for folder in (start, *start.parents) if _is_a_project(folder)), start)
    except (OSError, RuntimeError) as error:
        where = f"the folder {start}" if start else "the working folder"
        reason = getattr(error, "strerror", None) or error
        raise SetupError(
            f"{where} can't be looked into: {reason}", hint="Change to a folder that is there and can be read (cd)."
        ) from error


def is_in_a_project(folder: Path) -> bool:
    """Whether the folder or one above it is a project's root."""
    return any(_is_a_project(each) for each in (folder, *folder.parents))


def _is_a_project(folder: Path) -> bool:
    return any(_is_no_folder(folder / name) for name in (".env", "pyproject.toml"))


def _is_no_folder(path: Path) -> bool:
    """Whether a file is there, or a pipe, as some password managers hand a .env over; raises as `is_there` does."""
    return is_there(path) and not stat.S_ISDIR(path.stat().st_mode)


def place(text: str | Path, start: Path, environ: Mapping[str, str]) -> Path:
    """The absolute path that `text` stands for; a relative one counts from `start`.

    Raises:
        ValueError: says in words why there is no such path.
    """
    expanded = _VARIABLE.sub(lambda found: _value(found, environ), str(text))
    if re.match(r"[A-Za-z]:\\|\\\\", expanded) and os.name == "posix":
        raise ValueError("is a path of Windows, and this is another system")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", expanded):
        raise ValueError("is an address, not a folder of this machine")
    try:
        path = (start / Path(expanded).expanduser()).resolve()
        str(path).encode()
        is_there(path)
    except UnicodeEncodeError:
        raise ValueError("has a part that is not UTF-8 text; use a folder with another name") from None
    except (OSError, RuntimeError, ValueError) as error:
        # expanduser knows no such user, or a link leads to itself, or the name is too long
        raise ValueError(f"can't be used ({getattr(error, 'strerror', None) or error})") from error
    return path


def is_there(path: Path, *, follow_symlinks: bool = True) -> bool:
    """Whether something is at `path`. `Path.exists` of some Pythons says no where it could not look; this one raises.

    Args:
        path: where to look.
        follow_symlinks: whether a link to nothing is nothing.

    Raises:
        OSError: it can't be said, as where a folder may not be entered or a link leads to itself.
    """
    try:
        path.stat(follow_symlinks=follow_symlinks)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _value(found: re.Match[str], environ: Mapping[str, str]) -> str:
    name = next(group for group in found.groups() if group)
    value = environ.get(name) or (str(Path.home()) if name in _HOMES else None)
    if value is None and found.start() == 0:
        raise ValueError(f"begins with {found[0]}, and {name} is not set")
    return found[0] if value is None else value
