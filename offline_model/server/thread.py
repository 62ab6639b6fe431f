"""An event loop in a daemon thread, with uvicorn serving one application in it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import struct
import threading
from collections.abc import Awaitable, Callable
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import Server as Uvicorn

from .exchange import Receive, Scope, Send


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
    """An event loop in a daemon thread, with uvicorn serving one application in it."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]], listener: socket.socket) -> None:
        config = Config(
            cast("Any", app),
            http=H11Protocol,
            interface="asgi3",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level=logging.CRITICAL,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            backlog=1024,
            # longer than any client keeps an idle connection, so that none is closed under a request
            timeout_keep_alive=600,
        )
        self._listener = listener
        self._ready = threading.Event()
        self._uvicorn = _Uvicorn(config, self._ready)
        self._loop: asyncio.AbstractEventLoop | None = None
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
                    self._loop.call_soon_threadsafe(self._uvicorn.stopping.set)
            self._thread.join(timeout=10)
            self._listener.close()

    def cut(self, client: tuple[str, int], *, reset: bool) -> None:
        """End the connection of `client`: at once with a reset, or after what was written has gone out."""
        for connection in list(self._uvicorn.server_state.connections):
            if not isinstance(connection, H11Protocol) or connection.client != client:
                continue
            transport = connection.transport
            if not reset:
                transport.close()
                return
            linger = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            transport.abort()

    def _run(self) -> None:
        try:
            with asyncio.Runner() as runner:
                self._loop = runner.get_loop()
                runner.run(self._uvicorn.serve(sockets=[self._listener]))
        except BaseException as exc:  # noqa: BLE001 - `start` raises from it
            self._failed = exc
        finally:
            self._ready.set()


class _Uvicorn(Uvicorn):
    """Uvicorn that waits for an event rather than looking ten times a second, and that stops at once."""

    def __init__(self, config: Config, ready: threading.Event) -> None:
        super().__init__(config)
        self._ready = ready
        self.stopping = asyncio.Event()

    async def main_loop(self) -> None:
        self._ready.set()
        await self.stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn's
        for server in self.servers:
            server.close()
        tasks = list(self.server_state.tasks)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=5)
