"""Paths, numbers and origins: what a setting's value means, and how a bad one is told to whoever wrote it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Command, calls

from datagen_lib.errors import SettingsError, SetupError
from datagen_lib.settings import Settings, output_folder
from offline_model import Server

Start = Callable[..., Server]
OFFLINE_HINT = "DATAGEN_PROVIDER=offline"


def load(home: Path, **environment: str) -> Settings:
    return Settings.load(environ=environment, root=home)


# -- how it was written ------------------------------------------------------------------------------------------------


def test_a_flag_is_called_by_its_flag(command: Command) -> None:
    """--target-count banana: the flag is named, not a variable nor a file, and the offline model is no way out."""
    result = command("--target-count", "banana")

    assert result.code == 2
    assert "--target-count banana: " in result.err
    assert "TARGET_COUNT" not in result.err
    assert ".env" not in result.err
    assert OFFLINE_HINT not in result.err


def test_a_line_of_env_is_called_by_its_line(command: Command) -> None:
    """A bad BATCH_SIZE in .env is named with its line, and the file is where to mend it."""
    (command.home / ".env").write_text("# sizes\nBATCH_SIZE=0\n", encoding="utf-8")
    result = command()

    assert result.code == 2
    assert "BATCH_SIZE=0 (.env line 2): " in result.err
    assert f"Correct it in {command.home / '.env'}" in result.err
    assert OFFLINE_HINT not in result.err


def test_each_source_has_its_remedy(home: Path) -> None:
    """Bad values from a call, the environment and .env in one message: each place and each remedy is in it."""
    (home / ".env").write_text("BATCH_SIZE=0\n", encoding="utf-8")
    with pytest.raises(SettingsError) as raised:
        Settings.load(environ={"IMAGE_SIZE": "2"}, root=home, target_count=-1)
    said = str(raised.value)

    for part in ("target_count=-1: ", "IMAGE_SIZE=2 (environment): ", "BATCH_SIZE=0 (.env line 1): "):
        assert part in said
    for part in ("in the cell or the call", "variable of the environment", "Correct it in"):
        assert part in raised.value.hint


def test_the_offline_hint_is_given_where_it_is_a_way_out(home: Path) -> None:
    """Half an Azure setup: the offline model is offered. With a bad TARGET_COUNT beside it, it would not help."""
    half = {"AZURE_OPENAI_API_KEY": "0123456789abcdef"}
    for environment, offered in ((half, True), (half | {"TARGET_COUNT": "x"}, False)):
        with pytest.raises(SettingsError) as raised:
            load(home, **environment)
        assert (OFFLINE_HINT in raised.value.hint) is offered


def test_no_login_is_shown(home: Path) -> None:
    """A password in a bad endpoint is in no message, and one in a good endpoint in no view of the settings."""
    with pytest.raises(SettingsError) as raised:
        load(home, DATAGEN_PROVIDER="azure", AZURE_OPENAI_ENDPOINT="https://me:hush-hush@lab.example:port")
    assert "hush-hush" not in str(raised.value)

    good = load(
        home,
        DATAGEN_PROVIDER="openai",
        OPENAI_BASE_URL="https://me:hush-hush@lab.example/v1",
        OPENAI_API_KEY="0123456789",
        OPENAI_TEXT_MODEL="a",
        OPENAI_IMAGE_MODEL="b",
    )
    assert "hush-hush" not in str(good.public())


# -- what it means -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        {"target_count": 1.5},
        {"target_count": True},
        {"batch_size": False},
        {"max_cost_usd": True},
        {"max_cost_usd": float("inf")},
        {"request_timeout": True},
        {"output_dir": 7},
        {"output_dir": True},
        {"output_dir": "C:\new"},
        {"output_dir": "a\0b"},
        {"output_dir": "x" * 5000},
        {"output_dir": "\udcff"},
        {"output_dir": "~nobody-of-that-name/x"},
        {"output_dir": "$NOT_SET_ANYWHERE/x"},
        {"prices_file": "x" * 5000},
        {"dry_run": "perhaps"},
    ],
)
def test_what_is_not_meant_is_refused_in_words(home: Path, given: dict[str, Any]) -> None:
    """A value of another kind is never bent into a number or a folder: it is refused, by name."""
    (name,) = given
    with pytest.raises(SettingsError) as raised:
        Settings.load(environ={}, root=home, **given)

    assert raised.value.problems[0].startswith(name)
    assert len(raised.value.problems) == 1


def test_an_escape_of_env_is_told(home: Path) -> None:
    """OUTPUT_DIR="C:\\new" makes a line feed in .env: refused with the reason, not made a folder of two lines."""
    (home / ".env").write_text('OUTPUT_DIR="C:\\lab\\new"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match="single quotes"):
        load(home)


@pytest.mark.parametrize("text", ["$HOME/seed", "${HOME}/seed", "~/seed", "%USERPROFILE%/seed", "%HOME%/seed"])
def test_a_home_is_a_home(home: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """The ways of writing one's home folder lead there, from .env too."""
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home / "me"))
    (home / ".env").write_text(f"OUTPUT_DIR='{text}'\n", encoding="utf-8")
    everything = {"HOME": str(home / "me"), "USERPROFILE": str(home / "me")}

    assert load(home, **everything).output_dir == home / "me" / "seed"
    assert output_folder() == home / "me" / "seed"


