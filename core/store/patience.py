"""Waiting for a database that is locked, full or gone, where giving up would lose what is known."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from core.errors import StoreUnavailable

log = logging.getLogger(__name__)

T = TypeVar("T")
FIRST_PAUSE_SECONDS = 0.2
LAST_PAUSE_SECONDS = 10.0


async def patiently(call: Callable[[], Awaitable[T]]) -> T:
    """Make a call of the store until it is done; the call must be safe to repeat."""
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            return await call()
        except StoreUnavailable as error:
            if not error.advice.retry:
                raise
            log.warning("%s; trying again", error)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LAST_PAUSE_SECONDS)
