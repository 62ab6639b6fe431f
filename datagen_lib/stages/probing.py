"""Whether the image deployment is in doubt: after an answer that can't be used, each new call is a probe.

trusted    calls go as their pace lets them
in doubt   an answer could not be used: a new call waits until those under way have ended, and goes alone
trusted    a good picture came
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Probing:
    """Holds new calls back while the deployment is in doubt. So few are paid for where none can be used."""

    def __init__(self) -> None:
        self._in_doubt = False
        self._under_way = 0
        self._ended = asyncio.Event()

    def doubt(self) -> None:
        """An answer came that can't be used."""
        self._in_doubt = True

    def proven(self) -> None:
        """A good picture came."""
        self._in_doubt = False

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Make a call inside, from its request to its picture."""
        while self._in_doubt and self._under_way:
            self._ended.clear()
            await self._ended.wait()
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            self._ended.set()
