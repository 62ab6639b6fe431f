"""An event loop in a daemon thread that takes connections on the loopback address."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
from collections.abc import Awaitable, Callable

from .http import MAX_HEAD, Connection

MAX_CONNECTIONS = 1000
"""At once; further ones are closed unheard, so that idle ones can't use up the process's files."""


def listen(port: int) -> socket.socket:
    """A socket that takes connections to `port` of 127.0.0.1, or to any free one; raises OSError."""
    # asyncio turns Nagle's algorithm off only where the protocol is named: without it each call takes 40 ms
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere this option would let two servers share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(1024)
    except (OSError, OverflowError):
        listener.close()
        raise
    return listener


class ServerThread:
    """An event loop in a daemon thread; `serve` has each connection for as long as it lasts."""

    def __init__(self, serve: Callable[[Connection], Awaitable[None]], listener: socket.socket) -> None:
        self._serve, self._listener = serve, listener
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._open: dict[asyncio.Task[None], Connection] = {}
        self._failed: BaseException | None = None
        self._stop_lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="offline-server", daemon=True)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        """Return when connections are taken."""
        self._thread.start()
        self._ready.wait()
        if self._failed is not None:
            self._listener.close()
            raise RuntimeError("the offline stand-in could not start") from self._failed

    def stop(self) -> None:
        """End every connection and the thread."""
        with self._stop_lock:
            if self._loop is not None:
                with contextlib.suppress(RuntimeError):  # closed already
                    self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(timeout=10)
            self._listener.close()

    def _run(self) -> None:
        try:
            with asyncio.Runner() as runner:
                self._loop = runner.get_loop()
                runner.run(self._main())
        except BaseException as exc:  # noqa: BLE001 - `start` raises from it
            self._failed = exc
        finally:
            self._ready.set()

    async def _main(self) -> None:
        # no more than a head is read ahead
        server = await asyncio.start_server(self._connected, sock=self._listener, limit=MAX_HEAD)
        self._ready.set()
        await self._stopping.wait()
        server.close()
        tasks = list(self._open)
        for task, connection in self._open.items():
            connection.abort()
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=5)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer)
        if len(self._open) >= MAX_CONNECTIONS or self._stopping.is_set():
            connection.abort()
            return
        task = asyncio.get_running_loop().create_task(self._one(connection, writer))
        self._open[task] = connection
        task.add_done_callback(self._open.pop)

    async def _one(self, connection: Connection, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(connection)
        finally:
            writer.close()
