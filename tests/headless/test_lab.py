"""The notebooks without a browser: each alone under papermill, and all in order by `datagen-lab`."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from browsing import CHROMIUM, chromium, violations
from conftest import REPOSITORY, Command, Folder, Result, calls

from datagen_lib.headless import command as lab
from datagen_lib.headless import notebooks
from datagen_lib.headless import page as page_of
from offline_model import Fault, Faults, Server

Start = Callable[..., Server]
NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("[0-9][0-9]_*.ipynb"))
PARAMETERS = (
    "output_dir: str | None = None  # where\ntarget_count: int = 4  # items in all\nseconds: float = 0  # wait\n"
)


@pytest.fixture
def datagen_lab(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """The command in this process, from a working folder that is not the repository's."""

    def run(*arguments: str | Path) -> Result:
        capsys.readouterr()
        try:
            code = lab.main([str(argument) for argument in arguments])
        except SystemExit as leave:
            code = int(leave.code or 0)
        said = capsys.readouterr()
        return Result(code, said.out, said.err)

    return run


def write_notebook(path: Path, *cells: str, parameters: str | None = PARAMETERS) -> Path:
    """A notebook with a parameters cell and one cell after each of the headings Step 1, Step 2 ..."""
    path.parent.mkdir(exist_ok=True)
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    notebook.cells.append(nbformat.v4.new_markdown_cell("# A notebook"))
    if parameters is not None:
        notebook.cells.append(nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    for number, cell in enumerate(cells, 1):
        notebook.cells += [nbformat.v4.new_markdown_cell(f"## Step {number}"), nbformat.v4.new_code_cell(cell)]
    nbformat.write(notebook, path)
    return path


def outputs(copy: Path) -> str:
    """All that the executed notebook says in text."""
    return json.dumps([cell.get("outputs", []) for cell in nbformat.read(copy, as_version=4).cells])


def execute(name: str, copy: Path, **parameters: Any) -> None:
    """One of the lab's notebooks under papermill itself, in the folder that the test is in."""
    import papermill

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        papermill.execute_notebook(
            REPOSITORY / "notebooks" / name, copy, parameters, progress_bar=False, execution_timeout=240
        )


# -- what is typed is checked first --------------------------------------------------------------------------------------


def test_a_parameter_that_no_notebook_knows_is_refused(datagen_lab: Callable[..., Result], home: Path) -> None:
    """A misspelt parameter ends the command with exit 2 before anything runs, and the known ones are listed."""
    result = datagen_lab("-p", "target_cuont", "6", "--output-dir", "out")

    assert result.code == 2
    assert "target_cuont" in result.err
    assert all(name in result.err for name in ("target_count", "output_dir"))
    assert not (home / "out").exists()


@pytest.mark.parametrize(
    ("value", "words"), [("many", "valid integer"), ("0", "greater than or equal to 1"), ("2.5", "integer")]
)
def test_a_value_of_the_wrong_type_is_refused(
    datagen_lab: Callable[..., Result], home: Path, value: str, words: str
) -> None:
    """A value that does not fit its setting ends the command with exit 2, in words, before anything runs."""
    result = datagen_lab("-p", "target_count", value, "--output-dir", "out")

    assert result.code == 2
    assert f"target_count={value}" in result.err
    assert words in result.err
    assert not (home / "out").exists()


def test_all_that_is_wrong_is_said_at_once(datagen_lab: Callable[..., Result]) -> None:
    """Two bad parameters are both named in one message."""
    result = datagen_lab("-p", "target_count", "many", "-p", "colour", "red")

    assert result.code == 2
    assert "target_count=many" in result.err
    assert "colour" in result.err


def test_a_notebook_that_is_not_there_is_refused(datagen_lab: Callable[..., Result]) -> None:
    """--only with an unknown number exits 2 and lists the notebooks."""
    result = datagen_lab("--only", "02", "77")

    assert result.code == 2
    assert "77" in result.err
    assert all(path.stem in result.err for path in NOTEBOOKS)


def test_a_folder_without_notebooks_is_refused(datagen_lab: Callable[..., Result], home: Path) -> None:
    """Where there are no notebooks the command says where it looked and what to do, and exits 2."""
    result = datagen_lab("--notebooks", home)

    assert result.code == 2
    assert str(home) in result.err
    assert "--notebooks" in result.err


@pytest.mark.parametrize(
    "parameters", [None, "target_count = 4 * 5", "target_count: int", "import os", "target_count = 4 +"]
)
def test_a_parameters_cell_that_is_none_is_refused(
    datagen_lab: Callable[..., Result], home: Path, parameters: str | None
) -> None:
    """A notebook whose parameters cell is missing or computes something exits 2 and is named."""
    path = write_notebook(home / "notebooks" / "02_items.ipynb", parameters=parameters)
    result = datagen_lab("--notebooks", path.parent)

    assert result.code == 2
    assert "02_items.ipynb" in result.err


def test_missing_settings_are_found_before_a_notebook_starts(
    datagen_lab: Callable[..., Result], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half an Azure setup exits 2 with every missing setting named, and leaves no folder."""
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://example.invalid")
    result = datagen_lab("--output-dir", "out")

    assert result.code == 2
    assert "AZURE_OPENAI_API_KEY" in result.err
    assert "AZURE_OPENAI_IMAGE_DEPLOYMENT" in result.err
    assert not (home / "out").exists()


def test_parameters_are_read_with_their_types() -> None:
    """Numbers, switches and texts arrive as what the notebook's literals are; None stands for not given."""
    source = "a: int = 1  # one\nb: float = 0\nc: bool = False\nd: str | None = None\ne = 'x'\n"
    notebook = notebooks.Notebook(Path("02_items.ipynb"), dict(notebooks._parameters(source)))
    typed = notebooks.checked({"a": "7", "b": "0.5", "c": "true", "d": "text", "e": "none"}, [notebook])["02"]

    assert typed == {"a": 7, "b": 0.5, "c": True, "d": "text", "e": "none"}
    assert notebooks.checked({"d": "None"}, [notebook])["02"] == {"d": None}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_labs_notebooks_take_what_they_must(path: Path) -> None:
    """Every notebook takes output_dir, which is not given by default, and target_count; its defaults fit its settings."""
    notebook = next(notebook for notebook in notebooks.read_notebooks(path.parent) if notebook.path == path)
    known = {name: value for name, (_, value) in notebook.parameters.items() if name in lab.Settings.model_fields}

    assert notebook.parameters["output_dir"].default is None
    assert notebook.parameters["target_count"].kind is int
    assert lab.Settings.load(environ={}, root=path.parent, **known)


# -- each notebook alone -------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_notebook_runs_alone_from_another_folder(
    path: Path, command: Command, stand_in: Start, tmp_path: Path
) -> None:
    """papermill runs each notebook on an empty folder; what earlier stages should have left is made first."""
    server = stand_in()
    command.use(server)
    copy, folder = tmp_path / "copy.ipynb", Folder(tmp_path / "out")
    execute(path.name, copy, output_dir=str(folder.path), target_count=7)
    stage = path.name[:2]

    assert stage < "01" or len(folder.categories) == 20
    assert stage < "02" or len(folder.catalogue) == 7
    assert stage < "03" or len(folder.pictures) == 7
    assert stage < "05" or folder.json("reviews.json")["decisions"]
    assert stage < "06" or len(folder.json("bundle/catalog.json")) == 3
    assert copy.stat().st_size < 2_000_000
    assert server.settings["AZURE_OPENAI_API_KEY"] not in copy.read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_lab_survives_a_service_in_trouble(
    command: Command, stand_in: Start, datagen_lab: Callable[..., Result]
) -> None:
    """With rate limits, torn and rule-breaking answers and broken pictures the whole lab still ends complete."""
    server = stand_in(
        faults=Faults(
            Fault("429", rate=0.1, retry_after=0.05),
            Fault("wrong-count", nth={2}),
            Fault("malformed", nth={4}),
            Fault("rule-breaking", rate=0.2),
            Fault("image-cut", nth={3}),
        )
    )
    command.use(server)
    result = datagen_lab("--only", "01", "02", "03", "-p", "target_count", "8", "--output-dir", "out")
    folder = Folder(command.home / "out")

    assert result.code == 0, result.err
    folder.check(at_least=8)
    assert folder.rejected
    assert len(calls(server, "image")) > 8


@pytest.mark.slow
def test_a_dry_run_is_named_and_no_failure(
    datagen_lab: Callable[..., Result], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With DRY_RUN in the environment notebook 03 ends well, and its page says that pictures were left out, and why."""
    monkeypatch.setenv("DRY_RUN", "true")
    result = datagen_lab("--only", "03", "-p", "target_count", "4", "--output-dir", "out")
    page = (Path(result.out.strip()) / "03_images.html").read_text(encoding="utf-8")

    assert result.code == 0, result.err
    assert not Folder(home / "out").pictures
    assert "DRY_RUN is on in the environment: no pictures are made." in page
    assert "DRY_RUN is on, so 4 pictures were left out." in page


@pytest.mark.slow
def test_a_refused_key_is_told_in_plain_words(
    command: Command, stand_in: Start, datagen_lab: Callable[..., Result]
) -> None:
    """A 401 stops the lab with exit 1 and says which setting to change; no traceback, and the key nowhere."""
    server = stand_in(faults=Faults(Fault("401")))
    command.use(server)
    key = server.settings["AZURE_OPENAI_API_KEY"]
    result = datagen_lab("--only", "01", "--output-dir", "out")

    assert result.code == 1
    assert "AZURE_OPENAI_API_KEY" in result.err
    assert "Traceback" not in result.err
    assert key not in result.err
    assert all(key not in path.read_text(encoding="utf-8") for path in (command.home / "out" / "runs").rglob("*.*"))


@pytest.mark.slow
def test_papermill_from_elsewhere_works_for_the_notebooks_project(home: Path) -> None:
    """The command papermill, called in another folder: .env and the output folder are those of the notebook's place."""
    project, elsewhere = home / "project", home / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ".env").write_text("OUTPUT_DIR=wrong\n", encoding="utf-8")
    (project / "notebooks").mkdir(parents=True)
    (project / ".env").write_text("OUTPUT_DIR=right\nIMAGE_SIZE=64\n", encoding="utf-8")
    cell = "import datagen_lib.notebook\nfrom datagen_lib import Settings\nprint(Settings.load().output_dir)"
    path = write_notebook(project / "notebooks" / "02_items.ipynb", cell)
    command = [sys.executable, "-m", "papermill", str(path.relative_to(home)), "copy.ipynb", "--no-progress-bar"]
    relative = [*command[:3], f"../{command[3]}", *command[4:]]
    done = subprocess.run(relative, cwd=elsewhere, capture_output=True, text=True, check=False, timeout=120)

    assert done.returncode == 0, done.stderr
    assert str(project / "right") in outputs(elsewhere / "copy.ipynb")


def test_the_notebooks_can_be_copied_out(datagen_lab: Callable[..., Result], home: Path) -> None:
    """--copy-to puts all notebooks into a folder; again it changes nothing; an edited one is never overwritten."""
    assert datagen_lab("--copy-to", "mine").code == 0
    assert datagen_lab("--copy-to", "mine").code == 0
    assert sorted(path.name for path in (home / "mine").iterdir()) == [path.name for path in NOTEBOOKS]
    (home / "mine" / NOTEBOOKS[0].name).write_text("mine", encoding="utf-8")
    (home / "mine" / NOTEBOOKS[1].name).unlink()
    refused = datagen_lab("--copy-to", "mine")

    assert refused.code == 2
    assert NOTEBOOKS[0].name in refused.err
    assert (home / "mine" / NOTEBOOKS[0].name).read_text(encoding="utf-8") == "mine"
    assert not (home / "mine" / NOTEBOOKS[1].name).exists()


def test_an_installed_lab_works_for_the_callers_folder(
    datagen_lab: Callable[..., Result], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package's own notebooks run in the caller's project, with its .env, and leave the package as it was."""
    package = home / "site-packages" / "notebooks"
    package.parent.mkdir()
    write_notebook(package / "00_set_up.ipynb", "import os\nprint(os.getcwd())")
    for module in (lab, notebooks):
        monkeypatch.setattr(module, "PACKAGED", package)
    (home / ".env").write_text("OUTPUT_DIR=from-env\n", encoding="utf-8")
    before = sorted(package.rglob("*"))
    result = datagen_lab()
    (run,) = (home / "from-env" / "runs").iterdir()

    assert result.code == 0, result.err
    assert str(home) in outputs(run / "00_set_up.ipynb")
    assert "site-packages" not in outputs(run / "00_set_up.ipynb")
    assert sorted(package.rglob("*")) == before


def test_how_far_a_notebook_is_can_be_read(
    datagen_lab: Callable[..., Result], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what a live display says, one line is shown: the notebook's number, what is at work, how far, how long."""
    monkeypatch.setattr("datagen_lib.headless.progress.LOG_EVERY", 0)
    work = (
        "from IPython.display import display, update_display\n"
        "display({'text/plain': '1 of 9 pictures, \\x1b[2J3 a minute'}, raw=True, display_id='x')\n"
        "update_display({'text/plain': '9 of 9 items, 4 of 9 pictures, 9 min left'}, raw=True, display_id='x')\n'5 of 5 apples'"
    )
    write_notebook(home / "notebooks" / "03_images.ipynb", work)
    said = datagen_lab("--notebooks", home / "notebooks").err

    assert "  03: pictures 1 of 9\n" in said
    assert "  03: pictures 4 of 9, 9 min left\n" in said
    assert "apples" not in said


@pytest.mark.slow
def test_a_deployment_that_fails_is_told_with_its_setting(
    command: Command, stand_in: Start, datagen_lab: Callable[..., Result]
) -> None:
    """Where the first notebook's probe fails, the command's last lines name the deployment and the setting to change."""
    server = stand_in(faults=Faults(Fault("404", route="image")))
    command.use(server)
    result = datagen_lab("--only", "00", "--output-dir", "out")

    assert result.code == 1
    assert "image: gpt-image-1 failed" in result.err
    assert "AZURE_OPENAI_IMAGE_DEPLOYMENT" in result.err


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a test can't send Ctrl-C to one process on Windows")
def test_a_run_in_a_cell_keeps_what_it_has_paid_for(command: Command, stand_in: Start) -> None:
    """Ctrl-C for datagen-lab among the pictures of notebook 03: a picture on disk for each that was asked for; 130."""
    server = stand_in(image_latency=0.4)
    command.use(server)
    process = subprocess.Popen(
        [sys.executable, "-m", "datagen_lib.headless.command", "--only", "03", "--output-dir", "out"],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stderr=subprocess.PIPE,
        text=True,
    )
    while len(calls(server, "image")) < 9 and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=100)

    assert process.returncode == 130
    assert said.splitlines()[-1].startswith("interrupted:")
    assert len(Folder(command.home / "out").pictures) == len(calls(server, "image"))


# -- all in order --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_one_command_runs_the_whole_lab_offline(
    datagen_lab: Callable[..., Result], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`datagen-lab` on the offline model, from another folder: all files, and copies that used the value given."""
    monkeypatch.setenv("IMAGE_SIZE", "64")
    result = datagen_lab("-p", "target_count", "6", "--output-dir", "out")
    runs = Path(result.out.strip())
    copies, pages = sorted(runs.glob("*.ipynb")), sorted(runs.glob("*.html"))

    assert result.code == 0, result.err
    Folder(home / "out").check(at_least=6, size=64)
    assert len(Folder(home / "out").catalogue) == 6
    assert runs.parent == home / "out" / "runs"
    assert [copy.name for copy in copies] == [path.name for path in NOTEBOOKS]
    assert [page.stem for page in pages] == [*(path.stem for path in NOTEBOOKS), "index"]
    for copy in copies:
        cells = nbformat.read(copy, as_version=4).cells
        injected = [cell for cell in cells if "injected-parameters" in cell.metadata.tags]
        assert "target_count = 6" in injected[0].source
        assert all(cell.execution_count for cell in cells if cell.cell_type == "code")
        assert not [output for cell in cells for output in cell.get("outputs", []) if output.output_type == "error"]
        assert copy.stat().st_size < 2_000_000
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "<script" not in text
        assert not re.findall(r"""(?:src|href)=["'](?!data:|#|https://|[0-9]{2}_\w+\.html|index\.html)[^"']+""", text)
        assert not re.findall(r"""<(?:img|link|iframe)[^>]+(?:src|href)=["']https?:""", text)
        assert page.stat().st_size < 2_000_000
    assert "data:image/" in (runs / "03_images.html").read_text(encoding="utf-8")
    if CHROMIUM:
        with chromium() as shown:
            for page in pages:
                shown.goto(page.as_uri())
                assert violations(shown) == [], page.name


def test_a_failing_cell_ends_the_run_in_plain_words(datagen_lab: Callable[..., Result], home: Path) -> None:
    """The first cell that fails ends the command with exit 1: which notebook, which step, what; no traceback."""
    notebooks = home / "notebooks"
    write_notebook(notebooks / "00_set_up.ipynb", "print('fine')", "wheels = {}\nwheels['left']")
    write_notebook(notebooks / "04_inspect.ipynb", "print('not reached')")
    result = datagen_lab("--notebooks", notebooks, "--output-dir", "a{b}c")
    (run,) = (home / "a{b}c" / "runs").iterdir()

    assert result.code == 1
    assert "00_set_up.ipynb stopped under “Step 2”: KeyError: 'left'" in result.err
    assert "Traceback" not in result.err
    assert sorted(path.name for path in run.iterdir()) == ["00_set_up.html", "00_set_up.ipynb", "index.html"]
    assert "fine" in outputs(run / "00_set_up.ipynb")


def test_a_stage_is_judged_by_its_files(datagen_lab: Callable[..., Result], home: Path) -> None:
    """A notebook that runs to its end without leaving the stage's files fails all the same."""
    write_notebook(home / "notebooks" / "01_categories.ipynb", "print('made 20 categories, honestly')")
    result = datagen_lab("--notebooks", home / "notebooks", "--output-dir", "out")

    assert result.code == 1
    assert "categories.json is not there" in result.err


def test_a_cell_that_hangs_is_given_up(datagen_lab: Callable[..., Result], home: Path) -> None:
    """A cell that takes longer than --cell-timeout ends the command with exit 1 and the way to allow more."""
    write_notebook(home / "notebooks" / "00_set_up.ipynb", "import time\ntime.sleep(seconds)")
    result = datagen_lab("--notebooks", home / "notebooks", "--cell-timeout", "0.5", "-p", "seconds", "600")

    assert result.code == 1
    assert "under “Step 1”" in result.err
    assert "--cell-timeout" in result.err


def test_a_kernel_that_dies_is_told(datagen_lab: Callable[..., Result], home: Path) -> None:
    """A notebook whose kernel is killed ends the command with exit 1."""
    write_notebook(home / "notebooks" / "00_set_up.ipynb", "import os\nos._exit(9)")
    result = datagen_lab("--notebooks", home / "notebooks")

    assert result.code == 1
    assert "the kernel died" in result.err


def test_two_runs_keep_their_copies_apart(datagen_lab: Callable[..., Result], home: Path) -> None:
    """Each run's copies lie in a folder of their own, even two in the same second."""
    folders = {lab._run_folder(home / "out") for _ in range(3)}

    assert len(folders) == 3
    assert all(re.fullmatch(r"[\w-]+", folder.name) for folder in folders)


@pytest.mark.skipif(sys.platform == "win32", reason="a test can't send Ctrl-C to one process on Windows")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_reaches_the_cell(home: Path, stop: signal.Signals) -> None:
    """Ctrl-C (or SIGTERM) lets the cell put down what it has, runs no further cell, and exits 130."""
    work = (
        "import pathlib, time\npathlib.Path(output_dir, 'begun').touch()\n"
        "try:\n    time.sleep(seconds)\nexcept KeyboardInterrupt:\n    pathlib.Path(output_dir, 'put down').touch()"
    )
    write_notebook(home / "notebooks" / "00_set_up.ipynb", work, "pathlib.Path(output_dir, 'went on').touch()")
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "datagen_lib.headless.command",
            "--notebooks",
            "notebooks",
            "--output-dir",
            "out",
            "-p",
            "seconds",
            "99",
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (home / "out" / "begun").exists() and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(stop)
    _, said = process.communicate(timeout=60)

    assert process.returncode == 130
    assert "interrupted" in said
    assert "Traceback" not in said
    assert (home / "out" / "put down").exists()
    assert not (home / "out" / "went on").exists()


# -- the page ------------------------------------------------------------------------------------------------------------


def test_a_page_needs_no_kernel_and_no_network(tmp_path: Path) -> None:
    """The page keeps tables, pictures and text, shows a form's table instead of its widgets, and loads nothing."""
    view = "application/vnd.jupyter.widget-view+json"
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
    data = [
        {view: {"model_id": "1"}, "text/plain": "Button(description='Stop')"},
        {view: {"model_id": "2"}, "text/plain": "VBox()", "text/html": "<table><tr><td>target_count</td></tr></table>"},
        {"image/png": "iVBORw0KGgo="},
    ]
    shown = [nbformat.v4.new_output("display_data", data=each) for each in data]
    notebook.cells = [nbformat.v4.new_code_cell("form", outputs=shown)]
    nbformat.write(notebook, tmp_path / "run.ipynb")
    page = page_of.page(tmp_path / "run.ipynb")

    assert "<td>target_count</td>" in page
    assert "data:image/png;base64,iVBORw0KGgo=" in page
    assert "Button(" not in page
    assert "VBox(" not in page
    assert "<script" not in page
    assert "<title>run</title>" in page
