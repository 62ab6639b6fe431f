"""The layers of the design hold: imports point down only, and what is heavy is imported late."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from conftest import REPOSITORY

from tools.house import FLOORS, HEIGHT, LIBRARY

STARTS_OFFLINE = "service/endpoints.py"
PACKAGES = ("datagen_lib", "offline_model")
NETWORK = {f"service/{name}.py" for name in ("client", "download", "stream", "translation", "transport", "wire")}
"""The modules that meet the network."""
SDK = {"service/wire.py"}
"""The one that meets the SDK."""


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """What a module imports: absolute names, and whether it does so when it is loaded itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = path.relative_to(REPOSITORY).parts[:-1]
    late = {
        node
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef)
        or (isinstance(outer, ast.If) and "TYPE_CHECKING" in ast.unparse(outer.test))
        for node in ast.walk(outer)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node not in late) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = [*package[: len(package) - node.level + 1]] if node.level else []
            whole = ".".join([*base, *([node.module] if node.module else [])])
            yield whole, node not in late
            yield from ((f"{whole}.{alias.name}", node not in late) for alias in node.names)


def paths(package: str = "datagen_lib") -> list[Path]:
    return sorted(path for path in (REPOSITORY / package).rglob("*.py") if "bake" not in path.parts)


def within(path: Path) -> str:
    return path.relative_to(LIBRARY).as_posix()


def room(path: Path) -> str:
    """The folder of the library that a module lies in, or its own name where it lies at the top."""
    return within(path).removesuffix(".py").split("/")[0]


def rooms_used(path: Path) -> set[str]:
    """The rooms that a module imports from, its own left out."""
    parts = (imported.split(".") for imported, _ in imports(path))
    return {found[1] for found in parts if found[0] == "datagen_lib" and found[1:] and found[1] in HEIGHT} - {
        room(path)
    }


def test_every_room_is_on_a_floor() -> None:
    """The list that README shows names every folder and every module at the top, but for the doors."""
    assert {room(path) for path in paths()} - {"__init__", "__main__", "offline"} == HEIGHT.keys()


@pytest.mark.parametrize("path", [path for path in paths() if room(path) in HEIGHT], ids=within)
def test_imports_point_down_only(path: Path) -> None:
    """A folder imports from the floors beneath its own, late imports too; the language's modules know each other."""
    own = HEIGHT[room(path)]

    assert {other for other in rooms_used(path) if HEIGHT[other] >= own and own > 0} == set()
    assert {other for other in rooms_used(path) if HEIGHT[other] > own} == set()


def test_modules_import_each_other_in_no_circle() -> None:
    """There is an order in which the modules can be loaded."""
    names = {within(path).removesuffix(".py").replace("/", "."): path for path in paths()}
    graph = {
        name: {
            other
            for imported, now in imports(path)
            if now and (other := imported.removeprefix("datagen_lib.")) in names and other != name
        }
        for name, path in names.items()
    }
    order = list(TopologicalSorter(graph).static_order())

    assert order.index("errors") < order.index("service.client") < order.index("pipeline.run")


@pytest.mark.parametrize("path", paths(), ids=within)
def test_only_the_wire_meets_the_sdk(path: Path) -> None:
    """openai is imported by one module and httpx2 by those that meet the network, and nowhere else."""
    foreign = {imported.split(".")[0] for imported, _ in imports(path)}

    assert within(path) in SDK or "openai" not in foreign
    assert within(path) in NETWORK or not foreign & {"httpx", "httpx2", "httpcore2"}


def test_one_place_starts_the_offline_model_and_late() -> None:
    """Beside the door, one module of the service knows the offline model, and imports it when it starts it."""
    users = {
        within(path): {
            now for imported, now in imports(path) if imported.startswith(("offline_model", "datagen_lib.offline"))
        }
        for path in paths()
        if room(path) != "offline"
    }

    assert {name: late for name, late in users.items() if late} == {STARTS_OFFLINE: {False}}


