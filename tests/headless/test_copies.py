"""`datagen-lab --open`: the attendee's own copies, what is kept, what is new, and how to begin again."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from conftest import REPOSITORY

from datagen_lib.folder.lock import FolderLock
from datagen_lib.headless import command as lab
from datagen_lib.headless import start

KIT = REPOSITORY / "notebooks"
NUMBERED = sorted(KIT.glob("[0-9][0-9]_*.ipynb"))


@pytest.fixture
def opened(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Opens the lab of a project in `home` with everything but JupyterLab itself; returns what was said."""
    shutil.copytree(KIT, home / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    monkeypatch.setattr(lab, "jupyterlab", lambda root, options: 0)

    def run(*arguments: str, code: int = 0) -> str:
        capsys.readouterr()
        assert lab.main(["--notebooks", str(home / "notebooks"), *(arguments or ("--open",))]) == code
        return capsys.readouterr().err

    return run


def edit(path: Path, *, source: str | None = None, output: str | None = None) -> None:
    """What an attendee does to a notebook: types into its last code cell, or runs it."""
    notebook = nbformat.read(path, as_version=4)
    cell = [cell for cell in notebook.cells if cell.cell_type == "code"][-1]
    if source is not None:
        cell.source = source
    if output is not None:
        cell.outputs = [nbformat.v4.new_output("stream", text=output)]
        cell.execution_count = 7
    nbformat.write(notebook, path)


def test_the_lab_is_laid_out_beside_the_kit(opened: Callable[..., str], home: Path) -> None:
    """All notebooks, the start page and its pictures are copied to lab/; a .env in which nothing is set is there."""
    before = {path: path.read_bytes() for path in (home / "notebooks").rglob("*") if path.is_file()}
    said = opened()

    assert {path.name for path in (home / "lab").glob("*.ipynb")} == {path.name for path in NUMBERED}
    assert (home / "lab" / "START.md").read_bytes() == (KIT / "START.md").read_bytes()
    assert {path.name for path in (home / "lab" / "pictures").iterdir()} == {"catalogue.jpg", "flow.svg"}
    assert str(home / "lab") in said
    assert all(line.startswith("#") for line in (home / ".env").read_text(encoding="utf-8").splitlines())
    assert before == {path: path.read_bytes() for path in (home / "notebooks").rglob("*") if path.is_file()}


def test_git_ignores_the_lab() -> None:
    """What is worked in is nothing that git asks about."""
    assert "/lab/" in (REPOSITORY / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_opened_again_nothing_changes(opened: Callable[..., str], home: Path) -> None:
    """Copies that were edited or run, and a .env of one's own, stay as they are, and nothing is said of them."""
    opened()
    edit(home / "lab" / NUMBERED[2].name, source="mine = 1")
    edit(home / "lab" / NUMBERED[3].name, output="ran")
    (home / ".env").write_text("IMAGE_SIZE=64\n", encoding="utf-8")
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    said = opened()

    assert len(said.splitlines()) == 1
    assert before == {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}


def test_a_newer_kit_replaces_what_was_not_edited_and_says_so(opened: Callable[..., str], home: Path) -> None:
    """A copy that was only run gets the kit's new version; an edited one is kept, with the way to the new one."""
    opened()
    run, edited = (NUMBERED[number].name for number in (1, 2))
    edit(home / "lab" / run, output="ran")
    edit(home / "lab" / edited, source="mine = 1")
    for name in (run, edited):
        edit(home / "notebooks" / name, source="newer = 1")
    said = opened()

    assert f"{run} is new" in said
    assert "newer = 1" in (home / "lab" / run).read_text(encoding="utf-8")
    assert f"{edited} is kept" in said
    assert f"--reset {edited[:2]}" in said
    assert "mine = 1" in (home / "lab" / edited).read_text(encoding="utf-8")
    assert f"{edited} is kept" in opened()  # as long as it is so


def test_a_file_of_unknown_origin_is_kept(opened: Callable[..., str], home: Path) -> None:
    """Something of a notebook's name that the command did not put there is not written over."""
    (home / "lab").mkdir()
    (home / "lab" / NUMBERED[0].name).write_text("not even JSON", encoding="utf-8")
    said = opened()

    assert f"{NUMBERED[0].name} is kept" in said
    assert (home / "lab" / NUMBERED[0].name).read_text(encoding="utf-8") == "not even JSON"


def test_to_begin_again_is_one_line_and_loses_nothing(opened: Callable[..., str], home: Path) -> None:
    """--open --reset: fresh copies, no choices, no catalogue; all that was there lies in lab/before/."""
    opened()
    edit(home / "lab" / NUMBERED[2].name, source="mine = 1")
    (home / "lab" / "catalogue").mkdir()
    (home / "lab" / "catalogue" / "catalog.json").write_text("[]", encoding="utf-8")
    said = opened("--open", "--reset")
    (aside,) = (home / "lab" / "before").iterdir()

    assert str(aside) in said
    assert "mine = 1" in (aside / NUMBERED[2].name).read_text(encoding="utf-8")
    assert (aside / "catalogue" / "catalog.json").is_file()
    assert not (home / "lab" / "catalogue").exists()
    assert "mine = 1" not in (home / "lab" / NUMBERED[2].name).read_text(encoding="utf-8")


def test_one_notebook_can_be_begun_again(opened: Callable[..., str], home: Path) -> None:
    """--reset 02 gives that one anew; the others and the catalogue stay."""
    opened()
    for number in (2, 3):
        edit(home / "lab" / NUMBERED[number].name, source="mine = 1")
    (home / "lab" / "catalogue").mkdir()
    opened("--open", "--reset", "2")

    assert "mine = 1" not in (home / "lab" / NUMBERED[2].name).read_text(encoding="utf-8")
    assert "mine = 1" in (home / "lab" / NUMBERED[3].name).read_text(encoding="utf-8")
    assert (home / "lab" / "catalogue").is_dir()


@pytest.mark.parametrize(("asked", "words"), [(("--reset", "77"), "77"), (("--reset", "x"), "x")])
def test_a_notebook_that_is_not_there_can_not_be_reset(
    opened: Callable[..., str], home: Path, asked: tuple[str, ...], words: str
) -> None:
    """Exit 2, and nothing was moved."""
    opened()

    assert words in opened(*asked, code=2)
    assert not (home / "lab" / "before").exists()


def test_a_lab_with_a_run_at_work_is_not_set_aside(opened: Callable[..., str], home: Path) -> None:
    """Exit 2, naming the process; nothing was moved."""
    opened()
    (home / "lab" / "catalogue").mkdir()
    lock = FolderLock(home / "lab" / "catalogue")
    lock.take()
    said = opened("--reset", code=2)
    lock.release()

    assert "another run (pid" in said
    assert not (home / "lab" / "before").exists()


def test_reset_alone_opens_nothing(opened: Callable[..., str], home: Path) -> None:
    """Without --open the lab is set aside, and no new one laid out; where there is none, that is said."""
    opened()
    opened("--reset")

    assert [path.name for path in (home / "lab").iterdir()] == ["before"]
    assert "nothing to set aside" in opened("--reset")


def test_without_jupyterlab_the_way_to_it_is_said(
    opened: Callable[..., str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 2 in words, before anything is copied."""
    monkeypatch.setattr(start, "find_spec", lambda name: None)

    assert "pip install jupyterlab" in opened("--open", code=2)
    assert not (home / "lab").exists()


def test_options_for_jupyterlab_need_it(opened: Callable[..., str]) -> None:
    """A stray word is refused, not swallowed."""
    assert "--open" in opened("--", "--no-browser", code=2)


# -- the start page ----------------------------------------------------------------------------------------------------

PAGE = (KIT / "START.md").read_text(encoding="utf-8")


def test_the_start_page_names_every_notebook() -> None:
    """Each one by its number and first heading, with a link to it and its minutes."""
    for path in NUMBERED:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        title = re.search(r"^# (.+)$", "".join("".join(cell["source"]) + "\n" for cell in cells), re.MULTILINE)
        assert title
        assert re.search(rf"\[{path.name[:2]} {re.escape(title[1])}\]\({path.name}\) \| \d+ \|", PAGE), title[1]


def test_the_start_pages_links_lead_somewhere() -> None:
    """Seen from notebooks/ and from lab/ alike, since both lie in the root; its pictures say in words what they show."""
    links = re.findall(r"\]\(([^)#]+)\)", PAGE)
    pictures = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", PAGE)

    assert [link for link in links if link != "../.env" and not (KIT / link).exists()] == []
    assert [name for alt, name in pictures if len(alt) < 60] == []


def test_the_diagram_needs_no_theme() -> None:
    """Its words stand white on boxes dark enough for them (WCAG AA), and its ground is left to the page."""
    drawing = (KIT / "pictures" / "flow.svg").read_text(encoding="utf-8")
    fills = set(re.findall(r'<rect [^>]*fill="(#\w{6})"', drawing))

    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    assert fills
    assert all(1.05 / (light(fill) + 0.05) >= 4.5 for fill in fills)
    assert "<title" in drawing
