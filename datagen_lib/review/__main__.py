"""`python -m datagen_lib.review DIR`: the review in a browser, on this computer alone."""

from __future__ import annotations

import argparse
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from datagen_lib.errors import DatagenError
from datagen_lib.settings import Settings
from datagen_lib.text import counted


def main(argv: Sequence[str] | None = None) -> int:
    """Serve the review until Ctrl-C; returns 0, or the exit code of what went wrong."""
    from .desk import ReviewDesk
    from .server import ReviewServer

    arguments = parser().parse_args(argv)
    try:
        settings = Settings.load(output_dir=None if arguments.folder is None else str(Path(arguments.folder).resolve()))
        desk = ReviewDesk(settings.output_dir)
        if arguments.approve_all:
            sys.stdout.write(f"{counted(desk.approve_all(), 'item')} approved in {desk.folder}\n")
            return 0
        with ReviewServer(desk, settings, port=arguments.port) as server:
            counts = desk.counts()
            sys.stdout.write(
                f"Review of {desk.folder}: {counts['waiting']} waiting, {counts['approved']} approved, "
                f"{counts['rejected']} rejected\n{server.url}\nCtrl-C ends it; every decision is on disk at once.\n"
            )
            sys.stdout.flush()
            if not arguments.no_browser:
                webbrowser.open(server.url)
            server.wait()
    except DatagenError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        pass
    return 0


def parser() -> argparse.ArgumentParser:
    """The command's parser."""
    result = argparse.ArgumentParser(
        prog="python -m datagen_lib.review",
        description="Look at each item of a catalogue, approve or reject it, edit it, or ask for another picture.",
    )
    result.add_argument("folder", nargs="?", metavar="DIR", help="The output folder (default OUTPUT_DIR)")
    result.add_argument("--port", type=int, default=0, help="On 127.0.0.1; 0 for any that is free (default 0)")
    result.add_argument("--no-browser", action="store_true", help="Show the address, open nothing")
    result.add_argument("--approve-all", action="store_true", help="Approve what waits, without looking, and end")
    return result


if __name__ == "__main__":
    sys.exit(main())
