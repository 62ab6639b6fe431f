"""The command `datagen-lab`: run the notebooks in order without a browser, and check the files that they leave.

papermill alone is no judge: it exits 0 on a misspelt parameter, and after an interrupt it marks cells as completed that
never ran. So parameters are checked against the notebooks first, and each stage is judged by what is on disk.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from datagen_lib import lab
from datagen_lib.command.signals import Signals
from datagen_lib.command.terminal import say, steady, tell
from datagen_lib.errors import DatagenError, FolderError, RunStopped, SetupError
from datagen_lib.masking import mask
from datagen_lib.places import place, project_root
from datagen_lib.settings import Settings
from datagen_lib.text import counted

from .copies import aside_text, lay_out, set_aside
from .execute import execute, quiet
from .index import Bill, Index
from .judge import left_undone
from .notebooks import PACKAGED, Notebook, checked, chosen, copy_to, notebooks_folder, read_notebooks
from .start import expect_jupyterlab, jupyterlab, prepare

INTERRUPTED = 130
CELL_TIMEOUT = 900  # s; 200 pictures at the slowest quota seen take longer: such a run says so with --cell-timeout


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 done, 1 a notebook failed, 2 to be set right, 130 interrupted."""
    with steady(), Signals(most=2).heard():
        try:
            arguments = parser().parse_args(argv)
            if arguments.reset is not None or arguments.open:
                root = _lay_out(arguments)
                if not arguments.open:
                    return 0
            else:
                with quiet(), lab.choices_of_its_own():
                    return _run(arguments)
        except DatagenError as error:
            say(f"error: {error}")
            return error.exit_code
        except KeyboardInterrupt:
            say("interrupted: everything accepted so far is on disk; the same command goes on from there.")
            return INTERRUPTED
    return jupyterlab(root, arguments.jupyterlab)  # which hears signals itself


def parser() -> argparse.ArgumentParser:
    """The command's parser."""
    result = argparse.ArgumentParser(
        prog="datagen-lab",
        description="Open the lab in JupyterLab (--open). Or run its notebooks in order without a browser, check the "
        "files that each must leave, and keep the executed copies and their pages in OUTPUT_DIR/runs/TIME/.",
        epilog="Exit codes: 0 done, 1 a notebook failed (what was made is kept; the same command goes on), "
        "2 something to set right, 130 interrupted.",
    )
    result.add_argument(
        "-p",
        "--parameter",
        dest="parameters",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="Set a parameter in each notebook that takes it; may be given again",
    )
    result.add_argument("--only", nargs="+", metavar="NN", help="Run these notebooks only, such as 02 03")
    result.add_argument(
        "--output-dir", metavar="DIR", help="The same as -p output_dir DIR; a relative one counts from here"
    )
    result.add_argument(
        "--cell-timeout",
        type=float,
        default=CELL_TIMEOUT,
        metavar="SECONDS",
        help="Give up when one cell takes longer (default %(default)s)",
    )
    result.add_argument("--notebooks", type=Path, metavar="DIR", help="The notebooks' folder, where it is not found")
    result.add_argument(
        "--open",
        action="store_true",
        help="Open JupyterLab on the start page. The notebooks are your own copies in lab/: an edited one is kept",
    )
    result.add_argument(
        "--reset",
        nargs="*",
        metavar="NN",
        help="Begin again: set lab/ aside in lab/before/, or just your copies of these notebooks; with --open or alone",
    )
    result.add_argument(
        "jupyterlab",
        nargs="*",
        metavar="OPTION",
        help="With --open, after --: more for JupyterLab, such as --no-browser",
    )
    result.add_argument("--copy-to", type=Path, metavar="DIR", help="Copy the notebooks there to work in, and run none")
    return result


def _lay_out(arguments: argparse.Namespace) -> Path:
    """Set the lab aside where that is asked for, and lay it out anew to be opened; returns the project's root."""
    folder = notebooks_folder(arguments.notebooks)
    root = _root_of(folder)
    folder_of_lab = root / lab.FOLDER
    if arguments.open:
        expect_jupyterlab()
    if arguments.reset is not None:
        say(aside_text(set_aside(folder_of_lab, arguments.reset), arguments.reset))
    if arguments.open:
        for sentence in [*prepare(root), *lay_out(folder, folder_of_lab)]:
            say(sentence)
        say(f"The lab is in {folder_of_lab}; its notebooks are yours to edit. To end it, press Ctrl-C twice here.")
    return root


