"""A door before a service on this machine: it closes for a while, and cuts connections in the midst of things."""

from __future__ import annotations

import random
import socket
import struct
import sys
import threading
import time
from contextlib import suppress
from typing import Self

RESET = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)  # closing sends a reset, not an end


class Gate:
    """Passes connections on to a port of this machine.

    Args:
        port: of the service.
        rng: decides what is cut.
        cuts: the share of the pieces that pass at which the connection is cut instead.
        refuses: the share of the connections that are cut at once.

    Attributes:
        cut: how many connections were cut when something had been asked on them.
    """

    def __init__(self, port: int, rng: random.Random, *, cuts: float = 0.0, refuses: float = 0.0) -> None:
        self._target, self._rng, self._cuts, self._refuses = port, rng, cuts, refuses
        self.cut = 0
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._listen(0)
        self.port: int = self._listener.getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self.calm()
        self.close()
        for thread in self._threads:
            thread.join(20)

    def close(self) -> None:
        """Refuse new connections and cut those that are open."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for one in list(self._open):
                self._reset(one)

    def open_after(self, seconds: float) -> None:
        """Let connections in again, some time from now."""

        def later() -> None:
            time.sleep(seconds)
            self._listen(self.port)

        self._start(later)

    def calm(self) -> None:
        """Cut nothing more."""
        self._cuts = self._refuses = 0.0

    def _listen(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        self._start(self._accept, self._listener)

    def _start(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                if self._rng.random() < self._refuses:
                    self._reset(client)
                    continue
                service = socket.create_connection(("127.0.0.1", self._target))
                with self._lock:
                    self._open |= {client, service}
                # The stand-in answers to its own name only.
                names = b"localhost:%d" % self.port, b"127.0.0.1:%d" % self._target
                self._start(self._pass, client, service, names)
                self._start(self._pass, service, client, (b"", b""))

    def _pass(self, source: socket.socket, target: socket.socket, names: tuple[bytes, bytes]) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                if self._rng.random() < self._cuts:
                    self.cut += 1
                    self._reset(source)
                    self._reset(target)
                    return
                target.sendall(piece.replace(*names) if names[0] else piece)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            with self._lock:
                self._open.discard(one)
            one.close()

    def _reset(self, one: socket.socket) -> None:
        with suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        with suppress(OSError):
            one.shutdown(socket.SHUT_RD)
        one.close()
