"""The lab's folder, its defaults, and the choices that one notebook keeps for the others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from datagen_lib import lab
from datagen_lib.errors import SettingsError


def test_the_lab_works_in_a_folder_of_its_own(home: Path) -> None:
    """With nothing given, the lab makes 40 items in lab/catalogue, which README's command does not fill."""
    settings = lab.load()

    assert (settings.output_dir, settings.target_count) == (home / "lab" / "catalogue", 40)
    assert settings.provider == "offline"


def test_environment_and_env_file_reach_the_lab(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TARGET_COUNT, IMAGE_QUALITY and OUTPUT_DIR count in notebooks as they do for the command."""
    (home / ".env").write_text("IMAGE_QUALITY=low\nOUTPUT_DIR=mine\n", encoding="utf-8")
    monkeypatch.setenv("TARGET_COUNT", "7")
    settings = lab.load()

    assert (settings.target_count, settings.image_quality) == (7, "low")
    assert settings.output_dir == home / "mine"


def test_a_choice_is_kept_for_the_others(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was chosen wins over environment and .env, and a parameter over what was chosen; each says from where."""
    monkeypatch.setenv("TARGET_COUNT", "7")
    lab.keep({"target_count": 12, "output_dir": "lab/second", "provider": None, "max_retries": 3})

    assert json.loads((home / "lab" / "choices.json").read_text(encoding="utf-8")) == {
        "output_dir": "lab/second",
        "target_count": 12,
    }
    settings = lab.load()
    assert (settings.target_count, settings.output_dir) == (12, home / "lab" / "second")
    assert lab.load(target_count=3).target_count == 3
    sources = {name: source for name, (_, source) in lab.origins(image_quality="low").items()}
    assert sources == {"output_dir": "notebook 00", "target_count": "notebook 00", "image_quality": "argument"}


def test_nothing_chosen_leaves_no_file(home: Path) -> None:
    """A choice of nothing takes the file away, so that environment and defaults decide again."""
    lab.keep({"target_count": 12})
    lab.keep({"target_count": None})

    assert not lab.choices_file().exists()
    assert lab.load().target_count == 40


@pytest.mark.parametrize("text", ["{", "[]", '{"azure_openai_api_key": "x"}', '{"target_count": "many"}'])
def test_a_broken_choice_is_said_in_words(home: Path, text: str) -> None:
    """A file of choices that can't be read, or holds a bad value, is refused in words."""
    path = lab.choices_file()
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")

    with pytest.raises(SettingsError, match=r"choices\.json: can't be read"):
        lab.load()


def test_a_batch_run_keeps_its_choices_to_itself(home: Path) -> None:
    """Within a batch no choice of the lab counts, and what it chooses is gone with it."""
    lab.keep({"target_count": 12})
    with lab.choices_of_its_own():
        assert lab.load().target_count == 40
        lab.keep({"target_count": 5})
        assert lab.load().target_count == 5

    assert lab.load().target_count == 12


@pytest.mark.parametrize(
    ("name", "value"), [("target_count", True), ("target_count", 1.5), ("target_count", "1.5"), ("output_dir", 7)]
)
def test_an_odd_value_is_refused_in_words(home: Path, name: str, value: Any) -> None:
    """A parameter of another type than is meant is named, with what it must be."""
    with pytest.raises(SettingsError) as caught:
        lab.load(**{name: value})

    assert f"{name}={value}" in caught.value.what
    assert "must be" in caught.value.what or "should be" in caught.value.what
