"""The command, from its first moment to its last: `python -m datagen_lib`, `datagen`.

Nothing is imported before signals are heard, and after the command has ended none is.
"""

import signal
import sys

OLDEST = (3, 11)


def main() -> int:
    """Run the command and return its exit code."""
    if sys.version_info < OLDEST:
        said = "error: this needs Python {}.{} or later, and this is Python {}.{}\n"
        sys.stderr.write(said.format(*OLDEST, *sys.version_info[:2]))
        return 2
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        from .command.main import main as command

        return command()
    except KeyboardInterrupt:
        from .command.terminal import say

        say("interrupted: nothing was begun")
        return 130
    finally:
        for name in ("SIGINT", "SIGTERM"):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
