"""The `.env` as people write it: what can't be read as meant stops the run, with file and line."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from conftest import Command

from datagen_lib.errors import SettingsError
from datagen_lib.settings import Settings, doubts

KEY = "S3cr3tK3yThatNobodyMaySee"


def load(home: Path, **environment: str) -> Settings:
    return Settings.load(environ=environment, root=home)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (f"set AZURE_OPENAI_API_KEY={KEY}", "AZURE_OPENAI_API_KEY"),
        (f"SET azure_openai_api_key={KEY}", "AZURE_OPENAI_API_KEY"),
        (f"setx AZURE_OPENAI_API_KEY {KEY}", "AZURE_OPENAI_API_KEY"),
        (f'$env:AZURE_OPENAI_API_KEY = "{KEY}"', "AZURE_OPENAI_API_KEY"),
        (f"$Env:AZURE_OPENAI_API_KEY={KEY}", "AZURE_OPENAI_API_KEY"),
        (f"AZURE_OPENAI_API_KEY: {KEY}", "AZURE_OPENAI_API_KEY"),
        (f"  AZURE_OPENAI_API_KEY:{KEY}==", "AZURE_OPENAI_API_KEY"),
        (f'"AZURE_OPENAI_API_KEY": "{KEY}",', "AZURE_OPENAI_API_KEY"),
        (f'{{"AZURE_OPENAI_API_KEY": "{KEY}"}}', "AZURE_OPENAI_API_KEY"),
        (f"- AZURE_OPENAI_API_KEY={KEY}", "AZURE_OPENAI_API_KEY"),
        (f"AZURE_OPENAI_API_KEY {KEY}", "AZURE_OPENAI_API_KEY"),
        (f'AZURE_OPENAI_API_KEY="{KEY}', "AZURE_OPENAI_API_KEY"),
        (f"AZURE_OPENAI_API_KEY='{KEY}' and more", "AZURE_OPENAI_API_KEY"),
        (f"azure_openai_api_key={KEY}", "AZURE_OPENAI_API_KEY"),
        ("Target_Count=5", "TARGET_COUNT"),
        ("TARGET_COUNT", "TARGET_COUNT"),
        ("TARGET_COUNT := 5", "TARGET_COUNT"),
        ("declare -x TARGET_COUNT=5", "TARGET_COUNT"),
        ("let TARGET_COUNT = 5;", "TARGET_COUNT"),
    ],
)
def test_a_line_that_cannot_be_read_stops_the_run(home: Path, line: str, name: str) -> None:
    """A line that speaks of a setting in another language's form is refused with file and line; no value is shown."""
    (home / ".env").write_text(f"# the lab's settings\n\n{line}\n", encoding="utf-8")
    with pytest.raises(SettingsError) as raised:
        load(home)
    (problem,) = raised.value.problems

    assert f"{home / '.env'} line 3" in problem
    assert name in problem
    assert KEY not in str(raised.value)


def test_an_open_quotation_mark_takes_in_nothing(home: Path) -> None:
    """A quotation mark that closes lines below would swallow settings: it is named where it opens."""
    (home / ".env").write_text('NOTE="begun\nTARGET_COUNT=5\nBATCH_SIZE=7"\n', encoding="utf-8")
    with pytest.raises(SettingsError) as raised:
        load(home)

    assert "line 1" in raised.value.problems[0]
    assert "TARGET_COUNT" in raised.value.problems[0]


def test_all_such_lines_are_said_at_once(command: Command) -> None:
    """YAML for all five: one message with five lines, exit 2, and no catalogue made offline."""
    lines = [f"{name}: x" for name in ("AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_API_VERSION")]
    (command.home / ".env").write_text("\n".join(lines), encoding="utf-8")
    result = command("--target-count", "3")

    assert result.code == 2
    assert all(f"line {number}" in result.err for number in (1, 2, 3))
    assert "NAME=value" in result.err
    assert not command.folder.path.exists()


