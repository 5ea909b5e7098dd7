"""Something that the server says and may say otherwise later: read again once it is old, beside the work."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from core.errors import DifyError

log = logging.getLogger(__name__)

T = TypeVar("T")


class Known(Generic[T]):
    """The newest of what `read` gave. Only who has nothing yet waits for it; several wait for one read.

    It is old after `seconds`; a read that fails is done again `again` seconds later, if it is needed then.
    """

    def __init__(
        self,
        what: str,
        read: Callable[[], Awaitable[T]],
        *,
        seconds: float,
        again: float = 15.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.value: T | None = None
        self._what = what  # for the log
        self._read = read
        self._seconds = seconds
        self._again = again
        self._now = now
        self._due = float("-inf")
        self._reading: asyncio.Task[T] | None = None
        self._doubted = False  # while it is being read

    async def get(self) -> T:
        """What is known, however old; only the first time what is read now. Raises DifyError then."""
        if self.value is None:
            return await self.fresh()
        self.refresh()
        return self.value

    async def fresh(self) -> T:
        """What the server says now; where it can't be asked, what is known. Raises DifyError for nothing."""
        once_more = self._doubted
        try:
            # One read for all who wait: that one of them gives up must not end it.
            value = await asyncio.shield(self._reading or self._begin())
        except DifyError:
            if self.value is None:
                raise
            value = self.value
        return await self.fresh() if once_more else value

    async def soon(self, seconds: float) -> T | None:
        """What is known; while there is nothing yet, after at most so long. Never raises."""
        self.refresh()
        if self.value is None and self._reading is not None:
            await asyncio.wait([self._reading], timeout=seconds)
        return self.value

    def refresh(self) -> None:
        """Begin to read in the background, unless what is known is new enough. Does not wait."""
        if self._reading is None and self._now() >= self._due:
            self._begin()

    def doubt(self) -> None:
        """What is known may be wrong: begin to read at once, in the background. Does not wait."""
        if self._reading is None:
            self._begin()
        else:
            self._doubted = True  # what is being read may be from before

    async def aclose(self) -> None:
        """Give up what is being read."""
        self._doubted = False
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])

    def _begin(self) -> asyncio.Task[T]:
        self._doubted = False
        self._reading = asyncio.get_running_loop().create_task(self._once())
        self._reading.add_done_callback(self._done)
        return self._reading

    async def _once(self) -> T:
        self.value = await self._read()
        return self.value

    def _done(self, task: asyncio.Task[T]) -> None:
        self._reading = None
        error = None if task.cancelled() else task.exception()
        self._due = self._now() + (self._again if error or task.cancelled() else self._seconds)
        if error:
            log.warning("%s can't be read: %s", self._what, _hint(error))
        if self._doubted and not task.cancelled():
            self._begin()


def _hint(error: BaseException) -> str:
    return str(error) if isinstance(error, DifyError) else type(error).__name__
