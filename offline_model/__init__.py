"""A stand-in for Azure OpenAI that needs no key and no network: `start()` it, or `python -m datagen_lib.offline`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .figure import deciding_words
    from .server.calls import Call
    from .server.faults import Fault, Faults
    from .server.server import Server, start

__all__ = ["Call", "Fault", "Faults", "Server", "deciding_words", "start"]


def __getattr__(name: str) -> Any:
    """Load the server when it is first asked for: the writer and the renderer are used without it too."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    if name == "deciding_words":
        from .figure import deciding_words

        return deciding_words
    from .server import calls, faults, server

    room = {"Call": calls, "Fault": faults, "Faults": faults}.get(name, server)
    return getattr(room, name)
