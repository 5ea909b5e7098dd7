"""Discord's limit for all calls of a bot together (Discord: topics/rate-limits#global-rate-limit).

The core keeps the calls that write answers well below it (`core.contract.Budget.within`). Beside those there
are threads to open, signs, reactions, looks: here all of them wait for the little while that it takes.
"""

import asyncio
import time
from bisect import bisect_right

_SECONDS = 1.05  # a call may take longer to Discord than the next one
_EXEMPT = ("/interactions/", "/webhooks/")  # not bound to it


class CallLimit:
    """Counts the calls of the last second, wherever Discord's window begins."""

    def __init__(self, per_second: int) -> None:
        self._whole = per_second - per_second // 25  # they may come to Discord closer together than they went
        self._most = self._whole
        self._back: list[float] = []  # when each call no longer counts, soonest first
        self._line = asyncio.Lock()

    @property
    def busy(self) -> bool:
        """More than half of it is in use: what is not needed had better not be called."""
        return self._used() > self._most // 2

    def share(self, among: int) -> None:
        """So many processes call with the bot's token: each keeps to an equal part, of one call at least."""
        self._most = max(1, self._whole // among)

    async def turn(self, path: str) -> None:
        """Wait for the turn of a call, first come first served, and count it."""
        if path.startswith(_EXEMPT):
            return
        async with self._line:
            if self._used() >= self._most:  # nobody else waits for what comes back
                await asyncio.sleep(max(0.0, self._back[-self._most] - time.monotonic()))
            self._back.append(time.monotonic() + _SECONDS)

    def _used(self) -> int:
        del self._back[: bisect_right(self._back, time.monotonic())]
        return len(self._back)
