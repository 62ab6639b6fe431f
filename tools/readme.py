"""Writes the README's tables of settings, flags and folders from the code.

uv run python -m tools.readme           write them anew
uv run python -m tools.readme --check   fail where they differ
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import get_args

from pydantic import SecretStr

from datagen_lib.settings import REQUIRED, Settings, flag, variable

from . import house

README = Path(__file__).resolve().parents[1] / "README.md"
OTHER_FLAGS = {
    "--estimate": "Say what a run would do and cost, without a call",
    "--check": "Say what the catalogue is worth, without a call; exit code 0 or 1",
    "--version": "Show the version and exit",
}


def settings_table() -> str:
    """Every setting that has a variable: its name, its default, what it means."""
    rows = ["| variable | default | what it sets |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        if variable(name).startswith("--"):
            continue
        secret = SecretStr in get_args(field.annotation)
        default = "" if field.default is None else f"`{_shown(field.default)}`"
        if name in REQUIRED["azure"]:
            default = "needed for Azure"
        note = " (secret, masked everywhere)" if secret else ""
        rows.append(f"| `{variable(name)}` | {default} | {field.description}{_bounds(field)}{note} |")
    return "\n".join(rows)


def flags_table() -> str:
    """Every flag: what it does and which variable it overrides."""
    rows = ["| flag | overrides | what it does |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        if not flag(name):
            continue
        both = "`--dry-run`, `--skip-images`" if name == "dry_run" else f"`{flag(name)}`"
        own = "" if variable(name).startswith("--") else f"`{variable(name)}`"
        rows.append(f"| {both} | {own} | {field.description} |")
    rows += [f"| `{name}` | | {text} |" for name, text in OTHER_FLAGS.items()]
    return "\n".join(rows)


def _shown(default: object) -> str:
    return str(default).lower() if isinstance(default, bool) else str(default)


def _bounds(field: object) -> str:
    limits = {kind: value for part in getattr(field, "metadata", []) for kind, value in vars_of(part).items()}
    low, high = limits.get("ge", limits.get("gt")), limits.get("le")
    if low is not None and high is not None:
        return f"; {low:,} to {high:,}"
    return ""


def vars_of(part: object) -> dict[str, float]:
    """The bounds in a piece of a field's metadata."""
    return {kind: getattr(part, kind) for kind in ("ge", "gt", "le") if getattr(part, kind, None) is not None}


def filled(text: str) -> str:
    """The README with its tables as the code has them."""
    for name, table in (
        ("settings", settings_table()),
        ("flags", flags_table()),
        ("house", house.table().rstrip("\n")),
    ):
        start, end = f"<!-- {name}: generated -->\n", f"<!-- {name}: end -->"
        before, rest = text.split(start)
        text = before + start + table + "\n" + end + rest.split(end, 1)[1]
    return text


def main(arguments: list[str]) -> int:
    """Write or check the README; exit code 1 where a check fails."""
    text = README.read_text(encoding="utf-8")
    wanted = filled(text)
    if "--check" in arguments:
        if text != wanted:
            print("README.md: its tables differ from the code: run `uv run python -m tools.readme`")
        return int(text != wanted)
    README.write_text(wanted, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
