"""The `.env` file: what it sets, on which line, and which of its lines can't be read as they are meant.

python-dotenv leaves out a line that it can't read. Where such a line speaks of a setting of ours, it is refused here,
with file and line. Else the run would take another provider or folder than was asked for.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import SettingsError
from .places import is_there

if TYPE_CHECKING:
    from dotenv.parser import Binding

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_SHELL = re.compile(r"\s*(set|setx|setenv|\$env:)", re.IGNORECASE)


@dataclass(frozen=True)
class EnvFile:
    """What the file sets, as {name: value}, and on which line each name stands; both empty where there is no file."""

    path: Path
    values: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    def where(self, name: str) -> str:
        """The place of a name in words, such as ".env line 3"."""
        return f"{self.path.name} line {self.lines[name]}"


def read_env_file(path: Path, ours: Collection[str]) -> EnvFile:
    """Read the file; `ours` are the names that a line may not speak of in vain.

    Raises:
        SettingsError: the file can't be read, or lines of it that speak of our settings can't.
    """
    text = _text(path)
    if text is None:
        return EnvFile(path)
    from dotenv import dotenv_values
    from dotenv.parser import parse_stream

    problems: list[str] = []
    lines: dict[str, int] = {}
    for binding in parse_stream(io.StringIO(text)):
        first = binding.original.line + _breaks(binding.original.string) - _breaks(binding.original.string.lstrip())
        problems += [f"{path} line {first + after}: {what}" for after, what in _wrong(binding, ours)]
        if binding.key and not binding.error:
            lines[binding.key] = first
    if problems:
        raise SettingsError(problems, hint="Each setting takes one line of the form NAME=value; see .env.example.")
    found = dotenv_values(stream=io.StringIO(text))
    return EnvFile(path, {name: value for name, value in found.items() if value is not None}, lines)


def _text(path: Path) -> str | None:
    """The file's text, or None where there is none."""
    try:
        if path.is_dir() and not (path / "pyvenv.cfg").exists():  # a virtual environment often has that name
            raise SettingsError([f"{path}: is a folder, not a file"], hint="Move it away, or put a file there.")
        if not is_there(path):
            if path.is_symlink():
                raise SettingsError([f"{path}: is a link to a file that is not there"])
            return None
        if not path.is_file():
            if path.is_dir():
                return None
            raise SettingsError([f"{path}: is a pipe or a device, not a file"], hint="Save its lines in a file.")
        data = path.read_bytes()
    except OSError as error:
        raise SettingsError([f"{path}: can't be read ({error.strerror or error})"]) from error
    if data.startswith(_WIDE) or b"\0" in data:
        what = "is UTF-16 text, as some versions of PowerShell write it, or no text at all; save it as UTF-8"
        raise SettingsError([f"{path}: {what}"])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise SettingsError([f"{path} line {line}: is not UTF-8 text; save the file as UTF-8"]) from error


def _breaks(text: str) -> int:
    return len(re.findall(r"\r\n|\n|\r", text))


def _wrong(binding: Binding, ours: Collection[str]) -> Iterator[tuple[int, str]]:
    """What is wrong with a line: (lines after its first, what), where it speaks of one of ours."""
    rows = [row.strip() for row in re.split(r"\r\n|\n|\r", binding.original.string.strip())]
    key = binding.key or ""
    if not binding.error and (not key or _NAME.fullmatch(key)) and not (key not in ours and key.upper() in ours):
        if key in ours and binding.value is None:
            yield 0, f"{key} has no value; write {key}=value"
        for after, row in enumerate(rows[1:], 1):
            assigned = re.match(r"(?:export\s+)?([A-Za-z_]\w*)\s*=", row)
            if assigned and assigned[1].upper() in ours:
                yield 0, f"the quotation mark that opens here takes in {assigned[1]}, {after} lines below; close it"
        return
    for after, row in enumerate(rows):
        name = next((name for name in _NAME.findall(row) if name.upper() in ours), None)
        if name is not None and not row.startswith("#"):
            yield after, f"can't be read: {_reason(row, name)}; write {name.upper()}=value"


def _reason(row: str, name: str) -> str:
    if _SHELL.match(row):
        return "it is a command of a shell"
    if re.search(rf"{name}['\"]?\s*:", row):
        return "it is YAML or JSON"
    if re.match(rf"(export\s+)?{name}\s*=\s*['\"]", row):
        return "its quotation mark is not closed, or text follows it"
    return f"the name is {name.upper()}, in capitals" if name != name.upper() else "it is not of the form NAME=value"
