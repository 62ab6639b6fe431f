"""The settings: where they come from, what is refused, and that one message names all that is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Command
from hypothesis import given
from hypothesis import strategies as st

from datagen_lib.errors import SettingsError
from datagen_lib.settings import Settings, flag, found, project_root, variable
from offline_model import Server

Start = Callable[..., Server]
AZURE = {
    "AZURE_OPENAI_ENDPOINT": "https://lab.openai.azure.com",
    "AZURE_OPENAI_API_KEY": "0123456789abcdef",
    "AZURE_OPENAI_API_VERSION": "2025-04-01-preview",
    "AZURE_OPENAI_GPT5_DEPLOYMENT": "gpt5",
    "AZURE_OPENAI_IMAGE_DEPLOYMENT": "gpt-image-1",
}


def load(home: Path, **environment: str) -> Settings:
    return Settings.load(environ=environment, root=home)


def problems(home: Path, **environment: str) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        load(home, **environment)
    return raised.value.problems


# -- bad values --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TARGET_COUNT", "many"),
        ("TARGET_COUNT", "0"),
        ("TARGET_COUNT", "-5"),
        ("TARGET_COUNT", "1.5"),
        ("TARGET_COUNT", "1000001"),
        ("BATCH_SIZE", "0"),
        ("BATCH_SIZE", "101"),
        ("IMAGE_SIZE", "1025"),
        ("IMAGE_SIZE", "8"),
        ("IMAGE_SIZE", "big"),
        ("IMAGE_QUALITY", "best"),
        ("PARALLEL_IMAGE_REQUESTS", "0"),
        ("PARALLEL_IMAGE_REQUESTS", "1000"),
        ("PARALLEL_TEXT_REQUESTS", "0"),
        ("IMAGE_REQUESTS_PER_MINUTE", "0"),
        ("TEXT_REQUESTS_PER_MINUTE", "-1"),
        ("MAX_RETRIES", "-1"),
        ("MAX_RETRIES", "999"),
        ("REQUEST_TIMEOUT", "0"),
        ("REQUEST_TIMEOUT", "nan"),
        ("REQUEST_TIMEOUT", "never"),
        ("REASONING_EFFORT", "extreme"),
        ("MAX_COST_USD", "-0.01"),
        ("MAX_COST_USD", "cheap"),
        ("MAX_COST_USD", "nan"),
        ("DRY_RUN", "perhaps"),
        ("LOG_LEVEL", "LOUD"),
        ("PRICES_FILE", "no-such-file.json"),
        ("DATAGEN_PROVIDER", "aws"),
        ("AZURE_OPENAI_ENDPOINT", "lab.openai.azure.com"),
        ("AZURE_OPENAI_ENDPOINT", "ftp://lab.openai.azure.com"),
        ("AZURE_OPENAI_ENDPOINT", "https://"),
        ("AZURE_OPENAI_ENDPOINT", "https://host:port"),
        ("AZURE_OPENAI_ENDPOINT", "https://host:99999"),
        ("AZURE_OPENAI_ENDPOINT", "http://[::1"),
        ("AZURE_OPENAI_ENDPOINT", "https://my resource.openai.azure.com"),
        ("AZURE_OPENAI_API_KEY", "YOUR_KEY_HERE"),
        ("AZURE_OPENAI_API_KEY", "<your key>"),
        ("AZURE_OPENAI_API_KEY", "two words"),
        ("AZURE_OPENAI_API_KEY", "“0123456789abcdef”"),
        ("AZURE_OPENAI_API_KEY", "0123456789\x01abcdef"),
        ("AZURE_OPENAI_API_VERSION", "2024-06-01"),
        ("AZURE_OPENAI_API_VERSION", "2024-10-21"),
        ("AZURE_OPENAI_API_VERSION", "2024-12-01-preview"),
        ("AZURE_OPENAI_API_VERSION", "latest"),
        ("AZURE_OPENAI_API_VERSION", "04/01/2025"),
    ],
)
def test_a_bad_value_is_named(home: Path, name: str, value: str) -> None:
    """A bad value is refused, by its variable's name, with nothing else blamed; a key is not repeated."""
    (problem,) = problems(home, **AZURE | {name: value})

    assert problem.startswith(name)
    assert ": " in problem
    if "KEY" in name:
        assert value not in problem


