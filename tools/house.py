"""The house: which folders the library has, floor by floor, and what each is for.

README shows this list, and a test holds the imports to it. A folder imports from the floors below its own, never from
its own floor's other folders and never from above.
"""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "datagen_lib"

LANGUAGE = (
    "addresses",
    "env_file",
    "errors",
    "events",
    "lab",
    "masking",
    "models",
    "network",
    "places",
    "prompts",
    "rules",
    "settings",
    "sources",
    "spelling",
    "stopping",
    "text",
    "version",
    "words",
)
"""The modules at the library's top that every floor may read, and `runner`, which reads `stopping` alone."""

FLOORS: tuple[tuple[str, ...], ...] = (
    (*LANGUAGE, "runner"),
    ("service", "folder"),
    ("quality",),
    ("stages",),
    ("pipeline",),
    ("catalog", "gallery", "publish"),
    ("command", "notebook", "review"),
    ("headless",),
)
"""From the ground up: a name is a module at the top, or a folder."""

HEIGHT = {name: height for height, floor in enumerate(FLOORS) for name in floor}


def purpose(name: str) -> str:
    """The first line of the folder's or module's own docstring."""
    path = LIBRARY / name / "__init__.py" if (LIBRARY / name).is_dir() else LIBRARY / f"{name}.py"
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return text.split("\n", maxsplit=1)[0]


def modules(name: str) -> list[str]:
    """The modules of a folder, by name."""
    folder = LIBRARY / name
    return sorted(path.stem for path in folder.glob("*.py") if path.stem not in {"__init__", "__main__"})


def table() -> str:
    """The floors as a Markdown table, the highest first."""
    lines = ["| folder | its modules | what it is |", "|---|---|---|"]
    for floor in reversed(FLOORS[1:]):
        lines += [f"| `{name}/` | {', '.join(modules(name))} | {purpose(name)} |" for name in floor]
    lines.append(f"| (top) | {', '.join(LANGUAGE)} | The language that all floors speak |")
    lines.append(f"| (top) | runner | {purpose('runner')} |")
    return "\n".join(lines) + "\n"
