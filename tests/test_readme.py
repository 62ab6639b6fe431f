"""What README says can be followed: its commands name what exists, its links lead somewhere."""

from __future__ import annotations

import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest
from conftest import REPOSITORY
from test_packaging import PROJECT

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
PAGES = sorted(
    path
    for path in [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md"), *REPOSITORY.glob("data_seed/*.md")]
    if path.is_file()
)
COMMANDS = sorted(set(re.findall(r"(?:pipx run |py -m |python3? -m |\.venv/bin/)?uv run [^`\n}#]+", README)))
GENERATE = "uv run --only-group generate python -m data_generator --target-count 210"
TESTS = "uv run --group dev pytest"


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as the usual sites of code make them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_relative_links_lead_somewhere(page: Path) -> None:
    """Each relative link and picture of each page is a file of this repository, and its anchor a heading there."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target.read_text(encoding="utf-8")), link


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_name_what_exists(command: str) -> None:
    """Each `uv run` asks for a group that pyproject.toml has, and for a module or a command that is there."""
    words = shlex.split(command.rsplit("uv run ", maxsplit=1)[-1])
    groups = PROJECT["dependency-groups"]
    while words[0].startswith("--"):
        option, group = words[:2]
        assert option in {"--group", "--only-group"}, command
        assert group in groups, command
        words = words[2:]
    if words[:2] == ["python", "-m"]:
        assert find_spec(words[2]), command
    else:
        assert words[0] in {"pytest", "jupyter", "papermill", *PROJECT["project"]["scripts"]}, command


def test_every_system_gets_the_same_command() -> None:
    """The main command stands in each fold-out as above it; only the way to uv differs."""
    opening = README[: README.index("## The lab")]

    assert opening.count(GENERATE) >= 5
    assert f"\npython -m pip install uv && python -m {GENERATE}\n" in opening
    assert f"\npython -m pip install uv && python -m {TESTS}\n" in opening
    assert not re.findall(r"uv run (?!--only-group generate|--group dev pytest)", opening)


def test_no_page_names_a_registry() -> None:
    """No file that is installed from or read by people names a package registry's host: mirrors differ."""
    hosts = re.compile(
        r"https?://[\w.-]*(?:" + "|".join(["py" + "pi", "python" + "hosted", "npm" + "js"]) + r")[\w.-]*"
    )
    files = [*PAGES, REPOSITORY / "pyproject.toml", *REPOSITORY.glob("constraints/*"), REPOSITORY / ".ci/run"]

    assert {path.name for path in files if hosts.search(path.read_text(encoding="utf-8"))} == set()