@pytest.mark.parametrize("path", paths("offline_model"), ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_the_offline_model_imports_nothing_of_the_library(path: Path) -> None:
    """offline_model is a package of its own: the library talks to it over HTTP only."""
    assert {imported for imported, _ in imports(path) if imported.split(".")[0] == "datagen_lib"} == set()


@pytest.mark.parametrize("path", paths("offline_model"), ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_the_offline_model_s_rooms_stand_side_by_side(path: Path) -> None:
    """The writer, the painter and the server's two lower rooms know nothing of the server, which loads them late."""
    room = path.relative_to(REPOSITORY / "offline_model").parent.as_posix()
    allowed = {
        "figure": {"figure"},
        "figure/places": {"figure"},
        "writing": {"writing"},
        "server/api": {"server.api"},
        "server/wire": {"server.api", "server.wire"},
    }.get(room, {"server"})
    now = {
        imported.removeprefix("offline_model.")
        for imported, at_once in imports(path)
        if at_once and imported.startswith("offline_model.")
    }

    assert {name for name in now if not any(f"{name}.".startswith(f"{one}.") for one in allowed)} == set()


def test_help_loads_nothing_heavy() -> None:
    """--help, and a bad setting, come without the SDK, pandas, numpy, Pillow or a web server."""
    script = (
        "import json, sys\nfrom datagen_lib.command.main import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "main(['--target-count', 'many'])\n"
        "sys.stderr.write('\\n' + json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stderr.splitlines()[-1]))

    assert "--target-count" in done.stdout
    assert not loaded & {
        "openai",
        "httpx2",
        "pandas",
        "numpy",
        "PIL",
        "starlette",
        "uvicorn",
        "tqdm",
        "IPython",
    }


def test_a_run_with_nothing_to_do_loads_no_network() -> None:
    """What plans and reports a run comes without the SDK and the HTTP client: they are loaded where calls are made."""
    script = (
        "import json, sys, datagen_lib.pipeline\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=True)

    assert not set(json.loads(done.stdout)) & {"openai", "httpx2", "offline_model", "uvicorn"}


def test_the_library_prints_nothing_by_itself() -> None:
    """No print and no logging.basicConfig anywhere in the library."""
    found = [
        (path.name, node.lineno)
        for package in PACKAGES
        for path in paths(package)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"print", "logging.basicConfig", "pprint"}
    ]

    assert found == []


def test_nothing_hangs_on_an_assert() -> None:
    """`python -O` turns no check off: an assert in the library only tells the type checker what holds."""
    found = [
        (within(path), ast.unparse(node.test))
        for path in paths()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assert)
    ]

    assert [test for _, test in found if not test.startswith("isinstance(") and not test.endswith(" is not None")] == []


def test_the_shim_is_a_shim() -> None:
    """`python -m data_generator` is `python -m datagen_lib`: a few lines, no code of its own."""
    shim = (REPOSITORY / "data_generator/__main__.py").read_text(encoding="utf-8")

    assert len([line for line in shim.splitlines() if line.strip() and not line.startswith(('"""', "#"))]) <= 5


def test_the_same_words_reach_the_model_once() -> None:
    """Every word that a model reads is in prompts.py, or is a field's own description: no other module speaks of figures."""
    texts = [
        (within(path), node.value)
        for path in paths()
        if HEIGHT.get(room(path), len(FLOORS)) <= HEIGHT["pipeline"]
        and room(path) not in {"models", "prompts", "rules", "settings", "spelling", "words"}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "LEGO" in node.value
    ]

    assert texts == []


def test_no_two_test_modules_share_a_name() -> None:
    """pytest imports a test module by its bare name, so that two of one name stop the whole suite."""
    names = Counter(path.name for path in (REPOSITORY / "tests").rglob("test_*.py"))

    assert [name for name, count in names.items() if count > 1] == []


def test_a_docstring_names_one_thing_a_line() -> None:
    """Under Args, Attributes and Raises each name has its own line, which is what the documentation's site can read."""
    folders = ("datagen_lib", "offline_model", "benchmarks", "tools")
    several = re.compile(r"^ +\w+(?:, \w+)+: .*$", re.MULTILINE)
    found = [
        f"{path.relative_to(REPOSITORY)}: {line}"
        for folder in folders
        for path in sorted((REPOSITORY / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        for section in re.split(r"^(?:Args|Attributes|Raises):$", ast.get_docstring(node) or "", flags=re.MULTILINE)[1:]
        for line in several.findall(section.split("\n\n")[0])
    ]

    assert found == []
