"""Checks in words, a notebook's own parameters, and demonstrations that nothing of the user's takes part in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import REPOSITORY

from datagen_lib import load_catalog, run
from datagen_lib.errors import CheckFailed, DemoOver, SettingsError
from datagen_lib.notebook.checks import check, parameter
from datagen_lib.notebook.demo import Demo
from datagen_lib.runner import run_sync
from offline_model import start


def test_a_check_says_what_holds() -> None:
    """What holds is listed, escaped; what does not is raised as the failure, not as the rule."""
    assert "no <b>name</b> comes twice" in check(("no <b>name</b> comes twice", True, "one does")).text
    assert "&lt;b&gt;" in check(("no <b>name</b> comes twice", True, "one does")).html

    with pytest.raises(CheckFailed, match=r"^there are 19; .A. comes twice$"):
        check(("20", False, "there are 19"), ("unique", False, "'A' comes twice"), ("fine", True, "not fine"))


def test_a_check_holds_without_asserts(home: Path) -> None:
    """python -O turns asserts off, and no check with them."""
    code = "from datagen_lib.notebook.checks import check; check(('it holds', False, 'it does not'))"
    done = subprocess.run([sys.executable, "-O", "-c", code], capture_output=True, text=True, check=False,
                          env={"PYTHONPATH": str(REPOSITORY)})  # fmt: skip

    assert done.returncode == 1
    assert "CheckFailed: it does not" in done.stderr


@pytest.mark.parametrize(
    ("value", "kind", "bounds", "words"),
    [
        (5, str, {}, "steer=5: must be a text in quotation marks"),
        (None, float, {"least": 0, "most": 1}, "steer=None: must be a number from 0 to 1"),
        (1.5, float, {"least": 0, "most": 1}, "steer=1.5: must be a number from 0 to 1"),
        (True, float, {}, "steer=True: must be a number"),
        ("yes", bool, {}, "steer='yes': must be True or False"),
    ],
)
def test_an_odd_parameter_is_refused_in_words(value: Any, kind: Any, bounds: dict[str, float], words: str) -> None:
    """A notebook's own parameter of another type, or out of its bounds, is named with what it must be."""
    with pytest.raises(SettingsError) as caught:
        parameter("steer", value, kind, **bounds)

    assert words in caught.value.what


def test_a_good_parameter_is_taken() -> None:
    """A whole number is a number too."""
    assert parameter("alike", 1, float, least=0, most=1) == 1.0
    assert parameter("steer", "", str) == ""


def test_a_demonstration_is_free_of_the_users_settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits, quotas, switches and a proxy of the environment don't reach a demonstration."""
    for name, value in {
        "MAX_COST_USD": "0",
        "IMAGE_REQUESTS_PER_MINUTE": "1",
        "DRY_RUN": "true",
        "IMAGE_SIZE": "64",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "ALL_PROXY": "nonsense",
        "AZURE_OPENAI_ENDPOINT": "https://example.invalid",
    }.items():
        monkeypatch.setenv(name, value)
    (home / ".env").write_text("TARGET_COUNT=99\n", encoding="utf-8")
    with Demo(start()) as demo:
        outcome = run_sync(run(demo.settings(target_count=2)))
        made = load_catalog(demo.folder)

    assert outcome.complete
    assert list(made["image_size"]) == [1024, 1024]


def test_a_demonstration_run_twice_leaves_nothing() -> None:
    """A second one of the same name ends the first; what asks for an ended one is told to run the cells above."""
    first = Demo(start(), "trouble")
    folder = first.folder
    with Demo(start(), "trouble"):
        with pytest.raises(DemoOver, match="has ended") as caught:
            _ = first.server
        with pytest.raises(DemoOver):
            first.settings()

        assert "Run the cells above again" in caught.value.hint
        assert not folder.exists()
    first.end()
