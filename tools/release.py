"""The notes of a release: its part of CHANGELOG.md.

uv run python -m tools.release v0.2.0    fails where the tag is not the package's version, or has no part
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from datagen_lib.version import __version__

CHANGELOG = Path(__file__).resolve().parents[1] / "CHANGELOG.md"


def notes(text: str, version: str) -> str:
    """What stands under a version's heading, up to the next version's; empty where there is no such heading."""
    found = re.search(
        rf"^## \[?{re.escape(version)}\]?(?:[ \t][^\n]*)?$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL
    )
    return found[1].strip() if found else ""


def main(tag: str) -> int:
    """Print the notes and return the exit code."""
    version = tag.removeprefix("v")
    if version != __version__:
        print(f"error: the tag says {version}, datagen_lib/version.py says {__version__}", file=sys.stderr)
        return 1
    text = notes(CHANGELOG.read_text(encoding="utf-8"), version)
    if not text:
        print(f"error: CHANGELOG.md has no part for {version}", file=sys.stderr)
        return 1
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