def _root_of(folder: Path) -> Path:
    """The root of the project that the notebooks work for."""
    # An installed package is nobody's project: its notebooks then work for the folder where the command is called.
    return project_root() if folder == PACKAGED else project_root(folder)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.jupyterlab:
        raise SetupError(
            f"{' '.join(arguments.jupyterlab)}: unknown here", hint="Options of JupyterLab go with --open."
        )
    folder = notebooks_folder(arguments.notebooks)
    if arguments.copy_to:
        names = copy_to(arguments.copy_to.expanduser().resolve(), folder)
        say(f"{counted(len(names), 'notebook')} copied. Open one with: jupyter lab {arguments.copy_to / names[0]}")
        return 0
    notebooks = chosen(read_notebooks(folder), arguments.only)
    if arguments.cell_timeout <= 0:
        raise SetupError("--cell-timeout must be more than 0 seconds")
    values = checked(_asked(arguments), notebooks)
    root = _root_of(folder)
    plan = [(notebook, settings_of(notebook, values, root)) for notebook in notebooks]
    output_dir = plan[0][1].output_dir
    run_folder = _run_folder(output_dir)
    say(f"{counted(len(plan), 'notebook')} of {folder}\n  into {output_dir}")
    index = Index(run_folder, plan[0][1], Bill(output_dir))
    try:
        for notebook, settings in plan:
            _one(notebook, settings, values[notebook.stage], index, arguments.cell_timeout, plan)
    except (DatagenError, KeyboardInterrupt) as error:
        index.ended = mask(str(error) or "it was interrupted", plan[0][1].secrets())
        raise
    finally:
        try:
            say(f"the run as a page: {index.write()}")
        except Exception as error:  # noqa: BLE001 - what ended the run matters more
            say(f"the run has no page of its own: {error}")
    tell(str(run_folder))
    return 0


def _one(
    notebook: Notebook,
    settings: Settings,
    values: dict[str, Any],
    index: Index,
    timeout: float,
    plan: Sequence[tuple[Notebook, Settings]],
) -> None:
    """Run one notebook of the plan, judge it, and say so.

    Raises:
        RunStopped: it failed, or left its work undone.
    """
    given = {name: value for name, value in values.items() if name in notebook.parameters}
    if "output_dir" in notebook.parameters:
        given["output_dir"] = str(index.settings.output_dir)
    start = time.monotonic()
    folder = notebook.path.parent
    execute(
        notebook.path,
        given,
        index.folder,
        cwd=project_root() if folder == PACKAGED else folder,
        timeout=timeout,
        secrets=settings.secrets(),
        pages=[other.path.name for other, _ in plan],
        between=index.bill.look,
    )
    end = time.monotonic()
    index.spans[notebook.path.stem] = (start - index.started, end - index.started)
    if problem := left_undone(notebook.stage, settings):
        raise RunStopped(
            f"{notebook.path.name} ran to its end, but {problem}",
            hint=f"Its last cells say why: {index.folder / notebook.path.with_suffix('.html').name}",
        )
    say(f"  {notebook.path.stem:<20} done in {end - start:.1f} s")


def _asked(arguments: argparse.Namespace) -> dict[str, str]:
    asked: dict[str, str] = {}
    for name, value in [
        *arguments.parameters,
        *([("output_dir", arguments.output_dir)] if arguments.output_dir else []),
    ]:
        if asked.setdefault(name, value) != value:
            raise SetupError(f"{name} is given twice: {asked[name]} and {value}")
    if asked.get("output_dir"):
        # Typed here, so it counts from here, wherever the notebooks lie.
        try:
            asked["output_dir"] = str(place(asked["output_dir"], Path.cwd(), os.environ))
        except ValueError as error:
            raise SetupError(f"--output-dir {asked['output_dir']}: {error}") from error
    return asked


def settings_of(notebook: Notebook, values: dict[str, dict[str, Any]], root: Path) -> Settings:
    """The settings that the notebook will have.

    Raises:
        SettingsError: what is missing or bad, before any notebook starts.
    """
    defaults = {name: parameter.default for name, parameter in notebook.parameters.items()}
    explicit = {
        name: value for name, value in (defaults | values[notebook.stage]).items() if name in Settings.model_fields
    }
    return lab.load(root=root, given_as="parameter", **explicit)


def _run_folder(output_dir: Path) -> Path:
    """A new folder for this run's copies; its name is a time that every file system takes."""
    name = datetime.now().astimezone().strftime("%Y-%m-%d_%H-%M-%S")
    try:
        for suffix in ("", *(f"_{number}" for number in range(2, 100))):
            folder = output_dir / "runs" / f"{name}{suffix}"
            with contextlib.suppress(FileExistsError):
                folder.mkdir(parents=True)
                return folder
    except OSError as error:
        raise FolderError(
            f"the output folder {output_dir} can't be used: {error.strerror or error}",
            hint="Choose a folder that can be written, with --output-dir or OUTPUT_DIR.",
        ) from error
    raise FolderError(f"{output_dir / 'runs'} holds 99 runs of {name} already")


if __name__ == "__main__":
    raise SystemExit(main())