@pytest.mark.parametrize(
    "content",
    [
        "export TARGET_COUNT=33\n",
        "\ufeffTARGET_COUNT=33\n",
        "NOTE: yaml of somebody else\nTARGET_COUNT=33\n",
        "set PATH=x\nTARGET_COUNT=33\n",
        "# set TARGET_COUNT=5\nTARGET_COUNT=33 # TARGET_COUNT: 7\n",
        "OTHER=${TARGET_COUNT}\nTARGET_COUNT=33\n",
        'KEY="-----BEGIN\nabc=\n-----END"\nTARGET_COUNT=33\n',
        "target=1\nTARGET_COUNT='33'\n",
        "TARGET_COUNT=33\r\nBATCH_SIZE=\r\n",
    ],
)
def test_lines_of_others_are_let_be(home: Path, content: str) -> None:
    """What can be read, and what speaks of no setting of ours, is no hindrance."""
    (home / ".env").write_text(content, encoding="utf-8", newline="")

    assert load(home).target_count == 33


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("AZURE_OPENAI_ENDPIONT", "AZURE_OPENAI_ENDPOINT"),
        ("AZURE_OPENAI_DEPLOYMENT_NAME", "AZURE_OPENAI_GPT5_DEPLOYMENT"),
        ("AZURE_OPENAI_KEY", "AZURE_OPENAI_API_KEY"),
        ("AZURE_OPENAI_AD_TOKEN", ""),
    ],
)
@pytest.mark.parametrize("where", ["environment", ".env line 1"])
def test_a_misspelt_azure_name_never_ends_offline(home: Path, name: str, meant: str, where: str) -> None:
    """With no other AZURE_OPENAI_* set, a name that is none of ours is refused, with the one that was meant."""
    if where == "environment":
        environment = {name: "x"}
    else:
        (home / ".env").write_text(f"{name}=x\n", encoding="utf-8")
        environment = {}
    with pytest.raises(SettingsError) as raised:
        load(home, **environment)
    (problem,) = raised.value.problems

    assert f"{name} ({where})" in problem
    assert meant in problem
    assert "DATAGEN_PROVIDER=offline" in raised.value.hint
    assert load(home, DATAGEN_PROVIDER="offline", **environment).provider == "offline"


def test_a_missing_setting_is_told_its_misspelling(home: Path) -> None:
    """Where Azure is set up by half, the missing name is said beside the one that stands for it."""
    with pytest.raises(SettingsError) as raised:
        load(home, AZURE_OPENAI_API_KEY="0123456789abcdef", AZURE_OPENAI_ENDPIONT="https://x")
    (problem,) = [line for line in raised.value.problems if line.startswith("AZURE_OPENAI_ENDPOINT")]

    assert "AZURE_OPENAI_ENDPIONT (environment) is not its name" in problem


def test_other_names_near_to_ours_are_pointed_at(command: Command) -> None:
    """TARGET_CUONT in .env stops nothing, and is said once; names of the environment at large are not looked at."""
    (command.home / ".env").write_text("TARGET_CUONT=5\nUNRELATED=1\n", encoding="utf-8")
    command.set(BATCH_SIZES="x")
    result = command("--target-count", "2", "--dry-run")

    assert result.code == 0
    assert result.err.count("did you mean TARGET_COUNT?") == 1
    assert "UNRELATED" not in result.err
    assert "BATCH_SIZES" not in result.err
    assert doubts(environ={}, root=command.home) == [
        "TARGET_CUONT (.env line 1) is not a setting; did you mean TARGET_COUNT?"
    ]


def test_a_file_that_is_none(home: Path) -> None:
    """A .env that is a folder or a link to nothing is named; a virtual environment of that name is let be."""
    path = home / ".env"
    path.mkdir()
    with pytest.raises(SettingsError, match="is a folder"):
        load(home)
    (path / "pyvenv.cfg").touch()
    assert load(home).provider == "offline"
    (path / "pyvenv.cfg").unlink()
    path.rmdir()
    if sys.platform != "win32":
        path.symlink_to(home / "nowhere")
        with pytest.raises(SettingsError, match="not there"):
            load(home)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="nobody may not read, to root or on Windows")
def test_a_file_that_may_not_be_read(home: Path) -> None:
    """A .env without the right to read it is named."""
    (home / ".env").touch(mode=0)
    with pytest.raises(SettingsError, match="can't be read"):
        load(home)


def test_a_file_that_fails(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails while .env is read: our own error, with the file and the reason."""
    (home / ".env").touch()

    def broken(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", broken)
    with pytest.raises(SettingsError, match=r"\.env: can't be read \(Permission denied\)"):
        load(home)


def test_wide_text_is_called_that(home: Path) -> None:
    """UTF-16, with and without its mark, is said to be that."""
    for encoding in ("utf-16", "utf-16-le", "utf-32"):
        (home / ".env").write_bytes("TARGET_COUNT=33\n".encode(encoding))
        with pytest.raises(SettingsError, match="UTF-16"):
            load(home)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no such pipes")
def test_a_pipe_is_no_missing_file(home: Path) -> None:
    """A .env that is a pipe, as some password managers hand one over, is named: it is not as if there were none."""
    os.mkfifo(home / ".env")

    with pytest.raises(SettingsError, match="is a pipe"):
        load(home)
