"""Offering a question to Dify until it is taken: while nothing has begun, asking again doubles nothing."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from core.answer import Answer
from core.errors import DifyBusy, DifyUnreachable

PATIENCE_SECONDS = 60.0  # how long a question that Dify has not taken yet is offered again
FIRST_PAUSE_SECONDS = 0.5
LAST_PAUSE_SECONDS = 15.0
QUOTA = "provider_quota_exceeded"
QUOTA_PAUSE_SECONDS = 20.0  # doubled each time


class Offering:
    """One question being offered. `once` asks, and reads what comes."""

    def __init__(
        self,
        once: Callable[[], Awaitable[Answer]],
        *,
        stopped: Callable[[], bool],
        waiting: Callable[[], None],
        quota_retries: int = 0,
    ) -> None:
        """`quota_retries`: how often it is asked again where the model provider's quota is used up."""
        self._once = once
        self._stopped = stopped
        self._waiting = waiting
        self._quota_retries = quota_retries

    async def answer(self) -> Answer:
        """What came in the end. Raises DifyError where nothing of an answer came."""
        answer = await self._insist()
        for attempt in range(self._quota_retries):
            if answer.text or answer.error_code != QUOTA or self._stopped():
                break
            self._waiting()
            await asyncio.sleep(QUOTA_PAUSE_SECONDS * 2**attempt)
            answer = await self._insist()
        return answer

    async def _insist(self) -> Answer:
        pause = FIRST_PAUSE_SECONDS
        until = 0.0
        while True:
            try:
                return await self._once()
            except (DifyUnreachable, DifyBusy):  # nothing has begun: asking again is safe
                until = until or time.monotonic() + PATIENCE_SECONDS
                if time.monotonic() + pause > until:
                    raise
            if self._stopped():
                return Answer()
            self._waiting()
            await asyncio.sleep(pause)
            pause = min(pause * 2, LAST_PAUSE_SECONDS)
