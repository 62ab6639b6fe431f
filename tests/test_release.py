"""What a release says, and the files that only a forge reads."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from conftest import REPOSITORY

from datagen_lib import __version__
from tools import release

TEXT = "# Changelog\n\n## [Unreleased]\n\n- to come\n\n## [0.2.0] - 2026-12-01\n\n### Added\n\n- a thing\n\n## [0.1.0]\n\n- old\n"


def test_a_release_says_what_its_changelog_does() -> None:
    """The notes are what stands under the version's heading, and nothing of the next."""
    assert release.notes(TEXT, "0.2.0") == "### Added\n\n- a thing"
    assert release.notes(TEXT, "0.1.0") == "- old"
    assert release.notes(TEXT, "0.2") == ""


def test_a_tag_that_is_not_the_version_makes_no_release(capsys: pytest.CaptureFixture[str]) -> None:
    """A tag other than the package's version fails, and the sentence names both."""
    assert release.main("v9.9.9") == 1
    assert capsys.readouterr().err == f"error: the tag says 9.9.9, datagen_lib/version.py says {__version__}\n"


def test_the_citation_names_this_version() -> None:
    """CITATION.cff has the version of the package."""
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))

    assert citation["version"] == __version__


@pytest.mark.parametrize(
    "path",
    [*REPOSITORY.glob(".github/**/*.yml"), REPOSITORY / ".pre-commit-config.yaml"],
    ids=lambda path: path.relative_to(REPOSITORY).as_posix(),
)
def test_a_forges_files_are_yaml(path: Path) -> None:
    """Each can be read; a workflow has jobs, each with a limit of time, and runs README's commands as they stand."""
    text = path.read_text(encoding="utf-8")
    content = yaml.safe_load(text)

    if path.parent.name == "workflows":
        assert all("timeout-minutes" in job for job in content["jobs"].values())
    if path.name == "ci.yml":
        readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
        commands = [
            line for line in readme.splitlines() if line.startswith("python -m pip install uv && python -m uv run")
        ]
        assert len(commands) == 2
        assert all(f"run: {command}\n" in text for command in commands)
