"""No answer takes more memory than its bound allows, and none ends in a traceback: measured from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from conftest import REPOSITORY
from fakes.raw import OK, Raw, body
from fakes.service import chunk

pytest.importorskip("resource", reason="Windows does not tell a process's largest size this way")

MOST = 300  # MiB over the process's own size

CHILD = """
import asyncio, resource, sys
from pathlib import Path
from datagen_lib.errors import DatagenError
from datagen_lib.models import ItemsWire
from datagen_lib.service.client import Client
from datagen_lib.settings import Settings

def largest():  # MiB
    try:  # where it is this process's own: what getrusage tells there begins at the parent's
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 2**10
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20

async def work(kind, client):
    try:
        if kind == "text":
            stream = client.objects(system="s", user="u", wire=ItemsWire, count=6)
            return [found async for found in stream]
        await (await client.picture("A figure")).bytes()
    except DatagenError as error:
        return type(error).__name__

async def main(url, kind, count):
    settings = Settings.load(environ={
        "AZURE_OPENAI_ENDPOINT": url, "AZURE_OPENAI_API_KEY": "0123456789abcdef0123",
        "AZURE_OPENAI_API_VERSION": "2025-04-01-preview", "AZURE_OPENAI_GPT5_DEPLOYMENT": "gpt5",
        "AZURE_OPENAI_IMAGE_DEPLOYMENT": "gpt-image-1", "MAX_RETRIES": "0", "REQUEST_TIMEOUT": "60",
    }, root=Path.cwd())
    async with Client(settings) as client:
        await work(kind, client)  # the first answer is a small one: it loads what every call loads
        before = largest()
        for _ in range(int(count)):
            result = await work(kind, client)
            print(round(largest() - before), result if isinstance(result, str) else len(result or ()), flush=True)

asyncio.run(main(*sys.argv[1:]))
"""

STREAM = OK + b"Content-Type: text/event-stream\r\nConnection: close\r\n\r\n"
PACKED = b"Content-Encoding: gzip"


def packed(piece: bytes, times: int = 512, start: bytes = b"") -> bytes:
    """`start` and `times` pieces as gzip, made piece by piece."""
    packer = zlib.compressobj(1, wbits=31)
    return b"".join([packer.compress(start), *(packer.compress(piece) for _ in range(times)), packer.flush()])


def event(content: str) -> bytes:
    return b"data: " + json.dumps(chunk(content)).encode() + b"\n\n"


MIB = b" " * 2**20
DEEP = "[" * 10**6
ITEMS = '{"items": ['
BUSY = b"HTTP/1.1 503 Busy\r\n"

TEXTS: dict[str, Callable[[Raw], Iterable[bytes]]] = {
    "a packed bomb": lambda _: [body(packed(MIB), PACKED)],
    "a packed bomb of events": lambda _: [body(packed(event("x" * 1000) * 900), PACKED)],
    "an endless body": lambda server: server.flood(MIB, OK + b"\r\n{"),
    "an endless stream": lambda server: server.flood(event('{"a": 1},') * 100, STREAM + event(ITEMS)),
    "an endless event": lambda server: server.flood(b"x" * 2**16, STREAM + b"data: "),
    "an endless line": lambda server: server.flood(b"x" * 2**16, STREAM),
    "endless nesting": lambda server: server.flood(event(DEEP), STREAM + event(ITEMS)),
    "a nested answer": lambda _: [body(json.dumps({"choices": [{"message": {"content": ITEMS + DEEP}}]}).encode())],
    "a nested body": lambda _: [body(DEEP.encode() * 2)],
    "small values": lambda _: [body(b"[" + b"[],{}," * 320_000 + b"{}]")],
    "small objects": lambda _: [body(b'{"choices":[' + b'{"":0},' * 270_000 + b"{}]}")],
    "an endless number": lambda server: server.flood(event("9" * 10**5), STREAM + event(ITEMS)),
    "an endless name": lambda server: server.flood(event("x" * 10**5), STREAM + event(ITEMS + '{"name": "')),
    "thousands of items": lambda _: [body(event(ITEMS + '{"a": 1},' * 10**5))],
    "halves of pairs": lambda _: [STREAM, event(ITEMS + '{"a": "\ud83d"}, {"b": "\\ud83d"}]}')],
    "an error with a packed bomb": lambda _: [body(packed(MIB), PACKED, status=BUSY)],
    "a nested error": lambda _: [body(DEEP.encode(), status=BUSY)],
    "an endless error": lambda server: server.flood(MIB, BUSY + b"\r\n"),
}
PICTURES: dict[str, Callable[[Raw], Iterable[bytes]]] = {
    "a packed bomb": lambda _: [body(packed(b"A" * 2**20, start=b'{"data": [{"b64_json": "'), PACKED)],
    "the longest base64": lambda _: [body(b'{"data": [{"b64_json": "' + b"A\\n" * (2**23 - 100) + b'"}]}')],
    "an endless body": lambda server: server.flood(MIB, OK + b'\r\n{"data": [{"b64_json": "'),
    "a nested body": lambda _: [body(DEEP.encode() * 20)],
    "small values": lambda _: [body(b'{"data": [' + b"{}," * 10**7 + b"{}]}")],
    "an endless download": lambda _: [body(b'{"data": [{"url": "/behind"}]}')],
}

TAKEN = {
    "text": {"an endless stream": "9", "thousands of items": "9", "halves of pairs": "2"},
    "image": {"the longest base64": "0"},
}
"""The answers that are no error, with how many objects they bring; six items were asked for."""


@pytest.mark.parametrize("kind", ["text", "image"])
def test_no_answer_takes_more_than_its_bound(kind: str, tmp_path: Path) -> None:
    """Bombs, floods, nesting and tiny values by the million stay within 300 MiB, and end as one of our errors."""
    scripts = TEXTS if kind == "text" else PICTURES
    names = iter(scripts)

    def answer(path: str) -> Iterable[bytes]:
        if len(server.paths) == 1:
            return [body(b"{}")]
        if path.startswith("/behind"):
            return server.flood(MIB, OK + b"\r\n")
        return scripts[next(names)](server)

    with Raw(answer) as server:
        child = subprocess.run(
            [sys.executable, "-c", CHILD, server.url, kind, str(len(scripts))],
            cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
    told = dict(zip(scripts, child.stdout.splitlines(), strict=False))

    assert child.returncode == 0, f"{told} {child.stderr}"
    assert len(told) == len(scripts)
    assert all(int(line.split()[0]) <= MOST for line in told.values()), told
    assert {name: line.split()[1] for name, line in told.items() if line.split()[1].isdigit()} == TAKEN[kind]
