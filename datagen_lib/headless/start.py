"""`datagen-lab --open`: JupyterLab on the lab's start page, with the project's root as its root.

The root is where `.env`, the prompts and the pictures can be reached from; the notebooks opened are the attendee's own
copies in `lab/`. JupyterLab runs in this process, so that Ctrl-C and a closed terminal end it on every system.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from datagen_lib.errors import FolderError, SetupError
from datagen_lib.lab import FOLDER
from datagen_lib.settings import REQUIRED, variable

from .copies import HIDDEN, START

PATIENCE = 5.0  # s, for the process to end by itself

SETTINGS = {
    # START.md is shown, not its source
    "@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}},
    # `.env` is there to be filled in
    "@jupyterlab/filebrowser-extension:browser": {"showHiddenFiles": True},
    # nothing pops up over the start page, and nothing is fetched from elsewhere
    "@jupyterlab/apputils-extension:notification": {"checkForUpdates": False, "fetchNews": "false"},
}
"""JupyterLab's settings for the lab; those of the attendee's own win over them."""


def jupyterlab(root: Path, options: Sequence[str] = ()) -> int:
    """Run JupyterLab until it is ended; returns its exit code. The process ends at most PATIENCE seconds later.

    Args:
        root: the project's root, with the lab's folder in it.
        options: more for JupyterLab, such as --no-browser.
    """
    app = import_module("jupyterlab.labapp").LabApp  # not among what an installed package needs
    code = 0
    try:
        app.launch_instance(argv=[*_options(root), *options])
    except SystemExit as leave:
        code = leave.code if isinstance(leave.code, int) else int(leave.code is not None)
    _end_soon(code)
    return code


def _end_soon(code: int) -> None:
    """See that the process ends, although JupyterLab may have left a thread behind that waits for ever."""
    timer = threading.Timer(PATIENCE, os._exit, (code,))
    timer.daemon = True
    timer.start()


def expect_jupyterlab() -> None:
    """See that it is installed.

    Raises:
        SetupError: it is not.
    """
    if find_spec("jupyterlab") is None:
        raise SetupError(
            "JupyterLab is not installed",
            hint="In a checkout: uv run --group lab datagen-lab --open; else pip install jupyterlab. "
            "VS Code needs none: datagen-lab --copy-to lab, and open the notebooks there.",
        )


def prepare(root: Path) -> list[str]:
    """Write what the lab needs beside its copies: JupyterLab's settings, and a `.env` to fill in where there is none.

    Returns:
        What the attendee should know, one sentence each.

    Raises:
        FolderError: they can't be written.
    """
    settings, env = _settings_folder(root) / "overrides.json", root / ".env"
    try:
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text(json.dumps(SETTINGS, indent=1), encoding="utf-8")
        if env.exists():
            return []
        env.write_text(_env_text(), encoding="utf-8", newline="\n")
        env.chmod(0o600)  # a key will stand in it
    except OSError as error:
        raise FolderError(
            f"{root} can't be written: {error.strerror or error}", hint="Start from a folder that is yours."
        ) from error
    return ["A .env was made, to fill in for Azure; as it is, the offline model works."]


def _env_text() -> str:
    """A `.env` in which nothing is set."""
    names = [variable(name) for name in REQUIRED["azure"]]
    lines = [f"# {name}={'2025-04-01-preview' if name.endswith('VERSION') else ''}" for name in names]
    head = "# Nothing is needed for the offline model. For Azure OpenAI fill in all five, and take their # away."
    return "\n".join([head, *lines, ""])


def _settings_folder(root: Path) -> Path:
    return root / FOLDER / HIDDEN


def _options(root: Path) -> list[str]:
    options = [
        f"--ServerApp.root_dir={root}",
        f"--LabApp.default_url=/lab/tree/{FOLDER}/{START}",
        f"--LabApp.app_settings_dir={_settings_folder(root)}",
        "--ContentsManager.allow_hidden=True",  # .env
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")  # a container's user; the server listens on this machine only
    return options
