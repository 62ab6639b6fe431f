"""A server that says exactly what a test writes down: for answers that no decent service gives."""

from __future__ import annotations

import json
import ssl
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass
class Answer:
    """What to answer: `body` as it stands where it is bytes, else as JSON; `cut` ends the connection before its end."""

    body: Any = b""
    status: int = 200
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


@dataclass
class Request:
    """What was asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what went wrong, but for a client that left."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


Script = Callable[[Request], Answer]


class Service:
    """Answers by `script`, a function or a list that is used up but for its last answer; by https with `tls`."""

    def __init__(self, script: Script | list[Answer], *, tls: ssl.SSLContext | None = None) -> None:
        self.script = script
        self.tls = tls
        self.requests: list[Request] = []

    def __enter__(self) -> Self:
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer(None)

            def do_POST(self) -> None:
                self._answer(json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"null"))

            def _answer(self, body: Any) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(self.command, self.path, headers, body)
                service.requests.append(request)
                answer = service._next(request)
                content = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
                self.send_response_only(answer.status)
                self.send_header("Content-Type", answer.kind)
                self.send_header("Content-Length", str(len(content) + (10 if answer.cut else 0)))
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)
                self.close_connection = self.close_connection or answer.cut

            def log_message(self, *_: Any) -> None:
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if self.tls:
            self._server.socket = self.tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.url = f"http{'s' if self.tls else ''}://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _next(self, request: Request) -> Answer:
        if callable(self.script):
            return self.script(request)
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    @property
    def settings(self) -> dict[str, str]:
        """The five variables that make the kit use this service as Azure."""
        return {
            "AZURE_OPENAI_ENDPOINT": self.url,
            "AZURE_OPENAI_API_KEY": "0123456789abcdef0123",
            "AZURE_OPENAI_API_VERSION": "2025-04-01-preview",
            "AZURE_OPENAI_GPT5_DEPLOYMENT": "gpt5",
            "AZURE_OPENAI_IMAGE_DEPLOYMENT": "gpt-image-1",
        }


def events(*data: Any, end: str = "data: [DONE]\n\n") -> Answer:
    """A stream of server-sent events; strings stand as they are, all else becomes JSON."""
    lines = [f"data: {one if isinstance(one, str) else json.dumps(one)}\n\n" for one in data]
    return Answer("".join([*lines, end]).encode(), kind="text/event-stream")


def chunk(content: str | None = None, **choice: Any) -> dict[str, Any]:
    """A chunk of a stream with one choice."""
    delta = {} if content is None else {"content": content}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "gpt-5",
        "choices": [{"index": 0, "delta": delta, "finish_reason": None, **choice}],
    }


def error(
    status: int, code: Any, message: str = "It went wrong.", *, headers: dict[str, str] | None = None, **more: Any
) -> Answer:
    """An error as Azure words it."""
    return Answer({"error": {"code": code, "message": message, **more}}, status, headers=headers or {})
