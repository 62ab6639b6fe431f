"""`datagen-lab --open` ends when JupyterLab has ended."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

LAB = """
import threading

class LabApp:
    @staticmethod
    def launch_instance(argv):
        threading.Thread(target=threading.Event().wait).start()
        raise SystemExit(3)
"""


def test_a_thread_that_jupyterlab_left_behind_holds_nothing(tmp_path: Path) -> None:
    """A thread that waits for ever is left behind: the process ends all the same, with JupyterLab's exit code."""
    (tmp_path / "jupyterlab").mkdir()
    (tmp_path / "jupyterlab" / "__init__.py").touch()
    (tmp_path / "jupyterlab" / "labapp.py").write_text(LAB, encoding="utf-8")
    code = "import sys; from pathlib import Path; from datagen_lib.headless.start import jupyterlab; "
    code += "sys.path.insert(0, '.'); sys.exit(jupyterlab(Path()))"

    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=tmp_path, timeout=60).returncode == 3
