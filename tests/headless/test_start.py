"""The start page in a browser, as `datagen-lab --open` opens it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from browsing import CHROMIUM, PATIENCE, chromium
from conftest import REPOSITORY, VARIABLES

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The command itself, in a project of its own; ends with it."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    pytest.importorskip("jupyterlab", reason="JupyterLab is not installed (uv sync --group lab)")
    home = tmp_path_factory.mktemp("lab")
    (home / "pyproject.toml").touch()
    shutil.copytree(REPOSITORY / "notebooks", home / "notebooks")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=t0ken"]
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR"):
        environment[name] = str(home / "user" / name.lower())
    environment["PYTHONFAULTHANDLER"] = "1"
    environment["JUPYTERLAB_WORKSPACES_DIR"] = str(home / "user" / "workspaces")
    command = [sys.executable, "-c", "import sys; from datagen_lib.__main__ import lab; sys.exit(lab())"]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--notebooks", str(home / "notebooks"), "--open", "--", *options],
            cwd=home,
            env=environment,
            stdout=log,
            stderr=log,
        )
    until = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < until and process.poll() is None:
        with suppress(URLError, OSError), urlopen(f"http://127.0.0.1:{port}/api/status?token=t0ken", timeout=5):
            break
        time.sleep(0.3)
    else:
        pytest.fail((home / "log").read_text(encoding="utf-8", errors="replace"))
    yield f"http://127.0.0.1:{port}/?token=t0ken"
    process.send_signal(signal.SIGTERM)
    try:
        assert process.wait(timeout=60) == 0
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)  # says where each of its threads is
        process.wait(timeout=60)
        pytest.fail((home / "log").read_text(encoding="utf-8", errors="replace"))


@pytest.mark.parametrize("width", [1400, 900])
def test_the_start_page_is_what_one_sees_first(address: str, width: int, tmp_path: Path) -> None:
    """Shown, not as its source; its two pictures are there; it fits a small window; its first link opens notebook 00."""
    with chromium(viewport={"width": width, "height": 1000}) as page:
        page.goto(address)
        page.locator(".jp-RenderedMarkdown h1").get_by_text("Make a catalogue").wait_for()
        page.wait_for_function("[...document.querySelectorAll('.jp-RenderedMarkdown img')].every(i => i.naturalWidth)")
        pictures = page.locator(".jp-RenderedMarkdown img").count()
        panel = page.locator(".jp-MarkdownViewer .jp-RenderedMarkdown").first
        overflow = panel.evaluate("it => it.scrollWidth - it.clientWidth")
        page.screenshot(path=tmp_path / f"start-{width}.png")
        popups = page.locator(".Toastify__toast").count()
        page.locator(".jp-RenderedMarkdown a").filter(has_text="00").first.click()
        page.locator(".jp-NotebookPanel h1").first.wait_for()

        assert pictures == 2
        assert overflow <= 0
        assert popups == 0
        assert page.url.endswith("/lab/tree/lab/00_set_up.ipynb")
        page.wait_for_load_state("networkidle")
