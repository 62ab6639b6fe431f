"""The answers below the exercises: each runs, in a kernel that has run its notebook, and what it checks holds."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from conftest import REPOSITORY
from nbclient import NotebookClient

NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
EXERCISES = 23
each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def exercises(path: Path) -> str:
    """The text of the notebook's exercises."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    (found,) = [text for text in texts if text.startswith("## Exercises")]
    return found


def folded(path: Path) -> list[tuple[str, str]]:
    """(question, code of its answer) of each exercise."""
    pattern = r"<details><summary>(.+?)</summary>(?:(?!</details>).)*?```python\n(.+?)\n```\n</details>"
    return re.findall(pattern, exercises(path), re.DOTALL)


def prepared(path: Path, home: Path) -> Any:
    """The notebook with its parameters set, and each answer as a cell at its end."""
    notebook = nbformat.read(path, as_version=4)
    (at,) = [at for at, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", [])]
    given = f"output_dir = {str(home / 'out')!r}\ntarget_count = 6\nslow_motion = False"
    notebook.cells.insert(at + 1, nbformat.v4.new_code_cell(given))
    notebook.cells += [nbformat.v4.new_code_cell(code) for _, code in folded(path)]
    return notebook


def test_each_exercise_has_an_answer() -> None:
    """Every exercise is a question that unfolds to code."""
    assert sum(len(folded(path)) for path in NOTEBOOKS) == EXERCISES
    assert sum(exercises(path).count("<details>") for path in NOTEBOOKS) == EXERCISES


@pytest.mark.slow
@each
def test_its_answers_run(path: Path, home: Path) -> None:
    """Each answer runs after its notebook, with the offline model, and what it says of the result holds."""
    notebook = prepared(path, home)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(home)}}).execute()
    answers = notebook.cells[-len(folded(path)) :]

    assert all(cell.outputs for cell in answers)