@pytest.mark.parametrize("name", ["Müllers Ordner", "資料\u3000二", "a\u00a0b", "👩\u200d🚀"])
def test_a_folder_may_be_called_as_people_call_it(home: Path, name: str) -> None:
    """Letters of any alphabet, their blanks and joined emoji are part of a name."""
    assert load(home, OUTPUT_DIR=name).output_dir == home / name


@pytest.mark.parametrize(("name", "words"), [("a\u202eb", "can't be seen"), ("a\udcff", "UTF-8"), ("a\nb", "\\n")])
def test_what_cannot_be_seen_in_a_name_is_told(home: Path, name: str, words: str) -> None:
    """A direction override, a byte that is no letter and a line feed are each refused for what they are."""
    with pytest.raises(SettingsError) as raised:
        load(home, OUTPUT_DIR=name)
    assert words in raised.value.problems[0]


def test_signs_that_stand_for_nothing_stay(home: Path) -> None:
    """A folder's name may hold $ and %."""
    assert load(home, OUTPUT_DIR="a$b%c").output_dir == home / "a$b%c"


@pytest.mark.skipif(sys.platform == "win32", reason="it is a path there")
def test_a_path_of_windows_elsewhere(home: Path) -> None:
    r"""C:\lab on another system is refused rather than made a folder of that name."""
    with pytest.raises(SettingsError, match="Windows"):
        load(home, OUTPUT_DIR="C:\\lab")


def test_quotation_marks_of_docker(home: Path) -> None:
    """docker --env-file hands quotation marks on; they are not part of the value."""
    assert load(home, TARGET_COUNT='"12"', OUTPUT_DIR="'seed'").target_count == 12


# -- where a relative path counts from ---------------------------------------------------------------------------------


