"""Events on their way to the inbox: in order per channel, offered again until they are safe."""

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

CAPACITY = 1000  # events held in memory; Discord acknowledges nothing and repeats nothing
KEEP_SECONDS = 900.0  # after that an event that is refused alone must not hold up its channel for ever
LAST_WORD_SECONDS = 2.0  # what is being handed over when we stop may finish

Offer = Callable[[], Awaitable[None]]  # hands one event over; raises while it is not safe


@dataclass(frozen=True, slots=True)
class _Event:
    offer: Offer
    order: int
    since: float = field(default_factory=time.monotonic)


class Intake:
    """Hands events over one after the other per channel; a failed one is offered again with back-off."""

    def __init__(self, *, first_pause: float = 0.5, longest_pause: float = 30.0) -> None:
        self._first_pause = first_pause
        self._longest_pause = longest_pause
        self._lines: dict[int, deque[_Event]] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._held = 0

    @property
    def held(self) -> int:
        """How many events are not safe yet."""
        return self._held

    def put(self, channel: int, offer: Offer, *, order: int | None = None) -> bool:
        """Queue an event, before those of a larger order that wait; without one, at the end.

        When too many wait, it is dropped, and the log says so; whether it was taken.
        """
        if self._held >= CAPACITY:
            log.error("discord: %d events wait to be stored; one is dropped", self._held)
            return False
        self._held += 1
        if channel in self._lines:
            _insert(self._lines[channel], offer, order)
            return True
        self._lines[channel] = deque([_Event(offer, order or 0)])
        worker = asyncio.create_task(self._work(channel))
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)
        return True

    async def close(self, *, last_word: float = LAST_WORD_SECONDS) -> None:
        """Give what is being handed over a last moment, then drop the rest."""
        if self._workers:
            _, late = await asyncio.wait(self._workers, timeout=last_word)
            for worker in late:
                worker.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if self._held:
            log.error("discord: stopped with %d events that could not be stored", self._held)

    async def _work(self, channel: int) -> None:
        line = self._lines[channel]
        while line:
            await self._hand_over(line[0])
            line.popleft()
            self._held -= 1
        del self._lines[channel]

    async def _hand_over(self, event: _Event) -> None:
        pause = self._first_pause
        while True:
            try:
                await event.offer()
            except Exception as error:  # noqa: BLE001 - whatever the inbox raises, the event is not safe
                if time.monotonic() - event.since > KEEP_SECONDS:
                    log.error("discord: an event is given up (%s)", type(error).__name__)  # noqa: TRY400
                    return
                log.warning("discord: an event is not stored yet (%s)", type(error).__name__)
            else:
                return
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - no secret
            pause = min(pause * 2, self._longest_pause)


def _insert(line: deque[_Event], offer: Offer, order: int | None) -> None:
    """Never before the first: that one is being handed over."""
    if order is None:
        line.append(_Event(offer, line[-1].order))
        return
    at = len(line)
    while at > 1 and line[at - 1].order > order:
        at -= 1
    line.insert(at, _Event(offer, order))
