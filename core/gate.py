"""A bucket in which the calls of many lanes count as well, as all calls of a bot do.

The lanes pace each answer; here is only whose turn it is where more would be called at once than it holds.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Callable

from core.contract import Budget
from core.writer import Writer, part

_KEPT = 20  # a twentieth is for first texts and ends, which are first in the line as well
_LATE = 0.002  # seconds: a timer may come a little early


class Gate:
    """Lets calls through one by one. Each comes back `seconds` after it began, wherever a window begins."""

    def __init__(self, budget: Budget, clock: Callable[[], float], among: int = 1) -> None:
        self._whole = budget
        self._budget = part(budget, among)
        self._clock = clock
        self._waiting: dict[Writer, asyncio.Future[None]] = {}
        self._back: list[float] = []  # when each call comes back, soonest first
        self._timer: asyncio.TimerHandle | None = None

    def share(self, among: int) -> None:
        """So many processes take from the bucket."""
        self._budget = part(self._whole, among)
        self.poke()

    async def acquire(self, writer: Writer) -> None:
        """Wait until the writer may make one call; follow it with `release`."""
        granted = asyncio.get_running_loop().create_future()
        self._waiting[writer] = granted
        self.poke()
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():
                self.release(used=False)
            raise
        finally:
            if self._waiting.get(writer) is granted:
                del self._waiting[writer]

    def take(self) -> bool:
        """Let one call through beside those that wait, if there is room; then `release`."""
        granted = self._left() > len(self._waiting)
        if granted:
            self._count()
        return granted

    def release(self, *, used: bool = True) -> None:
        """A call that was let through is over; with `used` false it never went out."""
        if not used and self._back:
            self._back.pop()
            self.poke()

    def poke(self) -> None:
        """Let through what can be, and come back when there is room again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        left, most = self._left(), self._budget.calls
        kept = min(most - 1, max(1, most // _KEPT))
        for writer in sorted(self._waiting, key=lambda writer: writer.rank):
            if left > (kept if _can_wait(writer) else 0) and self._grant(writer):
                left -= 1
        if self._waiting:
            self._come_back()

    def _grant(self, writer: Writer) -> bool:
        granted = self._waiting.pop(writer)
        if granted.done():  # whoever waited was cancelled in this very moment
            return False
        self._count()
        granted.set_result(None)
        return True

    def _left(self) -> int:
        del self._back[: bisect_right(self._back, self._clock())]
        return self._budget.calls - len(self._back)

    def _count(self) -> None:
        self._back.append(self._clock() + self._budget.seconds)

    def _come_back(self) -> None:
        """When a call comes back; there is one, or nobody would wait."""
        after = max(0.0, self._back[0] - self._clock()) + _LATE
        self._timer = asyncio.get_running_loop().call_later(after, self.poke)


def _can_wait(writer: Writer) -> bool:
    """It shows something already, and more will come."""
    return writer.spare or (writer.first != writer.last and not writer.final)
