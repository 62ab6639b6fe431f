"""What the tests share: a folder of their own, the command in this process, a stand-in that draws in no time.

A test asks for `command` to run the generator as a user would, with nothing of this machine's environment in it, and
for `stand_in` to start a server whose faults it dials in.
"""

from __future__ import annotations

import io
import json
import logging
import os
import signal
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from datagen_lib.service import retry
from datagen_lib.settings import Settings, variable
from offline_model import Server, start

pytest_plugins = ["fakes.callers", "chaos.campaign"]  # clients of the offline model; faults by the hour
REPOSITORY = Path(__file__).resolve().parents[1]
VARIABLES = [variable(name) for name in Settings.model_fields]


def pytest_configure() -> None:
    """Hear interrupts, and let what is started hear them.

    A shell starts what runs in the background with SIGINT ignored, and `nohup` what it runs with SIGHUP. Each process
    inherits that: a test that interrupts a run would then wait for ever.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


# -- pictures --------------------------------------------------------------------------------------------------------


@cache
def _pixels(size: int) -> bytes:
    return zlib.compress(bytes(size * (1 + size // 8)), 9)


def chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG's chunk with its checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(prompt: str, size: int = 1024) -> bytes:
    """A whole PNG of one colour, another for another prompt; takes no time, so that whole runs do not."""
    size = size // 8 * 8
    colour = zlib.crc32(prompt.encode()).to_bytes(4, "big")[:3]
    return b"".join([
        b"\x89PNG\r\n\x1a\n",
        chunk(b"IHDR", struct.pack(">IIBBBBB", size, size, 1, 3, 0, 0, 0)),
        chunk(b"PLTE", colour + b"\xff\xff\xff"),
        chunk(b"IDAT", _pixels(size)),
        chunk(b"IEND", b""),
    ])  # fmt: skip


# -- the output folder -------------------------------------------------------------------------------------------------


class Folder:
    """An output folder, read the way its downstream user would: with nothing of the library."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def json(self, name: str) -> Any:
        return json.loads((self.path / name).read_bytes().decode("utf-8"))

    @property
    def catalogue(self) -> list[dict[str, Any]]:
        return self.json("catalog.json")  # type: ignore[no-any-return]

    @property
    def categories(self) -> list[dict[str, Any]]:
        return self.json("categories.json")  # type: ignore[no-any-return]

    @property
    def partial(self) -> list[dict[str, Any]]:
        path = self.path / "catalog.partial.json"
        return self.json(path.name) if path.exists() else []

    @property
    def report(self) -> dict[str, Any]:
        return self.json("run_report.json")  # type: ignore[no-any-return]

    @property
    def failures(self) -> list[dict[str, Any]]:
        return self._lines("failed_images.log")

    @property
    def rejected(self) -> list[dict[str, Any]]:
        return self._lines("rejected_items.jsonl")

    def _lines(self, name: str) -> list[dict[str, Any]]:
        path = self.path / name
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    @property
    def pictures(self) -> set[str]:
        return {path.name for path in (self.path / "images").iterdir()}

    def contents(self) -> dict[str, bytes]:
        """Every file but the lock, by its path in the folder."""
        return {
            path.relative_to(self.path).as_posix(): path.read_bytes()
            for path in sorted(self.path.rglob("*"))
            if path.is_file() and path.name != ".lock"
        }

    def check(self, *, at_least: int, size: int = 1024) -> None:
        """Assert all that the contract says of a whole catalogue."""
        items, categories = self.catalogue, self.categories
        names = {category["name"] for category in categories}
        folded = {"".join(char for char in item["name"].casefold() if char.isalnum()) for item in items}

        assert len(categories) == len(names) == len({category["slug"] for category in categories}) == 20
        assert len(items) >= at_least
        assert len(folded) == len({item["productId"] for item in items}) == len(items)
        assert all(item["category"] in names for item in items)
        assert self.pictures == {f"{item['productId']}.png" for item in items}
        for item in items:
            with Image.open(self / f"images/{item['filename']}") as picture:
                picture.load()
                assert (picture.format, picture.size) == ("PNG", (size, size))
                assert picture.info["productId"] == item["productId"]


# -- the command -------------------------------------------------------------------------------------------------------


@dataclass
class Result:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str
    waits: list[float] = field(default_factory=list)

    @property
    def said(self) -> str:
        return self.out + self.err


class Command:
    """The generator's command line, in this process or in one of its own, in an empty working folder."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self.folder = Folder(home / "data_seed")
        self._patch, self._capture = monkeypatch, capture

    def set(self, **variables: str) -> None:
        """Put variables into the environment of the runs to come."""
        for name, value in variables.items():
            self._patch.setenv(name, value)

    def use(self, server: Any) -> None:
        """Let the runs to come talk to `server`, as a user of Azure would."""
        self.set(**server.settings)

    def __call__(self, *arguments: str) -> Result:
        """Run it here; no retry waits, and the waits that were asked for are in the result."""
        from datagen_lib.command.main import main

        self._capture.readouterr()
        root = logging.getLogger()
        handlers, level = list(root.handlers), root.level
        try:
            with retry.testing() as waits:
                try:
                    code = main(list(arguments))
                except SystemExit as leave:
                    code = int(leave.code or 0)
        finally:
            root.handlers[:] = handlers
            root.setLevel(level)
            logging.getLogger("datagen_lib").setLevel(logging.NOTSET)
        said = self._capture.readouterr()
        return Result(code, said.out, said.err, list(waits))

    def process(self, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
        """Start it as a process of its own, which hears an interrupt even where this one was told to ignore it."""
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONWARNINGS": "error"}
        environment |= options.pop("env", {})
        return subprocess.Popen(
            [sys.executable, "-m", "data_generator", *arguments],
            cwd=self.home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=options.pop("stdout", subprocess.PIPE),
            stderr=options.pop("stderr", subprocess.PIPE),
            **options,
        )


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, which is a project's root of its own, and an environment without our settings."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def command(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(home, monkeypatch, capsys)


@pytest.fixture
def stand_in() -> Iterator[Callable[..., Server]]:
    """Starts stand-ins that draw in no time; they are stopped with the test."""
    servers: list[Server] = []

    def begin(**options: Any) -> Server:
        servers.append(start(**{"draw": png, **options}))
        return servers[-1]

    yield begin
    for server in servers:
        server.stop()


def calls(server: Server, route: str) -> list[Any]:
    """The calls of one route, oldest first."""
    return [call for call in server.calls if call.route == route]


def whole(data: bytes) -> bool:
    """Whether the bytes are a picture that decodes to its end."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            picture.load()
    except (OSError, SyntaxError):
        return False
    return True
