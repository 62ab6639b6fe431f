"""The layers of the design hold: imports point down only, and what is heavy is imported late."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from conftest import REPOSITORY

LIBRARY = REPOSITORY / "datagen_lib"
LAYERS = [
    ("data", {"settings", "errors", "models", "prompts", "rules", "events", "costs"}),
    ("edges", {"client", "answers", "translation", "retry", "pace", "store", "reading", "pictures"}),
    ("stages", {"categories", "items", "images"}),
    ("pipeline", {"pipeline", "report"}),
]
HEIGHT = {name: height for height, (_, names) in enumerate(LAYERS) for name in names}
SURFACES = len(LAYERS)
WIRE = {"client", "answers", "translation"}
"""The edge that meets the SDK and the network: one idea in three rooms."""

Import = tuple[str, bool]


def imports(path: Path) -> Iterator[Import]:
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


def modules() -> list[str]:
    return sorted(path.stem for path in LIBRARY.glob("*.py"))


def siblings(name: str, *, now: bool = False) -> set[str]:
    """The modules of the library that a module imports; with `now`, as it is loaded itself."""
    found = set()
    for imported, at_once in imports(LIBRARY / f"{name}.py"):
        parts = imported.split(".")
        if parts[0] == "datagen_lib" and len(parts) > 1 and (at_once or not now):
            found.add(parts[1])
    return found & {*modules(), "offline"} - {name}


def test_every_module_of_the_design_is_there() -> None:
    """The lower layers are the modules that the design names; everything else is a surface."""
    assert HEIGHT.keys() <= set(modules())


@pytest.mark.parametrize("name", modules())
def test_imports_point_down_only(name: str) -> None:
    """A module imports its own layer and those beneath it, late imports too."""
    height = HEIGHT.get(name, SURFACES)
    above = {other for other in siblings(name) - {"offline"} if HEIGHT.get(other, SURFACES) > height}

    assert above == set()


def test_modules_import_each_other_in_no_circle() -> None:
    """There is an order in which the modules can be loaded."""
    order = list(TopologicalSorter({name: siblings(name, now=True) for name in modules()}).static_order())

    assert order.index("errors") < order.index("client") < order.index("pipeline")


@pytest.mark.parametrize("name", modules())
def test_only_the_wire_meets_the_sdk(name: str) -> None:
    """openai and httpx2 are imported where the SDK's errors are translated, and nowhere else."""
    foreign = {imported.split(".")[0] for imported, _ in imports(LIBRARY / f"{name}.py")}

    assert name in WIRE or not foreign & {"openai", "httpx", "httpx2", "httpcore2"}


def test_the_client_alone_starts_the_stand_in_and_late() -> None:
    """Below the surfaces only client.py knows the offline stand-in, and imports it when it starts it."""
    users = {name for name in HEIGHT if "offline" in siblings(name)}

    assert users == {"client"}
    assert "offline" not in siblings("client", now=True)


@pytest.mark.parametrize("path", sorted((LIBRARY / "offline").rglob("*.py")), ids=lambda path: path.stem)
def test_the_stand_in_imports_nothing_of_the_rest(path: Path) -> None:
    """offline/ could be a package of its own: the rest talks to it over HTTP only."""
    outside = {
        imported
        for imported, _ in imports(path)
        if imported.split(".")[0] == "datagen_lib" and imported.split(".")[1:2] not in ([], ["offline"])
    }

    assert outside == set()


def test_help_loads_nothing_heavy() -> None:
    """--help, and a bad setting, come without the SDK, pandas, numpy, Pillow or a web server."""
    script = (
        "import json, sys\nfrom datagen_lib.cli import main\n"
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
        "ijson",
        "IPython",
    }


def test_the_library_prints_nothing_by_itself() -> None:
    """No print and no logging.basicConfig anywhere in the library."""
    found = [
        (path.name, node.lineno)
        for path in LIBRARY.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"print", "logging.basicConfig", "pprint"}
    ]

    assert found == []


def test_the_shim_is_a_shim() -> None:
    """`python -m data_generator` is `python -m datagen_lib`: a few lines, no code of its own."""
    shim = (REPOSITORY / "data_generator/__main__.py").read_text(encoding="utf-8")

    assert len([line for line in shim.splitlines() if line.strip() and not line.startswith(('"""', "#"))]) <= 5


def test_the_same_words_reach_the_model_once() -> None:
    """Every word that a model reads is in prompts.py: no other module of the stages speaks of JSON or of figures."""
    texts = [
        (name, node.value)
        for name in sorted(HEIGHT.keys() - {"prompts", "rules", "settings"})
        for node in ast.walk(ast.parse((LIBRARY / f"{name}.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "LEGO" in node.value
    ]

    assert texts == []
