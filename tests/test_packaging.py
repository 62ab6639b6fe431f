"""What is installed is what is declared, and what is declared is what is used."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires, version
from pathlib import Path

from conftest import REPOSITORY
from packaging.requirements import Requirement

import datagen_lib

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))


def folded(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[ <>=!~;\[]", name, maxsplit=1)[0]).lower()


def third_party(path: Path) -> set[str]:
    """The packages that a module imports, from anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(str(node.module).split(".")[0])
    return names - set(sys.stdlib_module_names) - {"datagen_lib", "data_generator", "offline_model", "__future__"}


def test_every_import_is_declared() -> None:
    """No module of the distribution imports a package that pyproject.toml does not name."""
    declared = {folded(line) for line in PROJECT["project"]["dependencies"]}
    belongs = packages_distributions()
    used = {
        (name, path.relative_to(REPOSITORY).as_posix())
        for package in ("datagen_lib", "offline_model")
        for path in (REPOSITORY / package).rglob("*.py")
        if "bake" not in path.parts
        for name in third_party(path)
    }

    assert {
        (name, where)
        for name, where in used
        if not {folded(each) for each in belongs.get(name, [name])}
        & (declared | {"pydantic-core"})  # pydantic pins its core
    } == set()


def test_the_version_can_be_asked_for() -> None:
    """`datagen_lib.__version__` is the installed package's, and is there where nothing is installed."""
    source = "import datagen_lib; print(datagen_lib.__version__)"
    bare = [sys.executable, "-S", "-c", source]  # -S: without the folder of installed packages
    done = subprocess.run(bare, capture_output=True, text=True, check=True, cwd=REPOSITORY)

    assert done.stdout.strip() == datagen_lib.__version__ == version("lego-style-datagen")


def test_the_commands_own_group_has_the_projects_bounds() -> None:
    """`--only-group generate` installs what an installation would, in the same versions."""
    assert set(PROJECT["dependency-groups"]["generate"]) <= set(PROJECT["project"]["dependencies"])


TAKEN_WHERE_THERE = {"coverage", "defusedxml", "lego-style-datagen", "packaging"}
"""What measures the tests, what this is itself, and what Pillow tries to import and does without."""


def brings(names: set[str]) -> set[str]:
    """The packages that these need, and those in turn, themselves included."""
    found: set[str] = set()
    names &= {folded(each) for every in packages_distributions().values() for each in every}  # of this machine
    while names:
        found |= names
        needs = {
            folded(line)
            for name in names
            for line in requires(name) or []
            if (marker := Requirement(line).marker) is None or marker.evaluate({"extra": ""})
        }
        names = needs - found
    return found


def test_a_whole_run_needs_its_own_group_only(tmp_path: Path) -> None:
    """A run from the first category to the last picture loads nothing but what the group `generate` brings.

    No pandas, no Jupyter, no matplotlib: whoever makes a catalogue does not install the lab.
    """
    source = f"""
import runpy, sys
sys.argv = ["data_generator", "--provider", "offline", "--target-count", "2", "--output-dir", {str(tmp_path)!r}]
try:
    runpy.run_module("data_generator", run_name="__main__", alter_sys=True)
except SystemExit as end:
    assert not end.code, end.code
print(*sorted({{name.split(".")[0] for name in sys.modules}}))
"""
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    loaded = set(done.stdout.splitlines()[-1].split())
    belongs = packages_distributions()
    used = {folded(name) for module in loaded for name in belongs.get(module, [])}

    assert (tmp_path / "catalog.json").is_file()
    needed = brings({folded(line) for line in PROJECT["dependency-groups"]["generate"]})
    # the SDK takes aiohttp where another package has brought it
    assert used - needed - brings({"aiohttp"}) <= TAKEN_WHERE_THERE
    assert not loaded & {"pandas", "IPython", "matplotlib", "ipykernel", "nbformat", "papermill"}


def test_the_wheel_has_the_notebooks() -> None:
    """The notebooks are put where the installed command looks for them."""
    from datagen_lib.headless.notebooks import PACKAGED

    included = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included == {"notebooks": PACKAGED.relative_to(REPOSITORY).as_posix()}


def test_an_older_python_is_told_in_a_sentence() -> None:
    """On a Python that is too old the command says which one it needs, and exits 2."""
    source = "import sys, datagen_lib.__main__ as command; sys.version_info = (3, 10, 4); sys.exit(command.main())"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False, cwd=REPOSITORY)

    assert done.returncode == 2
    assert done.stderr == "error: this needs Python 3.11 or later, and this is Python 3.10\n"


def test_the_help_says_how_it_was_called() -> None:
    """`datagen --help` says datagen; `python -m data_generator --help` says that."""
    script = (
        "import sys; sys.argv = ['/somewhere/bin/datagen', '--help']; from datagen_lib.__main__ import main; main()"
    )
    called = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=REPOSITORY)
    module = [sys.executable, "-m", "data_generator", "--help"]
    asked = subprocess.run(module, capture_output=True, text=True, check=False, cwd=REPOSITORY)

    assert called.stdout.startswith("usage: datagen ")
    assert asked.stdout.startswith("usage: python -m data_generator ")
