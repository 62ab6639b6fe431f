"""How far the notebook at work is, in one line made of its live display: "03: pictures 87 of 210, 9 min left"."""

from __future__ import annotations

import re
import sys
import time
from typing import Any

from datagen_lib.command.terminal import say
from datagen_lib.text import plain

ENGINE = "datagen"
LOG_EVERY = 15.0  # s between two lines where there is no terminal
DRAW_EVERY = 0.5  # s between two drawings of the line in a terminal
WIDTH = 100  # characters
_A_LIVE_DISPLAY = re.compile(r"(\d[\d,]*) of (\d[\d,]*) (categories|items|pictures)")
_LEFT = re.compile(r"\b\d+ (?:s|min|h)(?: \d+ min)? left\b")


class ProgressOf:
    """The line of one notebook. papermill's kernel messages pass by here, and a live display's text is shown."""

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._drawn = time.monotonic()
        self._open = False

    def listen(self) -> None:
        """Make papermill's next run show it."""
        from papermill.clientwrap import PapermillNotebookClient
        from papermill.engines import NBClientEngine, papermill_engines

        progress = self

        class Client(PapermillNotebookClient):  # type: ignore[misc]
            def process_message(self, msg: dict[str, Any], *rest: Any, **named: Any) -> Any:
                if msg["msg_type"] in {"display_data", "update_display_data"}:
                    progress.show(msg["content"].get("data", {}).get("text/plain", ""))
                return super().process_message(msg, *rest, **named)

        class Engine(NBClientEngine):  # type: ignore[misc]
            @classmethod
            def execute_managed_notebook(
                cls, nb_man: Any, kernel_name: str, *, start_timeout: float = 60, **options: Any
            ) -> Any:
                timeout = options.pop("execution_timeout", None)
                for unused in ("input_path", "log_output", "stdout_file", "stderr_file"):
                    options.pop(unused, None)
                return Client(
                    nb_man, timeout=timeout, startup_timeout=start_timeout, kernel_name=kernel_name, **options
                ).execute()

        papermill_engines.register(ENGINE, Engine)

    def show(self, text: Any) -> None:
        """Show the text of an output, where it is a live display's."""
        text = "".join(text)
        now = time.monotonic()
        terminal = sys.stderr.isatty()
        if now - self._drawn < (DRAW_EVERY if terminal else LOG_EVERY) or not (far := _how_far(text)):
            return
        self._drawn = now
        line = plain(f"{self._stage}: {far}")[:WIDTH]
        if terminal:
            self._open = True
            sys.stderr.write(f"\r  {line:<{WIDTH}}")
            sys.stderr.flush()
        else:
            say(f"  {line}")

    def end(self) -> None:
        """Clear the line."""
        if self._open:
            self._open = False
            sys.stderr.write(f"\r{'':<{WIDTH + 2}}\r")
            sys.stderr.flush()


def _how_far(text: str) -> str:
    """What the live display says of the work that goes on: the first kind of thing that is not complete, else the last.

    "" where the text is no live display's.
    """
    counts = _A_LIVE_DISPLAY.findall(text)
    if not counts:
        return ""
    done, wanted, what = next((count for count in counts if count[0] != count[1]), counts[-1])
    left = _LEFT.search(text)
    return f"{what} {done} of {wanted}{f', {left[0]}' if left else ''}"
