"""Offering a question to Dify until it is taken: while nothing has begun, asking again doubles nothing."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from core.answer import Answer
from core.errors import DifyBusy, DifyRefused, DifyUnreachable

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
        stop: asyncio.Event,
        waiting: Callable[[], None],
        quota_retries: int = 0,
    ) -> None:
        """`stop`: nobody wants it any more. `quota_retries`: how often it is asked again where the model
        provider's quota is used up.
        """
        self._once = once
        self._stop = stop
        self._waiting = waiting
        self._quota_retries = quota_retries

    async def answer(self) -> Answer:
        """What came in the end. Raises DifyError where nothing of an answer came."""
        for attempt in range(self._quota_retries):
            answer = await self._in_quota()
            if answer is not None:
                return answer
            await self._pause(QUOTA_PAUSE_SECONDS * 2**attempt)
            if self._stop.is_set():
                return Answer()
        return await self._insist()

    async def _in_quota(self) -> Answer | None:
        """The answer; None where the quota is used up and nothing came (said before a stream, or in it)."""
        try:
            answer = await self._insist()
        except DifyRefused as refused:
            if refused.code != QUOTA:
                raise
            return None
        return None if answer.error_code == QUOTA and not answer.text else answer

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
            await self._pause(pause)
            if self._stop.is_set():
                return Answer()
            pause = min(pause * 2, LAST_PAUSE_SECONDS)

    async def _pause(self, seconds: float) -> None:
        """Wait, but not for what nobody wants any more."""
        self._waiting()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stop.wait()
