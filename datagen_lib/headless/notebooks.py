"""The lab's notebooks: where they lie, which parameters each takes, and the values typed for them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from datagen_lib.errors import FolderError, SetupError
from datagen_lib.places import project_root
from datagen_lib.settings import Settings

PACKAGED = Path(__file__).resolve().parents[1] / "notebooks"
"""Where an installed package keeps them; not there in a checkout, whose own lie beside the library."""

NUMBERED = re.compile(r"\d\d_\w+\.ipynb")


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


def notebooks_folder(given: Path | None = None) -> Path:
    """The folder with the numbered notebooks: the one given, the package's own, a checkout's, or the project's.

    Raises:
        SetupError: there is none, or it holds no notebook.
    """
    beside = Path(__file__).resolve().parents[2] / "notebooks"
    places = [given.expanduser().resolve()] if given else [PACKAGED, beside, project_root() / "notebooks"]
    for folder in places:
        if folder.is_dir() and any(NUMBERED.fullmatch(path.name) for path in folder.iterdir()):
            return folder
    looked = " nor in ".join(str(folder) for folder in dict.fromkeys(places))
    raise SetupError(
        f"no notebook such as 02_items.ipynb in {looked}",
        hint="Name the folder that holds them with --notebooks, or get a copy with --copy-to DIR.",
    )


def copy_to(target: Path, folder: Path) -> list[str]:
    """Copy the notebooks to a folder of the user's own, where they may be edited; returns their names.

    Raises:
        FolderError: one of that name lies there already with another content, or the folder can't be written.
    """
    found = sorted(path for path in folder.iterdir() if NUMBERED.fullmatch(path.name))
    try:
        edited = [path.name for path in found if (target / path.name).exists() and not _same(path, target / path.name)]
        if edited:
            raise FolderError(
                f"{target} holds {', '.join(edited)} already, with another content; nothing was copied",
                hint="Choose another folder with --copy-to, or move yours away.",
            )
        target.mkdir(parents=True, exist_ok=True)
        for path in found:
            (target / path.name).write_bytes(path.read_bytes())
    except OSError as error:
        raise FolderError(f"the notebooks can't be copied to {target}: {error.strerror or error}") from error
    return [path.name for path in found]


def _same(one: Path, other: Path) -> bool:
    return one.read_bytes() == other.read_bytes()


def read_notebooks(folder: Path) -> list[Notebook]:
    """The numbered notebooks in `folder`, in order.

    Raises:
        SetupError: one can't be read, or has not exactly one parameters cell of plain values.
    """
    import nbformat

    notebooks = []
    for path in sorted(path for path in folder.iterdir() if NUMBERED.fullmatch(path.name)):
        try:
            cells = nbformat.read(path, as_version=4).cells  # type: ignore[no-untyped-call]
            tagged = [str(cell.source) for cell in cells if "parameters" in cell.metadata.get("tags", [])]
        except Exception as error:
            # nbformat lets broken notebooks pass, and what is missing shows as any error at all.
            raise SetupError(f"{path} can't be read as a notebook: {error}") from error
        if len(tagged) != 1:
            raise SetupError(f"{path} has {len(tagged)} cells tagged `parameters`; it needs exactly one")
        try:
            parameters = dict(_parameters(tagged[0]))
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:  # the parser's, on deep nesting
            raise SetupError(f"{path}: its parameters cell holds more than plain values: {error}") from error
        notebooks.append(Notebook(path, parameters))
    return notebooks


def _parameters(source: str) -> Iterator[tuple[str, Parameter]]:
    """The assignments in a parameters cell. papermill's own inspection can't read `str | None`."""
    kinds: dict[str, type] = {"bool": bool, "int": int, "float": float, "str": str}
    for node in ast.parse(source).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(target, ast.Name) or node.value is None:
            raise ValueError(f"line {node.lineno} is not an assignment to one name")
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
