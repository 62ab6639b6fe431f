"""The site of the documentation: README and the other pages as they stand, and a page of the API for each room.

uv run --group docs mkdocs build --strict

mkdocs calls this module's hooks. The pages are those of the repository, so that nothing is written twice: links between
them are turned to the site's own. A link to a file that the site has not becomes plain words.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

import datagen_lib

from . import house

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    "README.md": "index.md",
    "docs/instructor.md": "instructor.md",
    "docs/design.md": "design.md",
    "CONTRIBUTING.md": "contributing.md",
    "data_seed/README.md": "folder.md",
    "benchmarks/results.md": "speed.md",
    "offline_model/README.md": "offline.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
}
"""Each page of the repository by its place in the site; one that is not written yet is left out."""

# Each of these has its place on the page of its room, where links lead.
_HEADED = """    options:
      skip_local_inventory: true
      heading_level: 2
      show_root_heading: true
      show_root_toc_entry: true
      show_root_full_path: false
"""
_LINK = re.compile(r"(?P<picture>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")
_FENCE = re.compile(r"(^```.*?^```\s*$)", re.MULTILINE | re.DOTALL)


def on_config(config: Any) -> Any:
    """Put the pages in order: what a user reads, what a builder reads, the API."""
    rooms = [f"api/{name}.md" for floor in reversed(house.FLOORS[1:]) for name in floor]
    config["nav"] = [*_pages().values(), {"API": ["api/index.md", *rooms, "api/language.md"]}]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the repository's pages and the API's."""
    for source, target in _pages().items():
        for old in [file for file in files if file.src_uri == target]:
            files.remove(old)
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, target, content=turned(text, source)))
    for name, text in api_pages().items():
        files.append(File.generated(config, name, content=text))
    return files


def turned(text: str, source: str) -> str:
    """A page with its links turned to the site's; what stands between fences stays."""
    places = _pages()
    here = (ROOT / source).parent

    def link(found: re.Match[str]) -> str:
        target, hash_sign, anchor = found["target"].partition("#")
        if "://" in found["target"] or not target:
            return found[0]
        path = (here / target).resolve()
        inside = path.relative_to(ROOT).as_posix()
        place = places.get(inside) or (inside.removeprefix("docs/") if inside.startswith("docs/") else "")
        if place and path.exists():
            return f"{found['picture']}[{found['text']}]({place}{hash_sign}{anchor})"
        return found["text"]

    return "".join(
        part if part.startswith("```") else _LINK.sub(link, part).replace("<details>", '<details markdown="1">')
        for part in _FENCE.split(text)
    )


def api_pages() -> dict[str, str]:
    """The API, a page for each folder of the library and one for what a user imports."""
    names = [name for name in datagen_lib.__all__ if not name.startswith("_")]
    homes = {name: getattr(datagen_lib, name).__module__ for name in names}
    pages = {
        "api/index.md": "# API\n\nWhat `datagen_lib` gives to whoever imports it. The pages below have each room.\n\n"
        + "\n".join(f"::: {homes[name]}.{name}\n{_HEADED}" for name in names),
        "api/language.md": "# The language that all floors speak\n\n" + _modules([*house.LANGUAGE, "runner"]),
    }
    for floor in house.FLOORS[1:]:
        for name in floor:
            inner = [f"{name}.{module}" for module in house.modules(name)]
            pages[f"api/{name}.md"] = f"# {name}\n\n{house.purpose(name)}\n\n{_modules(inner)}"
    return pages


def _modules(names: list[str]) -> str:
    return "\n".join(f"## {name.split('.')[-1]}\n\n::: datagen_lib.{name}\n" for name in sorted(names))


def _pages() -> dict[str, str]:
    return {source: target for source, target in PAGES.items() if (ROOT / source).is_file()}
