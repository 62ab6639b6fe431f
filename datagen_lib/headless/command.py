"""The command `datagen-lab`: run the notebooks in order without a browser, and check the files that they leave.

papermill alone is no judge: it exits 0 on a misspelt parameter, and after an interrupt it marks cells as completed that
never ran. So parameters are checked against the notebooks first, and each stage is judged by what is on disk.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import io
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from datagen_lib.errors import DatagenError, FolderError, RunStopped, SetupError
from datagen_lib.models import CATEGORY_COUNT
from datagen_lib.places import place, project_root
from datagen_lib.settings import Settings

from .execute import execute, quiet

INTERRUPTED = 130
CELL_TIMEOUT = 900  # s; 200 pictures at the slowest quota seen take longer: such a run says so with --cell-timeout
_NUMBERED = re.compile(r"\d\d_\w+\.ipynb")


class Parameter(NamedTuple):
    """What a notebook's parameters cell says of one name."""

    kind: type
    default: Any


@dataclass(frozen=True)
class Notebook:
    """A notebook that can be run, with the parameters that it takes."""

    path: Path
    parameters: dict[str, Parameter]

    @property
    def stage(self) -> str:
        """Its number, such as "02"."""
        return self.path.name[:2]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 done, 1 a notebook failed, 2 to be set right, 130 interrupted."""
    arguments = parser().parse_args(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a folder's name may hold letters that a terminal lacks
    try:
        with quiet(), _terminated_as_interrupted():
            return _run(arguments)
    except DatagenError as error:
        _say(f"error: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        _say("interrupted: everything accepted so far is on disk; the same command goes on from there.")
        return INTERRUPTED


def parser() -> argparse.ArgumentParser:
    """The command's parser."""
    result = argparse.ArgumentParser(
        prog="datagen-lab",
        description="Run the lab's notebooks in order, check the files that each must leave, and keep the executed "
        "copies and HTML pages in OUTPUT_DIR/runs/TIME/.",
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
    result.add_argument("--output-dir", metavar="DIR", help="The same as -p output_dir DIR")
    result.add_argument(
        "--cell-timeout",
        type=float,
        default=CELL_TIMEOUT,
        metavar="SECONDS",
        help="Give up when one cell takes longer (default %(default)s)",
    )
    result.add_argument("--notebooks", type=Path, metavar="DIR", help="The notebooks' folder, where it is not found")
    return result


def _run(arguments: argparse.Namespace) -> int:
    folder = notebooks_folder(arguments.notebooks)
    notebooks = chosen(read_notebooks(folder), arguments.only)
    if arguments.cell_timeout <= 0:
        raise SetupError("--cell-timeout must be more than 0 seconds")
    values = checked(_asked(arguments), notebooks)
    root = project_root(folder)
    plan = [(notebook, settings_of(notebook, values, root)) for notebook in notebooks]
    output_dir = plan[0][1].output_dir
    run_folder = _run_folder(output_dir)
    _say(f"{len(plan)} notebook{'s' if len(plan) > 1 else ''} of {folder}\n  into {output_dir}")
    for notebook, settings in plan:
        given = {name: value for name, value in values[notebook.stage].items() if name in notebook.parameters}
        if "output_dir" in notebook.parameters:
            given["output_dir"] = str(output_dir)
        start = time.monotonic()
        execute(notebook.path, given, run_folder, timeout=arguments.cell_timeout, secrets=settings.secrets())
        if problem := left_undone(notebook.stage, settings):
            raise RunStopped(
                f"{notebook.path.name} ran to its end, but {problem}",
                hint=f"Its last cells say why: {run_folder / notebook.path.with_suffix('.html').name}",
            )
        _say(f"  {notebook.path.stem:<20} done in {time.monotonic() - start:.1f} s")
    sys.stdout.write(f"{run_folder}\n")
    return 0


# -- which notebooks, with which parameters ----------------------------------------------------------------------------


def notebooks_folder(given: Path | None = None) -> Path:
    """The folder with the numbered notebooks: the one given, else beside the library, else the project's.

    Raises:
        SetupError: there is none, or it holds no notebook.
    """
    beside = Path(__file__).resolve().parents[2] / "notebooks"
    places = [given.expanduser().resolve()] if given else [beside, project_root() / "notebooks"]
    for folder in places:
        if folder.is_dir() and any(_NUMBERED.fullmatch(path.name) for path in folder.iterdir()):
            return folder
    looked = " nor in ".join(str(folder) for folder in dict.fromkeys(places))
    raise SetupError(
        f"no notebook such as 02_items.ipynb in {looked}",
        hint="The notebooks come with the project's source, not with an installed package: name their folder "
        "with --notebooks.",
    )


def read_notebooks(folder: Path) -> list[Notebook]:
    """The numbered notebooks in `folder`, in order.

    Raises:
        SetupError: one can't be read, or has not exactly one parameters cell of plain values.
    """
    import nbformat

    notebooks = []
    for path in sorted(path for path in folder.iterdir() if _NUMBERED.fullmatch(path.name)):
        try:
            cells = nbformat.read(path, as_version=4).cells  # type: ignore[no-untyped-call]
        except Exception as error:
            raise SetupError(f"{path} can't be read as a notebook: {error}") from error
        tagged = [cell.source for cell in cells if "parameters" in cell.metadata.get("tags", [])]
        if len(tagged) != 1:
            raise SetupError(f"{path} has {len(tagged)} cells tagged `parameters`; it needs exactly one")
        try:
            parameters = dict(_parameters(tagged[0]))
        except (SyntaxError, ValueError) as error:
            raise SetupError(f"{path}: its parameters cell holds more than plain values: {error}") from error
        notebooks.append(Notebook(path, parameters))
    return notebooks


def _parameters(source: str) -> Iterator[tuple[str, Parameter]]:
    """The assignments in a parameters cell. papermill's own inspection can't read `str | None`."""
    kinds: dict[str, type] = {"bool": bool, "int": int, "float": float, "str": str}
    for node in ast.parse(source).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(target, ast.Name) or node.value is None:
            raise ValueError(f"line {node.lineno} is no assignment to one name")
        default = ast.literal_eval(node.value)
        said = ast.unparse(node.annotation) if isinstance(node, ast.AnnAssign) else ""
        yield target.id, Parameter(kinds.get(said, str if default is None else type(default)), default)


def chosen(notebooks: list[Notebook], only: Sequence[str] | None) -> list[Notebook]:
    """The notebooks that `only` names, by number, name or file name; all for None.

    Raises:
        SetupError: naming what fits no notebook.
    """
    if only is None:
        return notebooks
    names = {word: notebook for notebook in notebooks for word in _names(notebook)}
    if unknown := [word for word in only if word not in names]:
        known = ", ".join(notebook.path.stem for notebook in notebooks)
        raise SetupError(f"there is no notebook {', '.join(unknown)}", hint=f"There are: {known}")
    wanted = {names[word].stage for word in only}
    return [notebook for notebook in notebooks if notebook.stage in wanted]


def _names(notebook: Notebook) -> tuple[str, ...]:
    name = notebook.path.name
    return name, notebook.path.stem, name[:2], str(int(name[:2])), notebook.path.stem[3:]


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


def checked(asked: dict[str, str], notebooks: Sequence[Notebook]) -> dict[str, dict[str, Any]]:
    """The values typed for each notebook's parameters, by stage: {stage: {name: value}}.

    Raises:
        SetupError: a name that no notebook knows, or a value of the wrong type; all of them in one message.
    """
    known = {name: parameter for notebook in notebooks for name, parameter in notebook.parameters.items()}
    problems = [f"{name}: no notebook has such a parameter" for name in asked if name not in known]
    values: dict[str, dict[str, Any]] = {notebook.stage: {} for notebook in notebooks}
    for notebook in notebooks:
        for name in (name for name in asked if name in notebook.parameters):
            try:
                values[notebook.stage][name] = _typed(asked[name], name, notebook.parameters[name])
            except ValueError as error:
                problems.append(f"{name}={asked[name]}: {error}")
    if problems:
        listed = "\n".join(f"  - {problem}" for problem in dict.fromkeys(problems))
        hint = f"Known here: {', '.join(known)}." if known else ""
        raise SetupError(f"parameters that need attention:\n{listed}", hint=hint)
    return values


def _typed(text: str, name: str, parameter: Parameter) -> Any:
    """`text` as a value of the parameter's type, within the bounds of the setting of that name.

    Raises:
        ValueError: says in words what it should be.
    """
    from pydantic import TypeAdapter, ValidationError

    if parameter.default is None and text.strip().lower() in {"", "none"}:
        return None
    try:
        if name not in Settings.model_fields:
            return TypeAdapter(parameter.kind).validate_python(text)
        value = getattr(Settings.model_validate({name: text}), name)
        return str(value) if isinstance(value, Path) else value
    except ValidationError as error:
        message = str(error.errors(include_url=False)[0]["msg"]).removeprefix("Value error, ")
        raise ValueError(f"{message[0].lower()}{message[1:]}") from error


def settings_of(notebook: Notebook, values: dict[str, dict[str, Any]], root: Path) -> Settings:
    """The settings that the notebook will have.

    Raises:
        SettingsError: what is missing or bad, before any notebook starts.
    """
    defaults = {name: parameter.default for name, parameter in notebook.parameters.items()}
    explicit = {
        name: value for name, value in (defaults | values[notebook.stage]).items() if name in Settings.model_fields
    }
    return Settings.load(root=root, given_as="parameter", **explicit)


# -- what must be there afterwards -------------------------------------------------------------------------------------


def left_undone(stage: str, settings: Settings) -> str:
    """What the stage should have left in the output folder and has not, in words; "" where all is there.

    Each stage makes what the ones before it left out, so it answers for their files too.
    """
    from datagen_lib.folder.store import Store

    store = Store.peek(settings.output_dir, validate=not settings.no_validate)
    if stage < "01":
        return ""
    if not (settings.output_dir / "categories.json").is_file():
        return "categories.json is not there"
    if len(store.categories) < CATEGORY_COUNT:
        return f"categories.json holds {len(store.categories)} categories, not {CATEGORY_COUNT}"
    # From 04 on a notebook reads what is there, be it fewer items than are wanted by now, or some without a picture.
    wanted = settings.target_count if stage in {"02", "03"} else 1
    if stage >= "02" and store.complete < wanted:
        return f"catalog.json holds {store.complete} items, not {wanted}"
    if stage == "03" and not settings.dry_run:
        missing = [item for item in store.items if store.image_state(item) != "current"]
        if missing:
            return f"{len(missing)} of {len(store.items)} pictures are missing or broken, such as {missing[0].filename}"
    return ""


# -- the surroundings --------------------------------------------------------------------------------------------------


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


@contextlib.contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Let SIGTERM end the run as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    raise SystemExit(main())
