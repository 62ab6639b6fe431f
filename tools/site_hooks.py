"""What mkdocs loads by its path; the hooks themselves stand in `tools.site`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # mkdocs runs from anywhere, and loads this file alone

from tools.site import on_config, on_files

__all__ = ["on_config", "on_files"]