def test_all_that_is_wrong_is_said_at_once(home: Path) -> None:
    """TARGET_COUNT=many, five more bad values and three missing variables: nine names in one message."""
    wrong = {
        "TARGET_COUNT": "many",
        "BATCH_SIZE": "0",
        "IMAGE_SIZE": "2048",
        "LOG_LEVEL": "LOUD",
        "AZURE_OPENAI_API_VERSION": "2024-06-01",
        "AZURE_OPENAI_ENDPOINT": "nowhere",
    }
    missing = ["AZURE_OPENAI_API_KEY", "AZURE_OPENAI_GPT5_DEPLOYMENT", "AZURE_OPENAI_IMAGE_DEPLOYMENT"]

    named = [problem.partition("=")[0].partition(":")[0] for problem in problems(home, **wrong)]

    assert sorted(named) == sorted([*wrong, *missing])


def test_the_command_names_them_too(command: Command) -> None:
    """The command says all of them, exits 2, shows no traceback and makes no folder."""
    command.set(TARGET_COUNT="many", BATCH_SIZE="-1", DRY_RUN="maybe", AZURE_OPENAI_GPT5_DEPLOYMENT="gpt5")

    result = command("--image-quality", "superb", "--max-cost", "lots")

    assert result.code == 2
    for name in (
        "TARGET_COUNT",
        "BATCH_SIZE",
        "DRY_RUN",
        "--image-quality superb",
        "--max-cost lots",
        "AZURE_OPENAI_ENDPOINT",
    ):
        assert name in result.err
    assert "Traceback" not in result.said
    assert not command.folder.path.exists()


def test_an_old_version_is_refused_before_the_first_call(command: Command, stand_in: Start) -> None:
    """An api-version without structured outputs or gpt-image: exit 2, no call, the version to set is said."""
    server = stand_in()
    command.use(server)
    command.set(AZURE_OPENAI_API_VERSION="2024-06-01")

    result = command()

    assert result.code == 2
    assert not server.calls
    assert "2025-04-01-preview" in result.err


@pytest.mark.parametrize(
    "version", ["2025-04-01-preview", "2025-04-01", "2026-01-01", "2027-12-31-preview", "v1", "V1"]
)
def test_later_versions_are_taken(home: Path, version: str) -> None:
    """Every version since the one that is needed is taken, and v1."""
    assert load(home, **AZURE | {"AZURE_OPENAI_API_VERSION": version}).azure_openai_api_version == version.lower()


@pytest.mark.parametrize("name", AZURE)
def test_each_of_the_five_is_needed(home: Path, name: str) -> None:
    """One AZURE_OPENAI_* alone asks for Azure, and then the other four are missing, each by name."""
    assert sorted(problem.partition(":")[0] for problem in problems(home, **{name: AZURE[name]})) == sorted(
        AZURE.keys() - {name}
    )


@pytest.mark.parametrize("provider", ["azure", "openai", "AZURE", " OpenAI "])
def test_a_provider_asked_for_needs_its_settings(home: Path, provider: str) -> None:
    """A provider that is named but not set up is refused; it is never swapped for another."""
    named = problems(home, DATAGEN_PROVIDER=provider)

    assert all(problem.startswith(f"{provider.strip().upper()}") for problem in named)
    assert any("KEY" in problem for problem in named)


def test_what_another_provider_reads_cannot_be_wrong(home: Path) -> None:
    """A bad Azure setting does not stop the offline model when that was asked for."""
    settings = load(home, DATAGEN_PROVIDER="offline", AZURE_OPENAI_ENDPOINT="nowhere", OPENAI_BASE_URL="neither")

    assert settings.provider == "offline"


def test_an_unknown_argument_is_refused(home: Path) -> None:
    """A misspelt setting is not ignored."""
    with pytest.raises(SettingsError, match="traget_count"):
        Settings.load(environ={}, root=home, traget_count=5)


