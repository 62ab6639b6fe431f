"""Makes the seed data of a LEGO-style catalogue: categories, items and a picture of each.

from datagen_lib import Settings, load_catalog, run, run_sync

outcome = run_sync(run(Settings.load(target_count=40)))
catalogue = load_catalog("data_seed")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from .catalog import load_catalog
    from .errors import DatagenError
    from .pipeline import Outcome, Prompts, run
    from .runner import allow_nested_loops, run_async, run_sync
    from .settings import Settings

_HOME = {
    "DatagenError": "errors",
    "Outcome": "pipeline",
    "Prompts": "pipeline",
    "Settings": "settings",
    "allow_nested_loops": "runner",
    "load_catalog": "catalog",
    "run": "pipeline",
    "run_async": "runner",
    "run_sync": "runner",
}
__all__ = [
    "DatagenError",
    "Outcome",
    "Prompts",
    "Settings",
    "__version__",
    "allow_nested_loops",
    "load_catalog",
    "run",
    "run_async",
    "run_sync",
]


def __getattr__(name: str) -> Any:
    """Import a name when it is first used: --help does not wait for the SDK and pandas."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
