"""Up to which message everything that Discord told us is safe: where reading on begins after an absence."""

import asyncio
import logging
from contextlib import suppress

from adapters.discord.recent import Recent
from core.contract import Notes

log = logging.getLogger(__name__)

NOTE = "discord:seen"
EVERY_SECONDS = 10.0  # the note is written no more often while messages arrive
LAST_WORD_SECONDS = 0.3
REMEMBERED = 5000  # messages


class Seen:
    """A mark (a message's id), kept over restarts in a note.

    It stays before the oldest message that is not stored yet, and, while what was missed is being read,
    where the absence began.
    """

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._newest = 0
        self._unsafe: set[int] = set()
        self._held: int | None = None
        self._told: Recent[bool] = Recent(REMEMBERED)
        self._written = 0
        self._moved = asyncio.Event()
        self._hurried = asyncio.Event()

    @property
    def mark(self) -> int:
        """Every message with this id, or a smaller one, is safe. 0 where nothing is known."""
        return self.safe(self._newest) if self._held is None else self._held

    def safe(self, message: int) -> int:
        """An id as large as that, but before the oldest message that is not stored yet."""
        return min((message, *(each - 1 for each in self._unsafe)))

    def knows(self, message: int) -> bool:
        """Whether this process was told of the message already."""
        return self._told.get(str(message)) is not None

    def came(self, message: int, *, safe: bool) -> None:
        """The gateway or the history told us of a message; `safe`: there is nothing to store of it."""
        self._told.put(str(message), value=True)
        self._newest = max(self._newest, message)
        if not safe:
            self._unsafe.add(message)
        self._moved.set()

    def stored(self, message: int) -> None:
        """The message is safe now."""
        self._unsafe.discard(message)
        self._moved.set()

    def hold(self) -> None:
        """Messages were missed: keep the mark where it is."""
        if self._held is None:
            self._held = self.mark

    def release(self) -> None:
        """What was missed has been read."""
        self._held = None
        self._moved.set()

    def hurry(self) -> None:
        """Write the note now: nothing more may come."""
        self._hurried.set()

    async def load(self) -> None:
        """Begin where an earlier process was."""
        with suppress(Exception):  # without it everything since the time limit is read
            told = await self._notes.get(NOTE) or ""
            self._newest = self._written = int(told) if told.isdecimal() else 0

    async def watch(self) -> None:
        """Keep the note up to date, until cancelled."""
        while True:
            await self._moved.wait()
            self._moved.clear()
            if await self._write():
                await self._rest()

    async def _rest(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(EVERY_SECONDS):
                await self._hurried.wait()
        self._hurried.clear()

    async def close(self) -> None:
        """Write the note a last time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORD_SECONDS):
                await self._write()

    async def _write(self) -> bool:
        """Whether there was something to write."""
        mark = self.mark
        if mark == self._written:
            return False
        try:
            await self._notes.put(NOTE, str(mark))
        except Exception as error:  # noqa: BLE001 - whatever the store raises; the next message tries again
            log.debug("discord: the last message seen was not noted (%s)", type(error).__name__)
        else:
            self._written = mark
        return True
