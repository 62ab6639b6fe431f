"""The notebooks' files, without a kernel: their skeleton, their cells, what they must not use."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pytest
from papermill import inspect_notebook

from datagen_lib.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = ["00_set_up", "01_categories", "02_items", "03_images", "04_inspect", "05_review", "06_publish"]
BANNED = {"Output", "interact", "interactive", "interactive_output", "interact_manual", "tqdm", "nest_asyncio"}
each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path: Path, kind: str = "") -> list[Any]:
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in found if kind in ("", cell["cell_type"])]


def source(cell: Any) -> str:
    return "".join(cell["source"])


def headings(path: Path) -> list[tuple[int, str]]:
    text = "\n".join(re.sub(r"```.*?```", "", source(cell), flags=re.DOTALL) for cell in cells(path, "markdown"))
    return [(len(found[1]), found[2].strip()) for found in re.finditer(r"^(#+) (.+)$", text, re.MULTILINE)]


def parameters(path: Path) -> Any:
    (cell,) = [cell for cell in cells(path) if "parameters" in cell["metadata"].get("tags", [])]
    return cell


def names(code: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield from node.name.split(".")


def test_the_notebooks_are_there() -> None:
    """Seven notebooks, numbered in the order in which they hand over."""
    assert [path.stem for path in NOTEBOOKS] == NAMES


@each
def test_it_is_a_valid_notebook_for_any_python_3(path: Path) -> None:
    """Format 4.5 with an id for each cell, and a kernel that every machine has."""
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)

    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


@each
def test_it_is_stripped(path: Path) -> None:
    """No output, no execution count and no widget state is in git."""
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells(path, "code"))
    assert "widgets" not in json.loads(path.read_text(encoding="utf-8"))["metadata"]


def test_nbstripout_has_nothing_to_strip() -> None:
    """The tool that attendees' editors run leaves the files as they are, cell ids included."""
    command = [sys.executable, "-m", "nbstripout", "--verify", *map(str, NOTEBOOKS)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout


@each
def test_its_headings_form_a_tree(path: Path) -> None:
    """One H1, first of all, with a verb; no level is skipped."""
    levels = [level for level, _ in headings(path)]

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    assert headings(path)[0][1].split()[0] in {"Set", "Invent", "Picture", "Inspect", "Review", "Publish"}


@each
def test_it_follows_the_skeleton(path: Path) -> None:
    """Set up, parameters, the work, the result, exercises, and the next step, in that order."""
    titles = [title for level, title in headings(path) if level == 2]
    wanted = ["Set up", "Choose the parameters", "Look at the result", "Exercises", "Next"]
    stages = ["Preview two", "Make them all"] if path.stem[:2] in {"01", "02", "03"} else []

    assert [title for title in titles if title in wanted] == wanted
    assert [title for title in titles if title in stages] == stages
    assert titles[-2:] == ["Exercises", "Next"]
    opening = source(cells(path)[0])
    assert all(f"**You'll {what}**" in opening for what in ("make", "learn", "need"))


@each
def test_each_code_cell_is_short_and_introduced(path: Path) -> None:
    """A sentence stands before each code cell, which has at most 15 lines that JupyterLab shows without scrolling."""
    listed = cells(path)
    for before, cell in pairwise(listed):
        if cell["cell_type"] == "code":
            lines = source(cell).splitlines()

            assert before["cell_type"] == "markdown", f"nothing introduces:\n{source(cell)}"
            assert re.search(r"[.:!?]$", source(before).strip()), f"no sentence: {source(before)}"
            assert len(lines) <= 15
            assert max(map(len, lines)) <= 100


@each
def test_its_parameters_are_literals_with_comments(path: Path) -> None:
    """One parameters cell: 3 to 8 typed literals, each explained, with the two that every notebook takes."""
    code = source(parameters(path))
    statements = ast.parse(code).body

    assert 3 <= len(statements) <= 8
    assert all(isinstance(statement, ast.AnnAssign) for statement in statements)
    values = {s.target.id: ast.literal_eval(s.value) for s in statements}  # type: ignore[attr-defined]
    assert all(re.search(r"  # \w.+", line) for line in code.splitlines())
    assert values["output_dir"] is None
    assert values["provider"] is None
    assert values["target_count"] is None, "as chosen in notebook 00"
    Settings.model_validate({k: v for k, v in values.items() if k in Settings.model_fields and v is not None})


@each
def test_papermill_reads_its_parameters(path: Path) -> None:
    """papermill finds each parameter with its help, so that it does not call one unknown that it knows."""
    found = inspect_notebook(str(path))

    assert set(found) == {s.target.id for s in ast.parse(source(parameters(path))).body}  # type: ignore[attr-defined]
    assert all(parameter["help"] for parameter in found.values())


@each
def test_later_cells_read_settings_only(path: Path) -> None:
    """After the form, work reads form.settings; no cell looks into a widget, and none uses a frozen-run widget."""
    code = "\n".join(source(cell) for cell in cells(path, "code"))
    used = set(names(code))

    assert not used & BANNED
    assert not used & {"widgets", "ipywidgets", "observe", "on_click", "get_ipython"}
    assert "form.settings" in code


@each
def test_it_has_no_key_no_install_and_no_magic(path: Path) -> None:
    """No key, no installation and no shell command in a cell."""
    code = "\n".join(source(cell) for cell in cells(path, "code"))

    assert not re.search(r"^\s*[!%]", code, re.MULTILINE)
    assert not re.search(r"pip install|api_key\s*=|os\.environ", code)


@each
def test_every_picture_has_words(path: Path) -> None:
    """A picture in a text has alt text, and every figure in a cell is given its own."""
    text = "\n".join(source(cell) for cell in cells(path, "markdown"))
    code = "\n".join(source(cell) for cell in cells(path, "code"))

    assert not re.findall(r"!\[\s*\]\(", text)
    assert all("alt=" in tag for tag in re.findall(r"<img[^>]*>", text))
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "figure":
            assert "alt" in {keyword.arg for keyword in node.keywords}


@each
def test_its_links_lead_somewhere(path: Path) -> None:
    """Each relative link names a file that exists; Next links the notebook after this one."""
    text = "\n".join(source(cell) for cell in cells(path, "markdown"))
    targets = [target for target in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in target]
    number = NAMES.index(path.stem)

    assert all((path.parent / target).exists() for target in targets)
    if number + 1 < len(NAMES):
        assert f"]({NAMES[number + 1]}.ipynb)" in text.partition("## Next")[2]


def test_the_container_definition_is_json() -> None:
    """The dev container's file is plain JSON and installs the project; it can't be started here, so no more is said."""
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))

    assert container["image"].startswith("python:3.")
    assert "uv sync" in container["postCreateCommand"]
    assert "ms-toolsai.jupyter" in container["customizations"]["vscode"]["extensions"]