@given(
    st.dictionaries(
        st.sampled_from(["TARGET_COUNT", "BATCH_SIZE", "IMAGE_SIZE", "MAX_COST_USD", "REQUEST_TIMEOUT", "DRY_RUN",
                         "LOG_LEVEL", "OUTPUT_DIR", "PRICES_FILE", "DATAGEN_PROVIDER", *AZURE]),
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30),
    )
)  # fmt: skip
def test_no_value_brings_a_traceback(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> None:
    """Whatever the environment holds, the settings are either whole or refused by our own error."""
    try:
        settings = Settings.load(environ=environment, root=tmp_path_factory.getbasetemp())
    except SettingsError as refused:
        named = refused.problems
    else:
        named = [str(settings.output_dir)]

    assert named


# -- where they come from ----------------------------------------------------------------------------------------------


def test_precedence(home: Path) -> None:
    """An explicit argument wins over the environment, that over .env, that over the default."""
    (home / ".env").write_text("TARGET_COUNT=11\nBATCH_SIZE=12\nIMAGE_SIZE=256\n", encoding="utf-8")
    settings = Settings.load(environ={"TARGET_COUNT": "21", "BATCH_SIZE": "22"}, root=home, target_count=31)

    assert (settings.target_count, settings.batch_size, settings.image_size, settings.max_retries) == (31, 22, 256, 5)
    assert found(environ={"TARGET_COUNT": "21", "BATCH_SIZE": "22"}, root=home, target_count=31) == {
        "target_count": (31, "argument"),
        "batch_size": ("22", "environment"),
        "image_size": ("256", ".env"),
    }


def test_flags_win_over_the_environment(command: Command) -> None:
    """--target-count 3 beats TARGET_COUNT=many, which is then not even read."""
    command.set(TARGET_COUNT="many", DATAGEN_PROVIDER="azure")

    result = command("--target-count", "3", "--provider", "offline", "--dry-run", "--batch-size", "3")

    assert result.code == 0, result.said
    assert len(command.folder.catalogue) == 3


def test_empty_is_unset(home: Path) -> None:
    """An empty string, or blanks, in the environment lets .env and the default through."""
    (home / ".env").write_text("TARGET_COUNT=77\nBATCH_SIZE=\n", encoding="utf-8")
    settings = load(home, TARGET_COUNT="", BATCH_SIZE="  ", AZURE_OPENAI_ENDPOINT="", AZURE_OPENAI_API_KEY=" ")

    assert settings.provider == "offline"
    assert settings.target_count == 77
    assert settings.batch_size == 20


def test_zero_is_not_unset(home: Path) -> None:
    """0 retries and a budget of 0 are what they say."""
    settings = Settings.load(environ={"MAX_RETRIES": "0"}, root=home, max_cost_usd=0)

    assert settings.max_retries == 0
    assert settings.max_cost_usd == 0


@pytest.mark.parametrize("written", ["true", "True", "1", "yes", "on"])
def test_truth_has_many_spellings(home: Path, written: str) -> None:
    """DRY_RUN takes the usual spellings."""
    assert load(home, DRY_RUN=written).dry_run is True


@pytest.mark.parametrize(
    "content",
    [
        b"TARGET_COUNT=33\n",
        b"\xef\xbb\xbfTARGET_COUNT=33\n",
        b"# a comment\r\n\r\nexport TARGET_COUNT='33'\r\n",
        b'TARGET_COUNT="33"   # items in all\n',
        "NOTE=gr\u00fc\u00dfe\nTARGET_COUNT = 33\n".encode(),
    ],
)
def test_an_env_file_as_people_write_it(home: Path, content: bytes) -> None:
    """.env may have a byte order mark, Windows line ends, export, quotation marks and comments."""
    (home / ".env").write_bytes(content)

    assert load(home).target_count == 33


@pytest.mark.parametrize("content", ["TARGET_COUNT=33\n".encode("utf-16"), b"TARGET_COUNT=\xff\n"])
def test_an_env_file_that_is_no_utf_8(home: Path, content: bytes) -> None:
    """A .env in UTF-16, as PowerShell 5 writes it, is refused by its name, without a traceback."""
    (home / ".env").write_bytes(content)
    with pytest.raises(SettingsError, match=r"\.env"):
        load(home)


def test_the_command_reads_env_files(command: Command, stand_in: Start) -> None:
    """The seed's .env, with its five variables, is all that the command needs."""
    server = stand_in()
    lines = [f"{name}={value}" for name, value in server.settings.items()]
    (command.home / ".env").write_text("\n".join([*lines, "TARGET_COUNT=4", "DRY_RUN=true", ""]), encoding="utf-8")

    result = command()

    assert result.code == 0, result.said
    assert len(command.folder.catalogue) == 4
    assert server.calls


def test_the_project_root(home: Path) -> None:
    """A relative OUTPUT_DIR counts from the nearest folder above that has .env or pyproject.toml."""
    below = home / "notebooks" / "deep"
    below.mkdir(parents=True)

    assert project_root(below) == home.resolve()
    (home / "notebooks/.env").touch()
    assert project_root(below) == (home / "notebooks").resolve()


def test_an_unknown_home(home: Path) -> None:
    """OUTPUT_DIR in the home of a user whom nobody knows is refused by name, without a traceback."""
    with pytest.raises(SettingsError, match="OUTPUT_DIR"):
        load(home, OUTPUT_DIR="~nobody-of-that-name/data")


@pytest.mark.parametrize(
    "pasted",
    [
        "https://lab.openai.azure.com/",
        "https://lab.openai.azure.com/openai",
        "https://lab.openai.azure.com/openai/deployments/gpt5/chat/completions?api-version=2024-06-01",
        "https://lab.openai.azure.com/openai/v1/",
        "  https://lab.openai.azure.com  ",
    ],
)
def test_a_pasted_address_is_the_resource(home: Path, pasted: str) -> None:
    """Whatever of the portal's addresses is pasted, the resource is taken from it."""
    assert (
        load(home, **AZURE | {"AZURE_OPENAI_ENDPOINT": pasted}).azure_openai_endpoint == AZURE["AZURE_OPENAI_ENDPOINT"]
    )


# -- changing them -----------------------------------------------------------------------------------------------------


def test_settings_are_frozen(home: Path) -> None:
    """Settings don't change; a changed copy is checked as the first was."""
    settings = load(home)
    changed = settings.changed(target_count=5)

    assert changed.target_count == 5
    assert settings.target_count == 200
    with pytest.raises(ValueError, match="frozen"):
        settings.target_count = 7  # type: ignore[misc]
    with pytest.raises(SettingsError, match="TARGET_COUNT"):
        settings.changed(target_count=0)
    with pytest.raises(SettingsError, match="AZURE_OPENAI_API_KEY"):
        settings.changed(provider="azure")


def test_every_setting_is_documented(home: Path) -> None:
    """Each field has a description; each has a variable or a flag; no two share one."""
    names = [variable(name) for name in Settings.model_fields]
    flags = [flag(name) for name in Settings.model_fields if flag(name)]

    assert all(field.description for field in Settings.model_fields.values())
    assert len(set(names)) == len(names)
    assert len(set(flags)) == len(flags)


def test_the_seeds_flags_are_all_there(command: Command) -> None:
    """--help knows every flag of the seed and of the design, and exits 0."""
    result = command("--help")

    assert result.code == 0
    for name in (
        "--target-count", "--batch-size", "--parallel-image-requests", "--force-categories", "--force-images",
        "--resume", "--dry-run", "--skip-images", "--no-validate", "--estimate", "--output-dir", "--provider",
        "--image-quality", "--max-cost", "--log-level", "--version",
    ):  # fmt: skip
        assert name in result.out


def test_the_version_is_said(command: Command) -> None:
    """--version says it and does nothing else."""
    result = command("--version")

    assert result.code == 0
    assert result.out.strip()
    assert not command.folder.path.exists()


def test_an_unknown_flag(command: Command) -> None:
    """A flag that does not exist: exit 2."""
    assert command("--taget-count", "5").code == 2


@pytest.mark.parametrize("content", ["{}", "[]", "no json", '{"dated": "x", "text": {}, "image": {}, "default": {}}'])
def test_a_broken_price_table(command: Command, stand_in: Start, content: str) -> None:
    """A PRICES_FILE that is not a price table: exit 2, named, no call."""
    server = stand_in()
    command.use(server)
    (command.home / "prices.json").write_text(content, encoding="utf-8")
    command.set(PRICES_FILE=str(command.home / "prices.json"))

    for arguments in (["--estimate"], ["--target-count", "2"]):
        result = command(*arguments)

        assert result.code == 2
        assert "PRICES_FILE" in result.err
        assert "Traceback" not in result.said
    assert not server.calls


def test_the_environment_never_reaches_the_report(command: Command, stand_in: Start) -> None:
    """run_report.json has the settings in force, without any secret."""
    server = stand_in()
    command.use(server)
    command("--target-count", "2", "--dry-run")
    report = json.dumps(command.folder.report)

    assert command.folder.report["settings"]["target_count"] == 2
    assert command.folder.report["settings"]["azure_openai_endpoint"] == server.url
    assert server.key not in report


@pytest.mark.parametrize(
    "folder", ["file:///tmp/x", "https://account.blob.core.windows.net/x", "abfss://c@a.dfs.core.windows.net/x"]
)
def test_an_address_is_no_folder(home: Path, folder: str) -> None:
    """OUTPUT_DIR with an address is refused: a folder called "file:" in the working folder is what nobody means."""
    with pytest.raises(SettingsError, match="is an address, not a folder"):
        load(home, OUTPUT_DIR=folder)
