"""The commands, from their first moment to their last: `python -m datagen_lib`, `datagen`, `datagen-lab`.

Nothing is imported before signals are heard, and after a command has ended none is.
"""

import signal
import sys
from importlib import import_module

OLDEST = (3, 11)


def main() -> int:
    """Run the generator and return its exit code."""
    return _run("datagen_lib.command.main")


def lab() -> int:
    """Run the notebooks and return the exit code."""
    return _run("datagen_lib.headless.command")


def _run(module: str) -> int:
    if sys.version_info < OLDEST:
        said = "error: this needs Python {}.{} or later, and this is Python {}.{}\n"
        sys.stderr.write(said.format(*OLDEST, *sys.version_info[:2]))
        return 2
    try:
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        return int(import_module(module).main())
    except KeyboardInterrupt:
        from datagen_lib.command.terminal import say

        say("interrupted: nothing was begun")
        return 130
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
