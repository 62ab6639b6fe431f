"""The commands, from their first moment to their last: `python -m datagen_lib`, `datagen`, `datagen-lab`.

Nothing is imported before signals are heard, and after a command has ended none is.
"""

import signal
import sys
from importlib import import_module

OLDEST = (3, 11)
ENDINGS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]


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
        return _heard(module)
    except KeyboardInterrupt:  # in the moments before and after a signal has somebody to hear it
        return 130


def _heard(module: str) -> int:
    """Run the command with every ending signal heard as an interrupt, until it has ended."""
    try:
        for number in ENDINGS:
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, signal.default_int_handler)
        return int(import_module(module).main())
    except KeyboardInterrupt:
        from datagen_lib.command.terminal import say

        say("interrupted: nothing was begun")
        return 130
    finally:
        for number in ENDINGS:
            signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
