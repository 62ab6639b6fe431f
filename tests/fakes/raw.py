"""A server that writes bytes as a test wants them: for what no HTTP library would send."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Self

OK = b"HTTP/1.1 200 OK\r\n"


class Raw:
    """Answers each request with the pieces that `script` gives for its path; then the connection closes.

    Attributes:
        paths: what was asked for, in order.
        gone: set once a client has left in the middle of an answer.
        ending: set when the test is over; a script that waits waits on it.
    """

    def __init__(self, script: Callable[[str], Iterable[bytes]]) -> None:
        self.script = script
        self.paths: list[str] = []
        self.gone = threading.Event()
        self.ending = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def dribble(self, piece: bytes, start: bytes = b"") -> Iterator[bytes]:
        """`start`, then `piece` again and again, a hundred times a second."""
        yield start
        while not self.ending.wait(0.01):
            yield piece

    def flood(self, piece: bytes, start: bytes = b"") -> Iterator[bytes]:
        """`start`, then `piece` without end and without a pause."""
        yield start
        while not self.ending.is_set():
            yield piece

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._start(lambda connection=connection: self._serve(connection))  # type: ignore[misc]

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as reader:
            try:
                path = reader.readline().split(b" ")[1].decode()
                length = 0
                while line := reader.readline().strip():
                    name, _, value = line.partition(b":")
                    length = int(value) if name.lower() == b"content-length" else length
                reader.read(length)
                self.paths.append(path)
                for piece in self.script(path):
                    connection.sendall(piece)
            except (OSError, IndexError):
                self.gone.set()


def body(content: bytes, *headers: bytes, status: bytes = OK) -> bytes:
    """A whole answer with its length."""
    lines = [*headers, b"Content-Length: %d" % len(content), b"Connection: close"]
    return status + b"\r\n".join(lines) + b"\r\n\r\n" + content
