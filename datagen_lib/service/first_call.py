"""The gate before the first answer: until the service has let one call in, calls go one by one.

    shut ── a call goes through alone ──► it is let in   ──► open: all calls go, for as long as the client lives
      ▲                                   it is refused  ──┐
      └────────────────────────────────────────────────────┘ shut still: the next call goes alone

So one call meets a wrong key, a wrong deployment or a body that is not taken, not as many as go at once: a refused call
is counted against the quota, and some services block a key after a few.

A refusal comes within a moment. A first call that is still under way after PATIENCE has been let in, although its
picture may take another minute: nobody waits for it any longer.

Worked example, eight calls at once and a wrong key: the first asks and gets its 401, which ends the run; the other
seven find it ended when their turn comes. One request was sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

PATIENCE = 2.0  # s


class Gate:
    """Lets calls through one by one until one of them has been let in by the service.

    Args:
        patience: seconds after which a call that was not refused counts as let in.
    """

    def __init__(self, *, patience: float = PATIENCE) -> None:
        self.is_open = False
        self._patience = patience
        self._alone = asyncio.Lock()

    @asynccontextmanager
    async def passage(self) -> AsyncIterator[Passage]:
        """Wait for the gate; the call is made inside, and says there when it was let in."""
        holds = False
        if not self.is_open:
            await self._alone.acquire()
            holds = not self.is_open
            if not holds:
                self._alone.release()
        passage = Passage(self, holds=holds)
        timer = asyncio.get_running_loop().call_later(self._patience, passage.let_in) if holds else None
        try:
            yield passage
        finally:
            if timer is not None:
                timer.cancel()
            passage.end()

    def open(self) -> None:
        """Let everybody through from now on."""
        self.is_open = True

    def next(self) -> None:
        """Let the next one try."""
        self._alone.release()


class Passage:
    """One call's way through the gate."""

    def __init__(self, gate: Gate, *, holds: bool) -> None:
        self._gate, self._holds = gate, holds

    def let_in(self) -> None:
        """The service answers: nobody needs to wait for this call's end."""
        self._gate.open()
        self.end()

    def end(self) -> None:
        """The call is over, or let in: the next one's turn."""
        if self._holds:
            self._holds = False
            self._gate.next()
