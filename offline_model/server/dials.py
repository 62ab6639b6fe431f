"""What can be turned while the server runs: faults, latency and pace."""

from __future__ import annotations

from dataclasses import dataclass

from .calls import Call
from .faults import Faults

Latency = float | tuple[float, float]
"""Seconds, or the shortest and the longest of an even spread."""


@dataclass
class Dials:
    """See `start` in `server.py`, which sets them."""

    seed: int
    faults: Faults
    text_latency: Latency
    text_pace: float | None
    image_latency: Latency

    def latency(self, call: Call) -> float:
        """Seconds that this call takes."""
        latency = self.text_latency if call.route == "text" else self.image_latency
        if isinstance(latency, tuple):
            low, high = latency
            return low + (high - low) * self.faults.draw("latency", self.seed, call.route, call.number)
        return latency
