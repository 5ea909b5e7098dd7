"""Events on their way to the inbox: in order per channel, offered again until they are safe."""

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

CAPACITY = 1000  # events held in memory; Discord acknowledges nothing and repeats nothing
KEEP_SECONDS = 900.0  # after that an event that is refused alone must not hold up its channel for ever
LAST_WORD_SECONDS = 2.0  # what is being handed over when we stop may finish

Offer = Callable[[], Awaitable[None]]  # hands one event over; raises while it is not safe


class Intake:
    """Hands events over one after the other per channel; a failed one is offered again with back-off."""

    def __init__(self, *, first_pause: float = 0.5, longest_pause: float = 30.0) -> None:
        self._first_pause = first_pause
        self._longest_pause = longest_pause
        self._lines: dict[int, deque[tuple[float, Offer]]] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._held = 0

    def put(self, channel: int, offer: Offer) -> None:
        """Queue an event. When too many wait, the newest is dropped, and the log says so."""
        if self._held >= CAPACITY:
            log.error("discord: %d events wait to be stored; one is dropped", self._held)
            return
        self._held += 1
        if channel in self._lines:
            self._lines[channel].append((time.monotonic(), offer))
            return
        self._lines[channel] = deque([(time.monotonic(), offer)])
        worker = asyncio.create_task(self._work(channel))
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)

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
            since, offer = line[0]
            await self._hand_over(since, offer)
            line.popleft()
            self._held -= 1
        del self._lines[channel]

    async def _hand_over(self, since: float, offer: Offer) -> None:
        pause = self._first_pause
        while True:
            try:
                await offer()
            except Exception as error:  # noqa: BLE001 - whatever the inbox raises, the event is not safe
                if time.monotonic() - since > KEEP_SECONDS:
                    log.error("discord: an event is given up (%s)", type(error).__name__)  # noqa: TRY400
                    return
                log.warning("discord: an event is not stored yet (%s)", type(error).__name__)
            else:
                return
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - no secret
            pause = min(pause * 2, self._longest_pause)
