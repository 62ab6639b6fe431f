"""A stand-in for Azure OpenAI on the loopback address, in a thread of its own.

    with start(text_rpm=60, faults=Faults(Fault("429", rate=0.1))) as server:
        client = AsyncAzureOpenAI(azure_endpoint=server.url, api_key=server.key, api_version="2025-04-01-preview")

One event loop serves all; pictures are drawn in a small pool of threads, text is written in another thread.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Self

from .answers import Answers
from .api import listing
from .app import App, RateHeaders
from .calls import Call
from .dials import Dials, Latency
from .faults import Faults
from .model import Draw, Model, Write
from .quota import Quota, Window
from .record import Record
from .tape import Tape
from .wire.thread import ServerThread, listen

API_VERSION = "2025-04-01-preview"


class Server:
    """A running stand-in; `start` makes one. All of it may be used from any thread.

    Attributes:
        url: `http://127.0.0.1:PORT`, without a slash at the end.
        key: the key that it takes as `api-key` or as a bearer token.
    """

    def __init__(self, app: App, model: Model, listener: socket.socket) -> None:
        self.url, self.key = f"http://127.0.0.1:{app.port}", app.key
        self._app, self._dials, self._model = app, app.dials, model
        self._thread = ServerThread(app.serve, listener)
        self._thread.start()

    @property
    def faults(self) -> Faults:
        """What goes wrong; change it, or put another in its place, at any time."""
        return self._dials.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._dials.faults = faults

    @property
    def text_latency(self) -> Latency:
        """Seconds that a completion takes, or a pair to spread evenly between."""
        return self._dials.text_latency

    @text_latency.setter
    def text_latency(self, latency: Latency) -> None:
        self._dials.text_latency = latency

    @property
    def text_pace(self) -> float | None:
        """Characters a second of streamed text, or None for all at once."""
        return self._dials.text_pace

    @text_pace.setter
    def text_pace(self, pace: float | None) -> None:
        self._dials.text_pace = pace

    @property
    def image_latency(self) -> Latency:
        """Seconds that a picture takes, at least its drawing time, or a pair."""
        return self._dials.image_latency

    @image_latency.setter
    def image_latency(self, latency: Latency) -> None:
        self._dials.image_latency = latency

    @property
    def calls(self) -> list[Call]:
        """Every request so far, oldest first, the newest `keep_calls` of them."""
        return self._app.record.calls()

    @property
    def settings(self) -> dict[str, str]:
        """The environment that makes an Azure OpenAI client use this server."""
        first: dict[str, str] = {}
        for name, route in listing.names(self._app.deployments).items():
            first.setdefault(route, name)
        return {
            "AZURE_OPENAI_ENDPOINT": self.url,
            "AZURE_OPENAI_API_KEY": self.key,
            "AZURE_OPENAI_API_VERSION": API_VERSION,
            "AZURE_OPENAI_GPT5_DEPLOYMENT": first["text"],
            "AZURE_OPENAI_IMAGE_DEPLOYMENT": first["image"],
        }

    @property
    def running(self) -> bool:
        return self._thread.alive

    def stop(self) -> None:
        """End every connection and every thread; a second call does nothing."""
        self._thread.stop()
        self._model.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<offline stand-in at {self.url}, {'running' if self.running else 'stopped'}>"


def start(
    *,
    port: int = 0,
    key: str | None = None,
    seed: int = 0,
    faults: Faults | None = None,
    text_latency: Latency = 0.0,
    text_pace: float | None = None,
    image_latency: Latency = 0.0,
    text_rpm: float | None = None,
    image_rpm: float | None = None,
    window: float | None = None,
    window_kind: Window = "fixed",
    count_refused: bool = True,
    rate_headers: RateHeaders = "full",
    text_deployments: Collection[str] | None = None,
    image_deployments: Collection[str] | None = None,
    write: Write | None = None,
    draw: Draw | None = None,
    keep_calls: int = 100_000,
    replay: Path | str | None = None,
) -> Server:
    """Start a stand-in and return when it takes connections.

    Args:
        port: on 127.0.0.1; 0 for any that is free.
        key: what clients must send; None for a random one.
        seed: of the texts, and of the faults when none are given.
        faults: what goes wrong; nothing by default.
        text_latency: seconds that a completion takes, streamed or not; or a pair to spread evenly between.
        text_pace: characters a second at which streamed text is played, after `text_latency`; None for all at once.
        image_latency: the same as `text_latency` for pictures.
        text_rpm: requests a minute for text; None for no limit.
        image_rpm: requests a minute for pictures.
        window: seconds over which a minute's share is enforced, 10 by default.
        window_kind: whether such a window is "fixed" or "sliding".
        count_refused: whether requests that get a 429 use up quota.
        rate_headers: x-ratelimit-*: "full", "unknown" (-1) or "off"; sent for a route with a limit.
        text_deployments: the names that exist; None for any name.
        image_deployments: the same for pictures.
        write: in place of the stand-in's own writer.
        draw: in place of the stand-in's own renderer.
        keep_calls: how many requests `Server.calls` keeps.
        replay: a folder with a tape of recorded answers; what is not on it is answered by the model.

    Raises:
        OSError: the port is in use or not allowed, or the tape can't be read.
        ValueError: a limit, window or pace that is not more than 0, or a tape that is none.
    """
    limits = {"text": text_rpm, "image": image_rpm}
    quotas = {
        route: Quota(rpm, window=10.0 if window is None else window, kind=window_kind, count_refused=count_refused)
        for route, rpm in limits.items()
        if rpm is not None
    }
    if text_pace is not None and not text_pace > 0:
        raise ValueError("the pace of text must be more than 0 characters a second")
    tape = None if replay is None else Tape.load(Path(replay))
    listener = listen(port)
    dials = Dials(
        seed=seed,
        faults=Faults(seed=seed) if faults is None else faults,
        text_latency=text_latency,
        text_pace=text_pace,
        image_latency=image_latency,
    )
    model = Model(seed=seed, write=write, draw=draw)
    app = App(
        port=listener.getsockname()[1],
        key=secrets.token_hex(16) if key is None else key,
        dials=dials,
        quotas=quotas,
        rate_headers=rate_headers,
        deployments={"text": text_deployments, "image": image_deployments},
        record=Record(keep_calls),
        answers=Answers(dials, model, tape),
    )
    return Server(app, model, listener)
