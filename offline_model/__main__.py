"""`python -m datagen_lib.offline`: the stand-in for any Azure OpenAI client, until Ctrl-C."""

from __future__ import annotations

import argparse
import errno
import shlex
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from .server.dials import Latency
from .server.faults import KINDS, Faults
from .server.server import Server, start


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted; returns 0, or 2 where it can't start."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        server = start(
            port=options.port,
            key=options.key,
            seed=options.seed,
            faults=options.faults and Faults.parse(options.faults, seed=options.seed),
            text_latency=options.text_latency,
            text_pace=options.text_pace,
            image_latency=options.image_latency,
            text_rpm=options.text_rpm,
            image_rpm=options.image_rpm,
            window=options.window,
            window_kind=options.window_kind,
            replay=options.replay,
        )
    except OSError as exc:
        return _refuse(_why_not(exc, options))
    except (ValueError, OverflowError) as exc:
        return _refuse(str(exc))
    with server, _interrupts() as asked:
        _say(_welcome(server))
        _wait(server, asked)
    _say("\nStopped.\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    listed = "\n".join(f"  {name:<25} {'/'.join(kind.routes):<11} {kind.what}" for name, kind in KINDS.items())
    parser = argparse.ArgumentParser(
        prog="python -m datagen_lib.offline",
        description="A stand-in for Azure OpenAI on this computer, for use without a key or a network.",
        epilog=f"faults, by name and route:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--port", type=_port, default=8080, help="on 127.0.0.1; 0 for any that is free (default 8080)")
    parser.add_argument("--key", help="what clients must send (default: a random key)")
    parser.add_argument("--seed", type=int, default=0, help="of the texts and the faults (default 0)")
    for route, name in (("text", "completion"), ("image", "picture")):
        parser.add_argument(
            f"--{route}-latency",
            type=_latency,
            default=0.0,
            metavar="SECONDS",
            help=f"what a {name} takes: 2.5, or a spread as 10-60 (default: no waiting)",
        )
        parser.add_argument(f"--{route}-rpm", type=_positive, metavar="N", help="requests a minute (default: no limit)")
    parser.add_argument(
        "--text-pace",
        type=_positive,
        metavar="N",
        help="characters a second at which streamed text is played (default: as fast as it is written)",
    )
    parser.add_argument(
        "--window", type=_positive, metavar="SECONDS", help="over which a minute's share is enforced (default 10)"
    )
    parser.add_argument("--window-kind", choices=("fixed", "sliding"), default="fixed", help="(default fixed)")
    parser.add_argument(
        "--faults",
        metavar="LIST",
        help='what goes wrong and how often: "429=0.1,5xx=0.05,image:cut=0.04,text:malformed@2+5"; '
        "a rate from 0 to 1 and, behind @, the numbers of the calls",
    )
    parser.add_argument(
        "--replay",
        type=Path,
        metavar="DIR",
        help="play back the answers recorded in DIR/tape.jsonl; what is not on it, the offline model answers",
    )
    return parser


def _port(text: str) -> int:
    with suppress(ValueError):
        if 0 <= int(text) <= 65_535:
            return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port; a port is a number from 0 to 65535")


def _positive(text: str) -> float:
    with suppress(ValueError):
        if 0 < float(text) < float("inf"):
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")


def _latency(text: str) -> Latency:
    low, dash, high = text.partition("-")
    with suppress(ValueError):
        spread = float(low), float(high or low)
        if 0 <= spread[0] <= spread[1] < float("inf"):
            return spread if dash else spread[0]
    raise argparse.ArgumentTypeError(f"{text!r} is neither seconds nor a spread such as 10-60")


def _why_not(exc: OSError, options: argparse.Namespace) -> str:
    port = options.port
    if options.replay is not None and exc.filename is not None:
        return f"can't read the tape {exc.filename}: {exc.strerror or exc}; --replay takes a folder with a tape.jsonl"
    if exc.errno in (errno.EADDRINUSE, getattr(errno, "WSAEADDRINUSE", None)):
        return f"port {port} is in use; choose another with --port, or --port 0 for any that is free"
    if exc.errno in (errno.EACCES, getattr(errno, "WSAEACCES", None)):
        return f"port {port} is not allowed; choose one above 1023 with --port"
    return f"can't listen on port {port}: {exc.strerror or exc}"


def _welcome(server: Server) -> str:
    settings = server.settings
    lines = [
        f"The offline stand-in for Azure OpenAI listens at {server.url} (Ctrl-C ends it).",
        "",
        "# for .env",
        *(f"{name}={value}" for name, value in settings.items()),
        "",
        "# bash, zsh",
        "export " + " ".join(f"{name}={shlex.quote(value)}" for name, value in settings.items()),
        "",
        "# PowerShell",
        "; ".join("$env:{}='{}'".format(name, value.replace("'", "''")) for name, value in settings.items()),
        "",
        f"# any OpenAI-compatible client: base URL {server.url}/v1, the same key; any deployment or model name",
        "",
    ]
    return "\n".join(lines)


@contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set, wherever the main thread is."""
    asked = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        asked.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait(server: Server, asked: threading.Event) -> None:
    # one long wait could not be interrupted on Windows
    while server.running and not asked.wait(timeout=0.5):
        pass


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _refuse(why: str) -> int:
    sys.stderr.write(f"python -m datagen_lib.offline: {why}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