def test_a_flag_counts_from_the_shell(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative --output-dir is a folder of the working folder, whatever .env lies in a parent."""
    below = command.home / "work" / "here"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    (command.home / ".env").write_text("OUTPUT_DIR=from-env\n", encoding="utf-8")

    assert command("--output-dir", "out", "--dry-run", "--target-count", "2").code == 0
    assert (below / "out" / "catalog.json").exists()
    assert command("--dry-run", "--target-count", "2").code == 0
    assert (command.home / "from-env" / "catalog.json").exists()
    assert Settings.load(environ={"OUTPUT_DIR": "seed"}).output_dir == command.home / "seed"


# -- the way in --------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="a working folder can't be removed there")
def test_a_working_folder_that_is_gone(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Started in a folder that was deleted meanwhile: exit 2, in words."""
    gone = command.home / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    result = command("--dry-run")
    monkeypatch.chdir(command.home)

    assert result.code == 2
    assert "the working folder can't be looked into" in result.err
    assert "Traceback" not in result.err


def test_a_working_folder_that_may_not_be_searched(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working folder without the right to look into it: exit 2, in words."""

    def denied(_: Path, **__: object) -> os.stat_result:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", denied)
    with pytest.raises(SetupError, match="Permission denied"):
        Settings.load(environ={})


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_folder_with_another_alphabet(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working folder whose name is not UTF-8 can't hold the output: refused by name, without a traceback."""
    odd = Path(os.fsdecode(os.fsencode(home) + b"/caf\xe9"))
    odd.mkdir()
    monkeypatch.chdir(odd)
    with pytest.raises(SettingsError, match="UTF-8"):
        Settings.load(environ={}, root=odd, output_dir="out")


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_a_loop_of_links(home: Path) -> None:
    """An output folder that leads to itself is refused by name."""
    (home / "loop").symlink_to(home / "loop")
    with pytest.raises(SettingsError, match="OUTPUT_DIR"):
        load(home, OUTPUT_DIR="loop/x")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SSL_CERT_FILE", "/no/such/file.pem", "no such file"),
        ("SSL_CERT_DIR", "/no/such/folder", "no such folder"),
        ("SSL_CERT_FILE", __file__, "no certificate"),
        ("HTTPS_PROXY", "socks5://127.0.0.1:1080", "socksio"),
        ("all_proxy", "socks5h://me:hush-hush@127.0.0.1:1080", "socksio"),
        ("HTTPS_PROXY", "http://proxy:port", "not the address of a proxy"),
        ("HTTP_PROXY", "ftp://proxy", "ftp"),
    ],
)
def test_a_network_that_cannot_work_is_told_before_the_first_call(
    command: Command, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    """A proxy or certificate of the environment that can't be used: exit 2 with the variable, and no password shown."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    command.set(
        AZURE_OPENAI_ENDPOINT="https://lab.invalid",
        AZURE_OPENAI_API_KEY="0123456789abcdef",
        AZURE_OPENAI_API_VERSION="v1",
        AZURE_OPENAI_GPT5_DEPLOYMENT="gpt5",
        AZURE_OPENAI_IMAGE_DEPLOYMENT="gpt-image-1",
        **{name: value},
    )
    result = command("--target-count", "2")

    assert result.code == 2
    assert f"{name}=" in result.err
    assert words in result.err
    assert "hush-hush" not in result.err


def test_nothing_of_the_network_matters_on_this_machine(command: Command, stand_in: Start) -> None:
    """A server of this machine is reached without the environment's proxies, as any provider."""
    server = stand_in()
    command.use(server)
    command.set(HTTP_PROXY="http://127.0.0.1:9", HTTPS_PROXY="socks5://127.0.0.1:9")

    assert command("--target-count", "2").code == 0
    assert len(calls(server, "image")) == 2


def test_a_demonstration_is_free_of_the_users_settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`Settings.for_demo` reads neither the environment nor .env: no budget, pace or dry run of theirs takes part."""
    (home / ".env").write_text("MAX_COST_USD=0.01\nset TARGET_COUNT=9\n", encoding="utf-8")
    for name, value in {"DRY_RUN": "true", "IMAGE_REQUESTS_PER_MINUTE": "1", "TARGET_COUNT": "many"}.items():
        monkeypatch.setenv(name, value)
    server = {
        "AZURE_OPENAI_ENDPOINT": "http://127.0.0.1:9",
        "AZURE_OPENAI_API_KEY": "0123456789abcdef",
        "AZURE_OPENAI_API_VERSION": "2025-04-01-preview",
        "AZURE_OPENAI_GPT5_DEPLOYMENT": "gpt5",
        "AZURE_OPENAI_IMAGE_DEPLOYMENT": "gpt-image-1",
    }
    demo = Settings.for_demo(server, output_dir=str(home / "demo"), target_count=6)

    assert (demo.provider, demo.target_count, demo.output_dir) == ("azure", 6, home / "demo")
    assert (demo.max_cost_usd, demo.image_requests_per_minute, demo.dry_run) == (None, None, False)


# -- few descriptors ---------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
def test_few_descriptors_are_met_by_fewer_calls(command: Command) -> None:
    """Where `ulimit -n` allows 64 files the run asks less at once, says so once, and is whole."""
    import subprocess

    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "IMAGE_SIZE": "64"}
    line = f"ulimit -n 64; exec {sys.executable} -m data_generator --target-count 12 --parallel-image-requests 32"
    done = subprocess.run(
        ["bash", "-c", line], cwd=command.home, env=environment, capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 0, done.stderr
    assert done.stderr.count("ulimit -n") == 1
    command.folder.check(at_least=12, size=64)
