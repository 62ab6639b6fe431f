"""A free demonstration: an offline model of its own, dialled as the cell likes, and a folder that goes with it.

    demo = Demo(start(image_rpm=180, window=2))
    settings = demo.settings(target_count=24)
    ...
    demo.end()

Nothing of the user's own takes part: not the limits, quotas and switches of the environment, nor a proxy, nor a key.
"""

from __future__ import annotations

import atexit
import weakref
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol, Self

from datagen_lib.errors import DemoOver
from datagen_lib.settings import Settings


class Server(Protocol):
    """What is needed of an offline model that was started."""

    @property
    def settings(self) -> Mapping[str, str]: ...

    def stop(self) -> None: ...


_running: weakref.WeakSet[Demo] = weakref.WeakSet()


class Demo:
    """The offline model and the folder of one demonstration; both are gone after `end()`, or with the kernel.

    Args:
        server: as `datagen_lib.offline.start` gives it.
        name: of the demonstration. One of the same name that still runs is ended first: its cell ran twice.
    """

    def __init__(self, server: Any, name: str = "demo") -> None:
        for earlier in [demo for demo in _running if demo.name == name]:
            earlier.end()
        self.name: str = name
        self._server: Any = server
        self._folder = TemporaryDirectory(prefix="datagen-")
        self._over = False
        _running.add(self)
        atexit.register(self.end)

    @property
    def server(self) -> Any:
        """The offline model.

        Raises:
            DemoOver: the demonstration has ended.
        """
        self._check()
        return self._server

    @property
    def folder(self) -> Path:
        """Where its files lie.

        Raises:
            DemoOver: the demonstration has ended.
        """
        self._check()
        return Path(self._folder.name)

    def settings(self, **values: Any) -> Settings:
        """Settings for a run of it: those given, and the library's defaults for all others.

        Raises:
            DemoOver: the demonstration has ended.
        """
        self._check()
        return Settings.for_demo(self._server.settings, output_dir=self.folder, **values)

    def end(self) -> None:
        """Stop the model and remove the folder; a second call does nothing."""
        if not self._over:
            self._over = True
            _running.discard(self)
            atexit.unregister(self.end)
            self._server.stop()
            self._folder.cleanup()

    def _check(self) -> None:
        if self._over:
            raise DemoOver(
                "this demonstration has ended, and its offline model and folder are gone",
                hint="Run the cells above again, from the one that starts it.",
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
