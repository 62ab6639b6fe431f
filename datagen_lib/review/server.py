"""The review's page, on the loopback address: the gallery with buttons, for one person who holds its key.

Only a request with the key of this session changes anything. Only one that names this very address as its host is
answered. So no other page in the browser can act here.
"""

from __future__ import annotations

import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from datagen_lib.errors import DatagenError, SetupError
from datagen_lib.gallery.page import gallery_page
from datagen_lib.runner import run_sync
from datagen_lib.settings import Settings

from .desk import ReviewDesk

LARGEST_BODY = 64 * 1024  # bytes: an edit is a few thousand
TYPES = {".png": "image/png", ".webp": "image/webp"}
FOLDERS = ("images", "thumbnails", "candidates")
POLICY = (
    "default-src 'none'; img-src 'self' data:; connect-src 'self'; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'"
)


class ReviewServer:
    """Serves one desk from a thread. Use it as a context manager.

    Args:
        desk: what acts.
        settings: for pictures to be made again.
        port: on 127.0.0.1; 0 for any that is free.

    Raises:
        SetupError: the port is taken.
    """

    def __init__(self, desk: ReviewDesk, settings: Settings, *, port: int = 0) -> None:
        self.desk, self.settings = desk, settings
        self.key = secrets.token_urlsafe(16)
        self._acting = threading.Lock()
        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", port), type("Handler", (_Handler,), {"review": self}))
        except (OSError, OverflowError) as error:
            raise SetupError(f"port {port} can't be used: {error}", hint="Name another with --port.") from error
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="review", daemon=True)

    @property
    def url(self) -> str:
        """The page's address, with this session's key."""
        return f"http://{self.host}/?key={self.key}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self) -> None:
        """Until interrupted."""
        while self._thread.is_alive():
            self._thread.join(0.5)  # Windows lets Ctrl-C in only between waits

    def page(self) -> str:
        """The gallery with the review's buttons, and each item's state."""
        states = {record["productId"]: record for record in self.desk.table()}
        known = json.dumps({"key": self.key, "states": states}).replace("<", "\\u003c")
        script = f"window.review = {known};\n{_source('review.js')}\n"
        extra = {"style": _source("review.css"), "script": script, "markup": _source("review.html"), "policy": POLICY}
        return gallery_page(self.desk.store, extra=extra)

    def act(self, action: str, values: dict[str, Any]) -> dict[str, Any]:
        """Do what the page asks for, one thing at a time; returns what it shows then."""
        with self._acting:
            one = str(values.get("id", ""))
            match action:
                case "decide":
                    self.desk.decide(one, _state(values.get("state")))
                case "edit":
                    texts = {name: str(values[name]) for name in ("name", "description") if name in values}
                    self.desk.edit(one, **texts)
                case "repicture":
                    run_sync(self.desk.repicture(one, str(values.get("prompt", "")), self.settings))
                case "choose":
                    self.desk.choose(one, new=values.get("new") is True)
                case "replace":
                    return {"removed": [item.product_id for item in self.desk.remove_rejected()]}
                case _:
                    raise SetupError(f"there is no action {action[:40]!r}")
            item = self.desk.item(one)
            return {
                "name": item.name,
                "description": item.description,
                "prompt": item.image_prompt,
                "review": self.desk.state(item),
                "candidate": self.desk.candidate(item) is not None,
                "counts": self.desk.counts(),
            }


def _state(value: object) -> Any:
    if value not in {"approved", "rejected", "waiting"}:
        raise SetupError("a decision is approved, rejected or waiting")
    return value


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection of the page."""

    review: ReviewServer
    server_version = "review"
    sys_version = ""
    timeout = 30  # s that a connection may be silent

    def do_GET(self) -> None:
        if not self._is_ours():
            return
        parts = urlsplit(self.path)
        if parts.path == "/":
            if parse_qs(parts.query).get("key") != [self.review.key]:
                self._answer(403, "text/plain", b"Open the address that the command shows: it holds the key.\n")
                return
            self._answer(200, "text/html; charset=utf-8", self.review.page().encode("utf-8", "replace"))
        else:
            self._send_picture(unquote(parts.path))

    def do_POST(self) -> None:
        if not self._is_ours():
            return
        try:
            size = int(self.headers.get("content-length") or 0)
        except ValueError:
            size = -1
        if not secrets.compare_digest(self.headers.get("x-review-key", "").encode(), self.review.key.encode()):
            self._answer(403, "text/plain", b"This needs the key of the review's page.\n")
        elif not 0 < size <= LARGEST_BODY:
            self._answer(413, "text/plain", b"The body is too large.\n")
        else:
            self._act(self.rfile.read(size))

    def _act(self, body: bytes) -> None:
        try:
            values = json.loads(body)
            if not isinstance(values, dict):
                raise SetupError("the body is not an object")
            answer = self.review.act(urlsplit(self.path).path.strip("/"), values)
        except DatagenError as error:
            self._json(409, {"error": str(error)})
        except (ValueError, KeyError, RecursionError) as error:
            self._json(400, {"error": f"the request can't be read ({type(error).__name__})"})
        else:
            self._json(200, answer)

    def _is_ours(self) -> bool:
        origin = self.headers.get("origin", f"http://{self.review.host}")
        if self.headers.get("host") == self.review.host and origin == f"http://{self.review.host}":
            return True
        self._answer(403, "text/plain", b"Only this computer's own page may ask.\n")
        return False

    def _send_picture(self, path: str) -> None:
        root = self.review.desk.folder.resolve()
        place = (root / path.lstrip("/")).resolve()
        known = any(place.is_relative_to(root / folder) for folder in FOLDERS)
        kind = TYPES.get(place.suffix.lower())
        if not known or kind is None or not place.is_file():
            self._answer(404, "text/plain", b"There is no such picture.\n")
            return
        self._answer(200, kind, place.read_bytes())

    def _json(self, status: int, value: Any) -> None:
        self._answer(status, "application/json", json.dumps(value).encode())

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        pass


def _source(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
