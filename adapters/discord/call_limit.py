"""Discord's limit for all calls of a bot together (Discord: topics/rate-limits#global-rate-limit).

The core keeps the calls that write answers below it (`core.contract.Budget.within`). Beside those there are
threads to open, signs, reactions, looks: here all of them wait for the little while that it takes.
"""

import asyncio
import time
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from core.contract import Guard

_SECONDS = 1.05  # a call may take longer to Discord than the next one
_EXEMPT = ("/interactions/", "/webhooks/")  # not bound to it
_MOST_PAUSE = 60.0  # seconds
_guard: ContextVar[Guard | None] = ContextVar("guard", default=None)


class CallLimit:
    """Counts the calls of the last second, wherever Discord's window begins."""

    def __init__(self, per_second: int) -> None:
        self._whole = per_second - per_second // 25  # they may come to Discord closer together than they went
        self._most, self._seconds = self._whole, _SECONDS
        self._back: list[float] = []  # when each call no longer counts, soonest first
        self._line = asyncio.Lock()
        self._paused_until = 0.0

    @property
    def busy(self) -> bool:
        """More than half of it is in use: what is not needed had better not be called."""
        return self._used() > self._most // 2

    def share(self, among: int) -> None:
        """So many processes call with the bot's token: each keeps to an equal part, of one call at least."""
        self._most = max(1, self._whole // among)
        self._seconds = _SECONDS * self._most * among / self._whole

    def pause(self, seconds: float) -> None:
        """Discord has refused a call because of them all: nobody calls for so long."""
        self._paused_until = max(self._paused_until, time.monotonic() + min(seconds, _MOST_PAUSE))

    async def turn(self, path: str) -> None:
        """Wait for the turn of a call, first come first served, and count it.

        Who writes an answer (`guarded`) may have lost it to another process meanwhile: the guard says.
        """
        if path.startswith(_EXEMPT):
            return
        began = time.monotonic()
        async with self._line:
            await asyncio.sleep(max(0.0, self._paused_until - time.monotonic()))
            if self._used() >= self._most:  # nobody else waits for what comes back
                await asyncio.sleep(max(0.0, self._back[-self._most] - time.monotonic()))
            self._back.append(time.monotonic() + self._seconds)
        guard = _guard.get()
        if guard is not None and time.monotonic() > began + _SECONDS / 10:
            await guard()

    def _used(self) -> int:
        del self._back[: bisect_right(self._back, time.monotonic())]
        return len(self._back)


@contextmanager
def guarded(guard: Guard) -> Iterator[None]:
    """The calls in this block write what is only ours as long as the guard does not say otherwise."""
    token = _guard.set(guard)
    try:
        yield
    finally:
        _guard.reset(token)
